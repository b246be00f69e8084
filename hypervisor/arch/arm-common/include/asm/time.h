/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The machine's clock: the generic timer's system counter. */
#include <hv/timer.h>

extern uint64_t counter_hz;		/* CNTFRQ, or what the device tree says */

uint64_t counter_read(void);		/* CNTPCT; in order */
uint64_t ns_to_counter(nstime_t ns);	/* absolute: counter at that time_now() */
nstime_t counter_to_ns(uint64_t counter);
void time_init(void);			/* boot CPU; needs platform_init and gic_init */
void time_init_cpu(void);		/* the others */
void time_delay_us(unsigned int us);
uint64_t wallclock_base(void);
void wallclock_set(uint64_t base_ns);
