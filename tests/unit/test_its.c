/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's ITSs, LPIs and GICv2m frames: its.c, its_queue.c, lpi.c, gic_v2m.c against
 * registers that are played here as the architecture has them, with the choices that it leaves.
 */
#include "unit.h"
#include "../../hypervisor/arch/arm64/its_unit.h"
#include <asm/fake.h>
#include <asm/gic.h>
#include <asm/msi.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/uart.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>

char *strstr(const char *text, const char *part);

#define CPUS	   3u
#define ITS_AT	   0x8080000ULL
#define V2M_AT	   0x8020000ULL
#define REDIST_AT  0x80a0000ULL
#define EVENTS_MAX 64u
#define DEVICES	   8u

/* How this machine is, and what it was told. */
static struct {
	unsigned int device_bits, event_bits, entry, page_code;
	bool indirect, shares, pta, physical, never_rests, stalls, dead, no_lpis, lpis_stay;
	uint32_t v2m_typer;
} is;

static struct {
	uint64_t ctlr, cbaser, cwriter, creadr, baser[8];
	uint64_t target[CPUS];
	bool mapped[CPUS];
	unsigned int wrong, syncs;
} hw;
static struct hw_device {
	bool valid;
	uint32_t id;
	unsigned int bits;
	uint64_t itt;
	uint32_t lpi[EVENTS_MAX], cpu[EVENTS_MAX];
} devices[DEVICES];
static struct {
	uint64_t ctlr, propbaser, pendbaser;
} redist[CPUS];
static uint8_t its_regs[0x20000], redist_regs[CPUS][0x20000], v2m_regs[0x1000];
static struct cpu machine_cpus[CPUS];
static unsigned int self, cleaned;

_Thread_local bool fake_irqs_off;
struct platform platform;
struct boot_info boot_info;
unsigned int gic_lines = 256;

struct cpu *this_cpu(void)
{
	return &machine_cpus[self];
}

bool hypercall_should_preempt(void)
{
	return false;
}

volatile void *ioremap(hpa_t a, uint64_t size)
{
	return a.v == V2M_AT ? v2m_regs : its_regs;
}

void cache_clean_range(const void *p, size_t len)
{
	cleaned++;
}

void cache_clean_invalidate_range(const void *p, size_t len)
{
}

volatile uint8_t *gic_v3_redist(unsigned int cpu, uint64_t *pa)
{
	*pa = REDIST_AT + cpu * 0x20000;
	return redist_regs[cpu];
}

uint32_t gic_v3_dist_typer(void)
{
	return is.no_lpis ? 9u << 19 : 1u << 17 | 15u << 19;
}

/* An ITS ----------------------------------------------------------------------------------------
 */

static struct hw_device *device(uint32_t id)
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		if (devices[i].valid && devices[i].id == id) {
			return &devices[i];
		}
	}
	return NULL;
}

/* Is there an entry for it in the table? */
static bool has_entry(uint32_t id)
{
	uint64_t b = hw.baser[0], page = 4096ULL << 2 * (b >> 8 & 3);
	uint64_t size = ((b & 0xff) + 1) * page, base = b & 0xfffffffff000;

	if (id >> is.device_bits || !(b >> 63)) {
		return false;
	}
	if (b >> 62 & 1) {
		uint64_t slot = id / (page / is.entry);

		return slot * 8 < size && *((uint64_t *)hpa_to_virt(hpa(base)) + slot) >> 63;
	}
	return (uint64_t)id * is.entry < size;
}

static bool map_device(const uint64_t *c)
{
	uint32_t id = (uint32_t)(c[0] >> 32);
	struct hw_device *d = device(id);

	if (!has_entry(id)) {
		return false;
	}
	for (unsigned int i = 0; !d && i < DEVICES; i++) {
		d = devices[i].valid ? NULL : &devices[i];
	}
	*d = (struct hw_device){.valid = c[2] >> 63,
				.id = id,
				.bits = (c[1] & 0x1f) + 1,
				.itt = c[2] & 0xfffffffffff00};
	return !d->valid || (d->bits <= is.event_bits && !(c[2] & 0xff) && d->itt);
}

static bool of_event(const uint64_t *c)
{
	struct hw_device *d = device((uint32_t)(c[0] >> 32));
	uint32_t event = (uint32_t)c[1];

	if (!d || event >> d->bits || event >= EVENTS_MAX) {
		return false;
	}
	switch (c[0] & 0xff) {
	case 0x0a:
		if (c[2] >= CPUS || !hw.mapped[c[2]] || c[1] >> 32 < LPI_FIRST) {
			return false;
		}
		d->lpi[event] = (uint32_t)(c[1] >> 32);
		d->cpu[event] = (uint32_t)c[2];
		return true;
	case 0x0f:
		d->lpi[event] = 0;
		return true;
	case 0x01:
		d->cpu[event] = (uint32_t)c[2];
		return c[2] < CPUS && hw.mapped[c[2]] && d->lpi[event];
	default:
		return d->lpi[event];
	}
}

static bool execute(const uint64_t *c)
{
	switch (c[0] & 0xff) {
	case 0x05:
		hw.syncs++;
		return true;
	case 0x08:
		return map_device(c);
	case 0x09:
		if ((c[2] & 0xffff) >= CPUS) {
			return false;
		}
		hw.mapped[c[2] & 0xffff] = c[2] >> 63;
		hw.target[c[2] & 0xffff] = c[2] & 0xfffffffff0000;
		return true;
	default:
		return of_event(c);
	}
}

static void run(void)
{
	while (!is.dead && (hw.ctlr & 1) && hw.creadr != (hw.cwriter & 0xfffe0)) {
		const uint64_t *c =
		    hpa_to_virt(hpa((hw.cbaser & 0xfffffffff000) + (hw.creadr & 0xfffe0)));

		if (!execute(c)) {
			hw.wrong++;
			if (is.stalls) {
				hw.creadr |= 1;
				return;
			}
		}
		hw.creadr = ((hw.creadr & 0xfffe0) + 32) % 0x10000;
	}
}

static uint64_t typer(void)
{
	return (is.physical ? 1 : 0) | 11 << 4 | (is.event_bits - 1) << 8 |
	       (is.device_bits - 1) << 13 | (uint64_t)is.pta << 19;
}

static uint64_t its_read(uint32_t off)
{
	switch (off) {
	case 0x00:
		return hw.ctlr | ((hw.ctlr & 1) || is.never_rests ? 0 : BIT(31));
	case 0x08:
		return typer();
	case 0x80:
		return hw.cbaser;
	case 0x90:
		return hw.creadr;
	default:
		return off >= 0x100 && off < 0x140 ? hw.baser[(off - 0x100) / 8] : 0;
	}
}

static void write_baser(unsigned int i, uint64_t v)
{
	uint64_t fixed = i == 0	  ? 1ULL << 56 | (uint64_t)(is.entry - 1) << 48
			 : i == 1 ? 4ULL << 56 | 7ULL << 48
				  : 0;

	if (!fixed) {
		return;
	}
	if ((v >> 8 & 3) > is.page_code) {
		v = (v & ~(3ULL << 8)) | is.page_code << 8;
	}
	v &= ~((7ULL << 56) | 0x1fULL << 48 | (is.indirect ? 0 : BIT(62)) |
	       (is.shares ? 0 : 3ULL << 10));
	hw.baser[i] = v | fixed;
}

static void its_write(uint32_t off, uint64_t v)
{
	switch (off) {
	case 0x00:
		hw.ctlr = v & 1;
		break;
	case 0x80:
		hw.cbaser = v & ~(is.shares ? 0 : 3ULL << 10);
		hw.creadr = 0;
		break;
	case 0x88:
		hw.cwriter = v & 0xfffe0;
		if ((hw.creadr & 1) && !(v & 1)) {
			return;
		}
		hw.creadr &= ~1ULL;
		run();
		break;
	default:
		if (off >= 0x100 && off < 0x140) {
			write_baser((off - 0x100) / 8, v);
		}
		break;
	}
}

static unsigned int redist_of(const volatile void *p)
{
	return (unsigned int)(((const uint8_t *)p - redist_regs[0]) / 0x20000);
}

uint64_t unit_mmio_read(const volatile void *p, unsigned int size)
{
	const uint8_t *at = (const uint8_t *)p;
	unsigned int cpu;

	if (at == v2m_regs + 8) {
		return is.v2m_typer;
	}
	if (at >= its_regs && at < its_regs + sizeof(its_regs)) {
		return its_read((uint32_t)(at - its_regs));
	}
	cpu = redist_of(p);
	CHECK_TRUE(cpu < CPUS);
	switch (at - redist_regs[cpu]) {
	case 0x00:
		return redist[cpu].ctlr;
	case 0x08:
		return 1 | (cpu + 4) << 8;
	case 0x70:
		return redist[cpu].propbaser;
	default:
		return redist[cpu].pendbaser;
	}
}

void unit_mmio_write(volatile void *p, unsigned int size, uint64_t v)
{
	uint8_t *at = (uint8_t *)p;
	unsigned int cpu;

	if (at >= its_regs && at < its_regs + sizeof(its_regs)) {
		its_write((uint32_t)(at - its_regs), v);
		return;
	}
	cpu = redist_of(p);
	CHECK_TRUE(cpu < CPUS);
	switch (at - redist_regs[cpu]) {
	case 0x00:
		redist[cpu].ctlr = v | (is.lpis_stay ? redist[cpu].ctlr : 0);
		break;
	case 0x70:
		redist[cpu].propbaser = v & ~(is.shares ? 0 : 3ULL << 10);
		break;
	case 0x78:
		redist[cpu].pendbaser = v & ~(is.shares ? 0 : 3ULL << 10);
		break;
	default:
		break;
	}
}

/* Those that came up are never forgotten: ITS_MAX in all tests. A machine as most are, off; the
 * test changes it and then starts it. */
static void machine(void)
{
	fake_memory_init();
	memset(&hw, 0, sizeof(hw));
	memset(devices, 0, sizeof(devices));
	memset(redist, 0, sizeof(redist));
	memset(&platform, 0, sizeof(platform));
	memset(&is, 0, sizeof(is));
	is.device_bits = 16;
	is.event_bits = 16;
	is.entry = 8;
	is.page_code = 2;
	is.indirect = is.shares = is.physical = true;
	is.v2m_typer = 80 << 16 | 64;
	for (unsigned int i = 0; i < 2; i++) {
		write_baser(i, 0);
	}
	for (unsigned int i = 0; i < CPUS; i++) {
		machine_cpus[i].id = i;
	}
	self = 0;
	cleaned = 0;
	platform.gic.msi[0] = (struct platform_msi){.kind = MSI_ITS, .regs = {ITS_AT, 0x20000}};
	platform.gic.msi_count = 1;
	unit_last_log[0] = '\0';
}

static bool comes_up(void)
{
	unsigned int before = its_count();

	its_init();
	CHECK_EQ(its_count() - before, platform.gic.msi[0].usable);
	return platform.gic.msi[0].usable;
}

/* The one that came up last. */
static unsigned int last(void)
{
	return its_count() - 1;
}

static uint8_t *property(uint32_t lpi)
{
	return (uint8_t *)hpa_to_virt(hpa(redist[0].propbaser & 0xffffffffff000)) + lpi - LPI_FIRST;
}

TEST(its_cpus)
{
	struct its_device *d;
	int err;

	machine();
	is.pta = true;
	CHECK_TRUE(comes_up());
	/* All that have come up are told of a CPU: the first test, therefore. */
	CHECK_EQ(its_count(), 1);
	self = 1;
	its_init_cpu();
	CHECK_EQ(redist[1].ctlr, 1);
	CHECK_EQ(redist[1].propbaser, redist[0].propbaser);
	CHECK_TRUE(redist[1].pendbaser != redist[0].pendbaser);
	CHECK_EQ(hw.target[1], REDIST_AT + 0x20000);
	self = 0;
	d = its_device_map(last(), 3, 2, &err);
	its_event_map(d, 0, 8200, 1);
	CHECK_EQ(device(3)->cpu[0], 1);
	/* One that takes none: the first does. */
	its_event_move(d, 0, 2);
	CHECK_EQ(device(3)->cpu[0], 0);
	its_event_discard(d, 0);
	its_device_unmap(d);
	CHECK_EQ(hw.wrong, 0);
}

TEST(its_plain)
{
	struct its_device *d;
	uint64_t frames;
	mfn_t doorbell;
	int err;

	machine();
	CHECK_TRUE(comes_up());
	CHECK_EQ(hw.ctlr, 1);
	CHECK_EQ(redist[0].ctlr, 1);
	CHECK_EQ(redist[0].propbaser & 0x1f, LPI_ID_BITS - 1);
	CHECK_EQ(redist[0].pendbaser & 0xffff & ~0xf80ULL, 0);
	CHECK_EQ(hw.target[0], 4 << 16);
	CHECK_TRUE(gic_msi_frame(0, &doorbell));
	CHECK_EQ(doorbell.v, (ITS_AT + 0x10040) >> 12);
	CHECK_TRUE(!gic_msi_frame(1, &doorbell));
	frames = page_free_count();
	d = its_device_map(last(), 0x18, 5, &err);
	CHECK_TRUE(d && device(0x18) && device(0x18)->bits == 5);
	its_event_map(d, 31, 8192, 0);
	CHECK_EQ(device(0x18)->lpi[31], 8192);
	CHECK_EQ(*property(8192) & 1, 0);
	its_event_set_enabled(d, 31, 8192, true);
	CHECK_EQ(*property(8192), GIC_PRIORITY | 1);
	its_event_clear(d, 31);
	its_event_set_enabled(d, 31, 8192, false);
	CHECK_EQ(*property(8192), GIC_PRIORITY);
	its_event_discard(d, 31);
	CHECK_TRUE(its_finish(last()));
	CHECK_EQ(device(0x18)->lpi[31], 0);
	its_device_unmap(d);
	CHECK_TRUE(!device(0x18));
	CHECK_EQ(page_free_count(), frames);
	CHECK_EQ(hw.wrong, 0);
	CHECK_EQ(cleaned, 0);
	/* What it does not know. */
	CHECK_TRUE(!its_device_map(last(), 1 << 16, 5, &err) && err == -EINVAL);
	CHECK_TRUE(!its_device_map(last(), 1, 0, &err) && err == -EINVAL);
	CHECK_TRUE(!its_device_map(last(), 1, ITS_EVENT_BITS + 1, &err) && err == -EINVAL);
}

TEST(its_many_devices)
{
	struct its_device *d[3];
	uint64_t frames;
	int err;

	machine();
	is.device_bits = 20;
	CHECK_TRUE(comes_up());
	CHECK_TRUE(hw.baser[0] >> 62 & 1);
	frames = page_free_count();
	d[0] = its_device_map(last(), 0xfffff, 1, &err);
	d[1] = its_device_map(last(), 0xffffe, 1, &err);
	d[2] = its_device_map(last(), 0, 1, &err);
	CHECK_EQ(hw.wrong, 0);
	for (unsigned int i = 0; i < 3; i++) {
		CHECK_TRUE(d[i]);
		its_device_unmap(d[i]);
	}
	/* The pages of entries stay. */
	CHECK_EQ(frames - page_free_count(), 32);

	/* Without a second level there are as many as the table has. */
	machine();
	is.device_bits = 20;
	is.indirect = false;
	CHECK_TRUE(comes_up());
	CHECK_TRUE(!its_device_map(last(), 1 << 17, 1, &err) && err == -EINVAL);
	d[0] = its_device_map(last(), (1 << 17) - 1, 1, &err);
	CHECK_TRUE(d[0]);
	its_device_unmap(d[0]);
	CHECK_EQ(hw.wrong, 0);

	/* Small pages, odd entries. */
	machine();
	is.page_code = 0;
	is.entry = 12;
	write_baser(0, 0);
	CHECK_TRUE(comes_up());
	d[0] = its_device_map(last(), 0xffff, 1, &err);
	CHECK_TRUE(d[0]);
	its_device_unmap(d[0]);
	CHECK_EQ(hw.wrong, 0);
}

TEST(its_without_caches)
{
	struct its_device *d;
	unsigned int before;
	int err;

	machine();
	is.shares = false;
	/* Firmware's LPIs can be turned off here. */
	redist[0].ctlr = 1;
	CHECK_TRUE(comes_up());
	CHECK_EQ(hw.cbaser >> 59 & 7, 1);
	CHECK_EQ(hw.baser[0] >> 59 & 7, 1);
	CHECK_EQ(redist[0].propbaser >> 7 & 7, 1);
	d = its_device_map(last(), 1, 1, &err);
	before = cleaned;
	its_event_map(d, 0, 8192, 0);
	CHECK_EQ(cleaned - before, 1);
	its_event_set_enabled(d, 0, 8192, true);
	CHECK_EQ(cleaned - before, 3);
	its_event_set_enabled(d, 0, 8192, false);
	its_event_discard(d, 0);
	its_device_unmap(d);
}

/* The queue's end is passed many times, whether commands are wrong or not. */
TEST(its_refuses)
{
	struct its_device *d;
	unsigned int lines;
	int err;

	machine();
	is.stalls = true;
	CHECK_TRUE(comes_up());
	d = its_device_map(last(), 1, 1, &err);
	for (unsigned int i = 0; i < 5000; i++) {
		its_event_map(d, 0, 8192, 0);
		its_event_discard(d, 0);
	}
	CHECK_EQ(hw.wrong, 0);
	lines = unit_log_count;
	its_event_clear(d, 1);
	its_event_map(d, 0, 8192, 0);
	CHECK_TRUE(its_finish(last()));
	CHECK_EQ(hw.wrong, 1);
	CHECK_EQ(unit_log_count, lines + 1);
	CHECK_TRUE(strstr(unit_last_log, "refuses the command 100000004 1 0"));
	CHECK_EQ(device(1)->lpi[0], 8192);

	/* Dead: told once, and nobody waits again. */
	lines = unit_log_count;
	is.dead = true;
	its_event_discard(d, 0);
	CHECK_TRUE(!its_finish(last()));
	CHECK_EQ(unit_log_count, lines + 1);
	for (unsigned int i = 0; i < 5000; i++) {
		its_event_map(d, 0, 8192, 0);
	}
	CHECK_TRUE(!its_finish(last()));
	CHECK_TRUE(!its_device_map(last(), 2, 1, &err) && err == -EIO);
	its_device_unmap(d);
	CHECK_EQ(unit_log_count, lines + 1);
}

TEST(its_not_used)
{
	mfn_t doorbell;

	machine();
	is.physical = false;
	CHECK_TRUE(!comes_up() && strstr(unit_last_log, "serves no LPIs"));
	CHECK_TRUE(!gic_msi_frame(0, &doorbell));
	machine();
	is.never_rests = true;
	CHECK_TRUE(!comes_up() && strstr(unit_last_log, "does not rest"));
	machine();
	is.dead = true;
	CHECK_TRUE(!comes_up() && strstr(unit_last_log, "takes no commands"));
	machine();
	platform.gic.msi[0].regs.base += 0x1000;
	CHECK_TRUE(!comes_up() && strstr(unit_last_log, "is not two pages"));
	machine();
	platform.gic.msi[0].regs.size = 0x10000;
	CHECK_TRUE(!comes_up() && strstr(unit_last_log, "is not two pages"));
	machine();
	is.no_lpis = true;
	CHECK_TRUE(!comes_up() && strstr(unit_last_log, "the GIC has none"));
	machine();
	redist[0].ctlr = 1;
	is.lpis_stay = true;
	CHECK_TRUE(!comes_up() && strstr(unit_last_log, "firmware left them on"));
}

/* GICv2m ----------------------------------------------------------------------------------------
 */

static bool frame_is_right(uint64_t base, uint64_t size, uint32_t spi_base, uint32_t spi_count)
{
	platform.gic.msi[0] = (struct platform_msi){
	    .kind = MSI_V2M, .regs = {base, size}, .spi_base = spi_base, .spi_count = spi_count};
	gic_v2m_init();
	return platform.gic.msi[0].usable;
}

TEST(v2m_frames)
{
	static const struct uart_model model;
	mfn_t doorbell;

	machine();
	CHECK_TRUE(frame_is_right(V2M_AT, 0x1000, 0, 0));
	CHECK_TRUE(strstr(unit_last_log, "interrupts 80 to 143"));
	CHECK_TRUE(gic_msi_frame(0, &doorbell));
	CHECK_EQ(doorbell.v, V2M_AT >> 12);
	/* The tree's word counts more. */
	CHECK_TRUE(frame_is_right(V2M_AT, 0x1000, 255, 1));
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 255, 2));
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 31, 2));
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 0xffffffff, 2));
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 40, 0xfffffff0));
	is.v2m_typer = 80 << 16;
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 0, 0));
	is.v2m_typer = 1000 << 16 | 64;
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 0, 0));
	is.v2m_typer = 80 << 16 | 64;
	CHECK_TRUE(!frame_is_right(V2M_AT + 0x800, 0x1000, 0, 0));
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x800, 0, 0));
	CHECK_TRUE(!frame_is_right(V2M_AT, MIB(2), 0, 0));
	platform.uart.model = &model;
	platform.uart.intid = 143;
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 0, 0));
	CHECK_TRUE(!gic_msi_frame(0, &doorbell));
	platform.uart.intid = 144;
	CHECK_TRUE(frame_is_right(V2M_AT, 0x1000, 0, 0));
	platform.hidden[0] = (struct platform_region){V2M_AT + 0x800, 0x10};
	platform.hidden_count = 1;
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 0, 0));
	platform.hidden_count = 0;
	boot_info.memory[0] =
	    (struct memory_range){.start = V2M_AT, .end = V2M_AT + MIB(2), .type = MEMORY_RAM};
	boot_info.memory_count = 1;
	CHECK_TRUE(!frame_is_right(V2M_AT, 0x1000, 0, 0));
	boot_info.memory_count = 0;
}
