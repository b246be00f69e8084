// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AMD-Vi: the event log. A unit writes 16-byte records into a ring and interrupts by its PCI
 * function's MSI.
 *
 * Locks: everything but amd_event_init runs under the fault lock of iommu_fault.c.
 */
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <asm/dom0.h>
#include <asm/processor.h>
#include "amd_vi.h"

#define EVENT_SIZE		16
#define LOG_SIZE		(EVENT_COUNT * EVENT_SIZE)
#define PCI_STATUS		6
#define PCI_STATUS_TARGET_ABORT BIT(11)
#define CPUID_HYPERVISOR	BIT(31)	    /* leaf 1 ECX: the machine is virtual */
#define DRAIN_MAX		EVENT_COUNT /* one look is bounded, however fast a device faults */

/* Event codes (ch. 2.5). */
enum {
	EVENT_ILLEGAL_DTE = 1,
	EVENT_PAGE_FAULT,
	EVENT_DTE_HARDWARE,
	EVENT_TABLE_HARDWARE,
	EVENT_ILLEGAL_COMMAND,
	EVENT_COMMAND_HARDWARE,
	EVENT_IOTLB_TIMEOUT,
	EVENT_INVALID_REQUEST,
	EVENT_PPR_INVALID,
	EVENT_COUNTER_ZERO,
};

static const char *const event_names[] = {
    [0] = "unknown event",
    [EVENT_ILLEGAL_DTE] = "illegal device table entry",
    [EVENT_PAGE_FAULT] = "not allowed to it",
    [EVENT_DTE_HARDWARE] = "device table cannot be read",
    [EVENT_TABLE_HARDWARE] = "page table cannot be read",
    [EVENT_ILLEGAL_COMMAND] = "illegal command",
    [EVENT_COMMAND_HARDWARE] = "command cannot be read",
    [EVENT_IOTLB_TIMEOUT] = "device did not drop its translations",
    [EVENT_INVALID_REQUEST] = "invalid request of a device",
    [EVENT_PPR_INVALID] = "invalid page request",
    [EVENT_COUNTER_ZERO] = "event counter",
};

/* Bits of a page fault record. */
#define FAULT_INTERRUPT BIT(51)
#define FAULT_WRITE	BIT(53)

static void report(struct amd_unit *u, const uint64_t *record)
{
	unsigned int code = (unsigned int)(record[0] >> 60);
	struct iommu_fault f = {
	    .dev = {(uint32_t)u->info.segment << 16 | (uint16_t)record[0]},
	    .address = record[1],
	    .code = code,
	    .what = event_names[code < ARRAY_SIZE(event_names) ? code : 0],
	    .kind = IOMMU_FAULT_DEVICE,
	};

	if (code == EVENT_PAGE_FAULT) {
		f.kind = IOMMU_FAULT_DMA;
	} else if (code == EVENT_ILLEGAL_COMMAND || code == EVENT_COMMAND_HARDWARE) {
		f.kind = IOMMU_FAULT_UNIT;
	}
	f.write = record[0] & FAULT_WRITE;
	if (code == EVENT_PAGE_FAULT && (record[0] & FAULT_INTERRUPT)) {
		f.kind = IOMMU_FAULT_INTERRUPT;
		f.what = "no entry of its own";
	}
	iommu_fault(&f);
}

/* After an overflow the unit has stopped logging; the ring starts anew. */
static void restart_log(struct amd_unit *u)
{
	amd_control(u, 0, CONTROL_EVENT_LOG);
	amd_write(u, AMD_EVENT_BASE, virt_to_hpa(u->events).v | EVENT_LENGTH_CODE << 56);
	amd_write(u, AMD_EVENT_HEAD, 0);
	amd_write(u, AMD_EVENT_TAIL, 0);
	u->event_head = 0;
	amd_write(u, AMD_STATUS, STATUS_OVERFLOW);
	amd_control(u, CONTROL_EVENT_LOG, 0);
}

/*
 * QEMU 7.2's unit refuses DMA but never writes its event log. What it does do is set the
 * "signaled target abort" bit of its PCI function, so that much can be told. Real units are not
 * asked.
 */
bool amd_vi_unrecorded(pci_sbdf_t *unit)
{
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		struct amd_unit *u = amd_units[i];

		*unit = (pci_sbdf_t){(uint32_t)u->info.segment << 16 | u->info.devid};
		if (u->emulated && !u->log_works &&
		    (pci_read(unit->v, PCI_STATUS, 2) & PCI_STATUS_TARGET_ABORT)) {
			pci_write(unit->v, PCI_STATUS, 2, PCI_STATUS_TARGET_ABORT);
			return true;
		}
	}
	return false;
}

static void drain_unit(struct amd_unit *u)
{
	uint32_t tail;
	bool overflow;

	/* The status first: a record that comes after the tail was read raises the interrupt again.
	 */
	overflow = amd_read(u, AMD_STATUS) & STATUS_OVERFLOW;
	amd_write(u, AMD_STATUS, STATUS_EVENT_INT);
	tail = (uint32_t)amd_read(u, AMD_EVENT_TAIL) & (LOG_SIZE - EVENT_SIZE);
	for (unsigned int i = 0; u->event_head != tail && i < DRAIN_MAX; i++) {
		volatile uint64_t *slot = (volatile uint64_t *)(u->events + u->event_head);
		uint64_t record[2] = {slot[0], slot[1]};

		u->log_works = true;
		report(u, record);
		slot[0] = 0;
		slot[1] = 0;
		u->event_head = (u->event_head + EVENT_SIZE) & (LOG_SIZE - 1);
	}
	amd_write(u, AMD_EVENT_HEAD, u->event_head);
	if (overflow) {
		restart_log(u);
	}
}

void amd_vi_drain(void)
{
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		drain_unit(amd_units[i]);
	}
}

void amd_vi_fault_interrupt(bool on)
{
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		struct amd_unit *u = amd_units[i];

		if (u->has_irq) {
			amd_control(u, on ? CONTROL_EVENT_INT : 0, on ? 0 : CONTROL_EVENT_INT);
		}
	}
}

int amd_event_init(struct amd_unit *u)
{
	struct page_info *pg = page_alloc(EVENT_ORDER, ALLOC_ZERO);

	if (!pg) {
		return -ENOMEM;
	}
	u->events = page_to_virt(pg);
	u->event_head = 0;
	amd_write(u, AMD_EVENT_BASE, virt_to_hpa(u->events).v | EVENT_LENGTH_CODE << 56);
	amd_write(u, AMD_EVENT_HEAD, 0);
	amd_write(u, AMD_EVENT_TAIL, 0);
	u->has_irq =
	    iommu_setup_msi((pci_sbdf_t){(uint32_t)u->info.segment << 16 | u->info.devid}) == 0;
	u->emulated = cpuid(1, 0).ecx & CPUID_HYPERVISOR;
	if (u->emulated) {
		pci_write((uint32_t)u->info.segment << 16 | u->info.devid, PCI_STATUS, 2,
			  PCI_STATUS_TARGET_ABORT);
	}
	if (!u->has_irq || u->emulated) {
		iommu_poll_needed();
	}
	return 0;
}
