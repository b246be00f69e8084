/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-x on a CPU: turning it on and off, the bitmaps that all guests share, EPT leaves, and the vendor's table.
 */
#include "vmx.h"
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define EPT_MEMORY_WB	(6UL << 3)
#define EPT_MEMORY_UC	(0UL << 3)

uint8_t vmx_io_bitmap[2 * 4096] __aligned(4096);	/* all ones: every port exits */
uint8_t vmx_msr_bitmap[4096] __aligned(4096);

/* SDM vol. 3 section 24.6.9: reads of 0-1fffh, of c0000000h-c0001fffh, then writes of both, 1 KiB each. */
#define MSR_BITMAP_READ_LOW	0
#define MSR_BITMAP_READ_HIGH	1024
#define MSR_BITMAP_WRITES	2048

/*
 * MSRs that entries and exits switch, or that stand in the CPU while the vCPU is on it, and that the guest may have
 * without an exit. All others exit and are refused unless msr.c knows them.
 */
static const struct {
	uint32_t msr;
	bool write;
} free_msrs[] = {
	{ MSR_SYSENTER_CS, true }, { MSR_SYSENTER_ESP, true }, { MSR_SYSENTER_EIP, true },
	{ MSR_FS_BASE, true },	   { MSR_GS_BASE, true },      { MSR_KERNEL_GS_BASE, true },
	/* written once by a kernel: an exit then spares four RDMSR at every switch */
	{ MSR_STAR, false },	   { MSR_LSTAR, false },       { MSR_CSTAR, false },
	{ MSR_SFMASK, false },
};

void vmx_msr_allow(uint8_t *bitmap, uint32_t msr, bool read, bool write)
{
	unsigned int base = msr < 0x2000 ? MSR_BITMAP_READ_LOW : MSR_BITMAP_READ_HIGH;
	unsigned int bit = msr & 0x1fff;

	if (read) {
		bitmap[base + bit / 8] &= (uint8_t)~(1U << (bit % 8));
	}
	if (write) {
		bitmap[MSR_BITMAP_WRITES + base + bit / 8] &= (uint8_t)~(1U << (bit % 8));
	}
}

const char *vmx_probe(void)
{
	const char *why = vmx_caps_choose();

	if (why) {
		return why;
	}
	memset(vmx_io_bitmap, 0xff, sizeof(vmx_io_bitmap));
	memset(vmx_msr_bitmap, 0xff, sizeof(vmx_msr_bitmap));
	for (unsigned int i = 0; i < ARRAY_SIZE(free_msrs); i++) {
		vmx_msr_allow(vmx_msr_bitmap, free_msrs[i].msr, true, free_msrs[i].write);
	}
	vmx_apic_probe();
	p2m_largest_level = vmx_caps.ept_vpid & EPT_CAP_1G ? 3 : 2;
	return NULL;
}

static struct vmx_cpu *vmx_cpu_alloc(void)
{
	struct vmx_cpu *c = hv_alloc(sizeof(*c));

	if (!c) {
		return NULL;
	}
	c->region = page_alloc_virt();
	if (!c->region) {
		hv_free(c);
		return NULL;
	}
	*(uint32_t *)c->region = VMX_BASIC_REVISION(vmx_caps.basic);
	return c;
}

static int vmx_cpu_up(void)
{
	struct cpu *c = this_cpu();
	struct vmx_cpu *x = c->arch.vendor;
	uint64_t control = rdmsr(MSR_FEATURE_CONTROL);

	if (c->id != 0 && !vmx_caps_check()) {
		return -ENODEV;
	}
	if (!x) {
		x = vmx_cpu_alloc();
		if (!x) {
			return -ENOMEM;
		}
		c->arch.vendor = x;
	}
	if (!(control & FEATURE_CONTROL_LOCKED)) {
		wrmsr(MSR_FEATURE_CONTROL, control | FEATURE_CONTROL_VMXON | FEATURE_CONTROL_LOCKED);
	}
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	write_cr4(read_cr4() | CR4_VMXE);
	if (!vmx_on(virt_to_hpa(x->region).v)) {
		write_cr4(read_cr4() & ~CR4_VMXE);
		return -EIO;
	}
	x->on = true;
	x->loaded = NULL;
	/* Nothing of another life may be in the TLBs; the first VPID is 1. */
	invept_all();
	if (vmx_caps.vpid) {
		invvpid_all();
	}
	x->vpid_next = 1;
	x->vpid_tag = ((x->vpid_tag + 1) & ~(0xffUL << 56)) | ((uint64_t)(c->id + 1) << 56);
	if (vmx_has2(PROC2_RDTSCP)) {
		wrmsr(MSR_TSC_AUX, 0);
		c->arch.tsc_aux = 0;
	}
	return 0;
}

static void vmx_cpu_down(void)
{
	struct vmx_cpu *x = this_cpu()->arch.vendor;

	if (x && x->on) {
		if (x->loaded) {
			vmcs_forget(x->loaded);
		}
		vmx_off();
		x->on = false;
		write_cr4(read_cr4() & ~CR4_VMXE);
	}
}

/*
 * Memory is write-back and the guest's PAT decides below that; devices are uncached, and the guest's PAT may make
 * them write-combining and nothing weaker. What is not the domain's own memory is not executable.
 */
static uint64_t vmx_pte_leaf(mfn_t m, enum p2m_type t, unsigned int level)
{
	const uint64_t read = BIT(0), writable = BIT(1), execute = BIT(2);
	uint64_t pte = (m.v << PAGE_SHIFT) | ((uint64_t)t << P2M_PTE_TYPE_SHIFT);

	pte |= read | (level > 1 ? P2M_PTE_LARGE : 0);
	switch (t) {
	case P2M_RAM_RW:
		return pte | EPT_MEMORY_WB | writable | execute;
	case P2M_RAM_RO:
		return pte | EPT_MEMORY_WB | execute;
	case P2M_MMIO:
		return pte | EPT_MEMORY_UC | writable;
	case P2M_FOREIGN:
	case P2M_GRANT_RW:
		return pte | EPT_MEMORY_WB | writable;
	case P2M_GRANT_RO:
		return pte | EPT_MEMORY_WB;
	case P2M_INVALID:
	case P2M_POD:		/* the type alone, not present */
	case P2M_TYPE_COUNT:
		break;
	}
	return 0;
}

const struct vmm_ops vmx_ops = {
	.name = "VT-x",
	.hypercall_insn = { 0x0f, 0x01, 0xc1 },		/* VMCALL */
	.cpu_up = vmx_cpu_up,
	.cpu_down = vmx_cpu_down,
	.vcpu_init = vmx_vcpu_init,
	.vcpu_destroy = vmx_vcpu_destroy,
	.ctxt_from = vmx_ctxt_from,
	.ctxt_to = vmx_ctxt_to,
	.run = vmx_run,
	.get_segment = vmx_get_segment,
	.set_segment = vmx_set_segment,
	.update_cr = vmx_update_cr,
	.sync_cr = vmx_sync_cr,
	.get_msr = vmx_get_msr,
	.set_msr = vmx_set_msr,
	.inject = vmx_inject,
	.can_inject_intr = vmx_can_inject_intr,
	.can_inject_nmi = vmx_can_inject_nmi,
	.request_window = vmx_request_window,
	.apic_update = vmx_apic_update,
	.set_tsc_offset = vmx_set_tsc_offset,
	.set_tsc_exiting = vmx_set_tsc_exiting,
	.flush_vcpu = vmx_flush_vcpu,
	.flush_p2m = vmx_flush_p2m,
	.pte_leaf = vmx_pte_leaf,
	.log_dirty = vmx_log_dirty,
	.dump = vmx_dump,
};
