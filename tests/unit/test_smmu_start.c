/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3: the start of units, in the order that IHI 0070 demands, units that are odd or do not
 * work, the events that they record and the errors that they tell. The registers are an array with
 * a few rules.
 */
#include "unit.h"
#include "smmu_v3.h"
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/smmu.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>

#define UNITS	 2u
#define CAPACITY (1u << 16)
#define IDR0	 0x0d40101bu /* as QEMU's, and stage 2 */
#define STUCK	 ~0u

void fake_memory_init(void);

struct platform platform;
struct boot_options boot_options;
struct boot_info boot_info;

static struct {
	uint32_t regs[SMMU_SIZE / 4];
	uint32_t stuck; /* a register that does not do what it is told */
	unsigned int commands;
	bool was_on;
} hw[UNITS];

static uint8_t blob[CAPACITY] __aligned(8);
static struct fdt_writer w;
static struct iommu_fault last;
static char last_name[128];
static unsigned int faults, polled, edges, levels;

/* The rest of the hypervisor ----------------------------------------------------------------------
 */

volatile void *ioremap(hpa_t a, uint64_t size)
{
	CHECK_EQ(size, SMMU_SIZE);
	return hw[a.v >> 20].regs;
}

void cache_clean_range(const void *p, size_t len)
{
}

void cache_clean_invalidate_range(const void *p, size_t len)
{
}

void arch_cache_clean(const void *p, size_t len)
{
}

_Thread_local bool fake_irqs_off;

bool hypercall_should_preempt(void)
{
	return false;
}

void boot_fail(const char *fmt, ...)
{
	panic("boot_fail");
}

bool platform_frame_is_hidden(uint64_t frame)
{
	return false;
}

void iommu_fault_start(void)
{
}

void iommu_fault_irq(void *opaque)
{
}

void iommu_poll_needed(void)
{
	polled++;
}

void iommu_fault(const struct iommu_fault *f)
{
	last = *f;
	snprintf(last_name, sizeof(last_name), "%s", f->name);
	faults++;
}

bool iommu_wait(bool (*done)(void *arg), void *arg)
{
	return done(arg);
}

int irq_request(unsigned int intid, irq_handler *fn, void *opaque)
{
	levels++;
	return 0;
}

int irq_request_edge(unsigned int intid, irq_handler *fn, void *opaque)
{
	edges++;
	return 0;
}

/* The units ---------------------------------------------------------------------------------------
 */

static unsigned int unit_of(const volatile void *p, unsigned int *reg)
{
	for (unsigned int i = 0; i < UNITS; i++) {
		const volatile uint8_t *base = (const volatile uint8_t *)hw[i].regs, *at = p;

		if (at >= base && at < base + SMMU_SIZE) {
			*reg = (unsigned int)(at - base);
			return i;
		}
	}
	CHECK_TRUE(false);
	return 0;
}

static uint32_t get(unsigned int i, unsigned int reg)
{
	return hw[i].regs[reg / 4];
}

static void set(unsigned int i, unsigned int reg, uint32_t v)
{
	hw[i].regs[reg / 4] = v;
}

uint64_t unit_mmio_read(const volatile void *p, unsigned int size)
{
	unsigned int reg, i = unit_of(p, &reg);

	CHECK_EQ(size, 4);
	return get(i, reg);
}

static bool is_on(unsigned int i)
{
	return get(i, SMMU_CR0ACK) & CR0_SMMUEN;
}

/* Nothing may pass at the first moment: all that was known is forgotten, no stream stands. */
static void turned_on(unsigned int i)
{
	uint64_t base = get(i, SMMU_STRTAB_BASE) | (uint64_t)get(i, SMMU_STRTAB_BASE + 4) << 32;
	uint32_t cfg = get(i, SMMU_STRTAB_BASE_CFG), bits = cfg & 0x3f;
	const uint64_t *table = hpa_to_virt(hpa(base & 0xfffffffffffc0));
	unsigned int words = cfg >> 16 ? 1u << (bits - 8) : 8u << bits;

	CHECK_TRUE(get(i, SMMU_CR0ACK) & CR0_CMDQEN && get(i, SMMU_CR0ACK) & CR0_EVENTQEN);
	CHECK_TRUE(get(i, SMMU_GBPA) & GBPA_ABORT);
	CHECK_TRUE(hw[i].commands >= 3);
	CHECK_TRUE(!(get(i, SMMU_IDR0) & IDR0_ATS) || (get(i, SMMU_CR0ACK) & CR0_ATSCHK));
	CHECK_EQ((base & 0xfffffffffffc0) % (words * 8ull), 0);
	for (unsigned int n = 0; n < words; n++) {
		CHECK_EQ(table[n], 0);
	}
}

void unit_mmio_write(volatile void *p, unsigned int size, uint64_t v)
{
	unsigned int reg, i = unit_of(p, &reg);
	uint32_t value = (uint32_t)v;

	CHECK_EQ(size, 4);
	/* Tables and queues stand still while they are in use. */
	if ((reg >= SMMU_STRTAB_BASE && reg < SMMU_CMDQ_PROD) || reg == SMMU_CR1) {
		CHECK_EQ(get(i, SMMU_CR0ACK), 0);
	}
	if (reg == hw[i].stuck) {
		return;
	}
	set(i, reg, reg == SMMU_GBPA ? value & ~(uint32_t)GBPA_UPDATE : value);
	if (reg == SMMU_CR0) {
		bool before = is_on(i);

		set(i, SMMU_CR0ACK, value);
		if (!before && is_on(i)) {
			turned_on(i);
		}
		hw[i].was_on |= is_on(i);
	}
	if (reg == SMMU_IRQ_CTRL) {
		set(i, SMMU_IRQ_CTRLACK, value);
	}
	if (reg == SMMU_CMDQ_PROD && (get(i, SMMU_CR0ACK) & CR0_CMDQEN) &&
	    hw[i].stuck != SMMU_CMDQ_CONS) {
		hw[i].commands += (value - get(i, SMMU_CMDQ_CONS)) & 0x1ff;
		set(i, SMMU_CMDQ_CONS, value);
	}
}

static void put_unit(unsigned int i)
{
	const uint32_t reg[4] = {0, i << 20, 0, SMMU_SIZE};
	const uint32_t lines[] = {0, 74 + i, 1, 0, 77 + i, 4};
	char name[16];

	snprintf(name, sizeof(name), "smmu@%x", i << 20);
	fdt_node(&w, name);
	fdt_put_string(&w, "compatible", "arm,smmu-v3");
	fdt_put_cells(&w, "reg", reg, 4);
	fdt_put_u32(&w, "#iommu-cells", 1);
	fdt_put_u32(&w, "phandle", 10 + i);
	if (!i) {
		fdt_put_cells(&w, "interrupts", lines, ARRAY_SIZE(lines));
		fdt_put(&w, "interrupt-names", "eventq\0gerror", 14);
	}
	fdt_end_node(&w);
}

/* Two units: PCI behind the first, a card behind both. */
static void machine(void)
{
	static const uint32_t map[] = {0, 10, 0x1000, 0x10000};
	static const uint32_t words[] = {10, 7, 11, 5};

	fake_memory_init();
	memset(hw, 0, sizeof(hw));
	faults = polled = edges = levels = 0;
	for (unsigned int i = 0; i < UNITS; i++) {
		set(i, SMMU_IDR0, IDR0);
		set(i, SMMU_IDR1, 17 | 19 << 16 | 19 << 21);
		set(i, SMMU_IDR3, 2 << 11);
		set(i, SMMU_IDR5, 5 | 1 << 4);
		/* A boot loader was here. */
		set(i, SMMU_CR0, (uint32_t)CR0_SMMUEN);
		set(i, SMMU_CR0ACK, (uint32_t)CR0_SMMUEN);
		set(i, SMMU_GERROR, 4);
		hw[i].stuck = STUCK;
	}
	fdt_begin(&w, blob, CAPACITY);
	fdt_node(&w, "");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	put_unit(0);
	put_unit(1);
	fdt_node(&w, "pcie@40000000");
	fdt_put_cells(&w, "iommu-map", map, 4);
	fdt_end_node(&w);
	fdt_node(&w, "ethernet@50000000");
	fdt_put_cells(&w, "iommus", words, 4);
	fdt_end_node(&w);
	fdt_end_node(&w);
	CHECK_TRUE(fdt_finish(&w, 0));
	CHECK_TRUE(!fdt_check(blob, CAPACITY, &platform.tree));
	platform.uart.node = -1;
}

static const struct smmu_ste *stream(unsigned int i, uint32_t sid)
{
	const struct smmu_unit *u = smmu_units[i];
	const uint64_t *l1 = u->streams;

	if (!u->two_level) {
		return (const struct smmu_ste *)u->streams + sid;
	}
	return (const struct smmu_ste *)hpa_to_virt(hpa(l1[sid >> 8] & 0xfffffffffffc0)) +
	       (sid & 255);
}

TEST(smmu_start)
{
	static struct domain d;

	machine();
	d.is_service = true;
	CHECK_EQ(iommu_init(), 0);
	CHECK_TRUE(is_on(0) && is_on(1));
	CHECK_EQ(iommu_caps.levels, 4);
	CHECK_EQ(iommu_caps.leaf_level, 3);
	CHECK_EQ(iommu_caps.address_bits, 48);
	CHECK_TRUE(iommu_caps.format == &smmu_stage2_format && !iommu_caps.clean);
	CHECK_EQ(get(0, SMMU_STRTAB_BASE_CFG), 17 | 8 << 6 | 1 << 16);
	CHECK_EQ(get(1, SMMU_STRTAB_BASE_CFG), 3);
	/* What was wrong before is acknowledged; lines where there are some, else a timer. */
	CHECK_EQ(get(0, SMMU_GERRORN), 4);
	CHECK_EQ(edges, 1);
	CHECK_EQ(levels, 1);
	CHECK_EQ(polled, 1);
	/* All that the tree names, and nothing else. */
	CHECK_EQ(iommu_domain_init(&d), 0);
	CHECK_EQ(smmu_attach(&d), 0);
	CHECK_EQ(stream(0, 0x1000)->q[0] & 1, 1);
	CHECK_EQ(stream(0, 0x10fff)->q[0] & 1, 1);
	CHECK_EQ(stream(0, 7)->q[0] & 1, 1);
	CHECK_EQ(stream(0, 6)->q[0], 0);
	CHECK_EQ(((const uint64_t *)smmu_units[0]->streams)[0x11000 >> 8], 0);
	CHECK_EQ(stream(1, 5)->q[0] & 1, 1);
	CHECK_EQ(stream(1, 7)->q[0], 0);
	CHECK_EQ(stream(1, 5)->q[3], virt_to_hpa(d.iommu->table.root).v);
}

TEST(smmu_units_that_differ)
{
	machine();
	set(1, SMMU_IDR0, IDR0 & ~(uint32_t)(IDR0_S2P | IDR0_COHACC));
	set(1, SMMU_IDR3, 1 << 11);
	set(0, SMMU_IDR0, IDR0 | (uint32_t)IDR0_ATS);
	CHECK_EQ(smmu_v3_ops.init(NULL, 0), 0);
	CHECK_TRUE(iommu_caps.format == &smmu_stage1_format && iommu_caps.clean);
	CHECK_EQ(iommu_caps.leaf_level, 1);
	CHECK_TRUE(get(0, SMMU_CR0) & CR0_ATSCHK);
	CHECK_EQ(get(0, SMMU_CR1), CR1_COHERENT);
	CHECK_EQ(get(1, SMMU_CR1), 0);
	/* A walk of stage 2 for 40 bits has three levels. */
	machine();
	set(1, SMMU_IDR5, 2 | 1 << 4);
	CHECK_EQ(smmu_v3_ops.init(NULL, 0), 0);
	CHECK_EQ(iommu_caps.levels, 3);
	CHECK_EQ(iommu_caps.address_bits, 39);
}

static void cannot(unsigned int i, unsigned int reg, uint32_t value, uint32_t stuck)
{
	machine();
	if (value) {
		set(i, reg, value);
	}
	hw[i].stuck = stuck;
	CHECK_TRUE(smmu_v3_ops.init(NULL, 0) < 0);
	CHECK_EQ(smmu_unit_count, 0);
	/* None is left on: the other lets transfers pass again. */
	for (unsigned int k = 0; k < UNITS; k++) {
		if (hw[k].stuck == STUCK) {
			CHECK_TRUE(!is_on(k));
			CHECK_TRUE(!(get(k, SMMU_GBPA) & GBPA_ABORT));
		}
	}
}

TEST(smmu_units_that_cannot_be_used)
{
	cannot(1, SMMU_IDR0, IDR0 & ~3u, STUCK);
	cannot(1, SMMU_IDR0, ~0u, STUCK);
	cannot(0, SMMU_IDR0, IDR0 & ~8u, STUCK);
	cannot(0, SMMU_IDR0, IDR0 + (1u << 24), STUCK);
	cannot(0, SMMU_IDR5, 5, STUCK);
	cannot(1, SMMU_IDR1, 17 | 19 << 16 | 5 << 21, STUCK);
	cannot(1, SMMU_IDR1, 17 | 19 << 16 | 19 << 21 | 1u << 29, STUCK);
	/* Streams that it has not. */
	cannot(0, SMMU_IDR1, 16 | 19 << 16 | 19 << 21, STUCK);
	cannot(1, SMMU_IDR1, 2 | 19 << 16 | 19 << 21, STUCK);
	/* No stage in common. */
	machine();
	set(0, SMMU_IDR0, IDR0 & ~1u);
	set(1, SMMU_IDR0, IDR0 & ~2u);
	CHECK_EQ(smmu_v3_ops.init(NULL, 0), -ENODEV);
	/* It does not stop, or start, or run commands. */
	cannot(1, 0, 0, SMMU_CR0);
	cannot(1, 0, 0, SMMU_CMDQ_CONS);
	cannot(1, 0, 0, SMMU_CMDQ_PROD);
}

static void record(unsigned int n, uint32_t sid, uint64_t address)
{
	struct smmu_event *q = smmu_units[0]->events.base;

	q[n & 255] = (struct smmu_event){{(uint64_t)sid << 32 | 0x10, 0, address, 0}};
}

TEST(smmu_events_and_errors)
{
	machine();
	CHECK_EQ(smmu_v3_ops.init(NULL, 0), 0);
	smmu_v3_ops.drain();
	CHECK_EQ(faults, 0);
	/* Round and round. */
	for (unsigned int n = 0; n < 1000; n++) {
		record(n, 0x1010, n << 12);
		set(0, SMMU_EVENTQ_PROD, (n + 1) & 0x1ff);
		smmu_v3_ops.drain();
		CHECK_EQ(faults, n + 1);
		CHECK_EQ(last.address, n << 12);
		CHECK_EQ(get(0, SMMU_EVENTQ_CONS), (n + 1) & 0x1ff);
	}
	CHECK_STR(last_name, "0000:00:02.0 (stream 0x1010)");
	/* A full queue, and that it ran over is acknowledged. */
	for (unsigned int n = 1000; n < 1256; n++) {
		record(n, n & 1 ? 7 : 0x500, 0);
	}
	set(0, SMMU_EVENTQ_PROD, (1256 & 0x1ff) | (uint32_t)QUEUE_OVERFLOW);
	smmu_v3_ops.drain();
	CHECK_EQ(faults, 1256);
	CHECK_EQ(get(0, SMMU_EVENTQ_CONS), (1256 & 0x1ff) | (uint32_t)QUEUE_OVERFLOW);
	CHECK_STR(last_name, "ethernet@50000000 (stream 0x7)");
	record(1256, 0x500, 0);
	set(0, SMMU_EVENTQ_PROD, (1257 & 0x1ff) | (uint32_t)QUEUE_OVERFLOW);
	smmu_v3_ops.drain();
	CHECK_STR(last_name, "of stream 0x500 at smmu@0");
	/* A position that cannot be ends all the same. */
	set(0, SMMU_EVENTQ_PROD, 0xfffff);
	smmu_v3_ops.drain();
	/* Errors are told once; one of commands is for who waits for them. */
	faults = 0;
	set(1, SMMU_GERROR, get(1, SMMU_GERROR) ^ (uint32_t)GERROR_SFM);
	smmu_v3_ops.drain();
	smmu_v3_ops.drain();
	CHECK_EQ(faults, 1);
	CHECK_EQ(last.kind, IOMMU_FAULT_UNIT);
	CHECK_STR(last_name, "smmu@100000");
	set(1, SMMU_GERROR, get(1, SMMU_GERROR) ^ (uint32_t)GERROR_CMDQ);
	smmu_v3_ops.drain();
	CHECK_EQ(faults, 1);
	CHECK_EQ((get(1, SMMU_GERROR) ^ get(1, SMMU_GERRORN)) & GERROR_ALL, GERROR_CMDQ);
	smmu_v3_ops.fault_interrupt(true);
	CHECK_EQ(get(0, SMMU_IRQ_CTRL), 5);
	smmu_v3_ops.fault_interrupt(false);
	CHECK_EQ(get(0, SMMU_IRQ_CTRL), 0);
}
