/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notifier.h"

#include <glib/gi18n.h>

#include "job.h"
#include "window.h"

#define LONG_JOB 5 /* seconds: who waits less has hardly turned away */

/* Whom GLib hands notifications to. */
static const char *const servers[] = {"org.gtk.Notifications", "org.freedesktop.Notifications"};

struct _UiNotifier {
	GObject parent;
	GtkApplication *application; /* not owned: it owns this */
	UiClient *client;
	GCancellable *cancel;
	GHashTable *vms;  /* object path → Seen; also while the manager is away */
	GHashTable *sent; /* identities of notifications that may still be shown */
	guint watches[G_N_ELEMENTS(servers)];
	gboolean owned[G_N_ELEMENTS(servers)];
	gboolean startable;
};

/* What has to be known of a VM's past to tell what its present means. */
typedef struct {
	gboolean ran;
	char *job; /* path of what worked on it last */
} Seen;

G_DEFINE_TYPE(UiNotifier, ui_notifier, G_TYPE_OBJECT)

static void seen_free(gpointer data)
{
	Seen *seen = data;

	g_free(seen->job);
	g_free(seen);
}

static Seen *seen_of(UiNotifier *notifier, MullionVm1 *vm)
{
	Seen *seen = g_hash_table_lookup(notifier->vms, ui_vm_path(vm));

	if (!seen) {
		seen = g_new0(Seen, 1);
		g_hash_table_insert(notifier->vms, g_strdup(ui_vm_path(vm)), seen);
	}
	return seen;
}

/* What the person looks at */

static gboolean is_active(void)
{
	g_autoptr(GList) windows = gtk_window_list_toplevels();

	for (GList *each = windows; each; each = each->next) {
		if (gtk_window_is_active(GTK_WINDOW(each->data))) {
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean is_before_their_eyes(UiNotifier *notifier, const char *vm_path)
{
	GList *windows = gtk_application_get_windows(notifier->application);

	for (GList *each = windows; is_active() && each; each = each->next) {
		if (UI_IS_WINDOW(each->data) &&
		    g_strcmp0(ui_window_get_shown(UI_WINDOW(each->data)), vm_path) == 0) {
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean has_server(UiNotifier *notifier)
{
	for (guint i = 0; i < G_N_ELEMENTS(servers); i++) {
		if (notifier->owned[i]) {
			return TRUE;
		}
	}
	return notifier->startable;
}

/* One VM has one notification: the last word counts. */
static void send(UiNotifier *notifier, const char *vm_path, const char *title, const char *body,
		 gboolean urgent)
{
	g_autoptr(GNotification) notification = g_notification_new(title);
	g_autoptr(GIcon) icon = g_themed_icon_new("org.mullion.Desktop");

	if (!has_server(notifier)) {
		return;
	}
	g_notification_set_body(notification, body);
	g_notification_set_icon(notification, icon);
	g_notification_set_priority(notification, urgent ? G_NOTIFICATION_PRIORITY_HIGH
							 : G_NOTIFICATION_PRIORITY_NORMAL);
	g_notification_set_default_action_and_target(notification, "app.show-vm", "s", vm_path);
	g_hash_table_add(notifier->sent, g_strdup(vm_path));
	g_application_send_notification(G_APPLICATION(notifier->application), vm_path,
					notification);
}

/* Whoever has come to the window needs to be told no more; nor does a click reach one that ended.
 */
static void withdraw_all(UiNotifier *notifier)
{
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, notifier->sent);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		g_application_withdraw_notification(G_APPLICATION(notifier->application), id);
	}
	g_hash_table_remove_all(notifier->sent);
}

static void active_window_changed(GtkApplication *application, GParamSpec *property,
				  UiNotifier *notifier)
{
	if (is_active()) {
		withdraw_all(notifier);
	}
}

static void window_activated(GtkWindow *window, GParamSpec *property, UiNotifier *notifier)
{
	active_window_changed(notifier->application, NULL, notifier);
}

static void window_added(GtkApplication *application, GtkWindow *window, UiNotifier *notifier)
{
	g_signal_connect_object(window, "notify::is-active", G_CALLBACK(window_activated), notifier,
				0);
}

/* VMs */

/* What was done to a VM on purpose, and ends it. The first of them do so at once. */
static const char *const ending[] = {"force-off", "delete", "shutdown", "reboot", "save", NULL};
static const char *const ending_at_once[] = {"force-off", "delete", NULL};

static gboolean is_of(MullionJob1 *job, const char *const *kinds)
{
	const char *kind = job ? mullion_job1_get_kind(job) : NULL;

	return kind && g_strv_contains(kinds, kind);
}

/* Whoever that was: they know. */
static gboolean was_asked(UiNotifier *notifier, MullionVm1 *vm, const Seen *seen,
			  const char *const *kinds)
{
	return is_of(ui_client_job_at(notifier->client, seen->job), kinds) ||
	       is_of(ui_client_job_at(notifier->client, mullion_vm1_get_job(vm)), kinds);
}

static void tell_end(UiNotifier *notifier, MullionVm1 *vm)
{
	static const struct {
		const char *reason;
		const char *title;
		const char *body;
	} ends[] = {
	    {"crash", N_("“%s” has crashed"), N_("Its screen shows what it said last.")},
	    {"failed", N_("“%s” could not go on"), N_("Its screen shows what it said last.")},
	    {"reboot", N_("“%s” has ended"),
	     N_("It wanted to be started again, and is set not to be.")},
	    {"shutdown", N_("“%s” has shut down"), N_("The system in it did so by itself.")},
	};
	const char *reason = mullion_vm1_get_end_reason(vm);

	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (g_strcmp0(reason, ends[i].reason) == 0) {
			g_autofree char *title = g_strdup_printf(_(ends[i].title), ui_vm_title(vm));

			send(notifier, ui_vm_path(vm), title, _(ends[i].body), i < 2);
			return;
		}
	}
}

static void look_at_vm(UiNotifier *notifier, MullionVm1 *vm)
{
	Seen *seen = seen_of(notifier, vm);
	const char *state = mullion_vm1_get_state(vm);
	const char *job = mullion_vm1_get_job(vm);

	if (job && !g_str_equal(job, "/")) {
		g_free(seen->job);
		seen->job = g_strdup(job);
	}
	if (g_strcmp0(state, "running") == 0 || g_strcmp0(state, "paused") == 0) {
		seen->ran = TRUE;
		return;
	}
	if (!seen->ran || ui_vm_is_alive(vm)) {
		return;
	}
	/* A throw-away VM's end is told when it is gone. */
	if (mullion_vm1_get_throw_away(vm)) {
		return;
	}
	seen->ran = FALSE;
	if (!was_asked(notifier, vm, seen, ending) &&
	    !is_before_their_eyes(notifier, ui_vm_path(vm))) {
		tell_end(notifier, vm);
	}
}

static void vm_changed(MullionVm1 *vm, GParamSpec *property, UiNotifier *notifier)
{
	look_at_vm(notifier, vm);
}

static void vms_changed(GListModel *vms, guint position, guint removed, guint added,
			UiNotifier *notifier)
{
	for (guint i = 0; i < added; i++) {
		g_autoptr(MullionVm1) vm = g_list_model_get_item(vms, position + i);

		g_signal_handlers_disconnect_by_func(vm, vm_changed, notifier);
		g_signal_connect_object(vm, "notify::state", G_CALLBACK(vm_changed), notifier, 0);
		g_signal_connect_object(vm, "notify::job", G_CALLBACK(vm_changed), notifier, 0);
		look_at_vm(notifier, vm);
	}
}

static void vm_gone(UiClient *client, MullionVm1 *vm, UiNotifier *notifier)
{
	const char *path = ui_vm_path(vm);
	const Seen *seen = seen_of(notifier, vm);
	gboolean crashed = g_strcmp0(mullion_vm1_get_end_reason(vm), "crash") == 0;
	gboolean seen_to = was_asked(notifier, vm, seen, ending)
			       ? is_active()
			       : is_before_their_eyes(notifier, path);

	/* Between the question's window and the one behind it none is active; nor need it be. */
	seen_to |= was_asked(notifier, vm, seen, ending_at_once);
	if (mullion_vm1_get_throw_away(vm) && seen->ran && !seen_to) {
		g_autofree char *title = g_strdup_printf(
		    crashed ? _("“%s” has crashed") : _("“%s” has ended"), ui_vm_title(vm));

		send(notifier, path, title,
		     _("It was a throw-away VM: it is gone, and with it all that was in it."),
		     crashed);
	}
	g_hash_table_remove(notifier->vms, path);
}

/* Jobs */

static void job_over(UiClient *client, MullionJob1 *job, UiNotifier *notifier)
{
	const char *state = mullion_job1_get_state(job);
	gint64 seconds = g_get_real_time() / G_USEC_PER_SEC - mullion_job1_get_started(job);
	gboolean failed = g_strcmp0(state, "failed") == 0;
	g_autofree char *title = NULL;
	g_autofree char *body = NULL;
	MullionVm1 *vm;

	if (is_active() || g_strcmp0(state, "cancelled") == 0 || (!failed && seconds < LONG_JOB)) {
		return;
	}
	vm = ui_job_vm(client, job);
	title = ui_job_title(job, vm ? ui_vm_title(vm) : NULL);
	body = ui_job_result(job);
	send(notifier, vm ? ui_vm_path(vm) : g_dbus_proxy_get_object_path(G_DBUS_PROXY(job)), title,
	     body, failed);
}

/* Who shows notifications */

static void names_ready(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
	    g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autofree const char **names = NULL;
	UiNotifier *notifier = data;

	if (!reply) { /* cancelled, and gone; or a bus that starts nothing */
		return;
	}
	g_variant_get(reply, "(^a&s)", &names);
	for (guint i = 0; i < G_N_ELEMENTS(servers); i++) {
		notifier->startable |= g_strv_contains(names, servers[i]);
	}
}

static void set_owned(UiNotifier *notifier, const char *name, gboolean owned)
{
	for (guint i = 0; i < G_N_ELEMENTS(servers); i++) {
		if (g_str_equal(name, servers[i])) {
			notifier->owned[i] = owned;
		}
	}
}

static void server_appeared(GDBusConnection *bus, const char *name, const char *owner,
			    gpointer data)
{
	set_owned(data, name, TRUE);
}

static void server_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
	set_owned(data, name, FALSE);
}

static void find_servers(UiNotifier *notifier)
{
	GDBusConnection *bus =
	    g_application_get_dbus_connection(G_APPLICATION(notifier->application));

	if (!bus) {
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(servers); i++) {
		notifier->watches[i] = g_bus_watch_name_on_connection(
		    bus, servers[i], G_BUS_NAME_WATCHER_FLAGS_NONE, server_appeared,
		    server_vanished, notifier, NULL);
	}
	g_dbus_connection_call(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
			       "org.freedesktop.DBus", "ListActivatableNames", NULL,
			       G_VARIANT_TYPE("(as)"), G_DBUS_CALL_FLAGS_NONE, -1, notifier->cancel,
			       names_ready, notifier);
}

static void ui_notifier_dispose(GObject *object)
{
	UiNotifier *notifier = UI_NOTIFIER(object);

	g_cancellable_cancel(notifier->cancel);
	for (guint i = 0; i < G_N_ELEMENTS(servers); i++) {
		g_clear_handle_id(&notifier->watches[i], g_bus_unwatch_name);
	}
	if (notifier->client) {
		withdraw_all(notifier);
	}
	g_clear_object(&notifier->client);
	G_OBJECT_CLASS(ui_notifier_parent_class)->dispose(object);
}

static void ui_notifier_finalize(GObject *object)
{
	UiNotifier *notifier = UI_NOTIFIER(object);

	g_clear_object(&notifier->cancel);
	g_clear_pointer(&notifier->vms, g_hash_table_unref);
	g_clear_pointer(&notifier->sent, g_hash_table_unref);
	G_OBJECT_CLASS(ui_notifier_parent_class)->finalize(object);
}

static void ui_notifier_class_init(UiNotifierClass *class)
{
	G_OBJECT_CLASS(class)->dispose = ui_notifier_dispose;
	G_OBJECT_CLASS(class)->finalize = ui_notifier_finalize;
}

static void ui_notifier_init(UiNotifier *notifier)
{
	notifier->cancel = g_cancellable_new();
	notifier->vms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, seen_free);
	notifier->sent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

UiNotifier *ui_notifier_new(GtkApplication *application, UiClient *client)
{
	UiNotifier *notifier = g_object_new(UI_TYPE_NOTIFIER, NULL);

	notifier->application = application;
	notifier->client = g_object_ref(client);
	g_signal_connect_object(application, "window-added", G_CALLBACK(window_added), notifier, 0);
	g_signal_connect_object(ui_client_vms(client), "items-changed", G_CALLBACK(vms_changed),
				notifier, 0);
	g_signal_connect_object(client, "vm-gone", G_CALLBACK(vm_gone), notifier, 0);
	g_signal_connect_object(client, "job-over", G_CALLBACK(job_over), notifier, 0);
	find_servers(notifier);
	return notifier;
}
