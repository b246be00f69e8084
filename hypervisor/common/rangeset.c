/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of numbers as a sorted array of ranges that neither touch nor overlap. */
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/rangeset.h>
#include <hv/spinlock.h>

#define RANGES_MAX	1024

struct range {
	uint64_t first, last;
};

struct rangeset {
	struct spinlock lock;		/* a leaf, apart from the allocator's */
	const char *name;
	unsigned int count, size;
	struct range *ranges;
};

struct rangeset *rangeset_create(const char *name)
{
	struct rangeset *r = hv_alloc(sizeof(*r));

	if (r) {
		spin_lock_init(&r->lock);
		r->name = name;
	}
	return r;
}

void rangeset_destroy(struct rangeset *r)
{
	if (r) {
		hv_free(r->ranges);
		hv_free(r);
	}
}

/* (lock) Index of the first range that ends at or after v. */
static unsigned int range_at(const struct rangeset *r, uint64_t v)
{
	unsigned int low = 0, high = r->count;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (r->ranges[mid].last < v) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

/* (lock) Room for one more. */
static int reserve(struct rangeset *r)
{
	struct range *bigger;
	unsigned int size;

	if (r->count < r->size) {
		return 0;
	}
	if (r->count >= RANGES_MAX) {
		return -E2BIG;
	}
	size = r->size ? r->size * 2 : 8;
	bigger = hv_alloc(size * sizeof(*bigger));
	if (!bigger) {
		return -ENOMEM;
	}
	if (r->count) {
		memcpy(bigger, r->ranges, r->count * sizeof(*bigger));
	}
	hv_free(r->ranges);
	r->ranges = bigger;
	r->size = size;
	return 0;
}

static void insert_at(struct rangeset *r, unsigned int i, uint64_t first, uint64_t last)
{
	memmove(&r->ranges[i + 1], &r->ranges[i], (r->count - i) * sizeof(r->ranges[0]));
	r->ranges[i] = (struct range){ first, last };
	r->count++;
}

static void delete_at(struct rangeset *r, unsigned int i, unsigned int n)
{
	if (!n) {
		return;
	}
	memmove(&r->ranges[i], &r->ranges[i + n], (r->count - i - n) * sizeof(r->ranges[0]));
	r->count -= n;
}

int rangeset_add(struct rangeset *r, uint64_t first, uint64_t last)
{
	unsigned int i, j;
	int err = 0;

	if (first > last) {
		return -EINVAL;
	}
	spin_lock(&r->lock);
	/* Ranges [i, j) touch the new one and melt into it. */
	i = range_at(r, first ? first - 1 : 0);
	j = i;
	while (j < r->count && (last == UINT64_MAX || r->ranges[j].first <= last + 1)) {
		j++;
	}
	if (i == j) {
		err = reserve(r);
		if (!err) {
			insert_at(r, i, first, last);
		}
	} else {
		r->ranges[i].first = MIN(first, r->ranges[i].first);
		r->ranges[i].last = MAX(last, r->ranges[j - 1].last);
		delete_at(r, i + 1, j - i - 1);
	}
	spin_unlock(&r->lock);
	return err;
}

int rangeset_remove(struct rangeset *r, uint64_t first, uint64_t last)
{
	unsigned int i, j;
	int err = 0;

	if (first > last) {
		return -EINVAL;
	}
	spin_lock(&r->lock);
	i = range_at(r, first);
	if (i < r->count && r->ranges[i].first < first && r->ranges[i].last > last) {
		/* A hole in the middle of one range. */
		err = reserve(r);
		if (!err) {
			uint64_t end = r->ranges[i].last;

			r->ranges[i].last = first - 1;
			insert_at(r, i + 1, last + 1, end);
		}
		goto out;
	}
	if (i < r->count && r->ranges[i].first < first) {
		r->ranges[i].last = first - 1;
		i++;
	}
	for (j = i; j < r->count && r->ranges[j].last <= last; j++) {
	}
	delete_at(r, i, j - i);
	if (i < r->count && r->ranges[i].first <= last) {
		r->ranges[i].first = last + 1;
	}
out:
	spin_unlock(&r->lock);
	return err;
}

bool rangeset_contains(struct rangeset *r, uint64_t first, uint64_t last)
{
	unsigned int i;
	bool in;

	spin_lock(&r->lock);
	i = range_at(r, first);
	in = first <= last && i < r->count && r->ranges[i].first <= first &&
	     r->ranges[i].last >= last;
	spin_unlock(&r->lock);
	return in;
}

bool rangeset_overlaps(struct rangeset *r, uint64_t first, uint64_t last)
{
	unsigned int i;
	bool in;

	spin_lock(&r->lock);
	i = range_at(r, first);
	in = first <= last && i < r->count && r->ranges[i].first <= last;
	spin_unlock(&r->lock);
	return in;
}
