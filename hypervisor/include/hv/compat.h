/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The 32-bit ABI. A 32-bit caller's structures are seen by the native functions through views: addresses outside of the
 * canonical range, behind which guest_read and guest_write find the guest's structure and change its layout on the
 * way. So an operation exists once, reads and writes when it always does, and fails as it always does.
 *
 * Views exist for 32-bit callers only, during their call; for everybody else such an address is a bad one.
 */
#include <hv/addr.h>
#include <hv/types.h>
#include <xen/foreign/x86_32.h>
#include <xen/vcpu.h>
#include <xen/xen.h>

struct compat_layout;
struct domain;
struct hypercall_args;

/* Offsets of both are below 2^40, so that what a view leads to is never a view. */
/* An array of 64-bit words; each is a 32-bit word of the guest's. Offset 2 * a is the guest's address a. */
#define COMPAT_WORDS	BIT(56)
/* Structures in the layout of vcpu->compat, one after the other. */
#define COMPAT_STRUCTS	BIT(57)

/* The view of the structures of one call, on the stack of its dispatch; vcpu->compat points to the innermost. */
struct compat_view {
	const struct compat_layout *layout;	/* NULL: the call has none that differs */
	uint64_t base;				/* the guest's address */
};

static inline bool compat_is_view(gva_t a)
{
	return a.v >> 40 == COMPAT_WORDS >> 40 || a.v >> 40 == COMPAT_STRUCTS >> 40;
}

/* hypercall_dispatch for a caller in 32-bit mode: nr and the arguments are 32 bits wide. */
long compat_dispatch(uint32_t nr, const struct hypercall_args *a);

/* For guest_read and guest_write, when there is nothing at the address: behind a view there is. 0 or -EFAULT. */
int compat_read(void *dst, gva_t src, size_t len) __must_check;
int compat_write(gva_t dst, const void *src, size_t len) __must_check;

/*
 * Which layout the memory that d shares with us has. The guest is asked at the moments that the ABI names: when it sets
 * its callback or writes the address of the hypercall page, by the mode it is in. Contents are not converted; what was
 * pending is lost, as on Xen. No lock held.
 */
void compat_latch_info(struct domain *d, bool narrow);
static inline struct shared_info_x86_32 *compat_shared_info(struct shared_info *s)
{
	return (struct shared_info_x86_32 *)s;
}
/* The narrow layout's selector of words. */
static inline uint32_t *compat_pending_sel(struct vcpu_info *info)
{
	return &((struct vcpu_info_x86_32 *)info)->evtchn_pending_sel;
}

/* VCPUOP_get_runstate_info and the runstate area: 64-bit members stand at multiples of 4. */
struct compat_runstate_info {
	int32_t state;
	uint64_t state_entry_time;
	uint64_t time[4];
} __packed;
static_assert(sizeof(struct compat_runstate_info) == 44, "i386 layout of xen/vcpu.h");

void compat_runstate(struct compat_runstate_info *out, const struct vcpu_runstate_info *in);
