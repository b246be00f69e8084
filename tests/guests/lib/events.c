/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: the 2-level and the FIFO form. */
#include "guest.h"

#define LINK_MASK      ((1u << EVTCHN_FIFO_LINK_BITS) - 1)
#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))

static struct evtchn_fifo_control_block *control[CPUS_MAX];
static uint32_t local_head[CPUS_MAX][EVTCHN_FIFO_MAX_QUEUES];
static event_word_t *words[64];
static unsigned word_pages;

/*
 * The callback is a level: it comes again for as long as upcall_pending is set. It needs no EOI.
 */
void event_taken(struct regs *r)
{
	(void)r;
	__atomic_store_n(&vcpu_info(cpu_self())->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
}

long event_op(int cmd, void *arg)
{
	return HC(event_channel_op, cmd, arg);
}

evtchn_port_t event_alloc_unbound(domid_t dom, domid_t remote)
{
	struct evtchn_alloc_unbound a = {.dom = dom, .remote_dom = remote};

	CHECK_EQ(event_op(EVTCHNOP_alloc_unbound, &a), 0);
	return a.port;
}

evtchn_port_t event_bind_ipi(unsigned vcpu)
{
	struct evtchn_bind_ipi b = {.vcpu = vcpu};

	CHECK_EQ(event_op(EVTCHNOP_bind_ipi, &b), 0);
	return b.port;
}

void event_loopback(evtchn_port_t *a, evtchn_port_t *b)
{
	struct evtchn_bind_interdomain bind = {.remote_dom = DOMID_SELF};

	*a = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	bind.remote_port = *a;
	CHECK_EQ(event_op(EVTCHNOP_bind_interdomain, &bind), 0);
	*b = bind.local_port;
}

void event_loopback_pair(evtchn_port_t pair[2])
{
	event_loopback(&pair[0], &pair[1]);
}

long event_send(evtchn_port_t port)
{
	struct evtchn_send s = {.port = port};

	return event_op(EVTCHNOP_send, &s);
}

long event_close(evtchn_port_t port)
{
	struct evtchn_close c = {.port = port};

	return event_op(EVTCHNOP_close, &c);
}

long event_unmask(evtchn_port_t port)
{
	struct evtchn_unmask u = {.port = port};

	return event_op(EVTCHNOP_unmask, &u);
}

int event_status(evtchn_port_t port, struct evtchn_status *st)
{
	*st = (struct evtchn_status){.dom = DOMID_SELF, .port = port};
	return event_op(EVTCHNOP_status, st);
}

bool event_pending(evtchn_port_t port)
{
	return test_bit(port, shared_info()->evtchn_pending);
}

void event_clear(evtchn_port_t port)
{
	clear_bit(port, shared_info()->evtchn_pending);
}

void event_mask2l(evtchn_port_t port, bool masked)
{
	if (masked) {
		set_bit(port, shared_info()->evtchn_mask);
	} else {
		clear_bit(port, shared_info()->evtchn_mask);
	}
}

void event_ack_upcall(void)
{
	struct vcpu_info *v = vcpu_info(cpu_self());

	__atomic_store_n(&v->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
}

void fifo_init(unsigned cpu)
{
	struct evtchn_init_control c = {.vcpu = cpu};

	control[cpu] = alloc_pages(1);
	c.control_gfn = PFN(control[cpu]);
	CHECK_EQ(event_op(EVTCHNOP_init_control, &c), 0);
	CHECK_EQ(c.link_bits, EVTCHN_FIFO_LINK_BITS);
}

long fifo_expand(void *page)
{
	struct evtchn_expand_array e = {.array_gfn = PFN(page)};
	long rc = event_op(EVTCHNOP_expand_array, &e);

	if (!rc) {
		CHECK(word_pages < ARRAY_SIZE(words));
		words[word_pages++] = page;
	}
	return rc;
}

void fifo_fit(evtchn_port_t port)
{
	unsigned i;

	while (port >= word_pages * WORDS_PER_PAGE) {
		event_word_t *page = alloc_pages(1);

		for (i = 0; i < WORDS_PER_PAGE; i++) {
			page[i] = 1u << EVTCHN_FIFO_MASKED;
		}
		CHECK_EQ(fifo_expand(page), 0);
	}
}

event_word_t *fifo_word(evtchn_port_t port)
{
	CHECK(port < word_pages * WORDS_PER_PAGE, "port %u beyond the array", port);
	return &words[port / WORDS_PER_PAGE][port % WORDS_PER_PAGE];
}

struct evtchn_fifo_control_block *fifo_control(unsigned cpu)
{
	return control[cpu];
}

evtchn_port_t fifo_pop(unsigned cpu, unsigned priority)
{
	struct evtchn_fifo_control_block *cb = control[cpu];
	uint32_t port = local_head[cpu][priority];
	event_word_t old, *w;

	if (!port && __atomic_load_n(&cb->ready, __ATOMIC_SEQ_CST) >> priority & 1) {
		port = __atomic_load_n(&cb->head[priority], __ATOMIC_SEQ_CST);
	}
	if (!port) {
		return 0;
	}
	w = fifo_word(port);
	old = __atomic_load_n(w, __ATOMIC_SEQ_CST);
	while (!__atomic_compare_exchange_n(w, &old, old & ~(1u << EVTCHN_FIFO_LINKED | LINK_MASK),
					    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
	}
	local_head[cpu][priority] = old & LINK_MASK;
	if (!(old & LINK_MASK)) {
		__atomic_and_fetch(&cb->ready, ~(1u << priority), __ATOMIC_SEQ_CST);
	}
	__atomic_and_fetch(w, ~(1u << EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
	return port;
}
