/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* From reset to the first instruction of the initial domain: the time stamp counter at entry. */
#include "bench.h"

void guest_main(void)
{
	printf("BENCH reset_to_first_instruction %lu\n", entry_tsc);
}
