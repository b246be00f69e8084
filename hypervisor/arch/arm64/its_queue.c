/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands to the machine's ITSs. Arm IHI 0069H, 5.3 (commands) and 12.19 (registers).
 * A queue that does not move is told once; what is asked of that ITS afterwards goes nowhere.
 */
#include "its_unit.h"
#include <asm/paging.h>
#include <asm/processor.h>
#include <hv/bitops.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define GITS_CWRITER   0x0088
#define GITS_CREADR    0x0090
#define CREADR_STALLED BIT(0)
#define CWRITER_RETRY  BIT(0)
#define OFFSET_MASK    0xfffe0u
#define SPIN_MAX       1000000u

#define CMD_MOVI    0x01u
#define CMD_CLEAR   0x04u
#define CMD_SYNC    0x05u
#define CMD_MAPC    0x09u
#define CMD_MAPTI   0x0au
#define CMD_INV	    0x0cu
#define CMD_DISCARD 0x0fu
#define CMD_VALID   BIT(63)

static uint32_t read_offset(struct its_unit *u)
{
	return mmio_read32(u->regs + GITS_CREADR) & OFFSET_MASK;
}

/* RDbase of a CPU, as commands have it: an address or a number, from bit 16 on. */
static uint64_t target(const struct its_unit *u, unsigned int cpu)
{
	uint64_t pa;
	const volatile uint8_t *r = gic_v3_redist(cpu, &pa);

	return u->target_by_address ? pa & 0xfffffffff0000UL
				    : (uint64_t)GICR_TYPER_NUMBER(mmio_read64(r + 8)) << 16;
}

/* It stopped at a command that it holds for wrong: a harmless one takes that one's place. */
static void unstall(struct its_unit *u)
{
	uint32_t at = read_offset(u);
	uint64_t *cmd = u->queue + at / sizeof(*u->queue);

	log_err("ITS at %" PRIx64 ": refuses the command %" PRIx64 " %" PRIx64 " %" PRIx64 "\n",
		u->base, cmd[0], cmd[1], cmd[2]);
	memset(cmd, 0, ITS_CMD_SIZE);
	cmd[0] = CMD_SYNC;
	cmd[2] = target(u, 0);
	cache_clean_range(cmd, ITS_CMD_SIZE);
	mmio_write64(u->regs + GITS_CWRITER, u->write | CWRITER_RETRY);
}

/* As long as more(u). False: that never ended. */
static bool wait_while(struct its_unit *u, bool (*more)(struct its_unit *u))
{
	for (unsigned int n = 0; !u->dead && more(u); n++) {
		if (mmio_read32(u->regs + GITS_CREADR) & CREADR_STALLED) {
			unstall(u);
		}
		if (n == SPIN_MAX) {
			u->dead = true;
			log_err("ITS at %" PRIx64 ": it does not take commands, and is not used "
				"any more\n",
				u->base);
		}
		cpu_relax();
	}
	return !u->dead;
}

static bool is_full(struct its_unit *u)
{
	return (u->write + ITS_CMD_SIZE) % ITS_QUEUE_SIZE == read_offset(u);
}

static bool is_busy(struct its_unit *u)
{
	return u->write != read_offset(u);
}

void its_post(struct its_unit *u, const uint64_t cmd[ITS_CMD_WORDS])
{
	uint64_t *to = u->queue + u->write / sizeof(*u->queue);

	if (!wait_while(u, is_full)) {
		return;
	}
	memcpy(to, cmd, ITS_CMD_SIZE);
	if (u->flush_queue) {
		cache_clean_range(to, ITS_CMD_SIZE);
	} else {
		dsb(ishst);
	}
	u->write = (u->write + ITS_CMD_SIZE) % ITS_QUEUE_SIZE;
	mmio_write64(u->regs + GITS_CWRITER, u->write);
}

bool its_drain(struct its_unit *u)
{
	unsigned long touched = u->touched;
	unsigned int cpu;

	for_each_set_bit(cpu, &touched, MAX_CPUS)
	{
		its_post(u, (uint64_t[]){CMD_SYNC, 0, target(u, cpu), 0});
	}
	u->touched = 0;
	return wait_while(u, is_busy);
}

bool its_map_collection(struct its_unit *u)
{
	unsigned int cpu = this_cpu()->id;
	bool ok;

	spin_lock(&u->lock);
	its_post(u, (uint64_t[]){CMD_MAPC, 0, CMD_VALID | target(u, cpu) | cpu, 0});
	u->touched |= BIT(cpu);
	ok = its_drain(u);
	if (ok) {
		u->cpus |= BIT(cpu);
	}
	spin_unlock(&u->lock);
	return ok;
}

unsigned int its_target(const struct its_unit *u, unsigned int cpu)
{
	return cpu < MAX_CPUS && (u->cpus & BIT(cpu)) ? cpu : 0;
}

/* Events ------------------------------------------------------------------------------------------
 */

static void post_event(struct its_device *d, uint64_t what, uint32_t event, uint64_t more,
		       uint64_t collection)
{
	struct its_unit *u = its_device_unit(d);

	spin_lock(&u->lock);
	its_post(u, (uint64_t[]){what | (uint64_t)its_device_id(d) << 32, more << 32 | event,
				 collection, 0});
	u->touched |= u->cpus;
	spin_unlock(&u->lock);
}

void its_event_map(struct its_device *d, uint32_t event, uint32_t lpi, unsigned int cpu)
{
	post_event(d, CMD_MAPTI, event, lpi, its_target(its_device_unit(d), cpu));
}

void its_event_move(struct its_device *d, uint32_t event, unsigned int cpu)
{
	post_event(d, CMD_MOVI, event, 0, its_target(its_device_unit(d), cpu));
}

void its_event_set_enabled(struct its_device *d, uint32_t event, uint32_t lpi, bool on)
{
	lpi_set_enabled(lpi, on);
	post_event(d, CMD_INV, event, 0, 0);
}

void its_event_clear(struct its_device *d, uint32_t event)
{
	post_event(d, CMD_CLEAR, event, 0, 0);
}

void its_event_discard(struct its_device *d, uint32_t event)
{
	post_event(d, CMD_DISCARD, event, 0, 0);
}
