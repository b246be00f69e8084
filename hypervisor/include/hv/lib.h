/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdarg.h>
#include <hv/types.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

/* Copies at most size - 1 bytes and always terminates (size > 0). Returns strlen(src). */
size_t str_copy(char *dst, const char *src, size_t size);

/*
 * Parses an unsigned number in base 10, or 16 after "0x" (base 0), stops at the first other byte and
 * stores its place in *end. On overflow returns ~0.
 */
uint64_t str_to_u64(const char *s, const char **end, unsigned int base);

/*
 * The usual printf conversions d i u x X o c s p % with flags, width, precision and hh h l ll z j; no
 * floating point. Always terminates when size > 0; returns the length that the whole text would have.
 */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* One of our own invariants is broken: prints, dumps a symbolised backtrace, stops every CPU. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/* Always checked; never for anything that a guest, device or file can cause. */
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (unlikely(!(cond))) {                                                           \
			panic("check failed: %s, %s:%d", #cond, __FILE__, __LINE__);               \
		}                                                                                  \
	} while (0)

/* Checked in debug builds; type-checked always. */
#define ASSERT(cond)                                                                               \
	do {                                                                                       \
		if (HV_DEBUG && unlikely(!(cond))) {                                               \
			panic("assertion failed: %s, %s:%d", #cond, __FILE__, __LINE__);           \
		}                                                                                  \
	} while (0)
