/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pinning of grant entries: the protocol with the guest's own, possibly hostile, table.
 *
 * In v1 the marks that a grant is in use (GTF_reading, GTF_writing) stand in the word that the guest
 * revokes by, so one compare-and-swap both checks and marks. In v2 they stand in a word of their own: mark
 * first, look again whether the grant is still given, take the mark back if not.
 *
 * The caller holds the table's lock (reader) and the active entry's lock.
 */
#include <hv/errno.h>
#include <hv/lib.h>

#include "grant_internal.h"

/* An honest guest changes an entry's flags once in the time of a few tries. */
#define STATUS_TRIES	5

union entry_word {
	uint32_t raw;
	struct grant_entry_header h;
};

static_assert(sizeof(union entry_word) == 4, "flags and domid are one atomic word");

static uint32_t *header_raw(struct grant_entry_header *h)
{
	return (uint32_t *)h;
}

static void clear_flags(uint16_t *status, uint16_t flags)
{
	__atomic_fetch_and(status, (uint16_t)~flags, __ATOMIC_SEQ_CST);
}

static bool type_allowed(uint16_t flags, bool transit_ok, uint16_t refused)
{
	uint16_t type = flags & GTF_type_mask;

	return !(flags & refused) &&
	       (type == GTF_permit_access || (transit_ok && type == GTF_transitive));
}

/* All return GNTST_* and the flags by which they decided. */
static int mark_v1(struct grant_entry_header *h, const struct active_grant *act, uint16_t domid,
		   bool readonly, enum grant_use use, uint16_t *flags)
{
	union entry_word now = { .raw = READ_ONCE(*header_raw(h)) };
	uint16_t refused = use == GRANT_FOR_MAP ? GTF_sub_page : 0;

	for (unsigned int i = 0; i < STATUS_TRIES; i++) {
		union entry_word marked = now;

		if (!grant_pinned(act) &&
		    (!type_allowed(now.h.flags, false, refused) || now.h.domid != domid)) {
			return GNTST_general_error;
		}
		marked.h.flags |= GTF_reading;
		if (!readonly) {
			if (now.h.flags & GTF_readonly) {
				return GNTST_general_error;
			}
			marked.h.flags |= GTF_writing;
		}
		if (__atomic_compare_exchange_n(header_raw(h), &now.raw, marked.raw, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
			*flags = now.h.flags;
			return GNTST_okay;
		}
	}
	return GNTST_general_error;
}

static int mark_v2(struct grant_entry_header *h, grant_status_t *status,
		   const struct active_grant *act, uint16_t domid, bool readonly, enum grant_use use,
		   uint16_t *flags)
{
	uint16_t marks = readonly ? GTF_reading : GTF_reading | GTF_writing;
	uint16_t refused = use == GRANT_FOR_MAP ? GTF_sub_page : 0;
	bool first = !grant_pinned(act);
	union entry_word now;

	for (unsigned int look = 0; look < 2; look++) {
		now.raw = READ_ONCE(*header_raw(h));
		if ((first && (!type_allowed(now.h.flags, use != GRANT_FOR_MAP, refused) ||
			       now.h.domid != domid)) ||
		    (!readonly && now.h.flags & GTF_readonly)) {
			if (look) {
				/* The marks of those who had it before stay. */
				clear_flags(status, first ? GTF_reading | GTF_writing : GTF_writing);
			}
			return GNTST_general_error;
		}
		if (!look) {
			__atomic_fetch_or(status, marks, __ATOMIC_SEQ_CST);
		}
	}
	*flags = now.h.flags;
	return GNTST_okay;
}

static int mark(const struct grant_table *gt, uint32_t ref, const struct active_grant *act,
		uint16_t domid, bool readonly, enum grant_use use, uint16_t *flags)
{
	struct grant_entry_header *h = grant_header(gt, ref);

	if (gt->version == 1) {
		return mark_v1(h, act, domid, readonly, use, flags);
	}
	return mark_v2(h, grant_status_v2(gt, ref), act, domid, readonly, use, flags);
}

/* Takes the marks back that no pin justifies any more. */
static void unmark(const struct grant_table *gt, uint32_t ref, const struct active_grant *act)
{
	uint16_t *status = gt->version == 1 ? &grant_entry_v1(gt, ref)->flags
					    : grant_status_v2(gt, ref);
	uint16_t gone = act->writers ? 0 : GTF_writing;

	if (!grant_pinned(act)) {
		gone |= GTF_reading;
	}
	if (gone) {
		clear_flags(status, gone);
	}
}

/* The page at gfn of d when it is memory of d's own. Returns GNTST_*. */
static int own_page(struct domain *d, uint64_t untrusted_gfn, struct page_info **out, bool *writable)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, gfn(untrusted_gfn), &t);

	if (!pg) {
		return GNTST_bad_page;
	}
	if (pg->owner != d || !(t == P2M_RAM_RW || t == P2M_RAM_RO)) {
		page_put(pg);
		return GNTST_bad_page;
	}
	*out = pg;
	*writable = t == P2M_RAM_RW;
	return GNTST_okay;
}

int grant_get_page(struct domain *d, uint64_t untrusted_gfn, bool readonly, struct page_info **out)
{
	bool writable = false;
	int rc = own_page(d, untrusted_gfn, out, &writable);

	if (rc == GNTST_okay && !readonly && !writable) {
		page_put(*out);
		rc = GNTST_bad_page;
	}
	return rc;
}

/* First pin: what the marked entry is for. Each field of the guest's is read once. */
static int resolve(struct domain *rd, uint32_t ref, struct active_grant *act, uint16_t flags,
		   enum grant_use use)
{
	const struct grant_table *gt = rd->grant;
	uint64_t untrusted_gfn;

	act->page = NULL;
	act->kind = GRANT_FULL;
	act->writable = true;
	act->start = 0;
	act->length = PAGE_SIZE;
	if (gt->version == 1) {
		untrusted_gfn = READ_ONCE(grant_entry_v1(gt, ref)->frame);
		act->gfn = untrusted_gfn;
		return own_page(rd, untrusted_gfn, &act->page, &act->writable);
	}
	if ((flags & GTF_type_mask) == GTF_transitive) {
		act->kind = GRANT_TRANSITIVE;
		return use == GRANT_FOR_COPY ? GNTST_okay : GNTST_general_error;
	}
	if (flags & GTF_sub_page) {
		union grant_entry_v2 *e = grant_entry_v2(gt, ref);

		act->kind = GRANT_SUB_PAGE;
		/* Any values: a copy checks its bounds against them and the page's. */
		act->start = READ_ONCE(e->sub_page.page_off);
		act->length = READ_ONCE(e->sub_page.length);
		untrusted_gfn = READ_ONCE(e->sub_page.frame);
	} else {
		untrusted_gfn = READ_ONCE(grant_entry_v2(gt, ref)->full_page.frame);
	}
	act->gfn = untrusted_gfn;
	return own_page(rd, untrusted_gfn, &act->page, &act->writable);
}

static int first_pin(struct domain *rd, uint32_t ref, struct active_grant *act, uint16_t domid,
		     bool readonly, enum grant_use use)
{
	uint16_t flags = 0;
	int rc = mark(rd->grant, ref, act, domid, readonly, use, &flags);

	if (rc != GNTST_okay) {
		return rc;
	}
	rc = resolve(rd, ref, act, flags, use);
	if (rc == GNTST_okay && ((!readonly && !act->writable) || !domain_get(rd))) {
		if (act->page) {
			page_put(act->page);
		}
		rc = GNTST_bad_page;
	}
	if (rc != GNTST_okay) {
		unmark(rd->grant, ref, act);
		return rc;
	}
	act->domid = domid;
	return GNTST_okay;
}

int grant_pin(struct domain *rd, uint32_t ref, struct active_grant *act, uint16_t domid,
	      bool readonly, enum grant_use use)
{
	uint16_t flags = 0;
	int rc = GNTST_okay;

	if (!grant_pinned(act)) {
		rc = first_pin(rd, ref, act, domid, readonly, use);
	} else if (act->domid != domid || act->readers >= GRANT_PIN_MAX ||
		   act->writers >= GRANT_PIN_MAX ||
		   (!readonly && !act->writable) ||
		   (use == GRANT_FOR_MAP && act->kind != GRANT_FULL) ||
		   (use == GRANT_FOR_COPY_NO_TRANSIT && act->kind == GRANT_TRANSITIVE)) {
		rc = GNTST_general_error;
	} else if (!readonly && !act->writers) {
		rc = mark(rd->grant, ref, act, domid, false, use, &flags);
	}
	if (rc == GNTST_okay) {
		act->readers += readonly;
		act->writers += !readonly;
	}
	return rc;
}

void grant_unpin(struct domain *rd, uint32_t ref, struct active_grant *act, bool readonly,
		 struct grant_release *out)
{
	*out = (struct grant_release){ NULL, NULL };
	if (readonly) {
		act->readers--;
	} else {
		act->writers--;
		if (act->page) {
			domain_frame_written(rd, gfn(act->gfn));
		}
	}
	unmark(rd->grant, ref, act);
	if (!grant_pinned(act)) {
		out->page = act->page;
		out->granter = rd;
		act->page = NULL;
	}
}

void grant_release_finish(const struct grant_release *r)
{
	if (r->page) {
		page_put(r->page);
	}
	if (r->granter) {
		domain_put(r->granter);
	}
}

bool grant_mark_pinned(struct domain *d, uint32_t *next)
{
	struct grant_table *gt = d->grant;
	uint32_t end, first = *next;

	if (!gt) {
		return false;
	}
	read_lock(&gt->lock);
	end = MIN(grant_entry_count(gt), first + (uint32_t)GRANT_V1_PER_FRAME);
	for (uint32_t ref = first; ref < end; ref++) {
		struct active_grant *act = grant_active(gt, ref);

		spin_lock(&act->lock);
		if (act->writers && act->page) {
			domain_frame_written(d, gfn(act->gfn));
		}
		spin_unlock(&act->lock);
	}
	*next = end;
	read_unlock(&gt->lock);
	return end > first;
}
