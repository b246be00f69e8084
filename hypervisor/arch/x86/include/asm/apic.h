/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The machine's local APIC (arch/x86/apic.c), xAPIC or x2APIC by what the machine and x2apic= say. */
#include <hv/types.h>

/*
 * Boot CPU, in two steps: apic_init stays in the mode that firmware left; apic_choose_mode, once it
 * is known what interrupt remapping can do and before another CPU starts, turns x2APIC on. With
 * remapping that has 8-bit destinations it stays off: interrupts could not be sent to such a CPU.
 */
void apic_init(uint64_t mmio_base);
void apic_choose_mode(void);
bool apic_wants_x2apic(void);			/* the CPU has it, and nobody said no */
void apic_init_cpu(void);			/* every CPU: enable, mask all local sources */
uint32_t apic_id(void);
void apic_send_init(uint32_t id);
void apic_send_startup(uint32_t id, uint8_t page);
bool apic_uses_x2apic(void);
/* One-shot timer: counts down from count at the bus clock over 1. 0 stops it. */
void apic_timer_start(uint32_t count);
uint32_t apic_timer_count(void);
void apic_timer_mode_deadline(bool deadline);
void apic_timer_stop(void);
/* All other CPUs, also those not yet known to the scheduler. */
void apic_stop_others(void);
/* In the NMI handler: true (never, then: the CPU halts) when a panic elsewhere sent it. */
bool panic_stopped_here(void);
