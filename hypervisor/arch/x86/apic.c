/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC of the machine. Intel SDM vol. 3 ch. 11. In x2APIC mode registers are MSRs 0x800 + (offset >> 4).
 */
#include <asm/apic.h>
#include <asm/intr_remap.h>
#include <asm/irq.h>
#include <asm/msr-index.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>

enum apic_register {
	APIC_ID = 0x20,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_LDR = 0xd0,
	APIC_DFR = 0xe0,
	APIC_SVR = 0xf0,
	APIC_ESR = 0x280,
	APIC_ICR_LOW = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_PERF = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define LVT_MASKED		BIT(16)
#define LVT_DEADLINE		BIT(18)
#define LVT_NMI			(4U << 8)
#define SVR_ENABLE		BIT(8)
#define ICR_INIT_ASSERT		0x4500
#define ICR_STARTUP		0x4600
#define ICR_NMI			0x4400
#define ICR_FIXED		0x4000
#define ICR_BUSY		BIT(12)
#define ICR_ALL_BUT_SELF	(3U << 18)
#define DIVIDE_BY_1		0xb

static volatile uint8_t *mmio;
static bool x2apic;

static uint32_t apic_read(enum apic_register r)
{
	return x2apic ? (uint32_t)rdmsr(MSR_X2APIC_FIRST + (r >> 4)) :
			*(volatile uint32_t *)(mmio + r);
}

static void apic_write(enum apic_register r, uint32_t v)
{
	if (x2apic) {
		wrmsr(MSR_X2APIC_FIRST + (r >> 4), v);
	} else {
		*(volatile uint32_t *)(mmio + r) = v;
	}
}

void apic_init(uint64_t mmio_base)
{
	x2apic = rdmsr(MSR_APIC_BASE) & APIC_BASE_EXTD;
	mmio = ioremap(hpa(mmio_base), PAGE_SIZE);
	CHECK(mmio);
	apic_init_cpu();
	cpus[0]->arch.apic_id = apic_id();
}

bool apic_wants_x2apic(void)
{
	return x2apic || (boot_options.x2apic && (cpuid(1, 0).ecx & BIT(21)));
}

void apic_choose_mode(void)
{
	if (!x2apic && apic_wants_x2apic() && (!intr_remap_on() || intr_remap_wide())) {
		/* All state stays but for the addressing: nothing is set up anew. */
		wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_EXTD);
		x2apic = true;
		cpus[0]->arch.apic_id = apic_id();
	}
	log_info("APIC: %s mode, boot CPU has id %u\n", x2apic ? "x2APIC" : "xAPIC", apic_id());
}

void apic_init_cpu(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (x2apic) {
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_EXTD);
	} else {
		apic_write(APIC_DFR, 0xffffffff);
		apic_write(APIC_LDR, 0);
	}
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_LVT_THERMAL, LVT_MASKED | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_PERF, LVT_MASKED | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_LINT0, LVT_MASKED | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED | VECTOR_SPURIOUS);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	/* What firmware left in service would block everything below it. */
	for (unsigned int i = 0; i < 256; i++) {
		bool busy = false;

		for (unsigned int r = 0; r < 8; r++) {
			busy |= apic_read((enum apic_register)(0x100 + r * 0x10)) != 0;
		}
		if (!busy) {
			break;
		}
		apic_write(APIC_EOI, 0);
	}
}

bool apic_uses_x2apic(void)
{
	return x2apic;
}

uint32_t apic_id(void)
{
	return x2apic ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

static void apic_icr(uint32_t id, uint32_t low)
{
	unsigned long flags = irq_save();

	if (x2apic) {
		wrmsr(MSR_X2APIC_FIRST + (APIC_ICR_LOW >> 4), ((uint64_t)id << 32) | low);
	} else {
		while (apic_read(APIC_ICR_LOW) & ICR_BUSY) {
			cpu_relax();
		}
		apic_write(APIC_ICR_HIGH, id << 24);
		apic_write(APIC_ICR_LOW, low);
	}
	irq_restore(flags);
}

uint32_t apic_id_of_cpu(unsigned int cpu)
{
	return cpus[cpu]->arch.apic_id;
}

void apic_send_ipi(unsigned int cpu, uint8_t vector)
{
	smp_mb();
	apic_icr(apic_id_of_cpu(cpu), ICR_FIXED | vector);
}

void apic_send_ipi_mask(unsigned long mask, uint8_t vector)
{
	unsigned int i;

	for_each_set_bit(i, &mask, MAX_CPUS) {
		apic_send_ipi(i, vector);
	}
}

void apic_send_init(uint32_t id)
{
	apic_icr(id, ICR_INIT_ASSERT);
}

void apic_send_startup(uint32_t id, uint8_t page)
{
	apic_icr(id, ICR_STARTUP | page);
}

void apic_stop_others(void)
{
	if (x2apic || mmio) {
		apic_icr(0, ICR_ALL_BUT_SELF | ICR_NMI);
	}
}

void apic_timer_mode_deadline(bool deadline)
{
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER | (deadline ? LVT_DEADLINE : 0));
}

void apic_timer_start(uint32_t count)
{
	apic_write(APIC_TIMER_INITIAL, count);
}

uint32_t apic_timer_count(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_stop(void)
{
	apic_write(APIC_TIMER_INITIAL, 0);
}
