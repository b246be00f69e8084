/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The service VM's kernel as an ELF file (arch/x86/elf.c): pure functions over bytes, for nobody checked them. */
#include <hv/types.h>

#define ELF_SEGMENT_MAX	16

struct elf_segment {
	uint64_t offset, file_size;	/* within the file, checked */
	uint64_t start, size;		/* physical memory, all below 4 GiB */
};

struct elf_image {
	struct elf_segment segments[ELF_SEGMENT_MAX];
	unsigned int segment_count;
	uint64_t start, end;		/* of all segments together */
	uint32_t entry;			/* XEN_ELFNOTE_PHYS32_ENTRY */
	bool is_linux;			/* by XEN_ELFNOTE_GUEST_OS */
};

/* NULL, or why the image cannot be started, as the end of a sentence. */
const char *elf_parse(const void *untrusted, size_t len, struct elf_image *out);
