/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices.h"

#include "form-call.h"
#include "form-settings.h"
#include "form-values.h"
#include "form-widgets.h"

#include <glib/gi18n.h>

#define UI_TYPE_DEVICES (ui_devices_get_type())
G_DECLARE_FINAL_TYPE(UiDevices, ui_devices, UI, DEVICES, GtkWindow)

struct _UiDevices {
	GtkWindow parent_instance;
	GtkWidget *cancel_button, *choose_button;
	GtkWidget *note, *list;
	GCancellable *cancellable;
	UiDevicesFunc done;
	GWeakRef widget;
};

G_DEFINE_FINAL_TYPE(UiDevices, ui_devices, GTK_TYPE_WINDOW)

static void add_device(UiDevices *self, GVariant *device)
{
	const char *path = form_dict_text(device, "path");
	const char *model = form_dict_text(device, "model");
	bool in_use = form_dict_flag(device, "in-use");
	g_autofree char *size = form_size_format(form_dict_number(device, "size"));
	g_autofree char *text = g_strdup_printf("%s%s%s%s%s", size, *model ? ", " : "", model,
						in_use ? ", " : "", in_use ? _("in use") : "");
	g_autofree char *name = g_strdup_printf("%s, %s", path, text);
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
	GtkWidget *label = gtk_label_new(path);
	GtkWidget *note = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_xalign(GTK_LABEL(note), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
	gtk_style_context_add_class(gtk_widget_get_style_context(note), "dim-label");
	g_object_set(box, "margin", 6, NULL);
	gtk_container_add(GTK_CONTAINER(box), label);
	gtk_container_add(GTK_CONTAINER(box), note);
	gtk_container_add(GTK_CONTAINER(row), box);
	gtk_widget_set_sensitive(row, !in_use);
	gtk_list_box_row_set_selectable(GTK_LIST_BOX_ROW(row), !in_use);
	form_set_accessible(row, name);
	g_object_set_data_full(G_OBJECT(row), "path", g_strdup(path), g_free);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(self->list), row);
}

static void told(GVariant *answer, const GError *error, gpointer data)
{
	UiDevices *self = data;
	g_autoptr(GVariant) devices = NULL;

	if (error) {
		g_autofree char *text = form_error_explain(error);

		form_label_tell(GTK_LABEL(self->note), text);
		return;
	}
	if (!g_variant_is_of_type(answer, G_VARIANT_TYPE("(aa{sv}aa{sv})"))) {
		return;
	}
	devices = g_variant_get_child_value(answer, 0);
	for (gsize i = 0; i < g_variant_n_children(devices); i++) {
		g_autoptr(GVariant) device = g_variant_get_child_value(devices, i);

		add_device(self, device);
	}
	form_label_tell(GTK_LABEL(self->note), g_variant_n_children(devices) == 0
						   ? _("No disk or partition was found.")
						   : NULL);
}

static void on_selected(UiDevices *self, GtkListBoxRow *row)
{
	gtk_widget_set_sensitive(self->choose_button, row != NULL);
}

static void on_choose(UiDevices *self)
{
	GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(self->list));
	g_autoptr(GtkWidget) widget = g_weak_ref_get(&self->widget);

	if (row && widget) {
		self->done(g_object_get_data(G_OBJECT(row), "path"), widget);
	}
	gtk_widget_destroy(GTK_WIDGET(self));
}

static void on_activated(UiDevices *self, GtkListBoxRow *row)
{
	if (gtk_list_box_row_get_selectable(row)) {
		on_choose(self);
	}
}

static void on_cancel(UiDevices *self)
{
	gtk_window_close(GTK_WINDOW(self));
}

static void dispose(GObject *object)
{
	g_cancellable_cancel(UI_DEVICES(object)->cancellable);
	G_OBJECT_CLASS(ui_devices_parent_class)->dispose(object);
}

static void finalize(GObject *object)
{
	UiDevices *self = UI_DEVICES(object);

	g_object_unref(self->cancellable);
	g_weak_ref_clear(&self->widget);
	G_OBJECT_CLASS(ui_devices_parent_class)->finalize(object);
}

static void ui_devices_class_init(UiDevicesClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	G_OBJECT_CLASS(class)->finalize = finalize;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/devices.ui");
	gtk_widget_class_bind_template_child(widget_class, UiDevices, cancel_button);
	gtk_widget_class_bind_template_child(widget_class, UiDevices, choose_button);
	gtk_widget_class_bind_template_child(widget_class, UiDevices, note);
	gtk_widget_class_bind_template_child(widget_class, UiDevices, list);
	gtk_widget_class_bind_template_callback(widget_class, on_selected);
	gtk_widget_class_bind_template_callback(widget_class, on_activated);
	gtk_widget_class_bind_template_callback(widget_class, on_choose);
	gtk_widget_class_bind_template_callback(widget_class, on_cancel);
}

static void ui_devices_init(UiDevices *self)
{
	self->cancellable = g_cancellable_new();
	g_weak_ref_init(&self->widget, NULL);
	gtk_widget_init_template(GTK_WIDGET(self));
	gtk_window_set_default(GTK_WINDOW(self), self->choose_button);
	form_window_closes(GTK_WINDOW(self));
}

void ui_devices_choose(GtkWindow *parent, UiClient *client, UiDevicesFunc done, gpointer widget)
{
	MullionManager1 *manager = ui_client_manager(client);
	UiDevices *self = g_object_new(UI_TYPE_DEVICES, "transient-for", parent, NULL);

	self->done = done;
	g_weak_ref_set(&self->widget, widget);
	gtk_window_present(GTK_WINDOW(self));
	if (manager) {
		form_label_tell(GTK_LABEL(self->note), _("Looking for devices…"));
		form_call(manager, "GetBlockDevices", NULL, self->cancellable, told, self);
	} else {
		form_label_tell(GTK_LABEL(self->note), _("The manager (mulliond) is away."));
	}
}
