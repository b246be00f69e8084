/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a VMCS is, and what stands in a new one.
 *
 * A CPU may keep a VMCS in itself until VMCLEAR; another CPU must not touch it before that. So active_cpu says which
 * CPU that is, and only that CPU clears it, with interrupts off or in the interrupt of a cpu_call: an access with
 * interrupts off is safe on the CPU that active_cpu names. A VMCS stays where it was used last, for a vCPU mostly
 * comes back to the same CPU.
 */
#include "vmx.h"
#include <asm/msr-index.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <asm/time.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/page.h>

#define FLAGS_USED		BIT(0)
#define FLAGS_IRQS_WERE_ON	BIT(1)

#define SELECTOR_CODE		0x08
#define SELECTOR_DATA		0x10
#define SELECTOR_TSS		0x18

#define VEC_AC			17
#define DEBUGCTL_NONE		0UL
#define PLE_GAP			128
#define PLE_WINDOW		4096
#define EPTP_WALK_4		(3UL << 3)
#define EPTP_WB			6UL

static void forget_here(void *arg)
{
	struct vcpu *v = arg;
	struct vmx_vcpu *s = vmx_of(v);
	struct vmx_cpu *c = this_cpu()->arch.vendor;

	if (READ_ONCE(s->active_cpu) != (int)this_cpu()->id) {
		return;
	}
	vmcs_clear(s->vmcs_pa);
	if (c->loaded == v) {
		c->loaded = NULL;
	}
	s->launched = false;
	__atomic_store_n(&s->active_cpu, -1, __ATOMIC_RELEASE);
}

void vmcs_forget(struct vcpu *v)
{
	int at = READ_ONCE(vmx_of(v)->active_cpu);

	if (at >= 0) {
		cpu_call(BIT(at), forget_here, v);
	}
}

/* Interrupts off. False: it is another CPU's (*at). */
static bool claim(struct vmx_vcpu *s, int *at)
{
	int self = (int)this_cpu()->id;

	*at = -1;
	return READ_ONCE(s->active_cpu) == self ||
	       __atomic_compare_exchange_n(&s->active_cpu, at, self, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

unsigned long vmcs_begin_slow(struct vcpu *v)
{
	struct vmx_cpu *c = this_cpu()->arch.vendor;
	struct vmx_vcpu *s = vmx_of(v);
	unsigned long flags = FLAGS_USED | (irqs_enabled() ? FLAGS_IRQS_WERE_ON : 0);
	int at;

	irq_disable();
	while (!claim(s, &at)) {
		irq_enable();
		cpu_call(BIT(at), forget_here, v);
		irq_disable();
	}
	if (c->loaded != v) {
		CHECK(vmcs_load(s->vmcs_pa));
		c->loaded = v;
	}
	return flags;
}

void vmcs_end_slow(unsigned long flags)
{
	if (flags & FLAGS_IRQS_WERE_ON) {
		irq_enable();
	}
}

void vmcs_write_proc(struct vcpu *v, uint32_t proc)
{
	struct vmx_vcpu *s = vmx_of(v);

	if (s->proc != proc) {
		s->proc = proc;
		vmcs_write(VMCS_PROC_CONTROLS, proc);
	}
}

struct table_register {
	uint16_t limit;
	uint64_t base;
} __packed;

/* What exits load, as far as it differs between CPUs. */
void vmcs_write_host(void)
{
	const struct cpu *c = this_cpu();
	struct table_register gdtr;

	__asm__ volatile("sgdt %0" : "=m"(gdtr));
	vmcs_write(VMCS_HOST_GS_BASE, (uint64_t)c);
	vmcs_write(VMCS_HOST_TR_BASE, (uint64_t)c->arch.tss);
	vmcs_write(VMCS_HOST_GDTR_BASE, gdtr.base);
}

static void init_host(void)
{
	struct table_register idtr;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	vmcs_write(VMCS_HOST_ES_SEL, 0);
	vmcs_write(VMCS_HOST_CS_SEL, SELECTOR_CODE);
	vmcs_write(VMCS_HOST_SS_SEL, SELECTOR_DATA);
	vmcs_write(VMCS_HOST_DS_SEL, 0);
	vmcs_write(VMCS_HOST_FS_SEL, 0);
	vmcs_write(VMCS_HOST_GS_SEL, 0);
	vmcs_write(VMCS_HOST_TR_SEL, SELECTOR_TSS);
	vmcs_write(VMCS_HOST_PAT, rdmsr(MSR_PAT));
	vmcs_write(VMCS_HOST_EFER, rdmsr(MSR_EFER));
	vmcs_write(VMCS_HOST_CR0, read_cr0());
	vmcs_write(VMCS_HOST_CR3, paging_cr3());
	vmcs_write(VMCS_HOST_CR4, read_cr4());
	vmcs_write(VMCS_HOST_FS_BASE, 0);
	vmcs_write(VMCS_HOST_IDTR_BASE, idtr.base);
	vmcs_write(VMCS_HOST_SYSENTER_CS, 0);
	vmcs_write(VMCS_HOST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_HOST_SYSENTER_EIP, 0);
	vmcs_write(VMCS_HOST_RIP, (uint64_t)vmx_exit_point);
	vmcs_write_host();
}

static void init_controls(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);

	s->proc = vmx_caps.proc;
	s->proc2 = vmx_caps.proc2 & (uint32_t)~(PROC2_APIC | PROC2_PML);
	vmcs_write(VMCS_PIN_CONTROLS, vmx_caps.pin & (uint32_t)~PIN_POSTED);
	vmcs_write(VMCS_PROC_CONTROLS, s->proc);
	vmcs_write(VMCS_PROC2_CONTROLS, s->proc2);
	vmcs_write(VMCS_EXIT_CONTROLS, vmx_caps.exit);
	vmcs_write(VMCS_ENTRY_CONTROLS, vmx_caps.entry);
	/*
	 * #DB and #AC: delivering one may raise it again for ever inside the CPU (CVE-2015-8104, -5307); with an
	 * exit each time the hypervisor's interrupts get through.
	 */
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_DB) | BIT(VEC_AC) | BIT(VEC_MC));
	vmcs_write(VMCS_PF_ERROR_MASK, 0);
	vmcs_write(VMCS_PF_ERROR_MATCH, 0);
	vmcs_write(VMCS_CR3_TARGETS, 0);
	vmcs_write(VMCS_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write(VMCS_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_INTR_INFO, 0);
	vmcs_write(VMCS_MSR_BITMAP, virt_to_hpa(vmx_msr_bitmap).v);
	vmcs_write(VMCS_IO_BITMAP_A, virt_to_hpa(vmx_io_bitmap).v);
	vmcs_write(VMCS_IO_BITMAP_B, virt_to_hpa(vmx_io_bitmap + 4096).v);
	vmcs_write(VMCS_TSC_OFFSET, 0);
	if (vmx_has2(PROC2_TSC_SCALING)) {
		vmcs_write(VMCS_TSC_MULTIPLIER, TSC_MULTIPLIER_ONE);
	}
	vmcs_write(VMCS_EPTP, s->eptp);
	if (vmx_caps.timer) {
		vmcs_write(VMCS_PREEMPTION_TIMER, ~0U);
	}
	s->deadline = vmx_caps.timer ? 0 : DEADLINE_NONE;
	if (vmx_caps.ple) {
		vmcs_write(VMCS_PLE_GAP, PLE_GAP);
		vmcs_write(VMCS_PLE_WINDOW, PLE_WINDOW);
	}
	if (vmx_has2(PROC2_XSAVES)) {
		vmcs_write(VMCS_XSS_EXIT_BITMAP, 0);	/* XSS is 0: there is nothing to intercept */
	}
}

void vmcs_init(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);

	s->eptp = p2m_root(v->domain).v | EPTP_WALK_4 | EPTP_WB;
	init_host();
	init_controls(v);
	vmx_apic_init(v);
	vmcs_write(VMCS_LINK, ~0UL);
	vmcs_write(VMCS_GUEST_DEBUGCTL, DEBUGCTL_NONE);
	vmcs_write(VMCS_GUEST_SYSENTER_CS, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_EIP, 0);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
	vmcs_write(VMCS_ACTIVITY, 0);
	vmcs_write(VMCS_INTERRUPTIBILITY, 0);
	vmcs_write(VMCS_GUEST_CR3, 0);
	vmcs_write(VMCS_GUEST_RSP, 0);
	vmcs_write(VMCS_GUEST_RIP, 0);
	vmcs_write(VMCS_GUEST_RFLAGS, 2);
	s->rflags = 2;
}
