/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: what works now and what has ended within the last minute, for the popover of the title bar.
 */
#ifndef UI_JOB_H
#define UI_JOB_H

#include <gtk/gtk.h>

#include "client.h"

/* Translated words for a kind of job: "Starting". */
const char *ui_job_text(const char *kind);
/* "Starting: web"; vm_title may be NULL. */
char *ui_job_title(MullionJob1 *job, const char *vm_title);
/* How it ended, for people. */
char *ui_job_result(MullionJob1 *job);
/* What it works on, or what it has made; NULL: not there, or not known. The client keeps it. */
MullionVm1 *ui_job_vm(UiClient *client, MullionJob1 *job);
/* How many of the jobs run. */
guint ui_job_running(UiClient *client);

#define UI_TYPE_JOB_ROW (ui_job_row_get_type())
G_DECLARE_FINAL_TYPE(UiJobRow, ui_job_row, UI, JOB_ROW, GtkListBoxRow)

/* A row with the VM's name, the kind, progress, a button that cancels, and how it ended. */
GtkWidget *ui_job_row_new(UiClient *client, MullionJob1 *job);

#endif
