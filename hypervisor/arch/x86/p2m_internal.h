/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What p2m.c and p2m_pod.c share: the tables' format and the walk. Nobody else includes it. */
#include <hv/addr.h>
#include <hv/list.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <hv/spinlock.h>
#include <asm/vmm.h>

#define LEVELS		4
#define GFN_BITS	(9 * LEVELS)
#define LINK		7UL		/* present, writable, user; in EPT: read, write, execute */

/*
 * Populate on demand (p2m_pod.c): frames that the domain has but that stand nowhere yet wait in two chains, linked
 * through their own first words. (lock) all
 */
struct p2m_pod {
	uint64_t entries;		/* guest frames that wait for memory */
	uint64_t cached;		/* frames in the chains */
	uint64_t singles, supers;	/* first of each chain; P2M_POD_END */
};
#define P2M_POD_END	(~0UL)

struct p2m {
	struct spinlock lock;
	uint64_t *root;
	unsigned int gfn_bits;		/* guest frame numbers have at most so many bits */
	uint64_t max_gfn;		/* (lock) */
	unsigned int table_count;	/* (lock) */
	unsigned int table_limit;	/* (lock) 0: none */
	struct list_head tables;	/* (lock) their page_info */
	/* p2m_relinquish: how far it is; frames of a large leaf that are still to be given back */
	uint64_t relinquish_gfn;
	uint64_t pending_mfn, pending_count;
	enum p2m_type pending_type;
	struct p2m_pod pod;
};

static inline unsigned int slot_index(uint64_t g, unsigned int level)
{
	return (unsigned int)(g >> (9 * (level - 1))) & 511;
}

static inline bool entry_is_leaf(uint64_t e, unsigned int level)
{
	return level == 1 || (e & P2M_PTE_LARGE);
}

static inline enum p2m_type entry_type(uint64_t e)
{
	return (enum p2m_type)((e >> P2M_PTE_TYPE_SHIFT) & 0xf);
}

static inline uint64_t entry_mfn(uint64_t e, unsigned int level)
{
	return ((e & P2M_PTE_ADDR) >> PAGE_SHIFT) & ~((1UL << (9 * (level - 1))) - 1);
}

static inline uint64_t *entry_table(uint64_t e)
{
	return hpa_to_virt(hpa(e & P2M_PTE_ADDR));
}

static inline uint64_t make_leaf(mfn_t m, enum p2m_type t, unsigned int level)
{
	/* Populate on demand: nothing for the CPU, a type for us. */
	if (t == P2M_POD) {
		return (uint64_t)t << P2M_PTE_TYPE_SHIFT | (level > 1 ? P2M_PTE_LARGE : 0);
	}
	return vmm->pte_leaf(m, t, level) | ((uint64_t)t << P2M_PTE_TYPE_SHIFT) |
	       (level > 1 ? P2M_PTE_LARGE : 0);
}

/* Lock-free: the slot in which g's walk ends, or NULL for a g outside of what tables can hold. */
static inline uint64_t *walk(const struct p2m *p, uint64_t g, unsigned int *level)
{
	uint64_t *slot, e;

	if (unlikely(g >> GFN_BITS)) {
		return NULL;
	}
	slot = &p->root[slot_index(g, 4)];
	*level = 4;
	e = READ_ONCE(*slot);
	if (unlikely(!e)) {
		return slot;
	}
	slot = &entry_table(e)[slot_index(g, 3)];
	*level = 3;
	e = READ_ONCE(*slot);
	if (unlikely(!e || (e & P2M_PTE_LARGE))) {
		return slot;
	}
	slot = &entry_table(e)[slot_index(g, 2)];
	*level = 2;
	e = READ_ONCE(*slot);
	if (!e || (e & P2M_PTE_LARGE)) {
		return slot;
	}
	*level = 1;
	return &entry_table(e)[slot_index(g, 1)];
}

/*
 * (lock) The slot of g at the wanted level, tables made and large leaves split on the way. With removing, a hole
 * stays one: *out is NULL and *level says how wide it is. 0 or -ENOMEM.
 */
int p2m_descend(struct p2m *p, uint64_t g, unsigned int *level, bool removing, uint64_t **out);
/* (lock) p2m_set without lock and shoot-down. */
int p2m_set_locked(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t, bool *flush);
