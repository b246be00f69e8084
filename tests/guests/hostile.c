/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: mem=512 timeout=300 args="count=100000 seed=1"
	 full-args="count=1000000 seed=1" full-timeout=1800
	 xen=skip "what an initial domain may do to real Xen is its right: xl create it there" */
/*
 * A guest that means harm: random hypercalls with random and nearly valid arguments, MSRs, ports
 * and memory accesses. The machine must stay up and its free memory must come back.
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

/*
 * Any vector may come. The callback is a level, so its flag is cleared whatever the vector; a guest
 * that nevertheless never gets out of its handlers goes on with interrupts off.
 */
static volatile uint32_t handler_calls;

static void on_any(struct regs *r)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	bool reachable = (base & APIC_BASE_ENABLE) &&
			 ((base & APIC_BASE_EXTD) || (base & ~0xfffull) == 0xfee00000);

	shared_info()->vcpu_info[0].evtchn_upcall_pending = 0;
	arena_vcpu_info()->evtchn_upcall_pending = 0;
	/* Where the local APIC was moved away from its page, the interrupt stays in service. */
	if (r->vector >= 32 && reachable && apic_bit(APIC_ISR, r->vector)) {
		apic_eoi();
	}
	if (++handler_calls > 1000) {
		r->rflags &= ~RFLAGS_IF;
	}
}

static void open_window(void)
{
	handler_calls = 0;
	take_interrupts();
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
			hostile_msr();
			break;
		case 1:
			hostile_port();
			break;
		case 2:
			hostile_memory();
			break;
		default:
			hostile_hypercall();
		}
		if (one_in(64)) {
			open_window();
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
	unsigned v;

	state = cmdline_number("seed", 1) * 0x9e3779b97f4a7c15ull | 1;
	is_domu = cmdline_has("domu");
	printf("hostile: count %lu, seed %lu\n", count, cmdline_number("seed", 1));
	arena_init();
	for (v = 0; v < 256; v++) {
		if (v >= 32 || v == X86_NMI || (v >= 18 && v <= 31) || v == 16) {
			set_irq_handler(v, on_any);
		}
	}
	apic_init();
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
