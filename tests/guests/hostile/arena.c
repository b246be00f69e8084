/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the hostile guest's arguments point to. */
#include "hostile.h"

#define ARENA_PAGES 512
/* Pointers lead to its first half: what a hypercall writes there (console, lists) fits behind. */
#define POINTER_PAGES 256
#define ARGUMENT_VA   0x3000000000ul /* two pages, and nothing behind them */

static char *arena;
static char *arguments;
static struct vcpu_info *moved_info;

void arena_init(void)
{
	arena = alloc_pages(ARENA_PAGES);
	arguments = alloc_pages(2);
	moved_info = alloc_pages(1);
	map_page(ARGUMENT_VA, (uint64_t)arguments);
	map_page(ARGUMENT_VA + PAGE_SIZE, (uint64_t)arguments + PAGE_SIZE);
	shared_info();
}

struct vcpu_info *arena_vcpu_info(void)
{
	return moved_info;
}

uint64_t arena_gfn(void)
{
	return PFN(arena) + rnd_below(ARENA_PAGES);
}

uint64_t some_gfn(void)
{
	switch (rnd_below(8)) {
	case 0:
		return rnd() | 1ull << 40;
	case 1:
		return ~0ull;
	case 2:
		return 0x200000 + rnd_below(0x1000);
	default:
		return arena_gfn();
	}
}

domid_t some_domain(void)
{
	static const domid_t named[] = {
	    DOMID_SELF, DOMID_SELF, DOMID_SELF,	   0,	   1,	  2, 77, DOMID_IO, DOMID_XEN,
	    DOMID_COW,	DOMID_IDLE, DOMID_INVALID, 0xffff, 0x7fff};

	return one_in(16) ? rnd() : named[rnd_below(ARRAY_SIZE(named))];
}

uint64_t some_pointer(void)
{
	switch (rnd_below(10)) {
	case 0:
		return 0x200000000ul + rnd_below(1ul << 32);
	case 1:
		return rnd() | 1ull << 46;
	case 2:
		return ARGUMENT_VA + 2 * PAGE_SIZE - rnd_below(64);
	case 3:
		return 0xffff800000000000ull | rnd();
	case 4:
		return 0;
	default:
		return (uint64_t)arena + rnd_below(POINTER_PAGES * PAGE_SIZE);
	}
}

void *place(const void *arg, size_t size)
{
	uint64_t at;

	switch (rnd_below(16)) {
	case 0:
		return (void *)some_pointer();
	case 1: /* Its tail is missing. */
		at = ARGUMENT_VA + 2 * PAGE_SIZE - rnd_below(size + 1);
		memcpy((void *)at, arg, ARGUMENT_VA + 2 * PAGE_SIZE - at);
		return (void *)at;
	case 2: /* Up to the last byte. */
		at = ARGUMENT_VA + 2 * PAGE_SIZE - size;
		break;
	case 3: /* Across the boundary. */
		at = ARGUMENT_VA + PAGE_SIZE - rnd_below(size + 1);
		break;
	default:
		at = ARGUMENT_VA + rnd_below(64) * 8;
	}
	return memcpy((void *)at, arg, size);
}
