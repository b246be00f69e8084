/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Feature numbers: word * 32 + bit, words in the order of xen/arch-x86/cpufeatureset.h. */
#define FEATURE(word, bit)	((word) * 32 + (bit))
#define FEATURE_WORDS		19

#define FEATURE_APIC		FEATURE(0, 9)
#define FEATURE_PCID		FEATURE(1, 17)
#define FEATURE_X2APIC		FEATURE(1, 21)
#define FEATURE_TSC_DEADLINE	FEATURE(1, 24)
#define FEATURE_XSAVE		FEATURE(1, 26)
#define FEATURE_AVX		FEATURE(1, 28)
#define FEATURE_HYPERVISOR	FEATURE(1, 31)
#define FEATURE_SYSCALL		FEATURE(2, 11)
#define FEATURE_NX		FEATURE(2, 20)
#define FEATURE_FFXSR		FEATURE(2, 25)
#define FEATURE_RDTSCP		FEATURE(2, 27)
#define FEATURE_LM		FEATURE(2, 29)
#define FEATURE_XSAVEC		FEATURE(4, 1)
#define FEATURE_XSAVES		FEATURE(4, 3)
#define FEATURE_FSGSBASE	FEATURE(5, 0)
#define FEATURE_TSC_ADJUST	FEATURE(5, 1)
#define FEATURE_SMEP		FEATURE(5, 7)
#define FEATURE_INVPCID		FEATURE(5, 10)
#define FEATURE_AVX512F		FEATURE(5, 16)
#define FEATURE_SMAP		FEATURE(5, 20)
#define FEATURE_UMIP		FEATURE(6, 2)
#define FEATURE_PKU		FEATURE(6, 3)
