/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "xl debug-keys" shows. Each key prints to the console and changes nothing. */
#include <hv/ctl.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/log.h>
#include <hv/page.h>
#include <asm/upcall.h>

static void show_memory(void)
{
	log_info("frames: %" PRIu64 " in the allocator, %" PRIu64 " free (%" PRIu64
		 " below 4 GiB, %" PRIu64 " dirty), %" PRIu64 " claimed\n",
		 page_total_count(), page_free_count(), page_free_low_count(), page_scrub_pending(),
		 page_claimed_count());
}

static void show_domain(struct domain *d)
{
	struct vcpu *v;

	log_info("d%u: refs %u, dying %u, shutdown %d, paused %d; frames %" PRIu64 " of %" PRIu64
		 ", claim %" PRIu64 "\n",
		 d->id, d->refs, d->dying, d->shutdown_code, d->pause_count, d->tot_pages,
		 d->max_pages, d->outstanding_claim);
	for_each_vcpu(d, v) {
		log_info("  v%u: CPU %u, state %lx%s, upcall %u mask %u, exits %" PRIu64 "\n",
			 v->id, v->cpu, v->state, v->sched.running ? " running" : "",
			 v->info->evtchn_upcall_pending, arch_upcall_masked(v->info),
			 v->arch.exit_count);
	}
}

static void show_registers(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		arch_vcpu_show(v);
	}
}

static void each_domain(void (*fn)(struct domain *d))
{
	uint32_t next = 0;
	struct domain *d;

	while (next < DOMID_COUNT && (d = domain_get_next((uint16_t)next))) {
		next = d->id + 1u;
		fn(d);
		domain_put(d);
	}
}

static void show_queues(void)
{
	unsigned int i;

	for_each_online_cpu(i) {
		const struct vcpu *v = cpus[i]->running;

		log_info("CPU %u: queued %u, pending %lx, ", i, cpus[i]->sched.queued,
			 cpus[i]->pending);
		if (vcpu_is_idle(v)) {
			log_info("idle\n");
		} else {
			log_info("d%uv%u\n", v->domain->id, v->id);
		}
	}
}

void debug_key(char key)
{
	switch (key) {
	case 'h':
		log_info("keys: e event channels, g grants, h this, m memory, q domains, r run queues, "
			 "0 d registers\n");
		break;
	case 'm':
		show_memory();
		break;
	case 'q':
		each_domain(show_domain);
		break;
	case 'r':
		show_queues();
		break;
	case 'e':
		each_domain(event_dump);
		break;
	case 'g':
		each_domain(grant_dump);
		break;
	case '0':
	case 'd':
		each_domain(show_registers);
		break;
	default:
		log_info("debug key 0x%02x means nothing\n", (unsigned char)key);
		break;
	}
}
