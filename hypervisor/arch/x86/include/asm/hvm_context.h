/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

struct domain;
struct xen_domctl;

/* XEN_DOMCTL_gethvmcontext, sethvmcontext and gethvmcontext_partial. The domain is another one; it is paused here. */
long hvm_context_domctl(struct xen_domctl *op, struct domain *d, bool *copy_back);
