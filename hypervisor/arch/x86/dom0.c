/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the service VM: the first domain, PVH, memory 1:1, all devices but the hypervisor's
 * own. Start state and start info are those of xen/arch-x86/hvm/start_info.h. Every failure here
 * is one line on the console and halt: without a service VM there is nothing to do.
 */
#include <asm/dom0.h>
#include <asm/dom0_build.h>
#include <asm/exit.h>
#include <asm/io.h>
#include <asm/irq.h>
#include <asm/vioapic.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <xen/arch-x86/hvm/start_info.h>

/* Kernels read the start info with only the first GiB mapped. */
#define INFO_MIN	MIB(1)
#define INFO_MAX	GIB(1)
#define INITRD_MAX	GIB(4)
#define VCPUS_MAX	128U		/* HVM_MAX_VCPUS */
#define HIDDEN_MAX	8
/* Without an IOMMU a device reaches granted frames only if the kernel copies to and from its own 1:1 memory. */
#define BOUNCE_OPTION	" swiotlb=force"

static struct {
	uint16_t first;
	unsigned int count;
} hidden[HIDDEN_MAX] = {
	{ 0x20, 2 }, { 0xa0, 2 }, { 0x4d0, 2 },		/* interrupt controllers */
	{ 0x40, 4 }, { 0x61, 1 },			/* timer and its gate */
};
static unsigned int hidden_count = 5;

void dom0_hide_ports(uint16_t first, unsigned int count)
{
	CHECK(hidden_count < HIDDEN_MAX);
	hidden[hidden_count].first = first;
	hidden[hidden_count++].count = count;
}

static struct domain *create(void)
{
	unsigned int vcpus = boot_options.dom0_max_vcpus;
	struct xen_domctl_createdomain config = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap |
			 (iommu_enabled() ? XEN_DOMCTL_CDF_iommu : 0),
		.max_evtchn_port = ~0U,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(2),
		.arch.emulation_flags = XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | XEN_X86_EMU_VPCI,
	};
	struct domain *d;
	int err = 0;

	config.max_vcpus = MIN(vcpus ? vcpus : MAX(cpu_count, 1U), VCPUS_MAX);
	d = domain_create(0, &config, true, &err);
	if (!d) {
		boot_fail("the service VM cannot be created: error %d", err);
	}
	d->max_pages = boot_options.dom0_mem_max ? boot_options.dom0_mem_max >> PAGE_SHIFT
						 : UINT32_MAX;
	if (iommu_enabled() && !d->iommu) {
		err = iommu_domain_init(d);
		if (err) {
			boot_fail("the service VM has no device address space: error %d", err);
		}
	}
	return d;
}

static void attach(uint32_t sbdf, void *arg)
{
	if (!iommu_owns_device((pci_sbdf_t){ sbdf }) &&
	    iommu_attach(arg, (pci_sbdf_t){ sbdf })) {
		log_warn("PCI %04x:%02x:%02x.%u: no DMA for this device\n", sbdf >> 16,
			 (sbdf >> 8) & 0xff, (sbdf >> 3) & 31, sbdf & 7);
	}
}

static void give_ports(struct domain *d)
{
	io_allow_ports(d, 0, 0x10000);
	for (unsigned int i = 0; i < hidden_count; i++) {
		io_deny_ports(d, hidden[i].first, hidden[i].count);
	}
	/* vPCI's ports exit because it registered them; take them out of the open set all the same. */
	io_deny_ports(d, 0xcf8, 8);
}

/* What its tool stack may hand on to guests: all that it has itself. */
static void give_rights(struct domain *d)
{
	int err = rangeset_add(d->io_memory, 0, BIT(40) - 1);

	err = err ? err : rangeset_add(d->io_ports, 0, 0xffff);
	for (unsigned int i = 0; i < hidden_count && !err; i++) {
		err = rangeset_remove(d->io_ports, hidden[i].first,
				      hidden[i].first + hidden[i].count - 1UL);
	}
	if (!err && ioapic_gsi_count()) {
		err = rangeset_add(d->irqs, 0, ioapic_gsi_count() - 1);
	}
	if (err) {
		boot_fail("no memory for the service VM's rights: error %d", err);
	}
}

static void give_devices(struct domain *d)
{
	struct vioapic_config ioapics[16];
	int err = 0;

	if (!d->arch.vioapic) {
		err = vioapic_init(d, ioapics, ioapic_describe(ioapics, ARRAY_SIZE(ioapics)));
	}
	if (!err && !d->arch.vpci) {
		err = vpci_init(d);
	}
	if (err) {
		boot_fail("the service VM's interrupt controllers or PCI: error %d", err);
	}
	give_ports(d);
	give_rights(d);
	if (d->iommu) {
		pci_for_each(attach, d);
	}
}

static void load_kernel(void)
{
	const struct elf_image *k = dom0_kernel();
	const uint8_t *file = hpa_to_virt(boot_info.modules[0].start);

	for (unsigned int i = 0; i < k->segment_count; i++) {
		const struct elf_segment *s = &k->segments[i];
		uint8_t *to = hpa_to_virt(hpa(s->start));

		memcpy(to, file + s->offset, s->file_size);
		memset(to + s->file_size, 0, s->size - s->file_size);
	}
}

/* Address 0: there is none. */
static uint64_t load_initrd(void)
{
	const struct boot_module *m = &boot_info.modules[1];
	uint64_t at;

	if (boot_info.module_count < 2 || !m->size) {
		return 0;
	}
	at = dom0_take_high(m->size, INFO_MIN, INITRD_MAX);
	if (!at) {
		boot_fail("dom0_mem: no room for the initrd of %lu MiB beside the kernel",
			  m->size >> 20);
	}
	memcpy(hpa_to_virt(hpa(at)), hpa_to_virt(m->start), m->size);
	return at;
}

static void fill_memory_map(const struct domain *d, struct hvm_memmap_table_entry *out)
{
	for (unsigned int i = 0; i < d->arch.e820_count; i++) {
		const struct e820_entry *e = &d->arch.e820[i];

		out[i] = (struct hvm_memmap_table_entry){ .addr = e->addr, .size = e->size,
							  .type = e->type };
	}
}

/* Start info, module list, memory map and command lines in one piece. Returns its address. */
static uint32_t build_start_info(const struct domain *d, uint64_t rsdp, uint64_t initrd)
{
	const char *bounce = !d->iommu && dom0_kernel()->is_linux ? BOUNCE_OPTION : "";
	size_t line_size = sizeof(boot_info.modules[0].cmdline) + sizeof(BOUNCE_OPTION);
	size_t map_off = sizeof(struct hvm_start_info) + sizeof(struct hvm_modlist_entry);
	size_t line_off = map_off + d->arch.e820_count * sizeof(struct hvm_memmap_table_entry);
	size_t initrd_line_off = line_off + line_size;
	uint64_t at = dom0_take_low(initrd_line_off + line_size, INFO_MIN, INFO_MAX);
	struct hvm_start_info *info;
	char *p;

	if (!at) {
		boot_fail("dom0_mem: no room for the kernel's start info");
	}
	p = hpa_to_virt(hpa(at));
	memset(p, 0, initrd_line_off + line_size);
	info = (struct hvm_start_info *)p;
	*info = (struct hvm_start_info){
		.magic = XEN_HVM_START_MAGIC_VALUE,
		.version = 1,
		.flags = SIF_PRIVILEGED | SIF_INITDOMAIN,
		.nr_modules = initrd != 0,
		.modlist_paddr = initrd ? at + sizeof(*info) : 0,
		.cmdline_paddr = at + line_off,
		.rsdp_paddr = rsdp,
		.memmap_paddr = at + map_off,
		.memmap_entries = d->arch.e820_count,
	};
	if (initrd) {
		struct hvm_modlist_entry *m = (struct hvm_modlist_entry *)(info + 1);

		m->paddr = initrd;
		m->size = boot_info.modules[1].size;
		if (boot_info.modules[1].cmdline[0]) {
			m->cmdline_paddr = at + initrd_line_off;
			str_copy(p + initrd_line_off, boot_info.modules[1].cmdline, line_size);
		}
	}
	fill_memory_map(d, (struct hvm_memmap_table_entry *)(p + map_off));
	snprintf(p + line_off, line_size, "%s%s", boot_info.modules[0].cmdline, bounce);
	if (*bounce) {
		log_warn("no IOMMU: the kernel gets%s, for devices reach its own memory only\n", bounce);
	}
	return (uint32_t)at;
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

static void start(struct domain *d, uint32_t info)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		if (!d->vcpu[i] && !vcpu_create(d, i)) {
			boot_fail("no memory for vCPU %u of the service VM", i);
		}
	}
	if (vcpu_set_pvh_entry(d->vcpu[0], dom0_kernel()->entry, info)) {
		boot_fail("the service VM's first vCPU cannot be set up");
	}
	vcpu_state_clear(d->vcpu[0], VCPU_DOWN);
	/* It was created paused. */
	domain_unpause(d);
}

struct domain *dom0_build(void)
{
	uint64_t rsdp, acpi, acpi_size, initrd;
	struct domain *d = create();
	uint32_t info;

	dom0_populate(d);
	give_devices(d);
	load_kernel();
	rsdp = dom0_build_acpi(d, &acpi, &acpi_size);
	initrd = load_initrd();
	dom0_memory_map(d, acpi, acpi_size);
	info = build_start_info(d, rsdp, initrd);
	free_modules();
	log_info("service VM: %lu MiB, %u vCPUs, entry %#x, initrd at %lx\n",
		 (unsigned long)(d->tot_pages >> (20 - PAGE_SHIFT)), d->max_vcpus,
		 dom0_kernel()->entry, (unsigned long)initrd);
	start(d, info);
	return d;
}
