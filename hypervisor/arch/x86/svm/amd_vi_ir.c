// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AMD-Vi: interrupt remapping (AMD I/O Virtualization Technology Specification, 2.2.5). A requester
 * has a table of its own, made at its first interrupt; until then, and for what the table does not
 * hold, the unit refuses its messages.
 *
 * Locks: ir_lock (interrupts off) covers which table a requester has. An entry is written by its
 * slot's owner.
 */
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <asm/acpi.h>
#include <asm/apic.h>
#include "amd_vi.h"

#define REQUESTERS_MAX	2

static struct spinlock ir_lock = SPINLOCK_INIT;
static uint64_t format;			/* CONTROL_GA, CONTROL_XT */

static uint64_t common_features(void)
{
	uint64_t features = ~0UL;

	for (unsigned int i = 0; i < amd_unit_count; i++) {
		features &= amd_units[i]->features;
	}
	return features;
}

uint64_t amd_vi_irt_format(void)
{
	uint64_t features = common_features();

	format = features & FEATURE_GA ? CONTROL_GA : 0;
	if (format && (features & FEATURE_XT) && apic_wants_x2apic()) {
		format |= CONTROL_XT;
	}
	return format;
}

static bool ir_can_wide(void)
{
	return format & CONTROL_XT;
}

static int ir_ioapic(uint8_t id, pci_sbdf_t *requester)
{
	for (unsigned int i = 0; i < amd_ivrs->special_count; i++) {
		const struct ivrs_special *s = &amd_ivrs->specials[i];

		if (s->kind == IVRS_SPECIAL_IOAPIC && s->handle == id) {
			requester->v = (uint32_t)amd_ivrs->units[s->unit].segment << 16 | s->devid;
			return 0;
		}
	}
	return -ENODEV;
}

/*
 * The ids under which the slot's messages may appear, its own first. They share the last one's
 * table.
 */
static int requesters(const struct intr_slot *slot, pci_sbdf_t *out)
{
	if (slot->line) {
		out[0] = slot->requester;
		return 1;
	}
	return amd_vi_requesters(slot->requester, out, REQUESTERS_MAX);
}

static int get_table(const struct intr_slot *slot, void **irt)
{
	pci_sbdf_t ids[REQUESTERS_MAX];
	int count = requesters(slot, ids);
	unsigned long flags;
	void *fresh = NULL;

	if (count < 0) {
		return count;
	}
	if (!amd_vi_irt(ids[count - 1])) {
		fresh = page_alloc_virt();
		if (!fresh) {
			return -ENOMEM;
		}
	}
	flags = spin_lock_irq(&ir_lock);
	*irt = amd_vi_irt(ids[count - 1]);
	if (!*irt) {
		*irt = fresh;
		fresh = NULL;
	}
	for (int i = 0; i < count; i++) {
		if (amd_vi_irt(ids[i]) != *irt) {
			amd_vi_set_irt(ids[i], *irt);
		}
	}
	spin_unlock_irq(&ir_lock, flags);
	if (fresh) {
		page_free_virt(fresh);
	}
	return 0;
}

static bool lines_are_known(const char **why)
{
	pci_sbdf_t requester;

	for (unsigned int i = 0; i < acpi_info.ioapic_count; i++) {
		if (ir_ioapic(acpi_info.ioapics[i].id, &requester) ||
		    !amd_segment_get((uint16_t)(requester.v >> 16), false)) {
			*why = "the firmware's IVRS table leaves out an IO-APIC";
			return false;
		}
	}
	return true;
}

/* Made at once: a line is routed with a lock held that must not wait for the allocator's. */
static int make_line_tables(void)
{
	int ret = 0;

	for (unsigned int i = 0; i < acpi_info.ioapic_count && !ret; i++) {
		struct intr_slot slot = {.line = true};
		void *irt;

		(void)ir_ioapic(acpi_info.ioapics[i].id, &slot.requester);
		ret = get_table(&slot, &irt);
	}
	return ret;
}

static int ir_start(bool wide, const char **why)
{
	if (!lines_are_known(why)) {
		return -ENODEV;
	}
	if (make_line_tables()) {
		panic("no memory for interrupt remapping");
	}
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		amd_vi_refuse_interrupts(amd_units[i]->segment);
	}
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		if (!amd_vi_forget_all(amd_units[i])) {
			panic("AMD-Vi unit at %#lx takes no commands", amd_units[i]->info.base);
		}
	}
	return 0;
}

static void forget(const struct intr_slot *slot)
{
	pci_sbdf_t ids[REQUESTERS_MAX];
	int count = requesters(slot, ids);

	for (int i = 0; i < count; i++) {
		amd_vi_forget_interrupts(ids[i]);
	}
}

static void disable(void *irt, unsigned int index)
{
	if (format & CONTROL_GA) {
		WRITE_ONCE(((struct amd_irte *)irt)[index].lo, 0);
	} else {
		WRITE_ONCE(((uint32_t *)irt)[index], 0);
	}
}

static void write_entry(void *irt, unsigned int index, const struct intr_target *t)
{
	struct amd_irte *e = &((struct amd_irte *)irt)[index];
	struct amd_irte v = amd_irte_long(t);

	if (!(format & CONTROL_GA)) {
		WRITE_ONCE(((uint32_t *)irt)[index], amd_irte_short(t));
		return;
	}
	if (e->hi != v.hi) {
		/*
		 * The vector is the place's number, so this is a new entry, or a CPU beyond 2^24.
		 */
		WRITE_ONCE(e->lo, 0);
		barrier();
		WRITE_ONCE(e->hi, v.hi);
		barrier();
	}
	WRITE_ONCE(e->lo, v.lo);
}

static void ir_clear(struct intr_slot *slot)
{
	void *irt = amd_vi_irt(slot->requester);

	disable(irt, slot->index);
	forget(slot);
}

static int ir_set(struct intr_slot *slot, const struct intr_target *t)
{
	void *irt;
	int ret = get_table(slot, &irt);

	if (ret) {
		return ret;
	}
	if (slot->used && slot->index != t->vector) {
		ir_clear(slot);
	}
	slot->index = t->vector;
	slot->used = true;
	write_entry(irt, slot->index, t);
	forget(slot);
	if (boot_options.iommu_verbose) {
		char name[IOMMU_NAME_SIZE];

		log_info("AMD-Vi: interrupt entry %u of %s %s to APIC %u\n", slot->index,
			 slot->line ? "IO-APIC" : "device",
			 iommu_device_name(slot->requester, name), t->apic_id);
	}
	return 0;
}

static void ir_message(const struct intr_slot *slot, const struct intr_target *t,
		       struct msi_message *out)
{
	out->address = 0xfee00000UL;
	out->data = slot->index;
}

static uint64_t ir_entry(const struct intr_slot *slot, const struct intr_target *t)
{
	return slot->index;
}

const struct intr_remap_ops amd_vi_intr_ops = {
    .can_wide = ir_can_wide,
    .start = ir_start,
    .ioapic = ir_ioapic,
    .set = ir_set,
    .clear = ir_clear,
    .message = ir_message,
    .entry = ir_entry,
};
