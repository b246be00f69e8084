/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's kernel: a zImage (Documentation/arm/booting.rst of Linux). It unpacks itself to
 * the start of the 128 MiB that it stands in, or when that is no memory of its own, to the first of
 * it at a multiple of 2 MiB (arch/arm/boot/compressed/head.S); it uses no memory below. So
 * everything below the first large piece is left out.
 */
#include <asm/dom0_kernel.h>
#include <asm/paging.h>
#include <hv/boot.h>
#include <hv/dom0_memory.h>
#include <hv/domain.h>
#include <hv/lib.h>

#define ZIMAGE_MAGIC	  0x016f2818u
#define ZIMAGE_LITTLE	  0x04030201u
#define ZIMAGE_FROM_START 36 /* its header */
#define CHUNK		  MIB(128)
#define BASE_ALIGN	  MIB(2)
#define UNPACKED_MAX	  MIB(48) /* it stands above what it unpacks, so that it need not move first */
#define SCRATCH		  MIB(1) /* its BSS, stack and heap */
#define MACHINE_BY_TREE	  (~0U)

struct zimage_header {
	uint32_t magic, start, end, endian;
};

void arch_kernel_check(struct dom0_kernel *k)
{
	const struct boot_module *m = &boot_info.modules[0];
	const uint8_t *at = boot_map(m->start, MAX(m->size, MIB(1)));
	struct zimage_header h;

	if (!at || m->size < ZIMAGE_FROM_START + sizeof(h)) {
		boot_fail("the service VM's kernel is cut off");
	}
	memcpy(&h, at + ZIMAGE_FROM_START, sizeof(h));
	if (h.magic != ZIMAGE_MAGIC) {
		boot_fail("the service VM's kernel is no ARM zImage");
	}
	if (h.endian != ZIMAGE_LITTLE) {
		boot_fail("the service VM's kernel is big-endian");
	}
	if (h.start || h.end > m->size || m->size > CHUNK / 2) {
		boot_fail("the service VM's kernel has a bad header");
	}
	k->size = ROUND_UP(m->size + SCRATCH, PAGE_SIZE);
}

static uint64_t base_in(const struct memory_range *r, const struct dom0_kernel *k)
{
	uint64_t base = ROUND_UP(r->start, BASE_ALIGN), need = UNPACKED_MAX + k->size;
	uint64_t end = MIN(r->end, ROUND_DOWN(base, CHUNK) + CHUNK);

	return end > base && end - base >= need ? base : 0;
}

uint64_t arch_kernel_ram(const struct dom0_kernel *k, uint64_t available)
{
	const struct memory_range *ram;
	unsigned int count = dom0_ram_ranges(&ram);

	for (unsigned int i = 0; i < count; i++) {
		uint64_t base = base_in(&ram[i], k);

		if (base) {
			return dom0_drop_below(base);
		}
	}
	boot_fail("no piece of memory is large enough for the service VM's kernel to unpack in");
}

bool arch_kernel_place(struct dom0_kernel *k)
{
	const struct memory_range *ram;
	uint64_t base;

	if (!dom0_ram_ranges(&ram)) {
		return false;
	}
	base = base_in(ram, k);
	if (!base) {
		return false;
	}
	k->start = dom0_take(base, UNPACKED_MAX + k->size) + UNPACKED_MAX;
	return true;
}

void arch_kernel_start(struct vcpu *v, const struct dom0_kernel *k, uint64_t tree)
{
	vcpu_reset_to(v, k->start, 0);
	v->arch.regs.x[1] = MACHINE_BY_TREE;
	v->arch.regs.x[2] = (uint32_t)tree;
}
