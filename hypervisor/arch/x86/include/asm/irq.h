/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Interrupts of the machine (arch/x86/irq.c): vectors, descriptors, IO-APIC pins and MSIs.
 * Vectors: 0x20-0xdf devices, 0xe0.. IPIs and the timer (0xf0 timer, 0xf1 kick, 0xf2 call, 0xf3 posted, 0xff spurious).
 * Locks: descriptor lock (interrupts off) is a leaf.
 */
#include <hv/addr.h>
#include <hv/iommu.h>

#define VECTOR_DEVICE_FIRST	0x20
#define VECTOR_DEVICE_LAST	0xdf
#define VECTOR_TIMER		0xf0
#define VECTOR_KICK		0xf1
#define VECTOR_CALL		0xf2
#define VECTOR_POSTED		0xf3	/* something was posted for the vCPU that runs here */
#define VECTOR_SPURIOUS		0xff

/* Called with interrupts off after the LAPIC's EOI rules of the descriptor were applied. */
typedef void irq_handler(void *opaque);

/* traps.c. What an interrupt of this vector (0x20 and up) is for; interrupts off. Its EOI is included. */
void interrupt_dispatch(uint8_t vector);
/* From there: vector 0x20-0xdf. */
void irq_dispatch(uint8_t vector);
void irq_init(void);			/* IO-APICs found in MADT, all masked; legacy PIC off */

/* A device vector on the given CPU for fn. Returns the vector or -ENOSPC. */
int irq_alloc_vector(unsigned int cpu, irq_handler *fn, void *opaque);
/* After it fn does not run any more. Not from fn. */
void irq_free_vector(uint8_t vector);
/* The CPU for a device interrupt that would best arrive where vCPU v is (NULL: anywhere). */
struct vcpu;
unsigned int irq_pick_cpu(const struct vcpu *v);

/*
 * Machine IO-APIC pins by GSI. -EINVAL when no such GSI; what msi_route says of remapping.
 * ioapic_route is the hypervisor's own use of a line: the service VM never gets it; the pin is left
 * unmasked. A level line is masked around its handler.
 */
int ioapic_route(unsigned int gsi, uint8_t vector, unsigned int cpu, bool level, bool active_low);
void ioapic_mask(unsigned int gsi, bool masked);
/*
 * After the local APIC's EOI of a level line. A remapped message may arrive without its trigger
 * mode (AMD-Vi's tables have none), and then that EOI does not tell the IO-APIC. Nothing for other
 * lines.
 */
void ioapic_eoi(unsigned int gsi);
unsigned int ioapic_gsi_count(void);
bool ioapic_is_own(unsigned int gsi);
/* The same for a line that is passed to the service VM (arch/x86/pirq.c): a level line stays masked after its
 * interrupt until ioapic_mask. */
int ioapic_route_guest(unsigned int gsi, uint8_t vector, unsigned int cpu, bool level, bool active_low,
		       bool masked);
void ioapic_init(void);			/* part of irq_init */
/* irq.c: vector serves this GSI (level: mask before EOI; own: unmask after the handler). */
void irq_bind_line(uint8_t vector, unsigned int gsi, bool level, bool own);
struct vioapic_config;
/* The machine's IO-APICs, for the service VM's virtual ones. Returns the count. */
unsigned int ioapic_describe(struct vioapic_config *out, unsigned int max);

struct msi_message {
	uint64_t address;
	uint32_t data;
};
/*
 * The message for a vector and CPU in plain (xAPIC physical, fixed, edge) format: for what is not
 * remapped, the units' own interrupts.
 */
void msi_compose(uint8_t vector, unsigned int cpu, struct msi_message *out);
/*
 * The message with which the slot's device raises the vector on the CPU: remapped when that is on,
 * else plain. Again, with another CPU: from then on it arrives there, and the message is the same.
 * -ENOSPC, -ENODEV: remapping is on and has no place for it.
 */
struct intr_slot;
int msi_route(struct intr_slot *slot, uint8_t vector, unsigned int cpu, struct msi_message *out);

/* Host local APIC (arch/x86/apic.c). */
void apic_eoi(void);
void apic_send_ipi(unsigned int cpu, uint8_t vector);
void apic_send_ipi_mask(unsigned long mask, uint8_t vector);
uint32_t apic_id_of_cpu(unsigned int cpu);
