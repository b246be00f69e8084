/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dm_op: which memory of its guest a device model has written, and which the guest has. No locks.
 */
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>
#include "dm_internal.h"

#define VRAM_FRAMES_MAX (1u << ORDER_1G)
#define FRAMES_A_TURN	256u /* between two looks at whether somebody waits for this CPU */

long dm_track_dirty_vram(struct domain *d, const struct xen_dm_op_track_dirty_vram *untrusted_t,
			 const struct xen_dm_op_buf *untrusted_buf)
{
	if (untrusted_t->pad || untrusted_t->nr > VRAM_FRAMES_MAX) {
		return -EINVAL;
	}
	if (d->dying != DOMAIN_ALIVE) {
		return -ESRCH;
	}
	if (!d->vcpu[0] || DIV_ROUND_UP(untrusted_t->nr, 8u) > untrusted_buf->size) {
		return -EINVAL;
	}
	return p2m_vram_track(d, gfn(untrusted_t->first_pfn), untrusted_t->nr,
			      handle_gva(untrusted_buf->h));
}

/* The frames [first, end) that are memory. */
static void mark(struct domain *d, uint64_t first, uint64_t end)
{
	for (; first < end; first++) {
		struct page_info *pg = p2m_get_page(d, gfn(first), NULL);

		if (pg) {
			domain_frame_written(d, gfn(first));
			page_put(pg);
		}
	}
}

/* Up to *room frames of the last extent that is left. */
static long mark_some(struct domain *d, struct xen_dm_op_modified_memory *m, gva_t list,
		      uint32_t *room)
{
	struct xen_dm_op_modified_memory_extent untrusted_e;
	uint64_t first, end;
	uint32_t n;

	if (guest_read_obj(&untrusted_e, gva_index(list, m->nr_extents - 1, sizeof(untrusted_e)))) {
		return -EFAULT;
	}
	end = untrusted_e.first_pfn + untrusted_e.nr;
	if (untrusted_e.pad || end <= untrusted_e.first_pfn || end > p2m_max_gfn(d).v ||
	    m->opaque >= untrusted_e.nr) {
		return -EINVAL;
	}
	first = untrusted_e.first_pfn + m->opaque;
	n = MIN(untrusted_e.nr - m->opaque, *room);
	*room -= n;
	m->opaque += n;
	if (m->opaque == untrusted_e.nr) {
		m->nr_extents--;
		m->opaque = 0;
	}
	mark(d, first, first + n);
	return 0;
}

long dm_modified_memory(struct domain *d, struct xen_dm_op_modified_memory *untrusted_m,
			const struct xen_dm_op_buf *untrusted_buf)
{
	uint32_t room = FRAMES_A_TURN;

	if (!p2m_log_dirty_on(d)) {
		return 0;
	}
	if (untrusted_buf->size / sizeof(struct xen_dm_op_modified_memory_extent) <
	    untrusted_m->nr_extents) {
		return -EINVAL;
	}
	while (untrusted_m->nr_extents) {
		long rc = mark_some(d, untrusted_m, handle_gva(untrusted_buf->h), &room);

		if (rc) {
			return rc;
		}
		if (!room && untrusted_m->nr_extents) {
			if (hypercall_should_preempt()) {
				return -ERESTART;
			}
			room = FRAMES_A_TURN;
		}
	}
	return 0;
}
