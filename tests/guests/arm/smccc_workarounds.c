/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The speculation workarounds of SMCCC: ARCH_FEATURES answers what it may, and a call of one,
 * offered or not, comes back. "workaround" on the command line: the machine's firmware has the
 * first, so it is offered (tests/arm/monitor-arm64.S, which spoils what it may).
 */
#include "guest.h"

#define FEATURES     0x80000001u
#define WORKAROUND_1 0x80008000u
#define WORKAROUND_2 0x80007fffu
#define WORKAROUND_3 0x80003fffu

#define OFFERED	     0
#define NOT_REQUIRED 1
#define UNSUPPORTED  (-1)

#define ROUNDS 100

static int feature(uint32_t fn)
{
	return (int)psci(FEATURES, fn, 0, 0);
}

void guest_main(void)
{
	static const uint32_t calls[] = {WORKAROUND_1, WORKAROUND_2, WORKAROUND_3};

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		int answer = feature(calls[i]);

		EXPECT(answer == UNSUPPORTED || answer == NOT_REQUIRED || answer == OFFERED,
		       "%#x: %d", calls[i], answer);
	}
	if (cmdline_has("workaround")) {
		EXPECT_EQ(feature(WORKAROUND_1), OFFERED);
		EXPECT_EQ(feature(WORKAROUND_2), UNSUPPORTED);
		EXPECT_EQ(feature(WORKAROUND_3), UNSUPPORTED);
	}
	EXPECT_EQ(feature(0x80000002u), UNSUPPORTED);
	for (unsigned i = 0; i < ROUNDS * ARRAY_SIZE(calls); i++) {
		psci(calls[i % ARRAY_SIZE(calls)], i, 0, 0);
	}
	/* What an exit must not change, it does not change by the firmware's call either. */
	for (unsigned i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(HC(xen_version, XENVER_version), 4 << 16 | 17);
	}
}
