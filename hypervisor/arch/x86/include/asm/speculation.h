/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What this machine's CPUs need so that one VM does not learn of another by their speculation (arch/x86/speculation.c). */
#include <hv/types.h>

struct speculation {
	bool ibpb;			/* when a CPU turns to another domain: its branch predictors forget */
	bool verw;			/* at each entry into a guest: the buffers are overwritten */
	bool flush_l1d;			/* at each entry: L1 data cache; it does the same as verw and more */
};
extern struct speculation speculation;

void speculation_init(void);		/* boot CPU, after policy_init */
void speculation_init_cpu(void);
/* This CPU turns to a vCPU of the domain with that id. */
void speculation_switch(uint16_t domain);
