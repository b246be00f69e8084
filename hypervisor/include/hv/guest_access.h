/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The only way in which the hypervisor touches guest memory. Each call copies once; what is read is
 * named untrusted_... by the caller and checked before use. Rights are those of the guest's own page
 * tables (supervisor, the WP rule for writes) and then of the p2m.
 */
#include <hv/addr.h>
#include <hv/p2m.h>

struct domain;
struct page_info;

/* Current vCPU's linear addresses. 0 or -EFAULT (part may have been copied). len up to 1 MiB. */
int guest_read(void *dst, gva_t src, size_t len) __must_check;
int guest_write(gva_t dst, const void *src, size_t len) __must_check;
int guest_clear(gva_t dst, size_t len) __must_check;

#define guest_read_obj(obj_ptr, src)	guest_read(obj_ptr, src, sizeof(*(obj_ptr)))
#define guest_write_obj(dst, obj_ptr)	guest_write(dst, obj_ptr, sizeof(*(obj_ptr)))
/* Element i of a guest array; the caller has bounded i so that the product cannot wrap. */
#define gva_index(base, i, size)	gva((base).v + (uint64_t)(i) * (size))

/* Any domain's guest-physical memory. 0, -EFAULT (not RAM, or not writable). */
int guest_read_gpa(struct domain *d, void *dst, gpa_t src, size_t len) __must_check;
int guest_write_gpa(struct domain *d, gpa_t dst, const void *src, size_t len) __must_check;

/*
 * The guest's linear address to a guest-physical one, by the current vCPU's paging mode. need_write and
 * need_user as the access demands. On failure returns false and sets *pfec to the page-fault error code
 * that the guest's CPU would give. Does not set accessed/dirty bits for hypercall buffers.
 */
#define PFEC_PRESENT	BIT(0)
#define PFEC_WRITE	BIT(1)
#define PFEC_USER	BIT(2)
#define PFEC_RESERVED	BIT(3)
#define PFEC_FETCH	BIT(4)
/* Not of the CPU: the address is not canonical, so the fault is #GP (#SS through the stack segment), not #PF. */
#define PFEC_NOT_CANONICAL BIT(31)
bool guest_walk(gva_t va, bool need_write, bool need_user, bool fetch, gpa_t *out, uint32_t *pfec);
