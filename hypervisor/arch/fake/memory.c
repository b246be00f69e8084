/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames and guest buffers out of two static arrays. */
#include <asm/fake.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>

#define BUFFER_SIZE	MIB(4)

static uint8_t frames[(size_t)FAKE_FRAME_COUNT << PAGE_SHIFT] __aligned(1UL << 21);
static struct page_info pages[FAKE_FRAME_COUNT];
static uint8_t buffers[BUFFER_SIZE] __aligned(4096);
static size_t buffers_used;

struct page_info *mfn_to_page(mfn_t m)
{
	CHECK(mfn_valid(m));
	return &pages[m.v - FAKE_FIRST_MFN];
}

mfn_t page_to_mfn(const struct page_info *pg)
{
	return mfn((uint64_t)(pg - pages) + FAKE_FIRST_MFN);
}

bool mfn_valid(mfn_t m)
{
	return m.v >= FAKE_FIRST_MFN && m.v < FAKE_FIRST_MFN + FAKE_FRAME_COUNT;
}

void *hpa_to_virt(hpa_t a)
{
	CHECK(mfn_valid(hpa_to_mfn(a)));
	return frames + (a.v - ((uint64_t)FAKE_FIRST_MFN << PAGE_SHIFT));
}

hpa_t virt_to_hpa(const void *p)
{
	const uint8_t *b = p;

	CHECK(b >= frames && b < frames + sizeof(frames));
	return hpa((uint64_t)(b - frames) + ((uint64_t)FAKE_FIRST_MFN << PAGE_SHIFT));
}

void fake_memory_init(void)
{
	static bool done;

	if (!done) {
		done = true;
		page_alloc_add(mfn(FAKE_FIRST_MFN), mfn(FAKE_FIRST_MFN + FAKE_FRAME_COUNT), false);
		/* A class of small objects keeps an empty slab: have them all, so that tests can count frames. */
		for (size_t size = 32; size < PAGE_SIZE; size += 32) {
			hv_free(hv_alloc(size));
		}
	}
}

void *fake_guest_buffer(size_t size)
{
	void *p = buffers + buffers_used;

	buffers_used += ROUND_UP(size, 64);
	CHECK(buffers_used <= BUFFER_SIZE);
	memset(p, 0, size);
	return p;
}

static bool accessible(gva_t a, size_t len)
{
	uint64_t start = (uintptr_t)buffers;

	return a.v >= start && len <= BUFFER_SIZE && a.v - start <= BUFFER_SIZE - len;
}

int guest_read(void *dst, gva_t src, size_t len)
{
	if (!accessible(src, len)) {
		return -EFAULT;
	}
	memcpy(dst, (const void *)(uintptr_t)src.v, len);
	return 0;
}

int guest_write(gva_t dst, const void *src, size_t len)
{
	if (!accessible(dst, len)) {
		return -EFAULT;
	}
	memcpy((void *)(uintptr_t)dst.v, src, len);
	return 0;
}

int guest_clear(gva_t dst, size_t len)
{
	if (!accessible(dst, len)) {
		return -EFAULT;
	}
	memset((void *)(uintptr_t)dst.v, 0, len);
	return 0;
}
