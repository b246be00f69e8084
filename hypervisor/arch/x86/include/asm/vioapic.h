/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Virtual IO-APICs of a domain (arch/x86/dev/vioapic.c): version 0x11 or 0x20 registers, EOI register. */
#include <hv/types.h>
#include <hv/addr.h>

struct domain;
struct vcpu;

struct vioapic_config {
	uint8_t id;
	uint64_t base;
	unsigned int gsi_base, pins;
};

/* The service VM: same IO-APICs as the machine. Others with X86_EMU_IOAPIC: one of 48 pins at 0xfec00000. */
int vioapic_init(struct domain *d, const struct vioapic_config *configs, unsigned int count);
void vioapic_destroy(struct domain *d);
/* Edge: a pulse. Level: assert stays until deassert. Any context. */
void vioapic_set_irq(struct domain *d, unsigned int gsi, bool level_high);
void vioapic_pulse(struct domain *d, unsigned int gsi);
/* A vCPU's EOI of a level vector; re-evaluates entries and calls irq_guest_eoi for each GSI that ends. */
void vioapic_eoi(struct domain *d, uint8_t vector);
/* Guest programmed an entry: trigger/polarity/mask of gsi. Implemented by arch/x86/pirq.c: binds or
 * updates the machine's line for the service VM. */
void pirq_guest_unmask(struct domain *d, unsigned int gsi, bool level, bool active_low, bool masked);
/* Level line finished by the guest: lowers the virtual line by vioapic_set_irq, then lets the machine's line fire
 * again. So both pirq_guest_ functions are called without the virtual IO-APIC's lock, the EOI before the entry is
 * looked at again. */
void pirq_guest_eoi(struct domain *d, unsigned int gsi);
