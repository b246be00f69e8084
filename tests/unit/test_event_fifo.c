/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FIFO ABI, seen from a guest that keeps to the protocol (no event may be lost) and from one that
 * writes anything anywhere (nobody else may notice).
 */
#include "event_fixture.h"

#define CONTROL_GFN	10u		/* and the next, one per vCPU */
#define ARRAY_GFN	20u
#define WORDS		1024u

#define PENDING	(1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)

static uint32_t *array_pages[4];
static struct evtchn_fifo_control_block *control[2];

static uint32_t *word(uint32_t port)
{
	return &array_pages[port / WORDS][port % WORDS];
}

static long init_control(uint32_t vcpu, uint64_t g, uint32_t offset)
{
	struct evtchn_init_control op = { .control_gfn = g, .offset = offset, .vcpu = vcpu };
	long rc = EVENT_OP(init_control, &op);

	if (!rc) {
		CHECK_EQ(op.link_bits, 17);
	}
	return rc;
}

static long expand(uint64_t g)
{
	struct evtchn_expand_array op = { .array_gfn = g };

	return EVENT_OP(expand_array, &op);
}

static long set_priority(uint32_t port, uint32_t priority)
{
	struct evtchn_set_priority op = { .port = port, .priority = priority };

	return EVENT_OP(set_priority, &op);
}

static void fifo_setup(unsigned int pages)
{
	setup(~0u);
	for (unsigned int i = 0; i < 2; i++) {
		control[i] = fake_domain_page(dom1, CONTROL_GFN + i);
		CHECK_EQ(init_control(i, CONTROL_GFN + i, 0), 0);
	}
	for (unsigned int i = 0; i < 4; i++) {
		array_pages[i] = fake_domain_page(dom1, ARRAY_GFN + i);
	}
	for (unsigned int i = 0; i < pages; i++) {
		CHECK_EQ(expand(ARRAY_GFN + i), 0);
	}
}

/* A guest's consumer of one vCPU: the next port of the highest priority queue that has one, 0: none. */
struct consumer {
	struct evtchn_fifo_control_block *control;
	uint32_t ready, head[EVTCHN_FIFO_MAX_QUEUES];
};

static uint32_t clear_linked(uint32_t *w)
{
	uint32_t old = __atomic_load_n(w, __ATOMIC_SEQ_CST), linkless;

	do {
		linkless = old & ~(LINKED | (uint32_t)EVTCHN_FIFO_LINK_MASK);
	} while (!__atomic_compare_exchange_n(w, &old, linkless, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	return old & EVTCHN_FIFO_LINK_MASK;
}

static uint32_t consume(struct consumer *c)
{
	uint32_t q, port, next;

	c->ready |= __atomic_exchange_n(&c->control->ready, 0, __ATOMIC_SEQ_CST);
	if (!c->ready) {
		return 0;
	}
	q = (uint32_t)__builtin_ctz(c->ready);
	if (!c->head[q]) {
		c->head[q] = __atomic_load_n(&c->control->head[q], __ATOMIC_SEQ_CST);
	}
	port = c->head[q];
	next = clear_linked(word(port));
	if (!next) {
		c->ready &= ~(1u << q);
	}
	c->head[q] = next;
	return port;
}

TEST(fifo_init_control_rules)
{
	uint8_t *page;

	setup(~0u);
	page = fake_domain_page(dom1, CONTROL_GFN);
	CHECK_EQ(init_control(2, CONTROL_GFN, 0), -ENOENT);
	CHECK_EQ(init_control(0, CONTROL_GFN, 4096 - 64), -EINVAL);
	CHECK_EQ(init_control(0, CONTROL_GFN, ~0u), -EINVAL);
	CHECK_EQ(init_control(0, CONTROL_GFN, 4), -EINVAL);
	CHECK_EQ(init_control(0, 3000, 0), -EINVAL);
	CHECK_EQ(init_control(0, ~0ULL, 0), -EINVAL);
	CHECK_TRUE(dom1->events.ops == &event_2l_ops);
	CHECK_EQ(init_control(0, CONTROL_GFN, 4096 - 72), 0);
	CHECK_TRUE(dom1->events.ops == &event_fifo_ops);
	CHECK_EQ(init_control(0, CONTROL_GFN, 0), -EINVAL);
	CHECK_EQ(init_control(1, CONTROL_GFN, 128), 0);
	CHECK_EQ(page[0], 0);
	teardown();
}

TEST(fifo_pages_are_the_guests_own)
{
	struct page_info *pg;

	setup(~0u);
	pg = virt_to_page(fake_domain_page(dom2, 7));
	CHECK_EQ(p2m_set(dom1, gfn(7), page_to_mfn(pg), 0, P2M_FOREIGN), 0);
	CHECK_EQ(init_control(0, 7, 0), -EINVAL);
	fake_domain_page(dom1, CONTROL_GFN);
	pg = virt_to_page(fake_domain_page(dom1, 8));
	CHECK_EQ(p2m_set(dom1, gfn(8), page_to_mfn(pg), 0, P2M_RAM_RO), 0);
	CHECK_EQ(init_control(0, CONTROL_GFN, 0), 0);
	CHECK_EQ(expand(7), -EINVAL);
	CHECK_EQ(expand(8), -EINVAL);
	CHECK_EQ(pg->refs, 1);
	teardown();
}

TEST(fifo_expand_limit)
{
	fifo_setup(0);
	for (unsigned int i = 0; i < 128; i++) {
		CHECK_EQ(expand(ARRAY_GFN), 0);
	}
	CHECK_EQ(expand(ARRAY_GFN), -ENOSPC);
	teardown();
}

TEST(fifo_ports_beyond_2level)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = 2 };
	uint32_t count = 0;
	long rc;

	fifo_setup(1);
	while ((rc = EVENT_OP(alloc_unbound, &op)) == 0) {
		count++;
	}
	CHECK_EQ(rc, -ENOSPC);
	CHECK_EQ(count, EVTCHN_FIFO_NR_CHANNELS - 1);
	teardown();
}

TEST(fifo_order)
{
	struct consumer c;
	uint32_t ports[4];

	fifo_setup(1);
	c = (struct consumer){ .control = control[0] };
	for (unsigned int i = 0; i < 4; i++) {
		ports[i] = bind_ipi(0);
	}
	CHECK_EQ(set_priority(ports[3], 0), 0);
	CHECK_EQ(set_priority(ports[3], 16), -EINVAL);
	CHECK_EQ(set_priority(100, 0), -EACCES);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK_EQ(port_op(EVTCHNOP_send, ports[i]), 0);
		CHECK_EQ(port_op(EVTCHNOP_send, ports[i]), 0);
	}
	CHECK_EQ(dom1->vcpu[0]->arch.upcalls, 1);
	CHECK_EQ(consume(&c), ports[3]);
	CHECK_EQ(consume(&c), ports[0]);
	CHECK_EQ(consume(&c), ports[1]);
	CHECK_EQ(consume(&c), ports[2]);
	CHECK_EQ(consume(&c), 0);
	teardown();
}

TEST(fifo_tail_is_sent_again)
{
	struct consumer c;
	uint32_t a, b;

	fifo_setup(1);
	c = (struct consumer){ .control = control[0] };
	a = bind_ipi(0);
	b = bind_ipi(0);
	/* The hypervisor's tail stays a when the guest has taken it; a must not become its own successor. */
	for (unsigned int i = 0; i < 3; i++) {
		CHECK_EQ(port_op(EVTCHNOP_send, a), 0);
		CHECK_EQ(consume(&c), a);
		CHECK_EQ(*word(a), PENDING);
		CHECK_EQ(consume(&c), 0);
		*word(a) = 0;
	}
	CHECK_EQ(port_op(EVTCHNOP_send, b), 0);
	CHECK_EQ(port_op(EVTCHNOP_send, a), 0);
	CHECK_EQ(consume(&c), b);
	CHECK_EQ(consume(&c), a);
	CHECK_EQ(consume(&c), 0);
	teardown();
}

TEST(fifo_mask)
{
	struct consumer c;
	uint32_t a;

	fifo_setup(1);
	c = (struct consumer){ .control = control[0] };
	a = bind_ipi(0);
	*word(a) = MASKED;
	CHECK_EQ(port_op(EVTCHNOP_send, a), 0);
	CHECK_EQ(*word(a), MASKED | PENDING);
	CHECK_EQ(consume(&c), 0);
	CHECK_EQ(port_op(EVTCHNOP_unmask, a), 0);
	CHECK_EQ(*word(a), PENDING | LINKED);
	CHECK_EQ(consume(&c), a);
	CHECK_EQ(event_port_is_pending(dom1, a), 1);
	teardown();
}

TEST(fifo_events_before_the_page)
{
	struct consumer c;
	uint32_t a;

	setup(~0u);
	a = bind_ipi(0);
	/* Pending in the 2-level ABI, then none of its word for a while. */
	CHECK_EQ(port_op(EVTCHNOP_send, a), 0);
	control[0] = fake_domain_page(dom1, CONTROL_GFN);
	array_pages[0] = fake_domain_page(dom1, ARRAY_GFN);
	c = (struct consumer){ .control = control[0] };
	CHECK_EQ(init_control(0, CONTROL_GFN, 0), 0);
	CHECK_EQ(consume(&c), 0);
	CHECK_EQ(expand(ARRAY_GFN), 0);
	CHECK_EQ(consume(&c), a);
	CHECK_EQ(consume(&c), 0);
	teardown();
}

TEST(fifo_moves_between_queues)
{
	struct consumer c0, c1;
	uint32_t a, b;

	fifo_setup(1);
	c0 = (struct consumer){ .control = control[0] };
	c1 = (struct consumer){ .control = control[1] };
	a = alloc_unbound(DOMID_SELF);
	b = bind_interdomain_to(DOMID_SELF, a);
	CHECK_EQ(consume(&c0), b);
	for (uint32_t i = 0; i < 32; i++) {
		struct consumer *c = i & 1 ? &c1 : &c0;

		CHECK_EQ(bind_vcpu(a, i & 1), 0);
		CHECK_EQ(set_priority(a, i % 16), 0);
		CHECK_EQ(port_op(EVTCHNOP_send, b), 0);
		CHECK_EQ(consume(c), a);
		CHECK_EQ(consume(&c0), 0);
		CHECK_EQ(consume(&c1), 0);
		*word(a) = 0;
	}
	teardown();
}

TEST(fifo_linked_port_is_busy)
{
	uint32_t a;

	fifo_setup(1);
	a = bind_ipi(0);
	CHECK_EQ(port_op(EVTCHNOP_send, a), 0);
	CHECK_EQ(port_op(EVTCHNOP_close, a), 0);
	CHECK_EQ(*word(a) & (LINKED | PENDING), LINKED);
	CHECK_EQ(bind_ipi(0), a + 1);
	*word(a) = 0;
	CHECK_EQ(bind_ipi(0), a);
	teardown();
}

TEST(fifo_reset_goes_back)
{
	struct evtchn_reset op = { .dom = DOMID_SELF };
	struct page_info *pg;

	fifo_setup(2);
	pg = virt_to_page(array_pages[1]);
	CHECK_EQ(pg->refs, 2);
	bind_ipi(1);
	CHECK_EQ(EVENT_OP(reset, &op), 0);
	CHECK_TRUE(dom1->events.ops == &event_2l_ops);
	CHECK_EQ(pg->refs, 1);
	CHECK_EQ(init_control(0, CONTROL_GFN, 0), 0);
	teardown();
}

/* Two producers, a consumer that keeps to the protocol. -------------------------------------------- */

#define RACE_PORTS	64u
#define RACE_SENDS	40000u

static uint32_t race_ports[RACE_PORTS];
static uint32_t sent[RACE_PORTS], seen[RACE_PORTS];
static unsigned int producers_left;

static void producer(void *arg)
{
	struct unit_random r = { (uintptr_t)arg };

	for (unsigned int i = 0; i < RACE_SENDS; i++) {
		uint64_t x = unit_random(&r);
		uint32_t n = x % RACE_PORTS;

		if ((x >> 32) % 64 == 0) {
			event_set_priority(dom1, race_ports[n], (x >> 40) % 16);
		}
		__atomic_add_fetch(&sent[n], 1, __ATOMIC_SEQ_CST);
		if (event_send(dom1, race_ports[n])) {
			unit_fail(__FILE__, __LINE__, "send failed");
		}
	}
	__atomic_sub_fetch(&producers_left, 1, __ATOMIC_SEQ_CST);
}

/* Handles the event as a guest does: what was sent before PENDING was cleared is seen now. */
static void handle(uint32_t port)
{
	uint32_t old = __atomic_fetch_and(word(port), ~PENDING, __ATOMIC_SEQ_CST);

	if (old & PENDING) {
		uint32_t n = port - race_ports[0];

		seen[n] = __atomic_load_n(&sent[n], __ATOMIC_SEQ_CST);
	}
}

TEST(fifo_race_loses_nothing)
{
	struct consumer c;
	uint32_t port;

	fifo_setup(1);
	c = (struct consumer){ .control = control[0] };
	memset(sent, 0, sizeof(sent));
	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < RACE_PORTS; i++) {
		race_ports[i] = bind_ipi(0);
	}
	producers_left = 2;
	unit_thread_start(0, producer, (void *)1);
	unit_thread_start(1, producer, (void *)2);
	do {
		port = consume(&c);
		if (port) {
			handle(port);
		}
	} while (port || __atomic_load_n(&producers_left, __ATOMIC_SEQ_CST));
	unit_thread_join(0);
	unit_thread_join(1);
	while ((port = consume(&c)) != 0) {
		handle(port);
	}
	for (unsigned int i = 0; i < RACE_PORTS; i++) {
		CHECK_EQ(*word(race_ports[i]) & (PENDING | LINKED), 0);
		CHECK_EQ(seen[i], sent[i]);
	}
	teardown();
}

/* A guest that writes anything. ---------------------------------------------------------------------- */

static bool hostile_over;
static uint32_t *hostile_page;

static void scribbler(void *arg)
{
	struct unit_random r = { (uintptr_t)arg };

	while (!READ_ONCE(hostile_over)) {
		uint64_t x = unit_random(&r);
		uint32_t *target;

		switch (x & 3) {
		case 0:
			target = &((uint32_t *)control[(x >> 2) & 1])[(x >> 8) % 18];
			break;
		default:
			target = &array_pages[0][(x >> 8) % RACE_PORTS];
			break;
		}
		/* Mostly plausible: flag bits and links that lead anywhere. */
		__atomic_store_n(target, (uint32_t)(x >> 32), __ATOMIC_RELAXED);
	}
}

static void hostile_calls(void *arg)
{
	struct unit_random r = { (uintptr_t)arg };

	for (unsigned int i = 0; i < 60000; i++) {
		uint64_t x = unit_random(&r);
		uint32_t port = 1 + (x >> 8) % RACE_PORTS, ignored;

		switch (x & 7) {
		case 0:
			event_unmask(dom1, port);
			break;
		case 1:
			event_set_priority(dom1, port, (x >> 40) & 31);
			break;
		case 2:
			event_bind_vcpu(dom1, port, (x >> 40) & 3);
			break;
		case 3:
			event_close(dom1, port);
			event_bind_ipi(dom1, (x >> 40) & 1, &ignored);
			break;
		default:
			event_send(dom1, port);
			break;
		}
	}
}

TEST(fifo_hostile_guest)
{
	struct unit_random r = { 77 };
	uint32_t a;

	fifo_setup(1);
	hostile_over = false;
	for (unsigned int i = 0; i < RACE_PORTS; i++) {
		bind_ipi(i & 1);
	}
	a = alloc_unbound(DOMID_SELF);
	bind_interdomain_to(DOMID_SELF, a);
	hostile_page = array_pages[0];
	/* What must not change: the rest of the control pages, and the page after the array's. */
	memset((uint8_t *)control[0] + 72, 0x5a, PAGE_SIZE - 72);
	memset((uint8_t *)control[1] + 72, 0x5a, PAGE_SIZE - 72);
	memset(array_pages[1], 0x5a, PAGE_SIZE);
	unit_thread_start(0, scribbler, (void *)3);
	unit_thread_start(1, hostile_calls, (void *)4);
	unit_thread_start(2, hostile_calls, (void *)5);
	unit_thread_join(1);
	unit_thread_join(2);
	WRITE_ONCE(hostile_over, true);
	unit_thread_join(0);
	for (unsigned int i = 72; i < PAGE_SIZE; i++) {
		CHECK_EQ(((uint8_t *)control[0])[i], 0x5a);
		CHECK_EQ(((uint8_t *)control[1])[i], 0x5a);
	}
	for (unsigned int i = 0; i < WORDS; i++) {
		CHECK_EQ(array_pages[1][i], 0x5a5a5a5a);
	}
	/* The machine's other domains live on: dom2 sends to itself as ever. */
	fake_set_current(dom2->vcpu[0]);
	CHECK_EQ(port_op(EVTCHNOP_send, bind_ipi((uint32_t)unit_random(&r) & 1)), 0);
	teardown();
}
