/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runtime of -fsanitize=undefined for debug builds. Each finding is one line and a backtrace; the machine goes on, and
 * the tests fail on the line. The shapes of the data are gcc's (ubsan.c of its runtime documents them).
 */
#include <asm/traps.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/ubsan.h>

struct source_location {
	const char *file;
	uint32_t line, column;
};

#define REPORTS_MAX 20

static void report(const char *what, const void *data)
{
	static unsigned int count;
	struct source_location at;

	if (__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) >= REPORTS_MAX) {
		return;
	}
	/* Every data block starts with the location, save for those that report by other means. */
	memcpy(&at, data, sizeof(at));
	log_err("UBSan: %s at %s:%u:%u\n", what, at.file, at.line, at.column);
	backtrace((uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_frame_address(0));
}

#define HANDLER(name, text)                                                                        \
	void __ubsan_handle_##name(void *data, void *a, void *b)                                   \
	{                                                                                          \
		report(text, data);                                                                \
	}

HANDLER(add_overflow, "signed addition overflow")
HANDLER(sub_overflow, "signed subtraction overflow")
HANDLER(mul_overflow, "signed multiplication overflow")
HANDLER(negate_overflow, "negation overflow")
HANDLER(divrem_overflow, "division overflow")
HANDLER(shift_out_of_bounds, "shift out of bounds")
HANDLER(out_of_bounds, "index out of bounds")
HANDLER(type_mismatch_v1, "null or misused pointer")
HANDLER(load_invalid_value, "load of an invalid value")
HANDLER(pointer_overflow, "pointer overflow")
HANDLER(vla_bound_not_positive, "array bound not positive")
HANDLER(nonnull_arg, "null argument")
HANDLER(invalid_builtin, "invalid argument of a builtin")
HANDLER(alignment_assumption, "alignment assumption broken")

void __ubsan_handle_builtin_unreachable(void *data)
{
	report("unreachable code reached", data);
	panic("unreachable code reached");
}

void __ubsan_handle_missing_return(void *data)
{
	report("function without return", data);
	panic("function without return");
}

void __ubsan_handle_nonnull_return_v1(void *data, void *location)
{
	report("null returned", location);
}
