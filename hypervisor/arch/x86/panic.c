/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end: panic and boot_fail, the backtrace with names, and the runtime of the undefined-behaviour sanitizer of
 * debug builds.
 */
#include <asm/apic.h>
#include <asm/boot.h>
#include <asm/dom0.h>
#include <asm/processor.h>
#include <asm/shutdown.h>
#include <asm/time.h>
#include <asm/traps.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/symbols.h>

uintptr_t __stack_chk_guard;
void __stack_chk_fail(void);

static uint32_t panicking;

void backtrace(uint64_t rip, uint64_t rbp)
{
	uint64_t stack = rbp;

	log_err("backtrace:\n");
	symbol_print(rip);
	/* Frames rise within one stack; anything else ends the walk. */
	for (unsigned int i = 0; i < 24; i++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		if (rbp < stack || rbp - stack > 32768 || (rbp & 7) ||
		    rbp < 0xffff800000000000UL) {
			break;
		}
		rip = frame[1];
		if (rip < (uint64_t)_image_start || rip >= (uint64_t)_text_end) {
			break;
		}
		symbol_print(rip);
		if (frame[0] <= rbp) {
			break;
		}
		rbp = frame[0];
	}
}

static void __noreturn hold(void)
{
	for (;;) {
		irq_disable();
		__asm__ volatile("hlt");
	}
}

bool panic_stopped_here(void)
{
	if (READ_ONCE(panicking)) {
		hold();
	}
	return false;
}

void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	irq_disable();
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST)) {
		hold();
	}
	apic_stop_others();
	console_force_unlock();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_err("****************************************\n");
	log_err("Panic on CPU %u: %s\n", this_cpu()->id, text);
	backtrace((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0));
	log_err("****************************************\n");
	if (boot_options.noreboot) {
		log_err("The machine holds, as noreboot says.\n");
		hold();
	}
	log_err("Reboot in five seconds.\n");
	time_delay_us(5000000);
	machine_reset();
}

void boot_fail(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_err("cannot start: %s. Halted.\n", text);
	apic_stop_others();
	hold();
}

void __stack_chk_fail(void)
{
	panic("stack overwritten below %016lx", (uint64_t)__builtin_return_address(0));
}
