/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 pcpus=1 cpu=max */
/*
 * Pointer authentication, where the ID registers say it: signing changes a pointer, authenticating
 * gives it back, a forged one stays wrong. Two vCPUs on one CPU have keys of their own, which
 * survive that the other one runs.
 */
#include "guest.h"

#define POINTER 0x0000000012345678ul
#define ROUNDS	200u

static volatile uint32_t arrived;
static uint64_t other_signed;

static void key_set(uint64_t low)
{
	/* APIAKey, APDBKey */
	__asm__ volatile("msr S3_0_C2_C1_0, %0\n msr S3_0_C2_C1_1, %1\n"
			 "msr S3_0_C2_C2_2, %1\n msr S3_0_C2_C2_3, %0\n" ::"r"(low),
			 "r"(~low * 3));
	/* SCTLR_EL1.EnIA, EnDB */
	__asm__ volatile("mrs %0, sctlr_el1\n orr %0, %0, #0x80000000\n orr %0, %0, #0x2000\n"
			 "msr sctlr_el1, %0\n isb"
			 : "=&r"(low));
}

static uint64_t key_low(void)
{
	uint64_t v;

	__asm__ volatile("mrs %0, S3_0_C2_C1_0" : "=r"(v));
	return v;
}

static uint64_t sign(uint64_t p)
{
	__asm__ volatile(".arch_extension pauth\n pacia %0, %1\n pacdb %0, %1"
			 : "+r"(p)
			 : "r"(7ul));
	return p;
}

static uint64_t sign_code(uint64_t p)
{
	__asm__ volatile(".arch_extension pauth\n pacia %0, %1" : "+r"(p) : "r"(7ul));
	return p;
}

static uint64_t strip(uint64_t p)
{
	__asm__ volatile(".arch_extension pauth\n xpaci %0" : "+r"(p));
	return p;
}

static uint64_t authenticate(uint64_t p)
{
	__asm__ volatile(".arch_extension pauth\n autia %0, %1" : "+r"(p) : "r"(7ul));
	return p;
}

/* Both vCPUs come here: each signs as long as the other is at it. */
static void meet(uint32_t count)
{
	atomic_add(&arrived, 1);
	while (arrived < count) {
		HC(sched_op, SCHEDOP_yield, 0);
	}
}

static void other(void *arg)
{
	(void)arg;
	key_set(0x1111222233334444ul);
	other_signed = sign_code(POINTER);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		meet(2 * i);
		EXPECT_EQ(sign_code(POINTER), other_signed);
	}
}

void guest_main(void)
{
	uint64_t isar1, isar2, mine, both;

	__asm__("mrs %0, id_aa64isar1_el1\n mrs %1, S3_0_C0_C6_2" : "=r"(isar1), "=r"(isar2));
	if (!(isar1 & 0xff0) && !(isar2 & 0xf000)) {
		guest_skip("no pointer authentication is offered");
	}
	key_set(0x0123456789abcdeful);
	mine = sign_code(POINTER);
	both = sign(POINTER);
	EXPECT(mine != POINTER, "signing changes nothing");
	EXPECT(both != mine, "the data key changes nothing");
	EXPECT_EQ(strip(mine), POINTER);
	EXPECT_EQ(authenticate(mine), POINTER);
	EXPECT(authenticate(mine ^ 1ul << 50) != POINTER, "a forged pointer passes");
	cpu_run(1, other, NULL);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		meet(2 * i);
		EXPECT_EQ(sign_code(POINTER), mine);
	}
	cpu_wait(1);
	EXPECT_EQ(key_low(), 0x0123456789abcdeful);
	EXPECT_EQ(sign(POINTER), both);
	EXPECT(other_signed != mine, "two keys, one signature");
}
