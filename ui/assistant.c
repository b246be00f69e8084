/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The assistant for a new VM. A page is left forwards only when it is good, and the last one asks
 * the manager whether the VM would start before it can be made.
 */
#include "forms.h"

#include "assistant-private.h"
#include "form-call.h"
#include "form-values.h"
#include "form-widgets.h"
#include "window.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE(UiAssistant, ui_assistant, GTK_TYPE_WINDOW)

static const struct {
	FormSource source;
	const char *name, *label, *note;
} sources[] = {
    {FORM_SOURCE_ISO, "source-iso", N_("_Installer image (ISO)"),
     N_("Install a system from its CD image onto a new disk.")},
    {FORM_SOURCE_DISK, "source-disk", N_("_Disk that exists"),
     N_("Start from a disk image, a partition or a volume that has a system on it.")},
    {FORM_SOURCE_KERNEL, "source-kernel", N_("_Kernel"),
     N_("Start a Linux kernel directly, with or without disk.")},
    {FORM_SOURCE_CLONE, "source-clone", N_("Cop_y of a VM"),
     N_("A second one like one that is there.")},
    {FORM_SOURCE_TEMPLATE, "source-template", N_("From a _template"),
     N_("Share a template’s disks, and store only what differs.")},
    {FORM_SOURCE_IMPORT, "source-import", N_("Configuration of _xl"),
     N_("Take over a VM that was made for Xen’s xl tool.")},
};
G_STATIC_ASSERT(G_N_ELEMENTS(sources) == FORM_SOURCES);

static const char *const pages_made[] = {"source", "files", "system", "resources", "summary", NULL};
static const char *const pages_copied[] = {"source", "clone", "summary", NULL};
static const char *const pages_import[] = {"source", NULL};

static const char *const *pages_of(UiAssistant *self)
{
	if (self->machine->source == FORM_SOURCE_IMPORT) {
		return pages_import;
	}
	return assistant_copies(self) ? pages_copied : pages_made;
}

gboolean assistant_copies(UiAssistant *self)
{
	return self->machine->source == FORM_SOURCE_CLONE ||
	       self->machine->source == FORM_SOURCE_TEMPLATE;
}

static const char *page_title(const char *page)
{
	static const struct {
		const char *page, *title;
	} titles[] = {
	    {"source", N_("Source")},
	    {"files", N_("Files")},
	    {"system", N_("Name and system")},
	    {"resources", N_("Resources")},
	    {"clone", N_("Copy")},
	    {"summary", N_("Summary")},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(titles); i++) {
		if (g_str_equal(page, titles[i].page)) {
			return _(titles[i].title);
		}
	}
	return page;
}

const char *assistant_page(UiAssistant *self)
{
	return gtk_stack_get_visible_child_name(GTK_STACK(self->stack));
}

static guint page_index(UiAssistant *self, const char *page)
{
	const char *const *pages = pages_of(self);
	guint index = 0;

	while (pages[index] && !g_str_equal(pages[index], page)) {
		index++;
	}
	return pages[index] ? index : 0;
}

/* What keeps the page from being left, or NULL. */
static char *page_problem(UiAssistant *self, const char *page)
{
	if (g_str_equal(page, "source")) {
		return g_strdup(form_source_refusal(self->machine->source, &self->host));
	}
	if (g_str_equal(page, "clone")) {
		return ui_clone_box_is_ready(self->clone_box) ? NULL : g_strdup("");
	}
	if (g_str_equal(page, "system")) {
		g_auto(GStrv) taken = form_vm_names(self->client);
		const char *name = gtk_entry_get_text(GTK_ENTRY(self->name_entry));
		char *problem = form_name_problem(name, (const char *const *)taken);

		form_entry_tell(GTK_ENTRY(self->name_entry), problem);
		return problem ? problem
			       : g_strdup(form_os_refusal(self->machine->os, self->machine->source,
							  &self->host));
	}
	return form_machine_problem(self->machine, page, &self->host);
}

void assistant_update(UiAssistant *self)
{
	const char *page = assistant_page(self);
	const char *const *pages = pages_of(self);
	guint index = page_index(self, page);
	g_autofree char *problem = page_problem(self, page);
	gboolean busy = ui_progress_is_busy(self->progress);
	gboolean last = g_str_equal(page, "summary");
	g_autofree char *subtitle = NULL;

	/* Translators: which step of how many, and its title */
	subtitle = g_strdup_printf(_("Step %u of %u: %s"), index + 1,
				   MAX(g_strv_length((GStrv)pages), 2), page_title(page));
	gtk_header_bar_set_subtitle(GTK_HEADER_BAR(self->header), subtitle);
	gtk_widget_set_visible(self->create_button, last);
	gtk_widget_set_visible(self->next_button, !last);
	gtk_widget_set_sensitive(self->next_button, !problem);
	gtk_widget_set_sensitive(self->back_button, index > 0 && !busy);
	gtk_widget_set_sensitive(self->create_button, last && !busy && self->checked);
	gtk_widget_set_sensitive(self->start_check, !busy);
	gtk_window_set_default(GTK_WINDOW(self), last ? self->create_button : self->next_button);
	if (g_str_equal(page, "files")) {
		gtk_label_set_text(GTK_LABEL(self->files_note), problem ? problem : "");
	} else if (g_str_equal(page, "system")) {
		form_label_tell(GTK_LABEL(self->system_note), problem);
	} else if (g_str_equal(page, "resources")) {
		form_label_tell(GTK_LABEL(self->resources_note), problem);
	}
}

/* --- Page: source --- */

static void on_source(GtkToggleButton *button, UiAssistant *self)
{
	if (!gtk_toggle_button_get_active(button)) {
		return;
	}
	self->machine->source = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "source"));
	if (assistant_copies(self)) {
		ui_clone_box_offer(self->clone_box, self->client,
				   self->machine->source == FORM_SOURCE_TEMPLATE);
	}
	self->edited_resources = false;
	assistant_apply_defaults(self);
	assistant_update(self);
}

static void add_source(UiAssistant *self, guint i)
{
	GtkWidget *first = i > 0 ? self->source_buttons[0] : NULL;
	GtkWidget *button = gtk_radio_button_new_from_widget(GTK_RADIO_BUTTON(first));
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	GtkWidget *label = gtk_label_new_with_mnemonic(_(sources[i].label));
	GtkWidget *note = gtk_label_new(_(sources[i].note));

	gtk_label_set_mnemonic_widget(GTK_LABEL(label), button);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_xalign(GTK_LABEL(note), 0);
	gtk_label_set_line_wrap(GTK_LABEL(note), TRUE);
	gtk_style_context_add_class(gtk_widget_get_style_context(note), "dim-label");
	gtk_container_add(GTK_CONTAINER(box), label);
	gtk_container_add(GTK_CONTAINER(box), note);
	g_object_set(box, "margin-start", 6, "margin-top", 4, "margin-bottom", 4, NULL);
	gtk_container_add(GTK_CONTAINER(button), box);
	gtk_widget_set_name(button, sources[i].name);
	form_set_accessible(button, gtk_label_get_text(GTK_LABEL(label)));
	g_object_set_data(G_OBJECT(button), "source", GINT_TO_POINTER(sources[i].source));
	gtk_widget_show_all(button);
	gtk_container_add(GTK_CONTAINER(self->source_box), button);
	self->source_buttons[i] = button;
	self->source_notes[i] = note;
	g_signal_connect(button, "toggled", G_CALLBACK(on_source), self);
}

static const char *no_vm_reason(UiAssistant *self, FormSource source)
{
	GListModel *vms = ui_client_vms(self->client);
	bool wants_template = source == FORM_SOURCE_TEMPLATE;

	if (source != FORM_SOURCE_CLONE && !wants_template) {
		return NULL;
	}
	for (guint i = 0; i < g_list_model_get_n_items(vms); i++) {
		g_autoptr(MullionVm1) vm = g_list_model_get_item(vms, i);

		if (mullion_vm1_get_template(vm) == wants_template &&
		    !mullion_vm1_get_throw_away(vm)) {
			return NULL;
		}
	}
	return wants_template ? _("There is no template yet: a VM’s settings can make it one.")
			      : _("There is no VM yet.");
}

static void show_sources(UiAssistant *self)
{
	for (guint i = 0; i < FORM_SOURCES; i++) {
		const char *refusal = form_source_refusal(sources[i].source, &self->host);
		GtkStyleContext *style = gtk_widget_get_style_context(self->source_notes[i]);

		refusal = refusal ? refusal : no_vm_reason(self, sources[i].source);
		gtk_widget_set_sensitive(self->source_buttons[i], refusal == NULL);
		gtk_label_set_text(GTK_LABEL(self->source_notes[i]),
				   refusal ? refusal : _(sources[i].note));
		/* Dimmed twice, the reason could hardly be read. */
		if (refusal) {
			gtk_style_context_remove_class(style, "dim-label");
		} else {
			gtk_style_context_add_class(style, "dim-label");
		}
		/* A button hides what is in it from screen readers. */
		atk_object_set_description(gtk_widget_get_accessible(self->source_buttons[i]),
					   gtk_label_get_text(GTK_LABEL(self->source_notes[i])));
	}
	for (guint i = 0; i < FORM_SOURCES; i++) {
		bool active =
		    gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->source_buttons[i]));

		/* The first that can be had, when what was chosen cannot. */
		if (active && !gtk_widget_get_sensitive(self->source_buttons[i])) {
			for (guint j = 0; j < FORM_SOURCES; j++) {
				if (gtk_widget_get_sensitive(self->source_buttons[j])) {
					gtk_toggle_button_set_active(
					    GTK_TOGGLE_BUTTON(self->source_buttons[j]), TRUE);
					return;
				}
			}
		}
	}
}

/* --- Going --- */

/* Where the keyboard goes on a page. The result of the check moves it on from the last one. */
static GtkWidget *first_field(UiAssistant *self, const char *page)
{
	UiPathEntry *const files[] = {
	    [FORM_SOURCE_ISO] = self->iso_path,
	    [FORM_SOURCE_DISK] = self->disk_path,
	    [FORM_SOURCE_KERNEL] = self->kernel_path,
	};

	if (g_str_equal(page, "files")) {
		return GTK_WIDGET(files[self->machine->source]);
	}
	if (g_str_equal(page, "system")) {
		return self->name_entry;
	}
	if (g_str_equal(page, "resources")) {
		return self->memory_spin;
	}
	if (g_str_equal(page, "clone")) {
		return GTK_WIDGET(self->clone_box);
	}
	return g_str_equal(page, "summary") ? self->start_check
					    : self->source_buttons[self->machine->source];
}

static void go(UiAssistant *self, guint index)
{
	const char *const *pages = pages_of(self);

	if (g_str_equal(pages[index], "files")) {
		assistant_show_files(self);
	} else if (g_str_equal(pages[index], "system")) {
		assistant_show_system(self);
	} else if (g_str_equal(pages[index], "resources")) {
		assistant_show_resources(self);
	}
	gtk_stack_set_visible_child_name(GTK_STACK(self->stack), pages[index]);
	if (g_str_equal(pages[index], "summary")) {
		assistant_show_summary(self);
	}
	assistant_update(self);
	gtk_widget_grab_focus(first_field(self, pages[index]));
	if (assistant_copies(self) && g_str_equal(pages[index], "summary")) {
		gtk_widget_grab_focus(self->create_button);
	}
}

void assistant_go(UiAssistant *self, const char *page)
{
	go(self, page_index(self, page));
}

static void on_next(UiAssistant *self)
{
	guint index = page_index(self, assistant_page(self));
	g_autofree char *problem = page_problem(self, assistant_page(self));

	if (problem) {
		return;
	}
	if (self->machine->source == FORM_SOURCE_IMPORT) {
		GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(self));
		g_autoptr(UiClient) client = g_object_ref(self->client);

		gtk_widget_destroy(GTK_WIDGET(self));
		ui_import_show(parent, client);
		return;
	}
	if (pages_of(self)[index + 1]) {
		go(self, index + 1);
	}
}

static void on_back(UiAssistant *self)
{
	guint index = page_index(self, assistant_page(self));

	if (index > 0) {
		go(self, index - 1);
	}
}

static void on_cancel(UiAssistant *self)
{
	gtk_window_close(GTK_WINDOW(self));
}

static void discard(gpointer data)
{
	gtk_widget_destroy(GTK_WIDGET(data));
}

/* While the VM is made, closing is stopping: what is half made should not go on unseen. Two pages
 * are soon filled in again, more are asked about: Escape is pressed easily.
 */
static gboolean on_delete(UiAssistant *self)
{
	if (ui_progress_is_busy(self->progress)) {
		ui_progress_cancel(self->progress);
		return GDK_EVENT_STOP;
	}
	if (page_index(self, assistant_page(self)) < 2) {
		return GDK_EVENT_PROPAGATE;
	}
	form_ask(GTK_WINDOW(self), _("Close without making the VM?"),
		 _("What was entered here is lost then."), _("_Discard"), discard, self, NULL);
	return GDK_EVENT_STOP;
}

static void host_told(GVariant *answer, const GError *error, gpointer data)
{
	UiAssistant *self = data;
	g_autoptr(GVariant) dict = NULL;

	/* Without it nothing is greyed out: the check at the end tells all the same. */
	if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(a{sv})"))) {
		dict = g_variant_get_child_value(answer, 0);
		form_host_read(&self->host, dict);
		assistant_apply_host(self);
	}
	show_sources(self);
	assistant_apply_defaults(self);
	assistant_update(self);
}

static void dispose(GObject *object)
{
	UiAssistant *self = UI_ASSISTANT(object);

	g_cancellable_cancel(self->cancellable);
	g_cancellable_cancel(self->check_cancellable);
	g_clear_object(&self->check_cancellable);
	g_clear_object(&self->client);
	G_OBJECT_CLASS(ui_assistant_parent_class)->dispose(object);
}

static void finalize(GObject *object)
{
	UiAssistant *self = UI_ASSISTANT(object);

	g_object_unref(self->cancellable);
	form_machine_free(self->machine);
	G_OBJECT_CLASS(ui_assistant_parent_class)->finalize(object);
}

static void bind_children(GtkWidgetClass *class)
{
	static const struct {
		const char *name;
		gssize offset;
	} children[] = {
#define CHILD(field) {#field, G_STRUCT_OFFSET(UiAssistant, field)}
	    CHILD(header),
	    CHILD(stack),
	    CHILD(cancel_button),
	    CHILD(back_button),
	    CHILD(next_button),
	    CHILD(create_button),
	    CHILD(source_box),
	    CHILD(files_head),
	    CHILD(files_note),
	    CHILD(iso_label),
	    CHILD(iso_path),
	    CHILD(disk_label),
	    CHILD(disk_path),
	    CHILD(disk_format_label),
	    CHILD(disk_format),
	    CHILD(disk_readonly),
	    CHILD(kernel_label),
	    CHILD(kernel_path),
	    CHILD(initrd_label),
	    CHILD(initrd_path),
	    CHILD(cmdline_label),
	    CHILD(cmdline),
	    CHILD(name_entry),
	    CHILD(os_linux),
	    CHILD(os_windows),
	    CHILD(os_other),
	    CHILD(os_note),
	    CHILD(boot_label),
	    CHILD(boot_combo),
	    CHILD(boot_note),
	    CHILD(colour_combo),
	    CHILD(system_note),
	    CHILD(memory_spin),
	    CHILD(memory_note),
	    CHILD(memory_adjustment),
	    CHILD(vcpus_spin),
	    CHILD(vcpus_note),
	    CHILD(vcpus_adjustment),
	    CHILD(new_disk_label),
	    CHILD(disk_combo),
	    CHILD(size_label),
	    CHILD(size_spin),
	    CHILD(size_note),
	    CHILD(format_label),
	    CHILD(format_combo),
	    CHILD(group_label),
	    CHILD(group_combo),
	    CHILD(existing_label),
	    CHILD(existing_path),
	    CHILD(network_combo),
	    CHILD(resources_note),
	    CHILD(clone_box),
	    CHILD(summary_head),
	    CHILD(facts),
	    CHILD(check_spinner),
	    CHILD(check_label),
	    CHILD(check_button),
	    CHILD(findings),
	    CHILD(start_check),
	    CHILD(progress),
#undef CHILD
	};

	for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
		gtk_widget_class_bind_template_child_full(class, children[i].name, FALSE,
							  children[i].offset);
	}
}

static void ui_assistant_class_init(UiAssistantClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	G_OBJECT_CLASS(class)->finalize = finalize;
	g_type_ensure(UI_TYPE_PATH_ENTRY);
	g_type_ensure(UI_TYPE_CLONE_BOX);
	g_type_ensure(UI_TYPE_PROGRESS);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/assistant.ui");
	bind_children(widget_class);
	gtk_widget_class_bind_template_callback(widget_class, on_cancel);
	gtk_widget_class_bind_template_callback(widget_class, on_back);
	gtk_widget_class_bind_template_callback(widget_class, on_next);
	gtk_widget_class_bind_template_callback(widget_class, on_delete);
	assistant_bind_pages(widget_class);
	assistant_bind_summary(widget_class);
}

static void ui_assistant_init(UiAssistant *self)
{
	self->cancellable = g_cancellable_new();
	self->machine = form_machine_new();
	gtk_widget_init_template(GTK_WIDGET(self));
	form_window_closes(GTK_WINDOW(self));
	for (guint i = 0; i < FORM_SOURCES; i++) {
		add_source(self, i);
	}
}

void ui_assistant_show(GtkWindow *parent, UiClient *client)
{
	MullionManager1 *manager = ui_client_manager(client);
	UiAssistant *self;

	if (!manager) {
		return; /* the window says that the manager is away */
	}
	self = g_object_new(UI_TYPE_ASSISTANT, "transient-for", parent, NULL);
	self->client = g_object_ref(client);
	ui_path_entry_offer_devices(self->disk_path, client);
	ui_path_entry_offer_devices(self->existing_path, client);
	assistant_fill(self);
	show_sources(self);
	assistant_apply_defaults(self);
	assistant_update(self);
	gtk_widget_grab_focus(self->source_buttons[self->machine->source]);
	form_call_quietly(manager, "GetHost", NULL, self->cancellable, host_told, self);
	gtk_window_present(GTK_WINDOW(self));
}
