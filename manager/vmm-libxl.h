/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by vmm-libxl*.c, the real backend. */
#pragma once

#include "vmm.h"

#include <libxl.h>

/*
 * One operation's libxl context. libxl holds a context's lock while it builds a domain, so
 * operations do not share them. It keeps what libxl logs as an error, for the message; and its
 * children are reaped by a thread each, which tells the context: GLib is not asked to share SIGCHLD
 * with libxl.
 */
typedef struct Context Context;

/* NULL with FAILED when there is no Xen, or no right to it. */
Context *context_new(GError **error);
void context_free(Context *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Context, context_free)
libxl_ctx *context_libxl(Context *context);
/* libxl's error @rc as ours: "what: libxl's own words". Always false. */
bool context_fail(Context *context, int rc, const char *what, GError **error);

/* An operation of libxl that is started with an asyncop_how and can be aborted. */
typedef int (*ContextStart)(libxl_ctx *ctx, const libxl_asyncop_how *how, void *data);
/* Start it, and wait for it in this thread; a cancel aborts it. Returns libxl's rc. */
int context_wait(Context *context, ContextStart start, void *data, GCancellable *cancellable);

/* vmm-libxl-config.c: to be disposed of by libxl_domain_config_dispose(), also on failure. */
bool config_to_libxl(Context *context, const VmmSpec *spec, libxl_domain_config *config,
		     GError **error);
