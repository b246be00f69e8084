/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Operations of dm_op that stand in files of their own. Arguments are the caller's, copied, not
 * checked. */
#include <xen/hvm/dm_op.h>

struct domain;

long dm_track_dirty_vram(struct domain *d, const struct xen_dm_op_track_dirty_vram *untrusted_t,
			 const struct xen_dm_op_buf *untrusted_buf);
/* -ERESTART: untrusted_m says what is left; it goes back to the caller first. */
long dm_modified_memory(struct domain *d, struct xen_dm_op_modified_memory *untrusted_m,
			const struct xen_dm_op_buf *untrusted_buf);
