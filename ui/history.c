/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history.h"

#include <stdbool.h>

struct UiHistory {
	UiSample samples[UI_HISTORY_SAMPLES];
	guint first, length;
	guint64 time;
	UiCounters before;
	bool has_before;
};

UiHistory *ui_history_new(void)
{
	return g_new0(UiHistory, 1);
}

void ui_history_free(UiHistory *history)
{
	g_free(history);
}

static void push(UiHistory *history, const UiSample *sample)
{
	history->samples[(history->first + history->length) % UI_HISTORY_SAMPLES] = *sample;
	if (history->length < UI_HISTORY_SAMPLES) {
		history->length++;
	} else {
		history->first = (history->first + 1) % UI_HISTORY_SAMPLES;
	}
}

/* Unsigned counters that went back are another run's. */
static bool went_back(const UiCounters *now, const UiCounters *before)
{
	return now->cpu_time < before->cpu_time || now->disk_read < before->disk_read ||
	       now->disk_written < before->disk_written ||
	       now->net_received < before->net_received || now->net_sent < before->net_sent;
}

static void rates(UiSample *sample, const UiCounters *now, const UiCounters *before, double seconds)
{
	double cpus = now->cpu_count > 0 ? now->cpu_count : 1;

	sample->cpu = (double)(now->cpu_time - before->cpu_time) / 1e9 / seconds / cpus;
	/* The two clocks are not read at the very same moment. */
	sample->cpu = CLAMP(sample->cpu, 0.0, 1.0);
	sample->disk_read = (double)(now->disk_read - before->disk_read) / seconds;
	sample->disk_written = (double)(now->disk_written - before->disk_written) / seconds;
	sample->net_received = (double)(now->net_received - before->net_received) / seconds;
	sample->net_sent = (double)(now->net_sent - before->net_sent) / seconds;
}

void ui_history_add(UiHistory *history, guint64 time, const UiCounters *counters)
{
	UiSample sample = {0};

	if (history->length > 0 && time <= history->time) {
		return;
	}
	if (counters) {
		sample.memory = (double)counters->memory;
		if (history->has_before && !went_back(counters, &history->before)) {
			rates(&sample, counters, &history->before,
			      (double)(time - history->time) / G_USEC_PER_SEC);
		}
		history->before = *counters;
	}
	history->has_before = counters != NULL;
	history->time = time;
	push(history, &sample);
}

guint ui_history_length(const UiHistory *history)
{
	return history->length;
}

const UiSample *ui_history_at(const UiHistory *history, guint index)
{
	g_return_val_if_fail(index < history->length, NULL);
	return &history->samples[(history->first + index) % UI_HISTORY_SAMPLES];
}

const UiSample *ui_history_last(const UiHistory *history)
{
	static const UiSample none = {0};

	return history->length > 0 ? ui_history_at(history, history->length - 1) : &none;
}
