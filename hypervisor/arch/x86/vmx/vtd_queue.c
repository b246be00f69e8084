// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VT-d: commands, and making units forget: by the invalidation queue where there is one, else by
 * registers.
 *
 * The queue is empty whenever its lock is free: who fills it waits for the end of it.
 *
 * Locks: vtd_unit->lock is a leaf, with interrupts off: a remapped line is routed under a lock that
 * its handler takes.
 */
#include <hv/bitops.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include "vtd.h"

struct wait {
	struct vtd_unit *u;
	unsigned int reg;
	uint64_t mask, want;
	bool wide;
};

static bool register_is(void *arg)
{
	struct wait *w = arg;
	uint64_t v = w->wide ? vtd_read64(w->u, w->reg) : vtd_read(w->u, w->reg);

	return (v & w->mask) == w->want;
}

int vtd_command(struct vtd_unit *u, uint32_t bit, bool on)
{
	uint32_t command = vtd_read(u, VTD_STATUS) & ~(uint32_t)GLOBAL_ONE_SHOT;
	struct wait w = {.u = u, .reg = VTD_STATUS, .mask = bit, .want = on ? bit : 0};

	command = on ? command | bit : command & ~bit;
	vtd_write(u, VTD_COMMAND, command);
	if (bit == GLOBAL_WRITE_BUFFER) {
		w.want = 0; /* the bit says that the flush is under way */
	}
	return iommu_wait(register_is, &w) ? 0 : -EIO;
}

static bool is_completed(void *arg)
{
	struct vtd_unit *u = arg;

	return u->completed == u->completion;
}

static void put(struct vtd_unit *u, uint64_t lo, uint64_t hi)
{
	u->queue[u->tail] = (struct vtd_descriptor){lo, hi};
	u->tail = (u->tail + 1) % QI_COUNT;
}

/* (lock) */
static bool run_queue(struct vtd_unit *u, const struct vtd_descriptor *d, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		put(u, d[i].lo, d[i].hi);
	}
	u->completion++;
	put(u, QI_WAIT | QI_WAIT_STATUS | QI_WAIT_FENCE | (uint64_t)u->completion << 32,
	    virt_to_hpa((const void *)&u->completed).v);
	smp_wmb();
	vtd_write64(u, VTD_QUEUE_TAIL, (uint64_t)u->tail * sizeof(struct vtd_descriptor));
	return iommu_wait(is_completed, u);
}

/* (lock) The same by registers, for units without a queue. */
static bool run_context_register(struct vtd_unit *u, uint64_t command)
{
	struct wait w = {.u = u, .reg = VTD_CONTEXT_COMMAND, .mask = CCMD_GO, .wide = true};

	vtd_write64(u, VTD_CONTEXT_COMMAND, command | CCMD_GO);
	return iommu_wait(register_is, &w);
}

static bool run_iotlb_register(struct vtd_unit *u, uint64_t command, uint64_t address)
{
	unsigned int at = ECAP_IOTLB_OFFSET(u->ecap);
	struct wait w = {.u = u, .reg = at + 8, .mask = IOTLB_GO, .wide = true};

	if ((command & IOTLB_PAGES) == IOTLB_PAGES) {
		vtd_write64(u, at, address);
	}
	vtd_write64(u, at + 8, command | IOTLB_GO);
	return iommu_wait(register_is, &w);
}

static bool flush_write_buffer(struct vtd_unit *u)
{
	return !(u->cap & CAP_RWBF) || vtd_command(u, GLOBAL_WRITE_BUFFER, true) == 0;
}

static void check(struct vtd_unit *u, bool ok)
{
	if (!ok) {
		/* A device may still reach a frame that is about to be somebody else's. */
		panic("VT-d unit at %#lx does not answer: status %#x, faults %#x, head %#lx, tail "
		      "%#lx",
		      u->info.base, vtd_read(u, VTD_STATUS), vtd_read(u, VTD_FAULT_STATUS),
		      vtd_read64(u, VTD_QUEUE_HEAD), vtd_read64(u, VTD_QUEUE_TAIL));
	}
}

static uint64_t queue_drain(const struct vtd_unit *u)
{
	return (u->cap & CAP_DRAIN_READS ? QI_DRAIN_READS : 0) |
	       (u->cap & CAP_DRAIN_WRITES ? QI_DRAIN_WRITES : 0);
}

static uint64_t register_drain(const struct vtd_unit *u)
{
	return (u->cap & CAP_DRAIN_READS ? IOTLB_DRAIN_READS : 0) |
	       (u->cap & CAP_DRAIN_WRITES ? IOTLB_DRAIN_WRITES : 0);
}

static bool forget_device(struct vtd_unit *u, uint16_t devid, unsigned int domain)
{
	struct vtd_descriptor d[2] = {
	    {QI_CONTEXT | QI_SELECTIVE | (uint64_t)domain << 16 | (uint64_t)devid << 32, 0},
	    {QI_IOTLB | QI_DOMAIN | queue_drain(u) | (uint64_t)domain << 16, 0},
	};

	if (!flush_write_buffer(u)) {
		return false;
	}
	if (u->queued) {
		return run_queue(u, d, 2);
	}
	return run_context_register(u, CCMD_DEVICE | (uint64_t)devid << 16 | domain) &&
	       run_iotlb_register(u, IOTLB_DOMAIN | register_drain(u) | (uint64_t)domain << 32, 0);
}

void vtd_forget_device(const struct vtd_segment *s, uint16_t devid, unsigned int domain)
{
	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		struct vtd_unit *u = vtd_units[i];
		unsigned long flags;
		bool ok;

		if (u->segment != s) {
			continue;
		}
		flags = spin_lock_irq(&u->lock);
		ok = forget_device(u, devid, domain);
		spin_unlock_irq(&u->lock, flags);
		check(u, ok);
	}
}

/*
 * The aligned block of 2^mask frames that holds first..last, when the unit can name one so large;
 * false: the whole domain has to be forgotten.
 */
static bool page_block(const struct vtd_unit *u, uint64_t first, uint64_t count, uint64_t *address)
{
	uint64_t last = first + count - 1;
	unsigned int mask = first == last ? 0 : highest_bit(first ^ last) + 1;

	if (!count || !(u->cap & CAP_PAGE_SELECTIVE) || mask > CAP_MAX_MASK(u->cap)) {
		return false;
	}
	*address = (first & ~((1UL << mask) - 1)) << PAGE_SHIFT | mask;
	return true;
}

static bool flush_unit(struct vtd_unit *u, unsigned int domain, uint64_t dfn, uint64_t count)
{
	uint64_t address = 0;
	bool pages = page_block(u, dfn, count, &address);
	struct vtd_descriptor d = {
	    QI_IOTLB | (pages ? QI_SELECTIVE : QI_DOMAIN) | queue_drain(u) | (uint64_t)domain << 16,
	    address,
	};

	if (!flush_write_buffer(u)) {
		return false;
	}
	if (u->queued) {
		return run_queue(u, &d, 1);
	}
	return run_iotlb_register(
	    u, (pages ? IOTLB_PAGES : IOTLB_DOMAIN) | register_drain(u) | (uint64_t)domain << 32,
	    address);
}

void vtd_flush(struct iommu_domain *dom, uint64_t dfn, uint64_t count)
{
	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		struct vtd_unit *u = vtd_units[i];
		unsigned long flags;
		bool ok;

		flags = spin_lock_irq(&u->lock);
		ok = flush_unit(u, dom->id, dfn, count);
		spin_unlock_irq(&u->lock, flags);
		check(u, ok);
	}
}

static bool forget_interrupts(struct vtd_unit *u, uint64_t which)
{
	struct vtd_descriptor d = {QI_INTERRUPT | which, 0};

	return flush_write_buffer(u) && run_queue(u, &d, 1);
}

void vtd_forget_interrupt(const struct vtd_segment *s, unsigned int index)
{
	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		struct vtd_unit *u = vtd_units[i];
		unsigned long flags;
		bool ok;

		if (u->segment != s) {
			continue;
		}
		flags = spin_lock_irq(&u->lock);
		ok = forget_interrupts(u, QI_INTERRUPT_ONE | (uint64_t)index << 32);
		spin_unlock_irq(&u->lock, flags);
		check(u, ok);
	}
}

bool vtd_forget_interrupts(struct vtd_unit *u)
{
	unsigned long flags = spin_lock_irq(&u->lock);
	bool ok = forget_interrupts(u, 0);

	spin_unlock_irq(&u->lock, flags);
	return ok;
}

static bool forget_all(struct vtd_unit *u)
{
	struct vtd_descriptor d[2] = {
	    {QI_CONTEXT | QI_GLOBAL, 0},
	    {QI_IOTLB | QI_GLOBAL | queue_drain(u), 0},
	};

	if (u->queued) {
		return run_queue(u, d, 2);
	}
	return run_context_register(u, CCMD_GLOBAL) &&
	       run_iotlb_register(u, IOTLB_GLOBAL | register_drain(u), 0);
}

int vtd_queue_init(struct vtd_unit *u)
{
	unsigned long flags;
	bool ok;

	spin_lock_init(&u->lock);
	if (u->ecap & ECAP_QUEUE) {
		u->queue = page_alloc_virt();
		if (!u->queue) {
			return -ENOMEM;
		}
		vtd_write64(u, VTD_QUEUE_TAIL, 0);
		vtd_write64(u, VTD_QUEUE_ADDRESS, virt_to_hpa(u->queue).v);
		u->tail = 0;
		u->queued = vtd_command(u, GLOBAL_QUEUE, true) == 0;
	}
	flags = spin_lock_irq(&u->lock);
	ok = flush_write_buffer(u) && forget_all(u);
	if (!ok && u->queued) {
		log_warn("VT-d: unit at %#lx: its queue does not work, using registers\n",
			 u->info.base);
		(void)vtd_command(u, GLOBAL_QUEUE, false);
		u->queued = false;
		ok = forget_all(u);
	}
	spin_unlock_irq(&u->lock, flags);
	return ok ? 0 : -EIO;
}
