/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Interrupt remapping: what a device's message or an IO-APIC's line says is a place in a table of
 * the IOMMU's, and vector and CPU stand there. A place serves the requester that it was made for
 * and nobody else, so a device raises the interrupts that it was given and no other. Vendors:
 * vmx/vtd_ir.c, svm/amd_vi_ir.c.
 *
 * Locks: a slot is its owner's, who does not change it from two CPUs at once. The vendors' locks
 * (interrupts off) are leaves but for the units' queue locks; all may be called with interrupts
 * off.
 */
#include <hv/iommu.h>
#include <asm/irq.h>

/* One interrupt's place in the table. */
struct intr_slot {
	pci_sbdf_t requester;		/* a PCI function, or the id of an IO-APIC's messages */
	bool line;			/* it is an IO-APIC's */
	bool used;
	uint16_t index;			/* while used */
};

struct intr_target {
	uint32_t apic_id;
	uint8_t vector;
	bool level;
};

/* A vendor's half (hv/iommu_impl.h has the pointer to it). */
struct intr_remap_ops {
	/* True when destinations can have 32 bits: what x2APIC needs. */
	bool (*can_wide)(void);
	/* On, with nothing let through. -errno, with the reason in words: it is off. */
	int (*start)(bool wide, const char **why);
	/* The id that the IO-APIC's messages carry; -ENODEV: the firmware does not say. */
	int (*ioapic)(uint8_t id, pci_sbdf_t *requester);
	/*
	 * Makes the slot's place, if it has none, and points it at *t: one write, after which no
	 * message goes where it went before. -ENOSPC, -ENOMEM, -ENODEV.
	 */
	int (*set)(struct intr_slot *slot, const struct intr_target *t);
	/* After it messages to the place are refused. */
	void (*clear)(struct intr_slot *slot);
	/*
	 * What the device sends, and what stands in the IO-APIC's entry beside trigger, polarity
	 * and mask.
	 */
	void (*message)(const struct intr_slot *slot, const struct intr_target *t,
			struct msi_message *out);
	uint64_t (*entry)(const struct intr_slot *slot, const struct intr_target *t);
};

/*
 * Boot, after iommu_init and before the first interrupt is set up. One warning when it stays off.
 */
void intr_remap_init(void);
bool intr_remap_on(void);
bool intr_remap_wide(void);		/* on, with 32-bit destinations */

/* Before a slot's first use. */
void intr_slot_init(struct intr_slot *slot, pci_sbdf_t dev);
/* The same for an IO-APIC's line; -ENODEV as above. Only while remapping is on. */
int intr_slot_init_line(struct intr_slot *slot, uint8_t ioapic);
/* Gives the place back; nothing when it has none. */
void intr_slot_clear(struct intr_slot *slot);
/* Only while remapping is on: (re)targets the slot; msi_route and ioapic.c are the callers. */
int intr_remap_message(struct intr_slot *slot, uint8_t vector, unsigned int cpu,
		       struct msi_message *out);
int intr_remap_line(struct intr_slot *slot, uint8_t vector, unsigned int cpu, bool level,
		    uint64_t *entry);
