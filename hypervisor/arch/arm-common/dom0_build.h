/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the parts of the service VM's builder (dom0*.c). Boot CPU only. */
#include <hv/types.h>

struct domain;
struct fdt;
struct fdt_prop;
struct fdt_writer;

/* An address range of the service VM without memory, for grants and foreign frames. */
struct dom0_room {
	uint64_t base, size;
};
#define DOM0_ROOM_MAX 8u

struct dom0_tree {
	const char *cmdline;
	uint64_t initrd, initrd_size;	/* size 0: none */
	struct dom0_room room[DOM0_ROOM_MAX];	/* 0: the grant table's */
	unsigned int room_count;
};

/* Writes the service VM's device tree, made from the machine's. Its size; 0: it does not fit. */
uint32_t dom0_write_tree(const struct domain *d, const struct dom0_tree *what, void *to,
			 uint32_t capacity);

/*
 * Instead of a property p about interrupts, when the machine's controllers are Broadcom's: what it says in the numbers of
 * the service VM's GIC, whose phandle is gic_phandle; a list that cannot be said so, or
 * in which there is a line that the hypervisor keeps, is left out. False: to be copied as it is.
 */
bool dom0_put_interrupts(struct fdt_writer *w, const struct fdt *t, int node, const struct fdt_prop *p,
			 uint32_t gic_phandle);
/* That GIC's node, as a child of the root. */
void dom0_put_played_gic(struct fdt_writer *w, const struct fdt *t, uint32_t gic_phandle);
