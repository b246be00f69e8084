/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's PCI configuration space, by ports CF8/CFC and by ECAM. It is the machine's
 * own, with these exceptions: functions of an IOMMU are not there; MSI and MSI-X belong to
 * vpci_msi.c and vpci_msix.c; SR-IOV cannot be turned on (the tables of virtual functions would
 * stand where nobody looks for them).
 * Locks: asm/vpci.h.
 */
#include <asm/acpi.h>
#include <asm/dom0.h>
#include <asm/io.h>
#include <asm/processor.h>
#include <asm/vpci.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define PORT_ADDRESS	0xcf8
#define PORT_DATA	0xcfc
#define PORT_RESET	0xcf9

#define REG_STATUS	0x06
#define REG_HEADER	0x0e
#define REG_BAR0	0x10
#define REG_BAR_END	0x28
#define REG_CAPS	0x34
#define CAP_MSI		0x05
#define CAP_MSIX	0x11
#define EXTCAP_SRIOV	0x10
#define SRIOV_CONTROL	8
#define SRIOV_VF_ENABLE	BIT(0)
#define DEVICES_MAX	8192

static unsigned int bucket_of(uint32_t sbdf)
{
	return (sbdf ^ sbdf >> 8 ^ sbdf >> 16) % VPCI_BUCKETS;
}

static struct vpci_dev *find(struct vpci *p, uint32_t sbdf)
{
	struct vpci_dev *dev = p->buckets[bucket_of(sbdf)];

	while (dev && dev->sbdf != sbdf) {
		dev = dev->next;
	}
	return dev;
}

/* The hardware's lists are not trusted to end: each step is counted. */
static void find_capabilities(struct vpci_dev *dev)
{
	unsigned int at;

	if (pci_read(dev->sbdf, REG_STATUS, 2) & BIT(4)) {
		at = pci_read(dev->sbdf, REG_CAPS, 1) & 0xfc;
		for (unsigned int i = 0; i < 48 && at >= 0x40; i++) {
			uint32_t id = pci_read(dev->sbdf, at, 1);

			if (id == CAP_MSI && !dev->msi.cap) {
				dev->msi.cap = (uint16_t)at;
			} else if (id == CAP_MSIX && !dev->msix.cap) {
				dev->msix.cap = (uint16_t)at;
			}
			at = pci_read(dev->sbdf, at + 1, 1) & 0xfc;
		}
	}
	at = 0x100;
	for (unsigned int i = 0; i < 480 && at >= 0x100; i++) {
		uint32_t head = pci_read(dev->sbdf, at, 4);

		if (head == 0 || head == 0xffffffff) {
			break;
		}
		if ((head & 0xffff) == EXTCAP_SRIOV) {
			dev->sriov = (uint16_t)at;
		}
		at = (head >> 20) & 0xffc;
	}
}

/* vpci->lock held. */
static int adopt(struct vpci *p, uint32_t sbdf)
{
	struct vpci_dev *dev;
	unsigned int header;

	if (find(p, sbdf)) {
		return 0;
	}
	if ((uint16_t)pci_read(sbdf, 0, 2) == 0xffff || iommu_owns_device((pci_sbdf_t){ sbdf })) {
		return -ENODEV;
	}
	dev = p->dev_count < DEVICES_MAX ? hv_alloc(sizeof(*dev)) : NULL;
	if (!dev) {
		return -ENOMEM;
	}
	dev->sbdf = sbdf;
	header = pci_read(sbdf, REG_HEADER, 1) & 0x7f;
	dev->bridge = header != 0;
	find_capabilities(dev);
	vmsi_init(dev, p->domain);
	vmsix_init(p, dev);
	dev->next = p->buckets[bucket_of(sbdf)];
	p->buckets[bucket_of(sbdf)] = dev;
	p->dev_count++;
	return 0;
}

int vpci_add_device(struct domain *d, uint32_t sbdf)
{
	struct vpci *p = d->arch.vpci;
	bool known;
	int ret;

	if (!p) {
		return -ENODEV;
	}
	spin_lock(&p->lock);
	known = find(p, sbdf) != NULL;
	ret = adopt(p, sbdf);
	spin_unlock(&p->lock);
	if (!ret && !known && d->iommu) {
		ret = iommu_attach(d, (pci_sbdf_t){ sbdf });
	}
	return ret;
}

int vpci_remove_device(struct domain *d, uint32_t sbdf)
{
	struct vpci *p = d->arch.vpci;
	struct vpci_dev **at, *dev;

	if (!p) {
		return -ENODEV;
	}
	spin_lock(&p->lock);
	for (at = &p->buckets[bucket_of(sbdf)]; *at && (*at)->sbdf != sbdf; at = &(*at)->next) {
	}
	dev = *at;
	if (dev) {
		*at = dev->next;
		p->dev_count--;
		vmsi_destroy(dev);
		vmsix_destroy(p, dev);
	}
	spin_unlock(&p->lock);
	if (dev && d->iommu && iommu_detach((pci_sbdf_t){ sbdf })) {
		glog_warn("PCI %04x:%02x:%02x.%u: keeps its DMA\n", sbdf >> 16, (sbdf >> 8) & 0xff,
			  (sbdf >> 3) & 31, sbdf & 7);
	}
	hv_free(dev);
	return dev ? 0 : -ENODEV;
}

static uint32_t all_ones(unsigned int size)
{
	return size == 4 ? 0xffffffff : (1U << (size * 8)) - 1;
}

static uint32_t config_read(struct vpci *p, uint32_t sbdf, unsigned int reg, unsigned int size)
{
	unsigned int dw = reg & ~3U, shift = (reg & 3) * 8;
	struct vpci_dev *dev;
	uint32_t val;

	if (iommu_owns_device((pci_sbdf_t){ sbdf })) {
		return all_ones(size);
	}
	spin_lock(&p->lock);
	dev = find(p, sbdf);
	if (dev && vmsi_covers(dev, dw)) {
		val = vmsi_read(dev, dw) >> shift;
	} else if (dev && vmsix_covers(dev, dw)) {
		val = vmsix_read(dev, dw) >> shift;
	} else {
		val = pci_read(sbdf, reg, size);
	}
	spin_unlock(&p->lock);
	return val & all_ones(size);
}

static void dev_write(struct vpci *p, struct vpci_dev *dev, unsigned int reg, unsigned int size,
		      uint32_t val)
{
	unsigned int dw = reg & ~3U, shift = (reg & 3) * 8;
	uint32_t mask = all_ones(size) << shift;

	if (vmsi_covers(dev, dw)) {
		vmsi_write(dev, dw, mask, val << shift);
		return;
	}
	if (vmsix_covers(dev, dw)) {
		vmsix_write(dev, dw, mask, val << shift);
		return;
	}
	if (dev->sriov && dw == dev->sriov + SRIOV_CONTROL && !shift) {
		val &= ~(uint32_t)SRIOV_VF_ENABLE;
	}
	pci_write(dev->sbdf, reg, size, val);
	/* Command, status or a base address: the MSI-X table may be somewhere else now. */
	if (dw == 4 || (dw >= REG_BAR0 && dw < REG_BAR_END)) {
		vmsix_place(p, dev);
	}
}

static void config_write(struct vpci *p, uint32_t sbdf, unsigned int reg, unsigned int size,
			 uint32_t val)
{
	struct vpci_dev *dev;
	bool fresh = false;

	spin_lock(&p->lock);
	dev = find(p, sbdf);
	if (!dev && !adopt(p, sbdf)) {
		/* Hot-plugged, or behind a bridge that has just been given its bus numbers. */
		dev = find(p, sbdf);
		fresh = true;
	}
	if (dev) {
		dev_write(p, dev, reg, size, val & all_ones(size));
	}
	spin_unlock(&p->lock);
	if (fresh && p->domain->iommu && iommu_attach(p->domain, (pci_sbdf_t){ sbdf })) {
		glog_warn("PCI %04x:%02x:%02x.%u: no DMA for this device\n", sbdf >> 16,
			  (sbdf >> 8) & 0xff, (sbdf >> 3) & 31, sbdf & 7);
	}
}

/* Any alignment and size of a guest's access, in pieces that the bus knows. */
static void config_access(struct vpci *p, uint32_t sbdf, unsigned int reg, unsigned int size,
			  bool write, uint64_t *val)
{
	uint64_t out = 0;

	for (unsigned int done = 0; done < size;) {
		unsigned int at = reg + done;
		unsigned int piece = MIN(size - done, 4U);

		/* A misaligned access leaves odd remainders. */
		piece = piece == 3 ? 2 : piece;
		while (at & (piece - 1)) {
			piece /= 2;
		}
		if (at >= 4096) {
			out |= (uint64_t)all_ones(piece) << (done * 8);
		} else if (write) {
			config_write(p, sbdf, at, piece, (uint32_t)(*val >> (done * 8)));
		} else {
			out |= (uint64_t)config_read(p, sbdf, at, piece) << (done * 8);
		}
		done += piece;
	}
	if (!write) {
		*val = out;
	}
}

static void port_access(struct vcpu *v, void *opaque, uint64_t addr, unsigned int size, bool write,
			uint64_t *val)
{
	struct vpci *p = opaque;
	uint32_t cf8 = READ_ONCE(p->cf8);
	unsigned int reg;

	if (!write) {
		*val = ~0ULL;
	}
	if (addr == PORT_ADDRESS && size == 4) {
		if (write) {
			WRITE_ONCE(p->cf8, (uint32_t)*val);
		} else {
			*val = cf8;
		}
	} else if (addr == PORT_RESET && size == 1) {
		/* The chipset's reset control shares the range; the service VM may reset the machine. */
		if (write) {
			outb((uint8_t)*val, PORT_RESET);
		} else {
			*val = inb(PORT_RESET);
		}
	} else if (addr >= PORT_DATA && addr + size <= PORT_DATA + 4 && (cf8 & BIT(31))) {
		reg = (cf8 & 0xfc) | (addr & 3);
		config_access(p, (cf8 >> 8) & 0xffff, reg, size, write, val);
	}
}

static void ecam_access(struct vcpu *v, void *opaque, uint64_t addr, unsigned int size, bool write,
			uint64_t *val)
{
	const struct acpi_ecam *e = opaque;
	uint64_t off = addr - e->base;

	config_access(v->domain->arch.vpci, (uint32_t)e->segment << 16 | ((off >> 12) & 0xffff),
		      off & 0xfff, size, write, val);
}

static void adopt_one(uint32_t sbdf, void *arg)
{
	struct vpci *p = arg;

	spin_lock(&p->lock);
	if (adopt(p, sbdf) == -ENOMEM) {
		boot_fail("no memory for the PCI devices");
	}
	spin_unlock(&p->lock);
}

int vpci_init(struct domain *d)
{
	struct vpci *p = hv_alloc(sizeof(*p));
	int ret;

	if (!p) {
		return -ENOMEM;
	}
	spin_lock_init(&p->lock);
	p->domain = d;
	d->arch.vpci = p;
	ret = io_register_ports(d, PORT_ADDRESS, 8, port_access, p);
	for (unsigned int i = 0; i < acpi_info.ecam_count && !ret; i++) {
		struct acpi_ecam *e = &acpi_info.ecam[i];

		ret = io_register_mmio(d, gpa(e->base + e->start_bus * MIB(1)),
				       (e->end_bus - e->start_bus + 1) * MIB(1), ecam_access, e);
	}
	if (!ret) {
		pci_for_each(adopt_one, p);
	}
	return ret;
}
