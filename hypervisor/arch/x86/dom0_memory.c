/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's memory (common/dom0_memory.c has the plan): room for its kernel, and the map
 * that it is shown. No lock: boot CPU; afterwards all is read-only.
 */
#include <asm/dom0.h>
#include <asm/dom0_build.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/page.h>

static struct elf_image kernel;

static void check_kernel(bool clipped, uint64_t size)
{
	for (unsigned int i = 0; i < kernel.segment_count; i++) {
		const struct elf_segment *s = &kernel.segments[i];

		if (dom0_holds(ROUND_DOWN(s->start, PAGE_SIZE), ROUND_UP(s->start + s->size, PAGE_SIZE))) {
			continue;
		}
		if (clipped) {
			boot_fail("dom0_mem: %lu MiB are too little for the kernel, which reaches up to %lu MiB",
				  size >> 20, (kernel.end + MIB(1) - 1) >> 20);
		}
		boot_fail("the kernel wants memory %lx-%lx, which this machine does not have free",
			  s->start, s->start + s->size);
	}
}

uint64_t dom0_plan_memory(void)
{
	const struct boot_module *m = &boot_info.modules[0];
	uint64_t available, size;
	const char *why;

	if (!boot_info.module_count) {
		boot_fail("no kernel for the service VM: the boot loader passed no module");
	}
	why = elf_parse(hpa_to_virt(m->start), m->size, &kernel);
	if (why) {
		boot_fail("the service VM's kernel (module 1) %s", why);
	}
	available = dom0_collect_ram();
	check_kernel(false, available);
	size = dom0_choose_size(available);
	dom0_clip_ram(size);
	check_kernel(true, size);
	for (unsigned int i = 0; i < kernel.segment_count; i++) {
		const struct elf_segment *s = &kernel.segments[i];

		(void)dom0_take(s->start, s->size);
	}
	return size;
}

const struct elf_image *dom0_kernel(void)
{
	return &kernel;
}

/* The map under construction. */
static struct e820_entry map[2 * (BOOT_MEMORY_MAX + HV_RESERVED_MAX)];
static unsigned int map_count;

static void map_add(uint64_t start, uint64_t end, uint32_t type)
{
	unsigned int i = map_count;

	if (start >= end) {
		return;
	}
	if (map_count == ARRAY_SIZE(map)) {
		boot_fail("the memory map is too fragmented");
	}
	/* Kept in order; ranges never overlap. */
	for (; i > 0 && map[i - 1].addr > start; i--) {
		map[i] = map[i - 1];
	}
	map[i] = (struct e820_entry){ start, end - start, type };
	map_count++;
}

static void map_merge(void)
{
	unsigned int n = 0;

	for (unsigned int i = 1; i < map_count; i++) {
		if (map[n].type == map[i].type && map[n].addr + map[n].size == map[i].addr) {
			map[n].size += map[i].size;
		} else {
			map[++n] = map[i];
		}
	}
	map_count = map_count ? n + 1 : 0;
}

void dom0_memory_map(struct domain *d, uint64_t acpi, uint64_t acpi_size)
{
	const struct memory_range *ram;
	unsigned int ram_count = dom0_ram_ranges(&ram);

	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		if (r->type != MEMORY_RAM) {
			map_add(r->start, r->end, r->type);
		}
	}
	for (unsigned int i = 0; i < ram_count; i++) {
		uint64_t cut = acpi >= ram[i].start && acpi < ram[i].end ? acpi : ram[i].end;

		map_add(ram[i].start, cut, MEMORY_RAM);
		if (cut < ram[i].end) {
			map_add(cut, cut + acpi_size, MEMORY_ACPI);
			map_add(cut + acpi_size, ram[i].end, MEMORY_RAM);
		}
	}
	/* RAM of others is left out, where kernels look for room to map foreign frames; what the hypervisor
	 * itself holds is named, so that no device is put there. */
	for (unsigned int i = 0; i < hv_reserved_count; i++) {
		map_add(hv_reserved[i].start, hv_reserved[i].end, MEMORY_RESERVED);
	}
	map_merge();
	if (map_count > E820_ENTRIES_MAX) {
		log_warn("service VM: its memory map is cut off at %u entries\n", E820_ENTRIES_MAX);
		map_count = E820_ENTRIES_MAX;
	}
	d->arch.e820 = hv_alloc(map_count * sizeof(*map));
	if (!d->arch.e820) {
		boot_fail("no memory for the service VM's memory map");
	}
	memcpy(d->arch.e820, map, map_count * sizeof(*map));
	d->arch.e820_count = map_count;
}
