/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path-entry.h"

#include "devices.h"
#include "form-widgets.h"

#include <glib/gi18n.h>

struct _UiPathEntry {
	GtkBox parent_instance;
	GtkWidget *entry;
	GtkWidget *browse_button;
	GtkWidget *device_button;
	UiClient *client;
	char *label;
	char *patterns;
};

G_DEFINE_FINAL_TYPE(UiPathEntry, ui_path_entry, GTK_TYPE_BOX)

enum { PROP_TEXT = 1, PROP_LABEL, PROP_PATTERNS, PROP_COUNT };
static GParamSpec *properties[PROP_COUNT];
static guint changed_signal;

const char *ui_path_entry_get_text(UiPathEntry *self)
{
	return gtk_entry_get_text(GTK_ENTRY(self->entry));
}

void ui_path_entry_set_text(UiPathEntry *self, const char *text)
{
	gtk_entry_set_text(GTK_ENTRY(self->entry), text ? text : "");
	/* The file's name says more than its folder. */
	gtk_editable_set_position(GTK_EDITABLE(self->entry), -1);
}

void ui_path_entry_offer_devices(UiPathEntry *self, UiClient *client)
{
	g_set_object(&self->client, client);
	gtk_widget_set_visible(self->device_button, client != NULL);
}

static void on_changed(UiPathEntry *self)
{
	g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_TEXT]);
	g_signal_emit(self, changed_signal, 0);
}

static void add_filters(UiPathEntry *self, GtkFileChooser *chooser)
{
	g_auto(GStrv) patterns = g_strsplit(self->patterns, ";", -1);
	GtkFileFilter *filter, *all;

	if (!*self->patterns) {
		return;
	}
	filter = gtk_file_filter_new();
	gtk_file_filter_set_name(filter, self->label);
	for (guint i = 0; patterns[i]; i++) {
		gtk_file_filter_add_pattern(filter, patterns[i]);
	}
	gtk_file_chooser_add_filter(chooser, filter);
	all = gtk_file_filter_new();
	gtk_file_filter_set_name(all, _("All files"));
	gtk_file_filter_add_pattern(all, "*");
	gtk_file_chooser_add_filter(chooser, all);
}

static void file_chosen(GtkDialog *dialog, int response, UiPathEntry *self)
{
	if (response == GTK_RESPONSE_ACCEPT) {
		g_autofree char *path = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(dialog));

		if (path) {
			ui_path_entry_set_text(self, path);
		}
	}
	gtk_widget_destroy(GTK_WIDGET(dialog));
}

static void on_browse(UiPathEntry *self)
{
	GtkWidget *window = gtk_widget_get_toplevel(GTK_WIDGET(self));
	const char *path = ui_path_entry_get_text(self);
	GtkWidget *dialog = gtk_file_chooser_dialog_new(
	    self->label, GTK_WINDOW(window), GTK_FILE_CHOOSER_ACTION_OPEN, _("_Cancel"),
	    GTK_RESPONSE_CANCEL, _("_Choose"), GTK_RESPONSE_ACCEPT, NULL);

	gtk_window_set_modal(GTK_WINDOW(dialog), TRUE);
	gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
	gtk_file_chooser_set_local_only(GTK_FILE_CHOOSER(dialog), TRUE);
	add_filters(self, GTK_FILE_CHOOSER(dialog));
	if (g_path_is_absolute(path)) {
		gtk_file_chooser_set_filename(GTK_FILE_CHOOSER(dialog), path);
	}
	g_signal_connect_object(dialog, "response", G_CALLBACK(file_chosen), self, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

static void device_chosen(const char *path, gpointer data)
{
	ui_path_entry_set_text(data, path);
}

static void on_device(UiPathEntry *self)
{
	GtkWidget *window = gtk_widget_get_toplevel(GTK_WIDGET(self));

	ui_devices_choose(GTK_WINDOW(window), self->client, device_chosen, self);
}

static gboolean mnemonic_activate(GtkWidget *widget, gboolean cycling)
{
	gtk_widget_grab_focus(UI_PATH_ENTRY(widget)->entry);
	return TRUE;
}

static void grab_focus(GtkWidget *widget)
{
	gtk_widget_grab_focus(UI_PATH_ENTRY(widget)->entry);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	UiPathEntry *self = UI_PATH_ENTRY(object);

	switch (id) {
	case PROP_TEXT:
		g_value_set_string(value, ui_path_entry_get_text(self));
		break;
	case PROP_LABEL:
		g_value_set_string(value, self->label);
		break;
	case PROP_PATTERNS:
		g_value_set_string(value, self->patterns);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
		break;
	}
}

static void set_label(UiPathEntry *self, const char *label)
{
	/* Translators: %s is what a file is for, as in "Kernel: browse files" */
	g_autofree char *browse = g_strdup_printf(_("%s: browse files"), label);
	g_autofree char *device = g_strdup_printf(_("%s: choose a device"), label);

	g_free(self->label);
	self->label = g_strdup(label);
	form_set_accessible(self->entry, label);
	form_set_accessible(self->browse_button, browse);
	form_set_accessible(self->device_button, device);
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
	UiPathEntry *self = UI_PATH_ENTRY(object);
	const char *text = g_value_get_string(value) ? g_value_get_string(value) : "";

	switch (id) {
	case PROP_TEXT:
		ui_path_entry_set_text(self, text);
		break;
	case PROP_LABEL:
		set_label(self, text);
		break;
	case PROP_PATTERNS:
		g_free(self->patterns);
		self->patterns = g_strdup(text);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
		break;
	}
}

static void finalize(GObject *object)
{
	UiPathEntry *self = UI_PATH_ENTRY(object);

	g_clear_object(&self->client);
	g_free(self->label);
	g_free(self->patterns);
	G_OBJECT_CLASS(ui_path_entry_parent_class)->finalize(object);
}

static void ui_path_entry_class_init(UiPathEntryClass *class)
{
	GObjectClass *object_class = G_OBJECT_CLASS(class);
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
	const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

	object_class->get_property = get_property;
	object_class->set_property = set_property;
	object_class->finalize = finalize;
	widget_class->mnemonic_activate = mnemonic_activate;
	widget_class->grab_focus = grab_focus;
	properties[PROP_TEXT] = g_param_spec_string("text", NULL, NULL, "", flags);
	properties[PROP_LABEL] = g_param_spec_string("label", NULL, NULL, "", flags);
	properties[PROP_PATTERNS] = g_param_spec_string("patterns", NULL, NULL, "", flags);
	g_object_class_install_properties(object_class, PROP_COUNT, properties);
	changed_signal = g_signal_new("changed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0,
				      NULL, NULL, NULL, G_TYPE_NONE, 0);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/path-entry.ui");
	gtk_widget_class_bind_template_child(widget_class, UiPathEntry, entry);
	gtk_widget_class_bind_template_child(widget_class, UiPathEntry, browse_button);
	gtk_widget_class_bind_template_child(widget_class, UiPathEntry, device_button);
	gtk_widget_class_bind_template_callback(widget_class, on_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_browse);
	gtk_widget_class_bind_template_callback(widget_class, on_device);
}

static void ui_path_entry_init(UiPathEntry *self)
{
	self->label = g_strdup("");
	self->patterns = g_strdup("");
	gtk_widget_init_template(GTK_WIDGET(self));
}
