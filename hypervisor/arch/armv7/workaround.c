/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Speculation workarounds: on this width none is used, and guests are offered none. */
#include <asm/workaround.h>

void workaround_init_cpu(void)
{
}

int workaround_for_guests(uint32_t fn)
{
	return SMCCC_UNSUPPORTED;
}
