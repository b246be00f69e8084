/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which vendor's virtualisation this machine has.
 */
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/lib.h>

/* First four letters of the vendor's name: CPUID leaf 0, EBX. */
static const struct {
	uint32_t ebx;
	const struct vmm_ops *ops;
	const char *(*probe)(void);
} vendors[] = {
	{ 0x68747541, &svm_ops, svm_probe },	/* AuthenticAMD */
	{ 0x6f677948, &svm_ops, svm_probe },	/* HygonGenuine */
	{ 0x756e6547, &vmx_ops, vmx_probe },	/* GenuineIntel */
	{ 0x746e6543, &vmx_ops, vmx_probe },	/* CentaurHauls */
	{ 0x68532020, &vmx_ops, vmx_probe },	/* "  Shanghai  " */
};

const struct vmm_ops *vmm_probe(const char **why)
{
	uint32_t name = cpuid(0, 0).ebx;

	for (unsigned int i = 0; i < ARRAY_SIZE(vendors); i++) {
		if (vendors[i].ebx == name) {
			*why = vendors[i].probe();
			return *why ? NULL : vendors[i].ops;
		}
	}
	*why = "this CPU is of a vendor with neither AMD-V (SVM) nor VT-x";
	return NULL;
}
