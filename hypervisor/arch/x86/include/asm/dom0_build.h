/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the parts of the service VM's builder (arch/x86/dom0*.c). Boot CPU only. */
#include <asm/elf.h>
#include <hv/types.h>

struct domain;

/* The kernel that dom0_plan_memory checked. */
const struct elf_image *dom0_kernel(void);
/* The map as d sees it, in d->arch.e820; [acpi, acpi + acpi_size) of its RAM is shown as ACPI memory. */
void dom0_memory_map(struct domain *d, uint64_t acpi, uint64_t acpi_size);

/* Tables of its own beside the machine's. Takes and fills the area; returns the RSDP's address. */
uint64_t dom0_build_acpi(struct domain *d, uint64_t *area, uint64_t *area_size);
