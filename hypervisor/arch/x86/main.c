/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of boot. Each step needs those above it; what fails says so in one line and holds.
 */
#include <asm/acpi.h>
#include <asm/apic.h>
#include <asm/boot.h>
#include <asm/dom0.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/policy.h>
#include <asm/smp.h>
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
#include <hv/uart.h>
#include <xen/hvm/hvm_op.h>

#define BOOT_STACK_SIZE 16384UL

void boot_main(uint32_t magic, uint32_t info) __noreturn;

const struct vmm_ops *vmm;

/* Gives the allocator the RAM that neither the hypervisor's tables nor the service VM have. */
static void frames_init(void)
{
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];
		uint64_t at = r->start;

		if (r->type != MEMORY_RAM) {
			continue;
		}
		while (at < r->end) {
			uint64_t next = r->end;
			bool mine = dom0_plan_skips(at, &next);

			next = MIN(next, r->end);
			if (!mine) {
				page_alloc_add(hpa_to_mfn(hpa(at)), hpa_to_mfn(hpa(next)), true);
			}
			at = next;
		}
	}
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
		uart_init(boot_options.com1);
	}
	console_set_levels(boot_options.loglvl, boot_options.guest_loglvl);
}

static void start(void)
{
	struct domain *d;

	acpi_init();
	apic_init(acpi_info.lapic_base);
	time_init();
	vmm = vmm_probe();
	if (!vmm) {
		boot_fail("this CPU has no usable virtualisation (AMD-V with nested paging); "
			  "look for it in the firmware's set-up");
	}
	if (vmm->cpu_up()) {
		boot_fail("%s cannot be turned on", vmm->name);
	}
	policy_init();
	irq_init();
	smp_init();
	irq_enable();
	if (iommu_init()) {
		log_warn("NO IOMMU: the service VM's devices can reach ALL memory, passthrough to other "
			 "VMs is refused\n");
	}
	d = dom0_build();
	if (uart_port()) {
		irq_console_input();
	}
	domain_unpause_service(d);
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
