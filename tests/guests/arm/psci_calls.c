/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * PSCI and SMCCC by HVC: versions, which functions there are, a vCPU that goes off and comes back,
 * and what calls with wrong arguments answer.
 */
#include "guest.h"

#define FN32(n) (0x84000000u + (n))
#define FN64(n) (0xc4000000u + (n))
/* Of the guest's own width. */
#define FN_WIDE(n) (sizeof(long) == 8 ? FN64(n) : FN32(n))

#define VERSION	      FN32(0)
#define CPU_SUSPEND   FN_WIDE(1)
#define CPU_OFF	      FN32(2)
#define CPU_ON	      FN_WIDE(3)
#define AFFINITY_INFO FN_WIDE(4)
#define MIGRATE_TYPE  FN32(6)
#define SYSTEM_OFF    FN32(8)
#define SYSTEM_RESET  FN32(9)
#define FEATURES      FN32(10)

#define SMCCC_VERSION  0x80000000u
#define SMCCC_FEATURES 0x80000001u

#define NOT_SUPPORTED (-1)
#define INVALID	      (-2)
#define ALREADY_ON    (-4)

static volatile uint32_t ran;

static void note(void *arg)
{
	(void)arg;
	atomic_add(&ran, 1);
}

static void go_off(void *arg)
{
	(void)arg;
	ran = 100;
	psci(CPU_OFF, 0, 0, 0);
	ran = 200;
}

static void check_functions(void)
{
	const uint32_t present[] = {VERSION,	   CPU_OFF,	CPU_ON,	      FN32(3),
				    AFFINITY_INFO, FN32(4),	SYSTEM_OFF,   SYSTEM_RESET,
				    MIGRATE_TYPE,  CPU_SUSPEND, SMCCC_VERSION};

	for (unsigned i = 0; i < ARRAY_SIZE(present); i++) {
		EXPECT((int)psci(FEATURES, present[i], 0, 0) >= 0, "function %#x", present[i]);
	}
	EXPECT_EQ((int)psci(FEATURES, FN32(0x1f), 0, 0), NOT_SUPPORTED);
	EXPECT_EQ((int)psci(FN32(0x1f), 0, 0, 0), NOT_SUPPORTED);
	EXPECT_EQ((int)psci(FN64(4), 0, 0, 0), sizeof(long) == 8 ? 0 : NOT_SUPPORTED);
	EXPECT_EQ((int)psci(0x8600ffff, 0, 0, 0), NOT_SUPPORTED);
	EXPECT_EQ((int)psci(0x12345678, 0, 0, 0), NOT_SUPPORTED);
}

void guest_main(void)
{
	EXPECT_EQ((int)psci(VERSION, 0, 0, 0), 0x10001);
	EXPECT_EQ((int)psci(SMCCC_VERSION, 0, 0, 0), 0x10001);
	EXPECT_EQ((int)psci(SMCCC_FEATURES, 0x80001234, 0, 0), NOT_SUPPORTED);
	EXPECT_EQ((int)psci(MIGRATE_TYPE, 0, 0, 0), 2);
	check_functions();
	EXPECT_EQ((int)psci(AFFINITY_INFO, 0, 0, 0), 0);
	EXPECT_EQ((int)psci(AFFINITY_INFO, 1, 0, 0), 1);
	EXPECT_EQ((int)psci(CPU_ON, 77, 0x40000000, 0), INVALID);
	EXPECT_EQ((int)psci(CPU_ON, 0, 0x40000000, 0), ALREADY_ON);
	cpu_run(1, note, NULL);
	cpu_wait(1);
	EXPECT_EQ(ran, 1);
	EXPECT_EQ((int)psci(AFFINITY_INFO, 1, 0, 0), 0);
	EXPECT_EQ((int)psci(CPU_ON, 1, 0x40000000, 0), ALREADY_ON);
	cpu_run(1, go_off, NULL);
	CHECK(WAIT_FOR(psci(AFFINITY_INFO, 1, 0, 0) == 1, 5000), "still on");
	EXPECT_EQ(ran, 100);
	/* It starts from the beginning again, not where it left off. */
	cpu_forget(1);
	delay_us(50000);
	cpu_run(1, note, NULL);
	cpu_wait(1);
	EXPECT_EQ(ran, 101);
}
