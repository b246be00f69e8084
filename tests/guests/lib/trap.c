/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions with recovery, interrupts by vector. */
#include "guest.h"

#define USER_RETURN_VECTOR 0x81

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));

_Static_assert(sizeof(struct gate) == 16, "interrupt gate, APM vol. 2, 4.8.4");
_Static_assert(sizeof(struct tss) == 104, "64-bit TSS, APM vol. 2, 12.2.5");

struct ex_row {
	uint64_t at, resume;
};

extern char trap_stubs[];
extern uint64_t gdt[];
extern char gdt_pointer[];
extern const struct ex_row ex_table_start[], ex_table_end[];
extern char user_return[];

volatile uint32_t irq_count[CPUS_MAX][256];
static irq_fn handlers[256];
static struct gate idt[256] __attribute__((aligned(16)));
static struct tss tss[CPUS_MAX];
static char trap_stack[CPUS_MAX][2][8192] __attribute__((aligned(16)));

unsigned cpu_self(void)
{
	uint16_t tr;

	__asm__ volatile("str %0" : "=r"(tr));
	return tr < GDT_TSS ? 0 : (tr - GDT_TSS) / 16;
}

void set_irq_handler(unsigned vector, irq_fn fn)
{
	handlers[vector] = fn;
}

static bool recover(struct regs *r)
{
	const struct ex_row *row;

	for (row = ex_table_start; row < ex_table_end; row++) {
		if (row->at == r->rip) {
			r->rip = row->resume;
			r->rbx = FAULT | r->vector | (r->error & 0xffff) << 16;
			return true;
		}
	}
	return false;
}

static void __attribute__((noreturn)) fatal(struct regs *r)
{
	uint64_t cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	printf("trap %lu error %#lx rip %#lx rsp %#lx cs %#lx cr2 %#lx\n", r->vector, r->error,
	       r->rip, r->rsp, r->cs, cr2);
	printf("rax %#lx rbx %#lx rcx %#lx rdx %#lx rsi %#lx rdi %#lx\n", r->rax, r->rbx, r->rcx,
	       r->rdx, r->rsi, r->rdi);
	guest_fail(__FILE__, __LINE__, "unexpected trap", "%lu at %#lx on cpu %u", r->vector,
		   r->rip, cpu_self());
	guest_end();
}

void trap_entry(struct regs *r);
void trap_entry(struct regs *r)
{
	irq_count[cpu_self()][r->vector]++;
	if (r->vector == USER_RETURN_VECTOR && (r->cs & 3)) {
		/* Go on in user_return, in ring 0, on the stack that it restores itself. */
		r->rip = (uint64_t)user_return;
		r->cs = GDT_CODE64;
		r->ss = GDT_DATA;
		return;
	}
	if (handlers[r->vector]) {
		handlers[r->vector](r);
		return;
	}
	if (r->vector < 32) {
		if (!recover(r)) {
			fatal(r);
		}
		return;
	}
	if (apic_bit(APIC_ISR, r->vector)) {
		apic_eoi();
	}
}

static void set_gates(void)
{
	unsigned i;

	for (i = 0; i < 256; i++) {
		uint64_t to = (uint64_t)trap_stubs + 16 * i;

		idt[i] = (struct gate){
		    .offset_low = to,
		    .offset_mid = to >> 16,
		    .offset_high = to >> 32,
		    .selector = GDT_CODE64,
		    .ist = i == X86_NMI ? 1 : 0,
		    .type = i == USER_RETURN_VECTOR ? 0xee : 0x8e,
		};
	}
}

void trap_init_cpu(unsigned cpu)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idt_pointer = {sizeof(idt) - 1, (uint64_t)idt};
	uint64_t base = (uint64_t)&tss[cpu];

	if (cpu == 0) {
		set_gates();
	}
	tss[cpu].rsp[0] = (uint64_t)trap_stack[cpu][0] + sizeof(trap_stack[cpu][0]);
	tss[cpu].ist[0] = (uint64_t)trap_stack[cpu][1] + sizeof(trap_stack[cpu][1]);
	tss[cpu].io_map = sizeof(struct tss);
	gdt[GDT_TSS / 8 + 2 * cpu] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 |
				     0x89ull << 40 | (base >> 24 & 0xff) << 56;
	gdt[GDT_TSS / 8 + 2 * cpu + 1] = base >> 32;
	__asm__ volatile("lgdt (%0); lidt %1" ::"r"(gdt_pointer), "m"(idt_pointer) : "memory");
	__asm__ volatile("ltr %0" ::"r"((uint16_t)(GDT_TSS + 16 * cpu)));
}
