// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VT-d: primary fault recording. A unit keeps a few fault records in registers and interrupts by a
 * message that it sends itself.
 *
 * Locks: everything but vtd_fault_init runs under the fault lock of iommu_fault.c.
 */
#include <hv/iommu_impl.h>
#include <asm/irq.h>
#include "vtd.h"

#define RECORD_FAULT BIT(63) /* of the high half */
#define RECORD_READ  BIT(62)
#define FAULT_ENTRY_SHIFT 48 /* of the low half: the entry that a refused message named */
#define DRAIN_MAX    64

static const char *reason(unsigned int code)
{
	static const char *const names[] = {
	    [0x01] = "device belongs to nobody (root entry)",
	    [0x02] = "device belongs to nobody (context entry)",
	    [0x03] = "invalid context entry",
	    [0x04] = "beyond the address width",
	    [0x05] = "write not allowed to it",
	    [0x06] = "read not allowed to it",
	    [0x07] = "page table cannot be read",
	    [0x08] = "root table cannot be read",
	    [0x09] = "context table cannot be read",
	    [0x0a] = "reserved bits in the root entry",
	    [0x0b] = "reserved bits in the context entry",
	    [0x0c] = "reserved bits in a page table",
	    [0x0d] = "translation request refused",
	    /* of interrupt messages (5.1.4) */
	    [0x20] = "reserved bits in the message",
	    [0x21] = "no such entry",
	    [0x22] = "entry of nobody",
	    [0x23] = "interrupt remapping table cannot be read",
	    [0x24] = "reserved bits in the entry",
	    [0x25] = "not in the remappable format",
	    [0x26] = "entry of another device",
	    [0x27] = "posted-interrupt descriptor cannot be read",
	    [0x28] = "reserved bits in the posted-interrupt descriptor",
	};

	if (code < ARRAY_SIZE(names) && names[code]) {
		return names[code];
	}
	return "unknown reason";
}

static bool is_interrupt(unsigned int code)
{
	return code >= 0x20 && code < 0x30;
}

static void report(struct vtd_unit *u, uint64_t lo, uint64_t hi)
{
	unsigned int code = (unsigned int)(hi >> 32) & 0xff;
	struct iommu_fault f = {
	    .dev = {(uint32_t)u->info.segment << 16 | (uint16_t)hi},
	    .kind = IOMMU_FAULT_DMA,
	    .write = !(hi & RECORD_READ),
	    .address = lo & PAGE_MASK,
	    .code = code,
	    .what = reason(code),
	};

	if (is_interrupt(code)) {
		f.kind = IOMMU_FAULT_INTERRUPT;
		f.address = lo >> FAULT_ENTRY_SHIFT;
	}
	iommu_fault(&f);
}

static void drain_unit(struct vtd_unit *u)
{
	unsigned int count = CAP_FAULT_COUNT(u->cap), at = CAP_FAULT_OFFSET(u->cap);
	uint32_t status = vtd_read(u, VTD_FAULT_STATUS);
	unsigned int i = FAULT_INDEX(status);

	for (unsigned int seen = 0; (status & FAULT_PENDING) && i < count && seen < DRAIN_MAX;
	     seen++) {
		unsigned int reg = at + 16 * i;
		uint64_t hi = vtd_read64(u, reg + 8), lo = vtd_read64(u, reg);

		if (!(hi & RECORD_FAULT)) {
			break;
		}
		report(u, lo, hi);
		vtd_write(u, reg + 12, 1U << 31); /* the record is free again */
		i = (i + 1) % count;
	}
	if (status & FAULT_QUEUE_ERRORS) {
		struct iommu_fault f = {.kind = IOMMU_FAULT_UNIT,
					.code = status,
					.what = "invalidation queue error",
					.address = vtd_read64(u, VTD_QUEUE_HEAD)};

		iommu_fault(&f);
	}
	/* Overflow and queue errors are cleared by writing ones; "pending" follows the records. */
	vtd_write(u, VTD_FAULT_STATUS, status & (uint32_t)(FAULT_OVERFLOW | FAULT_QUEUE_ERRORS));
}

void vtd_drain(void)
{
	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		drain_unit(vtd_units[i]);
	}
}

void vtd_fault_interrupt(bool on)
{
	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		struct vtd_unit *u = vtd_units[i];

		if (u->has_irq) {
			vtd_write(u, VTD_FAULT_CONTROL, on ? 0 : (uint32_t)FAULT_MASK);
		}
	}
}

void vtd_fault_init(struct vtd_unit *u)
{
	struct msi_message msg;
	int vector;

	vtd_write(u, VTD_FAULT_CONTROL, (uint32_t)FAULT_MASK);
	vector = irq_alloc_vector(0, iommu_fault_irq, NULL);
	if (vector < 0) {
		iommu_poll_needed();
		return;
	}
	msi_compose((uint8_t)vector, 0, &msg);
	vtd_write(u, VTD_FAULT_DATA, msg.data);
	vtd_write(u, VTD_FAULT_ADDRESS, (uint32_t)msg.address);
	/* Not remapped; what 8 bits of destination do not hold stands here. */
	vtd_write(u, VTD_FAULT_UPPER, apic_id_of_cpu(0) & ~0xffU);
	u->has_irq = true;
}
