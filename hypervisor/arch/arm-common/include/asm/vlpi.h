/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Virtual LPIs and ITSs, of the service VM alone (arch/arm64/vlpi.c, vits*.c; nothing where GICv3 is not built in). It gets an
 * ITS for each that the machine has, at the same place, with the same devices. What is mapped in them stands in memory of
 * ours; of the guest's, its command queues and its table of properties are read, each entry when it is asked for.
 * Locks: vlpi_domain.lock (interrupts on) -> the domain's vgic.lock -> a vCPU's; the ITS's own (asm/its.h) is a leaf, too.
 */
#include <asm/vgic.h>
#include <hv/types.h>

struct domain;
struct mmio_access;
struct vcpu;

/* Domain creation: nothing for others than the service VM, and without an ITS. 0, -ENOMEM, -EEXIST. */
int vlpi_domain_init(struct domain *d);
/* What GICD_TYPER says of LPIs and the width of INTIDs; 0: d has none. */
uint32_t vlpi_dist_typer(const struct domain *d);
/*
 * An access at off (aligned to its size) to the redistributor of v. False: nothing of LPIs is there, or d has none. No lock held.
 */
bool vlpi_redist_access(struct vcpu *v, struct mmio_access *a, uint32_t off);
/* GICR_TYPER's word of it. */
uint64_t vlpi_redist_typer(const struct domain *d);
/* d's distributor was enabled or disabled. No lock held. */
void vlpi_requeue_all(struct domain *d);
/* The machine's LPI has come. Interrupt context. */
void vlpi_inject(uint32_t lpi);
