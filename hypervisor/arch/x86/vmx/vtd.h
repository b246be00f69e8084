/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* VT-d registers and structures (Intel VT-d Specification, rev. 4.x), private to arch/x86/vmx/vtd*.c. */
#include <hv/iommu_impl.h>
#include <hv/bitops.h>
#include <hv/page.h>
#include <asm/dmar.h>
#include <asm/intr_remap.h>

/* Registers (ch. 11.4). */
#define VTD_VERSION		0x00
#define VTD_CAP			0x08
#define VTD_ECAP		0x10
#define VTD_COMMAND		0x18
#define VTD_STATUS		0x1c
#define VTD_ROOT		0x20
#define VTD_CONTEXT_COMMAND	0x28
#define VTD_FAULT_STATUS	0x34
#define VTD_FAULT_CONTROL	0x38
#define VTD_FAULT_DATA		0x3c
#define VTD_FAULT_ADDRESS	0x40
#define VTD_FAULT_UPPER		0x44
#define VTD_PMEN		0x64
#define VTD_QUEUE_HEAD		0x80
#define VTD_QUEUE_TAIL		0x88
#define VTD_QUEUE_ADDRESS	0x90
#define VTD_IRT_ADDRESS		0xb8

#define CAP_DOMAINS(c)		((unsigned int)(c) & 7)		/* ids: 2^(4 + 2n) */
#define CAP_RWBF		BIT(4)
#define CAP_PLMR		BIT(5)
#define CAP_PHMR		BIT(6)
#define CAP_CACHING_MODE	BIT(7)
#define CAP_SAGAW_39		BIT(9)
#define CAP_SAGAW_48		BIT(10)
#define CAP_SAGAW_57		BIT(11)
#define CAP_MGAW(c)		((unsigned int)((c) >> 16 & 0x3f) + 1)
#define CAP_FAULT_OFFSET(c)	((unsigned int)((c) >> 24 & 0x3ff) * 16)
#define CAP_2M			BIT(34)
#define CAP_1G			BIT(35)
#define CAP_PAGE_SELECTIVE	BIT(39)
#define CAP_FAULT_COUNT(c)	((unsigned int)((c) >> 40 & 0xff) + 1)
#define CAP_MAX_MASK(c)		((unsigned int)((c) >> 48 & 0x3f))
#define CAP_DRAIN_WRITES	BIT(54)
#define CAP_DRAIN_READS		BIT(55)

#define ECAP_COHERENT		BIT(0)
#define ECAP_QUEUE		BIT(1)
#define ECAP_IR			BIT(3)
#define ECAP_EIM		BIT(4)
#define ECAP_SNOOP_CONTROL	BIT(7)
#define ECAP_IOTLB_OFFSET(e)	((unsigned int)((e) >> 8 & 0x3ff) * 16)

/* Global command and status (11.4.4): same places in both. */
#define GLOBAL_TRANSLATION	BIT(31)
#define GLOBAL_ROOT		BIT(30)
#define GLOBAL_WRITE_BUFFER	BIT(27)
#define GLOBAL_QUEUE		BIT(26)
#define GLOBAL_IR		BIT(25)
#define GLOBAL_IRT		BIT(24)	/* takes the address of the interrupt remapping table */
#define GLOBAL_COMPAT		BIT(23)	/* lets messages that are not remappable pass */
/* One-shot commands: not to be repeated when another bit is written. */
#define GLOBAL_ONE_SHOT		(BIT(30) | BIT(29) | BIT(27) | BIT(24))

#define PMEN_ENABLE		BIT(31)
#define PMEN_STATUS		BIT(0)

#define FAULT_MASK		BIT(31)	/* fault control: interrupt masked */
#define FAULT_OVERFLOW		BIT(0)	/* fault status */
#define FAULT_PENDING		BIT(1)
#define FAULT_QUEUE_ERRORS	(BIT(4) | BIT(5) | BIT(6))
#define FAULT_INDEX(s)		((unsigned int)(s) >> 8 & 0xff)

/* Second-level entries and context entries (ch. 9). */
#define SL_READ			BIT(0)
#define SL_WRITE		BIT(1)
#define SL_LARGE		BIT(7)
#define SL_SNOOP		BIT(11)
#define CONTEXT_PRESENT		BIT(0)

struct vtd_context {
	uint64_t lo, hi;
};
static_assert(sizeof(struct vtd_context) == 16, "VT-d Spec. 9.3: 128 bits");

struct vtd_root {
	uint64_t lo, hi;
};
static_assert(sizeof(struct vtd_root) == 16, "VT-d Spec. 9.1: 128 bits");

/* Invalidation descriptors (6.5.2). */
#define QI_CONTEXT		1UL
#define QI_IOTLB		2UL
#define QI_INTERRUPT		4UL
#define QI_INTERRUPT_ONE	BIT(4)	/* one entry, not all */
#define QI_WAIT			5UL
#define QI_GLOBAL		(1UL << 4)
#define QI_DOMAIN		(2UL << 4)
#define QI_SELECTIVE		(3UL << 4)	/* device (context), page (IOTLB) */
#define QI_DRAIN_WRITES		BIT(6)
#define QI_DRAIN_READS		BIT(7)
#define QI_WAIT_STATUS		BIT(5)
#define QI_WAIT_FENCE		BIT(6)
#define QI_COUNT		256

struct vtd_descriptor {
	uint64_t lo, hi;
};

/* Register-based invalidation (11.4.5, 11.4.6). */
#define CCMD_GO			BIT(63)
#define CCMD_GLOBAL		(1UL << 61)
#define CCMD_DOMAIN		(2UL << 61)
#define CCMD_DEVICE		(3UL << 61)
#define IOTLB_GO		BIT(63)
#define IOTLB_GLOBAL		(1UL << 60)
#define IOTLB_DOMAIN		(2UL << 60)
#define IOTLB_PAGES		(3UL << 60)
#define IOTLB_DRAIN_READS	BIT(49)
#define IOTLB_DRAIN_WRITES	BIT(48)

#define VTD_BRIDGES_MAX		64

/* Interrupt remapping table entries (9.10), and the table's register (11.4.9). */
#define IRTE_PRESENT		BIT(0)
#define IRTE_LEVEL		BIT(4)
#define IRTE_VECTOR(lo)		((uint8_t)((lo) >> 16))
#define IRTE_DESTINATION(lo)	((uint32_t)((lo) >> 32))
#define IRTE_VERIFY_ID		(1UL << 18)	/* all bits of the requester id */
#define IRTE_VERIFY_BUS		(2UL << 18)	/* its bus: first in bits 8-15, last in bits 0-7 */
#define IRT_EXTENDED		BIT(11)		/* destinations have 32 bits */
#define IRT_ORDER		2
#define IRT_COUNT		1024		/* five times the vectors that there are */
#define IRT_SIZE_CODE		9UL		/* 2^(n+1) entries */

struct vtd_irte {
	uint64_t lo, hi;
};
static_assert(IRT_COUNT * sizeof(struct vtd_irte) == PAGE_SIZE << IRT_ORDER,
	      "the table fills its frames");
static_assert(IRT_COUNT == 2UL << IRT_SIZE_CODE, "VT-d Spec. 11.4.9: size field");

struct vtd_segment {			/* units of a PCI segment share their tables */
	uint16_t segment;
	struct vtd_root *roots;		/* [256] by bus */
	struct vtd_irte *irt;		/* [IRT_COUNT]; NULL: no interrupt remapping */
	unsigned int irt_next;		/* (vtd_ir.c's lock) where the search begins */
	unsigned long irt_used[BITS_TO_LONGS(IRT_COUNT)];	/* (the same) */
};

struct vtd_unit {
	struct dmar_unit info;
	struct vtd_segment *segment;
	volatile uint8_t *regs;
	uint64_t cap, ecap;
	bool has_irq, queued;

	struct spinlock lock;		/* invalidation, interrupts off; a leaf */
	struct vtd_descriptor *queue;
	unsigned int tail;		/* (lock) */
	uint32_t completion;		/* (lock) value of the last wait */
	volatile uint32_t completed;	/* written by the unit */
};

extern struct vtd_unit *vtd_units[DMAR_UNITS_MAX];
extern unsigned int vtd_unit_count;
extern struct dmar_info *vtd_dmar;	/* the parsed table, kept for its scopes */

static inline uint32_t vtd_read(struct vtd_unit *u, unsigned int reg)
{
	return *(volatile uint32_t *)(u->regs + reg);
}

static inline void vtd_write(struct vtd_unit *u, unsigned int reg, uint32_t v)
{
	*(volatile uint32_t *)(u->regs + reg) = v;
}

static inline uint64_t vtd_read64(struct vtd_unit *u, unsigned int reg)
{
	return *(volatile uint64_t *)(u->regs + reg);
}

static inline void vtd_write64(struct vtd_unit *u, unsigned int reg, uint64_t v)
{
	*(volatile uint64_t *)(u->regs + reg) = v;
}

/* vtd_format.c: what entries look like. */
extern const struct iommu_format vtd_format;
uint64_t vtd_irte_low(const struct intr_target *t, bool wide);
uint64_t vtd_line_entry(unsigned int index, uint8_t vector);
uint64_t vtd_message_address(unsigned int index);

/* vtd_table.c: root and context tables. */
struct vtd_segment *vtd_segment_get(uint16_t segment, bool create);
int vtd_set(pci_sbdf_t requester, struct iommu_domain *dom, struct iommu_domain *old);

/* vtd_scope.c: which unit sees a device, and under which ids. */
void vtd_scope_init(void);		/* reads the bridges of the machine */
int vtd_requesters(pci_sbdf_t dev, pci_sbdf_t *out, unsigned int max);
/* The upper half of an interrupt remapping entry: which requester ids dev's messages may carry. */
uint64_t vtd_message_source(pci_sbdf_t dev);
/* The requester id of an IO-APIC; -ENODEV when no unit names it. */
int vtd_ioapic(uint8_t id, pci_sbdf_t *requester);

/* vtd_queue.c: what units remember. All reach every unit, and return when it has happened. */
int vtd_queue_init(struct vtd_unit *u);	/* queued when the unit can, else by registers; -EIO */
void vtd_forget_device(const struct vtd_segment *s, uint16_t devid, unsigned int domain);
void vtd_flush(struct iommu_domain *dom, uint64_t dfn, uint64_t count);
void vtd_forget_interrupt(const struct vtd_segment *s, unsigned int index);
bool vtd_forget_interrupts(struct vtd_unit *u);		/* all of a unit; false: no answer. Boot */
/* Writes the bit of the global command register and waits for its status; -EIO. */
int vtd_command(struct vtd_unit *u, uint32_t bit, bool on);

extern const struct intr_remap_ops vtd_intr_ops;	/* vtd_ir.c */

/* vtd_fault.c */
void vtd_fault_init(struct vtd_unit *u);
void vtd_drain(void);
void vtd_fault_interrupt(bool on);
