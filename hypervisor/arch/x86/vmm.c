/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which vendor's virtualisation this machine has.
 */
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/vmm.h>

#define VENDOR_AMD_EBX		0x68747541	/* "Auth" of AuthenticAMD */
#define VENDOR_HYGON_EBX	0x6f677948	/* "Hygo" of HygonGenuine */
#define NESTED_PAGING		BIT(0)		/* CPUID Fn8000_000A EDX */

static const struct vmm_ops *probe_svm(const char **why)
{
	uint64_t vm_cr;

	if (cpuid(0x80000000, 0).eax < 0x8000000a || !(cpuid(0x80000001, 0).ecx & BIT(2))) {
		*why = "this CPU has no AMD-V (SVM)";
		return NULL;
	}
	if (rdmsr_safe(MSR_VM_CR, &vm_cr) && (vm_cr & VM_CR_SVMDIS)) {
		*why = "AMD-V (SVM) is disabled by the firmware: enable it in the machine's set-up";
		return NULL;
	}
	if (!(cpuid(0x8000000a, 0).edx & NESTED_PAGING) || cpuid(0x8000000a, 0).ebx < 2) {
		*why = "this CPU's AMD-V has no nested paging";
		return NULL;
	}
	return &svm_ops;
}

const struct vmm_ops *vmm_probe(const char **why)
{
	uint32_t vendor = cpuid(0, 0).ebx;

	if (vendor == VENDOR_AMD_EBX || vendor == VENDOR_HYGON_EBX) {
		return probe_svm(why);
	}
	*why = "only CPUs with AMD-V (SVM) are supported so far";
	return NULL;
}
