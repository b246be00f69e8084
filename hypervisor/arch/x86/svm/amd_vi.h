/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * AMD-Vi registers and structures (AMD I/O Virtualization Technology Specification, rev. 3.x), private to
 * arch/x86/svm/amd_vi*.c.
 */
#include <hv/iommu_impl.h>
#include <hv/page.h>
#include <asm/intr_remap.h>
#include <asm/ivrs.h>

/* Registers (ch. 3.4). */
#define AMD_DEVICE_TABLE	0x0000
#define AMD_COMMAND_BASE	0x0008
#define AMD_EVENT_BASE		0x0010
#define AMD_CONTROL		0x0018
#define AMD_EXCLUSION_BASE	0x0020
#define AMD_EXCLUSION_LIMIT	0x0028
#define AMD_FEATURES		0x0030
#define AMD_COMMAND_HEAD	0x2000
#define AMD_COMMAND_TAIL	0x2008
#define AMD_EVENT_HEAD		0x2010
#define AMD_EVENT_TAIL		0x2018
#define AMD_STATUS		0x2020
#define AMD_REGISTERS_SIZE	0x4000

#define CONTROL_ENABLE		BIT(0)
#define CONTROL_HT_TUNNEL	BIT(1)
#define CONTROL_EVENT_LOG	BIT(2)
#define CONTROL_EVENT_INT	BIT(3)
#define CONTROL_PASS_PW		BIT(8)
#define CONTROL_RES_PASS_PW	BIT(9)
#define CONTROL_COHERENT	BIT(10)
#define CONTROL_ISOC		BIT(11)
#define CONTROL_COMMANDS	BIT(12)
#define CONTROL_GA		BIT(17)	/* interrupt remapping entries have 128 bits */
#define CONTROL_XT		BIT(50)	/* their destinations have 32 bits */

#define STATUS_OVERFLOW		BIT(0)
#define STATUS_EVENT_INT	BIT(1)
#define STATUS_COMPLETION_INT	BIT(2)

#define FEATURE_XT		BIT(2)
#define FEATURE_INVALIDATE_ALL	BIT(6)
#define FEATURE_GA		BIT(7)
#define FEATURE_HATS_SHIFT	10	/* host address translation size: 0: 4 levels, 1: 5, 2: 6 */

/* PCI capability (ch. 3.2): bits of its first word. */
#define CAPABILITY_NP_CACHE	BIT(26)	/* entries that are not present are cached */

/* Device table entry (ch. 2.2.2): 4 quadwords. */
#define DTE_VALID		BIT(0)
#define DTE_TRANSLATION_VALID	BIT(1)
#define DTE_MODE_SHIFT		9
#define DTE_READ		BIT(61)
#define DTE_WRITE		BIT(62)
#define DTE1_SYSMGT_SHIFT	40
#define DTE2_INTERRUPTS_VALID	BIT(0)
#define DTE2_IRT_SIZE(n)	((uint64_t)(n) << 1)	/* 2^n entries */
#define DTE2_IRT_ADDRESS	0x000fffffffffffc0UL
#define DTE2_REFUSE		(0UL << 60)	/* fixed, arbitrated interrupts are aborted ... */
#define DTE2_REMAP		(2UL << 60)	/* ... or remapped by the table */
#define DTE2_CONTROL		(3UL << 60)
#define DTE2_INIT_PASS		BIT(56)
#define DTE2_EINT_PASS		BIT(57)
#define DTE2_NMI_PASS		BIT(58)
#define DTE2_LINT0_PASS		BIT(62)
#define DTE2_LINT1_PASS		BIT(63)

struct amd_dte {
	uint64_t q[4];
};
static_assert(sizeof(struct amd_dte) == 32, "AMD I/O Virtualization Spec., 2.2.2: 256 bits");

#define DTE_COUNT		65536
#define DTE_TABLE_ORDER		9	/* 2 MiB */
static_assert(DTE_COUNT * sizeof(struct amd_dte) == PAGE_SIZE << DTE_TABLE_ORDER,
	      "the device table fills its frames");

/* Commands (ch. 2.4): 2 quadwords, opcode in bits 60-63 of the first. */
#define COMMAND_COMPLETION_WAIT	(1UL << 60)
#define COMMAND_INVAL_DEVICE	(2UL << 60)
#define COMMAND_INVAL_PAGES	(3UL << 60)
#define COMMAND_INVAL_INTERRUPTS	(5UL << 60)
#define COMMAND_INVAL_ALL	(8UL << 60)
#define COMPLETION_STORE	BIT(0)
#define INVAL_SIZE		BIT(0)	/* more than one page: the size stands in the address */
#define INVAL_DIRECTORIES	BIT(1)
#define INVAL_EVERYTHING	0x7ffffffffffff000UL

struct amd_command {
	uint64_t q[2];
};

#define COMMAND_COUNT		256
#define COMMAND_LENGTH_CODE	8UL	/* log2 of the count, in bits 56-59 of the base register */

/* Event log (ch. 2.5). Larger than the least, so that a burst does not overflow it. */
#define EVENT_ORDER		2
#define EVENT_COUNT		((PAGE_SIZE << EVENT_ORDER) / 16)
#define EVENT_LENGTH_CODE	10UL
static_assert(EVENT_COUNT == 1UL << EVENT_LENGTH_CODE, "log2 of the count");

/*
 * Interrupt remapping tables (ch. 2.2.5): one for each requester. A place is named by the vector,
 * which is unique in the machine: the IO-APIC finds a level line by its entry's low byte at the
 * EOI, and that is the place's number.
 */
#define IRT_COUNT		256
#define IRT_SIZE_CODE		8
#define IRTE_ENABLE		BIT(0)

struct amd_irte {			/* the 128-bit format; the other has 32 bits */
	uint64_t lo, hi;
};
static_assert(IRT_COUNT * sizeof(struct amd_irte) == PAGE_SIZE, "a table fits a frame");

#define AMD_UNITS_MAX		IVRS_UNITS_MAX

struct amd_segment {			/* units of a PCI segment share one device table */
	uint16_t segment;
	struct amd_dte *table;
};

struct amd_unit {
	struct ivrs_unit info;
	struct amd_segment *segment;
	volatile uint8_t *regs;
	uint64_t features;
	uint64_t control;		/* what the control register was last given */
	bool has_irq;
	bool emulated;			/* the machine is virtual: see amd_vi_unrecorded */
	bool log_works;			/* a record was seen */

	struct spinlock lock;		/* command queue, interrupts off; a leaf */
	struct amd_command *commands;
	unsigned int tail;		/* (lock) */
	uint64_t completion;		/* (lock) value of the last wait; written back by the unit below */
	volatile uint64_t completed;

	uint8_t *events;		/* the fault lock of iommu_fault.c covers the log */
	uint32_t event_head;
};

extern struct amd_unit *amd_units[AMD_UNITS_MAX];
extern unsigned int amd_unit_count;

static inline uint64_t amd_read(struct amd_unit *u, unsigned int reg)
{
	return *(volatile uint64_t *)(u->regs + reg);
}

static inline void amd_write(struct amd_unit *u, unsigned int reg, uint64_t v)
{
	*(volatile uint64_t *)(u->regs + reg) = v;
}

/* The shadow is the truth: the register is never read back. */
static inline void amd_control(struct amd_unit *u, uint64_t set, uint64_t clear)
{
	u->control = (u->control & ~clear) | set;
	amd_write(u, AMD_CONTROL, u->control);
}

/* amd_vi_format.c: what entries look like. */
extern const struct iommu_format amd_format;
uint32_t amd_irte_short(const struct intr_target *t);
struct amd_irte amd_irte_long(const struct intr_target *t);

/* amd_vi_table.c: the device table. */
extern struct ivrs_info *amd_ivrs;	/* the parsed table, kept for its device ranges */
/* The segment's table; made, with every entry denying, at the first call. NULL: no memory. */
struct amd_segment *amd_segment_get(uint16_t segment, bool create);
int amd_vi_requesters(pci_sbdf_t dev, pci_sbdf_t *out, unsigned int max);
int amd_vi_set(pci_sbdf_t requester, struct iommu_domain *dom, struct iommu_domain *old);

/*
 * Has every entry of the segment without a table refuse interrupts; the units' own functions pass
 * theirs, which are not remapped. Boot.
 */
void amd_vi_refuse_interrupts(struct amd_segment *s);
/*
 * Points the requester's entry at the interrupt remapping table, and back: NULL when it has none.
 */
void amd_vi_set_irt(pci_sbdf_t requester, const void *irt);
void *amd_vi_irt(pci_sbdf_t requester);

/* amd_vi_ir.c */
extern const struct intr_remap_ops amd_vi_intr_ops;
/*
 * Before the units are turned on: the format that all of them have, as bits of the control
 * register.
 */
uint64_t amd_vi_irt_format(void);

/* amd_vi.c: the command queues. All reach every unit, and return when it has happened. */
void amd_vi_forget_device(const struct amd_segment *s, uint16_t devid);
void amd_vi_flush(struct iommu_domain *dom, uint64_t dfn, uint64_t count);
void amd_vi_forget_interrupts(pci_sbdf_t requester);
bool amd_vi_forget_all(struct amd_unit *u);	/* false: no answer. Boot */

/* amd_vi_event.c */
int amd_event_init(struct amd_unit *u);	/* log and interrupt; -ENOMEM */
void amd_vi_drain(void);
bool amd_vi_unrecorded(pci_sbdf_t *unit);
void amd_vi_fault_interrupt(bool on);
