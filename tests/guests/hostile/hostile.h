/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the hostile guest: random numbers, its arena of memory, and the attacks. */
#ifndef GUEST_HOSTILE_H
#define GUEST_HOSTILE_H

#include "guest.h"

uint64_t rnd(void);
uint64_t rnd_below(uint64_t n);
bool one_in(unsigned n);
bool hostile_is_domu(void);

/* Pages whose frames may be lost, moved and replaced. */
void arena_init(void);
uint64_t arena_gfn(void);
/* A frame of the arena, of nothing, or beyond all memory. */
uint64_t some_gfn(void);
/* A domain: ourselves under either name, another, none. */
domid_t some_domain(void);
/* A pointer to pass or to store in a structure: into the arena, over its end, nowhere. */
uint64_t some_pointer(void);
/* Put an argument where the hypervisor reads it whole, in part, or not at all. */
void *place(const void *arg, size_t size);
/* The one page that vcpu_info may be moved to. */
struct vcpu_info *arena_vcpu_info(void);

/* One attack of a kind. */
void hostile_hypercall(void);
/* Of the arch: registers; ports or calls of the firmware; memory that is not the guest's. */
void hostile_registers(void);
void hostile_instruction(void);
void hostile_memory(void);
/* How events are to arrive: a call, and a value of the parameter that can be borne. */
void hostile_upcall(void);
uint64_t hostile_callback(void);
/* A random tools' hypercall (sysctl, domctl, platform_op). */
void hostile_control(void);
/* Let the tables that grow on demand grow to their full size. */
void hostile_grow(void);
/* Give back what the attacks hold: ports, mappings, domains, memory above what we had. */
void hostile_tidy(void);
void hostile_tidy_domains(void);
/* Free pages of the machine, 0 where we may not ask. */
uint64_t hostile_free_pages(void);
/* Of the arch: interrupts can be taken from here on; take some; the hypervisor's clock in ns. */
void hostile_prepare(void);
void hostile_window(void);
uint64_t hostile_now(void);
/* Make the machine fit for the verdict again. */
void hostile_restore(void);

#endif
