/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI of the service VM's devices (PCI local bus specification 3.0 ch. 6.8.1). The guest's
 * address and data stay here; the device gets a vector of the machine, whose handler sends the
 * guest's message to its virtual local APICs. One message per function: several would need
 * adjacent vectors; the guest is shown a device that can do one.
 * Locks: asm/vpci.h.
 */
#include <asm/dom0.h>
#include <asm/irq.h>
#include <asm/vlapic.h>
#include <asm/vpci.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>

#define CONTROL_ENABLE	BIT(0)
#define CONTROL_WIDE	BIT(7)
#define CONTROL_MASK	BIT(8)
/* Multiple message capable and enable, extended data: not shown. */
#define CONTROL_HIDDEN	(0x7eUL | BIT(9) | BIT(10))

static void message_fire(void *opaque)
{
	struct vmsi_message *m = opaque;
	uint64_t address;
	uint32_t data;

	spin_lock(&m->lock);
	address = m->address;
	data = m->data;
	spin_unlock(&m->lock);
	vlapic_msi(m->domain, address, data);
}

void vmsi_message_init(struct vmsi_message *m, struct domain *d, uint32_t sbdf)
{
	spin_lock_init(&m->lock);
	m->domain = d;
	intr_slot_init(&m->slot, (pci_sbdf_t){ sbdf });
}

void vmsi_message_set(struct vmsi_message *m, uint64_t address, uint32_t data)
{
	unsigned long flags = spin_lock_irq(&m->lock);

	m->address = address;
	m->data = data;
	spin_unlock_irq(&m->lock, flags);
}

bool vmsi_message_connect(struct vmsi_message *m)
{
	/* APIC ids of the service VM are twice the vCPU's number. */
	unsigned int target = ((m->address >> 12) & 0xff) / 2;
	const struct vcpu *v = target < m->domain->max_vcpus ? m->domain->vcpu[target] : NULL;
	unsigned int cpu = irq_pick_cpu(v);
	int vector = m->vector;

	if (vector && cpu == m->cpu) {
		return true;
	}
	/* A vector means the same on every CPU, so a message moves without a new one. */
	if (!vector) {
		vector = irq_alloc_vector(cpu, message_fire, m);
	}
	if (vector < 0) {
		glog_warn("no vector left for a device's message\n");
		return false;
	}
	if (msi_route(&m->slot, (uint8_t)vector, cpu, &m->host)) {
		glog_warn("no place left in the interrupt remapping table\n");
		if (!m->vector) {
			irq_free_vector((uint8_t)vector);
		}
		return m->vector;
	}
	m->vector = (uint8_t)vector;
	m->cpu = (uint8_t)cpu;
	return true;
}

void vmsi_message_disconnect(struct vmsi_message *m)
{
	if (m->vector) {
		intr_slot_clear(&m->slot);
		irq_free_vector(m->vector);
		m->vector = 0;
	}
}

static void write_control(const struct vpci_dev *dev, bool enable)
{
	uint32_t control = pci_read(dev->sbdf, dev->msi.cap + 2, 2) &
			   ~(uint32_t)(CONTROL_ENABLE | 0x70 | BIT(10));

	pci_write(dev->sbdf, dev->msi.cap + 2, 2, control | enable);
}

void vmsi_init(struct vpci_dev *dev, struct domain *d)
{
	struct vpci_msi *msi = &dev->msi;
	uint32_t control;

	vmsi_message_init(&msi->message, d, dev->sbdf);
	if (msi->cap) {
		control = pci_read(dev->sbdf, msi->cap + 2, 2);
		msi->wide = control & CONTROL_WIDE;
		msi->maskable = control & CONTROL_MASK;
		write_control(dev, false);
	}
}

void vmsi_destroy(struct vpci_dev *dev)
{
	if (dev->msi.cap && dev->msi.enabled) {
		write_control(dev, false);
	}
	vmsi_message_disconnect(&dev->msi.message);
}

static unsigned int length(const struct vpci_msi *msi)
{
	/* Control and address, high address, data, mask and pending. */
	return 12 + (msi->wide ? 4 : 0) + (msi->maskable ? 8 : 0);
}

bool vmsi_covers(const struct vpci_dev *dev, unsigned int dw)
{
	return dev->msi.cap && dw >= dev->msi.cap && dw < dev->msi.cap + length(&dev->msi);
}

uint32_t vmsi_read(struct vpci_dev *dev, unsigned int dw)
{
	const struct vpci_msi *msi = &dev->msi;
	unsigned int rel = dw - msi->cap;
	uint32_t val;

	if (rel == 0) {
		val = pci_read(dev->sbdf, dw, 4);
		val &= ~(uint32_t)((CONTROL_HIDDEN | CONTROL_ENABLE) << 16);
		return val | (msi->enabled ? (uint32_t)(CONTROL_ENABLE << 16) : 0);
	}
	if (rel == 4) {
		return (uint32_t)msi->message.address;
	}
	if (rel == 8 && msi->wide) {
		return (uint32_t)(msi->message.address >> 32);
	}
	if (rel == (msi->wide ? 12 : 8)) {
		return msi->message.data;
	}
	return pci_read(dev->sbdf, dw, 4);	/* mask, pending */
}

static void program(struct vpci_dev *dev)
{
	struct vpci_msi *msi = &dev->msi;
	const struct msi_message *host = &msi->message.host;

	if (!msi->enabled) {
		write_control(dev, false);
		vmsi_message_disconnect(&msi->message);
		return;
	}
	if (!vmsi_message_connect(&msi->message)) {
		return;
	}
	pci_write(dev->sbdf, msi->cap + 4, 4, (uint32_t)host->address);
	if (msi->wide) {
		pci_write(dev->sbdf, msi->cap + 8, 4, (uint32_t)(host->address >> 32));
	}
	pci_write(dev->sbdf, msi->cap + (msi->wide ? 12 : 8), 2, host->data);
	write_control(dev, true);
}

/*
 * The guest moves a message that is on. Remapped, what the device holds stays the same and nothing
 * can be torn; a plain message would have to be changed in the device's registers under its feet,
 * so it stays where it is.
 */
static void follow(struct vpci_msi *msi)
{
	if (msi->enabled && msi->message.slot.used) {
		(void)vmsi_message_connect(&msi->message);
	}
}

void vmsi_write(struct vpci_dev *dev, unsigned int dw, uint32_t mask, uint32_t val)
{
	struct vpci_msi *msi = &dev->msi;
	unsigned int rel = dw - msi->cap;
	uint64_t address = msi->message.address;
	uint32_t data = msi->message.data;

	if (rel == 0) {
		if (mask & (CONTROL_ENABLE << 16)) {
			msi->enabled = val & (CONTROL_ENABLE << 16);
			/* Also when nothing changed: the device may have been reset in between. */
			program(dev);
		}
		return;
	}
	if (rel == 4) {
		address = (address & ~(uint64_t)mask) | (val & mask & ~3U);
	} else if (rel == 8 && msi->wide) {
		address = (address & ~((uint64_t)mask << 32)) | (uint64_t)(val & mask) << 32;
	} else if (rel == (msi->wide ? 12 : 8)) {
		data = ((data & ~mask) | (val & mask)) & 0xffff;
	} else {
		/* Mask bits: only that of the one message; pending is read-only. */
		if (rel == (msi->wide ? 16 : 12) && (mask & 1)) {
			pci_write(dev->sbdf, dw, 4, val & 1);
		}
		return;
	}
	vmsi_message_set(&msi->message, address, data);
	follow(msi);
}
