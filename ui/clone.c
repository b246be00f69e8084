/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forms.h"

#include "clone-box.h"
#include "form-widgets.h"
#include "progress.h"
#include "window.h"

#include <glib/gi18n.h>

#define UI_TYPE_CLONE (ui_clone_get_type())
G_DECLARE_FINAL_TYPE(UiClone, ui_clone, UI, CLONE, GtkWindow)

struct _UiClone {
	GtkWindow parent_instance;
	GtkWidget *header;
	GtkWidget *cancel_button, *clone_button;
	UiCloneBox *box;
	UiProgress *progress;
	UiClient *client;
};

G_DEFINE_FINAL_TYPE(UiClone, ui_clone, GTK_TYPE_WINDOW)

static void on_edited(UiClone *self)
{
	bool busy = ui_progress_is_busy(self->progress);

	gtk_widget_set_sensitive(self->clone_button, !busy && ui_clone_box_is_ready(self->box));
	gtk_widget_set_sensitive(GTK_WIDGET(self->box), !busy);
}

static void on_clone(UiClone *self)
{
	g_autofree char *what =
	    g_strdup_printf(_("Copying to “%s”…"), ui_clone_box_get_name(self->box));

	ui_progress_call(self->progress, self->client, ui_clone_box_get_vm(self->box), "Clone",
			 ui_clone_box_get_arguments(self->box), what);
	on_edited(self);
}

static void on_ended(UiClone *self, gboolean good)
{
	GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(self));

	if (!good) {
		on_edited(self);
		return;
	}
	if (UI_IS_WINDOW(parent)) {
		ui_window_show_name(UI_WINDOW(parent), ui_clone_box_get_name(self->box));
	}
	gtk_widget_destroy(GTK_WIDGET(self));
}

/* While it copies, closing is stopping: what is half made should not go on unseen. */
static gboolean on_delete(UiClone *self)
{
	if (ui_progress_is_busy(self->progress)) {
		ui_progress_cancel(self->progress);
		return GDK_EVENT_STOP;
	}
	return GDK_EVENT_PROPAGATE;
}

static void on_cancel(UiClone *self)
{
	gtk_window_close(GTK_WINDOW(self));
}

static void dispose(GObject *object)
{
	g_clear_object(&UI_CLONE(object)->client);
	G_OBJECT_CLASS(ui_clone_parent_class)->dispose(object);
}

static void ui_clone_class_init(UiCloneClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	g_type_ensure(UI_TYPE_CLONE_BOX);
	g_type_ensure(UI_TYPE_PROGRESS);
	gtk_widget_class_set_template_from_resource(widget_class, "/org/mullion/desktop/clone.ui");
	gtk_widget_class_bind_template_child(widget_class, UiClone, header);
	gtk_widget_class_bind_template_child(widget_class, UiClone, cancel_button);
	gtk_widget_class_bind_template_child(widget_class, UiClone, clone_button);
	gtk_widget_class_bind_template_child(widget_class, UiClone, box);
	gtk_widget_class_bind_template_child(widget_class, UiClone, progress);
	gtk_widget_class_bind_template_callback(widget_class, on_edited);
	gtk_widget_class_bind_template_callback(widget_class, on_clone);
	gtk_widget_class_bind_template_callback(widget_class, on_cancel);
	gtk_widget_class_bind_template_callback(widget_class, on_delete);
	gtk_widget_class_bind_template_callback(widget_class, on_ended);
}

static void ui_clone_init(UiClone *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	gtk_window_set_default(GTK_WINDOW(self), self->clone_button);
	form_window_closes(GTK_WINDOW(self));
}

void ui_clone_show(GtkWindow *parent, UiClient *client, MullionVm1 *vm)
{
	UiClone *self = g_object_new(UI_TYPE_CLONE, "transient-for", parent, NULL);
	/* Translators: title of the window that copies the VM %s */
	g_autofree char *title = g_strdup_printf(_("Clone “%s”"), ui_vm_title(vm));

	self->client = g_object_ref(client);
	gtk_header_bar_set_title(GTK_HEADER_BAR(self->header), title);
	gtk_window_set_title(GTK_WINDOW(self), title);
	ui_clone_box_set_vm(self->box, client, vm);
	gtk_widget_grab_focus(GTK_WIDGET(self->box));
	gtk_window_present(GTK_WINDOW(self));
}
