/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What p2m.c and p2m_pod.c share. */
#include <hv/list.h>
#include <hv/p2m.h>
#include <hv/spinlock.h>

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

struct p2m {
	struct spinlock lock;
	uint64_t *root;
	unsigned int gfn_bits;		/* guest frame numbers have at most so many bits */
	uint64_t max_gfn;		/* (lock) */
	unsigned int table_count;	/* (lock) */
	unsigned int table_limit;	/* (lock) 0: none */
	struct list_head tables;	/* (lock) their page_info */
	struct p2m_pod pod;
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
