/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device memory of the service VM, mapped when it is first touched: what devices there are and
 * where is known to the device tree and to PCI's windows alone.
 * Locks: none; p2m_set_if_empty does not disturb what another vCPU puts there meanwhile.
 */
#include <asm/dom0.h>
#include <asm/mmio.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>

#define BLOCK_FRAMES 512UL
/* 2 MiB blocks: 32 GiB of device memory, 64 MiB of tables at the most. */
#define BLOCKS_MAX 16384

static unsigned int blocks; /* atomic */

bool dom0_frame_is_device(uint64_t frame)
{
	return frame < BIT(40) && !platform_is_memory(frame << PAGE_SHIFT) &&
	       !platform_frame_is_hidden(frame);
}

/* 0; -EEXIST: device memory already; -EBUSY: somebody's RAM; another error when it cannot be
 * mapped. */
static int map_one(struct domain *d, uint64_t frame)
{
	enum p2m_type t;

	if (!dom0_frame_is_device(frame) || mmio_dispatch_covers(d, frame << PAGE_SHIFT)) {
		return -EPERM;
	}
	(void)p2m_lookup(d, gfn(frame), &t, NULL);
	if (t != P2M_INVALID) {
		return t == P2M_MMIO ? -EEXIST : -EBUSY;
	}
	return p2m_set_if_empty(d, gfn(frame), mfn(frame), P2M_MMIO);
}

/* A page in which the hypervisor keeps a device, and what of it is others'. */
#define NEIGHBOURS_MAX 16u
struct shared_page {
	volatile uint8_t *at;
	bool bytes; /* its devices take accesses of a byte, too */
	unsigned int count;
	struct platform_region part[NEIGHBOURS_MAX];
};

static bool is_neighbours(const struct shared_page *p, uint64_t at, uint64_t size)
{
	for (unsigned int i = 0; i < p->count; i++) {
		if (at >= p->part[i].base && size <= p->part[i].size &&
		    at - p->part[i].base <= p->part[i].size - size) {
			return true;
		}
	}
	return false;
}

static bool shared_access(struct vcpu *v, struct mmio_access *a, void *opaque)
{
	const struct shared_page *p = opaque;
	volatile uint8_t *at = p->at + (a->gpa & (PAGE_SIZE - 1));

	/* Where no device answers the bus would report that to us. */
	if ((a->size != 4 && !(a->size == 1 && p->bytes)) || !is_neighbours(p, a->gpa, a->size)) {
		return false;
	}
	if (!a->write) {
		a->value = a->size == 4 ? mmio_read32(at) : mmio_read8(at);
	} else if (a->size == 4) {
		mmio_write32(at, (uint32_t)a->value);
	} else {
		mmio_write8(at, (uint8_t)a->value);
	}
	return true;
}

static bool is_kept(const struct platform_region *r)
{
	for (unsigned int i = 0; i < platform.hidden_count; i++) {
		const struct platform_region *h = &platform.hidden[i];

		if (r->base < h->base + h->size && h->base < r->base + r->size) {
			return true;
		}
	}
	return false;
}

/* All registers of devices in use that lie in the page and are nobody else's. */
static void find_neighbours(struct shared_page *p, uint64_t page)
{
	const struct fdt *t = &platform.tree;
	struct platform_region r;

	for (int node = fdt_root(t); node >= 0; node = fdt_next_node(t, node, NULL)) {
		if (!fdt_available(t, node) || !fdt_has(t, node, "compatible")) {
			continue;
		}
		for (unsigned int i = 0; fdt_reg(t, node, i, &r.base, &r.size); i++) {
			if (r.size && r.base >= page && r.base + r.size <= page + PAGE_SIZE &&
			    !is_kept(&r) && p->count < NEIGHBOURS_MAX) {
				p->part[p->count++] = r;
			}
		}
	}
}

/* Only of devices that lie alone in their registers: of a GIC's pages all is a GIC's. */
static int share_page_of(struct domain *d, const struct platform_region *r, bool bytes,
			 struct shared_page *p)
{
	uint64_t page = ROUND_DOWN(r->base, PAGE_SIZE);

	if (!r->size || r->base + r->size > page + PAGE_SIZE || mmio_dispatch_covers(d, page)) {
		return 0;
	}
	find_neighbours(p, page);
	if (!p->count) {
		return 0;
	}
	p->bytes = bytes;
	p->at = ioremap(hpa(page), PAGE_SIZE);
	return p->at ? mmio_register(d, page, PAGE_SIZE, shared_access, p) : -ENOMEM;
}

int dom0_share_pages(struct domain *d)
{
	static struct shared_page lines, uart;
	int err = share_page_of(d, &platform.gic.armctrl, false, &lines);

	if (!err && platform.uart.model) {
		err = share_page_of(d, &platform.uart.regs, platform.uart.width == 1, &uart);
	}
	return err;
}

bool dom0_map_on_demand(struct domain *d, uint64_t frame)
{
	uint64_t block = ROUND_DOWN(frame, BLOCK_FRAMES);
	int ret;

	if (!d->is_service || __atomic_load_n(&blocks, __ATOMIC_RELAXED) >= BLOCKS_MAX) {
		return false;
	}
	ret = map_one(d, frame);
	if (ret) {
		/* Another vCPU was faster: look again. */
		return ret == -EEXIST;
	}
	if (__atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED) == BLOCKS_MAX) {
		glog_warn("service VM: no more than %u blocks of device memory\n", BLOCKS_MAX);
	}
	/* Its neighbours soon follow. */
	for (uint64_t f = block; f < block + BLOCK_FRAMES; f++) {
		if (map_one(d, f) == -ENOMEM) {
			break;
		}
	}
	return true;
}
