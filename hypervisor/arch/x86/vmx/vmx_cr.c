/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control and debug registers. The guest owns CR0.TS, CR4.PGE and CR3; all other bits of CR0 and CR4 are the
 * hypervisor's: the guest reads them in the shadows and an exit follows a change. DR0 to DR3 and DR6 are not in the VMCS:
 * they are loaded at the guest's first use and stay until its vCPU leaves the CPU.
 */
#include "vmx.h"
#include <asm/exit.h>
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/guest_access.h>
#include <hv/lib.h>

#define CR0_GUEST_BITS	CR0_TS
#define CR4_GUEST_BITS	CR4_PGE

/* Qualification of a control-register access, SDM vol. 3 table 27-3. */
#define CR_NUMBER(q)	((unsigned int)(q) & 15)
#define CR_ACCESS(q)	((unsigned int)((q) >> 4) & 3)
#define CR_GPR(q)	((unsigned int)((q) >> 8) & 15)
#define CR_LMSW(q)	((uint64_t)((q) >> 16) & 0xffff)
enum cr_access { CR_MOV_TO, CR_MOV_FROM, CR_CLTS, CR_DO_LMSW };

#define PDPTE_PRESENT	BIT(0)
#define PDPTE_RESERVED(bits)	(0xfff00000000001e6UL | (0x000fffffffffffffUL & ~(BIT(bits) - 1)))

/* Unrestricted guests may have PE and PG as they like; the other fixed bits stay what VMX wants. */
static uint64_t real_cr0(uint64_t cr0)
{
	return (cr0 | (vmx_caps.cr0_fixed0 & ~(CR0_PE | CR0_PG))) & vmx_caps.cr0_fixed1;
}

/* Machine checks are the hypervisor's at all times. */
static uint64_t real_cr4(uint64_t cr4)
{
	return (cr4 | vmx_caps.cr4_fixed0 | CR4_MCE) & vmx_caps.cr4_fixed1;
}

/*
 * With PAE paging entries load these four instead of CR3. A real CPU would have refused the CR access that brought
 * reserved bits here; the page fault that follows from "not present" is the nearest that can still be given.
 */
static void load_pdptes(struct vcpu *v)
{
	const struct arch_vcpu *a = &v->arch;
	uint64_t untrusted_pdpte[4] = { 0 };

	if (!(a->cr0 & CR0_PG) || !(a->cr4 & CR4_PAE) || (a->efer & EFER_LMA)) {
		return;
	}
	if (guest_read_gpa(v->domain, untrusted_pdpte, gpa(a->cr3 & 0xffffffe0), sizeof(untrusted_pdpte))) {
		memset(untrusted_pdpte, 0, sizeof(untrusted_pdpte));
	}
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t e = untrusted_pdpte[i];

		if ((e & PDPTE_PRESENT) && (e & PDPTE_RESERVED(cpu_phys_bits()))) {
			e = 0;
		}
		vmcs_write((enum vmcs_field)(VMCS_GUEST_PDPTE0 + 2 * i), e);
	}
}

#define read_dr(n, out)		__asm__ volatile("mov %%db" #n ", %0" : "=r"(out))
#define write_dr(n, val)	__asm__ volatile("mov %0, %%db" #n : : "r"(val))

void vmx_update_cr(struct vcpu *v)
{
	const struct arch_vcpu *a = &v->arch;
	struct vmx_vcpu *s = vmx_of(v);
	unsigned long flags = vmcs_begin(v);
	uint64_t cr0 = real_cr0(a->cr0), cr4 = real_cr4(a->cr4);
	bool wide = a->efer & EFER_LMA;
	uint32_t entry = vmx_caps.entry | (wide ? (uint32_t)ENTRY_CTL_IA32E : 0);

	if (((vmcs_read(VMCS_GUEST_CR0) ^ cr0) & (CR0_PG | CR0_WP | CR0_PE)) ||
	    ((vmcs_read(VMCS_GUEST_CR4) ^ cr4) & ~(CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_TSD)) ||
	    vmcs_read(VMCS_GUEST_EFER) != a->efer || vmcs_read(VMCS_GUEST_CR3) != a->cr3) {
		vmx_flush_vcpu(v);
		vmcs_write(VMCS_GUEST_CR3, a->cr3);
		load_pdptes(v);
	}
	vmcs_write(VMCS_GUEST_CR0, cr0);
	vmcs_write(VMCS_CR0_MASK, ~CR0_GUEST_BITS);
	vmcs_write(VMCS_CR0_SHADOW, a->cr0);
	vmcs_write(VMCS_GUEST_CR4, cr4);
	vmcs_write(VMCS_CR4_MASK, ~CR4_GUEST_BITS);
	vmcs_write(VMCS_CR4_SHADOW, a->cr4);
	vmcs_write(VMCS_GUEST_EFER, a->efer);
	vmcs_write(VMCS_ENTRY_CONTROLS, entry);
	vmcs_write(VMCS_GUEST_PAT, a->pat);
	vmcs_write(VMCS_GUEST_DR7, (uint32_t)a->dr7 | 0x400);
	v->arch.in_long_mode_64 = wide && (vmcs_read(VMCS_GUEST_CS_AR) & AR_L);
	if (s->dr_live) {
		write_dr(6, a->dr6);
	}
	vmcs_end(flags);
}

void vmx_sync_cr(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;
	unsigned long flags;

	/* Of a vCPU that is off its CPU all is in arch_vcpu already. */
	if (!vmx_of(v)->live) {
		return;
	}
	flags = vmcs_begin(v);
	a->cr0 = (a->cr0 & ~CR0_GUEST_BITS) | (vmcs_read(VMCS_GUEST_CR0) & CR0_GUEST_BITS);
	a->cr4 = (a->cr4 & ~CR4_GUEST_BITS) | (vmcs_read(VMCS_GUEST_CR4) & CR4_GUEST_BITS);
	a->cr3 = vmcs_read(VMCS_GUEST_CR3);
	if (vmx_of(v)->dr_live) {
		a->dr7 = vmcs_read(VMCS_GUEST_DR7);
		read_dr(0, a->dr[0]);
		read_dr(1, a->dr[1]);
		read_dr(2, a->dr[2]);
		read_dr(3, a->dr[3]);
		read_dr(6, a->dr6);
	}
	vmcs_end(flags);
}

void vmx_dr_enable(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);

	write_dr(0, v->arch.dr[0]);
	write_dr(1, v->arch.dr[1]);
	write_dr(2, v->arch.dr[2]);
	write_dr(3, v->arch.dr[3]);
	write_dr(6, v->arch.dr6);
	vmcs_write_proc(v, s->proc & (uint32_t)~PROC_MOV_DR);
	s->dr_live = true;
}

void vmx_dr_save(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);
	unsigned long flags;

	if (!s->dr_live) {
		return;
	}
	vmx_sync_cr(v);
	flags = vmcs_begin(v);
	vmcs_write_proc(v, s->proc | (uint32_t)PROC_MOV_DR);
	vmcs_end(flags);
	s->dr_live = false;
}

static void cr_write(struct vcpu *v, unsigned int cr, uint64_t val)
{
	vmx_sync_cr(v);
	exit_cr_write(v, cr, val);
	if (!v->arch.inject.valid) {
		exit_skip(v, 3);
	}
}

void vmx_handle_cr(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;
	uint64_t q = vmx_of(v)->qualification;
	uint64_t val = (&a->regs.rax)[CR_GPR(q)];

	switch (CR_ACCESS(q)) {
	case CR_MOV_TO:
		cr_write(v, CR_NUMBER(q), a->in_long_mode_64 ? val : (uint32_t)val);
		break;
	case CR_DO_LMSW:
		/* It can set PE, and not clear it. */
		vmx_sync_cr(v);
		cr_write(v, 0, (a->cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) | (CR_LMSW(q) & 0xf));
		break;
	case CR_CLTS:
	case CR_MOV_FROM:
	default:
		exit_unhandled(v, EXIT_CR, q);	/* none of these is asked for */
		break;
	}
}
