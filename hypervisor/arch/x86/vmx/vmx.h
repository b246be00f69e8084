/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Shared by the VT-x files of vmx/ alone. */
#include "vmcs.h"
#include <asm/vmm.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/vcpu.h>

/* What this machine's VT-x can do and which of it is used: the boot CPU's; vmx_caps_check compares the others. */
struct vmx_caps {
	uint64_t basic, ept_vpid, misc;
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	/* The controls that every VMCS starts with, the optional ones of this machine included. */
	uint32_t pin, proc, proc2, exit, entry;
	bool vpid, ple, execute_only, ept_ad, timer;
};
extern struct vmx_caps vmx_caps;

static inline bool vmx_has2(uint32_t proc2)
{
	return vmx_caps.proc2 & proc2;
}

/* vmx_caps.c. Reads the capability MSRs and chooses. NULL, or why this CPU will not do. */
const char *vmx_caps_choose(void);
/* Can this CPU do what the boot CPU chose? */
bool vmx_caps_check(void);

/* this_cpu()->arch.vendor */
struct vmx_cpu {
	void *region;			/* VMXON */
	bool on;
	struct vcpu *loaded;		/* whose VMCS is the CPU's current one; NULL: none */
	/* VPIDs: handed out in order, when they run out all are void; as AMD-V's ASIDs. */
	uint64_t vpid_tag;
	uint32_t vpid_next;
};

/* MSRs that the CPU does not switch: the guest's stand in the CPU while its vCPU is on it. */
enum vmx_live_msr { LIVE_STAR, LIVE_LSTAR, LIVE_CSTAR, LIVE_SFMASK, LIVE_KERNEL_GS_BASE, LIVE_MSRS };

/* Of vmx_enter's flags. */
#define VMX_LAUNCHED	BIT(0)
#define VMX_VERW	BIT(1)		/* speculation.verw */

/* v->arch.vendor */
struct vmx_vcpu {
	void *vmcs;
	uint64_t vmcs_pa;
	int active_cpu;			/* on which the VMCS may be cached; -1: cleared, in memory */
	int host_cpu;			/* that v ran on last: its host state is in the VMCS; -1: none's */
	bool launched;			/* since the last VMCLEAR */
	bool live;			/* on a CPU: live_msr stand in it */
	bool dr_live;			/* DR0-3 and DR6 too, accesses do not exit */
	bool injecting;			/* an event stands in the entry fields */
	uint8_t shadow;			/* INTERRUPTIBILITY_STI or _MOV_SS: which of them int_shadow is */
	uint32_t proc, proc2;		/* copies of what stands in the VMCS */
	uint32_t interruptibility, tpr_threshold;
	uint16_t intr_status;		/* vectors: in service << 8 | requested */
	uint64_t rip, rsp, rflags;
	uint64_t vpid_tag;		/* under which the VPID was taken; 0: needs a new one (atomic) */
	bool ept_stale;			/* atomic: an INVEPT is due before the next entry */
	uint64_t deadline;		/* what the preemption timer counts down to; 0: to be loaded anew */
	uint64_t eptp;
	uint64_t *pml;			/* the list of frames written; NULL: not kept */
	uint64_t live_msr[LIVE_MSRS];
	uint64_t reason, qualification;	/* of the last exit */
	uint64_t exits[EXIT_REASONS + 1];
};

static inline struct vmx_vcpu *vmx_of(struct vcpu *v)
{
	return v->arch.vendor;
}

extern uint8_t vmx_io_bitmap[2 * 4096], vmx_msr_bitmap[4096];
/* vmx_msr_bitmap with the x2APIC's registers open, as far as the CPU virtualises them. */
extern uint8_t vmx_msr_bitmap_x2apic[4096];
void vmx_msr_allow(uint8_t *bitmap, uint32_t msr, bool read, bool write);

/* vmx_entry.S: enters by the current VMCS. Interrupts off before and after. False: the CPU refused, see VMCS_INSN_ERROR. */
bool vmx_enter(struct guest_regs *regs, unsigned long flags);
extern const char vmx_exit_point[];

/*
 * vmx_vmcs.c. Between the two v's VMCS is the current one; v is current, or not running and then interrupts are off.
 * The first may wait for another CPU to give the VMCS up, with interrupts on. They do not nest.
 */
unsigned long vmcs_begin_slow(struct vcpu *v);
void vmcs_end_slow(unsigned long flags);

static inline unsigned long vmcs_begin(struct vcpu *v)
{
	const struct vmx_cpu *c = this_cpu()->arch.vendor;

	return likely(c->loaded == v && v == current) ? 0 : vmcs_begin_slow(v);
}

static inline void vmcs_end(unsigned long flags)
{
	if (unlikely(flags)) {
		vmcs_end_slow(flags);
	}
}

/* Takes v's VMCS out of every CPU. v does not run. */
void vmcs_forget(struct vcpu *v);
/* All fields of a new VMCS, and those that depend on the CPU. v's VMCS is the current one. */
void vmcs_init(struct vcpu *v);
void vmcs_write_host(void);
/* The copy of the primary controls goes into the VMCS. */
void vmcs_write_proc(struct vcpu *v, uint32_t proc);

/* vmx_exit.c */
void vmx_run(struct vcpu *v);

/*
 * vmx_apic.c. The last two between exit and entry, interrupts off: what the CPU has to know of v's APIC, and what it
 * has made of it. v's VMCS is the current one.
 */
#define PROC2_APIC	(PROC2_APIC_ACCESS | PROC2_X2APIC | PROC2_APIC_REGISTERS | PROC2_INTR_DELIVERY)
void vmx_apic_probe(void);
void vmx_apic_init(struct vcpu *v);
void vmx_apic_update(struct vcpu *v);
void vmx_apic_enter(struct vcpu *v, struct vmx_vcpu *s);
void vmx_apic_exit(struct vcpu *v, struct vmx_vcpu *s);
/* An EPT violation at v's APIC page: true when the guest is to try again. */
bool vmx_apic_map(struct vcpu *v);
/* Exits 44, 45 and 56. */
void vmx_handle_apic_access(struct vcpu *v, uint64_t q);
void vmx_handle_virtual_eoi(struct vcpu *v, uint64_t q);
void vmx_handle_apic_write(struct vcpu *v, uint64_t q);

/* vmx_inject.c */
void vmx_inject(struct vcpu *v, const struct guest_event *e);
bool vmx_can_inject_intr(struct vcpu *v);
bool vmx_can_inject_nmi(struct vcpu *v);
void vmx_request_window(struct vcpu *v, bool nmi);
/* (current, after an exit) What the exit interrupted has to be delivered again. */
void vmx_event_again(struct vcpu *v, uint32_t info);
void vmx_handle_exception(struct vcpu *v);

/* vmx_tlb.c */
void vmx_tlb_enter(struct vcpu *v);
void vmx_flush_vcpu(struct vcpu *v);
void vmx_flush_p2m(struct domain *d);

/* vmx_pml.c */
uint64_t vmx_log_dirty(struct domain *d, enum vmm_log_dirty what);
/* v is new: it lists if its domain's others do. */
int vmx_pml_vcpu_init(struct vcpu *v);
void vmx_pml_free(struct vmx_vcpu *s);
/* The exit that a full list causes. */
void vmx_pml_full(struct vcpu *v);

/* vmx_cr.c */
void vmx_update_cr(struct vcpu *v);
void vmx_sync_cr(struct vcpu *v);
void vmx_handle_cr(struct vcpu *v);
/* DR0-3 and DR6 go into the CPU and stay until v leaves it. */
void vmx_dr_enable(struct vcpu *v);
void vmx_dr_save(struct vcpu *v);

/* vmx_vcpu.c */
int vmx_vcpu_init(struct vcpu *v);
void vmx_vcpu_destroy(struct vcpu *v);
void vmx_ctxt_from(struct vcpu *v);
void vmx_ctxt_to(struct vcpu *v);
void vmx_get_segment(struct vcpu *v, enum guest_seg s, struct guest_segment *out);
void vmx_set_segment(struct vcpu *v, enum guest_seg s, const struct guest_segment *in);
bool vmx_get_msr(struct vcpu *v, uint32_t msr, uint64_t *val);
bool vmx_set_msr(struct vcpu *v, uint32_t msr, uint64_t val);
void vmx_set_tsc_offset(struct vcpu *v, uint64_t offset);
void vmx_set_tsc_exiting(struct vcpu *v, bool on);

/* vmx_dump.c. v's VMCS is current. */
void vmx_dump(struct vcpu *v);
/* An entry that the CPU refused because of the guest's state: says which rule it broke. */
void vmx_report_entry_failure(struct vcpu *v, uint32_t reason);
