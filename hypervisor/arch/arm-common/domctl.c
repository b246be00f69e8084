/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl, the ARM part: vCPUs' registers, caches, stage 2's memory. */
#include <asm/p2m.h>
#include <asm/vcpu.h>
#include <asm/vpl011.h>
#include <asm/wallclock.h>
#include <hv/bitops.h>
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>

static struct vcpu *vcpu_of(struct domain *d, uint32_t id)
{
	return id < d->max_vcpus ? d->vcpu[id] : NULL;
}

static long op_getvcpucontext(const struct xen_domctl_vcpucontext *op, struct domain *d)
{
	struct vcpu_guest_context *c;
	struct vcpu *v;
	long rc;

	if (d == current->domain || op->vcpu >= d->max_vcpus) {
		return -EINVAL;
	}
	v = vcpu_of(d, op->vcpu);
	if (!v) {
		return -ESRCH;
	}
	c = hv_alloc(sizeof(*c));
	if (!c) {
		return -ENOMEM;
	}
	vcpu_pause(v);
	vcpu_context_get(v, c);
	c->flags = test_bit(VCPU_DOWN, &v->state) ? 0 : VGCF_online;
	vcpu_unpause(v);
	rc = guest_write(handle_gva(op->ctxt), c, sizeof(*c));
	hv_free(c);
	return rc;
}

static long op_setvcpucontext(const struct xen_domctl_vcpucontext *op, struct domain *d)
{
	struct vcpu_guest_context *c;
	struct vcpu *v = vcpu_of(d, op->vcpu);
	long rc = -EFAULT;

	if (d == current->domain || !v) {
		return -EINVAL;
	}
	if (handle_null(op->ctxt)) {
		return -EOPNOTSUPP; /* a reset of the vCPU */
	}
	c = hv_alloc(sizeof(*c));
	if (!c) {
		return -ENOMEM;
	}
	if (!guest_read(c, handle_gva(op->ctxt), sizeof(*c))) {
		domain_pause(d);
		rc = vcpu_context_set(v, c) ? 0 : -EINVAL;
		if (!rc) {
			v->initialised = true;
			if (c->flags & VGCF_online) {
				vcpu_state_clear(v, VCPU_DOWN);
			} else {
				vcpu_state_set(v, VCPU_DOWN);
			}
		}
		domain_unpause(d);
	}
	hv_free(c);
	return rc;
}

static long op_cacheflush(struct xen_domctl_cacheflush *f, struct domain *d, bool *copy_back)
{
	uint64_t first = f->start_pfn, end = first + f->nr_pfns;
	long rc;

	if (end < first) {
		return -EINVAL;
	}
	rc = p2m_cache_flush(d, &first, end);
	if (rc == -ERESTART) {
		f->start_pfn = first;
		f->nr_pfns = end - first;
		*copy_back = true;
	}
	return rc;
}

static long op_set_pool(uint64_t bytes, struct domain *d)
{
	return IS_ALIGNED(bytes, PAGE_SIZE) ? p2m_set_pool(d, bytes) : -EINVAL;
}

static long op_vuart(struct xen_domctl_vuart_op *op, struct domain *d, bool *copy_back)
{
	int port;

	if (op->pad[0] || op->pad[1] || op->cmd != XEN_DOMCTL_VUART_OP_INIT) {
		return -EINVAL;
	}
	/* Devices come before the first vCPU runs. */
	if (d->started) {
		return -EPERM;
	}
	if (op->type != XEN_DOMCTL_VUART_TYPE_VPL011) {
		return -EOPNOTSUPP;
	}
	port = vpl011_create(d, gfn(op->gfn), op->console_domid);
	if (port < 0) {
		return port;
	}
	op->evtchn = (evtchn_port_t)port;
	*copy_back = true;
	return 0;
}

long arch_domctl(struct xen_domctl *op, struct domain *d, bool *copy_back)
{
	switch (op->cmd) {
	case XEN_DOMCTL_getvcpucontext:
		return op_getvcpucontext(&op->u.vcpucontext, d);
	case XEN_DOMCTL_setvcpucontext:
		return op_setvcpucontext(&op->u.vcpucontext, d);
	case XEN_DOMCTL_cacheflush:
		return op_cacheflush(&op->u.cacheflush, d, copy_back);
	case XEN_DOMCTL_get_address_size:
		op->u.address_size.size = arch_domain_width(&d->arch);
		*copy_back = true;
		return 0;
	case XEN_DOMCTL_set_address_size:
		return d == current->domain ? -EINVAL
					    : domain_set_width(d, op->u.address_size.size);
	case XEN_DOMCTL_get_paging_mempool_size:
		op->u.paging_mempool.size = p2m_get_pool(d);
		*copy_back = true;
		return 0;
	case XEN_DOMCTL_set_paging_mempool_size:
		return op_set_pool(op->u.paging_mempool.size, d);
	case XEN_DOMCTL_settimeoffset:
		d->time_offset_seconds = (int32_t)op->u.settimeoffset.time_offset_seconds;
		domain_publish_wallclock(d);
		return 0;
	case XEN_DOMCTL_vuart_op:
		return op_vuart(&op->u.vuart_op, d, copy_back);
	case XEN_DOMCTL_bind_pt_irq:
	case XEN_DOMCTL_unbind_pt_irq:
		/* Passthrough: not built. */
		return -EOPNOTSUPP;
	default:
		return -ENOSYS;
	}
}
