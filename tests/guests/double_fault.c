/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A fault whose delivery faults: #PF while #PF or a contributory exception is delivered is #DF with error code 0; a #PF while
 * #UD is delivered is a #PF. Each with and without exits on the way.
 */
#include "guest.h"

#define X86_DF 8

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

extern uint64_t saved_rsp;
uint64_t saved_rsp;
static volatile unsigned vector_seen, error_seen, faults;
extern char resume_here[];

/* Runs on the stack of its IST and goes back to resume_here on the stack that was good. */
static void on_fault(struct regs *r)
{
	faults++;
	vector_seen = (unsigned)r->vector;
	error_seen = (unsigned)r->error;
	r->rip = (uint64_t)resume_here;
	r->rsp = saved_rsp;
}

static struct gate *gate(unsigned vector)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idt;

	__asm__ volatile("sidt %0" : "=m"(idt));
	return (struct gate *)idt.base + vector;
}

/* With a stack that is not there: kind 0 reads an unmapped page, 1 is UD2, 2 loads a bad selector. */
static __attribute__((noinline, noclone)) void fault_without_stack(unsigned kind)
{
	vector_seen = faults = 0;
	error_seen = ~0u;
	__asm__ volatile("push %%rbx; push %%rbp; push %%r12; push %%r13; push %%r14; push %%r15\n"
			 "mov %%rsp, saved_rsp(%%rip)\n"
			 "mov %[bad], %%rsp\n"
			 "cmp $1, %[kind]\n"
			 "je 1f\n"
			 "ja 2f\n"
			 "mov (%%rsp), %%rax\n"
			 "1: ud2\n"
			 "2: mov $0xf8, %%eax\n"
			 "mov %%eax, %%ds\n"
			 ".globl resume_here\n"
			 "resume_here:\n"
			 "mov saved_rsp(%%rip), %%rsp\n"
			 "pop %%r15; pop %%r14; pop %%r13; pop %%r12; pop %%rbp; pop %%rbx\n"
			 :
			 : [bad] "r"(0x123456000ul), [kind] "D"(kind)
			 : "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
}

void guest_main(void)
{
	set_irq_handler(X86_DF, on_fault);
	set_irq_handler(X86_PF, on_fault);
	gate(X86_DF)->ist = 1;		/* the NMI's stack; there is none here */
	fault_without_stack(0);
	EXPECT_EQ(vector_seen, X86_DF);
	EXPECT_EQ(error_seen, 0);
	fault_without_stack(2);		/* #GP, then #PF */
	EXPECT_EQ(vector_seen, X86_DF);
	EXPECT_EQ(faults, 1);
	gate(X86_PF)->ist = 1;
	fault_without_stack(1);		/* #UD, then #PF by its push, which is a write */
	EXPECT_EQ(vector_seen, X86_PF);
	EXPECT_EQ(error_seen, 2);
	gate(X86_PF)->ist = 0;
}
