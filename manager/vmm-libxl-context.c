/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm-libxl.h"

#include "error.h"

#include <errno.h>
#include <libxl_event.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERRORS_MAX   600
#define ABORT_TRY_MS 200
#define POLL_MAX     64

struct Context {
	xentoollog_logger logger; /* first: libxl gives it back to us */
	libxl_ctx *ctx;
	int wake_fd;   /* an eventfd: something is over, or there is more to watch */
	bool in_child; /* of a fork, where other threads' locks may be held for ever */
	GMutex lock;   /* what follows; leaf */
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
	g_autofree char *text = context->in_child ? NULL : g_strdup_vprintf(format, args);

	if (!text) {
		return;
	}
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

static void wake(Context *context)
{
	guint64 one = 1;

	if (write(context->wake_fd, &one, sizeof(one)) < 0) {
		g_warning("eventfd: %s", g_strerror(errno));
	}
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
	/* The next step may be another file to watch. */
	wake(context);
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

	context->in_child = pid == 0;
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
	context->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	g_mutex_init(&context->lock);
	g_cond_init(&context->cond);
	if (context->wake_fd < 0) {
		error_set_errno(error, errno, "eventfd");
		context_free(context);
		return NULL;
	}
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
	if (context->wake_fd >= 0) {
		close(context->wake_fd);
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
	libxl_asyncop_how how;
	bool over; /* under the context's lock */
	int rc;	   /* once over */
} Operation;

/* Called by the thread that completes it: the one that waits, or the one that reaped a child. */
static void operation_over(libxl_ctx *ctx, int rc, void *data)
{
	Operation *operation = data;
	Context *context = operation->context;

	g_mutex_lock(&context->lock);
	operation->rc = rc;
	operation->over = true;
	wake(context);
	g_mutex_unlock(&context->lock);
}

static bool is_over(Operation *operation)
{
	bool over;

	g_mutex_lock(&operation->context->lock);
	over = operation->over;
	g_mutex_unlock(&operation->context->lock);
	return over;
}

static int earlier(int one, int other)
{
	return one < 0 ? other : other < 0 ? one : MIN(one, other);
}

/* One round of libxl's event loop. @cancel_fd: -1, or what ends the sleep too; @limit: ms, -1. */
static int run_events(Context *context, int cancel_fd, int limit)
{
	struct pollfd fds[POLL_MAX];
	struct timeval now;
	int count = POLL_MAX - 2, timeout = -1, rc;
	guint64 wakes;

	gettimeofday(&now, NULL);
	rc = libxl_osevent_beforepoll(context->ctx, &count, fds + 2, &timeout, now);
	if (rc) {
		return rc;
	}
	fds[0] = (struct pollfd){context->wake_fd, POLLIN, 0};
	fds[1] = (struct pollfd){cancel_fd, POLLIN, 0};
	if (poll(fds, (nfds_t)count + 2, earlier(timeout, limit)) < 0) {
		return errno == EINTR ? 0 : ERROR_FAIL;
	}
	if (fds[0].revents && read(context->wake_fd, &wakes, sizeof(wakes)) < 0) {
		g_warning("eventfd: %s", g_strerror(errno));
	}
	gettimeofday(&now, NULL);
	libxl_osevent_afterpoll(context->ctx, count, fds + 2, now);
	return 0;
}

/*
 * libxl_event_wait() is not used: it sleeps on when another thread completes the operation, and
 * the threads that reap children do (libxl 4.17 wakes those that wait for an operation, not those
 * that wait for events).
 */
static int wait_for_end(Operation *operation, GCancellable *cancellable)
{
	Context *context = operation->context;
	GPollFD cancel = {-1, 0, 0};
	bool watched = g_cancellable_make_pollfd(cancellable, &cancel);
	bool asked = false;
	int rc = 0;

	while (!rc && !is_over(operation)) {
		bool ask = !asked && g_cancellable_is_cancelled(cancellable);

		/* An operation between two steps is not found; it will be. */
		asked = asked || (ask && libxl_ao_abort(context->ctx, &operation->how) == 0);
		rc = run_events(context, watched && !ask && !asked ? cancel.fd : -1,
				ask && !asked ? ABORT_TRY_MS : -1);
	}
	if (watched) {
		g_cancellable_release_fd(cancellable);
	}
	return rc ? rc : operation->rc;
}

int context_wait(Context *context, ContextStart start, void *data, GCancellable *cancellable)
{
	Operation operation = {.context = context};
	int rc;

	operation.how.callback = operation_over;
	operation.how.u.for_callback = &operation;
	rc = start(context->ctx, &operation.how, data);
	return rc ? rc : wait_for_end(&operation, cancellable);
}
