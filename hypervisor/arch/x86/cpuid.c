/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What CPUID answers: the domain's policy, the few fields that depend on the vCPU's state, and the hypervisor's own
 * leaves (xen/arch-x86/cpuid.h).
 */
#include <asm/cpuid-bits.h>
#include <asm/exit.h>
#include <asm/fpu.h>
#include <asm/policy.h>
#include <asm/time.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <xen/arch-x86/cpuid.h>

#define ABI_VERSION		((4U << 16) | 17)
#define XSAVEC			BIT(1)		/* CPUID D.1 eax */
#define XSAVES			BIT(3)
#define XSTATE_ALIGNED		BIT(1)		/* D.n ecx: starts at a multiple of 64 when compacted */
#define HYPERCALL_PAGE_MSR	0x40000000U

static void hypervisor_tsc_leaf(const struct domain *d, uint32_t sub, struct cpuid_regs *out)
{
	const struct arch_domain *a = &d->arch;
	uint64_t offset = a->tsc_emulated ? 0 : a->tsc_ns_offset;

	switch (sub) {
	case 0:
		/* The machine's TSC is constant and in step. */
		*out = (struct cpuid_regs){ 2 | (a->tsc_emulated ? 1 : 0) |
						    (policy_has(&policy_host, FEATURE_RDTSCP) ? 4 : 0),
					    a->tsc_mode, a->tsc_khz, a->tsc_incarnation };
		break;
	case 1:
		*out = (struct cpuid_regs){ (uint32_t)offset, (uint32_t)(offset >> 32), a->tsc_scale.mul,
					    (uint32_t)a->tsc_scale.shift };
		break;
	case 2:
		out->eax = tsc_khz;
		break;
	default:
		break;
	}
}

static void hypervisor_leaf(struct vcpu *v, uint32_t leaf, uint32_t sub, struct cpuid_regs *out)
{
	struct domain *d = v->domain;

	switch (leaf) {
	case XEN_CPUID_LEAF(0):
		*out = (struct cpuid_regs){ XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES - 1),
					    XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
					    XEN_CPUID_SIGNATURE_EDX };
		break;
	case XEN_CPUID_LEAF(1):
		out->eax = ABI_VERSION;
		break;
	case XEN_CPUID_LEAF(2):
		out->eax = 1;
		out->ebx = HYPERCALL_PAGE_MSR;
		break;
	case XEN_CPUID_LEAF(3):
		hypervisor_tsc_leaf(d, sub, out);
		break;
	case XEN_CPUID_LEAF(4):
		if (sub) {
			break;
		}
		out->eax = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT |
			   XEN_HVM_CPUID_EXT_DEST_ID | XEN_HVM_CPUID_UPCALL_VECTOR |
			   (d->iommu ? XEN_HVM_CPUID_IOMMU_MAPPINGS : 0);
		out->ebx = v->id;
		out->ecx = d->id;
		break;
	default:
		break;
	}
}

/* Of what XSAVEC and XSAVES write. No state is in XSS. */
static uint32_t compacted_size(const struct cpu_policy_data *p, uint64_t states)
{
	uint32_t size = 576;

	for (unsigned int i = 2; i < POLICY_XSTATE_LEAVES; i++) {
		if (states & BIT(i)) {
			size = p->xstate[i].ecx & XSTATE_ALIGNED ? ROUND_UP(size, 64U) : size;
			size += p->xstate[i].eax;
		}
	}
	return size;
}

static void dynamic_basic(struct vcpu *v, uint32_t leaf, uint32_t sub, struct cpuid_regs *out)
{
	const struct arch_vcpu *a = &v->arch;

	switch (leaf) {
	case 1:
		out->ebx = (out->ebx & 0x00ffffff) | (v->id * 2) << 24;
		out->ecx &= ~(1U << 27);
		out->ecx |= a->cr4 & CR4_OSXSAVE ? 1U << 27 : 0;
		if (!(a->vlapic.base_msr & BIT(11))) {
			out->edx &= ~(1U << 9);
		}
		break;
	case 7:
		out->ecx &= ~(1U << 4);		/* OSPKE: no PKU */
		break;
	case 0xb:
		/* Intel's leaf, but bound to x2APIC: the id is always told. */
		if (sub < POLICY_TOPO_LEAVES) {
			out->ecx = (out->ecx & ~0xffU) | (sub & 0xff);
			out->edx = v->id * 2;
		}
		break;
	case 0xd:
		fpu_sync_xcr0(v);
		if (sub == 0) {
			uint64_t xcr0 = a->xcr0;

			out->ebx = 576;
			for (unsigned int i = 2; i < 63; i++) {
				const struct cpuid_regs *s = &v->domain->arch.policy->xstate[i];

				if (xcr0 & BIT(i)) {
					out->ebx = MAX(out->ebx, s->eax + s->ebx);
				}
			}
		} else if (sub == 1 && (out->eax & (XSAVEC | XSAVES))) {
			out->ebx = compacted_size(v->domain->arch.policy, a->xcr0);
		}
		break;
	default:
		break;
	}
}

void cpuid_guest(struct vcpu *v, uint32_t leaf, uint32_t sub, struct cpuid_regs *out)
{
	const struct cpu_policy_data *p = v->domain->arch.policy;

	*out = (struct cpuid_regs){ 0 };
	if (leaf >= 0x40000000 && leaf < 0x40000100) {
		hypervisor_leaf(v, leaf, sub, out);
		return;
	}
	if (leaf >= 0x80000000 && leaf <= POLICY_EXT_MAX && leaf <= p->ext[0].eax) {
		*out = p->ext[leaf - 0x80000000];
		if (leaf == 0x80000001) {
			/* AMD mirrors the APIC bit; on Intel there is no SYSCALL outside of long mode. */
			out->edx &= v->arch.vlapic.base_msr & BIT(11) ? ~0U : ~(1U << 9);
			if (policy_vendor(p) == POLICY_INTEL && !(v->arch.efer & EFER_LMA)) {
				out->edx &= ~(1U << 11);
			}
		}
		return;
	}
	if (leaf > POLICY_BASIC_MAX || leaf > p->basic[0].eax) {
		return;
	}
	switch (leaf) {
	case 4:
		*out = sub < POLICY_CACHE_LEAVES ? p->cache[sub] : *out;
		break;
	case 7:
		*out = sub < POLICY_FEAT_LEAVES && sub <= p->feat[0].eax ? p->feat[sub] : *out;
		break;
	case 0xb:
		*out = sub < POLICY_TOPO_LEAVES ? p->topo[sub] : *out;
		break;
	case 0xd:
		*out = sub < POLICY_XSTATE_LEAVES ? p->xstate[sub] : *out;
		break;
	default:
		*out = p->basic[leaf];
		break;
	}
	dynamic_basic(v, leaf, sub, out);
}
