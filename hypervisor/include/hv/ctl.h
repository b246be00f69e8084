/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the tools' hypercalls share (common/domctl.c). */
#include <hv/addr.h>
#include <hv/domain.h>
#include <xen/domctl.h>

/* The address in a guest handle. */
#define handle_gva(h)	gva((uintptr_t)(h).p)
#define handle_null(h)	(!(h).p)

/*
 * One domctl or sysctl at a time. Only tried: a waiter returns to its main loop, for the holder may be waiting
 * for the waiter's vCPU to stop.
 */
extern struct spinlock domctl_lock;

/* Bitmaps of CPUs (or nodes) between the guest's form and a word. 0 or -EFAULT. */
int ctl_bitmap_read(const struct xenctl_bitmap *untrusted_map, unsigned long *out);
int ctl_bitmap_write(const struct xenctl_bitmap *untrusted_map, unsigned long bits);

/* Arch: frames of RAM that the machine has, whoever owns them. */
uint64_t machine_ram_pages(void);

/* XEN_SYSCTL_debug_keys (common/debug_keys.c): what a key shows goes to the console. */
void debug_key(char key);
