/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm-libxl.h"

#include "error.h"

#include <errno.h>
#include <libxl_event.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERRORS_MAX   600
#define ABORT_TRY_US 200000

struct Context {
	xentoollog_logger logger; /* first: libxl gives it back to us */
	libxl_ctx *ctx;
	GMutex lock; /* what follows; leaf */
	GCond cond;
	GString *errors;
	guint child_count;
};

typedef struct {
	Context *context;
	pid_t pid;
} Child;

static void log_message(xentoollog_logger *logger, xentoollog_level level, int saved_errno,
			const char *from, const char *format, va_list args) G_GNUC_PRINTF(5, 0);

static void log_message(xentoollog_logger *logger, xentoollog_level level, int saved_errno,
			const char *from, const char *format, va_list args)
{
	Context *context = (Context *)logger;
	g_autofree char *text = g_strdup_vprintf(format, args);

	if (saved_errno > 0) {
		char *longer = g_strdup_printf("%s: %s", text, g_strerror(saved_errno));

		g_free(text);
		text = longer;
	}
	if (level < XTL_ERROR) {
		g_debug("libxl: %s", text);
		return;
	}
	g_message("libxl: %s", text);
	g_mutex_lock(&context->lock);
	if (context->errors->len < ERRORS_MAX) {
		g_string_append_printf(context->errors, "%s%s", context->errors->len ? "; " : "",
				       text);
	}
	g_mutex_unlock(&context->lock);
}

static gpointer child_wait(gpointer data)
{
	Child *child = data;
	Context *context = child->context;
	int status = 0;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
		continue;
	}
	libxl_childproc_reaped(context->ctx, child->pid, status);
	g_mutex_lock(&context->lock);
	context->child_count--;
	g_cond_signal(&context->cond);
	g_mutex_unlock(&context->lock);
	g_free(child);
	return NULL;
}

static pid_t child_fork(void *user)
{
	Context *context = user;
	pid_t pid = fork();
	Child *child;

	if (pid > 0) {
		child = g_new(Child, 1);
		*child = (Child){context, pid};
		g_mutex_lock(&context->lock);
		context->child_count++;
		g_mutex_unlock(&context->lock);
		g_thread_unref(g_thread_new("libxl-child", child_wait, child));
	}
	return pid;
}

static const libxl_childproc_hooks child_hooks = {
    .chldowner = libxl_sigchld_owner_mainloop,
    .fork_replacement = child_fork,
};

Context *context_new(GError **error)
{
	Context *context = g_new0(Context, 1);
	int rc;

	context->logger.vmessage = log_message;
	context->errors = g_string_new(NULL);
	g_mutex_init(&context->lock);
	g_cond_init(&context->cond);
	rc = libxl_ctx_alloc(&context->ctx, LIBXL_VERSION, 0, &context->logger);
	if (rc) {
		context_fail(context, rc, "cannot reach the hypervisor", error);
		context_free(context);
		return NULL;
	}
	libxl_childproc_setmode(context->ctx, &child_hooks, context);
	return context;
}

void context_free(Context *context)
{
	if (!context) {
		return;
	}
	g_mutex_lock(&context->lock);
	while (context->child_count > 0) {
		g_cond_wait(&context->cond, &context->lock);
	}
	g_mutex_unlock(&context->lock);
	if (context->ctx) {
		libxl_ctx_free(context->ctx);
	}
	g_string_free(context->errors, TRUE);
	g_mutex_clear(&context->lock);
	g_cond_clear(&context->cond);
	g_free(context);
}

libxl_ctx *context_libxl(Context *context)
{
	return context->ctx;
}

static MullionError code_of(int rc)
{
	switch (rc) {
	case ERROR_NOMEM:
		return MULLION_ERROR_NO_MEMORY;
	case ERROR_ABORTED:
		return MULLION_ERROR_CANCELLED;
	case ERROR_DOMAIN_NOTFOUND:
		return MULLION_ERROR_NOT_FOUND;
	case ERROR_NI:
	case ERROR_NOPARAVIRT:
	case ERROR_FEATURE_REMOVED:
		return MULLION_ERROR_NOT_SUPPORTED;
	default:
		return MULLION_ERROR_FAILED;
	}
}

bool context_fail(Context *context, int rc, const char *what, GError **error)
{
	g_mutex_lock(&context->lock);
	g_set_error(error, MULLION_ERROR, (int)code_of(rc), "%s: %s (libxl %d)", what,
		    context->errors->len ? context->errors->str : "no reason was given", rc);
	g_mutex_unlock(&context->lock);
	return false;
}

typedef struct {
	Context *context;
	GCancellable *cancellable;
	libxl_asyncop_how how;
	int over_fd;
} Aborter;

/* libxl_ao_abort() waits for the context's lock, so it must not be called from the thread that
 * cancels. */
static gpointer abort_when_cancelled(gpointer data)
{
	Aborter *aborter = data;
	GPollFD cancel = {-1, 0, 0};
	bool watched = g_cancellable_make_pollfd(aborter->cancellable, &cancel);
	struct pollfd fds[2] = {{aborter->over_fd, POLLIN, 0},
				{watched ? cancel.fd : -1, POLLIN, 0}};

	while (poll(fds, 2, -1) < 0 && errno == EINTR) {
		continue;
	}
	/* An operation between two steps is not found; it will be. */
	while (!(fds[0].revents & POLLIN)) {
		if (libxl_ao_abort(aborter->context->ctx, &aborter->how) == 0) {
			break;
		}
		if (poll(fds, 1, ABORT_TRY_US / 1000) < 0 && errno != EINTR) {
			break;
		}
	}
	if (watched) {
		g_cancellable_release_fd(aborter->cancellable);
	}
	return NULL;
}

static int wait_for_event(Context *context, const libxl_asyncop_how *how)
{
	libxl_event *event;
	int rc;

	do {
		rc = libxl_event_wait(context->ctx, &event,
				      1ULL << LIBXL_EVENT_TYPE_OPERATION_COMPLETE, NULL, NULL);
		if (rc) {
			return rc;
		}
		rc = event->for_user == how->u.for_event ? event->u.operation_complete.rc : 1;
		libxl_event_free(context->ctx, event);
	} while (rc > 0);
	return rc;
}

int context_wait(Context *context, ContextStart start, void *data, GCancellable *cancellable)
{
	Aborter aborter = {context, cancellable, {.callback = NULL}, -1};
	GThread *thread = NULL;
	guint64 one = 1;
	int rc;

	aborter.how.u.for_event = (libxl_ev_user)(uintptr_t)&aborter;
	rc = start(context->ctx, &aborter.how, data);
	if (rc) {
		return rc;
	}
	aborter.over_fd = cancellable ? eventfd(0, EFD_CLOEXEC) : -1;
	if (aborter.over_fd >= 0) {
		thread = g_thread_new("libxl-abort", abort_when_cancelled, &aborter);
	}
	rc = wait_for_event(context, &aborter.how);
	if (thread) {
		if (write(aborter.over_fd, &one, sizeof(one)) < 0) {
			g_warning("eventfd: %s", g_strerror(errno));
		}
		g_thread_join(thread);
		close(aborter.over_fd);
	}
	return rc;
}
