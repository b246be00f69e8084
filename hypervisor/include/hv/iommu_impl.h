/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What common/iommu*.c and the drivers (arch/x86/svm/amd_vi*.c, arch/x86/vmx/vtd*.c, arch/arm-common/smmu_v3*.c)
 * share. Nobody else includes it.
 */
#include <hv/iommu.h>
#include <hv/list.h>
#include <hv/page.h>
#include <hv/spinlock.h>

/* Device page tables (common/iommu_table.c) --------------------------------------------------------- */

#define IOMMU_LEVELS_MAX	6

/*
 * All units walk the same radix tree of 512 entries a table and differ in bits alone, so a format is
 * data. Level 1 maps 4K, level 2 2M, level 3 1G.
 */
struct iommu_format {
	uint64_t address_mask;
	uint64_t read, write;
	uint64_t read_only;		/* set instead of write where a right is the absence of a bit */
	uint64_t device;		/* what of a leaf's bits is the other way round for IOMMU_DEVICE */
	uint64_t present;		/* an entry with none of these bits is absent */
	uint64_t absent;		/* the value of an entry that is not there */
	uint64_t type_mask;		/* above level 1: leaf when (entry & type_mask) == leaf_type */
	uint64_t leaf_type;
	uint64_t leaf[4];		/* [level] what a leaf has beside address and rights */
	uint64_t table[IOMMU_LEVELS_MAX + 1];	/* [level] what an entry that points at a table has */
};

struct iommu_table {
	const struct iommu_format *format;
	uint64_t *root;
	unsigned int levels;		/* of the tree */
	unsigned int leaf_level;	/* largest page: 1, 2 or 3 */
	bool clean;			/* units do not snoop the CPU's caches: write entries back */
	uint64_t leaf_extra;		/* ORed into leaves (VT-d snoop control) */
	uint64_t page_count;		/* tables, the root included */
	struct list_head stale;		/* tables taken out of the tree, not yet invalidated */
};

int iommu_table_init(struct iommu_table *t);	/* the fields above root's and stale's are set; -ENOMEM */
void iommu_table_destroy(struct iommu_table *t);
/*
 * Sets count frames from dfn to m.. with the rights, or takes them out when rw is 0. *flush turns true
 * when an entry that was present changed. -ENOMEM: done in part.
 */
int iommu_table_set(struct iommu_table *t, uint64_t dfn, uint64_t m, uint64_t count, unsigned int rw,
		    bool *flush);
/* After the invalidation: frees what is on the stale list. */
void iommu_table_free_stale(struct iommu_table *t);
/* The frame behind dfn and its rights; false when absent. */
bool iommu_table_lookup(const struct iommu_table *t, uint64_t dfn, uint64_t *m, unsigned int *rw);
/* Makes a changed table visible to units that do not snoop. */
void iommu_table_clean(const struct iommu_table *t, const void *p, size_t len);
/* arch: entries written before are seen by units that walk the tables afterwards. */
void arch_iommu_written(void);
/* arch: the vendors' tables in the order of trial, NULL at the end. */
struct iommu_ops;
extern const struct iommu_ops *const arch_iommu_ops[];
/* arch: the firmware's table of which ops->table is the name; NULL. */
const void *arch_iommu_firmware(const char *name, size_t *len);
/* arch: what to say when there is none for any of arch_iommu_ops. */
const char *arch_iommu_none(void);

/* Domains and devices ------------------------------------------------------------------------------- */

#define IOMMU_DOMAIN_IDS	256	/* QEMU's amd-iommu takes no larger ones; id 0 means "nobody" */

struct iommu_domain {
	struct spinlock lock;		/* table; a leaf but for the units' queue locks */
	unsigned int id;		/* tag of the units' caches */
	struct domain *owner;
	struct iommu_table table;
	uint64_t stale_first, stale_end;	/* (lock) changed, and not yet flushed; none when they are equal */
};

/* What the units of the machine have in common; filled by ops->init. */
struct iommu_caps {
	const struct iommu_format *format;
	unsigned int levels, leaf_level;
	unsigned int address_bits;
	unsigned int domain_ids;
	bool clean, cache_absent;	/* cache_absent: entries that are not there are cached as well */
	bool break_first;		/* an entry may not name another frame before the units forgot the first */
	uint64_t leaf_extra;
};
extern struct iommu_caps iommu_caps;

struct intr_remap_ops;

/* A vendor's half: const, chosen once by which ACPI table the firmware has. */
struct iommu_ops {
	const char *name;
	const char *table;		/* for arch_iommu_firmware: "IVRS", "DMAR", "arm,smmu-v3" */
	/* Everything up to "on and denying". Fills iommu_caps. -ENODEV: no usable unit. */
	int (*init)(const void *table, size_t len);
	/* The ids under which dev's DMA may appear, dev's own first; at most max. -ENODEV: no unit sees dev. */
	int (*requesters)(pci_sbdf_t dev, pci_sbdf_t *out, unsigned int max);
	/* Points the requester id at dom's table, or at nothing when dom is NULL, and drops what is cached
	 * about it. old: whose it was, or NULL. Caller holds the device lock. */
	int (*set)(pci_sbdf_t requester, struct iommu_domain *dom, struct iommu_domain *old);
	/* Drops cached translations of dfn..dfn+count-1 (count 0: all). Returns when it has happened. */
	void (*flush)(struct iommu_domain *dom, uint64_t dfn, uint64_t count);
	bool (*owns_device)(pci_sbdf_t dev);
	bool (*owns_frame)(mfn_t m);
	/* Reports and clears recorded faults by iommu_fault; under the fault lock. */
	void (*drain)(void);
	/* True when a unit has refused something that its record does not show. Timer only, no lock held.
	 * May be NULL. */
	bool (*unrecorded)(pci_sbdf_t *unit);
	void (*fault_interrupt)(bool on);
	/* arch: the units' interrupt remapping; NULL: it has none. */
	const struct intr_remap_ops *interrupts;
};

/* The vendor in use; NULL before iommu_init is through and when there is none. */
const struct iommu_ops *iommu_unit_ops(void);

/* Firmware demands DMA of dev (all ones: any) to [start, end) bytes. Refused with a warning when the range
 * touches RAM. For ops->init. */
void iommu_add_reserved(uint64_t start, uint64_t end, unsigned int rw, pci_sbdf_t dev);

/* Faults -------------------------------------------------------------------------------------------- */

enum iommu_fault_kind {
	IOMMU_FAULT_DMA,		/* a transfer of dev to or from address was refused */
	IOMMU_FAULT_STREAM,		/* the same, and the record has no address */
	IOMMU_FAULT_INTERRUPT,		/* an interrupt message of dev was; address: the unit's */
	IOMMU_FAULT_DEVICE,		/* an error that has to do with dev */
	IOMMU_FAULT_UNIT,		/* an error of the unit's tables or commands */
	IOMMU_FAULT_UNRECORDED,		/* the unit at dev refused something and does not say what */
};

struct iommu_fault {
	enum iommu_fault_kind kind;
	pci_sbdf_t dev;
	const char *name;		/* of the device; NULL: that of dev */
	uint64_t address;
	bool write;
	const char *what;		/* reason in words */
	unsigned int code;
};
/* Logs, rate limited. From ops->drain. */
void iommu_fault(const struct iommu_fault *f);
/* Once, when the units are on: turns the fault interrupt on and looks at what is already recorded. */
void iommu_fault_start(void);
/* Interrupt of a unit: drains, and throttles when a device makes too many. */
void iommu_fault_irq(void *opaque);
/* A unit without an interrupt: its log is looked at by a timer. */
void iommu_poll_needed(void);
/* The PCI MSI capability of dev set up for the fault interrupt; -errno when it cannot. */
int iommu_setup_msi(pci_sbdf_t dev);

/* Waits until (reg(arg) is true) for at most 100 ms; false: it never was. */
bool iommu_wait(bool (*done)(void *arg), void *arg);

/* A requester id as log text: "0000:00:1f.2". buf has IOMMU_NAME_SIZE bytes. */
#define IOMMU_NAME_SIZE	16
const char *iommu_device_name(pci_sbdf_t dev, char *buf);
