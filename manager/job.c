/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "job.h"

#include "bus.h"
#include "error.h"

#define LINGER_SECONDS	 60
#define PROGRESS_STEP_US 100000

struct Job {
	BusObject *bus;
	char *kind;
	char *vm_path;
	const char *right;
	const char *state;
	GVariantDict *result;
	GError *error;
	gint64 started;
	JobStep step;
	GThread *thread;
	bool continued;
	void (*finish)(gpointer data, const GError *error);
	gpointer finish_data;
	GCancellable *cancellable;
	GMutex lock; /* what follows; leaf */
	double progress;
	gint64 progress_sent;
	bool can_cancel;
	bool may_cancel; /* at the begin of each step; constant */
	gint64 marked;	 /* when, on the monotonic clock */
	GVariantBuilder *marks;
};

static GHashTable *running; /* Job set */
static guint serial;

static double job_get_progress(Job *job, bool *ret_can_cancel)
{
	double progress;

	g_mutex_lock(&job->lock);
	progress = job->progress;
	*ret_can_cancel = job->can_cancel;
	g_mutex_unlock(&job->lock);
	return progress;
}

static GVariant *result_of(Job *job)
{
	GVariant *result = g_variant_ref_sink(g_variant_dict_end(job->result));

	g_variant_dict_init(job->result, result);
	return result;
}

static GVariant *job_properties(gpointer owner)
{
	Job *job = owner;
	g_autofree char *name = job->error ? g_dbus_error_encode_gerror(job->error) : g_strdup("");
	g_autoptr(GVariant) result = result_of(job);
	GVariantDict dict;
	bool can_cancel;
	double progress = job_get_progress(job, &can_cancel);

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "Kind", "s", job->kind);
	g_variant_dict_insert(&dict, "Vm", "o", job->vm_path);
	g_variant_dict_insert(&dict, "State", "s", job->state);
	g_variant_dict_insert(&dict, "Progress", "d", progress);
	g_variant_dict_insert(&dict, "Cancellable", "b",
			      can_cancel && g_str_equal(job->state, "running"));
	g_variant_dict_insert(&dict, "Error", "s", name);
	g_variant_dict_insert(&dict, "Message", "s", job->error ? job->error->message : "");
	g_variant_dict_insert_value(&dict, "Result", result);
	g_variant_dict_insert(&dict, "Started", "x", job->started);
	return g_variant_dict_end(&dict);
}

static void handle_cancel(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Job *job = owner;
	bool can_cancel;

	job_get_progress(job, &can_cancel);
	if (!g_str_equal(job->state, "running") || !can_cancel) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_STATE, "the job %s %s", job->kind,
		    can_cancel ? "is over" : "cannot be cancelled, or is past the point of return");
		return;
	}
	g_cancellable_cancel(job->cancellable);
	g_dbus_method_invocation_return_value(call, NULL);
}

static const char *cancel_right(gpointer owner, GVariant *args)
{
	return ((Job *)owner)->right;
}

static const BusMethod job_methods[] = {
    {"Cancel", "control", handle_cancel, cancel_right},
    {NULL},
};

static const BusClass job_class = {"org.mullion.Job1", job_methods, job_properties};

static void step_clear(Job *job)
{
	if (job->step.data_free) {
		job->step.data_free(job->step.data);
	}
	job->step = (JobStep){NULL};
}

static void job_free(Job *job)
{
	step_clear(job);
	bus_unexport(job->bus);
	g_variant_dict_unref(job->result);
	g_clear_error(&job->error);
	g_object_unref(job->cancellable);
	g_variant_builder_unref(job->marks);
	g_mutex_clear(&job->lock);
	g_free(job->kind);
	g_free(job->vm_path);
	g_free(job);
}

static gboolean linger_over(gpointer data)
{
	job_free(data);
	return G_SOURCE_REMOVE;
}

void job_mark(Job *job, const char *step)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&job->lock);
	g_variant_builder_add(job->marks, "(st)", step, (guint64)(now - job->marked));
	job->marked = now;
	g_mutex_unlock(&job->lock);
}

static void job_finish(Job *job)
{
	g_autofree char *name = job->error ? g_dbus_error_encode_gerror(job->error) : g_strdup("");
	const char *message = job->error ? job->error->message : "";
	g_autoptr(GVariant) result = NULL;

	job_mark(job, "end");
	job_set_result(job, "steps", g_variant_builder_end(job->marks));
	result = result_of(job);
	g_hash_table_remove(running, job);
	job->state = !job->error				     ? "done"
		     : error_is(job->error, MULLION_ERROR_CANCELLED) ? "cancelled"
								     : "failed";
	if (!job->error) {
		g_mutex_lock(&job->lock);
		job->progress = 1.0;
		g_mutex_unlock(&job->lock);
	} else {
		g_message("job %s: %s", job->kind, message);
	}
	if (job->finish) {
		job->finish(job->finish_data, job->error);
	}
	bus_changed_now(job->bus);
	bus_signal(job->bus, "Finished",
		   g_variant_new("(sss@a{sv})", job->state, name, message, result));
	g_timeout_add_seconds(LINGER_SECONDS, linger_over, job);
}

static gboolean step_done(gpointer data)
{
	Job *job = data;
	JobStep step = job->step;

	g_thread_join(g_steal_pointer(&job->thread));
	error_to_mullion(&job->error);
	job->step = (JobStep){NULL};
	job->continued = false;
	if (step.done) {
		step.done(job, step.data, job->error);
	}
	if (step.data_free) {
		step.data_free(step.data);
	}
	if (!job->continued) {
		job_finish(job);
	}
	return G_SOURCE_REMOVE;
}

static gpointer step_run(gpointer data)
{
	Job *job = data;

	job->step.run(job, job->step.data, &job->error);
	g_idle_add_full(G_PRIORITY_DEFAULT, step_done, job, NULL);
	return NULL;
}

/* A thread of its own and none of GTask's pool: jobs wait for minutes, and there may be as many as
 * VMs. */
static void step_start(Job *job)
{
	job->thread = g_thread_new(job->kind, step_run, job);
}

Job *job_start(const char *kind, const char *right, const char *vm_path, bool can_cancel,
	       JobStep step)
{
	Job *job = g_new0(Job, 1);
	g_autofree char *path = g_strdup_printf(BUS_ROOT "/job/%u", ++serial);

	if (!running) {
		running = g_hash_table_new(NULL, NULL);
	}
	job->kind = g_strdup(kind);
	job->right = right;
	job->vm_path = g_strdup(vm_path);
	job->state = "running";
	job->result = g_variant_dict_new(NULL);
	job->started = g_get_real_time() / G_USEC_PER_SEC;
	job->step = step;
	job->cancellable = g_cancellable_new();
	g_mutex_init(&job->lock);
	job->marked = g_get_monotonic_time();
	job->marks = g_variant_builder_new(G_VARIANT_TYPE("a(st)"));
	job->progress = -1.0;
	job->can_cancel = job->may_cancel = can_cancel;
	job->bus = bus_export(&job_class, path, job);
	g_hash_table_add(running, job);
	step_start(job);
	return job;
}

void job_continue(Job *job, JobStep step)
{
	job->step = step;
	job->continued = true;
	g_mutex_lock(&job->lock);
	job->can_cancel = job->may_cancel;
	job->progress = -1.0;
	g_mutex_unlock(&job->lock);
	bus_changed(job->bus);
	step_start(job);
}

void job_fail(Job *job, GError *error)
{
	error_to_mullion(&error);
	g_clear_error(&job->error);
	job->error = error;
}

void job_set_result(Job *job, const char *key, GVariant *value)
{
	g_variant_dict_insert_value(job->result, key, value);
}

void job_set_vm(Job *job, const char *vm_path)
{
	g_free(job->vm_path);
	job->vm_path = g_strdup(vm_path);
	bus_changed(job->bus);
}

const char *job_path(const Job *job)
{
	return bus_path(job->bus);
}

void job_set_finish(Job *job, void (*finish)(gpointer data, const GError *error), gpointer data)
{
	job->finish = finish;
	job->finish_data = data;
}

GCancellable *job_cancellable(Job *job)
{
	return job->cancellable;
}

static gboolean progress_idle(gpointer data)
{
	/* The job may be over and gone: its path is looked up, not its address. */
	GHashTableIter iter;
	gpointer job;

	g_hash_table_iter_init(&iter, running);
	while (g_hash_table_iter_next(&iter, &job, NULL)) {
		if (job == data) {
			bus_changed(((Job *)job)->bus);
		}
	}
	return G_SOURCE_REMOVE;
}

void job_progress(Job *job, double progress)
{
	gint64 now = g_get_monotonic_time();
	bool send;

	g_mutex_lock(&job->lock);
	job->progress = CLAMP(progress, 0.0, 1.0);
	send = now - job->progress_sent >= PROGRESS_STEP_US;
	if (send) {
		job->progress_sent = now;
	}
	g_mutex_unlock(&job->lock);
	if (send) {
		g_idle_add(progress_idle, job);
	}
}

bool job_commit(Job *job, GError **error)
{
	g_mutex_lock(&job->lock);
	job->can_cancel = false;
	g_mutex_unlock(&job->lock);
	g_idle_add(progress_idle, job);
	if (g_cancellable_is_cancelled(job->cancellable)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_CANCELLED, "cancelled");
		return false;
	}
	return true;
}

void job_stop_all(void)
{
	GHashTableIter iter;
	gpointer job;
	bool can_cancel;

	if (!running) {
		return;
	}
	g_hash_table_iter_init(&iter, running);
	while (g_hash_table_iter_next(&iter, &job, NULL)) {
		job_get_progress(job, &can_cancel);
		if (can_cancel) {
			g_cancellable_cancel(((Job *)job)->cancellable);
		}
	}
	while (g_hash_table_size(running) > 0) {
		g_main_context_iteration(NULL, TRUE);
	}
}
