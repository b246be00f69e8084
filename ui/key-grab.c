/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key-grab.h"

#include <gdk/gdkx.h>
#include <string.h>

#define RETRY_MS 100
#define TRIES	 20

struct UiKeyGrab {
	GdkWindow *window; /* that is to have the keys; NULL: none */
	GdkSeat *seat;	   /* that is held, or NULL */
	GdkWindow *root;   /* that is watched, or NULL */
	guint timer, tries;
};

/*
 * GDK takes a window that holds the keyboard for the one with the focus until it lets go, so only
 * the window manager's word tells when another one has become active. Without a window manager
 * there is no such word, and none is needed.
 */
static gboolean other_is_active(UiKeyGrab *grab)
{
	GdkAtom name = gdk_atom_intern_static_string("_NET_ACTIVE_WINDOW");
	GdkAtom type = gdk_atom_intern_static_string("WINDOW");
	g_autofree guchar *data = NULL;
	gulong active = 0;
	gint length = 0;

	if (!gdk_property_get(grab->root, name, type, 0, sizeof(active), FALSE, NULL, NULL, &length,
			      &data) ||
	    length != sizeof(active)) {
		return FALSE;
	}
	memcpy(&active, data, sizeof(active));
	return active != None && active != gdk_x11_window_get_xid(grab->window);
}

static GdkFilterReturn root_event(GdkXEvent *native, GdkEvent *event, gpointer data)
{
	const XEvent *x_event = native;
	UiKeyGrab *grab = data;

	if (x_event->type == PropertyNotify &&
	    x_event->xproperty.atom ==
		gdk_x11_get_xatom_by_name_for_display(gdk_window_get_display(grab->root),
						      "_NET_ACTIVE_WINDOW") &&
	    other_is_active(grab)) {
		ui_key_grab_release(grab);
	}
	return GDK_FILTER_CONTINUE;
}

static void watch(UiKeyGrab *grab)
{
	if (!grab->root && GDK_IS_X11_WINDOW(grab->window)) {
		grab->root =
		    g_object_ref(gdk_screen_get_root_window(gdk_window_get_screen(grab->window)));
		gdk_window_set_events(grab->root,
				      gdk_window_get_events(grab->root) | GDK_PROPERTY_CHANGE_MASK);
		gdk_window_add_filter(grab->root, root_event, grab);
	}
}

static gboolean try_to_hold(gpointer data)
{
	UiKeyGrab *grab = data;
	GdkSeat *seat = gdk_display_get_default_seat(gdk_window_get_display(grab->window));

	if (gdk_seat_grab(seat, grab->window, GDK_SEAT_CAPABILITY_KEYBOARD, TRUE, NULL, NULL, NULL,
			  NULL) == GDK_GRAB_SUCCESS) {
		grab->seat = g_object_ref(seat);
		watch(grab);
	} else if (++grab->tries < TRIES) {
		return G_SOURCE_CONTINUE;
	}
	grab->timer = 0;
	return G_SOURCE_REMOVE;
}

void ui_key_grab_hold(UiKeyGrab *grab, GtkWidget *window)
{
	if (grab->seat || grab->timer) {
		return;
	}
	g_set_object(&grab->window, gtk_widget_get_window(window));
	grab->tries = 0;
	if (try_to_hold(grab)) {
		grab->timer = g_timeout_add(RETRY_MS, try_to_hold, grab);
	}
}

void ui_key_grab_release(UiKeyGrab *grab)
{
	g_clear_handle_id(&grab->timer, g_source_remove);
	if (grab->root) {
		gdk_window_remove_filter(grab->root, root_event, grab);
		g_clear_object(&grab->root);
	}
	if (grab->seat) {
		gdk_seat_ungrab(grab->seat);
		g_clear_object(&grab->seat);
	}
}

void ui_key_grab_broken(UiKeyGrab *grab)
{
	g_clear_object(&grab->seat);
	ui_key_grab_release(grab);
}

UiKeyGrab *ui_key_grab_new(void)
{
	return g_new0(UiKeyGrab, 1);
}

void ui_key_grab_free(UiKeyGrab *grab)
{
	if (grab) {
		ui_key_grab_release(grab);
		g_clear_object(&grab->window);
		g_free(grab);
	}
}
