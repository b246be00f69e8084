/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the machine's RAM goes to the frame allocator at boot. */
#include <hv/boot.h>
#include <hv/page.h>

/*
 * Is the byte at taken by one of the ranges? *next becomes where that changes: the end of the range, or the start of
 * the next one.
 */
static bool taken(const struct memory_range *ranges, unsigned int count, uint64_t at, uint64_t *next)
{
	for (unsigned int i = 0; i < count; i++) {
		if (at >= ranges[i].start && at < ranges[i].end) {
			*next = ranges[i].end;
			return true;
		}
		if (ranges[i].start > at) {
			*next = MIN(*next, ranges[i].start);
		}
	}
	return false;
}

void boot_frames_init(const struct memory_range *service, unsigned int service_count)
{
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];
		uint64_t at = r->start;

		/* The first page stays unused: frame 0 would look like "none" to many a reader. */
		at = MAX(at, PAGE_SIZE);
		while (r->type == MEMORY_RAM && at < r->end) {
			uint64_t next = r->end;

			if (!taken(hv_reserved, hv_reserved_count, at, &next) &&
			    !taken(service, service_count, at, &next)) {
				page_alloc_add(hpa_to_mfn(hpa(at)), hpa_to_mfn(hpa(next)), true);
			}
			at = next;
		}
	}
}
