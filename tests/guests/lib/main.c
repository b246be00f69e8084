/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict. */
#include "guest.h"

static unsigned failure_count;
static char first_failure[160];

void guest_end(void)
{
	if (failure_count) {
		printf("VERDICT %s FAIL: %s%s\n", guest_name, first_failure,
		       failure_count > 1 ? " (and more)" : "");
	} else {
		printf("VERDICT %s PASS\n", guest_name);
	}
	guest_power_off();
}

void guest_skip(const char *fmt, ...)
{
	char text[160];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	printf("VERDICT %s SKIP: %s\n", guest_name, text);
	guest_power_off();
}

static void note_failure(const char *text)
{
	printf("failure: %s\n", text);
	if (!failure_count++) {
		snprintf(first_failure, sizeof(first_failure), "%s", text);
	}
}

static const char *base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++) {
		if (*path == '/') {
			base = path + 1;
		}
	}
	return base;
}

void guest_fail(const char *file, int line, const char *what, const char *fmt, ...)
{
	char text[160];
	int n;
	__builtin_va_list ap;

	n = snprintf(text, sizeof(text), "%s:%d: %s ", base_name(file), line, what);
	if (n < (int)sizeof(text)) {
		__builtin_va_start(ap, fmt);
		vsnprintf(text + n, sizeof(text) - n, fmt, ap);
		__builtin_va_end(ap);
	}
	note_failure(text);
}

bool guest_compare(const char *file, int line, const char *what, long long got,
		   long long want)
{
	char text[160];

	if (got == want) {
		return true;
	}
	snprintf(text, sizeof(text), "%s:%d: %s is %lld (%#llx), not %lld (%#llx)", base_name(file),
		 line, what, got, got, want, want);
	note_failure(text);
	return false;
}
