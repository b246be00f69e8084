/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GNTTABOP_copy: between pages of the caller and granted pages, at byte granularity. A granted side is
 * pinned for the time of the copy. A transitive grant (v2) is two pins: of the entry in the domain that
 * passes it on, then, for that domain, of the entry that it names; there is no third.
 */
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

#include "grant_internal.h"

#define LEGS	2

/* One pin of one entry; granter holds a reference of its own. */
struct leg {
	struct domain *granter;
	uint32_t ref;
};

/* Source or destination. */
struct side {
	bool readonly;
	struct page_info *page;
	uint32_t start, length;		/* bytes of it that may be used */
	struct leg legs[LEGS];
	unsigned int leg_count;
	bool own;			/* by frame number: page holds the only reference */
};

/* Nothing is held yet; where and how much, a claim says. */
static void side_start(struct side *s, bool readonly)
{
	s->readonly = readonly;
	s->leg_count = 0;
	s->own = false;
}

static void drop_leg(const struct leg *l, bool readonly)
{
	struct grant_table *gt = l->granter->grant;
	struct active_grant *act;
	struct grant_release r;

	read_lock(&gt->lock);
	act = grant_active(gt, l->ref);
	spin_lock(&act->lock);
	grant_unpin(l->granter, l->ref, act, readonly, &r);
	spin_unlock(&act->lock);
	read_unlock(&gt->lock);
	grant_release_finish(&r);
	domain_put(l->granter);
}

static void side_release(struct side *s)
{
	while (s->leg_count) {
		drop_leg(&s->legs[--s->leg_count], s->readonly);
	}
	if (s->own) {
		page_put(s->page);
		s->own = false;
	}
}

/* Where the transitive entry leads, read once. */
struct transit {
	bool is;
	uint16_t domid;
	uint32_t ref;
};

/* gt->lock and act->lock are held. Returns GNTST_*. */
static int pin_locked(struct domain *d, uint32_t ref, struct active_grant *act, uint16_t for_domid,
		      struct side *s, struct transit *next)
{
	bool last = s->leg_count + 1 == LEGS;
	int rc = grant_pin(d, ref, act, for_domid, s->readonly,
			   last ? GRANT_FOR_COPY_NO_TRANSIT : GRANT_FOR_COPY);

	if (rc != GNTST_okay) {
		return rc;
	}
	next->is = act->kind == GRANT_TRANSITIVE;
	if (next->is) {
		const union grant_entry_v2 *e = grant_entry_v2(d->grant, ref);

		next->domid = READ_ONCE(e->transitive.trans_domid);
		next->ref = READ_ONCE(e->transitive.gref);
	} else {
		s->page = act->page;
		s->start = act->start;
		s->length = act->length;
	}
	return GNTST_okay;
}

/* Adds a pin of ref of d, whose reference goes to the leg on success. Returns GNTST_*. */
static int add_leg(struct domain *d, uint32_t ref, uint16_t for_domid, struct side *s,
		   struct transit *next)
{
	struct grant_table *gt = d->grant;
	int rc = GNTST_bad_gntref;

	read_lock(&gt->lock);
	if (ref < grant_entry_count(gt)) {
		struct active_grant *act = grant_active(gt, ref);

		spin_lock(&act->lock);
		rc = pin_locked(d, ref, act, for_domid, s, next);
		spin_unlock(&act->lock);
	}
	read_unlock(&gt->lock);
	if (rc == GNTST_okay) {
		s->legs[s->leg_count++] = (struct leg){ d, ref };
	}
	return rc;
}

static int side_by_ref(struct domain *ld, struct domain *d, uint32_t ref, struct side *s)
{
	struct transit next = { false, 0, 0 }, none;
	struct domain *td;
	int rc = add_leg(d, ref, ld->id, s, &next);

	if (rc != GNTST_okay) {
		domain_put(d);
		return rc;
	}
	if (!next.is) {
		return GNTST_okay;
	}
	td = next.domid == d->id ? NULL : domain_get_other(next.domid);
	if (!td) {
		return GNTST_general_error;
	}
	rc = add_leg(td, next.ref, d->id, s, &none);
	if (rc != GNTST_okay) {
		domain_put(td);
	}
	return rc;
}

/* Takes over the reference to d. Whatever is held at a failure, side_release gives back. */
static int side_claim(struct domain *ld, struct domain *d, const struct gnttab_copy_ptr *ptr,
		      bool by_ref, struct side *s)
{
	int rc;

	if (by_ref) {
		return side_by_ref(ld, d, ptr->u.ref, s);
	}
	rc = grant_get_page(d, ptr->u.gmfn, s->readonly, &s->page);
	s->own = rc == GNTST_okay;
	s->start = 0;
	s->length = PAGE_SIZE;
	domain_put(d);
	return rc;
}

static bool side_allows(const struct side *s, uint32_t offset, uint32_t len)
{
	return offset >= s->start && offset + len <= s->start + s->length;
}

/* The domain that a side names, referenced. Returns GNTST_*. */
static int side_domain(const struct gnttab_copy_ptr *ptr, bool by_ref, struct domain **d)
{
	*d = domain_get_by_id(ptr->domid);
	if (!*d) {
		return GNTST_bad_domain;
	}
	/* Frame numbers are for one's own memory. */
	if (!by_ref && ptr->domid != DOMID_SELF) {
		domain_put(*d);
		return GNTST_permission_denied;
	}
	return GNTST_okay;
}

static int copy_claimed(const struct gnttab_copy *op, const struct side *src, const struct side *dst)
{
	uint32_t from = op->source.offset, to = op->dest.offset, len = op->len;

	if (from + len > PAGE_SIZE || to + len > PAGE_SIZE) {
		return GNTST_bad_copy_arg;
	}
	if (!side_allows(src, from, len) || !side_allows(dst, to, len)) {
		return GNTST_general_error;
	}
	/* Both may be the same page. */
	memmove(page_to_virt(dst->page) + to, page_to_virt(src->page) + from, len);
	if (dst->own) {
		/* Else it is marked with the end of the pin. */
		domain_frame_written(current->domain, gfn(op->dest.u.gmfn));
	}
	return GNTST_okay;
}

static int copy_one(struct domain *ld, const struct gnttab_copy *op)
{
	bool src_ref = op->flags & GNTCOPY_source_gref, dst_ref = op->flags & GNTCOPY_dest_gref;
	struct side src, dst;
	struct domain *sd, *dd;
	int rc = side_domain(&op->source, src_ref, &sd);

	side_start(&src, true);
	side_start(&dst, false);
	if (rc != GNTST_okay) {
		return rc;
	}
	rc = side_domain(&op->dest, dst_ref, &dd);
	if (rc != GNTST_okay) {
		domain_put(sd);
		return rc;
	}
	rc = side_claim(ld, sd, &op->source, src_ref, &src);
	if (rc == GNTST_okay) {
		rc = side_claim(ld, dd, &op->dest, dst_ref, &dst);
	} else {
		domain_put(dd);
	}
	if (rc == GNTST_okay) {
		rc = copy_claimed(op, &src, &dst);
	}
	side_release(&src);
	side_release(&dst);
	return rc;
}

long grant_copy_one(gva_t where)
{
	struct gnttab_copy untrusted_op;
	int16_t status;

	if (guest_read_obj(&untrusted_op, where)) {
		return -EFAULT;
	}
	status = (int16_t)copy_one(current->domain, &untrusted_op);
	return guest_write(gva(where.v + offsetof(struct gnttab_copy, status)), &status,
			   sizeof(status))
		       ? -EFAULT
		       : 0;
}
