/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device vectors of the machine: one table for all CPUs, each vector bound to one CPU.
 * Locks: alloc_lock (interrupts off) covers which vectors are taken; nothing is taken inside it.
 * Dispatch takes no lock: fn is the last word written when a vector is set up and the first
 * cleared when it goes.
 */
#include <asm/intr_remap.h>
#include <asm/irq.h>
#include <asm/processor.h>
#include <hv/cpu.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/spinlock.h>
#include <hv/vcpu.h>

#define PIC1		0x20
#define PIC2		0xa0
#define NO_GSI		0xffff

struct irq_desc {
	irq_handler *fn;
	void *opaque;
	unsigned int running;		/* atomic: CPUs inside the handler */
	uint16_t gsi;			/* of the IO-APIC line behind it, or NO_GSI */
	bool level, own;
	bool taken;			/* (alloc_lock) */
};

static struct irq_desc descs[256];
static struct spinlock alloc_lock = SPINLOCK_INIT;
static unsigned int next_vector = VECTOR_DEVICE_FIRST;
static unsigned int spurious_count;

/* The legacy controllers' own spurious vectors are never handed out. */
static bool usable(unsigned int vector)
{
	return vector != VECTOR_DEVICE_FIRST + 7 && vector != VECTOR_DEVICE_FIRST + 15;
}

static void pic_off(void)
{
	/* A full initialisation, for firmware may have left them half way; then all lines masked. */
	outb(0x11, PIC1);
	outb(0x11, PIC2);
	outb(VECTOR_DEVICE_FIRST, PIC1 + 1);
	outb(VECTOR_DEVICE_FIRST + 8, PIC2 + 1);
	outb(4, PIC1 + 1);
	outb(2, PIC2 + 1);
	outb(1, PIC1 + 1);
	outb(1, PIC2 + 1);
	outb(0xff, PIC1 + 1);
	outb(0xff, PIC2 + 1);
}

void irq_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(descs); i++) {
		descs[i].gsi = NO_GSI;
	}
	pic_off();
	ioapic_init();
}

void irq_dispatch(uint8_t vector)
{
	struct irq_desc *desc = &descs[vector];
	irq_handler *fn;
	bool level;

	__atomic_add_fetch(&desc->running, 1, __ATOMIC_SEQ_CST);
	fn = __atomic_load_n(&desc->fn, __ATOMIC_ACQUIRE);
	level = fn && desc->level;
	/* A level line would fire again at once: it is masked until its cause is gone. */
	if (level) {
		ioapic_mask(desc->gsi, true);
	}
	apic_eoi();
	if (level) {
		ioapic_eoi(desc->gsi);
	}
	if (likely(fn)) {
		fn(desc->opaque);
		if (level && desc->own) {
			ioapic_mask(desc->gsi, false);
		}
	} else if (spurious_count < 10) {
		spurious_count++;
		log_warn("interrupt on vector %#x that nobody uses\n", vector);
	}
	__atomic_sub_fetch(&desc->running, 1, __ATOMIC_RELEASE);
}

int irq_alloc_vector(unsigned int cpu, irq_handler *fn, void *opaque)
{
	unsigned int count = VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1;
	unsigned long flags = spin_lock_irq(&alloc_lock);
	int ret = -ENOSPC;

	/* Going round lets a message that is still under way to a freed vector fall into the void. */
	for (unsigned int i = 0; i < count; i++) {
		unsigned int vector = next_vector;
		struct irq_desc *desc = &descs[vector];

		next_vector = vector == VECTOR_DEVICE_LAST ? VECTOR_DEVICE_FIRST : vector + 1;
		if (desc->taken || !usable(vector)) {
			continue;
		}
		desc->taken = true;
		desc->gsi = NO_GSI;
		desc->level = desc->own = false;
		desc->opaque = opaque;
		__atomic_store_n(&desc->fn, fn, __ATOMIC_RELEASE);
		ret = (int)vector;
		break;
	}
	spin_unlock_irq(&alloc_lock, flags);
	return ret;
}

void irq_free_vector(uint8_t vector)
{
	struct irq_desc *desc = &descs[vector];
	unsigned long flags;

	__atomic_store_n(&desc->fn, NULL, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&desc->running, __ATOMIC_SEQ_CST)) {
		cpu_relax();
	}
	flags = spin_lock_irq(&alloc_lock);
	desc->taken = false;
	spin_unlock_irq(&alloc_lock, flags);
}

void irq_bind_line(uint8_t vector, unsigned int gsi, bool level, bool own)
{
	struct irq_desc *desc = &descs[vector];

	desc->gsi = (uint16_t)gsi;
	desc->own = own;
	desc->level = level;
}

unsigned int irq_pick_cpu(const struct vcpu *v)
{
	unsigned int cpu = v ? READ_ONCE(v->cpu) : 0;

	/* A plain message holds 8 bits of APIC id. */
	if (cpu >= MAX_CPUS || !test_bit(cpu, &cpu_online_map) ||
	    (apic_id_of_cpu(cpu) >= 0xff && !intr_remap_wide())) {
		cpu = 0;
	}
	return cpu;
}
