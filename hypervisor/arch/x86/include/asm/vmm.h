/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The vendor seam: SVM and VT-x each fill one const table; vmm is chosen once at boot. 25 entries at
 * most. What both share stands in arch/x86/ (exit.c, cpuid.c, msr.c, emulate*.c, intr.c) and calls down
 * through it. Unless said otherwise v is current, on its CPU, between exit and entry.
 */
#include <hv/addr.h>
#include <hv/p2m.h>
#include <asm/vcpu.h>

/* What vmm->log_dirty is to do. d is paused: its vCPUs are off their CPUs. */
enum vmm_log_dirty {
	/*
	 * From now on d's vCPUs list the frames that they write. Returns the bit of a 4K leaf that the CPU sets when
	 * it lists (EPT: dirty, bit 9): the p2m clears it to hear of the next write, and leaves the leaf writable.
	 * 0: the CPU cannot list.
	 */
	LOG_DIRTY_START,
	LOG_DIRTY_STOP,			/* no more; what is listed is thrown away */
	/* Hands all that d's vCPUs have listed to p2m_log_dirty_mark and empties the lists. */
	LOG_DIRTY_FLUSH,
};

struct vmm_ops {
	const char *name;
	uint8_t hypercall_insn[3];	/* of the hypercall page's stubs */
	int (*cpu_up)(void);		/* this CPU, interrupts off; also after a CPU comes back */
	void (*cpu_down)(void);
	int (*vcpu_init)(struct vcpu *v);	/* reset state; v not running */
	void (*vcpu_destroy)(struct vcpu *v);
	void (*ctxt_from)(struct vcpu *v);	/* interrupts off; leave this CPU */
	void (*ctxt_to)(struct vcpu *v);
	/* Enters the guest once and handles the exit (calls the handlers of asm/exit.h). Called with
	 * interrupts off, returns with them on. */
	void (*run)(struct vcpu *v);

	/* Any vCPU that is current or not running. */
	void (*get_segment)(struct vcpu *v, enum guest_seg s, struct guest_segment *out);
	void (*set_segment)(struct vcpu *v, enum guest_seg s, const struct guest_segment *in);
	/* Working copies from v->arch.cr0/cr3/cr4/efer/pat after these changed. */
	void (*update_cr)(struct vcpu *v);
	/* The reverse for what the guest changes without an exit (cr3, cr2, dr6/7). */
	void (*sync_cr)(struct vcpu *v);
	/* MSRs that the vendor's structures hold (FS/GS/KERNEL_GS base, STAR.., SYSENTER_*). false: not mine. */
	bool (*get_msr)(struct vcpu *v, uint32_t msr, uint64_t *val);
	bool (*set_msr)(struct vcpu *v, uint32_t msr, uint64_t val);

	/* Puts e into the entry; the guest takes it first. */
	void (*inject)(struct vcpu *v, const struct guest_event *e);
	/* Can an external interrupt (NMI) go in now? */
	bool (*can_inject_intr)(struct vcpu *v);
	bool (*can_inject_nmi)(struct vcpu *v);
	/* An exit as soon as the above turns true. */
	void (*request_window)(struct vcpu *v, bool nmi);
	/* To what the CPU makes of its TSC by guest_tsc_hardware_ratio, which goes in with it. */
	void (*set_tsc_offset)(struct vcpu *v, uint64_t offset);
	/*
	 * v's APIC changed its mode, address or enable bits. v is current or not running. NULL: the vendor does nothing
	 * by these.
	 */
	void (*apic_update)(struct vcpu *v);
	/* Exits on RDTSC(P) on or off. */
	void (*set_tsc_exiting)(struct vcpu *v, bool on);
	/* Guest linear TLB entries of v are stale (CR changes, INVLPG emulation). */
	void (*flush_vcpu)(struct vcpu *v);
	/* p2m entries of the domain were removed or restricted: no stale translation may survive the next
	 * entry of its vCPUs. The caller then makes running ones exit. Any context. */
	void (*flush_p2m)(struct domain *d);

	/* p2m table format. level 1 = 4K leaf, 2 = 2M, 3 = 1G. */
	uint64_t (*pte_leaf)(mfn_t m, enum p2m_type t, unsigned int level);
	/*
	 * Writes listed by the CPU (PML); NULL: this vendor has none, and the p2m write-protects leaves instead. A list
	 * that is full is handed over by the exit that this causes, on the vCPU's own CPU. STOP and FLUSH return 0.
	 */
	uint64_t (*log_dirty)(struct domain *d, enum vmm_log_dirty what);
	void (*dump)(struct vcpu *v);
};

extern const struct vmm_ops *vmm;
extern const struct vmm_ops svm_ops, vmx_ops;
/* The vendors' own look: NULL, or why this CPU will not do. */
const char *svm_probe(void);
const char *vmx_probe(void);
/* Chooses by CPUID; NULL, and a line that says why, when the CPU cannot do it. */
const struct vmm_ops *vmm_probe(const char **why);

/*
 * Facts about table entries that hold for both formats (NPT and EPT): bits 12-51 address, bit 7 large leaf, bit 1 writable,
 * bits 52-55 free for software on both: enum p2m_type lives there. An entry of 0 is not present.
 */
/* The level of the largest leaf that this machine's tables may hold; the vendor raises it at boot. */
extern unsigned int p2m_largest_level;
#define P2M_PTE_ADDR	0x000ffffffffff000UL
#define P2M_PTE_LARGE	BIT(7)
#define P2M_PTE_WRITE	BIT(1)		/* of a leaf */
#define P2M_PTE_TYPE_SHIFT 52
