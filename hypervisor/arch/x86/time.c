/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock is the TSC; HPET, PM timer or PIT are used once, to calibrate it and the local APIC's timer. The
 * per-CPU timer is one-shot: TSC deadline where the CPU has it, else the APIC's counter. No periodic tick.
 */
#include <asm/acpi.h>
#include <asm/apic.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <asm/msr-index.h>
#include <asm/time.h>
#include <hv/cpu.h>
#include <hv/vcpu.h>
#include <hv/lib.h>
#include <hv/log.h>

#define HPET_CAPABILITIES	0x000	/* IA-PC HPET 1.0a section 2.3.4: period in fs in bits 63:32 */
#define HPET_CONFIG		0x010
#define HPET_COUNTER		0x0f0
#define HPET_PERIOD_MAX_FS	100000000U	/* the specification's limit: 10 MHz */
#define PM_TIMER_HZ		3579545U	/* ACPI 6.4 section 4.8.3.3 */
#define PIT_HZ			1193182U

#define LOOKS			16
#define HPET_CALIBRATE_US	2000
#define PM_CALIBRATE_US		10000

uint32_t tsc_khz;

static struct time_scale scale;		/* TSC to ns, in the ABI's form */
static uint64_t tsc_base;		/* TSC at time 0 */
static uint64_t ns_to_tsc_mul;		/* 32.32 */
static uint64_t ns_to_apic_mul;		/* 32.32 */
static bool use_deadline;
static uint64_t wallclock_ns;
bool time_entries_watch;

struct reference {
	const char *name;
	uint64_t hz_or_fs;
	uint64_t mask;
	unsigned int us;
};

static volatile uint64_t *hpet;
static uint16_t pm_port;

static uint64_t read_reference(void)
{
	return hpet ? hpet[HPET_COUNTER / 8] : inl(pm_port);
}

/* a * b / c with a 128-bit product; the quotient must fit. The compiler would call a library for it. */
static uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low, high, remainder;

	__asm__("mulq %3" : "=a"(low), "=d"(high) : "0"(a), "rm"(b) : "cc");
	__asm__("divq %4" : "=a"(low), "=d"(remainder) : "0"(low), "1"(high), "rm"(c) : "cc");
	return low;
}

static uint64_t scale_ns(uint64_t tsc)
{
	tsc = scale.shift >= 0 ? tsc << scale.shift : tsc >> -scale.shift;
	return (uint64_t)(((unsigned __int128)tsc * scale.mul) >> 32);
}

nstime_t time_now(void)
{
	return (nstime_t)scale_ns(rdtsc() - tsc_base);
}

void time_stamp(uint64_t *tsc, nstime_t *ns)
{
	*tsc = rdtsc();
	*ns = (nstime_t)scale_ns(*tsc - tsc_base);
}

struct time_scale time_scale_get(void)
{
	return scale;
}

uint64_t ns_to_tsc(nstime_t ns)
{
	return tsc_base + (uint64_t)(((unsigned __int128)(uint64_t)ns * ns_to_tsc_mul) >> 32);
}

struct time_scale time_scale_of(uint64_t hz)
{
	struct time_scale s = { 0 };
	uint64_t f = hz;

	/* Bring 1e9/f * 2^32 into 32 bits with the top one set: best precision. */
	while (f > 2 * (uint64_t)NS_PER_SEC) {
		f >>= 1;
		s.shift--;
	}
	while (f <= (uint64_t)NS_PER_SEC) {
		f <<= 1;
		s.shift++;
	}
	s.mul = (uint32_t)mul_div((uint64_t)NS_PER_SEC, 1UL << 32, f);
	return s;
}

uint64_t time_ratio(uint32_t khz, unsigned int fraction_bits)
{
	return mul_div(khz, 1UL << fraction_bits, tsc_khz);
}

static void set_frequency(uint64_t tsc_hz)
{
	scale = time_scale_of(tsc_hz);
	ns_to_tsc_mul = mul_div(tsc_hz, 1UL << 32, (uint64_t)NS_PER_SEC);
	tsc_khz = (uint32_t)(tsc_hz / 1000);
}

static bool choose_reference(struct reference *r)
{
	if (acpi_info.hpet_base) {
		volatile uint64_t *h = ioremap(hpa(acpi_info.hpet_base), 0x400);
		uint64_t period = h ? h[HPET_CAPABILITIES / 8] >> 32 : 0;

		if (period && period <= HPET_PERIOD_MAX_FS) {
			h[HPET_CONFIG / 8] |= 1;
			hpet = h;
			/* counters may be 32 bits wide; the interval fits in them */
			*r = (struct reference){ "HPET", 1000000000000000UL / period, 0xffffffff,
						 HPET_CALIBRATE_US };
			return true;
		}
	}
	if (acpi_fixed.pm_timer) {
		pm_port = acpi_fixed.pm_timer;
		*r = (struct reference){ "PM timer", PM_TIMER_HZ, 0xffffff, PM_CALIBRATE_US };
		return true;
	}
	return false;
}

/* Counter 2 of the PIT, gated by port 0x61, down from 0xffff: for machines with neither HPET nor PM timer. */
static uint64_t measure_pit(uint64_t *apic_hz)
{
	uint32_t count = PIT_HZ / 50;
	uint64_t start, end;
	uint32_t apic_left;

	outb((uint8_t)((inb(0x61) & ~2) | 1), 0x61);
	outb(0xb0, 0x43);
	outb((uint8_t)count, 0x42);
	outb((uint8_t)(count >> 8), 0x42);
	apic_timer_start(~0U);
	start = rdtsc();
	while (!(inb(0x61) & 0x20)) {
		cpu_relax();
	}
	end = rdtsc();
	apic_left = apic_timer_count();
	*apic_hz = (uint64_t)(~0U - apic_left) * 50;
	return (end - start) * 50;
}

/* It cannot be read along with the TSC; what disturbs makes the result larger, so the smallest counts. */
static uint64_t calibrate_pit(uint64_t *apic_hz)
{
	uint64_t least = measure_pit(apic_hz);

	for (unsigned int i = 1; i < 3; i++) {
		uint64_t apic, tsc = measure_pit(&apic);

		if (tsc < least) {
			least = tsc;
			*apic_hz = apic;
		}
	}
	return least;
}

/* What the three clocks say at one time. */
struct moment {
	uint64_t tsc, reference;
	uint32_t apic;
};

/*
 * Firmware (SMI), or a hypervisor below, may take the CPU away between two reads: of some tries the one counts whose reads
 * took the least time.
 */
static struct moment look(void)
{
	struct moment m = { 0 };
	uint64_t least = ~0UL;

	for (unsigned int i = 0; i < LOOKS; i++) {
		uint64_t before = rdtsc(), reference = read_reference();
		uint32_t apic = apic_timer_count();
		uint64_t took = rdtsc() - before;

		if (took < least) {
			least = took;
			m = (struct moment){ before + took / 2, reference, apic };
		}
	}
	return m;
}

static uint64_t calibrate(const struct reference *r, uint64_t *apic_hz)
{
	uint64_t ticks = r->hz_or_fs * r->us / 1000000, spent;
	struct moment start, end;

	apic_timer_start(~0U);
	start = look();
	while (((read_reference() - start.reference) & r->mask) < ticks) {
		cpu_relax();
	}
	end = look();
	spent = (end.reference - start.reference) & r->mask;
	*apic_hz = mul_div(start.apic - end.apic, r->hz_or_fs, spent);
	return mul_div(end.tsc - start.tsc, r->hz_or_fs, spent);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_from_date(int64_t y, unsigned int m, unsigned int d)
{
	static const uint16_t before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	int64_t past = y - 1;

	return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[m - 1] +
	       (m > 2 && leap) + d - 1;
}

static uint8_t cmos(uint8_t index)
{
	outb(index, 0x70);
	return inb(0x71);
}

static unsigned int from_bcd(uint8_t v, bool bcd)
{
	return bcd ? (v >> 4) * 10U + (v & 15U) : v;
}

/* MC146818: registers 0-9, status A bit 7 = update in progress, B bit 2 = binary, bit 1 = 24 hours. */
static uint64_t read_rtc(void)
{
	uint8_t raw[6], again[6], status_b;
	static const uint8_t index[6] = { 0, 2, 4, 7, 8, 9 };
	unsigned int v[6], tries = 0;
	bool bcd, pm;

	do {
		for (unsigned int i = 0; i < 1000000 && (cmos(0x0a) & 0x80); i++) {
			cpu_relax();
		}
		for (unsigned int i = 0; i < 6; i++) {
			raw[i] = cmos(index[i]);
		}
		for (unsigned int i = 0; i < 6; i++) {
			again[i] = cmos(index[i]);
		}
	} while (memcmp(raw, again, sizeof(raw)) && ++tries < 10);
	status_b = cmos(0x0b);
	bcd = !(status_b & 4);
	pm = !(status_b & 2) && (raw[2] & 0x80);
	raw[2] &= 0x7f;
	for (unsigned int i = 0; i < 6; i++) {
		v[i] = from_bcd(raw[i], bcd);
	}
	if (!(status_b & 2)) {
		v[2] = v[2] % 12 + (pm ? 12 : 0);
	}
	if (v[4] < 1 || v[4] > 12 || v[3] < 1 || v[3] > 31) {
		log_warn("time: the RTC holds no valid date\n");
		return 0;
	}
	return (uint64_t)(days_from_date(2000 + (int)v[5], v[4], v[3]) * 86400 + v[2] * 3600 + v[1] * 60 +
			  v[0]);
}

uint64_t wallclock_base(void)
{
	return READ_ONCE(wallclock_ns);
}

void wallclock_set(uint64_t base_ns)
{
	WRITE_ONCE(wallclock_ns, base_ns);
}

void time_init(void)
{
	struct reference r;
	uint64_t apic_hz, tsc_hz;

	apic_timer_mode_deadline(false);
	if (choose_reference(&r)) {
		tsc_hz = calibrate(&r, &apic_hz);
	} else {
		r.name = "PIT";
		tsc_hz = calibrate_pit(&apic_hz);
	}
	apic_timer_stop();
	set_frequency(tsc_hz);
	ns_to_apic_mul = mul_div(apic_hz, 1UL << 32, (uint64_t)NS_PER_SEC);
	tsc_base = rdtsc();
	use_deadline = cpuid(1, 0).ecx & BIT(24);
	wallclock_ns = read_rtc() * (uint64_t)NS_PER_SEC;
	log_info("time: TSC %u.%03u MHz, APIC timer %lu kHz by %s; %s\n", tsc_khz / 1000, tsc_khz % 1000,
		 apic_hz / 1000, r.name, use_deadline ? "TSC deadline" : "one-shot");
	time_init_cpu();
}

void time_init_cpu(void)
{
	this_cpu()->arch.deadline = DEADLINE_NONE;
	apic_timer_mode_deadline(use_deadline);
}

static void program_machine(nstime_t when)
{
	nstime_t now, delta;
	uint64_t count;

	if (use_deadline) {
		wrmsr(MSR_TSC_DEADLINE, when == NSTIME_NEVER ? 0 : ns_to_tsc(MAX(when, (nstime_t)1)));
		return;
	}
	if (when == NSTIME_NEVER) {
		apic_timer_stop();
		return;
	}
	now = time_now();
	delta = when > now ? MIN(when - now, 2 * NS_PER_SEC) : 0;
	count = ((uint64_t)delta * (ns_to_apic_mul >> 16)) >> 16;
	apic_timer_start((uint32_t)MIN(MAX(count, 1UL), 0xffffffffUL));
}

/* A guest is on this CPU: its next entry takes the deadline along. What is in the machine's timer may fire for nothing. */
void arch_timer_program(nstime_t when)
{
	struct cpu *c = this_cpu();

	if (time_entries_watch && c->running && !vcpu_is_idle(c->running)) {
		c->arch.deadline = when == NSTIME_NEVER ? DEADLINE_NONE : ns_to_tsc(MAX(when, (nstime_t)1));
		return;
	}
	c->arch.deadline = DEADLINE_NONE;
	program_machine(when);
}

void arch_timer_settle(void)
{
	struct cpu *c = this_cpu();
	unsigned long flags;

	if (likely(c->arch.deadline == DEADLINE_NONE)) {
		return;
	}
	flags = irq_save();
	c->arch.deadline = DEADLINE_NONE;
	program_machine(c->timers.programmed);
	irq_restore(flags);
}

bool time_exit_at_once(void)
{
	/* In the past. Its exit has the timers looked at, and that sets the true deadline again. */
	if (time_entries_watch) {
		this_cpu()->arch.deadline = 1;
	}
	return time_entries_watch;
}

void time_delay_us(unsigned int us)
{
	uint64_t end = rdtsc() + (uint64_t)us * tsc_khz / 1000;

	while ((int64_t)(end - rdtsc()) > 0) {
		cpu_relax();
	}
}
