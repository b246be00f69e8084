/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's PSCI (Arm DEN 0022E) and SMCCC (DEN 0028C). Each vCPU is a core with one power state;
 * suspending is waiting for an interrupt.
 */
#include <asm/vcpu.h>
#include <asm/vgic.h>
#include <asm/vpsci.h>
#include <asm/workaround.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/sched.h>
#include <hv/vcpu.h>
#include <xen/sched.h>

#define SMC64	      0x40000000u
#define STANDARD_CALL 0x84000000u
#define ARCH_CALL     0x80000000u
#define HYP_CALL      0x86000000u

enum psci_function {
	PSCI_VERSION_FN = 0x00,
	PSCI_CPU_SUSPEND = 0x01,
	PSCI_CPU_OFF = 0x02,
	PSCI_CPU_ON = 0x03,
	PSCI_AFFINITY_INFO = 0x04,
	PSCI_MIGRATE_INFO_TYPE = 0x06,
	PSCI_SYSTEM_OFF = 0x08,
	PSCI_SYSTEM_RESET = 0x09,
	PSCI_FEATURES = 0x0a,
	PSCI_SYSTEM_RESET2 = 0x12,
};

#define PSCI_VERSION_1_1 0x10001u

#define PSCI_SUCCESS		 0
#define PSCI_NOT_SUPPORTED	 (-1)
#define PSCI_INVALID_PARAMETERS	 (-2)
#define PSCI_ALREADY_ON		 (-4)
#define PSCI_INVALID_ADDRESS	 (-9)
#define PSCI_AFFINITY_ON	 0
#define PSCI_AFFINITY_OFF	 1
#define PSCI_NO_MIGRATION_NEEDED 2

#define SMCCC_VERSION_FN	0x80000000u
#define SMCCC_ARCH_FEATURES	0x80000001u
#define SMCCC_HYP_CALL_COUNT	0x8600ff00u
#define SMCCC_HYP_CALL_UID	0x8600ff01u
#define SMCCC_HYP_CALL_REVISION 0x8600ff03u
#define SMCCC_VERSION_1_1	0x10001u
#define SMCCC_NOT_SUPPORTED	(-1)

static struct vcpu *by_mpidr(struct domain *d, uint64_t mpidr)
{
	return mpidr & ~0xff00ffffffUL ? NULL : vgic_vcpu_by_affinity(d, mpidr);
}

static long cpu_on(struct vcpu *v, uint64_t mpidr, uint64_t entry, uint64_t context)
{
	struct domain *d = v->domain;
	struct vcpu *target = by_mpidr(d, mpidr);
	long ret = PSCI_ALREADY_ON;

	if (!target) {
		return PSCI_INVALID_PARAMETERS;
	}
	if (!vcpu_entry_ok(target, entry)) {
		return PSCI_INVALID_ADDRESS;
	}
	spin_lock(&d->big_lock);
	if (test_bit(VCPU_DOWN, &target->state)) {
		/* CPU_OFF set the bit while its vCPU still ran. */
		vcpu_sync(target);
		vcpu_reset_to(target, entry, context);
		vgic_reset(target);
		vcpu_state_clear(target, VCPU_DOWN);
		ret = PSCI_SUCCESS;
	}
	spin_unlock(&d->big_lock);
	return ret;
}

static long affinity_info(struct vcpu *v, uint64_t mpidr, uint64_t level)
{
	struct domain *d = v->domain;
	struct vcpu *w;

	if (level > 1) {
		return level > 3 ? PSCI_INVALID_PARAMETERS : PSCI_AFFINITY_ON;
	}
	if (level == 0) {
		w = by_mpidr(d, mpidr);
		if (!w) {
			return PSCI_INVALID_PARAMETERS;
		}
		return test_bit(VCPU_DOWN, &w->state) ? PSCI_AFFINITY_OFF : PSCI_AFFINITY_ON;
	}
	for_each_vcpu(d, w)
	{
		if (((vgic_affinity(d, w->id) ^ mpidr) & 0xff00ffff00UL) == 0 &&
		    !test_bit(VCPU_DOWN, &w->state)) {
			return PSCI_AFFINITY_ON;
		}
	}
	return PSCI_AFFINITY_OFF;
}

static bool has_function(uint32_t fn)
{
	switch (fn & ~(STANDARD_CALL | SMC64)) {
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
		return true;
	case PSCI_SYSTEM_RESET2:
		return true;
	case PSCI_VERSION_FN:
	case PSCI_CPU_OFF:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
		return !(fn & SMC64);
	default:
		return false;
	}
}

static long features(uint32_t fn)
{
	if (fn == SMCCC_VERSION_FN) {
		return PSCI_SUCCESS;
	}
	if ((fn & ~(SMC64 | 0x1fu)) != STANDARD_CALL) {
		return PSCI_NOT_SUPPORTED;
	}
	return has_function(fn) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

/* Arguments of a 32-bit call are the lower halves. */
static uint64_t arg(const struct vcpu *v, uint32_t fn, unsigned int n)
{
	uint64_t x = v->arch.regs.x[n];

	return fn & SMC64 ? x : (uint32_t)x;
}

static long psci_call(struct vcpu *v, uint32_t fn)
{
	/* 32-bit code does not make 64-bit calls, SMCCC (DEN0028) 2.7. */
	if (!has_function(fn) || ((fn & SMC64) && arch_domain_width(&v->domain->arch) == 32)) {
		return PSCI_NOT_SUPPORTED;
	}
	switch (fn & 0x1f) {
	case PSCI_VERSION_FN:
		return PSCI_VERSION_1_1;
	case PSCI_CPU_SUSPEND:
		vcpu_block();
		break;
	case PSCI_CPU_OFF:
		vcpu_state_set(v, VCPU_DOWN);
		break;
	case PSCI_CPU_ON:
		return cpu_on(v, arg(v, fn, 1), arg(v, fn, 2), arg(v, fn, 3));
	case PSCI_AFFINITY_INFO:
		return affinity_info(v, arg(v, fn, 1), arg(v, fn, 2));
	case PSCI_MIGRATE_INFO_TYPE:
		return PSCI_NO_MIGRATION_NEEDED;
	case PSCI_SYSTEM_OFF:
		domain_shutdown(v->domain, SHUTDOWN_poweroff);
		break;
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
		domain_shutdown(v->domain, SHUTDOWN_reboot);
		break;
	default:
		return features((uint32_t)v->arch.regs.x[1]);
	}
	return PSCI_SUCCESS;
}

/* Who we are to guests that ask by SMCCC: the ABI's, xen/arch-arm/smccc.h. */
static void hyp_uid(struct vcpu *v)
{
	v->arch.regs.x[0] = 0xdc1218a7;
	v->arch.regs.x[1] = 0x694398c6;
	v->arch.regs.x[2] = 0xd179cf9a;
	v->arch.regs.x[3] = 0x67e6de8d;
}

static bool smccc_call(struct vcpu *v, uint32_t fn, long *ret)
{
	switch (fn) {
	case SMCCC_VERSION_FN:
		*ret = SMCCC_VERSION_1_1;
		return true;
	case SMCCC_ARCH_FEATURES:
		switch ((uint32_t)v->arch.regs.x[1]) {
		case SMCCC_VERSION_FN:
		case SMCCC_ARCH_FEATURES:
			*ret = 0;
			break;
		default:
			*ret = workaround_for_guests((uint32_t)v->arch.regs.x[1]);
			break;
		}
		return true;
	case SMCCC_WORKAROUND_1:
	case SMCCC_WORKAROUND_2:
	case SMCCC_WORKAROUND_3:
		/* That it exited was all; these answer nothing. */
		*ret = (long)v->arch.regs.x[0];
		return true;
	case SMCCC_HYP_CALL_COUNT:
		*ret = 3;
		return true;
	case SMCCC_HYP_CALL_REVISION:
		v->arch.regs.x[1] = 1;
		*ret = 0;
		return true;
	default:
		return false;
	}
}

bool vpsci_call(struct vcpu *v)
{
	uint32_t fn = (uint32_t)v->arch.regs.x[0];
	long ret;

	if (fn == SMCCC_HYP_CALL_UID) {
		hyp_uid(v);
		return true;
	}
	if (!smccc_call(v, fn, &ret)) {
		if ((fn & ~(SMC64 | 0x1fu)) != STANDARD_CALL) {
			return false;
		}
		ret = psci_call(v, fn);
	}
	v->arch.regs.x[0] = (uint64_t)ret;
	return true;
}
