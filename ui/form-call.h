/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of the manager for forms: asynchronous, and polkit may ask for a password meanwhile. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* One of @answer and @error is NULL; both belong to the caller of this function. */
typedef void (*FormCallFunc)(GVariant *answer, const GError *error, gpointer data);

/* Call @method of @proxy (a GDBusProxy). @args: a tuple, floating, or NULL. After @cancellable was
 * cancelled @done is not called any more, so a disposed widget may be its data. */
void form_call(gpointer proxy, const char *method, GVariant *args, GCancellable *cancellable,
	       FormCallFunc done, gpointer data);
/* The same; polkit may not ask for a password: for what the user did not ask for. */
void form_call_quietly(gpointer proxy, const char *method, GVariant *args,
		       GCancellable *cancellable, FormCallFunc done, gpointer data);

/* Is it org.mullion.Error.@name? */
bool form_error_is(const GError *error, const char *name);
/* What happened and what to do, for people. To be freed. */
char *form_error_explain(const GError *error);
/* The same for the name and message with which a job ended. */
char *form_failure_explain(const char *name, const char *message);

/* A job of the manager that is followed to its end. */
typedef struct FormJob FormJob;
/* The job's progress, or its end: look at form_job_state(). */
typedef void (*FormJobFunc)(FormJob *job, gpointer data);
typedef enum {
	FORM_JOB_RUNNING,
	FORM_JOB_DONE,
	FORM_JOB_FAILED,
	FORM_JOB_CANCELLED,
} FormJobState;

/* Follow the job at @path. @changed is called from the main loop, never from within this function;
 * after an end it is not called again. It may free the job. */
FormJob *form_job_new(GDBusConnection *connection, const char *path, FormJobFunc changed,
		      gpointer data);
/* The job itself goes on; NULL is allowed. */
void form_job_free(FormJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FormJob, form_job_free)
FormJobState form_job_state(const FormJob *job);
/* 0 to 1, or negative: not known. */
double form_job_progress(const FormJob *job);
bool form_job_can_cancel(const FormJob *job);
void form_job_cancel(FormJob *job);
/* After FAILED: for people. */
const char *form_job_failure(const FormJob *job);
/* After DONE: an object's path out of the result ("vm"), or NULL. To be freed. */
char *form_job_result_path(const FormJob *job, const char *key);
