/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the CPU may remember of translations. Two kinds, SDM vol. 3 section 28.3: those tagged by VPID and EPT root
 * (combined), and those of the EPT root alone.
 *
 * The guest's linear addresses: a vCPU that needs a flush takes a VPID that the CPU has not seen since it last forgot
 * all; 65,535 flushes cost one INVVPID.
 *
 * EPT: whoever takes a translation away writes the p2m entry, then ept_stale of all the domain's vCPUs, then makes them
 * exit. vmx_tlb_enter takes ept_stale by an atomic exchange before the entry, so either the INVEPT comes after the
 * change, or the mark stays and the forced exit is followed by another look. A vCPU on another CPU than last time
 * carries the mark too (vmx_ctxt_to), for there may be translations there from before a change that it has seen elsewhere,
 * or of a dead domain whose root stood in the same frame.
 */
#include "vmx.h"
#include <hv/lib.h>

#define VPID_LAST	0xffffU

static __noinline void vpid_take(struct vmx_cpu *c, struct vmx_vcpu *s)
{
	if (c->vpid_next > VPID_LAST) {
		c->vpid_tag++;
		c->vpid_next = 1;
		invvpid_all();
	}
	vmcs_write(VMCS_VPID, c->vpid_next++);
	__atomic_exchange_n(&s->vpid_tag, c->vpid_tag, __ATOMIC_SEQ_CST);
}

static __noinline void ept_invalidate(const struct vmx_vcpu *s)
{
	if (vmx_caps.ept_vpid & EPT_CAP_INVEPT_ONE) {
		invept_one(s->eptp);
	} else {
		invept_all();
	}
}

void vmx_tlb_enter(struct vcpu *v)
{
	struct vmx_cpu *c = this_cpu()->arch.vendor;
	struct vmx_vcpu *s = vmx_of(v);

	if (likely(vmx_caps.vpid) && unlikely(READ_ONCE(s->vpid_tag) != c->vpid_tag)) {
		vpid_take(c, s);
	}
	if (unlikely(READ_ONCE(s->ept_stale)) &&
	    __atomic_exchange_n(&s->ept_stale, false, __ATOMIC_SEQ_CST)) {
		ept_invalidate(s);
	}
}

/* Without VPIDs every entry flushes by itself. */
void vmx_flush_vcpu(struct vcpu *v)
{
	__atomic_store_n(&vmx_of(v)->vpid_tag, 0, __ATOMIC_RELEASE);
}

void vmx_flush_p2m(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		struct vmx_vcpu *s = READ_ONCE(v->arch.vendor);

		if (s) {
			__atomic_store_n(&s->ept_stale, true, __ATOMIC_SEQ_CST);
		}
	}
}
