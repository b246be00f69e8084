/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock is the generic timer's system counter, which all CPUs share; the per-CPU timer is EL2's
 * own. No tick, no calibration: the frequency stands in CNTFRQ or in the device tree.
 */
#include <asm/irq.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/time.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/divide.h>
#include <hv/log.h>

#define TIMER_ENABLE  BIT(0)
#define CNTHCTL_PCTEN BIT(0) /* EL1 may read the physical counter; its timer traps */

uint64_t counter_hz;

static uint64_t counter_base;	     /* counter at time 0 */
static uint64_t ns_mul, counter_mul; /* 32.32: ticks to ns, and back */
static uint64_t wallclock_ns;

uint64_t counter_read(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

nstime_t counter_to_ns(uint64_t counter)
{
	return (nstime_t)multiply_shift32(counter - counter_base, ns_mul);
}

uint64_t ns_to_counter(nstime_t ns)
{
	/* Rounded up: a timer that fires too early would have to be set again. */
	return counter_base + multiply_shift32((uint64_t)ns, counter_mul) + 1;
}

nstime_t time_now(void)
{
	return counter_to_ns(counter_read());
}

static void timer_fired(void *opaque)
{
	write_sysreg(cnthp_ctl_el2, 0);
	timer_interrupt();
}

void arch_timer_program(nstime_t when)
{
	if (when == NSTIME_NEVER) {
		write_sysreg(cnthp_ctl_el2, 0);
	} else {
		write_sysreg(cnthp_cval_el2, ns_to_counter(when > 0 ? when : 0));
		write_sysreg(cnthp_ctl_el2, TIMER_ENABLE);
	}
	isb();
}

/* A deadline goes into the machine at once. */
void arch_timer_settle(void)
{
}

void time_init(void)
{
	counter_hz = platform.timer.frequency ? platform.timer.frequency : read_sysreg(cntfrq_el0);
	if (counter_hz < 1000000 || counter_hz > 4000000000U) {
		boot_fail("the generic timer says that it runs at %" PRIu64 " Hz", counter_hz);
	}
	ns_mul = ((uint64_t)NS_PER_SEC << 32) / counter_hz;
	counter_mul = (counter_hz << 32) / (uint64_t)NS_PER_SEC;
	counter_base = counter_read();
	log_info("time: counter %" PRIu64 " kHz\n", counter_hz / 1000);
	time_init_cpu();
}

void time_init_cpu(void)
{
	write_sysreg(cnthp_ctl_el2, 0);
	write_sysreg(cnthctl_el2, CNTHCTL_PCTEN);
	isb();
	if (irq_request(platform.timer.hyp ? platform.timer.hyp : PPI_HYP_TIMER, timer_fired,
			NULL)) {
		boot_fail("no interrupt for the hypervisor's timer");
	}
}

void time_delay_us(unsigned int us)
{
	uint64_t start = counter_read(), ticks = (uint64_t)us * counter_hz / 1000000;

	while (counter_read() - start < ticks) {
		cpu_relax();
	}
}

uint64_t wallclock_base(void)
{
	return READ_ONCE(wallclock_ns);
}

void wallclock_set(uint64_t base_ns)
{
	WRITE_ONCE(wallclock_ns, base_ns);
}
