/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The firmware's memory map: UEFI Specification 2.10, 7.2.3 (GetMemoryMap). */
#include <hv/types.h>

enum efi_memory_type {
	EFI_RESERVED,
	EFI_LOADER_CODE,
	EFI_LOADER_DATA,
	EFI_BOOT_CODE,
	EFI_BOOT_DATA,
	EFI_RUNTIME_CODE,
	EFI_RUNTIME_DATA,
	EFI_CONVENTIONAL,
	EFI_UNUSABLE,
	EFI_ACPI_RECLAIM,
	EFI_ACPI_NVS,
	EFI_MMIO,
	EFI_MMIO_PORTS,
	EFI_PAL_CODE,
	EFI_PERSISTENT,
};

#define EFI_MEMORY_WB		0x8UL			/* can be mapped write-back: memory, not registers */
#define EFI_MEMORY_SP		0x40000UL		/* set aside for a purpose */
#define EFI_MEMORY_RUNTIME	0x8000000000000000UL

struct efi_memory {
	uint32_t type, reserved;
	uint64_t start, virtual_start, pages, attributes;
};
static_assert(sizeof(struct efi_memory) == 40, "UEFI 2.10, EFI_MEMORY_DESCRIPTOR");

#define EFI_MAP_SIZE_MAX	(256U * 1024)
#define EFI_DESCRIPTOR_MAX	512U

/* What can be done with it once the firmware has gone. */
enum efi_use {
	EFI_USE_NONE,			/* no memory: registers, or nothing */
	EFI_USE_RAM,
	EFI_USE_KEPT,			/* the firmware's for good: nobody touches it */
};
enum efi_use efi_memory_use(const struct efi_memory *m);
/*
 * Descriptor i of a map that firmware gave: copied, and checked. 1: there; 0: the map ends before it; negative: it is
 * not aligned to pages, or goes beyond the end of all addresses. size <= EFI_MAP_SIZE_MAX, 40 <= each <= EFI_DESCRIPTOR_MAX.
 */
int efi_memory_get(const void *map, uint32_t size, uint32_t each, unsigned int i, struct efi_memory *out);
