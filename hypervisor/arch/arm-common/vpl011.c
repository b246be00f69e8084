/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's played UART: the way from its registers to the ring, the event channel and the
 * interrupt. Lock: vpl011->lock (interrupts off), below the channel's by which the other end
 * speaks; the vGIC's is inside it. Events are sent with none of them.
 */
#include <asm/mmio.h>
#include <asm/vgic.h>
#include <asm/vpl011.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/p2m.h>
#include <hv/page.h>

struct vpl011 {
	struct spinlock lock;
	struct vpl011_regs regs; /* (lock) */
	struct page_info *page;	 /* the ring's, with a reference; NULL after relinquish */
	uint32_t port;		 /* set before d runs */
};

static void heard(struct domain *d, uint32_t port)
{
	struct vpl011 *u = d->arch.vpl011;
	unsigned long flags = spin_lock_irq(&u->lock);

	vpl011_regs_heard(&u->regs);
	vgic_set_line(d, GUEST_VPL011_SPI, vpl011_regs_line(&u->regs));
	spin_unlock_irq(&u->lock, flags);
}

/* Each register is a word; a byte of it or a half is of its lower part, as drivers have it. */
static bool access(struct vcpu *v, struct mmio_access *a, void *opaque)
{
	uint32_t reg = (uint32_t)(a->gpa - GUEST_PL011_BASE), value = 0;
	struct vpl011 *u = opaque;
	unsigned long flags;
	bool tell;

	/* Clearing is all that ICR is for. */
	if (a->size > 4 || (!a->write && reg == VPL011_ICR)) {
		return false;
	}
	flags = spin_lock_irq(&u->lock);
	if (a->write) {
		tell = vpl011_regs_write(&u->regs, reg, (uint32_t)a->value);
	} else {
		tell = vpl011_regs_read(&u->regs, reg, &value);
		a->value = value;
	}
	vgic_set_line(v->domain, GUEST_VPL011_SPI, vpl011_regs_line(&u->regs));
	spin_unlock_irq(&u->lock, flags);
	if (tell) {
		event_send_consumer(v->domain, u->port);
	}
	return true;
}

/* The guest's own page, which it may write to, with a reference; or NULL. */
static struct page_info *ring_page(struct domain *d, gfn_t g)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, g, &t);

	if (pg && (t != P2M_RAM_RW || READ_ONCE(pg->owner) != d)) {
		page_put(pg);
		pg = NULL;
	}
	return pg;
}

int vpl011_create(struct domain *d, gfn_t g, uint16_t console)
{
	struct vpl011 *u;
	int err = -EINVAL;

	if (d->arch.vpl011 || GUEST_VPL011_SPI - VGIC_PRIVATE >= d->arch.vgic.spi_count) {
		return -EINVAL;
	}
	u = hv_alloc(sizeof(*u));
	if (!u) {
		return -ENOMEM;
	}
	spin_lock_init(&u->lock);
	u->page = ring_page(d, g);
	if (!u->page) {
		goto free;
	}
	vpl011_regs_init(&u->regs, page_to_virt(u->page));
	/* Whoever binds to the port may speak at once. */
	d->arch.vpl011 = u;
	err = event_alloc_consumer(d, console, heard);
	if (err < 0) {
		goto put_page;
	}
	u->port = (uint32_t)err;
	err = mmio_register(d, GUEST_PL011_BASE, GUEST_PL011_SIZE, access, u);
	if (err) {
		goto close;
	}
	return (int)u->port;
close:
	event_close_consumer(d, u->port);
put_page:
	d->arch.vpl011 = NULL;
	page_put(u->page);
free:
	hv_free(u);
	return err;
}

void vpl011_relinquish(struct domain *d)
{
	struct vpl011 *u = d->arch.vpl011;

	if (u && u->page) {
		page_put(u->page);
		u->page = NULL;
	}
}

void vpl011_destroy(struct domain *d)
{
	hv_free(d->arch.vpl011);
	d->arch.vpl011 = NULL;
}
