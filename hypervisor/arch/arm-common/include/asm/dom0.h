/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The service VM (arch/arm-common/dom0*.c). */
#include <hv/types.h>

/*
 * After platform_init, before the allocator has frames: chooses the 1:1 RAM of the service VM and takes it out of what
 * frames_init hands over.
 */
void dom0_plan_memory(void);
/* Sorted ranges that dom0_plan_memory chose. */
struct memory_range;
unsigned int dom0_ram_ranges(const struct memory_range **out);
/*
 * The service VM touched a frame at which it has nothing: a device of its own that the tree did not name is mapped.
 * True: try again.
 */
struct domain;
bool dom0_map_on_demand(struct domain *d, uint64_t frame);
/* Last step of boot: makes domain 0 and its vCPUs and unpauses it. Does not return on failure (boot_fail). */
void dom0_build(void);
