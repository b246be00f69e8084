/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of the machine: reset, or holding it still. Switching off is the service VM's ACPI
 * business (the sleep type of S5 is in AML): XENPF_enter_acpi_sleep or its own write to PM1.
 */
#include <asm/acpi.h>
#include <asm/processor.h>
#include <asm/shutdown.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/log.h>
#include <hv/sched.h>
#include <xen/sched.h>

#define SPACE_IO	1
#define SPACE_PCI	2
#define PORT_DELAY	0x80
#define PORT_KEYBOARD	0x64
#define PORT_RESET	0xcf9
#define PCI_ADDRESS	0xcf8
#define PCI_DATA	0xcfc

/* Time for a reset to take hold, without a clock that could be what broke: a port access lasts a microsecond or so. */
static void settle(void)
{
	for (unsigned int i = 0; i < 100000; i++) {
		(void)inb(PORT_DELAY);
	}
}

/* The register of the FADT. One in memory is left out: mapping it needs more than can be relied on here. */
static void reset_by_acpi(void)
{
	uint64_t a = acpi_fixed.reset.address;

	if (!acpi_fixed.reset_supported) {
		return;
	}
	if (acpi_fixed.reset.space == SPACE_IO && a <= 0xffff) {
		outb(acpi_fixed.reset_value, (uint16_t)a);
		settle();
	} else if (acpi_fixed.reset.space == SPACE_PCI) {
		/* Device, function and offset on bus 0: ACPI 6.4 table 5.1. */
		uint32_t dev = (a >> 32) & 31, fn = (a >> 16) & 7, reg = a & 0xff;

		outl((uint32_t)BIT(31) | dev << 11 | fn << 8 | (reg & 0xfc), PCI_ADDRESS);
		outb(acpi_fixed.reset_value, (uint16_t)(PCI_DATA + (reg & 3)));
		settle();
	}
}

void machine_reset(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __packed no_idt;

	irq_disable();
	reset_by_acpi();
	outb(0x02, PORT_RESET);		/* the kind: hard; then do it */
	outb(0x06, PORT_RESET);
	settle();
	outb(0xfe, PORT_KEYBOARD);
	settle();
	__asm__ volatile("lidt %0; int3" ::"m"(no_idt));
	for (;;) {
		__asm__ volatile("hlt");
	}
}

/* Nobody runs any more; interrupts stay on, for other CPUs may still call. */
static void __noreturn hold(void)
{
	struct domain *d;
	unsigned int next = 0;

	while (next < DOMID_COUNT && (d = domain_get_next((uint16_t)next))) {
		domain_pause_nosync(d);
		next = d->id + 1U;
		domain_put(d);
	}
	irq_enable();
	for (;;) {
		__asm__ volatile("hlt");
	}
}

void arch_machine_shutdown(int code)
{
	static const char *const names[] = {
		[SHUTDOWN_poweroff] = "switched off",
		[SHUTDOWN_reboot] = "asked for a reboot",
		[SHUTDOWN_suspend] = "asked to be suspended",
		[SHUTDOWN_crash] = "crashed",
		[SHUTDOWN_watchdog] = "let its watchdog run out",
		[SHUTDOWN_soft_reset] = "asked for a soft reset",
	};
	const char *what = code >= 0 && code < (int)ARRAY_SIZE(names) ? names[code] : "stopped";

	if (code == SHUTDOWN_poweroff) {
		log_info("The service VM %s without ACPI: the machine holds.\n", what);
		hold();
	}
	if (boot_options.noreboot) {
		log_info("The service VM %s: the machine holds, as noreboot says.\n", what);
		hold();
	}
	log_info("The service VM %s: reset.\n", what);
	machine_reset();
}
