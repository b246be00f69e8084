/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console-stream.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

#define CHUNK	      16384
#define QUEUE_MAX     65536
#define BACKLOG_MAX   65536
#define RETRY_FIRST   250
#define RETRY_LONGEST 5000

struct _UiConsoleStream {
	GObject parent;
	MullionVm1 *vm;
	guint pause;
	bool interactive;
	bool started;
	UiConsoleState state;
	GError *error;
	GCancellable *opening;
	GSocket *socket;
	GSource *reader, *writer;
	guint timer;	   /* the next read, or the next try */
	guint retry_delay; /* milliseconds */
	GByteArray *queue;
	gsize received; /* of this run, as long as it is the backlog */
	bool backlog;
};

enum { PROP_STATE = 1 };
enum { SIGNAL_DATA, SIGNALS };

static guint signals[SIGNALS];

G_DEFINE_TYPE(UiConsoleStream, ui_console_stream, G_TYPE_OBJECT)

static void console_open(UiConsoleStream *stream);
static void read_later(UiConsoleStream *stream);

static void set_state(UiConsoleStream *stream, UiConsoleState state)
{
	if (stream->state != state) {
		stream->state = state;
		g_object_notify(G_OBJECT(stream), "state");
	}
}

static void clear_source(GSource **source)
{
	if (*source) {
		g_source_destroy(*source);
		g_clear_pointer(source, g_source_unref);
	}
}

static void console_close(UiConsoleStream *stream)
{
	g_cancellable_cancel(stream->opening);
	g_clear_object(&stream->opening);
	clear_source(&stream->reader);
	clear_source(&stream->writer);
	g_clear_handle_id(&stream->timer, g_source_remove);
	g_clear_object(&stream->socket);
	g_byte_array_set_size(stream->queue, 0);
}

static bool has_console(UiConsoleStream *stream)
{
	return mullion_vm1_get_domain_id(stream->vm) != 0;
}

static gboolean try_again(gpointer data)
{
	UiConsoleStream *stream = data;

	stream->timer = 0;
	console_open(stream);
	return G_SOURCE_REMOVE;
}

/* It ended or did not open while the VM has a domain: soon it will, or the domain will be gone. */
static void retry_later(UiConsoleStream *stream)
{
	console_close(stream);
	if (!has_console(stream)) {
		set_state(stream, UI_CONSOLE_CLOSED);
		return;
	}
	stream->timer = g_timeout_add(stream->retry_delay, try_again, stream);
	stream->retry_delay = MIN(stream->retry_delay * 2, RETRY_LONGEST);
	set_state(stream, UI_CONSOLE_OPENING);
}

static void got(UiConsoleStream *stream, const guint8 *bytes, gsize length)
{
	g_autoptr(GBytes) data = g_bytes_new(bytes, length);

	stream->retry_delay = RETRY_FIRST;
	stream->received += length;
	g_signal_emit(stream, signals[SIGNAL_DATA], 0, data, (gboolean)stream->backlog);
	if (stream->received >= BACKLOG_MAX) {
		stream->backlog = false;
	}
}

static gboolean readable(GSocket *socket, GIOCondition condition, gpointer data)
{
	g_autoptr(UiConsoleStream) stream = g_object_ref(UI_CONSOLE_STREAM(data));
	g_autoptr(GError) error = NULL;
	guint8 bytes[CHUNK];
	gssize length =
	    g_socket_receive_with_blocking(socket, (char *)bytes, CHUNK, FALSE, NULL, &error);

	if (length > 0) {
		clear_source(&stream->reader);
		got(stream, bytes, (gsize)length);
		/* Whoever got the data may have stopped us. */
		if (stream->socket == socket) {
			stream->backlog = stream->backlog && length == CHUNK;
			read_later(stream);
		}
		return G_SOURCE_REMOVE;
	}
	if (length < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
		return G_SOURCE_CONTINUE;
	}
	retry_later(stream);
	return G_SOURCE_REMOVE;
}

static gboolean read_now(gpointer data)
{
	UiConsoleStream *stream = data;

	stream->timer = 0;
	stream->reader = g_socket_create_source(stream->socket, G_IO_IN | G_IO_HUP, NULL);
	/* Behind keys and drawing: output must not make the rest of the application slow. */
	g_source_set_priority(stream->reader, G_PRIORITY_DEFAULT_IDLE);
	g_source_set_callback(stream->reader, G_SOURCE_FUNC(readable), stream, NULL);
	g_source_attach(stream->reader, NULL);
	return G_SOURCE_REMOVE;
}

static void read_later(UiConsoleStream *stream)
{
	stream->timer = g_timeout_add(stream->pause, read_now, stream);
}

static void opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) handle = NULL;
	g_autoptr(GUnixFDList) fds = NULL;
	g_autoptr(UiConsoleStream) stream = data; /* its own reference, so that it is there */
	int fd = -1;

	mullion_vm1_call_open_console_finish(MULLION_VM1(source), &handle, &fds, result, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		return;
	}
	if (!error) {
		fd = fds ? g_unix_fd_list_get(fds, g_variant_get_handle(handle), &error) : -1;
	}
	if (fd >= 0) {
		stream->socket = g_socket_new_from_fd(fd, &error);
		if (!stream->socket) {
			close(fd);
		}
	}
	g_clear_object(&stream->opening);
	g_clear_error(&stream->error);
	if (stream->socket) {
		g_socket_set_blocking(stream->socket, FALSE);
		stream->received = 0;
		stream->backlog = true;
		set_state(stream, UI_CONSOLE_OPEN);
		if (stream->socket) {
			read_now(stream);
		}
		return;
	}
	if (error && g_dbus_error_is_remote_error(error)) {
		g_autofree char *name = g_dbus_error_get_remote_error(error);
		bool denied = g_str_has_suffix(name, ".NotAuthorized");

		g_dbus_error_strip_remote_error(error);
		stream->error = g_steal_pointer(&error);
		if (denied) {
			set_state(stream, UI_CONSOLE_FAILED);
			return;
		}
	} else {
		stream->error = g_steal_pointer(&error);
	}
	retry_later(stream);
}

static void console_open(UiConsoleStream *stream)
{
	stream->opening = g_cancellable_new();
	set_state(stream, UI_CONSOLE_OPENING);
	mullion_vm1_call_open_console(stream->vm,
				      stream->interactive
					  ? G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION
					  : G_DBUS_CALL_FLAGS_NONE,
				      stream->interactive ? G_MAXINT : -1, NULL, stream->opening,
				      opened, g_object_ref(stream));
}

static void domain_changed(UiConsoleStream *stream)
{
	if (!stream->started) {
		return;
	}
	stream->retry_delay = RETRY_FIRST;
	if (!has_console(stream)) {
		/* An open one ends by itself, with the guest's last words. */
		if (!stream->socket) {
			console_close(stream);
			set_state(stream, UI_CONSOLE_CLOSED);
		}
		return;
	}
	console_close(stream);
	console_open(stream);
}

void ui_console_stream_start(UiConsoleStream *stream)
{
	if (!stream->started) {
		stream->started = true;
		domain_changed(stream);
	}
}

void ui_console_stream_stop(UiConsoleStream *stream)
{
	stream->started = false;
	console_close(stream);
	set_state(stream, UI_CONSOLE_CLOSED);
}

void ui_console_stream_retry(UiConsoleStream *stream)
{
	if (stream->state == UI_CONSOLE_FAILED) {
		domain_changed(stream);
	}
}

UiConsoleState ui_console_stream_state(UiConsoleStream *stream)
{
	return stream->state;
}

const GError *ui_console_stream_error(UiConsoleStream *stream)
{
	return stream->error;
}

static gboolean writable(GSocket *socket, GIOCondition condition, gpointer data)
{
	UiConsoleStream *stream = data;

	while (stream->queue->len > 0) {
		gssize sent = g_socket_send_with_blocking(socket, (const char *)stream->queue->data,
							  stream->queue->len, FALSE, NULL, NULL);

		if (sent <= 0) {
			/* Would block: later. Broken: the reader will see it, and closes. */
			return condition & (G_IO_ERR | G_IO_HUP) ? G_SOURCE_REMOVE
								 : G_SOURCE_CONTINUE;
		}
		g_byte_array_remove_range(stream->queue, 0, (guint)sent);
	}
	g_clear_pointer(&stream->writer, g_source_unref);
	return G_SOURCE_REMOVE;
}

bool ui_console_stream_send(UiConsoleStream *stream, const char *bytes, gsize length)
{
	if (stream->state != UI_CONSOLE_OPEN || length > QUEUE_MAX - stream->queue->len) {
		return false;
	}
	g_byte_array_append(stream->queue, (const guint8 *)bytes, (guint)length);
	if (!stream->writer) {
		stream->writer = g_socket_create_source(stream->socket, G_IO_OUT, NULL);
		g_source_set_callback(stream->writer, G_SOURCE_FUNC(writable), stream, NULL);
		g_source_attach(stream->writer, NULL);
	}
	return true;
}

static void ui_console_stream_get_property(GObject *object, guint id, GValue *value,
					   GParamSpec *spec)
{
	if (id == PROP_STATE) {
		g_value_set_uint(value, UI_CONSOLE_STREAM(object)->state);
	} else {
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
	}
}

static void ui_console_stream_dispose(GObject *object)
{
	UiConsoleStream *stream = UI_CONSOLE_STREAM(object);

	stream->started = false;
	console_close(stream);
	g_clear_object(&stream->vm);
	G_OBJECT_CLASS(ui_console_stream_parent_class)->dispose(object);
}

static void ui_console_stream_finalize(GObject *object)
{
	UiConsoleStream *stream = UI_CONSOLE_STREAM(object);

	g_clear_error(&stream->error);
	g_byte_array_unref(stream->queue);
	G_OBJECT_CLASS(ui_console_stream_parent_class)->finalize(object);
}

static void ui_console_stream_class_init(UiConsoleStreamClass *class)
{
	GObjectClass *object = G_OBJECT_CLASS(class);

	object->get_property = ui_console_stream_get_property;
	object->dispose = ui_console_stream_dispose;
	object->finalize = ui_console_stream_finalize;
	g_object_class_install_property(
	    object, PROP_STATE,
	    g_param_spec_uint("state", NULL, NULL, 0, UI_CONSOLE_FAILED, 0,
			      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY));
	signals[SIGNAL_DATA] =
	    g_signal_new("data", UI_TYPE_CONSOLE_STREAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
			 G_TYPE_NONE, 2, G_TYPE_BYTES, G_TYPE_BOOLEAN);
}

static void ui_console_stream_init(UiConsoleStream *stream)
{
	stream->queue = g_byte_array_new();
	stream->retry_delay = RETRY_FIRST;
}

UiConsoleStream *ui_console_stream_new(MullionVm1 *vm, guint pause, bool interactive)
{
	UiConsoleStream *stream = g_object_new(UI_TYPE_CONSOLE_STREAM, NULL);

	stream->vm = g_object_ref(vm);
	stream->pause = pause;
	stream->interactive = interactive;
	g_signal_connect_object(vm, "notify::domain-id", G_CALLBACK(domain_changed), stream,
				G_CONNECT_SWAPPED);
	return stream;
}
