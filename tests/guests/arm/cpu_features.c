/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: cpu=max machine=mte=on */
/*
 * What the CPU has beyond a plain one is either said by the ID registers, and works, or it is not,
 * and its instructions and registers are undefined: SVE, SME, memory tags, error records, activity
 * monitors, profiling, limited ordering.
 */
#include "guest.h"

#define ID(crm, op2) "S3_0_C0_C" #crm "_" #op2

#define READ(reg)                                                                                  \
	({                                                                                         \
		uint64_t v_;                                                                       \
		__asm__ volatile("mrs %0, " reg : "=r"(v_));                                       \
		v_;                                                                                \
	})
#define FIELD(v, shift) ((v) >> (shift)&15)

/* The class of the exception of one instruction, which may change x0; PASSED: there was none. */
#define PASSED (~0ul)
#define TRY(insn)                                                                                  \
	({                                                                                         \
		volatile struct probe *p_ = &probes[cpu_self()];                                   \
		register uint64_t x0_ __asm__("x0") = 0;                                           \
		uint64_t esr_;                                                                     \
                                                                                                   \
		PROBE(p_, insn, "+r"(x0_) :);                                                      \
		esr_ = probe_end(p_);                                                              \
		esr_ ? esr_ >> 26 : PASSED;                                                        \
	})
#define UNDEFINED 0ul

static void check_said(void)
{
	uint64_t pfr0 = READ(ID(4, 0)), pfr1 = READ(ID(4, 1)), dfr0 = READ(ID(5, 0));

	EXPECT(FIELD(pfr0, 0) != 0, "no EL0");
	EXPECT_EQ(FIELD(pfr0, 28), 0);		 /* RAS */
	EXPECT_EQ(FIELD(pfr0, 32), 0);		 /* SVE */
	EXPECT_EQ(FIELD(pfr0, 40), 0);		 /* MPAM */
	EXPECT_EQ(FIELD(pfr0, 44), 0);		 /* AMU */
	EXPECT_EQ(FIELD(pfr1, 8), 0);		 /* MTE */
	EXPECT_EQ(READ(ID(4, 4)), 0);		 /* ID_AA64ZFR0 */
	EXPECT_EQ(FIELD(dfr0, 32), 0);		 /* SPE */
	EXPECT_EQ(FIELD(READ(ID(7, 1)), 16), 0); /* LOR */
	/* What a plain CPU has is still there. */
	EXPECT_EQ(FIELD(pfr0, 16) & 14, 0); /* FP */
	EXPECT(FIELD(READ(ID(6, 0)), 4) >= 1, "no AES");
	EXPECT(FIELD(READ(ID(6, 0)), 20) >= 2, "no atomics");
}

static void check_hidden(void)
{
	uint64_t cpacr;

	/* CPACR_EL1.ZEN, FPEN, SMEN: the guest itself forbids nothing. */
	__asm__ volatile("mrs %0, cpacr_el1\n orr %0, %0, #0x300000\n orr %0, %0, #0x30000\n"
			 "orr %0, %0, #0x3000000\n msr cpacr_el1, %0\n isb"
			 : "=&r"(cpacr));
	EXPECT_EQ(TRY(".inst 0x04bf5020"), UNDEFINED);	    /* rdvl x0, #1 */
	EXPECT_EQ(TRY("mrs x0, S3_0_C1_C2_0"), UNDEFINED);  /* ZCR_EL1 */
	EXPECT_EQ(TRY("mrs x0, S3_0_C5_C3_0"), UNDEFINED);  /* ERRIDR_EL1 */
	EXPECT_EQ(TRY("mrs x0, S3_3_C13_C2_0"), UNDEFINED); /* AMCR_EL0 */
	EXPECT_EQ(TRY("mrs x0, S3_0_C9_C9_0"), UNDEFINED);  /* PMSCR_EL1 */
	EXPECT_EQ(TRY("mrs x0, S3_0_C10_C4_0"), UNDEFINED); /* LORSA_EL1 */
	EXPECT_EQ(TRY("mrs x0, S3_0_C1_C0_6"), UNDEFINED);  /* GCR_EL1 */
	EXPECT_EQ(TRY("mrs x0, S3_3_C13_C0_7"), UNDEFINED); /* SCXTNUM_EL0 */
	EXPECT_EQ(TRY("mrs x0, vbar_el2"), UNDEFINED);
}

/* These stand apart: real Xen 4.17 knows less of them. */
static void check_later(void)
{
	uint64_t pfr1 = READ(ID(4, 1));

	EXPECT_EQ(FIELD(pfr1, 24), 0);			   /* SME */
	EXPECT_EQ(FIELD(READ(ID(5, 0)), 8), 0);		   /* counters */
	EXPECT_EQ(READ(ID(4, 5)), 0);			   /* ID_AA64SMFR0 */
	EXPECT_EQ(TRY(".inst 0xd503477f"), UNDEFINED);	   /* smstart */
	EXPECT_EQ(TRY("mrs x0, S3_0_C1_C2_6"), UNDEFINED); /* SMCR_EL1 */
	EXPECT_EQ(TRY("mrs x0, S3_1_C0_C0_4"), UNDEFINED); /* GMID_EL1 */
}

void guest_main(void)
{
	printf("pfr0 %lx pfr1 %lx dfr0 %lx isar0 %lx isar1 %lx isar2 %lx mmfr0 %lx mmfr1 %lx mmfr2 "
	       "%lx\n",
	       READ(ID(4, 0)), READ(ID(4, 1)), READ(ID(5, 0)), READ(ID(6, 0)), READ(ID(6, 1)),
	       READ(ID(6, 2)), READ(ID(7, 0)), READ(ID(7, 1)), READ(ID(7, 2)));
	check_said();
	check_hidden();
	check_later();
}
