/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boards: what platform.c makes of a tree, and the tree that the service VM gets. A small one is
 * built in; BOARD_TREES (a list of files, by colons) adds real ones, to which memory and a kernel
 * are added as a boot loader does.
 */
#include "unit.h"
#include "dom0_build.h"
#include <asm/platform.h>
#include <asm/vgic.h>
#include <hv/dom0_memory.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <stdarg.h>
#include <stdlib.h>

#define CAPACITY (1u << 20)
#define RAM_BASE 0x80000000u
#define RAM_SIZE 0x40000000u

/* libc's, which the hypervisor's headers hide. */
typedef struct file FILE;
FILE *fopen(const char *path, const char *mode);
size_t fread(void *to, size_t size, size_t count, FILE *f);
int fclose(FILE *f);
int printf(const char *fmt, ...) __printf(1, 2);

static struct fdt_writer w;
static _Alignas(8) uint8_t source[CAPACITY], result[2 * CAPACITY];
static struct domain dom0;
static const struct memory_range ram[] = {{RAM_BASE, RAM_BASE + 0x1000000, MEMORY_RAM},
					  {RAM_BASE + 0x2000000, RAM_BASE + 0x8000000, MEMORY_RAM}};

void boot_fail(const char *fmt, ...)
{
	panic("boot_fail: %s", fmt);
}

size_t str_copy(char *dst, const char *src, size_t size)
{
	return (size_t)snprintf(dst, size, "%s", src);
}

unsigned int dom0_ram_ranges(const struct memory_range **out)
{
	*out = ram;
	return ARRAY_SIZE(ram);
}

uint64_t vgic_affinity(const struct domain *d, unsigned int id)
{
	return id;
}

static void put_pair(const char *name, uint64_t a, uint64_t b)
{
	const uint32_t cells[4] = {(uint32_t)(a >> 32), (uint32_t)a, (uint32_t)(b >> 32),
				   (uint32_t)b};

	fdt_put_cells(&w, name, cells, 4);
}

/* What a boot loader adds: the kernel as a module. */
static void put_chosen(const char *cmdline)
{
	fdt_node(&w, "chosen");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_put_string(&w, "xen,xen-bootargs", cmdline);
	fdt_node(&w, "module@82000000");
	fdt_put(&w, "compatible", "multiboot,kernel\0multiboot,module", 34);
	put_pair("reg", RAM_BASE + 0x2000000, 0x1000);
	fdt_put_string(&w, "bootargs", "console=hvc0");
	fdt_end_node(&w);
	fdt_end_node(&w);
}

/* Cells as the root of the tree has them. */
static void put_memory(unsigned int a, unsigned int s)
{
	uint32_t cells[4] = {0};

	cells[a - 1] = RAM_BASE;
	cells[a + s - 1] = RAM_SIZE;
	fdt_node(&w, "memory@80000000");
	fdt_put_string(&w, "device_type", "memory");
	fdt_put_cells(&w, "reg", cells, a + s);
	fdt_end_node(&w);
}

static void start(void)
{
	memset(&platform, 0, sizeof(platform));
	memset(&boot_info, 0, sizeof(boot_info));
	hv_reserved_count = 0;
}

static uint32_t small(bool with_gic)
{
	static const uint32_t timer[] = {1, 13, 8, 1, 14, 8, 1, 11, 8, 1, 10, 8};
	static const uint32_t gic_reg[] = {0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000};
	static const uint32_t irq[] = {1, 9, 4}, uart_irq[] = {0, 1, 4};

	fdt_begin(&w, source, CAPACITY);
	fdt_node(&w, "");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_put_u32(&w, "interrupt-parent", 5);
	put_chosen("dom0_mem=64M");
	put_memory(2, 2);
	fdt_node(&w, "cpus");
	fdt_put_u32(&w, "#address-cells", 1);
	fdt_put_u32(&w, "#size-cells", 0);
	for (unsigned int i = 0; i < 3; i++) {
		static const char *const names[] = {"cpu@0", "cpu@1", "cpu@100"};

		fdt_node(&w, names[i]);
		fdt_put_string(&w, "device_type", "cpu");
		fdt_put_string(&w, "compatible", "arm,cortex-a57");
		fdt_put_u32(&w, "reg", i == 2 ? 0x100 : i);
		fdt_put_string(&w, "enable-method", i == 2 ? "spin-table" : "psci");
		fdt_end_node(&w);
	}
	fdt_end_node(&w);
	fdt_node(&w, "timer");
	fdt_put_string(&w, "compatible", "arm,armv8-timer");
	fdt_put_cells(&w, "interrupts", timer, ARRAY_SIZE(timer));
	fdt_end_node(&w);
	fdt_node(&w, "pmu");
	fdt_put_string(&w, "compatible", "arm,armv8-pmuv3");
	fdt_end_node(&w);
	fdt_node(&w, "uart@9000000");
	fdt_put(&w, "compatible", "arm,pl011\0arm,primecell", 24);
	put_pair("reg", 0x9000000, 0x1000);
	fdt_put_cells(&w, "interrupts", uart_irq, 3);
	fdt_end_node(&w);
	if (with_gic) {
		fdt_node(&w, "intc@8000000");
		fdt_put_string(&w, "compatible", "arm,gic-v3");
		fdt_put_u32(&w, "phandle", 5);
		fdt_put_u32(&w, "#interrupt-cells", 3);
		fdt_put_cells(&w, "reg", gic_reg, ARRAY_SIZE(gic_reg));
		fdt_put_cells(&w, "interrupts", irq, 3);
		fdt_node(&w, "its@8080000");
		fdt_end_node(&w);
		fdt_end_node(&w);
	}
	fdt_node(&w, "dma@a000000");
	fdt_put_u32(&w, "iommus", 1);
	fdt_put_u32(&w, "kept", 2);
	fdt_end_node(&w);
	fdt_end_node(&w);
	return fdt_finish(&w, 0);
}

static struct fdt write_service_tree(void)
{
	const struct dom0_tree what = {.cmdline = "console=hvc0",
				       .initrd = RAM_BASE,
				       .initrd_size = 100,
				       .room = {{RAM_BASE + 0x10000000, 0x1000000}},
				       .room_count = 1};
	struct fdt t;
	uint32_t size;

	dom0.max_vcpus = 2;
	dom0.arch.vgic.redist_base = platform.gic.redist[0].base;
	size = dom0_write_tree(&dom0, &what, result, sizeof(result));
	CHECK_TRUE(size);
	CHECK_TRUE(!fdt_check(result, size, &t));
	return t;
}

TEST(board_small)
{
	uint32_t size = small(true), flags, intid;
	struct fdt_prop p;
	struct fdt t;
	int node;

	start();
	platform_init(source, size, 0x47f00000, 1);
	platform_choose_uart("/uart@9000000");
	CHECK_EQ(platform.cpu_count, 2);
	CHECK_EQ(platform.cpu_mpidr[0], 1);
	CHECK_EQ(platform.gic.version, 3);
	CHECK_EQ(platform.gic.maintenance, 25);
	CHECK_EQ(platform.timer.virt, 27);
	CHECK_EQ(platform.uart.intid, 33);
	CHECK_STR(boot_info.cmdline, "dom0_mem=64M");
	CHECK_EQ(boot_info.module_count, 1);
	CHECK_EQ(boot_info.modules[0].start.v, RAM_BASE + 0x2000000);
	CHECK_TRUE(platform_frame_is_hidden(0x8000));
	CHECK_TRUE(platform_frame_is_hidden(0x9000));
	CHECK_TRUE(!platform_frame_is_hidden(0x9010));

	t = write_service_tree();
	CHECK_EQ(fdt_find(&t, "/uart"), -1);
	CHECK_EQ(fdt_find(&t, "/pmu"), -1);
	CHECK_EQ(fdt_find(&t, "/intc/its"), -1);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/dma"), "iommus"));
	CHECK_EQ(fdt_get_u32(&t, fdt_find(&t, "/dma"), "kept", 0), 2);
	CHECK_STR(fdt_get_string(&t, fdt_find(&t, "/psci"), "method"), "hvc");
	node = fdt_find(&t, "/hypervisor");
	CHECK_TRUE(fdt_compatible(&t, node, "xen,xen"));
	CHECK_TRUE(fdt_gic_irq(&t, node, 0, &intid, &flags));
	CHECK_EQ(intid, 31);
	CHECK_TRUE(fdt_find(&t, "/cpus/cpu@1") >= 0 && fdt_find(&t, "/cpus/cpu@100") < 0);
	CHECK_TRUE(fdt_find(&t, "/memory@82000000") >= 0);
	CHECK_TRUE(fdt_get(&t, fdt_find(&t, "/intc"), "reg", &p) && p.len == 32);
}

static void init_without_gic(void *arg)
{
	start();
	platform_init(source, small(false), 0x47f00000, 0);
}

static void init_module_outside(void *arg)
{
	uint32_t size = small(true);

	start();
	/* The tree says 0x82000000; memory that begins above it. */
	for (uint32_t i = 0; i + 16 <= size; i += 4) {
		if (fdt_u32(source + i) == RAM_BASE && fdt_u32(source + i + 8) == RAM_SIZE) {
			source[i] = 0xc0;
		}
	}
	platform_init(source, size, 0xc7f00000, 0);
}

TEST(board_that_cannot_be)
{
	CHECK_PANICS(init_without_gic, NULL);
	CHECK_PANICS(init_module_outside, NULL);
}

/* Real boards -------------------------------------------------------------------------------------
 */

static void copy_node(const struct fdt *t, int node, bool root)
{
	struct fdt_prop p = {0};
	const char *type;
	int child;

	while (fdt_each_prop(t, node, &p)) {
		fdt_put(&w, p.name, p.data, p.len);
	}
	if (root) {
		unsigned int a, s;

		CHECK_TRUE(fdt_cells(t, node, &a, &s) && a <= 2 && s >= 1);
		put_chosen("");
		put_memory(a, s);
	}
	for (child = fdt_first_child(t, node); child >= 0; child = fdt_next_sibling(t, child)) {
		type = fdt_get_string(t, child, "device_type");
		if (root &&
		    ((type && !strcmp(type, "memory")) || !strcmp(fdt_name(t, child), "chosen"))) {
			continue;
		}
		fdt_node(&w, fdt_name(t, child));
		copy_node(t, child, false);
		fdt_end_node(&w);
	}
}

static void board(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t size = f ? fread(result, 1, sizeof(result), f) : 0;
	struct fdt t, service;
	int nodes = 0;

	CHECK_TRUE(size);
	fclose(f);
	CHECK_TRUE(!fdt_check(result, size, &t));
	fdt_begin(&w, source, CAPACITY);
	fdt_node(&w, "");
	copy_node(&t, fdt_root(&t), true);
	fdt_end_node(&w);
	size = fdt_finish(&w, 0);
	CHECK_TRUE(size);
	start();
	platform_init(source, size, RAM_BASE + 0x3000000, 0);
	CHECK_TRUE(platform.gic.version && platform.timer.virt && platform.timer.hyp);
	service = write_service_tree();
	for (int n = fdt_root(&service); n >= 0; n = fdt_next_node(&service, n, NULL)) {
		nodes++;
	}
	CHECK_TRUE(nodes > 10);
	printf("board %s: GICv%u, %u CPUs, PSCI %s, %d nodes for the service VM\n", path,
	       platform.gic.version, platform.cpu_count, platform.psci.present ? "yes" : "no",
	       nodes);
}

char *getenv(const char *name);

TEST(board_real_trees)
{
	const char *list = getenv("BOARD_TREES");
	char path[512];

	while (list && *list) {
		const char *end = strchr(list, ':');
		size_t len = end ? (size_t)(end - list) : strlen(list);

		CHECK_TRUE(len < sizeof(path));
		memcpy(path, list, len);
		path[len] = 0;
		board(path);
		list += len + (end != NULL);
	}
}
