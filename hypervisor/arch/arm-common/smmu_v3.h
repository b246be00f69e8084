/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * SMMUv3 (Arm IHI 0070): what its files share. smmu_v3.c starts the units and hears them, smmu_v3_queue.c gives commands,
 * smmu_v3_streams.c says which streams are whose, smmu_v3_format.c has the encodings, smmu_v3_tree.c reads the device
 * tree.
 */
#include <asm/platform.h>
#include <hv/iommu_impl.h>
#include <hv/spinlock.h>

/* Registers, IHI 0070 6.3 ------------------------------------------------------------------------- */

#define SMMU_IDR0		0x000
#define SMMU_IDR1		0x004
#define SMMU_IDR3		0x00c
#define SMMU_IDR5		0x014
#define SMMU_CR0		0x020
#define SMMU_CR0ACK		0x024
#define SMMU_CR1		0x028
#define SMMU_CR2		0x02c
#define SMMU_GBPA		0x044
#define SMMU_IRQ_CTRL		0x050
#define SMMU_IRQ_CTRLACK	0x054
#define SMMU_GERROR		0x060
#define SMMU_GERRORN		0x064
#define SMMU_GERROR_IRQ_CFG0	0x068
#define SMMU_STRTAB_BASE	0x080
#define SMMU_STRTAB_BASE_CFG	0x088
#define SMMU_CMDQ_BASE		0x090
#define SMMU_CMDQ_PROD		0x098
#define SMMU_CMDQ_CONS		0x09c
#define SMMU_EVENTQ_BASE	0x0a0
#define SMMU_EVENTQ_IRQ_CFG0	0x0b0
#define SMMU_EVENTQ_PROD	0x100a8		/* on the second page of 64 KiB */
#define SMMU_EVENTQ_CONS	0x100ac
#define SMMU_SIZE		0x20000u

#define IDR0_S2P		BIT(0)
#define IDR0_S1P		BIT(1)
#define IDR0_TTF_AA64		BIT(3)
#define IDR0_COHACC		BIT(4)
#define IDR0_ATS		BIT(10)
#define IDR0_MSI		BIT(13)
#define IDR0_TTENDIAN(v)	((v) >> 21 & 3)	/* 0: both, 2: little, 3: big */
#define IDR0_STALL_MODEL(v)	((v) >> 24 & 3)	/* 1: never stalls, 2: always does */
#define IDR0_ST_LEVEL(v)	((v) >> 27 & 3)
#define IDR1_SIDSIZE(v)		((v) & 0x3f)
#define IDR1_EVENTQS(v)		((v) >> 16 & 0x1f)
#define IDR1_CMDQS(v)		((v) >> 21 & 0x1f)
#define IDR1_PRESET		(BIT(29) | BIT(30))	/* queues or tables at fixed places */
#define IDR3_BBML(v)		((v) >> 11 & 3)
#define IDR5_OAS(v)		((v) & 7)
#define IDR5_GRAN4K		BIT(4)

#define CR0_SMMUEN		BIT(0)
#define CR0_EVENTQEN		BIT(2)
#define CR0_CMDQEN		BIT(3)
#define CR0_ATSCHK		BIT(4)		/* what devices call translated is looked at, too */
#define CR1_COHERENT		0xd75u		/* tables and queues: inner shareable, write-back */
#define CR2_RECINVSID		BIT(1)		/* tell of streams that have no entry */
#define CR2_PTM			BIT(2)		/* the CPUs' own invalidations are none of its business */
#define GBPA_ABORT		BIT(20)
#define GBPA_UPDATE		BIT(31)
#define IRQ_GERROR		BIT(0)
#define IRQ_EVENTQ		BIT(2)
#define GERROR_CMDQ		BIT(0)
#define GERROR_EVENTQ		BIT(2)
#define GERROR_SFM		BIT(8)
#define GERROR_ALL		0x1fdu
#define QUEUE_ALLOCATE		BIT(62)
#define STRTAB_ALLOCATE		BIT(62)
#define STRTAB_TWO_LEVEL	BIT(16)
#define CMDQ_CONS_ERR(v)	((v) >> 24 & 0x7f)
#define QUEUE_OVERFLOW		BIT(31)

/* Structures -------------------------------------------------------------------------------------- */

/* Stream table entry, 5.2; context descriptor, 5.4. */
struct smmu_ste {
	uint64_t q[8];
};
struct smmu_cd {
	uint64_t q[8];
};
struct smmu_command {
	uint64_t q[2];
};
struct smmu_event {
	uint64_t q[4];
};
static_assert(sizeof(struct smmu_ste) == 64 && sizeof(struct smmu_cd) == 64, "IHI 0070 5.2, 5.4");
static_assert(sizeof(struct smmu_command) == 16 && sizeof(struct smmu_event) == 32, "IHI 0070 4.1, 7.2");

#define SMMU_SPLIT		8u		/* log2 of the entries of a second-level stream table */
#define SMMU_L2_COUNT		(1u << SMMU_SPLIT)
#define SMMU_SID_BITS_MAX	24u		/* two levels: 512 KiB for the first */
#define SMMU_SID_BITS_LINEAR	16u		/* one: 4 MiB */
#define SMMU_L1_SPAN		(SMMU_SPLIT + 1)

/* What a master's translations go through, the same for all units. */
struct smmu_context {
	bool stage2, coherent;
	unsigned int id;		/* ASID or VMID */
	unsigned int input_bits, levels;
	unsigned int output_code;	/* as in IDR5.OAS */
	uint64_t root;			/* of the tables */
	uint64_t cd;			/* stage 1: where the context descriptor is */
};

extern const struct iommu_format smmu_stage1_format, smmu_stage2_format;

void smmu_encode_cd(const struct smmu_context *c, struct smmu_cd *out);
void smmu_encode_ste(const struct smmu_context *c, struct smmu_ste *out);
/* The commands that drop count frames from dfn on (count 0: all); at most SMMU_FLUSH_MAX. */
#define SMMU_FLUSH_MAX		32u
unsigned int smmu_encode_flush(bool stage2, unsigned int id, uint64_t dfn, uint64_t count, struct smmu_command *out);
struct smmu_command smmu_forget_streams(void);		/* all of a unit's configuration */
struct smmu_command smmu_forget_tables(void);		/* all of its translations */
struct smmu_command smmu_sync(void);
/* Fills all but the name; the stream's number goes to *sid. */
void smmu_decode_event(const struct smmu_event *e, struct iommu_fault *out, uint32_t *sid);

/* What the tree says --------------------------------------------------------------------------------- */

#define SMMU_UNITS_MAX		16u
#define SMMU_RANGES_MAX		256u
#define SMMU_NAME_SIZE		64u

struct smmu_line {
	uint32_t intid;			/* 0: none */
	bool edge;
};

struct smmu_node {
	char name[SMMU_NAME_SIZE];
	struct platform_region regs;
	uint32_t phandle;
	struct smmu_line event, error;	/* both the same where there is one for all */
};

/* Streams of one master, or of the functions behind a PCI host bridge. */
struct smmu_range {
	unsigned int unit;
	uint32_t first, count;		/* first + count <= 2^32, count > 0 */
	bool pci;
	uint32_t rid;			/* PCI: requester id of the first, with the segment above bit 16 */
	char name[SMMU_NAME_SIZE];	/* of the master's node */
};

struct smmu_tree {
	struct smmu_node units[SMMU_UNITS_MAX];
	unsigned int unit_count;
	struct smmu_range ranges[SMMU_RANGES_MAX];
	unsigned int range_count;
	unsigned int refused;		/* nodes whose word was not taken: their streams are nobody's */
	unsigned int outside;		/* masters that no unit sees, as far as a tree tells */
	char first_outside[SMMU_NAME_SIZE];
};

/* Pure over a tree that passed fdt_check, but for log lines. own: a node that is the hypervisor's, or -1. */
void smmu_tree_parse(const struct fdt *t, int own, struct smmu_tree *out);

/* Units ------------------------------------------------------------------------------------------- */

struct smmu_queue {
	void *base;
	unsigned int bits;		/* log2 of its entries */
	uint32_t prod, cons;		/* with the bit of the round above the index */
};

struct smmu_unit {
	const struct smmu_node *info;
	volatile void *regs;
	uint32_t idr0, idr1, idr3, idr5;
	bool coherent;
	struct spinlock lock;		/* command queue; interrupts off, a leaf */
	struct smmu_queue commands;
	struct smmu_queue events;	/* under the fault lock */
	uint32_t cr0;
	/* Stream table: one level of entries, or descriptors of second levels. */
	bool two_level;
	unsigned int sid_bits;
	void *streams;
	struct smmu_ste *full;		/* the second level of streams that are all the service VM's */
};

extern struct smmu_unit *smmu_units[SMMU_UNITS_MAX];
extern unsigned int smmu_unit_count;

/* The registers; 64-bit ones are written by halves, which is allowed (6.2). */
uint32_t smmu_read(const struct smmu_unit *u, unsigned int reg);
void smmu_write(const struct smmu_unit *u, unsigned int reg, uint32_t v);
void smmu_write64(const struct smmu_unit *u, unsigned int reg, uint64_t v);
/* All stores to memory are seen before what follows. */
void smmu_barrier(void);
/* What the unit wrote to [p, p + len) is what a load finds. */
void smmu_pull(const struct smmu_unit *u, const void *p, size_t len);
void smmu_clean(const struct smmu_unit *u, const void *p, size_t len);

/* Space of a queue of 2^want entries, or of what the unit can, of a size each. -ENOMEM. */
int smmu_queue_alloc(struct smmu_queue *q, unsigned int want, unsigned int most, size_t entry);
/* Runs up to SMMU_FLUSH_MAX commands and waits for them; false: the unit does not answer, *why says what it is at. */
bool smmu_try_run(struct smmu_unit *u, const struct smmu_command *c, unsigned int count, const char **why);
/* The same on every unit. A unit that does not answer is a panic: a device may still reach a frame that goes. */
void smmu_run_everywhere(const struct smmu_command *c, unsigned int count);

/* A stream table in which nothing stands, for streams up to the highest. -ENOMEM, -EINVAL: more than the unit has. */
int smmu_streams_init(struct smmu_unit *u, uint32_t highest);
/* Entries of [first, first + count), which the table has. -ENOMEM: some do not stand. The unit is told by the caller. */
int smmu_streams_set(struct smmu_unit *u, uint32_t first, uint32_t count, const struct smmu_ste *ste);
uint64_t smmu_strtab_base(const struct smmu_unit *u);
uint32_t smmu_strtab_cfg(const struct smmu_unit *u);

extern const struct iommu_ops smmu_v3_ops;
