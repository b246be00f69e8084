/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the parts of platform*.c. Boot CPU only. */
#include <hv/fdt.h>

#define MPIDR_AFFINITY	0xff00ffffffUL

/* Fills platform.cpu; platform.psci is known. The boot CPU's tree node, if there is one, is not looked at. */
void platform_parse_cpus(const struct fdt *t, uint64_t boot_mpidr);
