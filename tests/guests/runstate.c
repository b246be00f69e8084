/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * Runstate: the four times of a vCPU add up to the time since its entry, the state tells what it
 * does, and a registered area follows by itself.
 */
#include "guest.h"

static uint64_t sum(const struct vcpu_runstate_info *r)
{
	return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

void guest_main(void)
{
	static struct vcpu_runstate_info now, later, area;
	struct vcpu_register_runstate_memory_area reg;
	uint64_t t[4], advance, blocked;

	t[0] = system_time(0);
	CHECK_EQ(HC(vcpu_op, VCPUOP_get_runstate_info, 0, &now), 0);
	t[1] = system_time(0);
	EXPECT_EQ(now.state, RUNSTATE_running);
	EXPECT(now.state_entry_time <= t[1], "entered in the future");
	delay_us(20000);
	t[2] = system_time(0);
	CHECK_EQ(HC(vcpu_op, VCPUOP_get_runstate_info, 0, &later), 0);
	t[3] = system_time(0);
	EXPECT(later.time[RUNSTATE_running] > now.time[RUNSTATE_running], "no running time");
	advance = sum(&later) - sum(&now);
	EXPECT(advance + 100000 >= t[2] - t[1] && advance <= t[3] - t[0] + 100000,
	       "the times advance by %lu ns in %lu to %lu", advance, t[2] - t[1], t[3] - t[0]);
	CHECK_EQ(HC(vcpu_op, VCPUOP_get_runstate_info, 1, &now), 0);
	EXPECT_EQ(now.state, RUNSTATE_offline);
	reg.addr.v = &area;
	EXPECT_EQ(HC(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	EXPECT_EQ(area.state, RUNSTATE_running);
	blocked = area.time[RUNSTATE_blocked];
	/* Blocking shows as blocked time in the area. */
	apic_init();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, 0x50);
	apic_write(APIC_TMICT, 20000000);
	halt_once();
	EXPECT(area.time[RUNSTATE_blocked] > blocked, "no blocked time");
	EXPECT_EQ(area.state, RUNSTATE_running);
}
