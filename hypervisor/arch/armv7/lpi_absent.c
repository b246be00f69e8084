/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LPIs are GICv3's, which is not built in here. */
#include <asm/vlpi.h>

int vlpi_domain_init(struct domain *d)
{
	return 0;
}

uint32_t vlpi_dist_typer(const struct domain *d)
{
	return 0;
}

bool vlpi_redist_access(struct vcpu *v, struct mmio_access *a, uint32_t off)
{
	return false;
}

uint64_t vlpi_redist_typer(const struct domain *d)
{
	return 0;
}

void vlpi_requeue_all(struct domain *d)
{
}

void vlpi_inject(uint32_t lpi)
{
}
