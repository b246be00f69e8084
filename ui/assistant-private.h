/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The assistant's files among themselves: assistant.c has the frame and the first page,
 * assistant-pages.c the pages that ask, assistant-summary.c the last page. */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "client.h"
#include "clone-box.h"
#include "form-machine.h"
#include "path-entry.h"
#include "progress.h"

#define UI_TYPE_ASSISTANT (ui_assistant_get_type())
G_DECLARE_FINAL_TYPE(UiAssistant, ui_assistant, UI, ASSISTANT, GtkWindow)

struct _UiAssistant {
	GtkWindow parent_instance;
	UiClient *client;
	GCancellable *cancellable;
	FormMachine *machine; /* what the widgets say, and the defaults behind them */
	FormHost host;
	bool filling;	       /* the widgets are written, not edited */
	bool edited_name;      /* a person wrote the name */
	bool edited_resources; /* a person chose memory, CPUs or disk: defaults stay away */
	bool groups_asked;
	bool checked; /* the manager has found no problem in what the widgets say */
	GCancellable *check_cancellable; /* of the last question to the manager */
	GtkWidget *header, *stack, *cancel_button, *back_button, *next_button, *create_button;
	/* source */
	GtkWidget *source_box, *source_buttons[FORM_SOURCES], *source_notes[FORM_SOURCES];
	/* files */
	GtkWidget *files_head, *files_note, *iso_label, *disk_label, *disk_format_label;
	GtkWidget *disk_format, *disk_readonly, *kernel_label, *initrd_label, *cmdline_label;
	GtkWidget *cmdline;
	UiPathEntry *iso_path, *disk_path, *kernel_path, *initrd_path;
	/* system */
	GtkWidget *name_entry, *os_linux, *os_windows, *os_other, *os_note, *boot_label,
	    *boot_combo;
	GtkWidget *boot_note, *colour_combo, *system_note;
	/* resources */
	GtkWidget *memory_spin, *memory_note, *vcpus_spin, *vcpus_note, *new_disk_label,
	    *disk_combo;
	GtkAdjustment *memory_adjustment, *vcpus_adjustment;
	GtkWidget *size_label, *size_spin, *size_note, *format_label, *format_combo, *group_label;
	GtkWidget *group_combo, *existing_label, *network_combo, *resources_note;
	UiPathEntry *existing_path;
	/* clone */
	UiCloneBox *clone_box;
	/* summary */
	GtkWidget *summary_head, *facts, *check_spinner, *check_label, *check_button, *findings;
	GtkWidget *start_check;
	UiProgress *progress;
};

/* Is it a copy (clone or template) and no machine of its own? */
gboolean assistant_copies(UiAssistant *self);
/* Name of the visible page. */
const char *assistant_page(UiAssistant *self);
void assistant_go(UiAssistant *self, const char *page);
/* Buttons and notes, after any change. */
void assistant_update(UiAssistant *self);

/* Once: what the pages' lists hold. */
void assistant_fill(UiAssistant *self);
/* Bounds and notes of what the machine has. */
void assistant_apply_host(UiAssistant *self);
/* Defaults of source and system into the widgets, unless a person has chosen. */
void assistant_apply_defaults(UiAssistant *self);
/* Before a page is shown. */
void assistant_show_files(UiAssistant *self);
void assistant_show_system(UiAssistant *self);
void assistant_show_resources(UiAssistant *self);
void assistant_bind_pages(GtkWidgetClass *class);

/* Tell what will be made, and have the manager check it. */
void assistant_show_summary(UiAssistant *self);
void assistant_bind_summary(GtkWidgetClass *class);
