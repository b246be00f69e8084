/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "form-call.h"

#include <glib/gi18n.h>
#include <string.h>

#define ERROR_PREFIX "org.mullion.Error."
#define BUS_NAME     "org.mullion.Manager1"
#define JOB_NAME     "org.mullion.Job1"

typedef struct {
	FormCallFunc done;
	gpointer data;
	GCancellable *cancellable;
} Call;

static void called(GObject *source, GAsyncResult *result, gpointer pointer)
{
	Call *call = pointer;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);

	/* An answer that came before the cancelling is of no use either. */
	if (!g_cancellable_is_cancelled(call->cancellable)) {
		call->done(answer, error, call->data);
	}
	g_clear_object(&call->cancellable);
	g_free(call);
}

static void call_with(gpointer proxy, const char *method, GVariant *args, GCancellable *cancellable,
		      GDBusCallFlags flags, FormCallFunc done, gpointer data)
{
	Call *call = g_new(Call, 1);

	*call = (Call){done, data, cancellable ? g_object_ref(cancellable) : NULL};
	/* Nobody knows how long a person needs for a password. */
	g_dbus_proxy_call(G_DBUS_PROXY(proxy), method, args, flags, G_MAXINT, cancellable, called,
			  call);
}

void form_call(gpointer proxy, const char *method, GVariant *args, GCancellable *cancellable,
	       FormCallFunc done, gpointer data)
{
	call_with(proxy, method, args, cancellable,
		  G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, done, data);
}

void form_call_quietly(gpointer proxy, const char *method, GVariant *args,
		       GCancellable *cancellable, FormCallFunc done, gpointer data)
{
	call_with(proxy, method, args, cancellable, G_DBUS_CALL_FLAGS_NONE, done, data);
}

bool form_error_is(const GError *error, const char *name)
{
	g_autofree char *remote = error ? g_dbus_error_get_remote_error(error) : NULL;

	return remote && g_str_has_prefix(remote, ERROR_PREFIX) &&
	       g_str_equal(remote + strlen(ERROR_PREFIX), name);
}

static const char *remedy_of(const char *name)
{
	static const struct {
		const char *name, *remedy;
	} remedies[] = {
	    {"Busy", N_("Wait until the other operation has ended, or cancel it.")},
	    {"InUse", N_("Stop or change what uses it first.")},
	    {"NoSpace", N_("Free some storage, or choose a smaller size.")},
	    {"NoMemory", N_("Give the VM less memory, or stop another VM.")},
	};

	for (gsize i = 0; name && i < G_N_ELEMENTS(remedies); i++) {
		if (g_str_equal(name, remedies[i].name)) {
			return _(remedies[i].remedy);
		}
	}
	return NULL;
}

/* The manager's messages begin as they like, for they often begin with a VM's name. */
static char *sentence(const char *text)
{
	bool ended = g_str_has_suffix(text, ".") || g_str_has_suffix(text, "?");

	return g_strconcat(text, ended ? "" : ".", NULL);
}

/* What one may not do, of a message that names polkit's action. NULL: of none that is known. */
static const char *denial_of(const char *message)
{
	static const struct {
		const char *action, *text;
	} denials[] = {
	    {"org.mullion.manager.host",
	     N_("You are not allowed to give files and devices of this computer to VMs. Choose a "
		"file in the manager’s own folders, or ask whoever administers this computer.")},
	    {"org.mullion.manager.manage",
	     N_("You are not allowed to make and change VMs. Ask whoever administers this "
		"computer.")},
	    {"org.mullion.manager.network",
	     N_("You are not allowed to change networks of VMs. Ask whoever administers this "
		"computer.")},
	    {"org.mullion.manager.control",
	     N_("You are not allowed to start and stop VMs. Ask whoever administers this "
		"computer.")},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(denials); i++) {
		if (strstr(message, denials[i].action)) {
			return _(denials[i].text);
		}
	}
	return NULL;
}

char *form_failure_explain(const char *name, const char *message)
{
	bool denied = g_strcmp0(name, ERROR_PREFIX "NotAuthorized") == 0;
	const char *denial = denied && message ? denial_of(message) : NULL;
	const char *remedy = name && g_str_has_prefix(name, ERROR_PREFIX)
				 ? remedy_of(name + strlen(ERROR_PREFIX))
				 : NULL;
	g_autofree char *what =
	    message && *message ? sentence(message) : g_strdup(_("The manager gave no reason."));

	if (denial) {
		/* Translators: what is not allowed, and the words of polkit's */
		return g_strdup_printf(_("%s (%s)"), denial, message);
	}
	return remedy ? g_strdup_printf("%s %s", what, remedy) : g_steal_pointer(&what);
}

char *form_error_explain(const GError *error)
{
	g_autofree char *name = g_dbus_error_get_remote_error(error);
	g_autoptr(GError) copy = g_error_copy(error);

	g_dbus_error_strip_remote_error(copy);
	if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	    g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	    g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)) {
		return g_strdup(
		    _("The manager (mulliond) does not answer. Try again in a moment."));
	}
	return form_failure_explain(name, copy->message);
}

/* --- Jobs --- */

struct FormJob {
	GDBusProxy *proxy;
	GCancellable *cancellable;
	FormJobFunc changed;
	gpointer data;
	FormJobState state;
	char *failure;
	GVariant *result;
};

static void end(FormJob *job, const char *state, const char *error, const char *message,
		GVariant *result)
{
	if (job->state != FORM_JOB_RUNNING) {
		return;
	}
	if (g_str_equal(state, "done")) {
		job->state = FORM_JOB_DONE;
		job->result = g_variant_ref(result);
	} else if (g_str_equal(state, "cancelled")) {
		job->state = FORM_JOB_CANCELLED;
	} else {
		job->state = FORM_JOB_FAILED;
		job->failure = form_failure_explain(error, message);
	}
	job->changed(job, job->data);
}

static void end_lost(FormJob *job, const char *message)
{
	end(job, "failed", NULL, message, NULL);
}

static char *cached_text(FormJob *job, const char *name)
{
	g_autoptr(GVariant) value = g_dbus_proxy_get_cached_property(job->proxy, name);

	return value && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)
		   ? g_variant_dup_string(value, NULL)
		   : g_strdup("");
}

/* As the properties stand: progress, or the end that came before we looked. */
static void look(FormJob *job)
{
	g_autofree char *state = cached_text(job, "State");

	if (g_str_equal(state, "done") || g_str_equal(state, "failed") ||
	    g_str_equal(state, "cancelled")) {
		g_autofree char *error = cached_text(job, "Error");
		g_autofree char *message = cached_text(job, "Message");
		g_autoptr(GVariant) result = g_dbus_proxy_get_cached_property(job->proxy, "Result");

		if (!result) {
			result = g_variant_ref_sink(
			    g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0));
		}
		end(job, state, error, message, result);
	} else if (job->state == FORM_JOB_RUNNING) {
		job->changed(job, job->data);
	}
}

static void on_signal(GDBusProxy *proxy, const char *sender, const char *name, GVariant *args,
		      gpointer data)
{
	g_autoptr(GVariant) result = NULL;
	const char *state, *error, *message;

	if (g_str_equal(name, "Finished") &&
	    g_variant_is_of_type(args, G_VARIANT_TYPE("(sssa{sv})"))) {
		g_variant_get(args, "(&s&s&s@a{sv})", &state, &error, &message, &result);
		end(data, state, error, message, result);
	}
}

static void on_properties(GDBusProxy *proxy, GVariant *changed, GStrv invalidated, gpointer data)
{
	look(data);
}

static void on_owner(FormJob *job)
{
	g_autofree char *owner = g_dbus_proxy_get_name_owner(job->proxy);

	if (!owner) {
		end_lost(job, _("The manager (mulliond) has gone; see in the list of VMs what it "
				"has done."));
	}
}

static void proxy_ready(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GDBusProxy *proxy = g_dbus_proxy_new_finish(result, &error);
	FormJob *job = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		return; /* the job is freed */
	}
	if (!proxy) {
		g_autofree char *text = form_error_explain(error);

		end_lost(job, text);
		return;
	}
	job->proxy = proxy;
	g_signal_connect(proxy, "g-signal", G_CALLBACK(on_signal), job);
	g_signal_connect(proxy, "g-properties-changed", G_CALLBACK(on_properties), job);
	g_signal_connect_swapped(proxy, "notify::g-name-owner", G_CALLBACK(on_owner), job);
	look(job);
}

FormJob *form_job_new(GDBusConnection *connection, const char *path, FormJobFunc changed,
		      gpointer data)
{
	FormJob *job = g_new0(FormJob, 1);

	job->changed = changed;
	job->data = data;
	job->cancellable = g_cancellable_new();
	g_dbus_proxy_new(connection, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL, BUS_NAME, path,
			 JOB_NAME, job->cancellable, proxy_ready, job);
	return job;
}

void form_job_free(FormJob *job)
{
	if (!job) {
		return;
	}
	g_cancellable_cancel(job->cancellable);
	g_object_unref(job->cancellable);
	if (job->proxy) {
		g_signal_handlers_disconnect_by_data(job->proxy, job);
		g_object_unref(job->proxy);
	}
	g_clear_pointer(&job->result, g_variant_unref);
	g_free(job->failure);
	g_free(job);
}

FormJobState form_job_state(const FormJob *job)
{
	return job->state;
}

double form_job_progress(const FormJob *job)
{
	g_autoptr(GVariant) value =
	    job->proxy ? g_dbus_proxy_get_cached_property(job->proxy, "Progress") : NULL;

	return value && g_variant_is_of_type(value, G_VARIANT_TYPE_DOUBLE)
		   ? CLAMP(g_variant_get_double(value), -1, 1)
		   : -1;
}

bool form_job_can_cancel(const FormJob *job)
{
	g_autoptr(GVariant) value =
	    job->proxy ? g_dbus_proxy_get_cached_property(job->proxy, "Cancellable") : NULL;

	return job->state == FORM_JOB_RUNNING && value &&
	       g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean(value);
}

void form_job_cancel(FormJob *job)
{
	/* Its answer is the job's end; a job that ended meanwhile needs no message. */
	if (job->proxy) {
		g_dbus_proxy_call(job->proxy, "Cancel", NULL,
				  G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, -1, NULL, NULL,
				  NULL);
	}
}

const char *form_job_failure(const FormJob *job)
{
	return job->failure;
}

char *form_job_result_path(const FormJob *job, const char *key)
{
	const char *path = NULL;

	if (job->result) {
		g_variant_lookup(job->result, key, "&o", &path);
	}
	return g_strdup(path);
}
