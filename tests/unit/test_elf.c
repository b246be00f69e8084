/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service VM's kernel loader: good images of both widths, and all the ways to be no kernel. */
#include "unit.h"
#include <asm/elf.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_LEN	0x400
#define LOAD_OFF	0x200

static void put(uint8_t *p, size_t at, uint64_t v, size_t size)
{
	memcpy(p + at, &v, size);
}

/* Xen notes: the guest's name and the entry. */
static void put_notes(uint8_t *p, uint32_t entry)
{
	put(p, 0, 4, 4);
	put(p, 4, 6, 4);
	put(p, 8, 6, 4);
	memcpy(p + 12, "Xen", 4);
	memcpy(p + 16, "linux", 6);
	put(p, 24, 4, 4);
	put(p, 28, 4, 4);
	put(p, 32, 18, 4);
	memcpy(p + 36, "Xen", 4);
	put(p, 40, entry, 4);
}

static uint8_t *image64(void)
{
	uint8_t *p = calloc(1, IMAGE_LEN);

	memcpy(p, "\177ELF\2\1\1", 7);
	put(p, 16, 2, 2);
	put(p, 18, 62, 2);
	put(p, 32, 64, 8);		/* program headers */
	put(p, 54, 56, 2);
	put(p, 56, 2, 2);
	put(p, 64, 1, 4);		/* PT_LOAD */
	put(p, 72, LOAD_OFF, 8);
	put(p, 88, 0x1000000, 8);
	put(p, 96, 0x100, 8);
	put(p, 104, 0x2000, 8);
	put(p, 120, 4, 4);		/* PT_NOTE */
	put(p, 128, 0x180, 8);
	put(p, 152, 44, 8);
	put_notes(p + 0x180, 0x1000010);
	return p;
}

static uint8_t *image32(void)
{
	uint8_t *p = calloc(1, IMAGE_LEN);

	memcpy(p, "\177ELF\1\1\1", 7);
	put(p, 16, 2, 2);
	put(p, 18, 3, 2);
	put(p, 28, 52, 4);
	put(p, 42, 32, 2);
	put(p, 44, 2, 2);
	put(p, 52, 1, 4);
	put(p, 56, LOAD_OFF, 4);
	put(p, 64, 0x100000, 4);
	put(p, 68, 0x100, 4);
	put(p, 72, 0x100, 4);
	put(p, 84, 4, 4);
	put(p, 88, 0x180, 4);
	put(p, 100, 44, 4);
	put_notes(p + 0x180, 0x100000);
	return p;
}

static void expect(const uint8_t *p, size_t len, const char *part)
{
	struct elf_image out;
	const char *why = elf_parse(p, len, &out);

	if (!why || !strstr(why, part)) {
		unit_fail(__FILE__, __LINE__, "\"%s\" is not about \"%s\"", why ? why : "(fine)", part);
	}
}

TEST(elf_both_widths)
{
	struct elf_image out;
	uint8_t *p = image64();

	CHECK_TRUE(!elf_parse(p, IMAGE_LEN, &out));
	CHECK_EQ(out.segment_count, 1);
	CHECK_EQ(out.segments[0].start, 0x1000000);
	CHECK_EQ(out.segments[0].file_size, 0x100);
	CHECK_EQ(out.segments[0].size, 0x2000);
	CHECK_EQ(out.entry, 0x1000010);
	CHECK_TRUE(out.is_linux);
	free(p);
	p = image32();
	CHECK_TRUE(!elf_parse(p, IMAGE_LEN, &out));
	CHECK_EQ(out.entry, 0x100000);
	CHECK_EQ(out.end, 0x100100);
	free(p);
}

TEST(elf_not_a_kernel)
{
	uint8_t p[0x300] = { 0x1f, 0x8b };

	expect(p, sizeof(p), "compressed");
	memcpy(p, "\3757zXZ\0", 6);
	expect(p, sizeof(p), "compressed");
	memset(p, 0, 8);
	memcpy(p + 0x202, "HdrS", 4);
	expect(p, sizeof(p), "compressed");
	expect(p, 0x204, "not an ELF");
	expect(p, 0, "not an ELF");
}

TEST(elf_bad_images)
{
	uint8_t *p = image64();

	expect(p, 20, "truncated");
	expect(p, 100, "truncated");
	expect(p, LOAD_OFF + 0x80, "truncated");
	put(p, 104, 0x80, 8);
	expect(p, IMAGE_LEN, "cannot be loaded");
	put(p, 104, 0x2000, 8);
	put(p, 88, 0xfffff000, 8);
	expect(p, IMAGE_LEN, "cannot be loaded");
	put(p, 88, ~0ULL, 8);
	expect(p, IMAGE_LEN, "cannot be loaded");
	put(p, 88, 0x2000000, 8);
	expect(p, IMAGE_LEN, "PVH entry outside");
	put(p, 88, 0x1000000, 8);
	put(p, 120, 0, 4);
	expect(p, IMAGE_LEN, "no PVH entry");
	put(p, 120, 4, 4);
	put(p, 72, ~0ULL - 0x80, 8);
	expect(p, IMAGE_LEN, "truncated");
	put(p, 18, 183, 2);
	expect(p, IMAGE_LEN, "another kind of machine");
	free(p);
}

TEST(elf_cut_anywhere)
{
	uint8_t *whole[2] = { image64(), image32() };

	for (unsigned int i = 0; i < 2; i++) {
		for (size_t len = 0; len < LOAD_OFF + 0x100; len++) {
			uint8_t *p = malloc(len ? len : 1);
			struct elf_image out;

			memcpy(p, whole[i], len);
			CHECK_TRUE(elf_parse(p, len, &out) != NULL);
			free(p);
		}
		free(whole[i]);
	}
}

TEST(elf_noise)
{
	struct unit_random r = { 7 };

	for (unsigned int round = 0; round < 50000; round++) {
		uint8_t *p = round & 1 ? image64() : image32();
		struct elf_image out;

		for (unsigned int n = 0; n < 1 + round % 8; n++) {
			size_t at = unit_random(&r) % (n & 1 ? 0x1c0 : 0xa0);

			p[at] = (uint8_t)unit_random(&r);
		}
		if (!elf_parse(p, IMAGE_LEN, &out)) {
			for (unsigned int i = 0; i < out.segment_count; i++) {
				const struct elf_segment *s = &out.segments[i];

				CHECK_TRUE(s->offset + s->file_size <= IMAGE_LEN);
				CHECK_TRUE(s->file_size <= s->size);
				CHECK_TRUE(s->start + s->size <= GIB(4));
			}
		}
		free(p);
	}
}
