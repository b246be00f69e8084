/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stream tables: which streams are the service VM's. All others have no entry, so what they do is
 * refused and recorded. All entries of one table are the same, so the second levels of streams that
 * come in whole blocks, like the functions behind a PCI host bridge, are one and the same table.
 *
 * No lock: boot CPU, before the service VM runs.
 */
#include "smmu_v3.h"
#include <hv/bitops.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>

#define L2_BYTES   ((size_t)SMMU_L2_COUNT * sizeof(struct smmu_ste))
#define L1_ADDRESS 0x000fffffffffffc0ULL

/* Zeroed, at a multiple of its size. */
static void *table_alloc(size_t bytes)
{
	unsigned int order = 0;
	struct page_info *pg;

	while (PAGE_SIZE << order < bytes) {
		order++;
	}
	pg = page_alloc(order, ALLOC_ZERO);
	return pg ? page_to_virt(pg) : NULL;
}

int smmu_streams_init(struct smmu_unit *u, uint32_t highest)
{
	unsigned int need = highest ? highest_bit(highest) + 1 : 1;
	size_t bytes;

	u->two_level = IDR0_ST_LEVEL(u->idr0) == 1 && need > SMMU_SPLIT;
	if (need > IDR1_SIDSIZE(u->idr1) ||
	    need > (u->two_level ? SMMU_SID_BITS_MAX : SMMU_SID_BITS_LINEAR)) {
		return -EINVAL;
	}
	u->sid_bits = need;
	bytes = u->two_level ? sizeof(uint64_t) << (need - SMMU_SPLIT)
			     : sizeof(struct smmu_ste) << need;
	u->streams = table_alloc(bytes);
	if (!u->streams) {
		return -ENOMEM;
	}
	smmu_clean(u, u->streams, bytes);
	return 0;
}

uint64_t smmu_strtab_base(const struct smmu_unit *u)
{
	return virt_to_hpa(u->streams).v | (u->coherent ? STRTAB_ALLOCATE : 0);
}

uint32_t smmu_strtab_cfg(const struct smmu_unit *u)
{
	return u->sid_bits | (u->two_level ? (uint32_t)STRTAB_TWO_LEVEL | SMMU_SPLIT << 6 : 0);
}

static void fill(const struct smmu_unit *u, struct smmu_ste *to, uint32_t count,
		 const struct smmu_ste *ste)
{
	for (uint32_t i = 0; i < count; i++) {
		to[i] = *ste;
	}
	smmu_clean(u, to, count * sizeof(*to));
}

static void link(struct smmu_unit *u, uint64_t *slot, const struct smmu_ste *table)
{
	smmu_barrier();
	WRITE_ONCE(*slot, virt_to_hpa(table).v | SMMU_L1_SPAN);
	smmu_clean(u, slot, sizeof(*slot));
}

/* The second level in which all entries stand. */
static struct smmu_ste *full_table(struct smmu_unit *u, const struct smmu_ste *ste)
{
	if (!u->full) {
		u->full = table_alloc(L2_BYTES);
		if (u->full) {
			fill(u, u->full, SMMU_L2_COUNT, ste);
		}
	}
	return u->full;
}

/* count entries of one second level, from sid on. */
static int set_block(struct smmu_unit *u, uint32_t sid, uint32_t count, const struct smmu_ste *ste)
{
	uint64_t *slot = (uint64_t *)u->streams + (sid >> SMMU_SPLIT);
	struct smmu_ste *table;

	if (count == SMMU_L2_COUNT) {
		table = full_table(u, ste);
		if (table) {
			link(u, slot, table);
		}
		return table ? 0 : -ENOMEM;
	}
	if (*slot) {
		table = hpa_to_virt(hpa(*slot & L1_ADDRESS));
		if (table == u->full) {
			return 0;
		}
	} else {
		table = table_alloc(L2_BYTES);
		if (!table) {
			return -ENOMEM;
		}
		smmu_clean(u, table, L2_BYTES);
	}
	fill(u, table + (sid & (SMMU_L2_COUNT - 1)), count, ste);
	link(u, slot, table);
	return 0;
}

int smmu_streams_set(struct smmu_unit *u, uint32_t first, uint32_t count,
		     const struct smmu_ste *ste)
{
	if (first >> u->sid_bits || count > BIT(u->sid_bits) - first) {
		return -EINVAL;
	}
	if (!u->two_level) {
		fill(u, (struct smmu_ste *)u->streams + first, count, ste);
		return 0;
	}
	while (count) {
		uint32_t room = SMMU_L2_COUNT - (first & (SMMU_L2_COUNT - 1));
		uint32_t step = MIN(room, count);
		int err = set_block(u, first, step, ste);

		if (err) {
			return err;
		}
		first += step;
		count -= step;
	}
	return 0;
}
