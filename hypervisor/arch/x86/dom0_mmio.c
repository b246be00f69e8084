/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device memory of the service VM, mapped when it is first touched: what devices there are and
 * where only AML and the guest's own bus scan know.
 * Locks: none; p2m_set_if_empty does not disturb what another vCPU puts there meanwhile.
 */
#include <asm/acpi.h>
#include <asm/dom0.h>
#include <asm/io.h>
#include <asm/processor.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/framebuffer.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/screen.h>

#define BLOCK_FRAMES	512UL
/* 2 MiB blocks: 32 GiB of device memory, 64 MiB of tables at the most. */
#define BLOCKS_MAX	16384
#define MESSAGE_FIRST	0xfee00UL	/* interrupt messages and the local APIC */
#define MESSAGE_LAST	0xfeeffUL
#define VGA_START	0xa0000UL
#define VGA_END		0xc0000UL

static unsigned int blocks;		/* atomic */

static unsigned int phys_bits(void)
{
	static unsigned int bits;

	if (!bits) {
		bits = cpu_phys_bits();
	}
	return bits;
}

/* Type of the machine's memory map at a; 0 in a hole. */
static uint32_t memory_type(uint64_t a)
{
	unsigned int lo = 0, hi = boot_info.memory_count;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;
		const struct memory_range *r = &boot_info.memory[mid];

		if (a >= r->end) {
			lo = mid + 1;
		} else if (a < r->start) {
			hi = mid;
		} else {
			return r->type;
		}
	}
	return 0;
}

static bool is_hypervisors(uint64_t frame)
{
	uint64_t a = frame << PAGE_SHIFT;

	if ((frame >= MESSAGE_FIRST && frame <= MESSAGE_LAST) ||
	    frame == acpi_info.lapic_base >> PAGE_SHIFT) {
		return true;
	}
	if (acpi_info.hpet_base && frame == acpi_info.hpet_base >> PAGE_SHIFT) {
		return true;
	}
	for (unsigned int i = 0; i < acpi_info.ioapic_count; i++) {
		if (frame == acpi_info.ioapics[i].base >> PAGE_SHIFT) {
			return true;
		}
	}
	/* Configuration space is emulated. */
	for (unsigned int i = 0; i < acpi_info.ecam_count; i++) {
		const struct acpi_ecam *e = &acpi_info.ecam[i];

		if (a >= e->base + e->start_bus * MIB(1) && a < e->base + (e->end_bus + 1) * MIB(1)) {
			return true;
		}
	}
	return iommu_owns_frame(mfn(frame));
}

bool dom0_frame_is_device(uint64_t frame)
{
	uint32_t type;

	if (frame >= BIT(phys_bits() - PAGE_SHIFT)) {
		return false;
	}
	type = memory_type(frame << PAGE_SHIFT);
	return type != MEMORY_RAM && type != MEMORY_UNUSABLE && !is_hypervisors(frame);
}

/* The screen stays the hypervisor's until the service VM really writes there. */
static bool is_screen(uint64_t frame)
{
	uint64_t a = frame << PAGE_SHIFT;

	return (a >= VGA_START && a < VGA_END) || framebuffer_has_frame(mfn(frame));
}

/* 0; -EEXIST: device memory already; -EBUSY: somebody's RAM; another error when it cannot be mapped. */
static int map_one(struct domain *d, uint64_t frame)
{
	enum p2m_type t;

	if (!dom0_frame_is_device(frame) || io_mmio_registered(d, gfn_to_gpa(gfn(frame)))) {
		return -EPERM;
	}
	(void)p2m_lookup(d, gfn(frame), &t, NULL);
	if (t != P2M_INVALID) {
		return t == P2M_MMIO ? -EEXIST : -EBUSY;
	}
	screen_frame_taken(mfn(frame));
	return p2m_set_if_empty(d, gfn(frame), mfn(frame), P2M_MMIO);
}

bool dom0_map_on_demand(struct domain *d, uint64_t frame)
{
	uint64_t block = ROUND_DOWN(frame, BLOCK_FRAMES);
	int ret;

	if (!d->is_service) {
		return false;
	}
	if (__atomic_load_n(&blocks, __ATOMIC_RELAXED) >= BLOCKS_MAX) {
		return false;
	}
	ret = map_one(d, frame);
	if (ret == -EEXIST) {
		return true;		/* another vCPU was faster: look again */
	}
	if (ret) {
		return false;
	}
	if (__atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED) == BLOCKS_MAX) {
		glog_warn("service VM: no more than %u blocks of device memory\n", BLOCKS_MAX);
	}
	/* Its neighbours soon follow. */
	for (uint64_t f = block; f < block + BLOCK_FRAMES; f++) {
		if (is_screen(f) && !is_screen(frame)) {
			continue;
		}
		if (map_one(d, f) == -ENOMEM) {
			break;
		}
	}
	return true;
}
