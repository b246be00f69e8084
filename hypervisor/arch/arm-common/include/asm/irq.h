/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Interrupts that the hypervisor takes for itself. The vectors call gic_handle_irq (asm/gic.h), which dispatches by
 * what was registered here or hands the line to the domain that has it. Numbers are INTIDs of the GIC.
 */
#include <hv/types.h>

#define SGI_KICK	0		/* leave the guest, look at pending work */
#define SGI_CALL	1		/* cpu_call */
#define SGI_STOP	2		/* panic elsewhere */

#define PPI_PMU		23
#define PPI_MAINTENANCE	25
#define PPI_HYP_TIMER	26
#define PPI_VIRT_TIMER	27
#define PPI_SECURE_TIMER 29
#define PPI_PHYS_TIMER	30
#define PPI_EVENT	31		/* virtual: event channel upcall (GUEST_EVTCHN_PPI) */

typedef void irq_handler(void *opaque);

/*
 * fn runs on the CPU that took it, interrupts off. A PPI is enabled on the calling CPU alone. 0, -EBUSY, -EINVAL. The
 * same fn and opaque once more (a PPI, from another CPU) is no error.
 */
int irq_request(unsigned int intid, irq_handler *fn, void *opaque);
/* No more of it. Any context. */
void irq_stop(unsigned int intid);
/* An SPI that is a pulse. */
int irq_request_edge(unsigned int intid, irq_handler *fn, void *opaque);
