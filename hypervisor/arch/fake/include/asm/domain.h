/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

struct p2m_dma;

struct arch_domain {
	unsigned int phys_bits;
	struct p2m_dma *dma;		/* of arch/arm-common, under test */
	unsigned long flushes;		/* atomic: shoot-downs of the fake p2m */
	bool dirty[4096];		/* p2m_log_dirty_mark has been told of these frames */
};
