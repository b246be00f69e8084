/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and interrupts that hit the hypervisor. An exception is our own bug, save for instructions that
 * are listed in the exception table (rdmsr_safe and wrmsr_safe): it panics.
 */
#include <asm/apic.h>
#include <asm/boot.h>
#include <asm/irq.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/traps.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/symbols.h>
#include <hv/page.h>
#include <hv/domain.h>

struct idt_gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
} __packed;

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3], reserved1, ist[7], reserved2;
	uint16_t reserved3, io_base;
} __packed;
static_assert(sizeof(struct tss) == 104, "APM vol. 2, figure 12-8");

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __packed;

struct cpu_tables {
	uint64_t gdt[5];		/* null, code, data, TSS (two slots) */
	struct tss tss;
	uint8_t ist_stack[3][4096] __aligned(16);
};

struct extable_entry {
	uint64_t fault, fixup;
};

#define TSS_SELECTOR	0x18
#define IST_DF		1
#define IST_NMI		2
#define IST_MC		3

extern char trap_stubs[];
extern const struct extable_entry _extable_start[], _extable_end[];

static struct idt_gate idt[256];
static struct cpu_tables boot_tables;

static void idt_build(void)
{
	for (unsigned int i = 0; i < 256; i++) {
		uint64_t at = (uint64_t)(trap_stubs + 16 * i);

		idt[i] = (struct idt_gate){
			.offset_low = (uint16_t)at, .selector = 0x08, .type = 0x8e,
			.offset_mid = (uint16_t)(at >> 16), .offset_high = (uint32_t)(at >> 32),
			.ist = i == 2 ? IST_NMI : i == 8 ? IST_DF : i == 18 ? IST_MC : 0,
		};
	}
}

static void load_tables(struct cpu_tables *t)
{
	struct table_pointer gdt = { sizeof(t->gdt) - 1, (uint64_t)t->gdt };
	struct table_pointer idt_pointer = { sizeof(idt) - 1, (uint64_t)idt };
	uint64_t tss = (uint64_t)&t->tss;

	t->gdt[1] = 0x00af9b000000ffff;
	t->gdt[2] = 0x00cf93000000ffff;
	t->gdt[3] = (sizeof(t->tss) - 1) | ((tss & 0xffffff) << 16) | (0x89UL << 40) |
		    ((tss >> 24 & 0xff) << 56);
	t->gdt[4] = tss >> 32;
	t->tss.io_base = sizeof(t->tss);
	for (unsigned int i = 0; i < 3; i++) {
		t->tss.ist[i] = (uint64_t)t->ist_stack[i] + sizeof(t->ist_stack[i]);
	}
	__asm__ volatile("lgdt %0\n\tlidt %1" : : "m"(gdt), "m"(idt_pointer));
	__asm__ volatile("pushq $0x08\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmov $0x10, %%eax\n\t"
			 "mov %%eax, %%ss\n\t"
			 "xor %%eax, %%eax\n\t"
			 "mov %%eax, %%ds\n\t"
			 "mov %%eax, %%es\n\t"
			 "mov %%eax, %%fs\n\t"
			 "mov %%eax, %%gs\n\t"
			 "ltr %%dx"
			 :
			 : "d"(TSS_SELECTOR)
			 : "rax", "memory");
}

static void load_control_registers(void)
{
	struct cpuid_regs f7 = cpuid(0, 0).eax >= 7 ? cpuid(7, 0) : (struct cpuid_regs){ 0 };
	struct cpuid_regs f1 = cpuid(1, 0);
	uint64_t cr4 = CR4_PAE | CR4_PGE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cr4 |= f1.ecx & BIT(26) ? CR4_OSXSAVE : 0;
	cr4 |= f7.ebx & BIT(7) ? CR4_SMEP : 0;
	cr4 |= f7.ebx & BIT(20) ? CR4_SMAP : 0;
	cr4 |= f7.ecx & BIT(2) ? CR4_UMIP : 0;
	write_cr4(cr4);
	write_cr0((read_cr0() | CR0_WP | CR0_NE | CR0_MP) & ~(CR0_EM | CR0_TS | CR0_AM | CR0_CD | CR0_NW));
}

void traps_init_cpu(struct cpu *c)
{
	/* The boot CPU comes here before there is an allocator. */
	struct cpu_tables *t = c->id == 0 ? &boot_tables : hv_alloc(sizeof(*t));

	CHECK(t);
	if (c->id == 0) {
		idt_build();
	}
	c->self = c;
	c->arch.gdt = t->gdt;
	c->arch.tss = &t->tss;
	load_tables(t);
	wrmsr(MSR_GS_BASE, (uint64_t)c);
	load_control_registers();
}

static bool fix_up(struct trap_frame *f)
{
	for (const struct extable_entry *e = _extable_start; e < _extable_end; e++) {
		if (e->fault == f->rip) {
			f->rip = e->fixup;
			return true;
		}
	}
	return false;
}

static void print_registers(const struct trap_frame *f)
{
	uint64_t offset;
	const char *name = symbol_of(f->rip, &offset);
	struct vcpu *v = current;

	log_err("CPU%u rip %04lx:%016lx %s+0x%lx\n", this_cpu()->id, f->cs, f->rip, name, offset);
	if (v && v->domain) {
		log_err("current d%uv%u\n", v->domain->id, v->id);
	}
	log_err("rflags %08lx cr0 %08lx cr2 %016lx cr3 %012lx cr4 %08lx\n", f->rflags, read_cr0(),
		read_cr2(), read_cr3(), read_cr4());
	log_err("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
	log_err("rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", f->rsi, f->rdi, f->rbp, f->rsp);
	log_err("r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", f->r8, f->r9, f->r10, f->r11);
	log_err("r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", f->r12, f->r13, f->r14, f->r15);
}

static void handle_exception(struct trap_frame *f)
{
	if (fix_up(f)) {
		return;
	}
	if (f->vector == 2) {
		if (panic_stopped_here()) {
			return;
		}
		log_warn("CPU%u: unexpected NMI\n", this_cpu()->id);
		return;
	}
	print_registers(f);
	backtrace(f->rip, f->rbp);
	panic("exception %lu, error code %lx, at %016lx", f->vector, f->error, f->rip);
}

void interrupt_dispatch(uint8_t vector)
{
	switch (vector) {
	case VECTOR_TIMER:
		apic_eoi();
		timer_interrupt();
		break;
	case VECTOR_KICK:
		/* To be interrupted was all: the exit or wake-up has happened. */
	case VECTOR_POSTED:
		/* No guest took it: the next entry that delivers looks for what was posted. */
		apic_eoi();
		break;
	case VECTOR_CALL:
		apic_eoi();
		cpu_call_interrupt();
		break;
	case VECTOR_SPURIOUS:
		break;
	default:
		irq_dispatch(vector);
		break;
	}
}

void trap_dispatch(struct trap_frame *f)
{
	if (f->vector < 32) {
		handle_exception(f);
	} else {
		interrupt_dispatch((uint8_t)f->vector);
	}
}
