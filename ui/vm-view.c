/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm-view.h"

#include <glib/gi18n.h>

#include "colour.h"
#include "screen.h"
#include "vm-actions.h"
#include "vm-page.h"

struct _UiVmView {
	GtkBox parent;
	UiClient *client;
	MullionVm1 *vm;
	GtkWidget *tools;
	GtkWidget *chip;
	GtkLabel *title;
	GtkLabel *state;
	GtkWidget *start;
	GtkWidget *throw_away;
	GtkWidget *shut_down;
	GtkWidget *pause;
	GtkImage *pause_icon;
	GtkWidget *save;
	GtkMenuButton *more;
	GtkWidget *switcher;
	GtkInfoBar *restart_bar;
	GtkInfoBar *warning_bar;
	GtkLabel *warnings;
	GtkStack *pages;
	GtkWidget *overview;
	GtkWidget *screen;
};

G_DEFINE_TYPE(UiVmView, ui_vm_view, GTK_TYPE_BOX)

static const char *end_text(MullionVm1 *vm)
{
	static const struct {
		const char *reason;
		const char *text;
	} reasons[] = {
	    {"crash", N_("the guest crashed")},
	    {"forced", N_("forced off")},
	    {"failed", N_("it could not be started or ended")},
	};
	const char *reason = mullion_vm1_get_end_reason(vm);

	for (guint i = 0; i < G_N_ELEMENTS(reasons); i++) {
		if (g_strcmp0(reason, reasons[i].reason) == 0) {
			return _(reasons[i].text);
		}
	}
	return NULL;
}

static char *state_line(MullionVm1 *vm)
{
	const char *state = ui_vm_state_text(vm);
	const char *end = ui_vm_is_alive(vm) || mullion_vm1_get_template(vm) ? NULL : end_text(vm);

	if (mullion_vm1_get_throw_away(vm)) {
		/* Translators: state of a VM */
		return g_strdup_printf(_("%s – throw-away VM, gone when it ends"), state);
	}
	/* Translators: state of a VM, and how its last run ended */
	return end ? g_strdup_printf(_("%s – %s"), state, end) : g_strdup(state);
}

static void show_warnings(UiVmView *view)
{
	GVariant *warnings = mullion_vm1_get_warnings(view->vm);
	g_autoptr(GString) text = g_string_new(NULL);
	GVariantIter iter;
	const char *message;
	guint32 line;

	if (warnings) {
		g_variant_iter_init(&iter, warnings);
		while (g_variant_iter_next(&iter, "(u&s)", &line, &message)) {
			/* Translators: line of the VM's file, and what is odd there */
			g_string_append_printf(text, _("Line %u: %s"), line, message);
			g_string_append_c(text, '\n');
		}
	}
	if (text->len) {
		g_string_truncate(text, text->len - 1);
	}
	gtk_label_set_text(view->warnings, text->str);
	gtk_widget_set_visible(GTK_WIDGET(view->warning_bar), text->len > 0);
}

static void show(UiVmView *view)
{
	const char *state = mullion_vm1_get_state(view->vm);
	gboolean template = mullion_vm1_get_template(view->vm);
	gboolean alive = ui_vm_is_alive(view->vm);
	gboolean paused = g_strcmp0(state, "paused") == 0;
	g_autofree char *line = state_line(view->vm);
	g_autofree char *pause_text = NULL;

	ui_colour_apply(view->chip, mullion_vm1_get_colour(view->vm));
	gtk_label_set_text(view->title, ui_vm_title(view->vm));
	gtk_label_set_text(view->state, line);
	gtk_widget_set_visible(view->start, !alive && !template);
	gtk_widget_set_visible(view->throw_away, !alive && !mullion_vm1_get_throw_away(view->vm));
	gtk_widget_set_visible(view->shut_down, alive);
	gtk_widget_set_visible(view->pause, alive);
	gtk_widget_set_visible(view->save, alive && !mullion_vm1_get_throw_away(view->vm));
	gtk_image_set_from_icon_name(view->pause_icon,
				     paused ? "media-playback-start-symbolic"
					    : "media-playback-pause-symbolic",
				     GTK_ICON_SIZE_BUTTON);
	pause_text = ui_plain_label(paused ? _("_Continue") : ui_vm_actions_label("pause"));
	gtk_widget_set_tooltip_text(view->pause, pause_text);
	atk_object_set_name(gtk_widget_get_accessible(view->pause), pause_text);
	gtk_widget_set_visible(GTK_WIDGET(view->restart_bar),
			       alive && mullion_vm1_get_restart_needed(view->vm));
	show_warnings(view);
}

static void vm_changed(MullionVm1 *vm, GParamSpec *property, UiVmView *view)
{
	show(view);
}

MullionVm1 *ui_vm_view_get_vm(UiVmView *view)
{
	return view->vm;
}

void ui_vm_view_set_page(UiVmView *view, const char *page)
{
	if (gtk_stack_get_child_by_name(view->pages, page)) {
		gtk_stack_set_visible_child_name(view->pages, page);
	}
}

const char *ui_vm_view_get_page(UiVmView *view)
{
	const char *page = gtk_stack_get_visible_child_name(view->pages);

	return page ? page : "overview";
}

void ui_vm_view_set_chrome(UiVmView *view, gboolean visible)
{
	gtk_widget_set_visible(view->tools, visible);
	gtk_widget_set_visible(view->switcher, visible);
	if (visible) {
		show(view);
	} else {
		gtk_widget_hide(GTK_WIDGET(view->restart_bar));
		gtk_widget_hide(GTK_WIDGET(view->warning_bar));
	}
}

static void ui_vm_view_dispose(GObject *object)
{
	UiVmView *view = UI_VM_VIEW(object);

	if (view->vm) {
		g_signal_handlers_disconnect_by_data(view->vm, view);
	}
	g_clear_object(&view->vm);
	g_clear_object(&view->client);
	G_OBJECT_CLASS(ui_vm_view_parent_class)->dispose(object);
}

static void ui_vm_view_class_init(UiVmViewClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_vm_view_dispose;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/vm-view.ui");
	gtk_widget_class_bind_template_child(widget_class, UiVmView, tools);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, chip);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, title);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, state);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, start);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, throw_away);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, shut_down);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, pause);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, pause_icon);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, save);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, more);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, switcher);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, restart_bar);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, warning_bar);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, warnings);
	gtk_widget_class_bind_template_child(widget_class, UiVmView, pages);
}

static void ui_vm_view_init(UiVmView *view)
{
	g_autoptr(GtkBuilder) builder =
	    gtk_builder_new_from_resource("/org/mullion/desktop/menus.ui");

	gtk_widget_init_template(GTK_WIDGET(view));
	gtk_menu_button_set_menu_model(view->more,
				       G_MENU_MODEL(gtk_builder_get_object(builder, "vm-menu")));
}

GtkWidget *ui_vm_view_new(UiClient *client, MullionVm1 *vm)
{
	static const char *const followed[] = {
	    "notify::name",	  "notify::title",	    "notify::colour",
	    "notify::state",	  "notify::template",	    "notify::throw-away",
	    "notify::end-reason", "notify::restart-needed", "notify::warnings"};
	UiVmView *view = g_object_new(UI_TYPE_VM_VIEW, "visible", TRUE, NULL);

	view->client = g_object_ref(client);
	view->vm = g_object_ref(vm);
	for (guint i = 0; i < G_N_ELEMENTS(followed); i++) {
		g_signal_connect_object(vm, followed[i], G_CALLBACK(vm_changed), view, 0);
	}
	view->overview = ui_vm_page_new(client, vm);
	view->screen = ui_screen_new(client, vm);
	gtk_stack_add_titled(view->pages, view->overview, "overview", _("Overview"));
	gtk_stack_add_titled(view->pages, view->screen, "screen", _("Screen"));
	show(view);
	return GTK_WIDGET(view);
}
