/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen.h"

#include "accessible.h"
#include "chord.h"
#include "console.h"
#include "key-grab.h"
#include "window.h"

#include <glib/gi18n.h>

#define HINT_SECONDS 5
/* Of the window: a chord is about to show another screen, which takes the keyboard over. */
#define KEYBOARD_GOES_ON "ui-screen-keyboard"
/* Of the window: how many screens are mapped in it. */
#define SCREENS "ui-screen-count"
struct _UiScreen {
	GtkBox parent;
	UiClient *client;
	MullionVm1 *vm;
	UiConsole *console;
	GtkWidget *window; /* that we listen to, as long as we are mapped in it; not owned */
	gboolean full;
	UiKeyGrab *grab;
	guint hint_timer, focus_idle;
	gboolean why_known;
	GtkWidget *why, *tools, *overlay, *full_button;
	GtkRevealer *hint;
};

G_DEFINE_TYPE(UiScreen, ui_screen, GTK_TYPE_BOX)

/*
 * In full screen the keyboard is ours alone while the window has the focus: neither the window
 * manager nor another program gets a key that was meant for the VM, or the chord.
 */
static void hold_keys(UiScreen *screen)
{
	if (screen->full && screen->window && gtk_window_is_active(GTK_WINDOW(screen->window))) {
		ui_key_grab_hold(screen->grab, screen->window);
	} else {
		ui_key_grab_release(screen->grab);
	}
}

static gboolean hide_hint(gpointer data)
{
	UiScreen *screen = data;

	screen->hint_timer = 0;
	gtk_revealer_set_reveal_child(screen->hint, FALSE);
	return G_SOURCE_REMOVE;
}

static void show_hint(UiScreen *screen)
{
	gtk_revealer_set_reveal_child(screen->hint, TRUE);
	g_clear_handle_id(&screen->hint_timer, g_source_remove);
	screen->hint_timer = g_timeout_add_seconds(HINT_SECONDS, hide_hint, screen);
}

static void show_why(UiScreen *screen)
{
	gtk_widget_set_visible(screen->why,
			       !screen->full && !screen->why_known &&
				   g_strcmp0(mullion_vm1_get_display(screen->vm), "console") == 0);
}

static gboolean take_keyboard(gpointer data)
{
	UiScreen *screen = data;

	screen->focus_idle = 0;
	ui_console_take_keyboard(screen->console);
	return G_SOURCE_REMOVE;
}

/* A stack that changes pages moves the focus after the page is mapped: come after that. */
static void take_keyboard_soon(UiScreen *screen)
{
	if (!screen->focus_idle) {
		screen->focus_idle =
		    g_idle_add_full(G_PRIORITY_HIGH_IDLE, take_keyboard, screen, NULL);
	}
}

/* What the window is, the page follows. */
static void set_full(UiScreen *screen, gboolean full)
{
	if (screen->full == full) {
		return;
	}
	screen->full = full;
	gtk_widget_set_visible(screen->tools, !full);
	show_why(screen);
	if (full) {
		show_hint(screen);
		take_keyboard_soon(screen);
	} else {
		gtk_revealer_set_reveal_child(screen->hint, FALSE);
	}
	hold_keys(screen);
}

static void ask_full(UiScreen *screen, gboolean full)
{
	if (!screen->window) {
		return;
	}
	if (UI_IS_WINDOW(screen->window)) {
		ui_window_set_chrome(UI_WINDOW(screen->window), !full);
	}
	if (full) {
		gtk_window_fullscreen(GTK_WINDOW(screen->window));
	} else {
		gtk_window_unfullscreen(GTK_WINDOW(screen->window));
	}
}

static void show_neighbour(UiScreen *screen, int step)
{
	GListModel *vms = ui_client_vms(screen->client);
	guint count = g_list_model_get_n_items(vms), own = 0;

	for (guint i = 0; i < count; i++) {
		g_autoptr(GDBusProxy) vm = g_list_model_get_item(vms, i);

		if ((gpointer)vm == screen->vm) {
			own = i;
		}
	}
	for (guint i = 1; i < count; i++) {
		guint at = (own + (step > 0 ? i : count - i)) % count;
		g_autoptr(GDBusProxy) vm = g_list_model_get_item(vms, at);

		if (mullion_vm1_get_domain_id(MULLION_VM1(vm)) != 0) {
			g_object_set_data(G_OBJECT(screen->window), KEYBOARD_GOES_ON, screen);
			ui_window_show_screen(UI_WINDOW(screen->window), MULLION_VM1(vm));
			return;
		}
	}
}

static void leave(UiScreen *screen)
{
	if (screen->full) {
		ask_full(screen, FALSE);
	}
	/* The keyboard goes to the window's own controls. */
	if (ui_console_has_keyboard(screen->console)) {
		gtk_widget_grab_focus(screen->full_button);
	}
}

static void obey(UiScreen *screen, UiChord chord)
{
	switch (chord) {
	case UI_CHORD_LEAVE:
		leave(screen);
		break;
	case UI_CHORD_PREVIOUS:
	case UI_CHORD_NEXT:
		if (UI_IS_WINDOW(screen->window)) {
			show_neighbour(screen, chord == UI_CHORD_NEXT ? 1 : -1);
		}
		break;
	case UI_CHORD_FULLSCREEN:
		ask_full(screen, !screen->full);
		break;
	case UI_CHORD_NONE:
		break;
	}
}

/*
 * The window's handler comes before those of its class, and so before accelerators and the guest's
 * widget. Input methods see no chord either.
 */
static gboolean key_pressed(GtkWidget *window, GdkEventKey *event, gpointer data)
{
	UiScreen *screen = data;
	UiChord chord = ui_chord_of(event);

	if (chord != UI_CHORD_NONE) {
		obey(screen, chord);
		return TRUE;
	}
	return ui_console_has_keyboard(screen->console) &&
	       gtk_window_propagate_key_event(GTK_WINDOW(window), event);
}

static gboolean window_state_changed(GtkWidget *window, const GdkEventWindowState *event,
				     gpointer data)
{
	UiScreen *screen = data;
	gboolean full = (event->new_window_state & GDK_WINDOW_STATE_FULLSCREEN) != 0;

	/* The window manager may end it too. */
	if (!full && screen->full && UI_IS_WINDOW(window)) {
		ui_window_set_chrome(UI_WINDOW(window), TRUE);
	}
	set_full(screen, full);
	return FALSE;
}

static gboolean grab_broken(GtkWidget *window, const GdkEventGrabBroken *event, gpointer data)
{
	UiScreen *screen = data;

	if (event->keyboard) {
		ui_key_grab_broken(screen->grab);
		hold_keys(screen);
	}
	return FALSE;
}

/* Only now it is known whether another screen has taken the window over. */
static gboolean check_full_screen(gpointer data)
{
	GtkWidget *window = data;
	GdkWindow *surface = gtk_widget_get_window(window);

	if (g_object_get_data(G_OBJECT(window), SCREENS) == NULL && surface &&
	    (gdk_window_get_state(surface) & GDK_WINDOW_STATE_FULLSCREEN)) {
		ui_window_set_chrome(UI_WINDOW(window), TRUE);
		gtk_window_unfullscreen(GTK_WINDOW(window));
	}
	return G_SOURCE_REMOVE;
}

static void count_screens(GtkWidget *window, int change)
{
	int count = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(window), SCREENS)) + change;

	g_object_set_data(G_OBJECT(window), SCREENS, GINT_TO_POINTER(count));
}

static void ui_screen_map(GtkWidget *widget)
{
	UiScreen *screen = UI_SCREEN(widget);
	GdkWindow *surface;

	GTK_WIDGET_CLASS(ui_screen_parent_class)->map(widget);
	screen->window = gtk_widget_get_toplevel(widget);
	count_screens(screen->window, 1);
	g_signal_connect(screen->window, "key-press-event", G_CALLBACK(key_pressed), screen);
	g_signal_connect(screen->window, "window-state-event", G_CALLBACK(window_state_changed),
			 screen);
	g_signal_connect(screen->window, "grab-broken-event", G_CALLBACK(grab_broken), screen);
	g_signal_connect_swapped(screen->window, "notify::is-active", G_CALLBACK(hold_keys),
				 screen);
	surface = gtk_widget_get_window(screen->window);
	set_full(screen,
		 surface && (gdk_window_get_state(surface) & GDK_WINDOW_STATE_FULLSCREEN) != 0);
	if (screen->full && UI_IS_WINDOW(screen->window)) {
		ui_window_set_chrome(UI_WINDOW(screen->window), FALSE);
	}
	if (g_object_steal_data(G_OBJECT(screen->window), KEYBOARD_GOES_ON)) {
		take_keyboard_soon(screen);
	}
	hold_keys(screen);
}

static void stop_listening(UiScreen *screen)
{
	ui_key_grab_release(screen->grab);
	g_clear_handle_id(&screen->hint_timer, g_source_remove);
	g_clear_handle_id(&screen->focus_idle, g_source_remove);
	if (screen->window) {
		g_signal_handlers_disconnect_by_data(screen->window, screen);
		count_screens(screen->window, -1);
		if (screen->full && UI_IS_WINDOW(screen->window)) {
			g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, check_full_screen,
					g_object_ref(screen->window), g_object_unref);
		}
		screen->window = NULL;
	}
}

/* Full screen is the window's; the page that comes next takes it over, or it ends. */
static void ui_screen_unmap(GtkWidget *widget)
{
	UiScreen *screen = UI_SCREEN(widget);

	stop_listening(screen);
	set_full(screen, FALSE);
	GTK_WIDGET_CLASS(ui_screen_parent_class)->unmap(widget);
}

static void ui_screen_grab_focus(GtkWidget *widget)
{
	ui_console_take_keyboard(UI_SCREEN(widget)->console);
}

static void why_closed(GtkInfoBar *bar, gint response, gpointer data)
{
	UiScreen *screen = data;

	screen->why_known = TRUE;
	show_why(screen);
}

static void copy_clicked(GtkButton *button, gpointer data)
{
	ui_console_copy(UI_SCREEN(data)->console);
}

static void paste_clicked(GtkButton *button, gpointer data)
{
	ui_console_paste(UI_SCREEN(data)->console);
}

static void smaller_clicked(GtkButton *button, gpointer data)
{
	ui_console_zoom(UI_SCREEN(data)->console, -1);
}

static void usual_clicked(GtkButton *button, gpointer data)
{
	ui_console_zoom(UI_SCREEN(data)->console, 0);
}

static void larger_clicked(GtkButton *button, gpointer data)
{
	ui_console_zoom(UI_SCREEN(data)->console, 1);
}

static void full_clicked(GtkButton *button, gpointer data)
{
	ask_full(data, TRUE);
}

static void ui_screen_dispose(GObject *object)
{
	UiScreen *screen = UI_SCREEN(object);

	stop_listening(screen);
	if (screen->vm) {
		g_signal_handlers_disconnect_by_data(screen->vm, screen);
	}
	g_clear_object(&screen->vm);
	g_clear_object(&screen->client);
	G_OBJECT_CLASS(ui_screen_parent_class)->dispose(object);
}

static void ui_screen_finalize(GObject *object)
{
	ui_key_grab_free(UI_SCREEN(object)->grab);
	G_OBJECT_CLASS(ui_screen_parent_class)->finalize(object);
}

static void ui_screen_class_init(UiScreenClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_screen_dispose;
	G_OBJECT_CLASS(class)->finalize = ui_screen_finalize;
	widget->map = ui_screen_map;
	widget->unmap = ui_screen_unmap;
	widget->grab_focus = ui_screen_grab_focus;
	gtk_widget_class_set_template_from_resource(widget, "/org/mullion/desktop/screen.ui");
	gtk_widget_class_bind_template_child(widget, UiScreen, why);
	gtk_widget_class_bind_template_child(widget, UiScreen, tools);
	gtk_widget_class_bind_template_child(widget, UiScreen, overlay);
	gtk_widget_class_bind_template_child(widget, UiScreen, hint);
	gtk_widget_class_bind_template_child_full(widget, "full", FALSE,
						  G_STRUCT_OFFSET(UiScreen, full_button));
	gtk_widget_class_bind_template_callback(widget, why_closed);
	gtk_widget_class_bind_template_callback(widget, copy_clicked);
	gtk_widget_class_bind_template_callback(widget, paste_clicked);
	gtk_widget_class_bind_template_callback(widget, smaller_clicked);
	gtk_widget_class_bind_template_callback(widget, usual_clicked);
	gtk_widget_class_bind_template_callback(widget, larger_clicked);
	gtk_widget_class_bind_template_callback(widget, full_clicked);
}

static void ui_screen_init(UiScreen *screen)
{
	screen->grab = ui_key_grab_new();
	gtk_widget_init_template(GTK_WIDGET(screen));
	ui_accessible_name_close(GTK_INFO_BAR(screen->why));
}

GtkWidget *ui_screen_new(UiClient *client, MullionVm1 *vm)
{
	UiScreen *screen = g_object_new(UI_TYPE_SCREEN, NULL);

	screen->client = g_object_ref(client);
	screen->vm = g_object_ref(vm);
	screen->console = UI_CONSOLE(ui_console_new(client, vm));
	gtk_container_add(GTK_CONTAINER(screen->overlay), GTK_WIDGET(screen->console));
	g_signal_connect_swapped(vm, "notify::display", G_CALLBACK(show_why), screen);
	show_why(screen);
	return GTK_WIDGET(screen);
}
