/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The assistant's pages that ask: files, name and system, resources. */
#include "assistant-private.h"

#include "form-call.h"
#include "form-values.h"
#include "form-widgets.h"

#include <glib/gi18n.h>

static const char *const boot_ids[] = {"bios", "uefi", "bootloader", "kernel"};
static const char *const disk_ids[] = {"new", "volume", "existing", "none"};

static const char *active_id(GtkWidget *combo)
{
	const char *id = gtk_combo_box_get_active_id(GTK_COMBO_BOX(combo));

	return id ? id : "";
}

static int id_index(const char *const *ids, guint count, const char *id)
{
	for (guint i = 0; i < count; i++) {
		if (g_str_equal(ids[i], id)) {
			return (int)i;
		}
	}
	return -1;
}

static void show_pair(GtkWidget *label, gpointer widget, bool visible)
{
	gtk_widget_set_visible(label, visible);
	gtk_widget_set_visible(GTK_WIDGET(widget), visible);
}

/* --- Out of the widgets --- */

static void read_files(UiAssistant *self)
{
	FormMachine *machine = self->machine;

	form_machine_set(&machine->iso, ui_path_entry_get_text(self->iso_path));
	form_machine_set(&machine->kernel, ui_path_entry_get_text(self->kernel_path));
	form_machine_set(&machine->initrd, ui_path_entry_get_text(self->initrd_path));
	form_machine_set(&machine->cmdline, gtk_entry_get_text(GTK_ENTRY(self->cmdline)));
	if (machine->source == FORM_SOURCE_DISK) {
		form_machine_set(&machine->disk_path, ui_path_entry_get_text(self->disk_path));
		form_machine_set(&machine->disk_format, active_id(self->disk_format));
		machine->disk_readonly =
		    gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->disk_readonly));
	}
}

static void read_system(UiAssistant *self)
{
	int boot = id_index(boot_ids, G_N_ELEMENTS(boot_ids), active_id(self->boot_combo));

	if (boot >= 0 && self->machine->source != FORM_SOURCE_KERNEL) {
		self->machine->boot = boot;
	}
	form_machine_set(&self->machine->colour, active_id(self->colour_combo));
}

static void read_resources(UiAssistant *self)
{
	FormMachine *machine = self->machine;
	int kind = id_index(disk_ids, G_N_ELEMENTS(disk_ids), active_id(self->disk_combo));

	machine->memory =
	    (guint64)gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(self->memory_spin));
	machine->vcpus = (guint)gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(self->vcpus_spin));
	form_machine_set(&machine->network, active_id(self->network_combo));
	if (machine->source == FORM_SOURCE_DISK || kind < 0) {
		return;
	}
	machine->disk = kind;
	machine->disk_readonly = false;
	machine->disk_size =
	    (guint64)gtk_spin_button_get_value(GTK_SPIN_BUTTON(self->size_spin)) * FORM_MIB;
	form_machine_set(&machine->disk_group, active_id(self->group_combo));
	form_machine_set(&machine->disk_path, ui_path_entry_get_text(self->existing_path));
	form_machine_set(&machine->disk_format, machine->disk == FORM_DISK_EXISTING
						    ? form_disk_format(machine->disk_path)
						    : active_id(self->format_combo));
}

static void on_edited(UiAssistant *self)
{
	const char *page = assistant_page(self);

	if (self->filling) {
		return;
	}
	self->checked = false;
	read_files(self);
	read_system(self);
	if (g_strcmp0(page, "resources") == 0) {
		self->edited_resources = true;
		read_resources(self);
	}
	assistant_update(self);
}

static void on_disk_path(UiAssistant *self)
{
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->disk_format),
				    form_disk_format(ui_path_entry_get_text(self->disk_path)));
	on_edited(self);
}

static void on_name(UiAssistant *self)
{
	if (!self->filling) {
		self->edited_name = *gtk_entry_get_text(GTK_ENTRY(self->name_entry)) != '\0';
		self->checked = false;
		assistant_update(self);
	}
}

static void fill_boot(UiAssistant *self)
{
	static const struct {
		FormBoot boot;
		const char *text;
	} boots[] = {
	    {FORM_BOOT_UEFI, N_("PC with UEFI")},
	    {FORM_BOOT_BIOS, N_("PC with BIOS")},
	    {FORM_BOOT_BOOTLOADER, N_("Light VM (PVH): Linux kernel from the disk")},
	};
	FormMachine *machine = self->machine;
	bool was_filling = self->filling;
	const char *refusal = NULL;

	self->filling = true;
	gtk_combo_box_text_remove_all(GTK_COMBO_BOX_TEXT(self->boot_combo));
	for (gsize i = 0; i < G_N_ELEMENTS(boots); i++) {
		const char *why =
		    form_boot_refusal(boots[i].boot, machine->source, machine->os, &self->host);

		if (!why) {
			gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(self->boot_combo),
						  boot_ids[boots[i].boot], _(boots[i].text));
		} else if (boots[i].boot == FORM_BOOT_BIOS) {
			refusal = why;
		}
	}
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->boot_combo), boot_ids[machine->boot]);
	if (gtk_combo_box_get_active(GTK_COMBO_BOX(self->boot_combo)) < 0) {
		gtk_combo_box_set_active(GTK_COMBO_BOX(self->boot_combo), 0);
	}
	form_label_tell(GTK_LABEL(self->boot_note), refusal);
	show_pair(self->boot_label, self->boot_combo, machine->source != FORM_SOURCE_KERNEL);
	if (machine->source == FORM_SOURCE_KERNEL) {
		gtk_widget_hide(self->boot_note);
	}
	self->filling = was_filling;
	read_system(self);
}

static void on_os(UiAssistant *self)
{
	FormOs os = FORM_OS_LINUX;

	if (gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->os_windows))) {
		os = FORM_OS_WINDOWS;
	} else if (gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->os_other))) {
		os = FORM_OS_OTHER;
	}
	if (self->filling || os == self->machine->os) {
		return; /* a group tells of each button */
	}
	self->machine->os = os;
	self->checked = false;
	assistant_apply_defaults(self);
	fill_boot(self);
	assistant_update(self);
}

static void groups_told(GVariant *answer, const GError *error, gpointer data)
{
	UiAssistant *self = data;

	if (error) {
		g_autofree char *text = form_error_explain(error);

		self->groups_asked = false;
		form_label_tell(GTK_LABEL(self->resources_note), text);
		return;
	}
	if (!g_variant_is_of_type(answer, G_VARIANT_TYPE("(aa{sv}aa{sv})"))) {
		return;
	}
	form_combo_fill_groups(GTK_COMBO_BOX_TEXT(self->group_combo), answer);
	gtk_combo_box_set_active(GTK_COMBO_BOX(self->group_combo), 0);
	if (gtk_combo_box_get_active(GTK_COMBO_BOX(self->group_combo)) < 0) {
		form_label_tell(GTK_LABEL(self->resources_note),
				_("This machine has no LVM volume group."));
	}
}

static void show_disk_rows(UiAssistant *self)
{
	const char *kind = active_id(self->disk_combo);
	bool is_source = self->machine->source == FORM_SOURCE_DISK;
	bool is_new = g_str_equal(kind, "new"), is_volume = g_str_equal(kind, "volume");

	show_pair(self->new_disk_label, self->disk_combo, !is_source);
	show_pair(self->size_label, gtk_widget_get_parent(self->size_spin),
		  !is_source && (is_new || is_volume));
	show_pair(self->format_label, self->format_combo, !is_source && is_new);
	show_pair(self->group_label, self->group_combo, !is_source && is_volume);
	show_pair(self->existing_label, self->existing_path,
		  !is_source && g_str_equal(kind, "existing"));
}

static void on_disk_kind(UiAssistant *self)
{
	if (self->filling) {
		return;
	}
	show_disk_rows(self);
	on_edited(self);
	/* Asked for when wanted: it needs the right to the machine's devices. */
	if (self->machine->disk == FORM_DISK_VOLUME && !self->groups_asked &&
	    ui_client_manager(self->client)) {
		self->groups_asked = true;
		form_call(ui_client_manager(self->client), "GetBlockDevices", NULL,
			  self->cancellable, groups_told, self);
	}
}

/* --- Into the widgets --- */

void assistant_fill(UiAssistant *self)
{
	self->filling = true;
	form_combo_fill_colours(GTK_COMBO_BOX(self->colour_combo));
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->colour_combo), self->machine->colour);
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->disk_format), "raw");
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->format_combo), "qcow2");
	form_combo_fill_networks(GTK_COMBO_BOX_TEXT(self->network_combo), self->client, true);
	if (!gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->network_combo), "default")) {
		gtk_combo_box_set_active(GTK_COMBO_BOX(self->network_combo), 0);
	}
	form_spin_is_size(GTK_SPIN_BUTTON(self->memory_spin), FORM_MIB);
	form_spin_is_size(GTK_SPIN_BUTTON(self->size_spin), FORM_GIB);
	self->filling = false;
}

void assistant_apply_host(UiAssistant *self)
{
	const FormHost *host = &self->host;
	bool was_filling = self->filling;

	self->filling = true;
	if (host->memory_total) {
		g_autofree char *left = form_size_format(host->memory_free * FORM_MIB);
		g_autofree char *text = g_strdup_printf(_("%s free now"), left);

		gtk_adjustment_set_upper(self->memory_adjustment, (double)host->memory_total);
		gtk_label_set_text(GTK_LABEL(self->memory_note), text);
	}
	if (host->cpus) {
		g_autofree char *text = g_strdup_printf(
		    ngettext("this machine has %u", "this machine has %u", host->cpus), host->cpus);

		gtk_adjustment_set_upper(self->vcpus_adjustment, host->cpus);
		gtk_label_set_text(GTK_LABEL(self->vcpus_note), text);
	}
	if (host->storage_free) {
		g_autofree char *left = form_size_format(host->storage_free);
		g_autofree char *text = g_strdup_printf(_("%s free"), left);

		gtk_label_set_text(GTK_LABEL(self->size_note), text);
	}
	self->filling = was_filling;
}

void assistant_apply_defaults(UiAssistant *self)
{
	FormMachine *machine = self->machine;

	if (self->edited_resources) {
		/* What follows from the system alone is still to be right. */
		guint64 memory = machine->memory, size = machine->disk_size;
		guint vcpus = machine->vcpus;
		FormDisk disk = machine->disk;

		form_machine_defaults(machine, &self->host);
		machine->memory = memory;
		machine->vcpus = vcpus;
		machine->disk_size = size;
		machine->disk = disk;
		return;
	}
	form_machine_defaults(machine, &self->host);
	self->filling = true;
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(self->memory_spin), (double)machine->memory);
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(self->vcpus_spin), machine->vcpus);
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(self->size_spin),
				  (double)(machine->disk_size / FORM_MIB));
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->disk_combo), disk_ids[machine->disk]);
	self->filling = false;
}

void assistant_show_files(UiAssistant *self)
{
	FormSource source = self->machine->source;
	static const char *const heads[] = {
	    [FORM_SOURCE_ISO] = N_("Which installer?"),
	    [FORM_SOURCE_DISK] = N_("Which disk?"),
	    [FORM_SOURCE_KERNEL] = N_("Which kernel?"),
	};

	gtk_label_set_text(GTK_LABEL(self->files_head), _(heads[source]));
	show_pair(self->iso_label, self->iso_path, source == FORM_SOURCE_ISO);
	show_pair(self->disk_label, self->disk_path, source == FORM_SOURCE_DISK);
	show_pair(self->disk_format_label, self->disk_format, source == FORM_SOURCE_DISK);
	gtk_widget_set_visible(self->disk_readonly, source == FORM_SOURCE_DISK);
	show_pair(self->kernel_label, self->kernel_path, source == FORM_SOURCE_KERNEL);
	show_pair(self->initrd_label, self->initrd_path, source == FORM_SOURCE_KERNEL);
	show_pair(self->cmdline_label, self->cmdline, source == FORM_SOURCE_KERNEL);
	read_files(self);
}

static void suggest_name(UiAssistant *self)
{
	const FormMachine *machine = self->machine;
	g_auto(GStrv) taken = form_vm_names(self->client);
	g_autofree char *wish = NULL;
	g_autofree char *name = NULL;

	if (self->edited_name) {
		return;
	}
	if (machine->source == FORM_SOURCE_KERNEL) {
		wish = g_strdup(form_os_word(machine->os));
	} else {
		wish = form_name_of_path(machine->source == FORM_SOURCE_ISO ? machine->iso
									    : machine->disk_path);
	}
	name = form_name_free(wish, (const char *const *)taken);
	gtk_entry_set_text(GTK_ENTRY(self->name_entry), name);
}

void assistant_show_system(UiAssistant *self)
{
	FormMachine *machine = self->machine;
	const char *refusal = form_os_refusal(FORM_OS_WINDOWS, machine->source, &self->host);
	GtkWidget *const buttons[] = {self->os_linux, self->os_windows, self->os_other};

	self->filling = true;
	suggest_name(self);
	gtk_widget_set_sensitive(self->os_windows, refusal == NULL);
	form_label_tell(GTK_LABEL(self->os_note), refusal);
	if (refusal && machine->os == FORM_OS_WINDOWS) {
		machine->os = FORM_OS_LINUX;
		self->filling = false;
		assistant_apply_defaults(self);
		self->filling = true;
	}
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(buttons[machine->os]), TRUE);
	fill_boot(self);
	self->filling = false;
}

void assistant_show_resources(UiAssistant *self)
{
	show_disk_rows(self);
	read_resources(self);
}

void assistant_bind_pages(GtkWidgetClass *class)
{
	gtk_widget_class_bind_template_callback(class, on_edited);
	gtk_widget_class_bind_template_callback(class, on_disk_path);
	gtk_widget_class_bind_template_callback(class, on_name);
	gtk_widget_class_bind_template_callback(class, on_os);
	gtk_widget_class_bind_template_callback(class, on_disk_kind);
}
