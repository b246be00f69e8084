/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "console.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define CHUNK 4096
/* What a client may lag behind before it loses output: a VM is not slowed down by who looks at it.
 */
#define CLIENT_QUEUE_MAX (4 * CONSOLE_BACKLOG)

typedef struct {
	Console *console;
	int fd;
	guint reader, writer;
	GByteArray *queue;
} Client;

struct Console {
	int fd;
	guint reader, writer;
	GByteArray *backlog;
	GByteArray *input; /* from clients, on its way to the guest */
	GPtrArray *clients;
};

static void client_free(gpointer pointer)
{
	Client *client = pointer;

	g_clear_handle_id(&client->reader, g_source_remove);
	g_clear_handle_id(&client->writer, g_source_remove);
	close(client->fd);
	g_byte_array_unref(client->queue);
	g_free(client);
}

/* Write what is there. False: the other end is gone. */
static bool drain(int fd, GByteArray *queue)
{
	while (queue->len > 0) {
		ssize_t put = send(fd, queue->data, queue->len, MSG_NOSIGNAL);

		if (put < 0 && errno == ENOTSOCK) {
			put = write(fd, queue->data, queue->len);
		}
		if (put < 0 && errno == EINTR) {
			continue;
		}
		if (put < 0) {
			return errno == EAGAIN;
		}
		g_byte_array_remove_range(queue, 0, (guint)put);
	}
	return true;
}

static gboolean client_writable(gint fd, GIOCondition condition, gpointer data)
{
	Client *client = data;

	if (!drain(client->fd, client->queue)) {
		client->writer = 0;
		g_ptr_array_remove_fast(client->console->clients, client);
		return G_SOURCE_REMOVE;
	}
	if (client->queue->len > 0) {
		return G_SOURCE_CONTINUE;
	}
	client->writer = 0;
	return G_SOURCE_REMOVE;
}

static void client_push(Client *client, const guint8 *bytes, gsize length)
{
	if (client->queue->len + length > CLIENT_QUEUE_MAX) {
		return;
	}
	g_byte_array_append(client->queue, bytes, (guint)length);
	if (!client->writer) {
		client->writer = g_unix_fd_add(client->fd, G_IO_OUT, client_writable, client);
	}
}

static gboolean guest_writable(gint fd, GIOCondition condition, gpointer data)
{
	Console *console = data;

	if (drain(console->fd, console->input) && console->input->len > 0) {
		return G_SOURCE_CONTINUE;
	}
	console->writer = 0;
	return G_SOURCE_REMOVE;
}

static gboolean client_readable(gint fd, GIOCondition condition, gpointer data)
{
	Client *client = data;
	Console *console = client->console;
	guint8 buffer[CHUNK];
	ssize_t got = read(client->fd, buffer, sizeof(buffer));

	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return G_SOURCE_CONTINUE;
	}
	if (got <= 0) {
		client->reader = 0;
		g_ptr_array_remove_fast(console->clients, client);
		return G_SOURCE_REMOVE;
	}
	/* A guest that does not read loses input rather than memory of ours. */
	if (console->fd >= 0 && console->input->len + (gsize)got <= CONSOLE_BACKLOG) {
		g_byte_array_append(console->input, buffer, (guint)got);
		if (!console->writer) {
			console->writer =
			    g_unix_fd_add(console->fd, G_IO_OUT, guest_writable, console);
		}
	}
	return G_SOURCE_CONTINUE;
}

static gboolean guest_readable(gint fd, GIOCondition condition, gpointer data)
{
	Console *console = data;
	guint8 buffer[CHUNK];
	ssize_t got = read(console->fd, buffer, sizeof(buffer));

	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return G_SOURCE_CONTINUE;
	}
	if (got <= 0) {
		/* The other side is closed; with terminals that is EIO. The VM's end closes the
		 * rest. */
		console->reader = 0;
		return G_SOURCE_REMOVE;
	}
	g_byte_array_append(console->backlog, buffer, (guint)got);
	if (console->backlog->len > CONSOLE_BACKLOG) {
		g_byte_array_remove_range(console->backlog, 0,
					  console->backlog->len - CONSOLE_BACKLOG);
	}
	for (guint i = 0; i < console->clients->len; i++) {
		client_push(g_ptr_array_index(console->clients, i), buffer, (gsize)got);
	}
	return G_SOURCE_CONTINUE;
}

Console *console_open(const char *path, GError **error)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios settings;
	Console *console;

	if (fd < 0) {
		error_set_errno(error, errno, "cannot open the console %s", path);
		return NULL;
	}
	if (tcgetattr(fd, &settings) == 0) {
		cfmakeraw(&settings);
		tcsetattr(fd, TCSANOW, &settings);
	}
	console = g_new0(Console, 1);
	console->fd = fd;
	console->backlog = g_byte_array_new();
	console->input = g_byte_array_new();
	console->clients = g_ptr_array_new_with_free_func(client_free);
	console->reader = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, guest_readable, console);
	return console;
}

void console_close(Console *console)
{
	if (!console) {
		return;
	}
	/* What the guest said last is often why it ended: take it along. */
	while (console->reader &&
	       guest_readable(console->fd, G_IO_IN, console) == G_SOURCE_CONTINUE) {
		struct pollfd more = {console->fd, POLLIN, 0};

		if (poll(&more, 1, 0) <= 0 || !(more.revents & POLLIN)) {
			break;
		}
	}
	for (guint i = 0; i < console->clients->len; i++) {
		Client *client = g_ptr_array_index(console->clients, i);

		drain(client->fd, client->queue);
	}
	g_ptr_array_unref(console->clients);
	g_clear_handle_id(&console->reader, g_source_remove);
	g_clear_handle_id(&console->writer, g_source_remove);
	close(console->fd);
	g_byte_array_unref(console->backlog);
	g_byte_array_unref(console->input);
	g_free(console);
}

int console_connect(Console *console, GError **error)
{
	int fds[2];
	Client *client;

	if (console->clients->len >= CONSOLE_CLIENTS_MAX) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_BUSY,
			    "%d clients have this console open already", CONSOLE_CLIENTS_MAX);
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) {
		error_set_errno(error, errno, "cannot make a socket");
		return -1;
	}
	client = g_new0(Client, 1);
	client->console = console;
	client->fd = fds[0];
	client->queue = g_byte_array_new();
	client->reader =
	    g_unix_fd_add(client->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, client_readable, client);
	g_ptr_array_add(console->clients, client);
	if (console->backlog->len > 0) {
		client_push(client, console->backlog->data, console->backlog->len);
	}
	return fds[1];
}
