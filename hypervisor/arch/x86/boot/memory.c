/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory before the frame allocator: the firmware's map put in order, a downward allocator for what the hypervisor
 * keeps, and the move of the modules. Firmware maps are hostile: holes, overlaps, odd bytes, any order.
 */
#include <asm/boot.h>
#include <asm/dom0.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

/* Below this the service VM may want its RAM as devices and kernels expect it: taken last. */
#define BOOT_ALLOC_CEILING	GIB(4)

struct memory_range hv_reserved[HV_RESERVED_MAX];
unsigned int hv_reserved_count;

/* RAM below the ceiling that is neither given away nor holds the image, modules or loader's tables. */
static struct memory_range free_ranges[BOOT_MEMORY_MAX + 32];
static unsigned int free_count;

static unsigned int restriction(uint32_t type)
{
	switch (type) {
	case MEMORY_RAM:
		return 0;
	case MEMORY_ACPI:
		return 1;
	case MEMORY_NVS:
		return 2;
	case MEMORY_UNUSABLE:
		return 4;
	default:
		return 3;
	}
}

static void sort_numbers(uint64_t *v, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		uint64_t x = v[i];
		unsigned int j = i;

		for (; j > 0 && v[j - 1] > x; j--) {
			v[j] = v[j - 1];
		}
		v[j] = x;
	}
}

/* The type of [start, end), which no input range cuts; 0 when nobody claims it. */
static uint32_t type_of_piece(const struct memory_range *map, unsigned int count, uint64_t start,
			      uint64_t end)
{
	uint32_t type = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (map[i].start <= start && map[i].end >= end &&
		    (!type || restriction(map[i].type) > restriction(type))) {
			type = map[i].type;
		}
	}
	return type;
}

void memory_map_sanitise(struct memory_range *map, unsigned int *count, unsigned int max)
{
	static uint64_t edges[2 * BOOT_MEMORY_MAX];
	static struct memory_range out[BOOT_MEMORY_MAX];
	unsigned int n = 0, used = 0;

	for (unsigned int i = 0; i < *count; i++) {
		/* Whole pages: RAM shrinks, everything else grows. */
		bool ram = map[i].type == MEMORY_RAM;

		map[i].start = ram ? ROUND_UP(map[i].start, PAGE_SIZE) : ROUND_DOWN(map[i].start, PAGE_SIZE);
		map[i].end = ram ? ROUND_DOWN(map[i].end, PAGE_SIZE) : ROUND_UP(map[i].end, PAGE_SIZE);
		if (map[i].end <= map[i].start) {
			map[i].start = map[i].end = 0;
			continue;
		}
		edges[n++] = map[i].start;
		edges[n++] = map[i].end;
	}
	sort_numbers(edges, n);
	for (unsigned int i = 0; i + 1 < n; i++) {
		uint32_t type;

		if (edges[i] == edges[i + 1]) {
			continue;
		}
		type = type_of_piece(map, *count, edges[i], edges[i + 1]);
		if (!type) {
			continue;
		}
		if (used && out[used - 1].end == edges[i] && out[used - 1].type == type) {
			out[used - 1].end = edges[i + 1];
		} else if (used < MIN(max, (unsigned int)BOOT_MEMORY_MAX)) {
			out[used++] = (struct memory_range){ edges[i], edges[i + 1], type };
		}
	}
	memcpy(map, out, used * sizeof(*out));
	*count = used;
}

void boot_memory_exclude(uint64_t start, uint64_t len)
{
	uint64_t end = ROUND_UP(start + len, PAGE_SIZE);

	start = ROUND_DOWN(start, PAGE_SIZE);
	for (unsigned int i = 0; i < free_count; i++) {
		struct memory_range *r = &free_ranges[i];

		if (r->end <= start || r->start >= end) {
			continue;
		}
		if (r->start < start && r->end > end) {
			if (free_count == ARRAY_SIZE(free_ranges)) {
				r->end = start;
				continue;
			}
			free_ranges[free_count++] = (struct memory_range){ end, r->end, MEMORY_RAM };
			r->end = start;
		} else if (r->start < start) {
			r->end = start;
		} else {
			r->start = MIN(end, r->end);
		}
	}
}

static void reserve(uint64_t start, uint64_t end)
{
	/* Allocations come downwards, so most extend the last one. */
	if (hv_reserved_count && hv_reserved[hv_reserved_count - 1].start == end) {
		hv_reserved[hv_reserved_count - 1].start = start;
		return;
	}
	if (hv_reserved_count == HV_RESERVED_MAX) {
		boot_fail("the memory map is too fragmented for the hypervisor's own tables");
	}
	hv_reserved[hv_reserved_count++] = (struct memory_range){ start, end, MEMORY_RESERVED };
}

static hpa_t take(uint64_t size, uint64_t align, uint64_t ceiling)
{
	uint64_t best = 0;

	size = ROUND_UP(size, PAGE_SIZE);
	for (unsigned int i = 0; i < free_count; i++) {
		const struct memory_range *r = &free_ranges[i];
		uint64_t top = MIN(r->end, ceiling);

		if (top >= size && ROUND_DOWN(top - size, align) >= r->start && top > r->start) {
			best = MAX(best, ROUND_DOWN(top - size, align));
		}
	}
	if (best) {
		boot_memory_exclude(best, size);
		reserve(best, best + size);
	}
	return hpa(best);
}

hpa_t boot_alloc(uint64_t size, uint64_t align)
{
	hpa_t a = take(size, MAX(align, PAGE_SIZE), BOOT_ALLOC_CEILING);

	if (!a.v) {
		boot_fail("no room for %lu KiB of the hypervisor's own tables in this memory map",
			  size >> 10);
	}
	memset(hpa_to_virt(a), 0, ROUND_UP(size, PAGE_SIZE));
	return a;
}

hpa_t boot_alloc_low(uint64_t size)
{
	hpa_t a = take(size, PAGE_SIZE, KIB(640));

	if (!a.v) {
		boot_fail("no RAM below 640 KiB for starting the other CPUs");
	}
	return a;
}

void boot_memory_init(void)
{
	uint64_t ram = 0;

	memory_map_sanitise(boot_info.memory, &boot_info.memory_count, BOOT_MEMORY_MAX);
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		log_debug("memory: %016lx-%016lx type %u\n", r->start, r->end, r->type);
		if (r->type == MEMORY_RAM) {
			ram += r->end - r->start;
			if (r->start < BOOT_ALLOC_CEILING) {
				free_ranges[free_count++] = (struct memory_range){
					r->start, MIN(r->end, BOOT_ALLOC_CEILING), MEMORY_RAM };
			}
		}
	}
	if (!ram) {
		boot_fail("the boot loader gave no memory map");
	}
	log_info("memory: %lu MiB of RAM\n", ram >> 20);
	boot_memory_exclude(0, PAGE_SIZE);	/* address 0 means nothing to take() */
	boot_memory_exclude(IMAGE_LMA, (uint64_t)(_image_end - _image_start));
	for (unsigned int i = 0; i < boot_info.module_count; i++) {
		boot_memory_exclude(boot_info.modules[i].start.v, boot_info.modules[i].size);
	}
}

void boot_move_modules(void)
{
	for (unsigned int i = 0; i < boot_info.module_count; i++) {
		struct boot_module *m = &boot_info.modules[i];
		hpa_t to = take(MAX(m->size, 1UL), PAGE_SIZE, BOOT_ALLOC_CEILING);

		if (!to.v) {
			boot_fail("no room to move module %u (%lu KiB) out of the service VM's memory", i,
				  m->size >> 10);
		}
		memcpy(hpa_to_virt(to), hpa_to_virt(m->start), m->size);
		m->start = to;
	}
}
