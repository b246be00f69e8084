/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86 part of a domain: which platform it sees, its shared page, parameters' first values, and its maps of
 * memory.
 */
#include <hv/boot.h>
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/memory.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <asm/guest_tsc.h>
#include <asm/io.h>
#include <asm/platform.h>
#include <asm/policy.h>
#include <asm/time.h>
#include <asm/vioapic.h>
#include <xen/hvm/params.h>
#include <xen/features.h>
#include <xen/memory.h>
#include <xen/sched.h>

#define EMU_SERVICE	(XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | XEN_X86_EMU_VPCI)
#define EMU_PVH		XEN_X86_EMU_LAPIC
#define LAPIC_FRAME	0xfee00UL
/* A whole PC: what a fully virtualised guest gets. */
#define EMU_HVM		(XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI)
static int emulation_check(const struct domain *d, const struct xen_arch_domainconfig *c)
{
	if ((c->emulation_flags & ~XEN_X86_EMU_ALL) || (c->misc_flags & ~XEN_X86_MSR_RELAXED)) {
		return -EINVAL;
	}
	if (d->is_service) {
		return c->emulation_flags == EMU_SERVICE ? 0 : -EINVAL;
	}
	if (c->emulation_flags == EMU_HVM) {
		return -EOPNOTSUPP;
	}
	return c->emulation_flags == EMU_PVH ? 0 : -EINVAL;
}

int arch_domain_create(struct domain *d, const struct xen_domctl_createdomain *config)
{
	struct page_info *pg;
	int err = emulation_check(d, &config->arch);

	if (err) {
		return err;
	}
	d->arch.emulation_flags = config->arch.emulation_flags;
	spin_lock_init(&d->arch.io_lock);
	guest_tsc_domain_init(d);
	d->arch.params[HVM_PARAM_TRIPLE_FAULT_REASON] = SHUTDOWN_reboot;
	err = policy_domain_init(d);
	if (err) {
		return err;
	}
	/* Its width is the policy's. */
	err = p2m_init(d);
	if (err) {
		return err;
	}
	pg = page_alloc_shared(d);
	if (!pg) {
		return -ENOMEM;
	}
	d->shared_info = page_to_virt(pg);
	domain_publish_wallclock(d);
	return 0;
}

void arch_domain_destroy(struct domain *d)
{
	io_destroy(d);
	if (d->arch.vioapic) {
		vioapic_destroy(d);
	}
	policy_domain_destroy(d);
	hv_free(d->arch.e820);
	d->arch.e820 = NULL;
	if (d->shared_info) {
		page_put(virt_to_page(d->shared_info));
		d->shared_info = NULL;
	}
}

int arch_domain_relinquish(struct domain *d)
{
	/* The memory map may be large and nobody asks for it any more; all else is needed until the end. */
	spin_lock(&d->big_lock);
	hv_free(d->arch.e820);
	d->arch.e820 = NULL;
	d->arch.e820_count = 0;
	spin_unlock(&d->big_lock);
	return p2m_pod_relinquish(d);
}

void arch_domain_config(const struct domain *d, struct xen_arch_domainconfig *config)
{
	config->emulation_flags = d->arch.emulation_flags;
}

void arch_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	/* Nested tables are the only kind of paging here. */
	info->flags |= XEN_DOMINF_hap;
	arch_domain_config(d, &info->arch_config);
	info->gpaddr_bits = (uint8_t)d->arch.phys_bits;
}

uint32_t arch_domain_features(const struct domain *d)
{
	uint32_t f = 1u << XENFEAT_hvm_safe_pvclock | 1u << XENFEAT_hvm_callback_vector |
		     1u << XENFEAT_not_direct_mapped;

	return f | (d->arch.emulation_flags & XEN_X86_EMU_USE_PIRQ ? 1u << XENFEAT_hvm_pirqs : 0);
}

bool arch_frames_grantable(uint64_t first, uint64_t count)
{
	uint64_t start = first << PAGE_SHIFT, end = start + (count << PAGE_SHIFT);

	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		if (r->type == MEMORY_RAM && r->start < end && r->end > start) {
			return false;
		}
	}
	/* Each frame is looked at, so an area has its limit: 4 GiB. */
	if (count > 1UL << 20) {
		return false;
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t frame = first + i;

		/* Interrupts could be forged through the local APIC's window. */
		if (frame == LAPIC_FRAME || iommu_owns_frame(mfn(frame))) {
			return false;
		}
	}
	return true;
}

/* Memory maps --------------------------------------------------------------------------------------- */

/* Takes over entries (may be NULL with count 0). */
static void replace_map(struct domain *d, struct e820_entry *entries, unsigned int count)
{
	struct e820_entry *old;

	spin_lock(&d->big_lock);
	old = d->arch.e820;
	d->arch.e820 = entries;
	d->arch.e820_count = count;
	spin_unlock(&d->big_lock);
	hv_free(old);
}

static long set_map_op(gva_t arg)
{
	struct xen_foreign_memory_map untrusted_map;
	struct e820_entry *entries;
	struct domain *d;
	unsigned int count;
	long rc = -EFAULT;

	if (guest_read_obj(&untrusted_map, arg)) {
		return -EFAULT;
	}
	count = untrusted_map.map.nr_entries;
	if (count > E820_ENTRIES_MAX) {
		return -E2BIG;
	}
	d = domain_get_by_id(untrusted_map.domid);
	if (!d) {
		return -ESRCH;
	}
	if (d != current->domain && !domain_may_control(current->domain, d)) {
		domain_put(d);
		return -EPERM;
	}
	entries = hv_alloc(MAX(count, 1U) * sizeof(*entries));
	if (!entries) {
		rc = -ENOMEM;
	} else if (guest_read(entries, handle_gva(untrusted_map.map.buffer),
			      count * sizeof(*entries))) {
		hv_free(entries);
	} else {
		/* Only the guest itself reads it, so what the entries say is its own affair. */
		replace_map(d, entries, count);
		rc = 0;
	}
	domain_put(d);
	return rc;
}

static long get_map_op(gva_t arg)
{
	struct xen_memory_map untrusted_map;
	struct domain *d = current->domain;
	unsigned int count = READ_ONCE(d->arch.e820_count);
	struct e820_entry *copy;
	long rc = 0;

	if (!count) {
		return -ENOSYS;
	}
	if (guest_read_obj(&untrusted_map, arg)) {
		return -EFAULT;
	}
	count = MIN(untrusted_map.nr_entries, count);
	copy = hv_alloc(MAX(count, 1u) * sizeof(*copy));
	if (!copy) {
		return -ENOMEM;
	}
	/* The map may have been replaced by a shorter one. */
	spin_lock(&d->big_lock);
	count = MIN(count, d->arch.e820_count);
	if (count) {
		memcpy(copy, d->arch.e820, count * sizeof(*copy));
	}
	spin_unlock(&d->big_lock);
	untrusted_map.nr_entries = count;
	if (guest_write(handle_gva(untrusted_map.buffer), copy, count * sizeof(*copy)) ||
	    guest_write_obj(arg, &untrusted_map)) {
		rc = -EFAULT;
	}
	hv_free(copy);
	return rc;
}

long arch_memory_map_op(unsigned int op, gva_t arg)
{
	return op == XENMEM_memory_map ? get_map_op(arg) : set_map_op(arg);
}
