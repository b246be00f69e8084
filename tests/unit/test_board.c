/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boards: what platform.c makes of a tree, and the tree that the service VM gets. A small one is
 * built in; BOARD_TREES (a list of files, by colons) adds real ones, to which memory and a kernel
 * are added as a boot loader does.
 */
#include "unit.h"
#include "board_facts.h"
#include "dom0_build.h"
#include <asm/efi_memory.h>
#include <asm/gic.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/uart.h>
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
char *strstr(const char *text, const char *part);

static struct fdt_writer w;
static _Alignas(8) uint8_t source[CAPACITY], result[2 * CAPACITY];
static struct domain dom0;
static const struct memory_range ram[] = {{RAM_BASE, RAM_BASE + 0x1000000, MEMORY_RAM},
					  {RAM_BASE + 0x2000000, RAM_BASE + 0x8000000, MEMORY_RAM}};

static char failure[256];

void boot_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(failure, sizeof(failure), fmt, ap);
	va_end(ap);
	panic("boot_fail: %s", failure);
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

static uint32_t kept_line;

bool gic_is_own(unsigned int intid)
{
	return intid == kept_line || (platform.uart.model && intid == platform.uart.intid);
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

/* What a boot loader adds: the kernel as a module, 32 MiB into RAM, and the command line. */
static void put_boot(const char *cmdline, uint64_t ram_at)
{
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_put_string(&w, "xen,xen-bootargs", cmdline);
	fdt_node(&w, "module@82000000");
	fdt_put(&w, "compatible", "multiboot,kernel\0multiboot,module", 34);
	put_pair("reg", ram_at + 0x2000000, 0x1000);
	fdt_put_string(&w, "bootargs", "console=hvc0");
	fdt_end_node(&w);
}

static void put_chosen(const char *cmdline)
{
	fdt_node(&w, "chosen");
	put_boot(cmdline, RAM_BASE);
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

static void put_gic_v2(void)
{
	static const uint32_t regs[] = {0, 0x1000, 0, 0x1000, 0, 0x2000, 0, 0x2000,
					0, 0x4000, 0, 0x2000, 0, 0x6000, 0, 0x2000};

	fdt_node(&w, "intc@1000");
	fdt_put_string(&w, "compatible", "arm,gic-400");
	fdt_put_cells(&w, "reg", regs, ARRAY_SIZE(regs));
	fdt_end_node(&w);
}

static void read_tree(uint32_t size, uint64_t pa, uint64_t mpidr)
{
	platform_open(source, size, pa);
	platform_init(mpidr);
}

static void start(void)
{
	memset(&platform, 0, sizeof(platform));
	memset(&boot_info, 0, sizeof(boot_info));
	hv_reserved_count = 0;
}

static void put_messages(const char *name, const char *compatible, uint32_t phandle, uint64_t at,
			 uint64_t size)
{
	fdt_node(&w, name);
	fdt_put_string(&w, "compatible", compatible);
	fdt_put_u32(&w, "phandle", phandle);
	fdt_put_u32(&w, "#msi-cells", phandle == 6);
	put_pair("reg", at, size);
	fdt_end_node(&w);
}

static uint32_t msi_map[8] = {0, 6, 0, 0x10000};
static unsigned int msi_map_cells = 4;

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
		fdt_put_u32(&w, "#address-cells", 2);
		fdt_put_u32(&w, "#size-cells", 2);
		fdt_put(&w, "ranges", NULL, 0);
		put_messages("its@a080000", "arm,gic-v3-its", 6, 0xa080000, 0x20000);
		put_messages("v2m@b020000", "arm,gic-v2m-frame", 7, 0xb020000, 0x1000);
		fdt_end_node(&w);
	}
	fdt_node(&w, "dma@a000000");
	fdt_put_u32(&w, "iommus", 1);
	fdt_put_u32(&w, "msi-parent", 7);
	fdt_put_u32(&w, "kept", 2);
	fdt_end_node(&w);
	fdt_node(&w, "pcie@c000000");
	fdt_put_cells(&w, "msi-map", msi_map, msi_map_cells);
	fdt_put_u32(&w, "msi-map-mask", 0xffff);
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

/* Message frames reach the service VM when their driver has found them right, and so do references.
 */
TEST(board_messages)
{
	struct fdt t;
	int dma, pcie;

	start();
	read_tree(small(true), 0x47f00000, 1);
	platform_choose_uart("/uart@9000000");
	CHECK_EQ(platform.gic.msi_count, 2);
	CHECK_EQ(platform.gic.msi[0].kind, MSI_ITS);
	CHECK_EQ(platform.gic.msi[1].kind, MSI_V2M);
	CHECK_EQ(platform.gic.msi[1].regs.base, 0xb020000);
	CHECK_TRUE(platform_frame_is_hidden(0xa080) && platform_frame_is_hidden(0xa09f));
	CHECK_TRUE(platform_frame_is_hidden(0xb020));
	t = write_service_tree();
	CHECK_EQ(fdt_find(&t, "/intc/its"), -1);
	CHECK_EQ(fdt_find(&t, "/intc/v2m"), -1);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/dma"), "msi-parent"));
	pcie = fdt_find(&t, "/pcie");
	CHECK_TRUE(!fdt_has(&t, pcie, "msi-map") && !fdt_has(&t, pcie, "msi-map-mask"));

	platform.gic.msi[0].usable = platform.gic.msi[1].usable = true;
	/* A frame can be reached, an ITS is played. */
	CHECK_TRUE(platform_frame_is_hidden(0xa080));
	CHECK_TRUE(!platform_frame_is_hidden(0xb020));
	t = write_service_tree();
	CHECK_TRUE(fdt_compatible(&t, fdt_find(&t, "/intc/its"), "arm,gic-v3-its"));
	CHECK_EQ(fdt_get_u32(&t, fdt_find(&t, "/intc/v2m"), "phandle", 0), 7);
	dma = fdt_find(&t, "/dma");
	pcie = fdt_find(&t, "/pcie");
	CHECK_TRUE(fdt_has(&t, dma, "msi-parent") && fdt_has(&t, pcie, "msi-map"));
	CHECK_TRUE(fdt_has(&t, pcie, "msi-map-mask"));
}

static bool keeps_map(unsigned int cells)
{
	struct fdt t;

	msi_map_cells = cells;
	start();
	read_tree(small(true), 0x47f00000, 1);
	platform_choose_uart("/uart@9000000");
	platform.gic.msi[0].usable = true;
	t = write_service_tree();
	msi_map_cells = 4;
	return fdt_has(&t, fdt_find(&t, "/pcie"), "msi-map");
}

/* A map of which a part leads elsewhere, or that is cut off, is not handed on. */
TEST(board_message_maps)
{
	CHECK_TRUE(keeps_map(4));
	CHECK_TRUE(!keeps_map(0));
	CHECK_TRUE(!keeps_map(3));
	CHECK_TRUE(!keeps_map(5));
	msi_map[5] = 6;
	CHECK_TRUE(keeps_map(8));
	msi_map[5] = 7;
	CHECK_TRUE(!keeps_map(8));
	msi_map[5] = 99;
	CHECK_TRUE(!keeps_map(8));
}

TEST(board_small)
{
	uint32_t size = small(true), flags, intid;
	struct fdt_prop p;
	struct fdt t;
	int node;

	start();
	read_tree(size, 0x47f00000, 1);
	platform_choose_uart("/uart@9000000");
	CHECK_EQ(platform.cpu_count, 2);
	CHECK_EQ(platform.cpu[0].mpidr, 1);
	CHECK_EQ(platform.cpu[1].start, START_PSCI);
	CHECK_EQ(platform.gic.version, 3);
	CHECK_EQ(platform.gic.maintenance, 25);
	CHECK_EQ(platform.timer.virt, 27);
	CHECK_EQ(platform.uart.intid, 33);
	CHECK_STR(platform.uart.model->name, "PL011");
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
	read_tree(small(false), 0x47f00000, 0);
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
	read_tree(size, 0xc7f00000, 0);
}

/* An initrd of 16 KiB; the module is in it, at an offset with a size. cells: of the initrd's
 * addresses. */
static uint32_t in_initrd(uint64_t offset, uint64_t size, unsigned int cells)
{
	const uint32_t start[2] = {0, RAM_BASE + 0x3000000}, end[2] = {0, RAM_BASE + 0x3004000};

	fdt_begin(&w, source, CAPACITY);
	fdt_node(&w, "");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_node(&w, "chosen");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	if (cells) {
		fdt_put_cells(&w, "linux,initrd-start", start + 2 - cells, cells);
		fdt_put_cells(&w, "linux,initrd-end", end + 2 - cells, cells);
	}
	fdt_node(&w, "module@1000");
	fdt_put(&w, "compatible", "multiboot,kernel\0multiboot,module", 34);
	put_pair("reg", offset, size);
	fdt_put(&w, "mullion,in-initrd", NULL, 0);
	fdt_end_node(&w);
	fdt_end_node(&w);
	put_memory(2, 2);
	put_gic_v2();
	fdt_end_node(&w);
	return fdt_finish(&w, 0);
}

struct initrd_case {
	uint64_t offset, size;
	unsigned int cells;
};

static void init_in_initrd(void *arg)
{
	const struct initrd_case *c = arg;
	uint32_t size = in_initrd(c->offset, c->size, c->cells);

	start();
	read_tree(size, 0xb7f00000, 0);
}

TEST(board_modules_in_the_initrd)
{
	struct initrd_case good[] = {{0x1000, 0x3000, 2}, {0x1000, 0x3000, 1}};
	struct initrd_case bad[] = {{0x1000, 0x3001, 2}, {0x4000, 1, 1}, {0, 0x1000, 0}};

	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		init_in_initrd(&good[i]);
		CHECK_EQ(boot_info.modules[0].start.v, RAM_BASE + 0x3001000);
		CHECK_EQ(boot_info.modules[0].size, 0x3000);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_PANICS(init_in_initrd, &bad[i]);
	}
}

TEST(board_that_cannot_be)
{
	CHECK_PANICS(init_without_gic, NULL);
	CHECK_PANICS(init_module_outside, NULL);
}

/* Broadcom's controllers --------------------------------------------------------------------------
 */

static uint32_t intid_of(const struct fdt *t, const char *path, unsigned int i)
{
	uint32_t intid = 0, flags;

	CHECK_TRUE(fdt_gic_irq(t, fdt_find(t, path), i, &intid, &flags));
	return intid;
}

#define LINES	1u
#define PER_CPU 2u
#define OTHER	3u

static void put_controller(const char *name, const char *compatible, uint32_t phandle, uint32_t at)
{
	fdt_node(&w, name);
	fdt_put_string(&w, "compatible", compatible);
	fdt_put_u32(&w, "phandle", phandle);
	fdt_put_u32(&w, "#interrupt-cells", 2);
	put_pair("reg", at, 0x200);
	fdt_end_node(&w);
}

static void put_device(const char *name, const char *property, const uint32_t *cells,
		       unsigned int count)
{
	fdt_node(&w, name);
	fdt_put_cells(&w, property, cells, count);
	fdt_end_node(&w);
}

/* devices: of property, each with its cells. */
static struct fdt broadcom(const char *property, const uint32_t *cells, unsigned int count,
			   bool with_local)
{
	uint32_t size;

	fdt_begin(&w, source, CAPACITY);
	fdt_node(&w, "");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_put_u32(&w, "interrupt-parent", LINES);
	put_chosen("");
	put_memory(2, 2);
	put_controller("lines@7e00b200", "brcm,bcm2836-armctrl-ic", LINES, 0x3f00b200);
	if (with_local) {
		put_controller("local@40000000", "brcm,bcm2836-l1-intc", PER_CPU, 0x40000000);
	}
	put_controller("gpio@3f200000", "any", OTHER, 0x3f200000);
	put_device("device", property, cells, count);
	fdt_end_node(&w);
	size = fdt_finish(&w, 0);
	start();
	read_tree(size, 0xb7f00000, 0);
	return write_service_tree();
}

static void without_local(void *arg)
{
	static const uint32_t cells[] = {1, 1};

	broadcom("interrupts", cells, 2, false);
}

TEST(board_broadcom)
{
	static const uint32_t list[] = {0, 7, 1, 31, 2, 0}, wrong_bank[] = {1, 1, 3, 0},
			      wrong_line[] = {0, 8}, odd[] = {1, 1, 1};
	static const uint32_t mixed[] = {LINES, 2, 31, OTHER, 5, 6, PER_CPU, 9, 4},
			      unknown[] = {PER_CPU, 8, 4}, cut[] = {LINES, 1},
			      half[] = {LINES, 1, 1, 99, 1};
	const char *extended = "interrupts-extended";
	struct fdt t = broadcom("interrupts", list, 6, true);
	struct fdt_irq irq;
	struct fdt_prop p;
	int node;

	CHECK_EQ(platform.gic.version, 2);
	CHECK_EQ(platform.gic.local.base, 0x40000000);
	CHECK_TRUE(platform_frame_is_hidden(0x3f00b) && platform_frame_is_hidden(0x40042));
	CHECK_EQ(intid_of(&t, "/device", 0), 32 + 64 + 7);
	CHECK_EQ(intid_of(&t, "/device", 1), 32 + 31);
	CHECK_EQ(intid_of(&t, "/device", 2), 32 + 32);
	CHECK_TRUE(fdt_find(&t, "/lines") < 0 && fdt_find(&t, "/local") < 0);

	/* Nothing is said rather than something else. */
	t = broadcom("interrupts", wrong_bank, 4, true);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/device"), "interrupts"));
	t = broadcom("interrupts", wrong_line, 2, true);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/device"), "interrupts"));
	t = broadcom("interrupts", odd, 3, true);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/device"), "interrupts"));
	kept_line = 32 + 1;
	t = broadcom("interrupts", odd, 2, true);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/device"), "interrupts"));
	kept_line = 0;
	t = broadcom("interrupts", odd, 2, true);
	CHECK_EQ(intid_of(&t, "/device", 0), 32 + 1);

	t = broadcom(extended, mixed, 9, true);
	node = fdt_find(&t, "/device");
	CHECK_EQ(intid_of(&t, "/device", 0), 32 + 32 + 31);
	CHECK_EQ(intid_of(&t, "/device", 2), 23);
	CHECK_TRUE(fdt_irq(&t, node, 1, &irq) && irq.cells == 2 && fdt_u32(irq.spec + 4) == 6);
	CHECK_TRUE(fdt_get(&t, node, extended, &p) && p.len == 4 * (4 + 3 + 4));
	t = broadcom(extended, unknown, 3, true);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/device"), extended));
	t = broadcom(extended, cut, 2, true);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/device"), extended));
	t = broadcom(extended, half, 5, true);
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/device"), extended));
	CHECK_PANICS(without_local, NULL);
}

/* CPUs --------------------------------------------------------------------------------------------
 */

static bool secure_firmware;

/* The least tree with a GIC and a second CPU. method of the CPU and of all; release: an address or
 * 0. */
static uint32_t two_cpus(const char *board, const char *method, const char *all, uint64_t release)
{
	const uint32_t at[2] = {(uint32_t)(release >> 32), (uint32_t)release};

	fdt_begin(&w, source, CAPACITY);
	fdt_node(&w, "");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_put_string(&w, "compatible", board);
	put_chosen("");
	put_memory(2, 2);
	fdt_node(&w, "cpus");
	fdt_put_u32(&w, "#address-cells", 1);
	fdt_put_u32(&w, "#size-cells", 0);
	if (all) {
		fdt_put_string(&w, "enable-method", all);
	}
	for (unsigned int i = 0; i < 2; i++) {
		fdt_node(&w, i ? "cpu@1" : "cpu@0");
		fdt_put_string(&w, "device_type", "cpu");
		fdt_put_u32(&w, "reg", i);
		if (method) {
			fdt_put_string(&w, "enable-method", method);
		}
		if (release) {
			fdt_put_cells(&w, "cpu-release-addr", at, 2);
		}
		fdt_end_node(&w);
	}
	fdt_end_node(&w);
	fdt_node(&w, "psci");
	fdt_put_string(&w, "compatible", "arm,psci-1.0");
	fdt_put_string(&w, "method", "smc");
	fdt_put_string(&w, "status", strcmp(board, "with-psci") ? "disabled" : "okay");
	fdt_end_node(&w);
	put_gic_v2();
	for (unsigned int i = 0; i < 2; i++) {
		fdt_node(&w, i ? "sram@2f000" : "sram@20000");
		fdt_put_string(&w, "compatible",
			       i ? "samsung,exynos4210-sysram-ns" : "samsung,exynos4210-sysram");
		put_pair("reg", i ? 0x2f000 : 0x20000, 0x1000);
		fdt_end_node(&w);
	}
	fdt_node(&w, "firmware");
	fdt_put_string(&w, "compatible", "samsung,secure-firmware");
	fdt_put_string(&w, "status", secure_firmware ? "okay" : "disabled");
	fdt_end_node(&w);
	fdt_end_node(&w);
	return fdt_finish(&w, 0);
}

static unsigned int second_cpu(const char *board, const char *method, const char *all,
			       uint64_t release)
{
	uint32_t size = two_cpus(board, method, all, release);

	start();
	read_tree(size, 0x47f00000, 0);
	CHECK_EQ(platform.cpu[0].start, START_NONE);
	return platform.cpu_count > 1 ? platform.cpu[1].start : START_NONE;
}

static bool is_reserved(uint64_t base, uint64_t end)
{
	for (unsigned int i = 0; i < hv_reserved_count; i++) {
		if (hv_reserved[i].start <= base && hv_reserved[i].end >= end) {
			return true;
		}
	}
	return false;
}

TEST(board_cpus_and_what_starts_them)
{
	CHECK_EQ(second_cpu("any", "psci", NULL, 0), START_PSCI);
	CHECK_EQ(second_cpu("any", NULL, "psci", 0), START_PSCI);
	CHECK_EQ(second_cpu("with-psci", NULL, NULL, 0), START_PSCI);
	CHECK_EQ(second_cpu("any", NULL, NULL, 0), START_NONE);
	CHECK_EQ(second_cpu("any", "brcm,bcm2836-smp", NULL, 0), START_NONE);

	CHECK_EQ(second_cpu("any", "spin-table", NULL, RAM_BASE + 0x10008), START_SPIN_TABLE);
	CHECK_EQ(platform.cpu[1].mailbox.base, RAM_BASE + 0x10008);
	CHECK_TRUE(is_reserved(RAM_BASE + 0x10000, RAM_BASE + 0x11000));
	CHECK_EQ(second_cpu("any", "spin-table", NULL, 0), START_NONE);
	CHECK_EQ(second_cpu("any", "spin-table", NULL, RAM_BASE + 0x10004), START_NONE);
	CHECK_EQ(second_cpu("any", "spin-table", NULL, 0xfffffffffffffff8), START_NONE);

	CHECK_EQ(second_cpu("samsung,exynos5250", NULL, NULL, 0), START_EXYNOS);
	CHECK_EQ(platform.cpu[1].mailbox.base, 0x20000);
	secure_firmware = true;
	CHECK_EQ(second_cpu("samsung,exynos5250", NULL, NULL, 0), START_EXYNOS_SMC);
	CHECK_EQ(platform.cpu[1].mailbox.base, 0x2f01c);
	secure_firmware = false;
	/* Another board of the same maker is not guessed at. */
	CHECK_EQ(second_cpu("samsung,exynos5420", NULL, NULL, 0), START_NONE);
	/* No unit that it could be done by. */
	CHECK_EQ(second_cpu("ti,omap5", NULL, NULL, 0), START_NONE);
}

TEST(board_uarts)
{
	static const char *const names[] = {"arm,pl011",
					    "ns16550a",
					    "snps,dw-apb-uart",
					    "ti,omap4-uart",
					    "brcm,bcm2835-aux-uart",
					    "samsung,exynos4210-uart",
					    "xlnx,zynqmp-uart",
					    "cdns,uart-r1p12"};

	CHECK_TRUE(!uart_model_find("arm,pl010"));
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		const struct uart_model *m = uart_model_find(names[i]);

		CHECK_TRUE(m && m->can_send.mask && m->has_input.mask);
		CHECK_TRUE(m->width == 1 || m->width == 4);
		/* It is made quiet, and its input is heard. */
		CHECK_TRUE(m->start_count && m->start_count <= UART_WRITES_MAX);
		CHECK_TRUE(m->listen_count && m->listen_count <= UART_WRITES_MAX);
	}
}

/* The firmware's memory map
 * ------------------------------------------------------------------------
 */

#define MAP_AT 0x90000000u

static uint8_t *map_bytes;
static uint64_t map_len;

const void *boot_map(hpa_t a, uint64_t size)
{
	CHECK_EQ(a.v, MAP_AT);
	CHECK_EQ(size, map_len);
	return map_bytes;
}

/* What /chosen says of it. */
struct map_case {
	uint64_t at;
	uint32_t size, each;
	unsigned int cells; /* of the address */
};

/* The least tree with a map; its memory node is one that must not be believed. */
static uint32_t tree_with_map(const struct map_case *c)
{
	const uint32_t at[2] = {(uint32_t)(c->at >> 32), (uint32_t)c->at};

	fdt_begin(&w, source, CAPACITY);
	fdt_node(&w, "");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_node(&w, "chosen");
	fdt_put_string(&w, "bootargs", "placeholder loglvl=all");
	fdt_put_cells(&w, "linux,uefi-mmap-start", at + 2 - c->cells, c->cells);
	fdt_put_u32(&w, "linux,uefi-mmap-size", c->size);
	fdt_put_u32(&w, "linux,uefi-mmap-desc-size", c->each);
	fdt_node(&w, "module@82000000");
	fdt_put(&w, "compatible", "multiboot,kernel\0multiboot,module", 34);
	put_pair("reg", RAM_BASE + 0x2000000, 0x1000);
	fdt_end_node(&w);
	fdt_end_node(&w);
	fdt_node(&w, "memory@0");
	fdt_put_string(&w, "device_type", "memory");
	put_pair("reg", 0, 0x10000000);
	fdt_end_node(&w);
	put_gic_v2();
	fdt_end_node(&w);
	return fdt_finish(&w, 0);
}

static void read_map_case(void *arg)
{
	uint32_t size = tree_with_map(arg);

	start();
	read_tree(size, 0xb7f00000, 0);
}

/* The map in memory of its size, 48 bytes each, as EDK2's. Returns false when the machine was
 * refused. */
static bool read_map(const struct efi_memory *list, unsigned int count)
{
	struct map_case c = {MAP_AT, count * 48, 48, 2};
	bool refused;

	map_len = count * 48;
	map_bytes = calloc(1, map_len);
	for (unsigned int i = 0; i < count; i++) {
		memcpy(map_bytes + i * 48, &list[i], sizeof(list[i]));
	}
	refused = unit_panics(read_map_case, &c);
	free(map_bytes);
	return !refused;
}

static struct efi_memory piece(uint32_t type, uint64_t at, uint64_t pages, uint64_t attributes)
{
	return (struct efi_memory){type, 0, at, 0, pages, attributes};
}

static void check_range(unsigned int i, uint64_t at, uint64_t end, uint32_t type)
{
	CHECK_TRUE(i < boot_info.memory_count);
	CHECK_EQ(boot_info.memory[i].start, at);
	CHECK_EQ(boot_info.memory[i].end, end);
	CHECK_EQ(boot_info.memory[i].type, type);
}

TEST(board_memory_of_the_firmware)
{
	const uint64_t wb = EFI_MEMORY_WB, at = RAM_BASE;
	const struct efi_memory list[] = {
	    piece(EFI_MMIO, 0x9000000, 1, EFI_MEMORY_RUNTIME),
	    piece(EFI_LOADER_DATA, at + 0x2000000, 0x10, wb),
	    piece(EFI_CONVENTIONAL, at, 0x2000, wb),
	    piece(EFI_BOOT_CODE, at + 0x2010000, 0x10, wb),
	    piece(EFI_RUNTIME_CODE, at + 0x2020000, 0x10, wb | EFI_MEMORY_RUNTIME),
	    piece(EFI_RESERVED, at + 0x2030000, 0x10, 0),
	    piece(EFI_CONVENTIONAL, at + 0x2040000, 0x10, wb),
	    piece(EFI_CONVENTIONAL, at + 0x2050000, 0x10, wb | EFI_MEMORY_SP),
	    piece(EFI_CONVENTIONAL, at + 0x2060000, 0x10, 0x1),
	    piece(EFI_ACPI_RECLAIM, at + 0x2070000, 0, wb),
	    piece(EFI_ACPI_NVS, at + 0x2080000, 1, wb),
	    piece(99, at + 0x2090000, 1, wb),
	};
	struct fdt t;

	CHECK_TRUE(read_map(list, ARRAY_SIZE(list)));
	CHECK_TRUE(boot_info.efi);
	CHECK_STR(boot_info.loader, "UEFI");
	CHECK_STR(boot_info.cmdline, "loglvl=all");
	CHECK_EQ(boot_info.memory_count, 6);
	check_range(0, at, at + 0x2020000, MEMORY_RAM);
	check_range(1, at + 0x2020000, at + 0x2040000, MEMORY_RESERVED);
	check_range(2, at + 0x2040000, at + 0x2050000, MEMORY_RAM);
	check_range(3, at + 0x2050000, at + 0x2060000, MEMORY_RESERVED);
	check_range(4, at + 0x2080000, at + 0x2081000, MEMORY_RESERVED);
	check_range(5, at + 0x2090000, at + 0x2091000, MEMORY_RESERVED);
	/* Nothing of it is the service VM's business. */
	t = write_service_tree();
	CHECK_TRUE(!fdt_has(&t, fdt_find(&t, "/chosen"), "linux,uefi-mmap-start"));
	CHECK_TRUE(fdt_find(&t, "/chosen/module") < 0);
}

TEST(board_memory_map_that_cannot_be)
{
	const uint64_t wb = EFI_MEMORY_WB;
	const struct efi_memory ram_ = piece(EFI_CONVENTIONAL, RAM_BASE, 0x4000, wb);
	struct map_case wrong[] = {
	    {MAP_AT, 96, 48, 1},  {0, 96, 48, 2},      {MAP_AT + 4, 96, 48, 2},
	    {BIT(48), 96, 48, 2}, {MAP_AT, 96, 39, 2}, {MAP_AT, 1024, 520, 2},
	    {MAP_AT, 47, 48, 2},  {MAP_AT, 0, 48, 2},  {MAP_AT, EFI_MAP_SIZE_MAX + 8, 48, 2}};
	const struct efi_memory bad[] = {
	    piece(EFI_CONVENTIONAL, RAM_BASE + 0x1000, 1, wb), /* twice */
	    piece(EFI_RESERVED, RAM_BASE - 0x1000, 2, 0),      /* reaches into it */
	    piece(EFI_RESERVED, RAM_BASE + 0x3fff000, 2, 0),
	    piece(EFI_CONVENTIONAL, RAM_BASE + 0x8000800, 1, wb),
	    piece(EFI_CONVENTIONAL, 0xfffffffffffff000, 1, wb),
	    piece(EFI_CONVENTIONAL, RAM_BASE + 0x8000000, BIT(52), wb),
	    piece(EFI_CONVENTIONAL, RAM_BASE + 0x8000000, ~0ULL, wb),
	};
	struct efi_memory many[BOOT_MEMORY_MAX + 2];

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		map_len = wrong[i].size;
		CHECK_PANICS(read_map_case, &wrong[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct efi_memory list[2] = {ram_, bad[i]};

		CHECK_TRUE(!read_map(list, 2));
	}
	/* A module has to lie in what is given to us. */
	many[0] = piece(EFI_RUNTIME_DATA, RAM_BASE, 0x4000, wb);
	many[1] = piece(EFI_CONVENTIONAL, RAM_BASE + 0x8000000, 0x100, wb);
	CHECK_TRUE(!read_map(many, 2));
	many[0] = ram_;
	for (unsigned int i = 1; i < ARRAY_SIZE(many); i++) {
		many[i] = piece(EFI_CONVENTIONAL, RAM_BASE + 0x8000000 + i * 0x2000UL, 1, wb);
	}
	CHECK_TRUE(read_map(many, BOOT_MEMORY_MAX));
	CHECK_EQ(boot_info.memory_count, BOOT_MEMORY_MAX);
	CHECK_TRUE(!read_map(many, BOOT_MEMORY_MAX + 1));
}

TEST(board_memory_map_of_any_kind)
{
	struct unit_random r = {.state = 0xef1};
	unsigned int accepted = 0;

	for (unsigned int i = 0; i < 5000; i++) {
		struct efi_memory list[9];
		unsigned int count = 1 + (unsigned int)(unit_random(&r) % ARRAY_SIZE(list));

		list[0] = piece(EFI_CONVENTIONAL, RAM_BASE + 0x2000000, 1, EFI_MEMORY_WB);
		for (unsigned int k = 1; k < count; k++) {
			list[k] = piece((uint32_t)(unit_random(&r) % 17),
					(unit_random(&r) % 64) << PAGE_SHIFT, unit_random(&r) % 4,
					unit_random(&r));
			list[k].start ^= unit_random(&r) % 64 ? 0 : unit_random(&r);
		}
		if (!read_map(list, count)) {
			continue;
		}
		accepted++;
		for (unsigned int k = 0; k < boot_info.memory_count; k++) {
			const struct memory_range *m = &boot_info.memory[k];

			CHECK_TRUE(m->end > m->start);
			CHECK_TRUE(!k || m[-1].end < m->start ||
				   (m[-1].end == m->start && m[-1].type != m->type));
		}
	}
	CHECK_TRUE(accepted > 100);
}

/* Real boards -------------------------------------------------------------------------------------
 */

static void copy_node(const struct fdt *t, int node)
{
	struct fdt_prop p = {0};
	int child;

	while (fdt_each_prop(t, node, &p)) {
		fdt_put(&w, p.name, p.data, p.len);
	}
	for (child = fdt_first_child(t, node); child >= 0; child = fdt_next_sibling(t, child)) {
		fdt_node(&w, fdt_name(t, child));
		copy_node(t, child);
		fdt_end_node(&w);
	}
}

/* The first RAM of the tree; false: the board's boot loader fills it in. */
static bool find_ram(const struct fdt *t, uint64_t *base)
{
	uint64_t at, size;
	int node;

	for (node = fdt_first_child(t, fdt_root(t)); node >= 0; node = fdt_next_sibling(t, node)) {
		const char *type = fdt_get_string(t, node, "device_type");

		if (type && !strcmp(type, "memory") && fdt_reg(t, node, 0, &at, &size) &&
		    size > 0x3000000) {
			*base = at;
			return true;
		}
	}
	return false;
}

/* /chosen keeps what the board has in it: the console's name. */
static void copy_chosen(const struct fdt *t, int chosen, uint64_t ram_at)
{
	struct fdt_prop p = {0};

	fdt_node(&w, "chosen");
	while (chosen >= 0 && fdt_each_prop(t, chosen, &p)) {
		if (!strcmp(p.name, "stdout-path")) {
			fdt_put(&w, p.name, p.data, p.len);
		}
	}
	put_boot("", ram_at);
	fdt_end_node(&w);
}

/* As its boot loader would hand it over. Returns the size. */
static uint32_t board_tree(const struct fdt *t)
{
	int root = fdt_root(t), child;
	uint64_t ram_at = RAM_BASE;
	struct fdt_prop p = {0};
	unsigned int a, s;
	bool has_ram = find_ram(t, &ram_at);

	CHECK_TRUE(fdt_cells(t, root, &a, &s) && a <= 2 && s >= 1);
	fdt_begin(&w, source, CAPACITY);
	fdt_node(&w, "");
	while (fdt_each_prop(t, root, &p)) {
		fdt_put(&w, p.name, p.data, p.len);
	}
	copy_chosen(t, fdt_child(t, root, "chosen"), ram_at);
	if (!has_ram) {
		put_memory(a, s);
	}
	for (child = fdt_first_child(t, root); child >= 0; child = fdt_next_sibling(t, child)) {
		const char *type = fdt_get_string(t, child, "device_type");

		if ((!has_ram && type && !strcmp(type, "memory")) ||
		    !strcmp(fdt_name(t, child), "chosen")) {
			continue;
		}
		fdt_node(&w, fdt_name(t, child));
		copy_node(t, child);
		fdt_end_node(&w);
	}
	fdt_end_node(&w);
	return fdt_finish(&w, 0);
}

static const struct board_facts *facts_of(const char *path)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(facts); i++) {
		size_t name = strlen(facts[i].name), len = strlen(path);

		if (len > name + 5 && path[len - name - 5] == '/' &&
		    !memcmp(path + len - name - 4, facts[i].name, name)) {
			return &facts[i];
		}
	}
	return NULL;
}

static void check_uart(const struct board_facts *f)
{
	const struct platform_uart *u = &platform.uart;

	CHECK_EQ(u->model != NULL, f->uart != NULL);
	if (!f->uart) {
		return;
	}
	CHECK_STR(u->model->name, f->uart);
	CHECK_EQ(u->node, fdt_find(&platform.tree, f->console));
	CHECK_EQ(u->regs.base, f->uart_at);
	CHECK_EQ(u->shift, f->uart_shift);
	CHECK_EQ(u->width, f->uart_width);
	CHECK_EQ(u->intid, f->uart_intid);
	CHECK_TRUE(platform_frame_is_hidden(f->uart_at >> 12));
}

static void check_facts(const struct board_facts *f)
{
	const struct platform_gic *g = &platform.gic;
	const uint64_t gic_at[4] = {g->dist.base, g->cpu.base, g->hyp.base, g->vcpu.base};

	CHECK_EQ(g->version, f->gic);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK_EQ(gic_at[i], f->gic_at[i]);
		CHECK_TRUE(!f->gic_at[i] || platform_frame_is_hidden(f->gic_at[i] >> 12));
	}
	CHECK_EQ(g->cpu.size, f->gic_cpu_size);
	CHECK_EQ(g->maintenance, g->local.size ? 0 : 25);
	CHECK_EQ(platform.timer.virt, f->timer_virt);
	CHECK_EQ(platform.timer.hyp, f->timer_hyp);
	CHECK_EQ(platform.cpu_count, f->cpus);
	for (unsigned int i = 1; i < f->cpus; i++) {
		CHECK_EQ(platform.cpu[i].start, f->start);
		CHECK_EQ(platform.cpu[i].mailbox.base, f->mailbox + (i - 1) * f->mailbox_step);
	}
	check_uart(f);
	if (f->ram_size) {
		CHECK_EQ(boot_info.memory[0].start, f->ram);
		CHECK_EQ(boot_info.memory[0].end, f->ram + f->ram_size);
	}
	CHECK_TRUE(!f->kept_size || is_reserved(f->kept, f->kept + f->kept_size));
}

/* What the hypervisor keeps is not there, whatever the board. */
static void check_service_tree(const struct fdt *t, const struct board_facts *f)
{
	static const char *const hidden[] = {
	    "arm,armv8-pmuv3",	 "arm,cortex-a15-pmu", "arm,cortex-a7-pmu",
	    "arm,cortex-a9-pmu", "arm,smmu-v3",	       "arm,mmu-500",
	    "arm,smmu-v2",	 "arm,gic-v2m-frame",  "arm,gic-v3-its"};
	const char *own_gic = platform.gic.local.size ? "interrupt-controller@40041000"
						      : fdt_name(&platform.tree, platform.gic.node);
	unsigned int memories = 0, vcpus = 0, a, s;
	struct fdt_prop p;
	int gic_node = -1;

	for (int n = fdt_root(t); n >= 0; n = fdt_next_node(t, n, NULL)) {
		const char *type = fdt_get_string(t, n, "device_type");

		memories += type && !strcmp(type, "memory");
		if (type && !strcmp(type, "cpu")) {
			vcpus++;
			CHECK_STR(fdt_get_string(t, n, "enable-method"), "psci");
			CHECK_TRUE(!fdt_has(t, n, "cpu-release-addr"));
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++) {
			CHECK_TRUE(!fdt_compatible(t, n, hidden[i]));
		}
		if (!strcmp(fdt_name(t, n), own_gic)) {
			gic_node = n;
		}
	}
	CHECK_EQ(memories, ARRAY_SIZE(ram));
	CHECK_EQ(vcpus, 2);
	CHECK_TRUE(gic_node >= 0 && fdt_cells(t, fdt_parent(t, gic_node), &a, &s) &&
		   fdt_get(t, gic_node, "reg", &p));
	CHECK_EQ(p.len, 2 * 4 * (a + s));
	CHECK_TRUE(!f || !f->console || fdt_find(t, f->console) < 0);
}

/* Raspberry Pi 3: lines of all banks, a list, a CPU's own; and whose controllers are not there. */
static void check_raspberry(const struct fdt *t)
{
	static const char *const gone[] = {"brcm,bcm2836-armctrl-ic", "brcm,bcm2836-l1-intc",
					   "brcm,bcm2835-aux-uart"};
	struct fdt_irq irq;

	CHECK_EQ(intid_of(t, "/soc/mailbox@7e00b880", 0), 32 + 64 + 1);
	CHECK_EQ(intid_of(t, "/soc/usb@7e980000", 0), 32 + 9);
	CHECK_EQ(intid_of(t, "/soc/serial@7e201000", 0), 32 + 32 + 25);
	CHECK_EQ(intid_of(t, "/soc/gpio@7e200000", 3), 32 + 32 + 20);
	CHECK_EQ(intid_of(t, "/soc/dma@7e007000", 15), 32 + 28);
	CHECK_TRUE(!fdt_irq(t, fdt_find(t, "/soc/dma@7e007000"), 16, &irq));
	CHECK_EQ(intid_of(t, "/timer", 2), 27);
	/* The console's line. */
	CHECK_TRUE(!fdt_has(t, fdt_find(t, "/soc/spi@7e215080"), "interrupts"));
	for (int n = fdt_root(t); n >= 0; n = fdt_next_node(t, n, NULL)) {
		for (unsigned int i = 0; i < ARRAY_SIZE(gone); i++) {
			CHECK_TRUE(!fdt_compatible(t, n, gone[i]));
		}
	}
	CHECK_TRUE(fdt_irq(t, fdt_find(t, "/soc/usb@7e980000"), 0, &irq));
	CHECK_TRUE(fdt_compatible(t, irq.parent, "arm,gic-400"));
}

static void read_it(void *size)
{
	start();
	read_tree(*(uint32_t *)size, RAM_BASE + 0x3000000, 0);
}

static void board(const char *path)
{
	const struct board_facts *f = facts_of(path);
	FILE *file = fopen(path, "r");
	size_t length = file ? fread(result, 1, sizeof(result), file) : 0;
	struct fdt t, service;
	uint32_t size;

	CHECK_TRUE(length);
	fclose(file);
	CHECK_TRUE(!fdt_check(result, length, &t));
	size = board_tree(&t);
	CHECK_TRUE(size);
	if (f && f->refused) {
		CHECK_PANICS(read_it, &size);
		CHECK_TRUE(strstr(failure, f->refused));
		printf("board %s: refused, %s\n", path, failure);
		return;
	}
	read_it(&size);
	platform_choose_uart(NULL);
	CHECK_TRUE(platform.gic.version && platform.timer.virt && platform.timer.hyp);
	if (f) {
		check_facts(f);
	}
	service = write_service_tree();
	check_service_tree(&service, f);
	if (platform.gic.local.size) {
		check_raspberry(&service);
	}
	printf("board %s: GICv%u, %u CPUs, console %s%s\n", path, platform.gic.version,
	       platform.cpu_count, platform.uart.model ? platform.uart.model->name : "none",
	       f ? ", all facts" : "");
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
