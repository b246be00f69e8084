/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What p2m.c and p2m_pod.c share. */
#include <hv/dirty_map.h>
#include <hv/list.h>
#include <hv/p2m.h>
#include <hv/rcu.h>
#include <hv/spinlock.h>
#include <asm/vmm.h>

#define LEVELS		4
#define GFN_BITS	(9 * LEVELS)
#define LINK		7UL		/* present, writable, user; in EPT: read, write, execute */

/* Populate on demand. All of it: p2m->lock; the lists also page_lock. */
struct p2m_pod {
	uint64_t entries;		/* frames' worth of P2M_POD entries (kept by p2m_set_locked) */
	uint64_t cache;			/* frames on the lists below */
	struct list_head large;		/* first frames of aligned blocks of 2 MiB */
	struct list_head single;
	/* The search for frames of zeroes. */
	bool sweeping;			/* one is under way, lock free: entries stay unfilled */
	uint64_t cursor;		/* goes down; the next frame is the one below */
	uint64_t fruitless;		/* frames that were looked at since one was found */
};

enum dirty_state {
	DIRTY_OFF,
	DIRTY_CLEARING,			/* enabling: the map of the last time is emptied */
	DIRTY_PROTECTING,		/* enabling: leaves are made to be noticed when written */
	DIRTY_ON,
	DIRTY_STOPPING,			/* leaves become writable again */
};

/* XEN_DMOP_track_dirty_vram: a range with a set of its own. */
struct p2m_vram {
	struct rcu_head rcu;
	uint64_t first, count;
	unsigned long bits[];		/* atomic */
};

/* Logging of writes (p2m_dirty.c). All but map and vram's bits: domctl_lock, to change also p2m->lock. */
struct p2m_dirty {
	struct dirty_map map;
	uint8_t state;			/* enum dirty_state */
	uint64_t hardware_bit;		/* of a 4K leaf, what LOG_DIRTY_START said; 0: write protection */
	struct p2m_vram *vram;		/* (p2m->lock; RCU) */
	/* The operation that was preempted: its place, and by what it is known again. */
	bool busy;
	uint32_t op, mode;
	uint64_t pages, bitmap;
	uint64_t next;			/* guest frame */
	bool pins_done;
	uint32_t next_pin;		/* grant */
	uint32_t dirty_count;		/* of when it began */
};

struct p2m {
	struct spinlock lock;
	uint64_t *root;
	unsigned int gfn_bits;		/* guest frame numbers have at most so many bits */
	uint64_t max_gfn;		/* (lock) */
	unsigned int table_count;	/* (lock) */
	unsigned int table_limit;	/* (lock) 0: none */
	struct list_head tables;	/* (lock) their page_info */
	struct p2m_pod pod;
	struct p2m_dirty dirty;
	/* p2m_relinquish: how far it is; frames of a large leaf that are still to be given back */
	uint64_t relinquish_gfn;
	uint64_t pending_mfn, pending_count;
	enum p2m_type pending_type;
};

/* (lock) p2m_set_noflush. */
int p2m_set_locked(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t,
		   bool *flush) __must_check;
/*
 * Puts memory at g, which was P2M_POD when the caller looked. 0: look again; -ENOMEM; -EINVAL (d is dying).
 * With p2m->lock and page_lock free.
 */
int p2m_pod_fill(struct domain *d, gfn_t g) __must_check;

static inline enum p2m_type p2m_entry_type(uint64_t e)
{
	return (enum p2m_type)((e >> P2M_PTE_TYPE_SHIFT) & 0xf);
}

/* (lock) The slot in which g's walk ends, and its level; NULL: beyond what tables can hold. */
uint64_t *p2m_slot(const struct p2m *p, uint64_t g, unsigned int *level);
/* (lock) Makes g's mapping one of 4K. -ENOMEM. */
int p2m_split(struct p2m *p, uint64_t g) __must_check;

/* p2m_dirty.c ------------------------------------------------------------------------------------------- */

/* What is clear in a leaf whose next write is to be noticed. A large leaf is always write-protected. */
static inline uint64_t p2m_watch_bit(const struct p2m *p, unsigned int level)
{
	return level == 1 && p->dirty.hardware_bit ? p->dirty.hardware_bit : P2M_PTE_WRITE;
}

/* (lock) A piece (of the given level) of the large leaf that is split: watched when that is. */
static inline uint64_t p2m_dirty_piece(const struct p2m *p, uint64_t large, uint64_t piece, unsigned int level)
{
	bool watched = p2m_entry_type(large) == P2M_RAM_RW && !(large & P2M_PTE_WRITE);

	return unlikely(watched) ? piece & ~p2m_watch_bit(p, level) : piece;
}

/* (lock) count frames from g on have got another content. */
void p2m_dirty_changed(struct domain *d, uint64_t g, uint64_t count);
/* The end of the p2m. */
void p2m_dirty_destroy(struct p2m *p);
