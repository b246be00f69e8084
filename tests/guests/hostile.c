/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: mem=512 timeout=300 args="count=100000 seed=1"
	 full-args="count=1000000 seed=1" full-timeout=1800
	 xen=skip "what an initial domain may do to real Xen is its right: xl create it there" */
/*
 * A guest that means harm: random hypercalls with random and nearly valid arguments, registers,
 * instructions and memory accesses. The machine must stay up and its free memory must come back.
 *
 * Not asked for is what the initial domain may do by right and would end the test: shutting the
 * machine down, resetting its own vCPU, giving away the memory that this code runs in. Frame
 * numbers therefore come from an arena, from beyond all memory, or from nowhere.
 *
 * Words of the command line: count=N (default 1000000), seed=N, domu (started by `xl create`).
 */
#include "hostile.h"

#define REPORTS	 10
#define LOST_MAX 16

static uint64_t state;
static bool is_domu;

uint64_t rnd(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

uint64_t rnd_below(uint64_t n)
{
	return rnd() % n;
}

bool one_in(unsigned n)
{
	return rnd() % n == 0;
}

bool hostile_is_domu(void)
{
	return is_domu;
}

static uint64_t own_pages(void)
{
	domid_t self = DOMID_SELF;

	return HC(memory_op, XENMEM_current_reservation, &self);
}

/* Pages that are free or ours; an unprivileged domain sees only its own. */
static uint64_t pages_accounted(void)
{
	uint64_t own = own_pages(), free = hostile_free_pages();

	printf("pages: %lu free, %lu of this domain\n", free, own);
	return own + free;
}

static void run(uint64_t count, uint64_t done_before)
{
	uint64_t i, tenth = count / REPORTS ? count / REPORTS : 1;

	for (i = 0; i < count; i++) {
		switch (rnd_below(16)) {
		case 0:
			hostile_registers();
			break;
		case 1:
			hostile_instruction();
			break;
		case 2:
			hostile_memory();
			break;
		default:
			hostile_hypercall();
		}
		if (one_in(64)) {
			hostile_window();
		}
		if (i % tenth == tenth - 1) {
			printf("%lu done\n", done_before + i + 1);
		}
	}
	hostile_tidy();
}

void guest_main(void)
{
	uint64_t count = cmdline_number("count", 1000000), warm, end;

	state = cmdline_number("seed", 1) * 0x9e3779b97f4a7c15ull | 1;
	is_domu = cmdline_has("domu");
	printf("hostile: count %lu, seed %lu\n", count, cmdline_number("seed", 1));
	arena_init();
	hostile_prepare();
	hostile_grow();
	hostile_tidy();
	pages_accounted();
	/* What is kept for good (names of devices, p2m tables) is there after the first half. */
	run(count / 2, 0);
	warm = pages_accounted();
	run(count - count / 2, count / 2);
	end = pages_accounted();
	EXPECT(end + LOST_MAX >= warm, "%lu pages went missing", warm - end);
	EXPECT_EQ(HC(xen_version, XENVER_version, 0), 4 << 16 | 17);
	hostile_restore();
}
