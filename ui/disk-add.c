/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk-add.h"

#include "form-call.h"
#include "form-values.h"
#include "form-widgets.h"
#include "path-entry.h"
#include "progress.h"

#include <glib/gi18n.h>

#define UI_TYPE_DISK_ADD (ui_disk_add_get_type())
G_DECLARE_FINAL_TYPE(UiDiskAdd, ui_disk_add, UI, DISK_ADD, GtkWindow)

struct _UiDiskAdd {
	GtkWindow parent_instance;
	GtkWidget *cancel_button, *add_button;
	GtkWidget *kind_combo, *size_label, *size_spin, *format_label, *format_combo;
	GtkWidget *group_label, *group_combo, *path_label, *readonly_check, *problem_label;
	UiPathEntry *path;
	UiProgress *progress;
	UiClient *client;
	MullionVm1 *vm;
	GCancellable *cancellable;
	bool groups_asked;
	void (*done)(gpointer widget);
	GWeakRef widget;
};

G_DEFINE_FINAL_TYPE(UiDiskAdd, ui_disk_add, GTK_TYPE_WINDOW)

static bool kind_is(UiDiskAdd *self, const char *kind)
{
	return g_strcmp0(gtk_combo_box_get_active_id(GTK_COMBO_BOX(self->kind_combo)), kind) == 0;
}

static void show_pair(GtkWidget *label, gpointer widget, bool visible)
{
	gtk_widget_set_visible(label, visible);
	gtk_widget_set_visible(GTK_WIDGET(widget), visible);
}

static char *problem_of(UiDiskAdd *self)
{
	const char *path = ui_path_entry_get_text(self->path);

	if (kind_is(self, "volume") &&
	    !gtk_combo_box_get_active_id(GTK_COMBO_BOX(self->group_combo))) {
		return g_strdup(_("Choose the volume group for the disk."));
	}
	if (kind_is(self, "existing")) {
		return *path ? form_path_problem(path, _("Disk")) : g_strdup(_("Choose the disk."));
	}
	/* A drive may be empty: a CD can be put in later. */
	return kind_is(self, "cd") && *path ? form_path_problem(path, _("CD image")) : NULL;
}

static void on_edited(UiDiskAdd *self)
{
	g_autofree char *problem = problem_of(self);
	bool busy = ui_progress_is_busy(self->progress);

	form_label_tell(GTK_LABEL(self->problem_label), problem);
	gtk_widget_set_sensitive(self->add_button, !problem && !busy);
}

static void groups_told(GVariant *answer, const GError *error, gpointer data)
{
	UiDiskAdd *self = data;

	if (error) {
		g_autofree char *text = form_error_explain(error);

		self->groups_asked = false;
		ui_progress_tell(self->progress, text);
		return;
	}
	form_combo_fill_groups(GTK_COMBO_BOX_TEXT(self->group_combo), answer);
	gtk_combo_box_set_active(GTK_COMBO_BOX(self->group_combo), 0);
	if (gtk_combo_box_get_active(GTK_COMBO_BOX(self->group_combo)) < 0) {
		ui_progress_tell(self->progress, _("This machine has no LVM volume group."));
	}
	on_edited(self);
}

static void on_kind(UiDiskAdd *self)
{
	MullionManager1 *manager = self->client ? ui_client_manager(self->client) : NULL;
	bool is_new = kind_is(self, "new"), is_volume = kind_is(self, "volume");
	bool is_cd = kind_is(self, "cd");

	show_pair(self->size_label, self->size_spin, is_new || is_volume);
	show_pair(self->format_label, self->format_combo, is_new);
	show_pair(self->group_label, self->group_combo, is_volume);
	show_pair(self->path_label, self->path, is_cd || kind_is(self, "existing"));
	gtk_widget_set_visible(self->readonly_check, kind_is(self, "existing"));
	g_object_set(self->path, "label", is_cd ? _("CD image") : _("Path of the disk"), "patterns",
		     is_cd ? "*.iso;*.ISO" : "*.qcow2;*.raw;*.img", NULL);
	if (is_volume && manager && !self->groups_asked) {
		self->groups_asked = true;
		form_call(manager, "GetBlockDevices", NULL, self->cancellable, groups_told, self);
	}
	on_edited(self);
}

static GVariant *disk_of(UiDiskAdd *self)
{
	const char *path = ui_path_entry_get_text(self->path);
	guint64 size =
	    (guint64)gtk_spin_button_get_value(GTK_SPIN_BUTTON(self->size_spin)) * FORM_MIB;
	GVariantDict disk;

	g_variant_dict_init(&disk, NULL);
	if (kind_is(self, "new") || kind_is(self, "volume")) {
		g_variant_dict_insert(&disk, "create-size", "t", size);
	} else {
		g_variant_dict_insert(&disk, "source", "s", path);
	}
	if (kind_is(self, "volume")) {
		g_variant_dict_insert(
		    &disk, "source", "s",
		    gtk_combo_box_get_active_id(GTK_COMBO_BOX(self->group_combo)));
		g_variant_dict_insert(&disk, "format", "s", "block");
	} else if (kind_is(self, "new")) {
		g_variant_dict_insert(
		    &disk, "format", "s",
		    gtk_combo_box_get_active_id(GTK_COMBO_BOX(self->format_combo)));
	} else if (kind_is(self, "cd")) {
		g_variant_dict_insert(&disk, "format", "s", "raw");
		g_variant_dict_insert(&disk, "readonly", "b", TRUE);
		g_variant_dict_insert(&disk, "cdrom", "b", TRUE);
	} else {
		g_variant_dict_insert(&disk, "format", "s", form_disk_format(path));
		g_variant_dict_insert(
		    &disk, "readonly", "b",
		    gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->readonly_check)));
	}
	return g_variant_dict_end(&disk);
}

static void on_add(UiDiskAdd *self)
{
	ui_progress_call(self->progress, self->client, self->vm, "AddDisk",
			 g_variant_new("(@a{sv})", disk_of(self)), _("Adding the disk…"));
	on_edited(self);
}

static void on_ended(UiDiskAdd *self, gboolean good)
{
	g_autoptr(GtkWidget) widget = NULL;

	if (!good) {
		on_edited(self);
		return;
	}
	widget = g_weak_ref_get(&self->widget);
	if (widget) {
		self->done(widget);
	}
	gtk_widget_destroy(GTK_WIDGET(self));
}

static gboolean on_delete(UiDiskAdd *self)
{
	if (ui_progress_is_busy(self->progress)) {
		ui_progress_cancel(self->progress);
		return GDK_EVENT_STOP;
	}
	return GDK_EVENT_PROPAGATE;
}

static void on_cancel(UiDiskAdd *self)
{
	gtk_window_close(GTK_WINDOW(self));
}

static void dispose(GObject *object)
{
	UiDiskAdd *self = UI_DISK_ADD(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->client);
	g_clear_object(&self->vm);
	G_OBJECT_CLASS(ui_disk_add_parent_class)->dispose(object);
}

static void finalize(GObject *object)
{
	UiDiskAdd *self = UI_DISK_ADD(object);

	g_object_unref(self->cancellable);
	g_weak_ref_clear(&self->widget);
	G_OBJECT_CLASS(ui_disk_add_parent_class)->finalize(object);
}

static void ui_disk_add_class_init(UiDiskAddClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	G_OBJECT_CLASS(class)->finalize = finalize;
	g_type_ensure(UI_TYPE_PATH_ENTRY);
	g_type_ensure(UI_TYPE_PROGRESS);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/disk-add.ui");
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, cancel_button);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, add_button);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, kind_combo);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, size_label);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, size_spin);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, format_label);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, format_combo);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, group_label);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, group_combo);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, path_label);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, path);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, readonly_check);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, problem_label);
	gtk_widget_class_bind_template_child(widget_class, UiDiskAdd, progress);
	gtk_widget_class_bind_template_callback(widget_class, on_kind);
	gtk_widget_class_bind_template_callback(widget_class, on_edited);
	gtk_widget_class_bind_template_callback(widget_class, on_add);
	gtk_widget_class_bind_template_callback(widget_class, on_cancel);
	gtk_widget_class_bind_template_callback(widget_class, on_ended);
	gtk_widget_class_bind_template_callback(widget_class, on_delete);
}

static void ui_disk_add_init(UiDiskAdd *self)
{
	self->cancellable = g_cancellable_new();
	g_weak_ref_init(&self->widget, NULL);
	gtk_widget_init_template(GTK_WIDGET(self));
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->format_combo), "qcow2");
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->kind_combo), "new");
	form_spin_is_size(GTK_SPIN_BUTTON(self->size_spin), FORM_GIB);
	gtk_window_set_default(GTK_WINDOW(self), self->add_button);
	form_window_closes(GTK_WINDOW(self));
}

void ui_disk_add_show(GtkWindow *parent, UiClient *client, MullionVm1 *vm,
		      void (*done)(gpointer widget), gpointer widget)
{
	UiDiskAdd *self = g_object_new(UI_TYPE_DISK_ADD, "transient-for", parent, NULL);

	self->client = g_object_ref(client);
	self->vm = g_object_ref(vm);
	self->done = done;
	g_weak_ref_set(&self->widget, widget);
	ui_path_entry_offer_devices(self->path, client);
	gtk_widget_grab_focus(self->kind_combo);
	gtk_window_present(GTK_WINDOW(self));
}
