/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF files with a PVH entry: System V ABI ch. 4 and 5, and the notes of xen/elfnote.h. The file
 * may be cut off or made up: every offset is checked against its length before use.
 */
#include <asm/elf.h>
#include <hv/lib.h>
#include <xen/elfnote.h>

#define ET_EXEC		2
#define ET_DYN		3
#define PT_LOAD		1
#define PT_NOTE		4
#define SHT_NOTE	7
#define EM_386		3
#define EM_X86_64	62

struct elf_header32 {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(struct elf_header32) == 52, "System V ABI figure 4-3");

struct elf_header64 {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(struct elf_header64) == 64, "ELF-64 object file format");

struct elf_program32 {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct elf_program64 {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_section32 {
	uint32_t name, type, flags, addr, offset, size, link, info, addralign, entsize;
};

struct elf_section64 {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t addralign, entsize;
};

/* What both widths have in common. */
struct view {
	const uint8_t *p;
	size_t len;
	bool wide;
	uint64_t phoff, shoff;
	unsigned int phnum, shnum;
};

struct piece {
	uint32_t type;
	uint64_t offset, filesz, paddr, memsz;
};

static bool inside(const struct view *v, uint64_t offset, uint64_t size)
{
	return offset <= v->len && size <= v->len - offset;
}

static const char *not_elf(const uint8_t *p, size_t len)
{
	static const struct {
		uint8_t size, magic[6];
		uint16_t offset;
	} packed[] = {
		{ 2, { 0x1f, 0x8b }, 0 },				/* gzip */
		{ 6, { 0xfd, '7', 'z', 'X', 'Z', 0 }, 0 },		/* xz */
		{ 4, { 0x28, 0xb5, 0x2f, 0xfd }, 0 },			/* zstd */
		{ 4, { 0x02, 0x21, 0x4c, 0x18 }, 0 },			/* lz4 */
		{ 4, { 0x5d, 0, 0, 0 }, 0 },				/* lzma */
		{ 3, { 'B', 'Z', 'h' }, 0 },				/* bzip2 */
		{ 4, { 'H', 'd', 'r', 'S' }, 0x202 },			/* Linux bzImage */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(packed); i++) {
		if (len >= packed[i].offset + (size_t)packed[i].size &&
		    !memcmp(p + packed[i].offset, packed[i].magic, packed[i].size)) {
			return "is compressed: extract vmlinux from it with extract-vmlinux and boot that";
		}
	}
	return "is not an ELF file";
}

static const char *read_header(struct view *v)
{
	struct elf_header64 h;
	unsigned int phsize, shsize;

	if (v->len < 16 || memcmp(v->p, "\177ELF", 4)) {
		return not_elf(v->p, v->len);
	}
	v->wide = v->p[4] == 2;
	if ((!v->wide && v->p[4] != 1) || v->p[5] != 1) {
		return "is an ELF file for another kind of machine";
	}
	if (v->len < (v->wide ? sizeof(struct elf_header64) : sizeof(struct elf_header32))) {
		return "is a truncated ELF file";
	}
	if (v->wide) {
		memcpy(&h, v->p, sizeof(h));
	} else {
		struct elf_header32 n;

		memcpy(&n, v->p, sizeof(n));
		h = (struct elf_header64){ .type = n.type, .machine = n.machine, .phoff = n.phoff,
					   .shoff = n.shoff, .phentsize = n.phentsize,
					   .phnum = n.phnum, .shentsize = n.shentsize,
					   .shnum = n.shnum };
	}
	phsize = v->wide ? sizeof(struct elf_program64) : sizeof(struct elf_program32);
	shsize = v->wide ? sizeof(struct elf_section64) : sizeof(struct elf_section32);
	if ((h.machine != EM_X86_64 && h.machine != EM_386) ||
	    (h.type != ET_EXEC && h.type != ET_DYN)) {
		return "is an ELF file for another kind of machine";
	}
	if (!h.phnum || h.phentsize != phsize) {
		return "has no program headers";
	}
	if (!inside(v, h.phoff, (uint64_t)h.phnum * phsize)) {
		return "is a truncated ELF file";
	}
	v->phoff = h.phoff;
	v->phnum = h.phnum;
	/* Sections are a second chance for the notes only: bad ones do not matter. */
	if (h.shentsize == shsize && inside(v, h.shoff, (uint64_t)h.shnum * shsize)) {
		v->shoff = h.shoff;
		v->shnum = h.shnum;
	}
	return NULL;
}

static struct piece program(const struct view *v, unsigned int i)
{
	if (v->wide) {
		struct elf_program64 h;

		memcpy(&h, v->p + v->phoff + i * sizeof(h), sizeof(h));
		return (struct piece){ h.type, h.offset, h.filesz, h.paddr, h.memsz };
	} else {
		struct elf_program32 h;

		memcpy(&h, v->p + v->phoff + i * sizeof(h), sizeof(h));
		return (struct piece){ h.type, h.offset, h.filesz, h.paddr, h.memsz };
	}
}

static struct piece section(const struct view *v, unsigned int i)
{
	if (v->wide) {
		struct elf_section64 h;

		memcpy(&h, v->p + v->shoff + i * sizeof(h), sizeof(h));
		return (struct piece){ h.type, h.offset, h.size, 0, 0 };
	} else {
		struct elf_section32 h;

		memcpy(&h, v->p + v->shoff + i * sizeof(h), sizeof(h));
		return (struct piece){ h.type, h.offset, h.size, 0, 0 };
	}
}

/* One note of the name "Xen". True: the entry was found. */
static bool take_note(uint32_t type, const uint8_t *desc, uint32_t size, struct elf_image *out)
{
	uint64_t value = 0;

	if (type == XEN_ELFNOTE_GUEST_OS) {
		out->is_linux = size >= 5 && !memcmp(desc, "linux", 5);
	} else if (type == XEN_ELFNOTE_PHYS32_ENTRY && (size == 4 || size == 8)) {
		memcpy(&value, desc, size);
		out->entry = (uint32_t)value;
		return value == out->entry;
	}
	return false;
}

static bool read_notes(const struct view *v, uint64_t offset, uint64_t size, struct elf_image *out)
{
	bool found = false;

	while (size >= 12) {
		uint32_t head[3];	/* name size, descriptor size, type */
		uint64_t name, total;

		memcpy(head, v->p + offset, sizeof(head));
		name = ROUND_UP((uint64_t)head[0], 4);
		total = 12 + name + ROUND_UP((uint64_t)head[1], 4);
		if (12 + name + head[1] > size) {
			break;
		}
		if (head[0] == 4 && !memcmp(v->p + offset + 12, "Xen", 4)) {
			found |= take_note(head[2], v->p + offset + 12 + name, head[1], out);
		}
		/* The last one need not be padded. */
		total = MIN(total, size);
		offset += total;
		size -= total;
	}
	return found;
}

static bool find_notes(const struct view *v, struct elf_image *out)
{
	bool found = false;

	for (unsigned int i = 0; i < v->phnum && !found; i++) {
		struct piece s = program(v, i);

		if (s.type == PT_NOTE && inside(v, s.offset, s.filesz)) {
			found = read_notes(v, s.offset, s.filesz, out);
		}
	}
	for (unsigned int i = 0; i < v->shnum && !found; i++) {
		struct piece s = section(v, i);

		if (s.type == SHT_NOTE && inside(v, s.offset, s.filesz)) {
			found = read_notes(v, s.offset, s.filesz, out);
		}
	}
	return found;
}

static const char *read_segments(const struct view *v, struct elf_image *out)
{
	bool entry_inside = false;

	for (unsigned int i = 0; i < v->phnum; i++) {
		struct piece s = program(v, i);

		if (s.type != PT_LOAD || !s.memsz) {
			continue;
		}
		if (!inside(v, s.offset, s.filesz)) {
			return "is a truncated ELF file";
		}
		if (s.filesz > s.memsz || s.paddr >= GIB(4) || s.memsz > GIB(4) - s.paddr) {
			return "has a segment that cannot be loaded";
		}
		if (out->segment_count == ELF_SEGMENT_MAX) {
			return "has too many segments";
		}
		out->segments[out->segment_count++] =
			(struct elf_segment){ s.offset, s.filesz, s.paddr, s.memsz };
		out->start = out->segment_count == 1 ? s.paddr : MIN(out->start, s.paddr);
		out->end = MAX(out->end, s.paddr + s.memsz);
		entry_inside |= out->entry >= s.paddr && out->entry < s.paddr + s.memsz;
	}
	if (!out->segment_count) {
		return "has nothing to load";
	}
	return entry_inside ? NULL : "has its PVH entry outside of what it loads";
}

const char *elf_parse(const void *untrusted, size_t len, struct elf_image *out)
{
	struct view v = { .p = untrusted, .len = len };
	const char *why;

	memset(out, 0, sizeof(*out));
	why = read_header(&v);
	if (why) {
		return why;
	}
	if (!find_notes(&v, out)) {
		/* A file that was cut off has often lost its notes: say what is really wrong. */
		why = read_segments(&v, out);
		return why && !strcmp(why, "is a truncated ELF file")
			       ? why
			       : "has no PVH entry (note XEN_ELFNOTE_PHYS32_ENTRY)";
	}
	return read_segments(&v, out);
}
