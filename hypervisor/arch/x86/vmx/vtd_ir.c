// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VT-d: interrupt remapping (Intel VT-d Specification, ch. 5). One table for all units of a PCI
 * segment, so that it does not matter which of them a device is behind; an entry serves the
 * requester that it names alone.
 *
 * An entry's upper half, the requester, is written while the entry is absent and stays; the lower
 * half holds all the rest and "present", so every change is one store of 64 bits and a unit never
 * sees half of one.
 *
 * Locks: ir_lock (interrupts off) covers which entries are taken; a leaf. An entry is written by
 * its slot's owner.
 */
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <asm/acpi.h>
#include <asm/apic.h>
#include "vtd.h"

static struct spinlock ir_lock = SPINLOCK_INIT;
static bool wide;

static void clean(const void *p, size_t len)
{
	if (iommu_caps.clean) {
		arch_cache_clean(p, len);
	}
}

/*
 * Going round, so that a message that is still under way to a freed entry is refused rather than
 * somebody else's.
 */
static int index_alloc(struct vtd_segment *s)
{
	unsigned long flags = spin_lock_irq(&ir_lock);
	unsigned int i = find_next_zero_bit(s->irt_used, IRT_COUNT, s->irt_next);

	if (i >= IRT_COUNT) {
		i = find_next_zero_bit(s->irt_used, IRT_COUNT, 0);
	}
	if (i < IRT_COUNT) {
		__set_bit(i, s->irt_used);
		s->irt_next = (i + 1) % IRT_COUNT;
	}
	spin_unlock_irq(&ir_lock, flags);
	return i < IRT_COUNT ? (int)i : -ENOSPC;
}

static void index_free(struct vtd_segment *s, unsigned int index)
{
	unsigned long flags = spin_lock_irq(&ir_lock);

	__clear_bit(index, s->irt_used);
	spin_unlock_irq(&ir_lock, flags);
}

static struct vtd_segment *table_of(const struct intr_slot *slot)
{
	struct vtd_segment *s = vtd_segment_get((uint16_t)(slot->requester.v >> 16), false);

	return s && s->irt ? s : NULL;
}

static uint64_t source_of(const struct intr_slot *slot)
{
	return slot->line ? IRTE_VERIFY_ID | (uint16_t)slot->requester.v
			  : vtd_message_source(slot->requester);
}

static int ir_set(struct intr_slot *slot, const struct intr_target *t)
{
	struct vtd_segment *s = table_of(slot);
	struct vtd_irte *e;
	int index;

	if (!s) {
		return -ENODEV;
	}
	if (!slot->used) {
		index = index_alloc(s);
		if (index < 0) {
			return index;
		}
		slot->index = (uint16_t)index;
		slot->used = true;
		WRITE_ONCE(s->irt[index].hi, source_of(slot));
		barrier();
	}
	e = &s->irt[slot->index];
	WRITE_ONCE(e->lo, vtd_irte_low(t, wide));
	clean(e, sizeof(*e));
	/* Also for a new entry: with caching mode, units remember absent ones. */
	vtd_forget_interrupt(s, slot->index);
	if (boot_options.iommu_verbose) {
		char name[IOMMU_NAME_SIZE];

		log_info("VT-d: interrupt entry %u: %s %s to vector %#x of APIC %u, source %#lx\n",
			 slot->index, slot->line ? "IO-APIC" : "device",
			 iommu_device_name(slot->requester, name), t->vector, t->apic_id, e->hi);
	}
	return 0;
}

static void ir_clear(struct intr_slot *slot)
{
	struct vtd_segment *s = table_of(slot);
	struct vtd_irte *e = &s->irt[slot->index];

	WRITE_ONCE(e->lo, 0);
	clean(e, sizeof(*e));
	vtd_forget_interrupt(s, slot->index);
	index_free(s, slot->index);
}

static void ir_message(const struct intr_slot *slot, const struct intr_target *t,
		       struct msi_message *out)
{
	out->address = vtd_message_address(slot->index);
	out->data = t->vector;		/* ignored; for who reads the device's registers */
}

static uint64_t ir_entry(const struct intr_slot *slot, const struct intr_target *t)
{
	return vtd_line_entry(slot->index, t->vector);
}

static bool all_have(uint64_t bit)
{
	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		if (!(vtd_units[i]->ecap & bit)) {
			return false;
		}
	}
	return true;
}

static bool ir_can_wide(void)
{
	return !vtd_dmar->x2apic_opt_out && all_have(ECAP_EIM);
}

/* What stands against it, in words; NULL: nothing. */
static const char *obstacle(bool want_wide)
{
	pci_sbdf_t requester;

	if (!vtd_dmar->interrupt_remapping) {
		return "the firmware says that the machine cannot do it (DMAR flags)";
	}
	if (!all_have(ECAP_IR)) {
		return "not all VT-d units can do it";
	}
	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		if (!vtd_units[i]->queued) {
			return "a VT-d unit has no invalidation queue";
		}
	}
	for (unsigned int i = 0; i < acpi_info.ioapic_count; i++) {
		if (vtd_ioapic(acpi_info.ioapics[i].id, &requester)) {
			return "the firmware's DMAR table leaves out an IO-APIC";
		}
	}
	if (!want_wide && apic_uses_x2apic()) {
		return "the firmware turned x2APIC on, which the VT-d units cannot reach";
	}
	return NULL;
}

static int start_unit(struct vtd_unit *u)
{
	struct vtd_segment *s = u->segment;
	int ret;

	if (!s->irt) {
		struct page_info *pg = page_alloc(IRT_ORDER, ALLOC_ZERO);

		if (!pg) {
			return -ENOMEM;
		}
		s->irt = page_to_virt(pg);
		clean(s->irt, PAGE_SIZE << IRT_ORDER);
	}
	vtd_write64(u, VTD_IRT_ADDRESS,
		    virt_to_hpa(s->irt).v | (wide ? IRT_EXTENDED : 0) | IRT_SIZE_CODE);
	ret = vtd_command(u, GLOBAL_IRT, true);
	if (!ret && !vtd_forget_interrupts(u)) {
		ret = -EIO;
	}
	/* Messages in the old format do not pass from here on; firmware may have let them. */
	if (!ret && (vtd_read(u, VTD_STATUS) & GLOBAL_COMPAT)) {
		ret = vtd_command(u, GLOBAL_COMPAT, false);
	}
	return ret ? ret : vtd_command(u, GLOBAL_IR, true);
}

static int ir_start(bool want_wide, const char **why)
{
	const char *against = obstacle(want_wide);
	int ret = 0;

	if (against) {
		*why = against;
		return -ENODEV;
	}
	wide = want_wide;
	for (unsigned int i = 0; i < vtd_unit_count && !ret; i++) {
		ret = start_unit(vtd_units[i]);
	}
	for (unsigned int i = 0; i < vtd_unit_count && ret; i++) {
		if (vtd_read(vtd_units[i], VTD_STATUS) & GLOBAL_IR) {
			(void)vtd_command(vtd_units[i], GLOBAL_IR, false);
		}
	}
	return ret;
}

const struct intr_remap_ops vtd_intr_ops = {
    .can_wide = ir_can_wide,
    .start = ir_start,
    .ioapic = vtd_ioapic,
    .set = ir_set,
    .clear = ir_clear,
    .message = ir_message,
    .entry = ir_entry,
};
