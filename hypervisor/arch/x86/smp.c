/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing up the other CPUs (INIT, SIPI, SIPI: Intel SDM vol. 3 section 9.4), and interrupts between CPUs.
 */
#include <asm/acpi.h>
#include <asm/apic.h>
#include <asm/boot.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <asm/smp.h>
#include <asm/speculation.h>
#include <asm/time.h>
#include <asm/traps.h>
#include <asm/vmm.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <hv/vcpu.h>

#define STACK_SIZE	16384UL
#define START_TIMEOUT_MS 200

extern char trampoline_start[], trampoline_end[], trampoline_entry64[], trampoline_gdt_pointer[],
	trampoline_cr3[], trampoline_stack[], trampoline_cpu[];

hpa_t trampoline_page;

static struct cpu boot_cpu;
static struct vcpu boot_idle;

/* The boot CPU's struct before there is any allocator. */
void smp_boot_cpu_init(void)
{
	boot_cpu.idle = &boot_idle;
	boot_cpu.running = &boot_idle;
	boot_idle.sched.running = true;
	cpus[0] = &boot_cpu;
	cpu_count = 1;
	timer_queue_init(&boot_cpu.timers);
	spin_lock_init(&boot_cpu.sched.lock);
	list_init(&boot_cpu.sched.queue);
	traps_init_cpu(&boot_cpu);
}

static uint8_t *field(const char *symbol)
{
	return (uint8_t *)hpa_to_virt(trampoline_page) + (symbol - trampoline_start);
}

/* Four pages: the code, and tables that map it 1:1 besides everything of ours. */
static void trampoline_prepare(void)
{
	uint64_t base = trampoline_page.v;
	uint64_t *tables = hpa_to_virt(hpa(base + PAGE_SIZE));
	const uint64_t *ours = hpa_to_virt(hpa(paging_cr3()));
	uint32_t v;

	memset(hpa_to_virt(trampoline_page), 0, TRAMPOLINE_SIZE);
	memcpy(hpa_to_virt(trampoline_page), trampoline_start, (size_t)(trampoline_end - trampoline_start));
	memcpy(tables, ours, PAGE_SIZE);
	tables[0] = (base + 2 * PAGE_SIZE) | 3;
	tables[512] = (base + 3 * PAGE_SIZE) | 3;
	tables[1024] = 0x83;			/* the first 2 MiB */
	memcpy(&v, field(trampoline_entry64), 4);
	v += (uint32_t)base;
	memcpy(field(trampoline_entry64), &v, 4);
	memcpy(&v, field(trampoline_gdt_pointer) + 2, 4);
	v += (uint32_t)base;
	memcpy(field(trampoline_gdt_pointer) + 2, &v, 4);
	v = (uint32_t)(base + PAGE_SIZE);
	memcpy(field(trampoline_cr3), &v, 4);
}

static struct cpu *cpu_new(unsigned int id, const struct acpi_cpu *a)
{
	struct cpu *c = hv_alloc(sizeof(*c));
	struct vcpu *idle = hv_alloc(sizeof(*idle));

	if (!c || !idle) {
		hv_free(c);
		hv_free(idle);
		return NULL;
	}
	c->id = id;
	c->arch.apic_id = a->apic_id;
	c->arch.acpi_id = a->acpi_id;
	c->arch.stack_top = stack_alloc(STACK_SIZE);
	c->idle = c->running = idle;
	idle->id = id;
	idle->cpu = id;
	idle->sched.running = true;
	timer_queue_init(&c->timers);
	if (!c->arch.stack_top) {
		hv_free(c);
		hv_free(idle);
		return NULL;
	}
	return c;
}

void smp_ap_main(struct cpu *c)
{
	__asm__ volatile("mov %0, %%cr3" ::"r"(paging_cr3()) : "memory");
	traps_init_cpu(c);
	apic_init_cpu();
	time_init_cpu();
	if (vmm->cpu_up()) {
		log_err("CPU%u: %s cannot be turned on; the CPU stays off\n", c->id, vmm->name);
		for (;;) {
			__asm__ volatile("cli; hlt");
		}
	}
	speculation_init_cpu();
	sched_cpu_init(c->id);
	c->rcu.seen = ~0ULL >> 1;	/* until its first pass: holds nothing */
	set_bit(c->id, &cpu_online_map);
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	cpu_loop();
}

static bool start_cpu(struct cpu *c)
{
	uint64_t stack = (uint64_t)c->arch.stack_top, self = (uint64_t)c;

	memcpy(field(trampoline_stack), &stack, 8);
	memcpy(field(trampoline_cpu), &self, 8);
	smp_mb();
	apic_send_init(c->arch.apic_id);
	time_delay_us(200);
	for (unsigned int attempt = 0; attempt < 2; attempt++) {
		apic_send_startup(c->arch.apic_id, (uint8_t)(trampoline_page.v >> PAGE_SHIFT));
		for (unsigned int us = 0; us < START_TIMEOUT_MS * 1000; us += 50) {
			if (__atomic_load_n(&c->online, __ATOMIC_ACQUIRE)) {
				return true;
			}
			time_delay_us(50);
		}
	}
	return false;
}

void smp_init(void)
{
	unsigned int max = boot_options.max_cpus ? MIN(boot_options.max_cpus, (unsigned int)MAX_CPUS) : MAX_CPUS;
	unsigned int left_out = 0;

	boot_cpu.arch.apic_id = apic_id();
	boot_cpu.online = true;
	sched_cpu_init(0);
	set_bit(0, &cpu_online_map);
	trampoline_prepare();
	for (unsigned int i = 0; i < acpi_info.cpu_count; i++) {
		const struct acpi_cpu *a = &acpi_info.cpus[i];
		struct cpu *c;

		if (a->apic_id == boot_cpu.arch.apic_id) {
			boot_cpu.arch.acpi_id = a->acpi_id;
			continue;
		}
		if (!a->enabled) {
			continue;
		}
		if (cpu_count == max) {
			left_out++;
			continue;
		}
		c = cpu_new(cpu_count, a);
		if (!c) {
			log_err("no memory for CPU %u\n", cpu_count);
			break;
		}
		cpus[cpu_count++] = c;
		if (!start_cpu(c)) {
			/* It may still come late: its memory stays. */
			log_err("CPU with APIC id %u does not start\n", a->apic_id);
			cpus[--cpu_count] = NULL;
		}
	}
	if (left_out) {
		log_warn("%u CPUs are not used (maxcpus, or more than %u)\n", left_out, MAX_CPUS);
	}
	log_info("%u CPUs\n", cpu_count);
}

void arch_cpu_kick(unsigned int cpu)
{
	apic_send_ipi(cpu, VECTOR_KICK);
}

void arch_cpu_send_call(unsigned int cpu)
{
	apic_send_ipi(cpu, VECTOR_CALL);
}

void arch_cpu_sleep(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}
