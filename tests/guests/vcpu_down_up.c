/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/* A vCPU can take itself down and is brought up again where it left off. */
#include "guest.h"

static volatile uint32_t stage;

static void go_down(void *arg)
{
	(void)arg;
	stage = 1;
	HC(vcpu_op, VCPUOP_down, 1, 0);
	stage = 2;
}

void guest_main(void)
{
	cpu_run(1, go_down, NULL);
	CHECK(WAIT_FOR(stage == 1, 5000));
	CHECK(WAIT_FOR(HC(vcpu_op, VCPUOP_is_up, 1, 0) == 0, 5000), "still up");
	EXPECT_EQ(stage, 1);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_up, 1, 0), 0);
	EXPECT(WAIT_FOR(stage == 2, 5000), "did not come back");
	EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, 1, 0), 1);
}
