/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The UART that a domain gets for its console (xl's vuart="sbsa_uart"): Arm's SBSA Generic UART (DEN 0029), the
 * part of PL011 (DDI 0183) that operating systems agree on. Its FIFOs are the two rings of a page of the guest's, whose
 * other ends a console daemon has in another domain: the page is writable for both, so all that it says is
 * looked at when it is used.
 *
 * vpl011_regs.c is the registers, without locks or the rest of the hypervisor; vpl011.c puts them into a domain.
 */
#include <hv/addr.h>
#include <hv/types.h>
#include <xen/xen.h>
#include <xen/io/console.h>

/* Registers by offset. */
#define VPL011_DR   0x000u
#define VPL011_RSR  0x004u
#define VPL011_FR   0x018u
#define VPL011_IMSC 0x038u
#define VPL011_RIS  0x03cu
#define VPL011_MIS  0x040u
#define VPL011_ICR  0x044u

#define VPL011_FR_BUSY 0x08u
#define VPL011_FR_RXFE 0x10u
#define VPL011_FR_TXFF 0x20u
#define VPL011_FR_RXFF 0x40u
#define VPL011_FR_TXFE 0x80u

#define VPL011_RX      0x010u		/* at least half of the FIFO that drivers know of is full */
#define VPL011_TX      0x020u		/* at least half of it is empty */
#define VPL011_TIMEOUT 0x040u		/* something is there; how long is not played */
#define VPL011_INTS    0x7f0u		/* those that PL011 has behind its mask, modem and errors aside */

/* The SBSA's FIFOs have 32 places, and interrupts at half of that. */
#define VPL011_LEVEL 16u

struct vpl011_regs {
	struct xencons_interface *ring;	/* shared */
	/* The ends of the rings that are ours: what the page says of these counts for nothing. */
	uint32_t in_cons, out_prod;
	uint32_t raw, mask;		/* UARTRIS, UARTIMSC */
};

void vpl011_regs_init(struct vpl011_regs *u, struct xencons_interface *ring);
/* True when the other end wants to know: a byte came from the ring, or went there. */
bool vpl011_regs_read(struct vpl011_regs *u, uint32_t reg, uint32_t *value);
bool vpl011_regs_write(struct vpl011_regs *u, uint32_t reg, uint32_t value);
/* The other end has put something into the ring, or taken something out. */
void vpl011_regs_heard(struct vpl011_regs *u);
/* The interrupt line. */
static inline bool vpl011_regs_line(const struct vpl011_regs *u)
{
	return u->raw & u->mask;
}

struct domain;

/*
 * XEN_DOMCTL_vuart_op: d, which has never run, gets one at GUEST_PL011_BASE with the ring at g and interrupt
 * GUEST_VPL011_SPI. Returns the port of d that the domain console may bind to; -EINVAL (it has one; no such interrupt;
 * no RAM of d's own that it may write to; dying), -ENOSPC, -ENOMEM. domctl_lock held.
 */
int vpl011_create(struct domain *d, gfn_t g, uint16_t console);
/* d is dying, its vCPUs are off, its channels closed: lets go of its page. */
void vpl011_relinquish(struct domain *d);
void vpl011_destroy(struct domain *d);
