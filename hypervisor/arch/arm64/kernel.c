/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service VM's kernel: the arm64 boot protocol (Documentation/arm64/booting.rst of Linux). */
#include <asm/dom0_kernel.h>
#include <asm/paging.h>
#include <hv/boot.h>
#include <hv/dom0_memory.h>
#include <hv/domain.h>
#include <hv/lib.h>

#define IMAGE_MAGIC	 0x644d5241u /* "ARM\x64" */
#define IMAGE_ALIGN	 MIB(2)
#define IMAGE_OLD_OFFSET 0x80000UL /* where no image size is given */
#define IMAGE_BIG_ENDIAN BIT(0)

/* Header of an arm64 kernel. */
struct image_header {
	uint32_t code[2];
	uint64_t text_offset, image_size, flags, reserved[3];
	uint32_t magic, pe_offset;
};
static_assert(offsetof(struct image_header, magic) == 56, "arm64 boot protocol");

/* What the header says is copied and checked here. */
void arch_kernel_check(struct dom0_kernel *k)
{
	const struct boot_module *m = &boot_info.modules[0];
	const void *at = boot_map(m->start, MAX(m->size, sizeof(struct image_header)));
	struct image_header h;

	if (!at || m->size < sizeof(h)) {
		boot_fail("the service VM's kernel is cut off");
	}
	memcpy(&h, at, sizeof(h));
	if (h.magic != IMAGE_MAGIC) {
		bool packed = (h.code[0] & 0xffff) == 0x8b1f;

		boot_fail("the service VM's kernel is no arm64 Image%s",
			  packed ? ": it is compressed, unpack it with gunzip" : "");
	}
	if (h.flags & IMAGE_BIG_ENDIAN) {
		boot_fail("the service VM's kernel is big-endian");
	}
	if (!h.image_size) {
		h.text_offset = IMAGE_OLD_OFFSET;
		h.image_size = m->size + MIB(1);
	}
	if (h.image_size < m->size || h.image_size > GIB(1) || h.text_offset >= IMAGE_ALIGN) {
		boot_fail("the service VM's kernel has a bad header");
	}
	k->size = h.image_size;
	k->offset = h.text_offset;
}

uint64_t arch_kernel_ram(const struct dom0_kernel *k, uint64_t available)
{
	return available;
}

bool arch_kernel_place(struct dom0_kernel *k)
{
	/* Twice its alignment leaves an aligned place wherever it begins. */
	uint64_t room = dom0_take_low(k->offset + k->size + IMAGE_ALIGN, 0, ~0ULL);

	k->start = ROUND_UP(room, IMAGE_ALIGN) + k->offset;
	return room;
}

void arch_kernel_start(struct vcpu *v, const struct dom0_kernel *k, uint64_t tree)
{
	vcpu_reset_to(v, k->start, tree);
}
