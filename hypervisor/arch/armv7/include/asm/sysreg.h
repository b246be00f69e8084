/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bits of Hyp mode's registers. DDI 0406C B4.1. */
#include <asm/aarch32.h>
#include <hv/types.h>

#define HCR_VM		BIT(0)		/* stage 2 */
#define HCR_SWIO	BIT(1)
#define HCR_PTW		BIT(2)		/* no walk of the guest's through device memory */
#define HCR_FMO		BIT(3)
#define HCR_IMO		BIT(4)
#define HCR_AMO		BIT(5)
#define HCR_FB		BIT(9)		/* the guest's local invalidations reach all CPUs */
#define HCR_BSU_INNER	BIT(10)
#define HCR_TWI		BIT(13)
#define HCR_TID3	BIT(18)		/* ID registers trap */
#define HCR_TSC		BIT(19)		/* SMC traps */
#define HCR_TIDCP	BIT(20)		/* implementation-defined registers trap */
#define HCR_TAC		BIT(21)
/* Without the routing to Hyp mode a CPU that has run no guest yet takes no interrupt at all. */
#define HCR_HOST	(HCR_FMO | HCR_IMO | HCR_AMO)

#define HCPTR_RES1	0x33ffUL	/* coprocessors 0 to 9, 12 and 13 trap: nothing stands there */
#define HCPTR_FP	0x0c00UL	/* 10 and 11 trap */
#define HCPTR_TTA	BIT(20)		/* so does trace */

#define HSTR_T15	BIT(15)		/* implementation-defined registers trap */

#define ID_PFR0_THUMBEE	  0xf000UL
#define ID_PFR0_THUMBEE_1 0x1000UL

#define HDCR_HPMN	0x1fUL
#define HDCR_TPMCR	BIT(5)
#define HDCR_TPM	BIT(6)
#define HDCR_TDA	BIT(9)
#define HDCR_TDOSA	BIT(10)
#define HDCR_TDRA	BIT(11)

#define VTCR_RES1	BIT(31)
#define VTCR_S		BIT(4)		/* sign of T0SZ */
#define VTCR_SL0_1	BIT(6)		/* the walk starts at level 1 */
#define VTCR_WALK	(BIT(8) | BIT(10) | 3UL << 12)	/* write-back, inner shareable */

#define PAR_FAULT	BIT(0)
#define PAR_ADDR	0x000000fffffff000ULL
