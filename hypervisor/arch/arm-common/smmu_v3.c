/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3: what the units of the machine have in common, their start, their events. Streams are
 * given to the service VM all at once, before it runs: smmu_attach (asm/smmu.h).
 *
 * Locks: the event queue and errors are under the fault lock of common/iommu_fault.c; below it
 * nothing but the console's.
 */
#include "smmu_v3.h"
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <asm/smmu.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define COMMAND_BITS  8u
#define COMMAND_LEAST 6u /* SMMU_FLUSH_MAX and the end */
#define EVENT_BITS    8u
#define IDS	      256u /* ASIDs and VMIDs of 8 bits, which all units have */

static_assert(SMMU_FLUSH_MAX < 1u << COMMAND_LEAST, "a queue holds what is run at once");

struct smmu_unit *smmu_units[SMMU_UNITS_MAX];
unsigned int smmu_unit_count;

static struct smmu_tree tree; /* written once by init */
static bool stage2;	      /* what the units translate by */
static unsigned int output_code;

/* Registers and memory ----------------------------------------------------------------------------
 */

uint32_t smmu_read(const struct smmu_unit *u, unsigned int reg)
{
	return mmio_read32((const volatile uint8_t *)u->regs + reg);
}

void smmu_write(const struct smmu_unit *u, unsigned int reg, uint32_t v)
{
	mmio_write32((volatile uint8_t *)u->regs + reg, v);
}

void smmu_write64(const struct smmu_unit *u, unsigned int reg, uint64_t v)
{
	smmu_write(u, reg, (uint32_t)v);
	smmu_write(u, reg + 4, (uint32_t)(v >> 32));
}

void smmu_barrier(void)
{
	dsb(sy);
}

void smmu_clean(const struct smmu_unit *u, const void *p, size_t len)
{
	if (!u->coherent) {
		cache_clean_range(p, len);
	}
}

void smmu_pull(const struct smmu_unit *u, const void *p, size_t len)
{
	if (!u->coherent) {
		cache_clean_invalidate_range(p, len);
	} else {
		smmu_barrier();
	}
}

struct wanted {
	const struct smmu_unit *u;
	unsigned int reg;
	uint32_t mask, value;
};

static bool has_value(void *arg)
{
	const struct wanted *w = arg;

	return (smmu_read(w->u, w->reg) & w->mask) == w->value;
}

static bool wait_for(const struct smmu_unit *u, unsigned int reg, uint32_t mask, uint32_t value)
{
	struct wanted w = {u, reg, mask, value};

	return iommu_wait(has_value, &w);
}

static bool write_acked(const struct smmu_unit *u, unsigned int reg, unsigned int ack, uint32_t v)
{
	smmu_write(u, reg, v);
	return wait_for(u, ack, ~0u, v);
}

/* Turns something of CR0 on. */
static bool enable(struct smmu_unit *u, uint32_t bits)
{
	u->cr0 |= bits;
	return write_acked(u, SMMU_CR0, SMMU_CR0ACK, u->cr0);
}

/* Events ------------------------------------------------------------------------------------------
 */

static bool holds(const struct smmu_range *r, const struct smmu_unit *u, uint32_t sid)
{
	return &tree.units[r->unit] == u->info && sid >= r->first && sid - r->first < r->count;
}

/* As the device is known elsewhere, and the stream's number. */
static void name_stream(const struct smmu_unit *u, uint32_t sid, char *to, size_t size)
{
	for (unsigned int i = 0; i < tree.range_count; i++) {
		const struct smmu_range *r = &tree.ranges[i];

		if (!holds(r, u, sid)) {
			continue;
		}
		if (r->pci) {
			char pci[IOMMU_NAME_SIZE];
			pci_sbdf_t dev = {r->rid + (sid - r->first)};

			snprintf(to, size, "%s (stream %#x)", iommu_device_name(dev, pci), sid);
		} else {
			snprintf(to, size, "%s (stream %#x)", r->name, sid);
		}
		return;
	}
	snprintf(to, size, "of stream %#x at %s", sid, u->info->name);
}

static void report(const struct smmu_unit *u, const struct smmu_event *e)
{
	char name[2 * SMMU_NAME_SIZE];
	struct iommu_fault f;
	uint32_t sid;

	smmu_decode_event(e, &f, &sid);
	name_stream(u, sid, name, sizeof(name));
	f.name = name;
	iommu_fault(&f);
}

static void report_unit(const struct smmu_unit *u, const char *what, uint32_t code)
{
	const struct iommu_fault f = {
	    .kind = IOMMU_FAULT_UNIT, .name = u->info->name, .what = what, .code = code};

	iommu_fault(&f);
}

static void drain_errors(const struct smmu_unit *u)
{
	uint32_t now = smmu_read(u, SMMU_GERROR), active = now ^ smmu_read(u, SMMU_GERRORN);

	active &= GERROR_ALL;
	if (!active) {
		return;
	}
	if (active & GERROR_SFM) {
		report_unit(u, "it has stopped, and refuses everything", active);
	} else if (active & GERROR_EVENTQ) {
		report_unit(u, "its events cannot be written", active);
	} else if (active & ~(uint32_t)GERROR_CMDQ) {
		report_unit(u, "error of the unit", active);
	}
	/* An error of commands is for who waits for them, and that is the end
	 * (smmu_run_everywhere). */
	smmu_write(u, SMMU_GERRORN, now ^ (active & (uint32_t)GERROR_CMDQ));
}

/*
 * Until it is empty, or the rest of it comes faster than it can be read: the next interrupt or the
 * storm's timer goes on.
 */
static void drain_events(struct smmu_unit *u)
{
	struct smmu_queue *q = &u->events;
	uint32_t mask = (uint32_t)BIT(q->bits + 1) - 1, prod = smmu_read(u, SMMU_EVENTQ_PROD);

	for (unsigned int n = 0; n < 2u << q->bits; n++) {
		const struct smmu_event *e;

		if ((prod & mask) == q->cons) {
			prod = smmu_read(u, SMMU_EVENTQ_PROD);
			if ((prod & mask) == q->cons) {
				return;
			}
		}
		e = (const struct smmu_event *)q->base + (q->cons & (BIT(q->bits) - 1));
		smmu_pull(u, e, sizeof(*e));
		report(u, e);
		q->cons = (q->cons + 1) & mask;
		/* An overflow needs no line of its own; it is acknowledged, so that events go on.
		 */
		smmu_write(u, SMMU_EVENTQ_CONS, q->cons | (prod & (uint32_t)QUEUE_OVERFLOW));
	}
}

static void drain(void)
{
	for (unsigned int i = 0; i < smmu_unit_count; i++) {
		drain_events(smmu_units[i]);
		drain_errors(smmu_units[i]);
	}
}

static void fault_interrupt(bool on)
{
	uint32_t bits = on ? (uint32_t)(IRQ_GERROR | IRQ_EVENTQ) : 0;

	for (unsigned int i = 0; i < smmu_unit_count; i++) {
		(void)write_acked(smmu_units[i], SMMU_IRQ_CTRL, SMMU_IRQ_CTRLACK, bits);
	}
}

static bool take_line(const struct smmu_line *l)
{
	return l->intid && !(l->edge ? irq_request_edge(l->intid, iommu_fault_irq, NULL)
				     : irq_request(l->intid, iommu_fault_irq, NULL));
}

/* What has no line for either is looked at by a timer. */
static void take_lines(const struct smmu_unit *u)
{
	const struct smmu_node *n = u->info;
	bool event = take_line(&n->event);
	bool error = n->error.intid == n->event.intid ? event : take_line(&n->error);

	if (!event || !error) {
		iommu_poll_needed();
	}
}

/* Start -------------------------------------------------------------------------------------------
 */

/* Why the unit cannot be used; NULL. */
static const char *unusable(const struct smmu_unit *u)
{
	if (u->idr0 == ~0u || !(u->idr0 & (IDR0_S1P | IDR0_S2P))) {
		return "it translates nothing";
	}
	if (!(u->idr0 & IDR0_TTF_AA64) || !(u->idr5 & IDR5_GRAN4K) || IDR0_TTENDIAN(u->idr0) == 3) {
		return "it has other page tables";
	}
	if (IDR0_STALL_MODEL(u->idr0) >= 2) {
		return "it always stalls";
	}
	if ((u->idr1 & IDR1_PRESET) || IDR1_CMDQS(u->idr1) < COMMAND_LEAST) {
		return "its queues";
	}
	return NULL;
}

static uint32_t highest_stream(unsigned int unit)
{
	uint32_t highest = 0;

	for (unsigned int i = 0; i < tree.range_count; i++) {
		const struct smmu_range *r = &tree.ranges[i];

		if (r->unit == unit) {
			highest = MAX(highest, r->first + (r->count - 1));
		}
	}
	return highest;
}

/* Transfers end here, whatever a boot loader has left: with an abort. */
static bool stop(struct smmu_unit *u)
{
	/* While a change is under way, another is ignored. */
	if (!wait_for(u, SMMU_GBPA, (uint32_t)GBPA_UPDATE, 0)) {
		return false;
	}
	smmu_write(u, SMMU_GBPA, (uint32_t)(GBPA_UPDATE | GBPA_ABORT));
	if (!wait_for(u, SMMU_GBPA, (uint32_t)GBPA_UPDATE, 0)) {
		return false;
	}
	u->cr0 = 0;
	return write_acked(u, SMMU_CR0, SMMU_CR0ACK, 0) &&
	       write_acked(u, SMMU_IRQ_CTRL, SMMU_IRQ_CTRLACK, 0);
}

static int probe(struct smmu_unit *u, unsigned int i, const char **why)
{
	u->info = &tree.units[i];
	spin_lock_init(&u->lock);
	u->regs = ioremap(hpa(u->info->regs.base), SMMU_SIZE);
	*why = "no memory for it";
	if (!u->regs) {
		return -ENOMEM;
	}
	u->idr0 = smmu_read(u, SMMU_IDR0);
	u->idr1 = smmu_read(u, SMMU_IDR1);
	u->idr3 = smmu_read(u, SMMU_IDR3);
	u->idr5 = smmu_read(u, SMMU_IDR5);
	u->coherent = u->idr0 & IDR0_COHACC;
	*why = unusable(u);
	if (*why) {
		return -ENODEV;
	}
	*why = "it does not stop";
	if (!stop(u)) {
		return -EIO;
	}
	*why = "the streams of the device tree are more than it has";
	return smmu_streams_init(u, highest_stream(i));
}

/* What all units can do. */
static int agree(void)
{
	static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};
	bool first = true, second = true, large = true;
	unsigned int code = ARRAY_SIZE(sizes) - 1;

	iommu_caps.clean = false;
	for (unsigned int i = 0; i < smmu_unit_count; i++) {
		const struct smmu_unit *u = smmu_units[i];

		first = first && (u->idr0 & IDR0_S1P);
		second = second && (u->idr0 & IDR0_S2P);
		large = large && IDR3_BBML(u->idr3) == 2;
		code = MIN(code, IDR5_OAS(u->idr5));
		iommu_caps.clean |= !u->coherent;
	}
	if (!first && !second) {
		log_err("IOMMU: the machine's SMMUs have no stage in common\n");
		return -ENODEV;
	}
	stage2 = second;
	output_code = code;
	iommu_caps.format = stage2 ? &smmu_stage2_format : &smmu_stage1_format;
	/* A walk of stage 2 may have four levels from 44 bits on; stage 1 takes 48 bits always. */
	iommu_caps.levels = !stage2 || sizes[code] >= 44 ? 4 : 3;
	iommu_caps.address_bits =
	    !stage2 ? 48 : MIN((unsigned int)sizes[code], iommu_caps.levels * 9u + PAGE_SHIFT);
	/* Large pages are only for units before whose eyes one may become a table. */
	iommu_caps.leaf_level = large ? 3 : 1;
	iommu_caps.domain_ids = IDS;
	iommu_caps.cache_absent = false;
	iommu_caps.break_first = true;
	iommu_caps.leaf_extra = 0;
	return 0;
}

static void write_bases(struct smmu_unit *u)
{
	uint64_t allocate = u->coherent ? QUEUE_ALLOCATE : 0;

	smmu_write(u, SMMU_CR1, u->coherent ? CR1_COHERENT : 0);
	smmu_write(u, SMMU_CR2, (uint32_t)(CR2_RECINVSID | CR2_PTM));
	smmu_write64(u, SMMU_STRTAB_BASE, smmu_strtab_base(u));
	smmu_write(u, SMMU_STRTAB_BASE_CFG, smmu_strtab_cfg(u));
	smmu_write64(u, SMMU_CMDQ_BASE,
		     virt_to_hpa(u->commands.base).v | allocate | u->commands.bits);
	smmu_write(u, SMMU_CMDQ_PROD, 0);
	smmu_write(u, SMMU_CMDQ_CONS, 0);
	smmu_write64(u, SMMU_EVENTQ_BASE,
		     virt_to_hpa(u->events.base).v | allocate | u->events.bits);
	smmu_write(u, SMMU_EVENTQ_PROD, 0);
	smmu_write(u, SMMU_EVENTQ_CONS, 0);
	/* By its lines, not by messages of its own. */
	if (u->idr0 & IDR0_MSI) {
		smmu_write64(u, SMMU_GERROR_IRQ_CFG0, 0);
		smmu_write64(u, SMMU_EVENTQ_IRQ_CFG0, 0);
	}
	/* What was wrong before is none of our business. */
	smmu_write(u, SMMU_GERRORN, smmu_read(u, SMMU_GERROR));
}

/* On, with a stream table in which nothing stands. */
static int start(struct smmu_unit *u, const char **why)
{
	const struct smmu_command forget[] = {smmu_forget_streams(), smmu_forget_tables()};
	int err = smmu_queue_alloc(&u->commands, COMMAND_BITS, IDR1_CMDQS(u->idr1),
				   sizeof(struct smmu_command));

	*why = "no memory for it";
	err = err ? err
		  : smmu_queue_alloc(&u->events, EVENT_BITS, IDR1_EVENTQS(u->idr1),
				     sizeof(struct smmu_event));
	if (err) {
		return err;
	}
	/* Nothing of the zeroes may be written over what the unit writes. */
	cache_clean_invalidate_range(u->events.base, sizeof(struct smmu_event) << u->events.bits);
	write_bases(u);
	*why = "it takes no commands";
	if (!enable(u, (uint32_t)CR0_CMDQEN) || !smmu_try_run(u, forget, ARRAY_SIZE(forget), why)) {
		return -EIO;
	}
	*why = "it does not start";
	/* Without it such transfers pass everything. */
	if ((u->idr0 & IDR0_ATS) && !enable(u, (uint32_t)CR0_ATSCHK)) {
		return -EIO;
	}
	if (!enable(u, (uint32_t)CR0_EVENTQEN) || !enable(u, (uint32_t)CR0_SMMUEN)) {
		return -EIO;
	}
	take_lines(u);
	return 0;
}

static int each_unit(int (*fn)(struct smmu_unit *u, unsigned int i, const char **why))
{
	for (unsigned int i = 0; i < tree.unit_count; i++) {
		const char *why = NULL;
		int err = fn(smmu_units[i], i, &why);

		if (err) {
			log_err("SMMUv3 %s cannot be used: %s (error %d)\n", tree.units[i].name,
				why, -err);
			return err;
		}
	}
	return 0;
}

static int start_unit(struct smmu_unit *u, unsigned int i, const char **why)
{
	int err = start(u, why);

	if (!err) {
		log_info("SMMUv3 %s: stage %u, %u bits of streams%s, %s\n", u->info->name,
			 stage2 ? 2 : 1, u->sid_bits, u->two_level ? " in two levels" : "",
			 u->coherent ? "coherent" : "not coherent");
	}
	return err;
}

/* As if there were none: transfers pass, also by units that a boot loader used and nobody has
 * looked at yet. */
static void release(void)
{
	for (unsigned int i = 0; i < smmu_unit_count; i++) {
		struct smmu_unit *u = smmu_units[i];

		if (!u->regs) {
			u->regs = ioremap(hpa(tree.units[i].regs.base), SMMU_SIZE);
		}
		if (u->regs) {
			smmu_write(u, SMMU_IRQ_CTRL, 0);
			smmu_write(u, SMMU_CR0, 0);
			smmu_write(u, SMMU_GBPA, (uint32_t)GBPA_UPDATE);
		}
	}
	smmu_unit_count = 0;
}

/* A machine that is confined in part would be taken for one that is: all units, or none. */
static int smmu_init(const void *table, size_t len)
{
	int err;

	smmu_tree_parse(&platform.tree, platform.uart.node, &tree);
	if (!tree.unit_count) {
		return -ENODEV;
	}
	smmu_unit_count = 0;
	for (unsigned int i = 0; i < tree.unit_count; i++) {
		smmu_units[i] = hv_alloc(sizeof(*smmu_units[i]));
		if (!smmu_units[i]) {
			return -ENOMEM;
		}
	}
	smmu_unit_count = tree.unit_count;
	err = each_unit(probe);
	err = err ? err : agree();
	err = err ? err : each_unit(start_unit);
	if (err) {
		release();
	}
	return err;
}

/* Streams -----------------------------------------------------------------------------------------
 */

static void say_what_is_outside(void)
{
	if (tree.outside) {
		log_warn("IOMMU: no SMMU sees %s%s: what does DMA there reaches ALL memory\n",
			 tree.first_outside, tree.outside > 1 ? " and others" : "");
	}
}

static int give_range(const struct smmu_range *r, const struct smmu_ste *ste)
{
	int err = smmu_streams_set(smmu_units[r->unit], r->first, r->count, ste);

	if (err) {
		log_warn("IOMMU: the streams of %s cannot be entered (error %d): its DMA is "
			 "refused\n",
			 r->name, -err);
	} else if (boot_options.iommu_verbose) {
		log_info("IOMMU: d0: %s attached, streams %#x to %#x\n", r->name, r->first,
			 r->first + (r->count - 1));
	}
	return err;
}

int smmu_attach(struct domain *d)
{
	const struct smmu_command forget[] = {smmu_forget_streams()};
	struct iommu_domain *dom = d->iommu;
	struct smmu_cd *cd = page_alloc_virt();
	struct smmu_context c = {
	    .stage2 = stage2,
	    .coherent = !iommu_caps.clean,
	    .input_bits = iommu_caps.address_bits,
	    .levels = iommu_caps.levels,
	    .output_code = output_code,
	};
	struct smmu_ste ste;

	if (!cd) {
		return -ENOMEM;
	}
	c.id = dom->id;
	c.root = virt_to_hpa(dom->table.root).v;
	c.cd = virt_to_hpa(cd).v;
	smmu_encode_cd(&c, cd);
	arch_cache_clean(cd, sizeof(*cd));
	smmu_encode_ste(&c, &ste);
	for (unsigned int i = 0; i < tree.range_count; i++) {
		(void)give_range(&tree.ranges[i], &ste);
	}
	smmu_barrier();
	smmu_run_everywhere(forget, ARRAY_SIZE(forget));
	say_what_is_outside();
	return 0;
}

/* -------------------------------------------------------------------------------------------------
 */

static void flush(struct iommu_domain *dom, uint64_t dfn, uint64_t count)
{
	struct smmu_command c[SMMU_FLUSH_MAX];
	unsigned int n = smmu_encode_flush(stage2, dom->id, dfn, count, c);

	smmu_run_everywhere(c, n);
}

/* Streams are known by the tree, not by PCI's numbers: nothing is attached or taken away alone. */
static int requesters(pci_sbdf_t dev, pci_sbdf_t *out, unsigned int max)
{
	return -ENODEV;
}

static int set(pci_sbdf_t requester, struct iommu_domain *dom, struct iommu_domain *old)
{
	return -ENODEV;
}

static bool owns_device(pci_sbdf_t dev)
{
	return false;
}

static bool owns_frame(mfn_t m)
{
	return platform_frame_is_hidden(m.v);
}

const struct iommu_ops smmu_v3_ops = {
    .name = "SMMUv3",
    .table = "arm,smmu-v3",
    .init = smmu_init,
    .requesters = requesters,
    .set = set,
    .flush = flush,
    .owns_device = owns_device,
    .owns_frame = owns_frame,
    .drain = drain,
    .fault_interrupt = fault_interrupt,
};
