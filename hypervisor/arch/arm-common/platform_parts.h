/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the parts of platform*.c. Boot CPU only. */
#include <hv/fdt.h>

#define MPIDR_AFFINITY	0xff00ffffffUL

/* Fills platform.cpu; platform.psci is known. The boot CPU's tree node, if there is one, is not looked at. */
void platform_parse_cpus(const struct fdt *t, uint64_t boot_mpidr);
/*
 * Fills boot_info.memory, sorted and without overlap, from the memory map that /chosen names; false: it names none. boot_fail
 * for one that makes no sense.
 */
bool platform_efi_memory(const struct fdt *t);
