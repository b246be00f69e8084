/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Frames of machine memory: the frame table, ownership and reference counts, and the frame allocator
 * (common/page.c, common/page_alloc.c).
 *
 * Rules: every frame has one owner (a domain, or none: then it is the hypervisor's or free). A domain's
 * frame starts with one reference, the allocation itself (PAGE_ALLOCATED), which page_release_allocation
 * drops once. Mappings by others (foreign, grant, hypervisor) hold further references. At the last
 * put the frame leaves its owner and returns to the allocator marked dirty; a dirty frame is scrubbed
 * before anybody else gets it.
 *
 * Locks: domain->page_lock (page lists and tot_pages), then the allocator's own lock (a leaf).
 */
#include <hv/addr.h>
#include <hv/types.h>
#include <hv/list.h>

struct domain;

struct page_info {
	struct list_head list;		/* (page_lock) owner's page_list, or the allocator's */
	struct domain *owner;		/* NULL: free or the hypervisor's own */
	uint32_t refs;			/* atomic; 0 = free or the hypervisor's own */
	uint16_t flags;			/* atomic; PAGE_* */
	uint8_t order;			/* of the free block that this frame heads */
	uint8_t reserved;
};

static_assert(sizeof(struct page_info) <= 32, "the frame table costs 1/128 of memory at most");

#define PAGE_ALLOCATED	0x0001		/* the owner's own reference is still held */
#define PAGE_FREE	0x0002		/* heads or is part of a free block */
#define PAGE_DIRTY	0x0004		/* must be scrubbed before a new owner sees it */
#define PAGE_SHARED	0x0008		/* hypervisor memory (shared info, grant and status frames ...)
					   that its owner may map but that is not charged to it */
#define PAGE_OFFLINED	0x0010		/* never to be allocated again */

/*
 * Arch, inline where they are sums:
 * mfn_to_page: frame number to its page_info; m must be mfn_valid. page_to_mfn: back.
 * hpa_to_virt: every frame of RAM is in the direct map, writable, for the hypervisor alone.
 */
#include <asm/frames.h>

/* True when m lies in memory that the allocator or a domain can own. Any value is allowed. */
bool mfn_valid(mfn_t m);

hpa_t virt_to_hpa(const void *p);	/* direct map or image addresses */
static inline void *mfn_to_virt(mfn_t m) { return hpa_to_virt(mfn_to_hpa(m)); }
static inline mfn_t virt_to_mfn(const void *p) { return hpa_to_mfn(virt_to_hpa(p)); }
static inline void *page_to_virt(const struct page_info *pg) { return mfn_to_virt(page_to_mfn(pg)); }
static inline struct page_info *virt_to_page(const void *p) { return mfn_to_page(virt_to_mfn(p)); }

/* Allocator ---------------------------------------------------------------------------------------- */

/* Boot: hands the range [start, end) of frames to the allocator; not dirty means all zeroes. */
void page_alloc_add(mfn_t start, mfn_t end, bool dirty);

#define ALLOC_ZERO	0x01		/* zeroed; otherwise old content of no other domain may remain */
#define ALLOC_LOW	0x02		/* below 4 GiB */
#define ALLOC_NO_SCRUB	0x04		/* contents may be anything: the caller overwrites all of it */

/* 2^order contiguous, aligned frames with no owner and refs 0, or NULL. Any context without page_lock. */
struct page_info *page_alloc(unsigned int order, unsigned int flags);
/* Gives back what page_alloc gave. The content is secret: it will be scrubbed. */
void page_free(struct page_info *pg, unsigned int order);

/* One zeroed hypervisor page (4 KiB) or NULL. */
void *page_alloc_virt(void);
void page_free_virt(void *p);

uint64_t page_total_count(void);	/* frames that the allocator was ever given */
uint64_t page_free_count(void);		/* frames free now (claims not subtracted) */
uint64_t page_scrub_pending(void);	/* free frames that are dirty */
/* Scrubs up to count dirty free frames; called by idle CPUs. Returns how many. */
unsigned int page_scrub_some(unsigned int count);
/* Of these, below 4 GiB. */
uint64_t page_free_low_count(void);
/* Highest frame number + 1 that is RAM (arch/x86/paging.c). */
mfn_t page_max_mfn(void);

/* Claims (XENMEM_claim_pages): reserves pages of what is free for d. 0 or -ENOMEM, -EINVAL. */
int page_claim(struct domain *d, uint64_t pages);
uint64_t page_claimed_count(void);
/* page.c (page_lock held): d took that many of what it has claimed. */
void page_claim_used(struct domain *d, uint64_t pages);
/* As page_alloc; may use what d (may be NULL) has claimed. */
struct page_info *page_alloc_for(struct domain *d, unsigned int order, unsigned int flags);

/* Ownership ---------------------------------------------------------------------------------------- */

/*
 * Allocates for d: checks and charges max_pages (unless d is dying: NULL), sets owner, refs = 1,
 * PAGE_ALLOCATED and puts each frame on d->page_list. Takes d->page_lock.
 */
struct page_info *page_alloc_domain(struct domain *d, unsigned int order, unsigned int flags);
/* Makes a given, so far unowned frame d's (boot: the service VM's 1:1 memory). */
void page_assign(struct page_info *pg, struct domain *d);
/* A PAGE_SHARED page of d: owner d, refs 1 (the caller's), zeroed, not charged to max_pages. */
struct page_info *page_alloc_shared(struct domain *d);

/* Takes a reference when the frame is owned by d (any domain's when d is NULL) and in use; else false. */
bool page_get(struct page_info *pg, const struct domain *d) __must_check;
/* Takes a reference to a frame that the caller already holds one of. */
void page_get_again(struct page_info *pg);
/* Drops one; the last frees the frame (and may drop the last reference to its owner). No page_lock held. */
void page_put(struct page_info *pg);
/* Drops the allocation's own reference if it is still there; true when this call did it. */
bool page_release_allocation(struct page_info *pg);

/* domain_kill: drops the allocation's reference of every frame that d still has. Preemptible. */
int page_relinquish_list(struct domain *d);
/* End of d: frames that others still hold (mapped grants, foreign mappings) become nobody's. */
void page_orphan_all(struct domain *d);

/* Arch: writes the cache lines of [p, p+len) back to memory, in order before what follows; and takes them out of the caches. */
void arch_cache_clean(const void *p, size_t len);
void arch_cache_clean_invalidate(const void *p, size_t len);

/* Small objects of hypervisor memory, zeroed; up to 2 MiB. NULL when there is no memory. From a size of 64
 * on they start on a multiple of 64, above 1,984 on a page. */
void *hv_alloc(size_t size) __must_check;
void hv_free(void *p);			/* NULL is allowed */
