/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the capability MSRs say of this machine's VT-x, and what is used of it. The model never matters. Intel SDM
 * vol. 3 app. A.
 */
#include "vmx.h"
#include <hv/boot.h>
#include <asm/cpuid-bits.h>
#include <asm/guest_tsc.h>
#include <asm/msr-index.h>
#include <asm/policy.h>
#include <asm/processor.h>
#include <asm/time.h>
#include <hv/lib.h>
#include <hv/log.h>

#define CPUID_VMX		BIT(5)		/* 1.ecx */
#define MEMORY_TYPE_WB		6
#define EPT_MANDATORY		(EPT_CAP_4_LEVELS | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_INVEPT | EPT_CAP_INVEPT_ALL)
#define VPID_MANDATORY		(EPT_CAP_INVVPID | EPT_CAP_INVVPID_ALL)

#define PIN_MANDATORY		(PIN_EXTINT | PIN_NMI | PIN_VNMI)
#define PROC_MANDATORY		(PROC_TSC_OFFSET | PROC_HLT | PROC_MWAIT | PROC_RDPMC | PROC_MOV_DR | \
				 PROC_TPR_SHADOW | PROC_IO_BITMAPS | PROC_MSR_BITMAPS | PROC_MONITOR | \
				 PROC_SECONDARY)
/* These must be possible to leave off. */
#define PROC_UNWANTED		(PROC_CR3_LOAD | PROC_CR3_STORE | PROC_INVLPG | PROC_CR8_LOAD | \
				 PROC_CR8_STORE | PROC_RDTSC | PROC_IO_ALWAYS)
#define PROC2_MANDATORY		(PROC2_EPT | PROC2_UNRESTRICTED | PROC2_WBINVD)
#define PROC2_OPTIONAL		(PROC2_VPID | PROC2_RDTSCP | PROC2_INVPCID | PROC2_PLE | PROC2_XSAVES | \
				 PROC2_TSC_SCALING | PROC2_PML)
#define EXIT_MANDATORY		(EXIT_CTL_SAVE_DEBUG | EXIT_CTL_HOST_64 | EXIT_CTL_ACK_INTR | EXIT_CTL_LOAD_PAT | \
				 EXIT_CTL_LOAD_EFER)
/* The timer is no use without the exit control, posting none without the delivery of interrupts. */
#define PIN_OPTIONAL		(PIN_TIMER | PIN_POSTED)
#define EXIT_OPTIONAL		EXIT_CTL_SAVE_TIMER
#define ENTRY_MANDATORY		(ENTRY_CTL_LOAD_DEBUG | ENTRY_CTL_LOAD_PAT | ENTRY_CTL_LOAD_EFER)

struct vmx_caps vmx_caps;

/* A feature that guests may only use when a control allows it. */
static const struct {
	uint32_t proc2;
	unsigned int feature;
} guarded[] = {
	{ PROC2_RDTSCP, FEATURE_RDTSCP },
	{ PROC2_INVPCID, FEATURE_INVPCID },
	{ PROC2_XSAVES, FEATURE_XSAVES },
};

/*
 * Low half: must be 1; high half: may be 1. False when a wanted bit cannot be had or an unwanted one has to be.
 */
static bool choose(uint64_t msr, uint32_t wanted, uint32_t optional, uint32_t unwanted, uint32_t *out)
{
	uint32_t must = (uint32_t)msr, may = (uint32_t)(msr >> 32);

	*out = wanted | must | (optional & may);
	return !(wanted & ~may) && !(unwanted & must);
}

static const char *enabled(void)
{
	uint64_t control;

	if (!(cpuid(1, 0).ecx & CPUID_VMX)) {
		return "this CPU has no VT-x";
	}
	if (!rdmsr_safe(MSR_FEATURE_CONTROL, &control)) {
		return "this CPU's VT-x cannot be asked whether it is enabled";
	}
	if ((control & FEATURE_CONTROL_LOCKED) && !(control & FEATURE_CONTROL_VMXON)) {
		return "VT-x is disabled by the firmware: enable it in the machine's set-up";
	}
	return NULL;
}

/*
 * Interrupt delivery came into CPUs together with the processing of posted interrupts. One without the other is no
 * CPU but an emulator: Bochs 2.7, which delivers a virtual interrupt with RFLAGS.IF clear when one of the machine's
 * arrives meanwhile. Guests do not survive that.
 */
static uint32_t apic_controls(void)
{
	uint32_t may_pin = (uint32_t)(rdmsr(MSR_VMX_TRUE_PINBASED) >> 32);

	if (!boot_options.apicv) {
		return 0;
	}
	return may_pin & PIN_POSTED || boot_options.apicv_force ? PROC2_APIC : PROC2_APIC & ~PROC2_INTR_DELIVERY;
}

static const char *choose_ept(struct vmx_caps *c)
{
	uint64_t secondary = rdmsr(MSR_VMX_PROCBASED2);
	uint32_t may = (uint32_t)(secondary >> 32);

	if (!(may & PROC2_EPT)) {
		return "this CPU's VT-x has no extended page tables (EPT)";
	}
	if (!(may & PROC2_UNRESTRICTED)) {
		return "this CPU's VT-x cannot run real mode (no unrestricted guest)";
	}
	if (!choose(secondary, PROC2_MANDATORY, PROC2_OPTIONAL | apic_controls(), 0, &c->proc2)) {
		return "this CPU's VT-x lacks a mandatory secondary control";
	}
	c->ept_vpid = rdmsr(MSR_VMX_EPT_VPID_CAP);
	if ((c->ept_vpid & EPT_MANDATORY) != EPT_MANDATORY) {
		return "this CPU's extended page tables lack four levels, write-back, 2 MiB pages or INVEPT";
	}
	if ((c->ept_vpid & VPID_MANDATORY) != VPID_MANDATORY) {
		c->proc2 &= (uint32_t)~PROC2_VPID;
	}
	c->vpid = c->proc2 & PROC2_VPID;
	c->ple = c->proc2 & PROC2_PLE;
	c->execute_only = c->ept_vpid & EPT_CAP_EXECUTE_ONLY;
	c->ept_ad = c->ept_vpid & EPT_CAP_AD;
	if (!c->ept_ad) {
		c->proc2 &= (uint32_t)~PROC2_PML;
	}
	if (!(c->proc2 & PROC2_INTR_DELIVERY)) {
		c->pin &= (uint32_t)~PIN_POSTED;
	}
	return NULL;
}

static const char *read_caps(struct vmx_caps *c)
{
	const char *why = enabled();

	if (why) {
		return why;
	}
	c->basic = rdmsr(MSR_VMX_BASIC);
	if (!(c->basic & VMX_BASIC_TRUE_CONTROLS) || VMX_BASIC_MEMORY_TYPE(c->basic) != MEMORY_TYPE_WB ||
	    VMX_BASIC_SIZE(c->basic) > 4096) {
		return "this CPU's VT-x is of the first generation: no true controls or no write-back VMCS";
	}
	c->misc = rdmsr(MSR_VMX_MISC);
	c->cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0);
	c->cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1);
	c->cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0);
	c->cr4_fixed1 = rdmsr(MSR_VMX_CR4_FIXED1);
	if (!choose(rdmsr(MSR_VMX_TRUE_PINBASED), PIN_MANDATORY, PIN_OPTIONAL, 0, &c->pin)) {
		return "this CPU's VT-x lacks virtual NMIs";
	}
	if (!choose(rdmsr(MSR_VMX_TRUE_PROCBASED), PROC_MANDATORY, 0, PROC_UNWANTED, &c->proc)) {
		return "this CPU's VT-x lacks a mandatory control: bitmaps, TPR shadow, TSC offset or secondary controls";
	}
	if (!choose(rdmsr(MSR_VMX_TRUE_EXIT), EXIT_MANDATORY, EXIT_OPTIONAL, 0, &c->exit) ||
	    !choose(rdmsr(MSR_VMX_TRUE_ENTRY), ENTRY_MANDATORY, 0, ENTRY_CTL_IA32E, &c->entry)) {
		return "this CPU's VT-x cannot switch PAT or EFER, or take interrupts at exits";
	}
	c->timer = (c->pin & PIN_TIMER) && (c->exit & EXIT_CTL_SAVE_TIMER);
	if (!c->timer) {
		c->pin &= (uint32_t)~PIN_TIMER;
		c->exit &= (uint32_t)~EXIT_CTL_SAVE_TIMER;
	}
	return choose_ept(c);
}

const char *vmx_caps_choose(void)
{
	const char *why = read_caps(&vmx_caps);

	if (why) {
		return why;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(guarded); i++) {
		if (!vmx_has2(guarded[i].proc2)) {
			policy_hide(guarded[i].feature);
		}
	}
	if (vmx_has2(PROC2_TSC_SCALING)) {
		guest_tsc_ratio_bits = TSC_MULTIPLIER_BITS;
		guest_tsc_ratio_max = ~0UL;
	}
	time_entries_watch = vmx_caps.timer;
	log_info("VT-x: EPT (%s%s%s), unrestricted guest%s%s%s%s%s%s%s\n",
		 vmx_caps.ept_vpid & EPT_CAP_1G ? "1G pages" : "2M pages",
		 vmx_caps.execute_only ? ", execute-only" : "", vmx_caps.ept_ad ? ", A/D" : "",
		 vmx_caps.vpid ? ", VPID" : "", vmx_caps.ple ? ", pause-loop exiting" : "",
		 vmx_caps.timer ? ", preemption timer" : "",
		 vmx_has2(PROC2_TSC_SCALING) ? ", TSC scaling" : "",
		 vmx_has2(PROC2_PML) ? ", page-modification logging" : "",
		 vmx_has2(PROC2_INVPCID) ? ", INVPCID" : "", vmx_has2(PROC2_XSAVES) ? ", XSAVES" : "");
	log_info("VT-x: APIC in the CPU: %s%s%s%s%s%s\n", vmx_has2(PROC2_APIC) ? "TPR" : "TPR alone",
		 vmx_has2(PROC2_APIC_ACCESS) ? ", its page" : "", vmx_has2(PROC2_X2APIC) ? ", x2APIC" : "",
		 vmx_has2(PROC2_APIC_REGISTERS) ? ", registers" : "",
		 vmx_has2(PROC2_INTR_DELIVERY) ? ", interrupt delivery" : "",
		 vmx_caps.pin & PIN_POSTED ? ", posted interrupts" : "");
	return NULL;
}

bool vmx_caps_check(void)
{
	const struct vmx_caps *boot = &vmx_caps;
	struct vmx_caps c = { 0 };
	const char *why = read_caps(&c);

	if (!why && (c.pin != boot->pin || c.proc != boot->proc || c.proc2 != boot->proc2 ||
		     c.exit != boot->exit || c.entry != boot->entry || c.ept_vpid != boot->ept_vpid ||
		     VMX_BASIC_REVISION(c.basic) != VMX_BASIC_REVISION(boot->basic))) {
		why = "its VT-x differs from that of the boot CPU";
	}
	if (why) {
		log_err("CPU%u: %s\n", this_cpu()->id, why);
	}
	return !why;
}
