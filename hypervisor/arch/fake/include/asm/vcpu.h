/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct arch_vcpu {
	unsigned long upcalls;		/* atomic: how often arch_vcpu_upcall was called */
	unsigned long wakes;		/* atomic: how often vcpu_wake was called */
};
