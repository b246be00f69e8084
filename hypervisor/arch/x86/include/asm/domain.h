/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>
#include <asm/time.h>
#include <hv/spinlock.h>

struct domain;
struct vioapic;
struct vpci;
struct io_range;
struct cpu_policy_data;

#define HVM_PARAM_COUNT 39		/* HVM_NR_PARAMS */

/* How the guest hears of event channels (HVM_PARAM_CALLBACK_IRQ). */
enum callback_type { CALLBACK_NONE, CALLBACK_GSI, CALLBACK_INTX, CALLBACK_VECTOR };

/* One range of the memory map that XENMEM_memory_map gives, in the e820 layout of the ABI. */
struct e820_entry {
	uint64_t addr, size;
	uint32_t type;
} __packed;
static_assert(sizeof(struct e820_entry) == 20, "BIOS INT 15h AX=E820h");
#define E820_ENTRIES_MAX 128

struct arch_domain {
	uint32_t emulation_flags;	/* XEN_X86_EMU_* of createdomain */
	uint64_t params[HVM_PARAM_COUNT];	/* (big_lock) */
	uint8_t callback_type;
	uint8_t callback_vector;
	uint32_t callback_gsi;		/* or INTx device/pin */

	struct vioapic *vioapic;
	struct vpci *vpci;		/* service VM only */
	struct cpu_policy_data *policy;	/* CPUID and MSR policy as data (asm/policy.h) */
	uint8_t *io_bitmap;		/* 12 KiB, set = exit; vendor points its structures at it */

	struct spinlock io_lock;	/* registration of ranges below */
	unsigned int ports_refused;	/* accesses without a handler that were logged */
	struct io_range *port_ranges, *mmio_ranges;

	/*
	 * Time: guest TSC = host TSC * ratio + offset (asm/guest_tsc.h); all vCPUs of a domain share the offset unless it
	 * is written. Ratio 0: the host's own frequency.
	 */
	uint64_t tsc_offset, tsc_ratio;
	unsigned int tsc_ratio_bits;
	struct time_scale tsc_scale;	/* guest TSC to ns */
	bool tsc_emulated;		/* RDTSC exits */
	uint32_t tsc_khz;
	uint32_t tsc_mode, tsc_incarnation;
	uint64_t tsc_ns_offset;		/* of the domain's clock to ours, as its maker gave it */
	uint64_t wallclock_ns;
	unsigned int phys_bits;
	void *pt;			/* pirq table (asm/irq.h) */
	uint64_t acpi_rsdp_gpa;
	struct e820_entry *e820;	/* (big_lock) hv_alloc'ed; NULL: none */
	unsigned int e820_count;
};
