/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-modification logging, SDM vol. 3 section 28.2.6: the CPU lists the frames whose EPT dirty bit it sets, downwards
 * from the last entry of a page; without a free one the write makes the guest exit. Accessed and dirty bits are on only
 * while that is, for they cost writes to the tables. Large leaves are not listed but write-protected by the p2m.
 *
 * The list belongs to the running vCPU, or to whoever has paused the domain.
 */
#include "vmx.h"
#include <asm/vmm.h>
#include <hv/errno.h>
#include <hv/p2m.h>
#include <hv/page.h>

#define PML_ENTRIES	512U
#define PML_LAST	(PML_ENTRIES - 1)
#define EPTP_AD		BIT(6)
#define EPT_DIRTY	BIT(9)

/* v's VMCS is the current one. */
static void write_controls(struct vmx_vcpu *s, bool on)
{
	s->proc2 = on ? s->proc2 | (uint32_t)PROC2_PML : s->proc2 & (uint32_t)~PROC2_PML;
	s->eptp = on ? s->eptp | EPTP_AD : s->eptp & ~EPTP_AD;
	if (on) {
		vmcs_write(VMCS_PML_ADDRESS, virt_to_hpa(s->pml).v);
		vmcs_write(VMCS_GUEST_PML_INDEX, PML_LAST);
	}
	vmcs_write(VMCS_EPTP, s->eptp);
	vmcs_write(VMCS_PROC2_CONTROLS, s->proc2);
	/* Whatever was cached was cached without a look at dirty bits. */
	__atomic_store_n(&s->ept_stale, true, __ATOMIC_SEQ_CST);
}

static bool start(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);
	unsigned long flags;

	if (!s->pml) {
		s->pml = page_alloc_virt();
	}
	if (!s->pml) {
		return false;
	}
	flags = vmcs_begin(v);
	write_controls(s, true);
	vmcs_end(flags);
	return true;
}

static void stop(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);
	unsigned long flags;

	if (s->proc2 & PROC2_PML) {
		flags = vmcs_begin(v);
		write_controls(s, false);
		vmcs_end(flags);
	}
	vmx_pml_free(s);
}

static void hand_over(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);
	unsigned long flags;
	unsigned int free;

	if (!(s->proc2 & PROC2_PML)) {
		return;
	}
	flags = vmcs_begin(v);
	free = (uint16_t)(vmcs_read(VMCS_GUEST_PML_INDEX) + 1);	/* all used: it wrapped */
	vmcs_write(VMCS_GUEST_PML_INDEX, PML_LAST);
	vmcs_end(flags);
	for (unsigned int i = free; i < PML_ENTRIES; i++) {
		p2m_log_dirty_mark(v->domain, gpa_to_gfn(gpa(s->pml[i])));
	}
}

void vmx_pml_free(struct vmx_vcpu *s)
{
	if (s->pml) {
		page_free_virt(s->pml);
		s->pml = NULL;
	}
}

int vmx_pml_vcpu_init(struct vcpu *v)
{
	struct vcpu *other;

	for_each_vcpu(v->domain, other) {
		if (other != v && other->arch.vendor && (vmx_of(other)->proc2 & PROC2_PML)) {
			return start(v) ? 0 : -ENOMEM;
		}
	}
	return 0;
}

void vmx_pml_full(struct vcpu *v)
{
	hand_over(v);
}

uint64_t vmx_log_dirty(struct domain *d, enum vmm_log_dirty what)
{
	bool ok = vmx_has2(PROC2_PML);
	struct vcpu *v;

	for_each_vcpu(d, v) {
		if (what == LOG_DIRTY_START) {
			ok = ok && start(v);
		} else if (what == LOG_DIRTY_FLUSH) {
			hand_over(v);
		} else {
			stop(v);
		}
	}
	if (what != LOG_DIRTY_START) {
		return 0;
	}
	if (!ok) {
		for_each_vcpu(d, v) {
			stop(v);
		}
	}
	return ok ? EPT_DIRTY : 0;
}
