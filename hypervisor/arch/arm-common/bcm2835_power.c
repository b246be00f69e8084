/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a machine of Broadcom's BCM2835 family, which has no PSCI: its watchdog runs out at
 * once. Power-off is a reset in which the boot ROM finds partition 63 asked for, and halts
 * (Linux, Documentation/devicetree/bindings/soc/bcm/brcm,bcm2835-pm.yaml).
 */
#include <asm/bcm2836.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/time.h>
#include <hv/lib.h>

#define PM_RSTC	 0x1cu
#define PM_RSTS	 0x20u
#define PM_WDOG	 0x24u
#define PM_SIZE	 0x28u
#define PASSWORD 0x5a000000u

#define RSTC_CONFIG_MASK 0x30u
#define RSTC_FULL_RESET	 0x20u
#define RSTS_PARTITION	 0x555u /* every other bit: the number of it, 63 */
#define WATCHDOG_TICKS	 10u	/* of 1/65536 s */
#define RESET_US	 100000u

static volatile uint8_t *pm;

/* At boot, for the end may be one with locks in hands that will not give them back. */
void bcm2835_power_init(void)
{
	const struct fdt *t = &platform.tree;
	struct platform_region r = {0};

	for (int node = fdt_root(t); node >= 0; node = fdt_next_node(t, node, NULL)) {
		if (fdt_compatible(t, node, "brcm,bcm2835-pm-wdt") &&
		    fdt_reg(t, node, 0, &r.base, &r.size) && r.size >= PM_SIZE) {
			pm = ioremap(hpa(r.base), r.size);
			return;
		}
	}
}

void bcm2835_power(bool off)
{
	if (!pm) {
		return;
	}
	if (off) {
		mmio_write32(pm + PM_RSTS, PASSWORD | mmio_read32(pm + PM_RSTS) | RSTS_PARTITION);
	}
	mmio_write32(pm + PM_WDOG, PASSWORD | WATCHDOG_TICKS);
	mmio_write32(pm + PM_RSTC,
		     PASSWORD | (mmio_read32(pm + PM_RSTC) & ~RSTC_CONFIG_MASK) | RSTC_FULL_RESET);
	time_delay_us(RESET_US);
}
