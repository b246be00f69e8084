/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects on D-Bus. Every call, also the reading of properties, finds its row in the class' table
 * or is denied, and passes the gate before its handler sees it. Main thread only.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#define BUS_NAME "org.mullion.Manager1"
#define BUS_ROOT "/org/mullion/Manager1"

typedef struct BusObject BusObject;

typedef struct {
	const char *name;
	const char *right;
	/* Takes the invocation and answers it, now or later. @owner: bus_export()'s. */
	void (*handle)(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
	/* Replaces right where it depends on the arguments; may be NULL. */
	const char *(*right_of)(gpointer owner, GVariant *args);
} BusMethod;

typedef struct {
	const char *interface;
	const BusMethod *methods; /* ends with a row without name */
	/* All properties, a{sv}, floating. */
	GVariant *(*properties)(gpointer owner);
} BusClass;

/* Work of a method in a thread. Returns the reply's tuple, or NULL and @error. */
typedef GVariant *(*BusWork)(gpointer data, GError **error);

/* The introspection data is the very XML that clients are given (GResource
 * /org/mullion/dbus/INTERFACE.xml). */
bool bus_open(GDBusConnection *connection, GError **error);
void bus_close(void);
GDBusConnection *bus_connection(void);

/* Put @owner on the bus at @path, and tell clients. @owner must outlive bus_unexport(). */
BusObject *bus_export(const BusClass *class, const char *path, gpointer owner);
void bus_unexport(BusObject *object);
const char *bus_path(const BusObject *object);
/* Properties may have changed: what did is sent out when the main loop is idle. */
void bus_changed(BusObject *object);
/* The same, at once: for what has to be seen before a signal that follows. */
void bus_changed_now(BusObject *object);
void bus_signal(BusObject *object, const char *name, GVariant *args);

/* Run @work in a thread and answer @call with what it returns. */
void bus_answer_in_thread(GDBusMethodInvocation *call, BusWork work, gpointer data,
			  GDestroyNotify data_free);
/* Answer with @error, made one of ours, and free it. */
void bus_answer_error(GDBusMethodInvocation *call, GError *error);
