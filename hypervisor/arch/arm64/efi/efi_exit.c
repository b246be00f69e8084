/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Out of the firmware. Its memory map is only good while nothing allocates or frees, and events of
 * the firmware's may do that between two calls: then the key is refused, and the map is got again
 * (UEFI Specification 2.10, 7.4.6).
 */
#include "efi.h"

#define SPARE 32u /* descriptors that come between asking and getting, and of our own pages */
#define TRIES 8u

bool efi_map_room(struct efi_map *m)
{
	uint64_t size = 0, key, each = 0;
	efi_status status = efi_system->boot->get_memory_map(&size, NULL, &key, &each, &m->version);

	if (status != EFI_BUFFER_TOO_SMALL || size > EFI_MAP_SIZE_MAX) {
		return false;
	}
	/* Some firmware says how long a descriptor is only along with them. */
	m->capacity = size + SPARE * MAX(MIN(each, (uint64_t)EFI_DESCRIPTOR_MAX), 64UL);
	m->at = m->capacity <= EFI_MAP_SIZE_MAX ? efi_pages(m->capacity, 0) : 0;
	return m->at;
}

static efi_status get(struct efi_map *m, uint64_t *key)
{
	uint64_t size = m->capacity, each = 0;
	efi_status status = efi_system->boot->get_memory_map(&size, (void *)(uintptr_t)m->at, key,
							     &each, &m->version);

	if (status) {
		return status;
	}
	if (each < sizeof(struct efi_memory) || each > EFI_DESCRIPTOR_MAX || size < each ||
	    size > m->capacity) {
		return EFI_UNSUPPORTED;
	}
	m->size = (uint32_t)size;
	m->each = (uint32_t)each;
	return EFI_SUCCESS;
}

efi_status efi_exit(void *image, struct efi_map *m)
{
	efi_status status = EFI_INVALID_PARAMETER;
	uint64_t key;

	for (unsigned int i = 0; i < TRIES && status == EFI_INVALID_PARAMETER; i++) {
		status = get(m, &key);
		if (status) {
			return status;
		}
		status = efi_system->boot->exit_boot_services(image, key);
	}
	return status;
}
