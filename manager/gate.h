/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place that decides who may do what: it asks polkit. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#define GATE_PREFIX "org.mullion.manager."

/* @allowed: polkit said yes. Anything else, also no answer, is a no; @reason then says why, for the
 * caller. */
typedef void (*GateFunc)(bool allowed, const char *reason, gpointer data);

/* May @sender, a unique bus name, do what needs @right ("view" ...)? @interactive: polkit may ask
 * the person, which can take minutes. @done is called once, from the main loop. */
void gate_check(GDBusConnection *connection, const char *sender, const char *right,
		bool interactive, GateFunc done, gpointer data);
