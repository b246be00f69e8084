/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2: distributor, CPU interface and virtual interface control, all memory-mapped.
 * Arm IHI 0048B.b, chapters 4 and 5.
 */
#include <asm/gic.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/vgic.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/lib.h>

#define GICD_CTLR	0x000
#define GICD_TYPER	0x004
#define GICD_IGROUPR	0x080
#define GICD_ISENABLER	0x100
#define GICD_ICENABLER	0x180
#define GICD_ICPENDR	0x280
#define GICD_ISACTIVER	0x300
#define GICD_ICACTIVER	0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR	0x800
#define GICD_ICFGR	0xc00
#define GICD_SGIR	0xf00
#define SGIR_OTHERS	BIT(24)

#define GICC_CTLR	  0x0000
#define GICC_PMR	  0x0004
#define GICC_BPR	  0x0008
#define GICC_IAR	  0x000c
#define GICC_EOIR	  0x0010
#define GICC_IIDR	  0x00fc
#define GICC_DIR	  0x1000
#define GICC_CTLR_ENABLE  BIT(0)
#define GICC_CTLR_EOIMODE BIT(9)
#define GICC_SIZE	  0x2000
#define IIDR_VERSION(v)	  ((v) >> 16 & 15)

/* The last copy of the first page, when each is repeated throughout 64 KiB. */
#define COPIES_SIZE 0x20000u
#define COPIES_LAST 0x0f000u

#define GICH_HCR  0x000
#define GICH_VTR  0x004
#define GICH_VMCR 0x008
#define GICH_APR  0x0f0
#define GICH_LR	  0x100

#define CPU_INTERFACES 8u

static volatile uint8_t *dist, *cpu_if, *hyp_if;
/* Which interface a CPU has, as a bit; by its id. */
static uint8_t interface_bit[MAX_CPUS];

static void dist_write(unsigned int reg, uint32_t v)
{
	mmio_write32(dist + reg, v);
}

static uint32_t dist_read(unsigned int reg)
{
	return mmio_read32(dist + reg);
}

/* One bit per interrupt. */
static void dist_set_bit(unsigned int reg, unsigned int intid)
{
	dist_write(reg + intid / 32 * 4, 1u << (intid % 32));
}

static void init_distributor(void)
{
	dist_write(GICD_CTLR, 0);
	gic_lines = 32 * ((dist_read(GICD_TYPER) & 0x1f) + 1);
	for (unsigned int i = 32; i < gic_lines; i += 32) {
		dist_write(GICD_ICENABLER + i / 8, ~0U);
		dist_write(GICD_ICPENDR + i / 8, ~0U);
		dist_write(GICD_ICACTIVER + i / 8, ~0U);
	}
	for (unsigned int i = 32; i < gic_lines; i += 4) {
		dist_write(GICD_IPRIORITYR + i, GIC_PRIORITY * 0x01010101u);
		dist_write(GICD_ITARGETSR + i, interface_bit[0] * 0x01010101u);
	}
	for (unsigned int i = 32; i < gic_lines; i += 16) {
		dist_write(GICD_ICFGR + i / 4, 0);
	}
	dist_write(GICD_CTLR, 1);
}

static void init_cpu(void)
{
	unsigned int id = this_cpu()->id;
	uint32_t mask = dist_read(GICD_ITARGETSR);

	/* The first registers are the CPU's own and read as its bit; with one CPU they may be zero.
	 */
	mask |= mask >> 16;
	mask |= mask >> 8;
	interface_bit[id] = mask & 0xff ? (uint8_t)mask : 1;
	/* Firmware's rest: PPIs off, all SGIs on. */
	dist_write(GICD_ICENABLER, 0xffff0000u);
	dist_write(GICD_ICACTIVER, ~0U);
	dist_write(GICD_ISENABLER, 0xffff);
	for (unsigned int i = 0; i < 32; i += 4) {
		dist_write(GICD_IPRIORITYR + i, GIC_PRIORITY * 0x01010101u);
	}
	mmio_write32(hyp_if + GICH_HCR, 0);
	mmio_write32(cpu_if + GICC_PMR, 0xff);
	mmio_write32(cpu_if + GICC_BPR, 0);
	mmio_write32(cpu_if + GICC_CTLR, GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE);
}

/*
 * For a system with pages of 64 KiB each page of the interface may have one of its own, filled with
 * copies: the last of the first page and the first of the second lie side by side (Arm DEN 0029,
 * appendix on GICv2).
 */
static uint32_t find_registers(const struct platform_gic *g, const volatile uint8_t *base)
{
	uint32_t id;

	if (g->cpu.size < COPIES_SIZE || g->vcpu.size < COPIES_SIZE) {
		return 0;
	}
	id = mmio_read32(base + GICC_IIDR);
	return IIDR_VERSION(id) == 2 && mmio_read32(base + COPIES_LAST + GICC_IIDR) == id
		   ? COPIES_LAST
		   : 0;
}

void gic_wake_others(void)
{
	if (gic == &gic_v2_ops) {
		dsb(ishst);
		dist_write(GICD_SGIR, SGIR_OTHERS | SGI_KICK);
	}
}

static void init(void)
{
	struct platform_gic *g = &platform.gic;

	if (g->cpu.size < GICC_SIZE || g->vcpu.size < GICC_SIZE) {
		boot_fail("the GIC's CPU interface is too small: it cannot split the end of an "
			  "interrupt");
	}
	dist = ioremap(hpa(g->dist.base), g->dist.size);
	cpu_if = ioremap(hpa(g->cpu.base), g->cpu.size);
	hyp_if = ioremap(hpa(g->hyp.base), g->hyp.size);
	if (!dist || !cpu_if || !hyp_if) {
		boot_fail("no room to map the GIC");
	}
	g->cpu_offset = find_registers(g, cpu_if);
	cpu_if += g->cpu_offset;
	gic_lrs = (mmio_read32(hyp_if + GICH_VTR) & 0x3f) + 1;
	init_cpu();
	init_distributor();
}

static uint32_t acknowledge(void)
{
	return mmio_read32(cpu_if + GICC_IAR);
}

static void drop(uint32_t ack)
{
	mmio_write32(cpu_if + GICC_EOIR, ack);
}

static void deactivate(uint32_t ack)
{
	mmio_write32(cpu_if + GICC_DIR, ack);
}

static void send_sgi(unsigned long mask, unsigned int sgi)
{
	uint32_t targets = 0;
	unsigned int cpu;

	for_each_set_bit(cpu, &mask, MAX_CPUS)
	{
		targets |= interface_bit[cpu];
	}
	/* What the others shall see is written before they are told. */
	dsb(ishst);
	dist_write(GICD_SGIR, targets << 16 | sgi);
}

static void set_enabled(unsigned int intid, bool on)
{
	dist_set_bit(on ? GICD_ISENABLER : GICD_ICENABLER, intid);
}

static void set_level(unsigned int intid, bool level)
{
	unsigned int reg = GICD_ICFGR + intid / 16 * 4;
	uint32_t edge = 2u << (intid % 16 * 2), v = dist_read(reg);
	uint32_t want = level ? v & ~edge : v | edge;

	if (want != v) {
		set_enabled(intid, false);
		dist_write(reg, want);
	}
}

static void set_target(unsigned int intid, unsigned int cpu)
{
	mmio_write8(dist + GICD_ITARGETSR + intid, interface_bit[cpu]);
}

static void set_active(unsigned int intid, bool active)
{
	dist_set_bit(active ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
}

/* Virtual interface -------------------------------------------------------------------------------
 */

static void save(struct vgic_vcpu *g)
{
	g->vmcr = mmio_read32(hyp_if + GICH_VMCR);
	g->ap0r[0] = mmio_read32(hyp_if + GICH_APR);
}

static void restore(const struct vgic_vcpu *g)
{
	mmio_write32(hyp_if + GICH_VMCR, g->vmcr);
	mmio_write32(hyp_if + GICH_APR, g->ap0r[0]);
}

static uint64_t read_lr(unsigned int n)
{
	return mmio_read32(hyp_if + GICH_LR + 4 * n);
}

static void write_lr(unsigned int n, uint64_t raw)
{
	mmio_write32(hyp_if + GICH_LR + 4 * n, (uint32_t)raw);
}

static void write_hcr(uint32_t hcr)
{
	mmio_write32(hyp_if + GICH_HCR, hcr);
}

static void reset(struct vgic_vcpu *g)
{
	g->vmcr = 0;
	g->ap0r[0] = 0;
}

const struct gic_ops gic_v2_ops = {
    .version = 2,
    .init = init,
    .init_cpu = init_cpu,
    .acknowledge = acknowledge,
    .drop = drop,
    .deactivate = deactivate,
    .send_sgi = send_sgi,
    .set_enabled = set_enabled,
    .set_level = set_level,
    .set_target = set_target,
    .set_active = set_active,
    .save = save,
    .restore = restore,
    .encode = gic_v2_encode,
    .decode = gic_v2_decode,
    .read_lr = read_lr,
    .write_lr = write_lr,
    .write_hcr = write_hcr,
    .reset = reset,
};
