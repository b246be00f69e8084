/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM's settings. What is edited is kept until Save: then the manager checks the whole and takes
 * what differs. Disks and snapshots are another matter: they are changed at once.
 */
#include "forms.h"

#include "accessible.h"
#include "disks.h"
#include "form-call.h"
#include "form-machine.h"
#include "form-settings.h"
#include "form-values.h"
#include "form-widgets.h"
#include "nics.h"
#include "path-entry.h"
#include "progress.h"
#include "snapshots.h"

#include <glib/gi18n.h>

#define UI_TYPE_SETTINGS (ui_settings_get_type())
G_DECLARE_FINAL_TYPE(UiSettings, ui_settings, UI, SETTINGS, GtkWindow)

struct _UiSettings {
	GtkWindow parent_instance;
	UiClient *client;
	MullionVm1 *vm;
	char *path; /* the VM's */
	GCancellable *cancellable;
	GVariant *old; /* of GetSettings; NULL until it has answered */
	FormHost host;
	bool filling;
	bool anyway; /* the problems of what is edited have been shown: Save saves all the same */
	bool checking;
	bool renaming; /* the second step of saving */
	GtkWidget *sidebar, *header, *cancel_button, *save_button, *restart_bar, *restart_label,
	    *stack;
	GtkWidget *name_entry, *name_note, *title_entry, *colour_combo, *os_combo, *autostart_check;
	GtkWidget *template_check, *notes_view;
	GtkWidget *memory_spin, *memory_note, *vcpus_spin, *vcpus_note, *reboot_combo, *crash_combo;
	GtkAdjustment *memory_adjustment, *vcpus_adjustment;
	GtkWidget *type_combo, *type_note, *firmware_label, *firmware_combo, *boot_label,
	    *boot_combo;
	GtkWidget *viridian_check, *cmdline_entry, *bootloader_label, *bootloader_entry;
	UiPathEntry *kernel_path, *initrd_path;
	UiDisks *disks;
	UiNics *nics;
	UiSnapshots *snapshots;
	GtkWidget *message_box, *problem_label;
	UiProgress *progress;
};

G_DEFINE_FINAL_TYPE(UiSettings, ui_settings, GTK_TYPE_WINDOW)

/* --- Between widgets and settings --- */

static void set_combo(GtkWidget *combo, const char *id)
{
	if (!gtk_combo_box_set_active_id(GTK_COMBO_BOX(combo), id) &&
	    GTK_IS_COMBO_BOX_TEXT(combo)) {
		/* A word that is newer than this application, or an order that the list lacks. */
		gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(combo), id, id);
		gtk_combo_box_set_active_id(GTK_COMBO_BOX(combo), id);
	}
}

static void put_text(GVariantDict *dict, const char *key, const char *text)
{
	g_variant_dict_insert(dict, key, "s", text ? text : "");
}

static void put_combo(GVariantDict *dict, const char *key, GtkWidget *combo)
{
	put_text(dict, key, gtk_combo_box_get_active_id(GTK_COMBO_BOX(combo)));
}

static void put_check(GVariantDict *dict, const char *key, GtkWidget *check)
{
	g_variant_dict_insert(dict, key, "b",
			      gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(check)));
}

static char *notes_of(UiSettings *self)
{
	GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(self->notes_view));
	GtkTextIter start, end;

	gtk_text_buffer_get_bounds(buffer, &start, &end);
	return gtk_text_buffer_get_text(buffer, &start, &end, FALSE);
}

/* A maximum that was as large as the value follows it down and up; one above it stays. */
static void put_bounded(UiSettings *self, GVariantDict *dict, const char *key, const char *max_key,
			guint64 value, bool wide)
{
	guint64 old = form_dict_number(self->old, key), max = form_dict_number(self->old, max_key);

	if (max && (max == old || max < value)) {
		max = value;
	}
	if (wide) {
		g_variant_dict_insert(dict, key, "t", value);
		g_variant_dict_insert(dict, max_key, "t", max);
	} else {
		g_variant_dict_insert(dict, key, "u", (guint)value);
		g_variant_dict_insert(dict, max_key, "u", (guint)max);
	}
}

/* What the widgets say and the manager does not know yet. Floating. */
static GVariant *changes_of(UiSettings *self)
{
	g_autofree char *notes = notes_of(self);
	g_autoptr(GVariant) edited = NULL;
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	put_text(&dict, "title", gtk_entry_get_text(GTK_ENTRY(self->title_entry)));
	put_text(&dict, "notes", notes);
	put_combo(&dict, "colour", self->colour_combo);
	put_combo(&dict, "os", self->os_combo);
	put_check(&dict, "autostart", self->autostart_check);
	put_check(&dict, "template", self->template_check);
	put_bounded(self, &dict, "memory", "maxmemory",
		    (guint64)form_spin_value(GTK_SPIN_BUTTON(self->memory_spin)), true);
	put_bounded(self, &dict, "vcpus", "maxvcpus",
		    (guint64)form_spin_value(GTK_SPIN_BUTTON(self->vcpus_spin)), false);
	put_combo(&dict, "on-reboot", self->reboot_combo);
	put_combo(&dict, "on-crash", self->crash_combo);
	put_combo(&dict, "type", self->type_combo);
	put_combo(&dict, "firmware", self->firmware_combo);
	put_combo(&dict, "boot", self->boot_combo);
	put_check(&dict, "viridian", self->viridian_check);
	put_text(&dict, "kernel", ui_path_entry_get_text(self->kernel_path));
	put_text(&dict, "initrd", ui_path_entry_get_text(self->initrd_path));
	put_text(&dict, "cmdline", gtk_entry_get_text(GTK_ENTRY(self->cmdline_entry)));
	put_text(&dict, "bootloader", gtk_entry_get_text(GTK_ENTRY(self->bootloader_entry)));
	g_variant_dict_insert_value(&dict, "nics", ui_nics_get(self->nics));
	edited = g_variant_ref_sink(g_variant_dict_end(&dict));
	return form_settings_diff(self->old, edited);
}

static void fill(UiSettings *self)
{
	GVariant *old = self->old;
	g_autoptr(GVariant) nics = form_dict_list(old, "nics");

	self->filling = true;
	gtk_entry_set_text(GTK_ENTRY(self->name_entry), mullion_vm1_get_name(self->vm));
	gtk_entry_set_text(GTK_ENTRY(self->title_entry), form_dict_text(old, "title"));
	gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(self->notes_view)),
				 form_dict_text(old, "notes"), -1);
	set_combo(self->colour_combo, form_dict_text(old, "colour"));
	set_combo(self->os_combo, form_dict_text(old, "os"));
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->autostart_check),
				     form_dict_flag(old, "autostart"));
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->template_check),
				     form_dict_flag(old, "template"));
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(self->memory_spin),
				  (double)form_dict_number(old, "memory"));
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(self->vcpus_spin),
				  (double)form_dict_number(old, "vcpus"));
	set_combo(self->reboot_combo, form_dict_text(old, "on-reboot"));
	set_combo(self->crash_combo, form_dict_text(old, "on-crash"));
	set_combo(self->type_combo, form_dict_text(old, "type"));
	set_combo(self->firmware_combo, form_dict_text(old, "firmware"));
	set_combo(self->boot_combo, form_dict_text(old, "boot"));
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->viridian_check),
				     form_dict_flag(old, "viridian"));
	ui_path_entry_set_text(self->kernel_path, form_dict_text(old, "kernel"));
	ui_path_entry_set_text(self->initrd_path, form_dict_text(old, "initrd"));
	gtk_entry_set_text(GTK_ENTRY(self->cmdline_entry), form_dict_text(old, "cmdline"));
	gtk_entry_set_text(GTK_ENTRY(self->bootloader_entry), form_dict_text(old, "bootloader"));
	ui_nics_set(self->nics, self->client, nics);
	self->filling = false;
}

/* --- Notes beside the fields --- */

static bool vm_is_off(UiSettings *self)
{
	const char *state = mullion_vm1_get_state(self->vm);

	return g_strcmp0(state, "stopped") == 0 || g_strcmp0(state, "crashed") == 0;
}

static const char *type_note(UiSettings *self, const char *type)
{
	if (g_strcmp0(type, "hvm") == 0) {
		const char *refusal =
		    form_boot_refusal(FORM_BOOT_BIOS, FORM_SOURCE_DISK, FORM_OS_LINUX, &self->host);

		return refusal ? refusal
			       : _("Boots from its disks as a PC does; needed for Windows and "
				   "installers.");
	}
	return g_strcmp0(type, "pv") == 0
		   ? _("For old Linux kernels that have nothing else.")
		   : _("Starts a Linux kernel directly: the fastest and smallest kind.");
}

/* What the VM has already may be kept, whatever the machine has. */
static void tell_host(UiSettings *self)
{
	if (self->host.memory_total) {
		g_autofree char *left = form_size_format(self->host.memory_free * FORM_MIB);
		g_autofree char *text = g_strdup_printf(_("%s free now"), left);
		double upper = MAX((double)self->host.memory_total,
				   gtk_spin_button_get_value(GTK_SPIN_BUTTON(self->memory_spin)));

		gtk_adjustment_set_upper(self->memory_adjustment, upper);
		gtk_label_set_text(GTK_LABEL(self->memory_note), text);
	}
	if (self->host.cpus) {
		g_autofree char *text = g_strdup_printf(
		    ngettext("this machine has %u", "this machine has %u", self->host.cpus),
		    self->host.cpus);

		gtk_adjustment_set_upper(
		    self->vcpus_adjustment,
		    MAX(self->host.cpus,
			gtk_spin_button_get_value(GTK_SPIN_BUTTON(self->vcpus_spin))));
		gtk_label_set_text(GTK_LABEL(self->vcpus_note), text);
	}
}

static char *name_problem(UiSettings *self)
{
	const char *name = gtk_entry_get_text(GTK_ENTRY(self->name_entry));
	g_auto(GStrv) taken = NULL;

	if (g_strcmp0(name, mullion_vm1_get_name(self->vm)) == 0) {
		return NULL;
	}
	taken = form_vm_names(self->client);
	return form_name_problem(name, (const char *const *)taken);
}

static char *path_problem(UiSettings *self)
{
	const char *kernel = ui_path_entry_get_text(self->kernel_path);
	const char *initrd = ui_path_entry_get_text(self->initrd_path);
	char *problem = *kernel ? form_path_problem(kernel, _("Kernel")) : NULL;

	if (!problem && *initrd) {
		problem = form_path_problem(initrd, _("Initial RAM disk"));
	}
	return problem;
}

static void update_boot(UiSettings *self)
{
	const char *type = gtk_combo_box_get_active_id(GTK_COMBO_BOX(self->type_combo));
	bool is_hvm = g_strcmp0(type, "hvm") == 0;

	gtk_label_set_text(GTK_LABEL(self->type_note), type_note(self, type));
	gtk_widget_set_sensitive(self->firmware_combo, is_hvm);
	gtk_widget_set_sensitive(self->boot_combo, is_hvm);
	gtk_widget_set_sensitive(self->viridian_check, is_hvm);
	gtk_widget_set_sensitive(self->bootloader_entry, !is_hvm);
}

static void update_restart(UiSettings *self)
{
	g_autofree char *text = NULL;
	bool needed = mullion_vm1_get_restart_needed(self->vm);

	if (needed) {
		text = g_strdup_printf(_("Some settings count from the next start of “%s”."),
				       ui_vm_title(self->vm));
	} else if (!vm_is_off(self)) {
		text = g_strdup_printf(_("“%s” is running: what it cannot take up now counts from "
					 "its next start."),
				       ui_vm_title(self->vm));
	}
	form_label_tell(GTK_LABEL(self->restart_label), text);
	gtk_widget_set_visible(self->restart_bar, text != NULL);
}

static bool is_edited(UiSettings *self)
{
	g_autoptr(GVariant) changes = self->old ? g_variant_ref_sink(changes_of(self)) : NULL;

	return changes && (g_variant_n_children(changes) > 0 ||
			   g_strcmp0(gtk_entry_get_text(GTK_ENTRY(self->name_entry)),
				     mullion_vm1_get_name(self->vm)) != 0);
}

static void update(UiSettings *self)
{
	g_autofree char *problem = NULL;
	bool busy = self->checking || ui_progress_is_busy(self->progress);

	update_restart(self);
	if (!self->old) {
		return;
	}
	update_boot(self);
	problem = name_problem(self);
	form_entry_tell(GTK_ENTRY(self->name_entry), problem);
	if (!problem) {
		problem = path_problem(self);
	}
	if (!problem) {
		problem = ui_nics_problem(self->nics);
	}
	gtk_widget_set_sensitive(self->name_entry, vm_is_off(self) && !busy);
	form_label_tell(GTK_LABEL(self->name_note),
			vm_is_off(self) ? NULL : _("A VM is renamed while it is off."));
	if (!self->anyway) {
		form_label_tell(GTK_LABEL(self->problem_label), problem);
	}
	gtk_button_set_label(GTK_BUTTON(self->save_button),
			     self->anyway ? _("S_ave Anyway") : _("S_ave"));
	gtk_widget_set_sensitive(self->save_button, is_edited(self) && !problem && !busy);
	gtk_widget_set_sensitive(self->stack, !busy);
}

static void on_edited(UiSettings *self)
{
	if (!self->filling && self->old) {
		self->anyway = false;
		update(self);
	}
}

/* --- Saving --- */

static void finish(UiSettings *self)
{
	const char *name = gtk_entry_get_text(GTK_ENTRY(self->name_entry));

	if (!self->renaming && g_strcmp0(name, mullion_vm1_get_name(self->vm)) != 0) {
		self->renaming = true;
		ui_progress_call(self->progress, self->client, self->vm, "Rename",
				 g_variant_new("(s)", name), _("Renaming…"));
		update(self);
		return;
	}
	gtk_widget_destroy(GTK_WIDGET(self));
}

static void save_now(UiSettings *self)
{
	g_autoptr(GVariant) changes = g_variant_ref_sink(changes_of(self));

	self->renaming = false;
	if (g_variant_n_children(changes) == 0) {
		finish(self);
		return;
	}
	ui_progress_call(self->progress, self->client, self->vm, "SetSettings",
			 g_variant_new("(@a{sv})", changes), _("Saving…"));
	update(self);
}

static void on_ended(UiSettings *self, gboolean good)
{
	if (good) {
		finish(self);
	} else {
		self->anyway = false;
		update(self);
	}
}

/* Go where the first problem is, and tell all of them. */
static void show_problems(UiSettings *self, GVariant *problems)
{
	g_autoptr(GString) text = g_string_new(_("The VM would not start with these settings:"));
	const char *key, *problem, *first = NULL;
	GVariantIter iter;

	g_variant_iter_init(&iter, problems);
	while (g_variant_iter_next(&iter, "(&s&s)", &key, &problem)) {
		g_string_append_printf(text, "\n%s: %s", key, problem);
		first = first ? first : key;
	}
	gtk_stack_set_visible_child_name(GTK_STACK(self->stack), form_settings_page(first));
	form_label_tell(GTK_LABEL(self->problem_label), text->str);
}

static void checked(GVariant *answer, const GError *error, gpointer data)
{
	UiSettings *self = data;
	g_autoptr(GVariant) problems = NULL;

	self->checking = false;
	if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(a(ss)a(ss))"))) {
		problems = g_variant_get_child_value(answer, 0);
	}
	/* Whoever may not have it checked without a password is asked for one by SetSettings, if
	 * what is new needs it. */
	if (problems && g_variant_n_children(problems) > 0) {
		self->anyway = true;
		show_problems(self, problems);
		update(self);
		return;
	}
	save_now(self);
}

static void on_save(UiSettings *self)
{
	MullionManager1 *manager = ui_client_manager(self->client);
	g_autoptr(GVariant) changes = NULL;

	if (!self->old || self->checking || ui_progress_is_busy(self->progress)) {
		return;
	}
	changes = g_variant_ref_sink(changes_of(self));
	ui_progress_tell(self->progress, NULL);
	if (self->anyway || !manager || !form_settings_need_check(changes)) {
		save_now(self);
		return;
	}
	self->checking = true;
	form_call_quietly(manager, "CheckSettings",
			  g_variant_new("(@a{sv})", form_settings_merge(self->old, changes)),
			  self->cancellable, checked, self);
	update(self);
}

/* --- Loading --- */

static void show_disks(UiSettings *self)
{
	g_autoptr(GVariant) disks = form_dict_list(self->old, "disks");

	ui_disks_set(self->disks, self->client, self->vm, disks);
}

static void loaded(GVariant *answer, const GError *error, gpointer data)
{
	UiSettings *self = data;

	if (error) {
		g_autofree char *text = form_error_explain(error);

		gtk_widget_hide(gtk_stack_get_child_by_name(GTK_STACK(self->stack), "loading"));
		ui_progress_tell(self->progress, text);
		return;
	}
	self->old = g_variant_get_child_value(answer, 0);
	fill(self);
	show_disks(self);
	tell_host(self);
	gtk_stack_set_visible_child_name(GTK_STACK(self->stack), "general");
	gtk_widget_hide(gtk_stack_get_child_by_name(GTK_STACK(self->stack), "loading"));
	gtk_widget_grab_focus(vm_is_off(self) ? self->name_entry : self->title_entry);
	update(self);
}

/* Only the disks are taken: what a person has edited meanwhile stays. */
static void reloaded(GVariant *answer, const GError *error, gpointer data)
{
	UiSettings *self = data;
	g_autoptr(GVariant) settings = answer ? g_variant_get_child_value(answer, 0) : NULL;
	g_autoptr(GVariant) disks = NULL;
	GVariantDict dict;

	if (!settings || !self->old) {
		return; /* the list stays as it was; the next change tells the same */
	}
	disks = form_dict_list(settings, "disks");
	g_variant_dict_init(&dict, self->old);
	g_variant_dict_insert_value(&dict, "disks", disks);
	g_variant_unref(self->old);
	self->old = g_variant_ref_sink(g_variant_dict_end(&dict));
	show_disks(self);
	update(self);
}

static void on_reload(UiSettings *self)
{
	form_call_quietly(self->vm, "GetSettings", NULL, self->cancellable, reloaded, self);
}

static void host_told(GVariant *answer, const GError *error, gpointer data)
{
	UiSettings *self = data;

	if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(a{sv})"))) {
		g_autoptr(GVariant) dict = g_variant_get_child_value(answer, 0);

		form_host_read(&self->host, dict);
		tell_host(self);
		update(self);
	}
}

static void discard(gpointer data)
{
	gtk_widget_destroy(GTK_WIDGET(data));
}

static gboolean on_delete(UiSettings *self)
{
	g_autofree char *question = NULL;

	if (ui_progress_is_busy(self->progress) || ui_disks_is_busy(self->disks) ||
	    ui_snapshots_is_busy(self->snapshots)) {
		return GDK_EVENT_STOP; /* it ends soon, or is stopped by its own button */
	}
	/* Also what cannot be saved as it is has been typed by somebody. */
	if (!is_edited(self)) {
		return GDK_EVENT_PROPAGATE;
	}
	question =
	    g_strdup_printf(_("Close without saving the settings of “%s”?"), ui_vm_title(self->vm));
	form_ask(GTK_WINDOW(self), question, _("What was changed here is lost then."),
		 _("_Discard Changes"), discard, self, NULL);
	return GDK_EVENT_STOP;
}

static void on_cancel(UiSettings *self)
{
	gtk_window_close(GTK_WINDOW(self));
}

static void dispose(GObject *object)
{
	UiSettings *self = UI_SETTINGS(object);

	g_cancellable_cancel(self->cancellable);
	if (self->vm) {
		g_signal_handlers_disconnect_by_data(self->vm, self);
	}
	if (self->notes_view) {
		g_signal_handlers_disconnect_by_data(
		    gtk_text_view_get_buffer(GTK_TEXT_VIEW(self->notes_view)), self);
	}
	g_clear_pointer(&self->old, g_variant_unref);
	g_clear_object(&self->vm);
	g_clear_object(&self->client);
	G_OBJECT_CLASS(ui_settings_parent_class)->dispose(object);
}

static void finalize(GObject *object)
{
	g_object_unref(UI_SETTINGS(object)->cancellable);
	g_free(UI_SETTINGS(object)->path);
	G_OBJECT_CLASS(ui_settings_parent_class)->finalize(object);
}

static void bind_children(GtkWidgetClass *class)
{
	static const struct {
		const char *name;
		gssize offset;
	} children[] = {
#define CHILD(field) {#field, G_STRUCT_OFFSET(UiSettings, field)}
	    CHILD(header),	   CHILD(cancel_button),    CHILD(save_button),
	    CHILD(restart_bar),	   CHILD(restart_label),    CHILD(stack),
	    CHILD(name_entry),	   CHILD(name_note),	    CHILD(title_entry),
	    CHILD(colour_combo),   CHILD(os_combo),	    CHILD(autostart_check),
	    CHILD(template_check), CHILD(notes_view),	    CHILD(memory_spin),
	    CHILD(memory_note),	   CHILD(vcpus_spin),	    CHILD(vcpus_note),
	    CHILD(reboot_combo),   CHILD(crash_combo),	    CHILD(memory_adjustment),
	    CHILD(type_combo),	   CHILD(vcpus_adjustment), CHILD(type_note),
	    CHILD(firmware_label), CHILD(firmware_combo),   CHILD(boot_label),
	    CHILD(boot_combo),	   CHILD(viridian_check),   CHILD(cmdline_entry),
	    CHILD(disks),	   CHILD(bootloader_label), CHILD(bootloader_entry),
	    CHILD(kernel_path),	   CHILD(initrd_path),	    CHILD(nics),
	    CHILD(snapshots),	   CHILD(message_box),	    CHILD(problem_label),
	    CHILD(progress),	   CHILD(sidebar),
#undef CHILD
	};

	for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
		gtk_widget_class_bind_template_child_full(class, children[i].name, FALSE,
							  children[i].offset);
	}
}

static void ui_settings_class_init(UiSettingsClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	G_OBJECT_CLASS(class)->finalize = finalize;
	g_type_ensure(UI_TYPE_DISKS);
	g_type_ensure(UI_TYPE_NICS);
	g_type_ensure(UI_TYPE_PATH_ENTRY);
	g_type_ensure(UI_TYPE_PROGRESS);
	g_type_ensure(UI_TYPE_SNAPSHOTS);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/settings.ui");
	bind_children(widget_class);
	gtk_widget_class_bind_template_callback(widget_class, on_edited);
	gtk_widget_class_bind_template_callback(widget_class, on_save);
	gtk_widget_class_bind_template_callback(widget_class, on_ended);
	gtk_widget_class_bind_template_callback(widget_class, on_reload);
	gtk_widget_class_bind_template_callback(widget_class, on_cancel);
	gtk_widget_class_bind_template_callback(widget_class, on_delete);
}

static void ui_settings_init(UiSettings *self)
{
	self->cancellable = g_cancellable_new();
	gtk_widget_init_template(GTK_WIDGET(self));
	ui_accessible_name_pages(GTK_STACK_SIDEBAR(self->sidebar));
	form_combo_fill_colours(GTK_COMBO_BOX(self->colour_combo));
	form_spin_is_size(GTK_SPIN_BUTTON(self->memory_spin), FORM_MIB);
	g_signal_connect_swapped(gtk_text_view_get_buffer(GTK_TEXT_VIEW(self->notes_view)),
				 "changed", G_CALLBACK(on_edited), self);
	gtk_window_set_default(GTK_WINDOW(self), self->save_button);
	form_window_closes(GTK_WINDOW(self));
}

static void use_vm(UiSettings *self, MullionVm1 *vm)
{
	if (self->vm) {
		g_signal_handlers_disconnect_by_data(self->vm, self);
	}
	g_set_object(&self->vm, vm);
	ui_snapshots_set_vm(self->snapshots, self->client, vm);
	g_signal_connect_object(vm, "notify::state", G_CALLBACK(update), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(vm, "notify::restart-needed", G_CALLBACK(update_restart), self,
				G_CONNECT_SWAPPED);
}

/* A manager that was restarted has other proxies for the same VMs; what is edited stays. */
static void vms_changed(UiSettings *self)
{
	MullionVm1 *vm = ui_client_vm_at(self->client, self->path);

	if (!vm || vm == self->vm) {
		return;
	}
	use_vm(self, vm);
	if (self->old) {
		show_disks(self);
		update(self);
	} else {
		form_call_quietly(vm, "GetSettings", NULL, self->cancellable, loaded, self);
	}
}

void ui_settings_show(GtkWindow *parent, UiClient *client, MullionVm1 *vm)
{
	UiSettings *self = g_object_new(UI_TYPE_SETTINGS, "transient-for", parent, NULL);
	/* Translators: title of the window with the settings of the VM %s */
	g_autofree char *title = g_strdup_printf(_("Settings of “%s”"), ui_vm_title(vm));

	self->client = g_object_ref(client);
	self->path = g_strdup(ui_vm_path(vm));
	use_vm(self, vm);
	gtk_header_bar_set_title(GTK_HEADER_BAR(self->header), title);
	gtk_window_set_title(GTK_WINDOW(self), title);
	g_signal_connect_object(ui_client_vms(client), "items-changed", G_CALLBACK(vms_changed),
				self, G_CONNECT_SWAPPED);
	update_restart(self);
	form_call_quietly(vm, "GetSettings", NULL, self->cancellable, loaded, self);
	if (ui_client_manager(client)) {
		form_call_quietly(ui_client_manager(client), "GetHost", NULL, self->cancellable,
				  host_told, self);
	}
	gtk_window_present(GTK_WINDOW(self));
}
