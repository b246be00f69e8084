/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 xen=skip "its distributor does not tell what is pending" */
/*
 * The emulated UART's interrupt is a line: pending as long as it is high, gone with its reason,
 * whether or not the interrupt is enabled; configured as an edge, its rise is latched.
 */
#include "mailbox.h"

#include <xen/domctl.h>
#include <xen/io/console.h>

#define RING_GFN 5u

#define UART_DR	  (GUEST_PL011_BASE + 0x00)
#define UART_IMSC (GUEST_PL011_BASE + 0x38)
#define UART_ICR  (GUEST_PL011_BASE + 0x44)
#define TX	  0x20u

/* Both versions have the distributor there, and these registers; the UART's interrupt is bit 0 of
 * the first SPIs'. */
#define GICD		(GUEST_GICD_BASE)
#define GICD_CTLR	(GICD + 0x000)
#define GICD_ISENABLER1 (GICD + 0x104)
#define GICD_ICENABLER1 (GICD + 0x184)
#define GICD_ISPENDR1	(GICD + 0x204)
#define GICD_ICPENDR1	(GICD + 0x284)
#define GICD_ICFGR2	(GICD + 0xc08)
#define CTLR_ON		0x13u
#define EDGE		2u

_Static_assert(GUEST_GICD_BASE == GUEST_GICV3_GICD_BASE && GUEST_VPL011_SPI == 32,
	       "xen/arch-arm.h");

static uint32_t is_pending(void)
{
	return mail_get(GICD_ISPENDR1) & 1;
}

static void check_line(void)
{
	mail_put(UART_IMSC, TX);
	EXPECT_EQ(is_pending(), 0);
	mail_put(UART_DR, 'a');
	EXPECT_EQ(is_pending(), 1);
	mail_put(GICD_ICPENDR1, 1);
	EXPECT_EQ(is_pending(), 1);
	mail_put(UART_IMSC, 0);
	EXPECT_EQ(is_pending(), 0);
	mail_put(UART_IMSC, TX);
	EXPECT_EQ(is_pending(), 1);
	mail_put(UART_ICR, TX);
	EXPECT_EQ(is_pending(), 0);
	/* What was set by the distributor itself stays when the line falls. */
	mail_put(GICD_ISPENDR1, 1);
	mail_put(UART_DR, 'b');
	mail_put(UART_ICR, TX);
	EXPECT_EQ(is_pending(), 1);
	mail_put(GICD_ICPENDR1, 1);
	EXPECT_EQ(is_pending(), 0);
}

static void check_edge(void)
{
	mail_put(GICD_ICFGR2, EDGE);
	mail_put(UART_DR, 'c');
	EXPECT_EQ(is_pending(), 1);
	mail_put(UART_ICR, TX);
	EXPECT_EQ(is_pending(), 1);
	mail_put(GICD_ICPENDR1, 1);
	EXPECT_EQ(is_pending(), 0);
	/* It is high already when the configuration changes back. */
	mail_put(UART_DR, 'd');
	mail_put(GICD_ICPENDR1, 1);
	EXPECT_EQ(is_pending(), 0);
	mail_put(GICD_ICFGR2, 0);
	EXPECT_EQ(is_pending(), 1);
	mail_put(UART_ICR, TX);
	EXPECT_EQ(is_pending(), 0);
}

void guest_main(void)
{
	static struct xen_domctl op;
	domid_t dom = peer_create(MAIL_PAGES);

	memset(peer_map(dom, RING_GFN), 0, PAGE_SIZE);
	op.u.vuart_op.gfn = RING_GFN;
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_vuart_op, dom), 0);
	mail_start(dom);
	check_line();
	/* The same when it goes through a list register of its vCPU, which takes no interrupts. */
	mail_put(GICD_CTLR, CTLR_ON);
	mail_put(GICD_ISENABLER1, 1);
	check_line();
	check_edge();
	mail_put(GICD_ICENABLER1, 1);
	check_edge();
}
