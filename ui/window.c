/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "colour.h"
#include "forms.h"
#include "host-page.h"
#include "job.h"
#include "notice.h"
#include "vm-actions.h"
#include "vm-row.h"
#include "vm-view.h"

#define ROWS_AT_ONCE 16 /* filled before anything is known of the window's height */
#define VIEWS_KEPT   8	/* switching back to one of these needs no connection anew */

struct _UiWindow {
	GtkApplicationWindow parent;
	UiClient *client;
	UiVmActions *actions;
	GtkWidget *new_button;
	GtkToggleButton *search_button;
	GtkMenuButton *menu_button;
	GtkStack *jobs_icons;
	GtkSpinner *jobs_spinner;
	GtkLabel *jobs_count;
	GtkStack *jobs_stack;
	GtkListBox *jobs_list;
	UiNotice *notice;
	GtkWidget *sidebar;
	GtkSearchBar *search_bar;
	GtkEntry *search_entry;
	GtkScrolledWindow *scroller;
	GtkListBox *list;
	GtkListBoxRow *host_row;
	GtkWidget *broken_button;
	GtkLabel *broken_label;
	GtkLabel *broken_text;
	GtkStack *content;
	GtkLabel *offline_reason;
	char *search;	/* casefolded, or NULL */
	char *selected; /* object path; NULL: the machine */
	char *wanted;	/* name of a VM to show when it is known */
	GQueue views;	/* UiVmView, last shown first */
	guint fill_idle;
	UiState state; /* of the size alone */
	GtkPaned *paned;
	gboolean refilling; /* the list changes: a selection is not the person's */
};

G_DEFINE_TYPE(UiWindow, ui_window, GTK_TYPE_APPLICATION_WINDOW)

/* Rows that are in view */

static gboolean fill_one(gpointer data)
{
	UiWindow *window = data;
	GtkListBoxRow *row;

	for (int i = 0; (row = gtk_list_box_get_row_at_index(window->list, i)); i++) {
		if (UI_IS_VM_ROW(row) && ui_vm_row_fill(UI_VM_ROW(row))) {
			return G_SOURCE_CONTINUE;
		}
	}
	window->fill_idle = 0;
	return G_SOURCE_REMOVE;
}

static void fill_rest(UiWindow *window)
{
	if (!window->fill_idle) {
		window->fill_idle = g_idle_add_full(G_PRIORITY_LOW, fill_one, window, NULL);
	}
}

static void fill_visible(UiWindow *window)
{
	GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment(window->scroller);
	int top = gtk_adjustment_get_value(adjustment);
	int bottom = top + gtk_adjustment_get_page_size(adjustment);
	GtkListBoxRow *row = gtk_list_box_get_row_at_y(window->list, top);

	for (int i = row ? gtk_list_box_row_get_index(row) : 0;
	     (row = gtk_list_box_get_row_at_index(window->list, i)); i++) {
		GtkAllocation place;

		gtk_widget_get_allocation(GTK_WIDGET(row), &place);
		if (place.y > bottom) {
			break;
		}
		if (UI_IS_VM_ROW(row)) {
			ui_vm_row_fill(UI_VM_ROW(row));
		}
	}
}

static void scrolled(GtkAdjustment *adjustment, UiWindow *window)
{
	fill_visible(window);
}

static void list_allocated(GtkWidget *list, GdkRectangle *place, UiWindow *window)
{
	fill_rest(window);
}

/* What is shown beside the list */

static UiVmView *view_of(UiWindow *window, const char *path)
{
	for (GList *each = window->views.head; each; each = each->next) {
		if (g_strcmp0(ui_vm_path(ui_vm_view_get_vm(each->data)), path) == 0) {
			return each->data;
		}
	}
	return NULL;
}

static UiVmView *shown_view(UiWindow *window)
{
	GtkWidget *child = gtk_stack_get_visible_child(window->content);

	return UI_IS_VM_VIEW(child) ? UI_VM_VIEW(child) : NULL;
}

static void drop_view(UiWindow *window, UiVmView *view)
{
	g_queue_remove(&window->views, view);
	gtk_widget_destroy(GTK_WIDGET(view));
}

static void show_vm_view(UiWindow *window, MullionVm1 *vm)
{
	UiVmView *before = shown_view(window);
	g_autofree char *page = g_strdup(before ? ui_vm_view_get_page(before) : "overview");
	UiVmView *view = view_of(window, ui_vm_path(vm));

	if (view) {
		g_queue_remove(&window->views, view);
	} else {
		view = UI_VM_VIEW(ui_vm_view_new(window->client, vm));
		gtk_container_add(GTK_CONTAINER(window->content), GTK_WIDGET(view));
	}
	g_queue_push_head(&window->views, view);
	if (view != before) {
		ui_vm_view_set_page(view, page);
	}
	gtk_stack_set_visible_child(window->content, GTK_WIDGET(view));
	while (g_queue_get_length(&window->views) > VIEWS_KEPT) {
		drop_view(window, g_queue_peek_tail(&window->views));
	}
}

/* The machine's page, or what stands in for it. */
static void show_host(UiWindow *window)
{
	guint vms = g_list_model_get_n_items(ui_client_vms(window->client));

	if (!vms || !gtk_stack_get_child_by_name(window->content, "host")) {
		gtk_stack_set_visible_child_name(window->content, "empty");
	} else {
		gtk_stack_set_visible_child_name(window->content, "host");
	}
}

static void show_content(UiWindow *window)
{
	MullionVm1 *vm = ui_client_vm_at(window->client, window->selected);
	const char *reason = ui_client_reason(window->client);
	gboolean online = ui_client_is_online(window->client);

	gtk_widget_set_sensitive(window->sidebar, online);
	ui_vm_actions_set_vm(window->actions, online ? vm : NULL);
	if (!online) {
		gtk_label_set_text(window->offline_reason, reason ? reason : "");
		gtk_stack_set_visible_child_name(window->content,
						 reason ? "offline" : "connecting");
	} else if (vm) {
		show_vm_view(window, vm);
	} else {
		show_host(window);
	}
}

/* The list */

static GtkListBoxRow *row_of(UiWindow *window, const char *path)
{
	GtkListBoxRow *row;

	for (int i = 0; (row = gtk_list_box_get_row_at_index(window->list, i)); i++) {
		if (UI_IS_VM_ROW(row) &&
		    g_strcmp0(ui_vm_path(ui_vm_row_get_vm(UI_VM_ROW(row))), path) == 0) {
			return row;
		}
	}
	return NULL;
}

static void row_selected(GtkListBox *list, GtkListBoxRow *row, UiWindow *window)
{
	if (window->refilling || !row) {
		return;
	}
	g_free(window->selected);
	window->selected =
	    UI_IS_VM_ROW(row) ? g_strdup(ui_vm_path(ui_vm_row_get_vm(UI_VM_ROW(row)))) : NULL;
	show_content(window);
}

static void select_path(UiWindow *window, const char *path)
{
	GtkListBoxRow *row = path ? row_of(window, path) : NULL;

	gtk_list_box_select_row(window->list, row ? row : window->host_row);
}

static void forget_view(UiWindow *window, MullionVm1 *vm)
{
	UiVmView *view = view_of(window, ui_vm_path(vm));

	if (view && ui_vm_view_get_vm(view) == vm) {
		drop_view(window, view);
	}
}

static void show_wanted(UiWindow *window)
{
	GListModel *vms = ui_client_vms(window->client);

	for (guint i = 0; window->wanted && i < g_list_model_get_n_items(vms); i++) {
		g_autoptr(MullionVm1) vm = g_list_model_get_item(vms, i);

		if (g_strcmp0(mullion_vm1_get_name(vm), window->wanted) == 0) {
			g_clear_pointer(&window->wanted, g_free);
			ui_window_show_vm(window, vm);
		}
	}
}

static gboolean is_known(GListModel *vms, MullionVm1 *vm)
{
	for (guint i = 0; i < g_list_model_get_n_items(vms); i++) {
		g_autoptr(MullionVm1) one = g_list_model_get_item(vms, i);

		if (one == vm) {
			return TRUE;
		}
	}
	return FALSE;
}

static void vms_changed(GListModel *vms, guint position, guint removed, guint added,
			UiWindow *window)
{
	window->refilling = TRUE;
	for (guint i = 0; i < removed; i++) {
		/* The first row is the machine's. */
		GtkListBoxRow *row = gtk_list_box_get_row_at_index(window->list, position + 1);
		MullionVm1 *vm = ui_vm_row_get_vm(UI_VM_ROW(row));

		/* One that only moves within the list comes back at once, and keeps its view. */
		if (!is_known(vms, vm) && !ui_client_vm_at(window->client, ui_vm_path(vm))) {
			forget_view(window, vm);
		}
		gtk_widget_destroy(GTK_WIDGET(row));
	}
	for (guint i = 0; i < added; i++) {
		g_autoptr(MullionVm1) vm = g_list_model_get_item(vms, position + i);
		GtkWidget *row = ui_vm_row_new(window->client, vm);

		if (position + i < ROWS_AT_ONCE) {
			ui_vm_row_fill(UI_VM_ROW(row));
		}
		gtk_list_box_insert(window->list, row, position + 1 + i);
	}
	window->refilling = FALSE;
	if (ui_client_is_online(window->client)) {
		select_path(window, window->selected);
		show_content(window);
		show_wanted(window);
	}
}

static gboolean matches(GtkListBoxRow *row, gpointer data)
{
	UiWindow *window = data;
	MullionVm1 *vm;
	g_autofree char *text = NULL;
	g_autofree char *folded = NULL;

	if (!window->search || !UI_IS_VM_ROW(row)) {
		return TRUE;
	}
	vm = ui_vm_row_get_vm(UI_VM_ROW(row));
	text = g_strjoin("\n", mullion_vm1_get_name(vm), ui_vm_title(vm), ui_vm_state_text(vm),
			 ui_colour_text(mullion_vm1_get_colour(vm)), NULL);
	folded = g_utf8_casefold(text, -1);
	return strstr(folded, window->search) != NULL;
}

static void search_changed(GtkSearchEntry *entry, UiWindow *window)
{
	const char *text = gtk_entry_get_text(window->search_entry);

	g_free(window->search);
	window->search = *text ? g_utf8_casefold(text, -1) : NULL;
	gtk_list_box_invalidate_filter(window->list);
}

static void popup_menu(UiWindow *window, const GdkEvent *event)
{
	g_autoptr(GtkBuilder) builder = NULL;
	GtkWidget *menu;

	if (!window->selected) {
		return;
	}
	builder = gtk_builder_new_from_resource("/org/mullion/desktop/menus.ui");
	menu = gtk_menu_new_from_model(G_MENU_MODEL(gtk_builder_get_object(builder, "vm-menu")));
	gtk_menu_attach_to_widget(GTK_MENU(menu), GTK_WIDGET(window->list), NULL);
	g_signal_connect(menu, "selection-done", G_CALLBACK(gtk_widget_destroy), NULL);
	if (event) {
		gtk_menu_popup_at_pointer(GTK_MENU(menu), event);
	} else {
		gtk_menu_popup_at_widget(GTK_MENU(menu),
					 GTK_WIDGET(gtk_list_box_get_selected_row(window->list)),
					 GDK_GRAVITY_SOUTH, GDK_GRAVITY_NORTH, NULL);
	}
}

static gboolean list_pressed(GtkWidget *list, GdkEventButton *event, UiWindow *window)
{
	GtkListBoxRow *row;

	if (!gdk_event_triggers_context_menu((GdkEvent *)event)) {
		return GDK_EVENT_PROPAGATE;
	}
	row = gtk_list_box_get_row_at_y(window->list, event->y);
	if (row) {
		gtk_list_box_select_row(window->list, row);
		popup_menu(window, (GdkEvent *)event);
	}
	return GDK_EVENT_STOP;
}

static gboolean list_menu(GtkWidget *list, UiWindow *window)
{
	popup_menu(window, NULL);
	return TRUE;
}

/* Jobs, notices, definitions that cannot be used */

static GtkWidget *job_row(gpointer item, gpointer data)
{
	return ui_job_row_new(UI_WINDOW(data)->client, item);
}

static void count_jobs(UiWindow *window)
{
	guint running = ui_job_running(window->client);
	guint all = g_list_model_get_n_items(ui_client_jobs(window->client));
	g_autofree char *text = g_strdup_printf("%u", running);

	gtk_stack_set_visible_child_name(window->jobs_stack, all ? "jobs" : "none");
	gtk_stack_set_visible_child_name(window->jobs_icons, running ? "busy" : "idle");
	g_object_set(window->jobs_spinner, "active", running > 0, NULL);
	gtk_label_set_text(window->jobs_count, text);
	gtk_widget_set_visible(GTK_WIDGET(window->jobs_count), running > 0);
}

static void job_ended(MullionJob1 *job, GParamSpec *property, UiWindow *window)
{
	count_jobs(window);
}

static void jobs_changed(GListModel *jobs, guint position, guint removed, guint added,
			 UiWindow *window)
{
	for (guint i = 0; i < added; i++) {
		g_autoptr(MullionJob1) job = g_list_model_get_item(jobs, position + i);

		g_signal_connect_object(job, "notify::state", G_CALLBACK(job_ended), window, 0);
	}
	count_jobs(window);
}

static void noticed(UiClient *client, const char *what, const char *detail, MullionVm1 *vm,
		    const char *error, UiWindow *window)
{
	ui_notice_add(window->notice, what, detail, vm ? ui_vm_path(vm) : NULL, error);
}

/* What a person has had made is what they want to see: a throw-away VM's screen, a new VM's page.
 */
static void job_done(UiClient *client, MullionJob1 *job, UiWindow *window)
{
	const char *kind = mullion_job1_get_kind(job);
	GVariant *result = mullion_job1_get_result(job);
	MullionVm1 *vm = NULL;
	const char *path;

	if (result && g_variant_lookup(result, "vm", "&o", &path)) {
		vm = ui_client_vm_at(client, path);
	}
	if (vm && g_strcmp0(kind, "throw-away") == 0) {
		ui_window_show_screen(window, vm);
	} else if (vm) {
		ui_window_show_vm(window, vm);
	}
}

static void notice_show_vm(UiNotice *notice, const char *path, UiWindow *window)
{
	select_path(window, path);
}

static void show_broken(UiWindow *window)
{
	MullionManager1 *manager = ui_client_manager(window->client);
	GVariant *broken = manager ? mullion_manager1_get_broken(manager) : NULL;
	gsize count = broken ? g_variant_n_children(broken) : 0;
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *label = g_strdup_printf(
	    ngettext("%u definition cannot be used", "%u definitions cannot be used", (guint)count),
	    (guint)count);

	for (gsize i = 0; i < count; i++) {
		const char *file;
		const char *reason;

		g_variant_get_child(broken, i, "(&s&s)", &file, &reason);
		g_string_append_printf(text, "%s%s: %s", i ? "\n" : "", file, reason);
	}
	gtk_label_set_text(window->broken_label, label);
	gtk_label_set_text(window->broken_text, text->str);
	gtk_widget_set_visible(window->broken_button, count > 0);
}

static void broken_changed(MullionManager1 *manager, GParamSpec *property, UiWindow *window)
{
	show_broken(window);
}

static void set_enabled(UiWindow *window, const char *name, gboolean enabled)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), name);

	if (action) {
		g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
	}
}

static void online_changed(UiClient *client, GParamSpec *property, UiWindow *window)
{
	static const char *const need[] = {"new-vm", "import", "networks", "reload"};
	MullionManager1 *manager = ui_client_manager(client);
	gboolean online = ui_client_is_online(client);

	for (guint i = 0; i < G_N_ELEMENTS(need); i++) {
		set_enabled(window, need[i], online);
	}
	if (online) {
		g_signal_connect_object(manager, "notify::broken", G_CALLBACK(broken_changed),
					window, 0);
		select_path(window, window->selected);
		show_wanted(window);
	}
	show_broken(window);
	show_content(window);
}

static void reason_changed(UiClient *client, GParamSpec *property, UiWindow *window)
{
	show_content(window);
}

/* Actions of the window */

static void act_search(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	UiWindow *window = data;

	gtk_search_bar_set_search_mode(window->search_bar, TRUE);
	gtk_widget_grab_focus(GTK_WIDGET(window->search_entry));
}

static void act_retry(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_client_retry(UI_WINDOW(data)->client);
}

static void act_reload(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	UiWindow *window = data;

	ui_client_call(window->client, G_DBUS_PROXY(ui_client_manager(window->client)), "Reload",
		       NULL, _("The definitions could not be read again"));
}

static void act_new_vm(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_assistant_show(GTK_WINDOW(data), UI_WINDOW(data)->client);
}

static void act_import(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_import_show(GTK_WINDOW(data), UI_WINDOW(data)->client);
}

static void act_networks(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_networks_show(GTK_WINDOW(data), UI_WINDOW(data)->client);
}

static void act_machine(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	UiWindow *window = data;
	GtkListBoxRow *row;

	/* What had the keyboard may be on the page that goes: the arrows are to work in the list.
	 */
	select_path(window, NULL);
	row = gtk_list_box_get_selected_row(window->list);
	if (row) {
		gtk_widget_grab_focus(GTK_WIDGET(row));
	}
}

static void act_page(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	UiVmView *view = shown_view(data);

	if (view) {
		ui_vm_view_set_page(view, g_variant_get_string(parameter, NULL));
	}
}

static const GActionEntry entries[] = {
    {"search", act_search},   {"retry", act_retry},	  {"reload", act_reload},
    {"machine", act_machine}, {"page", act_page, "s"},	  {"new-vm", act_new_vm},
    {"import", act_import},   {"networks", act_networks},
};

void ui_window_show_vm(UiWindow *window, MullionVm1 *vm)
{
	select_path(window, ui_vm_path(vm));
}

void ui_window_show_path(UiWindow *window, const char *object_path)
{
	select_path(window, object_path);
}

const char *ui_window_get_shown(UiWindow *window)
{
	UiVmView *view = shown_view(window);

	return view ? ui_vm_path(ui_vm_view_get_vm(view)) : NULL;
}

void ui_window_show_name(UiWindow *window, const char *name)
{
	g_free(window->wanted);
	window->wanted = g_strdup(name);
	show_wanted(window);
}

void ui_window_show_screen(UiWindow *window, MullionVm1 *vm)
{
	UiVmView *view;

	ui_window_show_vm(window, vm);
	view = view_of(window, ui_vm_path(vm));
	if (view) {
		ui_vm_view_set_page(view, "screen");
	}
}

void ui_window_set_chrome(UiWindow *window, gboolean visible)
{
	gtk_widget_set_visible(window->sidebar, visible);
	for (GList *each = window->views.head; each; each = each->next) {
		ui_vm_view_set_chrome(each->data, visible);
	}
}

static gboolean ui_window_key_press(GtkWidget *widget, GdkEventKey *event)
{
	UiWindow *window = UI_WINDOW(widget);
	GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(window));

	if (GTK_WIDGET_CLASS(ui_window_parent_class)->key_press_event(widget, event)) {
		return GDK_EVENT_STOP;
	}
	/* Typing on the list searches it. */
	if (focus && gtk_widget_is_ancestor(focus, GTK_WIDGET(window->list))) {
		return gtk_search_bar_handle_event(window->search_bar, (GdkEvent *)event);
	}
	return GDK_EVENT_PROPAGATE;
}

/* Full screen says nothing of how the window is wanted. */
static gboolean has_own_size(UiWindow *window)
{
	GdkWindow *gdk = gtk_widget_get_window(GTK_WIDGET(window));

	return gdk && !(gdk_window_get_state(gdk) &
			(GDK_WINDOW_STATE_MAXIMIZED | GDK_WINDOW_STATE_FULLSCREEN));
}

static void ui_window_size_allocate(GtkWidget *widget, GtkAllocation *place)
{
	UiWindow *window = UI_WINDOW(widget);

	GTK_WIDGET_CLASS(ui_window_parent_class)->size_allocate(widget, place);
	if (has_own_size(window)) {
		gtk_window_get_size(GTK_WINDOW(window), &window->state.width,
				    &window->state.height);
	}
}

static void save_state(UiWindow *window)
{
	window->state.sidebar = gtk_paned_get_position(window->paned);
	window->state.maximized = gtk_window_is_maximized(GTK_WINDOW(window));
	window->state.vm = window->selected;
	ui_state_save(&window->state,
		      G_APPLICATION(gtk_window_get_application(GTK_WINDOW(window))));
}

/* Loads are shown as long as anything is. */
static void ui_window_map(GtkWidget *widget)
{
	GTK_WIDGET_CLASS(ui_window_parent_class)->map(widget);
	/* Keys may come while it is on its way in; GTK takes none for what is not realized. */
	gtk_widget_realize(GTK_WIDGET(UI_WINDOW(widget)->search_entry));
	ui_client_stats_hold(UI_WINDOW(widget)->client);
}

static void ui_window_unmap(GtkWidget *widget)
{
	ui_client_stats_release(UI_WINDOW(widget)->client);
	GTK_WIDGET_CLASS(ui_window_parent_class)->unmap(widget);
}

static void ui_window_destroy(GtkWidget *widget)
{
	UiWindow *window = UI_WINDOW(widget);

	if (window->client && gtk_window_get_application(GTK_WINDOW(window))) {
		save_state(window);
	}
	window->refilling = TRUE; /* rows that go select others */
	GTK_WIDGET_CLASS(ui_window_parent_class)->destroy(widget);
}

static void ui_window_dispose(GObject *object)
{
	UiWindow *window = UI_WINDOW(object);

	g_clear_handle_id(&window->fill_idle, g_source_remove);
	if (window->client) {
		g_signal_handlers_disconnect_by_data(window->client, window);
		g_signal_handlers_disconnect_by_data(ui_client_vms(window->client), window);
		g_signal_handlers_disconnect_by_data(ui_client_jobs(window->client), window);
	}
	g_queue_clear(&window->views);
	G_OBJECT_CLASS(ui_window_parent_class)->dispose(object);
	g_clear_object(&window->actions);
	g_clear_object(&window->client);
}

static void ui_window_finalize(GObject *object)
{
	UiWindow *window = UI_WINDOW(object);

	g_free(window->search);
	g_free(window->selected);
	g_free(window->wanted);
	G_OBJECT_CLASS(ui_window_parent_class)->finalize(object);
}

static void ui_window_class_init(UiWindowClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_window_dispose;
	G_OBJECT_CLASS(class)->finalize = ui_window_finalize;
	widget_class->destroy = ui_window_destroy;
	widget_class->key_press_event = ui_window_key_press;
	widget_class->map = ui_window_map;
	widget_class->unmap = ui_window_unmap;
	widget_class->size_allocate = ui_window_size_allocate;
	gtk_widget_class_set_template_from_resource(widget_class, "/org/mullion/desktop/window.ui");
	gtk_widget_class_bind_template_child(widget_class, UiWindow, new_button);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, search_button);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, menu_button);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, jobs_icons);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, jobs_spinner);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, jobs_count);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, jobs_stack);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, jobs_list);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, notice);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, sidebar);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, search_bar);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, search_entry);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, scroller);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, list);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, host_row);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, paned);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, broken_button);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, broken_label);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, broken_text);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, content);
	gtk_widget_class_bind_template_child(widget_class, UiWindow, offline_reason);
	gtk_widget_class_bind_template_callback(widget_class, search_changed);
	gtk_widget_class_bind_template_callback(widget_class, row_selected);
	gtk_widget_class_bind_template_callback(widget_class, list_pressed);
	gtk_widget_class_bind_template_callback(widget_class, list_menu);
	gtk_widget_class_bind_template_callback(widget_class, list_allocated);
}

static void add_shortcuts(UiWindow *window)
{
	g_autoptr(GtkBuilder) builder =
	    gtk_builder_new_from_resource("/org/mullion/desktop/shortcuts.ui");
	GObject *shortcuts = gtk_builder_get_object(builder, "shortcuts");

	gtk_application_window_set_help_overlay(GTK_APPLICATION_WINDOW(window),
						GTK_SHORTCUTS_WINDOW(shortcuts));
}

static void ui_window_init(UiWindow *window)
{
	g_autoptr(GtkBuilder) builder = NULL;

	g_type_ensure(UI_TYPE_NOTICE);
	g_queue_init(&window->views);
	gtk_widget_init_template(GTK_WIDGET(window));
	builder = gtk_builder_new_from_resource("/org/mullion/desktop/menus.ui");
	gtk_menu_button_set_menu_model(window->menu_button,
				       G_MENU_MODEL(gtk_builder_get_object(builder, "app-menu")));
	add_shortcuts(window);
	gtk_search_bar_connect_entry(window->search_bar, window->search_entry);
	g_object_bind_property(window->search_button, "active", window->search_bar,
			       "search-mode-enabled",
			       G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
	gtk_list_box_set_filter_func(window->list, matches, window, NULL);
	g_signal_connect(gtk_scrolled_window_get_vadjustment(window->scroller), "value-changed",
			 G_CALLBACK(scrolled), window);
	g_signal_connect(window->notice, "show-vm", G_CALLBACK(notice_show_vm), window);
	g_action_map_add_action_entries(G_ACTION_MAP(window), entries, G_N_ELEMENTS(entries),
					window);
}

static void restore(UiWindow *window, const UiState *state)
{
	window->selected = g_strdup(state->vm);
	if (state->width && state->height) {
		gtk_window_set_default_size(GTK_WINDOW(window), state->width, state->height);
	}
	if (state->sidebar) {
		gtk_paned_set_position(window->paned, state->sidebar);
	}
	if (state->maximized) {
		gtk_window_maximize(GTK_WINDOW(window));
	}
}

UiWindow *ui_window_new(GtkApplication *application, UiClient *client, const UiState *state)
{
	UiWindow *window = g_object_new(UI_TYPE_WINDOW, "application", application, NULL);
	GListModel *vms = ui_client_vms(client);

	window->client = g_object_ref(client);
	restore(window, state);
	window->actions = ui_vm_actions_new(client, GTK_WINDOW(window));
	gtk_widget_insert_action_group(GTK_WIDGET(window), "vm", G_ACTION_GROUP(window->actions));
	gtk_stack_add_named(window->content, ui_host_page_new(client), "host");
	gtk_list_box_bind_model(window->jobs_list, ui_client_jobs(client), job_row, window, NULL);
	g_signal_connect(vms, "items-changed", G_CALLBACK(vms_changed), window);
	g_signal_connect(ui_client_jobs(client), "items-changed", G_CALLBACK(jobs_changed), window);
	g_signal_connect(client, "notice", G_CALLBACK(noticed), window);
	g_signal_connect(client, "job-done", G_CALLBACK(job_done), window);
	g_signal_connect(client, "notify::online", G_CALLBACK(online_changed), window);
	g_signal_connect(client, "notify::reason", G_CALLBACK(reason_changed), window);
	vms_changed(vms, 0, 0, g_list_model_get_n_items(vms), window);
	jobs_changed(ui_client_jobs(client), 0, 0, g_list_model_get_n_items(ui_client_jobs(client)),
		     window);
	online_changed(client, NULL, window);
	return window;
}
