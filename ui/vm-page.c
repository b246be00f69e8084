/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm-page.h"

#include "colour.h"
#include "facts.h"
#include "form-settings.h"
#include "plot.h"

#include <glib/gi18n.h>
#include <string.h>

enum { PLOT_CPU, PLOT_MEMORY, PLOT_DISK, PLOT_NETWORK, PLOTS };

/* A guest asks for its address when it is up; seconds between two looks at who has which. */
#define LEASES_INTERVAL 5

struct _UiVmPage {
	GtkBox parent;
	UiClient *client;
	MullionVm1 *vm;
	GCancellable *cancellable;
	GVariant *settings;    /* NULL: not known yet */
	GHashTable *addresses; /* MAC address → its IP address */
	guint ticks;
	UiPlot *plots[PLOTS];
	GtkContainer *plots_box;
	GtkWidget *idle;
	GtkGrid *facts;
	GtkLabel *notes;
};

G_DEFINE_TYPE(UiVmPage, ui_vm_page, GTK_TYPE_BOX)

static const char *type_text(const char *type)
{
	return g_strcmp0(type, "hvm") == 0   ? _("full emulation of a PC (HVM)")
	       : g_strcmp0(type, "pvh") == 0 ? _("hardware virtualised, without emulation (PVH)")
	       : g_strcmp0(type, "pv") == 0  ? _("paravirtualised (PV)")
					     : type;
}

static const char *os_text(const char *os)
{
	return g_strcmp0(os, "linux") == 0     ? "Linux"
	       : g_strcmp0(os, "windows") == 0 ? "Windows"
					       : _("other");
}

static char *since(gint64 started)
{
	gint64 minutes = (g_get_real_time() / G_USEC_PER_SEC - started) / 60;
	gint64 hours = minutes / 60;

	if (started <= 0) {
		return NULL;
	}
	if (minutes < 1) {
		return g_strdup(_("less than a minute"));
	}
	if (hours < 1) {
		return g_strdup_printf(ngettext("%d minute", "%d minutes", (gulong)minutes),
				       (int)minutes);
	}
	if (hours < 48) {
		/* Translators: hours and minutes */
		return g_strdup_printf(_("%d h %d min"), (int)hours, (int)(minutes % 60));
	}
	return g_strdup_printf(ngettext("%d day", "%d days", (gulong)(hours / 24)),
			       (int)(hours / 24));
}

/* One line each for "disks" or "nics" of the settings. */
static char *list_text(UiVmPage *page, const char *key,
		       char *(*describe)(UiVmPage *page, GVariant *one))
{
	g_autoptr(GVariant) list =
	    page->settings ? g_variant_lookup_value(page->settings, key, G_VARIANT_TYPE("aa{sv}"))
			   : NULL;
	GString *text = g_string_new(NULL);

	for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) item = g_variant_get_child_value(list, i);
		g_autofree char *line = describe(page, item);

		g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "", line);
	}
	return g_string_free(text, FALSE);
}

static char *describe_disk(UiVmPage *page, GVariant *one)
{
	g_autofree char *sizes = form_disk_sizes(one);
	const char *target = "", *source = "", *format = "";
	gboolean cdrom = FALSE, readonly = FALSE;

	g_variant_lookup(one, "target", "&s", &target);
	g_variant_lookup(one, "source", "&s", &source);
	g_variant_lookup(one, "format", "&s", &format);
	g_variant_lookup(one, "cdrom", "b", &cdrom);
	g_variant_lookup(one, "readonly", "b", &readonly);
	return g_strdup_printf("%s: %s%s%s%s%s", target, *source ? source : _("empty"),
			       cdrom ? _(" (CD)") : "", readonly && !cdrom ? _(" (read only)") : "",
			       sizes ? " – " : "", sizes ? sizes : "");
}

static char *describe_nic(UiVmPage *page, GVariant *one)
{
	const char *mac = "", *network = "", *address;
	g_autofree char *key = NULL;

	g_variant_lookup(one, "mac", "&s", &mac);
	g_variant_lookup(one, "network", "&s", &network);
	key = g_ascii_strdown(mac, -1);
	address = g_hash_table_lookup(page->addresses, key);
	if (address) {
		return g_strdup_printf("%s: %s (%s)", network, address, mac);
	}
	return *mac ? g_strdup_printf("%s (%s)", network, mac) : g_strdup(network);
}

static void show_processors(UiVmPage *page)
{
	guint vcpus = mullion_vm1_get_vcpus(page->vm);
	g_autofree char *text = g_strdup_printf("%u", vcpus);
	g_autofree char *memory =
	    g_format_size_full(mullion_vm1_get_memory(page->vm) << 20, G_FORMAT_SIZE_IEC_UNITS);

	ui_facts_set(page->facts, _("Processors"), text);
	ui_facts_set(page->facts, _("Memory"), memory);
	ui_plot_set_size(page->plots[PLOT_MEMORY],
			 (double)mullion_vm1_get_memory(page->vm) * (1 << 20));
}

static void show_running_time(UiVmPage *page)
{
	g_autofree char *running =
	    ui_vm_is_alive(page->vm) ? since(mullion_vm1_get_started(page->vm)) : NULL;

	ui_facts_set(page->facts, _("Running for"), running);
}

static void show_facts(UiVmPage *page)
{
	MullionVm1 *vm = page->vm;
	MullionVm1 *base = ui_client_vm_at(page->client, mullion_vm1_get_base(vm));
	g_autofree char *disks = list_text(page, "disks", describe_disk);
	g_autofree char *nics = list_text(page, "nics", describe_nic);
	g_autofree char *domain = mullion_vm1_get_domain_id(vm)
				      ? g_strdup_printf("%u", mullion_vm1_get_domain_id(vm))
				      : NULL;
	const char *notes = "";

	ui_facts_set(page->facts, _("Name"), mullion_vm1_get_name(vm));
	ui_facts_set(page->facts, _("State"), ui_vm_state_text(vm));
	show_running_time(page);
	ui_facts_set(page->facts, _("Trust"), ui_colour_text(mullion_vm1_get_colour(vm)));
	ui_facts_set(page->facts, _("System"), os_text(mullion_vm1_get_os(vm)));
	ui_facts_set(page->facts, _("Kind"), type_text(mullion_vm1_get_type_(vm)));
	show_processors(page);
	ui_facts_set(page->facts, _("Disks"), disks);
	ui_facts_set(page->facts, _("Networks"), *nics || !page->settings ? nics : _("none"));
	ui_facts_set(page->facts, _("Shares disks with"), base ? ui_vm_title(base) : NULL);
	ui_facts_set(page->facts, _("Starts with the machine"),
		     mullion_vm1_get_autostart(vm) ? _("yes") : NULL);
	ui_facts_set(page->facts, _("Went wrong"), mullion_vm1_get_end_message(vm));
	ui_facts_set(page->facts, _("Domain"), domain);
	ui_facts_set(page->facts, _("UUID"), mullion_vm1_get_uuid(vm));
	if (page->settings) {
		g_variant_lookup(page->settings, "notes", "&s", &notes);
		gtk_label_set_text(page->notes,
				   *notes ? notes
					  : _("None yet. They are written in the VM's settings."));
	}
	gtk_widget_set_visible(page->idle, !ui_vm_is_alive(vm));
	gtk_widget_set_visible(GTK_WIDGET(page->plots_box), ui_vm_is_alive(vm));
}

static void got_settings(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GVariant *settings = NULL;
	UiVmPage *page = data; /* there, unless the call was cancelled */

	if (!mullion_vm1_call_get_settings_finish(MULLION_VM1(source), &settings, result, &error)) {
		/* The page says less then; who may not see settings is not told so each time. */
		return;
	}
	g_clear_pointer(&page->settings, g_variant_unref);
	page->settings = settings;
	show_facts(page);
}

static void ask_settings(UiVmPage *page)
{
	mullion_vm1_call_get_settings(page->vm, UI_QUIET, page->cancellable, got_settings, page);
}

static void got_leases(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) leases = NULL;
	UiVmPage *page = data;
	const char *mac, *address;
	GVariantIter iter;

	if (!mullion_network1_call_get_leases_finish(MULLION_NETWORK1(source), &leases, result,
						     NULL)) {
		return;
	}
	g_variant_iter_init(&iter, leases);
	while (g_variant_iter_next(&iter, "(&s&s&s)", &mac, &address, NULL)) {
		g_hash_table_replace(page->addresses, g_ascii_strdown(mac, -1), g_strdup(address));
	}
	show_facts(page);
}

static gboolean is_on(UiVmPage *page, const char *network)
{
	g_autoptr(GVariant) nics = page->settings ? g_variant_lookup_value(page->settings, "nics",
									   G_VARIANT_TYPE("aa{sv}"))
						  : NULL;

	for (gsize i = 0; nics && i < g_variant_n_children(nics); i++) {
		g_autoptr(GVariant) nic = g_variant_get_child_value(nics, i);
		const char *name = "";

		g_variant_lookup(nic, "network", "&s", &name);
		if (g_strcmp0(name, network) == 0) {
			return TRUE;
		}
	}
	return FALSE;
}

static void ask_leases(UiVmPage *page)
{
	GListModel *networks = ui_client_networks(page->client);

	for (guint i = 0; i < g_list_model_get_n_items(networks); i++) {
		g_autoptr(GDBusProxy) network = g_list_model_get_item(networks, i);

		if (mullion_network1_get_active(MULLION_NETWORK1(network)) &&
		    is_on(page, mullion_network1_get_name(MULLION_NETWORK1(network)))) {
			mullion_network1_call_get_leases(MULLION_NETWORK1(network), UI_QUIET,
							 page->cancellable, got_leases, page);
		}
	}
}

static void statistics(UiVmPage *page)
{
	const UiHistory *history;

	if (!gtk_widget_get_mapped(GTK_WIDGET(page))) {
		return;
	}
	history = ui_client_history(page->client, ui_vm_path(page->vm));
	for (guint i = 0; i < PLOTS; i++) {
		ui_plot_update(page->plots[i], history);
	}
	show_running_time(page);
	if (ui_vm_is_alive(page->vm) && page->ticks++ % LEASES_INTERVAL == 0) {
		ask_leases(page);
	}
}

static void changed(UiVmPage *page)
{
	show_facts(page);
	if (gtk_widget_get_mapped(GTK_WIDGET(page))) {
		ask_settings(page);
	}
}

static void ui_vm_page_map(GtkWidget *widget)
{
	UiVmPage *page = UI_VM_PAGE(widget);

	GTK_WIDGET_CLASS(ui_vm_page_parent_class)->map(widget);
	ask_settings(page);
	show_facts(page);
	statistics(page);
}

static void ui_vm_page_dispose(GObject *object)
{
	UiVmPage *page = UI_VM_PAGE(object);

	g_cancellable_cancel(page->cancellable);
	if (page->vm) {
		g_signal_handlers_disconnect_by_data(page->vm, page);
		g_signal_handlers_disconnect_by_data(page->client, page);
	}
	g_clear_object(&page->cancellable);
	g_clear_object(&page->vm);
	g_clear_object(&page->client);
	g_clear_pointer(&page->settings, g_variant_unref);
	g_clear_pointer(&page->addresses, g_hash_table_unref);
	G_OBJECT_CLASS(ui_vm_page_parent_class)->dispose(object);
}

static void ui_vm_page_class_init(UiVmPageClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_vm_page_dispose;
	widget->map = ui_vm_page_map;
	gtk_widget_class_set_template_from_resource(widget, "/org/mullion/desktop/vm-page.ui");
	gtk_widget_class_bind_template_child_full(widget, "plots", FALSE,
						  G_STRUCT_OFFSET(UiVmPage, plots_box));
	gtk_widget_class_bind_template_child(widget, UiVmPage, idle);
	gtk_widget_class_bind_template_child(widget, UiVmPage, facts);
	gtk_widget_class_bind_template_child(widget, UiVmPage, notes);
}

static void add_plots(UiVmPage *page)
{
	for (guint i = 0; i < PLOTS; i++) {
		page->plots[i] = UI_PLOT(ui_plot_new());
		gtk_container_add(page->plots_box, GTK_WIDGET(page->plots[i]));
		/* The boxes around plots are not to be stopped at with Tab. */
		gtk_widget_set_can_focus(gtk_widget_get_parent(GTK_WIDGET(page->plots[i])), FALSE);
	}
	ui_plot_set_kind(page->plots[PLOT_CPU], _("Processors"), UI_PLOT_SHARE);
	ui_plot_set_lines(page->plots[PLOT_CPU], G_STRUCT_OFFSET(UiSample, cpu), NULL, 0, NULL);
	ui_plot_set_kind(page->plots[PLOT_MEMORY], _("Memory"), UI_PLOT_BYTES);
	ui_plot_set_lines(page->plots[PLOT_MEMORY], G_STRUCT_OFFSET(UiSample, memory), NULL, 0,
			  NULL);
	ui_plot_set_kind(page->plots[PLOT_DISK], _("Disks"), UI_PLOT_RATE);
	ui_plot_set_lines(page->plots[PLOT_DISK], G_STRUCT_OFFSET(UiSample, disk_read), _("read"),
			  G_STRUCT_OFFSET(UiSample, disk_written), _("written"));
	ui_plot_set_kind(page->plots[PLOT_NETWORK], _("Network"), UI_PLOT_RATE);
	ui_plot_set_lines(page->plots[PLOT_NETWORK], G_STRUCT_OFFSET(UiSample, net_received),
			  _("received"), G_STRUCT_OFFSET(UiSample, net_sent), _("sent"));
}

static void ui_vm_page_init(UiVmPage *page)
{
	page->cancellable = g_cancellable_new();
	page->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	gtk_widget_init_template(GTK_WIDGET(page));
	add_plots(page);
}

GtkWidget *ui_vm_page_new(UiClient *client, MullionVm1 *vm)
{
	static const char *const followed[] = {
	    "notify::name",	  "notify::title",     "notify::colour",  "notify::state",
	    "notify::memory",	  "notify::vcpus",     "notify::started", "notify::autostart",
	    "notify::os",	  "notify::domain-id", "notify::base",	  "notify::restart-needed",
	    "notify::end-message"};
	UiVmPage *page = g_object_new(UI_TYPE_VM_PAGE, NULL);

	page->client = g_object_ref(client);
	page->vm = g_object_ref(vm);
	for (gsize i = 0; i < G_N_ELEMENTS(followed); i++) {
		g_signal_connect_swapped(vm, followed[i], G_CALLBACK(changed), page);
	}
	g_signal_connect_swapped(client, "statistics", G_CALLBACK(statistics), page);
	show_facts(page);
	return GTK_WIDGET(page);
}
