// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Port and MMIO handlers of a domain: two sorted tables. Readers take no lock: a table never
 * changes once it is published, a registration publishes a new one and lets the old go after an RCU
 * grace period. Registered handlers stay callable for one grace period after io_unregister_mmio.
 *
 * Lock order: domain->arch.io_lock (writers only) -> allocator.
 */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/rcu.h>
#include <asm/io.h>

#define PORTS_LOGGED	8

#define IO_RANGES_MAX	1024 /* of one kind in one domain: MSI-X tables, ECAM, IO-APICs */
#define IO_BITMAP_ORDER 2    /* 12 KiB in a block of 16 */
#define IO_BITMAP_BYTES (3 * PAGE_SIZE)

struct io_entry {
	uint64_t first, last;
	io_handler *fn;
	void *opaque;
};

/* What arch_domain.port_ranges and mmio_ranges point at. */
struct io_range {
	struct rcu_head rcu;
	unsigned int count;
	struct io_entry entries[]; /* sorted, no overlap */
};

static void table_free(struct rcu_head *head)
{
	hv_free(container_of(head, struct io_range, rcu));
}

/* Index of the first entry that ends at or after addr; count when there is none. */
static unsigned int table_search(const struct io_range *t, uint64_t addr)
{
	unsigned int low = 0, high = t->count;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (t->entries[mid].last < addr) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

static const struct io_entry *table_find(struct io_range *const *slot, uint64_t addr)
{
	const struct io_range *t = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	const struct io_entry *e;
	unsigned int i;

	if (!t) {
		return NULL;
	}
	i = table_search(t, addr);
	if (i == t->count) {
		return NULL;
	}
	e = &t->entries[i];
	return e->first <= addr ? e : NULL;
}

static struct io_range *table_alloc(unsigned int count)
{
	struct io_range *t = hv_alloc(sizeof(*t) + count * sizeof(t->entries[0]));

	if (t) {
		t->count = count;
	}
	return t;
}

static void table_publish(struct io_range **slot, struct io_range *t)
{
	struct io_range *old = *slot;

	__atomic_store_n(slot, t, __ATOMIC_RELEASE);
	if (old) {
		rcu_defer(&old->rcu, table_free);
	}
}

static int table_insert(struct io_range **slot, const struct io_entry *e)
{
	struct io_range *old = *slot, *t;
	unsigned int at = old ? table_search(old, e->first) : 0, count = old ? old->count : 0;

	if (old && at < count && old->entries[at].first <= e->last) {
		return -EEXIST;
	}
	if (count >= IO_RANGES_MAX) {
		return -ENOSPC;
	}
	t = table_alloc(count + 1);
	if (!t) {
		return -ENOMEM;
	}
	if (old) {
		memcpy(t->entries, old->entries, at * sizeof(*e));
		memcpy(t->entries + at + 1, old->entries + at, (count - at) * sizeof(*e));
	}
	t->entries[at] = *e;
	table_publish(slot, t);
	return 0;
}

/* The bitmap, made at first use with every port exiting. Called with io_lock held. */
static unsigned long *io_bitmap(struct domain *d)
{
	if (!d->arch.io_bitmap) {
		struct page_info *pg = page_alloc(IO_BITMAP_ORDER, ALLOC_NO_SCRUB);

		if (!pg) {
			return NULL;
		}
		memset(page_to_virt(pg), 0xff, PAGE_SIZE << IO_BITMAP_ORDER);
		__atomic_store_n(&d->arch.io_bitmap, (uint8_t *)page_to_virt(pg), __ATOMIC_RELEASE);
	}
	return (unsigned long *)d->arch.io_bitmap;
}

/* Ports first to last, which lie in the 64 KiB of the bitmap. */
static void bitmap_fill(unsigned long *bitmap, unsigned int first, unsigned int last, bool exits)
{
	unsigned int port = first;

	while (port <= last) {
		if (port % BITS_PER_LONG == 0 && last - port >= BITS_PER_LONG - 1) {
			WRITE_ONCE(bitmap[port / BITS_PER_LONG], exits ? ~0UL : 0);
			port += BITS_PER_LONG;
			continue;
		}
		if (exits) {
			set_bit(port, bitmap);
		} else {
			clear_bit(port, bitmap);
		}
		port++;
	}
}

int io_register_ports(struct domain *d, uint16_t first, unsigned int count, io_handler *fn,
		      void *opaque)
{
	struct io_entry e = {
	    .first = first, .last = first + (uint64_t)count - 1, .fn = fn, .opaque = opaque};
	int ret;

	if (!count || e.last > 0xffff) {
		return -EINVAL;
	}
	spin_lock(&d->arch.io_lock);
	ret = table_insert(&d->arch.port_ranges, &e);
	if (!ret && d->arch.io_bitmap) {
		bitmap_fill(io_bitmap(d), first, (unsigned int)e.last, true);
	}
	spin_unlock(&d->arch.io_lock);
	return ret;
}

int io_register_mmio(struct domain *d, gpa_t start, uint64_t len, io_handler *fn, void *opaque)
{
	struct io_entry e = {
	    .first = start.v, .last = start.v + len - 1, .fn = fn, .opaque = opaque};
	int ret;

	if (!len || e.last < e.first) {
		return -EINVAL;
	}
	spin_lock(&d->arch.io_lock);
	ret = table_insert(&d->arch.mmio_ranges, &e);
	spin_unlock(&d->arch.io_lock);
	return ret;
}

void io_unregister_mmio(struct domain *d, gpa_t start)
{
	struct io_range *old, *t;
	unsigned int at;

	spin_lock(&d->arch.io_lock);
	old = d->arch.mmio_ranges;
	at = old ? table_search(old, start.v) : 0;
	if (old && at < old->count && old->entries[at].first == start.v) {
		t = table_alloc(old->count - 1);
		if (t) {
			memcpy(t->entries, old->entries, at * sizeof(t->entries[0]));
			memcpy(t->entries + at, old->entries + at + 1,
			       (t->count - at) * sizeof(t->entries[0]));
			table_publish(&d->arch.mmio_ranges, t);
		} else {
			/* No memory for a smaller table: only this range is lost to later
			 * registrations. */
			log_warn("d%u: MMIO range at %#lx stays registered: no memory\n", d->id,
				 (unsigned long)start.v);
		}
	}
	spin_unlock(&d->arch.io_lock);
}

/* The domain has no running vCPU any more and no reader is left. */
void io_destroy(struct domain *d)
{
	hv_free(d->arch.port_ranges);
	hv_free(d->arch.mmio_ranges);
	d->arch.port_ranges = NULL;
	d->arch.mmio_ranges = NULL;
	if (d->arch.io_bitmap) {
		page_free(virt_to_page(d->arch.io_bitmap), IO_BITMAP_ORDER);
		d->arch.io_bitmap = NULL;
	}
}

/* The last port of a range that is cut at the end of the port space. */
static unsigned int last_port(uint16_t first, unsigned int count)
{
	return (unsigned int)MIN((uint64_t)first + count, 0x10000UL) - 1;
}

void io_allow_ports(struct domain *d, uint16_t first, unsigned int count)
{
	unsigned int last = last_port(first, count), i;
	const struct io_range *t;
	unsigned long *bitmap;

	if (!count) {
		return;
	}
	spin_lock(&d->arch.io_lock);
	bitmap = io_bitmap(d);
	if (!bitmap) {
		log_warn("d%u: no memory for an I/O bitmap: ports stay denied\n", d->id);
		goto out;
	}
	bitmap_fill(bitmap, first, last, false);
	/* Ports with a handler exit again, whoever may reach them. */
	t = d->arch.port_ranges;
	for (i = t ? table_search(t, first) : 0; t && i < t->count && t->entries[i].first <= last;
	     i++) {
		bitmap_fill(bitmap, MAX((unsigned int)t->entries[i].first, (unsigned int)first),
			    MIN((unsigned int)t->entries[i].last, last), true);
	}
out:
	spin_unlock(&d->arch.io_lock);
}

void io_deny_ports(struct domain *d, uint16_t first, unsigned int count)
{
	spin_lock(&d->arch.io_lock);
	if (count && d->arch.io_bitmap) {
		bitmap_fill(io_bitmap(d), first, last_port(first, count), true);
	}
	spin_unlock(&d->arch.io_lock);
}

/*
 * An access that only partly lies in a range is taken apart into bytes, each to its own handler;
 * bytes that have none read as ones. False when no byte has one.
 */
static bool dispatch_bytes(struct vcpu *v, struct io_range *const *slot, uint64_t addr,
			   unsigned int size, bool write, uint64_t *val)
{
	uint64_t result = 0;
	bool any = false;
	unsigned int i;

	for (i = 0; i < size; i++) {
		const struct io_entry *e = table_find(slot, addr + i);
		uint64_t byte = write ? (*val >> (8 * i)) & 0xff : 0xff;

		if (e) {
			any = true;
			e->fn(v, e->opaque, addr + i, 1, write, &byte);
		}
		result |= (byte & 0xff) << (8 * i);
	}
	if (any && !write) {
		*val = result;
	}
	return any;
}

static bool dispatch(struct vcpu *v, struct io_range *const *slot, uint64_t addr, unsigned int size,
		     bool write, uint64_t *val)
{
	const struct io_entry *e = table_find(slot, addr);

	if (likely(e && addr + size - 1 <= e->last)) {
		e->fn(v, e->opaque, addr, size, write, val);
		return true;
	}
	return dispatch_bytes(v, slot, addr, size, write, val);
}

bool io_port_access(struct vcpu *v, uint16_t port, unsigned int size, bool write, uint64_t *val)
{
	if (dispatch(v, &v->domain->arch.port_ranges, port, size, write, val)) {
		return true;
	}
	glog_debug("d%u v%u: port %#x size %u %s without a handler\n", v->domain->id, v->id, port,
		   size, write ? "write" : "read");
	return false;
}

bool io_mmio_access(struct vcpu *v, gpa_t addr, unsigned int size, bool write, uint64_t *val)
{
	return dispatch(v, &v->domain->arch.mmio_ranges, addr.v, size, write, val);
}

bool io_mmio_registered(struct domain *d, gpa_t addr)
{
	return table_find(&d->arch.mmio_ranges, addr.v) != NULL;
}
