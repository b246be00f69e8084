/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* For tests of ARM's sources on the host: the instructions are the fake's, all else is ARM's own. */
#include "../../../../hypervisor/arch/fake/include/asm/processor.h"

#define dsb(kind) __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Registers of devices are the test's to play. */
uint64_t unit_mmio_read(const volatile void *p, unsigned int size);
void unit_mmio_write(volatile void *p, unsigned int size, uint64_t v);

static inline uint32_t mmio_read32(const volatile void *p)
{
	return (uint32_t)unit_mmio_read(p, 4);
}

static inline uint64_t mmio_read64(const volatile void *p)
{
	return unit_mmio_read(p, 8);
}

static inline void mmio_write32(volatile void *p, uint32_t v)
{
	unit_mmio_write(p, 4, v);
}

static inline void mmio_write64(volatile void *p, uint64_t v)
{
	unit_mmio_write(p, 8, v);
}
