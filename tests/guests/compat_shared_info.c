/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The layout of shared_info, vcpu_info and the runstate area is that of the mode in which the guest
 * set its callback or wrote the address of the hypercall page last.
 */
#include "guest.h"
#include <xen/foreign/x86_32.h>

static struct shared_info_x86_32 *narrow;
static evtchn_port_t port;

/* Which layout does an event on the port come in? */
static bool arrives(bool in_narrow)
{
	struct shared_info *wide = shared_info();
	uint32_t *word = &narrow->evtchn_pending[port / 32];
	bool ok;

	memset(narrow->vcpu_info, 0,
	       sizeof(narrow->vcpu_info[0]) - sizeof(narrow->vcpu_info[0].time));
	memset(wide->evtchn_pending, 0, sizeof(wide->evtchn_pending) + sizeof(wide->evtchn_mask));
	CHECK_EQ(event_send(port), 0);
	if (in_narrow) {
		ok = *word == 1u << port % 32 &&
		     narrow->vcpu_info[0].evtchn_pending_sel == 1u << port / 32 &&
		     !wide->vcpu_info[0].evtchn_pending_sel;
	} else {
		ok = wide->evtchn_pending[port / 64] == 1ul << port % 64 &&
		     wide->vcpu_info[0].evtchn_pending_sel == 1ul << port / 64 &&
		     !narrow->vcpu_info[0].evtchn_pending_sel;
	}
	ok = ok && narrow->vcpu_info[0].evtchn_upcall_pending == 1;
	memset(narrow->vcpu_info, 0,
	       sizeof(narrow->vcpu_info[0]) - sizeof(narrow->vcpu_info[0].time));
	memset(wide->evtchn_pending, 0, sizeof(wide->evtchn_pending) + sizeof(wide->evtchn_mask));
	return ok;
}

static long set_callback(bool by_compat)
{
	static struct xen_hvm_param p = {.domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ};

	return by_compat ? COMPAT(hvm_op, HVMOP_set_param, &p) : HC(hvm_op, HVMOP_set_param, &p);
}

static void masks(void)
{
	/* Masked: no selector; unmasking delivers. */
	narrow->evtchn_mask[port / 32] |= 1u << port % 32;
	EXPECT_EQ(event_send(port), 0);
	EXPECT_EQ(narrow->vcpu_info[0].evtchn_pending_sel, 0);
	EXPECT_EQ(event_unmask(port), 0);
	EXPECT_EQ(narrow->vcpu_info[0].evtchn_pending_sel, 1u << port / 32);
	EXPECT_EQ(narrow->evtchn_mask[port / 32], 0);
	narrow->vcpu_info[0].evtchn_pending_sel = 0;
	narrow->vcpu_info[0].evtchn_upcall_pending = 0;
	narrow->evtchn_pending[port / 32] = 0;
}

static void wallclock(void)
{
	struct shared_info *wide = shared_info();

	EXPECT(narrow->wc_version && !(narrow->wc_version & 1), "version %u", narrow->wc_version);
	EXPECT_EQ(narrow->wc_sec, wide->wc_sec);
	EXPECT_EQ(narrow->arch.wc_sec_hi, 0);
}

static void runstate(void)
{
	static struct {
		uint32_t state;
		uint64_t state_entry_time, time[4];
		uint32_t behind;
	} __attribute__((packed)) area = {.behind = 0x12345678};
	struct {
		uint64_t p;
	} reg = {LOW32(&area)};
	struct sched_poll p = {0};
	uint64_t blocked;

	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	EXPECT_EQ(area.state, RUNSTATE_running);
	blocked = area.time[RUNSTATE_blocked];
	p.timeout = system_time(0) + 50000000;
	EXPECT_EQ(HC(sched_op, SCHEDOP_poll, &p), 0);
	EXPECT(area.time[RUNSTATE_blocked] > blocked, "no blocked time");
	EXPECT_EQ(area.state, RUNSTATE_running);
	EXPECT_EQ(area.behind, 0x12345678);
	reg.p = 0;
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &reg), 0);
}

static void port_limit(void)
{
	struct evtchn_bind_ipi b = {.vcpu = 0};
	long rc;

	do {
		rc = event_op(EVTCHNOP_bind_ipi, &b);
	} while (!rc);
	EXPECT_EQ(rc, -XEN_ENOSPC);
	EXPECT_EQ(b.port, 1023);
	port = 1023;
	EXPECT(arrives(true), "the last port");
}

static void own_vcpu_info(void)
{
	struct vcpu_info_x86_32 *info = alloc_pages(1);
	struct vcpu_register_vcpu_info reg = {.mfn = PFN(info), .offset = 64};

	info++;
	EXPECT_EQ(COMPAT(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg), 0);
	EXPECT_EQ(info->evtchn_upcall_pending, 1);
	EXPECT_EQ(info->evtchn_pending_sel, ~0u);
	EXPECT(info->time.tsc_to_system_mul != 0, "no time");
	EXPECT_EQ(*(uint64_t *)&info->arch, 0);
	info->evtchn_pending_sel = 0;
	info->evtchn_upcall_pending = 0;
	EXPECT_EQ(event_send(port), 0);
	EXPECT_EQ(info->evtchn_pending_sel, 1u << port / 32);
}

void guest_main(void)
{
	uint32_t msr = cpuid(xen_leaf + 2, 0).b;

	narrow = (struct shared_info_x86_32 *)shared_info();
	(void)system_time(0);
	do {
		port = event_bind_ipi(0);
	} while (port < 70);
	EXPECT(arrives(false), "64-bit at first");
	EXPECT_EQ(set_callback(true), 0);
	EXPECT(arrives(true), "callback set by 32-bit code");
	masks();
	runstate();
	EXPECT_EQ(set_callback(false), 0);
	EXPECT(arrives(false), "callback set by 64-bit code");
	wrmsr_compat(msr, (uint64_t)hypercall_page);
	EXPECT(arrives(true), "hypercall page by 32-bit code");
	wrmsr(msr, (uint64_t)hypercall_page);
	EXPECT(arrives(false), "hypercall page by 64-bit code");
	EXPECT_EQ(set_callback(true), 0);
	wallclock();
	port_limit();
	own_vcpu_info();
}
