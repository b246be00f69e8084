/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The two interrupt controllers of Broadcom's BCM2836 and BCM2837 (Raspberry Pi 2 and 3), which are no GIC: one for
 * each CPU's timers and mailboxes ("local", BCM2836 ARM-local peripherals, QA7 rev. 3.4), one for the devices' lines
 * ("armctrl", BCM2835 ARM Peripherals, chapter 7). Here they count as a GIC with these INTIDs; guests see that GIC.
 */
#include <hv/fdt.h>
#include <hv/types.h>

/* SPIs: bank 1, bank 2, bank 0 of armctrl. */
#define BCM2836_LINES	72u

/* Where a service VM finds its GICv2: nothing is decoded there, behind the local controller's page. */
#define BCM2836_VGICD_BASE 0x40041000u
#define BCM2836_VGICC_BASE 0x40042000u

/* Boot CPU, once ioremap works: looks for the watchdog. */
void bcm2835_power_init(void);
/* Power-off or reset by the watchdog; returns when the machine has none of that kind, or it does not bite. Interrupts off. */
void bcm2835_power(bool off);

/* Is the node one of the two? */
bool bcm2836_is_controller(const struct fdt *t, int node);
/* A specifier of one of the two as an INTID; 0: it names nothing that interrupts. */
uint32_t bcm2836_intid(const struct fdt *t, const struct fdt_irq *irq);
