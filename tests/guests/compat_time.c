/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Waiting and time of a 32-bit caller: 64-bit numbers stand at multiples of four bytes, so the
 * structures of poll, the single-shot timer and the runstate are shorter; set_timer_op has its time
 * in two registers.
 */
#include "guest.h"

struct runstate32 {
	uint32_t state;
	uint64_t state_entry_time, time[4];
} __attribute__((packed));

static evtchn_port_t timer_port(void)
{
	struct evtchn_bind_virq b = {.virq = VIRQ_TIMER};

	CHECK_EQ(event_op(EVTCHNOP_bind_virq, &b), 0);
	event_mask2l(b.port, true);
	return b.port;
}

static void poll(evtchn_port_t timer)
{
	static evtchn_port_t ports[2];
	struct {
		uint32_t ports, nr_ports;
		uint64_t timeout;
		uint32_t behind;
	} p = {.nr_ports = 1, .behind = ~0u};
	uint64_t start = system_time(0);

	p.ports = LOW32(ports);
	ports[0] = timer;
	ports[1] = 99999;
	p.timeout = start + 20000000;
	EXPECT_EQ(COMPAT(sched_op, SCHEDOP_poll, &p), 0);
	EXPECT(system_time(0) >= start + 20000000, "poll came back early");
	p.timeout = 0;
	p.nr_ports = 2;
	EXPECT_EQ(COMPAT(sched_op, SCHEDOP_poll, &p), -XEN_EINVAL);
	p.nr_ports = 129;
	EXPECT_EQ(COMPAT(sched_op, SCHEDOP_poll, &p), -XEN_EINVAL);
	p.nr_ports = 1;
	p.ports = 0xe0000000;
	EXPECT_EQ(COMPAT(sched_op, SCHEDOP_poll, &p), -XEN_EFAULT);
	EXPECT_EQ(COMPAT(sched_op, SCHEDOP_poll, 0xe0000000), -XEN_EFAULT);
}

static void timers(evtchn_port_t timer)
{
	struct {
		uint64_t timeout;
		uint32_t flags;
	} __attribute__((packed)) single = {0, 0};
	uint64_t when = system_time(0) + 5000000;

	single.timeout = when;
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_set_singleshot_timer, 0, &single), 0);
	EXPECT(WAIT_FOR(event_pending(timer), 1000), "no single-shot timer");
	EXPECT(system_time(0) >= when, "the timer is early");
	event_clear(timer);
	/* The high word counts: without it the time would have passed. */
	when = system_time(0) + (1ull << 32);
	EXPECT_EQ(COMPAT(set_timer_op, when, when >> 32), 0);
	EXPECT(!WAIT_FOR(event_pending(timer), 50), "a timer of four seconds is early");
	when = system_time(0) + 5000000;
	EXPECT_EQ(COMPAT(set_timer_op, when, when >> 32), 0);
	EXPECT(WAIT_FOR(event_pending(timer), 1000), "no timer by set_timer_op");
	event_clear(timer);
}

static void runstates(void)
{
	struct {
		struct runstate32 r;
		uint32_t behind;
	} __attribute__((packed)) now = {.behind = 0x12345678};
	static struct runstate32 area[2];
	uint64_t reg = LOW32(area) | 0x5500000000ull;
	unsigned i;

	memset(area, 0x77, sizeof(area));
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_get_runstate_info, 0, &now), 0);
	EXPECT_EQ(now.r.state, RUNSTATE_running);
	EXPECT(now.r.state_entry_time <= system_time(0), "entered in the future");
	EXPECT(now.r.time[RUNSTATE_running] > 0);
	EXPECT_EQ(now.behind, 0x12345678);
	/* The upper half of the address is not looked at. */
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	EXPECT_EQ(area[0].state, RUNSTATE_running);
	EXPECT(area[0].state_entry_time >= now.r.state_entry_time);
	for (i = 0; i < sizeof(area[1]); i++) {
		EXPECT(((uint8_t *)&area[1])[i] == 0x77, "byte %u behind the area", i);
	}
	reg = 0;
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &reg), 0);
}

static void time_area(void)
{
	static struct vcpu_time_info area PAGE_ALIGNED;
	uint64_t reg = LOW32(&area) | 0x5500000000ull;

	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0);
	EXPECT(area.tsc_to_system_mul == vcpu_info(0)->time.tsc_to_system_mul,
	       "no time in the area");
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, 0xe0000000),
		  -XEN_EFAULT);
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_get_runstate_info, 7, 0xe0000000), -XEN_ENOENT);
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_get_runstate_info, 0, 0xe0000000), -XEN_EFAULT);
}

static void version(void)
{
	struct {
		uint32_t start, behind;
	} p = {1, 2};

	EXPECT_EQ(COMPAT(xen_version, XENVER_platform_parameters, &p), 0);
	EXPECT_EQ(p.start, 0);
	EXPECT_EQ(p.behind, 2);
}

void guest_main(void)
{
	evtchn_port_t timer = timer_port();

	poll(timer);
	timers(timer);
	runstates();
	time_area();
	version();
}
