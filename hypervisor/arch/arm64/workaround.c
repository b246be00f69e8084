/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speculation workarounds of the firmware: asked for on each CPU, whose vectors are then those that
 * call it. The other vectors are the ones of a CPU that needs nothing.
 */
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/smccc.h>
#include <asm/workaround.h>
#include <hv/cpu.h>
#include <hv/log.h>

#define PSCI_VERSION	    0x84000000u
#define PSCI_FEATURES	    0x8400000au
#define PSCI_VERSION_1_0    0x10000
#define SMCCC_VERSION	    0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_VERSION_1_1   0x10001

extern char vectors_workaround_1[], vectors_workaround_3[];

/* Of any CPU: with different ones, guests move between them. */
static bool has_1, has_3;
static int answer_2 = SMCCC_UNSUPPORTED;

static int32_t ask(uint32_t fn, uint32_t arg)
{
	return (int32_t)smc_call(fn, arg, 0, 0);
}

/* Before 1.1 of the convention a call of an unknown function may do anything. */
static bool firmware_can_say(void)
{
	return platform.psci.present && !platform.psci.hvc && platform.psci.version >= 2 &&
	       ask(PSCI_VERSION, 0) >= PSCI_VERSION_1_0 && ask(PSCI_FEATURES, SMCCC_VERSION) >= 0 &&
	       ask(SMCCC_VERSION, 0) >= SMCCC_VERSION_1_1;
}

static void use(const char *vectors, bool *flag, unsigned int n)
{
	write_sysreg(vbar_el2, vectors);
	isb();
	if (!READ_ONCE(*flag)) {
		WRITE_ONCE(*flag, true);
		log_info("CPU %u: the firmware's workaround %u at each exit of a guest\n",
			 this_cpu()->id, n);
	}
}

void workaround_init_cpu(void)
{
	int32_t answer;

	if (!firmware_can_say()) {
		return;
	}
	/* 0: it is there and needed; 1: there, and not on this CPU. */
	if (ask(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_3) == 0) {
		use(vectors_workaround_3, &has_3, 3);
	} else if (ask(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_1) == 0) {
		use(vectors_workaround_1, &has_1, 1);
	}
	answer = ask(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_2);
	if (answer == 0 || answer == SMCCC_NOT_REQUIRED) {
		WRITE_ONCE(answer_2, SMCCC_NOT_REQUIRED);
	}
}

int workaround_for_guests(uint32_t fn)
{
	switch (fn) {
	case SMCCC_WORKAROUND_1:
		return READ_ONCE(has_1) || READ_ONCE(has_3) ? 0 : SMCCC_UNSUPPORTED;
	case SMCCC_WORKAROUND_3:
		return READ_ONCE(has_3) ? 0 : SMCCC_UNSUPPORTED;
	case SMCCC_WORKAROUND_2:
		return READ_ONCE(answer_2);
	default:
		return SMCCC_UNSUPPORTED;
	}
}
