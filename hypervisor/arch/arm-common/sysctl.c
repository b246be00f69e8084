/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl and the other calls about the machine, the ARM part; what is about PCI, pirqs and IOMMUs
 * says that there is none. */
#include <asm/time.h>
#include <asm/wallclock.h>
#include <hv/boot.h>
#include <hv/compat.h>
#include <hv/cpu.h>
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

#define NODE_ID_MAX 63 /* what Xen's limit of 64 nodes makes tools expect */

uint64_t machine_ram_pages(void)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		if (boot_info.memory[i].type == MEMORY_RAM) {
			bytes += boot_info.memory[i].end - boot_info.memory[i].start;
		}
	}
	return bytes >> PAGE_SHIFT;
}

/* Firmware says nothing certain about cores and packages: each CPU is a core of one package. */
static long op_cputopoinfo(struct xen_sysctl_cputopoinfo *c, bool *copy_back)
{
	uint32_t count = cpu_count;

	if (!handle_null(c->cputopo)) {
		count = MIN(c->num_cpus, cpu_count);
		for (uint32_t i = 0; i < count; i++) {
			struct xen_sysctl_cputopo topo = {
			    XEN_INVALID_CORE_ID,
			    XEN_INVALID_SOCKET_ID,
			    XEN_INVALID_NODE_ID,
			};

			if (test_bit(i, &cpu_online_map)) {
				topo = (struct xen_sysctl_cputopo){i, 0, 0};
			}
			if (guest_write_obj(gva_index(handle_gva(c->cputopo), i, sizeof(topo)),
					    &topo)) {
				return -EFAULT;
			}
		}
	}
	c->num_cpus = count;
	*copy_back = true;
	return 0;
}

static long op_physinfo(struct xen_sysctl_physinfo *p, bool *copy_back)
{
	memset(p, 0, sizeof(*p));
	p->threads_per_core = 1;
	p->cores_per_socket = p->nr_cpus = popcount(READ_ONCE(cpu_online_map));
	p->max_cpu_id = cpu_count - 1;
	p->nr_nodes = 1;
	p->max_node_id = NODE_ID_MAX;
	p->cpu_khz = (uint32_t)(counter_hz / 1000);
	p->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap |
			  XEN_SYSCTL_PHYSCAP_gnttab_v1;
	p->total_pages = machine_ram_pages();
	/* Dirty frames count as free: whoever wants one waits for its scrubbing alone. */
	p->free_pages = page_free_count();
	p->outstanding_pages = page_claimed_count();
	p->max_mfn = page_max_mfn().v - 1;
	*copy_back = true;
	return 0;
}

long arch_sysctl(struct xen_sysctl *op, bool *copy_back)
{
	switch (op->cmd) {
	case XEN_SYSCTL_physinfo:
		return op_physinfo(&op->u.physinfo, copy_back);
	case XEN_SYSCTL_cputopoinfo:
		return op_cputopoinfo(&op->u.cputopoinfo, copy_back);
	default:
		return -ENOSYS;
	}
}

/* platform_op: of the ABI only the setting of the wall clock is for ARM. */
long hypercall_platform_op(const struct hypercall_args *a)
{
	struct xen_platform_op untrusted;
	uint64_t base;

	if (guest_read_obj(&untrusted, gva(a->v[0]))) {
		return -EFAULT;
	}
	if (untrusted.interface_version != XENPF_INTERFACE_VERSION) {
		return -EACCES;
	}
	if (!current->domain->is_service) {
		return -EPERM;
	}
	if (untrusted.cmd != XENPF_settime64) {
		return -ENOSYS;
	}
	if (untrusted.u.settime64.mbz) {
		return -EINVAL;
	}
	base = untrusted.u.settime64.secs * (uint64_t)NS_PER_SEC + untrusted.u.settime64.nsecs -
	       untrusted.u.settime64.system_time;
	wallclock_set(base);
	for (unsigned int next = 0; next < DOMID_COUNT;) {
		struct domain *d = domain_get_next((uint16_t)next);

		if (!d) {
			break;
		}
		next = d->id + 1U;
		domain_publish_wallclock(d);
		domain_put(d);
	}
	return 0;
}

/* Devices are the service VM's own; PCI functions, which nobody else may have, are none of our
 * business (docs/support.md). */
long hypercall_physdev_op(const struct hypercall_args *a)
{
	return -ENOSYS;
}

/* Interrupts of devices are not event channels here. */
int arch_pirq_bind(struct domain *d, uint32_t pirq, uint32_t flags)
{
	return -EINVAL;
}

void arch_pirq_unbind(struct domain *d, uint32_t pirq)
{
}

/* The ABI has one layout for both widths, so no call is ever seen through a view. */
long compat_dispatch(uint32_t nr, const struct hypercall_args *a)
{
	return -ENOSYS;
}

void compat_runstate(struct compat_runstate_info *out, const struct vcpu_runstate_info *in)
{
	panic("a runstate in the layout of another arch");
}
