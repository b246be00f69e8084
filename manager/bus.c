/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bus.h"

#include "error.h"
#include "gate.h"

#include <string.h>

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define MANAGER_INTERFACE    "org.freedesktop.DBus.ObjectManager"

struct BusObject {
	grefcount references; /* the export, and each call at the gate */
	const BusClass *class;
	char *path;
	gpointer owner; /* NULL: no longer on the bus */
	guint registration;
	guint idle;
	GVariant *known; /* the properties as clients know them */
};

typedef struct {
	BusObject *object;
	const BusMethod *method;
	GDBusMethodInvocation *call;
} Pending;

static struct {
	GDBusConnection *connection;
	GHashTable *objects; /* path → BusObject, owned by whoever exported it */
	GHashTable *nodes;   /* interface → GDBusNodeInfo */
	guint registration;
} bus;

static const char manager_xml[] =
    "<node><interface name='" MANAGER_INTERFACE "'>"
    "<method name='GetManagedObjects'><arg type='a{oa{sa{sv}}}' direction='out'/></method>"
    "<signal name='InterfacesAdded'><arg type='o'/><arg type='a{sa{sv}}'/></signal>"
    "<signal name='InterfacesRemoved'><arg type='o'/><arg type='as'/></signal>"
    "</interface></node>";

static void object_unref(BusObject *object)
{
	if (g_ref_count_dec(&object->references)) {
		g_clear_pointer(&object->known, g_variant_unref);
		g_free(object->path);
		g_free(object);
	}
}

GDBusConnection *bus_connection(void)
{
	return bus.connection;
}

const char *bus_path(const BusObject *object)
{
	return object->path;
}

void bus_answer_error(GDBusMethodInvocation *call, GError *error)
{
	error_to_mullion(&error);
	g_dbus_method_invocation_take_error(call, error);
}

static void answer_denied(GDBusMethodInvocation *call, const char *reason)
{
	g_dbus_method_invocation_return_error(call, MULLION_ERROR, MULLION_ERROR_NOT_AUTHORIZED,
					      "%s", reason);
}

static GDBusInterfaceInfo *interface_info(const char *interface)
{
	GDBusNodeInfo *node = g_hash_table_lookup(bus.nodes, interface);

	if (!node) {
		g_autofree char *path = g_strdup_printf("/org/mullion/dbus/%s.xml", interface);
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) xml =
		    g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);

		node =
		    xml ? g_dbus_node_info_new_for_xml(g_bytes_get_data(xml, NULL), &error) : NULL;
		if (!node) {
			g_error("%s: %s", path, error->message); /* the build put it in */
		}
		g_hash_table_insert(bus.nodes, g_strdup(interface), node);
	}
	return g_dbus_node_info_lookup_interface(node, interface);
}

static GVariant *properties_of(BusObject *object)
{
	return g_variant_ref_sink(object->class->properties(object->owner));
}

static void properties_get(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	BusObject *object = owner;
	g_autoptr(GVariant) properties = properties_of(object);
	g_autoptr(GVariant) value = NULL;
	const char *name;

	g_variant_get_child(args, 1, "&s", &name);
	value = g_variant_lookup_value(properties, name, NULL);
	if (!value) {
		g_dbus_method_invocation_return_error(
		    call, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY, "no property %s", name);
		return;
	}
	g_dbus_method_invocation_return_value(call, g_variant_new("(v)", value));
}

static void properties_get_all(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	BusObject *object = owner;
	g_autoptr(GVariant) properties = properties_of(object);

	g_dbus_method_invocation_return_value(call, g_variant_new("(@a{sv})", properties));
}

static GVariant *interfaces_of(BusObject *object)
{
	g_autoptr(GVariant) properties = properties_of(object);
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sa{sv}}"));
	g_variant_builder_add(&builder, "{s@a{sv}}", object->class->interface, properties);
	return g_variant_builder_end(&builder);
}

static void get_managed_objects(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	GVariantBuilder builder;
	GHashTableIter iter;
	gpointer object;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{oa{sa{sv}}}"));
	g_hash_table_iter_init(&iter, bus.objects);
	while (g_hash_table_iter_next(&iter, NULL, &object)) {
		const char *path = ((BusObject *)object)->path;

		if (!g_str_equal(path, BUS_ROOT)) {
			g_variant_builder_add(&builder, "{o@a{sa{sv}}}", path,
					      interfaces_of(object));
		}
	}
	g_dbus_method_invocation_return_value(call, g_variant_new("(a{oa{sa{sv}}})", &builder));
}

/* The bus' own interfaces: their handlers get the BusObject itself. */
static const BusMethod property_methods[] = {
    {"Get", "view", properties_get, NULL},
    {"GetAll", "view", properties_get_all, NULL},
    {NULL},
};
static const BusMethod manager_methods[] = {
    {"GetManagedObjects", "view", get_managed_objects, NULL},
    {NULL},
};

static bool is_own_interface(const BusMethod *method)
{
	return (method >= property_methods &&
		method < property_methods + G_N_ELEMENTS(property_methods)) ||
	       (method >= manager_methods &&
		method < manager_methods + G_N_ELEMENTS(manager_methods));
}

static void passed(bool allowed, const char *reason, gpointer data)
{
	Pending *pending = data;
	BusObject *object = pending->object;

	if (!allowed) {
		answer_denied(pending->call, reason);
	} else if (object && !object->owner) {
		g_dbus_method_invocation_return_error(pending->call, MULLION_ERROR,
						      MULLION_ERROR_NOT_FOUND, "%s is gone",
						      object->path);
	} else {
		gpointer owner =
		    object && !is_own_interface(pending->method) ? object->owner : object;

		pending->method->handle(
		    owner, g_dbus_method_invocation_get_parameters(pending->call), pending->call);
	}
	if (object) {
		object_unref(object);
	}
	g_free(pending);
}

static void called(GDBusConnection *connection, const char *sender, const char *path,
		   const char *interface, const char *name, GVariant *args,
		   GDBusMethodInvocation *call, gpointer data)
{
	BusObject *object = data;
	const BusMethod *method = object ? object->class->methods : manager_methods;
	bool interactive = g_dbus_message_get_flags(g_dbus_method_invocation_get_message(call)) &
			   G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
	const char *right;
	Pending *pending;

	if (object && g_str_equal(interface, PROPERTIES_INTERFACE)) {
		method = property_methods;
	}
	while (method->name && !g_str_equal(method->name, name)) {
		method++;
	}
	if (!method->name) {
		answer_denied(call, "no rule allows this call");
		return;
	}
	if (object) {
		g_ref_count_inc(&object->references);
	}
	right = method->right_of ? method->right_of(object->owner, args) : method->right;
	pending = g_new(Pending, 1);
	*pending = (Pending){object, method, call};
	gate_check(connection, sender, right, interactive, passed, pending);
}

static const GDBusInterfaceVTable vtable = {called, NULL, NULL, {0}};

static void emit(const char *path, const char *interface, const char *name, GVariant *args)
{
	g_autoptr(GError) error = NULL;

	if (!g_dbus_connection_is_closed(bus.connection) &&
	    !g_dbus_connection_emit_signal(bus.connection, NULL, path, interface, name, args,
					   &error)) {
		g_warning("%s.%s: %s", interface, name, error->message);
	}
}

void bus_signal(BusObject *object, const char *name, GVariant *args)
{
	emit(object->path, object->class->interface, name, args);
}

void bus_changed_now(BusObject *object)
{
	g_autoptr(GVariant) now = properties_of(object);
	g_autoptr(GVariant) before = g_steal_pointer(&object->known);
	GVariantBuilder changed;
	GVariantIter iter;
	const char *name;
	GVariant *item;
	bool any = false;

	g_clear_handle_id(&object->idle, g_source_remove);
	g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
	g_variant_iter_init(&iter, now);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &item)) {
		g_autoptr(GVariant) value = item;
		g_autoptr(GVariant) old = g_variant_lookup_value(before, name, NULL);

		if (!old || !g_variant_equal(old, value)) {
			g_variant_builder_add(&changed, "{sv}", name, value);
			any = true;
		}
	}
	object->known = g_steal_pointer(&now);
	if (any) {
		emit(object->path, PROPERTIES_INTERFACE, "PropertiesChanged",
		     g_variant_new("(sa{sv}as)", object->class->interface, &changed, NULL));
	} else {
		g_variant_builder_clear(&changed);
	}
}

static gboolean changed_idle(gpointer data)
{
	BusObject *object = data;

	object->idle = 0;
	bus_changed_now(object);
	return G_SOURCE_REMOVE;
}

void bus_changed(BusObject *object)
{
	if (object && object->owner && !object->idle) {
		object->idle = g_idle_add(changed_idle, object);
	}
}

BusObject *bus_export(const BusClass *class, const char *path, gpointer owner)
{
	BusObject *object = g_new0(BusObject, 1);
	g_autoptr(GError) error = NULL;

	g_ref_count_init(&object->references);
	object->class = class;
	object->path = g_strdup(path);
	object->owner = owner;
	object->known = properties_of(object);
	object->registration = g_dbus_connection_register_object(
	    bus.connection, path, interface_info(class->interface), &vtable, object, NULL, &error);
	if (!object->registration) {
		g_warning("%s: %s", path, error->message);
	}
	g_hash_table_insert(bus.objects, object->path, object);
	if (!g_str_equal(path, BUS_ROOT)) {
		emit(BUS_ROOT, MANAGER_INTERFACE, "InterfacesAdded",
		     g_variant_new("(o@a{sa{sv}})", path, interfaces_of(object)));
	}
	return object;
}

void bus_unexport(BusObject *object)
{
	const char *interfaces[2];

	if (!object) {
		return;
	}
	interfaces[0] = object->class->interface;
	interfaces[1] = NULL;
	g_clear_handle_id(&object->idle, g_source_remove);
	if (object->registration) {
		g_dbus_connection_unregister_object(bus.connection, object->registration);
	}
	g_hash_table_remove(bus.objects, object->path);
	object->owner = NULL;
	if (!g_str_equal(object->path, BUS_ROOT)) {
		emit(BUS_ROOT, MANAGER_INTERFACE, "InterfacesRemoved",
		     g_variant_new("(o^as)", object->path, interfaces));
	}
	object_unref(object);
}

typedef struct {
	BusWork work;
	gpointer data;
	GDestroyNotify data_free;
	GDBusMethodInvocation *call;
} Work;

static void work_free(gpointer pointer)
{
	Work *work = pointer;

	if (work->data_free) {
		work->data_free(work->data);
	}
	g_free(work);
}

static void work_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Work *work = data;
	GError *error = NULL;
	GVariant *reply = work->work(work->data, &error);

	if (reply) {
		g_task_return_pointer(task, g_variant_ref_sink(reply),
				      (GDestroyNotify)g_variant_unref);
	} else {
		g_task_return_error(task, error);
	}
}

static void work_done(GObject *source, GAsyncResult *result, gpointer data)
{
	GDBusMethodInvocation *call = data;
	GError *error = NULL;
	g_autoptr(GVariant) reply = g_task_propagate_pointer(G_TASK(result), &error);

	if (reply) {
		g_dbus_method_invocation_return_value(call, reply);
	} else {
		bus_answer_error(call, error);
	}
}

void bus_answer_in_thread(GDBusMethodInvocation *call, BusWork work, gpointer data,
			  GDestroyNotify data_free)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, work_done, call);
	Work *item = g_new(Work, 1);

	*item = (Work){work, data, data_free, call};
	g_task_set_task_data(task, item, work_free);
	g_task_run_in_thread(task, work_run);
}

bool bus_open(GDBusConnection *connection, GError **error)
{
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(manager_xml, error);

	if (!node) {
		return false;
	}
	bus.connection = g_object_ref(connection);
	bus.objects = g_hash_table_new(g_str_hash, g_str_equal);
	bus.nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					  (GDestroyNotify)g_dbus_node_info_unref);
	bus.registration = g_dbus_connection_register_object(
	    connection, BUS_ROOT, node->interfaces[0], &vtable, NULL, NULL, error);
	return bus.registration != 0;
}

void bus_close(void)
{
	if (bus.connection) {
		g_dbus_connection_unregister_object(bus.connection, bus.registration);
		g_clear_pointer(&bus.objects, g_hash_table_unref);
		g_clear_pointer(&bus.nodes, g_hash_table_unref);
		g_clear_object(&bus.connection);
	}
}
