/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration of xl becomes a VM. What would be lost is told by line before anything is made.
 */
#include "forms.h"

#include "form-call.h"
#include "form-values.h"
#include "form-widgets.h"
#include "window.h"

#include <glib/gi18n.h>
#include <string.h>

#define TEXT_LIMIT (256 * 1024) /* the manager's */

#define UI_TYPE_IMPORT (ui_import_get_type())
G_DECLARE_FINAL_TYPE(UiImport, ui_import, UI, IMPORT, GtkWindow)

struct _UiImport {
	GtkWindow parent_instance;
	GtkWidget *cancel_button, *check_button, *import_button, *open_button;
	GtkWidget *name_entry, *name_note;
	GtkWidget *text_view;
	GtkWidget *result_label, *warning_window, *warning_list;
	UiClient *client;
	GCancellable *cancellable;
	bool checked; /* the text as it stands, without error */
	bool busy;
};

G_DEFINE_FINAL_TYPE(UiImport, ui_import, GTK_TYPE_WINDOW)

static GtkTextBuffer *buffer_of(UiImport *self)
{
	return gtk_text_view_get_buffer(GTK_TEXT_VIEW(self->text_view));
}

static char *text_of(UiImport *self)
{
	GtkTextIter start, end;

	gtk_text_buffer_get_bounds(buffer_of(self), &start, &end);
	return gtk_text_buffer_get_text(buffer_of(self), &start, &end, FALSE);
}

static void update(UiImport *self)
{
	g_auto(GStrv) taken = form_vm_names(self->client);
	const char *name = gtk_entry_get_text(GTK_ENTRY(self->name_entry));
	g_autofree char *problem =
	    *name ? form_name_problem(name, (const char *const *)taken) : NULL;
	bool empty = gtk_text_buffer_get_char_count(buffer_of(self)) == 0;

	form_label_tell(GTK_LABEL(self->name_note), problem);
	gtk_widget_set_sensitive(self->check_button, !empty && !self->busy);
	gtk_widget_set_sensitive(self->import_button,
				 !empty && !self->busy && self->checked && !problem);
	gtk_widget_set_sensitive(self->text_view, !self->busy);
	gtk_widget_set_sensitive(self->name_entry, !self->busy);
}

static void clear_warnings(UiImport *self)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(self->warning_list));

	for (const GList *item = rows; item; item = item->next) {
		gtk_widget_destroy(GTK_WIDGET(item->data));
	}
	gtk_widget_hide(self->warning_window);
}

static void on_changed(UiImport *self)
{
	update(self);
}

static void on_text(UiImport *self)
{
	self->checked = false;
	clear_warnings(self);
	form_label_tell(GTK_LABEL(self->result_label), NULL);
	update(self);
}

static void add_warning(UiImport *self, guint line, const char *text)
{
	/* Translators: number of a line in a file, and what is wrong there */
	g_autofree char *whole =
	    line > 0 ? g_strdup_printf(_("Line %u: %s"), line, text) : g_strdup(text);
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *label = gtk_label_new(whole);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	g_object_set(label, "margin", 6, NULL);
	gtk_container_add(GTK_CONTAINER(row), label);
	form_set_accessible(row, whole);
	g_object_set_data(G_OBJECT(row), "line", GUINT_TO_POINTER(line));
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(self->warning_list), row);
}

static void go_to_line(UiImport *self, guint line)
{
	GtkTextIter start, end;

	if (line == 0) {
		return;
	}
	gtk_text_buffer_get_iter_at_line(buffer_of(self), &start, (int)line - 1);
	end = start;
	if (!gtk_text_iter_ends_line(&end)) {
		gtk_text_iter_forward_to_line_end(&end);
	}
	gtk_text_buffer_select_range(buffer_of(self), &start, &end);
	gtk_text_view_scroll_to_iter(GTK_TEXT_VIEW(self->text_view), &start, 0.1, FALSE, 0, 0);
}

/* A row of the list tells where in the text it is about. */
static void on_warning(UiImport *self, GtkListBoxRow *row)
{
	go_to_line(self, GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(row), "line")));
}

static void show_warnings(UiImport *self, GVariant *warnings)
{
	GVariantIter iter;
	const char *text;
	guint line;

	clear_warnings(self);
	g_variant_iter_init(&iter, warnings);
	while (g_variant_iter_next(&iter, "(u&s)", &line, &text)) {
		add_warning(self, line, text);
	}
	gtk_widget_set_visible(self->warning_window, g_variant_n_children(warnings) > 0);
}

static void show_error(UiImport *self, const GError *error)
{
	g_autofree char *text = form_error_explain(error);

	clear_warnings(self);
	form_label_tell(GTK_LABEL(self->result_label), text);
}

static void checked(GVariant *answer, const GError *error, gpointer data)
{
	UiImport *self = data;
	g_autoptr(GVariant) warnings = NULL;

	self->busy = false;
	self->checked = !error;
	if (error) {
		show_error(self, error);
	} else {
		warnings = g_variant_get_child_value(answer, 1);
		show_warnings(self, warnings);
		form_label_tell(GTK_LABEL(self->result_label),
				g_variant_n_children(warnings) > 0
				    ? _("The VM can be made, but this will not be kept:")
				    : _("The VM can be made as it is written here."));
	}
	update(self);
}

static void imported(GVariant *answer, const GError *error, gpointer data)
{
	UiImport *self = data;
	GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(self));
	const char *path;
	MullionVm1 *vm;

	self->busy = false;
	if (error) {
		show_error(self, error);
		update(self);
		return;
	}
	g_variant_get_child(answer, 0, "&o", &path);
	vm = ui_client_vm_at(self->client, path);
	if (vm && UI_IS_WINDOW(parent)) {
		ui_window_show_vm(UI_WINDOW(parent), vm);
	}
	gtk_widget_destroy(GTK_WIDGET(self));
}

static void call(UiImport *self, bool dry_run)
{
	MullionManager1 *manager = ui_client_manager(self->client);
	g_autofree char *text = text_of(self);
	GVariantBuilder options;

	if (!manager) {
		form_label_tell(GTK_LABEL(self->result_label),
				_("The manager (mulliond) is away."));
		return;
	}
	self->busy = true;
	update(self);
	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "dry-run", g_variant_new_boolean(dry_run));
	form_call(manager, "ImportXlCfg",
		  g_variant_new("(ssa{sv})", gtk_entry_get_text(GTK_ENTRY(self->name_entry)), text,
				&options),
		  self->cancellable, dry_run ? checked : imported, self);
}

static void on_check(UiImport *self)
{
	call(self, true);
}

static void on_import(UiImport *self)
{
	call(self, false);
}

static void file_read(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(UiImport) self = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	gsize length;
	bool good =
	    g_file_load_contents_finish(G_FILE(source), result, &text, &length, NULL, &error);

	if (g_cancellable_is_cancelled(self->cancellable)) {
		return; /* the window is closed */
	}
	if (!good) {
		form_label_tell(GTK_LABEL(self->result_label), error->message);
		return;
	}
	if (length > TEXT_LIMIT || !g_utf8_validate(text, (gssize)length, NULL)) {
		form_label_tell(GTK_LABEL(self->result_label),
				_("This file is not a text of 256 KiB at most."));
		return;
	}
	gtk_text_buffer_set_text(buffer_of(self), text, (int)length);
	call(self, true);
}

static void file_chosen(GtkDialog *dialog, int response, UiImport *self)
{
	if (response == GTK_RESPONSE_ACCEPT) {
		g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));

		g_file_load_contents_async(file, self->cancellable, file_read, g_object_ref(self));
	}
	gtk_widget_destroy(GTK_WIDGET(dialog));
}

static void on_open(UiImport *self)
{
	GtkWidget *dialog = gtk_file_chooser_dialog_new(
	    _("Configuration of xl"), GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_OPEN, _("_Cancel"),
	    GTK_RESPONSE_CANCEL, _("_Open"), GTK_RESPONSE_ACCEPT, NULL);

	gtk_window_set_modal(GTK_WINDOW(dialog), TRUE);
	gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
	g_signal_connect_object(dialog, "response", G_CALLBACK(file_chosen), self, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

static void on_cancel(UiImport *self)
{
	gtk_window_close(GTK_WINDOW(self));
}

static void dispose(GObject *object)
{
	UiImport *self = UI_IMPORT(object);

	g_cancellable_cancel(self->cancellable);
	if (self->text_view) {
		g_signal_handlers_disconnect_by_data(buffer_of(self), self);
	}
	g_clear_object(&self->client);
	G_OBJECT_CLASS(ui_import_parent_class)->dispose(object);
}

static void finalize(GObject *object)
{
	g_object_unref(UI_IMPORT(object)->cancellable);
	G_OBJECT_CLASS(ui_import_parent_class)->finalize(object);
}

static void ui_import_class_init(UiImportClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	G_OBJECT_CLASS(class)->finalize = finalize;
	gtk_widget_class_set_template_from_resource(widget_class, "/org/mullion/desktop/import.ui");
	gtk_widget_class_bind_template_child(widget_class, UiImport, cancel_button);
	gtk_widget_class_bind_template_child(widget_class, UiImport, check_button);
	gtk_widget_class_bind_template_child(widget_class, UiImport, import_button);
	gtk_widget_class_bind_template_child(widget_class, UiImport, open_button);
	gtk_widget_class_bind_template_child(widget_class, UiImport, name_entry);
	gtk_widget_class_bind_template_child(widget_class, UiImport, name_note);
	gtk_widget_class_bind_template_child(widget_class, UiImport, text_view);
	gtk_widget_class_bind_template_child(widget_class, UiImport, result_label);
	gtk_widget_class_bind_template_child(widget_class, UiImport, warning_window);
	gtk_widget_class_bind_template_child(widget_class, UiImport, warning_list);
	gtk_widget_class_bind_template_callback(widget_class, on_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_warning);
	gtk_widget_class_bind_template_callback(widget_class, on_open);
	gtk_widget_class_bind_template_callback(widget_class, on_check);
	gtk_widget_class_bind_template_callback(widget_class, on_import);
	gtk_widget_class_bind_template_callback(widget_class, on_cancel);
}

static void ui_import_init(UiImport *self)
{
	self->cancellable = g_cancellable_new();
	gtk_widget_init_template(GTK_WIDGET(self));
	g_signal_connect_swapped(buffer_of(self), "changed", G_CALLBACK(on_text), self);
	gtk_window_set_default(GTK_WINDOW(self), self->import_button);
	form_window_closes(GTK_WINDOW(self));
}

void ui_import_show(GtkWindow *parent, UiClient *client)
{
	UiImport *self = g_object_new(UI_TYPE_IMPORT, "transient-for", parent, NULL);

	self->client = g_object_ref(client);
	gtk_widget_grab_focus(self->text_view);
	gtk_window_present(GTK_WINDOW(self));
}
