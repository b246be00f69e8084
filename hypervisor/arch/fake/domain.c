/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains, vCPUs and CPUs without a life cycle: made and freed by the test. */
#include <asm/fake.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <hv/sched.h>

#define DOMAIN_SLOTS	16

struct domain *service_domain;
unsigned int fake_preempt_after;
_Thread_local bool fake_irqs_off;
static _Thread_local struct cpu cpu;
static struct domain *domains[DOMAIN_SLOTS];

struct cpu *this_cpu(void)
{
	cpu.self = &cpu;
	return &cpu;
}

void fake_set_current(struct vcpu *v)
{
	this_cpu()->running = v;
}

bool hypercall_should_preempt(void)
{
	return fake_preempt_after && --fake_preempt_after == 0;
}

long hypercall_restart(const struct hypercall_args *a)
{
	memcpy(current->hypercall_args, a->v, sizeof(a->v));
	return -ERESTART;
}

static struct vcpu *create_vcpu(struct domain *d, unsigned int id)
{
	struct vcpu *v = hv_alloc(sizeof(*v));

	CHECK(v);
	v->domain = d;
	v->id = id;
	v->info = (struct vcpu_info *)&d->shared_info->vcpu_info[id];
	return v;
}

struct domain *fake_domain_create(uint16_t id, unsigned int vcpus)
{
	struct domain *d;

	fake_memory_init();
	d = hv_alloc(sizeof(*d));
	CHECK(d && id < DOMAIN_SLOTS && !domains[id]);
	CHECK(vcpus <= XEN_LEGACY_MAX_VCPUS);
	d->id = id;
	d->refs = 1;
	d->is_service = id == 0;
	d->max_vcpus = vcpus;
	d->max_pages = 4096;
	list_init(&d->page_list);
	list_init(&d->shared_list);
	list_init(&d->released_list);
	d->shared_info = page_to_virt(page_alloc_shared(d));
	CHECK(p2m_init(d) == 0);
	d->vcpu = hv_alloc(vcpus * sizeof(d->vcpu[0]));
	for (unsigned int i = 0; i < vcpus; i++) {
		d->vcpu[i] = create_vcpu(d, i);
	}
	domains[id] = d;
	if (d->is_service) {
		service_domain = d;
	}
	return d;
}

void fake_domain_destroy(struct domain *d)
{
	domains[d->id] = NULL;
	if (service_domain == d) {
		service_domain = NULL;
	}
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		hv_free(d->vcpu[i]);
	}
	hv_free(d->vcpu);
	page_put(virt_to_page(d->shared_info));
	p2m_teardown(d);
	(void)page_relinquish_list(d);
	page_orphan_all(d);
	hv_free(d);
}

void *fake_domain_page(struct domain *d, uint64_t g)
{
	struct page_info *pg = page_alloc_domain(d, 0, ALLOC_ZERO);

	CHECK(pg && p2m_set(d, gfn(g), page_to_mfn(pg), 0, P2M_RAM_RW) == 0);
	return page_to_virt(pg);
}

struct domain *domain_get_other(uint16_t id)
{
	struct domain *d = id < DOMAIN_SLOTS ? domains[id] : NULL;

	return d && domain_get(d) ? d : NULL;
}

struct domain *domain_get_by_id(uint16_t id)
{
	return domain_get_other(id == DOMID_SELF ? current->domain->id : id);
}

bool domain_get(struct domain *d)
{
	__atomic_add_fetch(&d->refs, 1, __ATOMIC_RELAXED);
	return true;
}

void domain_put(struct domain *d)
{
	uint32_t left = __atomic_sub_fetch(&d->refs, 1, __ATOMIC_RELEASE);

	/* The test's own reference is dropped by fake_domain_destroy. */
	CHECK(left != 0);
}

bool domain_may_control(const struct domain *a, const struct domain *d)
{
	return a->is_service || a->target == d;
}

void vcpu_wake(struct vcpu *v)
{
	__atomic_and_fetch(&v->state, ~(BIT(VCPU_BLOCKED) | BIT(VCPU_POLLING)), __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&v->arch.wakes, 1, __ATOMIC_RELAXED);
}

void arch_vcpu_upcall(struct vcpu *v)
{
	__atomic_add_fetch(&v->arch.upcalls, 1, __ATOMIC_RELAXED);
}
