/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LEAVE 0x1d /* Ctrl-], as telnet and xl have it */

static bool write_all(int fd, const char *bytes, gsize length)
{
	while (length > 0) {
		ssize_t put = write(fd, bytes, length);

		if (put < 0 && errno == EAGAIN) {
			struct pollfd wait = {fd, POLLOUT, 0};

			poll(&wait, 1, -1);
		} else if (put < 0 && errno != EINTR) {
			return false;
		} else if (put > 0) {
			bytes += put;
			length -= (gsize)put;
		}
	}
	return true;
}

typedef enum {
	MOVED,
	OVER, /* that end is closed */
	LEFT, /* the person wants to leave */
} Moved;

static Moved move(int from, int to, bool from_keyboard)
{
	char buffer[4096];
	ssize_t got = read(from, buffer, sizeof(buffer));
	const char *leave;

	if (got < 0) {
		return errno == EAGAIN || errno == EINTR ? MOVED : OVER;
	}
	leave = from_keyboard ? memchr(buffer, LEAVE, (gsize)got) : NULL;
	if (got == 0 || !write_all(to, buffer, leave ? (gsize)(leave - buffer) : (gsize)got)) {
		return OVER;
	}
	return leave ? LEFT : MOVED;
}

static void talk(int stream)
{
	struct pollfd fds[2] = {{stream, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};

	for (;;) {
		Moved typed;

		if (poll(fds, 2, -1) < 0 && errno != EINTR) {
			return;
		}
		if (fds[0].revents && move(stream, STDOUT_FILENO, false) != MOVED) {
			return;
		}
		typed = fds[1].revents ? move(STDIN_FILENO, stream, true) : MOVED;
		if (typed == LEFT || (typed == OVER && isatty(STDIN_FILENO))) {
			return;
		}
		if (typed == OVER) {
			fds[1].fd =
			    -1; /* a script's input is over; the guest's output may not be */
		}
	}
}

bool command_console(Client *client, char **args, GError **error)
{
	g_autofree char *path = client_find(client, args[0], error);
	g_autoptr(GUnixFDList) list = NULL;
	g_autoptr(GVariant) reply = NULL;
	struct termios before, raw;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int fd;

	if (!path) {
		return false;
	}
	reply = g_dbus_connection_call_with_unix_fd_list_sync(
	    client->connection, CLIENT_NAME, path, "org.mullion.Vm1", "OpenConsole", NULL,
	    G_VARIANT_TYPE("(h)"), G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, G_MAXINT,
	    NULL, &list, NULL, error);
	fd = reply ? g_unix_fd_list_get(list, 0, error) : -1;
	if (fd < 0) {
		return false;
	}
	if (terminal) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	talk(fd);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
		g_print("\n");
	}
	close(fd);
	return true;
}
