/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Two domains with event channels, and the hypercall as a guest makes it. Included by test_event*.c. */
#include "unit.h"
#include <asm/fake.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <xen/event_channel.h>

#include "event_internal.h"

static struct domain *dom1, *dom2, *service;
static uint64_t frames_before;
static void *arg_buffer;
static int pirq_answer;
static unsigned int pirqs_bound;

int arch_pirq_bind(struct domain *d, uint32_t pirq, uint32_t flags)
{
	pirqs_bound += pirq_answer == 0;
	return pirq_answer;
}

void arch_pirq_unbind(struct domain *d, uint32_t pirq)
{
	pirqs_bound--;
}

static struct domain *domain_with_events(uint16_t id, unsigned int vcpus, uint32_t max_port)
{
	struct domain *d = fake_domain_create(id, vcpus);
	struct vcpu *v;

	CHECK_EQ(event_init(d, max_port), 0);
	for_each_vcpu (d, v) {
		event_vcpu_init(v);
	}
	return d;
}

static void setup(uint32_t max_port)
{
	fake_memory_init();
	if (!arg_buffer) {
		arg_buffer = fake_guest_buffer(64);
	}
	fake_preempt_after = 0;
	pirq_answer = 0;
	pirqs_bound = 0;
	frames_before = page_free_count();
	service = domain_with_events(0, 1, ~0u);
	dom1 = domain_with_events(1, 2, max_port);
	dom2 = domain_with_events(2, 2, max_port);
	fake_set_current(dom1->vcpu[0]);
}

static void end_domain(struct domain *d)
{
	struct vcpu *v;

	d->dying = DOMAIN_DYING;
	while (event_relinquish(d)) {
	}
	CHECK_EQ(d->events.active_count, 0);
	for_each_vcpu (d, v) {
		event_vcpu_destroy(v);
	}
	event_destroy(d);
	fake_domain_destroy(d);
}

static void teardown(void)
{
	fake_preempt_after = 0;
	end_domain(dom1);
	end_domain(dom2);
	end_domain(service);
	CHECK_EQ(page_free_count(), frames_before);
}

/* With arg == NULL the guest passes a bad pointer. */
static long event_op(uint32_t cmd, void *arg, size_t size)
{
	struct hypercall_args a = { { cmd, arg ? fake_gva(arg_buffer).v : 0x1000 } };
	long rc;

	if (arg) {
		memcpy(arg_buffer, arg, size);
	}
	rc = hypercall_event_channel_op(&a);
	if (arg) {
		memcpy(arg, arg_buffer, size);
	}
	return rc;
}

#define EVENT_OP(name, op_ptr) event_op(EVTCHNOP_##name, op_ptr, sizeof(*(op_ptr)))

static uint32_t alloc_unbound(uint16_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = remote };

	CHECK_EQ(EVENT_OP(alloc_unbound, &op), 0);
	return op.port;
}

static uint32_t bind_interdomain_to(uint16_t remote, uint32_t port)
{
	struct evtchn_bind_interdomain op = { .remote_dom = remote, .remote_port = port };

	CHECK_EQ(EVENT_OP(bind_interdomain, &op), 0);
	return op.local_port;
}

static inline uint32_t bind_virq(uint32_t virq, uint32_t vcpu)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };

	CHECK_EQ(EVENT_OP(bind_virq, &op), 0);
	return op.port;
}

static uint32_t bind_ipi(uint32_t vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };

	CHECK_EQ(EVENT_OP(bind_ipi, &op), 0);
	return op.port;
}

static long port_op(uint32_t cmd, uint32_t port)
{
	return event_op(cmd, &port, sizeof(port));
}

static long bind_vcpu(uint32_t port, uint32_t vcpu)
{
	struct evtchn_bind_vcpu op = { .port = port, .vcpu = vcpu };

	return EVENT_OP(bind_vcpu, &op);
}

static inline uint32_t status_of_port(uint32_t port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };

	CHECK_EQ(EVENT_OP(status, &op), 0);
	return op.status;
}
