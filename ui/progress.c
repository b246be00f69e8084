/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include "form-call.h"
#include "form-widgets.h"

#include <glib/gi18n.h>

#define PULSE_MS   100
#define JOB_FOLDER "/org/mullion/Manager1/job/"

struct _UiProgress {
	GtkBox parent_instance;
	GtkWidget *error_icon, *label;
	GtkWidget *bar_box, *bar, *cancel_button;
	UiClient *client;
	GDBusProxy *proxy;
	GCancellable *cancellable; /* while the call is on its way */
	FormJob *job;
	char *job_path;
	char *what;
	guint pulse;
};

G_DEFINE_FINAL_TYPE(UiProgress, ui_progress, GTK_TYPE_BOX)

static guint ended_signal;

gboolean ui_progress_is_busy(UiProgress *self)
{
	return self->cancellable != NULL;
}

void ui_progress_tell(UiProgress *self, const char *problem)
{
	gtk_label_set_text(GTK_LABEL(self->label), problem ? problem : "");
	gtk_widget_set_visible(self->error_icon, problem != NULL);
	gtk_widget_set_visible(self->bar_box, FALSE);
	gtk_widget_set_visible(GTK_WIDGET(self), problem != NULL);
}

static gboolean pulse(gpointer data)
{
	UiProgress *self = data;

	gtk_progress_bar_pulse(GTK_PROGRESS_BAR(self->bar));
	return G_SOURCE_CONTINUE;
}

static void show_progress(UiProgress *self, double progress)
{
	bool known = progress >= 0;

	if (known) {
		g_clear_handle_id(&self->pulse, g_source_remove);
		gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(self->bar), MIN(progress, 1));
	} else if (!self->pulse) {
		self->pulse = g_timeout_add(PULSE_MS, pulse, self);
	}
}

static void forget(UiProgress *self)
{
	g_clear_handle_id(&self->pulse, g_source_remove);
	if (self->cancellable) {
		g_cancellable_cancel(self->cancellable);
	}
	g_clear_object(&self->cancellable);
	g_clear_object(&self->proxy);
	g_clear_pointer(&self->job_path, g_free);
}

static void end(UiProgress *self, const char *problem)
{
	g_object_ref(self);
	forget(self);
	ui_progress_tell(self, problem);
	g_signal_emit(self, ended_signal, 0, problem == NULL);
	g_clear_pointer(&self->job, form_job_free);
	g_object_unref(self);
}

static void job_changed(FormJob *job, gpointer data)
{
	UiProgress *self = data;

	switch (form_job_state(job)) {
	case FORM_JOB_RUNNING:
		show_progress(self, form_job_progress(job));
		gtk_widget_set_visible(self->cancel_button, form_job_can_cancel(job));
		break;
	case FORM_JOB_DONE:
		end(self, NULL);
		break;
	case FORM_JOB_CANCELLED:
		end(self, _("Stopped; what was begun is undone."));
		break;
	default: {
		g_autofree char *failure = g_strdup(form_job_failure(job));

		end(self, failure);
		break;
	}
	}
}

static void answered(GVariant *answer, const GError *error, gpointer data)
{
	UiProgress *self = data;
	const char *path;

	if (error) {
		g_autofree char *text = form_error_explain(error);

		end(self, text);
		return;
	}
	if (g_variant_is_of_type(answer, G_VARIANT_TYPE("(o)"))) {
		g_variant_get(answer, "(&o)", &path);
		/* CreateNetwork's answer is the network. */
		if (g_str_has_prefix(path, JOB_FOLDER)) {
			self->job_path = g_strdup(path);
			ui_client_follow_job(self->client, path);
			self->job = form_job_new(g_dbus_proxy_get_connection(self->proxy), path,
						 job_changed, self);
			return;
		}
	}
	end(self, NULL);
}

void ui_progress_call(UiProgress *self, UiClient *client, gpointer proxy, const char *method,
		      GVariant *args, const char *what)
{
	g_return_if_fail(!ui_progress_is_busy(self));
	g_set_object(&self->client, client);
	g_set_object(&self->proxy, G_DBUS_PROXY(proxy));
	g_free(self->what);
	self->what = g_strdup(what);
	self->cancellable = g_cancellable_new();
	gtk_label_set_text(GTK_LABEL(self->label), what);
	gtk_widget_hide(self->error_icon);
	gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(self->bar), 0);
	gtk_widget_hide(self->cancel_button);
	gtk_widget_show(self->bar_box);
	gtk_widget_show(GTK_WIDGET(self));
	show_progress(self, -1);
	form_call(proxy, method, args, self->cancellable, answered, self);
}

void ui_progress_cancel(UiProgress *self)
{
	if (self->job && form_job_can_cancel(self->job)) {
		form_job_cancel(self->job);
	}
}

char *ui_progress_result_path(UiProgress *self, const char *key)
{
	return self->job ? form_job_result_path(self->job, key) : NULL;
}

static void on_cancel(UiProgress *self)
{
	ui_progress_cancel(self);
}

static void dispose(GObject *object)
{
	UiProgress *self = UI_PROGRESS(object);

	if (self->job && self->job_path) {
		ui_client_watch_job(self->client, self->job_path, self->what, NULL);
	}
	g_clear_pointer(&self->job, form_job_free);
	forget(self);
	g_clear_object(&self->client);
	g_clear_pointer(&self->what, g_free);
	G_OBJECT_CLASS(ui_progress_parent_class)->dispose(object);
}

static void ui_progress_class_init(UiProgressClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	ended_signal = g_signal_new("ended", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL,
				    NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/progress.ui");
	gtk_widget_class_bind_template_child(widget_class, UiProgress, error_icon);
	gtk_widget_class_bind_template_child(widget_class, UiProgress, label);
	gtk_widget_class_bind_template_child(widget_class, UiProgress, bar_box);
	gtk_widget_class_bind_template_child(widget_class, UiProgress, bar);
	gtk_widget_class_bind_template_child(widget_class, UiProgress, cancel_button);
	gtk_widget_class_bind_template_callback(widget_class, on_cancel);
}

static void ui_progress_init(UiProgress *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}
