/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that are played: who has which range. The list only grows while its domain is made, so
 * looks take no lock. */
#include <asm/mmio.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/page.h>

struct mmio_range {
	uint64_t start, size;
	mmio_fn *fn;
	void *opaque;
	struct mmio_range *next;
};

static const struct mmio_range *find(const struct domain *d, uint64_t gpa, uint64_t size)
{
	const struct mmio_range *r = __atomic_load_n(&d->arch.mmio_ranges, __ATOMIC_ACQUIRE);

	for (; r; r = r->next) {
		if (gpa >= r->start && gpa - r->start < r->size &&
		    size <= r->size - (gpa - r->start)) {
			return r;
		}
	}
	return NULL;
}

int mmio_register(struct domain *d, uint64_t start, uint64_t size, mmio_fn *fn, void *opaque)
{
	struct mmio_range *r;
	int err = 0;

	r = hv_alloc(sizeof(*r));
	if (!r) {
		return -ENOMEM;
	}
	*r = (struct mmio_range){start, size, fn, opaque, NULL};
	spin_lock(&d->arch.mmio_lock);
	for (const struct mmio_range *o = d->arch.mmio_ranges; o; o = o->next) {
		if (start < o->start + o->size && o->start < start + size) {
			err = -EEXIST;
		}
	}
	if (!err) {
		r->next = d->arch.mmio_ranges;
		__atomic_store_n(&d->arch.mmio_ranges, r, __ATOMIC_RELEASE);
	}
	spin_unlock(&d->arch.mmio_lock);
	if (err) {
		hv_free(r);
	}
	return err;
}

bool mmio_dispatch_covers(const struct domain *d, uint64_t gpa)
{
	return find(d, gpa, 1);
}

enum mmio_result mmio_dispatch(struct vcpu *v, struct mmio_access *a)
{
	const struct mmio_range *r = find(v->domain, a->gpa, a->size);

	if (!r) {
		return MMIO_NONE;
	}
	return r->fn(v, a, r->opaque) ? MMIO_DONE : MMIO_REFUSED;
}

void mmio_destroy(struct domain *d)
{
	struct mmio_range *r = d->arch.mmio_ranges;

	d->arch.mmio_ranges = NULL;
	while (r) {
		struct mmio_range *next = r->next;

		hv_free(r);
		r = next;
	}
}
