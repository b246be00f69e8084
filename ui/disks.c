/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks.h"

#include "disk-add.h"
#include "form-settings.h"
#include "form-values.h"
#include "form-widgets.h"
#include "progress.h"

#include <glib/gi18n.h>

struct _UiDisks {
	GtkBox parent_instance;
	GtkWidget *note_label, *frame, *list, *empty_label, *add_button;
	UiProgress *progress;
	UiClient *client;
	MullionVm1 *vm;
	GVariant *disks;
};

G_DEFINE_FINAL_TYPE(UiDisks, ui_disks, GTK_TYPE_BOX)

static guint reload_signal;

/* What a dialog is about; the row may be gone when it is answered. */
typedef struct {
	GWeakRef disks;
	char *target;
	GtkWidget *field; /* of the dialog: the size, the path or "also delete" */
} Asked;

gboolean ui_disks_is_busy(UiDisks *self)
{
	return ui_progress_is_busy(self->progress);
}

static bool vm_is_off(UiDisks *self)
{
	const char *state = mullion_vm1_get_state(self->vm);

	return g_strcmp0(state, "stopped") == 0 || g_strcmp0(state, "crashed") == 0;
}

static void update(UiDisks *self)
{
	bool idle = vm_is_off(self) && !ui_progress_is_busy(self->progress);
	g_autofree char *note = NULL;
	bool none = g_variant_n_children(self->disks) == 0;

	if (!vm_is_off(self)) {
		note = g_strdup_printf(_("Shut “%s” down to change its disks."),
				       ui_vm_title(self->vm));
	}
	form_label_tell(GTK_LABEL(self->note_label), note);
	gtk_widget_set_sensitive(self->list, idle);
	gtk_widget_set_sensitive(self->add_button, idle);
	gtk_widget_set_visible(self->frame, !none);
	gtk_widget_set_visible(self->empty_label, none);
}

static void call(UiDisks *self, const char *method, GVariant *args, const char *what)
{
	ui_progress_call(self->progress, self->client, self->vm, method, args, what);
	update(self);
}

static void on_ended(UiDisks *self, gboolean good)
{
	update(self);
	g_signal_emit(self, reload_signal, 0);
}

static Asked *asked_new(UiDisks *self, const char *target)
{
	Asked *asked = g_new0(Asked, 1);

	g_weak_ref_init(&asked->disks, self);
	asked->target = g_strdup(target);
	return asked;
}

static void asked_free(gpointer pointer)
{
	Asked *asked = pointer;

	g_weak_ref_clear(&asked->disks);
	g_free(asked->target);
	g_free(asked);
}

static void asked_closed(gpointer asked, GClosure *closure)
{
	asked_free(asked);
}

/* A dialog with Cancel and @verb, and its box to put a field into. */
static GtkWidget *dialog_new(UiDisks *self, const char *title, const char *text, const char *verb,
			     GtkWidget **ret_box)
{
	GtkWidget *window = gtk_widget_get_toplevel(GTK_WIDGET(self));
	GtkWidget *dialog = gtk_dialog_new_with_buttons(
	    title, GTK_WINDOW(window),
	    GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT | GTK_DIALOG_USE_HEADER_BAR,
	    _("_Cancel"), GTK_RESPONSE_CANCEL, verb, GTK_RESPONSE_ACCEPT, NULL);
	GtkWidget *label = gtk_label_new(text);

	*ret_box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
	g_object_set(*ret_box, "margin", 18, NULL);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_max_width_chars(GTK_LABEL(label), 50);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_container_add(GTK_CONTAINER(*ret_box), label);
	gtk_container_add(GTK_CONTAINER(gtk_dialog_get_content_area(GTK_DIALOG(dialog))), *ret_box);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
	return dialog;
}

/* --- Remove --- */

static void remove_answered(GtkDialog *dialog, int response, Asked *asked)
{
	g_autoptr(UiDisks) self = g_weak_ref_get(&asked->disks);
	bool lose = asked->field && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(asked->field));
	g_autofree char *target = g_strdup(asked->target);
	g_autofree char *what = g_strdup_printf(_("Removing %s…"), target);

	gtk_widget_destroy(GTK_WIDGET(dialog));
	if (response == GTK_RESPONSE_ACCEPT && self && self->vm &&
	    !ui_progress_is_busy(self->progress)) {
		call(self, "RemoveDisk", g_variant_new("(sb)", target, lose), what);
	}
}

static void ask_remove(UiDisks *self, GVariant *disk)
{
	Asked *asked = asked_new(self, form_dict_text(disk, "target"));
	g_autofree char *text =
	    g_strdup_printf(_("Remove the disk %s from “%s”?\n%s"), asked->target,
			    ui_vm_title(self->vm), form_dict_text(disk, "source"));
	GtkWidget *box;
	GtkWidget *dialog = dialog_new(self, _("Remove Disk"), text, _("_Remove"), &box);
	GtkWidget *button =
	    gtk_dialog_get_widget_for_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);

	if (form_dict_flag(disk, "owned")) {
		asked->field =
		    gtk_check_button_new_with_mnemonic(_("Also _delete what is on it, for good"));
		gtk_container_add(GTK_CONTAINER(box), asked->field);
	} else {
		GtkWidget *note = gtk_label_new(_("What is on it stays where it is."));

		gtk_label_set_xalign(GTK_LABEL(note), 0);
		gtk_style_context_add_class(gtk_widget_get_style_context(note), "dim-label");
		gtk_container_add(GTK_CONTAINER(box), note);
	}
	gtk_style_context_remove_class(gtk_widget_get_style_context(button), "suggested-action");
	gtk_style_context_add_class(gtk_widget_get_style_context(button), "destructive-action");
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
	g_signal_connect_data(dialog, "response", G_CALLBACK(remove_answered), asked, asked_closed,
			      0);
	gtk_widget_show_all(box);
	gtk_window_present(GTK_WINDOW(dialog));
}

/* --- Grow --- */

static void grow_answered(GtkDialog *dialog, int response, Asked *asked)
{
	g_autoptr(UiDisks) self = g_weak_ref_get(&asked->disks);
	g_autofree char *target = g_strdup(asked->target);
	g_autofree char *what = g_strdup_printf(_("Growing %s…"), target);
	guint64 size;

	size = (guint64)form_spin_value(GTK_SPIN_BUTTON(asked->field)) * FORM_MIB;
	gtk_widget_destroy(GTK_WIDGET(dialog));
	if (response == GTK_RESPONSE_ACCEPT && self && self->vm &&
	    !ui_progress_is_busy(self->progress)) {
		call(self, "ResizeDisk", g_variant_new("(st)", target, size), what);
	}
}

static void ask_grow(UiDisks *self, GVariant *disk)
{
	Asked *asked = asked_new(self, form_dict_text(disk, "target"));
	g_autofree char *text = g_strdup_printf(
	    _("How large shall the disk %s be? It can only grow; the system inside has to be told "
	      "afterwards to use the new space."),
	    asked->target);
	g_autofree char *sizes = form_disk_sizes(disk);
	guint64 smallest = form_disk_size(disk) / FORM_MIB + 1;
	GtkWidget *box;
	GtkWidget *dialog = dialog_new(self, _("Grow Disk"), text, _("_Grow"), &box);

	if (sizes) {
		g_autofree char *now = g_strdup_printf(_("Now: %s"), sizes);

		gtk_container_add(GTK_CONTAINER(box), gtk_label_new(now));
	}
	asked->field = gtk_spin_button_new_with_range(smallest, 64 << 20, 1024);
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(asked->field),
				  form_disk_size(disk) ? smallest + (10 << 10) : 40 << 10);
	form_spin_is_size(GTK_SPIN_BUTTON(asked->field), FORM_GIB);
	form_set_accessible(asked->field, _("New size"));
	gtk_entry_set_activates_default(GTK_ENTRY(asked->field), TRUE);
	gtk_widget_set_halign(asked->field, GTK_ALIGN_START);
	gtk_container_add(GTK_CONTAINER(box), asked->field);
	g_signal_connect_data(dialog, "response", G_CALLBACK(grow_answered), asked, asked_closed,
			      0);
	gtk_widget_show_all(box);
	gtk_window_present(GTK_WINDOW(dialog));
}

/* --- CD --- */

static void set_cd(UiDisks *self, const char *target, const char *path)
{
	GVariantBuilder settings;

	g_variant_builder_init(&settings, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&settings, "{sv}", "disks",
			      form_disks_set_source(self->disks, target, path));
	call(self, "SetSettings", g_variant_new("(a{sv})", &settings), _("Changing the CD…"));
}

static void cd_answered(GtkDialog *dialog, int response, Asked *asked)
{
	g_autoptr(UiDisks) self = g_weak_ref_get(&asked->disks);
	g_autofree char *target = g_strdup(asked->target);
	g_autofree char *path = response == GTK_RESPONSE_ACCEPT
				    ? gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(dialog))
				    : NULL;

	gtk_widget_destroy(GTK_WIDGET(dialog));
	if (path && self && self->vm && !ui_progress_is_busy(self->progress)) {
		set_cd(self, target, path);
	}
}

static void ask_cd(UiDisks *self, GVariant *disk)
{
	GtkWidget *window = gtk_widget_get_toplevel(GTK_WIDGET(self));
	GtkWidget *dialog = gtk_file_chooser_dialog_new(
	    _("CD Image"), GTK_WINDOW(window), GTK_FILE_CHOOSER_ACTION_OPEN, _("_Cancel"),
	    GTK_RESPONSE_CANCEL, _("_Insert"), GTK_RESPONSE_ACCEPT, NULL);
	const char *source = form_dict_text(disk, "source");

	gtk_window_set_modal(GTK_WINDOW(dialog), TRUE);
	gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
	gtk_file_chooser_set_local_only(GTK_FILE_CHOOSER(dialog), TRUE);
	if (*source) {
		gtk_file_chooser_set_filename(GTK_FILE_CHOOSER(dialog), source);
	}
	g_signal_connect_data(dialog, "response", G_CALLBACK(cd_answered),
			      asked_new(self, form_dict_text(disk, "target")), asked_closed, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

/* --- Rows --- */

typedef void (*ActFunc)(UiDisks *self, GVariant *disk);

static void on_button(GtkButton *button, GVariant *disk)
{
	ActFunc act = (ActFunc)g_object_get_data(G_OBJECT(button), "act");

	act(UI_DISKS(gtk_widget_get_ancestor(GTK_WIDGET(button), UI_TYPE_DISKS)), disk);
}

static void eject(UiDisks *self, GVariant *disk)
{
	set_cd(self, form_dict_text(disk, "target"), "");
}

static void unref_disk(gpointer disk, GClosure *closure)
{
	g_variant_unref(disk);
}

static void add_button(GtkWidget *box, GVariant *disk, const char *label, const char *format,
		       ActFunc act)
{
	GtkWidget *button = gtk_button_new_with_label(label);
	g_autofree char *name = g_strdup_printf(format, form_dict_text(disk, "target"));

	form_set_accessible(button, name);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	g_object_set_data(G_OBJECT(button), "act", (gpointer)act);
	g_signal_connect_data(button, "clicked", G_CALLBACK(on_button), g_variant_ref(disk),
			      unref_disk, 0);
	gtk_container_add(GTK_CONTAINER(box), button);
}

static void add_buttons(GtkWidget *box, GVariant *disk)
{
	bool is_cd = form_dict_flag(disk, "cdrom");

	if (is_cd) {
		if (*form_dict_text(disk, "source")) {
			add_button(box, disk, _("Eject"), _("Eject the CD of %s"), eject);
		}
		add_button(box, disk, _("Insert…"), _("Insert a CD into %s"), ask_cd);
	} else if (!form_dict_flag(disk, "readonly")) {
		add_button(box, disk, _("Grow…"), _("Grow disk %s"), ask_grow);
	}
	add_button(box, disk, _("Remove…"), _("Remove disk %s"), ask_remove);
}

static void add_row(UiDisks *self, GVariant *disk)
{
	const char *source = form_dict_text(disk, "source");
	bool is_cd = form_dict_flag(disk, "cdrom");
	g_autofree char *base = *source ? g_path_get_basename(source) : g_strdup("");
	g_autofree char *kind = form_disk_describe(disk);
	g_autofree char *title =
	    g_strdup_printf("%s%s%s", form_dict_text(disk, "target"), *base ? ": " : "", base);
	g_autofree char *name = g_strdup_printf("%s, %s", title, kind);
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
	GtkWidget *label = gtk_label_new(title), *note = gtk_label_new(kind);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_xalign(GTK_LABEL(note), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
	gtk_label_set_line_wrap(GTK_LABEL(note), TRUE);
	gtk_style_context_add_class(gtk_widget_get_style_context(note), "dim-label");
	gtk_widget_set_tooltip_text(label, *source ? source : NULL);
	gtk_widget_set_hexpand(texts, TRUE);
	gtk_container_add(GTK_CONTAINER(texts), label);
	gtk_container_add(GTK_CONTAINER(texts), note);
	gtk_container_add(GTK_CONTAINER(box),
			  gtk_image_new_from_icon_name(is_cd ? "media-optical-symbolic"
							     : "drive-harddisk-symbolic",
						       GTK_ICON_SIZE_LARGE_TOOLBAR));
	gtk_container_add(GTK_CONTAINER(box), texts);
	add_buttons(box, disk);
	g_object_set(box, "margin", 9, NULL);
	gtk_container_add(GTK_CONTAINER(row), box);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
	form_set_accessible(row, name);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(self->list), row);
}

static void added(gpointer widget)
{
	g_signal_emit(widget, reload_signal, 0);
}

static void on_add(UiDisks *self)
{
	ui_disk_add_show(GTK_WINDOW(gtk_widget_get_toplevel(GTK_WIDGET(self))), self->client,
			 self->vm, added, self);
}

void ui_disks_set(UiDisks *self, UiClient *client, MullionVm1 *vm, GVariant *list)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(self->list));

	if (self->vm != vm) {
		if (self->vm) {
			g_signal_handlers_disconnect_by_data(self->vm, self);
		}
		g_set_object(&self->client, client);
		g_set_object(&self->vm, vm);
		g_signal_connect_object(vm, "notify::state", G_CALLBACK(update), self,
					G_CONNECT_SWAPPED);
	}
	for (const GList *item = rows; item; item = item->next) {
		gtk_widget_destroy(GTK_WIDGET(item->data));
	}
	g_variant_ref(list);
	g_clear_pointer(&self->disks, g_variant_unref);
	self->disks = list;
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) disk = g_variant_get_child_value(list, i);

		add_row(self, disk);
	}
	update(self);
}

static void dispose(GObject *object)
{
	UiDisks *self = UI_DISKS(object);

	if (self->vm) {
		g_signal_handlers_disconnect_by_data(self->vm, self);
	}
	g_clear_object(&self->vm);
	g_clear_object(&self->client);
	g_clear_pointer(&self->disks, g_variant_unref);
	G_OBJECT_CLASS(ui_disks_parent_class)->dispose(object);
}

static void ui_disks_class_init(UiDisksClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	reload_signal = g_signal_new("reload", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL,
				     NULL, NULL, G_TYPE_NONE, 0);
	g_type_ensure(UI_TYPE_PROGRESS);
	gtk_widget_class_set_template_from_resource(widget_class, "/org/mullion/desktop/disks.ui");
	gtk_widget_class_bind_template_child(widget_class, UiDisks, note_label);
	gtk_widget_class_bind_template_child(widget_class, UiDisks, frame);
	gtk_widget_class_bind_template_child(widget_class, UiDisks, list);
	gtk_widget_class_bind_template_child(widget_class, UiDisks, empty_label);
	gtk_widget_class_bind_template_child(widget_class, UiDisks, add_button);
	gtk_widget_class_bind_template_child(widget_class, UiDisks, progress);
	gtk_widget_class_bind_template_callback(widget_class, on_add);
	gtk_widget_class_bind_template_callback(widget_class, on_ended);
}

static void ui_disks_init(UiDisks *self)
{
	self->disks = g_variant_ref_sink(g_variant_new_array(G_VARIANT_TYPE_VARDICT, NULL, 0));
	gtk_widget_init_template(GTK_WIDGET(self));
}
