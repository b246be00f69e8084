/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)		((a) < (b) ? (a) : (b))
#define MAX(a, b)		((a) > (b) ? (a) : (b))
/* align must be a power of two. */
#define ROUND_DOWN(x, align)	((x) & ~((__typeof__(x))(align) - 1))
#define ROUND_UP(x, align)	ROUND_DOWN((x) + (align) - 1, align)
#define IS_ALIGNED(x, align)	(((x) & ((__typeof__(x))(align) - 1)) == 0)
#define DIV_ROUND_UP(x, d)	(((x) + (d) - 1) / (d))
#define static_assert		_Static_assert
/* Of 64 bits on every arch: addresses, frame numbers and page tables are wider than a long can be. */
#define BIT(n)			((uint64_t)1 << (n))
#define KIB(x)			((uint64_t)(x) << 10)
#define MIB(x)			((uint64_t)(x) << 20)
#define GIB(x)			((uint64_t)(x) << 30)

/* For printf: what stands between % and the conversion of an int64_t or uint64_t. */
#if __SIZEOF_LONG__ == 8
#define PRI64 "l"
#else
#define PRI64 "ll"
#endif
#define PRIx64 PRI64 "x"
#define PRIu64 PRI64 "u"
#define PRId64 PRI64 "d"

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define __must_check		__attribute__((warn_unused_result))
#define __packed		__attribute__((packed))
#define __aligned(n)		__attribute__((aligned(n)))
#define __noreturn		__attribute__((noreturn))
#define __noinline		__attribute__((noinline))
#define __printf(f, a)		__attribute__((format(printf, f, a)))
#define __cacheline		__aligned(64)
/* Linked into the part of the image that is given back after boot. */
#define __section(s)		__attribute__((section(s)))

/* One access, never split, merged or repeated by the compiler. */
#define READ_ONCE(x)		__atomic_load_n((const volatile __typeof__(x) *)&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)                                                                           \
	__atomic_store_n((volatile __typeof__(x) *)&(x), (__typeof__(x))(v), __ATOMIC_RELAXED)
#define barrier()		__asm__ volatile("" ::: "memory")
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
