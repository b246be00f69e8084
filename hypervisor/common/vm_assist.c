/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_assist: the one assist that a domain with its own page tables may ask for. */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>

#define ASSIST_VALID	BIT(VMASST_TYPE_runstate_update_flag)

long hypercall_vm_assist(const struct hypercall_args *a)
{
	uint32_t cmd = (uint32_t)a->v[0], type = (uint32_t)a->v[1];
	struct domain *d = current->domain;

	if (cmd != VMASST_CMD_enable && cmd != VMASST_CMD_disable) {
		return -ENOSYS;
	}
	if (type >= BITS_PER_LONG || !(ASSIST_VALID & BIT(type))) {
		return -EINVAL;
	}
	if (cmd == VMASST_CMD_enable) {
		__atomic_or_fetch(&d->vm_assist, (uint32_t)BIT(type), __ATOMIC_RELAXED);
	} else {
		__atomic_and_fetch(&d->vm_assist, (uint32_t)~BIT(type), __ATOMIC_RELAXED);
	}
	return 0;
}
