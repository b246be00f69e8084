/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bits of EL2's registers. DDI 0487 chapter D17.2. */
#include <asm/processor.h>
#include <hv/types.h>

#define HCR_VM		BIT(0)		/* stage 2 */
#define HCR_SWIO	BIT(1)
#define HCR_PTW		BIT(2)		/* no walk of the guest's through device memory */
#define HCR_FMO		BIT(3)
#define HCR_IMO		BIT(4)
#define HCR_AMO		BIT(5)
#define HCR_VF		BIT(6)		/* an interrupt for the guest: fast; */
#define HCR_VI		BIT(7)		/* usual */
#define HCR_FB		BIT(9)		/* the guest's local invalidations reach all CPUs */
#define HCR_BSU_INNER	(1UL << 10)
#define HCR_TWI		BIT(13)
#define HCR_TID3	BIT(18)		/* ID registers trap */
#define HCR_TSC		BIT(19)		/* SMC traps */
#define HCR_TIDCP	BIT(20)		/* implementation-defined registers trap */
#define HCR_TACR	BIT(21)
#define HCR_RW		BIT(31)		/* EL1 is AArch64 */
#define HCR_TLOR	BIT(35)		/* regions of limited ordering trap */
#define HCR_TERR	BIT(36)		/* so do error records */
#define HCR_APK		BIT(40)		/* pointer authentication does not trap */
#define HCR_API		BIT(41)
#define HCR_TID5	BIT(58)		/* MTE's ID register traps; the tags do without HCR_ATA */
/* Without the routing to EL2 a CPU that has run no guest yet takes no interrupt at all. */
#define HCR_HOST	(HCR_RW | HCR_FMO | HCR_IMO | HCR_AMO)

#define CPTR_RES1	0x32ffUL
#define CPTR_TZ		BIT(8)		/* SVE traps */
#define CPTR_TFP	BIT(10)
#define CPTR_TTA	BIT(20)		/* so does trace */
#define CPTR_TAM	BIT(30)		/* and activity monitors. SME traps by RES1 */

#define MDCR_HPMN	0x1fUL
#define MDCR_TPMCR	BIT(5)
#define MDCR_TPM	BIT(6)
#define MDCR_TDA	BIT(9)
#define MDCR_TDOSA	BIT(10)
#define MDCR_TDRA	BIT(11)
#define MDCR_TPMS	BIT(14)		/* statistical profiling traps; its buffer is EL2's by E2PB = 0 */
#define MDCR_TTRF	BIT(19)		/* trace filters; the trace buffer is EL2's by E2TB = 0 */

/* What ID registers tell of features that guests do not get. */
#define id_field(reg, shift) ((read_sysreg(reg) >> (shift)) & 15)
#define cpu_has_ras()	     (id_field(id_aa64pfr0_el1, 28) != 0)
#define cpu_has_amu()	     (id_field(id_aa64pfr0_el1, 44) != 0)
#define cpu_has_mte()	     (id_field(id_aa64pfr1_el1, 8) >= 2)
#define cpu_has_spe()	     (id_field(id_aa64dfr0_el1, 32) != 0)
#define cpu_has_trf()	     (id_field(id_aa64dfr0_el1, 40) != 0)
#define cpu_has_fgt()	     (id_field(id_aa64mmfr0_el1, 56) != 0)
#define cpu_has_pan()	     (id_field(id_aa64mmfr1_el1, 20) != 0)
#define cpu_has_hcx()	     (id_field(id_aa64mmfr1_el1, 40) != 0)

#define VTCR_RES1	BIT(31)
#define VTCR_SL0(level)	((uint64_t)(2 - (level)) << 6)	/* 4K granule: level 0 is 2, level 1 is 1 */
#define VTCR_WALK	(1UL << 8 | 1UL << 10 | 3UL << 12)	/* write-back, inner shareable */
#define VTCR_PS(range)	((uint64_t)(range) << 16)
#define VTCR_VS		BIT(19)		/* VMIDs of 16 bits */

#define PAR_FAULT	BIT(0)
#define PAR_ADDR	0x000ffffffffff000UL

/* ID_AA64PFR0_EL1.EL1: this CPU can have 32-bit code at EL1. */
#define cpu_has_aarch32_el1() (((read_sysreg(id_aa64pfr0_el1) >> 4) & 15) == 2)

#define SCTLR_EL1_RESET	0x30d00800UL	/* RES1, MMU and caches off */
