/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * The emulated UART of another domain: what XEN_DOMCTL_vuart_op refuses, who may use its event
 * channel, and the registers as that domain finds them, with this one as the console daemon.
 */
#include "mailbox.h"

#include <xen/domctl.h>
#include <xen/io/console.h>

#define RING_GFN 5u

#define DR   0x00u
#define FR   0x18u
#define IMSC 0x38u
#define RIS  0x3cu
#define MIS  0x40u
#define ICR  0x44u

#define FR_RXFE 0x10u
#define FR_TXFF 0x20u
#define FR_TXFE 0x80u
#define TX	0x20u
#define TIMEOUT 0x40u

static domid_t dom;
static evtchn_port_t far;

static long vuart_init(uint32_t cmd, uint32_t type, uint64_t gfn, uint8_t pad)
{
	static struct xen_domctl op;
	long rc;

	memset(&op, 0, sizeof(op));
	op.u.vuart_op = (struct xen_domctl_vuart_op){
	    .cmd = cmd, .type = type, .gfn = gfn, .console_domid = OWN_DOMID, .pad = {0, pad}};
	rc = peer_domctl(&op, XEN_DOMCTL_vuart_op, dom);
	if (!rc) {
		far = op.u.vuart_op.evtchn;
	}
	return rc;
}

static void check_errors(void)
{
	EXPECT_EQ(vuart_init(0, 0, RING_GFN, 1), -XEN_EINVAL);
	EXPECT_EQ(vuart_init(1, 0, RING_GFN, 0), -XEN_EINVAL);
	EXPECT_EQ(vuart_init(0, 1, RING_GFN, 0), -XEN_EOPNOTSUPP);
	EXPECT_EQ(vuart_init(0, 0, 0x12345, 0), -XEN_EINVAL);
	EXPECT_EQ(vuart_init(0, 0, ~0ull, 0), -XEN_EINVAL);
	/* What failed left nothing behind. */
	CHECK_EQ(vuart_init(0, 0, RING_GFN, 0), 0);
	CHECK(far != 0, "no port");
}

/* Of the hypervisor's end only its existence is to be seen. */
static evtchn_port_t check_channel(void)
{
	struct evtchn_status st = {.dom = dom, .port = far};
	struct evtchn_bind_interdomain bind = {.remote_dom = dom, .remote_port = far};

	EXPECT_EQ(event_op(EVTCHNOP_status, &st), -XEN_EACCES);
	CHECK_EQ(event_op(EVTCHNOP_bind_interdomain, &bind), 0);
	EXPECT_EQ(event_send(bind.local_port), 0);
	CHECK_EQ(event_close(bind.local_port), 0);
	/* The next daemon. */
	CHECK_EQ(event_op(EVTCHNOP_bind_interdomain, &bind), 0);
	event_clear(bind.local_port);
	return bind.local_port;
}

static uint32_t get(uint32_t reg)
{
	return mail_get(GUEST_PL011_BASE + reg);
}

static void put(uint32_t reg, uint32_t value)
{
	mail_put(GUEST_PL011_BASE + reg, value);
}

static void check_output(struct xencons_interface *ring, evtchn_port_t port)
{
	EXPECT_EQ(get(FR), FR_RXFE | FR_TXFE);
	/* The daemon has spoken, so there is room. */
	EXPECT_EQ(get(RIS), TX);
	put(DR, 'M');
	CHECK(WAIT_FOR(event_pending(port), 5000), "no event for a byte");
	event_clear(port);
	event_ack_upcall();
	EXPECT_EQ(ring->out_prod, 1);
	EXPECT_EQ(ring->out[0], 'M');
	EXPECT_EQ(get(FR) & FR_TXFE, 0);
	EXPECT_EQ(get(RIS), TX);
	EXPECT_EQ(get(MIS), 0);
	put(IMSC, TX);
	EXPECT_EQ(get(MIS), TX);
	put(ICR, TX);
	EXPECT_EQ(get(RIS), 0);
	while (ring->out_prod < sizeof(ring->out)) {
		put(DR, ring->out_prod);
	}
	EXPECT_EQ(get(FR) & FR_TXFF, FR_TXFF);
	EXPECT_EQ(get(RIS), 0);
	put(DR, 'x');
	EXPECT_EQ(ring->out_prod, sizeof(ring->out));
	EXPECT_EQ(ring->out[0], 'M');
	ring->out_cons = ring->out_prod;
	CHECK_EQ(event_send(port), 0);
	CHECK(WAIT_FOR(get(FR) & FR_TXFE, 5000), "not empty");
	EXPECT_EQ(get(RIS), TX);
	put(IMSC, 0);
}

static void check_input(struct xencons_interface *ring, evtchn_port_t port)
{
	event_clear(port);
	ring->in[0] = 'a';
	ring->in[1] = (char)0xe4;
	ring->in_prod = 2;
	CHECK_EQ(event_send(port), 0);
	EXPECT_EQ(get(FR) & FR_RXFE, 0);
	EXPECT_EQ(get(RIS) & TIMEOUT, TIMEOUT);
	EXPECT_EQ(get(DR), 'a');
	EXPECT_EQ(ring->in_cons, 1);
	EXPECT_EQ(get(RIS) & TIMEOUT, TIMEOUT);
	EXPECT_EQ(get(DR), 0xe4);
	EXPECT_EQ(get(FR) & FR_RXFE, FR_RXFE);
	EXPECT_EQ(get(RIS) & TIMEOUT, 0);
	EXPECT_EQ(get(DR), 0);
	EXPECT(event_pending(port), "no event for room");
}

void guest_main(void)
{
	struct xencons_interface *ring;
	evtchn_port_t port;

	dom = peer_create(MAIL_PAGES);
	ring = peer_map(dom, RING_GFN);
	memset(ring, 0, PAGE_SIZE);
	check_errors();
	EXPECT_EQ(vuart_init(0, 0, MAIL_GFN, 0), -XEN_EINVAL);
	port = check_channel();
	mail_start(dom);
	EXPECT_EQ(vuart_init(0, 0, RING_GFN, 0), -XEN_EPERM);
	check_output(ring, port);
	check_input(ring, port);
	/* It ends while the daemon still has page and channel. */
	peer_destroy(dom);
	EXPECT_EQ(event_send(port), 0);
	CHECK_EQ(event_close(port), 0);
}
