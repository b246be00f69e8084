/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ARM part of a domain: its interrupt controller and clock, its shared page, its wall clock. */
#include <asm/domain.h>
#include <asm/mmio.h>
#include <asm/platform.h>
#include <asm/time.h>
#include <asm/vpl011.h>
#include <asm/wallclock.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/memory.h>
#include <hv/page.h>
#include <xen/features.h>

int arch_domain_create(struct domain *d, const struct xen_domctl_createdomain *config)
{
	struct page_info *pg;
	int err;

	/* No trusted OS is mediated. */
	if (config->arch.tee_type != XEN_DOMCTL_CONFIG_TEE_NONE) {
		return -EINVAL;
	}
	spin_lock_init(&d->arch.mmio_lock);
	d->direct_mapped = d->is_service;
	memset(d->arch.last_vcpu, 0xff, sizeof(d->arch.last_vcpu));
	d->arch.gic_version = config->arch.gic_version;
	d->arch.spi_count = config->arch.nr_spis;
	err = p2m_init(d);
	if (err) {
		return err;
	}
	err = vgic_domain_init(d, &d->arch.gic_version, d->arch.spi_count);
	if (err) {
		return err;
	}
	vtimer_domain_init(d);
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
	vgic_domain_destroy(d);
	mmio_destroy(d);
	vpl011_destroy(d);
	if (d->shared_info) {
		page_put(virt_to_page(d->shared_info));
		d->shared_info = NULL;
	}
}

int arch_domain_relinquish(struct domain *d)
{
	vpl011_relinquish(d);
	return 0;
}

void arch_domain_config(const struct domain *d, struct xen_arch_domainconfig *config)
{
	config->gic_version = d->arch.gic_version;
	config->tee_type = XEN_DOMCTL_CONFIG_TEE_NONE;
	config->nr_spis = d->arch.spi_count;
	config->clock_frequency = platform.timer.frequency;
}

void arch_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	info->flags |= XEN_DOMINF_hap;
	arch_domain_config(d, &info->arch_config);
	info->gpaddr_bits = (uint8_t)d->arch.phys_bits;
}

uint32_t arch_domain_features(const struct domain *d)
{
	return 1u << XENFEAT_ARM_SMCCC_supported |
	       (d->direct_mapped ? 1u << XENFEAT_direct_mapped : 1u << XENFEAT_not_direct_mapped);
}

bool arch_frames_grantable(uint64_t first, uint64_t count)
{
	uint64_t start = first << PAGE_SHIFT, end = start + (count << PAGE_SHIFT);

	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		if (r->start < end && r->end > start) {
			return false;
		}
	}
	/* Each frame is looked at, so an area has its limit: 4 GiB. */
	if (count > BIT(20)) {
		return false;
	}
	for (uint64_t i = 0; i < count; i++) {
		if (platform_frame_is_hidden(first + i)) {
			return false;
		}
	}
	return true;
}

/* The map of memory is the device tree's. */
long arch_memory_map_op(unsigned int op, gva_t arg)
{
	return -ENOSYS;
}

void domain_publish_wallclock(struct domain *d)
{
	/* The service VM may set any time: sums wrap, and what ends before the epoch is the epoch.
	 */
	uint64_t sum = wallclock_base() + (uint64_t)(d->time_offset_seconds * NS_PER_SEC);
	uint64_t ns = sum >> 63 ? 0 : sum, sec = ns / (uint64_t)NS_PER_SEC;
	struct shared_info *s;

	spin_lock(&d->big_lock);
	s = d->shared_info;
	if (s) {
		/* An odd version tells readers to try again. */
		WRITE_ONCE(s->wc_version, (s->wc_version + 1) | 1);
		smp_wmb();
		WRITE_ONCE(s->wc_sec, (uint32_t)sec);
		WRITE_ONCE(s->wc_nsec, (uint32_t)(ns % (uint64_t)NS_PER_SEC));
		WRITE_ONCE(s->wc_sec_hi, (uint32_t)(sec >> 32));
		smp_wmb();
		WRITE_ONCE(s->wc_version, s->wc_version + 1);
	}
	spin_unlock(&d->big_lock);
}
