/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The host unit tests' harness. A file is one program; each TEST in it is one line of the result:
 * "ok - unit NAME" or "not ok - unit NAME: reason". A failed CHECK_* ends its test (in another thread:
 * that thread) and fails it.
 */
#include <hv/types.h>

struct unit_test {
	const char *name;
	void (*run)(void);
	struct unit_test *next;
};

void unit_register(struct unit_test *t);
void unit_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));

#define TEST(id)                                                                                   \
	static void test_##id(void);                                                               \
	static struct unit_test unit_##id = { #id, test_##id, NULL };                              \
	__attribute__((constructor)) static void register_##id(void)                               \
	{                                                                                          \
		unit_register(&unit_##id);                                                         \
	}                                                                                          \
	static void test_##id(void)

#define CHECK_TRUE(cond)                                                                           \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			unit_fail(__FILE__, __LINE__, "%s", #cond);                                \
		}                                                                                  \
	} while (0)

#define CHECK_EQ(got, want)                                                                        \
	do {                                                                                       \
		long long got_ = (long long)(got), want_ = (long long)(want);                      \
                                                                                                   \
		if (got_ != want_) {                                                               \
			unit_fail(__FILE__, __LINE__, "%s is %lld (0x%llx), not %s = %lld", #got,  \
				  got_, got_, #want, want_);                                       \
		}                                                                                  \
	} while (0)

void unit_check_str(const char *file, int line, const char *got, const char *want);
#define CHECK_STR(got, want) unit_check_str(__FILE__, __LINE__, got, want)

/* True when fn(arg) ends in panic(). */
bool unit_panics(void (*fn)(void *arg), void *arg);
#define CHECK_PANICS(fn, arg) CHECK_TRUE(unit_panics(fn, arg))

/* Threads. At most UNIT_THREADS at a time. */
#define UNIT_THREADS	8
void unit_thread_start(unsigned int slot, void (*fn)(void *arg), void *arg);
void unit_thread_join(unsigned int slot);

/* The same sequence for the same seed, on every machine. */
struct unit_random {
	uint64_t state;
};
static inline uint64_t unit_random(struct unit_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* The last text that log_printf got, and how many lines so far. */
extern char unit_last_log[512];
extern unsigned int unit_log_count;
