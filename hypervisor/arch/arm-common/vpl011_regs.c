/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of the played UART. A FIFO is a ring of the shared page: index of the writer less
 * index of the reader, both running through all 32 bits. The other end's index may be anything.
 */
#include <asm/vpl011.h>
#include <hv/lib.h>
#include <hv/spinlock.h>

#define IN_SIZE	 ((uint32_t)sizeof(((struct xencons_interface *)0)->in))
#define OUT_SIZE ((uint32_t)sizeof(((struct xencons_interface *)0)->out))

static_assert((IN_SIZE & (IN_SIZE - 1)) == 0 && (OUT_SIZE & (OUT_SIZE - 1)) == 0,
	      "indices run on: xen/io/console.h");

/* Bytes that wait for the guest. More than there is room for is nonsense, and nothing waits. */
static uint32_t in_level(const struct vpl011_regs *u)
{
	uint32_t n = READ_ONCE(u->ring->in_prod) - u->in_cons;

	return n > IN_SIZE ? 0 : n;
}

/* Bytes that wait for the other end; while that makes no sense, the ring is full. */
static uint32_t out_level(const struct vpl011_regs *u)
{
	uint32_t n = u->out_prod - READ_ONCE(u->ring->out_cons);

	return MIN(n, OUT_SIZE);
}

void vpl011_regs_init(struct vpl011_regs *u, struct xencons_interface *ring)
{
	*u = (struct vpl011_regs){
	    .ring = ring,
	    .in_cons = READ_ONCE(ring->in_cons),
	    .out_prod = READ_ONCE(ring->out_prod),
	};
}

static void set_raw(struct vpl011_regs *u, uint32_t bits, bool on)
{
	u->raw = on ? u->raw | bits : u->raw & ~bits;
}

void vpl011_regs_heard(struct vpl011_regs *u)
{
	uint32_t n = in_level(u);

	if (n) {
		set_raw(u, VPL011_TIMEOUT, true);
	}
	if (n >= VPL011_LEVEL) {
		set_raw(u, VPL011_RX, true);
	}
	set_raw(u, VPL011_TX, out_level(u) <= OUT_SIZE - VPL011_LEVEL);
}

static bool receive(struct vpl011_regs *u, uint32_t *value)
{
	uint32_t n = in_level(u);

	*value = 0;
	if (!n) {
		set_raw(u, VPL011_RX | VPL011_TIMEOUT, false);
		return false;
	}
	smp_rmb(); /* the byte after the index that says it is there */
	*value = (uint8_t)READ_ONCE(u->ring->in[u->in_cons++ & (IN_SIZE - 1)]);
	smp_mb(); /* and the place is free only when it has been read */
	WRITE_ONCE(u->ring->in_cons, u->in_cons);
	n--;
	if (n < VPL011_LEVEL) {
		set_raw(u, VPL011_RX, false);
	}
	if (!n) {
		set_raw(u, VPL011_TIMEOUT, false);
	}
	return true;
}

static bool transmit(struct vpl011_regs *u, uint8_t byte)
{
	uint32_t n = out_level(u);

	if (n == OUT_SIZE) {
		return false; /* as the real one: who does not look at TXFF loses it */
	}
	smp_mb(); /* not before the other end has read what was there */
	WRITE_ONCE(u->ring->out[u->out_prod++ & (OUT_SIZE - 1)], (char)byte);
	smp_wmb();
	WRITE_ONCE(u->ring->out_prod, u->out_prod);
	set_raw(u, VPL011_TX, n + 1 <= OUT_SIZE - VPL011_LEVEL);
	return true;
}

/* BUSY only with a full FIFO: a console that waits for it after each line would wait for the other
 * end. */
static uint32_t flags(const struct vpl011_regs *u)
{
	uint32_t in = in_level(u), out = out_level(u);

	return (in ? 0 : VPL011_FR_RXFE) | (in == IN_SIZE ? VPL011_FR_RXFF : 0) |
	       (out ? 0 : VPL011_FR_TXFE) | (out == OUT_SIZE ? VPL011_FR_TXFF | VPL011_FR_BUSY : 0);
}

bool vpl011_regs_read(struct vpl011_regs *u, uint32_t reg, uint32_t *value)
{
	switch (reg) {
	case VPL011_DR:
		return receive(u, value);
	case VPL011_FR:
		*value = flags(u);
		break;
	case VPL011_IMSC:
		*value = u->mask;
		break;
	case VPL011_RIS:
		*value = u->raw;
		break;
	case VPL011_MIS:
		*value = u->raw & u->mask;
		break;
	default:
		/* RSR: no errors. The rest of PL011 (speed, line) is not there. */
		*value = 0;
		break;
	}
	return false;
}

bool vpl011_regs_write(struct vpl011_regs *u, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case VPL011_DR:
		return transmit(u, (uint8_t)value);
	case VPL011_IMSC:
		u->mask = value & VPL011_INTS;
		break;
	case VPL011_ICR:
		set_raw(u, value, false);
		break;
	default:
		break;
	}
	return false;
}
