/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's address space. Direct map of RAM (RW, NX), frame table, image (text RX, constants R, the rest
 * RW NX), and a region for device mappings and guarded stacks. All CPUs share the tables; after boot only the
 * vmap region changes, under vmap_lock, and its table pages come from the frame allocator.
 */
#include <asm/boot.h>
#include <asm/cpu.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <hv/bitops.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define PTE_P		BIT(0)
#define PTE_W		BIT(1)
#define PTE_PWT		BIT(3)
#define PTE_PCD		BIT(4)
#define PTE_A		BIT(5)
#define PTE_D		BIT(6)
#define PTE_LARGE	BIT(7)
#define PTE_G		BIT(8)
#define PTE_NX		BIT(63)
#define PTE_ADDR	0x000ffffffffff000UL
#define PROT_RW		(PTE_P | PTE_W | PTE_A | PTE_D | PTE_G | PTE_NX)
#define PROT_RO		(PTE_P | PTE_A | PTE_G | PTE_NX)
#define PROT_RX		(PTE_P | PTE_A | PTE_G)
#define PROT_UC		(PROT_RW | PTE_PCD | PTE_PWT)

/* The frame table exists in sections of 256 MiB of RAM; one bit each up to 64 TiB. */
#define SECTION_SHIFT	16
#define SECTION_COUNT	(BIT(46) >> (SECTION_SHIFT + PAGE_SHIFT))
#define VMAP_PAGES	(64UL * 1024)		/* 256 MiB of address space */

static uint64_t *pml4;
static uint64_t image_phys = IMAGE_LMA;
static unsigned long section_map[SECTION_COUNT / BITS_PER_LONG];
static uint64_t max_ram_frame;
static bool frames_ready;			/* the frame allocator serves table pages */

static struct spinlock vmap_lock = SPINLOCK_INIT;
static unsigned long vmap_used[VMAP_PAGES / BITS_PER_LONG];

hpa_t virt_to_hpa(const void *p)
{
	uintptr_t va = (uintptr_t)p;

	return hpa(va >= IMAGE_BASE ? va - IMAGE_BASE + image_phys : va - DIRECTMAP_BASE);
}

bool mfn_valid(mfn_t m)
{
	return m.v < max_ram_frame && test_bit((unsigned int)(m.v >> SECTION_SHIFT), section_map);
}

mfn_t page_max_mfn(void)
{
	return mfn(max_ram_frame);
}

static uint64_t *new_table(void)
{
	if (frames_ready) {
		return page_alloc_virt();
	}
	return hpa_to_virt(boot_alloc(PAGE_SIZE, PAGE_SIZE));
}

/* The entry for va at the level (1 = 4 KiB); makes tables on the way. NULL: no memory. */
static uint64_t *entry_of(uint64_t va, unsigned int level)
{
	uint64_t *table = pml4;

	for (unsigned int l = 4; l > level; l--) {
		uint64_t *e = &table[(va >> (PAGE_SHIFT + 9 * (l - 1))) & 511];

		if (!(*e & PTE_P)) {
			uint64_t *t = new_table();

			if (!t) {
				return NULL;
			}
			*e = virt_to_hpa(t).v | PTE_P | PTE_W | PTE_A;
		}
		table = hpa_to_virt(hpa(*e & PTE_ADDR));
	}
	return &table[(va >> (PAGE_SHIFT + 9 * (level - 1))) & 511];
}

/* Boot: maps [pa, pa + len) with the largest pages that fit. */
static void map_range(uint64_t va, uint64_t pa, uint64_t len, uint64_t prot, bool have_1g)
{
	while (len) {
		unsigned int level = 1;
		uint64_t size = PAGE_SIZE;

		if (have_1g && IS_ALIGNED(va | pa, GIB(1)) && len >= GIB(1)) {
			level = 3;
			size = GIB(1);
		} else if (IS_ALIGNED(va | pa, MIB(2)) && len >= MIB(2)) {
			level = 2;
			size = MIB(2);
		}
		*entry_of(va, level) = pa | prot | (level > 1 ? PTE_LARGE : 0);
		va += size;
		pa += size;
		len -= size;
	}
}

static void map_frame_table(uint64_t start, uint64_t end, bool have_1g)
{
	for (uint64_t s = start >> (SECTION_SHIFT + PAGE_SHIFT);
	     s <= (end - 1) >> (SECTION_SHIFT + PAGE_SHIFT) && s < SECTION_COUNT; s++) {
		uint64_t bytes = sizeof(struct page_info) << SECTION_SHIFT;
		hpa_t pa;

		if (test_bit((unsigned int)s, section_map)) {
			continue;
		}
		__set_bit((unsigned int)s, section_map);
		pa = boot_alloc(bytes, MIB(2));
		map_range(FRAMETABLE_BASE + s * bytes, pa.v, bytes, PROT_RW, have_1g);
	}
}

static void map_image(uint64_t base)
{
	uint64_t text = (uint64_t)(_text_end - _image_start);
	uint64_t ro = (uint64_t)(_rodata_end - _image_start);
	uint64_t all = (uint64_t)(_image_end - _image_start);

	for (uint64_t off = 0; off < all; off += PAGE_SIZE) {
		uint64_t prot = off < text ? PROT_RX : off < ro ? PROT_RO : PROT_RW;

		*entry_of(IMAGE_BASE + off, 1) = (base + off) | prot;
	}
}

void paging_init(void)
{
	bool have_1g = cpuid(0x80000001, 0).edx & BIT(26);
	uint64_t image_len = (uint64_t)(_image_end - _image_start);
	hpa_t base = boot_alloc(image_len, MIB(2));

	pml4 = hpa_to_virt(boot_alloc(PAGE_SIZE, PAGE_SIZE));
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];
		uint64_t end = MIN(r->end, BIT(46));

		if (r->type != MEMORY_RAM || r->start >= end) {
			continue;
		}
		map_range(DIRECTMAP_BASE + r->start, r->start, end - r->start, PROT_RW, have_1g);
		map_frame_table(r->start, end, have_1g);
		max_ram_frame = MAX(max_ram_frame, end >> PAGE_SHIFT);
	}
	map_image(base.v);
	/* The vmap region's upper tables exist from the start, so that tables stay shared by all CPUs. */
	(void)entry_of(VMAP_BASE, 2);
	image_phys = base.v;
	boot_switch_image(hpa_to_virt(base), _image_start, image_len, virt_to_hpa(pml4).v);
	log_info("memory: the hypervisor's image moved to %lx\n", base.v);
}

void paging_frames_ready(void)
{
	frames_ready = true;
}

uint64_t paging_cr3(void)
{
	return virt_to_hpa(pml4).v;
}

/* First fit of n + 1 pages: the one in front stays unmapped, so overruns of neighbours fault. */
static uint64_t vmap_reserve(unsigned int n)
{
	unsigned int at = 0;

	while (at + n + 1 <= VMAP_PAGES) {
		unsigned int start = find_next_zero_bit(vmap_used, VMAP_PAGES, at);
		unsigned int end;

		if (start + n + 1 > VMAP_PAGES) {
			break;
		}
		end = find_next_bit(vmap_used, start + n + 1, start);
		if (end >= start + n + 1) {
			for (unsigned int i = start; i < end; i++) {
				__set_bit(i, vmap_used);
			}
			return VMAP_BASE + ((uint64_t)start + 1) * PAGE_SIZE;
		}
		at = end + 1;
	}
	return 0;
}

static void *vmap_range(uint64_t pa, size_t len, uint64_t prot)
{
	unsigned int pages = (unsigned int)((ROUND_UP(pa + len, PAGE_SIZE) - ROUND_DOWN(pa, PAGE_SIZE)) >>
					    PAGE_SHIFT);
	uint64_t va;

	if (!len || pa + len < pa || len > VMAP_PAGES * PAGE_SIZE / 2) {
		return NULL;
	}
	spin_lock(&vmap_lock);
	va = vmap_reserve(pages);
	for (unsigned int i = 0; va && i < pages; i++) {
		uint64_t *e = entry_of(va + i * PAGE_SIZE, 1);

		if (!e) {
			va = 0;
			break;
		}
		*e = (ROUND_DOWN(pa, PAGE_SIZE) + i * PAGE_SIZE) | prot;
	}
	spin_unlock(&vmap_lock);
	return va ? (void *)(va + (pa & ~PAGE_MASK)) : NULL;
}

static void flush_all(void *arg)
{
	uint64_t cr4 = read_cr4();

	write_cr4(cr4 & ~CR4_PGE);
	write_cr4(cr4);
}

static void vunmap(const void *p)
{
	uint64_t va = ROUND_DOWN((uint64_t)p, PAGE_SIZE);
	unsigned int first = (unsigned int)((va - VMAP_BASE) >> PAGE_SHIFT), n = 0;

	if (!p) {
		return;
	}
	spin_lock(&vmap_lock);
	for (;; n++) {
		uint64_t *e = entry_of(va + n * PAGE_SIZE, 1);

		if (!e || !(*e & PTE_P)) {
			break;
		}
		*e = 0;
	}
	spin_unlock(&vmap_lock);
	if (cpu_online_map) {
		cpu_call(cpu_online_map, flush_all, NULL);
	} else {
		flush_all(NULL);
	}
	spin_lock(&vmap_lock);
	for (unsigned int i = first - 1; i < first + n; i++) {
		__clear_bit(i, vmap_used);
	}
	spin_unlock(&vmap_lock);
}

volatile void *ioremap(hpa_t start, size_t len)
{
	return vmap_range(start.v, len, PROT_UC);
}

void iounmap(volatile void *p)
{
	vunmap((const void *)(uintptr_t)p);
}

const void *map_firmware(hpa_t start, size_t len)
{
	return vmap_range(start.v, len, PROT_RO);
}

void unmap_firmware(const void *p)
{
	vunmap(p);
}

void *stack_alloc(size_t size)
{
	unsigned int pages = (unsigned int)(size >> PAGE_SHIFT);
	uint64_t va;

	spin_lock(&vmap_lock);
	va = vmap_reserve(pages);
	for (unsigned int i = 0; va && i < pages; i++) {
		uint64_t *e = entry_of(va + i * PAGE_SIZE, 1);
		void *page = page_alloc_virt();

		if (!e || !page) {
			va = 0;
			break;
		}
		*e = virt_to_hpa(page).v | PROT_RW;
	}
	spin_unlock(&vmap_lock);
	return va ? (void *)(va + size) : NULL;
}
