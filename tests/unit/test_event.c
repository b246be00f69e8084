/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels with the 2-level ABI: who may do what, and what the guest's memory then says. */
#include "event_fixture.h"
#include <hv/bitops.h>

static bool pending(const struct domain *d, uint32_t port)
{
	return test_bit(port, d->shared_info->evtchn_pending);
}

static void clear_upcall(struct vcpu *v)
{
	v->info->evtchn_upcall_pending = 0;
	v->info->evtchn_pending_sel = 0;
}

TEST(event_ports_lowest_first)
{
	setup(1023);
	CHECK_EQ(alloc_unbound(DOMID_SELF), 1);
	CHECK_EQ(alloc_unbound(2), 2);
	CHECK_EQ(alloc_unbound(2), 3);
	CHECK_EQ(port_op(EVTCHNOP_close, 2), 0);
	CHECK_EQ(port_op(EVTCHNOP_close, 1), 0);
	CHECK_EQ(alloc_unbound(2), 1);
	CHECK_EQ(alloc_unbound(2), 2);
	CHECK_EQ(alloc_unbound(2), 4);
	teardown();
}

static uint32_t alloc_until_full(void)
{
	uint32_t last = 0;
	long rc;

	for (;;) {
		struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = 2 };

		rc = EVENT_OP(alloc_unbound, &op);
		if (rc) {
			break;
		}
		last = op.port;
	}
	CHECK_EQ(rc, -ENOSPC);
	return last;
}

TEST(event_port_limits)
{
	setup(130);
	CHECK_EQ(alloc_until_full(), 130);
	CHECK_EQ(port_op(EVTCHNOP_close, 77), 0);
	CHECK_EQ(alloc_unbound(2), 77);
	teardown();
	/* Without an administrator's limit, the ABI's own. */
	setup(~0u);
	CHECK_EQ(alloc_until_full(), EVTCHN_2L_NR_CHANNELS - 1);
	teardown();
}

TEST(event_alloc_rights)
{
	struct evtchn_alloc_unbound op = { .dom = 2, .remote_dom = 1 };

	setup(1023);
	CHECK_EQ(EVENT_OP(alloc_unbound, &op), -EPERM);
	op.dom = 9;
	CHECK_EQ(EVENT_OP(alloc_unbound, &op), -ESRCH);
	fake_set_current(service->vcpu[0]);
	op.dom = 2;
	CHECK_EQ(EVENT_OP(alloc_unbound, &op), 0);
	fake_set_current(dom1->vcpu[0]);
	CHECK_EQ(bind_interdomain_to(2, op.port), 1);
	dom1->dying = DOMAIN_DYING;
	op.dom = DOMID_SELF;
	CHECK_EQ(EVENT_OP(alloc_unbound, &op), -EINVAL);
	teardown();
}

TEST(event_interdomain)
{
	struct evtchn_bind_interdomain op = { .remote_dom = 1 };
	uint32_t port1, port2;

	setup(1023);
	port1 = alloc_unbound(2);
	/* To an unbound one, events go nowhere. */
	CHECK_EQ(port_op(EVTCHNOP_send, port1), 0);
	fake_set_current(dom2->vcpu[0]);
	op.remote_port = port1 + 1;
	CHECK_EQ(EVENT_OP(bind_interdomain, &op), -EINVAL);
	op.remote_port = 5000;
	CHECK_EQ(EVENT_OP(bind_interdomain, &op), -EINVAL);
	op.remote_port = 0;
	CHECK_EQ(EVENT_OP(bind_interdomain, &op), -EINVAL);
	port2 = bind_interdomain_to(1, port1);
	CHECK_TRUE(pending(dom2, port2) && !pending(dom1, port1));
	CHECK_EQ(dom2->vcpu[0]->arch.upcalls, 1);
	op.remote_port = port1;
	CHECK_EQ(EVENT_OP(bind_interdomain, &op), -EINVAL);

	CHECK_EQ(port_op(EVTCHNOP_send, port2), 0);
	CHECK_TRUE(pending(dom1, port1));
	CHECK_EQ(dom1->vcpu[0]->info->evtchn_pending_sel, 1UL << port1 / 64);
	CHECK_EQ(dom1->vcpu[0]->info->evtchn_upcall_pending, 1);
	CHECK_EQ(dom1->vcpu[0]->arch.upcalls, 1);
	CHECK_EQ(port_op(EVTCHNOP_send, port2), 0);
	CHECK_EQ(dom1->vcpu[0]->arch.upcalls, 1);

	CHECK_EQ(port_op(EVTCHNOP_close, port2), 0);
	CHECK_EQ(status_of_port(port2), EVTCHNSTAT_closed);
	fake_set_current(dom1->vcpu[0]);
	CHECK_EQ(status_of_port(port1), EVTCHNSTAT_unbound);
	teardown();
}

TEST(event_bind_wants_the_right_domain)
{
	struct evtchn_bind_interdomain op = { .remote_dom = 1 };

	setup(1023);
	op.remote_port = alloc_unbound(0);
	fake_set_current(dom2->vcpu[0]);
	CHECK_EQ(EVENT_OP(bind_interdomain, &op), -EINVAL);
	op.remote_dom = 7;
	CHECK_EQ(EVENT_OP(bind_interdomain, &op), -ESRCH);
	teardown();
}

TEST(event_loopback)
{
	uint32_t a, b;

	setup(1023);
	a = alloc_unbound(DOMID_SELF);
	b = bind_interdomain_to(DOMID_SELF, a);
	CHECK_EQ(port_op(EVTCHNOP_send, b), 0);
	CHECK_TRUE(pending(dom1, a));
	CHECK_EQ(port_op(EVTCHNOP_close, a), 0);
	CHECK_EQ(status_of_port(b), EVTCHNSTAT_unbound);
	CHECK_TRUE(!pending(dom1, a));
	teardown();
}

TEST(event_mask)
{
	struct vcpu *v;
	uint32_t port;

	setup(1023);
	v = dom1->vcpu[0];
	port = bind_ipi(0);
	set_bit(port, dom1->shared_info->evtchn_mask);
	CHECK_EQ(port_op(EVTCHNOP_send, port), 0);
	CHECK_TRUE(pending(dom1, port));
	CHECK_EQ(v->info->evtchn_upcall_pending, 0);
	CHECK_EQ(port_op(EVTCHNOP_unmask, port), 0);
	CHECK_EQ(v->info->evtchn_upcall_pending, 1);
	CHECK_EQ(v->arch.upcalls, 1);
	clear_upcall(v);
	CHECK_EQ(port_op(EVTCHNOP_unmask, port), 0);
	CHECK_EQ(v->info->evtchn_upcall_pending, 0);
	CHECK_EQ(port_op(EVTCHNOP_unmask, 4000), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_unmask, port + 1), 0);
	teardown();
}

TEST(event_virqs)
{
	struct evtchn_bind_virq op = { .virq = VIRQ_TIMER, .vcpu = 1 };
	uint32_t timer, console;

	setup(1023);
	timer = bind_virq(VIRQ_TIMER, 1);
	CHECK_EQ(EVENT_OP(bind_virq, &op), -EEXIST);
	op.vcpu = 2;
	CHECK_EQ(EVENT_OP(bind_virq, &op), -ENOENT);
	op = (struct evtchn_bind_virq){ .virq = NR_VIRQS };
	CHECK_EQ(EVENT_OP(bind_virq, &op), -EINVAL);
	op = (struct evtchn_bind_virq){ .virq = VIRQ_CONSOLE, .vcpu = 1 };
	CHECK_EQ(EVENT_OP(bind_virq, &op), -EINVAL);
	console = bind_virq(VIRQ_CONSOLE, 0);

	event_send_virq(dom1->vcpu[1], VIRQ_TIMER);
	event_send_virq(dom1->vcpu[0], VIRQ_TIMER);
	CHECK_TRUE(pending(dom1, timer));
	CHECK_EQ(dom1->vcpu[1]->arch.upcalls, 1);
	CHECK_EQ(dom1->vcpu[0]->arch.upcalls, 0);
	CHECK_EQ(bind_vcpu(timer, 0), -EINVAL);
	CHECK_EQ(bind_vcpu(console, 1), 0);
	clear_upcall(dom1->vcpu[1]);
	event_send_global_virq(dom1, VIRQ_CONSOLE);
	CHECK_EQ(dom1->vcpu[1]->arch.upcalls, 2);
	CHECK_EQ(port_op(EVTCHNOP_send, console), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_close, console), 0);
	event_send_global_virq(dom1, VIRQ_CONSOLE);
	CHECK_TRUE(!pending(dom1, console));
	CHECK_EQ(bind_virq(VIRQ_CONSOLE, 0), console);
	teardown();
}

TEST(event_virq_handler)
{
	uint32_t port;

	setup(1023);
	port = bind_virq(VIRQ_DOM_EXC, 0);
	event_send_service_virq(VIRQ_DOM_EXC);
	CHECK_TRUE(!pending(dom1, port));
	CHECK_EQ(event_set_virq_handler(dom1, VIRQ_TIMER), -EINVAL);
	CHECK_EQ(event_set_virq_handler(dom1, NR_VIRQS), -EINVAL);
	CHECK_EQ(event_set_virq_handler(dom1, VIRQ_DOM_EXC), 0);
	event_send_service_virq(VIRQ_DOM_EXC);
	CHECK_TRUE(pending(dom1, port));
	CHECK_EQ(dom1->refs, 2);
	CHECK_EQ(event_set_virq_handler(dom2, VIRQ_DOM_EXC), 0);
	CHECK_EQ(dom1->refs, 1);
	teardown();
}

TEST(event_bind_vcpu_rules)
{
	uint32_t ipi, a;

	setup(1023);
	ipi = bind_ipi(1);
	a = alloc_unbound(DOMID_SELF);
	CHECK_EQ(bind_vcpu(a, 1), 0);
	CHECK_EQ(bind_vcpu(ipi, 0), -EINVAL);
	CHECK_EQ(bind_vcpu(a, 2), -ENOENT);
	CHECK_EQ(bind_vcpu(99999, 2), -ENOENT);
	CHECK_EQ(bind_vcpu(99999, 0), -EINVAL);
	CHECK_EQ(bind_vcpu(a + 1, 0), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_send, bind_interdomain_to(DOMID_SELF, a)), 0);
	CHECK_TRUE(dom1->vcpu[1]->info->evtchn_upcall_pending);
	teardown();
}

TEST(event_pirqs)
{
	struct evtchn_bind_pirq op = { .pirq = 9 };

	setup(1023);
	pirq_answer = -EPERM;
	CHECK_EQ(EVENT_OP(bind_pirq, &op), -EPERM);
	pirq_answer = 0;
	CHECK_EQ(EVENT_OP(bind_pirq, &op), 0);
	CHECK_EQ(op.port, 1);
	CHECK_EQ(EVENT_OP(bind_pirq, &op), -EEXIST);
	event_send_pirq(dom1, 8);
	CHECK_TRUE(!pending(dom1, 1));
	event_send_pirq(dom1, 9);
	event_send_pirq(dom2, 9);
	CHECK_TRUE(pending(dom1, 1));
	op.pirq = 1u << 30;
	CHECK_EQ(EVENT_OP(bind_pirq, &op), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_close, 1), 0);
	CHECK_EQ(pirqs_bound, 0);
	teardown();
}

TEST(event_status_rights)
{
	struct evtchn_status op = { .dom = 2, .port = 0 };

	setup(1023);
	CHECK_EQ(EVENT_OP(status, &op), -EPERM);
	op.port = 100000;
	CHECK_EQ(EVENT_OP(status, &op), -EINVAL);
	op.dom = 12;
	CHECK_EQ(EVENT_OP(status, &op), -ESRCH);
	CHECK_EQ(status_of_port(0), EVTCHNSTAT_closed);
	CHECK_EQ(status_of_port(bind_ipi(1)), EVTCHNSTAT_ipi);
	CHECK_EQ(status_of_port(bind_virq(VIRQ_DEBUG, 1)), EVTCHNSTAT_virq);
	teardown();
}

TEST(event_close_errors)
{
	setup(1023);
	CHECK_EQ(port_op(EVTCHNOP_close, 0), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_close, 1), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_close, ~0u), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_send, 0), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_send, 1), -EINVAL);
	teardown();
}

TEST(event_bad_calls)
{
	setup(1023);
	for (uint32_t cmd = 0; cmd < 15; cmd++) {
		CHECK_EQ(event_op(cmd, NULL, 0), -EFAULT);
	}
	CHECK_EQ(event_op(15, NULL, 0), -ENOSYS);
	CHECK_EQ(event_op(~0u, NULL, 0), -ENOSYS);
	teardown();
}

TEST(event_reset)
{
	struct evtchn_reset op = { .dom = DOMID_SELF };
	struct hypercall_args again;

	setup(1023);
	for (unsigned int i = 0; i < 200; i++) {
		alloc_unbound(2);
	}
	fake_preempt_after = 2;
	CHECK_EQ(EVENT_OP(reset, &op), -ERESTART);
	CHECK_EQ(current->hypercall_args[0], 14);
	CHECK_EQ(status_of_port(150), EVTCHNSTAT_unbound);
	CHECK_EQ(status_of_port(100), EVTCHNSTAT_closed);
	CHECK_EQ(EVENT_OP(reset, &op), -EBUSY);
	memcpy(again.v, current->hypercall_args, sizeof(again.v));
	memcpy(arg_buffer, &op, sizeof(op));
	CHECK_EQ(hypercall_event_channel_op(&again), 0);
	CHECK_EQ(dom1->events.active_count, 0);
	CHECK_EQ(alloc_unbound(2), 1);

	op.dom = 2;
	CHECK_EQ(EVENT_OP(reset, &op), -EPERM);
	fake_set_current(service->vcpu[0]);
	CHECK_EQ(EVENT_OP(reset, &op), -EINVAL);
	dom2->controller_pause_count = 1;
	CHECK_EQ(EVENT_OP(reset, &op), 0);
	teardown();
}

TEST(event_relinquish_steps_aside)
{
	setup(1023);
	for (unsigned int i = 0; i < 300; i++) {
		uint32_t port = alloc_unbound(2);

		fake_set_current(dom2->vcpu[0]);
		bind_interdomain_to(1, port);
		fake_set_current(dom1->vcpu[0]);
	}
	dom1->dying = DOMAIN_DYING;
	fake_preempt_after = 1;
	CHECK_EQ(event_relinquish(dom1), -ERESTART);
	CHECK_TRUE(dom1->events.active_count > 0);
	CHECK_EQ(event_relinquish(dom1), 0);
	CHECK_EQ(dom1->events.active_count, 0);
	CHECK_EQ(dom2->events.active_count, 300);
	teardown();
}

TEST(event_pollers)
{
	struct vcpu *v;
	uint32_t a, b;

	setup(1023);
	v = dom1->vcpu[1];
	a = bind_ipi(0);
	b = bind_ipi(0);
	set_bit(a, dom1->shared_info->evtchn_mask);
	v->state = BIT(VCPU_BLOCKED) | BIT(VCPU_POLLING);
	v->poll_port = (int)a;
	CHECK_EQ(event_port_is_pending(dom1, a), 0);
	CHECK_EQ(port_op(EVTCHNOP_send, b), 0);
	CHECK_TRUE(v->state != 0);
	CHECK_EQ(port_op(EVTCHNOP_send, a), 0);
	CHECK_EQ(v->state, 0);
	CHECK_EQ(event_port_is_pending(dom1, a), 1);
	CHECK_EQ(event_port_is_pending(dom1, 77777), -EINVAL);
	CHECK_EQ(event_port_is_pending(dom1, b + 1), 0);
	v->state = BIT(VCPU_BLOCKED) | BIT(VCPU_POLLING);
	v->poll_port = -1;
	clear_bit(b, dom1->shared_info->evtchn_pending);
	CHECK_EQ(port_op(EVTCHNOP_send, b), 0);
	CHECK_EQ(v->state, 0);
	teardown();
}

TEST(event_vcpu_info_moves)
{
	static struct vcpu_info moved;
	struct vcpu *v;

	setup(1023);
	v = dom1->vcpu[0];
	v->info = &moved;
	event_vcpu_info_moved(v);
	CHECK_TRUE(moved.evtchn_upcall_pending && moved.evtchn_pending_sel == ~0UL);
	CHECK_TRUE(event_upcall_pending(v));
	teardown();
}

TEST(event_priority_needs_fifo)
{
	struct evtchn_set_priority op = { .port = 1, .priority = 3 };
	struct evtchn_expand_array expand = { .array_gfn = 1 };

	setup(1023);
	CHECK_EQ(EVENT_OP(set_priority, &op), -ENOSYS);
	op.port = 100000;
	CHECK_EQ(EVENT_OP(set_priority, &op), -EINVAL);
	CHECK_EQ(EVENT_OP(expand_array, &expand), -EOPNOTSUPP);
	teardown();
}

/* Races: senders on both ends, while a third thread closes and binds again. ----------------------- */

static bool race_over;
static uint32_t race_port1, race_port2;

static void race_sender(void *arg)
{
	bool first = arg != NULL;

	while (!READ_ONCE(race_over)) {
		long rc = first ? event_send(dom1, READ_ONCE(race_port1))
				: event_send(dom2, READ_ONCE(race_port2));

		if (rc && rc != -EINVAL) {
			unit_fail(__FILE__, __LINE__, "send gives %ld", rc);
		}
		event_unmask(first ? dom2 : dom1, 1);
		event_notify_port(dom1, 1);
	}
}

TEST(event_race_close_and_send)
{
	setup(1023);
	race_over = false;
	CHECK_EQ(event_alloc_unbound(dom1, 2), 1);
	race_port1 = 1;
	race_port2 = 1;
	unit_thread_start(0, race_sender, &race_over);
	unit_thread_start(1, race_sender, NULL);
	for (unsigned int i = 0; i < 20000; i++) {
		uint32_t port;

		CHECK_EQ(event_bind_interdomain(dom2, dom1, 1, &port), 0);
		event_bind_vcpu(dom2, port, i & 1);
		CHECK_EQ(port, 1);
		if (i & 1) {
			/* The other end is left unbound for the same peer. */
			CHECK_EQ(event_close(dom2, 1), 0);
		} else {
			CHECK_EQ(event_close(dom1, 1), 0);
			CHECK_EQ(event_close(dom2, 1), 0);
			CHECK_EQ(event_alloc_unbound(dom1, 2), 1);
		}
	}
	WRITE_ONCE(race_over, true);
	unit_thread_join(0);
	unit_thread_join(1);
	teardown();
}

/* Two domains bind to and close on each other at once: the pairs of locks must have one order. */
static void race_closer(void *arg)
{
	struct domain *d = arg, *peer = d == dom1 ? dom2 : dom1;

	for (unsigned int i = 0; i < 20000; i++) {
		int port = event_alloc_unbound(d, peer->id);
		uint32_t bound;

		if (port < 0) {
			unit_fail(__FILE__, __LINE__, "alloc gives %d", port);
		}
		/* Whatever the peer has unbound at the time. */
		for (uint32_t p = 1; p < 4; p++) {
			if (event_bind_interdomain(d, peer, p, &bound) == 0) {
				event_send(d, bound);
				event_close(d, bound);
			}
		}
		event_close(d, (uint32_t)port);
	}
}

TEST(event_race_of_two_closers)
{
	setup(1023);
	unit_thread_start(0, race_closer, dom1);
	unit_thread_start(1, race_closer, dom2);
	unit_thread_join(0);
	unit_thread_join(1);
	CHECK_EQ(dom1->events.active_count, 0);
	CHECK_EQ(dom2->events.active_count, 0);
	teardown();
}

static unsigned int consumed;
static struct domain *consumed_of;
static uint32_t consumed_port;

static void consume(struct domain *d, uint32_t port)
{
	consumed++;
	consumed_of = d;
	consumed_port = port;
}

/* The hypervisor's end of a channel: its consumer hears, the other end hears back, the guest whose port it is cannot. */
TEST(event_consumer)
{
	uint32_t own, remote;

	setup(1023);
	consumed = 0;
	own = (uint32_t)event_alloc_consumer(dom2, dom1->id, consume);
	CHECK_EQ(own, 1);
	event_send_consumer(dom2, own);		/* nobody has bound it */
	remote = bind_interdomain_to(2, own);
	CHECK_EQ(consumed, 0);
	CHECK_EQ(port_op(EVTCHNOP_send, remote), 0);
	CHECK_EQ(consumed, 1);
	CHECK_TRUE(consumed_of == dom2);
	CHECK_EQ(consumed_port, own);
	CHECK_TRUE(!pending(dom2, own));
	clear_bit(remote, dom1->shared_info->evtchn_pending);
	event_send_consumer(dom2, own);
	CHECK_TRUE(pending(dom1, remote));
	/* Closed by the other end it waits for a new one. */
	CHECK_EQ(port_op(EVTCHNOP_close, remote), 0);
	remote = bind_interdomain_to(2, own);
	CHECK_EQ(port_op(EVTCHNOP_send, remote), 0);
	CHECK_EQ(consumed, 2);
	event_close_consumer(dom2, own);
	CHECK_EQ(port_op(EVTCHNOP_send, remote), 0);
	CHECK_EQ(consumed, 2);
	CHECK_EQ(dom2->events.active_count, 0);
	/* Of its port nothing has stayed. */
	fake_set_current(dom2->vcpu[0]);
	CHECK_EQ(bind_ipi(0), own);
	CHECK_EQ(port_op(EVTCHNOP_send, own), 0);
	CHECK_TRUE(pending(dom2, own));
	teardown();
}

TEST(event_consumer_is_no_guest_s)
{
	struct evtchn_status status = { .dom = DOMID_SELF };
	struct evtchn_reset reset = { .dom = DOMID_SELF };
	uint32_t own, other;

	setup(1023);
	consumed = 0;
	fake_set_current(dom2->vcpu[0]);
	own = (uint32_t)event_alloc_consumer(dom2, dom1->id, consume);
	other = bind_ipi(0);
	status.port = own;
	CHECK_EQ(port_op(EVTCHNOP_send, own), -EINVAL);
	CHECK_EQ(port_op(EVTCHNOP_close, own), -EINVAL);
	CHECK_EQ(bind_vcpu(own, 1), -EINVAL);
	CHECK_EQ(EVENT_OP(status, &status), -EACCES);
	CHECK_EQ(event_port_is_pending(dom2, own), 0);
	event_notify_port(dom2, own);
	CHECK_TRUE(!pending(dom2, own));
	CHECK_EQ(port_op(EVTCHNOP_unmask, own), 0);
	/* A reset closes what is the guest's. */
	CHECK_EQ(EVENT_OP(reset, &reset), 0);
	CHECK_EQ(dom2->events.active_count, 1);
	CHECK_EQ(bind_ipi(0), other);
	fake_set_current(dom1->vcpu[0]);
	CHECK_EQ(port_op(EVTCHNOP_send, bind_interdomain_to(2, own)), 0);
	CHECK_EQ(consumed, 1);
	/* The end of the domain takes it along. */
	teardown();
}

static void consume_0(struct domain *d, uint32_t port) { consumed += 0; }
static void consume_1(struct domain *d, uint32_t port) { consumed += 1; }
static void consume_2(struct domain *d, uint32_t port) { consumed += 2; }
static void consume_3(struct domain *d, uint32_t port) { consumed += 3; }
static void consume_4(struct domain *d, uint32_t port) { consumed += 4; }
static void consume_5(struct domain *d, uint32_t port) { consumed += 5; }
static void consume_6(struct domain *d, uint32_t port) { consumed += 6; }
static void consume_7(struct domain *d, uint32_t port) { consumed += 7; }

TEST(event_consumer_kinds)
{
	event_consumer *const kinds[] = { consume_0, consume_1, consume_2, consume_3,
					  consume_4, consume_5, consume_6, consume_7 };
	unsigned int refused = 0;

	setup(1023);
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds) * 2; i++) {
		int port = event_alloc_consumer(dom2, dom1->id, kinds[i / 2]);

		refused += port == -ENOSPC;
		if (port > 0) {
			consumed = 0;
			CHECK_EQ(port_op(EVTCHNOP_send, bind_interdomain_to(2, (uint32_t)port)), 0);
			CHECK_EQ(consumed, i / 2);
		}
	}
	/* One kind came in the tests before. */
	CHECK_EQ(refused, 2);
	dom2->dying = DOMAIN_DYING;
	CHECK_EQ(event_alloc_consumer(dom2, dom1->id, consume), -EINVAL);
	teardown();
}
