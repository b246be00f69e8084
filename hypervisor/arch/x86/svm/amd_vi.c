// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AMD-Vi: finding the units, turning them on, and their command queues.
 *
 * A queue is empty whenever its lock is free: who fills it waits for the completion before he lets
 * go, so neither the head register nor room has to be looked at.
 *
 * Locks: amd_unit->lock is a leaf, with interrupts off: a remapped line is routed under a lock that
 * its handler takes.
 */
#include <hv/bitops.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <asm/dom0.h>
#include <asm/iommu.h>
#include <asm/paging.h>
#include "amd_vi.h"

struct amd_unit *amd_units[AMD_UNITS_MAX];
unsigned int amd_unit_count;

static bool is_completed(void *arg)
{
	struct amd_unit *u = arg;

	return u->completed == u->completion;
}

static void put_command(struct amd_unit *u, uint64_t q0, uint64_t q1)
{
	u->commands[u->tail] = (struct amd_command){{q0, q1}};
	u->tail = (u->tail + 1) % COMMAND_COUNT;
}

/* Runs the (few) commands of *c and waits for them; false when the unit does not answer. */
static bool try_run(struct amd_unit *u, const struct amd_command *c, unsigned int count)
{
	unsigned long flags = spin_lock_irq(&u->lock);
	bool ok;

	for (unsigned int i = 0; i < count; i++) {
		put_command(u, c[i].q[0], c[i].q[1]);
	}
	u->completion++;
	put_command(u,
		    COMMAND_COMPLETION_WAIT | COMPLETION_STORE |
			virt_to_hpa((const void *)&u->completed).v,
		    u->completion);
	smp_wmb();
	amd_write(u, AMD_COMMAND_TAIL, u->tail * sizeof(struct amd_command));
	ok = iommu_wait(is_completed, u);
	spin_unlock_irq(&u->lock, flags);
	return ok;
}

static void run(struct amd_unit *u, const struct amd_command *c, unsigned int count)
{
	if (!try_run(u, c, count)) {
		/* A device may still reach a frame that is about to be somebody else's. */
		panic("AMD-Vi unit at %#lx does not answer: status %#lx, head %#lx, tail %#lx",
		      u->info.base, amd_read(u, AMD_STATUS), amd_read(u, AMD_COMMAND_HEAD),
		      amd_read(u, AMD_COMMAND_TAIL));
	}
}

static void run_everywhere(const struct amd_command *c, unsigned int count)
{
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		run(amd_units[i], c, count);
	}
}

void amd_vi_forget_device(const struct amd_segment *s, uint16_t devid)
{
	struct amd_command c = {{COMMAND_INVAL_DEVICE | devid, 0}};

	for (unsigned int i = 0; i < amd_unit_count; i++) {
		if (amd_units[i]->segment == s) {
			run(amd_units[i], &c, 1);
		}
	}
}

void amd_vi_forget_interrupts(pci_sbdf_t requester)
{
	const struct amd_segment *s = amd_segment_get((uint16_t)(requester.v >> 16), false);
	struct amd_command c = {{COMMAND_INVAL_INTERRUPTS | (uint16_t)requester.v, 0}};

	for (unsigned int i = 0; i < amd_unit_count; i++) {
		if (amd_units[i]->segment == s) {
			run(amd_units[i], &c, 1);
		}
	}
}

/*
 * The size is told by the lowest clear address bit: with S set, bits 12.. up to it are ones. The
 * smallest such block that holds first..last; 0 when only "everything" does.
 */
static uint64_t block_address(uint64_t first, uint64_t last)
{
	unsigned int bits;

	if (first == last) {
		return first << PAGE_SHIFT;
	}
	bits = highest_bit(first ^ last) + 1; /* 2^bits frames */
	if (bits > 51 - PAGE_SHIFT) {
		return 0;
	}
	first &= ~((1UL << bits) - 1);
	return (first << PAGE_SHIFT) | ((1UL << (bits - 1)) - 1) << PAGE_SHIFT | INVAL_SIZE;
}

void amd_vi_flush(struct iommu_domain *dom, uint64_t dfn, uint64_t count)
{
	struct amd_command c = {{COMMAND_INVAL_PAGES | (uint64_t)dom->id << 32,
				 INVAL_EVERYTHING | INVAL_SIZE | INVAL_DIRECTORIES}};

	if (count) {
		uint64_t address = block_address(dfn, dfn + count - 1);

		/* Directories too: a table may have been replaced by a large page or the reverse.
		 */
		c.q[1] = (address ? address : INVAL_EVERYTHING | INVAL_SIZE) | INVAL_DIRECTORIES;
	}
	run_everywhere(&c, 1);
}

static bool owns_device(pci_sbdf_t dev)
{
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		const struct ivrs_unit *u = &amd_units[i]->info;

		if (dev.v == ((uint32_t)u->segment << 16 | u->devid)) {
			return true;
		}
	}
	return false;
}

static bool owns_frame(mfn_t m)
{
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		uint64_t first = amd_units[i]->info.base >> PAGE_SHIFT;

		if (m.v >= first && m.v < first + AMD_REGISTERS_SIZE / PAGE_SIZE) {
			return true;
		}
	}
	return false;
}

/* Before anything of it is used: the unit's function must be what the table says. */
static uint32_t read_capability(const struct ivrs_unit *info)
{
	uint32_t sbdf = (uint32_t)info->segment << 16 | info->devid, header;

	if (info->capability < 0x40 || info->capability > 0xfc) {
		return 0;
	}
	header = pci_read(sbdf, info->capability, 4);
	/* Capability 15 (secure device), type 3 (IOMMU). */
	return (header & 0xff) == 0x0f && (header >> 16 & 7) == 3 ? header : 0;
}

static int init_unit(struct amd_unit *u)
{
	struct page_info *pg;
	uint32_t capability = read_capability(&u->info);
	unsigned int hats;

	u->regs = ioremap(hpa(u->info.base), AMD_REGISTERS_SIZE);
	pg = page_alloc(0, ALLOC_ZERO);
	if (!u->regs || !pg) {
		return -ENOMEM;
	}
	/* Off first: a boot loader may have left it running on tables of its own. */
	u->control = amd_read(u, AMD_CONTROL) &
		     (CONTROL_HT_TUNNEL | CONTROL_PASS_PW | CONTROL_RES_PASS_PW | CONTROL_ISOC);
	amd_write(u, AMD_CONTROL, u->control);
	u->features = amd_read(u, AMD_FEATURES);
	if (u->features == ~0UL) {
		return -ENODEV;
	}
	hats = (unsigned int)(u->features >> FEATURE_HATS_SHIFT) & 3;
	iommu_caps.levels = MIN(iommu_caps.levels, hats > 2 ? 4U : 4 + hats);
	/* When the capability cannot be read, the careful answer costs no more than time. */
	iommu_caps.cache_absent |= !capability || (capability & CAPABILITY_NP_CACHE);
	spin_lock_init(&u->lock);
	u->commands = page_to_virt(pg);
	amd_write(u, AMD_COMMAND_BASE, virt_to_hpa(u->commands).v | COMMAND_LENGTH_CODE << 56);
	amd_write(u, AMD_COMMAND_HEAD, 0);
	amd_write(u, AMD_COMMAND_TAIL, 0);
	amd_write(u, AMD_EXCLUSION_BASE, 0);
	amd_write(u, AMD_EXCLUSION_LIMIT, 0);
	return amd_event_init(u);
}

/* Everything is denied in the table already, so DMA stops here; what firmware demands follows in
 * the service VM's tables a moment later. */
static int enable_unit(struct amd_unit *u)
{
	u->segment = amd_segment_get(u->info.segment, true);
	if (!u->segment) {
		return -ENOMEM;
	}
	amd_write(u, AMD_DEVICE_TABLE,
		  virt_to_hpa(u->segment->table).v | ((1UL << DTE_TABLE_ORDER) - 1));
	amd_write(u, AMD_STATUS, STATUS_OVERFLOW | STATUS_EVENT_INT | STATUS_COMPLETION_INT);
	/* The unit looks at these bits when it is enabled: one write. */
	amd_control(u, CONTROL_COHERENT | CONTROL_EVENT_LOG | CONTROL_COMMANDS | CONTROL_ENABLE |
			   amd_vi_irt_format(), 0);
	return 0;
}

/* Nothing cached from before may remain. */
bool amd_vi_forget_all(struct amd_unit *u)
{
	struct amd_command c = {{COMMAND_INVAL_ALL, 0}};

	if (u->features & FEATURE_INVALIDATE_ALL) {
		return try_run(u, &c, 1);
	}
	for (unsigned int id = 0; id < DTE_COUNT; id++) {
		struct amd_command one[3] = {
		    {{COMMAND_INVAL_DEVICE | id, 0}},
		    {{COMMAND_INVAL_INTERRUPTS | id, 0}},
		    {{COMMAND_INVAL_PAGES | (uint64_t)id << 32,
		      INVAL_EVERYTHING | INVAL_SIZE | INVAL_DIRECTORIES}},
		};

		if (!try_run(u, one, 3)) {
			return false;
		}
	}
	return true;
}

static void add_reserved(void)
{
	for (unsigned int i = 0; i < amd_ivrs->memory_count; i++) {
		const struct ivrs_memory *m = &amd_ivrs->memory[i];
		pci_sbdf_t dev = {(uint32_t)m->segment << 16 | m->first};

		if (m->all || m->first != m->last) {
			dev.v = ~0U;
		}
		iommu_add_reserved(m->start, m->start + m->length,
				   (m->read ? IOMMU_READ : 0) | (m->write ? IOMMU_WRITE : 0), dev);
	}
}

static int start_units(void)
{
	int ret;

	/* All are looked at first: the tables' depth is what all can do. */
	for (unsigned int i = 0; i < amd_ivrs->unit_count; i++) {
		struct amd_unit *u = hv_alloc(sizeof(*u));

		if (!u) {
			return -ENOMEM;
		}
		u->info = amd_ivrs->units[i];
		amd_units[amd_unit_count++] = u;
		ret = init_unit(u);
		if (ret) {
			log_err("AMD-Vi: unit at %#lx cannot be used (error %d)\n", u->info.base,
				-ret);
			return ret;
		}
	}
	iommu_caps.address_bits = MIN(iommu_caps.levels * 9 + PAGE_SHIFT, 52U);
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		ret = enable_unit(amd_units[i]);
		if (ret) {
			return ret;
		}
		if (!amd_vi_forget_all(amd_units[i])) {
			log_err("AMD-Vi: unit at %#lx takes no commands\n",
				amd_units[i]->info.base);
			return -EIO;
		}
		if (boot_options.iommu_verbose) {
			char name[IOMMU_NAME_SIZE];
			pci_sbdf_t dev = {(uint32_t)amd_units[i]->info.segment << 16 |
					  amd_units[i]->info.devid};

			log_info("AMD-Vi: unit %s at %#lx, features %#lx, %s\n",
				 iommu_device_name(dev, name), amd_units[i]->info.base,
				 amd_units[i]->features, amd_units[i]->has_irq ? "MSI" : "polled");
		}
	}
	return 0;
}

static int amd_vi_init(const void *table, size_t len)
{
	int ret;

	amd_ivrs = hv_alloc(sizeof(*amd_ivrs));
	if (!amd_ivrs) {
		return -ENOMEM;
	}
	ret = ivrs_parse(table, len, amd_ivrs);
	if (ret || !amd_ivrs->unit_count) {
		log_err("AMD-Vi: the firmware's IVRS table is %s\n", ret ? "malformed" : "empty");
		hv_free(amd_ivrs);
		return ret ? ret : -ENODEV;
	}
	iommu_caps = (struct iommu_caps){
	    .format = &amd_format,
	    .levels = 4, /* 48 bits; fewer or more levels gain nothing on today's machines */
	    .leaf_level = 3,
	    .domain_ids = 65536,
	};
	add_reserved();
	ret = start_units();
	if (ret) {
		for (unsigned int i = 0; i < amd_unit_count; i++) {
			if (amd_units[i]->regs) {
				amd_control(amd_units[i], 0,
					    CONTROL_ENABLE | CONTROL_COMMANDS | CONTROL_EVENT_LOG |
						CONTROL_EVENT_INT);
			}
		}
	}
	return ret;
}

const struct iommu_ops amd_vi_ops = {
    .name = "AMD-Vi",
    .table = "IVRS",
    .init = amd_vi_init,
    .requesters = amd_vi_requesters,
    .set = amd_vi_set,
    .flush = amd_vi_flush,
    .owns_device = owns_device,
    .owns_frame = owns_frame,
    .drain = amd_vi_drain,
    .unrecorded = amd_vi_unrecorded,
    .fault_interrupt = amd_vi_fault_interrupt,
    .interrupts = &amd_vi_intr_ops,
};
