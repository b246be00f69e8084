/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects: one slab is one frame, its header says which class and which slots are in use. An object
 * never starts at a frame's first byte, so an address that does is a block of whole frames.
 *
 * Locks: each class has its own (interrupts off); the frame allocator's is below it.
 */
#include <hv/bitops.h>
#include <hv/lib.h>
#include <hv/list.h>
#include <hv/page.h>
#include <hv/spinlock.h>

#define SLAB_MAGIC	0x51ab51abu
#define SLAB_HEADER	64
#define SLOTS_MAX	128 /* of the smallest class */
#define LARGE_ORDER_MAX	ORDER_2M

struct slab {
	struct list_head list;		/* (class lock) on the class's list when it has a free slot */
	uint32_t magic;
	uint16_t class, used;
	unsigned long bitmap[BITS_TO_LONGS(SLOTS_MAX)]; /* slots in use */
};

static_assert(sizeof(struct slab) <= SLAB_HEADER, "the header must not reach the first slot");

/* Multiples of 64 from 64 on, so that such objects start on a cache line. */
static const uint16_t class_size[] = {
	32, 64, 128, 192, 256, 320, 448, 576, 768, 960, 1344, 1984,
};

static struct {
	struct spinlock lock;
	struct list_head partial;
	bool ready;
} classes[ARRAY_SIZE(class_size)];

static unsigned int slots_of(unsigned int class)
{
	return (PAGE_SIZE - SLAB_HEADER) / class_size[class];
}

static struct slab *slab_create(unsigned int class)
{
	struct slab *s = page_alloc_virt();

	if (s) {
		s->magic = SLAB_MAGIC;
		s->class = (uint16_t)class;
		list_init(&s->list);
	}
	return s;
}

/* (class lock) A slot of a slab that has one. */
static void *slab_take(struct slab *s)
{
	unsigned int slots = slots_of(s->class), i = 0;

	while (test_bit(i, s->bitmap)) {
		/* A full word is skipped at once. */
		i = i % BITS_PER_LONG == 0 && s->bitmap[i / BITS_PER_LONG] == ~0UL ?
			    i + BITS_PER_LONG : i + 1;
	}
	CHECK(i < slots);
	__set_bit(i, s->bitmap);
	if (++s->used == slots) {
		list_del(&s->list);
	}
	return (char *)s + SLAB_HEADER + (size_t)i * class_size[s->class];
}

static void *slab_alloc(unsigned int class)
{
	unsigned long irq = spin_lock_irq(&classes[class].lock);
	void *p;

	if (!classes[class].ready) {
		list_init(&classes[class].partial);
		classes[class].ready = true;
	}
	if (list_empty(&classes[class].partial)) {
		struct slab *s;

		spin_unlock_irq(&classes[class].lock, irq);
		s = slab_create(class);
		if (!s) {
			return NULL;
		}
		irq = spin_lock_irq(&classes[class].lock);
		list_add(&s->list, &classes[class].partial);
	}
	p = slab_take(list_first(&classes[class].partial, struct slab, list));
	spin_unlock_irq(&classes[class].lock, irq);
	memset(p, 0, class_size[class]);
	return p;
}

static void slab_free(struct slab *s, void *p)
{
	unsigned int class = s->class, slot, slots;
	bool empty = false;
	unsigned long irq;

	CHECK(s->magic == SLAB_MAGIC && class < ARRAY_SIZE(class_size));
	slots = slots_of(class);
	slot = (unsigned int)(((char *)p - (char *)s - SLAB_HEADER) / class_size[class]);
	irq = spin_lock_irq(&classes[class].lock);
	/* Catches a second hv_free and an address in the middle of an object. */
	CHECK(slot < slots && test_bit(slot, s->bitmap) &&
	      (char *)s + SLAB_HEADER + (size_t)slot * class_size[class] == (char *)p);
	__clear_bit(slot, s->bitmap);
	if (s->used-- == slots) {
		list_add(&s->list, &classes[class].partial);
	}
	/* The last partial slab stays, so that one object coming and going costs no frame each time. */
	if (!s->used && classes[class].partial.next != classes[class].partial.prev) {
		list_del(&s->list);
		empty = true;
	}
	spin_unlock_irq(&classes[class].lock, irq);
	if (empty) {
		s->magic = 0;
		page_free_virt(s);
	}
}

void *hv_alloc(size_t size)
{
	unsigned int order = 0;
	struct page_info *pg;

	for (unsigned int c = 0; c < ARRAY_SIZE(class_size); c++) {
		if (size <= class_size[c]) {
			return slab_alloc(c);
		}
	}
	while (order <= LARGE_ORDER_MAX && (PAGE_SIZE << order) < size) {
		order++;
	}
	if (order > LARGE_ORDER_MAX) {
		return NULL;
	}
	pg = page_alloc(order, ALLOC_ZERO);
	return pg ? page_to_virt(pg) : NULL;
}

void hv_free(void *p)
{
	uint64_t offset = (uintptr_t)p & ~PAGE_MASK;
	struct page_info *pg;

	if (!p) {
		return;
	}
	if (offset) {
		slab_free((struct slab *)((char *)p - offset), p);
		return;
	}
	pg = virt_to_page(p);
	CHECK(!(pg->flags & PAGE_FREE) && pg->order <= LARGE_ORDER_MAX);
	page_free(pg, pg->order);
}
