/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's ITSs: vlpi.c, vits*.c and the virtual GIC below them, against an ITS of the
 * machine that is played here and takes nothing wrong, and list registers that are an array.
 */
#include "unit.h"
#include "vgic.h"
#include "../../hypervisor/arch/arm64/vlpi_parts.h"
#include <asm/gic.h>
#include <asm/mmio.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>

void *calloc(size_t count, size_t size);
void free(void *p);

#define ITS_BASE      0x8080000ULL
#define UNITS	      2u
#define VCPUS	      3u
#define LRS	      4u
#define GUEST_SIZE    0x200000u
#define QUEUE_AT      0x0u
#define PROPERTIES_AT 0x100000u
#define DEVICE_BITS   10u

#define CTLR	0x0u
#define TYPER	0x8u
#define CBASER	0x80u
#define CWRITER 0x88u
#define CREADR	0x90u

/* The machine ------------------------------------------------------------------------------- */

struct its_device {
	unsigned int its, bits;
	uint32_t id;
	struct its_device *next;
	uint16_t lpi[1u << ITS_EVENT_BITS]; /* 0: none */
};

static struct its_device *hw_devices;
static bool hw_enabled[LPI_COUNT], hw_pending[LPI_COUNT];
static uint8_t hw_cpu[LPI_COUNT];
static unsigned int hw_asked[UNITS], hw_mapped, allocations;
static uint8_t guest[GUEST_SIZE];
static uint64_t lrs[VCPUS][LRS];
static uint32_t hcr[VCPUS];
static struct cpu machine_cpus[VCPUS];
static unsigned int running, kicks;
static struct domain dom;
static struct vcpu vcpus[VCPUS], *vcpu_list[VCPUS];
static mmio_fn *its_fn;
static void *its_opaque[UNITS];
static struct timer *armed;

struct domain *service_domain;
_Thread_local bool fake_irqs_off;

void *hv_alloc(size_t size)
{
	allocations++;
	return calloc(1, size);
}

void hv_free(void *p)
{
	allocations -= p != NULL;
	free(p);
}

struct cpu *this_cpu(void)
{
	return &machine_cpus[running];
}

unsigned int its_count(void)
{
	return UNITS;
}

void its_get_facts(unsigned int its, struct its_facts *out)
{
	*out = (struct its_facts){ITS_BASE + its * 0x100000ULL, DEVICE_BITS, ITS_EVENT_BITS};
}

struct its_device *its_device_map(unsigned int its, uint32_t id, unsigned int event_bits, int *err)
{
	struct its_device *d = calloc(1, sizeof(*d));

	CHECK_TRUE(its < UNITS && id < 1u << DEVICE_BITS && event_bits &&
		   event_bits <= ITS_EVENT_BITS);
	for (struct its_device *o = hw_devices; o; o = o->next) {
		CHECK_TRUE(o->its != its || o->id != id);
	}
	d->its = its;
	d->id = id;
	d->bits = event_bits;
	d->next = hw_devices;
	hw_devices = d;
	hw_asked[its]++;
	return d;
}

void its_device_unmap(struct its_device *d)
{
	struct its_device **link = &hw_devices;

	for (unsigned int i = 0; i < 1u << d->bits; i++) {
		CHECK_EQ(d->lpi[i], 0);
	}
	while (*link != d) {
		link = &(*link)->next;
	}
	*link = d->next;
	free(d);
}

static bool hw_settle(struct its_device *d, uint32_t event)
{
	uint32_t n = d->lpi[event] - LPI_FIRST;

	if (!hw_pending[n] || !hw_enabled[n]) {
		return false;
	}
	hw_pending[n] = false;
	vlpi_inject(LPI_FIRST + n);
	return true;
}

static uint16_t *hw_event(struct its_device *d, uint32_t event)
{
	CHECK_TRUE(event < 1u << d->bits);
	hw_asked[d->its]++;
	return &d->lpi[event];
}

void its_event_map(struct its_device *d, uint32_t event, uint32_t lpi, unsigned int cpu)
{
	uint16_t *e = hw_event(d, event);

	CHECK_TRUE(!*e && lpi >= LPI_FIRST && lpi - LPI_FIRST < LPI_COUNT && cpu < VCPUS);
	for (struct its_device *o = hw_devices; o; o = o->next) {
		for (unsigned int i = 0; i < 1u << o->bits && o->bits < 6; i++) {
			CHECK_TRUE(o->lpi[i] != lpi);
		}
	}
	*e = (uint16_t)lpi;
	hw_cpu[lpi - LPI_FIRST] = (uint8_t)cpu;
	hw_mapped++;
	CHECK_TRUE(!hw_enabled[lpi - LPI_FIRST] && !hw_pending[lpi - LPI_FIRST]);
}

void its_event_move(struct its_device *d, uint32_t event, unsigned int cpu)
{
	uint16_t *e = hw_event(d, event);

	CHECK_TRUE(*e && cpu < VCPUS);
	hw_cpu[*e - LPI_FIRST] = (uint8_t)cpu;
}

void its_event_set_enabled(struct its_device *d, uint32_t event, uint32_t lpi, bool on)
{
	CHECK_EQ(*hw_event(d, event), lpi);
	hw_enabled[lpi - LPI_FIRST] = on;
	hw_settle(d, event);
}

void its_event_clear(struct its_device *d, uint32_t event)
{
	CHECK_TRUE(*hw_event(d, event));
	hw_pending[d->lpi[event] - LPI_FIRST] = false;
}

void its_event_discard(struct its_device *d, uint32_t event)
{
	uint16_t *e = hw_event(d, event);

	CHECK_TRUE(*e && !hw_enabled[*e - LPI_FIRST]);
	hw_pending[*e - LPI_FIRST] = false;
	*e = 0;
	hw_mapped--;
}

bool its_finish(unsigned int its)
{
	hw_asked[its] = 0;
	return true;
}

/* A device writes. */
static void hw_message(unsigned int its, uint32_t id, uint32_t event)
{
	for (struct its_device *d = hw_devices; d; d = d->next) {
		if (d->its == its && d->id == id && event < 1u << d->bits && d->lpi[event]) {
			hw_pending[d->lpi[event] - LPI_FIRST] = true;
			hw_settle(d, event);
			return;
		}
	}
}

/* The rest of the hypervisor ---------------------------------------------------------------- */

int guest_read_gpa(struct domain *d, void *dst, gpa_t src, size_t len)
{
	if (src.v >= GUEST_SIZE || len > GUEST_SIZE - src.v) {
		return -EFAULT;
	}
	memcpy(dst, guest + src.v, len);
	return 0;
}

int mmio_register(struct domain *d, uint64_t start, uint64_t size, mmio_fn *fn, void *opaque)
{
	CHECK_EQ(size, 0x20000);
	its_fn = fn;
	its_opaque[(start - ITS_BASE) / 0x100000] = opaque;
	return 0;
}

void vcpu_kick(struct vcpu *v)
{
	kicks++;
}

void timer_init(struct timer *t, void (*fn)(void *data), void *data, unsigned int cpu)
{
	t->fn = fn;
	t->data = data;
}

void timer_set(struct timer *t, nstime_t expires)
{
	armed = t;
}

nstime_t time_now(void)
{
	return 0;
}

unsigned int gic_version(void)
{
	return 3;
}

void gic_guest_line(unsigned int intid, bool enabled, bool level, const struct vcpu *v)
{
	CHECK_TRUE(intid < VGIC_LPIS);
}

void gic_deactivate(unsigned int intid)
{
	CHECK_TRUE(intid < VGIC_LPIS);
}

void gic_set_ppi_active(unsigned int intid, bool active)
{
}

int vgic_v2_init(struct domain *d)
{
	return -EINVAL;
}

int vgic_v3_init(struct domain *d)
{
	return vlpi_domain_init(d);
}

/* List registers: INTID, pending in bit 62, active in bit 63. */
static uint64_t lr_encode(const struct gic_lr *lr)
{
	CHECK_TRUE(lr->intid < VGIC_LPIS || !(lr->hw || lr->active));
	return lr->intid | (uint64_t)lr->pending << 62 | (uint64_t)lr->active << 63;
}

static void lr_decode(uint64_t raw, struct gic_lr *out)
{
	*out =
	    (struct gic_lr){.intid = (uint32_t)raw, .pending = raw >> 62 & 1, .active = raw >> 63};
}

static uint64_t lr_read(unsigned int n)
{
	return lrs[running][n];
}

static void lr_write(unsigned int n, uint64_t raw)
{
	lrs[running][n] = raw;
}

static void write_hcr(uint32_t v)
{
	hcr[running] = v;
}

static void reset(struct vgic_vcpu *g)
{
}

static const struct gic_ops ops = {
    .version = 3,
    .encode = lr_encode,
    .decode = lr_decode,
    .read_lr = lr_read,
    .write_lr = lr_write,
    .write_hcr = write_hcr,
    .reset = reset,
};
const struct gic_ops *gic = &ops;
unsigned int gic_lrs = LRS;

/* The guest --------------------------------------------------------------------------------- */

static uint64_t reg(unsigned int its, uint32_t off, unsigned int size, bool write, uint64_t value)
{
	struct mmio_access a = {ITS_BASE + its * 0x100000ULL + off, size, write, value};

	CHECK_TRUE(its_fn(&vcpus[0], &a, its_opaque[its]));
	return a.value;
}

static bool redist(unsigned int id, uint32_t off, unsigned int size, bool write, uint64_t *value)
{
	struct mmio_access a = {off, size, write, *value};
	bool taken = vlpi_redist_access(&vcpus[id], &a, off);

	*value = a.value;
	return taken;
}

static void redist_write(unsigned int id, uint32_t off, uint64_t value)
{
	CHECK_TRUE(redist(id, off, off ? 8 : 4, true, &value));
}

/* One command, carried out. */
static void command(unsigned int its, uint64_t a, uint64_t b, uint64_t c)
{
	uint32_t at = (uint32_t)reg(its, CWRITER, 8, false, 0);
	uint64_t cmd[4] = {a, b, c, 0};

	memcpy(guest + QUEUE_AT + its * 0x10000 + at, cmd, sizeof(cmd));
	at = (at + 32) % 0x10000;
	reg(its, CWRITER, 8, true, at);
	for (unsigned int n = 0; reg(its, CREADR, 8, false, 0) != at; n++) {
		CHECK_TRUE(n < 1000);
	}
	CHECK_EQ(hw_asked[its], 0);
}

#define VALID (1ULL << 63)
static void mapd(uint64_t dev, unsigned int bits)
{
	command(0, 8 | dev << 32, bits - 1, bits ? VALID | 0x5000 : 0);
}

static void mapc(uint64_t collection, uint64_t vcpu)
{
	command(0, 9, 0, VALID | vcpu << 16 | collection);
}

static void mapti(uint64_t dev, uint64_t event, uint64_t lpi, uint64_t collection)
{
	command(0, 0xa | dev << 32, lpi << 32 | event, collection);
}

static void on_event(unsigned int what, uint64_t dev, uint64_t event, uint64_t collection)
{
	command(0, what | dev << 32, event, collection);
}
#define MOVI	1u
#define INT	3u
#define CLEAR	4u
#define INV	0xcu
#define DISCARD 0xfu

static void property(uint32_t lpi, uint8_t v)
{
	guest[PROPERTIES_AT + lpi - LPI_FIRST] = v;
}

/* vCPU i enters: what its list registers then have pending, by number; 0: nothing. */
static unsigned int enter(unsigned int i, uint32_t *first)
{
	unsigned int count = 0;

	running = i;
	*first = 0;
	if (READ_ONCE(vcpus[i].arch.vgic.work)) {
		vgic_sync(&vcpus[i]);
	}
	for (unsigned int n = 0; n < LRS; n++) {
		if (lrs[i][n] >> 62 & 1) {
			*first = *first ? *first : (uint32_t)lrs[i][n];
			count++;
		}
	}
	return count;
}

/* It takes one; and the register stays empty, or (of an LPI, what the CPU may do) active for a
 * while. */
static void take(unsigned int i, bool active)
{
	for (unsigned int n = 0; n < LRS; n++) {
		if (lrs[i][n] >> 62 & 1) {
			lrs[i][n] = active ? (uint32_t)lrs[i][n] | VALID : 0;
			return;
		}
	}
}

static void expect(unsigned int i, uint32_t lpi)
{
	uint32_t got;

	CHECK_EQ(enter(i, &got), lpi != 0);
	CHECK_EQ(got, lpi);
	take(i, false);
}

/* The service VM lives as long as the machine, so nobody else gives its memory back. */
static void forget(void)
{
	struct vlpi_domain *l = dom.arch.vgic.lpis;

	for (unsigned int i = 0; l && i < ARRAY_SIZE(l->chunks); i++) {
		hv_free(l->chunks[i]);
	}
	hv_free(l ? l->its : NULL);
	hv_free(l);
	dom.arch.vgic.lpis = NULL;
	vgic_domain_destroy(&dom);
}

static void start(void)
{
	uint8_t version = XEN_DOMCTL_CONFIG_GIC_NATIVE;

	forget();
	memset(guest, 0, sizeof(guest));
	memset(lrs, 0, sizeof(lrs));
	memset(hw_enabled, 0, sizeof(hw_enabled));
	memset(hw_pending, 0, sizeof(hw_pending));
	hw_devices = NULL;
	hw_mapped = running = 0;
	armed = NULL;
	memset(&dom, 0, sizeof(dom));
	memset(vcpus, 0, sizeof(vcpus));
	dom.max_vcpus = VCPUS;
	dom.is_service = true;
	dom.vcpu = vcpu_list;
	service_domain = &dom;
	CHECK_EQ(vgic_domain_init(&dom, &version, 32), 0);
	dom.arch.vgic.enabled = true;
	for (unsigned int i = 0; i < VCPUS; i++) {
		vcpu_list[i] = &vcpus[i];
		vcpus[i].domain = &dom;
		vcpus[i].id = vcpus[i].cpu = i;
		machine_cpus[i].id = i;
		machine_cpus[i].running = &vcpus[i];
		vgic_vcpu_init(&vcpus[i]);
	}
	for (unsigned int i = 0; i < VCPUS; i++) {
		redist_write(i, 0x70, PROPERTIES_AT | 13);
		redist_write(i, 0x78, 0x180000);
		redist_write(i, 0, 1);
	}
	for (unsigned int i = 0; i < UNITS; i++) {
		reg(i, CBASER, 8, true, VALID | (QUEUE_AT + i * 0x10000) | 15);
		reg(i, CTLR, 4, true, 1);
	}
}

static void stop(void)
{
	while (hw_devices) {
		command(hw_devices->its, 8 | (uint64_t)hw_devices->id << 32, 0, 0);
	}
	CHECK_EQ(hw_mapped, 0);
	CHECK_EQ(dom.arch.vgic.lpis->device_count, 0);
	CHECK_EQ(dom.arch.vgic.lpis->event_count, 0);
}

/* ------------------------------------------------------------------------------------------- */

TEST(vits_registers)
{
	uint64_t v = 0;

	start();
	CHECK_EQ(reg(0, TYPER, 8, false, 0) & 1, 1);
	CHECK_EQ(reg(0, TYPER, 8, false, 0) >> 13 & 0x1f, DEVICE_BITS - 1);
	CHECK_EQ(reg(0, TYPER, 4, false, 0) >> 8 & 0x1f, ITS_EVENT_BITS - 1);
	CHECK_EQ(reg(0, TYPER + 4, 4, false, 0), 0);
	CHECK_EQ(reg(0, 4, 4, false, 0) & 0xffffffff, 0x43b);
	CHECK_EQ(reg(0, 0xffe8, 4, false, 0), 0x30);
	CHECK_EQ(reg(0, 0x100, 8, false, 0), 0);
	CHECK_EQ(reg(0, 0x10040, 4, false, 7), 0);
	/* Enabled, it keeps its queue; a place beyond the queue is none. */
	reg(0, CBASER, 8, true, 0);
	CHECK_EQ(reg(0, CBASER, 8, false, 0), (long long)(VALID | QUEUE_AT | 15));
	reg(0, CWRITER, 8, true, 0x10000);
	CHECK_EQ(reg(0, CWRITER, 8, false, 0), 0);
	CHECK_TRUE(redist(0, 0, 4, false, &v));
	CHECK_EQ(v, 3);
	/* And so does a redistributor, until its LPIs are off. */
	redist_write(0, 0x70, 0);
	v = 0;
	CHECK_TRUE(redist(0, 0x70, 8, false, &v));
	CHECK_EQ(v, PROPERTIES_AT | 13);
	v = 0;
	CHECK_TRUE(redist(0, 0x74, 4, false, &v));
	CHECK_EQ(v, 0);
	v = 0;
	CHECK_TRUE(!redist(0, 0x14, 4, false, &v));
	stop();
}

TEST(vits_message)
{
	start();
	mapc(1, 1);
	mapd(5, 3);
	property(8192 + 100, 0xa1);
	mapti(5, 2, 8192 + 100, 1);
	CHECK_EQ(hw_cpu[100], 1);
	hw_message(0, 5, 2);
	expect(0, 0);
	expect(1, 8192 + 100);
	expect(1, 0);
	/* Each message once, however the register is left when it was taken. */
	hw_message(0, 5, 2);
	hw_message(0, 5, 2);
	expect(1, 8192 + 100);
	expect(1, 0);
	/* Another ITS's device of that number is another. */
	hw_message(1, 5, 2);
	expect(1, 0);
	on_event(INT, 5, 2, 0);
	expect(1, 8192 + 100);
	on_event(INT, 5, 3, 0);
	expect(1, 0);
	stop();
	hw_message(0, 5, 2);
	vlpi_inject(8192 + 100);
	vlpi_inject(8192);
	vlpi_inject(0xffffff);
	expect(1, 0);
}

TEST(vits_lpi_taken_is_not_active)
{
	uint32_t got;

	start();
	mapc(1, 1);
	mapd(5, 3);
	property(8192, 0xa1);
	mapti(5, 2, 8192, 1);
	hw_message(0, 5, 2);
	CHECK_EQ(enter(1, &got), 1);
	take(1, true);
	hw_message(0, 5, 2);
	CHECK_EQ(enter(1, &got), 1);
	CHECK_EQ(got, 8192);
	/* Moved meanwhile, the next one goes where it is now. */
	mapc(2, 2);
	take(1, true);
	on_event(MOVI, 5, 2, 2);
	CHECK_EQ(hw_cpu[0], 2);
	hw_message(0, 5, 2);
	CHECK_EQ(enter(1, &got), 0);
	expect(2, 8192);
	/* Not taken when it moves, it goes along. */
	hw_message(0, 5, 2);
	CHECK_EQ(enter(2, &got), 1);
	on_event(MOVI, 5, 2, 1);
	CHECK_EQ(enter(2, &got), 0);
	expect(1, 8192);
	stop();
}

TEST(vits_property)
{
	start();
	mapc(0, 0);
	mapd(7, 1);
	mapti(7, 0, 9000, 0);
	hw_message(0, 7, 0);
	expect(0, 0);
	CHECK_TRUE(hw_pending[9000 - LPI_FIRST] && !hw_enabled[9000 - LPI_FIRST]);
	property(9000, 0x43);
	expect(0, 0);
	on_event(INV, 7, 0, 0);
	expect(0, 9000);
	CHECK_EQ(vlpi_find(&dom, 9000)->irq.priority, 0x40);
	/* INVALL of its collection, not of another. */
	property(9000, 0);
	command(0, 0xd, 0, 1);
	CHECK_TRUE(hw_enabled[9000 - LPI_FIRST]);
	command(0, 0xd, 0, 0);
	CHECK_TRUE(!hw_enabled[9000 - LPI_FIRST]);
	/* What was raised while it was off comes when it is on; what was cleared does not. */
	on_event(INT, 7, 0, 0);
	expect(0, 0);
	property(9000, 1);
	on_event(INV, 7, 0, 0);
	expect(0, 9000);
	property(9000, 0);
	on_event(INV, 7, 0, 0);
	on_event(INT, 7, 0, 0);
	hw_message(0, 7, 0);
	on_event(CLEAR, 7, 0, 0);
	property(9000, 1);
	on_event(INV, 7, 0, 0);
	expect(0, 0);
	/* A table that is shorter, or nowhere. */
	redist_write(0, 0, 0);
	redist_write(0, 0x70, PROPERTIES_AT | 12);
	on_event(INV, 7, 0, 0);
	CHECK_TRUE(!hw_enabled[9000 - LPI_FIRST]);
	redist_write(0, 0x70, 0xffffffffff000ULL | 13);
	on_event(INV, 7, 0, 0);
	CHECK_TRUE(!hw_enabled[9000 - LPI_FIRST]);
	stop();
}

TEST(vits_where_it_goes)
{
	uint32_t got;

	start();
	mapd(1, 2);
	property(8200, 1);
	/* To no vCPU yet. */
	mapti(1, 0, 8200, 4);
	hw_message(0, 1, 0);
	for (unsigned int i = 0; i < VCPUS; i++) {
		expect(i, 0);
	}
	mapc(4, 2);
	CHECK_EQ(hw_cpu[8], 2);
	expect(2, 8200);
	/* LPIs off at that vCPU, and on again. */
	redist_write(2, 0, 0);
	hw_message(0, 1, 0);
	expect(2, 0);
	redist_write(2, 0, 1);
	expect(2, 8200);
	/* What waits moves along; so does the whole collection. */
	hw_message(0, 1, 0);
	mapc(5, 1);
	on_event(MOVI, 1, 0, 5);
	expect(2, 0);
	expect(1, 8200);
	hw_message(0, 1, 0);
	mapc(5, 0);
	expect(1, 0);
	expect(0, 8200);
	/* In a register of another vCPU when it is discarded: that one gets rid of it. */
	hw_message(0, 1, 0);
	CHECK_EQ(enter(0, &got), 1);
	kicks = 0;
	on_event(DISCARD, 1, 0, 0);
	CHECK_TRUE(kicks);
	CHECK_EQ(enter(0, &got), 0);
	hw_message(0, 1, 0);
	expect(0, 0);
	/* No such vCPU. */
	mapc(6, VCPUS);
	CHECK_EQ(dom.arch.vgic.lpis->its[0].collection[6], VITS_NO_VCPU);
	stop();
}

/* A kernel that starts anew maps what another left mapped. */
TEST(vits_anew)
{
	start();
	mapc(0, 0);
	mapd(1, 2);
	mapd(2, 2);
	property(8192, 1);
	property(8193, 1);
	mapti(1, 0, 8192, 0);
	mapti(1, 1, 8193, 0);
	mapti(2, 3, 8192, 0);
	CHECK_EQ(hw_mapped, 2);
	hw_message(0, 1, 0);
	expect(0, 0);
	hw_message(0, 2, 3);
	expect(0, 8192);
	mapti(2, 3, 8193, 0);
	CHECK_EQ(hw_mapped, 1);
	hw_message(0, 2, 3);
	expect(0, 8193);
	mapd(2, 5);
	CHECK_EQ(hw_mapped, 0);
	mapti(2, 31, 8193, 0);
	hw_message(0, 2, 31);
	expect(0, 8193);
	stop();
}

TEST(vits_wrong_commands)
{
	unsigned int lines = unit_log_count;

	start();
	mapc(0, 0);
	mapd(1, 2);
	mapd(1u << DEVICE_BITS, 2);
	mapd(2, ITS_EVENT_BITS + 1);
	mapti(1, 4, 8192, 0);
	mapti(3, 0, 8192, 0);
	mapti(1, 0, 8191, 0);
	mapti(1, 0, LPI_FIRST + LPI_COUNT, 0);
	mapti(1, 0, 0xffffffff, 0);
	mapti(1, 0, 8192, VITS_COLLECTIONS);
	mapc(VITS_COLLECTIONS, 0);
	for (unsigned int what = 0; what < 256; what++) {
		if (what != 8 && what != 9) {
			on_event(what, 1, 1, 0);
			on_event(what, 99, 1, 0);
			on_event(what, 1, 0xffffffff, 0);
			on_event(what, 1, 0, 0xffff);
		}
	}
	CHECK_EQ(hw_mapped, 0);
	CHECK_TRUE(unit_log_count > lines);
	/* A queue that is not there is passed over, and ends. */
	reg(0, CTLR, 4, true, 0);
	reg(0, CBASER, 8, true, VALID | (GUEST_SIZE - 0x1000) | 255);
	reg(0, CTLR, 4, true, 1);
	reg(0, CWRITER, 8, true, 0xfffe0);
	for (unsigned int n = 0; reg(0, CREADR, 8, false, 0) != 0xfffe0; n++) {
		CHECK_TRUE(n < 1000);
	}
	reg(0, CTLR, 4, true, 0);
	reg(0, CBASER, 8, true, VALID | QUEUE_AT | 15);
	reg(0, CTLR, 4, true, 1);
	stop();
}

/* No trap does more than so much, and the rest is done without one. */
TEST(vits_long_queue)
{
	uint64_t cmd[4] = {9, 0, VALID, 0};
	uint32_t before = 0, now;
	unsigned int goes = 0;

	start();
	reg(0, CTLR, 4, true, 0);
	reg(0, CBASER, 8, true, VALID | QUEUE_AT | 255);
	for (unsigned int i = 0; i < 0x8000; i++) {
		memcpy(guest + QUEUE_AT + i * 32, cmd, sizeof(cmd));
	}
	reg(0, CTLR, 4, true, 1);
	reg(0, CWRITER, 8, true, 0xfffe0);
	while (armed) {
		struct timer *t = armed;

		now = dom.arch.vgic.lpis->its[0].read;
		CHECK_TRUE(now > before || !goes);
		CHECK_TRUE(now - before <= 128 * 32);
		before = now;
		armed = NULL;
		t->fn(t->data);
		goes++;
	}
	CHECK_EQ(dom.arch.vgic.lpis->its[0].read, 0xfffe0);
	CHECK_TRUE(goes > 0x8000 / 128 / 2);
	/* And one command that is long: all events of a device. */
	reg(0, CTLR, 4, true, 0);
	reg(0, CBASER, 8, true, VALID | QUEUE_AT | 15);
	reg(0, CTLR, 4, true, 1);
	mapd(1, ITS_EVENT_BITS);
	for (unsigned int i = 0; i < 1u << ITS_EVENT_BITS; i++) {
		property(8192 + i, 1);
		mapti(1, i, 8192 + i, 0);
	}
	CHECK_EQ(hw_mapped, 1u << ITS_EVENT_BITS);
	memcpy(guest + reg(0, CWRITER, 8, false, 0), (uint64_t[]){0xd, 0, 0, 0}, 32);
	now = (uint32_t)reg(0, CWRITER, 8, false, 0);
	reg(0, CWRITER, 8, true, (now + 32) % 0x10000);
	CHECK_EQ(dom.arch.vgic.lpis->its[0].read, now);
	for (goes = 0; reg(0, CREADR, 8, false, 0) == now; goes++) {
	}
	CHECK_TRUE(goes >= (1u << ITS_EVENT_BITS) / 128 - 2 && goes < 40);
	now = (now + 32) % 0x10000;
	memcpy(guest + now, (uint64_t[]){8 | 1ULL << 32, 0, 0, 0}, 32);
	reg(0, CWRITER, 8, true, (now + 32) % 0x10000);
	CHECK_TRUE(hw_mapped > 1800 && hw_mapped < 1u << ITS_EVENT_BITS);
	while (reg(0, CREADR, 8, false, 0) == now) {
	}
	stop();
}

TEST(vits_limits)
{
	unsigned int before;

	start();
	before = allocations;
	for (unsigned int i = 0; i < 1u << DEVICE_BITS; i++) {
		mapd(i, 8);
	}
	CHECK_EQ(dom.arch.vgic.lpis->event_count, VITS_EVENTS_MAX);
	CHECK_EQ(dom.arch.vgic.lpis->device_count, VITS_EVENTS_MAX >> 8);
	stop();
	for (unsigned int i = 0; i < 1u << DEVICE_BITS; i++) {
		mapd(i, 1);
	}
	CHECK_EQ(dom.arch.vgic.lpis->device_count, VITS_DEVICES_MAX);
	command(1, 8, 0, VALID);
	CHECK_EQ(dom.arch.vgic.lpis->device_count, VITS_DEVICES_MAX);
	stop();
	CHECK_EQ(allocations, before);
}

/* Any guest ------------------------------------------------------------------------------------ */

static uint32_t some(struct unit_random *r, uint32_t usual, uint32_t any)
{
	return (uint32_t)(unit_random(r) % (unit_random(r) % 16 ? usual : any));
}

static void random_command(struct unit_random *r, uint64_t *cmd)
{
	static const uint8_t whats[] = {1, 3, 4, 5, 8, 9, 10, 10, 10, 11, 12, 13, 14, 15};

	cmd[0] =
	    unit_random(r) % 16 ? whats[unit_random(r) % sizeof(whats)] : unit_random(r) & 0xff;
	/* Devices go less often than events come. */
	if (cmd[0] == 8 && unit_random(r) % 8) {
		cmd[0] = 10;
	}
	cmd[0] |= (uint64_t)some(r, 6, 1u << 31) << 32;
	cmd[1] = (uint64_t)(some(r, 200, 1u << 31) + LPI_FIRST) << 32 | some(r, 5, 1u << 31);
	cmd[2] = (uint64_t)some(r, VCPUS, 1000) << 16 | some(r, 4, 1u << 16) |
		 (unit_random(r) % 4 ? VALID : 0);
	cmd[3] = unit_random(r);
}

static void check_all(void)
{
	unsigned int mapped = 0;

	for (uint32_t i = 0; i < 200; i++) {
		const struct vlpi *l = vlpi_find(&dom, LPI_FIRST + i);

		if (l && l->dev) {
			mapped++;
			CHECK_TRUE(l->mapped && l->dev->lpi[l->event] == LPI_FIRST + i);
			CHECK_EQ(hw_enabled[i], l->irq.enabled);
		} else {
			CHECK_TRUE(!hw_enabled[i] && (!l || (!l->irq.pending && !l->irq.vcpu)));
		}
	}
	CHECK_TRUE(mapped <= hw_mapped);
	for (unsigned int v = 0; v < VCPUS; v++) {
		for (unsigned int n = 0; n < LRS; n++) {
			for (unsigned int m = 0; m < n; m++) {
				CHECK_TRUE(!(lrs[v][n] >> 62) ||
					   (uint32_t)lrs[v][n] != (uint32_t)lrs[v][m]);
			}
		}
	}
}

TEST(vits_any_guest)
{
	struct unit_random r = {42};
	uint32_t got;

	start();
	for (unsigned int round = 0; round < 300000; round++) {
		unsigned int its = unit_random(&r) % UNITS;
		uint64_t cmd[4], v = unit_random(&r);

		switch (unit_random(&r) % 8) {
		case 0:
			hw_message(its, (uint32_t)v % 6, (uint32_t)(v >> 32) % 5);
			break;
		case 1:
			enter(v % VCPUS, &got);
			check_all();
			break;
		case 2:
			take(v % VCPUS, v >> 32 & 1);
			break;
		case 3:
			property(LPI_FIRST + (uint32_t)v % 200, (uint8_t)(v >> 32));
			break;
		case 4:
			if (v % 32 == 0) {
				unsigned int id = (unsigned int)(v >> 16) % VCPUS;

				v = v >> 8 & 1;
				CHECK_TRUE(redist(id, 0, 4, true, &v));
			} else if (v % 32 == 1) {
				/* Registers with any value; then it works again. */
				uint32_t off = (uint32_t)(v >> 8) % 0x40 * 4;

				reg(its, off, off % 8 || v >> 40 & 1 ? 4 : 8, true,
				    unit_random(&r));
				reg(its, off & ~7u, 8, false, 0);
				reg(its, CTLR, 4, true, 0);
				reg(its, CBASER, 8, true, VALID | (QUEUE_AT + its * 0x10000) | 15);
				reg(its, CTLR, 4, true, 1);
			}
			break;
		default:
			random_command(&r, cmd);
			command(its, cmd[0], cmd[1], cmd[2]);
			break;
		}
	}
	stop();
}
