/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What arm-common/p2m.c asks of the CPU: the test's to play. */
#include <hv/types.h>
#include <asm/processor.h>

#define UNIT_IPA_BITS 40u

static inline unsigned int stage2_ipa_bits(void)
{
	return UNIT_IPA_BITS;
}

static inline uint64_t stage2_vtcr(unsigned int ipa_bits, unsigned int start_level)
{
	return start_level;
}

void stage2_flush(uint64_t vttbr);
