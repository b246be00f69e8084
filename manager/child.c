/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "child.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (1 << 20)
#define TAIL_MAX   400

typedef struct {
	GPid pid;
	int in, out, err;
	GString *output;
	GString *errors;
	gsize input_done;
	const ChildOptions *options;
} Child;

/* Between fork and exec: only what is async-signal-safe. */
static void child_setup(gpointer data)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == 1 && GPOINTER_TO_INT(data) != 1) {
		_exit(127);
	}
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
		*fd = -1;
	}
}

static void take_progress(Child *child)
{
	const char *percent = g_strrstr(child->output->str, "/100%)");
	const char *open = percent ? percent : child->output->str;

	while (open > child->output->str && *open != '(') {
		open--;
	}
	if (percent && *open == '(') {
		child->options->progress(g_ascii_strtod(open + 1, NULL) / 100.0,
					 child->options->data);
	}
	if (!child->options->ret_output && child->output->len > 64) {
		g_string_erase(child->output, 0, (gssize)child->output->len - 64);
	}
}

static void take_output(Child *child, int *fd, GString *into)
{
	char buffer[4096];
	ssize_t got = read(*fd, buffer, sizeof(buffer));

	if (got <= 0) {
		if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
			close_fd(fd);
		}
		return;
	}
	if (into->len + (gsize)got <= OUTPUT_MAX) {
		g_string_append_len(into, buffer, got);
	}
	if (into == child->output && child->options->progress) {
		take_progress(child);
	}
}

static void give_input(Child *child)
{
	const char *rest = child->options->input + child->input_done;
	ssize_t put = write(child->in, rest, strlen(rest));

	if (put > 0) {
		child->input_done += (gsize)put;
	}
	if (!child->options->input[child->input_done] ||
	    (put < 0 && errno != EINTR && errno != EAGAIN)) {
		close_fd(&child->in);
	}
}

/* Until it has closed its outputs. False when cancelled. */
static bool pump(Child *child)
{
	GPollFD cancel = {-1, 0, 0};
	bool watched = g_cancellable_make_pollfd(child->options->cancellable, &cancel);
	bool cancelled = false;

	while (!cancelled && (child->out >= 0 || child->err >= 0 || child->in >= 0)) {
		struct pollfd fds[4] = {
		    {child->out, POLLIN, 0},
		    {child->err, POLLIN, 0},
		    {child->in, POLLOUT, 0},
		    {watched ? cancel.fd : -1, POLLIN, 0},
		};

		if (poll(fds, 4, -1) < 0) {
			continue;
		}
		if (fds[0].revents) {
			take_output(child, &child->out, child->output);
		}
		if (fds[1].revents) {
			take_output(child, &child->err, child->errors);
		}
		if (fds[2].revents) {
			give_input(child);
		}
		cancelled = g_cancellable_is_cancelled(child->options->cancellable);
	}
	if (watched) {
		g_cancellable_release_fd(child->options->cancellable);
	}
	return !cancelled;
}

static void set_error(const Child *child, const char *program, int status, GError **error)
{
	g_autofree char *said = g_utf8_make_valid(g_strstrip(child->errors->str), -1);
	const char *tail = said;
	int code = strstr(said, g_strerror(ENOSPC)) ? MULLION_ERROR_NO_SPACE : MULLION_ERROR_FAILED;

	while (strlen(tail) > TAIL_MAX) {
		tail = g_utf8_next_char(tail);
	}
	if (WIFSIGNALED(status)) {
		g_set_error(error, MULLION_ERROR, code, "%s was ended by signal %d%s%s", program,
			    WTERMSIG(status), *tail ? ": " : "", tail);
	} else {
		g_set_error(error, MULLION_ERROR, code, "%s failed (%d)%s%s", program,
			    WEXITSTATUS(status), *tail ? ": " : "", tail);
	}
}

static bool wait_for(Child *child, const char *program, bool cancelled, GError **error)
{
	int status = 0;

	if (cancelled) {
		kill(child->pid, SIGKILL);
	}
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
		continue;
	}
	if (cancelled) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_CANCELLED, "cancelled");
		return false;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		set_error(child, program, status, error);
		return false;
	}
	return true;
}

bool child_run(const char *const *argv, const ChildOptions *options, GError **error)
{
	static const ChildOptions none = {NULL};
	Child child = {0, -1, -1, -1, NULL, NULL, 0, options ? options : &none};
	bool good;

	if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
				      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, child_setup,
				      GINT_TO_POINTER(getpid()), &child.pid, &child.in, &child.out,
				      &child.err, error)) {
		error_to_mullion(error);
		return false;
	}
	child.output = g_string_new(NULL);
	child.errors = g_string_new(NULL);
	if (!child.options->input || !*child.options->input) {
		close_fd(&child.in);
	} else {
		g_unix_set_fd_nonblocking(child.in, TRUE, NULL);
	}
	good = pump(&child);
	close_fd(&child.in);
	close_fd(&child.out);
	close_fd(&child.err);
	good = wait_for(&child, argv[0], !good, error);
	if (good && child.options->ret_output) {
		*child.options->ret_output = g_strdup(child.output->str);
	}
	g_string_free(child.output, TRUE);
	g_string_free(child.errors, TRUE);
	return good;
}
