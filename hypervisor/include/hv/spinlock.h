/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>
#include <asm/processor.h>

/*
 * A ticket lock: fair, not recursive. A lock that is taken in interrupt context is taken with
 * interrupts off everywhere (the _irq forms).
 */
struct spinlock {
	uint16_t next, serving;
};

#define SPINLOCK_INIT	{ 0, 0 }

static inline void spin_lock_init(struct spinlock *l)
{
	*l = (struct spinlock)SPINLOCK_INIT;
}

static inline void spin_lock(struct spinlock *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	while (unlikely(__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket)) {
		cpu_relax();
	}
}

static inline bool spin_trylock(struct spinlock *l)
{
	uint16_t serving = __atomic_load_n(&l->serving, __ATOMIC_ACQUIRE);
	uint16_t expected = serving;

	return __atomic_compare_exchange_n(&l->next, &expected, (uint16_t)(serving + 1), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->serving, (uint16_t)(l->serving + 1), __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return READ_ONCE(l->next) != READ_ONCE(l->serving);
}

/* Returns the flags to hand to spin_unlock_irq. */
static inline __must_check unsigned long spin_lock_irq(struct spinlock *l)
{
	unsigned long flags = irq_save();

	spin_lock(l);
	return flags;
}

static inline void spin_unlock_irq(struct spinlock *l, unsigned long flags)
{
	spin_unlock(l);
	irq_restore(flags);
}

/* Takes two locks of one kind in order of address; a may equal b. */
static inline void spin_lock_two(struct spinlock *a, struct spinlock *b)
{
	if (a == b) {
		spin_lock(a);
		return;
	}
	spin_lock(a < b ? a : b);
	spin_lock(a < b ? b : a);
}

static inline void spin_unlock_two(struct spinlock *a, struct spinlock *b)
{
	spin_unlock(a);
	if (a != b) {
		spin_unlock(b);
	}
}

/* Readers share, one writer excludes; a waiting writer holds off new readers. Not for interrupts. */
struct rwlock {
	uint32_t state;			/* count of readers; bit 31: held by a writer, bit 30: one waits */
};

#define RWLOCK_INIT	{ 0 }
#define RWLOCK_WRITER	BIT(31)
#define RWLOCK_WAITING	BIT(30)

static inline void read_lock(struct rwlock *l)
{
	for (;;) {
		uint32_t s = READ_ONCE(l->state);

		if (!(s & (RWLOCK_WRITER | RWLOCK_WAITING)) &&
		    __atomic_compare_exchange_n(&l->state, &s, s + 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			return;
		}
		cpu_relax();
	}
}

static inline void read_unlock(struct rwlock *l)
{
	__atomic_sub_fetch(&l->state, 1, __ATOMIC_RELEASE);
}

static inline void write_lock(struct rwlock *l)
{
	for (;;) {
		uint32_t s = READ_ONCE(l->state) & RWLOCK_WAITING;
		uint32_t free = s;

		if (__atomic_compare_exchange_n(&l->state, &free, (uint32_t)RWLOCK_WRITER, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			return;
		}
		__atomic_or_fetch(&l->state, (uint32_t)RWLOCK_WAITING, __ATOMIC_RELAXED);
		cpu_relax();
	}
}

static inline void write_unlock(struct rwlock *l)
{
	__atomic_and_fetch(&l->state, (uint32_t)~RWLOCK_WRITER, __ATOMIC_RELEASE);
}
