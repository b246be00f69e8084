/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * org.mullion.Job1: work in a thread of its own. A job is one step, or several: a step's done
 * function may call job_continue(). Functions are for the main thread unless said otherwise.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef struct Job Job;

/* In a thread. True, or false and @error. Looks at job_cancellable() where it can stop and undo. */
typedef bool (*JobRun)(Job *job, gpointer data, GError **error);
/* In the main thread, after the run. @error: NULL, or how it failed. May set another error with
 * job_fail(), and results. */
typedef void (*JobDone)(Job *job, gpointer data, const GError *error);

typedef struct {
	JobRun run;
	JobDone done; /* may be NULL */
	gpointer data;
	GDestroyNotify data_free; /* may be NULL */
} JobStep;

/* @vm_path: "/" for none. @right: what Cancel needs. The job lives until it is over and seen; there
 * is nothing to free. */
Job *job_start(const char *kind, const char *right, const char *vm_path, bool can_cancel,
	       JobStep step);
/* From a done function: go on with another step. */
void job_continue(Job *job, JobStep step);
void job_fail(Job *job, GError *error);
void job_set_result(Job *job, const char *key, GVariant *value);
/* It works on this VM from now on. */
void job_set_vm(Job *job, const char *vm_path);
const char *job_path(const Job *job);
/* Called when the last step is over, before clients hear of it. */
void job_set_finish(Job *job, void (*finish)(gpointer data, const GError *error), gpointer data);

/* Any thread. */
GCancellable *job_cancellable(Job *job);
void job_progress(Job *job, double progress);
/* Any thread: what was done since the last mark, or the start, was this. Into the result's "steps". */
void job_mark(Job *job, const char *step);
/* Any thread: from here on it cannot be cancelled. False with CANCELLED when it has been. */
bool job_commit(Job *job, GError **error);

/* End of the program: cancel all, and wait for the threads in the main loop. */
void job_stop_all(void);
