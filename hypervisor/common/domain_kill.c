/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a domain, in two parts.
 * domain_kill (the controller's call, preemptible) stops the vCPUs for good and gives back all that may tie
 * up other domains or memory: event channels, grant mappings, the guest's pages.
 * After the last reference and a grace period stage_one frees the subsystems: nobody can find d any more,
 * but a CPU may still follow a page's owner pointer to it. So the structure itself goes a grace period later.
 */
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/iommu.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <hv/sched.h>

static int unmap_vcpu_areas(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		vcpu_unmap_info(v);
	}
	return 0;
}

/* In this order; each is called until it returns 0. */
static int (*const kill_steps[])(struct domain *d) = {
	event_relinquish,
	grant_relinquish_mappings,
	unmap_vcpu_areas,
	arch_domain_relinquish,
	p2m_relinquish,
	page_relinquish_list,
};

int domain_kill(struct domain *d)
{
	if (d == current->domain) {
		return -EINVAL;
	}
	if (d->dying == DOMAIN_DEAD) {
		return 0;
	}
	if (d->dying == DOMAIN_ALIVE) {
		domain_pause(d);
		WRITE_ONCE(d->dying, DOMAIN_DYING);
		/* Whoever holds one of these has not seen it; whoever comes later does. */
		spin_lock(&d->big_lock);
		spin_unlock(&d->big_lock);
		spin_lock(&d->page_lock);
		spin_unlock(&d->page_lock);
		(void)page_claim(d, 0);
	}
	while (d->relinquish_step < (int)ARRAY_SIZE(kill_steps)) {
		int err = kill_steps[d->relinquish_step](d);

		if (err) {
			return err;
		}
		d->relinquish_step++;
	}
	WRITE_ONCE(d->dying, DOMAIN_DEAD);
	/* The reference of its creation. */
	domain_put(d);
	event_send_service_virq(VIRQ_DOM_EXC);
	return 0;
}

static void stage_two(struct rcu_head *head)
{
	hv_free(container_of(head, struct domain, rcu));
}

/* Frees all that hangs on d; copes with one that was only half made. */
static void free_subsystems(struct domain *d)
{
	struct vcpu *v;

	for (unsigned int i = 0; i < ARRAY_SIZE(d->watchdog); i++) {
		timer_kill(&d->watchdog[i]);
	}
	if (d->vcpu) {
		for_each_vcpu(d, v) {
			d->vcpu[v->id] = NULL;
			vcpu_destroy(v);
		}
	}
	if (d->grant) {
		grant_destroy(d);
	}
	event_destroy(d);
	arch_domain_destroy(d);
	while (p2m_teardown(d) == -ERESTART) {
	}
	if (d->iommu) {
		iommu_domain_destroy(d);
	}
	page_orphan_all(d);
	rangeset_destroy(d->io_memory);
	rangeset_destroy(d->io_ports);
	rangeset_destroy(d->irqs);
	hv_free(d->vcpu);
	if (d->target) {
		domain_put(d->target);
	}
}

static void stage_one(struct rcu_head *head)
{
	struct domain *d = container_of(head, struct domain, rcu);

	free_subsystems(d);
	rcu_defer(&d->rcu, stage_two);
	/* xenstored asks again and finds that it is gone. */
	event_send_service_virq(VIRQ_DOM_EXC);
}

void domain_put(struct domain *d)
{
	if (__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		domain_unlink(d);
		rcu_defer(&d->rcu, stage_one);
	}
}

void domain_discard(struct domain *d)
{
	free_subsystems(d);
	rcu_defer(&d->rcu, stage_two);
}
