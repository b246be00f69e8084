/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-V on a CPU: turning it on and off, what of it there is, and nested page table entries.
 */
#include "svm.h"
#include <asm/guest_tsc.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define SVM_LEAF		0x8000000a
#define CPUID_SVM		BIT(2)		/* 80000001h ecx */
#define CPUID_NESTED_PAGING	BIT(0)		/* 8000000ah edx */
#define MSRPM_RANGE_SIZE	0x800U		/* bytes of each of the three ranges: 2 bits an MSR */

struct svm_features svm_features;

uint8_t svm_io_bitmap[3 * 4096] __aligned(4096);	/* all ones: every port exits */
uint8_t svm_msr_bitmap[2 * 4096] __aligned(4096);

/*
 * MSRs that VMSAVE and VMLOAD switch; the guest reaches them without an exit. All others exit and are refused
 * unless msr.c knows them.
 */
static const uint32_t free_msrs[] = {
	MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK,
	MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
};

/* APM vol. 2 section 15.11: 0-1fffh, c0000000h-c0001fffh, c0010000h-c0011fffh. */
static void msr_allow(uint32_t msr)
{
	unsigned int range = msr < 0x2000 ? 0 : 1;
	unsigned int bit = 2 * (msr & 0x1fff);

	svm_msr_bitmap[range * MSRPM_RANGE_SIZE + bit / 8] &= (uint8_t)~(3U << (bit % 8));
}

static void bitmaps_init(void)
{
	memset(svm_io_bitmap, 0xff, sizeof(svm_io_bitmap));
	memset(svm_msr_bitmap, 0xff, sizeof(svm_msr_bitmap));
	for (unsigned int i = 0; i < ARRAY_SIZE(free_msrs); i++) {
		msr_allow(free_msrs[i]);
	}
}

/* "TCGTCGTCGTCG": the CPU is QEMU's software. */
static bool is_qemu_tcg(void)
{
	struct cpuid_regs r = cpuid(0x40000000, 0);

	return (cpuid(1, 0).ecx & BIT(31)) && r.ebx == 0x54474354 && r.ecx == 0x43544743 && r.edx == 0x47435447;
}

static void features_read(void)
{
	uint32_t edx = cpuid(SVM_LEAF, 0).edx;

	svm_features = (struct svm_features){
		.nrip = edx & BIT(3),
		.tsc_ratio = edx & BIT(4),
		.clean_bits = edx & BIT(5),
		.flush_by_asid = edx & BIT(6),
		.decode_assists = (edx & BIT(7)) && (edx & BIT(3)),
		.pause_filter = edx & BIT(10),
		.pause_threshold = edx & BIT(12),
		.rdtscp = cpuid(0x80000001, 0).edx & BIT(27),
		.is_qemu = is_qemu_tcg(),
	};
	/* CPUID Fn8000_0001_EDX[Page1GB] speaks for nested tables too (APM vol. 2 section 15.25). */
	if (svm_features.tsc_ratio) {
		guest_tsc_ratio_bits = TSC_RATIO_BITS;
		guest_tsc_ratio_max = TSC_RATIO_MAX;
	}
	p2m_largest_level = cpuid(0x80000001, 0).edx & BIT(26) ? 3 : 2;
	log_info("AMD-V: %u ASIDs%s%s%s%s%s%s\n", cpuid(SVM_LEAF, 0).ebx,
		 svm_features.nrip ? ", next RIP" : "", svm_features.clean_bits ? ", clean bits" : "",
		 svm_features.flush_by_asid ? ", flush by ASID" : "",
		 svm_features.decode_assists ? ", decode assists" : "",
		 svm_features.pause_filter ? ", pause filter" : "",
		 svm_features.tsc_ratio ? ", TSC ratio" : "");
}

const char *svm_probe(void)
{
	uint64_t vm_cr;

	if (cpuid(0x80000000, 0).eax < SVM_LEAF || !(cpuid(0x80000001, 0).ecx & CPUID_SVM)) {
		return "this CPU has no AMD-V (SVM)";
	}
	if (rdmsr_safe(MSR_VM_CR, &vm_cr) && (vm_cr & VM_CR_SVMDIS)) {
		return "AMD-V (SVM) is disabled by the firmware: enable it in the machine's set-up";
	}
	if (!(cpuid(SVM_LEAF, 0).edx & CPUID_NESTED_PAGING) || cpuid(SVM_LEAF, 0).ebx < 2) {
		return "this CPU's AMD-V has no nested paging";
	}
	return NULL;
}

static struct svm_cpu *svm_cpu_alloc(void)
{
	struct svm_cpu *s = hv_alloc(sizeof(*s));

	if (!s) {
		return NULL;
	}
	s->host = page_alloc_virt();
	s->hsave = page_alloc_virt();
	if (!s->host || !s->hsave) {
		if (s->host) {
			page_free_virt(s->host);
		}
		if (s->hsave) {
			page_free_virt(s->hsave);
		}
		hv_free(s);
		return NULL;
	}
	s->host_pa = virt_to_hpa(s->host).v;
	return s;
}

static int svm_cpu_up(void)
{
	struct cpu *c = this_cpu();
	struct svm_cpu *s = c->arch.vendor;
	uint64_t vm_cr;

	if (rdmsr_safe(MSR_VM_CR, &vm_cr) && (vm_cr & VM_CR_SVMDIS)) {
		return -ENODEV;
	}
	if (!svm_msr_bitmap[0]) {
		/* the boot CPU, alone */
		bitmaps_init();
		features_read();
	}
	if (!s) {
		s = svm_cpu_alloc();
		if (!s) {
			return -ENOMEM;
		}
		c->arch.vendor = s;
	}
	s->asid_count = cpuid(SVM_LEAF, 0).ebx;
	s->asid_next = s->asid_count;		/* the first use flushes all and starts at 1 */
	s->asid_tag = (s->asid_tag & ~(0xffUL << 56)) | ((uint64_t)(c->id + 1) << 56);
	c->arch.hsave_pa = virt_to_hpa(s->hsave).v;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME | EFER_NXE);
	wrmsr(MSR_VM_HSAVE_PA, c->arch.hsave_pa);
	/* FS, GS, TR and LDTR of the hypervisor never change from here on: saved once. */
	__asm__ volatile("vmsave %0" : : "a"(s->host_pa) : "memory");
	if (svm_features.tsc_ratio) {
		wrmsr(MSR_TSC_RATIO, TSC_RATIO_ONE);
		s->tsc_ratio = TSC_RATIO_ONE;
	}
	if (svm_features.rdtscp) {
		wrmsr(MSR_TSC_AUX, 0);
		c->arch.tsc_aux = 0;
	}
	return 0;
}

static void svm_cpu_down(void)
{
	wrmsr(MSR_VM_HSAVE_PA, 0);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SVME);
}

/*
 * Nested entries are walked as user accesses, so U is always set; A and D are set in advance, for nobody reads
 * them. Device memory is UC- (PCD): the guest's PAT may make it write-combining and nothing weaker. What is
 * not the domain's own memory is not executable.
 */
static uint64_t svm_pte_leaf(mfn_t m, enum p2m_type t, unsigned int level)
{
	const uint64_t present = BIT(0), writable = BIT(1), user = BIT(2), pcd = BIT(4);
	const uint64_t accessed = BIT(5), dirty = BIT(6), nx = BIT(63);
	uint64_t pte = (m.v << PAGE_SHIFT) | ((uint64_t)t << P2M_PTE_TYPE_SHIFT);

	pte |= present | user | accessed | dirty | (level > 1 ? P2M_PTE_LARGE : 0);
	switch (t) {
	case P2M_RAM_RW:
		return pte | writable;
	case P2M_RAM_RO:
		return pte;
	case P2M_MMIO:
		return pte | writable | nx | pcd;
	case P2M_FOREIGN:
	case P2M_GRANT_RW:
		return pte | writable | nx;
	case P2M_GRANT_RO:
		return pte | nx;
	case P2M_INVALID:
	case P2M_POD:		/* the type alone, not present */
	case P2M_TYPE_COUNT:
		break;
	}
	return 0;
}

const struct vmm_ops svm_ops = {
	.name = "SVM",
	.hypercall_insn = { 0x0f, 0x01, 0xd9 },		/* VMMCALL */
	.cpu_up = svm_cpu_up,
	.cpu_down = svm_cpu_down,
	.vcpu_init = svm_vcpu_init,
	.vcpu_destroy = svm_vcpu_destroy,
	.ctxt_from = svm_ctxt_from,
	.ctxt_to = svm_ctxt_to,
	.run = svm_run,
	.get_segment = svm_get_segment,
	.set_segment = svm_set_segment,
	.update_cr = svm_update_cr,
	.sync_cr = svm_sync_cr,
	.get_msr = svm_get_msr,
	.set_msr = svm_set_msr,
	.inject = svm_inject,
	.can_inject_intr = svm_can_inject_intr,
	.can_inject_nmi = svm_can_inject_nmi,
	.request_window = svm_request_window,
	.set_tsc_offset = svm_set_tsc_offset,
	.set_tsc_exiting = svm_set_tsc_exiting,
	.flush_vcpu = svm_flush_vcpu,
	.flush_p2m = svm_flush_p2m,
	.pte_leaf = svm_pte_leaf,
	.dump = svm_dump,
};
