/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the boot loader says, copied into boot_info. Everything here comes from a loader that may be wrong: all
 * lengths are checked against the structures that hold them.
 * Multiboot 0.6.96 section 3.3, Multiboot2 2.0 section 3.6.
 */
#include <asm/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define MB1_BOOT_MAGIC	0x2badb002
#define MB2_BOOT_MAGIC	0x36d76289

struct mb1_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
	uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name, apm;
	uint32_t vbe[4];
	uint64_t fb_addr;
	uint32_t fb_pitch, fb_width, fb_height;
	uint8_t fb_bpp, fb_type;
} __packed;
#define MB1_HAS_MEMORY	BIT(0)
#define MB1_HAS_CMDLINE	BIT(2)
#define MB1_HAS_MODULES	BIT(3)
#define MB1_HAS_MMAP	BIT(6)
#define MB1_HAS_LOADER	BIT(9)

struct mb1_module {
	uint32_t start, end, cmdline, reserved;
};

struct mb1_mmap {
	uint32_t size;
	uint64_t addr, len;
	uint32_t type;
} __packed;

struct mb2_tag {
	uint32_t type, size;
};

enum mb2_type {
	MB2_END, MB2_CMDLINE, MB2_LOADER, MB2_MODULE, MB2_MEMORY, MB2_BOOTDEV, MB2_MMAP, MB2_VBE, MB2_FB,
	MB2_EFI32 = 11, MB2_EFI64 = 12, MB2_ACPI_OLD = 14, MB2_ACPI_NEW = 15, MB2_EFI_MMAP = 17,
};

struct mb2_fb {
	struct mb2_tag tag;
	uint64_t addr;
	uint32_t pitch, width, height;
	uint8_t bpp, type;
	uint16_t reserved;
	uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
} __packed;

struct boot_info boot_info;

static void *early(uint64_t pa)
{
	return hpa_to_virt(hpa(pa));
}

static void add_range(uint64_t start, uint64_t len, uint32_t type)
{
	struct memory_range *r;

	if (len == 0 || start + len < start || boot_info.memory_count == BOOT_MEMORY_MAX) {
		return;
	}
	r = &boot_info.memory[boot_info.memory_count++];
	r->start = start;
	r->end = start + len;
	r->type = type >= MEMORY_RAM && type <= MEMORY_UNUSABLE ? type : MEMORY_RESERVED;
}

static void add_module(uint64_t start, uint64_t end, const char *cmdline, size_t max)
{
	struct boot_module *m;

	if (boot_info.module_count == BOOT_MODULE_MAX || end < start) {
		return;
	}
	m = &boot_info.modules[boot_info.module_count++];
	m->start = hpa(start);
	m->size = end - start;
	if (strnlen(cmdline, max) < max) {
		str_copy(m->cmdline, cmdline, sizeof(m->cmdline));
	}
}

static void parse_mb1_mmap(const struct mb1_info *info)
{
	uint64_t at = info->mmap_addr, end = at + info->mmap_length;

	while (at + sizeof(struct mb1_mmap) <= end) {
		struct mb1_mmap e;

		memcpy(&e, early(at), sizeof(e));
		add_range(e.addr, e.len, e.type);
		if (e.size < sizeof(e) - 4) {
			break;
		}
		at += (uint64_t)e.size + 4;
	}
}

/* GRUB Legacy and QEMU put the file's name before the arguments; GRUB 2 does not. */
static const char *skip_file_name(const char *s)
{
	while (*s && *s != ' ') {
		s++;
	}
	while (*s == ' ') {
		s++;
	}
	return s;
}

static const char *mb1_arguments(const struct mb1_info *info, uint64_t pa)
{
	bool grub2 = (info->flags & MB1_HAS_LOADER) && !strncmp(early(info->loader_name), "GRUB 2", 6);
	const char *s = pa ? early(pa) : "";

	return grub2 ? s : skip_file_name(s);
}

static void parse_mb1(uint64_t pa)
{
	struct mb1_info info;

	memcpy(&info, early(pa), sizeof(info));
	boot_info.loader = "multiboot";
	if (info.flags & MB1_HAS_CMDLINE) {
		str_copy(boot_info.cmdline, mb1_arguments(&info, info.cmdline),
			 sizeof(boot_info.cmdline));
	}
	if (info.flags & MB1_HAS_MMAP) {
		parse_mb1_mmap(&info);
	} else if (info.flags & MB1_HAS_MEMORY) {
		add_range(0, (uint64_t)info.mem_lower << 10, MEMORY_RAM);
		add_range(MIB(1), (uint64_t)info.mem_upper << 10, MEMORY_RAM);
	}
	if (!(info.flags & MB1_HAS_MODULES)) {
		return;
	}
	for (unsigned int i = 0; i < MIN(info.mods_count, (uint32_t)BOOT_MODULE_MAX); i++) {
		struct mb1_module m;

		memcpy(&m, early(info.mods_addr + (uint64_t)i * sizeof(m)), sizeof(m));
		add_module(m.start, m.end, mb1_arguments(&info, m.cmdline),
			   sizeof(boot_info.modules[0].cmdline) * 2);
	}
}

static void parse_mb2_mmap(const uint8_t *tag, uint32_t size)
{
	uint32_t entry_size, at = 16;

	if (size < 16) {
		return;
	}
	memcpy(&entry_size, tag + 8, 4);
	if (entry_size < 20) {
		return;
	}
	for (; size - at >= entry_size && at < size; at += entry_size) {
		uint64_t addr, len;
		uint32_t type;

		memcpy(&addr, tag + at, 8);
		memcpy(&len, tag + at + 8, 8);
		memcpy(&type, tag + at + 16, 4);
		add_range(addr, len, type);
	}
}

static void parse_mb2_framebuffer(const uint8_t *tag, uint32_t size)
{
	struct boot_framebuffer *fb = &boot_info.framebuffer;
	struct mb2_fb f = { 0 };

	memcpy(&f, tag, MIN(size, (uint32_t)sizeof(f)));
	if (size < offsetof(struct mb2_fb, red_pos)) {
		return;
	}
	*fb = (struct boot_framebuffer){
		.base = f.addr, .width = f.width, .height = f.height, .pitch = f.pitch, .bpp = f.bpp,
		.red_pos = f.red_pos, .red_size = f.red_size, .green_pos = f.green_pos,
		.green_size = f.green_size, .blue_pos = f.blue_pos, .blue_size = f.blue_size,
		.present = f.type == 1, .text = f.type == 2,
	};
}

static void parse_mb2_tag(const uint8_t *p, const struct mb2_tag *tag)
{
	uint32_t start, end;

	switch (tag->type) {
	case MB2_CMDLINE:
		str_copy(boot_info.cmdline, (const char *)p + 8,
			 MIN(sizeof(boot_info.cmdline), (size_t)tag->size - 8 + 1));
		break;
	case MB2_MODULE:
		if (tag->size < 17) {
			break;
		}
		memcpy(&start, p + 8, 4);
		memcpy(&end, p + 12, 4);
		add_module(start, end, (const char *)p + 16, tag->size - 16);
		break;
	case MB2_MMAP:
		parse_mb2_mmap(p, tag->size);
		break;
	case MB2_FB:
		parse_mb2_framebuffer(p, tag->size);
		break;
	case MB2_EFI32:
	case MB2_EFI64:
	case MB2_EFI_MMAP:
		boot_info.efi = true;
		break;
	case MB2_ACPI_OLD:
	case MB2_ACPI_NEW:
		/* A newer one replaces an older one, whatever their order. */
		if (!boot_info.acpi_rsdp_copied || tag->type == MB2_ACPI_NEW) {
			memset(boot_info.acpi_rsdp_copy, 0, sizeof(boot_info.acpi_rsdp_copy));
			memcpy(boot_info.acpi_rsdp_copy, p + 8,
			       MIN(sizeof(boot_info.acpi_rsdp_copy), (size_t)tag->size - 8));
			boot_info.acpi_rsdp_copied = true;
		}
		break;
	default:
		break;
	}
}

static void parse_mb2(uint64_t pa)
{
	const uint8_t *base = early(pa);
	uint32_t total, at = 8;

	boot_info.loader = "multiboot2";
	memcpy(&total, base, 4);
	while (total >= sizeof(struct mb2_tag) && at <= total - sizeof(struct mb2_tag)) {
		struct mb2_tag tag;

		memcpy(&tag, base + at, sizeof(tag));
		if (tag.type == MB2_END || tag.size < sizeof(tag) || tag.size > total - at) {
			break;
		}
		parse_mb2_tag(base + at, &tag);
		at += ROUND_UP(tag.size, 8U);
	}
}

void multiboot_parse(uint32_t magic, hpa_t info)
{
	if (magic == MB1_BOOT_MAGIC) {
		parse_mb1(info.v);
	} else if (magic == MB2_BOOT_MAGIC) {
		parse_mb2(info.v);
	}
}
