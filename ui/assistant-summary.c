/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The assistant's last page: what will be made, what the manager says to it, and the making. */
#include "assistant-private.h"

#include "form-call.h"
#include "form-values.h"
#include "form-widgets.h"
#include "window.h"

#include <glib/gi18n.h>

static void clear(GtkWidget *container)
{
	g_autoptr(GList) children = gtk_container_get_children(GTK_CONTAINER(container));

	for (const GList *item = children; item; item = item->next) {
		gtk_widget_destroy(GTK_WIDGET(item->data));
	}
}

/* --- What will be made --- */

static void add_fact(UiAssistant *self, int row, const char *name, const char *text)
{
	GtkWidget *name_label = gtk_label_new(name);
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(name_label), 1);
	gtk_label_set_yalign(GTK_LABEL(name_label), 0);
	gtk_style_context_add_class(gtk_widget_get_style_context(name_label), "dim-label");
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	gtk_widget_set_hexpand(label, TRUE);
	gtk_grid_attach(GTK_GRID(self->facts), name_label, 0, row, 1, 1);
	gtk_grid_attach(GTK_GRID(self->facts), label, 1, row, 1, 1);
}

static char *disk_fact(const FormMachine *machine)
{
	g_autofree char *size = form_size_format(machine->disk_size);

	switch (machine->disk) {
	case FORM_DISK_NEW:
		/* Translators: size and format of a disk image */
		return g_strdup_printf(_("new, %s, %s"), size, machine->disk_format);
	case FORM_DISK_VOLUME:
		return g_strdup_printf(_("new volume in %s, %s"), machine->disk_group, size);
	case FORM_DISK_EXISTING:
		return g_strdup(machine->disk_path);
	default:
		return g_strdup(_("none"));
	}
}

static const char *starts_text(const FormMachine *machine)
{
	switch (machine->boot) {
	case FORM_BOOT_UEFI:
		return _("PC with UEFI");
	case FORM_BOOT_BIOS:
		return _("PC with BIOS");
	case FORM_BOOT_BOOTLOADER:
		return _("light VM (PVH), kernel from the disk");
	default:
		return _("light VM (PVH), kernel from a file");
	}
}

static const char *new_name(UiAssistant *self)
{
	return assistant_copies(self) ? ui_clone_box_get_name(self->clone_box)
				      : gtk_entry_get_text(GTK_ENTRY(self->name_entry));
}

static void show_copy_facts(UiAssistant *self)
{
	add_fact(self, 0, _("Name"), new_name(self));
	add_fact(self, 1, _("Copy of"), ui_vm_title(ui_clone_box_get_vm(self->clone_box)));
	add_fact(self, 2, _("Disks"),
		 ui_clone_box_get_linked(self->clone_box)
		     ? _("shared with it, only changes are stored")
		     : _("copied"));
}

static void show_facts(UiAssistant *self)
{
	const FormMachine *machine = self->machine;
	g_autofree char *memory = form_size_format(machine->memory * FORM_MIB);
	g_autofree char *disk = disk_fact(machine);
	/* Translators: memory and number of CPUs */
	g_autofree char *size = g_strdup_printf(
	    ngettext("%s of memory, %u CPU", "%s of memory, %u CPUs", machine->vcpus), memory,
	    machine->vcpus);
	int row = 0;

	clear(self->facts);
	if (assistant_copies(self)) {
		show_copy_facts(self);
		gtk_widget_show_all(self->facts);
		return;
	}
	add_fact(self, row++, _("Name"), new_name(self));
	add_fact(self, row++, _("Starts as"), starts_text(machine));
	if (machine->source == FORM_SOURCE_ISO) {
		add_fact(self, row++, _("Installer"), machine->iso);
	} else if (machine->source == FORM_SOURCE_KERNEL) {
		add_fact(self, row++, _("Kernel"), machine->kernel);
	}
	add_fact(self, row++, _("Size"), size);
	add_fact(self, row++, _("Disk"), disk);
	add_fact(self, row++, _("Network"), *machine->network ? machine->network : _("none"));
	gtk_widget_show_all(self->facts);
}

/* --- What the manager says --- */

static void on_change(GtkButton *button, UiAssistant *self)
{
	g_autofree char *page = g_strdup(g_object_get_data(G_OBJECT(button), "page"));

	assistant_go(self, page);
}

static void add_finding(UiAssistant *self, bool problem, const char *key, const char *text)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *icon = gtk_image_new_from_icon_name(
	    problem ? "dialog-error-symbolic" : "dialog-warning-symbolic", GTK_ICON_SIZE_MENU);
	g_autofree char *whole = *key ? g_strdup_printf("%s: %s", key, text) : g_strdup(text);
	GtkWidget *label = gtk_label_new(whole);
	GtkWidget *button = gtk_button_new_with_label(_("Change…"));
	/* Translators: button beside a problem of a setting, as in "Change kernel" */
	g_autofree char *name = g_strdup_printf(_("Change %s"), key);

	form_set_accessible(icon, problem ? _("Problem") : _("Warning"));
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_widget_set_hexpand(label, TRUE);
	gtk_widget_set_valign(icon, GTK_ALIGN_CENTER);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	form_set_accessible(button, name);
	g_object_set_data_full(G_OBJECT(button), "page",
			       g_strdup(form_machine_page(self->machine, key)), g_free);
	g_signal_connect(button, "clicked", G_CALLBACK(on_change), self);
	gtk_container_add(GTK_CONTAINER(box), icon);
	gtk_container_add(GTK_CONTAINER(box), label);
	gtk_container_add(GTK_CONTAINER(box), button);
	gtk_widget_show_all(box);
	gtk_container_add(GTK_CONTAINER(self->findings), box);
}

static void add_findings(UiAssistant *self, GVariant *list, bool problem)
{
	GVariantIter iter;
	const char *key, *text;

	g_variant_iter_init(&iter, list);
	while (g_variant_iter_next(&iter, "(&s&s)", &key, &text)) {
		add_finding(self, problem, key, text);
	}
}

static void tell_check(UiAssistant *self, const char *text, bool again)
{
	gtk_spinner_stop(GTK_SPINNER(self->check_spinner));
	gtk_widget_hide(self->check_spinner);
	form_label_tell(GTK_LABEL(self->check_label), text);
	gtk_widget_set_visible(self->check_button, again);
}

static void checked(GVariant *answer, const GError *error, gpointer data)
{
	UiAssistant *self = data;
	g_autoptr(GVariant) problems = NULL;
	g_autoptr(GVariant) warnings = NULL;

	if (error || !g_variant_is_of_type(answer, G_VARIANT_TYPE("(a(ss)a(ss))"))) {
		g_autofree char *text = error ? form_error_explain(error) : g_strdup("");

		tell_check(self, text, true);
		return;
	}
	g_variant_get(answer, "(@a(ss)@a(ss))", &problems, &warnings);
	add_findings(self, problems, true);
	add_findings(self, warnings, false);
	self->checked = g_variant_n_children(problems) == 0;
	if (!self->checked) {
		tell_check(self, _("The VM would not start like this:"), true);
	} else {
		tell_check(self,
			   g_variant_n_children(warnings) > 0
			       ? _("The VM will start, but look at this:")
			       : _("The manager has checked it: the VM can start."),
			   false);
	}
	assistant_update(self);
	if (self->checked) {
		gtk_widget_grab_focus(self->create_button); /* Enter makes it */
	}
}

void assistant_show_summary(UiAssistant *self)
{
	show_facts(self);
	clear(self->findings);
	ui_progress_tell(self->progress, NULL);
	gtk_widget_set_visible(self->start_check, !assistant_copies(self) ||
						      !ui_clone_box_get_template(self->clone_box));
	self->checked = false;
	/* An answer to an older question counts no more. */
	g_cancellable_cancel(self->check_cancellable);
	g_clear_object(&self->check_cancellable);
	if (assistant_copies(self)) {
		self->checked = true;
		tell_check(self, "", false);
		return;
	}
	if (!ui_client_manager(self->client)) {
		tell_check(self, _("The manager (mulliond) is away."), true);
		return;
	}
	gtk_widget_show(self->check_spinner);
	gtk_spinner_start(GTK_SPINNER(self->check_spinner));
	form_label_tell(GTK_LABEL(self->check_label), _("The manager checks it…"));
	gtk_widget_hide(self->check_button);
	self->check_cancellable = g_cancellable_new();
	form_call(ui_client_manager(self->client), "CheckSettings",
		  g_variant_new("(@a{sv})", form_machine_settings(self->machine)),
		  self->check_cancellable, checked, self);
}

static void on_check_again(UiAssistant *self)
{
	assistant_show_summary(self);
	assistant_update(self);
}

/* --- Making it --- */

typedef struct {
	UiClient *client;
	char *name;
} Start;

static void started(GObject *source, GAsyncResult *result, gpointer data)
{
	Start *start = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer =
	    g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autofree char *what = g_strdup_printf(_("“%s” could not be started"), start->name);

	if (answer) {
		const char *job;

		g_variant_get(answer, "(&o)", &job);
		ui_client_watch_job(start->client, job, what, NULL);
	} else {
		ui_client_report(start->client, what, NULL, error);
	}
	g_object_unref(start->client);
	g_free(start->name);
	g_free(start);
}

/* Goes on when the assistant is gone; what goes wrong is a notice of the window's. */
static void start_vm(UiAssistant *self, const char *path)
{
	MullionManager1 *manager = ui_client_manager(self->client);
	Start *start;

	if (!manager) {
		return;
	}
	start = g_new(Start, 1);
	*start = (Start){g_object_ref(self->client), g_strdup(new_name(self))};
	g_dbus_connection_call(
	    g_dbus_proxy_get_connection(G_DBUS_PROXY(manager)),
	    g_dbus_proxy_get_name(G_DBUS_PROXY(manager)), path, "org.mullion.Vm1", "Start",
	    g_variant_new("(a{sv})", NULL), G_VARIANT_TYPE("(o)"),
	    G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, G_MAXINT, NULL, started, start);
}

static void on_ended(UiAssistant *self, gboolean good)
{
	GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(self));
	g_autofree char *path = good ? ui_progress_result_path(self->progress, "vm") : NULL;

	if (!good) {
		assistant_update(self);
		return;
	}
	if (path && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->start_check)) &&
	    !(assistant_copies(self) && ui_clone_box_get_template(self->clone_box))) {
		start_vm(self, path);
	}
	if (UI_IS_WINDOW(parent)) {
		ui_window_show_name(UI_WINDOW(parent), new_name(self));
	}
	gtk_widget_destroy(GTK_WIDGET(self));
}

static void on_create(UiAssistant *self)
{
	MullionManager1 *manager = ui_client_manager(self->client);
	/* Translators: %s is the name of the VM that is made */
	g_autofree char *what = g_strdup_printf(_("Making “%s”…"), new_name(self));

	if (!self->checked || ui_progress_is_busy(self->progress)) {
		return;
	}
	if (assistant_copies(self)) {
		ui_progress_call(self->progress, self->client, ui_clone_box_get_vm(self->clone_box),
				 "Clone", ui_clone_box_get_arguments(self->clone_box), what);
	} else if (manager) {
		ui_progress_call(self->progress, self->client, manager, "CreateVm",
				 g_variant_new("(s@a{sv})", new_name(self),
					       form_machine_settings(self->machine)),
				 what);
	} else {
		ui_progress_tell(self->progress, _("The manager (mulliond) is away."));
	}
	assistant_update(self);
}

void assistant_bind_summary(GtkWidgetClass *class)
{
	gtk_widget_class_bind_template_callback(class, on_check_again);
	gtk_widget_class_bind_template_callback(class, on_create);
	gtk_widget_class_bind_template_callback(class, on_ended);
}
