/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's memory: which frames of the machine it gets, 1:1. Planned before the frame
 * allocator exists, so that the allocator never sees these frames. No lock: boot CPU; afterwards
 * the plan is read-only.
 */
#include <hv/boot.h>
#include <hv/dom0_memory.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/page.h>

#define RANGE_MAX	(BOOT_MEMORY_MAX + HV_RESERVED_MAX)
#define TAKEN_MAX	32

static struct memory_range ram[RANGE_MAX];	/* sorted */
static unsigned int ram_count;
static struct memory_range taken[TAKEN_MAX];
static unsigned int taken_count;

/* Removes [start, end) from the list of ranges. */
static void subtract(struct memory_range *list, unsigned int *count, uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < *count; i++) {
		struct memory_range *r = &list[i];

		if (r->end <= start || r->start >= end) {
			continue;
		}
		if (r->start < start && r->end > end) {
			if (*count == RANGE_MAX) {
				/* No room for two: the larger remains. */
				if (start - r->start >= r->end - end) {
					r->end = start;
				} else {
					r->start = end;
				}
				continue;
			}
			memmove(r + 1, r, (*count - i) * sizeof(*r));
			(*count)++;
			r[0].end = start;
			r[1].start = end;
			i++;
		} else if (r->start < start) {
			r->end = start;
		} else {
			r->start = MIN(end, r->end);
		}
	}
}

/* What subtract left of the list. Returns bytes. */
static uint64_t drop_empty(void)
{
	uint64_t bytes = 0;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < ram_count; i++) {
		if (ram[i].end > ram[i].start) {
			bytes += ram[i].end - ram[i].start;
			ram[kept++] = ram[i];
		}
	}
	ram_count = kept;
	return bytes;
}

/* All RAM that the hypervisor does not hold. Returns bytes. */
uint64_t dom0_collect_ram(void)
{
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		if (r->type == MEMORY_RAM) {
			ram[ram_count].start = ROUND_UP(r->start, PAGE_SIZE);
			ram[ram_count].end = ROUND_DOWN(r->end, PAGE_SIZE);
			ram[ram_count++].type = MEMORY_RAM;
		}
	}
	for (unsigned int i = 0; i < hv_reserved_count; i++) {
		subtract(ram, &ram_count, ROUND_DOWN(hv_reserved[i].start, PAGE_SIZE),
			 ROUND_UP(hv_reserved[i].end, PAGE_SIZE));
	}
	return drop_empty();
}

/* How much of what is there, by dom0_mem=. */
uint64_t dom0_choose_size(uint64_t available)
{
	/* What guests' tables need even when the administrator wants all for the service VM. */
	uint64_t least = MAX(MIB(16), available / 64);
	uint64_t size = boot_options.dom0_mem;

	if (available < 2 * least) {
		boot_fail("the machine has only %" PRIu64 " MiB of free memory", available >> 20);
	}
	if (!size) {
		size = available - MIN(MAX(MIB(128), available / 16), available / 2);
	} else if (size > available + available / 4) {
		boot_fail("dom0_mem=%" PRIu64 "M: the machine has %" PRIu64 " MiB of free memory",
			  size >> 20, available >> 20);
	}
	size = MAX(size, boot_options.dom0_mem_min);
	if (boot_options.dom0_mem_max) {
		size = MIN(size, boot_options.dom0_mem_max);
	}
	if (size > available - least) {
		size = available - least;
		if (boot_options.dom0_mem) {
			log_warn("dom0_mem: %" PRIu64 " MiB are left for the service VM\n",
				 size >> 20);
		}
	}
	return ROUND_DOWN(size, PAGE_SIZE);
}

/* The lowest memory first: kernels and devices want it. */
void dom0_clip_ram(uint64_t size)
{
	unsigned int i;

	for (i = 0; i < ram_count && size; i++) {
		ram[i].end = MIN(ram[i].end, ram[i].start + size);
		size -= ram[i].end - ram[i].start;
	}
	ram_count = i;
}

uint64_t dom0_drop_below(uint64_t at)
{
	subtract(ram, &ram_count, 0, at);
	return drop_empty();
}

bool dom0_holds(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < ram_count; i++) {
		if (ram[i].start <= start && ram[i].end >= end) {
			return true;
		}
	}
	return false;
}

unsigned int dom0_ram_ranges(const struct memory_range **out)
{
	*out = ram;
	return ram_count;
}

void dom0_populate(struct domain *d)
{
	for (unsigned int i = 0; i < ram_count; i++) {
		uint64_t at = ram[i].start >> PAGE_SHIFT, end = ram[i].end >> PAGE_SHIFT;

		for (uint64_t f = at; f < end; f++) {
			page_assign(mfn_to_page(mfn(f)), d);
		}
		/* Frame 0 never goes back to the allocator: its number looks like "none". */
		if (at == 0) {
			page_get_again(mfn_to_page(mfn(0)));
		}
		while (at < end) {
			unsigned int order = ORDER_4K;

			if (IS_ALIGNED(at, BIT(ORDER_1G)) && end - at >= BIT(ORDER_1G)) {
				order = ORDER_1G;
			} else if (IS_ALIGNED(at, BIT(ORDER_2M)) && end - at >= BIT(ORDER_2M)) {
				order = ORDER_2M;
			}
			if (p2m_set(d, gfn(at), mfn(at), order, P2M_RAM_RW)) {
				boot_fail("no memory for the service VM's nested page tables");
			}
			at += BIT(order);
		}
	}
}

/* A given range that [start, start + size) runs into. */
static const struct memory_range *conflict(uint64_t start, uint64_t size)
{
	for (unsigned int i = 0; i < taken_count; i++) {
		if (start < taken[i].end && taken[i].start < start + size) {
			return &taken[i];
		}
	}
	return NULL;
}

uint64_t dom0_take(uint64_t start, uint64_t size)
{
	CHECK(taken_count < TAKEN_MAX);
	taken[taken_count++] = (struct memory_range){ start, start + size, MEMORY_RAM };
	return start;
}

uint64_t dom0_take_low(uint64_t size, uint64_t min, uint64_t max)
{
	size = ROUND_UP(size, PAGE_SIZE);
	for (unsigned int i = 0; i < ram_count; i++) {
		uint64_t at = MAX(ram[i].start, min), end = MIN(ram[i].end, max);

		while (at < end && end - at >= size) {
			const struct memory_range *c = conflict(at, size);

			if (!c) {
				return dom0_take(at, size);
			}
			at = ROUND_UP(c->end, PAGE_SIZE);
		}
	}
	return 0;
}

uint64_t dom0_take_high(uint64_t size, uint64_t min, uint64_t max)
{
	size = ROUND_UP(size, PAGE_SIZE);
	for (unsigned int i = ram_count; i-- > 0;) {
		uint64_t start = MAX(ram[i].start, min), end = MIN(ram[i].end, max);

		while (start < end && end - start >= size) {
			const struct memory_range *c = conflict(end - size, size);

			if (!c) {
				return dom0_take(end - size, size);
			}
			end = ROUND_DOWN(c->start, PAGE_SIZE);
		}
	}
	return 0;
}
