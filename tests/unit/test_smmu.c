/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 against a unit that works as IHI 0070 says, here in a few lines: it runs the queue's
 * commands, remembers stream table entries and translations until it is told to forget, and walks
 * tables. On top of it what devices see of a domain's map (p2m_dma.c), and what is read in device
 * trees.
 */
#include "unit.h"
#include "p2m_dma.h"
#include "smmu_v3.h"
#include <asm/fake.h>
#include <asm/msi.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <string.h>

#define DOORBELL 0xf20u
#define CACHED	 64

struct boot_options boot_options;
struct boot_info boot_info;
struct smmu_unit *smmu_units[SMMU_UNITS_MAX];
unsigned int smmu_unit_count;

struct remembered {
	uint64_t tag, dfn, frame;
	bool write, valid;
};

static struct {
	struct smmu_unit unit;
	uint32_t gerror, gerrorn, cons, error;
	struct smmu_ste stes[0x200];
	bool known[0x200];
	struct remembered cache[CACHED];
	unsigned int commands, syncs, next;
	bool dead;
} hw;

/* The rest of the hypervisor ----------------------------------------------------------------------
 */

void iommu_fault_start(void)
{
}

void arch_iommu_written(void)
{
}

void arch_cache_clean(const void *p, size_t len)
{
}

const char *arch_iommu_none(void)
{
	return "none";
}

const void *arch_iommu_firmware(const char *name, size_t *len)
{
	return &hw;
}

void boot_fail(const char *fmt, ...)
{
	panic("boot_fail");
}

bool gic_msi_frame(unsigned int i, mfn_t *out)
{
	*out = mfn(DOORBELL);
	return !i;
}

void smmu_barrier(void)
{
}

void smmu_clean(const struct smmu_unit *u, const void *p, size_t len)
{
}

/* The unit ----------------------------------------------------------------------------------------
 */

static void forget(uint64_t tag, bool all, uint64_t dfn)
{
	for (unsigned int i = 0; i < CACHED; i++) {
		if (hw.cache[i].tag == tag && (all || hw.cache[i].dfn == dfn)) {
			hw.cache[i].valid = false;
		}
	}
}

static bool run_command(const struct smmu_command *c)
{
	uint64_t asid = c->q[0] >> 48, vmid = c->q[0] >> 32 & 0xffff;

	hw.commands++;
	switch (c->q[0] & 0xff) {
	case 0x04:
		CHECK_EQ(c->q[1], 31);
		memset(hw.known, 0, sizeof(hw.known));
		return true;
	case 0x11:
		forget(asid, true, 0);
		return true;
	case 0x12:
		CHECK_EQ(c->q[1] & 0xfff, 0);
		forget(asid, false, c->q[1] >> 12);
		return true;
	case 0x28:
		forget(vmid | 0x10000, true, 0);
		return true;
	case 0x2a:
		forget(vmid | 0x10000, false, c->q[1] >> 12);
		return true;
	case 0x30:
		memset(hw.cache, 0, sizeof(hw.cache));
		return true;
	case 0x46:
		CHECK_EQ(c->q[0] >> 12 & 3, 0);
		hw.syncs++;
		return true;
	default:
		return false;
	}
}

uint32_t smmu_read(const struct smmu_unit *u, unsigned int reg)
{
	switch (reg) {
	case SMMU_CMDQ_CONS:
		return hw.cons | hw.error << 24;
	case SMMU_GERROR:
		return hw.gerror;
	case SMMU_GERRORN:
		return hw.gerrorn;
	default:
		CHECK_TRUE(false);
		return 0;
	}
}

void smmu_write(const struct smmu_unit *u, unsigned int reg, uint32_t v)
{
	const struct smmu_command *queue = u->commands.base;
	uint32_t mask = (1u << (u->commands.bits + 1)) - 1;

	CHECK_EQ(reg, SMMU_CMDQ_PROD);
	CHECK_EQ(v & ~mask, 0);
	while (!hw.dead && hw.cons != v) {
		if (!run_command(&queue[hw.cons & (mask >> 1)])) {
			hw.error = 1;
			hw.gerror ^= (uint32_t)GERROR_CMDQ;
			return;
		}
		hw.cons = (hw.cons + 1) & mask;
	}
}

bool iommu_wait(bool (*done)(void *arg), void *arg)
{
	return done(arg);
}

static const struct smmu_ste *stream(uint32_t sid)
{
	const struct smmu_unit *u = &hw.unit;

	if (sid >> u->sid_bits) {
		return NULL;
	}
	if (!u->two_level) {
		return (const struct smmu_ste *)u->streams + sid;
	}
	/* Span 9: 256 entries. */
	uint64_t d = ((const uint64_t *)u->streams)[sid >> 8];

	if (!d) {
		return NULL;
	}
	CHECK_EQ(d & 0x3f, 9);
	return (const struct smmu_ste *)hpa_to_virt(hpa(d & 0xfffffffffffc0)) + (sid & 255);
}

/* The leaf's frame and rights as the stage has them; false: the walk ends before. */
static bool walk(const uint64_t *table, unsigned int levels, bool two, uint64_t dfn,
		 struct remembered *out)
{
	for (unsigned int l = levels;; l--) {
		uint64_t e = table[dfn >> (9 * (l - 1)) & 511], below = (1ull << (9 * (l - 1))) - 1;

		if (!(e & 1)) {
			return false;
		}
		if (l > 1 && (e & 2)) {
			table = hpa_to_virt(hpa(e & 0xfffffffff000));
			continue;
		}
		CHECK_TRUE(l > 1 ? !(e & 2) && l < 4 : (e & 2) != 0);
		CHECK_EQ(e >> 10 & 1, 1); /* access flag */
		CHECK_EQ(e >> 8 & 3, 3);
		/* EL0 may read, or S2AP[0] */
		if (!(e & 0x40)) {
			return false;
		}
		*out = (struct remembered){.dfn = dfn,
					   .frame = ((e & 0xfffffffff000) >> 12) + (dfn & below),
					   .write = two ? (e & 0x80) != 0 : !(e & 0x80),
					   .valid = true};
		return true;
	}
}

/* Where a transfer of the stream ends: a frame, or minus the event's type. */
static int64_t transfer(uint32_t sid, uint64_t dfn, bool write)
{
	const struct smmu_ste *s = stream(sid);
	struct remembered r = {0};
	struct smmu_cd *cd;
	unsigned int levels;
	uint64_t tag;
	bool two;

	if (!s) {
		return -2;
	}
	if (!hw.known[sid]) {
		hw.stes[sid] = *s;
		hw.known[sid] = true;
	}
	s = &hw.stes[sid];
	if (!(s->q[0] & 1)) {
		return -4;
	}
	two = (s->q[0] >> 1 & 7) == 6;
	CHECK_TRUE(two || (s->q[0] >> 1 & 7) == 5);
	CHECK_EQ(s->q[1] >> 28 & 3, 0); /* no ATS */
	cd = two ? NULL : hpa_to_virt(hpa(s->q[0] & 0xfffffffffffc0));
	tag = two ? (s->q[2] & 0xffff) | 0x10000 : cd->q[0] >> 48;
	levels = two ? (unsigned int)(s->q[2] >> 38 & 3) + 2 : 4;
	for (unsigned int i = 0; i < CACHED; i++) {
		if (hw.cache[i].valid && hw.cache[i].tag == tag && hw.cache[i].dfn == dfn) {
			r = hw.cache[i];
		}
	}
	if (!r.valid) {
		if (!walk(hpa_to_virt(hpa((two ? s->q[3] : cd->q[1]) & 0xffffffffffff0)), levels,
			  two, dfn, &r)) {
			return -0x10;
		}
		r.tag = tag;
		hw.cache[hw.next++ % CACHED] = r;
	}
	return write && !r.write ? -0x13 : (int64_t)r.frame;
}

/* -------------------------------------------------------------------------------------------------
 */

static bool stage2;

static int units_init(const void *table, size_t len)
{
	return 0;
}

static void flush(struct iommu_domain *dom, uint64_t dfn, uint64_t count)
{
	struct smmu_command c[SMMU_FLUSH_MAX];

	smmu_run_everywhere(c, smmu_encode_flush(stage2, dom->id, dfn, count, c));
}

static const struct iommu_ops ops = {
    .name = "unit", .table = "unit", .init = units_init, .flush = flush};
const struct iommu_ops *const arch_iommu_ops[] = {&ops, NULL};

static const struct smmu_node node = {.name = "smmu"};

static void unit_start(bool two_levels, unsigned int queue_bits)
{
	fake_memory_init();
	memset(&hw, 0, sizeof(hw));
	hw.unit.info = &node;
	hw.unit.coherent = true;
	hw.unit.idr0 = two_levels ? 1u << 27 : 0;
	hw.unit.idr1 = 16;
	CHECK_EQ(smmu_queue_alloc(&hw.unit.commands, queue_bits, 20, 16), 0);
	smmu_units[0] = &hw.unit;
	smmu_unit_count = 1;
}

/* A service VM with devices behind stage 1 or 2, at stream 7. */
static struct domain *domain_start(bool two, struct smmu_cd *cd, struct smmu_ste *ste)
{
	struct smmu_context c = {.stage2 = two, .coherent = true, .output_code = 5};
	struct domain *d;

	unit_start(false, 8);
	stage2 = two;
	CHECK_EQ(smmu_streams_init(&hw.unit, 0xff), 0);
	CHECK_EQ(iommu_init(), 0);
	iommu_caps = (struct iommu_caps){.format = two ? &smmu_stage2_format : &smmu_stage1_format,
					 .levels = 4,
					 .leaf_level = 3,
					 .address_bits = 48,
					 .domain_ids = 256,
					 .break_first = true};
	d = fake_domain_create(0, 1);
	d->is_service = d->direct_mapped = true;
	CHECK_EQ(iommu_domain_init(d), 0);
	CHECK_EQ(p2m_dma_init(d), 0);
	c.id = d->iommu->id;
	c.input_bits = 48;
	c.levels = 4;
	c.root = virt_to_hpa(d->iommu->table.root).v;
	c.cd = virt_to_hpa(cd).v;
	smmu_encode_cd(&c, cd);
	smmu_encode_ste(&c, ste);
	CHECK_EQ(smmu_streams_set(&hw.unit, 7, 1, ste), 0);
	return d;
}

static void domain_end(struct domain *d)
{
	p2m_dma_destroy(d);
	iommu_domain_destroy(d);
	fake_domain_destroy(d);
}

/* As p2m.c does it. Returns whether a flush is due. */
static bool enter(struct domain *d, uint64_t g, uint64_t m, enum p2m_type t)
{
	enum p2m_type old;
	mfn_t was = p2m_lookup(d, gfn(g), &old, NULL);
	bool due = false, ignored = false;

	if (p2m_is_grant(t)) {
		CHECK_EQ(p2m_dma_grant(d, m, t, &due), 0);
	}
	CHECK_EQ(p2m_set_noflush(d, gfn(g), mfn(m), 0, t, &ignored), 0);
	if (p2m_is_grant(old)) {
		p2m_dma_ungrant(d, was.v, old, &due);
	}
	CHECK_EQ(p2m_dma_follow(d, g, m, 0, t, &due), 0);
	return due;
}

static void enter_now(struct domain *d, uint64_t g, uint64_t m, enum p2m_type t)
{
	if (enter(d, g, m, t)) {
		iommu_flush(d);
	}
}

/* Encodings ---------------------------------------------------------------------------------------
 */

TEST(smmu_stage1_bits)
{
	struct smmu_context c = {.coherent = true,
				 .id = 9,
				 .input_bits = 48,
				 .levels = 4,
				 .output_code = 5,
				 .root = 0x812345000,
				 .cd = 0x7654000};
	struct smmu_ste ste;
	struct smmu_cd cd;

	smmu_encode_cd(&c, &cd);
	/* T0SZ 16, IR0, OR0, SH0, EPD1, V; IPS 5, AA64, R, A, ASET, ASID */
	CHECK_EQ(cd.q[0], 0x0009e205c0003510);
	CHECK_EQ(cd.q[1], 0x812345000);
	CHECK_EQ(cd.q[3], 0x04ff);
	smmu_encode_ste(&c, &ste);
	CHECK_EQ(ste.q[0], 0x7654000 | 5 << 1 | 1);
	CHECK_EQ(ste.q[1], 0x1000000000d4);
	for (unsigned int i = 2; i < 8; i++) {
		CHECK_EQ(ste.q[i], 0);
	}
}

TEST(smmu_stage2_bits)
{
	struct smmu_context c = {.stage2 = true,
				 .coherent = true,
				 .id = 3,
				 .input_bits = 44,
				 .levels = 4,
				 .output_code = 4,
				 .root = 0x812345000};
	struct smmu_ste ste;

	smmu_encode_ste(&c, &ste);
	CHECK_EQ(ste.q[0], 6 << 1 | 1);
	/* S2VMID; S2T0SZ 20, SL0 2, IR0, OR0, SH0, PS 4, AA64, R */
	CHECK_EQ(ste.q[2], 0x040c359400000003);
	CHECK_EQ(ste.q[3], 0x812345000);
	c.coherent = false;
	c.levels = 3;
	c.input_bits = 39;
	smmu_encode_ste(&c, &ste);
	CHECK_EQ(ste.q[2], 0x040c005900000003);
}

TEST(smmu_leaf_bits)
{
	struct iommu_table t = {.format = &smmu_stage1_format, .levels = 4, .leaf_level = 3};
	bool ignored;

	fake_memory_init();
	for (unsigned int two = 0; two < 2; two++) {
		const uint64_t *table;

		t.format = two ? &smmu_stage2_format : &smmu_stage1_format;
		CHECK_EQ(iommu_table_init(&t), 0);
		CHECK_EQ(iommu_table_set(&t, 1, 0x55, 1, 3, &ignored), 0);
		CHECK_EQ(iommu_table_set(&t, 2, 0x55, 1, 1, &ignored), 0);
		CHECK_EQ(iommu_table_set(&t, 3, 0x55, 1, 3 | IOMMU_DEVICE, &ignored), 0);
		CHECK_EQ(iommu_table_set(&t, 0x200, 0x400, 512, 3, &ignored), 0);
		table = hpa_to_virt(hpa(t.root[0] & ~0xfffull));
		CHECK_EQ(t.root[0] & 0xfff, 3);
		table = hpa_to_virt(hpa(table[0] & ~0xfffull));
		CHECK_EQ(table[1], two ? 0x400000004007fd : 0x40000000400f41);
		table = hpa_to_virt(hpa(table[0] & ~0xfffull));
		CHECK_EQ(table[0], 0);
		CHECK_EQ(table[1], two ? 0x400000000557ff : 0x40000000055f43);
		CHECK_EQ(table[2], two ? 0x4000000005577f : 0x40000000055fc3);
		CHECK_EQ(table[3], two ? 0x400000000557c7 : 0x40000000055f47);
		iommu_table_destroy(&t);
	}
}

TEST(smmu_events)
{
	struct smmu_event e = {{0x8000000013, 1ull << 35, 0x40200000, 0}};
	struct iommu_fault f;
	uint32_t sid;

	smmu_decode_event(&e, &f, &sid);
	CHECK_EQ(sid, 0x80);
	CHECK_EQ(f.kind, IOMMU_FAULT_DMA);
	CHECK_TRUE(!f.write);
	CHECK_EQ(f.address, 0x40200000);
	e.q[1] = 0;
	smmu_decode_event(&e, &f, &sid);
	CHECK_TRUE(f.write);
	e.q[0] = 2;
	smmu_decode_event(&e, &f, &sid);
	CHECK_EQ(f.kind, IOMMU_FAULT_STREAM);
	for (e.q[0] = 0; e.q[0] < 256; e.q[0]++) {
		smmu_decode_event(&e, &f, &sid);
		CHECK_TRUE(f.what && f.code == e.q[0]);
	}
}

/* Streams and commands ----------------------------------------------------------------------------
 */

TEST(smmu_streams)
{
	struct smmu_ste ste = {{1, 2, 3}};
	uint64_t before;

	for (unsigned int two = 0; two < 2; two++) {
		unit_start(two, 8);
		CHECK_EQ(smmu_streams_init(&hw.unit, 0xffff), 0);
		CHECK_EQ(hw.unit.two_level, two);
		CHECK_EQ(smmu_strtab_cfg(&hw.unit), two ? 16 | 8 << 6 | 1 << 16 : 16);
		CHECK_TRUE(!stream(0x1234) || !stream(0x1234)->q[0]);
		CHECK_EQ(smmu_streams_set(&hw.unit, 0x1234, 3, &ste), 0);
		CHECK_EQ(stream(0x1233)->q[0], 0);
		CHECK_EQ(stream(0x1236)->q[2], 3);
		CHECK_EQ(stream(0x1237)->q[0], 0);
		/* Across a block; what stood there stays. */
		CHECK_EQ(smmu_streams_set(&hw.unit, 0x12f0, 0x20, &ste), 0);
		CHECK_EQ(stream(0x12ff)->q[1], 2);
		CHECK_EQ(stream(0x130f)->q[1], 2);
		CHECK_EQ(stream(0x1310)->q[0], 0);
		CHECK_EQ(stream(0x1235)->q[0], 1);
		before = page_free_count();
		CHECK_EQ(smmu_streams_set(&hw.unit, 0, 0x10000, &ste), 0);
		/* One second level for all. */
		CHECK_TRUE(!two || before - page_free_count() == 4);
		CHECK_EQ(stream(0xffff)->q[1], 2);
		CHECK_EQ(stream(0)->q[1], 2);
		CHECK_EQ(smmu_streams_set(&hw.unit, 0x77, 1, &ste), 0);
		CHECK_EQ(smmu_streams_set(&hw.unit, 0xffff, 2, &ste), -EINVAL);
		CHECK_EQ(smmu_streams_set(&hw.unit, 0x10000, 1, &ste), -EINVAL);
		CHECK_EQ(smmu_streams_set(&hw.unit, 1, ~0u, &ste), -EINVAL);
	}
	unit_start(true, 8);
	CHECK_EQ(smmu_streams_init(&hw.unit, 0x10000), -EINVAL);
	hw.unit.idr1 = 32;
	CHECK_EQ(smmu_streams_init(&hw.unit, ~0u), -EINVAL);
	CHECK_EQ(smmu_streams_init(&hw.unit, 0xffffff), 0);
	hw.unit.idr0 = 0;
	CHECK_EQ(smmu_streams_init(&hw.unit, 0x10000), -EINVAL);
	CHECK_EQ(smmu_streams_init(&hw.unit, 0), 0);
	CHECK_EQ(hw.unit.sid_bits, 1);
}

TEST(smmu_commands_go_round)
{
	struct smmu_command c[SMMU_FLUSH_MAX];
	unsigned int n = smmu_encode_flush(false, 5, 0x1000, SMMU_FLUSH_MAX, c), before;
	const char *why = NULL;

	CHECK_EQ(n, SMMU_FLUSH_MAX);
	CHECK_EQ(smmu_encode_flush(false, 5, 0x1000, SMMU_FLUSH_MAX + 1, c), 1);
	CHECK_EQ(c[0].q[0], 0x0005000000000011);
	CHECK_EQ(smmu_encode_flush(true, 5, 0, 0, c), 1);
	CHECK_EQ(c[0].q[0], 0x0000000500000028);
	CHECK_EQ(smmu_encode_flush(true, 5, 0x1234, 1, c), 1);
	CHECK_EQ(c[0].q[0], 0x000000050000002a);
	CHECK_EQ(c[0].q[1], 0x1234000);
	unit_start(false, 6);
	for (unsigned int i = 0; i < 1000; i++) {
		n = smmu_encode_flush(i & 1, 5, i, 1 + i % SMMU_FLUSH_MAX, c);
		before = hw.commands;
		CHECK_TRUE(smmu_try_run(&hw.unit, c, n, &why));
		CHECK_EQ(hw.commands - before, n + 1);
		CHECK_EQ(hw.syncs, i + 1);
	}
}

static void run_anything(void *arg)
{
	const struct smmu_command c = smmu_forget_tables();

	smmu_run_everywhere(&c, 1);
}

TEST(smmu_that_does_not_answer)
{
	struct smmu_command bad = {{0xfe, 0}};
	const char *why = NULL;

	unit_start(false, 8);
	CHECK_TRUE(!smmu_try_run(&hw.unit, &bad, 1, &why));
	CHECK_STR(why, "a command that it does not know");
	unit_start(false, 8);
	hw.dead = true;
	bad = smmu_forget_streams();
	CHECK_TRUE(!smmu_try_run(&hw.unit, &bad, 1, &why));
	CHECK_STR(why, "no end of its commands within 100 ms");
	CHECK_PANICS(run_anything, NULL);
}

/* What devices see --------------------------------------------------------------------------------
 */

static struct smmu_cd *cd_frame(void)
{
	fake_memory_init();
	return page_alloc_virt();
}

static void own_memory(bool two)
{
	struct smmu_cd *cd = cd_frame();
	struct smmu_ste ste;
	struct domain *d = domain_start(two, cd, &ste);

	enter_now(d, 0x100, 0x100, P2M_RAM_RW);
	enter_now(d, 0x101, 0x101, P2M_RAM_RO);
	CHECK_EQ(transfer(7, 0x100, true), 0x100);
	CHECK_EQ(transfer(7, 0x101, false), 0x101);
	CHECK_EQ(transfer(7, 0x101, true), -0x13);
	CHECK_EQ(transfer(7, 0x102, false), -0x10);
	CHECK_EQ(transfer(8, 0x100, false), -4);
	CHECK_EQ(transfer(0x1ff, 0x100, false), -2);
	/* Registers are not for devices, but for the messages' page. */
	enter_now(d, 0x102, 0x102, P2M_MMIO);
	CHECK_EQ(transfer(7, 0x102, true), -0x10);
	CHECK_EQ(transfer(7, DOORBELL, true), -0x10);
	CHECK_EQ(p2m_dma_map_doorbells(d), 0);
	enter_now(d, DOORBELL, DOORBELL, P2M_MMIO);
	CHECK_EQ(transfer(7, DOORBELL, true), DOORBELL);
	enter_now(d, DOORBELL, 0x222, P2M_FOREIGN);
	CHECK_EQ(transfer(7, DOORBELL, true), 0x222);
	enter_now(d, DOORBELL, 0, P2M_INVALID);
	CHECK_EQ(transfer(7, DOORBELL, true), DOORBELL);
	/* What goes is gone when the batch is flushed, not before it is told. */
	CHECK_TRUE(enter(d, 0x100, 0, P2M_INVALID));
	CHECK_EQ(transfer(7, 0x100, true), 0x100);
	iommu_flush(d);
	CHECK_EQ(transfer(7, 0x100, true), -0x10);
	domain_end(d);
}

TEST(smmu_own_memory)
{
	own_memory(false);
	own_memory(true);
}

TEST(smmu_grants_stand_at_their_machine_address)
{
	struct smmu_cd *cd = cd_frame();
	struct smmu_ste ste;
	struct domain *d = domain_start(false, cd, &ste);

	enter_now(d, 0x300, 0x900, P2M_GRANT_RO);
	CHECK_EQ(transfer(7, 0x300, false), -0x10);
	CHECK_EQ(transfer(7, 0x900, false), 0x900);
	CHECK_EQ(transfer(7, 0x900, true), -0x13);
	enter_now(d, 0x301, 0x900, P2M_GRANT_RW);
	CHECK_EQ(transfer(7, 0x900, true), 0x900);
	CHECK_TRUE(enter(d, 0x301, 0, P2M_INVALID));
	iommu_flush(d);
	CHECK_EQ(transfer(7, 0x900, true), -0x13);
	CHECK_EQ(transfer(7, 0x900, false), 0x900);
	/* Another grant in the same place. */
	enter_now(d, 0x300, 0x901, P2M_GRANT_RW);
	CHECK_EQ(transfer(7, 0x900, false), -0x10);
	CHECK_EQ(transfer(7, 0x901, true), 0x901);
	enter_now(d, 0x300, 0, P2M_INVALID);
	CHECK_EQ(transfer(7, 0x901, false), -0x10);
	domain_end(d);
}

TEST(smmu_grant_at_a_foreign_frames_place)
{
	struct smmu_cd *cd = cd_frame();
	struct smmu_ste ste;
	struct domain *d = domain_start(false, cd, &ste);

	enter_now(d, 0x500, 0xaaa, P2M_FOREIGN);
	CHECK_EQ(transfer(7, 0x500, true), 0xaaa);
	/* The frame whose number that is gets granted: it is what devices see, read-only. */
	enter_now(d, 0x310, 0x500, P2M_GRANT_RO);
	CHECK_EQ(transfer(7, 0x500, false), 0x500);
	CHECK_EQ(transfer(7, 0x500, true), -0x13);
	enter_now(d, 0x500, 0xbbb, P2M_FOREIGN);
	CHECK_EQ(transfer(7, 0x500, false), 0x500);
	enter_now(d, 0x310, 0, P2M_INVALID);
	CHECK_EQ(transfer(7, 0x500, true), 0xbbb);
	enter_now(d, 0x310, 0x500, P2M_GRANT_RW);
	enter_now(d, 0x500, 0, P2M_INVALID);
	CHECK_EQ(transfer(7, 0x500, true), 0x500);
	enter_now(d, 0x310, 0, P2M_INVALID);
	CHECK_EQ(transfer(7, 0x500, false), -0x10);
	/* A page of its own, granted to itself, is still its own. */
	enter_now(d, 0x600, 0x600, P2M_RAM_RW);
	enter_now(d, 0x311, 0x600, P2M_GRANT_RO);
	CHECK_EQ(transfer(7, 0x600, true), 0x600);
	enter_now(d, 0x311, 0, P2M_INVALID);
	CHECK_EQ(transfer(7, 0x600, true), 0x600);
	domain_end(d);
}

#define FRAMES 64u

/* Random changes of the map; a device sees what grants and map say, once a batch is flushed. */
TEST(smmu_random_changes)
{
	static enum p2m_type types[2 * FRAMES];
	static uint64_t frames[2 * FRAMES];
	struct unit_random r = {7};
	struct smmu_cd *cd = cd_frame();
	struct smmu_ste ste;
	struct domain *d = domain_start(true, cd, &ste);
	bool due = false;

	for (unsigned int n = 0; n < 20000; n++) {
		static const enum p2m_type kinds[] = {P2M_INVALID, P2M_FOREIGN, P2M_GRANT_RO,
						      P2M_GRANT_RW};
		unsigned int g = unit_random(&r) % (2 * FRAMES), rw = 0;
		enum p2m_type t = kinds[unit_random(&r) % ARRAY_SIZE(kinds)];
		uint64_t m = 1 + unit_random(&r) % FRAMES, probe;
		int64_t want = -0x10, got;

		due |= enter(d, g + 1, t == P2M_INVALID ? 0 : m, t);
		types[g] = t;
		frames[g] = m;
		if (unit_random(&r) % 4) {
			continue;
		}
		if (due) {
			iommu_flush(d);
			due = false;
		}
		probe = 1 + unit_random(&r) % (2 * FRAMES);
		for (unsigned int i = 0; i < 2 * FRAMES; i++) {
			if (p2m_is_grant(types[i]) && frames[i] == probe) {
				rw |= types[i] == P2M_GRANT_RW ? 3 : 1;
			}
		}
		if (rw) {
			want = (int64_t)probe;
			if (types[probe - 1] == P2M_FOREIGN && frames[probe - 1] == probe) {
				rw = 3;
			}
		} else if (types[probe - 1] == P2M_FOREIGN) {
			want = (int64_t)frames[probe - 1];
			rw = 3;
		}
		got = transfer(7, probe, false);
		CHECK_EQ(got, want);
		got = transfer(7, probe, true);
		CHECK_EQ(got, rw == 1 ? -0x13 : want);
	}
	domain_end(d);
}
