/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Control registers read back what was written, whatever the hypervisor needs them to be: CR0 with NE, TS, MP and WP,
 * CLTS, LMSW and SMSW, CR4 with PGE, MCE and TSD, CR8. Bits that the CPUID policy does not have are #GP. (Not here: the
 * upper half of CR0 and of CR8, which QEMU 7.2 drops.)
 */
#include "guest.h"

#define CR0_MP (1ul << 1)
#define CR0_EM (1ul << 2)
#define CR0_TS (1ul << 3)
#define CR0_NE (1ul << 5)
#define CR0_WP (1ul << 16)
#define CR0_CD (1ul << 30)
#define CR4_TSD (1ul << 2)
#define CR4_MCE (1ul << 6)
#define CR4_PGE (1ul << 7)
#define CR4_VMXE (1ul << 13)

#define ACCESSORS(n)                                                                               \
	static uint64_t get_cr##n(void)                                                           \
	{                                                                                          \
		uint64_t v;                                                                        \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v)::"memory");                        \
		return v;                                                                          \
	}                                                                                          \
	static unsigned try_cr##n(uint64_t v)                                                      \
	{                                                                                          \
		unsigned f;                                                                        \
		__asm__ volatile(TRY("mov %1, %%cr" #n) : "=&b"(f) : "r"(v) : "memory");            \
		return FAULT_OF(f);                                                                \
	}
ACCESSORS(0)
ACCESSORS(3)
ACCESSORS(4)
ACCESSORS(8)

static void cr0_bits(void)
{
	static const uint64_t bits[] = {CR0_NE, CR0_TS, CR0_MP, CR0_WP, CR0_EM};
	uint64_t was = get_cr0(), low;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		EXPECT_EQ(try_cr0(was ^ bits[i]), 0);
		EXPECT_EQ(get_cr0(), was ^ bits[i]);
		(void)cpuid(0, 0);
		EXPECT_EQ(get_cr0(), was ^ bits[i]);
		EXPECT_EQ(try_cr0(was), 0);
	}
	EXPECT_EQ(try_cr0(was | CR0_TS), 0);
	__asm__ volatile("clts" ::: "memory");
	EXPECT_EQ(get_cr0() & CR0_TS, 0);
	__asm__ volatile("smsw %0" : "=r"(low));
	EXPECT_EQ(low & 0xffff, get_cr0() & 0xffff);
	__asm__ volatile("lmsw %0" ::"r"((uint16_t)(low | CR0_TS)) : "memory");
	EXPECT_EQ(get_cr0(), was | CR0_TS);
	/* LMSW cannot leave protected mode. */
	__asm__ volatile("lmsw %0" ::"r"((uint16_t)(low & ~1ul & ~CR0_TS)) : "memory");
	EXPECT_EQ(get_cr0(), was & ~CR0_TS);
	/* It can change MP. */
	low = was ^ CR0_MP;
	__asm__ volatile("lmsw %0" ::"r"((uint16_t)low) : "memory");
	EXPECT_EQ(get_cr0() & CR0_MP, low & CR0_MP);
	EXPECT_EQ(try_cr0(was), 0);
}

static void cr0_refused(void)
{
	uint64_t was = get_cr0();

	EXPECT_EQ(try_cr0(was & ~1ul), FAULT_GP);
	EXPECT_EQ(get_cr0(), was);
}

static void cr4_bits(void)
{
	static const uint64_t bits[] = {CR4_PGE, CR4_TSD, CR4_MCE};
	uint64_t was = get_cr4();
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		EXPECT_EQ(try_cr4(was ^ bits[i]), 0);
		EXPECT_EQ(get_cr4(), was ^ bits[i]);
		(void)cpuid(0, 0);
		EXPECT_EQ(get_cr4(), was ^ bits[i]);
		EXPECT_EQ(try_cr4(was), 0);
	}
	EXPECT_EQ(was & CR4_VMXE, 0);
	EXPECT_EQ(try_cr4(was | CR4_VMXE), FAULT_GP);
	EXPECT_EQ(try_cr4(was | 1ul << 31), FAULT_GP);
	EXPECT_EQ(try_cr4(was & ~(1ul << 5)), FAULT_GP); /* PAE in long mode */
	EXPECT_EQ(get_cr4(), was);
}

void guest_main(void)
{
	uint64_t cr3 = get_cr3();

	cr0_bits();
	cr0_refused();
	cr4_bits();
	EXPECT_EQ(try_cr3(cr3), 0);
	EXPECT_EQ(get_cr3(), cr3);
	(void)cpuid(0, 0);
	EXPECT_EQ(get_cr3(), cr3);
	EXPECT_EQ(try_cr8(5), 0);
	EXPECT_EQ(get_cr8(), 5);
	EXPECT_EQ(try_cr8(0), 0);
}
