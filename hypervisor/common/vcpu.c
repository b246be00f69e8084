/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPUs: their making and end, the vcpu_info page, runstate and the areas that a guest has registered.
 *
 * runstate is written by the CPU on which the vCPU's state changes, under the scheduler's lock; readers take
 * a copy by its sequence count. The guest's areas are linear addresses, so they are written only while the
 * vCPU's page tables are in place: when it is current.
 */
#include <hv/bitops.h>
#include <hv/compat.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <hv/vcpu.h>
#include <asm/upcall.h>

static void singleshot_fired(void *data)
{
	event_send_virq(data, VIRQ_TIMER);
}

static void periodic_fired(void *data)
{
	struct vcpu *v = data;
	nstime_t period = READ_ONCE(v->periodic_ns), now = time_now(), next;

	if (!period) {
		return;
	}
	event_send_virq(v, VIRQ_TIMER);
	/* On its grid, without making up for ticks that were missed. */
	next = v->periodic.expires + period;
	if (next <= now) {
		next += (now - next) / period * period + period;
	}
	timer_set(&v->periodic, next);
}

static void poll_timed_out(void *data)
{
	struct vcpu *v = data;

	if (test_and_clear_bit(VCPU_POLLING, &v->state)) {
		v->poll_port = 0;
		vcpu_wake(v);
	}
}

struct vcpu *vcpu_create(struct domain *d, unsigned int id)
{
	struct vcpu *v;

	if (id >= d->max_vcpus || d->vcpu[id]) {
		return NULL;
	}
	v = hv_alloc(sizeof(*v));
	if (!v) {
		return NULL;
	}
	v->domain = d;
	v->id = id;
	if (id < XEN_LEGACY_MAX_VCPUS) {
		v->info = &d->shared_info->vcpu_info[id];
	} else {
		v->dummy_info = hv_alloc(sizeof(*v->dummy_info));
		if (!v->dummy_info) {
			goto fail_info;
		}
		arch_upcall_mask(v->dummy_info, true);
		v->info = v->dummy_info;
	}
	event_vcpu_init(v);
	if (sched_vcpu_init(v)) {
		goto fail_sched;
	}
	timer_init(&v->singleshot, singleshot_fired, v, v->cpu);
	timer_init(&v->periodic, periodic_fired, v, v->cpu);
	timer_init(&v->poll, poll_timed_out, v, v->cpu);
	if (arch_vcpu_create(v)) {
		goto fail_arch;
	}
	/* Pauses of the domain are counted in each of its vCPUs. */
	for (int i = READ_ONCE(d->pause_count); i > 0; i--) {
		vcpu_pause_nosync(v);
	}
	__atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);
	return v;
fail_arch:
	sched_vcpu_destroy(v);
fail_sched:
	event_vcpu_destroy(v);
	hv_free(v->dummy_info);
fail_info:
	hv_free(v);
	return NULL;
}

void vcpu_destroy(struct vcpu *v)
{
	timer_kill(&v->singleshot);
	timer_kill(&v->periodic);
	timer_kill(&v->poll);
	arch_vcpu_destroy(v);
	sched_vcpu_destroy(v);
	event_vcpu_destroy(v);
	vcpu_unmap_info(v);
	hv_free(v->dummy_info);
	hv_free(v);
}

void vcpu_unmap_info(struct vcpu *v)
{
	struct page_info *pg = v->info_page;

	v->runstate_gva = gva(0);
	v->time_gva = gva(0);
	if (!pg) {
		return;
	}
	/* Events are closed and v does not run; whoever reads it still finds harmless memory. */
	if (v->id < XEN_LEGACY_MAX_VCPUS && v->domain->shared_info) {
		WRITE_ONCE(v->info, &v->domain->shared_info->vcpu_info[v->id]);
	} else {
		WRITE_ONCE(v->info, v->dummy_info);
	}
	v->info_page = NULL;
	page_put(pg);
}

void vcpu_mark_pinned(struct vcpu *v)
{
	if (READ_ONCE(v->info_page)) {
		domain_frame_written(v->domain, gfn(v->info_gfn));
	}
}

int vcpu_map_info(struct vcpu *v, uint64_t untrusted_gfn, uint32_t untrusted_offset)
{
	struct domain *d = v->domain;
	struct vcpu_info *info;
	struct page_info *pg;
	enum p2m_type t;

	if (untrusted_offset > PAGE_SIZE - sizeof(*info) ||
	    !IS_ALIGNED(untrusted_offset, ARCH_VCPU_INFO_ALIGN)) {
		return -ENXIO;
	}
	if (v->info_page) {
		return -EINVAL;
	}
	if (v != current && !test_bit(VCPU_DOWN, &v->state)) {
		return -EINVAL;
	}
	pg = p2m_get_page(d, gfn(untrusted_gfn), &t);
	if (!pg) {
		return -EINVAL;
	}
	if (READ_ONCE(pg->owner) != d || t != P2M_RAM_RW) {
		page_put(pg);
		return -EINVAL;
	}
	info = (struct vcpu_info *)((char *)page_to_virt(pg) + untrusted_offset);
	if (v->info == v->dummy_info) {
		memset(info, 0, sizeof(*info));
		arch_upcall_mask(info, true);
	} else {
		memcpy(info, v->info, sizeof(*info));
	}
	v->info_gfn = untrusted_gfn;
	v->info_page = pg;
	__atomic_store_n(&v->info, info, __ATOMIC_RELEASE);
	/* An event that was sent in between stands in the old place. */
	event_vcpu_info_moved(v);
	if (v == current) {
		arch_vcpu_publish_time(v);
	}
	return 0;
}

/* Runstate ------------------------------------------------------------------------------------------ */

int vcpu_runstate_give(gva_t to, const struct vcpu_runstate_info *info, bool narrow)
{
	struct compat_runstate_info small;

	if (likely(!narrow)) {
		return guest_write_obj(to, info);
	}
	compat_runstate(&small, info);
	return guest_write_obj(to, &small);
}

static void runstate_write_area(struct vcpu *v)
{
	struct vcpu_runstate_info copy = v->runstate;
	bool narrow = v->domain->narrow_info;
	gva_t area = v->runstate_gva;
	gva_t entry = gva(area.v + (narrow ? offsetof(struct compat_runstate_info, state_entry_time)
					   : offsetof(struct vcpu_runstate_info, state_entry_time)));
	bool flagged = v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag);
	int err;

	/* An area that has gone is the guest's affair: what cannot be written is left out. */
	if (flagged) {
		copy.state_entry_time |= XEN_RUNSTATE_UPDATE;
		if (guest_write_obj(entry, &copy.state_entry_time)) {
			return;
		}
		smp_wmb();
	}
	if (vcpu_runstate_give(area, &copy, narrow) || !flagged) {
		return;
	}
	smp_wmb();
	copy.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
	err = guest_write_obj(entry, &copy.state_entry_time);
	(void)err;
}

void vcpu_runstate_change(struct vcpu *v, int state, nstime_t now)
{
	struct vcpu_runstate_info *r = &v->runstate;
	int64_t delta = now - (int64_t)r->state_entry_time;

	if (r->state == state) {
		return;
	}
	__atomic_store_n(&v->runstate_seq, v->runstate_seq + 1, __ATOMIC_RELEASE);
	smp_wmb();
	if (delta > 0) {
		r->time[r->state] += (uint64_t)delta;
		r->state_entry_time = (uint64_t)now;
	}
	r->state = state;
	smp_wmb();
	__atomic_store_n(&v->runstate_seq, v->runstate_seq + 1, __ATOMIC_RELEASE);
}

void vcpu_publish_runstate(struct vcpu *v)
{
	if (v->runstate_gva.v) {
		runstate_write_area(v);
	}
}

void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out)
{
	uint32_t seq;
	int64_t delta;

	do {
		while ((seq = __atomic_load_n(&v->runstate_seq, __ATOMIC_ACQUIRE)) & 1) {
			cpu_relax();
		}
		*out = v->runstate;
		smp_rmb();
	} while (READ_ONCE(v->runstate_seq) != seq);
	delta = time_now() - (int64_t)out->state_entry_time;
	if (delta > 0) {
		out->time[out->state] += (uint64_t)delta;
	}
}

void vcpu_publish_areas(struct vcpu *v)
{
	arch_vcpu_publish_time(v);
	vcpu_publish_runstate(v);
}
