/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The machine's clock (arch/x86/time.c): the TSC, calibrated once against HPET, PM timer or PIT. */
#include <hv/timer.h>

/* ns = ((tsc << shift) * mul) >> 32, with shift < 0 a right shift: the ABI's vcpu_time_info form. */
struct time_scale {
	uint32_t mul;
	int8_t shift;
};

extern uint32_t tsc_khz;
struct time_scale time_scale_get(void);
/* Ticks of that frequency to ns. */
struct time_scale time_scale_of(uint64_t hz);
/* khz by the machine's frequency, with so many fractional bits; at most 48. */
uint64_t time_ratio(uint32_t khz, unsigned int fraction_bits);
/* A pair taken at one moment on this CPU: TSC and nanoseconds since boot. */
void time_stamp(uint64_t *tsc, nstime_t *ns);
uint64_t ns_to_tsc(nstime_t ns);	/* absolute: host TSC value at that time_now() */
/* Wall clock: ns since the epoch at time_now() == 0; set from the RTC at boot and by XENPF_settime. */
uint64_t wallclock_base(void);
void wallclock_set(uint64_t base_ns);

/*
 * Entries into guests watch cpu->arch.deadline by a timer of the CPU's virtualisation (set by the vendor's code at
 * boot): while a guest runs, the machine's timer may then stay as it is.
 */
extern bool time_entries_watch;
#define DEADLINE_NONE	(~0UL)
/* The next entry on this CPU comes out at once, after what it injects. False: not by the deadline. Interrupts off. */
bool time_exit_at_once(void);

void time_init(void);			/* boot CPU */
void time_init_cpu(void);		/* every CPU: its timer interrupt */
void time_delay_us(unsigned int us);	/* busy wait, for device and IPI protocols only */
