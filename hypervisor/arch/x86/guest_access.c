// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies from and to guest memory. Takes no lock; a page reference is held around each piece that
 * is written, and around each read but the short ones of the domain's own RAM (see read_own).
 */
#include <hv/compat.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>

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

/*
 * A short read of d's own RAM without a reference. Frames never stop being memory, so the read
 * itself is harmless; and since a frame changes owner before anybody writes to it anew, an owner
 * that is still d after the read proves that the bytes were d's. Otherwise the caller overwrites
 * dst by way of a reference.
 */
static inline bool read_own(struct domain *d, void *dst, gpa_t src, size_t n)
{
	enum p2m_type t;
	mfn_t m = p2m_lookup(d, gpa_to_gfn(src), &t, NULL);

	if (unlikely(t != P2M_RAM_RW)) {
		return false;
	}
	copy_from_page(dst, (const char *)mfn_to_virt(m) + (src.v & ~PAGE_MASK), n);
	return likely(READ_ONCE(mfn_to_page(m)->owner) == d);
}

/* n stays within the page of src. */
static int read_piece(struct domain *d, void *dst, gpa_t src, size_t n)
{
	struct page_info *pg;

	if (n <= SHORT_READ_MAX && likely(read_own(d, dst, src, n))) {
		return 0;
	}
	pg = p2m_get_page(d, gpa_to_gfn(src), NULL);
	if (!pg) {
		return -EFAULT;
	}
	copy_from_page(dst, (const char *)page_to_virt(pg) + (src.v & ~PAGE_MASK), n);
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
		copy_to_page(to, src, n);
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
			return compat_read(dst, src, len);
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

int guest_read_string(char *dst, gva_t src, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t n = piece(src.v + done, size - done);

		if (guest_read(dst + done, gva(src.v + done), n)) {
			return -EFAULT;
		}
		if (strnlen(dst + done, n) < n) {
			return 0;
		}
		done += n;
	}
	return -ENAMETOOLONG;
}

int guest_read_gpa(struct domain *d, void *dst, gpa_t src, size_t len)
{
	while (len) {
		size_t n = piece(src.v, len);

		if (read_piece(d, dst, src, n)) {
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
