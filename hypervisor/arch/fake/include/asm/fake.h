/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The host stand-in for an arch: what unit tests use of it besides the contracts. Frames are those of one
 * big array, a guest's linear address is a host pointer into it, a p2m is an array of entries, a CPU is
 * a thread.
 */
#include <hv/domain.h>
#include <hv/page.h>
#include <hv/vcpu.h>

#define FAKE_FRAME_COUNT	(16u << 10)
#define FAKE_FIRST_MFN		0x400u
#define FAKE_GFN_COUNT		4096u

/* Gives all frames to the allocator; once per process, later calls do nothing. */
void fake_memory_init(void);
/* Memory that a guest may name by linear address, zeroed; never given back. */
void *fake_guest_buffer(size_t size);
static inline gva_t fake_gva(const void *p) { return gva((uintptr_t)p); }

/* A domain with vCPUs, p2m and shared info, without events and grants; alive until fake_domain_destroy. */
struct domain *fake_domain_create(uint16_t id, unsigned int vcpus);
/* Frees it with all its memory, whoever still refers to it. */
void fake_domain_destroy(struct domain *d);
/* A page of d's own at the guest frame. */
void *fake_domain_page(struct domain *d, uint64_t g);

/* The calling thread runs v from now on. */
void fake_set_current(struct vcpu *v);
/* What hypercall_should_preempt answers: true after so many calls (0: never). */
extern unsigned int fake_preempt_after;
