/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encodings of SMMUv3: page tables of both stages (VMSAv8-64, 4 KiB granule: DDI 0487 D8.3),
 * stream table entries, context descriptors, commands and events (IHI 0070 5.2, 5.4, 4, 7.3).
 */
#include "smmu_v3.h"
#include <hv/lib.h>

/* Page tables -------------------------------------------------------------------------------------
 */

#define PTE_VALID     BIT(0)
#define PTE_TABLE     BIT(1) /* or, on the last level, a page */
#define PTE_USER      BIT(6) /* devices are unprivileged */
#define PTE_READ_ONLY BIT(7)
#define PTE_S2_READ   BIT(6)
#define PTE_S2_WRITE  BIT(7)
#define PTE_INNER     (BIT(8) | BIT(9))
#define PTE_AF	      BIT(10)
#define PTE_NG	      BIT(11) /* of this ASID alone */
#define PTE_XN	      BIT(54)
#define PTE_ADDR      0x0000fffffffff000ULL
#define S1_DEVICE     BIT(2)	   /* attribute 1 of MAIR instead of 0 */
#define S2_NORMAL     (15ULL << 2) /* write-back */
#define S2_DEVICE     (14ULL << 2) /* what is off in nGnRE */

#define S1_LEAF (PTE_VALID | PTE_INNER | PTE_AF | PTE_NG | PTE_XN)
#define S2_LEAF (PTE_VALID | S2_NORMAL | PTE_INNER | PTE_AF | PTE_XN)
#define TABLE	(PTE_VALID | PTE_TABLE)

const struct iommu_format smmu_stage1_format = {
    .address_mask = PTE_ADDR,
    .read = PTE_USER,
    .read_only = PTE_READ_ONLY,
    .device = S1_DEVICE,
    .present = PTE_VALID,
    .type_mask = PTE_TABLE,
    .leaf_type = 0,
    .leaf = {0, S1_LEAF | PTE_TABLE, S1_LEAF, S1_LEAF},
    .table = {0, 0, TABLE, TABLE, TABLE},
};

const struct iommu_format smmu_stage2_format = {
    .address_mask = PTE_ADDR,
    .read = PTE_S2_READ,
    .write = PTE_S2_WRITE,
    .device = S2_DEVICE,
    .present = PTE_VALID,
    .type_mask = PTE_TABLE,
    .leaf_type = 0,
    .leaf = {0, S2_LEAF | PTE_TABLE, S2_LEAF, S2_LEAF},
    .table = {0, 0, TABLE, TABLE, TABLE},
};

/* Contexts and streams ----------------------------------------------------------------------------
 */

#define STE_VALID   BIT(0)
#define STE_STAGE1  (5ULL << 1)
#define STE_STAGE2  (6ULL << 1)
#define STE_S1_WALK (1ULL << 2 | 1ULL << 4 | 3ULL << 6) /* S1CIR, S1COR, S1CSH: write-back, inner  \
							 */
#define STE_SHCFG_IN (1ULL << 44)			/* shareability as the master says */
#define STE_S2_WALK  (1ULL << 40 | 1ULL << 42 | 3ULL << 44)
#define STE_S2AA64   BIT(51)
#define STE_S2R	     BIT(58) /* refusals are recorded */

#define CD_WALK	 (1ULL << 8 | 1ULL << 10 | 3ULL << 12)
#define CD_EPD1	 BIT(30) /* no upper half */
#define CD_VALID BIT(31)
#define CD_AA64	 BIT(41)
#define CD_R	 BIT(45)   /* refusals are recorded */
#define CD_A	 BIT(46)   /* and the master is told */
#define CD_ASET	 BIT(47)   /* the ASID is none of the CPUs' */
#define MAIR	 0x04ffULL /* 0: write-back, 1: nGnRE */

void smmu_encode_cd(const struct smmu_context *c, struct smmu_cd *out)
{
	memset(out, 0, sizeof(*out));
	out->q[0] = (64 - c->input_bits) | (c->coherent ? CD_WALK : 0) | CD_EPD1 | CD_VALID |
		    (uint64_t)c->output_code << 32 | CD_AA64 | CD_R | CD_A | CD_ASET |
		    (uint64_t)c->id << 48;
	out->q[1] = c->root;
	out->q[3] = MAIR;
}

/* Translation requests of devices (ATS) are refused: EATS is 0. */
void smmu_encode_ste(const struct smmu_context *c, struct smmu_ste *out)
{
	memset(out, 0, sizeof(*out));
	out->q[1] = STE_SHCFG_IN;
	if (!c->stage2) {
		out->q[0] = STE_VALID | STE_STAGE1 | c->cd;
		out->q[1] |= c->coherent ? STE_S1_WALK : 0;
		return;
	}
	out->q[0] = STE_VALID | STE_STAGE2;
	/* S2SL0: 2 is a walk of four levels, 1 of three. */
	out->q[2] = c->id | (uint64_t)(64 - c->input_bits) << 32 | (uint64_t)(c->levels - 2) << 38 |
		    (c->coherent ? STE_S2_WALK : 0) | (uint64_t)c->output_code << 48 | STE_S2AA64 |
		    STE_S2R;
	out->q[3] = c->root;
}

/* Commands ----------------------------------------------------------------------------------------
 */

#define COMMAND_CFGI_ALL       0x04ULL
#define COMMAND_CFGI_ALL_RANGE 31
#define COMMAND_NH_ASID	       0x11ULL
#define COMMAND_NH_VA	       0x12ULL
#define COMMAND_S12_VMALL      0x28ULL
#define COMMAND_S2_IPA	       0x2aULL
#define COMMAND_NSNH_ALL       0x30ULL
#define COMMAND_SYNC	       0x46ULL

struct smmu_command smmu_forget_streams(void)
{
	return (struct smmu_command){{COMMAND_CFGI_ALL, COMMAND_CFGI_ALL_RANGE}};
}

struct smmu_command smmu_forget_tables(void)
{
	return (struct smmu_command){{COMMAND_NSNH_ALL, 0}};
}

/* Without a signal: who waits looks at the queue. */
struct smmu_command smmu_sync(void)
{
	return (struct smmu_command){{COMMAND_SYNC, 0}};
}

unsigned int smmu_encode_flush(bool stage2, unsigned int id, uint64_t dfn, uint64_t count,
			       struct smmu_command *out)
{
	uint64_t all = stage2 ? COMMAND_S12_VMALL : COMMAND_NH_ASID;
	uint64_t one = stage2 ? COMMAND_S2_IPA : COMMAND_NH_VA;
	uint64_t tag = (uint64_t)id << (stage2 ? 32 : 48);

	if (!count || count > SMMU_FLUSH_MAX) {
		out[0] = (struct smmu_command){{all | tag, 0}};
		return 1;
	}
	/* Not "leaf alone": a table may have left the tree. */
	for (uint64_t i = 0; i < count; i++) {
		out[i] = (struct smmu_command){{one | tag, (dfn + i) << PAGE_SHIFT}};
	}
	return (unsigned int)count;
}

/* Events ------------------------------------------------------------------------------------------
 */

struct event_kind {
	uint8_t type;
	enum iommu_fault_kind kind;
	const char *what;
};

static const struct event_kind kinds[] = {
    {0x01, IOMMU_FAULT_DMA, "not a transfer that can be translated"},
    {0x02, IOMMU_FAULT_STREAM, "stream belongs to nobody"},
    {0x03, IOMMU_FAULT_DEVICE, "stream table cannot be read"},
    {0x04, IOMMU_FAULT_STREAM, "stream belongs to nobody"},
    {0x05, IOMMU_FAULT_DMA, "request for a translation"},
    {0x06, IOMMU_FAULT_STREAM, "stream is disabled"},
    {0x07, IOMMU_FAULT_DMA, "translated by the device itself"},
    {0x08, IOMMU_FAULT_STREAM, "substream that does not exist"},
    {0x09, IOMMU_FAULT_DEVICE, "context descriptor cannot be read"},
    {0x0a, IOMMU_FAULT_DEVICE, "bad context descriptor"},
    {0x0b, IOMMU_FAULT_DEVICE, "page table cannot be read"},
    {0x10, IOMMU_FAULT_DMA, "not mapped for it"},
    {0x11, IOMMU_FAULT_DMA, "address out of range"},
    {0x12, IOMMU_FAULT_DMA, "access flag"},
    {0x13, IOMMU_FAULT_DMA, "not allowed to it"},
    {0x20, IOMMU_FAULT_DEVICE, "conflicting translations"},
    {0x21, IOMMU_FAULT_DEVICE, "conflicting configuration"},
    {0x24, IOMMU_FAULT_DMA, "page request"},
};

void smmu_decode_event(const struct smmu_event *e, struct iommu_fault *out, uint32_t *sid)
{
	unsigned int type = e->q[0] & 0xff;

	*out = (struct iommu_fault){.kind = IOMMU_FAULT_DEVICE,
				    .address = e->q[2],
				    .write = !(e->q[1] >> 35 & 1),
				    .what = "event that is not known",
				    .code = type};
	*sid = (uint32_t)(e->q[0] >> 32);
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].type == type) {
			out->kind = kinds[i].kind;
			out->what = kinds[i].what;
		}
	}
}
