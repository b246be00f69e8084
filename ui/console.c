/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console.h"

#include "colour.h"
#include "console-filter.h"
#include "console-stream.h"
#include "vm-actions.h"

#include <glib/gi18n.h>
#include <vte/vte.h>

/* 16 KiB each 10 ms are faster than any serial line, and nothing that a processor feels. */
#define READ_PAUSE 10

struct _UiConsole {
	GtkBox parent;
	UiClient *client;
	MullionVm1 *vm;
	UiConsoleStream *stream;
	UiConsoleFilter *filter;
	gboolean wants_keyboard; /* as soon as there is something to type to */
	guint domain;		 /* whose words the terminal shows; 0: none yet */
	GdkRGBA colour;
	GtkWidget *content, *words, *empty;
	GtkLabel *name, *state, *keyboard;
	GtkLabel *empty_title, *empty_text, *ended_text;
	GtkButton *empty_button, *ended_button;
	GtkWidget *ended;
	VteTerminal *terminal;
	GtkRange *scrollbar;
	GtkMenu *menu;
	GtkWidget *menu_copy, *menu_paste, *menu_all;
};

G_DEFINE_TYPE(UiConsole, ui_console, GTK_TYPE_BOX)

/* Black or white, whichever is easier to read on @back (relative luminance of WCAG 2). */
static GdkRGBA readable_on(const GdkRGBA *back)
{
	double luminance = 0.2126 * back->red * back->red + 0.7152 * back->green * back->green +
			   0.0722 * back->blue * back->blue;

	return luminance > 0.2 ? (GdkRGBA){0, 0, 0, 1} : (GdkRGBA){1, 1, 1, 1};
}

static void colour_label(GtkLabel *label, const GdkRGBA *colour, gboolean bold)
{
	g_autoptr(PangoAttrList) attributes = pango_attr_list_new();

	pango_attr_list_insert(attributes,
			       pango_attr_foreground_new((guint16)(colour->red * G_MAXUINT16),
							 (guint16)(colour->green * G_MAXUINT16),
							 (guint16)(colour->blue * G_MAXUINT16)));
	if (bold) {
		pango_attr_list_insert(attributes, pango_attr_weight_new(PANGO_WEIGHT_BOLD));
	}
	gtk_label_set_attributes(label, attributes);
}

static gboolean draw_frame(GtkWidget *widget, cairo_t *cr, gpointer data)
{
	UiConsole *console = UI_CONSOLE(widget);

	/* The box has no window of its own: what is clipped is the window around it. */
	gdk_cairo_set_source_rgba(cr, &console->colour);
	cairo_rectangle(cr, 0, 0, gtk_widget_get_allocated_width(widget),
			gtk_widget_get_allocated_height(widget));
	cairo_fill(cr);
	return FALSE;
}

static void show_frame(UiConsole *console)
{
	const char *colour = mullion_vm1_get_colour(console->vm);
	/* Translators: the state of a VM, and the word for its trust colour */
	g_autofree char *state =
	    g_strdup_printf(_("%s · %s"), ui_vm_state_text(console->vm), ui_colour_text(colour));
	/* Translators: %s is the name of a VM */
	g_autofree char *what = g_strdup_printf(_("Text console of %s"), ui_vm_title(console->vm));
	GdkRGBA text;

	ui_colour_rgba(colour, &console->colour);
	text = readable_on(&console->colour);
	gtk_label_set_text(console->name, ui_vm_title(console->vm));
	gtk_label_set_text(console->state, state);
	colour_label(console->name, &text, TRUE);
	colour_label(console->state, &text, FALSE);
	colour_label(console->keyboard, &text, FALSE);
	atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(console->terminal)), what);
	gtk_widget_queue_draw(GTK_WIDGET(console));
}

static void show_keyboard(UiConsole *console)
{
	gtk_label_set_text(console->keyboard,
			   ui_console_has_keyboard(console)
			       ? _("Keys go to the VM. Ctrl+Alt+Home takes them back.")
			       : "");
}

/* How its last run ended, for people; NULL when there is nothing to say. */
static const char *end_text(MullionVm1 *vm)
{
	static const struct {
		const char *reason, *text;
	} ends[] = {
	    {"shutdown", N_("It has shut down.")},
	    {"reboot", N_("It wanted to be started again, and is set not to be.")},
	    {"crash", N_("It has crashed. What it said last is below.")},
	    {"forced", N_("It was forced off.")},
	    {"failed", N_("It could not go on.")},
	    {"saved", N_("It is saved, and will go on from there.")},
	};
	const char *reason = mullion_vm1_get_end_reason(vm);

	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (g_strcmp0(reason, ends[i].reason) == 0) {
			return _(ends[i].text);
		}
	}
	return _("It does not run.");
}

static void show_button(UiConsole *console, GtkButton *button)
{
	const char *action =
	    ui_vm_is_alive(console->vm) ? NULL : ui_vm_actions_primary(console->vm);

	if (ui_console_stream_state(console->stream) == UI_CONSOLE_FAILED) {
		gtk_button_set_label(button, _("Try _Again"));
	} else if (action) {
		gtk_button_set_label(button, ui_vm_actions_label(action));
	}
	gtk_widget_set_visible(GTK_WIDGET(button),
			       action ||
				   ui_console_stream_state(console->stream) == UI_CONSOLE_FAILED);
}

static void button_clicked(GtkButton *button, gpointer data)
{
	UiConsole *console = data;
	GtkWidget *window = gtk_widget_get_toplevel(GTK_WIDGET(console));
	const char *action = ui_vm_actions_primary(console->vm);

	if (ui_console_stream_state(console->stream) == UI_CONSOLE_FAILED) {
		ui_console_stream_retry(console->stream);
	} else if (action && GTK_IS_WINDOW(window)) {
		ui_vm_actions_do(console->client, GTK_WINDOW(window), console->vm, action);
	}
}

static void show_empty(UiConsole *console)
{
	const GError *error = ui_console_stream_error(console->stream);
	g_autofree char *title = NULL;
	const char *text;

	if (ui_console_stream_state(console->stream) == UI_CONSOLE_FAILED) {
		/* Translators: %s is the name of a VM */
		title = g_strdup_printf(_("The console of “%s” cannot be shown"),
					ui_vm_title(console->vm));
		text = error->message;
	} else if (ui_vm_is_alive(console->vm)) {
		/* Translators: %s is the name of a VM */
		title = g_strdup_printf(_("“%s” is on its way"), ui_vm_title(console->vm));
		text = error ? error->message : _("Its console appears here in a moment.");
	} else {
		/* Translators: name and state of a VM */
		title = g_strdup_printf(_("%s: %s"), ui_vm_title(console->vm),
					ui_vm_state_text(console->vm));
		text = mullion_vm1_get_template(console->vm)
			   ? _("A template is not started itself. Make a throw-away VM or a clone "
			       "of it.")
			   : _("Its console appears here when it runs.");
	}
	gtk_label_set_text(console->empty_title, title);
	gtk_label_set_text(console->empty_text, text);
	show_button(console, console->empty_button);
}

static void show_all(UiConsole *console)
{
	bool open = ui_console_stream_state(console->stream) == UI_CONSOLE_OPEN;
	bool words = open || (console->domain &&
			      ui_console_stream_state(console->stream) != UI_CONSOLE_FAILED);

	show_frame(console);
	gtk_stack_set_visible_child(GTK_STACK(console->content),
				    words ? console->words : console->empty);
	vte_terminal_set_input_enabled(console->terminal, open);
	gtk_widget_set_visible(console->ended, words && !open);
	if (!words) {
		show_empty(console);
	} else if (!open) {
		gtk_label_set_text(console->ended_text,
				   ui_vm_is_alive(console->vm)
				       ? _("The console is closed. It is being opened again.")
				       : end_text(console->vm));
		show_button(console, console->ended_button);
	}
	show_keyboard(console);
}

static void changed(UiConsole *console)
{
	show_all(console);
}

/* A run of its own begins on a clean terminal; below what the one before said. */
static void opened(UiConsole *console)
{
	guint domain = mullion_vm1_get_domain_id(console->vm);
	bool again = console->domain != 0 && console->domain != domain;

	/* The same run: the backlog comes once more. */
	vte_terminal_reset(console->terminal, TRUE, !again);
	if (again) {
		g_autofree char *line =
		    g_strdup_printf("\033[m\r\n\033[7m %s \033[m\r\n", _("started again"));

		vte_terminal_feed(console->terminal, line, -1);
	}
	console->domain = domain;
	g_clear_pointer(&console->filter, ui_console_filter_free);
	console->filter = ui_console_filter_new();
}

static void give_keyboard(UiConsole *console)
{
	if (ui_console_stream_state(console->stream) == UI_CONSOLE_OPEN) {
		console->wants_keyboard = FALSE;
		gtk_widget_grab_focus(GTK_WIDGET(console->terminal));
	}
}

static void stream_state_changed(UiConsole *console)
{
	if (ui_console_stream_state(console->stream) == UI_CONSOLE_OPEN) {
		opened(console);
	}
	show_all(console);
	if (console->wants_keyboard && gtk_widget_get_mapped(GTK_WIDGET(console))) {
		give_keyboard(console);
	}
}

static void got_data(UiConsole *console, GBytes *bytes, gboolean backlog)
{
	g_autoptr(GByteArray) clean = g_byte_array_new();
	gsize length;
	const guint8 *data = g_bytes_get_data(bytes, &length);

	ui_console_filter_feed(console->filter, data, length, !backlog, g_get_monotonic_time(),
			       clean);
	vte_terminal_feed(console->terminal, (const char *)clean->data, clean->len);
}

static void committed(VteTerminal *terminal, const char *text, guint length, gpointer data)
{
	UiConsole *console = data;

	if (!ui_console_stream_send(console->stream, text, length)) {
		gtk_label_set_text(console->keyboard, _("The VM does not read its keyboard."));
	}
}

static gboolean terminal_pressed(GtkWidget *terminal, const GdkEventButton *event, gpointer data)
{
	UiConsole *console = data;

	if (!gdk_event_triggers_context_menu((const GdkEvent *)event)) {
		return FALSE;
	}
	gtk_widget_set_sensitive(console->menu_copy, ui_console_has_selection(console));
	gtk_menu_popup_at_pointer(console->menu, (const GdkEvent *)event);
	return TRUE;
}

static gboolean focus_changed(GtkWidget *terminal, const GdkEventFocus *event, gpointer data)
{
	show_keyboard(data);
	return FALSE;
}

gboolean ui_console_has_keyboard(UiConsole *console)
{
	return gtk_widget_has_focus(GTK_WIDGET(console->terminal));
}

void ui_console_take_keyboard(UiConsole *console)
{
	GtkWidget *button = GTK_WIDGET(console->empty_button);

	if (ui_console_stream_state(console->stream) == UI_CONSOLE_OPEN) {
		gtk_widget_grab_focus(GTK_WIDGET(console->terminal));
		return;
	}
	console->wants_keyboard = TRUE;
	if (gtk_stack_get_visible_child(GTK_STACK(console->content)) == console->empty &&
	    gtk_widget_get_visible(button)) {
		gtk_widget_grab_focus(button);
	}
}

gboolean ui_console_has_selection(UiConsole *console)
{
	return vte_terminal_get_has_selection(console->terminal);
}

void ui_console_copy(UiConsole *console)
{
	if (ui_console_has_selection(console)) {
		vte_terminal_copy_clipboard_format(console->terminal, VTE_FORMAT_TEXT);
	}
}

void ui_console_paste(UiConsole *console)
{
	vte_terminal_paste_clipboard(console->terminal);
}

void ui_console_zoom(UiConsole *console, int direction)
{
	double scale = vte_terminal_get_font_scale(console->terminal);

	scale = direction == 0 ? 1 : direction > 0 ? scale * 1.2 : scale / 1.2;
	vte_terminal_set_font_scale(console->terminal, CLAMP(scale, 0.5, 4));
}

static void select_all(UiConsole *console)
{
	vte_terminal_select_all(console->terminal);
}

/* A console is opened when somebody first looks, and stays open from then on: the way back is at
 * once.
 */
static void ui_console_map(GtkWidget *widget)
{
	UiConsole *console = UI_CONSOLE(widget);

	GTK_WIDGET_CLASS(ui_console_parent_class)->map(widget);
	ui_console_stream_start(console->stream);
	show_all(console);
}

static void ui_console_unmap(GtkWidget *widget)
{
	UI_CONSOLE(widget)->wants_keyboard = FALSE;
	GTK_WIDGET_CLASS(ui_console_parent_class)->unmap(widget);
}

static void ui_console_dispose(GObject *object)
{
	UiConsole *console = UI_CONSOLE(object);

	if (console->stream) {
		g_signal_handlers_disconnect_by_data(console->stream, console);
		ui_console_stream_stop(console->stream);
	}
	if (console->vm) {
		g_signal_handlers_disconnect_by_data(console->vm, console);
	}
	if (console->menu && gtk_menu_get_attach_widget(console->menu)) {
		gtk_menu_detach(console->menu);
		console->menu = NULL;
	}
	g_clear_object(&console->stream);
	g_clear_object(&console->vm);
	g_clear_object(&console->client);
	g_clear_pointer(&console->filter, ui_console_filter_free);
	G_OBJECT_CLASS(ui_console_parent_class)->dispose(object);
}

static void bind_children(GtkWidgetClass *widget)
{
	gtk_widget_class_bind_template_child(widget, UiConsole, content);
	gtk_widget_class_bind_template_child(widget, UiConsole, words);
	gtk_widget_class_bind_template_child(widget, UiConsole, empty);
	gtk_widget_class_bind_template_child(widget, UiConsole, name);
	gtk_widget_class_bind_template_child(widget, UiConsole, state);
	gtk_widget_class_bind_template_child(widget, UiConsole, keyboard);
	gtk_widget_class_bind_template_child(widget, UiConsole, empty_title);
	gtk_widget_class_bind_template_child(widget, UiConsole, empty_text);
	gtk_widget_class_bind_template_child(widget, UiConsole, empty_button);
	gtk_widget_class_bind_template_child(widget, UiConsole, ended);
	gtk_widget_class_bind_template_child(widget, UiConsole, ended_text);
	gtk_widget_class_bind_template_child(widget, UiConsole, ended_button);
	gtk_widget_class_bind_template_child(widget, UiConsole, terminal);
	gtk_widget_class_bind_template_child(widget, UiConsole, scrollbar);
	gtk_widget_class_bind_template_child(widget, UiConsole, menu);
	gtk_widget_class_bind_template_child(widget, UiConsole, menu_copy);
	gtk_widget_class_bind_template_child(widget, UiConsole, menu_paste);
	gtk_widget_class_bind_template_child(widget, UiConsole, menu_all);
}

static void ui_console_class_init(UiConsoleClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	g_type_ensure(VTE_TYPE_TERMINAL);
	G_OBJECT_CLASS(class)->dispose = ui_console_dispose;
	widget->map = ui_console_map;
	widget->unmap = ui_console_unmap;
	gtk_widget_class_set_template_from_resource(widget, "/org/mullion/desktop/console.ui");
	bind_children(widget);
	gtk_widget_class_bind_template_callback(widget, draw_frame);
	gtk_widget_class_bind_template_callback(widget, button_clicked);
	gtk_widget_class_bind_template_callback(widget, committed);
	gtk_widget_class_bind_template_callback(widget, terminal_pressed);
	gtk_widget_class_bind_template_callback(widget, focus_changed);
}

/* The same in every theme: it is the guest's screen. */
static void dress_terminal(VteTerminal *terminal)
{
	static const GdkRGBA white = {0.9, 0.9, 0.9, 1}, black = {0, 0, 0, 1};

	vte_terminal_set_colors(terminal, &white, &black, NULL, 0);
	vte_terminal_set_size(terminal, 80, 24);
}

static void ui_console_init(UiConsole *console)
{
	gtk_widget_init_template(GTK_WIDGET(console));
	dress_terminal(console->terminal);
	gtk_range_set_adjustment(console->scrollbar,
				 gtk_scrollable_get_vadjustment(GTK_SCROLLABLE(console->terminal)));
	gtk_menu_attach_to_widget(console->menu, GTK_WIDGET(console->terminal), NULL);
	g_signal_connect_swapped(console->menu_copy, "activate", G_CALLBACK(ui_console_copy),
				 console);
	g_signal_connect_swapped(console->menu_paste, "activate", G_CALLBACK(ui_console_paste),
				 console);
	g_signal_connect_swapped(console->menu_all, "activate", G_CALLBACK(select_all), console);
}

GtkWidget *ui_console_new(UiClient *client, MullionVm1 *vm)
{
	static const char *const followed[] = {"notify::name",	 "notify::title",
					       "notify::colour", "notify::state",
					       "notify::job",	 "notify::end-reason"};
	UiConsole *console = g_object_new(UI_TYPE_CONSOLE, NULL);

	console->client = g_object_ref(client);
	console->vm = g_object_ref(vm);
	console->stream = ui_console_stream_new(vm, READ_PAUSE, true);
	for (gsize i = 0; i < G_N_ELEMENTS(followed); i++) {
		g_signal_connect_swapped(vm, followed[i], G_CALLBACK(changed), console);
	}
	g_signal_connect_swapped(console->stream, "notify::state", G_CALLBACK(stream_state_changed),
				 console);
	g_signal_connect_swapped(console->stream, "data", G_CALLBACK(got_data), console);
	show_all(console);
	return GTK_WIDGET(console);
}
