/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm-row.h"

#include <glib/gi18n.h>

#include "colour.h"
#include "history.h"
#include "job.h"
#include "thumbnail.h"
#include "vm-actions.h"

#define ROW_HEIGHT 60

struct _UiVmRow {
	GtkListBoxRow parent;
	UiClient *client;
	MullionVm1 *vm;
	MullionJob1 *job;
	GtkWidget *chip;
	GtkWidget *picture;
	GtkLabel *title;
	GtkStack *status;
	GtkLabel *state;
	GtkImage *state_icon;
	GtkLevelBar *load;
	GtkLabel *job_text;
	GtkProgressBar *progress;
	GtkWidget *button;
	GtkImage *button_icon;
	const char *action; /* what the button does; NULL: cancels the job */
	gboolean filled;
};

G_DEFINE_TYPE(UiVmRow, ui_vm_row, GTK_TYPE_LIST_BOX_ROW)

static void set_accessible_name(GtkWidget *widget, const char *name)
{
	atk_object_set_name(gtk_widget_get_accessible(widget), name);
}

static const char *state_icon(MullionVm1 *vm)
{
	const char *state = mullion_vm1_get_state(vm);

	if (mullion_vm1_get_template(vm)) {
		return "edit-copy-symbolic";
	}
	if (g_strcmp0(state, "running") == 0) {
		return "media-playback-start-symbolic";
	}
	if (g_strcmp0(state, "paused") == 0) {
		return "media-playback-pause-symbolic";
	}
	if (g_strcmp0(state, "saved") == 0) {
		return "document-save-symbolic";
	}
	if (g_strcmp0(state, "crashed") == 0) {
		return "dialog-warning-symbolic";
	}
	return ui_vm_is_alive(vm) ? "content-loading-symbolic" : "media-playback-stop-symbolic";
}

/* What the screen reader says of the whole row. */
static void name_row(UiVmRow *row)
{
	/* Translators: name of a VM, its trust colour, its state */
	g_autofree char *name = g_strdup_printf(_("%s, %s, %s"), ui_vm_title(row->vm),
						ui_colour_text(mullion_vm1_get_colour(row->vm)),
						ui_vm_state_text(row->vm));

	set_accessible_name(GTK_WIDGET(row), name);
}

static void show_button(UiVmRow *row)
{
	g_autofree char *name = NULL;
	const char *label;
	const char *icon;

	row->action = row->job ? NULL : ui_vm_actions_primary(row->vm);
	label = row->action ? ui_vm_actions_label(row->action) : _("_Cancel");
	icon = row->action ? ui_vm_actions_icon(row->action) : "process-stop-symbolic";
	if (row->action && g_str_equal(row->action, "pause")) { /* the primary one of a paused VM */
		label = _("_Continue");
		icon = "media-playback-start-symbolic";
	}
	gtk_widget_set_visible(row->button,
			       row->action || (row->job && mullion_job1_get_cancellable(row->job)));
	g_autofree char *plain = ui_plain_label(label);

	gtk_image_set_from_icon_name(row->button_icon, icon, GTK_ICON_SIZE_BUTTON);
	gtk_widget_set_tooltip_text(row->button, plain);
	/* Translators: a verb on a button, and the VM it is for */
	name = g_strdup_printf(_("%s: %s"), plain, ui_vm_title(row->vm));
	set_accessible_name(row->button, name);
}

static void show_load(UiVmRow *row)
{
	const UiHistory *history = ui_client_history(row->client, ui_vm_path(row->vm));
	gboolean alive = ui_vm_is_alive(row->vm);

	gtk_widget_set_visible(GTK_WIDGET(row->load), alive && history);
	if (alive && history) {
		double cpu = ui_history_last(history)->cpu;

		gtk_level_bar_set_value(row->load, CLAMP(cpu, 0, 1));
		/* A hundred rows a second: the accessible name only when it says something new. */
		if (gtk_widget_get_mapped(GTK_WIDGET(row->load))) {
			g_autofree char *name = g_strdup_printf(_("Load: %.0f %%"), cpu * 100);

			if (g_strcmp0(name, atk_object_get_name(gtk_widget_get_accessible(
						GTK_WIDGET(row->load)))) != 0) {
				set_accessible_name(GTK_WIDGET(row->load), name);
			}
		}
	}
}

static void show_progress(UiVmRow *row)
{
	double progress = mullion_job1_get_progress(row->job);

	gtk_label_set_text(row->job_text, ui_job_text(mullion_job1_get_kind(row->job)));
	if (progress >= 0) {
		gtk_progress_bar_set_fraction(row->progress, CLAMP(progress, 0, 1));
	} else {
		gtk_progress_bar_pulse(row->progress);
	}
}

static void job_changed(MullionJob1 *job, GParamSpec *property, UiVmRow *row)
{
	if (row->filled) {
		show_progress(row);
		show_button(row);
	}
}

/* The VM may name its job before, or after, the bus tells of it. */
static void follow_job(UiVmRow *row)
{
	MullionJob1 *job = ui_client_job_at(row->client, mullion_vm1_get_job(row->vm));

	if (job == row->job) {
		return;
	}
	if (row->job) {
		g_signal_handlers_disconnect_by_data(row->job, row);
	}
	g_set_object(&row->job, job);
	if (job) {
		g_signal_connect_object(job, "notify::progress", G_CALLBACK(job_changed), row, 0);
		g_signal_connect_object(job, "notify::cancellable", G_CALLBACK(job_changed), row,
					0);
	}
}

static void show_all(UiVmRow *row)
{
	follow_job(row);
	name_row(row);
	if (!row->filled) {
		return;
	}
	ui_colour_apply(row->chip, mullion_vm1_get_colour(row->vm));
	gtk_label_set_text(row->title, ui_vm_title(row->vm));
	gtk_widget_set_tooltip_text(GTK_WIDGET(row->title), ui_vm_title(row->vm));
	gtk_label_set_text(row->state, ui_vm_state_text(row->vm));
	gtk_image_set_from_icon_name(row->state_icon, state_icon(row->vm), GTK_ICON_SIZE_MENU);
	gtk_stack_set_visible_child_name(row->status, row->job ? "job" : "state");
	if (row->job) {
		show_progress(row);
	}
	show_button(row);
	show_load(row);
}

static void vm_changed(MullionVm1 *vm, GParamSpec *property, UiVmRow *row)
{
	show_all(row);
}

static void jobs_changed(GListModel *jobs, guint position, guint removed, guint added, UiVmRow *row)
{
	const char *job = mullion_vm1_get_job(row->vm);

	if (row->job || (job && !g_str_equal(job, "/"))) {
		show_all(row);
	}
}

static void statistics(UiClient *client, UiVmRow *row)
{
	if (row->filled) {
		show_load(row);
	}
}

static void clicked(GtkButton *button, UiVmRow *row)
{
	GtkWidget *window = gtk_widget_get_toplevel(GTK_WIDGET(row));

	if (row->action) {
		ui_vm_actions_do(row->client, GTK_WINDOW(window), row->vm, row->action);
	} else if (row->job) {
		ui_client_call(row->client, G_DBUS_PROXY(row->job), "Cancel", NULL,
			       _("The job could not be cancelled"));
	}
}

gboolean ui_vm_row_fill(UiVmRow *row)
{
	g_autoptr(GtkBuilder) builder = NULL;

	if (row->filled) {
		return FALSE;
	}
	builder = gtk_builder_new_from_resource("/org/mullion/desktop/vm-row.ui");
	row->chip = GTK_WIDGET(gtk_builder_get_object(builder, "chip"));
	row->picture = GTK_WIDGET(gtk_builder_get_object(builder, "picture"));
	row->title = GTK_LABEL(gtk_builder_get_object(builder, "title"));
	row->status = GTK_STACK(gtk_builder_get_object(builder, "status"));
	row->state = GTK_LABEL(gtk_builder_get_object(builder, "state"));
	row->state_icon = GTK_IMAGE(gtk_builder_get_object(builder, "state_icon"));
	row->load = GTK_LEVEL_BAR(gtk_builder_get_object(builder, "load"));
	row->job_text = GTK_LABEL(gtk_builder_get_object(builder, "job_text"));
	row->progress = GTK_PROGRESS_BAR(gtk_builder_get_object(builder, "progress"));
	row->button = GTK_WIDGET(gtk_builder_get_object(builder, "button"));
	row->button_icon = GTK_IMAGE(gtk_builder_get_object(builder, "button_icon"));
	gtk_box_pack_start(GTK_BOX(row->picture), ui_thumbnail_new(row->client, row->vm), TRUE,
			   TRUE, 0);
	g_signal_connect(row->button, "clicked", G_CALLBACK(clicked), row);
	gtk_container_add(GTK_CONTAINER(row),
			  GTK_WIDGET(gtk_builder_get_object(builder, "content")));
	row->filled = TRUE;
	show_all(row);
	return TRUE;
}

MullionVm1 *ui_vm_row_get_vm(UiVmRow *row)
{
	return row->vm;
}

static void ui_vm_row_dispose(GObject *object)
{
	UiVmRow *row = UI_VM_ROW(object);

	row->filled = FALSE;
	if (row->job) {
		g_signal_handlers_disconnect_by_data(row->job, row);
	}
	if (row->vm) {
		g_signal_handlers_disconnect_by_data(row->vm, row);
	}
	g_clear_object(&row->job);
	g_clear_object(&row->vm);
	g_clear_object(&row->client);
	G_OBJECT_CLASS(ui_vm_row_parent_class)->dispose(object);
}

static void ui_vm_row_class_init(UiVmRowClass *class)
{
	G_OBJECT_CLASS(class)->dispose = ui_vm_row_dispose;
}

static void ui_vm_row_init(UiVmRow *row)
{
	gtk_widget_set_size_request(GTK_WIDGET(row), -1, ROW_HEIGHT);
}

GtkWidget *ui_vm_row_new(UiClient *client, MullionVm1 *vm)
{
	static const char *const followed[] = {
	    "notify::name",	"notify::title", "notify::colour",   "notify::state",
	    "notify::template", "notify::job",	 "notify::domain-id"};
	UiVmRow *row = g_object_new(UI_TYPE_VM_ROW, "visible", TRUE, NULL);

	row->client = g_object_ref(client);
	row->vm = g_object_ref(vm);
	for (guint i = 0; i < G_N_ELEMENTS(followed); i++) {
		g_signal_connect_object(vm, followed[i], G_CALLBACK(vm_changed), row, 0);
	}
	g_signal_connect_object(ui_client_jobs(client), "items-changed", G_CALLBACK(jobs_changed),
				row, 0);
	g_signal_connect_object(client, "statistics", G_CALLBACK(statistics), row, 0);
	show_all(row);
	return GTK_WIDGET(row);
}
