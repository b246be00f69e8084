/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Shared by the files of svm/ alone. */
#include "vmcb.h"
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/vcpu.h>

/* What this machine's AMD-V can do (CPUID Fn8000_000A); the least of all CPUs is assumed equal. */
struct svm_features {
	bool nrip, clean_bits, flush_by_asid, decode_assists, pause_filter, pause_threshold, rdtscp, tsc_ratio;
	bool is_qemu;			/* its software CPU: see svm_inject() and interrupts_again() */
};
extern struct svm_features svm_features;

#define TSC_RATIO_BITS	32			/* fractional; 8 before the point */
#define TSC_RATIO_ONE	BIT(TSC_RATIO_BITS)
#define TSC_RATIO_MAX	(BIT(40) - 1)

/* this_cpu()->arch.vendor */
struct svm_cpu {
	uint64_t host_pa;		/* VMCB that VMSAVE filled with this CPU's FS, GS, TR, LDTR */
	struct vmcb *host;
	void *hsave;			/* VM_HSAVE_PA */
	/*
	 * ASIDs are handed out in order; when they run out all are void at once and the tag changes. A tag
	 * holds the CPU's id, so that one compare tells that a vCPU's ASID is of this CPU and still good.
	 */
	uint64_t asid_tag;
	uint32_t asid_next, asid_count;
	uint64_t tsc_ratio;		/* what stands in MSR_TSC_RATIO */
};

#define SVM_EXIT_COUNTERS	0x91	/* codes below 90h, and one for all others */

/* v->arch.vendor */
struct svm_vcpu {
	struct vmcb *vmcb;
	uint64_t vmcb_pa;
	uint64_t asid_tag;		/* atomic; 0: needs a new ASID or a flush */
	uint64_t asid_owner;		/* tag under which vmcb->asid was taken */
	struct cpu *cpu;		/* that ran it last: its clean bits hold there alone */
	uint64_t tsc_ratio;		/* it counts in guest mode alone */
	bool dr_live;			/* DR0-3 are in the CPU, accesses do not exit */
	uint64_t exits[SVM_EXIT_COUNTERS];
};

static inline struct svm_vcpu *svm_of(struct vcpu *v)
{
	return v->arch.vendor;
}

/* The CPU must read these parts again. */
static inline void svm_dirty(struct vmcb *vmcb, uint32_t bits)
{
	vmcb->clean &= ~bits;
}

extern uint8_t svm_io_bitmap[3 * 4096], svm_msr_bitmap[2 * 4096];

/* svm_entry.S: interrupts off before, on after. */
void svm_enter(uint64_t vmcb_pa, struct guest_regs *regs, uint64_t host_pa);

/* svm_exit.c */
void svm_run(struct vcpu *v);

/* svm_vcpu.c */
int svm_vcpu_init(struct vcpu *v);
void svm_vcpu_destroy(struct vcpu *v);
void svm_ctxt_from(struct vcpu *v);
void svm_ctxt_to(struct vcpu *v);
void svm_get_segment(struct vcpu *v, enum guest_seg s, struct guest_segment *out);
void svm_set_segment(struct vcpu *v, enum guest_seg s, const struct guest_segment *in);
void svm_update_cr(struct vcpu *v);
void svm_sync_cr(struct vcpu *v);
bool svm_get_msr(struct vcpu *v, uint32_t msr, uint64_t *val);
bool svm_set_msr(struct vcpu *v, uint32_t msr, uint64_t val);
void svm_inject(struct vcpu *v, const struct guest_event *e);
bool svm_can_inject_intr(struct vcpu *v);
bool svm_can_inject_nmi(struct vcpu *v);
void svm_request_window(struct vcpu *v, bool nmi);
void svm_window_close(struct vmcb *vmcb);
void svm_set_tsc_offset(struct vcpu *v, uint64_t offset);
void svm_set_tsc_exiting(struct vcpu *v, bool on);
void svm_flush_vcpu(struct vcpu *v);
void svm_flush_p2m(struct domain *d);
void svm_dr_enable(struct vcpu *v);
void svm_dump(struct vcpu *v);
