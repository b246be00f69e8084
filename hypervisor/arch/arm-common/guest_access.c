/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies from and to guest memory. Takes no lock; a page reference is held around each piece. */
#include <asm/p2m.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>

#define GUEST_COPY_MAX MIB(1)
#define SHORT_READ_MAX 64

/* The page of another, who may be changing it: words of natural size in one access each, and
 * nothing twice. */
static void copy_page(void *dst, const void *src, size_t n)
{
	/* Not every CPU loads 64 bits from any address. */
	switch (IS_ALIGNED((uintptr_t)dst | (uintptr_t)src, n) ? n : 0) {
	case 4:
		WRITE_ONCE(*(uint32_t *)dst, READ_ONCE(*(const uint32_t *)src));
		break;
	case 8:
		WRITE_ONCE(*(uint64_t *)dst, READ_ONCE(*(const uint64_t *)src));
		break;
	default:
		memcpy(dst, src, n);
		break;
	}
	barrier();
}

/* Bytes from a up to the end of its page, at most n. */
static size_t piece(uint64_t a, size_t n)
{
	return MIN(n, PAGE_SIZE - (a & ~PAGE_MASK));
}

static int read_piece(struct domain *d, void *dst, gpa_t src, size_t n)
{
	struct page_info *pg;

	if (n <= SHORT_READ_MAX && likely(p2m_read_own(d, dst, src, n))) {
		return 0;
	}
	pg = p2m_get_page(d, gpa_to_gfn(src), NULL);
	if (!pg) {
		return -EFAULT;
	}
	copy_page(dst, (const char *)page_to_virt(pg) + (src.v & ~PAGE_MASK), n);
	page_put(pg);
	return 0;
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
		copy_page(to, src, n);
	} else {
		memset(to, 0, n);
	}
	page_put(pg);
	return 0;
}

int guest_read(void *dst, gva_t src, size_t len)
{
	struct domain *d = current->domain;

	if (unlikely(len > GUEST_COPY_MAX)) {
		return -EFAULT;
	}
	while (len) {
		size_t n = piece(src.v, len);
		uint32_t pfec;
		gpa_t a;

		if (!guest_walk(src, false, false, false, &a, &pfec) || read_piece(d, dst, a, n)) {
			return -EFAULT;
		}
		dst = (char *)dst + n;
		src.v += n;
		len -= n;
	}
	return 0;
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
			return -EFAULT;
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
	for (size_t n; len; len -= n) {
		n = piece(src.v, len);
		if (read_piece(d, dst, src, n)) {
			return -EFAULT;
		}
		dst = (char *)dst + n;
		src.v += n;
	}
	return 0;
}

int guest_write_gpa(struct domain *d, gpa_t dst, const void *src, size_t len)
{
	for (size_t n; len; len -= n) {
		n = piece(dst.v, len);
		if (write_piece(d, dst, src, n)) {
			return -EFAULT;
		}
		src = (const char *)src + n;
		dst.v += n;
	}
	return 0;
}
