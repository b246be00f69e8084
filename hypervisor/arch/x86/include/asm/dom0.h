/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Building the service VM (arch/x86/dom0*.c) and what of the platform it gets. */
#include <hv/boot.h>

struct domain;

/*
 * Early, after the modules were moved and hv_reserved is complete, before page_alloc_add: decides which machine
 * memory becomes the service VM's RAM (boot_options.dom0_mem*). Checks the kernel; boot_fail when there is none or
 * it is none. Returns bytes.
 */
uint64_t dom0_plan_memory(void);
/* Then: what must not go to the allocator, sorted and page-aligned. */
unsigned int dom0_ram_ranges(const struct memory_range **out);
/* Ports that the hypervisor keeps for itself (its console's UART). Any time before dom0_build. */
void dom0_hide_ports(uint16_t first, unsigned int count);
/* Device memory that the service VM may reach: not RAM, not the hypervisor's (local APIC, IO-APICs, HPET, IOMMU,
 * configuration space). */
bool dom0_frame_is_device(uint64_t frame);

/* Creates it from boot_info's modules: memory 1:1, ELF kernel, initrd, PVH start info, ACPI. Failures are
 * one clear line and halt: called once at boot. */
struct domain *dom0_build(void);

/* vPCI (arch/x86/vpci*.c): config space by CF8 and ECAM, MSI and MSI-X virtualised, the rest real. */
int vpci_init(struct domain *d);
/* Real configuration space of the machine (arch/x86/pci.c); size 1, 2, 4. */
uint32_t pci_read(uint32_t sbdf, unsigned int reg, unsigned int size);
void pci_write(uint32_t sbdf, unsigned int reg, unsigned int size, uint32_t val);
/* Walks all functions once at boot: calls fn(sbdf) for each. */
void pci_for_each(void (*fn)(uint32_t sbdf, void *arg), void *arg);

/* exit_npf of the service VM: a gfn that is not RAM of anybody and not the hypervisor's own is device memory
 * and mapped 1:1 on first touch. True: retry the instruction. */
bool dom0_map_on_demand(struct domain *d, uint64_t gfn);

/* Machine memory that the hypervisor keeps (image, its tables, the moved modules, the CPU start page); filled at
 * boot by arch/x86/boot/memory.c. */
#define HV_RESERVED_MAX 64
extern struct memory_range hv_reserved[HV_RESERVED_MAX];
extern unsigned int hv_reserved_count;
