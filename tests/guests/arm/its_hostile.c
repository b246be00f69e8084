/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 xen=skip "Debian's Xen is built without an ITS" */
/*
 * The service VM's ITS: an LPI comes by INT and by no other way; then any value in its registers
 * and its queue, queues that are too long, that are not memory. Nobody crashes or waits, and
 * afterwards an LPI comes again.
 */
#include "guest.h"

#define GICD	   0x08000000ul
#define GITS	   0x08080000ul
#define GICR	   0x080a0000ul
#define GICD_TYPER 0x004
#define GICR_CTLR  0x000
#define GICR_TYPER 0x008
#define PROPBASER  0x070
#define PENDBASER  0x078
#define GITS_CTLR  0x000
#define GITS_TYPER 0x008
#define CBASER	   0x080
#define CWRITER	   0x088
#define CREADR	   0x090
#define TRANSLATER 0x10040
#define VALID	   (1ull << 63)
#define LPI	   8192u
#define NO_IRQ	   1023u
#define DEVICE	   9ull
#define QUEUE_SIZE 0x10000u
#define LONG_SIZE  0x100000u
#define PROPERTIES 8192u

static uint8_t *properties;
static uint64_t *queue;
static uint64_t seed = 1;

static uint64_t any(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static uint32_t read32(uint64_t a)
{
	return *(volatile uint32_t *)a;
}

static uint64_t read64(uint64_t a)
{
	return *(volatile uint64_t *)a;
}

static void write32(uint64_t a, uint32_t v)
{
	__asm__ volatile("dsb sy" ::: "memory");
	*(volatile uint32_t *)a = v;
}

static void write64(uint64_t a, uint64_t v)
{
	__asm__ volatile("dsb sy" ::: "memory");
	*(volatile uint64_t *)a = v;
}

/* What the CPU would be interrupted by, ended at once. */
static unsigned take(void)
{
	uint64_t id;

	__asm__ volatile("isb; mrs %0, S3_0_C12_C12_0; dsb sy"
			 : "=r"(id)::"memory"); /* ICC_IAR1_EL1 */
	if (id < 1020 || id >= LPI) {
		__asm__ volatile("msr S3_0_C12_C12_1, %0; isb" ::"r"(id)
				 : "memory"); /* ICC_EOIR1_EL1 */
	}
	return (unsigned)id;
}

static void start(uint64_t base, uint32_t size)
{
	write32(GICR + GICR_CTLR, 0);
	write64(GICR + PROPBASER, (uintptr_t)properties | 13);
	write64(GICR + PENDBASER, (uintptr_t)alloc_pages(16) & ~0xffffull);
	write32(GICR + GICR_CTLR, 1);
	write32(GITS + GITS_CTLR, 0);
	write64(GITS + CBASER, VALID | base | (size / 4096 - 1));
	write32(GITS + GITS_CTLR, 1);
}

/* The queue up to offset `to` is done, within 10 s. */
static void run(uint32_t to)
{
	uint64_t end = rdtsc() + 10000 * tsc_khz();

	write64(GITS + CWRITER, to);
	while (read64(GITS + CREADR) != to && rdtsc() < end) {
		pause();
	}
	EXPECT_EQ(read64(GITS + CREADR), to);
}

static uint32_t put(uint32_t at, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t *cmd = queue + at / 8;

	cmd[0] = a;
	cmd[1] = b;
	cmd[2] = c;
	cmd[3] = 0;
	return at + 32;
}

/* One LPI after the other, as a driver does it. */
static void works(void)
{
	uint32_t at = 0;

	/* What came of what was there before. */
	start((uintptr_t)queue, QUEUE_SIZE);
	memset(properties, 0xa0, PROPERTIES);
	at = put(at, 9, 0, VALID);
	at = put(at, 0xd, 0, 0);
	at = put(at, 8 | DEVICE << 32, 4, VALID | 0x1000);
	run(at);
	while (take() != NO_IRQ) {
	}
	for (unsigned i = 0; i < 32; i++) {
		properties[i] = 0xa1;
		at = put(at, 0xa | DEVICE << 32, (uint64_t)(LPI + i) << 32 | i, 0);
	}
	at = put(at, 5, 0, 0);
	run(at);
	EXPECT_EQ(take(), NO_IRQ);
	/* A CPU cannot send a message. */
	write32(GITS + TRANSLATER, 3);
	EXPECT_EQ(take(), NO_IRQ);
	for (unsigned i = 0; i < 32; i++) {
		at = put(at, 3 | DEVICE << 32, i, 0);
		run(at);
		EXPECT_EQ(take(), LPI + i);
		EXPECT_EQ(take(), NO_IRQ);
	}
	/* Masked it waits. */
	properties[7] = 0xa0;
	at = put(at, 0xc | DEVICE << 32, 7, 0);
	at = put(at, 3 | DEVICE << 32, 7, 0);
	run(at);
	EXPECT_EQ(take(), NO_IRQ);
	properties[7] = 0xa1;
	at = put(at, 0xc | DEVICE << 32, 7, 0);
	run(at);
	EXPECT_EQ(take(), LPI + 7);
	at = put(at, 0xf | DEVICE << 32, 7, 0);
	at = put(at, 3 | DEVICE << 32, 7, 0);
	at = put(at, 8 | DEVICE << 32, 0, 0);
	run(at);
	EXPECT_EQ(take(), NO_IRQ);
}

/* Commands, of which many mean something. */
static void any_commands(uint32_t size)
{
	for (uint32_t i = 0; i < size / 8; i += 4) {
		uint64_t r = any();

		queue[i] = (r & 15) | ((r >> 8) % 4 ? (r >> 16) % 8 : r >> 32) << 32;
		queue[i + 1] = (LPI + any() % 300) << 32 | any() % 40;
		queue[i + 2] = any() % 3 | (any() % 3) << 16 | (any() % 4 ? VALID : 0);
		queue[i + 3] = any();
		if (any() % 8 == 0) {
			queue[i + any() % 4] = any();
		}
	}
}

static void any_registers(void)
{
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t off = any() % 8 ? any() % 0x140 : any() % 0x20000;

		if (any() & 1) {
			write64(GITS + (off & ~7ull), any());
			(void)read64(GITS + (off & ~7ull));
		} else {
			write32(GITS + (off & ~3ull), (uint32_t)any());
			(void)read32(GITS + (off & ~3ull));
		}
		if (any() % 16 == 0) {
			write64(GICR + (any() & 1 ? PROPBASER : PENDBASER), any());
			write32(GICR + GICR_CTLR, (uint32_t)any());
		}
	}
}

/* The other vCPU meanwhile. */
static volatile bool enough;

static void disturb(void *arg)
{
	uint64_t own = GICR + cpu_self() * 0x20000ul, n = 0;

	(void)arg;
	irqs_init(0);
	write32(own + GICR_CTLR, 1);
	while (!enough) {
		(void)read64(GITS + CREADR);
		(void)read64(GITS + CBASER);
		write32(GITS + TRANSLATER, 1);
		if (++n % 64 == 0) {
			write32(own + GICR_CTLR, n >> 6 & 1);
		}
		(void)take();
	}
}

void guest_main(void)
{
	uint64_t t0;

	irqs_init(0);
	EXPECT(read32(GICD + GICD_TYPER) & 1u << 17, "the distributor has no LPIs");
	EXPECT(read64(GICR + GICR_TYPER) & 1, "the redistributor has no LPIs");
	EXPECT_EQ(read64(GITS + GITS_TYPER) & 1, 1);
	properties = alloc_pages(PROPERTIES / 4096);
	/* On a multiple of 64 KiB. */
	queue = (uint64_t *)(((uintptr_t)alloc_pages((LONG_SIZE + 0x10000) / 4096) + 0xffff) &
			     ~0xfffful);
	works();
	for (unsigned i = 0; i < 8; i++) {
		any_commands(QUEUE_SIZE);
		memset(properties, (int)any(), PROPERTIES);
		start((uintptr_t)queue, QUEUE_SIZE);
		run(QUEUE_SIZE - 32);
		while (take() != NO_IRQ) {
		}
	}
	works();
	cpu_run(1, disturb, NULL);
	for (unsigned i = 0; i < 4; i++) {
		any_commands(QUEUE_SIZE);
		memset(properties, 0xa1, PROPERTIES);
		start((uintptr_t)queue, QUEUE_SIZE);
		run(QUEUE_SIZE - 32);
		while (take() != NO_IRQ) {
		}
	}
	enough = true;
	cpu_wait(1);
	works();
	any_registers();
	works();
	/* A queue of registers, of nothing, and of nothing that could be. */
	start(GICD, LONG_SIZE);
	run(LONG_SIZE - 32);
	start(0xffffffff00000ull, LONG_SIZE);
	run(LONG_SIZE - 32);
	works();
	/* As long as can be: each store and load is short, whatever is queued. */
	any_commands(LONG_SIZE);
	start((uintptr_t)queue, LONG_SIZE);
	t0 = rdtsc();
	write64(GITS + CWRITER, LONG_SIZE - 32);
	EXPECT(rdtsc() - t0 < 1000 * tsc_khz(), "a store took %lu ms", (rdtsc() - t0) / tsc_khz());
	EXPECT(read64(GITS + CREADR) < LONG_SIZE / 4, "all of a long queue was done in one go");
	run(LONG_SIZE - 32);
	works();
}
