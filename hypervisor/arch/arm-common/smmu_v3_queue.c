/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command queue. It is empty whenever its lock is free: who fills it ends with CMD_SYNC and
 * waits before he lets go, so neither room nor order among CPUs has to be thought of.
 *
 * Locks: smmu_unit->lock, interrupts off, a leaf.
 */
#include "smmu_v3.h"
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

int smmu_queue_alloc(struct smmu_queue *q, unsigned int want, unsigned int most, size_t entry)
{
	unsigned int order = 0;
	struct page_info *pg;

	q->bits = MIN(want, most);
	/* At least a page: a queue lies at a multiple of its size. */
	while (PAGE_SIZE << order < entry << q->bits) {
		order++;
	}
	pg = page_alloc(order, ALLOC_ZERO);
	if (!pg) {
		return -ENOMEM;
	}
	q->base = page_to_virt(pg);
	q->prod = q->cons = 0;
	return 0;
}

static void put(struct smmu_unit *u, const struct smmu_command *c)
{
	struct smmu_queue *q = &u->commands;
	struct smmu_command *slot = (struct smmu_command *)q->base + (q->prod & (BIT(q->bits) - 1));

	*slot = *c;
	smmu_clean(u, slot, sizeof(*slot));
	q->prod = (uint32_t)((q->prod + 1) & (BIT(q->bits + 1) - 1));
}

static bool command_error(const struct smmu_unit *u)
{
	return (smmu_read(u, SMMU_GERROR) ^ smmu_read(u, SMMU_GERRORN)) & GERROR_CMDQ;
}

/* Done, or never to be: a command that failed stops the queue. */
static bool has_ended(void *arg)
{
	const struct smmu_unit *u = arg;
	uint32_t mask = (uint32_t)BIT(u->commands.bits + 1) - 1;

	return (smmu_read(u, SMMU_CMDQ_CONS) & mask) == u->commands.prod || command_error(u);
}

static const char *what_it_is_at(const struct smmu_unit *u)
{
	static const char *const errors[] = {"no error", "a command that it does not know",
					     "commands that it cannot read",
					     "devices that do not answer"};
	unsigned int code = CMDQ_CONS_ERR(smmu_read(u, SMMU_CMDQ_CONS));

	if (!command_error(u)) {
		return "no end of its commands within 100 ms";
	}
	return code < ARRAY_SIZE(errors) ? errors[code] : "an unknown error";
}

/* The queue holds at least SMMU_FLUSH_MAX + 1 (smmu_v3.c looks). */
bool smmu_try_run(struct smmu_unit *u, const struct smmu_command *c, unsigned int count,
		  const char **why)
{
	const struct smmu_command sync = smmu_sync();
	unsigned long flags = spin_lock_irq(&u->lock);
	bool ok;

	for (unsigned int i = 0; i < count; i++) {
		put(u, &c[i]);
	}
	put(u, &sync);
	smmu_barrier();
	smmu_write(u, SMMU_CMDQ_PROD, u->commands.prod);
	ok = iommu_wait(has_ended, u) && !command_error(u);
	if (!ok) {
		*why = what_it_is_at(u);
	}
	/* What follows, like giving a frame away, comes after the unit's end. */
	smmu_barrier();
	spin_unlock_irq(&u->lock, flags);
	return ok;
}

void smmu_run_everywhere(const struct smmu_command *c, unsigned int count)
{
	const char *why;

	for (unsigned int i = 0; i < smmu_unit_count; i++) {
		struct smmu_unit *u = smmu_units[i];

		if (!smmu_try_run(u, c, count, &why)) {
			/* A device may still reach a frame that is about to be somebody else's. */
			panic("SMMUv3 %s does not answer: %s (CMDQ_PROD %#x, CONS %#x, GERROR %#x)",
			      u->info->name, why, u->commands.prod, smmu_read(u, SMMU_CMDQ_CONS),
			      smmu_read(u, SMMU_GERROR));
		}
	}
}
