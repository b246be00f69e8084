/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies from and to guest memory. Takes no lock; a page reference is held around each piece. */
#include <asm/guest_copy.h>
#include <asm/p2m.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>

#define GUEST_COPY_MAX MIB(1)

/* Bytes from a up to the end of its page, at most n. */
static size_t piece(uint64_t a, size_t n)
{
	return MIN(n, PAGE_SIZE - (a & ~PAGE_MASK));
}

static int read_piece(struct domain *d, void *dst, gpa_t src, size_t n)
{
	struct page_info *pg;

	if (n <= GUEST_COPY_SHORT && likely(p2m_read_own(d, dst, src, n))) {
		return 0;
	}
	pg = p2m_get_page(d, gpa_to_gfn(src), NULL);
	if (!pg) {
		return -EFAULT;
	}
	guest_copy_words(dst, (const char *)page_to_virt(pg) + (src.v & ~PAGE_MASK), n);
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
		guest_copy_words(to, src, n);
	} else {
		memset(to, 0, n);
	}
	page_put(pg);
	return 0;
}

static bool is_short(gva_t a, size_t len)
{
	return len <= GUEST_COPY_SHORT && len <= PAGE_SIZE - (a.v & ~PAGE_MASK);
}

static int read_linear(void *dst, gva_t src, size_t len)
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

int guest_read(void *dst, gva_t src, size_t len)
{
	if (likely(is_short(src, len) && guest_read_short(dst, src, len))) {
		return 0;
	}
	return read_linear(dst, src, len);
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
	if (likely(is_short(dst, len) && guest_write_short(dst, src, len))) {
		return 0;
	}
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
