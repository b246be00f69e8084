/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-log.h"

#include <glib/gi18n.h>

struct _UiHostLog {
	GtkBox parent;
	UiClient *client;
	GCancellable *cancellable;
	GtkEntry *search;
	GtkWidget *copy, *scroller;
	GtkButton *fetch;
	GtkLabel *message;
	GtkTextView *text;
};

G_DEFINE_TYPE(UiHostLog, ui_host_log, GTK_TYPE_BOX)

static GtkTextBuffer *buffer_of(UiHostLog *log)
{
	return gtk_text_view_get_buffer(log->text);
}

static void show_text(UiHostLog *log, const char *text)
{
	GtkTextIter end;

	gtk_text_buffer_set_text(buffer_of(log), text, -1);
	gtk_widget_show(log->scroller);
	gtk_widget_set_sensitive(log->copy, TRUE);
	gtk_widget_set_sensitive(GTK_WIDGET(log->search), TRUE);
	gtk_button_set_label(log->fetch, _("_Refresh"));
	gtk_widget_set_visible(GTK_WIDGET(log->message), *text == '\0');
	gtk_label_set_text(log->message, _("The log is empty."));
	/* What happened last is below. */
	gtk_text_buffer_get_end_iter(buffer_of(log), &end);
	gtk_text_buffer_place_cursor(buffer_of(log), &end);
	gtk_text_view_scroll_mark_onscreen(log->text, gtk_text_buffer_get_insert(buffer_of(log)));
}

static void show_error(UiHostLog *log, GError *error)
{
	g_autofree char *text = NULL;

	g_dbus_error_strip_remote_error(error);
	/* Translators: %s is a message of the manager */
	text = g_strdup_printf(_("The log could not be read. %s"), error->message);
	gtk_label_set_text(log->message, text);
	gtk_widget_show(GTK_WIDGET(log->message));
}

static void got_log(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	UiHostLog *log = data; /* there, unless the call was cancelled */

	if (mullion_manager1_call_get_hypervisor_log_finish(MULLION_MANAGER1(source), &text, result,
							    &error)) {
		show_text(log, text);
	} else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		return;
	} else {
		show_error(log, error);
	}
	gtk_widget_set_sensitive(GTK_WIDGET(log->fetch), TRUE);
}

static void fetch_clicked(GtkButton *button, gpointer data)
{
	UiHostLog *log = data;
	MullionManager1 *manager = ui_client_manager(log->client);

	if (manager) {
		gtk_widget_set_sensitive(GTK_WIDGET(button), FALSE);
		mullion_manager1_call_get_hypervisor_log(manager, UI_INTERACTIVE, log->cancellable,
							 got_log, log);
	}
}

static void copy_clicked(GtkButton *button, gpointer data)
{
	UiHostLog *log = data;
	g_autofree char *text = NULL;

	g_object_get(buffer_of(log), "text", &text, NULL);
	gtk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(log), GDK_SELECTION_CLIPBOARD),
			       text, -1);
}

/* From @from on; at the log's end it goes on at the other end. */
static void find(UiHostLog *log, GtkTextIter from, gboolean forward)
{
	const char *wanted = gtk_entry_get_text(log->search);
	GtkTextIter start = from, end = from, other;
	GtkTextSearchFlags flags = GTK_TEXT_SEARCH_CASE_INSENSITIVE | GTK_TEXT_SEARCH_TEXT_ONLY;
	gboolean found;

	if (!*wanted) {
		gtk_style_context_remove_class(
		    gtk_widget_get_style_context(GTK_WIDGET(log->search)), "error");
		return;
	}
	if (forward) {
		gtk_text_buffer_get_start_iter(buffer_of(log), &other);
		found = gtk_text_iter_forward_search(&from, wanted, flags, &start, &end, NULL) ||
			gtk_text_iter_forward_search(&other, wanted, flags, &start, &end, NULL);
	} else {
		gtk_text_buffer_get_end_iter(buffer_of(log), &other);
		found = gtk_text_iter_backward_search(&from, wanted, flags, &start, &end, NULL) ||
			gtk_text_iter_backward_search(&other, wanted, flags, &start, &end, NULL);
	}
	if (found) {
		gtk_style_context_remove_class(
		    gtk_widget_get_style_context(GTK_WIDGET(log->search)), "error");
		gtk_text_buffer_select_range(buffer_of(log), &start, &end);
		gtk_text_view_scroll_mark_onscreen(log->text,
						   gtk_text_buffer_get_insert(buffer_of(log)));
	} else {
		gtk_style_context_add_class(gtk_widget_get_style_context(GTK_WIDGET(log->search)),
					    "error");
	}
}

static void find_from_selection(UiHostLog *log, gboolean forward, gboolean again)
{
	GtkTextIter start, end;

	gtk_text_buffer_get_selection_bounds(buffer_of(log), &start, &end);
	find(log, forward && again ? end : start, forward);
}

static void search_changed(GtkSearchEntry *entry, gpointer data)
{
	find_from_selection(data, TRUE, FALSE);
}

static void search_next(GtkEntry *entry, gpointer data)
{
	find_from_selection(data, TRUE, TRUE);
}

static void search_previous(GtkSearchEntry *entry, gpointer data)
{
	find_from_selection(data, FALSE, TRUE);
}

static void ui_host_log_dispose(GObject *object)
{
	UiHostLog *log = UI_HOST_LOG(object);

	g_cancellable_cancel(log->cancellable);
	g_clear_object(&log->cancellable);
	g_clear_object(&log->client);
	G_OBJECT_CLASS(ui_host_log_parent_class)->dispose(object);
}

static void ui_host_log_class_init(UiHostLogClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_host_log_dispose;
	gtk_widget_class_set_template_from_resource(widget, "/org/mullion/desktop/host-log.ui");
	gtk_widget_class_bind_template_child(widget, UiHostLog, search);
	gtk_widget_class_bind_template_child(widget, UiHostLog, copy);
	gtk_widget_class_bind_template_child(widget, UiHostLog, fetch);
	gtk_widget_class_bind_template_child(widget, UiHostLog, message);
	gtk_widget_class_bind_template_child(widget, UiHostLog, scroller);
	gtk_widget_class_bind_template_child(widget, UiHostLog, text);
	gtk_widget_class_bind_template_callback(widget, fetch_clicked);
	gtk_widget_class_bind_template_callback(widget, copy_clicked);
	gtk_widget_class_bind_template_callback(widget, search_changed);
	gtk_widget_class_bind_template_callback(widget, search_next);
	gtk_widget_class_bind_template_callback(widget, search_previous);
}

static void ui_host_log_init(UiHostLog *log)
{
	log->cancellable = g_cancellable_new();
	gtk_widget_init_template(GTK_WIDGET(log));
	/* Room for the words in it, however long they are in this language, and the icons. */
	gtk_entry_set_width_chars(
	    log->search, g_utf8_strlen(gtk_entry_get_placeholder_text(log->search), -1) + 2);
}

GtkWidget *ui_host_log_new(UiClient *client)
{
	UiHostLog *log = g_object_new(UI_TYPE_HOST_LOG, NULL);

	log->client = g_object_ref(client);
	return GTK_WIDGET(log);
}
