/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of boot. Each step needs those above it; what fails says so in one line and holds.
 */
#include <asm/acpi.h>
#include <asm/apic.h>
#include <asm/boot.h>
#include <asm/dom0.h>
#include <asm/intr_remap.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/policy.h>
#include <asm/smp.h>
#include <asm/speculation.h>
#include <asm/time.h>
#include <asm/vmm.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <hv/screen.h>
#include <hv/uart.h>
#include <xen/hvm/hvm_op.h>

#define BOOT_STACK_SIZE 16384UL

void boot_main(uint32_t magic, uint32_t info) __noreturn;

const struct vmm_ops *vmm;

/* Gives the allocator the RAM that neither the hypervisor's tables nor the service VM have. */
static void frames_init(void)
{
	const struct memory_range *service;
	unsigned int service_count = dom0_ram_ranges(&service);

	boot_frames_init(service, service_count);
	paging_frames_ready();
}

static void memory_init(void)
{
	boot_memory_init();
	trampoline_page = boot_alloc_low(TRAMPOLINE_SIZE);
	boot_move_modules();
	paging_init();
	dom0_plan_memory();
	frames_init();
	log_info("memory: %lu MiB for guests\n", page_free_count() >> 8);
}

static void consoles_init(void)
{
	if (boot_options.console_serial) {
		if (uart_init(boot_options.com1)) {
			dom0_hide_ports(uart_port(), 8);
		}
	}
	console_set_levels(boot_options.loglvl, boot_options.guest_loglvl);
}

/* Where the firmware wired an ISA interrupt: as numbered, unless MADT says otherwise. */
static unsigned int isa_gsi(unsigned int irq)
{
	for (unsigned int i = 0; i < acpi_info.override_count; i++) {
		if (acpi_info.overrides[i].source == irq) {
			return acpi_info.overrides[i].gsi;
		}
	}
	return irq;
}

/* The serial line's interrupt is the hypervisor's; what comes in goes to the service VM's console. */
static void console_input_init(void)
{
	int vector;

	if (!uart_port()) {
		return;
	}
	vector = irq_alloc_vector(0, uart_interrupt, NULL);
	if (vector < 0 || ioapic_route(isa_gsi(uart_irq()), (uint8_t)vector, 0, false, false)) {
		log_warn("serial console: no interrupt, so no input\n");
		return;
	}
	uart_enable_input();
}

static void start(void)
{
	const char *why = "";

	if (boot_options.console_vga) {
		screen_init();
	}
	acpi_init();
	apic_init(acpi_info.lapic_base);
	time_init();
	vmm = vmm_probe(&why);
	if (!vmm) {
		boot_fail("%s", why);
	}
	if (vmm->cpu_up()) {
		boot_fail("%s cannot be turned on", vmm->name);
	}
	policy_init();
	speculation_init();
	irq_init();
	(void)iommu_init();		/* none is a loud line, or with iommu=force the end */
	intr_remap_init();
	apic_choose_mode();		/* x2APIC needs interrupts that can reach it */
	smp_init();
	irq_enable();
	console_input_init();
	dom0_build();
	set_bit(CPU_PENDING_SCHED, &this_cpu()->pending);
	main_loop_on_stack(stack_alloc(BOOT_STACK_SIZE), cpu_loop);
}

void boot_main(uint32_t magic, uint32_t info)
{
	smp_boot_cpu_init();
	multiboot_parse(magic, hpa(info));
	cmdline_parse(boot_info.cmdline);
	consoles_init();
	log_info("Mullion " MULLION_VERSION " (%s), started by %s%s\n", HV_DEBUG ? "debug" : "release",
		 boot_info.loader ? boot_info.loader : "an unknown boot loader",
		 boot_info.efi ? " on UEFI" : "");
	log_info("command line: %s\n", boot_info.cmdline);
	memory_init();
	start();
	panic("boot returned");
}
