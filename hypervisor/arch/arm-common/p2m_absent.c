/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the ABI has for x86 guests alone: populate on demand, and the log of written frames
 * (docs/support.md). Nothing ever is on demand and nothing is logged, so most of this is only asked
 * for its absence.
 */
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/p2m.h>

int p2m_pod_mark(struct domain *d, gfn_t g, unsigned int order)
{
	return -ENOSYS;
}

int p2m_pod_set_target(struct domain *d, uint64_t target)
{
	return -ENOSYS;
}

void p2m_pod_get_info(struct domain *d, struct p2m_pod_info *info)
{
	*info = (struct p2m_pod_info){0};
}

bool p2m_pod_drop(struct domain *d, gfn_t g, unsigned int order)
{
	return false;
}

bool p2m_pod_keep(struct domain *d, struct page_info *pg)
{
	return false;
}

void p2m_log_dirty_mark(struct domain *d, gfn_t g)
{
}

bool p2m_log_dirty_on(const struct domain *d)
{
	return false;
}

long p2m_vram_track(struct domain *d, gfn_t first, uint32_t count, gva_t bitmap)
{
	return -EOPNOTSUPP;
}
