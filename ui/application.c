/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "application.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>

#include "client.h"
#include "notifier.h"
#include "window.h"

struct _UiApplication {
	GtkApplication parent;
	UiClient *client;
	UiNotifier *notifier;
	char *show;
	gboolean loading; /* the state of the window, which is not there yet */
};

G_DEFINE_TYPE(UiApplication, ui_application, GTK_TYPE_APPLICATION)

static void act_about(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	UiApplication *application = UI_APPLICATION(data);
	MullionManager1 *manager = ui_client_manager(application->client);
	const char *hypervisor = manager ? mullion_manager1_get_hypervisor(manager) : NULL;

	gtk_show_about_dialog(
	    gtk_application_get_active_window(GTK_APPLICATION(application)), "program-name",
	    _("Mullion"), "version", MULLION_VERSION, "comments",
	    hypervisor && *hypervisor ? hypervisor : _("Virtual machines side by side"),
	    "license-type", GTK_LICENSE_GPL_2_0, "logo-icon-name", "org.mullion.Desktop", NULL);
}

static void act_quit(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	/* One window that goes may take others along. */
	GList *windows = g_list_copy_deep(gtk_application_get_windows(data),
					  (GCopyFunc)(GCallback)g_object_ref, NULL);

	for (GList *each = windows; each; each = each->next) {
		gtk_widget_destroy(each->data);
	}
	g_list_free_full(windows, g_object_unref);
}

/* What a click on a notification asks for. */
static void act_show_vm(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	GList *windows = gtk_application_get_windows(data);

	for (GList *each = windows; each; each = each->next) {
		if (UI_IS_WINDOW(each->data)) {
			ui_window_show_path(each->data, g_variant_get_string(parameter, NULL));
			gtk_window_present(each->data);
			return;
		}
	}
	g_application_activate(data);
}

/* The end of the session, or Ctrl+C: with the state saved. */
static gboolean signalled(gpointer data)
{
	act_quit(NULL, NULL, data);
	return G_SOURCE_CONTINUE;
}

static const GActionEntry entries[] = {
    {"about", act_about}, {"quit", act_quit}, {"show-vm", act_show_vm, "s"}};

static void set_accelerators(GtkApplication *application)
{
	static const struct {
		const char *action;
		const char *keys[3];
	} table[] = {
	    {"app.quit", {"<Primary>q"}},
	    {"win.new-vm", {"<Primary>n"}},
	    {"win.search", {"<Primary>f"}},
	    {"win.reload", {"<Primary>F5"}},
	    {"win.retry", {"F5"}},
	    {"win.machine", {"<Primary>Home"}},
	    {"win.page::overview", {"<Alt>1"}},
	    {"win.page::screen", {"<Alt>2"}},
	    {"win.show-help-overlay", {"<Primary>question", "F1"}},
	    {"vm.start", {"<Primary>Return"}},
	    {"vm.throw-away", {"<Primary><Shift>Return"}},
	    {"vm.pause", {"<Primary>p"}},
	    {"vm.shut-down", {"<Primary>d"}},
	    {"vm.save", {"<Primary>s"}},
	    {"vm.settings", {"<Primary>e", "<Alt>Return"}},
	    {"vm.delete", {"<Primary>Delete"}},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		gtk_application_set_accels_for_action(application, table[i].action, table[i].keys);
	}
}

static void load_style(void)
{
	g_autoptr(GtkCssProvider) provider = gtk_css_provider_new();

	gtk_css_provider_load_from_resource(provider, "/org/mullion/desktop/style.css");
	gtk_style_context_add_provider_for_screen(gdk_screen_get_default(),
						  GTK_STYLE_PROVIDER(provider),
						  GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

static void ui_application_startup(GApplication *gapplication)
{
	UiApplication *application = UI_APPLICATION(gapplication);

	G_APPLICATION_CLASS(ui_application_parent_class)->startup(gapplication);
	gtk_window_set_default_icon_name("org.mullion.Desktop");
	g_action_map_add_action_entries(G_ACTION_MAP(application), entries, G_N_ELEMENTS(entries),
					application);
	set_accelerators(GTK_APPLICATION(application));
	load_style();
	gtk_icon_theme_add_resource_path(gtk_icon_theme_get_default(),
					 "/org/mullion/desktop/icons");
	g_unix_signal_add(SIGTERM, signalled, application);
	g_unix_signal_add(SIGINT, signalled, application);
	application->client = ui_client_new();
	application->notifier = ui_notifier_new(GTK_APPLICATION(application), application->client);
}

static void ui_application_shutdown(GApplication *gapplication)
{
	/* It takes its notifications back, for which it needs the bus. */
	g_clear_object(&UI_APPLICATION(gapplication)->notifier);
	G_APPLICATION_CLASS(ui_application_parent_class)->shutdown(gapplication);
}

static void present(UiApplication *application, GtkWindow *window)
{
	if (application->show && UI_IS_WINDOW(window)) {
		ui_window_show_name(UI_WINDOW(window), application->show);
		g_clear_pointer(&application->show, g_free);
	}
	gtk_window_present(window);
}

static void state_ready(UiState *state, gpointer data)
{
	g_autoptr(UiApplication) application = data;
	g_autoptr(UiState) owned = state;

	application->loading = FALSE;
	present(application, GTK_WINDOW(ui_window_new(GTK_APPLICATION(application),
						      application->client, owned)));
	g_application_release(G_APPLICATION(application));
}

static void ui_application_activate(GApplication *gapplication)
{
	UiApplication *application = UI_APPLICATION(gapplication);
	GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(application));

	if (window) {
		present(application, window);
	} else if (!application->loading) {
		application->loading = TRUE;
		g_application_hold(gapplication);
		ui_state_load(state_ready, g_object_ref(application));
	}
}

static int ui_application_command_line(GApplication *gapplication, GApplicationCommandLine *line)
{
	UiApplication *application = UI_APPLICATION(gapplication);
	GVariantDict *options = g_application_command_line_get_options_dict(line);
	const char *name;

	if (g_variant_dict_lookup(options, "show", "&s", &name)) {
		g_free(application->show);
		application->show = g_strdup(name);
	}
	g_application_activate(gapplication);
	return 0;
}

static void ui_application_dispose(GObject *object)
{
	UiApplication *application = UI_APPLICATION(object);

	g_clear_object(&application->client);
	g_clear_pointer(&application->show, g_free);
	G_OBJECT_CLASS(ui_application_parent_class)->dispose(object);
}

static void ui_application_class_init(UiApplicationClass *class)
{
	GApplicationClass *application_class = G_APPLICATION_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_application_dispose;
	application_class->startup = ui_application_startup;
	application_class->shutdown = ui_application_shutdown;
	application_class->activate = ui_application_activate;
	application_class->command_line = ui_application_command_line;
}

static void ui_application_init(UiApplication *application)
{
	static const GOptionEntry options[] = {
	    {"show", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Select this VM"), N_("NAME")},
	    {NULL},
	};

	g_application_add_main_option_entries(G_APPLICATION(application), options);
}

UiApplication *ui_application_new(void)
{
	return g_object_new(UI_TYPE_APPLICATION, "application-id", "org.mullion.Desktop", "flags",
			    G_APPLICATION_HANDLES_COMMAND_LINE, NULL);
}
