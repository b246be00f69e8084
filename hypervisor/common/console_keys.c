/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is typed on the serial line: to the service VM, or, after CTRL-a three times, to the hypervisor as debug keys.
 * These may take locks and their time, so the interrupt only keeps them; the main loop of its CPU does the rest.
 */
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/ctl.h>
#include <hv/lib.h>
#include <hv/log.h>

#define SWITCH_PRESSES	3u
#define QUEUE_SIZE	16u
#define CONTROL(letter) ((char)((letter) - 'a' + 1))

static char switch_char = CONTROL('a');		/* 0: none */
static unsigned int presses;
static bool to_hypervisor;
static char queue[QUEUE_SIZE];
static uint32_t queued, done;			/* each with one writer: the interrupt, the main loop */

static void tell(void)
{
	char letter = (char)(switch_char + 'a' - 1);

	if (to_hypervisor) {
		log_info("*** input to the hypervisor: a key does what xl debug-keys does with it (h lists them), CTRL-%c "
			 "three times goes back\n", letter);
	} else {
		log_info("*** input to the service VM (CTRL-%c three times switches)\n", letter);
	}
}

void console_set_switch(const char *value)
{
	switch_char = *value >= 'a' && *value <= 'z' ? CONTROL(*value) : 0;
	to_hypervisor = switch_char && value[1] == 'x';
}

static void give(char c)
{
	if (!to_hypervisor) {
		console_to_service(c);
	} else if (queued - __atomic_load_n(&done, __ATOMIC_ACQUIRE) < QUEUE_SIZE) {
		queue[queued % QUEUE_SIZE] = c;
		__atomic_store_n(&queued, queued + 1, __ATOMIC_RELEASE);
		cpu_raise(this_cpu()->id, CPU_PENDING_KEYS);
	}
}

void console_input(char c)
{
	if (switch_char && c == switch_char) {
		if (++presses == SWITCH_PRESSES) {
			presses = 0;
			to_hypervisor = !to_hypervisor;
			tell();
		}
		return;
	}
	/* Fewer than three were meant for whoever has the line. */
	for (; presses; presses--) {
		give(switch_char);
	}
	give(c);
}

void console_run_keys(void)
{
	while (done != __atomic_load_n(&queued, __ATOMIC_ACQUIRE)) {
		char c = queue[done % QUEUE_SIZE];

		__atomic_store_n(&done, done + 1, __ATOMIC_RELEASE);
		debug_key(c);
	}
}
