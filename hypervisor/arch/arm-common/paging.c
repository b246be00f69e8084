/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's own address space. boot.S has mapped the image page by page with its final
 * rights; here come the direct map of RAM, the frame table, and the area of devices and stacks.
 * Nothing is writable and executable, under no address: the image's text is read-only in the direct
 * map too.
 *
 * Entries only ever change from absent to present, so nothing is invalidated. Lock: area_lock, a
 * leaf but for the allocator's.
 */
#include <asm/boot.h>
#include <asm/entry.h>
#include <asm/layout.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <hv/bitops.h>
#include <hv/boot.h>
#include <hv/iommu_impl.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/spinlock.h>

#define PTE_VALID     BIT(0)
#define PTE_TABLE     BIT(1)		   /* or, on the last level, a page */
#define PTE_ATTR(n)   ((uint64_t)(n) << 2) /* of MAIR_EL2 as boot.S sets it */
#define PTE_RES1      BIT(6)		   /* AP[1] */
#define PTE_READ_ONLY BIT(7)
#define PTE_INNER     (BIT(8) | BIT(9))
#define PTE_AF	      BIT(10)
#define PTE_XN	      BIT(54)
#define PTE_ADDR      0x0000fffffffff000UL

#define PROT_DATA   (PTE_VALID | PTE_ATTR(2) | PTE_RES1 | PTE_INNER | PTE_AF | PTE_XN)
#define PROT_READ   (PROT_DATA | PTE_READ_ONLY)
#define PROT_DEVICE (PTE_VALID | PTE_ATTR(1) | PTE_RES1 | PTE_AF | PTE_XN)

#define SECTION_SHIFT 15 /* frames of 128 MiB */
#define SECTION_COUNT ((unsigned int)(DIRECT_SIZE >> (PAGE_SHIFT + SECTION_SHIFT)) + 1)
#define EARLY_TABLES  128
#define BOOT_CHUNK    MIB(1)

static_assert(STACK_SIZE == BIT(STACK_SHIFT), "entry.S finds overflows by it");

hpa_t image_base;

static uint64_t early_tables[EARLY_TABLES][512] __aligned(4096);
static unsigned int early_used;
static bool direct_ready, frames_ready;
static uint64_t max_ram_frame;
static unsigned long section_map[BITS_TO_LONGS(SECTION_COUNT)];
static struct spinlock area_lock = SPINLOCK_INIT;
static uint64_t area_next = AREA_BASE;

hpa_t virt_to_hpa(const void *p)
{
	uint64_t v = (uintptr_t)p;

	return v >= DIRECT_BASE ? hpa(v - DIRECT_BASE + DIRECT_FIRST)
				: hpa(v - (uintptr_t)_image_start + image_base.v);
}

bool mfn_valid(mfn_t m)
{
	/* Below the first it wraps. */
	return m.v - FRAMETABLE_FIRST < max_ram_frame - FRAMETABLE_FIRST &&
	       test_bit((unsigned int)((m.v - FRAMETABLE_FIRST) >> SECTION_SHIFT), section_map);
}

mfn_t page_max_mfn(void)
{
	return mfn(max_ram_frame);
}

/* The first address that the direct map does not reach. */
static uint64_t direct_end(void)
{
	return DIRECT_FIRST + DIRECT_SIZE;
}

/* Boot memory
 * --------------------------------------------------------------------------------------- */

/* The highest place of RAM that is in the direct map and nobody's. 0: none. */
static uint64_t find_free(uint64_t size)
{
	for (unsigned int i = boot_info.memory_count; i-- > 0;) {
		const struct memory_range *r = &boot_info.memory[i];
		uint64_t end = ROUND_DOWN(MIN(r->end, direct_end()), PAGE_SIZE);

		if (r->type != MEMORY_RAM) {
			continue;
		}
		for (unsigned int j = 0; j < hv_reserved_count && end > r->start; j++) {
			const struct memory_range *taken = &hv_reserved[j];

			if (end >= size && taken->start < end && taken->end > end - size) {
				end = ROUND_DOWN(taken->start, PAGE_SIZE);
				j = ~0U; /* from the first again */
			}
		}
		if (end > r->start && end - r->start >= size) {
			return end - size;
		}
	}
	return 0;
}

void *boot_alloc(size_t size)
{
	static uint64_t chunk, left;
	uint64_t at;

	size = ROUND_UP(size, PAGE_SIZE);
	if (size > left) {
		uint64_t want = MAX(size, BOOT_CHUNK);

		at = find_free(want);
		if (!at) {
			boot_fail("no memory for the hypervisor's own tables");
		}
		platform_reserve(at, at + want);
		chunk = at;
		left = want;
	}
	at = chunk;
	chunk += size;
	left -= size;
	memset(hpa_to_virt(hpa(at)), 0, size);
	return hpa_to_virt(hpa(at));
}

/* Tables
 * -------------------------------------------------------------------------------------------- */

static uint64_t *new_table(void)
{
	if (frames_ready) {
		return page_alloc_virt();
	}
	if (!direct_ready) {
		return early_used < EARLY_TABLES ? early_tables[early_used++] : NULL;
	}
	return boot_alloc(PAGE_SIZE);
}

/* A table of ours, by the address in an entry. */
static uint64_t *table_at(uint64_t a)
{
	uint64_t image_size = (uintptr_t)(_image_end - _image_start);

	return a - image_base.v < image_size ? (uint64_t *)(_image_start + (a - image_base.v))
					     : hpa_to_virt(hpa(a));
}

/* The entry for va at the level (1 = 4 KiB); makes tables on the way. NULL: no memory. */
static uint64_t *entry_of(uint64_t va, unsigned int level)
{
	uint64_t *table = hv_root;

	for (unsigned int l = ROOT_LEVEL; l > level; l--) {
		uint64_t *e = &table[(va >> (PAGE_SHIFT + 9 * (l - 1))) & 511];

		if (!*e) {
			uint64_t *t = new_table();

			if (!t) {
				return NULL;
			}
			__atomic_store_n(e, virt_to_hpa(t).v | PTE_VALID | PTE_TABLE,
					 __ATOMIC_RELEASE);
		}
		table = table_at(*e & PTE_ADDR);
	}
	return &table[(va >> (PAGE_SHIFT + 9 * (level - 1))) & 511];
}

/* Maps [pa, pa + len) with the largest pages that fit. False: no memory for tables. */
static bool map_range(uint64_t va, uint64_t pa, uint64_t len, uint64_t prot)
{
	while (len) {
		unsigned int level = 1;
		uint64_t size = PAGE_SIZE, *e;

		if (IS_ALIGNED(va | pa, GIB(1)) && len >= GIB(1)) {
			level = 3;
			size = GIB(1);
		} else if (IS_ALIGNED(va | pa, MIB(2)) && len >= MIB(2)) {
			level = 2;
			size = MIB(2);
		}
		e = entry_of(va, level);
		if (!e) {
			return false;
		}
		WRITE_ONCE(*e, pa | prot | (level == 1 ? PTE_TABLE : 0));
		va += size;
		pa += size;
		len -= size;
	}
	dsb(ishst);
	isb();
	return true;
}

/* Devices, views, stacks
 * ------------------------------------------------------------------------------ */

/* Address space of the area, size and start multiples of align; 0: used up. */
static uint64_t area_take(uint64_t size, uint64_t align)
{
	uint64_t at = ROUND_UP(area_next, align);

	if (size > AREA_SIZE || at + size > AREA_BASE + AREA_SIZE) {
		return 0;
	}
	area_next = at + size;
	return at;
}

static void *map_view(hpa_t a, uint64_t size, uint64_t prot)
{
	uint64_t offset = a.v & ~PAGE_MASK, len = ROUND_UP(offset + size, PAGE_SIZE), va;
	unsigned long flags = spin_lock_irq(&area_lock);

	va = area_take(len, PAGE_SIZE);
	if (va && !map_range(va, a.v & PAGE_MASK, len, prot)) {
		va = 0;
	}
	spin_unlock_irq(&area_lock, flags);
	return va ? (void *)(uintptr_t)(va + offset) : NULL;
}

volatile void *ioremap(hpa_t a, uint64_t size)
{
	return map_view(a, size, PROT_DEVICE);
}

const void *boot_map(hpa_t a, uint64_t size)
{
	return map_view(a, size, PROT_READ);
}

void *stack_alloc(void)
{
	unsigned long flags = spin_lock_irq(&area_lock);
	uint64_t va = area_take(2 * STACK_SIZE, 2 * STACK_SIZE);
	bool ok = va != 0;

	/* The lower half stays absent. */
	for (uint64_t at = STACK_SIZE; ok && at < 2 * STACK_SIZE; at += PAGE_SIZE) {
		void *page = page_alloc_virt();

		ok = page && map_range(va + at, virt_to_hpa(page).v, PAGE_SIZE, PROT_DATA);
	}
	spin_unlock_irq(&area_lock, flags);
	return ok ? (void *)(uintptr_t)(va + 2 * STACK_SIZE) : NULL;
}

/* RAM
 * -----------------------------------------------------------------------------------------------
 */

static uint64_t direct_va(uint64_t a)
{
	return a - DIRECT_FIRST + DIRECT_BASE;
}

/* A range of the direct map; what of it is the image's text and constants, read-only. */
static bool map_direct(uint64_t start, uint64_t end)
{
	uint64_t fixed = image_base.v, fixed_end = fixed + (uintptr_t)(_rodata_end - _image_start);
	uint64_t a = MIN(MAX(start, fixed), end), b = MIN(MAX(start, fixed_end), end);

	return map_range(direct_va(start), start, a - start, PROT_DATA) &&
	       map_range(direct_va(a), a, b - a, PROT_READ) &&
	       map_range(direct_va(b), b, end - b, PROT_DATA);
}

static void map_frame_table(uint64_t start, uint64_t end)
{
	uint64_t bytes = sizeof(struct page_info) << SECTION_SHIFT;

	for (uint64_t s = (start - DIRECT_FIRST) >> (SECTION_SHIFT + PAGE_SHIFT);
	     s <= (end - 1 - DIRECT_FIRST) >> (SECTION_SHIFT + PAGE_SHIFT); s++) {
		if (test_bit((unsigned int)s, section_map)) {
			continue;
		}
		if (!map_range(FRAMETABLE_BASE + s * bytes, virt_to_hpa(boot_alloc(bytes)).v, bytes,
			       PROT_DATA)) {
			boot_fail("no memory for the frame table");
		}
		set_bit((unsigned int)s, section_map);
	}
}

void paging_init(void)
{
	layout_set_first(boot_info.memory[0].start);
	platform_reserve(image_base.v, image_base.v + (uintptr_t)(_image_end - _image_start));
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		struct memory_range *r = &boot_info.memory[i];

		if (r->type != MEMORY_RAM) {
			continue;
		}
		if (r->end > direct_end()) {
			log_warn("memory: nothing from %" PRIx64 " on is used\n",
				 MAX(r->start, direct_end()));
			r->start = MIN(r->start, direct_end());
			r->end = direct_end();
		}
		if (!map_direct(ROUND_UP(r->start, PAGE_SIZE), ROUND_DOWN(r->end, PAGE_SIZE))) {
			boot_fail("memory lies in too many pieces");
		}
		max_ram_frame = MAX(max_ram_frame, r->end >> PAGE_SHIFT);
	}
	for (unsigned int i = 0; i < boot_info.module_count; i++) {
		const struct boot_module *m = &boot_info.modules[i];

		if (m->start.v + m->size > direct_end()) {
			boot_fail("boot module %u lies in memory that cannot be used", i);
		}
	}
	direct_ready = true;
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		if (r->type == MEMORY_RAM && r->end > r->start) {
			map_frame_table(r->start, r->end);
		}
	}
}

void paging_frames_ready(void)
{
	frames_ready = true;
}

/* Caches
 * -------------------------------------------------------------------------------------------- */

static uint64_t line_size(unsigned int shift)
{
	return (uint64_t)4 << ((read_sysreg(ctr_el0) >> shift) & 15);
}

void cache_clean_range(const void *p, size_t len)
{
	uint64_t line = line_size(16), end = (uintptr_t)p + len;

	for (uint64_t a = ROUND_DOWN((uint64_t)(uintptr_t)p, line); a < end; a += line) {
		cache_line_clean((uintptr_t)a);
	}
	dsb(sy);
}

void cache_clean_invalidate_range(const void *p, size_t len)
{
	uint64_t line = line_size(16), end = (uintptr_t)p + len;

	for (uint64_t a = ROUND_DOWN((uint64_t)(uintptr_t)p, line); a < end; a += line) {
		cache_line_clean_invalidate((uintptr_t)a);
	}
	dsb(sy);
}

/* The devices' tables of the IOMMU code in common/, and what guests' devices see. */
void arch_cache_clean(const void *p, size_t len)
{
	cache_clean_range(p, len);
}

const bool arch_grant_cache_flush = true;

void arch_cache_clean_invalidate(const void *p, size_t len)
{
	cache_clean_invalidate_range(p, len);
}
