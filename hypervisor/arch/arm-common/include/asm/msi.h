/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Interrupts by message of the service VM's devices: GICv2m's frames (gic_v2m.c), and the ITS (asm/its.h). */
#include <hv/addr.h>

/*
 * Boot CPU, once gic_lines is known: looks at the tree's GICv2m frames, and hands those that are right to the service
 * VM (platform_msi.usable). Their interrupts are ordinary lines, which are the service VM's anyway.
 */
void gic_v2m_init(void);

/*
 * The frames of machine memory that messages are written to, which have to be in the table of every device that may
 * send any: number i of them, by the machine's address. False: there are no more. After gic_init; any CPU.
 */
bool gic_msi_frame(unsigned int i, mfn_t *out);
