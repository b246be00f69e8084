/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the application takes with the VMs that are in the store (tests/ui/bench puts them
 * there): to the first frame of the window, per frame while the list scrolls from end to end, and
 * from the order for a throw-away copy to its screen. Prints; judges nothing.
 */
#include <gtk/gtk.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "client.h"
#include "vm-actions.h"
#include "window.h"

#define SCROLL_FRAMES 240

static struct {
	GMainLoop *loop;
	UiClient *client;
	UiWindow *window;
	double cpu_begin;
	gint64 main_begin;
	gint64 begin; /* of what is measured now */
	gint64 frames[SCROLL_FRAMES];
	double work[SCROLL_FRAMES];
	gint64 frame_begin;
	guint frame;
	GtkAdjustment *adjustment;
	char *copy; /* object path of the throw-away VM */
} bench;

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double since(gint64 when)
{
	return (g_get_monotonic_time() - when) / 1000.0;
}

static void say(const char *what, double value, const char *unit)
{
	g_print("%-50s %8.1f %s\n", what, value, unit);
}

static GtkWidget *find_named(GtkWidget *widget, const char *name)
{
	GtkWidget *found = NULL;

	if (g_strcmp0(gtk_widget_get_name(widget), name) == 0) {
		return widget;
	}
	if (GTK_IS_CONTAINER(widget)) {
		GList *children = gtk_container_get_children(GTK_CONTAINER(widget));

		for (GList *each = children; each && !found; each = each->next) {
			found = find_named(each->data, name);
		}
		g_list_free(children);
	}
	return found;
}

static int compare_doubles(const void *one, const void *other)
{
	double a = *(const double *)one;
	double b = *(const double *)other;

	return a < b ? -1 : a > b;
}

static void say_frames(void)
{
	double gaps[SCROLL_FRAMES - 1];
	guint late = 0;

	for (guint i = 0; i + 1 < SCROLL_FRAMES; i++) {
		gaps[i] = (bench.frames[i + 1] - bench.frames[i]) / 1000.0;
		late += gaps[i] > 25; /* a frame was left out at 60 a second */
	}
	qsort(gaps, G_N_ELEMENTS(gaps), sizeof(gaps[0]), compare_doubles);
	qsort(bench.work, SCROLL_FRAMES, sizeof(bench.work[0]), compare_doubles);
	say("scrolling: from frame to frame, median", gaps[SCROLL_FRAMES / 2], "ms");
	say("scrolling: from frame to frame, 95 %", gaps[SCROLL_FRAMES * 95 / 100], "ms");
	say("scrolling: processor time a frame, median", bench.work[SCROLL_FRAMES / 2] * 1000,
	    "ms");
	say("scrolling: processor time a frame, 95 %", bench.work[SCROLL_FRAMES * 95 / 100] * 1000,
	    "ms");
	g_print("%-50s %8u of %u\n", "scrolling: frames later than 25 ms", late, SCROLL_FRAMES - 1);
}

static gboolean is_shown(MullionVm1 *vm)
{
	GtkWidget *screen = find_named(GTK_WIDGET(bench.window), "UiScreen");

	return g_strcmp0(mullion_vm1_get_state(vm), "running") == 0 && screen &&
	       gtk_widget_get_mapped(screen);
}

static void copy_painted(GdkFrameClock *clock, gpointer data)
{
	MullionVm1 *vm = bench.copy ? ui_client_vm_at(bench.client, bench.copy) : NULL;

	if (vm && is_shown(vm)) {
		say("throw-away copy: order to first frame of screen", since(bench.begin), "ms");
		say("throw-away copy: processor time of the application",
		    (cpu_seconds() - bench.cpu_begin) * 1000, "ms");
		g_signal_handlers_disconnect_by_func(clock, copy_painted, data);
		g_main_loop_quit(bench.loop);
	}
}

static void job_done(UiClient *client, MullionJob1 *job, gpointer data)
{
	const char *path;

	if (g_variant_lookup(mullion_job1_get_result(job), "vm", "&o", &path)) {
		say("throw-away copy: order to its job's end", since(bench.begin), "ms");
		bench.copy = g_strdup(path);
		gtk_widget_queue_draw(GTK_WIDGET(bench.window));
	}
}

static void start_copy(void)
{
	GListModel *vms = ui_client_vms(bench.client);
	g_autoptr(MullionVm1) vm = g_list_model_get_item(vms, 0);
	GdkFrameClock *clock = gtk_widget_get_frame_clock(GTK_WIDGET(bench.window));

	g_signal_connect(bench.client, "job-done", G_CALLBACK(job_done), NULL);
	g_signal_connect(clock, "after-paint", G_CALLBACK(copy_painted), NULL);
	bench.begin = g_get_monotonic_time();
	bench.cpu_begin = cpu_seconds();
	ui_vm_actions_do(bench.client, GTK_WINDOW(bench.window), vm, "throw-away");
}

static gboolean scroll(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	static double before;
	double now = cpu_seconds();
	double range = gtk_adjustment_get_upper(bench.adjustment) -
		       gtk_adjustment_get_page_size(bench.adjustment);
	guint half = SCROLL_FRAMES / 2;
	guint at = bench.frame < half ? bench.frame : SCROLL_FRAMES - bench.frame;

	if (bench.frame == SCROLL_FRAMES) {
		say_frames();
		start_copy();
		return G_SOURCE_REMOVE;
	}
	bench.frames[bench.frame] = gdk_frame_clock_get_frame_time(clock);
	bench.work[bench.frame] = bench.frame ? now - before : 0;
	before = now;
	gtk_adjustment_set_value(bench.adjustment, range * at / half);
	bench.frame++;
	return G_SOURCE_CONTINUE;
}

static void first_painted(GdkFrameClock *clock, gpointer data)
{
	GtkWidget *list = find_named(GTK_WIDGET(bench.window), "vm-list");
	GtkWidget *scroller = gtk_widget_get_ancestor(list, GTK_TYPE_SCROLLED_WINDOW);

	g_signal_handlers_disconnect_by_func(clock, first_painted, data);
	say("list: window made to its first frame", since(bench.begin), "ms");
	say("list: processor time for that", (cpu_seconds() - bench.cpu_begin) * 1000, "ms");
	say("list: program begun to its first frame", since(bench.main_begin), "ms");
	say("list: processor time of the process so far", cpu_seconds() * 1000, "ms");
	bench.adjustment = gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(scroller));
	gtk_widget_add_tick_callback(list, scroll, NULL, NULL);
}

static void online(UiClient *client, GParamSpec *property, gpointer data)
{
	UiState state = {0};
	GtkApplication *application = data;

	if (!ui_client_is_online(client) || bench.window) {
		return;
	}
	say("manager: asked to all VMs known", since(bench.begin), "ms");
	g_print("%-50s %8u\n", "VMs", g_list_model_get_n_items(ui_client_vms(client)));
	bench.begin = g_get_monotonic_time();
	bench.cpu_begin = cpu_seconds();
	bench.window = ui_window_new(application, client, &state);
	gtk_widget_realize(GTK_WIDGET(bench.window));
	g_signal_connect(gtk_widget_get_frame_clock(GTK_WIDGET(bench.window)), "after-paint",
			 G_CALLBACK(first_painted), NULL);
	gtk_window_present(GTK_WINDOW(bench.window));
}

static gboolean too_long(gpointer data)
{
	g_printerr("bench-list: nothing for two minutes\n");
	exit(1);
}

int main(int argc, char **argv)
{
	g_autoptr(GtkApplication) application = NULL;

	bench.main_begin = g_get_monotonic_time();
	gtk_init(&argc, &argv);
	application = gtk_application_new("org.mullion.Bench", G_APPLICATION_NON_UNIQUE);
	g_application_register(G_APPLICATION(application), NULL, NULL);
	bench.loop = g_main_loop_new(NULL, FALSE);
	bench.begin = g_get_monotonic_time();
	bench.client = ui_client_new();
	g_signal_connect(bench.client, "notify::online", G_CALLBACK(online), application);
	g_timeout_add_seconds(120, too_long, NULL);
	g_main_loop_run(bench.loop);
	return 0;
}
