/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/addr.h>
#include <hv/types.h>

/* The arguments of one hypercall as the guest's registers gave them (zero-extended in 32-bit mode). */
struct hypercall_args {
	uint64_t v[6];
};

typedef long hypercall_fn(const struct hypercall_args *a);

/*
 * Dispatches number nr for the current vCPU. A return of -ERESTART never reaches the guest: the arch code
 * leaves RIP at the hypercall instruction and loads current->hypercall_args into the registers.
 */
long hypercall_dispatch(uint64_t nr, const struct hypercall_args *a);

/*
 * A long operation steps aside: new arguments for when the guest executes the hypercall again. Returns
 * -ERESTART for the caller to return.
 */
long hypercall_restart(const struct hypercall_args *a);
/* True when the CPU has something else to do; long loops ask after each bounded piece of work. */
bool hypercall_should_preempt(void);

/* Families, each in the file of its subsystem. */
hypercall_fn hypercall_memory_op, hypercall_multicall, hypercall_xen_version, hypercall_console_io,
	hypercall_vcpu_op, hypercall_sched_op, hypercall_hvm_op, hypercall_physdev_op,
	hypercall_set_timer_op,
	hypercall_platform_op, hypercall_sysctl, hypercall_domctl, hypercall_vm_assist, hypercall_dm_op;
