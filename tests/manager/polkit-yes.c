/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A polkit that allows everything, on the session bus: for boots whose service VM has no login and
 * no polkit. */
#include <gio/gio.h>
#include <stdlib.h>

static const char xml[] =
    "<node><interface name='org.freedesktop.PolicyKit1.Authority'><method "
    "name='CheckAuthorization'>"
    "<arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='a{ss}' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='(bba{ss})' direction='out'/></method></interface></node>";

static void called(GDBusConnection *connection, const char *sender, const char *path,
		   const char *interface, const char *method, GVariant *args,
		   GDBusMethodInvocation *call, gpointer data)
{
	g_dbus_method_invocation_return_value(call,
					      g_variant_new("((bba{ss}))", TRUE, FALSE, NULL));
}

int main(void)
{
	static const GDBusInterfaceVTable vtable = {called, NULL, NULL, {0}};
	GDBusConnection *connection = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(xml, NULL);

	if (!connection ||
	    !g_dbus_connection_register_object(connection, "/org/freedesktop/PolicyKit1/Authority",
					       node->interfaces[0], &vtable, NULL, NULL, NULL)) {
		return EXIT_FAILURE;
	}
	g_bus_own_name_on_connection(connection, "org.freedesktop.PolicyKit1",
				     G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return EXIT_SUCCESS;
}
