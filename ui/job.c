/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "job.h"

#include <glib/gi18n.h>

#include "colour.h"

struct _UiJobRow {
	GtkListBoxRow parent;
	UiClient *client;
	MullionJob1 *job;
	char *vm_title; /* kept: the VM of a job "delete" is gone at its end */
	GtkLabel *title;
	GtkLabel *result;
	GtkProgressBar *progress;
	GtkWidget *cancel;
};

G_DEFINE_TYPE(UiJobRow, ui_job_row, GTK_TYPE_LIST_BOX_ROW)

const char *ui_job_text(const char *kind)
{
	static const struct {
		const char *kind;
		const char *text;
	} kinds[] = {
	    {"create", N_("Creating")},
	    {"start", N_("Starting")},
	    {"restore", N_("Restoring")},
	    {"throw-away", N_("Starting a throw-away copy")},
	    {"shutdown", N_("Shutting down")},
	    {"force-off", N_("Forcing off")},
	    {"reboot", N_("Rebooting")},
	    {"save", N_("Saving")},
	    {"snapshot", N_("Making a snapshot")},
	    {"revert", N_("Going back to a snapshot")},
	    {"delete-snapshot", N_("Deleting a snapshot")},
	    {"clone", N_("Cloning")},
	    {"delete", N_("Deleting")},
	    {"add-disk", N_("Adding a disk")},
	    {"remove-disk", N_("Removing a disk")},
	    {"resize-disk", N_("Growing a disk")},
	    {"end", N_("Clearing up")},
	};

	for (guint i = 0; kind && i < G_N_ELEMENTS(kinds); i++) {
		if (g_str_equal(kind, kinds[i].kind)) {
			return _(kinds[i].text);
		}
	}
	return kind ? kind : ""; /* a kind of a later manager */
}

guint ui_job_running(UiClient *client)
{
	GListModel *jobs = ui_client_jobs(client);
	guint running = 0;

	for (guint i = 0; i < g_list_model_get_n_items(jobs); i++) {
		g_autoptr(MullionJob1) job = g_list_model_get_item(jobs, i);

		running += g_strcmp0(mullion_job1_get_state(job), "running") == 0;
	}
	return running;
}

char *ui_job_result(MullionJob1 *job)
{
	const char *state = mullion_job1_get_state(job);
	const char *message = mullion_job1_get_message(job);

	if (g_strcmp0(state, "failed") == 0) {
		/* Translators: %s is the manager's message */
		return g_strdup_printf(_("Failed: %s"), message ? message : "");
	}
	return g_strdup(g_strcmp0(state, "cancelled") == 0 ? _("Cancelled") : _("Done"));
}

MullionVm1 *ui_job_vm(UiClient *client, MullionJob1 *job)
{
	MullionVm1 *vm = ui_client_vm_at(client, mullion_job1_get_vm(job));
	GVariant *result = mullion_job1_get_result(job);
	const char *path;

	if (!vm && result && g_variant_lookup(result, "vm", "&o", &path)) {
		vm = ui_client_vm_at(client, path);
	}
	return vm;
}

char *ui_job_title(MullionJob1 *job, const char *vm_title)
{
	const char *kind = ui_job_text(mullion_job1_get_kind(job));

	/* Translators: what a job does (Starting), and the VM's name */
	return vm_title ? g_strdup_printf(_("%s: %s"), kind, vm_title) : g_strdup(kind);
}

static void show(UiJobRow *row)
{
	MullionVm1 *vm = ui_job_vm(row->client, row->job);
	gboolean running = g_strcmp0(mullion_job1_get_state(row->job), "running") == 0;
	double progress = mullion_job1_get_progress(row->job);
	g_autofree char *title = NULL;

	if (vm) {
		g_free(row->vm_title);
		row->vm_title = g_strdup(ui_vm_title(vm));
	}
	title = ui_job_title(row->job, row->vm_title);
	gtk_label_set_text(row->title, title);
	atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(row)), title);
	gtk_widget_set_visible(GTK_WIDGET(row->progress), running);
	gtk_widget_set_visible(row->cancel, running && mullion_job1_get_cancellable(row->job));
	gtk_widget_set_visible(GTK_WIDGET(row->result), !running);
	if (!running) {
		g_autofree char *result = ui_job_result(row->job);

		gtk_label_set_text(row->result, result);
	} else if (progress >= 0) {
		gtk_progress_bar_set_fraction(row->progress, CLAMP(progress, 0, 1));
	} else {
		gtk_progress_bar_pulse(row->progress);
	}
}

static void job_changed(MullionJob1 *job, GParamSpec *property, UiJobRow *row)
{
	show(row);
}

static void cancelled(GtkButton *button, UiJobRow *row)
{
	ui_client_call(row->client, G_DBUS_PROXY(row->job), "Cancel", NULL,
		       _("The job could not be cancelled"));
}

static void ui_job_row_dispose(GObject *object)
{
	UiJobRow *row = UI_JOB_ROW(object);

	if (row->job) {
		g_signal_handlers_disconnect_by_data(row->job, row);
	}
	g_clear_object(&row->job);
	g_clear_object(&row->client);
	g_clear_pointer(&row->vm_title, g_free);
	G_OBJECT_CLASS(ui_job_row_parent_class)->dispose(object);
}

static void ui_job_row_class_init(UiJobRowClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_job_row_dispose;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/job-row.ui");
	gtk_widget_class_bind_template_child(widget_class, UiJobRow, title);
	gtk_widget_class_bind_template_child(widget_class, UiJobRow, result);
	gtk_widget_class_bind_template_child(widget_class, UiJobRow, progress);
	gtk_widget_class_bind_template_child(widget_class, UiJobRow, cancel);
	gtk_widget_class_bind_template_callback(widget_class, cancelled);
}

static void ui_job_row_init(UiJobRow *row)
{
	gtk_widget_init_template(GTK_WIDGET(row));
}

GtkWidget *ui_job_row_new(UiClient *client, MullionJob1 *job)
{
	static const char *const followed[] = {"notify::state", "notify::progress",
					       "notify::cancellable", "notify::vm",
					       "notify::result"};
	UiJobRow *row = g_object_new(UI_TYPE_JOB_ROW, "visible", TRUE, NULL);

	row->client = g_object_ref(client);
	row->job = g_object_ref(job);
	for (guint i = 0; i < G_N_ELEMENTS(followed); i++) {
		g_signal_connect_object(job, followed[i], G_CALLBACK(job_changed), row, 0);
	}
	show(row);
	return GTK_WIDGET(row);
}
