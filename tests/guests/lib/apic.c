/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC in both modes, and the start of other vCPUs through it. */
#include "guest.h"

#define TRAMPOLINE 0x8000ul
#define AP_STACK   16384

struct cpu_slot {
	volatile bool started, busy;
	void (*volatile fn)(void *arg);
	void *volatile arg;
	char *stack;
};

extern char ap_trampoline[], ap_trampoline_end[];
extern volatile uint64_t ap_stack;
static volatile unsigned ap_starting;
static struct cpu_slot slots[CPUS_MAX];

bool apic_is_x2apic(void)
{
	return rdmsr(MSR_APIC_BASE) & APIC_BASE_EXTD;
}

static uint64_t mmio_base(void)
{
	return rdmsr(MSR_APIC_BASE) & ~0xfffull;
}

uint32_t apic_read(unsigned reg)
{
	if (apic_is_x2apic()) {
		return rdmsr(MSR_X2APIC + reg / 16);
	}
	return mmio_read32(mmio_base() + reg);
}

void apic_write(unsigned reg, uint32_t val)
{
	if (apic_is_x2apic()) {
		wrmsr(MSR_X2APIC + reg / 16, val);
	} else {
		mmio_write32(mmio_base() + reg, val);
	}
}

bool apic_bit(unsigned reg, unsigned vector)
{
	return apic_read(reg + vector / 32 * 16) >> (vector % 32) & 1;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_init(void)
{
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SVR, 0x1ff);
}

void apic_enable_x2apic(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_EXTD | APIC_BASE_ENABLE);
}

void apic_send(uint32_t dest, uint32_t low)
{
	if (apic_is_x2apic()) {
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (uint64_t)dest << 32 | low);
	} else {
		apic_write(APIC_ICR2, dest << 24);
		apic_write(APIC_ICR, low);
	}
}

static bool madt_cpu(unsigned i, uint32_t *id)
{
	const uint8_t *e;
	unsigned n, seen = 0;

	for (n = 0; (e = madt_entry(0, n)); n++) {
		if ((e[4] & 1) && seen++ == i) {
			*id = e[3];
			return true;
		}
	}
	for (n = 0; (e = madt_entry(9, n)); n++) {
		if ((e[8] & 1) && seen++ == i) {
			memcpy(id, e + 4, 4);
			return true;
		}
	}
	return false;
}

unsigned cpu_count(void)
{
	unsigned n = 0;
	uint32_t id;

	while (madt_cpu(n, &id)) {
		n++;
	}
	return n;
}

uint32_t cpu_apic_id(unsigned cpu)
{
	uint32_t id = 0;

	CHECK(madt_cpu(cpu, &id), "the MADT has no vCPU %u", cpu);
	return id;
}

void ap_main(void);
void ap_main(void)
{
	unsigned cpu = ap_starting;
	struct cpu_slot *s = &slots[cpu];
	unsigned spins = 0;

	trap_init_cpu(cpu);
	s->started = true;
	for (;;) {
		if (s->busy) {
			s->fn(s->arg);
			barrier();
			s->busy = false;
		}
		pause();
		if (++spins % 64 == 0) {
			HC(sched_op, SCHEDOP_yield, 0);
		}
	}
}

static void start_cpu(unsigned cpu)
{
	struct cpu_slot *s = &slots[cpu];
	uint32_t id = cpu_apic_id(cpu);

	CHECK(cpu > 0 && cpu < CPUS_MAX);
	memcpy((void *)TRAMPOLINE, ap_trampoline, ap_trampoline_end - ap_trampoline);
	s->stack = alloc_pages(AP_STACK / PAGE_SIZE);
	ap_stack = (uint64_t)s->stack + AP_STACK;
	ap_starting = cpu;
	apic_send(id, APIC_DM_INIT | APIC_INT_ASSERT);
	delay_us(1000);
	apic_send(id, APIC_DM_STARTUP | APIC_INT_ASSERT | TRAMPOLINE >> 12);
	if (!WAIT_FOR(s->started, 20)) {
		apic_send(id, APIC_DM_STARTUP | APIC_INT_ASSERT | TRAMPOLINE >> 12);
	}
	CHECK(WAIT_FOR(s->started, 10000), "vCPU %u (APIC id %u) did not start", cpu, id);
}

void cpu_run(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	struct cpu_slot *s = &slots[cpu];

	if (!s->started) {
		start_cpu(cpu);
	}
	cpu_wait(cpu);
	s->fn = fn;
	s->arg = arg;
	barrier();
	s->busy = true;
}

bool cpu_idle(unsigned cpu)
{
	return !slots[cpu].busy;
}

void cpu_wait(unsigned cpu)
{
	CHECK(WAIT_FOR(cpu_idle(cpu), 30000), "vCPU %u does not return", cpu);
}
