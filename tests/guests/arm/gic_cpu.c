/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: machine=gic-version=2 */
/*
 * GICv2's CPU interface: acknowledgement by priority, preemption, the two ways of an end, masks.
 * The CPU takes no interrupt; what would come is asked for by hand.
 */
#include "gic_v2.h"
#include "guest.h"

#define AT_ONCE 4u
#define NONE	1023u
#define IDLE	0xffu
#define EOIMODE BIT_OF(9)

#define BIT_OF(n) (1u << (n))

static uint32_t cpu(uint32_t offset)
{
	return *gic_v2_cpu(offset);
}

static void set(uint32_t offset, uint32_t value)
{
	*gic_v2_cpu(offset) = value;
	barrier();
}

/* Pending at this vCPU, with that priority. */
static void send(uint32_t sgi, uint8_t priority)
{
	((volatile uint8_t *)gic_v2_dist(GICD_IPRIORITYR))[sgi] = priority;
	*gic_v2_dist(GICD_SGIR) = SGIR_SELF | sgi;
	barrier();
}

static void start(void)
{
	set(GICC_CTLR, 1);
	set(GICC_PMR, 0xff);
	set(GICC_BPR, 0);
}

static void registers(void)
{
	EXPECT_EQ(cpu(GICC_CTLR), 1);
	/* Five bits of priority, and all of them decide. */
	EXPECT_EQ(cpu(GICC_PMR), 0xf8);
	EXPECT_EQ(cpu(GICC_BPR), 2);
	EXPECT_EQ(cpu(GICC_IIDR) & 0xfffff, 0x2043b);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	EXPECT_EQ(cpu(GICC_HPPIR), NONE);
	EXPECT_EQ(cpu(GICC_RPR), IDLE);
	set(GICC_PMR, 0x57);
	EXPECT_EQ(cpu(GICC_PMR), 0x50);
	set(GICC_BPR, 5);
	EXPECT_EQ(cpu(GICC_BPR), 5);
	start();
}

static void most_urgent_first(void)
{
	send(1, 0xa0);
	send(2, 0x60);
	EXPECT_EQ(cpu(GICC_HPPIR), 2);
	EXPECT_EQ(cpu(GICC_IAR), 2);
	EXPECT_EQ(cpu(GICC_RPR), 0x60);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	EXPECT_EQ(cpu(GICC_HPPIR), 1);
	send(3, 0x20);
	EXPECT_EQ(cpu(GICC_IAR), 3);
	EXPECT_EQ(cpu(GICC_RPR), 0x20);
	set(GICC_EOIR, NONE);
	EXPECT_EQ(cpu(GICC_RPR), 0x20);
	set(GICC_EOIR, 3);
	EXPECT_EQ(cpu(GICC_RPR), 0x60);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	set(GICC_EOIR, 2);
	EXPECT_EQ(cpu(GICC_IAR), 1);
	set(GICC_EOIR, 1);
	EXPECT_EQ(cpu(GICC_RPR), IDLE);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
}

static void masked(void)
{
	send(4, 0xa0);
	set(GICC_PMR, 0xa0);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	set(GICC_PMR, 0xa8);
	set(GICC_CTLR, 0);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	set(GICC_CTLR, 1);
	EXPECT_EQ(cpu(GICC_IAR), 4);
	set(GICC_EOIR, 4);
	start();
}

/* Of 0x60 and 0x40 only the upper two bits decide: they are of one level. */
static void levels(void)
{
	set(GICC_BPR, 5);
	send(5, 0x60);
	EXPECT_EQ(cpu(GICC_IAR), 5);
	send(6, 0x40);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	set(GICC_EOIR, 5);
	EXPECT_EQ(cpu(GICC_IAR), 6);
	set(GICC_EOIR, 6);
	set(GICC_BPR, 0);
	send(5, 0x60);
	EXPECT_EQ(cpu(GICC_IAR), 5);
	send(6, 0x40);
	EXPECT_EQ(cpu(GICC_IAR), 6);
	set(GICC_EOIR, 6);
	set(GICC_EOIR, 5);
	EXPECT_EQ(cpu(GICC_RPR), IDLE);
}

/* Dropped, it lets others through, but comes not again before it is deactivated. */
static void split_end(void)
{
	set(GICC_CTLR, 1 | EOIMODE);
	EXPECT_EQ(cpu(GICC_CTLR), 1 | EOIMODE);
	send(7, 0x80);
	EXPECT_EQ(cpu(GICC_IAR), 7);
	set(GICC_EOIR, 7);
	EXPECT_EQ(cpu(GICC_RPR), IDLE);
	send(7, 0x80);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	send(8, 0xc0);
	EXPECT_EQ(cpu(GICC_IAR), 8);
	set(GICC_EOIR, 8);
	set(GICC_DIR, 8);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	set(GICC_DIR, 7);
	EXPECT_EQ(cpu(GICC_IAR), 7);
	set(GICC_EOIR, 7);
	set(GICC_DIR, 7);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	start();
}

/* As many as the smallest machine has list registers for: of more than these the order is not
 * promised. */
static void many(void)
{
	for (uint32_t i = 0; i < AT_ONCE; i++) {
		send(i, (uint8_t)(0xf0 - 8 * i));
	}
	for (uint32_t i = AT_ONCE; i--;) {
		EXPECT_EQ(cpu(GICC_IAR), i);
		set(GICC_EOIR, i);
	}
	EXPECT_EQ(cpu(GICC_IAR), NONE);
	/* Nested, each above the last. */
	for (uint32_t i = 0; i < AT_ONCE; i++) {
		send(i, (uint8_t)(0xf0 - 8 * i));
		EXPECT_EQ(cpu(GICC_IAR), i);
	}
	for (uint32_t i = AT_ONCE; i--;) {
		EXPECT_EQ(cpu(GICC_RPR), 0xf0 - 8 * i);
		set(GICC_EOIR, i);
	}
	EXPECT_EQ(cpu(GICC_RPR), IDLE);
}

/* Of more none is lost. */
static void more(void)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < 16; i++) {
		send(i, (uint8_t)(0xf0 - 8 * i));
	}
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t n = cpu(GICC_IAR);

		EXPECT(n < 16 && !(seen & BIT_OF(n)), "%u after %x", n, seen);
		seen |= BIT_OF(n & 15);
		set(GICC_EOIR, n);
	}
	EXPECT_EQ(seen, 0xffff);
	EXPECT_EQ(cpu(GICC_IAR), NONE);
}

static void taken(uint32_t intid)
{
	(void)intid;
}

/* And now by the CPU. */
static void interrupts(void)
{
	private_irq = taken;
	irq_count[0][9] = 0;
	send(9, 0xa0);
	take_interrupts();
	EXPECT_EQ(irq_count[0][9], 1);
	set(GICC_PMR, 0);
	send(9, 0xa0);
	take_interrupts();
	EXPECT_EQ(irq_count[0][9], 1);
	set(GICC_PMR, 0xff);
	EXPECT(WAIT_IRQ(irq_count[0][9] == 2, 1000), "no interrupt once it is not masked");
}

void guest_main(void)
{
	CHECK(gic_is_v2(), "no GICv2");
	irqs_init(0xffff);
	start();
	registers();
	most_urgent_first();
	masked();
	levels();
	split_end();
	many();
	more();
	interrupts();
}
