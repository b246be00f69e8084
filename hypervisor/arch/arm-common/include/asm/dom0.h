/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The service VM (arch/arm-common/dom0*.c). Boot CPU, but for the last two. */
#include <hv/dom0_memory.h>
#include <hv/types.h>

struct domain;

/*
 * After platform_init and once hv_reserved is complete, before the allocator has frames: checks the
 * kernel and chooses the 1:1 RAM of the service VM (dom0_ram_ranges).
 */
void dom0_plan_memory(void);
/* Last step of boot: makes domain 0 and its vCPUs and unpauses it. Does not return on failure (boot_fail). */
void dom0_build(void);

/* A frame of a device that the service VM may reach: no RAM, nothing that the hypervisor keeps. */
bool dom0_frame_is_device(uint64_t frame);
/*
 * Domain creation: where the console's UART, or Broadcom's interrupt controller, has a page together with other devices,
 * the service VM reaches these by way of us. 0, -ENOMEM.
 */
int dom0_share_pages(struct domain *d);
/*
 * The current vCPU of d touched a frame where nothing is. True: it is a device's and now mapped 1:1,
 * try again. No lock held.
 */
bool dom0_map_on_demand(struct domain *d, uint64_t frame);
