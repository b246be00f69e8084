// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies from and to guest memory. Takes no lock; a page reference is held around each piece that
 * is written, and around each read but the short ones of the domain's own RAM (p2m_cache.h).
 */
#include <hv/compat.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>
#include "p2m_cache.h"

#define GUEST_COPY_MAX MIB(1)
#define SHORT_READ_MAX 64

/*
 * From a page that its guest may be changing: each byte is fetched once, words of natural size in
 * one piece (the guest's peer may rely on it), and the compiler can neither repeat nor defer the
 * reads.
 */
static inline void copy_from_page(void *dst, const void *src, size_t n)
{
	switch (n) {
	case 1:
		*(uint8_t *)dst = READ_ONCE(*(const uint8_t *)src);
		break;
	case 2:
		*(uint16_t *)dst = READ_ONCE(*(const uint16_t *)src);
		break;
	case 4:
		*(uint32_t *)dst = READ_ONCE(*(const uint32_t *)src);
		break;
	case 8:
		*(uint64_t *)dst = READ_ONCE(*(const uint64_t *)src);
		break;
	default:
		memcpy(dst, src, n);
		break;
	}
	barrier();
}

static inline void copy_to_page(void *dst, const void *src, size_t n)
{
	switch (n) {
	case 1:
		WRITE_ONCE(*(uint8_t *)dst, *(const uint8_t *)src);
		break;
	case 2:
		WRITE_ONCE(*(uint16_t *)dst, *(const uint16_t *)src);
		break;
	case 4:
		WRITE_ONCE(*(uint32_t *)dst, *(const uint32_t *)src);
		break;
	case 8:
		WRITE_ONCE(*(uint64_t *)dst, *(const uint64_t *)src);
		break;
	default:
		memcpy(dst, src, n);
		break;
	}
	barrier();
}

/* Bytes from a up to the end of its page, at most n. */
static inline size_t piece(uint64_t a, size_t n)
{
	size_t rest = PAGE_SIZE - (a & ~PAGE_MASK);

	return n < rest ? n : rest;
}

/* n stays within the page of src. */
static __noinline int read_piece_slow(struct vcpu *v, struct domain *d, void *dst, gpa_t src,
				      size_t n)
{
	struct p2m_own_frame f;
	struct page_info *pg;

	if (n <= SHORT_READ_MAX && p2m_own_frame_look(v, d, src.v >> PAGE_SHIFT, &f)) {
		copy_from_page(dst, f.page + (src.v & ~PAGE_MASK), n);
		if (likely(p2m_own_frame_still(&f))) {
			return 0;
		}
	}
	pg = p2m_get_page(d, gpa_to_gfn(src), NULL);
	if (!pg) {
		return -EFAULT;
	}
	copy_from_page(dst, (const char *)page_to_virt(pg) + (src.v & ~PAGE_MASK), n);
	page_put(pg);
	return 0;
}

static inline int read_piece(struct vcpu *v, struct domain *d, void *dst, gpa_t src, size_t n)
{
	const struct p2m_cached *c = p2m_cached_frame(v, d, src.v >> PAGE_SHIFT);

	if (likely(c) && likely(n <= SHORT_READ_MAX)) {
		copy_from_page(dst, p2m_cached_page(c, src.v >> PAGE_SHIFT) + (src.v & ~PAGE_MASK),
			       n);
		if (likely(p2m_cached_still(c))) {
			return 0;
		}
	}
	return read_piece_slow(v, d, dst, src, n);
}

/* src NULL: zeroes. */
static int write_piece(struct domain *d, gpa_t dst, const void *src, size_t n)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, gpa_to_gfn(dst), &t);
	char *to;

	if (!pg) {
		return -EFAULT;
	}
	if (!p2m_is_writable(t)) {
		page_put(pg);
		return -EFAULT;
	}
	to = (char *)page_to_virt(pg) + (dst.v & ~PAGE_MASK);
	if (src) {
		copy_to_page(to, src, n);
	} else {
		memset(to, 0, n);
	}
	domain_frame_written(d, gpa_to_gfn(dst));
	page_put(pg);
	return 0;
}

static __noinline int read_linear(struct vcpu *v, void *dst, gva_t src, size_t len)
{
	if (unlikely(len > GUEST_COPY_MAX)) {
		return -EFAULT;
	}
	while (len) {
		size_t n = piece(src.v, len);
		uint32_t pfec;
		gpa_t a;

		if (!guest_walk(src, false, false, false, &a, &pfec) ||
		    read_piece(v, v->domain, dst, a, n)) {
			return compat_read(dst, src, len);
		}
		dst = (char *)dst + n;
		src.v += n;
		len -= n;
	}
	return 0;
}

int guest_read(void *dst, gva_t src, size_t len)
{
	struct vcpu *v = current;
	uint32_t pfec;
	gpa_t a;

	/* Most arguments lie in one page. A length of 0 wraps and goes the other way. */
	if (unlikely(len - 1 >= PAGE_SIZE - (src.v & ~PAGE_MASK))) {
		return read_linear(v, dst, src, len);
	}
	if (unlikely(!guest_walk(src, false, false, false, &a, &pfec))) {
		return compat_read(dst, src, len);
	}
	return read_piece(v, v->domain, dst, a, len);
}

static int write_linear(gva_t dst, const void *src, size_t len)
{
	struct domain *d = current->domain;

	if (unlikely(len > GUEST_COPY_MAX)) {
		return -EFAULT;
	}
	while (len) {
		size_t n = piece(dst.v, len);
		uint32_t pfec;
		gpa_t a;

		if (!guest_walk(dst, true, false, false, &a, &pfec) || write_piece(d, a, src, n)) {
			return compat_write(dst, src, len);
		}
		src = src ? (const char *)src + n : NULL;
		dst.v += n;
		len -= n;
	}
	return 0;
}

int guest_write(gva_t dst, const void *src, size_t len)
{
	return write_linear(dst, src, len);
}

int guest_clear(gva_t dst, size_t len)
{
	return write_linear(dst, NULL, len);
}

int guest_read_gpa(struct domain *d, void *dst, gpa_t src, size_t len)
{
	struct vcpu *v = current;

	while (len) {
		size_t n = piece(src.v, len);

		if (read_piece(v, d, dst, src, n)) {
			return -EFAULT;
		}
		dst = (char *)dst + n;
		src.v += n;
		len -= n;
	}
	return 0;
}

int guest_write_gpa(struct domain *d, gpa_t dst, const void *src, size_t len)
{
	while (len) {
		size_t n = piece(dst.v, len);

		if (write_piece(d, dst, src, n)) {
			return -EFAULT;
		}
		src = (const char *)src + n;
		dst.v += n;
		len -= n;
	}
	return 0;
}
