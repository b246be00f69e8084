/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt remapping: what callers see of it, whoever made the IOMMU. */
#include <asm/apic.h>
#include <asm/intr_remap.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/iommu_impl.h>
#include <hv/lib.h>
#include <hv/log.h>

static const struct intr_remap_ops *ops;	/* set once by intr_remap_init; NULL: off */
static bool wide;

static int try_start(const char **why)
{
	const struct iommu_ops *units = iommu_unit_ops();
	bool want_wide;
	int ret;

	if (boot_options.iommu_no_intremap) {
		*why = "turned off by iommu=no-intremap";
		return -ENODEV;
	}
	if (!units->interrupts) {
		*why = "the machine's IOMMU has none";
		return -ENODEV;
	}
	want_wide = apic_wants_x2apic() && units->interrupts->can_wide();
	ret = units->interrupts->start(want_wide, why);
	if (!ret) {
		ops = units->interrupts;
		wide = want_wide;
	}
	return ret;
}

void intr_remap_init(void)
{
	const char *why = "its units do not answer";

	if (!iommu_enabled()) {
		return;		/* iommu_init has said what that means */
	}
	if (try_start(&why)) {
		log_warn("NO INTERRUPT REMAPPING: %s: a device of the service VM can raise any "
			 "interrupt vector\n",
			 why);
		return;
	}
	log_info("IOMMU: interrupt remapping on, %s destinations\n", wide ? "32-bit" : "8-bit");
}

bool intr_remap_on(void)
{
	return ops != NULL;
}

bool intr_remap_wide(void)
{
	return wide;
}

void intr_slot_init(struct intr_slot *slot, pci_sbdf_t dev)
{
	*slot = (struct intr_slot){ .requester = dev };
}

int intr_slot_init_line(struct intr_slot *slot, uint8_t ioapic)
{
	*slot = (struct intr_slot){ .line = true };
	return ops->ioapic(ioapic, &slot->requester);
}

void intr_slot_clear(struct intr_slot *slot)
{
	if (slot->used) {
		ops->clear(slot);
		slot->used = false;
	}
}

int intr_remap_message(struct intr_slot *slot, uint8_t vector, unsigned int cpu,
		       struct msi_message *out)
{
	struct intr_target t = { .apic_id = apic_id_of_cpu(cpu), .vector = vector };
	int ret = ops->set(slot, &t);

	if (!ret) {
		ops->message(slot, &t, out);
	}
	return ret;
}

int intr_remap_line(struct intr_slot *slot, uint8_t vector, unsigned int cpu, bool level,
		    uint64_t *entry)
{
	struct intr_target t = { .apic_id = apic_id_of_cpu(cpu), .vector = vector, .level = level };
	int ret = ops->set(slot, &t);

	if (!ret) {
		*entry = ops->entry(slot, &t);
	}
	return ret;
}
