/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * MSRs: unknown ones and those of features that are not offered raise #GP, reads and writes alike; those of the other
 * maker of CPUs too.
 */
#include "guest.h"

#define VENDOR_INTEL	0x756e6547

#define CPUID_FAULTING	(1ull << 31)	/* of PLATFORM_INFO */

static void expect_denied(const uint32_t *msrs, unsigned count)
{
	uint64_t v;

	for (unsigned i = 0; i < count; i++) {
		unsigned f = try_rdmsr(msrs[i], &v);

		EXPECT(f == FAULT_GP, "read of %#x: %#x, value %#lx", msrs[i], f, v);
		f = try_wrmsr(msrs[i], 0);
		EXPECT(f == FAULT_GP, "write of %#x: %#x", msrs[i], f);
	}
}

/* Reads as value; write_fault is what writing that back raises. */
static void expect_value(uint32_t msr, uint64_t value, unsigned write_fault)
{
	uint64_t v = ~value;

	EXPECT(try_rdmsr(msr, &v) == 0 && v == value, "%#x reads %#lx", msr, v);
	EXPECT(try_wrmsr(msr, value) == write_fault, "write of %#x", msr);
}

static void intel(void)
{
	static const uint32_t amd_only[] = {0xc0010000, 0xc0010010, 0xc0010015, 0xc0010114, 0xc0010200};
	uint64_t v = 0;

	expect_denied(amd_only, ARRAY_SIZE(amd_only));
	expect_value(0x3a, 1, FAULT_GP);	/* feature control: locked, nothing on */
	expect_value(0xc1, 0, 0);		/* dead performance counters */
	expect_value(0x198, 0, FAULT_GP);
	expect_value(0x199, 0, 0);
	expect_value(0x19c, 0, FAULT_GP);
	/* MISC_ENABLE: no branch trace store, no PEBS, and nothing to change. */
	EXPECT_EQ(try_rdmsr(0x1a0, &v), 0);
	EXPECT_EQ(v & 0x1800, 0x1800);
	EXPECT_EQ(try_wrmsr(0x1a0, v), 0);
	EXPECT_EQ(try_wrmsr(0x1a0, v ^ 1), FAULT_GP);
	EXPECT_EQ(try_rdmsr(0x79, &v), FAULT_GP);
	EXPECT_EQ(try_wrmsr(0x1d9, 1ull << 20), FAULT_GP);
	EXPECT_EQ(try_rdmsr(0x179, &v), 0);
	EXPECT_EQ(v, 0x1000c02);
}

static void amd(void)
{
	static const uint32_t intel_only[] = {0x17, 0x3a, 0xc1, 0x186, 0x198, 0x199, 0x19c, 0x1a0, 0x309, 0x600};
	uint64_t v = 0;

	expect_denied(intel_only, ARRAY_SIZE(intel_only));
	expect_value(0xc0010000, 0, 0);
	expect_value(0xc0010200, 0, 0);
	expect_value(0xc0010015, 0, FAULT_GP);
	EXPECT_EQ(try_rdmsr(0xc0010020, &v), FAULT_GP);
	EXPECT_EQ(try_rdmsr(0x179, &v), 0);
	EXPECT_EQ(v, 2);
}

static void machine_check(void)
{
	expect_value(0x400, ~0ull, 0);
	expect_value(0x401, 0, 0);
	EXPECT_EQ(try_wrmsr(0x401, 1), FAULT_GP);
	EXPECT_EQ(try_wrmsr(0x406, 1), FAULT_GP);
	expect_value(0x408, 0, 0);		/* a bank that is not there */
	EXPECT_EQ(try_wrmsr(0x409, 1), 0);
	expect_value(0x17b, 0, 0);
	expect_value(0x0, 0, FAULT_GP);
	expect_value(0x1, 0, FAULT_GP);
}

static long user_cpuid(void *arg)
{
	unsigned f;

	(void)arg;
	__asm__ volatile("xor %%ebx, %%ebx\n1: cpuid\n\txor %%ebx, %%ebx\n2:" EX_TABLE
			 : "=&b"(f)
			 : "a"(0), "c"(0)
			 : "rdx", "memory");
	return FAULT_OF(f);
}

static void cpuid_faulting(void)
{
	uint64_t v = 0;

	EXPECT_EQ(try_rdmsr(0xce, &v), 0);
	EXPECT_EQ(v, CPUID_FAULTING);
	EXPECT_EQ(try_wrmsr(0xce, v), FAULT_GP);
	expect_value(0x140, 0, 0);
	EXPECT_EQ(try_wrmsr(0x140, 2), FAULT_GP);
	EXPECT_EQ(user_call(user_cpuid, NULL), 0);
	EXPECT_EQ(try_wrmsr(0x140, 1), 0);
	EXPECT_EQ(user_cpuid(NULL), 0);
	EXPECT_EQ(user_call(user_cpuid, NULL), FAULT_GP);
	EXPECT_EQ(try_wrmsr(0x140, 0), 0);
	EXPECT_EQ(user_call(user_cpuid, NULL), 0);
}

void guest_main(void)
{
	static const uint32_t denied[] = {
	    0x00000002, 0x00000048, 0x00000480, 0x00000485, 0x00000570, 0x00000d90,
	    0x00001000, 0x40000100, 0x4000ffff, 0x80000000, 0xbfffffff, 0xc0000105,
	    0xc0001fff, 0xc0012000, 0xffffffff,
	};
	bool arch_caps = cpuid(7, 0).d >> 29 & 1;
	uint64_t v;

	expect_denied(denied, ARRAY_SIZE(denied));
	EXPECT_EQ(try_rdmsr(0x10a, &v), arch_caps ? 0 : FAULT_GP);
	EXPECT_EQ(try_wrmsr(0x10a, 0), FAULT_GP);
	/* Left over from a move between makers: there for both. */
	expect_value(0xc001001f, 0, 0);
	expect_value(0xc0010055, 0, FAULT_GP);
	if (cpuid(0, 0).b == VENDOR_INTEL) {
		intel();
	} else {
		amd();
	}
	machine_check();
	cpuid_faulting();
	/* The hypercall page: only page 0, only into RAM. */
	EXPECT_EQ(try_wrmsr(0x40000000, (uint64_t)hypercall_page | 1), FAULT_GP);
	EXPECT_EQ(try_wrmsr(0x40000000, 0x7ffffffffff000ull), FAULT_GP);
}
