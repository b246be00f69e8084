/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUs of the device tree, and what starts each of them (Linux,
 * Documentation/devicetree/bindings/arm/cpus.yaml). A CPU whose way is not known stays off with one
 * line; nothing is tried on it.
 */
#include "platform_parts.h"
#include <asm/platform.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

/* Where the boot ROM or U-Boot's waiting loop of Exynos looks for an entry
 * (bindings/sram/sram.yaml, arm/samsung/ samsung-secure-firmware.yaml): the start of the system
 * RAM, or under secure firmware its open half at 0x1c. */
#define EXYNOS_ENTRY	    0x00u
#define EXYNOS_ENTRY_SECURE 0x1cu

static bool known_cpu(uint64_t mpidr)
{
	for (unsigned int i = 0; i < platform.cpu_count; i++) {
		if (platform.cpu[i].mpidr == mpidr) {
			return true;
		}
	}
	return false;
}

static int find(const struct fdt *t, const char *compatible)
{
	int node;

	for (node = fdt_root(t); node >= 0; node = fdt_next_node(t, node, NULL)) {
		if (fdt_compatible(t, node, compatible) && fdt_available(t, node)) {
			return node;
		}
	}
	return -1;
}

static bool region_at(const struct fdt *t, int node, struct platform_region *out)
{
	return node >= 0 && fdt_reg(t, node, 0, &out->base, &out->size) && out->size >= 4 &&
	       IS_ALIGNED(out->base, 4UL);
}

/* Boards of ARMv7 from before PSCI, by the name of the whole; where the tree has what they need. */
static enum platform_start board_start(const struct fdt *t, struct platform_region *mailbox)
{
	int root = fdt_root(t);

	if (fdt_compatible(t, root, "samsung,exynos5250")) {
		bool secure = find(t, "samsung,secure-firmware") >= 0;
		uint32_t entry = secure ? EXYNOS_ENTRY_SECURE : EXYNOS_ENTRY;
		const char *ram =
		    secure ? "samsung,exynos4210-sysram-ns" : "samsung,exynos4210-sysram";

		if (!region_at(t, find(t, ram), mailbox) || mailbox->size < entry + 4) {
			return START_NONE;
		}
		mailbox->base += entry;
		mailbox->size = 4;
		return secure ? START_EXYNOS_SMC : START_EXYNOS;
	}
	if (fdt_compatible(t, root, "ti,omap5") &&
	    region_at(t, find(t, "ti,omap5-wugen-mpu"), mailbox) && mailbox->size >= PAGE_SIZE) {
		return START_OMAP5;
	}
	return START_NONE;
}

/* Several CPUs may share one place. The page is kept from everybody: they wait in it. */
static bool spin_table(const struct fdt *t, int node, struct platform_region *mailbox)
{
	struct fdt_prop p;

	if (!fdt_get(t, node, "cpu-release-addr", &p) || (p.len != 8 && p.len != 4)) {
		return false;
	}
	mailbox->base = p.len == 8 ? fdt_u64(p.data) : fdt_u32(p.data);
	mailbox->size = 8;
	if (!mailbox->base || !IS_ALIGNED(mailbox->base, 8UL) || mailbox->base >= BIT(48)) {
		return false;
	}
	for (unsigned int i = 0; i < platform.cpu_count; i++) {
		const struct platform_cpu *c = &platform.cpu[i];

		if (c->start == START_SPIN_TABLE &&
		    ROUND_DOWN(c->mailbox.base ^ mailbox->base, PAGE_SIZE) == 0) {
			return true;
		}
	}
	platform_reserve(ROUND_DOWN(mailbox->base, PAGE_SIZE),
			 ROUND_DOWN(mailbox->base, PAGE_SIZE) + PAGE_SIZE);
	return true;
}

static enum platform_start start_of(const struct fdt *t, int node, struct platform_region *mailbox)
{
	const char *method = fdt_get_string(t, node, "enable-method");

	if (!method) {
		method = fdt_get_string(t, fdt_parent(t, node), "enable-method");
	}
	if (!fdt_available(t, node)) {
		/* Of a spin table it is what waits there (Devicetree Specification, 3.8.1). */
		return method && !strcmp(method, "spin-table") && spin_table(t, node, mailbox)
			   ? START_SPIN_TABLE
			   : START_NONE;
	}
	if (method ? !strcmp(method, "psci") : platform.psci.present) {
		return START_PSCI;
	}
	if (!method) {
		return board_start(t, mailbox);
	}
	return !strcmp(method, "spin-table") && spin_table(t, node, mailbox) ? START_SPIN_TABLE
									     : START_NONE;
}

static void parse_cpu(const struct fdt *t, int node, unsigned int cells)
{
	const char *type = fdt_get_string(t, node, "device_type");
	struct platform_cpu cpu = {0};
	struct fdt_prop reg;

	if (!type || strcmp(type, "cpu") || !fdt_get(t, node, "reg", &reg) ||
	    reg.len != 4 * cells) {
		return;
	}
	cpu.mpidr = cells == 2 ? fdt_u64(reg.data) : fdt_u32(reg.data);
	cpu.mpidr &= MPIDR_AFFINITY;
	if (known_cpu(cpu.mpidr)) {
		return;
	}
	cpu.start = start_of(t, node, &cpu.mailbox);
	if (cpu.start == START_NONE) {
		log_warn("CPU %" PRIx64 " stays off: no way to start it is known\n", cpu.mpidr);
		return;
	}
	if (platform.cpu_count == PLATFORM_CPU_MAX) {
		log_warn("CPU %" PRIx64 " stays off: no more than %u are used\n", cpu.mpidr,
			 PLATFORM_CPU_MAX);
		return;
	}
	platform.cpu[platform.cpu_count++] = cpu;
}

void platform_parse_cpus(const struct fdt *t, uint64_t boot_mpidr)
{
	int cpus = fdt_child(t, fdt_root(t), "cpus"), node;
	uint32_t cells;

	platform.cpu[0] = (struct platform_cpu){.mpidr = boot_mpidr & MPIDR_AFFINITY};
	platform.cpu_count = 1;
	if (cpus < 0) {
		return;
	}
	cells = fdt_get_u32(t, cpus, "#address-cells", 1);
	if (cells != 1 && cells != 2) {
		boot_fail("the device tree's CPUs have addresses of %u cells", cells);
	}
	for (node = fdt_first_child(t, cpus); node >= 0; node = fdt_next_sibling(t, node)) {
		parse_cpu(t, node, cells);
	}
}
