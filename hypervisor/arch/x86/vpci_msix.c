/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X of the service VM's devices (PCI local bus specification 3.0 ch. 6.8.2). The pages that
 * hold a table are never mapped: accesses to the table end here, the rest of the pages passes
 * through to the device. An entry gets a vector of the machine when the guest unmasks it with
 * MSI-X on.
 *
 * Where the table is the device's BAR says, and the guest writes that: so nothing is trapped,
 * mapped or touched that dom0_frame_is_device would not have given the guest anyway.
 * Locks: asm/vpci.h.
 */
#include <asm/dom0.h>
#include <asm/io.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/vpci.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/page.h>

#define CONTROL_ENABLE	BIT(31)		/* in the word with the capability's id */
#define CONTROL_MASKALL	BIT(30)
#define COMMAND_MEMORY	BIT(1)
#define ENTRY_SIZE	16
#define ENTRY_DATA	8
#define ENTRY_CONTROL	12

static io_handler table_access;

static uint64_t first_page(const struct vpci_msix *m)
{
	return ROUND_DOWN(m->table, PAGE_SIZE);
}

static uint64_t end_page(const struct vpci_msix *m)
{
	return ROUND_UP(m->table + m->count * ENTRY_SIZE, PAGE_SIZE);
}

static volatile uint32_t *hardware_entry(const struct vpci_msix *m, unsigned int i)
{
	return (volatile uint32_t *)(m->map + (m->table - first_page(m)) + i * ENTRY_SIZE);
}

/* Brings the device's entry in line with the guest's. */
static void program_entry(struct vpci_msix *m, unsigned int i)
{
	struct vmsix_entry *e = &m->entries[i];
	volatile uint32_t *hw;
	const struct msi_message *host = &e->message.host;

	if (!m->map || !m->enabled) {
		return;
	}
	hw = hardware_entry(m, i);
	hw[ENTRY_CONTROL / 4] = 1;
	if (e->masked || !vmsi_message_connect(&e->message)) {
		return;
	}
	hw[0] = (uint32_t)host->address;
	hw[1] = (uint32_t)(host->address >> 32);
	hw[ENTRY_DATA / 4] = host->data;
	hw[ENTRY_CONTROL / 4] = 0;
}

static void program_all(struct vpci_msix *m)
{
	for (unsigned int i = 0; i < m->count; i++) {
		program_entry(m, i);
	}
}

void vmsix_init(struct vpci *p, struct vpci_dev *dev)
{
	struct vpci_msix *m = &dev->msix;
	uint32_t control, table;

	if (!m->cap) {
		return;
	}
	control = pci_read(dev->sbdf, m->cap, 4);
	pci_write(dev->sbdf, m->cap, 4, control & ~(uint32_t)(CONTROL_ENABLE | CONTROL_MASKALL));
	m->count = (uint16_t)(((control >> 16) & 0x7ff) + 1);
	table = pci_read(dev->sbdf, m->cap + 4, 4);
	m->bar = table & 7;
	m->offset = table & ~7U;
	m->entries = hv_alloc(m->count * sizeof(*m->entries));
	if (!m->entries || m->bar >= (dev->bridge ? 2 : 6)) {
		log_warn("PCI %04x:%02x:%02x.%u: MSI-X unusable\n", dev->sbdf >> 16,
			 (dev->sbdf >> 8) & 0xff, (dev->sbdf >> 3) & 31, dev->sbdf & 7);
		hv_free(m->entries);
		m->entries = NULL;
		m->count = 0;		/* the capability stays covered: off for good */
		return;
	}
	for (unsigned int i = 0; i < m->count; i++) {
		vmsi_message_init(&m->entries[i].message, p->domain, dev->sbdf);
		m->entries[i].masked = true;
	}
	vmsix_place(p, dev);
}

/* Another device's table on this page? */
static bool page_shared(struct vpci *p, const struct vpci_dev *self, uint64_t page)
{
	for (unsigned int i = 0; i < VPCI_BUCKETS; i++) {
		for (struct vpci_dev *dev = p->buckets[i]; dev; dev = dev->next) {
			const struct vpci_msix *m = &dev->msix;

			if (dev != self && m->table && page >= first_page(m) && page < end_page(m)) {
				return true;
			}
		}
	}
	return false;
}

static void remove_window(struct vpci *p, struct vpci_dev *dev)
{
	struct vpci_msix *m = &dev->msix;

	if (!m->table) {
		return;
	}
	for (unsigned int i = 0; i < m->trapped; i++) {
		uint64_t page = first_page(m) + i * PAGE_SIZE;

		if (!page_shared(p, dev, page)) {
			io_unregister_mmio(p->domain, gpa(page));
		}
	}
	iounmap(m->map);
	m->map = NULL;
	m->table = 0;
	m->trapped = 0;
}

static bool pages_are_device(const struct vpci_msix *m)
{
	for (uint64_t page = first_page(m); page < end_page(m); page += PAGE_SIZE) {
		if (!dom0_frame_is_device(page >> PAGE_SHIFT)) {
			return false;
		}
	}
	return true;
}

static bool trap_page(struct vpci *p, const struct vpci_dev *dev, uint64_t page)
{
	gfn_t g = gpa_to_gfn(gpa(page));
	enum p2m_type t;

	if (page_shared(p, dev, page)) {
		return true;
	}
	/* First the handler: then an access finds either the old mapping or the trap. */
	if (io_register_mmio(p->domain, gpa(page), PAGE_SIZE, table_access, p)) {
		glog_warn("MSI-X table at %lx cannot be trapped\n", page);
		return false;
	}
	(void)p2m_lookup(p->domain, g, &t, NULL);
	if (t == P2M_MMIO && p2m_remove_if(p->domain, g, mfn(g.v), P2M_MMIO)) {
		glog_debug("MSI-X table at %lx: mapping went away by itself\n", page);
	}
	return true;
}

static void add_window(struct vpci *p, struct vpci_dev *dev, uint64_t table)
{
	struct vpci_msix *m = &dev->msix;

	m->table = table;
	if (!pages_are_device(m)) {
		glog_warn("MSI-X table at %lx is not in device memory\n", table);
		m->table = 0;
		return;
	}
	m->map = ioremap(hpa(first_page(m)), end_page(m) - first_page(m));
	if (!m->map) {
		glog_warn("MSI-X table at %lx cannot be mapped\n", table);
		m->table = 0;
		return;
	}
	for (uint64_t page = first_page(m); page < end_page(m); page += PAGE_SIZE) {
		if (!trap_page(p, dev, page)) {
			remove_window(p, dev);
			return;
		}
		m->trapped++;
	}
	program_all(m);
}

/* The table's address by the BAR; 0: nowhere now. */
static uint64_t table_by_bar(const struct vpci_dev *dev)
{
	const struct vpci_msix *m = &dev->msix;
	unsigned int reg = 0x10 + 4U * m->bar;
	uint32_t low = pci_read(dev->sbdf, reg, 4);
	uint64_t base = low & ~0xfU;

	if (low & 1) {
		return 0;
	}
	if ((low & 6) == 4 && m->bar < (dev->bridge ? 1 : 5)) {
		base |= (uint64_t)pci_read(dev->sbdf, reg + 4, 4) << 32;
	}
	return base && base < BIT(52) ? base + m->offset : 0;
}

void vmsix_place(struct vpci *p, struct vpci_dev *dev)
{
	struct vpci_msix *m = &dev->msix;
	uint64_t table;

	/* While decoding is off the BAR may hold anything (sizing); what is trapped stays trapped. */
	if (!m->cap || !m->count || !(pci_read(dev->sbdf, 4, 2) & COMMAND_MEMORY)) {
		return;
	}
	table = table_by_bar(dev);
	if (table != m->table) {
		remove_window(p, dev);
		if (table) {
			add_window(p, dev, table);
		}
	}
}

void vmsix_destroy(struct vpci *p, struct vpci_dev *dev)
{
	struct vpci_msix *m = &dev->msix;

	if (!m->cap) {
		return;
	}
	if (m->enabled) {
		pci_write(dev->sbdf, m->cap, 4,
			  pci_read(dev->sbdf, m->cap, 4) & ~(uint32_t)CONTROL_ENABLE);
	}
	remove_window(p, dev);
	for (unsigned int i = 0; i < m->count; i++) {
		vmsi_message_disconnect(&m->entries[i].message);
	}
	hv_free(m->entries);
}

bool vmsix_covers(const struct vpci_dev *dev, unsigned int dw)
{
	/* Table and pending offsets are read-only hardware. */
	return dev->msix.cap && dw == dev->msix.cap;
}

static uint32_t control_bits(const struct vpci_msix *m)
{
	return (uint32_t)((m->enabled ? CONTROL_ENABLE : 0) | (m->mask_all ? CONTROL_MASKALL : 0));
}

uint32_t vmsix_read(struct vpci_dev *dev, unsigned int dw)
{
	return (pci_read(dev->sbdf, dw, 4) & ~(uint32_t)(CONTROL_ENABLE | CONTROL_MASKALL)) |
	       control_bits(&dev->msix);
}

void vmsix_write(struct vpci_dev *dev, unsigned int dw, uint32_t mask, uint32_t val)
{
	struct vpci_msix *m = &dev->msix;
	uint32_t rest;

	if (!(mask & CONTROL_ENABLE) || !m->count) {
		return;
	}
	m->enabled = val & CONTROL_ENABLE;
	m->mask_all = val & CONTROL_MASKALL;
	rest = pci_read(dev->sbdf, dw, 4) & ~(uint32_t)(CONTROL_ENABLE | CONTROL_MASKALL);
	if (m->enabled) {
		/* The device may have been reset: all entries anew, with everything held back. */
		pci_write(dev->sbdf, dw, 4, rest | (uint32_t)(CONTROL_ENABLE | CONTROL_MASKALL));
		program_all(m);
	}
	pci_write(dev->sbdf, dw, 4, rest | control_bits(m));
	if (!m->enabled) {
		for (unsigned int i = 0; i < m->count; i++) {
			vmsi_message_disconnect(&m->entries[i].message);
		}
	}
}

static uint32_t entry_read(const struct vmsix_entry *e, unsigned int off)
{
	switch (off) {
	case 0:
		return (uint32_t)e->message.address;
	case 4:
		return (uint32_t)(e->message.address >> 32);
	case ENTRY_DATA:
		return e->message.data;
	default:
		return e->masked;
	}
}

static void entry_write(struct vpci_msix *m, unsigned int i, unsigned int off, uint32_t val)
{
	struct vmsix_entry *e = &m->entries[i];
	uint64_t address = e->message.address;

	switch (off) {
	case 0:
		address = (address & ~0xffffffffULL) | (val & ~3U);
		vmsi_message_set(&e->message, address, e->message.data);
		break;
	case 4:
		address = (address & 0xffffffff) | (uint64_t)val << 32;
		vmsi_message_set(&e->message, address, e->message.data);
		break;
	case ENTRY_DATA:
		vmsi_message_set(&e->message, address, val);
		break;
	default:
		e->masked = val & 1;
		program_entry(m, i);
		break;
	}
}

static void pass_through(const struct vpci_msix *m, uint64_t addr, unsigned int size, bool write,
			 uint64_t *val)
{
	volatile char *p = m->map + (addr - first_page(m));

	switch (size) {
	case 1:
		write ? (void)(*(volatile uint8_t *)p = (uint8_t)*val)
		      : (void)(*val = *(volatile uint8_t *)p);
		break;
	case 2:
		write ? (void)(*(volatile uint16_t *)p = (uint16_t)*val)
		      : (void)(*val = *(volatile uint16_t *)p);
		break;
	case 4:
		write ? (void)(*(volatile uint32_t *)p = (uint32_t)*val)
		      : (void)(*val = *(volatile uint32_t *)p);
		break;
	default:
		write ? (void)(*(volatile uint64_t *)p = *val)
		      : (void)(*val = *(volatile uint64_t *)p);
		break;
	}
}

/* Words and double words of the table, as the specification demands; others read zero and change nothing. */
static void table_words(struct vpci_msix *m, uint64_t off, unsigned int size, bool write,
			uint64_t *val)
{
	uint64_t out = 0;

	for (unsigned int done = 0; size >= 4 && done < size; done += 4) {
		unsigned int i = (unsigned int)((off + done) / ENTRY_SIZE);
		unsigned int reg = (off + done) % ENTRY_SIZE;

		if (write) {
			entry_write(m, i, reg, (uint32_t)(*val >> (done * 8)));
		} else {
			out |= (uint64_t)entry_read(&m->entries[i], reg) << (done * 8);
		}
	}
	if (!write) {
		*val = out;
	}
}

/* The device whose table pages hold addr; one whose table itself holds it goes first. */
static struct vpci_msix *window_of(struct vpci *p, uint64_t addr, bool *in_table)
{
	struct vpci_msix *on_page = NULL;

	*in_table = false;
	for (unsigned int i = 0; i < VPCI_BUCKETS; i++) {
		for (struct vpci_dev *dev = p->buckets[i]; dev; dev = dev->next) {
			struct vpci_msix *m = &dev->msix;

			if (!m->table || addr < first_page(m) || addr >= end_page(m)) {
				continue;
			}
			if (addr >= m->table && addr < m->table + m->count * ENTRY_SIZE) {
				*in_table = true;
				return m;
			}
			on_page = m;
		}
	}
	return on_page;
}

static void table_access(struct vcpu *v, void *opaque, uint64_t addr, unsigned int size, bool write,
			 uint64_t *val)
{
	struct vpci *p = opaque;
	struct vpci_msix *m;
	bool in_table;

	if (!write) {
		*val = ~0ULL;
	}
	if (addr & (size - 1)) {
		return;
	}
	spin_lock(&p->lock);
	m = window_of(p, addr, &in_table);
	if (m && in_table) {
		table_words(m, addr - m->table, size, write, val);
	} else if (m) {
		pass_through(m, addr, size, write, val);
	}
	spin_unlock(&p->lock);
}
