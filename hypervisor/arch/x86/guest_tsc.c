/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's TSC. Modes are those of XEN_DOMCTL_settscinfo: by default guests read the CPU's own,
 * scaled by it when the domain came from a machine with another frequency; only when the CPU cannot, or on demand, RDTSC
 * exits. A domain's clock changes only while the domain is paused.
 */
#include <asm/guest_tsc.h>
#include <asm/processor.h>
#include <asm/time.h>
#include <asm/vmm.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <xen/domctl.h>

#define TSC_MODE_DEFAULT	0
#define TSC_MODE_ALWAYS_EMULATE	1
#define TSC_MODE_NEVER_EMULATE	2

#define EMULATED_RATIO_BITS	48

unsigned int guest_tsc_ratio_bits;
uint64_t guest_tsc_ratio_max;

static uint64_t scaled(const struct arch_domain *a, uint64_t host)
{
	return likely(!a->tsc_ratio) ?
		       host :
		       (uint64_t)(((unsigned __int128)host * a->tsc_ratio) >> a->tsc_ratio_bits);
}

uint64_t guest_tsc(const struct vcpu *v, uint64_t host)
{
	return scaled(&v->domain->arch, host) + v->arch.tsc_offset;
}

void guest_tsc_write(struct vcpu *v, uint64_t val)
{
	v->arch.tsc_offset = val - scaled(&v->domain->arch, rdtsc());
	vmm->set_tsc_offset(v, v->arch.tsc_offset);
}

uint64_t guest_tsc_hardware_ratio(const struct vcpu *v, uint64_t one)
{
	const struct arch_domain *a = &v->domain->arch;

	return a->tsc_ratio && !a->tsc_emulated ? a->tsc_ratio : one;
}

void guest_tsc_vcpu_apply(struct vcpu *v)
{
	vmm->set_tsc_offset(v, v->arch.tsc_offset);
	vmm->set_tsc_exiting(v, v->domain->arch.tsc_emulated);
	v->arch.published_tsc = 0;	/* its time areas hold the old scale */
}

/* Can the CPU make khz of its own frequency? */
static bool hardware_can(uint32_t khz)
{
	return khz == tsc_khz ||
	       (guest_tsc_ratio_bits && time_ratio(khz, guest_tsc_ratio_bits) - 1 < guest_tsc_ratio_max);
}

static void set_frequency(struct arch_domain *a, uint32_t khz, bool emulate)
{
	a->tsc_khz = khz;
	a->tsc_scale = khz == tsc_khz ? time_scale_get() : time_scale_of((uint64_t)khz * 1000);
	a->tsc_emulated = emulate;
	a->tsc_ratio_bits = emulate ? EMULATED_RATIO_BITS : guest_tsc_ratio_bits;
	a->tsc_ratio = khz == tsc_khz ? 0 : time_ratio(khz, a->tsc_ratio_bits);
}

void guest_tsc_domain_init(struct domain *d)
{
	(void)guest_tsc_set_info(d, TSC_MODE_DEFAULT, 0, 0, 0);
}

/*
 * A clock that was measured again, after a reboot, differs by a little. A guest can live with what its own measurement
 * may be wrong by, and with what NTP corrects: 500 ppm.
 */
static bool same_rate(uint32_t khz)
{
	uint32_t difference = khz > tsc_khz ? khz - tsc_khz : tsc_khz - khz;

	return difference <= tsc_khz / 2000;
}

int guest_tsc_set_info(struct domain *d, uint32_t mode, uint64_t elapsed_ns, uint32_t khz, uint32_t incarnation)
{
	struct arch_domain *a = &d->arch;
	struct vcpu *v;

	switch (mode) {
	case TSC_MODE_DEFAULT:
	case TSC_MODE_ALWAYS_EMULATE:
		a->tsc_ns_offset = (uint64_t)time_now() - elapsed_ns;
		if (!khz || (mode == TSC_MODE_DEFAULT && !hardware_can(khz) && same_rate(khz))) {
			khz = tsc_khz;
		}
		set_frequency(a, khz, mode == TSC_MODE_ALWAYS_EMULATE || !hardware_can(khz));
		break;
	case TSC_MODE_NEVER_EMULATE:
		/* The frequency of before stays, if the CPU can make it. */
		set_frequency(a, hardware_can(a->tsc_khz) ? a->tsc_khz : tsc_khz, false);
		break;
	default:
		return -EINVAL;
	}
	a->tsc_mode = mode;
	a->tsc_incarnation = incarnation + 1;
	for_each_vcpu(d, v) {
		guest_tsc_vcpu_apply(v);
	}
	return 0;
}

void guest_tsc_get_info(const struct domain *d, struct xen_domctl_tsc_info *t)
{
	const struct arch_domain *a = &d->arch;
	uint64_t now = (uint64_t)time_now();

	*t = (struct xen_domctl_tsc_info){ .tsc_mode = a->tsc_mode, .incarnation = a->tsc_incarnation };
	if (a->tsc_mode == TSC_MODE_NEVER_EMULATE) {
		return;
	}
	t->gtsc_khz = a->tsc_khz;
	t->elapsed_nsec = a->tsc_emulated ? now - a->tsc_ns_offset : now;
	if ((int64_t)t->elapsed_nsec < 0) {
		t->elapsed_nsec = 0;
	}
}
