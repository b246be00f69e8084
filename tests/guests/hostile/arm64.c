/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: interrupts, system registers, calls of the firmware, the GIC and memory of others. */
#include "hostile.h"

#include "board.h"

/* QEMU's virt machine. */
#define GICD_SIZE   0x10000ul
#define ITS	    0x08080000ul
#define ITS_SIZE    0x20000ul
#define GICR_SIZE   0x20000ul
#define UART	    0x09000000ul
#define SMMU	    0x09050000ul
#define GUEST_PL011 0x22000000ul /* GUEST_PL011_BASE, of domUs */
#define RAM	    0x40000000ul
#define RAM_SIZE    0x20000000ul /* as run-arm has it */

#define HANDLER_CALLS_MAX 1000

/* MRS and MSR by register: op0 to op2 in the places that the instructions have them. */
#define INSN_MRS	      0xd5200000u
#define INSN_MSR	      0xd5000000u
#define INSN_RET	      0xd65f03c0u
#define INSN_HVC	      0xd4000002u
#define INSN_SMC	      0xd4000003u
#define INSN_BRK	      0xd4200000u
#define INSN_HLT	      0xd4400000u
#define REG(o0, o1, n, m, o2) ((o0) << 19 | (o1) << 16 | (n) << 12 | (m) << 8 | (o2) << 5)
#define REG_OP0(r)	      ((r) >> 19 & 3)
#define REG_OP1(r)	      ((r) >> 16 & 7)
#define REG_CRN(r)	      ((r) >> 12 & 15)
#define REG_CRM(r)	      ((r) >> 8 & 15)
#define REG_OP2(r)	      ((r) >> 5 & 7)

static uint32_t *code;
static volatile uint32_t handler_calls;

/* Interrupts
 * ---------------------------------------------------------------------------------------- */

/* What a timer asks for stays until the timer is off. */
static void on_any(uint32_t intid)
{
	(void)intid;
	timer_control_set(true, 0);
	timer_control_set(false, 0);
	shared_info()->vcpu_info[0].evtchn_upcall_pending = 0;
	arena_vcpu_info()->evtchn_upcall_pending = 0;
	CHECK(++handler_calls < HANDLER_CALLS_MAX, "interrupt %u without end", intid);
}

void hostile_prepare(void)
{
	code = alloc_pages(1);
	private_irq = on_any;
	events_init();
	irqs_init(~0u);
}

/* An argument read out of the arena may have named the shared page, which the handler writes to. */
static void keep_shared_page(void)
{
	struct xen_add_to_physmap a = {
	    .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = PFN(shared_info())};

	if (is_hole((uint64_t)(uintptr_t)shared_info())) {
		CHECK_EQ(HC(memory_op, XENMEM_add_to_physmap, &a), 0);
	}
}

void hostile_window(void)
{
	handler_calls = 0;
	keep_shared_page();
	arena_vcpu_info()->evtchn_upcall_pending = 0;
	take_interrupts();
}

uint64_t hostile_now(void)
{
	return tsc_to_ns(rdtsc());
}

void hostile_upcall(void)
{
	struct {
		uint32_t vcpu, vector;
	} up = {rnd_below(3), rnd()};

	HC(hvm_op, 23, &up); /* of x86 alone */
}

uint64_t hostile_callback(void)
{
	return rnd();
}

/* System registers and instructions
 * ----------------------------------------------------------------------------------------- */

/* What this code itself lives by: translation, vectors, the stack, interrupt masks. */
static bool own(uint32_t reg)
{
	unsigned op0 = REG_OP0(reg), op1 = REG_OP1(reg), n = REG_CRN(reg), m = REG_CRM(reg),
		 op2 = REG_OP2(reg);

	if (op0 == 2) {
		return n == 0; /* debug: a breakpoint of one's own hits oneself */
	}
	if (op1 == 3 && (n == 4 || n == 13)) {
		return true;
	}
	if (op1) {
		return false;
	}
	return (n == 1 && m == 0) || n == 2 || (n == 4 && !(m == 6 && op2 == 0)) || n == 10 ||
	       (n == 12 && m == 0 && op2 == 0) || (n == 13 && op2 == 4);
}

static uint32_t some_register(void)
{
	/* The GIC's, ID registers, timers, counters, those of EL2 under any name. */
	static const uint32_t ranges[][2] = {
	    {REG(3u, 0, 12, 8, 0), 5}, {REG(3u, 0, 12, 11, 0), 2}, {REG(3u, 0, 4, 6, 0), 1},
	    {REG(3u, 0, 0, 0, 0), 8},  {REG(3u, 3, 14, 0, 0), 4},  {REG(3u, 3, 9, 12, 0), 5},
	    {REG(3u, 0, 14, 0, 0), 4}, {REG(3u, 4, 1, 0, 0), 8},   {REG(3u, 4, 12, 8, 0), 8},
	    {REG(3u, 0, 9, 9, 0), 6},  {REG(2u, 0, 0, 0, 0), 8},   {REG(3u, 5, 1, 0, 0), 8},
	};
	unsigned i = rnd_below(ARRAY_SIZE(ranges));

	if (one_in(4)) {
		return REG(2u + rnd_below(2), rnd_below(8), rnd_below(16), rnd_below(16),
			   rnd_below(8));
	}
	return ranges[i][0] + (rnd_below(ranges[i][1]) << 8) + (rnd_below(8) << 5);
}

/* One instruction on x0 and x1; what x0 holds afterwards. Calls may change all that C keeps not. */
static uint64_t execute(uint32_t insn, uint64_t value, uint64_t second)
{
	volatile struct probe *p = &probes[0];
	register uint64_t x0 __asm__("x0") = value;
	register uint64_t x1 __asm__("x1") = second;
	register uint32_t *at __asm__("x19") = code;

	code[0] = insn;
	code[1] = INSN_RET;
	__asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
	p->status = PROBING;
	p->resume = (unsigned long)&code[1];
	__asm__ volatile("blr %2\n\tmsr daifset, #15"
			 : "+r"(x0), "+r"(x1)
			 : "r"(at)
			 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			   "x13", "x14", "x15", "x16", "x17", "x30", "memory", "cc");
	probe_end(p);
	return x0;
}

void hostile_registers(void)
{
	uint32_t reg = some_register();
	uint64_t v = one_in(2) ? rnd() : rnd_below(256);

	if (one_in(2) || own(reg)) {
		execute(INSN_MRS | reg, 0, 0);
		return;
	}
	/* QEMU 7.2 dies of a binary point that has more than its three bits. */
	if (reg == REG(3u, 0, 12, 8, 3) || reg == REG(3u, 0, 12, 12, 3)) {
		v &= 7;
	}
	/* Nor does it come back from a timer that is due where the counter of the machine
	 * overflows. */
	if (reg == REG(3u, 3, 14, 3, 0) || reg == REG(3u, 3, 14, 3, 2)) {
		v &= 0x7fffffff;
	}
	execute(INSN_MSR | reg, v, 0);
}

/* Maintenance of caches and TLBs, address translation, what else op0 1 has: on the arena. */
static void maintenance(void)
{
	static const uint8_t named[][4] = {
	    {0, 7, 1, 0},  {0, 7, 5, 0}, {0, 7, 6, 2},	{0, 7, 8, 0},  {0, 7, 8, 1}, {0, 7, 10, 2},
	    {0, 8, 3, 0},  {0, 8, 7, 0}, {3, 7, 4, 1},	{3, 7, 10, 1}, {4, 8, 7, 4}, {4, 7, 8, 0},
	    {0, 7, 14, 2}, {4, 8, 0, 1}, {3, 7, 14, 1}, {3, 7, 11, 1},
	};
	const uint8_t *n = named[rnd_below(ARRAY_SIZE(named))];

	execute(INSN_MSR | REG(1u, (uint32_t)n[0], (uint32_t)n[1], (uint32_t)n[2], (uint32_t)n[3]),
		arena_gfn() * PAGE_SIZE, 0);
}

/* Ending the machine, and oneself, is a right. */
static bool ends_the_test(uint32_t fn)
{
	uint32_t n = fn & ~0x40000000u;

	return n == 0x84000002u || n == 0x84000008u || n == 0x84000009u || n == 0x84000012u;
}

static void firmware(void)
{
	uint32_t fn = one_in(4)	  ? (uint32_t)rnd()
		      : one_in(2) ? 0x84000000u + (rnd_below(2) << 30) + rnd_below(32)
				  : 0x80000000u + (rnd_below(8) << 24) + rnd_below(4);

	/* CPU_SUSPEND waits for an interrupt. */
	if (!ends_the_test(fn) && (fn & ~0x40000000u) != 0x84000001u) {
		execute(one_in(2) ? INSN_HVC : INSN_SMC, fn, one_in(2) ? rnd_below(4) : rnd());
	}
}

void hostile_instruction(void)
{
	static const uint32_t others[] = {INSN_HVC, INSN_SMC, INSN_BRK, INSN_HLT};
	uint32_t number = 1 + rnd_below(0xffff);

	switch (rnd_below(3)) {
	case 0:
		firmware();
		break;
	case 1:
		maintenance();
		break;
	default:
		/* A hypercall by chance would not be a harmless one. */
		number = number == XEN_HYPERCALL_TAG ? 1 : number;
		execute(others[rnd_below(ARRAY_SIZE(others))] | number << 5, rnd(), rnd());
	}
}

/* Memory
 * -------------------------------------------------------------------------------------------- */

/* One register, no base that is written back: else the hypervisor is not told what it does. */
static void access(uint64_t at, uint64_t v)
{
	/* of x0 at x1: bytes to doublewords */
	static const uint32_t loads[] = {0x39400020, 0x79400020, 0xb9400020, 0xf9400020};
	static const uint32_t stores[] = {0x39000020, 0x79000020, 0xb9000020, 0xf9000020};
	unsigned size = rnd_below(4);

	at &= one_in(16) ? ~0ull : ~((1ull << size) - 1);
	execute(one_in(2) ? loads[size] : stores[size], v, at);
}

void hostile_memory(void)
{
	const uint64_t gicd = board_gic(0), gicr = board_gic(1);
	const uint64_t others[][2] = {
	    {gicd, GICD_SIZE},	      {gicd, 0x1000},
	    {gicr, GICR_SIZE},	      {gicr + 0x10000, 0x1000},
	    {ITS, ITS_SIZE},	      {UART, 0x1000},
	    {SMMU, 0x20000},	      {GUEST_PL011, 0x1000},
	    {RAM, RAM_SIZE},	      {RAM + RAM_SIZE, 0x1000000},
	    {0x200000000, 0x1000000},
	};
	unsigned i = rnd_below(ARRAY_SIZE(others));
	uint64_t at = others[i][0] + rnd_below(others[i][1] - 8);
	uint32_t v;

	/* Of the machine's RAM only what is not this domain's. */
	if (at >= RAM && at < RAM + RAM_SIZE && !try_read32(at & ~3ul, &v)) {
		return;
	}
	access(at, rnd());
}

void hostile_restore(void)
{
	timer_control_set(true, 0);
	timer_control_set(false, 0);
}
