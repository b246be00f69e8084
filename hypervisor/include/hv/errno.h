/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The error numbers of the ABI (xen/errno.h), under their plain names. Functions return them negated.
 */
#define XEN_ERRNO(name, value)	name = value,
enum hv_errno {
#include <xen/errno.h>
	/* Internal, never seen by a guest: execute the hypercall again (hypercall_restart). */
	ERESTART = 85,
};
