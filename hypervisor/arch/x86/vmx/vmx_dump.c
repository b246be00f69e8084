/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's state for a person to read, and which rule a refused entry broke: SDM vol. 3 section 26.3.1, checked again in
 * software, for the CPU only says "invalid guest state".
 */
#include "vmx.h"
#include <asm/exit.h>
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/lib.h>
#include <hv/log.h>

void vmx_dump(struct vcpu *v)
{
	const struct vmx_vcpu *s = vmx_of(v);

	vcpu_dump_registers(v);
	if (READ_ONCE(s->active_cpu) != (int)this_cpu()->id) {
		log_err("its VMCS is in another CPU\n");
		return;
	}
	vcpu_dump_segments(v);
	log_err("exit %lu qualification %lx interruptibility %x controls %x %x interrupts %04x after %lu exits\n",
		s->reason, s->qualification, s->interruptibility, s->proc, s->proc2, s->intr_status,
		v->arch.exit_count);
}

static void rule(bool broken, const char *what)
{
	if (broken) {
		log_err("refused because of %s\n", what);
	}
}

static bool canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

static void check_control(uint64_t cr0, uint64_t cr4, uint64_t efer, bool ia32e)
{
	rule((cr0 & CR0_PG) && !(cr0 & CR0_PE), "CR0: paging without protection");
	rule((cr0 | CR0_PE | CR0_PG) != (cr0 | CR0_PE | CR0_PG | vmx_caps.cr0_fixed0) ||
		     (cr0 & ~vmx_caps.cr0_fixed1), "CR0: a fixed bit");
	rule((~cr4 & vmx_caps.cr4_fixed0) || (cr4 & ~vmx_caps.cr4_fixed1), "CR4: a fixed bit");
	rule(ia32e && (!(cr0 & CR0_PG) || !(cr4 & CR4_PAE)), "IA-32e mode without paging or PAE");
	rule(!ia32e && (cr4 & CR4_PCIDE), "CR4.PCIDE outside IA-32e mode");
	rule(!!(efer & EFER_LMA) != ia32e, "EFER.LMA against the entry control");
	rule((cr0 & CR0_PG) && !!(efer & EFER_LMA) != !!(efer & EFER_LME), "EFER.LMA against LME");
}

static void check_segment(enum guest_seg s, bool vm86)
{
	unsigned int i = s == SEG_LDTR ? 6 : s == SEG_TR ? 7 : (unsigned int)s;
	uint32_t ar = (uint32_t)vmcs_read((enum vmcs_field)(VMCS_GUEST_ES_AR + 2 * i));
	uint32_t limit = (uint32_t)vmcs_read((enum vmcs_field)(VMCS_GUEST_ES_LIMIT + 2 * i));
	uint64_t base = vmcs_read((enum vmcs_field)(VMCS_GUEST_ES_BASE + 2 * i));
	bool g = ar & BIT(15), bad;

	if (ar & AR_UNUSABLE) {
		bad = s == SEG_CS || s == SEG_TR;
	} else {
		bad = !(ar & BIT(7)) || (ar & 0xfffe0f00) || (s < SEG_TR && !(ar & BIT(4))) ||
		      (s < SEG_TR && !(ar & BIT(0))) || ((limit & 0xfff) != 0xfff && g) || ((limit >> 20) && !g);
	}
	bad |= (s >= SEG_FS && !canonical(base)) || (vm86 && s < SEG_TR && (ar & 0xff) != 0xf3);
	if (bad) {
		log_err("refused because of segment %u of es cs ss ds fs gs tr ldtr: rights %05x limit %08x base %016lx\n", s, ar, limit,
			base);
	}
}

static void check_state(const struct vcpu *v)
{
	uint64_t rflags = vmcs_read(VMCS_GUEST_RFLAGS), rip = vmcs_read(VMCS_GUEST_RIP);
	uint32_t info = (uint32_t)vmcs_read(VMCS_ENTRY_INTR_INFO);
	uint32_t blocking = (uint32_t)vmcs_read(VMCS_INTERRUPTIBILITY);
	bool ia32e = vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_CTL_IA32E;
	bool wide = ia32e && (vmcs_read(VMCS_GUEST_CS_AR) & AR_L);

	check_control(vmcs_read(VMCS_GUEST_CR0), vmcs_read(VMCS_GUEST_CR4), vmcs_read(VMCS_GUEST_EFER), ia32e);
	for (unsigned int i = 0; i <= SEG_LDTR; i++) {
		check_segment((enum guest_seg)i, rflags & RFLAGS_VM);
	}
	rule(!canonical(vmcs_read(VMCS_GUEST_GDTR_BASE)) || !canonical(vmcs_read(VMCS_GUEST_IDTR_BASE)),
	     "a descriptor table's base");
	rule(!wide && rip >> 32, "RIP above 4 GiB outside 64-bit mode");
	rule(wide && !canonical(rip), "RIP");
	rule(!(rflags & BIT(1)) || (rflags & 0xffffffffffc08028UL), "RFLAGS: a fixed bit");
	rule((rflags & RFLAGS_VM) && (ia32e || !(vmcs_read(VMCS_GUEST_CR0) & CR0_PE)), "RFLAGS.VM");
	rule((info & INTR_VALID) && INTR_TYPE(info) == INTR_EXTERNAL && !(rflags & RFLAGS_IF),
	     "an interrupt with RFLAGS.IF clear");
	rule((info & INTR_VALID) && (INTR_TYPE(info) == INTR_EXTERNAL || INTR_TYPE(info) == INTR_NMI) &&
		     (blocking & (INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS)), "an event in a shadow");
	rule((blocking & INTERRUPTIBILITY_STI) && !(rflags & RFLAGS_IF), "an STI shadow with RFLAGS.IF clear");
	rule((info & INTR_VALID) && INTR_TYPE(info) == INTR_NMI && (blocking & INTERRUPTIBILITY_NMI),
	     "an NMI while NMIs are blocked");
	rule(vmcs_read(VMCS_LINK) != ~0UL, "the VMCS link pointer");
}

void vmx_report_entry_failure(struct vcpu *v, uint32_t reason)
{
	const char *why = reason == EXIT_GUEST_STATE ? "invalid guest state" :
			  reason == EXIT_MSR_LOADING ? "an MSR that cannot be loaded" :
			  reason == EXIT_ENTRY_MACHINE_CHECK ? "a machine check" : "an unknown reason";

	vmx_dump(v);
	if (reason == EXIT_GUEST_STATE) {
		check_state(v);
	}
	domain_crash(v->domain, "VM entry failed: %s (%u, qualification %lx)", why, reason,
		     vmx_of(v)->qualification);
}
