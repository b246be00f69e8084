/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * STI holds interrupts back for one instruction, also when that one makes an exit: with an interrupt waiting,
 * "sti; cli" takes none, "sti; X; cli" takes it behind X. HLT behind STI with one waiting does not sleep.
 */
#include "guest.h"

#define VECTOR 0x60

static volatile unsigned count;
static volatile uint64_t at;

static void on_irq(struct regs *r)
{
	count++;
	at = r->rip;
	apic_eoi();
}

/* An interrupt waits, interrupts are off. */
static void arm(void)
{
	count = 0;
	at = 0;
	apic_write(APIC_ICR, APIC_DEST_SELF | VECTOR);
	EXPECT(WAIT_FOR(apic_bit(APIC_IRR, VECTOR), 100), "no request");
}

static void drain(void)
{
	sti();
	__asm__ volatile("nop");
	cli();
	EXPECT_EQ(count, 1);
}

/* insn: one instruction; CPUID's and RDMSR's registers are given up. */
#define BEHIND(insn)                                                                               \
	do {                                                                                       \
		uint64_t want_;                                                                    \
		arm();                                                                             \
		__asm__ volatile("lea 1f(%%rip), %0\nxor %%eax, %%eax\nmov $0x10, %%ecx\n"           \
				 "sti\n" insn "\n1: cli"                                           \
				 : "=&D"(want_)                                                    \
				 :                                                                 \
				 : "rax", "rbx", "rcx", "rdx", "memory");                            \
		EXPECT(count == 1 && at == want_, insn ": %u interrupts, the last at %#lx, not %#lx", \
		       count, at, want_);                                                          \
	} while (0)

void guest_main(void)
{
	apic_init();
	set_irq_handler(VECTOR, on_irq);
	arm();
	__asm__ volatile("sti; cli" ::: "memory");
	EXPECT_EQ(count, 0);
	drain();
	BEHIND("nop");
	BEHIND("cpuid");
	BEHIND("rdmsr");
	BEHIND("in $0x80, %%al");
	BEHIND("hlt");
	/* A second STI does not stretch it. */
	arm();
	__asm__ volatile("sti; sti; cli" ::: "memory");
	EXPECT_EQ(count, 1);
	/* A load of SS holds back too, and what comes after it is one instruction. */
	arm();
	__asm__ volatile("mov %%ss, %%eax; sti; mov %%eax, %%ss; cli" ::: "rax", "memory");
	EXPECT(count <= 1, "%u interrupts", count);
	if (!count) {
		drain();
	}
}
