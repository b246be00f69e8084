/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm-actions.h"

#include "forms.h"

#include <glib/gi18n.h>
#include <string.h>

struct _UiVmActions {
	GSimpleActionGroup parent;
	UiClient *client;
	GtkWindow *window;
	MullionVm1 *vm;
};

G_DEFINE_TYPE(UiVmActions, ui_vm_actions, G_TYPE_SIMPLE_ACTION_GROUP)

typedef void Act(UiClient *client, GtkWindow *window, MullionVm1 *vm);

static gboolean is_in(MullionVm1 *vm, const char *states)
{
	g_auto(GStrv) each = g_strsplit(states, " ", -1);
	const char *state = mullion_vm1_get_state(vm);

	return state && g_strv_contains((const char *const *)each, state);
}

static GVariant *no_options(void)
{
	return g_variant_new("(a{sv})", NULL);
}

static GVariant *force_option(void)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "force", g_variant_new_boolean(TRUE));
	return g_variant_new("(a{sv})", &options);
}

static void call(UiClient *client, MullionVm1 *vm, const char *method, GVariant *args,
		 const char *format)
{
	g_autofree char *what = g_strdup_printf(format, ui_vm_title(vm));

	ui_client_call(client, G_DBUS_PROXY(vm), method, args, what);
}

static void act_start(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	call(client, vm, "Start", no_options(), _("“%s” could not be started"));
}

static void act_throw_away(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	call(client, vm, "StartThrowAway", no_options(),
	     _("A throw-away copy of “%s” could not be started"));
}

static void act_pause(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	if (is_in(vm, "paused")) {
		call(client, vm, "Unpause", NULL, _("“%s” could not go on"));
	} else {
		call(client, vm, "Pause", NULL, _("“%s” could not be paused"));
	}
}

static void act_shut_down(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	call(client, vm, "Shutdown", no_options(), _("“%s” has not shut down"));
}

static void act_reboot(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	call(client, vm, "Reboot", no_options(), _("“%s” has not rebooted"));
}

static void act_save(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	call(client, vm, "Save", NULL, _("“%s” could not be saved"));
}

/* Question with the VM's name, and the verb on the button. */
typedef struct {
	UiClient *client;
	MullionVm1 *vm;
	void (*yes)(UiClient *client, MullionVm1 *vm, gboolean option);
	GtkWidget *option; /* check button, or NULL */
} Question;

static void question_answered(GtkDialog *dialog, int response, Question *question)
{
	if (response == GTK_RESPONSE_ACCEPT) {
		question->yes(question->client, question->vm,
			      question->option && gtk_toggle_button_get_active(
						      GTK_TOGGLE_BUTTON(question->option)));
	}
	gtk_widget_destroy(GTK_WIDGET(dialog));
}

static void question_free(gpointer data, GClosure *closure)
{
	Question *question = data;

	g_object_unref(question->client);
	g_object_unref(question->vm);
	g_free(question);
}

static void ask(UiClient *client, GtkWindow *window, MullionVm1 *vm, const char *format,
		const char *detail, const char *verb, const char *option,
		void (*yes)(UiClient *client, MullionVm1 *vm, gboolean option))
{
	Question *question = g_new0(Question, 1);
	GtkWidget *dialog =
	    gtk_message_dialog_new(window, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
				   GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE, format, ui_vm_title(vm));
	GtkWidget *button;

	gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s", detail);
	gtk_widget_set_name(dialog, "ui-question");
	question->client = g_object_ref(client);
	question->vm = g_object_ref(vm);
	question->yes = yes;
	if (option) {
		GtkWidget *area = gtk_message_dialog_get_message_area(GTK_MESSAGE_DIALOG(dialog));

		question->option = gtk_check_button_new_with_mnemonic(option);
		gtk_widget_show(question->option);
		gtk_container_add(GTK_CONTAINER(area), question->option);
	}
	gtk_dialog_add_button(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL);
	button = gtk_dialog_add_button(GTK_DIALOG(dialog), verb, GTK_RESPONSE_ACCEPT);
	gtk_style_context_add_class(gtk_widget_get_style_context(button), "destructive-action");
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
	g_signal_connect_data(dialog, "response", G_CALLBACK(question_answered), question,
			      question_free, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

static gboolean has_job(MullionVm1 *vm)
{
	const char *job = mullion_vm1_get_job(vm);

	return job && !g_str_equal(job, "/");
}

static void call_force_off(UiClient *client, MullionVm1 *vm)
{
	call(client, vm, "ForceOff", NULL, _("“%s” could not be forced off"));
}

static void force_off_after_job(MullionVm1 *vm, GParamSpec *property, UiClient *client)
{
	if (!has_job(vm)) {
		g_signal_handlers_disconnect_by_func(vm, force_off_after_job, client);
		if (ui_vm_is_alive(vm)) {
			call_force_off(client, vm);
		}
	}
}

/* A guest that is deaf to its shutdown: the manager takes no second job, so the waiting ends first.
 */
static void yes_force_off(UiClient *client, MullionVm1 *vm, gboolean option)
{
	MullionJob1 *job = ui_client_job_at(client, mullion_vm1_get_job(vm));

	if (!job) {
		call_force_off(client, vm);
		return;
	}
	g_signal_handlers_disconnect_by_func(vm, force_off_after_job, client);
	g_signal_connect_object(vm, "notify::job", G_CALLBACK(force_off_after_job), client, 0);
	ui_client_call(client, G_DBUS_PROXY(job), "Cancel", NULL,
		       _("What works on this VM could not be cancelled"));
}

static void act_force_off(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	const char *detail =
	    mullion_vm1_get_throw_away(vm)
		? _("It is a throw-away VM: everything in it is lost.")
		: _("This is like pulling the plug: what is not yet written to its disks is lost.");

	ask(client, window, vm, _("Force “%s” off?"), detail, _("_Force Off"), NULL, yes_force_off);
}

static void yes_force_reboot(UiClient *client, MullionVm1 *vm, gboolean option)
{
	call(client, vm, "Reboot", force_option(), _("“%s” has not rebooted"));
}

static void act_force_reboot(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	ask(client, window, vm, _("Reset “%s”?"),
	    _("It is ended at once and started again: what is not yet written to its disks is "
	      "lost."),
	    _("_Reset"), NULL, yes_force_reboot);
}

static void yes_discard_saved(UiClient *client, MullionVm1 *vm, gboolean option)
{
	call(client, vm, "DiscardSaved", NULL, _("The saved state of “%s” could not be discarded"));
}

static void act_discard_saved(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	ask(client, window, vm, _("Discard the saved state of “%s”?"),
	    _("Its programs and what they have not written to disk are lost, as if its plug had "
	      "been pulled."),
	    _("_Discard"), NULL, yes_discard_saved);
}

static void yes_delete(UiClient *client, MullionVm1 *vm, gboolean keep_disks)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "keep-disks", g_variant_new_boolean(keep_disks));
	call(client, vm, "Delete", g_variant_new("(a{sv})", &options),
	     _("“%s” could not be deleted"));
}

static void act_delete(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	ask(client, window, vm, _("Delete “%s”?"),
	    _("Its definition, snapshots and saved state are deleted, and with them the disks that "
	      "were made for it. This cannot be undone."),
	    _("_Delete"), _("_Keep the disks"), yes_delete);
}

static void act_settings(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	ui_settings_show(window, client, vm);
}

static void act_clone(UiClient *client, GtkWindow *window, MullionVm1 *vm)
{
	ui_clone_show(window, client, vm);
}

enum {
	NEEDS_NO_JOB = 1,
	NO_TEMPLATE = 2,
	NO_THROW_AWAY = 4,
	ENDS = 8, /* is for a preserved VM as well */
};

static const struct {
	const char *name;
	const char *label;
	const char *icon;
	const char *states;
	guint flags;
	Act *act;
} verbs[] = {
    {"start", N_("_Start"), "media-playback-start-symbolic", "stopped saved crashed",
     NEEDS_NO_JOB | NO_TEMPLATE, act_start},
    {"throw-away", N_("Start _Throw-Away Copy"), "edit-copy-symbolic", "stopped crashed",
     NEEDS_NO_JOB | NO_THROW_AWAY, act_throw_away},
    {"pause", N_("_Pause"), "media-playback-pause-symbolic", "running paused", NEEDS_NO_JOB,
     act_pause},
    {"shut-down", N_("Shut _Down"), "system-shutdown-symbolic", "running", NEEDS_NO_JOB,
     act_shut_down},
    {"reboot", N_("_Reboot"), "view-refresh-symbolic", "running", NEEDS_NO_JOB, act_reboot},
    {"force-reboot", N_("R_eset…"), "view-refresh-symbolic", "running paused", NEEDS_NO_JOB,
     act_force_reboot},
    {"save", N_("Sa_ve"), "document-save-symbolic", "running", NEEDS_NO_JOB | NO_THROW_AWAY,
     act_save},
    {"discard-saved", N_("D_iscard Saved State…"), "edit-clear-symbolic", "saved", NEEDS_NO_JOB,
     act_discard_saved},
    {"force-off", N_("_Force Off…"), "process-stop-symbolic", "running paused stopping crashed",
     ENDS, act_force_off},
    {"settings", N_("S_ettings…"), "emblem-system-symbolic",
     "stopped starting running paused stopping saving saved restoring crashed", NO_THROW_AWAY,
     act_settings},
    {"clone", N_("_Clone…"), "edit-copy-symbolic", "stopped crashed", NEEDS_NO_JOB | NO_THROW_AWAY,
     act_clone},
    {"delete", N_("De_lete…"), "edit-delete-symbolic", "stopped saved crashed", NEEDS_NO_JOB,
     act_delete},
};

static int verb_index(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (g_str_equal(verbs[i].name, name)) {
			return i;
		}
	}
	return -1;
}

/* A crashed VM whose domain is kept to be looked at: it can only be ended. */
static gboolean is_preserved(MullionVm1 *vm)
{
	return is_in(vm, "crashed") && mullion_vm1_get_domain_id(vm) != 0;
}

static gboolean is_possible(int verb, MullionVm1 *vm)
{
	return vm && is_in(vm, verbs[verb].states) &&
	       is_preserved(vm) == (is_in(vm, "crashed") && verbs[verb].flags & ENDS) &&
	       !(verbs[verb].flags & NEEDS_NO_JOB && has_job(vm)) &&
	       !(verbs[verb].flags & NO_TEMPLATE && mullion_vm1_get_template(vm)) &&
	       !(verbs[verb].flags & NO_THROW_AWAY && mullion_vm1_get_throw_away(vm));
}

const char *ui_vm_actions_primary(MullionVm1 *vm)
{
	if (has_job(vm)) {
		return NULL;
	}
	if (is_preserved(vm)) {
		return "force-off";
	}
	if (mullion_vm1_get_template(vm)) {
		return "throw-away";
	}
	if (is_in(vm, "running")) {
		return "shut-down";
	}
	if (is_in(vm, "paused")) {
		return "pause";
	}
	return is_in(vm, "stopped saved crashed") ? "start" : NULL;
}

const char *ui_vm_actions_label(const char *action)
{
	int verb = verb_index(action);

	return verb < 0 ? NULL : _(verbs[verb].label);
}

const char *ui_vm_actions_icon(const char *action)
{
	int verb = verb_index(action);

	return verb < 0 ? NULL : verbs[verb].icon;
}

void ui_vm_actions_do(UiClient *client, GtkWindow *window, MullionVm1 *vm, const char *action)
{
	int verb = verb_index(action);

	g_return_if_fail(verb >= 0);
	/* The click may come after a change of the state that the button has not shown yet. */
	if (is_possible(verb, vm)) {
		verbs[verb].act(client, window, vm);
	}
}

static void update(UiVmActions *actions)
{
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		GAction *action = g_action_map_lookup_action(G_ACTION_MAP(actions), verbs[i].name);

		g_simple_action_set_enabled(G_SIMPLE_ACTION(action), is_possible(i, actions->vm));
		if (g_str_equal(verbs[i].name, "pause")) {
			g_simple_action_set_state(
			    G_SIMPLE_ACTION(action),
			    g_variant_new_boolean(actions->vm && is_in(actions->vm, "paused")));
		}
	}
}

static void vm_changed(MullionVm1 *vm, GParamSpec *property, UiVmActions *actions)
{
	update(actions);
}

static void activated(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	UiVmActions *actions = data;

	if (actions->vm) {
		ui_vm_actions_do(actions->client, actions->window, actions->vm,
				 g_action_get_name(G_ACTION(action)));
	}
}

void ui_vm_actions_set_vm(UiVmActions *actions, MullionVm1 *vm_or_null)
{
	static const char *const followed[] = {"notify::state", "notify::job", "notify::template",
					       "notify::domain-id"};

	if (actions->vm) {
		g_signal_handlers_disconnect_by_data(actions->vm, actions);
	}
	g_set_object(&actions->vm, vm_or_null);
	for (guint i = 0; actions->vm && i < G_N_ELEMENTS(followed); i++) {
		g_signal_connect_object(actions->vm, followed[i], G_CALLBACK(vm_changed), actions,
					0);
	}
	update(actions);
}

static void ui_vm_actions_dispose(GObject *object)
{
	UiVmActions *actions = UI_VM_ACTIONS(object);

	if (actions->vm) {
		g_signal_handlers_disconnect_by_data(actions->vm, actions);
	}
	g_clear_object(&actions->vm);
	g_clear_object(&actions->client);
	G_OBJECT_CLASS(ui_vm_actions_parent_class)->dispose(object);
}

static void ui_vm_actions_class_init(UiVmActionsClass *class)
{
	G_OBJECT_CLASS(class)->dispose = ui_vm_actions_dispose;
}

static void ui_vm_actions_init(UiVmActions *actions)
{
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		g_autoptr(GSimpleAction) action =
		    g_str_equal(verbs[i].name, "pause")
			? g_simple_action_new_stateful(verbs[i].name, NULL,
						       g_variant_new_boolean(FALSE))
			: g_simple_action_new(verbs[i].name, NULL);

		g_signal_connect(action, "activate", G_CALLBACK(activated), actions);
		g_action_map_add_action(G_ACTION_MAP(actions), G_ACTION(action));
	}
	update(actions);
}

UiVmActions *ui_vm_actions_new(UiClient *client, GtkWindow *window)
{
	UiVmActions *actions = g_object_new(UI_TYPE_VM_ACTIONS, NULL);

	actions->client = g_object_ref(client);
	actions->window = window;
	return actions;
}
