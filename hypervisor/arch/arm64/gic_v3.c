/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv3: distributor and redistributors are memory-mapped, the CPU and virtual interfaces are
 * system registers. Affinity routing is always on. Arm IHI 0069H, chapters 9 and 12.
 */
#include "its_unit.h"
#include <asm/gic.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/vgic.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/lib.h>

#define GICD_CTLR	 0x0000
#define GICD_CTLR_RWP	 BIT(31)
#define GICD_CTLR_ARE	 BIT(4)
#define GICD_CTLR_GROUPS (BIT(0) | BIT(1))
#define GICD_TYPER	 0x0004
#define GICD_IGROUPR	 0x0080
#define GICD_ISENABLER	 0x0100
#define GICD_ICENABLER	 0x0180
#define GICD_ICPENDR	 0x0280
#define GICD_ISACTIVER	 0x0300
#define GICD_ICACTIVER	 0x0380
#define GICD_IPRIORITYR	 0x0400
#define GICD_ICFGR	 0x0c00
#define GICD_IGRPMODR	 0x0d00
#define GICD_IROUTER	 0x6000

#define GICR_CTLR	      0x0000
#define GICR_CTLR_RWP	      BIT(3)
#define GICR_TYPER	      0x0008
#define GICR_TYPER_LAST	      BIT(4)
#define GICR_TYPER_VLPIS      BIT(1)
#define GICR_WAKER	      0x0014
#define GICR_WAKER_SLEEP      BIT(1)
#define GICR_WAKER_CHILDREN   BIT(2)
#define GICR_FRAME	      0x10000UL
#define GICR_STRIDE(has_vlpi) ((has_vlpi) ? 4 * GICR_FRAME : 2 * GICR_FRAME)

#define SRE_ALL	     0xf /* SRE, no bypass of FIQ and IRQ, EL1 may use its own */
#define CTLR_EOIMODE BIT(1)

#define LR_PRIORITY_SHIFT 48
#define LR_HW_SHIFT	  32
#define LR_EOI		  BIT(41)
#define LR_GROUP1	  BIT(60)
#define LR_HW		  BIT(61)
#define LR_PENDING	  BIT(62)
#define LR_ACTIVE	  BIT(63)

/* A register that never settles is a broken machine: go on, so that it can be told. */
#define SPIN_MAX 1000000u

static volatile uint8_t *dist;
static volatile uint8_t *region[PLATFORM_REGION_MAX];
static volatile uint8_t *redist[MAX_CPUS]; /* of CPUs that are up */
static uint64_t redist_pa[MAX_CPUS];
static unsigned int priority_bits;

static void wait_clear(volatile uint8_t *reg, uint32_t bit)
{
	for (unsigned int n = 0; (mmio_read32(reg) & bit) && n < SPIN_MAX; n++) {
		cpu_relax();
	}
}

/* Where the registers of intid's first 32 are: this CPU's redistributor or the distributor. */
static volatile uint8_t *bank(unsigned int intid)
{
	return intid < 32 ? redist[this_cpu()->id] + GICR_FRAME : dist;
}

static void wait_bank(unsigned int intid)
{
	if (intid < 32) {
		wait_clear(redist[this_cpu()->id] + GICR_CTLR, GICR_CTLR_RWP);
	} else {
		wait_clear(dist + GICD_CTLR, GICD_CTLR_RWP);
	}
}

static void bank_set_bit(unsigned int reg, unsigned int intid)
{
	mmio_write32(bank(intid) + reg + intid / 32 * 4, 1u << (intid % 32));
}

/* GICD_IROUTER, GICR_TYPER's upper half and MPIDR have the affinities at different places. */
static uint32_t packed_affinity(uint64_t mpidr)
{
	return (uint32_t)(mpidr & 0xffffff) | (uint32_t)(mpidr >> 32 & 0xff) << 24;
}

static void init_distributor(void)
{
	uint64_t boot = this_cpu()->arch.mpidr;

	mmio_write32(dist + GICD_CTLR, 0);
	wait_clear(dist + GICD_CTLR, GICD_CTLR_RWP);
	gic_lines = 32 * ((mmio_read32(dist + GICD_TYPER) & 0x1f) + 1);
	gic_lines = MIN(gic_lines, GIC_SPURIOUS);
	for (unsigned int i = 32; i < gic_lines; i += 32) {
		mmio_write32(dist + GICD_ICENABLER + i / 8, ~0U);
		mmio_write32(dist + GICD_ICPENDR + i / 8, ~0U);
		mmio_write32(dist + GICD_ICACTIVER + i / 8, ~0U);
		mmio_write32(dist + GICD_IGROUPR + i / 8, ~0U);
		mmio_write32(dist + GICD_IGRPMODR + i / 8, 0);
	}
	for (unsigned int i = 32; i < gic_lines; i += 4) {
		mmio_write32(dist + GICD_IPRIORITYR + i, GIC_PRIORITY * 0x01010101u);
	}
	for (unsigned int i = 32; i < gic_lines; i += 16) {
		mmio_write32(dist + GICD_ICFGR + i / 4, 0);
	}
	wait_clear(dist + GICD_CTLR, GICD_CTLR_RWP);
	/* First the mode, alone: the groups' bits mean something else before. */
	mmio_write32(dist + GICD_CTLR, GICD_CTLR_ARE);
	wait_clear(dist + GICD_CTLR, GICD_CTLR_RWP);
	mmio_write32(dist + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUPS);
	wait_clear(dist + GICD_CTLR, GICD_CTLR_RWP);
	for (unsigned int i = 32; i < gic_lines; i++) {
		mmio_write64(dist + GICD_IROUTER + 8UL * i, boot);
	}
}

static volatile uint8_t *search(volatile uint8_t *at, uint64_t size, uint32_t affinity)
{
	for (uint64_t off = 0; size - off >= 2 * GICR_FRAME;) {
		uint64_t typer = mmio_read64(at + off + GICR_TYPER);
		uint64_t stride = platform.gic.redist_stride;

		if (typer >> 32 == affinity) {
			return at + off;
		}
		if (!stride) {
			stride = GICR_STRIDE(typer & GICR_TYPER_VLPIS);
		}
		if ((typer & GICR_TYPER_LAST) || stride > size - off || stride < 2 * GICR_FRAME) {
			break;
		}
		off += stride;
	}
	return NULL;
}

static volatile uint8_t *find_redistributor(void)
{
	uint32_t affinity = packed_affinity(this_cpu()->arch.mpidr);

	for (unsigned int i = 0; i < platform.gic.redist_count; i++) {
		volatile uint8_t *r = search(region[i], platform.gic.redist[i].size, affinity);

		if (r) {
			redist_pa[this_cpu()->id] =
			    platform.gic.redist[i].base + (uint64_t)(r - region[i]);
			return r;
		}
	}
	return NULL;
}

static void init_redistributor(volatile uint8_t *r)
{
	volatile uint8_t *sgi = r + GICR_FRAME;

	mmio_write32(r + GICR_WAKER, mmio_read32(r + GICR_WAKER) & ~(uint32_t)GICR_WAKER_SLEEP);
	wait_clear(r + GICR_WAKER, GICR_WAKER_CHILDREN);
	mmio_write32(sgi + GICD_ICENABLER, 0xffff0000u);
	mmio_write32(sgi + GICD_ICACTIVER, ~0U);
	mmio_write32(sgi + GICD_IGROUPR, ~0U);
	mmio_write32(sgi + GICD_IGRPMODR, 0);
	for (unsigned int i = 0; i < 32; i += 4) {
		mmio_write32(sgi + GICD_IPRIORITYR + i, GIC_PRIORITY * 0x01010101u);
	}
	mmio_write32(sgi + GICD_ISENABLER, 0xffff);
	wait_clear(r + GICR_CTLR, GICR_CTLR_RWP);
}

static void init_cpu(void)
{
	volatile uint8_t *r = find_redistributor();

	if (!r) {
		/* Also on a further CPU: without interrupts it could not even be stopped. */
		panic("GIC: CPU %lx has no redistributor", this_cpu()->arch.mpidr);
	}
	redist[this_cpu()->id] = r;
	init_redistributor(r);
	write_sysreg(icc_sre_el2, SRE_ALL);
	isb();
	/* The guest's use of its own interface is virtual by HCR_EL2; this makes it system
	 * registers. */
	write_sysreg(icc_sre_el1, SRE_ALL & 7);
	isb();
	write_sysreg(ich_hcr_el2, 0);
	write_sysreg(icc_pmr_el1, 0xff);
	write_sysreg(icc_bpr1_el1, 0);
	write_sysreg(icc_ctlr_el1, CTLR_EOIMODE);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
}

static void init(void)
{
	const struct platform_gic *g = &platform.gic;
	uint64_t vtr = read_sysreg(ich_vtr_el2);

	dist = ioremap(hpa(g->dist.base), g->dist.size);
	for (unsigned int i = 0; i < g->redist_count; i++) {
		region[i] = ioremap(hpa(g->redist[i].base), g->redist[i].size);
		if (!region[i]) {
			boot_fail("no room to map the GIC's redistributors");
		}
	}
	if (!dist) {
		boot_fail("no room to map the GIC");
	}
	gic_lrs = (vtr & 0x1f) + 1;
	priority_bits = (unsigned int)(vtr >> 26 & 7) + 1;
	init_distributor();
	init_cpu();
	its_init();
}

static void init_secondary(void)
{
	init_cpu();
	its_init_cpu();
}

volatile uint8_t *gic_v3_redist(unsigned int cpu, uint64_t *pa)
{
	*pa = redist_pa[cpu];
	return redist[cpu];
}

uint32_t gic_v3_dist_typer(void)
{
	return mmio_read32(dist + GICD_TYPER);
}

static uint32_t acknowledge(void)
{
	uint32_t ack = (uint32_t)read_sysreg(icc_iar1_el1);

	/* What the device wrote before its interrupt is to be seen by the handler. */
	dsb(sy);
	return ack;
}

static void drop(uint32_t ack)
{
	write_sysreg(icc_eoir1_el1, ack);
	isb();
}

static void deactivate(uint32_t ack)
{
	write_sysreg(icc_dir_el1, ack);
	isb();
}

static void send_sgi(unsigned long mask, unsigned int sgi)
{
	unsigned int cpu;

	/* What the others shall see is written before they are told. */
	dsb(ishst);
	for_each_set_bit(cpu, &mask, MAX_CPUS)
	{
		uint64_t a = cpus[cpu] ? cpus[cpu]->arch.mpidr : 0;
		uint64_t v =
		    (a >> 32 & 0xff) << 48 | (a >> 16 & 0xff) << 32 | (a >> 8 & 0xff) << 16;

		if (cpus[cpu]) {
			v |= (a & 0xf0) << 40 | BIT(a & 0xf) | (uint64_t)sgi << 24;
			write_sysreg(icc_sgi1r_el1, v);
		}
	}
	isb();
}

static void set_enabled(unsigned int intid, bool on)
{
	bank_set_bit(on ? GICD_ISENABLER : GICD_ICENABLER, intid);
	if (!on) {
		wait_bank(intid);
	}
}

static void set_level(unsigned int intid, bool level)
{
	volatile uint8_t *reg = bank(intid) + GICD_ICFGR + intid / 16 * 4;
	uint32_t edge = 2u << (intid % 16 * 2), v = mmio_read32(reg);
	uint32_t want = level ? v & ~edge : v | edge;

	if (want != v) {
		set_enabled(intid, false);
		mmio_write32(reg, want);
	}
}

static void set_target(unsigned int intid, unsigned int cpu)
{
	if (cpu < MAX_CPUS && cpus[cpu]) {
		mmio_write64(dist + GICD_IROUTER + 8UL * intid, cpus[cpu]->arch.mpidr);
	}
}

static void set_active(unsigned int intid, bool active)
{
	bank_set_bit(active ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
}

/* Virtual interface -------------------------------------------------------------------------------
 */

static void save(struct vgic_vcpu *g)
{
	g->vmcr = (uint32_t)read_sysreg(ich_vmcr_el2);
	g->ap0r[0] = (uint32_t)read_sysreg(ich_ap0r0_el2);
	g->ap1r[0] = (uint32_t)read_sysreg(ich_ap1r0_el2);
	if (priority_bits >= 6) {
		g->ap0r[1] = (uint32_t)read_sysreg(ich_ap0r1_el2);
		g->ap1r[1] = (uint32_t)read_sysreg(ich_ap1r1_el2);
	}
	if (priority_bits >= 7) {
		g->ap0r[2] = (uint32_t)read_sysreg(ich_ap0r2_el2);
		g->ap1r[2] = (uint32_t)read_sysreg(ich_ap1r2_el2);
		g->ap0r[3] = (uint32_t)read_sysreg(ich_ap0r3_el2);
		g->ap1r[3] = (uint32_t)read_sysreg(ich_ap1r3_el2);
	}
}

static void restore(const struct vgic_vcpu *g)
{
	write_sysreg(ich_vmcr_el2, g->vmcr);
	write_sysreg(ich_ap0r0_el2, g->ap0r[0]);
	write_sysreg(ich_ap1r0_el2, g->ap1r[0]);
	if (priority_bits >= 6) {
		write_sysreg(ich_ap0r1_el2, g->ap0r[1]);
		write_sysreg(ich_ap1r1_el2, g->ap1r[1]);
	}
	if (priority_bits >= 7) {
		write_sysreg(ich_ap0r2_el2, g->ap0r[2]);
		write_sysreg(ich_ap1r2_el2, g->ap1r[2]);
		write_sysreg(ich_ap0r3_el2, g->ap0r[3]);
		write_sysreg(ich_ap1r3_el2, g->ap1r[3]);
	}
}

static uint64_t encode(const struct gic_lr *lr)
{
	uint64_t raw = lr->intid | (uint64_t)lr->priority << LR_PRIORITY_SHIFT;

	if (lr->hw) {
		raw |= LR_HW | (uint64_t)lr->hw_intid << LR_HW_SHIFT;
	} else {
		raw |= lr->eoi ? LR_EOI : 0;
	}
	raw |= (lr->pending ? LR_PENDING : 0) | (lr->active ? LR_ACTIVE : 0);
	return raw | (lr->group1 ? LR_GROUP1 : 0);
}

static void decode(uint64_t raw, struct gic_lr *out)
{
	*out = (struct gic_lr){
	    .intid = (uint32_t)raw,
	    .hw_intid = (uint32_t)(raw >> LR_HW_SHIFT) & 0x3ff,
	    .pending = raw & LR_PENDING,
	    .active = raw & LR_ACTIVE,
	    .hw = raw & LR_HW,
	};
}

/* The names of the registers are part of the instruction. */
#define FOR_EACH_LR(what)                                                                          \
	what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10)   \
	    what(11) what(12) what(13) what(14) what(15)

static uint64_t read_lr(unsigned int n)
{
#define READ_ONE(i)                                                                                \
	case i:                                                                                    \
		return read_sysreg(ich_lr##i##_el2);
	switch (n) {
		FOR_EACH_LR(READ_ONE)
	default:
		return 0;
	}
#undef READ_ONE
}

static void write_lr(unsigned int n, uint64_t raw)
{
#define WRITE_ONE(i)                                                                               \
	case i:                                                                                    \
		write_sysreg(ich_lr##i##_el2, raw);                                                \
		break;
	switch (n) {
		FOR_EACH_LR(WRITE_ONE)
	default:
		break;
	}
#undef WRITE_ONE
}

static void write_hcr(uint32_t hcr)
{
	write_sysreg(ich_hcr_el2, hcr);
}

static void reset(struct vgic_vcpu *g)
{
	g->vmcr = 0;
	memset(g->ap0r, 0, sizeof(g->ap0r));
	memset(g->ap1r, 0, sizeof(g->ap1r));
}

static const struct gic_ops gic_v3_ops = {
    .version = 3,
    .init = init,
    .init_cpu = init_secondary,
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
    .encode = encode,
    .decode = decode,
    .read_lr = read_lr,
    .write_lr = write_lr,
    .write_hcr = write_hcr,
    .reset = reset,
};

const struct gic_ops *arch_gic_v3(void)
{
	return &gic_v3_ops;
}
