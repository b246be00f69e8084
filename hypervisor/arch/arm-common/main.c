/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of boot. Each step needs those above it; what fails says so in one line and holds.
 */
#include <asm/bcm2836.h>
#include <asm/boot.h>
#include <asm/dom0.h>
#include <asm/exit.h>
#include <asm/gic.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/smp.h>
#include <asm/time.h>
#include <asm/traps.h>
#include <asm/vtimer.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define FDT_SIZE_MAX   MIB(2) /* of the boot protocol */
#define MPIDR_AFFINITY 0xff00ffffffUL

static void memory_init(void)
{
	const struct memory_range *service;
	unsigned int service_count;

	paging_init();
	dom0_plan_memory();
	service_count = dom0_ram_ranges(&service);
	boot_frames_init(service, service_count);
	paging_frames_ready();
	log_info("memory: %" PRIu64 " MiB for guests\n", page_free_count() >> 8);
}

static void consoles_init(void)
{
	platform_choose_uart(boot_options.dtuart);
	if (boot_options.console_serial) {
		(void)platform_console_init();
	}
	console_set_levels(boot_options.loglvl, boot_options.guest_loglvl);
}

static void start(void)
{
	this_cpu()->arch.mpidr = platform.cpu[0].mpidr;
	gic_init();
	bcm2835_power_init();
	time_init();
	vtimer_init();
	vcpu_probe();
	traps_init_cpu();
	(void)iommu_init();
	smp_init();
	irq_enable();
	platform_console_input_init();
	dom0_build();
	set_bit(CPU_PENDING_SCHED, &this_cpu()->pending);
	main_loop_on_stack(stack_alloc(), cpu_loop);
}

/* Its size stands big-endian in the second word; all else is for platform_init to check. */
static const void *map_tree(uint64_t pa, size_t *mapped)
{
	const uint32_t *head = pa && IS_ALIGNED(pa, 8UL) ? boot_map(hpa(pa), 8) : NULL;

	*mapped = head ? MIN((uint64_t)__builtin_bswap32(head[1]), FDT_SIZE_MAX) : 0;
	return *mapped ? boot_map(hpa(pa), *mapped) : NULL;
}

void boot_main(uint64_t fdt, uint64_t image)
{
	const void *tree;
	size_t mapped;

	image_base = hpa(image);
	smp_boot_cpu_init();
	tree = map_tree(fdt, &mapped);
	if (!tree) {
		boot_fail("the boot loader gave no device tree");
	}
	platform_open(tree, mapped, fdt);
	cmdline_parse(boot_info.cmdline);
	consoles_init();
	log_info("Mullion " MULLION_VERSION " (%s) for %s, started by %s\n",
		 HV_DEBUG ? "debug" : "release", image_arch,
		 boot_info.loader ? boot_info.loader : "an unknown boot loader");
	log_info("command line: %s\n", boot_info.cmdline);
	log_info("the hypervisor's image is at %#" PRIx64 "\n", image);
	platform_init(read_sysreg(mpidr_el1) & MPIDR_AFFINITY);
	memory_init();
	start();
	panic("boot returned");
}
