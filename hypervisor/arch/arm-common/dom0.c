/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the service VM: the first domain, memory 1:1, started by the kernel's boot protocol
 * (kernel.c of each width) with a device tree of its own. Every failure here is
 * one line on the console and halt: without a service VM there is nothing to do.
 */
#include "dom0_build.h"
#include "p2m_dma.h"
#include <asm/dom0.h>
#include <asm/dom0_kernel.h>
#include <asm/gic.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/smmu.h>
#include <asm/vcpu.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>

#define ROOM_ALIGN MIB(2)
#define TREE_SIZE  MIB(2) /* the protocol's limit */
#define GRANT_ROOM MIB(16)
#define ROOM_LEAST MIB(16)
#define VCPUS_MAX  128u

static struct dom0_kernel kernel;

/* Memory and kernel -------------------------------------------------------------------------------
 */

void dom0_plan_memory(void)
{
	uint64_t size;

	if (!boot_info.module_count) {
		boot_fail("no kernel for the service VM: the device tree names no boot module");
	}
	arch_kernel_check(&kernel);
	size = dom0_choose_size(arch_kernel_ram(&kernel, dom0_collect_ram()));
	dom0_clip_ram(size);
	if (!arch_kernel_place(&kernel)) {
		boot_fail("dom0_mem: %" PRIu64 " MiB are too little for the kernel of %" PRIu64
			  " MiB",
			  size >> 20, kernel.size >> 20);
	}
}

static void load_kernel(void)
{
	const struct boot_module *m = &boot_info.modules[0];
	uint8_t *to = hpa_to_virt(hpa(kernel.start));

	memcpy(to, hpa_to_virt(m->start), m->size);
	memset(to + m->size, 0, kernel.size - m->size);
	/* It starts with its caches off. */
	cache_clean_range(to, kernel.size);
}

static void load_initrd(struct dom0_tree *t)
{
	const struct boot_module *m = &boot_info.modules[1];
	void *to;

	if (boot_info.module_count < 2) {
		return;
	}
	t->initrd = dom0_take_high(m->size, 0, kernel.start + KERNEL_INITRD_REACH);
	if (!t->initrd) {
		boot_fail("dom0_mem: no room for the initrd of %" PRIu64 " MiB", m->size >> 20);
	}
	t->initrd_size = m->size;
	to = hpa_to_virt(hpa(t->initrd));
	memcpy(to, hpa_to_virt(m->start), m->size);
	cache_clean_range(to, m->size);
}

/*
 * Room for what is not memory of its own: the addresses of RAM that others have. In them nothing of
 * the service VM's can ever be, and every CPU and bus can form them.
 */
static void find_room(struct dom0_tree *t)
{
	const struct memory_range *own;
	unsigned int own_count = dom0_ram_ranges(&own);

	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		uint64_t at = boot_info.memory[i].start, end = boot_info.memory[i].end;

		if (boot_info.memory[i].type != MEMORY_RAM) {
			continue;
		}
		for (unsigned int k = 0; k <= own_count && at < end; k++) {
			uint64_t stop = k < own_count ? MIN(MAX(own[k].start, at), end) : end;
			uint64_t base = ROUND_UP(at, ROOM_ALIGN);
			uint64_t top = ROUND_DOWN(stop, ROOM_ALIGN);

			if (top > base && top - base >= ROOM_LEAST &&
			    t->room_count < DOM0_ROOM_MAX) {
				t->room[t->room_count++] = (struct dom0_room){base, top - base};
			}
			if (k < own_count) {
				at = MAX(at, own[k].end);
			}
		}
	}
	if (!t->room_count) {
		boot_fail("dom0_mem: no %" PRIu64 " MiB of addresses are left for grants",
			  ROOM_LEAST >> 20);
	}
	/* The first is the grant table's: what of it is too much becomes one more. */
	if (t->room[0].size > GRANT_ROOM && t->room_count < DOM0_ROOM_MAX) {
		t->room[t->room_count++] =
		    (struct dom0_room){t->room[0].base + GRANT_ROOM, t->room[0].size - GRANT_ROOM};
		t->room[0].size = GRANT_ROOM;
	}
}

/* Returns where it lies. */
static uint64_t load_tree(const struct domain *d, struct dom0_tree *t)
{
	uint64_t at = dom0_take_low(TREE_SIZE, 0, ~0ULL);
	uint32_t size;

	if (!at) {
		boot_fail("dom0_mem: no room for the device tree");
	}
	t->cmdline = boot_info.modules[0].cmdline;
	find_room(t);
	size = dom0_write_tree(d, t, hpa_to_virt(hpa(at)), TREE_SIZE);
	if (!size) {
		boot_fail("the service VM's device tree is too large");
	}
	cache_clean_range(hpa_to_virt(hpa(at)), size);
	return at;
}

/* Their contents are in the service VM now. */
static void free_modules(void)
{
	for (unsigned int i = 0; i < boot_info.module_count; i++) {
		const struct boot_module *m = &boot_info.modules[i];
		mfn_t start = hpa_to_mfn(hpa(ROUND_UP(m->start.v, PAGE_SIZE)));
		mfn_t end = hpa_to_mfn(hpa(m->start.v + m->size));

		if (start.v < end.v) {
			page_alloc_add(start, end, true);
		}
	}
	boot_info.module_count = 0;
}

/* Domain ------------------------------------------------------------------------------------------
 */

static unsigned int vcpu_count(void)
{
	unsigned int n = boot_options.dom0_max_vcpus ? boot_options.dom0_max_vcpus : cpu_count;
	unsigned int most = gic_version() == 2 ? 8 : VCPUS_MAX;

	if (n > most) {
		log_warn("dom0_max_vcpus: %u are what the GIC can serve\n", most);
	}
	return MIN(MAX(n, 1U), most);
}

static struct domain *create(void)
{
	struct xen_domctl_createdomain config = {
	    .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap |
		     (iommu_enabled() ? XEN_DOMCTL_CDF_iommu : 0),
	    .max_evtchn_port = ~0U,
	    .max_grant_frames = -1,
	    .max_maptrack_frames = -1,
	    .grant_opts = XEN_DOMCTL_GRANT_version(1),
	    .arch.gic_version = XEN_DOMCTL_CONFIG_GIC_NATIVE,
	    .arch.nr_spis = gic_line_count() - VGIC_PRIVATE,
	};
	struct domain *d;
	int err = 0;

	config.max_vcpus = vcpu_count();
	d = domain_create(0, &config, true, &err);
	if (!d) {
		boot_fail("the service VM cannot be created: error %d", err);
	}
	d->max_pages =
	    boot_options.dom0_mem_max ? boot_options.dom0_mem_max >> PAGE_SHIFT : UINT32_MAX;
	return d;
}

/* What its tool stack may hand on to guests: all that it has itself. */
static void give_rights(struct domain *d)
{
	int err = rangeset_add(d->io_memory, 0, BIT(40) - 1);

	if (!err && gic_line_count() > VGIC_PRIVATE) {
		err = rangeset_add(d->irqs, VGIC_PRIVATE, gic_line_count() - 1);
	}
	if (err) {
		boot_fail("no memory for the service VM's rights: error %d", err);
	}
}

static void start(struct domain *d, uint64_t tree)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		if (!d->vcpu[i] && !vcpu_create(d, i)) {
			boot_fail("no memory for vCPU %u of the service VM", i);
		}
	}
	arch_kernel_start(d->vcpu[0], &kernel, tree);
	vcpu_state_clear(d->vcpu[0], VCPU_DOWN);
	/* It was created paused. */
	domain_unpause(d);
}

void dom0_build(void)
{
	struct domain *d = create();
	struct dom0_tree t = {0};
	uint64_t tree;

	if (dom0_share_pages(d)) {
		boot_fail("no memory for the service VM's devices");
	}
	dom0_populate(d);
	give_rights(d);
	if (d->iommu && (p2m_dma_map_doorbells(d) || smmu_attach(d))) {
		boot_fail("no memory for the service VM's devices");
	}
	load_kernel();
	load_initrd(&t);
	tree = load_tree(d, &t);
	free_modules();
	log_info("service VM: %" PRIu64 " MiB, %u vCPUs, kernel at %" PRIx64 ", initrd at %" PRIx64
		 ", tree at %" PRIx64 "\n",
		 d->tot_pages >> (20 - PAGE_SHIFT), d->max_vcpus, kernel.start, t.initrd, tree);
	start(d, tree);
}
