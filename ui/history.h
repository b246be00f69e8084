/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last two minutes of a VM or of the machine, made out of the counters of GetStatistics. Pure:
 * no GTK, no bus.
 */
#pragma once

#include <glib.h>

#define UI_HISTORY_SAMPLES 120

/* Counters at one moment. What has no counter stays 0. */
typedef struct {
	guint64 cpu_time;					 /* nanoseconds, all processors */
	guint cpu_count;					 /* share 1 is all of these busy */
	guint64 memory;						 /* bytes now; not a counter */
	guint64 disk_read, disk_written, net_received, net_sent; /* bytes */
} UiCounters;

typedef struct {
	double cpu;			/* 0..1 of the VM's processors */
	double memory;			/* bytes */
	double disk_read, disk_written; /* bytes a second */
	double net_received, net_sent;	/* bytes a second */
} UiSample;

typedef struct UiHistory UiHistory;

UiHistory *ui_history_new(void);
void ui_history_free(UiHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiHistory, ui_history_free)

/*
 * @time: microseconds, as GetStatistics has them. @counters: NULL when it does not run, which is a
 * sample of zeros. The first counters after that, or after counters that went back (the VM was
 * started again), give no rates. A time that does not go on is ignored.
 */
void ui_history_add(UiHistory *history, guint64 time, const UiCounters *counters);
/* From 0 to UI_HISTORY_SAMPLES. */
guint ui_history_length(const UiHistory *history);
/* @index: 0 is the oldest. */
const UiSample *ui_history_at(const UiHistory *history, guint index);
/* The newest; zeros when there is none. */
const UiSample *ui_history_last(const UiHistory *history);
