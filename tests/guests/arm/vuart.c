/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * The emulated UART of another domain: what XEN_DOMCTL_vuart_op refuses, who may use its event
 * channel, and the registers as that domain finds them, with this one as the console daemon. The
 * domain executes what it finds in its mailbox: single loads and stores.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/io/console.h>

#define RING_GFN 5u
#define MAIL_GFN 6u
#define CODE_GFN 7u

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

struct mailbox {
	uint32_t command; /* 1: load, 2: store; 0: done */
	uint32_t address, value;
};

static volatile struct mailbox *mail;
static domid_t dom;
static evtchn_port_t far;

extern const char peer_code[], peer_code_end[];

#if defined(__aarch64__)
#define ENTRY_REG x0
#define ENTRY_PC  pc64
#define ENTRY_PSR PSR_GUEST64_INIT
__asm__(".pushsection .rodata\n.globl peer_code, peer_code_end\n"
	"peer_code: ldr w1, [x0]\n cbz w1, peer_code\n"
	"ldr w2, [x0, #4]\n ldr w3, [x0, #8]\n"
	"cmp w1, #2\n b.eq 1f\n"
	"ldr w3, [x2]\n str w3, [x0, #8]\n b 2f\n"
	"1: str w3, [x2]\n"
	"2: dsb sy\n str wzr, [x0]\n b peer_code\n"
	"peer_code_end:\n.popsection\n");
#else
#define ENTRY_REG r0_usr
#define ENTRY_PC  pc32
#define ENTRY_PSR PSR_GUEST32_INIT
__asm__(".pushsection .rodata\n.globl peer_code, peer_code_end\n"
	"peer_code: ldr r1, [r0]\n cmp r1, #0\n beq peer_code\n"
	"ldr r2, [r0, #4]\n ldr r3, [r0, #8]\n"
	"cmp r1, #2\n beq 1f\n"
	"ldr r3, [r2]\n str r3, [r0, #8]\n b 2f\n"
	"1: str r3, [r2]\n"
	"2: dsb sy\n mov r1, #0\n str r1, [r0]\n b peer_code\n"
	"peer_code_end:\n.popsection\n");
#endif

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

static void start(void)
{
	static struct xen_domctl op;
	static struct vcpu_guest_context c;

	memcpy(peer_map(dom, CODE_GFN), peer_code, (size_t)(peer_code_end - peer_code));
	mail = peer_map(dom, MAIL_GFN);
	c.flags = VGCF_online;
	c.user_regs.ENTRY_PC = CODE_GFN * PAGE_SIZE;
	c.user_regs.ENTRY_REG = MAIL_GFN * PAGE_SIZE;
	c.user_regs.cpsr = ENTRY_PSR;
	c.sctlr = 0x00c50078;
	memset(&op, 0, sizeof(op));
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_setvcpucontext, dom), 0);
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_unpausedomain, dom), 0);
}

static uint32_t order(uint32_t command, uint32_t reg, uint32_t value)
{
	mail->address = (uint32_t)GUEST_PL011_BASE + reg;
	mail->value = value;
	barrier();
	mail->command = command;
	CHECK(WAIT_FOR(!mail->command, 10000), "no answer at %#x", reg);
	barrier();
	return mail->value;
}

static uint32_t get(uint32_t reg)
{
	return order(1, reg, 0);
}

static void put(uint32_t reg, uint32_t value)
{
	order(2, reg, value);
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

	dom = peer_create(8);
	ring = peer_map(dom, RING_GFN);
	memset(ring, 0, PAGE_SIZE);
	check_errors();
	EXPECT_EQ(vuart_init(0, 0, MAIL_GFN, 0), -XEN_EINVAL);
	port = check_channel();
	start();
	EXPECT_EQ(vuart_init(0, 0, RING_GFN, 0), -XEN_EPERM);
	check_output(ring, port);
	check_input(ring, port);
	/* It ends while the daemon still has page and channel. */
	peer_destroy(dom);
	EXPECT_EQ(event_send(port), 0);
	CHECK_EQ(event_close(port), 0);
}
