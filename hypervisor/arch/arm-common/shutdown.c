/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the machine: PSCI's SYSTEM_OFF and SYSTEM_RESET (DEN 0022), a board's own way, or
 * holding still. */
#include <asm/bcm2836.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/shutdown.h>
#include <asm/smccc.h>
#include <asm/traps.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/log.h>
#include <hv/sched.h>
#include <xen/sched.h>

#define PSCI_SYSTEM_OFF	  0x84000008U
#define PSCI_SYSTEM_RESET 0x84000009U

static void system_call(uint32_t fn)
{
	/* PSCI 0.1 has neither. */
	if (platform.psci.present && !platform.psci.hvc && platform.psci.version >= 2) {
		(void)smc_call(fn, 0, 0, 0);
	} else {
		bcm2835_power(fn == PSCI_SYSTEM_OFF);
	}
	log_err("The firmware has no way to do it: the machine holds.\n");
}

void machine_reset(void)
{
	irq_disable();
	system_call(PSCI_SYSTEM_RESET);
	hold();
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
		log_info("The service VM %s: power off.\n", what);
		irq_disable();
		system_call(PSCI_SYSTEM_OFF);
		hold();
	}
	if (boot_options.noreboot) {
		log_info("The service VM %s: the machine holds, as noreboot says.\n", what);
		hold();
	}
	log_info("The service VM %s: reset.\n", what);
	machine_reset();
}
