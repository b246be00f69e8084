/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypercall table: a row is a number and a function; each family lives in the file of its subsystem. What has no
 * row is -ENOSYS, as the ABI says.
 */
#include <hv/compat.h>
#include <hv/cpu.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/vcpu.h>
#include <xen/xen.h>

static hypercall_fn *const table[] = {
	[__HYPERVISOR_platform_op] = hypercall_platform_op,
	[__HYPERVISOR_memory_op] = hypercall_memory_op,
	[__HYPERVISOR_multicall] = hypercall_multicall,
	[__HYPERVISOR_set_timer_op] = hypercall_set_timer_op,
	[__HYPERVISOR_xen_version] = hypercall_xen_version,
	[__HYPERVISOR_console_io] = hypercall_console_io,
	[__HYPERVISOR_grant_table_op] = hypercall_grant_table_op,
	[__HYPERVISOR_vm_assist] = hypercall_vm_assist,
	[__HYPERVISOR_vcpu_op] = hypercall_vcpu_op,
	[__HYPERVISOR_sched_op] = hypercall_sched_op,
	[__HYPERVISOR_event_channel_op] = hypercall_event_channel_op,
	[__HYPERVISOR_physdev_op] = hypercall_physdev_op,
	[__HYPERVISOR_hvm_op] = hypercall_hvm_op,
	[__HYPERVISOR_sysctl] = hypercall_sysctl,
	[__HYPERVISOR_domctl] = hypercall_domctl,
	[__HYPERVISOR_dm_op] = hypercall_dm_op,
};

long hypercall_dispatch(uint64_t nr, const struct hypercall_args *a)
{
	if (unlikely(nr >= ARRAY_SIZE(table) || !table[nr])) {
		return -ENOSYS;
	}
	return table[nr](a);
}

long hypercall_restart(const struct hypercall_args *a)
{
	memcpy(current->hypercall_args, a->v, sizeof(a->v));
	return -ERESTART;
}

bool hypercall_should_preempt(void)
{
	arch_timer_settle();		/* or nobody would tell that the slice is over */
	return READ_ONCE(this_cpu()->pending) != 0;
}

/*
 * One entry, without the result's copy back. A preempted entry leaves its new arguments in the guest's list, so that
 * the multicall as a whole can be executed again from that entry.
 */
static long multicall_entry(struct multicall_entry *untrusted_e, gva_t where)
{
	struct vcpu *v = current;
	struct hypercall_args args;
	long rc;

	for (unsigned int i = 0; i < ARRAY_SIZE(args.v); i++) {
		args.v[i] = untrusted_e->args[i];
	}
	if (untrusted_e->op == __HYPERVISOR_multicall) {
		return -EINVAL;		/* no nesting */
	}
	rc = unlikely(v->compat) ? compat_dispatch((uint32_t)untrusted_e->op, &args)
				 : hypercall_dispatch(untrusted_e->op, &args);
	if (rc != -ERESTART) {
		return rc;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(args.v); i++) {
		untrusted_e->args[i] = v->hypercall_args[i];
	}
	if (guest_write_obj(where, untrusted_e)) {
		return -EFAULT;
	}
	return -ERESTART;
}

long hypercall_multicall(const struct hypercall_args *a)
{
	gva_t list = gva(a->v[0]);
	uint32_t count = (uint32_t)a->v[1];

	for (uint32_t i = 0; i < count; i++) {
		struct multicall_entry untrusted_entry;
		gva_t where = gva_index(list, i, sizeof(untrusted_entry));
		struct hypercall_args rest = { { where.v, count - i } };
		long rc;

		if (i && hypercall_should_preempt()) {
			return hypercall_restart(&rest);
		}
		if (guest_read_obj(&untrusted_entry, where)) {
			return -EFAULT;
		}
		rc = multicall_entry(&untrusted_entry, where);
		if (rc == -ERESTART) {
			return hypercall_restart(&rest);
		}
		untrusted_entry.result = (xen_ulong_t)rc;
		if (guest_write(gva(where.v + offsetof(struct multicall_entry, result)),
				&untrusted_entry.result, sizeof(untrusted_entry.result))) {
			return -EFAULT;
		}
	}
	return 0;
}
