/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Single-stepping goes over instructions that make an exit just as over others: one #DB after each, none
 * after a load of SS. Data breakpoints fire. (Not here: INT1 and DR7.GD, which QEMU 7.2 does not
 * have.)
 */
#include "guest.h"

#define DR6_B0 (1ul << 0)
#define DR6_BS (1ul << 14)

static volatile uint64_t stops[32], causes[32];
static volatile unsigned count;

static uint64_t read_dr6(void)
{
	uint64_t v;

	__asm__ volatile("mov %%db6, %0" : "=r"(v));
	return v;
}

static void write_dr6(uint64_t v)
{
	__asm__ volatile("mov %0, %%db6" ::"r"(v));
}

static void write_dr7(uint64_t v)
{
	__asm__ volatile("mov %0, %%db7" ::"r"(v));
}

static void on_debug(struct regs *r)
{
	if (count < ARRAY_SIZE(stops)) {
		stops[count] = r->rip;
		causes[count] = read_dr6();
	}
	count++;
	write_dr6(0xffff0ff0);
}

extern char step_first[], step_cpuid[], step_msr[], step_port[], step_ss[], step_last[];

static void step_over_exits(void)
{
	uint64_t want[] = {(uint64_t)step_first, (uint64_t)step_cpuid, (uint64_t)step_msr,
			   (uint64_t)step_port, (uint64_t)step_ss, (uint64_t)step_last};
	unsigned i;

	count = 0;
	__asm__ volatile("pushfq\n"
			 "orl $0x100, (%%rsp)\n"
			 "mov $0x10, %%ecx\n"
			 "mov $0x80, %%edx\n"
			 "mov $0x18, %%esi\n"
			 "xor %%eax, %%eax\n"
			 "popfq\n"
			 "nop\n"
			 "step_first: cpuid\n"
			 "step_cpuid: mov $0x10, %%ecx\n"
			 "step_msr: rdmsr\n"
			 "step_port: in $0x80, %%al\n"
			 "step_ss: mov %%esi, %%ss\n"
			 "nop\n"
			 "step_last: pushfq\n"
			 "andl $~0x100, (%%rsp)\n"
			 "popfq\n"
			 "nop\n" ::
				 : "rax", "rbx", "rcx", "rdx", "rsi", "memory", "cc");
	for (i = 0; i < ARRAY_SIZE(want) && i < count; i++) {
		EXPECT(stops[i] == want[i], "stop %u at %#lx, not %#lx", i, stops[i], want[i]);
		EXPECT(causes[i] & DR6_BS, "stop %u: DR6 %#lx", i, causes[i]);
	}
	/* and after PUSHF, AND and the POPF that ends it */
	EXPECT_EQ(count, ARRAY_SIZE(want) + 3);
}

static volatile uint32_t watched;
extern char watch_after[];

static void data_breakpoint(void)
{
	count = 0;
	__asm__ volatile("mov %0, %%db0" ::"r"(&watched));
	write_dr7(0x000d0402);	/* DR0 global, writes of 4 bytes */
	__asm__ volatile("movl $1, %0\nwatch_after: nop" : "=m"(watched)::"memory");
	write_dr7(0x400);
	EXPECT_EQ(count, 1);
	EXPECT_EQ(stops[0], (uint64_t)watch_after);
	EXPECT(causes[0] & DR6_B0, "DR6 %#lx", causes[0]);
}

void guest_main(void)
{
	set_irq_handler(X86_DB, on_debug);
	step_over_exits();
	data_breakpoint();
}
