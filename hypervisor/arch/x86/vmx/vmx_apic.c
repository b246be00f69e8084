/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual LAPIC as far as the CPU does it: its register page (asm/vlapic_page.h) is the VMCS's virtual-APIC page.
 * Intel SDM vol. 3 ch. 29. Six capabilities, each used where it is there: the TPR (mandatory), the xAPIC page (an access
 * makes an exit that says where), x2APIC MSRs, the other registers, the delivery of interrupts, posted interrupts.
 *
 * With delivery the CPU moves vectors from IRR to ISR and ends them, guided by two of them in the VMCS: the highest
 * requested (RVI) and the highest in service (SVI). An exit copies them into the vlapic, so that between exit and entry
 * that is as complete as on a CPU that does none of this; an entry writes them when they are others. The vectors whose
 * TMR bit is set end with an exit: the virtual IO-APIC waits for those. With posted interrupts, too, what arrives while
 * the guest runs gets into IRR without an exit (asm/vlapic_inbox.h).
 *
 * The access page. Its frame marks, by its address alone, the guest-physical page whose accesses are the APIC's; nobody
 * ever uses its bytes, so all domains share it. A vCPU in another mode, or whose APIC is elsewhere, would reach those
 * bytes: the frame is in a domain's p2m only while all its vCPUs have their xAPIC at the default place, and is put there
 * by the first access. map_lock covers that: a vCPU leaves that state first and takes the frame out after that, and who
 * maps looks at all vCPUs.
 */
#include "vmx.h"
#include <asm/exit.h>
#include <asm/irq.h>
#include <asm/msr-index.h>
#include <asm/vioapic.h>
#include <asm/vmm.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <hv/spinlock.h>

#define APIC_DEFAULT_BASE	0xfee00000UL
#define X2APIC_MSR(reg)		(MSR_X2APIC_FIRST + (reg))

/* Qualification of an APIC-access exit, SDM vol. 3 table 27-6. */
#define ACCESS_OFFSET(q)	((q) & 0xfff)
#define ACCESS_TYPE(q)		((unsigned int)((q) >> 12) & 0xf)
enum access_type { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH, ACCESS_EVENT, ACCESS_PHYSICAL_EVENT = 10 };

uint8_t vmx_msr_bitmap_x2apic[4096] __aligned(4096);
static uint8_t access_page[4096] __aligned(4096);
static struct spinlock map_lock;

/*
 * Registers whose x2APIC reads the page can answer. Not the current count, which nobody keeps in the page; not ICR,
 * which is one register of 64 bits there and two here; those that are write-only or missing have to be #GP.
 */
static const struct {
	uint8_t first, last;
} readable[] = {
	{ VLAPIC_REG_ID, VLAPIC_REG_VERSION },
	{ VLAPIC_REG_LDR, VLAPIC_REG_LDR },
	{ VLAPIC_REG_SVR, VLAPIC_REG_ESR },
	{ VLAPIC_REG_LVT_TIMER, VLAPIC_REG_TIMER_INITIAL },
	{ VLAPIC_REG_TIMER_DIVIDE, VLAPIC_REG_TIMER_DIVIDE },
};

static void open_x2apic(uint8_t *bitmap)
{
	vmx_msr_allow(bitmap, X2APIC_MSR(VLAPIC_REG_TPR), true, true);
	if (vmx_has2(PROC2_APIC_REGISTERS)) {
		for (unsigned int i = 0; i < ARRAY_SIZE(readable); i++) {
			for (unsigned int r = readable[i].first; r <= readable[i].last; r++) {
				vmx_msr_allow(bitmap, X2APIC_MSR(r), true, false);
			}
		}
	}
	if (vmx_has2(PROC2_INTR_DELIVERY)) {
		if (vmx_has2(PROC2_APIC_REGISTERS)) {
			/* Delivery keeps it up to date. */
			vmx_msr_allow(bitmap, X2APIC_MSR(VLAPIC_REG_PPR), true, false);
		}
		vmx_msr_allow(bitmap, X2APIC_MSR(VLAPIC_REG_EOI), false, true);
		vmx_msr_allow(bitmap, X2APIC_MSR(VLAPIC_REG_SELF_IPI), false, true);
	}
}

void vmx_apic_probe(void)
{
	spin_lock_init(&map_lock);
	memcpy(vmx_msr_bitmap_x2apic, vmx_msr_bitmap, sizeof(vmx_msr_bitmap_x2apic));
	if (vmx_has2(PROC2_X2APIC)) {
		open_x2apic(vmx_msr_bitmap_x2apic);
	}
}

static mfn_t access_mfn(void)
{
	return mfn(virt_to_hpa(access_page).v >> PAGE_SHIFT);
}

void vmx_apic_init(struct vcpu *v)
{
	vmcs_write(VMCS_VAPIC_PAGE, virt_to_hpa(v->arch.vlapic.regs).v);
	vmcs_write(VMCS_TPR_THRESHOLD, 0);
	if (vmx_has2(PROC2_APIC_ACCESS)) {
		vmcs_write(VMCS_APIC_ACCESS, virt_to_hpa(access_page).v);
	}
	if (vmx_caps.pin & PIN_POSTED) {
		vmcs_write(VMCS_POSTED_VECTOR, VECTOR_POSTED);
		vmcs_write(VMCS_POSTED_DESC, virt_to_hpa(&v->arch.vlapic.inbox).v);
	}
	if (vmx_has2(PROC2_INTR_DELIVERY)) {
		vmcs_write(VMCS_GUEST_INTR_STATUS, 0);
		for (unsigned int i = 0; i < 4; i++) {
			vmcs_write((enum vmcs_field)(VMCS_EOI_EXIT0 + 2 * i), 0);
		}
		vlapic_cpu_delivers(v, vmx_caps.pin & PIN_POSTED);
	}
}

/* An APIC that software has disabled delivers nothing and shows other rules: all of it exits. */
static uint32_t wanted(const struct vcpu *v)
{
	const struct vlapic *l = &v->arch.vlapic;
	uint32_t apic = 0;

	if (l->enabled) {
		apic |= PROC2_APIC_REGISTERS | PROC2_INTR_DELIVERY;
		apic |= vlapic_is_x2apic(l) ? PROC2_X2APIC : 0;
	}
	if (vlapic_owns(v, APIC_DEFAULT_BASE)) {
		apic |= PROC2_APIC_ACCESS;
	}
	return vmx_caps.proc2 & apic;
}

/* map_lock held. */
static bool all_at_default(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		const struct vmx_vcpu *s = READ_ONCE(v->arch.vendor);

		if (s && !(READ_ONCE(s->proc2) & PROC2_APIC_ACCESS)) {
			return false;
		}
	}
	return true;
}

bool vmx_apic_map(struct vcpu *v)
{
	struct domain *d = v->domain;
	bool done = false;

	if (!(vmx_of(v)->proc2 & PROC2_APIC_ACCESS)) {
		return false;
	}
	spin_lock(&map_lock);
	if (all_at_default(d)) {
		done = p2m_set_if_empty(d, gpa_to_gfn(gpa(APIC_DEFAULT_BASE)), access_mfn(), P2M_MMIO) == 0;
	}
	spin_unlock(&map_lock);
	return done;
}

static void unmap(struct domain *d)
{
	bool flush = false;
	int err;

	spin_lock(&map_lock);
	err = p2m_remove_if_noflush(d, gpa_to_gfn(gpa(APIC_DEFAULT_BASE)), access_mfn(), P2M_MMIO, &flush);
	spin_unlock(&map_lock);
	if (!err && flush) {
		p2m_flush(d);
	}
}

void vmx_apic_update(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);
	uint32_t was = s->proc2, now = (was & (uint32_t)~PROC2_APIC) | wanted(v);
	unsigned long flags;

	if (now == was) {
		return;
	}
	flags = vmcs_begin(v);
	vmcs_write(VMCS_PROC2_CONTROLS, now);
	/* Without delivery the notification is an interrupt like others, and makes an exit. */
	vmcs_write(VMCS_PIN_CONTROLS, vmx_caps.pin & (now & PROC2_INTR_DELIVERY ? ~0U : (uint32_t)~PIN_POSTED));
	vmcs_write(VMCS_MSR_BITMAP, virt_to_hpa(now & PROC2_X2APIC ? vmx_msr_bitmap_x2apic : vmx_msr_bitmap).v);
	vmcs_end(flags);
	__atomic_store_n(&s->proc2, now, __ATOMIC_SEQ_CST);
	if ((was ^ now) & PROC2_APIC_ACCESS) {
		/* Translations carry what the page is (SDM vol. 3 section 29.4.5). */
		vmx_flush_vcpu(v);
		__atomic_store_n(&s->ept_stale, true, __ATOMIC_SEQ_CST);
	}
	if (was & ~now & PROC2_APIC_ACCESS) {
		unmap(v->domain);
	}
}

/* An interrupt that TPR holds back: lowering TPR below its class makes an exit. */
static void threshold_enter(struct vcpu *v, struct vmx_vcpu *s)
{
	const struct vlapic *l = &v->arch.vlapic;
	uint32_t threshold = 0;

	if (unlikely(READ_ONCE(l->irr_pending)) && vlapic_get_tpr(l)) {
		int blocked = vlapic_highest_blocked(v);

		threshold = blocked > 0 ? (uint32_t)blocked >> 4 : 0;
	}
	if (unlikely(threshold != s->tpr_threshold)) {
		s->tpr_threshold = threshold;
		vmcs_write(VMCS_TPR_THRESHOLD, threshold);
	}
}

static __noinline void eoi_exits_write(struct vlapic *l)
{
	(void)__atomic_exchange_n(&l->tmr_changed, false, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < 4; i++) {
		vmcs_write((enum vmcs_field)(VMCS_EOI_EXIT0 + 2 * i),
			   vlapic_inbox_eoi_exits(&l->inbox, vlapic_reg(l, VLAPIC_REG_TMR), i));
	}
}

void vmx_apic_enter(struct vcpu *v, struct vmx_vcpu *s)
{
	struct vlapic *l = &v->arch.vlapic;
	uint16_t status;

	if (!(s->proc2 & PROC2_INTR_DELIVERY)) {
		threshold_enter(v, s);
		return;
	}
	status = l->isr_highest > 0 ? (uint16_t)(l->isr_highest << 8) : 0;
	if (unlikely(READ_ONCE(l->irr_pending))) {
		int requested = vlapic_highest_requested(l);

		status |= requested > 0 ? (uint16_t)requested : 0;
		if (unlikely(READ_ONCE(l->tmr_changed))) {
			eoi_exits_write(l);
		}
	}
	if (unlikely(status != s->intr_status)) {
		s->intr_status = status;
		vmcs_write(VMCS_GUEST_INTR_STATUS, status);
	}
}

void vmx_apic_exit(struct vcpu *v, struct vmx_vcpu *s)
{
	struct vlapic *l = &v->arch.vlapic;
	uint16_t status;

	if (!(s->proc2 & PROC2_INTR_DELIVERY)) {
		return;
	}
	status = (uint16_t)vmcs_read(VMCS_GUEST_INTR_STATUS);
	s->intr_status = status;
	l->isr_highest = status >> 8 ? status >> 8 : -1;
	if (unlikely(status & 0xff)) {
		WRITE_ONCE(l->irr_pending, true);
	}
}

void vmx_handle_apic_access(struct vcpu *v, uint64_t q)
{
	unsigned int type = ACCESS_TYPE(q);

	if (type == ACCESS_EVENT || type == ACCESS_PHYSICAL_EVENT) {
		domain_crash(v->domain, "an event's delivery reaches the APIC page (offset %lx)", ACCESS_OFFSET(q));
		return;
	}
	v->arch.insn_len = 0;
	exit_npf(v, gpa(APIC_DEFAULT_BASE | ACCESS_OFFSET(q)), type == ACCESS_WRITE, type == ACCESS_FETCH, true, NULL, 0);
}

void vmx_handle_virtual_eoi(struct vcpu *v, uint64_t q)
{
	if (v->domain->arch.vioapic) {
		vioapic_eoi(v->domain, (uint8_t)q);
	}
}

void vmx_handle_apic_write(struct vcpu *v, uint64_t q)
{
	vlapic_page_written(v, (unsigned int)ACCESS_OFFSET(q));
}
