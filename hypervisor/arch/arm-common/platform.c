/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the device tree says of the machine. The tree is the firmware's word, but a wrong one must
 * not lead us astray: fdt_check has walked it, and each value is checked here before it is kept.
 * No locks: boot CPU; read-only afterwards.
 */
#include "platform_parts.h"
#include <asm/bcm2836.h>
#include <asm/irq.h>
#include <asm/platform.h>
#include <asm/uart.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#define XGENE_PAGE     0x10000u
#define TREE_FLAG_EDGE 0x3u /* DT_IRQ_TYPE_EDGE_* of a flags cell */

struct platform platform;
struct boot_info boot_info;
struct memory_range hv_reserved[HV_RESERVED_MAX];
unsigned int hv_reserved_count;

void platform_reserve(uint64_t start, uint64_t end)
{
	if (start >= end) {
		return;
	}
	if (hv_reserved_count == HV_RESERVED_MAX) {
		boot_fail("the device tree reserves too many pieces of memory");
	}
	hv_reserved[hv_reserved_count++] =
	    (struct memory_range){.start = start, .end = end, .type = MEMORY_RESERVED};
}

static void hide(const struct platform_region *r)
{
	if (!r->size) {
		return;
	}
	if (platform.hidden_count == ARRAY_SIZE(platform.hidden)) {
		boot_fail("the device tree has too many interrupt controllers");
	}
	platform.hidden[platform.hidden_count++] = *r;
}

static bool touches(const struct platform_region *r, uint64_t start)
{
	return start < r->base + r->size && start + PAGE_SIZE > r->base;
}

bool platform_frame_is_hidden(uint64_t frame)
{
	uint64_t start = frame << PAGE_SHIFT;

	for (unsigned int i = 0; i < platform.hidden_count; i++) {
		if (touches(&platform.hidden[i], start)) {
			return true;
		}
	}
	for (unsigned int i = 0; i < platform.gic.msi_count; i++) {
		const struct platform_msi *m = &platform.gic.msi[i];

		/* An ITS is played. */
		if (!(m->usable && m->kind == MSI_V2M) && touches(&m->regs, start)) {
			return true;
		}
	}
	return false;
}

/* Memory ------------------------------------------------------------------------------------------
 */

/* In order, and what was there already is left out. */
static void add_ram(uint64_t base, uint64_t end)
{
	struct memory_range *list = boot_info.memory;
	unsigned int i;

	base = ROUND_UP(base, PAGE_SIZE);
	end = ROUND_DOWN(end, PAGE_SIZE);
	for (i = 0; i < boot_info.memory_count; i++) {
		if (base < list[i].end && end > list[i].start) {
			log_warn("device tree: memory at %" PRIx64 " stands there twice\n", base);
			return;
		}
	}
	if (base >= end || boot_info.memory_count == BOOT_MEMORY_MAX) {
		return;
	}
	for (i = boot_info.memory_count++; i > 0 && list[i - 1].start > base; i--) {
		list[i] = list[i - 1];
	}
	list[i] = (struct memory_range){.start = base, .end = end, .type = MEMORY_RAM};
}

static void parse_memory(const struct fdt *t)
{
	uint64_t base, size;
	int node;

	for (node = fdt_first_child(t, fdt_root(t)); node >= 0; node = fdt_next_sibling(t, node)) {
		const char *type = fdt_get_string(t, node, "device_type");

		if (!type || strcmp(type, "memory") || !fdt_available(t, node)) {
			continue;
		}
		for (unsigned int i = 0; fdt_reg(t, node, i, &base, &size); i++) {
			add_ram(base, base + size);
		}
	}
}

/* The firmware's own map is better than the tree. */
static void find_memory(const struct fdt *t)
{
	if (platform_efi_memory(t)) {
		boot_info.efi = true;
	} else {
		parse_memory(t);
	}
	if (!boot_info.memory_count) {
		boot_fail("%s has no memory",
			  boot_info.efi ? "the firmware's memory map" : "the device tree");
	}
}

static void parse_reservations(const struct fdt *t)
{
	int parent = fdt_child(t, fdt_root(t), "reserved-memory"), node;
	uint64_t base, size;

	for (unsigned int i = 0; fdt_reserved(t, i, &base, &size); i++) {
		if (base + size < base) {
			boot_fail("the device tree reserves memory beyond the end of all");
		}
		platform_reserve(base, base + size);
	}
	for (node = parent < 0 ? -1 : fdt_first_child(t, parent); node >= 0;
	     node = fdt_next_sibling(t, node)) {
		for (unsigned int i = 0; fdt_reg(t, node, i, &base, &size); i++) {
			platform_reserve(base, base + size);
		}
	}
}

/* /chosen -----------------------------------------------------------------------------------------
 */

/* QEMU's guest-loader writes two cells each and does not always say so. */
static bool module_reg(const struct fdt *t, int chosen, int node, uint64_t *base, uint64_t *size)
{
	uint32_t cells = fdt_get_u32(t, chosen, "#address-cells", 0);
	struct fdt_prop reg;

	if (!fdt_get(t, node, "reg", &reg)) {
		return false;
	}
	if ((cells == 2 || !cells) && reg.len == 16) {
		*base = fdt_u64(reg.data);
		*size = fdt_u64(reg.data + 8);
	} else if (cells == 2 && reg.len == 12) {
		*base = fdt_u64(reg.data);
		*size = fdt_u32(reg.data + 8);
	} else if (cells <= 1 && reg.len == 8) {
		*base = fdt_u32(reg.data);
		*size = fdt_u32(reg.data + 4);
	} else {
		return false;
	}
	return *size && *base + *size > *base;
}

static bool chosen_address(const struct fdt *t, int chosen, const char *name, uint64_t *out)
{
	struct fdt_prop p;

	if (!fdt_get(t, chosen, name, &p) || (p.len != 4 && p.len != 8)) {
		return false;
	}
	*out = p.len == 8 ? fdt_u64(p.data) : fdt_u32(p.data);
	return true;
}

/*
 * Boot loaders that know a kernel and an initrd and nothing else hand over all modules as one
 * initrd: reg then counts from its start.
 */
static bool module_place(const struct fdt *t, int chosen, int node, uint64_t *base, uint64_t *size)
{
	uint64_t start, end;

	if (!module_reg(t, chosen, node, base, size)) {
		return false;
	}
	if (!fdt_has(t, node, "mullion,in-initrd")) {
		return true;
	}
	if (!chosen_address(t, chosen, "linux,initrd-start", &start) ||
	    !chosen_address(t, chosen, "linux,initrd-end", &end) || end < start ||
	    *base + *size > end - start) {
		return false;
	}
	*base += start;
	return true;
}

static bool is_ram(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		if (r->type == MEMORY_RAM && start >= r->start && end <= r->end) {
			return true;
		}
	}
	return false;
}

static void set_module(struct boot_module *m, const struct fdt *t, int node, uint64_t base,
		       uint64_t size)
{
	const char *args = fdt_get_string(t, node, "bootargs");

	m->start = hpa(base);
	m->size = size;
	if (args && str_copy(m->cmdline, args, sizeof(m->cmdline)) >= sizeof(m->cmdline)) {
		boot_fail("the command line of a boot module is too long");
	}
	platform_reserve(ROUND_DOWN(base, PAGE_SIZE), ROUND_UP(base + size, PAGE_SIZE));
}

/* A module of no kind is the kernel if it is the first, else the initrd. */
static void parse_module(const struct fdt *t, int chosen, int node)
{
	struct boot_module *m = &boot_info.modules[0];
	uint64_t base, size;

	if (!fdt_compatible(t, node, "multiboot,module") &&
	    !fdt_compatible(t, node, "multiboot,kernel") &&
	    !fdt_compatible(t, node, "multiboot,ramdisk")) {
		return;
	}
	if (!module_place(t, chosen, node, &base, &size) || !is_ram(base, base + size)) {
		boot_fail("boot module %s does not lie in memory", fdt_name(t, node));
	}
	if (fdt_compatible(t, node, "multiboot,ramdisk") ||
	    (!fdt_compatible(t, node, "multiboot,kernel") && m->size)) {
		m++;
	}
	if (m->size) {
		log_warn("boot module %s is not used\n", fdt_name(t, node));
		return;
	}
	set_module(m, t, node, base, size);
}

static void parse_cmdline(const struct fdt *t)
{
	static const char placeholder[] = "placeholder ";
	int chosen = fdt_child(t, fdt_root(t), "chosen");
	const char *args = chosen < 0 ? NULL : fdt_get_string(t, chosen, "xen,xen-bootargs");

	if (chosen >= 0 && !args) {
		args = fdt_get_string(t, chosen, "bootargs");
	}
	/* Debian's menu entries put a word in front that a loader of the PC would take away. */
	if (args && !strncmp(args, placeholder, sizeof(placeholder) - 1)) {
		args += sizeof(placeholder) - 1;
	}
	if (args) {
		str_copy(boot_info.cmdline, args, sizeof(boot_info.cmdline));
	}
}

static void parse_chosen(const struct fdt *t)
{
	int chosen = fdt_child(t, fdt_root(t), "chosen"), node;
	const char *args;

	if (chosen < 0) {
		return;
	}
	for (node = fdt_first_child(t, chosen); node >= 0; node = fdt_next_sibling(t, node)) {
		parse_module(t, chosen, node);
	}
	args = fdt_get_string(t, chosen, "xen,dom0-bootargs");
	if (args && !boot_info.modules[0].cmdline[0]) {
		str_copy(boot_info.modules[0].cmdline, args, sizeof(boot_info.modules[0].cmdline));
	}
	boot_info.module_count = boot_info.modules[1].size ? 2 : boot_info.modules[0].size ? 1 : 0;
	if (boot_info.module_count && !boot_info.modules[0].size) {
		boot_fail("the device tree has an initrd but no kernel");
	}
}

/* GIC ---------------------------------------------------------------------------------------------
 */

static bool region(const struct fdt *t, int node, unsigned int i, struct platform_region *out)
{
	return fdt_reg(t, node, i, &out->base, &out->size) && out->size;
}

static int find_compatible(const struct fdt *t, const char *const *names, unsigned int count)
{
	int node;

	for (node = fdt_root(t); node >= 0; node = fdt_next_node(t, node, NULL)) {
		for (unsigned int i = 0; i < count; i++) {
			if (fdt_compatible(t, node, names[i]) && fdt_available(t, node)) {
				return node;
			}
		}
	}
	return -1;
}

static void parse_gic_v3(const struct fdt *t, int node, struct platform_gic *g)
{
	uint32_t count = fdt_get_u32(t, node, "#redistributor-regions", 1);
	struct fdt_prop stride;

	if (!count || count > PLATFORM_REGION_MAX) {
		boot_fail("the GIC has %u redistributor regions", count);
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!region(t, node, 1 + i, &g->redist[i])) {
			boot_fail("the GIC lacks redistributor region %u", i);
		}
		hide(&g->redist[i]);
	}
	g->redist_count = count;
	if (fdt_get(t, node, "redistributor-stride", &stride)) {
		g->redist_stride = stride.len == 8   ? fdt_u64(stride.data)
				   : stride.len == 4 ? fdt_u32(stride.data)
						     : 0;
	}
}

static void parse_gic_v2(const struct fdt *t, int node, struct platform_gic *g)
{
	if (!region(t, node, 1, &g->cpu) || !region(t, node, 2, &g->hyp) ||
	    !region(t, node, 3, &g->vcpu)) {
		boot_fail("the GIC has no virtualisation extensions");
	}
	/* X-Gene's trees name the first page alone; its pages are 64 KiB apart (gic_v2.c). */
	if (g->cpu.size < XGENE_PAGE && fdt_compatible(t, fdt_root(t), "apm,xgene-storm")) {
		g->cpu.size = g->vcpu.size = 2 * XGENE_PAGE;
	}
	hide(&g->cpu);
	hide(&g->hyp);
	hide(&g->vcpu);
}

static enum platform_msi_kind msi_kind(const struct fdt *t, int node)
{
	if (!fdt_available(t, node)) {
		return MSI_UNKNOWN;
	}
	return fdt_compatible(t, node, "arm,gic-v2m-frame") ? MSI_V2M
	       : fdt_compatible(t, node, "arm,gic-v3-its")  ? MSI_ITS
							    : MSI_UNKNOWN;
}

/* The first region of each is one that a driver may take; all else below a GIC is nobody's. */
static void parse_messages(const struct fdt *t, struct platform_gic *g)
{
	int node;

	for (node = fdt_first_child(t, g->node); node >= 0; node = fdt_next_sibling(t, node)) {
		struct platform_msi m = {.kind = msi_kind(t, node), .node = node};
		struct platform_region r;
		unsigned int i = 0;

		if (m.kind != MSI_UNKNOWN && g->msi_count < PLATFORM_MSI_MAX &&
		    region(t, node, 0, &m.regs)) {
			i = 1;
			m.spi_base = fdt_get_u32(t, node, "arm,msi-base-spi", 0);
			m.spi_count = fdt_get_u32(t, node, "arm,msi-num-spis", 0);
			if (!m.spi_base || !m.spi_count) {
				m.spi_base = m.spi_count = 0;
			}
			g->msi[g->msi_count++] = m;
		}
		for (; region(t, node, i, &r); i++) {
			hide(&r);
		}
	}
}

/* DMA remapping that is not driven is not handed on either. */
static void hide_smmus(const struct fdt *t)
{
	static const char *const names[] = {"arm,smmu-v1", "arm,smmu-v2", "arm,smmu-v3",
					    "arm,mmu-400", "arm,mmu-401", "arm,mmu-500"};
	struct platform_region r;
	int node;

	for (node = fdt_root(t); node >= 0; node = fdt_next_node(t, node, NULL)) {
		for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
			if (fdt_compatible(t, node, names[i]) && region(t, node, 0, &r)) {
				hide(&r);
			}
		}
	}
}

static unsigned int gic_kind(const struct fdt *t, int node)
{
	static const char *const v2[] = {"arm,cortex-a15-gic", "arm,cortex-a7-gic", "arm,gic-400",
					 "arm,cortex-a9-gic", "arm,eb11mp-gic"};

	if (fdt_compatible(t, node, "arm,gic-v3")) {
		return 3;
	}
	if (fdt_compatible(t, node, "brcm,bcm2836-armctrl-ic")) {
		return 2;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(v2); i++) {
		if (fdt_compatible(t, node, v2[i])) {
			return 2;
		}
	}
	return 0;
}

/* The pair of controllers that the BCM2836 has, and where the service VM gets a GIC in their place.
 */
static void parse_bcm2836(const struct fdt *t, struct platform_gic *g)
{
	static const char *const local[] = {"brcm,bcm2836-l1-intc"};
	int node = find_compatible(t, local, ARRAY_SIZE(local));

	if (node < 0 || !region(t, node, 0, &g->local) || !region(t, g->node, 0, &g->armctrl)) {
		boot_fail("the device tree lacks a part of Broadcom's interrupt controllers");
	}
	g->dist = (struct platform_region){BCM2836_VGICD_BASE, PAGE_SIZE};
	g->cpu = (struct platform_region){BCM2836_VGICC_BASE, 2 * PAGE_SIZE};
	hide(&g->local);
	hide(&g->armctrl);
	hide(&g->dist);
	hide(&g->cpu);
}

static void parse_gic(const struct fdt *t)
{
	struct platform_gic *g = &platform.gic;
	uint32_t flags;
	int node;

	for (node = fdt_root(t); node >= 0 && !g->version; node = fdt_next_node(t, node, NULL)) {
		g->version = fdt_available(t, node) ? gic_kind(t, node) : 0;
		g->node = node;
	}
	if (!g->version) {
		boot_fail("the device tree has no interrupt controller that is known here (GICv2, "
			  "GICv3)");
	}
	node = g->node;
	if (bcm2836_is_controller(t, node)) {
		parse_bcm2836(t, g);
		return;
	}
	if (!region(t, node, 0, &g->dist)) {
		boot_fail("the GIC has no distributor");
	}
	hide(&g->dist);
	if (g->version == 3) {
		parse_gic_v3(t, node, g);
	} else {
		parse_gic_v2(t, node, g);
	}
	parse_messages(t, g);
	if (!platform_irq(t, node, 0, &g->maintenance, &flags) || g->maintenance >= 32) {
		g->maintenance = PPI_MAINTENANCE;
	}
}

/* Timer, PSCI, UART -------------------------------------------------------------------------------
 */

static uint32_t timer_ppi(const struct fdt *t, int node, unsigned int i, uint32_t fallback)
{
	uint32_t intid, flags;

	return node >= 0 && platform_irq(t, node, i, &intid, &flags) && intid < 32 ? intid
										   : fallback;
}

static void parse_timer(const struct fdt *t)
{
	static const char *const names[] = {"arm,armv8-timer", "arm,armv7-timer"};
	struct platform_timer *p = &platform.timer;

	p->node = find_compatible(t, names, ARRAY_SIZE(names));
	p->secure = timer_ppi(t, p->node, 0, PPI_SECURE_TIMER);
	p->phys = timer_ppi(t, p->node, 1, PPI_PHYS_TIMER);
	p->virt = timer_ppi(t, p->node, 2, PPI_VIRT_TIMER);
	p->hyp = timer_ppi(t, p->node, 3, PPI_HYP_TIMER);
	p->frequency = fdt_get_u32(t, p->node, "clock-frequency", 0);
}

static void parse_psci(const struct fdt *t)
{
	static const char *const names[] = {"arm,psci-1.0", "arm,psci-0.2", "arm,psci"};
	struct platform_psci *p = &platform.psci;
	int node = find_compatible(t, names, ARRAY_SIZE(names));
	const char *method = node < 0 ? NULL : fdt_get_string(t, node, "method");

	if (!method) {
		return;
	}
	p->present = true;
	p->hvc = !strcmp(method, "hvc");
	p->version = fdt_compatible(t, node, "arm,psci-1.0")   ? 10
		     : fdt_compatible(t, node, "arm,psci-0.2") ? 2
							       : 1;
	/* From 0.2 on the numbers are the standard's, whatever the tree adds for older kernels. */
	if (p->version > 1) {
		p->cpu_suspend = 0x84000001;
		p->cpu_off = 0x84000002;
		p->cpu_on = 0x84000003;
	} else {
		p->cpu_suspend = fdt_get_u32(t, node, "cpu_suspend", 0);
		p->cpu_off = fdt_get_u32(t, node, "cpu_off", 0);
		p->cpu_on = fdt_get_u32(t, node, "cpu_on", 0);
	}
}

/* The first of the node's names that is known. */
static const struct uart_model *uart_model_of(const struct fdt *t, int node)
{
	const struct uart_model *m = NULL;
	struct fdt_prop p;
	size_t len;

	if (!fdt_get(t, node, "compatible", &p) || !p.len || p.data[p.len - 1]) {
		return NULL;
	}
	for (uint32_t at = 0; at < p.len && !m; at += (uint32_t)len + 1) {
		len = strlen((const char *)p.data + at);
		m = uart_model_find((const char *)p.data + at);
	}
	return m;
}

static bool uart_at(const struct fdt *t, int node)
{
	struct platform_uart *u = &platform.uart;
	const struct uart_model *m = node < 0 ? NULL : uart_model_of(t, node);
	uint32_t flags;

	*u = (struct platform_uart){.node = node};
	if (!m || !region(t, node, 0, &u->regs)) {
		return false;
	}
	u->shift = m->tree_decides ? fdt_get_u32(t, node, "reg-shift", m->shift) : m->shift;
	u->width = m->tree_decides ? fdt_get_u32(t, node, "reg-io-width", m->width) : m->width;
	if (u->shift > 4 || (u->width != 1 && u->width != 4) ||
	    !IS_ALIGNED(u->regs.base, (uint64_t)u->width)) {
		return false;
	}
	if (!platform_irq(t, node, 0, &u->intid, &flags)) {
		u->intid = 0;
	}
	u->model = m;
	return true;
}

void platform_choose_uart(const char *dtuart)
{
	const struct fdt *t = &platform.tree;
	int chosen = fdt_child(t, fdt_root(t), "chosen");
	const char *path = dtuart && *dtuart ? dtuart : NULL;

	if (!path && chosen >= 0) {
		path = fdt_get_string(t, chosen, "stdout-path");
	}
	if (!path || !uart_at(t, fdt_find(t, path))) {
		if (path) {
			log_warn("console: '%s' is no UART that is known here\n", path);
		}
		platform.uart = (struct platform_uart){.node = -1};
		return;
	}
	hide(&platform.uart.regs);
}

/* -------------------------------------------------------------------------------------------------
 */

void platform_open(const void *fdt, size_t mapped, uint64_t pa)
{
	const char *why = fdt_check(fdt, mapped, &platform.tree);
	int chosen;

	if (why) {
		boot_fail("the device tree %s", why);
	}
	platform.tree_pa = pa;
	chosen = fdt_child(&platform.tree, fdt_root(&platform.tree), "chosen");
	boot_info.loader =
	    fdt_has(&platform.tree, chosen, "linux,uefi-mmap-start") ? "UEFI" : "device tree";
	parse_cmdline(&platform.tree);
}

void platform_init(uint64_t boot_mpidr)
{
	const struct fdt *t = &platform.tree;

	parse_psci(t);
	platform_parse_cpus(t, boot_mpidr);
	find_memory(t);
	/* An address of 0 says "none" in many places. */
	if (!boot_info.memory[0].start) {
		platform_reserve(0, PAGE_SIZE);
	}
	platform_reserve(ROUND_DOWN(platform.tree_pa, PAGE_SIZE),
			 ROUND_UP(platform.tree_pa + t->size, PAGE_SIZE));
	parse_reservations(t);
	parse_chosen(t);
	parse_gic(t);
	hide_smmus(t);
	parse_timer(t);
}
