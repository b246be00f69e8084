/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other CPUs, and interrupts between CPUs. */
#include <asm/cpu_start.h>
#include <asm/gic.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/smp.h>
#include <asm/time.h>
#include <asm/traps.h>
#include <asm/vtimer.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <hv/vcpu.h>

#define START_TIMEOUT_MS 2000

static struct cpu boot_cpu;
static struct vcpu boot_idle;

/* The boot CPU's struct before there is any allocator. */
void smp_boot_cpu_init(void)
{
	boot_cpu.self = &boot_cpu;
	boot_cpu.idle = &boot_idle;
	boot_cpu.running = &boot_idle;
	boot_idle.sched.running = true;
	cpus[0] = &boot_cpu;
	cpu_count = 1;
	timer_queue_init(&boot_cpu.timers);
	spin_lock_init(&boot_cpu.sched.lock);
	list_init(&boot_cpu.sched.queue);
	write_sysreg(tpidr_el2, (uintptr_t)&boot_cpu);
	isb();
}

static struct cpu *cpu_new(unsigned int id, uint64_t mpidr)
{
	struct cpu *c = hv_alloc(sizeof(*c));
	struct vcpu *idle = hv_alloc(sizeof(*idle));

	if (!c || !idle) {
		goto fail;
	}
	c->self = c;
	c->id = id;
	c->arch.mpidr = mpidr;
	c->arch.stack_top = stack_alloc();
	c->idle = c->running = idle;
	idle->id = id;
	idle->cpu = id;
	idle->sched.running = true;
	timer_queue_init(&c->timers);
	if (!c->arch.stack_top) {
		goto fail;
	}
	return c;
fail:
	hv_free(c);
	hv_free(idle);
	return NULL;
}

void smp_secondary_main(struct cpu *c)
{
	write_sysreg(tpidr_el2, (uintptr_t)c);
	isb();
	gic_init_cpu();
	time_init_cpu();
	vtimer_init_cpu();
	traps_init_cpu();
	sched_cpu_init(c->id);
	c->rcu.seen = ~0ULL >> 1; /* until its first pass: holds nothing */
	set_bit(c->id, &cpu_online_map);
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	cpu_loop();
}

static bool start_cpu(struct cpu *c, const struct platform_cpu *how)
{
	struct cpu **top = c->arch.stack_top;
	bool came = false;

	top[-2] = c; /* where boot.S reads it */
	cache_clean_range(&top[-2], sizeof(*top));
	if (!cpu_start(how, top)) {
		return false;
	}
	for (unsigned int ms = 0; ms < START_TIMEOUT_MS && !came; ms++) {
		came = __atomic_load_n(&c->online, __ATOMIC_ACQUIRE);
		if (!came) {
			time_delay_us(1000);
		}
	}
	cpu_start_over();
	if (!came) {
		log_err("CPU %" PRIx64 " does not start\n", c->arch.mpidr);
	}
	return came;
}

static bool psci_usable(void)
{
	return platform.psci.present && !platform.psci.hvc && platform.psci.cpu_on;
}

static bool can_start(const struct platform_cpu *cpu)
{
	return cpu->start != START_PSCI || psci_usable();
}

void smp_init(void)
{
	unsigned int max =
	    boot_options.max_cpus ? MIN(boot_options.max_cpus, (unsigned int)MAX_CPUS) : MAX_CPUS;
	unsigned int left_out = 0;
	bool no_psci = false;

	boot_cpu.online = true;
	sched_cpu_init(0);
	set_bit(0, &cpu_online_map);
	for (unsigned int i = 1; i < platform.cpu_count; i++) {
		struct cpu *c;

		if (cpu_count >= max || !can_start(&platform.cpu[i])) {
			no_psci |= !can_start(&platform.cpu[i]);
			left_out++;
			continue;
		}
		c = cpu_new(cpu_count, platform.cpu[i].mpidr);
		if (!c) {
			log_err("no memory for CPU %u\n", cpu_count);
			break;
		}
		cpus[cpu_count++] = c;
		if (!start_cpu(c, &platform.cpu[i])) {
			/* It may still come late: its memory stays. */
			cpus[--cpu_count] = NULL;
		}
	}
	if (left_out) {
		log_warn("%u CPUs are not used%s\n", left_out,
			 no_psci ? ": the firmware has no PSCI by SMC" : "");
	}
	log_info("%u CPUs\n", cpu_count);
}

void arch_cpu_kick(unsigned int cpu)
{
	gic_send_sgi(cpu, SGI_KICK);
}

void arch_cpu_send_call(unsigned int cpu)
{
	gic_send_sgi(cpu, SGI_CALL);
}

/* WFI ends with an interrupt that is pending, masked or not. */
void arch_cpu_sleep(void)
{
	dsb(sy);
	__asm__ volatile("wfi" ::: "memory");
	irq_enable();
	isb();
}
