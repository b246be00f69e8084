/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harness's own half, which alone knows libc; and the hypervisor's log and panic. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include <hv/log.h>

void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
int main(int argc, char **argv);

char unit_last_log[512];
unsigned int unit_log_count;

static struct unit_test *tests, **tests_end = &tests;
static char reason[1024];
static pthread_mutex_t reason_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local jmp_buf *test_end, *panic_end;

void unit_register(struct unit_test *t)
{
	*tests_end = t;
	tests_end = &t->next;
}

static void fail_with(const char *where, int line, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0), noreturn));

static void fail_with(const char *where, int line, const char *fmt, va_list ap)
{
	char text[800];

	vsnprintf(text, sizeof(text), fmt, ap);
	pthread_mutex_lock(&reason_lock);
	if (!reason[0]) {
		snprintf(reason, sizeof(reason), "%s:%d: %s", where, line, text);
	}
	pthread_mutex_unlock(&reason_lock);
	if (test_end) {
		longjmp(*test_end, 1);
	}
	pthread_exit(NULL);
}

void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_with(file, line, fmt, ap);
}

void unit_check_str(const char *file, int line, const char *got, const char *want)
{
	if (strcmp(got, want) != 0) {
		unit_fail(file, line, "\"%s\", not \"%s\"", got, want);
	}
}

void panic(const char *fmt, ...)
{
	va_list ap;

	if (panic_end) {
		longjmp(*panic_end, 1);
	}
	va_start(ap, fmt);
	fail_with("panic", 0, fmt, ap);
}

bool unit_panics(void (*fn)(void *arg), void *arg)
{
	jmp_buf end, *outer = panic_end;
	bool panicked;

	panic_end = &end;
	if (!setjmp(end)) {
		fn(arg);
		panicked = false;
	} else {
		panicked = true;
	}
	panic_end = outer;
	return panicked;
}

static void keep_log(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static void keep_log(const char *fmt, va_list ap)
{
	pthread_mutex_lock(&reason_lock);
	vsnprintf(unit_last_log, sizeof(unit_last_log), fmt, ap);
	unit_log_count++;
	if (getenv("UNIT_LOG")) {
		fputs(unit_last_log, stderr);
	}
	pthread_mutex_unlock(&reason_lock);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep_log(fmt, ap);
	va_end(ap);
}

void log_guest(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep_log(fmt, ap);
	va_end(ap);
}

struct thread {
	pthread_t id;
	void (*fn)(void *arg);
	void *arg;
};

static struct thread threads[UNIT_THREADS];

static void *run_thread(void *opaque)
{
	struct thread *t = opaque;

	t->fn(t->arg);
	return NULL;
}

void unit_thread_start(unsigned int slot, void (*fn)(void *arg), void *arg)
{
	struct thread *t = &threads[slot];

	t->fn = fn;
	t->arg = arg;
	if (slot >= UNIT_THREADS || pthread_create(&t->id, NULL, run_thread, t)) {
		abort();
	}
}

void unit_thread_join(unsigned int slot)
{
	pthread_join(threads[slot].id, NULL);
}

static bool run(struct unit_test *t)
{
	jmp_buf end;

	reason[0] = '\0';
	test_end = &end;
	if (!setjmp(end)) {
		t->run();
	}
	test_end = NULL;
	if (reason[0]) {
		printf("not ok - unit %s: %s\n", t->name, reason);
	} else {
		printf("ok - unit %s\n", t->name);
	}
	fflush(stdout);
	return !reason[0];
}

/* With arguments: only the tests so named. */
int main(int argc, char **argv)
{
	bool good = true;

	for (struct unit_test *t = tests; t; t = t->next) {
		bool wanted = argc == 1;

		for (int i = 1; i < argc; i++) {
			wanted = wanted || !strcmp(argv[i], t->name);
		}
		if (wanted) {
			good = run(t) && good;
		}
	}
	return good ? 0 : 1;
}
