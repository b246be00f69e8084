/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2's virtual CPU interface as software (arch/arm64/vgic_cpu.c). What a guest sees of it is
 * tested by the guest gic_cpu, beside real ones; here is what it does to list registers, and any
 * access in any state.
 */
#include "unit.h"
#include "vgic_cpu.h"
#include <asm/gic.h>
#include <hv/lib.h>

#define CTLR 0x00u
#define PMR  0x04u
#define IAR  0x0cu
#define EOIR 0x10u
#define APR  0xd0u
#define DIR  0x1000u

#define NONE 1023u

static struct vgic_cpu_if c;
static struct vgic_cpu_effect effect;

static void write(uint32_t off, uint32_t value)
{
	vgic_cpu_write(&c, off, value, &effect);
}

static void start(void)
{
	c = (struct vgic_cpu_if){.hcr = GICH_HCR_EN};
	write(CTLR, 1);
	write(PMR, 0xff);
}

static void put(unsigned int n, struct gic_lr lr)
{
	c.lr[n] = (uint32_t)gic_v2_encode(&lr);
}

TEST(vgic_cpu_machine_interrupt_ends_with_the_guests)
{
	start();
	put(3, (struct gic_lr){
		   .intid = 40, .hw_intid = 77, .priority = 0xa0, .pending = true, .hw = true});
	CHECK_EQ(vgic_cpu_signal(&c), VGIC_CPU_IRQ);
	CHECK_EQ(vgic_cpu_read(&c, IAR), 40);
	CHECK_EQ(vgic_cpu_signal(&c), VGIC_CPU_QUIET);
	CHECK_EQ(c.lr[3] & (GICH_LR_PENDING | GICH_LR_ACTIVE), GICH_LR_ACTIVE);
	write(EOIR, 41);
	CHECK_TRUE(!effect.deactivate && (c.lr[3] & GICH_LR_ACTIVE));
	write(EOIR, 40);
	CHECK_TRUE(effect.deactivate && effect.intid == 77 && !effect.maintenance);
	CHECK_EQ(c.lr[3] & (GICH_LR_PENDING | GICH_LR_ACTIVE), 0);
	/* Not a second time. */
	write(EOIR, 40);
	CHECK_TRUE(!effect.deactivate);
}

TEST(vgic_cpu_maintenance)
{
	start();
	put(0, (struct gic_lr){.intid = 50, .priority = 0xa0, .pending = true, .eoi = true});
	put(1, (struct gic_lr){.intid = 51, .priority = 0xb0, .pending = true});
	CHECK_EQ(vgic_cpu_read(&c, IAR), 50);
	write(EOIR, 50);
	CHECK_TRUE(effect.maintenance && !effect.deactivate);
	CHECK_EQ(vgic_cpu_read(&c, IAR), 51);
	write(EOIR, 51);
	CHECK_TRUE(!effect.maintenance);
	/* Others wait for a list register. */
	c.hcr |= GICH_HCR_UIE;
	put(1, (struct gic_lr){.intid = 51, .priority = 0xb0, .pending = true});
	CHECK_EQ(vgic_cpu_read(&c, IAR), 51);
	write(EOIR, 51);
	CHECK_TRUE(effect.maintenance);
}

/* One SGI from two senders: each end is its own. */
TEST(vgic_cpu_sources)
{
	start();
	put(0, (struct gic_lr){.intid = 5, .source = 2, .priority = 0xa0, .pending = true});
	put(1, (struct gic_lr){.intid = 5, .source = 3, .priority = 0xa8, .pending = true});
	CHECK_EQ(vgic_cpu_read(&c, IAR), 2u << 10 | 5);
	write(EOIR, 3u << 10 | 5);
	CHECK_TRUE(c.lr[0] & GICH_LR_ACTIVE);
	CHECK_EQ(vgic_cpu_read(&c, IAR), 3u << 10 | 5);
	write(EOIR, 3u << 10 | 5);
	CHECK_TRUE(!(c.lr[1] & GICH_LR_ACTIVE) && (c.lr[0] & GICH_LR_ACTIVE));
	write(EOIR, 2u << 10 | 5);
	CHECK_TRUE(!(c.lr[0] & GICH_LR_ACTIVE));
}

/* The vCPU's registers at another CPU: GICH_VMCR and GICH_APR are all that there is. */
TEST(vgic_cpu_state_moves)
{
	struct vgic_cpu_if there;

	start();
	put(0, (struct gic_lr){.intid = 9, .priority = 0x40, .pending = true});
	CHECK_EQ(vgic_cpu_read(&c, IAR), 9);
	there = (struct vgic_cpu_if){.hcr = GICH_HCR_EN, .vmcr = c.vmcr, .apr = c.apr};
	there.lr[7] = c.lr[0];
	there.lr[2] = c.lr[0] = 0;
	c = there;
	put(0, (struct gic_lr){.intid = 8, .priority = 0x48, .pending = true});
	CHECK_EQ(vgic_cpu_signal(&c), VGIC_CPU_QUIET);
	write(EOIR, 9);
	CHECK_EQ(c.lr[7] & GICH_LR_ACTIVE, 0);
	CHECK_EQ(vgic_cpu_signal(&c), VGIC_CPU_IRQ);
}

TEST(vgic_cpu_off)
{
	start();
	put(0, (struct gic_lr){.intid = 9, .priority = 0x40, .pending = true});
	write(CTLR, 1 | 1u << 3);
	CHECK_EQ(vgic_cpu_signal(&c), VGIC_CPU_FIQ);
	c.hcr = 0;
	CHECK_EQ(vgic_cpu_signal(&c), VGIC_CPU_QUIET);
	CHECK_EQ(vgic_cpu_read(&c, IAR), NONE);
}

static unsigned int state_of(uint32_t lr)
{
	return ((lr & GICH_LR_PENDING) != 0) + ((lr & GICH_LR_ACTIVE) != 0);
}

/* Whatever a guest does: nothing comes that was not put there, nothing of the machine ends twice.
 */
TEST(vgic_cpu_any_access)
{
	struct unit_random r = {.state = 0x61c};
	bool ours[1024] = {false};

	start();
	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t off = (uint32_t)(unit_random(&r) % (VGIC_CPU_SIZE / 4)) * 4;
		unsigned int before = 0, after = 0;

		if (unit_random(&r) % 4) {
			off = unit_random(&r) % 16 * 4;
		}
		if (unit_random(&r) % 8 == 0) {
			unsigned int n = unit_random(&r) % VGIC_LR_MAX;

			/* As vgic.c: an interrupt is in one list register. */
			if (!state_of(c.lr[n])) {
				put(n, (struct gic_lr){.intid = 32 + n,
						       .hw_intid = 100 + n,
						       .priority = (uint8_t)unit_random(&r),
						       .pending = true,
						       .hw = n & 1,
						       .eoi = n & 2});
				ours[100 + n] = n & 1;
			}
		}
		for (unsigned int n = 0; n < VGIC_LR_MAX; n++) {
			before += state_of(c.lr[n]);
		}
		if (unit_random(&r) % 2) {
			uint32_t value = vgic_cpu_read(&c, off);

			CHECK_TRUE(off != IAR || value == NONE ||
				   (value >= 32 && value < 32 + VGIC_LR_MAX &&
				    (c.lr[value - 32] & GICH_LR_ACTIVE)));
			effect = (struct vgic_cpu_effect){0};
		} else {
			write(off, unit_random(&r) % 2 ? 32 + unit_random(&r) % VGIC_LR_MAX
						       : (uint32_t)unit_random(&r));
		}
		for (unsigned int n = 0; n < VGIC_LR_MAX; n++) {
			after += state_of(c.lr[n]);
		}
		CHECK_TRUE(after == before || (after + 1 == before && (off == EOIR || off == DIR)));
		if (effect.deactivate) {
			CHECK_TRUE(after < before && ours[effect.intid]);
			ours[effect.intid] = false;
		}
		if (off == APR || off == CTLR || off == PMR) {
			/* Not for ever off. */
			write(CTLR, 1 | (uint32_t)unit_random(&r) % 2 << 9);
			write(PMR, 0xff);
		}
		(void)vgic_cpu_signal(&c);
	}
}
