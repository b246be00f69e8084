/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-page.h"

#include "facts.h"
#include "host-log.h"
#include "meters.h"
#include "plot.h"

#include <glib/gi18n.h>
#include <math.h>

/* Temperatures and batteries do not hurry: seconds between two looks. */
#define HOST_INTERVAL 5
/* Degrees at which processors slow down, and what fills a level bar. */
#define HOT	90.0
#define HOTTEST 100.0
/* The share of the storage beyond which VMs may not be able to write for long. */
#define NEARLY_FULL 0.95

struct _UiHostPage {
	GtkBox parent;
	UiClient *client;
	GCancellable *cancellable;
	gboolean asking;
	guint ticks;
	UiPlot *processors, *memory;
	GtkContainer *plots, *content;
	GtkGrid *facts, *meters;
	GtkLabel *problem;
};

G_DEFINE_TYPE(UiHostPage, ui_host_page, GTK_TYPE_BOX)

static guint64 number(GVariantDict *host, const char *key)
{
	guint64 value = 0;

	g_variant_dict_lookup(host, key, "t", &value);
	return value;
}

static char *size(guint64 bytes)
{
	return g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
}

static void show_system(UiHostPage *page, GVariantDict *host)
{
	const char *hypervisor = "", *version = "", *kernel = NULL, *model = NULL;
	g_autofree char *running = NULL, *processors = NULL, *memory = NULL;
	g_autofree char *total = size(number(host, "memory-total"));
	g_autofree char *available = size(number(host, "memory-free"));
	guint count = 0, cores = 0;
	gboolean hvm = FALSE;

	g_variant_dict_lookup(host, "hypervisor", "&s", &hypervisor);
	g_variant_dict_lookup(host, "hypervisor-version", "&s", &version);
	g_variant_dict_lookup(host, "kernel", "&s", &kernel);
	g_variant_dict_lookup(host, "cpu-model", "&s", &model);
	g_variant_dict_lookup(host, "cpu-count", "u", &count);
	g_variant_dict_lookup(host, "cores", "u", &cores);
	running = g_strstrip(g_strdup_printf("%s %s", hypervisor, version));
	processors = cores > 0
			 /* Translators: of a machine: 8 (4 cores) */
			 ? g_strdup_printf(_("%u (%u cores)"), count, cores)
			 : g_strdup_printf("%u", count);
	memory = g_strdup_printf(_("%s, %s of it free"), total, available);
	ui_facts_set(page->facts, _("Hypervisor"), running);
	ui_facts_set(page->facts, _("Kernel of this system"), kernel);
	ui_facts_set(page->facts, _("Processor"), model);
	ui_facts_set(page->facts, _("Processors"), processors);
	ui_facts_set(page->facts, _("Memory"), memory);
	if (g_variant_dict_lookup(host, "hvm", "b", &hvm)) {
		ui_facts_set(page->facts, _("Fully emulated VMs"),
			     hvm ? _("possible") : _("not possible on this machine"));
	}
}

static void show_storage(UiHostPage *page, GVariantDict *host)
{
	guint64 total = number(host, "storage-total"), available = number(host, "storage-free");
	g_autofree char *total_text = size(total), *free_text = size(available);
	double used = total > 0 ? 1 - (double)MIN(available, total) / (double)total : 0;
	/* Translators: 12 GiB of 200 GiB free */
	g_autofree char *text = g_strdup_printf(
	    used < NEARLY_FULL ? _("%s of %s free") : _("%s of %s free, nearly full"), free_text,
	    total_text);

	if (total > 0) {
		ui_meters_set(page->meters, "storage", _("Storage of VMs"), used, TRUE, text);
	}
}

static void show_temperatures(UiHostPage *page, GVariantDict *host)
{
	g_autoptr(GVariant) all =
	    g_variant_dict_lookup_value(host, "temperatures", G_VARIANT_TYPE("a{sd}"));
	GVariantIter iter;
	const char *sensor;
	double degrees;

	if (!all) {
		return;
	}
	g_variant_iter_init(&iter, all);
	while (g_variant_iter_next(&iter, "{&sd}", &sensor, &degrees)) {
		g_autofree char *identity = g_strconcat("temperature ", sensor, NULL);
		g_autofree char *name = g_strdup_printf(_("Temperature: %s"), sensor);
		g_autofree char *text = degrees < HOT ? g_strdup_printf(_("%.0f °C"), degrees)
						      : g_strdup_printf(_("%.0f °C, hot"), degrees);

		if (isfinite(degrees)) {
			ui_meters_set(page->meters, identity, name, degrees / HOTTEST, TRUE, text);
		}
	}
}

static const char *battery_status(const char *status)
{
	/* The words of the kernel. */
	return g_str_equal(status, "Charging")	     ? _("charging")
	       : g_str_equal(status, "Discharging")  ? _("in use")
	       : g_str_equal(status, "Full")	     ? _("full")
	       : g_str_equal(status, "Not charging") ? _("not charging")
						     : "";
}

static void show_batteries(UiHostPage *page, GVariantDict *host)
{
	g_autoptr(GVariant) all =
	    g_variant_dict_lookup_value(host, "batteries", G_VARIANT_TYPE("aa{sv}"));
	gboolean online = FALSE;

	for (gsize i = 0; all && i < g_variant_n_children(all); i++) {
		g_autoptr(GVariant) one = g_variant_get_child_value(all, i);
		const char *name = "", *status = "", *word;
		g_autofree char *identity = NULL, *title = NULL, *text = NULL;
		double percent = 0;

		g_variant_lookup(one, "name", "&s", &name);
		g_variant_lookup(one, "status", "&s", &status);
		g_variant_lookup(one, "percent", "d", &percent);
		word = battery_status(status);
		identity = g_strconcat("battery ", name, NULL);
		title = g_strdup_printf(_("Battery: %s"), name);
		text = g_strdup_printf("%.0f %%%s%s", percent, *word ? ", " : "", word);
		ui_meters_set(page->meters, identity, title, percent / 100, FALSE, text);
	}
	if (g_variant_dict_lookup(host, "ac-online", "b", &online)) {
		ui_facts_set(page->facts, _("Mains"), online ? _("connected") : _("not connected"));
	}
}

static void show_problem(UiHostPage *page, GError *error)
{
	g_autofree char *text = NULL;

	if (error) {
		g_dbus_error_strip_remote_error(error);
		/* Translators: %s is a message of the manager */
		text = g_strdup_printf(_("The manager cannot describe the machine. %s"),
				       error->message);
		gtk_label_set_text(page->problem, text);
	}
	gtk_widget_set_visible(GTK_WIDGET(page->problem), error != NULL);
}

static void got_host(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = NULL;
	g_autoptr(GVariantDict) host = NULL;
	UiHostPage *page = data; /* there, unless the call was cancelled */

	mullion_manager1_call_get_host_finish(MULLION_MANAGER1(source), &answer, result, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		return;
	}
	page->asking = FALSE;
	show_problem(page, error);
	if (error) {
		return;
	}
	host = g_variant_dict_new(answer);
	show_system(page, host);
	ui_plot_set_size(page->memory, (double)number(host, "memory-total"));
	ui_meters_begin(page->meters);
	show_storage(page, host);
	show_temperatures(page, host);
	show_batteries(page, host);
	ui_meters_end(page->meters);
}

static void ask_host(UiHostPage *page)
{
	MullionManager1 *manager = ui_client_manager(page->client);

	if (manager && !page->asking) {
		page->asking = TRUE;
		mullion_manager1_call_get_host(manager, UI_QUIET, page->cancellable, got_host,
					       page);
	}
}

static void statistics(UiHostPage *page)
{
	const UiHistory *history = ui_client_history(page->client, "host");

	if (!gtk_widget_get_mapped(GTK_WIDGET(page))) {
		return;
	}
	ui_plot_update(page->processors, history);
	ui_plot_update(page->memory, history);
	if (page->ticks++ % HOST_INTERVAL == 0) {
		ask_host(page);
	}
}

static void ui_host_page_map(GtkWidget *widget)
{
	UiHostPage *page = UI_HOST_PAGE(widget);

	GTK_WIDGET_CLASS(ui_host_page_parent_class)->map(widget);
	page->ticks = 0;
	statistics(page);
}

static void ui_host_page_dispose(GObject *object)
{
	UiHostPage *page = UI_HOST_PAGE(object);

	g_cancellable_cancel(page->cancellable);
	if (page->client) {
		g_signal_handlers_disconnect_by_data(page->client, page);
	}
	g_clear_object(&page->cancellable);
	g_clear_object(&page->client);
	G_OBJECT_CLASS(ui_host_page_parent_class)->dispose(object);
}

static void ui_host_page_class_init(UiHostPageClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_host_page_dispose;
	widget->map = ui_host_page_map;
	gtk_widget_class_set_template_from_resource(widget, "/org/mullion/desktop/host-page.ui");
	gtk_widget_class_bind_template_child(widget, UiHostPage, content);
	gtk_widget_class_bind_template_child(widget, UiHostPage, plots);
	gtk_widget_class_bind_template_child(widget, UiHostPage, facts);
	gtk_widget_class_bind_template_child(widget, UiHostPage, meters);
	gtk_widget_class_bind_template_child(widget, UiHostPage, problem);
}

static UiPlot *add_plot(UiHostPage *page, const char *title, UiPlotUnit unit, gsize offset)
{
	UiPlot *plot = UI_PLOT(ui_plot_new());

	ui_plot_set_kind(plot, title, unit);
	ui_plot_set_lines(plot, offset, NULL, 0, NULL);
	gtk_container_add(page->plots, GTK_WIDGET(plot));
	gtk_widget_set_can_focus(gtk_widget_get_parent(GTK_WIDGET(plot)), FALSE);
	return plot;
}

static void ui_host_page_init(UiHostPage *page)
{
	page->cancellable = g_cancellable_new();
	gtk_widget_init_template(GTK_WIDGET(page));
	page->processors = add_plot(page, _("Processors of the machine"), UI_PLOT_SHARE,
				    G_STRUCT_OFFSET(UiSample, cpu));
	page->memory = add_plot(page, _("Memory of the machine"), UI_PLOT_BYTES,
				G_STRUCT_OFFSET(UiSample, memory));
}

GtkWidget *ui_host_page_new(UiClient *client)
{
	UiHostPage *page = g_object_new(UI_TYPE_HOST_PAGE, NULL);

	page->client = g_object_ref(client);
	gtk_container_add(page->content, ui_host_log_new(client));
	g_signal_connect_swapped(client, "statistics", G_CALLBACK(statistics), page);
	/* Another manager: an answer of the one before does not come any more. */
	g_signal_connect_swapped(client, "notify::online", G_CALLBACK(ask_host), page);
	return GTK_WIDGET(page);
}
