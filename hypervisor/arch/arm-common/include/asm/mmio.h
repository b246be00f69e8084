/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Devices that the hypervisor plays for a guest (arch/arm-common/mmio.c). */
#include <hv/types.h>

struct domain;
struct vcpu;

struct mmio_access {
	uint64_t gpa;			/* aligned to size */
	unsigned int size;		/* 1, 2, 4, 8 */
	bool write;
	uint64_t value;			/* written, or to be read: upper bytes are ignored */
};

/* v is current, no lock is held. False: the device takes no such access, and the guest gets an external abort. */
typedef bool mmio_fn(struct vcpu *v, struct mmio_access *a, void *opaque);

/* From start on size bytes are fn's. Before the domain's first vCPU runs. -ENOMEM, -EEXIST (overlap). */
int mmio_register(struct domain *d, uint64_t start, uint64_t size, mmio_fn *fn, void *opaque);
/* Is there a device for the access, and did it take it? */
enum mmio_result { MMIO_NONE, MMIO_DONE, MMIO_REFUSED };
enum mmio_result mmio_dispatch(struct vcpu *v, struct mmio_access *a);
/* Is a device played at that byte? */
bool mmio_dispatch_covers(const struct domain *d, uint64_t gpa);
void mmio_destroy(struct domain *d);
