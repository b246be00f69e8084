/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The machine's interrupt translation services and LPIs (arch/arm64/its*.c, lpi.c). Arm IHI 0069H, chapters 5, 6, 12.
 * LPIs are the service VM's alone, and each of its virtual ones is backed by the machine's of the same number: so
 * nobody allocates numbers here.
 * Locks: a lock of each ITS, a leaf, interrupts on. All but its_init_cpu: not in interrupt context.
 */
#include <hv/types.h>

#define ITS_MAX		8u	/* PLATFORM_MSI_MAX */
#define LPI_FIRST	8192u
#define LPI_ID_BITS	14u	/* the least that a GIC with LPIs has */
#define LPI_COUNT	((1u << LPI_ID_BITS) - LPI_FIRST)
#define ITS_EVENT_BITS	11u	/* of a device, at the most: MSI-X has no more */

struct its_facts {
	uint64_t base;			/* of its registers */
	unsigned int device_bits, event_bits;
};

/* Boot CPU, with distributor and redistributor set up: LPIs on, tables, queues. What cannot work is told in a line. */
void its_init(void);
/* Every further CPU, on itself, interrupts off: it takes LPIs from now on. */
void its_init_cpu(void);
/* Of those that work, which are numbered from 0. */
unsigned int its_count(void);
void its_get_facts(unsigned int its, struct its_facts *out);

/*
 * Device id sends to this ITS with events of event_bits bits, none of which leads anywhere yet. NULL: *err is -EINVAL (the ITS
 * knows no such), -ENOMEM, -EIO.
 */
struct its_device *its_device_map(unsigned int its, uint32_t id, unsigned int event_bits, int *err);
/* Its events are discarded. Waits for the ITS to forget it, and frees d. */
void its_device_unmap(struct its_device *d);

/*
 * Events below 1 << event_bits. The ITS has done it when its_finish returns.
 * map: raises lpi on cpu, an online one. set_enabled: the event's lpi reaches CPUs (waits where it is).
 */
void its_event_map(struct its_device *d, uint32_t event, uint32_t lpi, unsigned int cpu);
void its_event_move(struct its_device *d, uint32_t event, unsigned int cpu);
void its_event_set_enabled(struct its_device *d, uint32_t event, uint32_t lpi, bool on);
/* What of it is pending in the machine is forgotten. */
void its_event_clear(struct its_device *d, uint32_t event);
void its_event_discard(struct its_device *d, uint32_t event);
/* Waits until all that was asked of it has taken effect. False: it answers no more (told in a line, once). */
bool its_finish(unsigned int its);
