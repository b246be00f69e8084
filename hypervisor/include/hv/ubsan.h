/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Called by code that gcc instruments; nobody else does. */
#define UBSAN_HANDLER(name) void __ubsan_handle_##name(void *data, void *a, void *b)
UBSAN_HANDLER(add_overflow);
UBSAN_HANDLER(sub_overflow);
UBSAN_HANDLER(mul_overflow);
UBSAN_HANDLER(negate_overflow);
UBSAN_HANDLER(divrem_overflow);
UBSAN_HANDLER(shift_out_of_bounds);
UBSAN_HANDLER(out_of_bounds);
UBSAN_HANDLER(type_mismatch_v1);
UBSAN_HANDLER(load_invalid_value);
UBSAN_HANDLER(pointer_overflow);
UBSAN_HANDLER(vla_bound_not_positive);
UBSAN_HANDLER(nonnull_arg);
UBSAN_HANDLER(invalid_builtin);
UBSAN_HANDLER(alignment_assumption);
void __ubsan_handle_builtin_unreachable(void *data);
void __ubsan_handle_missing_return(void *data);
void __ubsan_handle_nonnull_return_v1(void *data, void *location);
