/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

struct hypercall_args;

/* The ring that xl dmesg reads, the serial port and the screen (common/console.c). */
/* Registers an output; put is called with the console lock held and interrupts off. */
struct console_output {
	const char *name;
	void (*put)(const char *text, size_t len);
	struct console_output *next;
	bool muted;			/* the screen once the service VM has taken it */
};
void console_register(struct console_output *out);
/* Writes text as it is, without level or filter: guests' console_io, panic. */
void console_write(const char *text, size_t len);
/* In a panic: takes no lock. */
void console_force_unlock(void);
/* A byte for the service VM, which hears VIRQ_CONSOLE and takes it by console_io. Any context. */
void console_to_service(char c);

/*
 * A byte came in on the serial line (interrupt context, always the same CPU; common/console_keys.c): for the service VM,
 * or, after the switching character came three times, a debug key.
 */
void console_input(char c);
/* conswitch=: the letter that switches with CTRL (another character: nothing does), x: input is the hypervisor's. */
void console_set_switch(const char *value);
/* The keys that came, CPU_PENDING_KEYS. Main loop. */
void console_run_keys(void);
/* sysctl readconsole: copies from *index to the guest's buffer. */
struct xen_sysctl_readconsole;
int console_read_ring(struct xen_sysctl_readconsole *op);
void console_set_levels(const char *loglvl, const char *guest_loglvl);
