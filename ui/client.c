/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One generation of objects belongs to one owner of the manager's name: it is made when an owner
 * comes and thrown away as a whole when that goes. GLib's client would ask a new owner for its
 * objects by itself, but while the main loop stands still.
 */
#include "client.h"

#include <glib/gi18n.h>
#include <string.h>

#include "history.h"

#define BUS_NAME       "org.mullion.Manager1"
#define BUS_ROOT       "/org/mullion/Manager1"
#define ERROR_PREFIX   "org.mullion.Error."
#define STATS_INTERVAL 1 /* seconds */

struct _UiClient {
	GObject parent;
	GCancellable *cancel;	  /* of the connection */
	GCancellable *generation; /* of the present owner of the name */
	GDBusConnection *connection;
	guint watch;
	gboolean online;
	char *reason;
	MullionManager1 *manager;
	GDBusObjectManager *objects;
	GListStore *vms;
	GListStore *networks;
	GListStore *jobs;
	GHashTable *watched;   /* job path → Watch */
	GHashTable *histories; /* object path or "host" → UiHistory */
	guint stats_holds;
	guint stats_timer;
	gboolean stats_pending;
	gboolean disposed;
};

typedef struct {
	char *what;
	char *vm; /* object path, or NULL */
} Watch;

enum { PROP_ONLINE = 1, PROP_REASON, PROP_COUNT };
enum { SIGNAL_NOTICE, SIGNAL_STATISTICS, SIGNAL_JOB_DONE, SIGNAL_COUNT };

static GParamSpec *properties[PROP_COUNT];
static guint signals[SIGNAL_COUNT];

G_DEFINE_TYPE(UiClient, ui_client, G_TYPE_OBJECT)

static void connect_bus(UiClient *client);

static void watch_free(gpointer data)
{
	Watch *watch = data;

	g_free(watch->what);
	g_free(watch->vm);
	g_free(watch);
}

const char *ui_vm_title(MullionVm1 *vm)
{
	const char *title = mullion_vm1_get_title(vm);
	const char *name = mullion_vm1_get_name(vm);

	return title && *title ? title : name ? name : "";
}

const char *ui_vm_path(MullionVm1 *vm)
{
	return g_dbus_proxy_get_object_path(G_DBUS_PROXY(vm));
}

gboolean ui_vm_is_alive(MullionVm1 *vm)
{
	static const char *const alive[] = {"starting", "running",   "paused", "stopping",
					    "saving",	"restoring", NULL};
	const char *state = mullion_vm1_get_state(vm);

	return state && g_strv_contains(alive, state);
}

const char *ui_vm_state_text(MullionVm1 *vm)
{
	static const struct {
		const char *state;
		const char *text;
	} states[] = {
	    {"stopped", N_("Stopped")},
	    {"starting", N_("Starting…")},
	    {"running", N_("Running")},
	    {"paused", N_("Paused")},
	    {"stopping", N_("Shutting down…")},
	    {"saving", N_("Saving…")},
	    {"saved", N_("Saved")},
	    {"restoring", N_("Restoring…")},
	    {"crashed", N_("Crashed")},
	};
	const char *state = mullion_vm1_get_state(vm);

	if (mullion_vm1_get_template(vm)) {
		return _("Template");
	}
	for (guint i = 0; state && i < G_N_ELEMENTS(states); i++) {
		if (g_str_equal(state, states[i].state)) {
			return _(states[i].text);
		}
	}
	return state ? state : ""; /* a state of a later manager */
}

static void set_reason(UiClient *client, const char *reason)
{
	if (g_strcmp0(client->reason, reason) != 0) {
		g_free(client->reason);
		client->reason = g_strdup(reason);
		g_object_notify_by_pspec(G_OBJECT(client), properties[PROP_REASON]);
	}
}

static void set_online(UiClient *client, gboolean online)
{
	if (client->online != online) {
		client->online = online;
		g_object_notify_by_pspec(G_OBJECT(client), properties[PROP_ONLINE]);
	}
}

/* The message without the name of the D-Bus error in front of it. */
static char *plain_message(const GError *error)
{
	g_autoptr(GError) copy = g_error_copy(error);

	g_dbus_error_strip_remote_error(copy);
	return g_strdup(copy->message);
}

static void sort_key_update(MullionVm1 *vm)
{
	g_object_set_data_full(G_OBJECT(vm), "ui-sort-key",
			       g_utf8_collate_key_for_filename(ui_vm_title(vm), -1), g_free);
}

static gint compare_vms(gconstpointer one, gconstpointer other, gpointer data)
{
	return g_strcmp0(g_object_get_data((GObject *)one, "ui-sort-key"),
			 g_object_get_data((GObject *)other, "ui-sort-key"));
}

static gint compare_networks(gconstpointer one, gconstpointer other, gpointer data)
{
	return g_strcmp0(mullion_network1_get_name((MullionNetwork1 *)one),
			 mullion_network1_get_name((MullionNetwork1 *)other));
}

static gint compare_jobs(gconstpointer one, gconstpointer other, gpointer data)
{
	gint64 first = mullion_job1_get_started((MullionJob1 *)one);
	gint64 second = mullion_job1_get_started((MullionJob1 *)other);

	return first < second ? -1 : first > second;
}

static void resort_vm(MullionVm1 *vm, GParamSpec *property, UiClient *client)
{
	guint position;

	sort_key_update(vm);
	if (g_list_store_find(client->vms, vm, &position)) {
		g_object_ref(vm);
		g_list_store_remove(client->vms, position);
		g_list_store_insert_sorted(client->vms, vm, compare_vms, NULL);
		g_object_unref(vm);
	}
}

static void raise_notice(UiClient *client, const char *what, const char *detail, MullionVm1 *vm,
			 const char *error)
{
	g_signal_emit(client, signals[SIGNAL_NOTICE], 0, what, detail, vm, error);
}

static void judge_job(UiClient *client, MullionJob1 *job)
{
	const char *path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(job));
	const char *state = mullion_job1_get_state(job);
	Watch *watch = g_hash_table_lookup(client->watched, path);

	if (!watch || !state || g_str_equal(state, "running")) {
		return;
	}
	if (g_str_equal(state, "failed")) {
		MullionVm1 *vm = watch->vm ? ui_client_vm_at(client, watch->vm) : NULL;

		raise_notice(client, watch->what, mullion_job1_get_message(job), vm,
			     mullion_job1_get_error(job));
	}
	g_hash_table_remove(client->watched, path);
	if (g_str_equal(state, "done")) {
		g_signal_emit(client, signals[SIGNAL_JOB_DONE], 0, job);
	}
}

static void job_changed(MullionJob1 *job, GParamSpec *property, UiClient *client)
{
	judge_job(client, job);
}

static void take_interface(UiClient *client, GDBusInterface *interface)
{
	/* polkit may ask the person in any call made through it. */
	g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(interface), G_MAXINT);
	if (MULLION_IS_VM1(interface)) {
		sort_key_update(MULLION_VM1(interface));
		g_signal_connect_object(interface, "notify::name", G_CALLBACK(resort_vm), client,
					0);
		g_signal_connect_object(interface, "notify::title", G_CALLBACK(resort_vm), client,
					0);
		g_list_store_insert_sorted(client->vms, interface, compare_vms, NULL);
	} else if (MULLION_IS_NETWORK1(interface)) {
		g_list_store_insert_sorted(client->networks, interface, compare_networks, NULL);
	} else if (MULLION_IS_JOB1(interface)) {
		g_signal_connect_object(interface, "notify::state", G_CALLBACK(job_changed), client,
					0);
		g_list_store_insert_sorted(client->jobs, interface, compare_jobs, NULL);
		judge_job(client, MULLION_JOB1(interface));
	}
}

static void drop_from(GListStore *store, gpointer item)
{
	guint position;

	if (g_list_store_find(store, item, &position)) {
		g_list_store_remove(store, position);
	}
}

static void object_added(GDBusObjectManager *objects, GDBusObject *object, UiClient *client)
{
	GList *interfaces = g_dbus_object_get_interfaces(object);

	for (GList *each = interfaces; each; each = each->next) {
		take_interface(client, each->data);
	}
	g_list_free_full(interfaces, g_object_unref);
}

static void object_removed(GDBusObjectManager *objects, GDBusObject *object, UiClient *client)
{
	GList *interfaces = g_dbus_object_get_interfaces(object);

	for (GList *each = interfaces; each; each = each->next) {
		if (MULLION_IS_VM1(each->data)) {
			g_hash_table_remove(client->histories,
					    g_dbus_object_get_object_path(object));
			drop_from(client->vms, each->data);
		} else if (MULLION_IS_NETWORK1(each->data)) {
			drop_from(client->networks, each->data);
		} else if (MULLION_IS_JOB1(each->data)) {
			drop_from(client->jobs, each->data);
		}
	}
	g_list_free_full(interfaces, g_object_unref);
}

static void forget_generation(UiClient *client)
{
	g_cancellable_cancel(client->generation);
	g_clear_object(&client->generation);
	if (client->objects) {
		g_signal_handlers_disconnect_by_data(client->objects, client);
	}
	/* First of all: whoever is told that a VM left the list must not find it here. */
	g_clear_object(&client->objects);
	set_online(client, FALSE);
	g_list_store_remove_all(client->vms);
	g_list_store_remove_all(client->networks);
	g_list_store_remove_all(client->jobs);
	g_hash_table_remove_all(client->watched);
	g_hash_table_remove_all(client->histories);
	g_clear_object(&client->manager);
	client->stats_pending = FALSE;
}

static gboolean was_cancelled(const GError *error)
{
	return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void generation_failed(UiClient *client, const GError *error)
{
	g_autofree char *detail = plain_message(error);
	/* Translators: %s is a message of the manager or of the bus */
	g_autofree char *reason = g_strdup_printf(_("The manager does not answer: %s"), detail);

	set_reason(client, reason);
}

static void manager_ready(GObject *source, GAsyncResult *result, gpointer data)
{
	UiClient *client = data;
	g_autoptr(GError) error = NULL;
	MullionManager1 *manager = mullion_manager1_proxy_new_finish(result, &error);

	if (!manager) {
		if (!was_cancelled(error)) { /* or client may be gone */
			generation_failed(client, error);
		}
		return;
	}
	if (client->manager || !client->objects) { /* of an owner that has gone meanwhile */
		g_object_unref(manager);
		return;
	}
	client->manager = manager;
	g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(manager), G_MAXINT);
	set_reason(client, NULL);
	set_online(client, TRUE);
}

static void objects_ready(GObject *source, GAsyncResult *result, gpointer data)
{
	UiClient *client = data;
	g_autoptr(GError) error = NULL;
	GDBusObjectManager *objects = mullion_object_manager_client_new_finish(result, &error);
	g_autofree char *owner = NULL;

	if (!objects) {
		if (!was_cancelled(error)) {
			generation_failed(client, error);
		}
		return;
	}
	owner = g_dbus_object_manager_client_get_name_owner(G_DBUS_OBJECT_MANAGER_CLIENT(objects));
	if (client->objects || !client->generation || !owner) {
		g_object_unref(objects);
		return;
	}
	client->objects = objects;
	g_signal_connect(objects, "object-added", G_CALLBACK(object_added), client);
	g_signal_connect(objects, "object-removed", G_CALLBACK(object_removed), client);
	GList *all = g_dbus_object_manager_get_objects(objects);

	for (GList *each = all; each; each = each->next) {
		object_added(objects, each->data, client);
	}
	g_list_free_full(all, g_object_unref);
	mullion_manager1_proxy_new(client->connection, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, owner,
				   BUS_ROOT, client->generation, manager_ready, client);
}

static void name_appeared(GDBusConnection *connection, const char *name, const char *owner,
			  gpointer data)
{
	UiClient *client = data;

	forget_generation(client);
	client->generation = g_cancellable_new();
	mullion_object_manager_client_new(
	    connection, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START, owner, BUS_ROOT,
	    client->generation, objects_ready, client);
}

static void service_started(GObject *source, GAsyncResult *result, gpointer data)
{
	UiClient *client = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
	    g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

	if (!reply && !was_cancelled(error) && !client->online) {
		g_autofree char *detail = plain_message(error);
		/* Translators: %s is a message of the bus */
		g_autofree char *reason =
		    g_strdup_printf(_("The manager (mulliond) does not run, and could not be "
				      "started: %s"),
				    detail);

		set_reason(client, reason);
	}
}

static void start_service(UiClient *client)
{
	g_dbus_connection_call(client->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
			       "org.freedesktop.DBus", "StartServiceByName",
			       g_variant_new("(su)", BUS_NAME, 0), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
			       client->cancel, service_started, client);
}

static void name_vanished(GDBusConnection *connection, const char *name, gpointer data)
{
	UiClient *client = data;

	forget_generation(client);
	if (!connection || g_dbus_connection_is_closed(connection)) {
		set_reason(client, _("The system's message bus has gone."));
		return;
	}
	set_reason(client, _("The manager (mulliond) does not run."));
	start_service(client);
}

static void bus_closed(GDBusConnection *connection, gboolean by_peer, GError *error,
		       UiClient *client)
{
	forget_generation(client);
	set_reason(client, _("The system's message bus has gone."));
}

/*
 * GDBus's own thread may be the one that lets go of the connection last; a handler that then still hangs on both objects is
 * taken away from two sides at once, and GLib aborts. So it goes while the connection is certainly alive.
 */
static void drop_connection(UiClient *client)
{
	if (client->connection) {
		g_signal_handlers_disconnect_by_data(client->connection, client);
		g_clear_object(&client->connection);
	}
}

static void take_connection(UiClient *client, GDBusConnection *connection, GError *error)
{
	if (!connection) {
		g_autofree char *detail = plain_message(error);
		/* Translators: %s is a message of the operating system */
		g_autofree char *reason =
		    g_strdup_printf(_("The system's message bus cannot be reached: %s"), detail);

		set_reason(client, reason);
		return;
	}
	g_dbus_connection_set_exit_on_close(connection, FALSE);
	client->connection = connection;
	g_signal_connect_object(connection, "closed", G_CALLBACK(bus_closed), client, 0);
	client->watch =
	    g_bus_watch_name_on_connection(connection, BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
					   name_appeared, name_vanished, client, NULL);
}

static void bus_ready(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GDBusConnection *connection = g_bus_get_finish(result, &error);

	if (!was_cancelled(error)) {
		take_connection(data, connection, error);
	}
}

static void address_ready(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GDBusConnection *connection = g_dbus_connection_new_for_address_finish(result, &error);

	if (!was_cancelled(error)) {
		take_connection(data, connection, error);
	}
}

static void connect_bus(UiClient *client)
{
	const char *address = g_getenv("MULLION_BUS_ADDRESS");

	if (address && *address) {
		g_dbus_connection_new_for_address(
		    address,
		    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		    NULL, client->cancel, address_ready, client);
	} else {
		g_bus_get(G_BUS_TYPE_SYSTEM, client->cancel, bus_ready, client);
	}
}

void ui_client_retry(UiClient *client)
{
	if (client->online) {
		return;
	}
	if (client->connection && !g_dbus_connection_is_closed(client->connection)) {
		/* An owner that did not answer is asked anew; one that is not there is started. */
		g_clear_handle_id(&client->watch, g_bus_unwatch_name);
		client->watch = g_bus_watch_name_on_connection(
		    client->connection, BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, name_appeared,
		    name_vanished, client, NULL);
		return;
	}
	g_clear_handle_id(&client->watch, g_bus_unwatch_name);
	drop_connection(client);
	connect_bus(client);
}

gboolean ui_client_is_online(UiClient *client)
{
	return client->online;
}

const char *ui_client_reason(UiClient *client)
{
	return client->reason;
}

MullionManager1 *ui_client_manager(UiClient *client)
{
	return client->manager;
}

GListModel *ui_client_vms(UiClient *client)
{
	return G_LIST_MODEL(client->vms);
}

GListModel *ui_client_networks(UiClient *client)
{
	return G_LIST_MODEL(client->networks);
}

GListModel *ui_client_jobs(UiClient *client)
{
	return G_LIST_MODEL(client->jobs);
}

/* The object manager keeps what is looked up, hence no reference for the caller. */
static GDBusInterface *interface_at(UiClient *client, const char *path, const char *interface)
{
	g_autoptr(GDBusInterface) found = NULL;

	if (client->objects && path && g_variant_is_object_path(path)) {
		found = g_dbus_object_manager_get_interface(client->objects, path, interface);
	}
	return found;
}

MullionVm1 *ui_client_vm_at(UiClient *client, const char *object_path)
{
	return (MullionVm1 *)interface_at(client, object_path, "org.mullion.Vm1");
}

MullionJob1 *ui_client_job_at(UiClient *client, const char *object_path)
{
	return (MullionJob1 *)interface_at(client, object_path, "org.mullion.Job1");
}

void ui_client_watch_job(UiClient *client, const char *job_path, const char *what,
			 MullionVm1 *vm_or_null)
{
	Watch *watch = g_new0(Watch, 1);
	MullionJob1 *job = ui_client_job_at(client, job_path);

	watch->what = g_strdup(what);
	watch->vm = vm_or_null ? g_strdup(ui_vm_path(vm_or_null)) : NULL;
	g_hash_table_replace(client->watched, g_strdup(job_path), watch);
	if (job) {
		judge_job(client, job);
	}
}

void ui_client_report(UiClient *client, const char *what, MullionVm1 *vm_or_null,
		      const GError *error)
{
	g_autofree char *name = g_dbus_error_get_remote_error(error);
	g_autofree char *detail = plain_message(error);

	if (!was_cancelled(error) && g_strcmp0(name, ERROR_PREFIX "Cancelled") != 0) {
		raise_notice(client, what, detail, vm_or_null, name ? name : "");
	}
}

typedef struct {
	UiClient *client;
	char *what;
	GCancellable *generation;
} Call;

static void call_done(GObject *source, GAsyncResult *result, gpointer data)
{
	Call *call = data;
	MullionVm1 *vm = MULLION_IS_VM1(source) ? MULLION_VM1(source) : NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	const char *job;

	if (!reply) {
		ui_client_report(call->client, call->what, vm, error);
	} else if (g_variant_is_of_type(reply, G_VARIANT_TYPE("(o)")) &&
		   !g_cancellable_is_cancelled(call->generation)) {
		g_variant_get(reply, "(&o)", &job);
		ui_client_watch_job(call->client, job, call->what, vm);
	}
	g_clear_object(&call->generation);
	g_object_unref(call->client);
	g_free(call->what);
	g_free(call);
}

void ui_client_call(UiClient *client, GDBusProxy *proxy, const char *method, GVariant *args,
		    const char *what)
{
	Call *call = g_new0(Call, 1);

	call->client = g_object_ref(client);
	call->what = g_strdup(what);
	call->generation = client->generation ? g_object_ref(client->generation) : NULL;
	g_dbus_proxy_call(proxy, method, args, UI_INTERACTIVE, client->generation, call_done, call);
}

static UiHistory *history_of(UiClient *client, const char *key)
{
	UiHistory *history = g_hash_table_lookup(client->histories, key);

	if (!history) {
		history = ui_history_new();
		g_hash_table_insert(client->histories, g_strdup(key), history);
	}
	return history;
}

static guint64 counter(GVariant *counters, const char *name)
{
	guint64 value = 0;

	g_variant_lookup(counters, name, "t", &value);
	return value;
}

static UiCounters vm_counters(GVariant *from)
{
	UiCounters counters = {
	    .cpu_time = counter(from, "cpu-time"),
	    .memory = counter(from, "memory"),
	    .disk_read = counter(from, "disk-read"),
	    .disk_written = counter(from, "disk-written"),
	    .net_received = counter(from, "net-received"),
	    .net_sent = counter(from, "net-sent"),
	};

	g_variant_lookup(from, "vcpus", "u", &counters.cpu_count);
	return counters;
}

static void stopped_have_no_counters(UiClient *client, guint64 time, GVariant *vms)
{
	g_autoptr(GVariantDict) running = g_variant_dict_new(NULL);
	GHashTableIter iter;
	gpointer path, history;
	GVariantIter each;

	g_variant_iter_init(&each, vms);
	while (g_variant_iter_loop(&each, "{&o@a{sv}}", &path, NULL)) {
		g_variant_dict_insert(running, path, "b", TRUE);
	}
	g_hash_table_iter_init(&iter, client->histories);
	while (g_hash_table_iter_next(&iter, &path, &history)) {
		if (!g_str_equal(path, "host") && !g_variant_dict_contains(running, path)) {
			ui_history_add(history, time, NULL);
		}
	}
}

/* The machine's load is the service VM's and that of all the others. */
static void take_statistics(UiClient *client, guint64 time, GVariant *host, GVariant *vms)
{
	UiCounters all = {
	    .cpu_time = counter(host, "cpu-time"),
	    .memory = counter(host, "memory-total") - counter(host, "memory-free"),
	};
	GVariantIter iter;
	const char *path;
	GVariant *from;

	g_variant_lookup(host, "cpu-count", "u", &all.cpu_count);
	g_variant_iter_init(&iter, vms);
	while (g_variant_iter_loop(&iter, "{&o@a{sv}}", &path, &from)) {
		UiCounters one = vm_counters(from);

		ui_history_add(history_of(client, path), time, &one);
		all.cpu_time += one.cpu_time;
		all.disk_read += one.disk_read;
		all.disk_written += one.disk_written;
		all.net_received += one.net_received;
		all.net_sent += one.net_sent;
	}
	ui_history_add(history_of(client, "host"), time, &all);
	stopped_have_no_counters(client, time, vms);
	g_signal_emit(client, signals[SIGNAL_STATISTICS], 0);
}

static void statistics_ready(GObject *source, GAsyncResult *result, gpointer data)
{
	UiClient *client = data;
	guint64 time;
	g_autoptr(GVariant) host = NULL;
	g_autoptr(GVariant) vms = NULL;
	g_autoptr(GError) error = NULL;
	gboolean good = mullion_manager1_call_get_statistics_finish(MULLION_MANAGER1(source), &time,
								    &host, &vms, result, &error);

	if (was_cancelled(error)) {
		return; /* of another generation, or the client is gone */
	}
	client->stats_pending = FALSE;
	if (good) {
		take_statistics(client, time, host, vms);
	} else {
		/* Who may not see statistics sees none; the plots say so by being empty. */
		g_debug("statistics: %s", error->message);
	}
}

static gboolean poll_statistics(gpointer data)
{
	UiClient *client = data;

	if (client->manager && !client->stats_pending) {
		client->stats_pending = TRUE;
		mullion_manager1_call_get_statistics(client->manager, UI_QUIET, client->generation,
						     statistics_ready, client);
	}
	return G_SOURCE_CONTINUE;
}

void ui_client_stats_hold(UiClient *client)
{
	if (client->stats_holds++ == 0 && !client->disposed) {
		client->stats_timer =
		    g_timeout_add_seconds(STATS_INTERVAL, poll_statistics, client);
		poll_statistics(client);
	}
}

void ui_client_stats_release(UiClient *client)
{
	g_return_if_fail(client->stats_holds > 0);
	if (--client->stats_holds == 0) {
		g_clear_handle_id(&client->stats_timer, g_source_remove);
	}
}

const UiHistory *ui_client_history(UiClient *client, const char *object_path_or_host)
{
	return g_hash_table_lookup(client->histories, object_path_or_host);
}

static void ui_client_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	UiClient *client = UI_CLIENT(object);

	switch (id) {
	case PROP_ONLINE:
		g_value_set_boolean(value, client->online);
		break;
	case PROP_REASON:
		g_value_set_string(value, client->reason);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
	}
}

static void ui_client_dispose(GObject *object)
{
	UiClient *client = UI_CLIENT(object);

	client->disposed = TRUE;
	g_cancellable_cancel(client->cancel);
	g_clear_handle_id(&client->stats_timer, g_source_remove);
	g_clear_handle_id(&client->watch, g_bus_unwatch_name);
	if (client->vms) {
		forget_generation(client);
	}
	g_clear_object(&client->cancel);
	drop_connection(client);
	g_clear_object(&client->vms);
	g_clear_object(&client->networks);
	g_clear_object(&client->jobs);
	G_OBJECT_CLASS(ui_client_parent_class)->dispose(object);
}

static void ui_client_finalize(GObject *object)
{
	UiClient *client = UI_CLIENT(object);

	g_hash_table_unref(client->watched);
	g_hash_table_unref(client->histories);
	g_free(client->reason);
	G_OBJECT_CLASS(ui_client_parent_class)->finalize(object);
}

static void ui_client_class_init(UiClientClass *class)
{
	GObjectClass *object_class = G_OBJECT_CLASS(class);

	object_class->get_property = ui_client_get_property;
	object_class->dispose = ui_client_dispose;
	object_class->finalize = ui_client_finalize;
	properties[PROP_ONLINE] = g_param_spec_boolean("online", NULL, NULL, FALSE,
						       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
	properties[PROP_REASON] = g_param_spec_string("reason", NULL, NULL, NULL,
						      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
	g_object_class_install_properties(object_class, PROP_COUNT, properties);
	signals[SIGNAL_NOTICE] = g_signal_new("notice", UI_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL,
					      NULL, NULL, G_TYPE_NONE, 4, G_TYPE_STRING,
					      G_TYPE_STRING, MULLION_TYPE_VM1, G_TYPE_STRING);
	signals[SIGNAL_STATISTICS] = g_signal_new("statistics", UI_TYPE_CLIENT, G_SIGNAL_RUN_LAST,
						  0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	signals[SIGNAL_JOB_DONE] =
	    g_signal_new("job-done", UI_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
			 G_TYPE_NONE, 1, MULLION_TYPE_JOB1);
}

static void ui_client_init(UiClient *client)
{
	client->cancel = g_cancellable_new();
	client->vms = g_list_store_new(MULLION_TYPE_VM1);
	client->networks = g_list_store_new(MULLION_TYPE_NETWORK1);
	client->jobs = g_list_store_new(MULLION_TYPE_JOB1);
	client->watched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, watch_free);
	client->histories =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)ui_history_free);
}

UiClient *ui_client_new(void)
{
	UiClient *client = g_object_new(UI_TYPE_CLIENT, NULL);

	connect_bus(client);
	return client;
}
