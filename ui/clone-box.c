/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clone-box.h"

#include "form-values.h"
#include "form-widgets.h"

#include <glib/gi18n.h>

struct _UiCloneBox {
	GtkBox parent_instance;
	GtkWidget *vm_label, *vm_combo;
	GtkWidget *name_entry;
	GtkWidget *linked_check, *linked_note, *template_check;
	GtkWidget *problem_label;
	UiClient *client;
	MullionVm1 *vm;
	char *suggested; /* name that we wrote, and may write over */
};

G_DEFINE_FINAL_TYPE(UiCloneBox, ui_clone_box, GTK_TYPE_BOX)

static guint changed_signal;

MullionVm1 *ui_clone_box_get_vm(UiCloneBox *self)
{
	MullionVm1 *now = self->vm ? ui_client_vm_at(self->client, ui_vm_path(self->vm)) : NULL;

	/* A manager that was restarted has another proxy for it. */
	return now ? now : self->vm;
}

const char *ui_clone_box_get_name(UiCloneBox *self)
{
	return gtk_entry_get_text(GTK_ENTRY(self->name_entry));
}

gboolean ui_clone_box_get_linked(UiCloneBox *self)
{
	return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->linked_check));
}

gboolean ui_clone_box_get_template(UiCloneBox *self)
{
	return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->template_check));
}

GVariant *ui_clone_box_get_arguments(UiCloneBox *self)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "linked",
			      g_variant_new_boolean(ui_clone_box_get_linked(self)));
	g_variant_builder_add(&options, "{sv}", "template",
			      g_variant_new_boolean(ui_clone_box_get_template(self)));
	return g_variant_new("(sa{sv})", ui_clone_box_get_name(self), &options);
}

static char *problem_of(UiCloneBox *self)
{
	g_auto(GStrv) taken = self->client ? form_vm_names(self->client) : NULL;
	const char *state;

	if (!self->vm) {
		return g_strdup(_("Choose what to copy."));
	}
	state = mullion_vm1_get_state(self->vm);
	if (g_strcmp0(state, "stopped") != 0 && g_strcmp0(state, "crashed") != 0) {
		return g_strdup_printf(_("“%s” must be shut down before it can be copied."),
				       ui_vm_title(self->vm));
	}
	return form_name_problem(ui_clone_box_get_name(self), (const char *const *)taken);
}

gboolean ui_clone_box_is_ready(UiCloneBox *self)
{
	g_autofree char *problem = problem_of(self);

	return problem == NULL;
}

static void tell_linked(UiCloneBox *self)
{
	g_autofree char *text = NULL;

	if (self->vm && ui_clone_box_get_linked(self)) {
		text = g_strdup_printf(_("Made at once. “%s” can be neither started, changed in "
					 "its disks nor deleted until the copy is gone."),
				       ui_vm_title(self->vm));
	} else {
		text = g_strdup(_("All disks are copied; that takes its time and their space."));
	}
	gtk_label_set_text(GTK_LABEL(self->linked_note), text);
}

static void on_changed(UiCloneBox *self)
{
	g_autofree char *problem = problem_of(self);

	tell_linked(self);
	form_label_tell(GTK_LABEL(self->problem_label), problem);
	g_signal_emit(self, changed_signal, 0);
}

static void suggest_name(UiCloneBox *self)
{
	g_auto(GStrv) taken = form_vm_names(self->client);
	const char *now = ui_clone_box_get_name(self);

	if (!self->vm || (*now && g_strcmp0(now, self->suggested) != 0)) {
		return; /* what a person wrote stays */
	}
	g_free(self->suggested);
	self->suggested =
	    form_name_free(mullion_vm1_get_name(self->vm), (const char *const *)taken);
	gtk_entry_set_text(GTK_ENTRY(self->name_entry), self->suggested);
}

static void use_vm(UiCloneBox *self, MullionVm1 *vm)
{
	if (self->vm) {
		g_signal_handlers_disconnect_by_data(self->vm, self);
	}
	g_set_object(&self->vm, vm);
	if (vm) {
		g_signal_connect_object(vm, "notify::state", G_CALLBACK(on_changed), self,
					G_CONNECT_SWAPPED);
		suggest_name(self);
	}
	on_changed(self);
}

static void on_vm(UiCloneBox *self)
{
	const char *path = gtk_combo_box_get_active_id(GTK_COMBO_BOX(self->vm_combo));

	use_vm(self, path && self->client ? ui_client_vm_at(self->client, path) : NULL);
}

void ui_clone_box_set_vm(UiCloneBox *self, UiClient *client, MullionVm1 *vm)
{
	g_set_object(&self->client, client);
	gtk_widget_hide(self->vm_label);
	gtk_widget_hide(self->vm_combo);
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->linked_check),
				     mullion_vm1_get_template(vm));
	use_vm(self, vm);
}

void ui_clone_box_offer(UiCloneBox *self, UiClient *client, gboolean templates)
{
	GListModel *vms = ui_client_vms(client);
	GtkComboBoxText *combo = GTK_COMBO_BOX_TEXT(self->vm_combo);

	g_set_object(&self->client, client);
	gtk_label_set_text_with_mnemonic(GTK_LABEL(self->vm_label),
					 templates ? _("_Template:") : _("_VM:"));
	gtk_combo_box_text_remove_all(combo);
	for (guint i = 0; i < g_list_model_get_n_items(vms); i++) {
		g_autoptr(MullionVm1) vm = g_list_model_get_item(vms, i);

		if (mullion_vm1_get_template(vm) == templates && !mullion_vm1_get_throw_away(vm)) {
			gtk_combo_box_text_append(combo, ui_vm_path(vm), ui_vm_title(vm));
		}
	}
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->linked_check), templates);
	gtk_combo_box_set_active(GTK_COMBO_BOX(combo), 0);
	on_vm(self);
}

static void grab_focus(GtkWidget *widget)
{
	UiCloneBox *self = UI_CLONE_BOX(widget);

	gtk_widget_grab_focus(self->name_entry);
}

static void dispose(GObject *object)
{
	UiCloneBox *self = UI_CLONE_BOX(object);

	if (self->vm) {
		g_signal_handlers_disconnect_by_data(self->vm, self);
	}
	g_clear_object(&self->vm);
	g_clear_object(&self->client);
	g_clear_pointer(&self->suggested, g_free);
	G_OBJECT_CLASS(ui_clone_box_parent_class)->dispose(object);
}

static void ui_clone_box_class_init(UiCloneBoxClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	widget_class->grab_focus = grab_focus;
	changed_signal = g_signal_new("changed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0,
				      NULL, NULL, NULL, G_TYPE_NONE, 0);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/clone-box.ui");
	gtk_widget_class_bind_template_child(widget_class, UiCloneBox, vm_label);
	gtk_widget_class_bind_template_child(widget_class, UiCloneBox, vm_combo);
	gtk_widget_class_bind_template_child(widget_class, UiCloneBox, name_entry);
	gtk_widget_class_bind_template_child(widget_class, UiCloneBox, linked_check);
	gtk_widget_class_bind_template_child(widget_class, UiCloneBox, linked_note);
	gtk_widget_class_bind_template_child(widget_class, UiCloneBox, template_check);
	gtk_widget_class_bind_template_child(widget_class, UiCloneBox, problem_label);
	gtk_widget_class_bind_template_callback(widget_class, on_vm);
	gtk_widget_class_bind_template_callback(widget_class, on_changed);
}

static void ui_clone_box_init(UiCloneBox *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}
