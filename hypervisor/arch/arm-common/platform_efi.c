/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory as UEFI firmware has it: with a map in /chosen (as Linux's stub and ours leave it) the
 * tree's memory nodes count for nothing. What the firmware keeps for good is in the list as
 * reserved, so that it is neither mapped nor given to anybody, as memory or as a device.
 */
#include "platform_parts.h"
#include <asm/efi_memory.h>
#include <asm/paging.h>
#include <hv/boot.h>
#include <hv/lib.h>

enum efi_use efi_memory_use(const struct efi_memory *m)
{
	bool memory = m->attributes & EFI_MEMORY_WB;

	switch (m->type) {
	case EFI_LOADER_CODE:
	case EFI_LOADER_DATA:
	case EFI_BOOT_CODE:
	case EFI_BOOT_DATA:
	case EFI_CONVENTIONAL:
		if (!memory) {
			return EFI_USE_NONE;
		}
		return m->attributes & (EFI_MEMORY_RUNTIME | EFI_MEMORY_SP) ? EFI_USE_KEPT
									    : EFI_USE_RAM;
	case EFI_MMIO:
	case EFI_MMIO_PORTS:
		return EFI_USE_NONE;
	default:
		return EFI_USE_KEPT;
	}
}

int efi_memory_get(const void *map, uint32_t size, uint32_t each, unsigned int i,
		   struct efi_memory *out)
{
	uint64_t at = (uint64_t)i * each;

	if (size < each || at > size - each) {
		return 0;
	}
	memcpy(out, (const uint8_t *)map + at, sizeof(*out));
	if (!IS_ALIGNED(out->start, PAGE_SIZE) || out->pages > (~0ULL - out->start) >> PAGE_SHIFT) {
		return -1;
	}
	return 1;
}

/* In order; neighbours of one type become one. */
static void add(uint64_t start, uint64_t end, uint32_t type)
{
	struct memory_range *list = boot_info.memory, *before, *after;
	unsigned int i = boot_info.memory_count;

	while (i && list[i - 1].start > start) {
		i--;
	}
	before = i ? &list[i - 1] : NULL;
	after = i < boot_info.memory_count ? &list[i] : NULL;
	if ((before && before->end > start) || (after && after->start < end)) {
		boot_fail("the firmware's memory map names memory at %" PRIx64 " twice", start);
	}
	if (before && before->end == start && before->type == type) {
		before->end = end;
		if (after && after->start == end && after->type == type) {
			before->end = after->end;
			boot_info.memory_count--;
			memmove(after, after + 1, (boot_info.memory_count - i) * sizeof(list[0]));
		}
		return;
	}
	if (after && after->start == end && after->type == type) {
		after->start = start;
		return;
	}
	if (boot_info.memory_count == BOOT_MEMORY_MAX) {
		boot_fail("the firmware's memory map has too many pieces");
	}
	memmove(&list[i + 1], &list[i], (boot_info.memory_count - i) * sizeof(list[0]));
	list[i] = (struct memory_range){.start = start, .end = end, .type = type};
	boot_info.memory_count++;
}

static bool get_address(const struct fdt *t, int chosen, const char *name, uint64_t *out)
{
	struct fdt_prop p;

	if (!fdt_get(t, chosen, name, &p) || p.len != 8) {
		return false;
	}
	*out = fdt_u64(p.data);
	return true;
}

/* The map, copied nowhere: it is read once. NULL: what /chosen says of it cannot be. */
static const void *find_map(const struct fdt *t, int chosen, uint32_t *size, uint32_t *each)
{
	uint64_t at = 0;

	*size = fdt_get_u32(t, chosen, "linux,uefi-mmap-size", 0);
	*each = fdt_get_u32(t, chosen, "linux,uefi-mmap-desc-size", 0);
	if (!get_address(t, chosen, "linux,uefi-mmap-start", &at) || !at || !IS_ALIGNED(at, 8UL) ||
	    at >= BIT(48) || *each < sizeof(struct efi_memory) || *each > EFI_DESCRIPTOR_MAX ||
	    *size < *each || *size > EFI_MAP_SIZE_MAX) {
		return NULL;
	}
	return boot_map(hpa(at), *size);
}

bool platform_efi_memory(const struct fdt *t)
{
	int chosen = fdt_child(t, fdt_root(t), "chosen"), there;
	uint32_t size, each;
	struct efi_memory m;
	const void *map;

	if (!fdt_has(t, chosen, "linux,uefi-mmap-start")) {
		return false;
	}
	map = find_map(t, chosen, &size, &each);
	if (!map) {
		boot_fail("the device tree says of the firmware's memory map what cannot be");
	}
	for (unsigned int i = 0; (there = efi_memory_get(map, size, each, i, &m)); i++) {
		enum efi_use use = efi_memory_use(&m);

		if (there < 0) {
			boot_fail("the firmware's memory map has an entry that cannot be: %" PRIx64
				  ", %" PRIx64 " pages",
				  m.start, m.pages);
		}
		if (use != EFI_USE_NONE && m.pages) {
			add(m.start, m.start + (m.pages << PAGE_SHIFT),
			    use == EFI_USE_RAM ? MEMORY_RAM : MEMORY_RESERVED);
		}
	}
	return true;
}
