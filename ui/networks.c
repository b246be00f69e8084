/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's networks: a list, and beside it the one that is chosen or about to be made. */
#include "forms.h"

#include "form-call.h"
#include "form-settings.h"
#include "form-values.h"
#include "form-widgets.h"
#include "progress.h"

#include <glib/gi18n.h>

#define UI_TYPE_NETWORKS (ui_networks_get_type())
G_DECLARE_FINAL_TYPE(UiNetworks, ui_networks, UI, NETWORKS, GtkWindow)

struct _UiNetworks {
	GtkWindow parent_instance;
	GtkWidget *add_button, *list, *stack;
	GtkWidget *title_label, *state_label, *start_button, *stop_button;
	GtkWidget *name_label, *name_entry, *mode_combo, *mode_note, *bridge_label, *bridge_entry;
	GtkWidget *address_label, *address_entry, *autostart_check;
	GtkWidget *problem_label, *delete_button, *save_button;
	GtkWidget *leases_box, *leases, *leases_note;
	UiProgress *progress;
	UiClient *client;
	GCancellable *cancellable;	  /* for all calls */
	GCancellable *leases_cancellable; /* for the leases of the network shown */
	MullionNetwork1 *network;	  /* NULL: a new one is being made, or none is shown */
	bool is_new;
	bool filling;
	char *wanted; /* name of the network to select when it appears */
};

G_DEFINE_FINAL_TYPE(UiNetworks, ui_networks, GTK_TYPE_WINDOW)

static const char *mode_id(UiNetworks *self)
{
	const char *id = gtk_combo_box_get_active_id(GTK_COMBO_BOX(self->mode_combo));

	return id ? id : "nat";
}

static const char *entry_text(GtkWidget *entry)
{
	return gtk_entry_get_text(GTK_ENTRY(entry));
}

static bool is_active(UiNetworks *self)
{
	return self->network && mullion_network1_get_active(self->network);
}

static char *problem_of(UiNetworks *self)
{
	g_auto(GStrv) taken = form_network_names(self->client);
	bool is_bridge = g_str_equal(mode_id(self), "bridge");

	if (self->is_new) {
		char *problem =
		    form_name_problem(entry_text(self->name_entry), (const char *const *)taken);

		if (problem) {
			return problem;
		}
	}
	if (is_bridge && !*entry_text(self->bridge_entry)) {
		return g_strdup(_("Write which bridge of this machine it is."));
	}
	if (!is_bridge && !form_address_is_valid(entry_text(self->address_entry))) {
		return g_strdup(_("The address is not one like 10.7.0.1/24."));
	}
	return NULL;
}

static bool is_edited(UiNetworks *self)
{
	MullionNetwork1 *network = self->network;
	const char *mode = mode_id(self);

	if (!network) {
		return self->is_new;
	}
	return g_strcmp0(mode, mullion_network1_get_mode(network)) != 0 ||
	       (g_str_equal(mode, "bridge")
		    ? g_strcmp0(entry_text(self->bridge_entry),
				mullion_network1_get_bridge(network)) != 0
		    : g_strcmp0(entry_text(self->address_entry),
				mullion_network1_get_address(network)) != 0) ||
	       gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->autostart_check)) !=
		   mullion_network1_get_autostart(network);
}

static const char *mode_note(const char *mode)
{
	if (g_str_equal(mode, "isolated")) {
		return _("VMs on it reach each other and get addresses, but nothing else.");
	}
	return g_str_equal(mode, "bridge")
		   ? _("VMs are on the same network as this machine, through a bridge that must "
		       "be there.")
		   : _("VMs get addresses and reach the world through this machine; nothing "
		       "outside reaches them.");
}

static void update(UiNetworks *self)
{
	bool shown = self->is_new || self->network;
	bool busy = ui_progress_is_busy(self->progress), active = is_active(self);
	bool is_bridge = g_str_equal(mode_id(self), "bridge");
	GtkWidget *const fields[] = {self->mode_combo, self->bridge_entry, self->address_entry,
				     self->autostart_check};
	g_autofree char *problem = NULL;

	gtk_stack_set_visible_child_name(GTK_STACK(self->stack), shown ? "network" : "empty");
	if (!shown) {
		return;
	}
	problem = problem_of(self);
	gtk_label_set_text(GTK_LABEL(self->mode_note), mode_note(mode_id(self)));
	gtk_widget_set_visible(self->name_label, self->is_new);
	gtk_widget_set_visible(self->name_entry, self->is_new);
	gtk_widget_set_visible(self->bridge_label, is_bridge);
	gtk_widget_set_visible(self->bridge_entry, is_bridge);
	gtk_widget_set_visible(self->address_label, !is_bridge);
	gtk_widget_set_visible(self->address_entry, !is_bridge);
	gtk_widget_set_visible(self->start_button, self->network && !active);
	gtk_widget_set_visible(self->stop_button, self->network && active);
	gtk_widget_set_visible(self->delete_button, self->network != NULL);
	gtk_widget_set_visible(self->leases_box, self->network && !is_bridge);
	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
		gtk_widget_set_sensitive(fields[i], !busy && !active);
	}
	gtk_widget_set_sensitive(self->name_entry, !busy);
	gtk_widget_set_sensitive(self->start_button, !busy && !is_edited(self));
	gtk_widget_set_sensitive(self->stop_button, !busy);
	gtk_widget_set_sensitive(self->delete_button, !busy && !active);
	gtk_widget_set_sensitive(self->list, !busy);
	gtk_button_set_label(GTK_BUTTON(self->save_button),
			     self->is_new ? _("Cr_eate") : _("Sa_ve"));
	gtk_widget_set_sensitive(self->save_button,
				 !busy && !active && !problem && is_edited(self));
	form_label_tell(GTK_LABEL(self->problem_label),
			active ? _("Stop the network to change or delete it.") : problem);
}

static void on_edited(UiNetworks *self)
{
	if (!self->filling) {
		update(self);
	}
}

/* --- Leases --- */

static void add_lease(UiNetworks *self, int row, const char *const *texts)
{
	for (int i = 0; i < 3; i++) {
		GtkWidget *label = gtk_label_new(texts[i]);

		gtk_label_set_xalign(GTK_LABEL(label), 0);
		gtk_label_set_selectable(GTK_LABEL(label), row > 0);
		if (row == 0) {
			gtk_style_context_add_class(gtk_widget_get_style_context(label),
						    "dim-label");
		}
		gtk_grid_attach(GTK_GRID(self->leases), label, i, row, 1, 1);
	}
}

static void leases_told(GVariant *answer, const GError *error, gpointer data)
{
	UiNetworks *self = data;
	g_autoptr(GList) children = gtk_container_get_children(GTK_CONTAINER(self->leases));
	g_autoptr(GVariant) leases = NULL;
	g_autofree char *text = error ? form_error_explain(error) : NULL;
	const char *const titles[] = {_("Host"), _("Address"), _("Card")};
	const char *mac, *address, *host;
	GVariantIter iter;
	int row = 0;

	for (const GList *item = children; item; item = item->next) {
		gtk_widget_destroy(GTK_WIDGET(item->data));
	}
	if (answer) {
		leases = g_variant_get_child_value(answer, 0);
		g_variant_iter_init(&iter, leases);
		while (g_variant_iter_next(&iter, "(&s&s&s)", &mac, &address, &host)) {
			const char *const texts[] = {*host ? host : "–", address, mac};

			if (row == 0) {
				add_lease(self, row++, titles);
			}
			add_lease(self, row++, texts);
		}
	}
	gtk_widget_show_all(self->leases);
	gtk_label_set_text(GTK_LABEL(self->leases_note), text	    ? text
							 : row == 0 ? _("No VM has asked for one.")
								    : "");
	gtk_widget_set_visible(self->leases_note, row == 0);
}

static void ask_leases(UiNetworks *self)
{
	g_cancellable_cancel(self->leases_cancellable);
	g_clear_object(&self->leases_cancellable);
	self->leases_cancellable = g_cancellable_new();
	form_call_quietly(self->network, "GetLeases", NULL, self->leases_cancellable, leases_told,
			  self);
}

/* --- The network that is shown --- */

static void fill(UiNetworks *self)
{
	MullionNetwork1 *network = self->network;
	const char *mode = network ? mullion_network1_get_mode(network) : "nat";

	self->filling = true;
	gtk_label_set_text(GTK_LABEL(self->title_label),
			   network ? mullion_network1_get_name(network) : _("New network"));
	gtk_label_set_text(GTK_LABEL(self->state_label),
			   !network	     ? ""
			   : is_active(self) ? _("Up")
					     : _("Down: it comes up with its first VM"));
	gtk_combo_box_set_active_id(GTK_COMBO_BOX(self->mode_combo), mode ? mode : "nat");
	gtk_entry_set_text(GTK_ENTRY(self->bridge_entry), network && g_strcmp0(mode, "bridge") == 0
							      ? mullion_network1_get_bridge(network)
							      : "");
	gtk_entry_set_text(GTK_ENTRY(self->address_entry),
			   network ? mullion_network1_get_address(network) : "");
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->autostart_check),
				     network && mullion_network1_get_autostart(network));
	self->filling = false;
	update(self);
}

static void network_changed(UiNetworks *self)
{
	/* What a person types stays, unless the manager has just taken it. */
	if (!is_edited(self) || is_active(self)) {
		fill(self);
	} else {
		update(self);
	}
	ask_leases(self);
}

static void show_network(UiNetworks *self, MullionNetwork1 *network, bool is_new)
{
	if (self->network) {
		g_signal_handlers_disconnect_by_data(self->network, self);
	}
	g_set_object(&self->network, network);
	self->is_new = is_new;
	if (!ui_progress_is_busy(self->progress)) {
		ui_progress_tell(self->progress, NULL);
	}
	if (network) {
		g_signal_connect_object(network, "g-properties-changed",
					G_CALLBACK(network_changed), self, G_CONNECT_SWAPPED);
		ask_leases(self);
	}
	fill(self);
}

static void on_selected(UiNetworks *self, GtkListBoxRow *row)
{
	MullionNetwork1 *network = row ? g_object_get_data(G_OBJECT(row), "network") : NULL;

	if (network || !self->is_new) {
		show_network(self, network, false);
	}
}

static void on_add(UiNetworks *self)
{
	gtk_list_box_unselect_all(GTK_LIST_BOX(self->list));
	gtk_entry_set_text(GTK_ENTRY(self->name_entry), "");
	show_network(self, NULL, true);
	gtk_widget_grab_focus(self->name_entry);
}

/* --- What is asked of the manager --- */

static GVariant *settings_of(UiNetworks *self)
{
	GVariantBuilder builder;
	bool is_bridge = g_str_equal(mode_id(self), "bridge");

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&builder, "{sv}", "mode", g_variant_new_string(mode_id(self)));
	if (is_bridge) {
		g_variant_builder_add(&builder, "{sv}", "bridge",
				      g_variant_new_string(entry_text(self->bridge_entry)));
	} else if (*entry_text(self->address_entry)) {
		g_variant_builder_add(&builder, "{sv}", "address",
				      g_variant_new_string(entry_text(self->address_entry)));
	}
	g_variant_builder_add(&builder, "{sv}", "autostart",
			      g_variant_new_boolean(gtk_toggle_button_get_active(
				  GTK_TOGGLE_BUTTON(self->autostart_check))));
	return g_variant_builder_end(&builder);
}

static void call(UiNetworks *self, gpointer proxy, const char *method, GVariant *args,
		 const char *what)
{
	ui_progress_call(self->progress, self->client, proxy, method, args, what);
	update(self);
}

static void on_save(UiNetworks *self)
{
	MullionManager1 *manager = ui_client_manager(self->client);
	GVariant *settings = settings_of(self);

	if (self->network) {
		call(self, self->network, "SetSettings", g_variant_new("(@a{sv})", settings),
		     _("Saving…"));
	} else if (manager) {
		g_free(self->wanted);
		self->wanted = g_strdup(entry_text(self->name_entry));
		call(self, manager, "CreateNetwork",
		     g_variant_new("(s@a{sv})", self->wanted, settings), _("Making the network…"));
	} else {
		g_variant_unref(g_variant_ref_sink(settings));
	}
}

static void on_start(UiNetworks *self)
{
	call(self, self->network, "Start", NULL, _("Starting…"));
}

static void on_stop(UiNetworks *self)
{
	call(self, self->network, "Stop", NULL, _("Stopping…"));
}

static void delete_now(gpointer data)
{
	UiNetworks *self = data;

	if (self->network && !ui_progress_is_busy(self->progress)) {
		call(self, self->network, "Delete", NULL, _("Deleting…"));
	}
}

static void on_delete(UiNetworks *self)
{
	g_autofree char *question = g_strdup_printf(_("Delete the network “%s”?"),
						    mullion_network1_get_name(self->network));

	form_ask(GTK_WINDOW(self), question, _("VMs that name it have to be changed first."),
		 _("_Delete Network"), delete_now, self, NULL);
}

static void close_now(gpointer data)
{
	gtk_widget_destroy(GTK_WIDGET(data));
}

static gboolean on_close(UiNetworks *self)
{
	bool empty = self->is_new && !*entry_text(self->name_entry) &&
		     !*entry_text(self->address_entry) && !*entry_text(self->bridge_entry);

	if (!is_edited(self) || empty) {
		return GDK_EVENT_PROPAGATE;
	}
	form_ask(GTK_WINDOW(self), _("Close without saving the network?"),
		 _("What was entered here is lost then."), _("_Discard"), close_now, self, NULL);
	return GDK_EVENT_STOP;
}

static void select_wanted(UiNetworks *self)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(self->list));

	for (const GList *item = rows; self->wanted && item; item = item->next) {
		MullionNetwork1 *network = g_object_get_data(G_OBJECT(item->data), "network");

		if (g_strcmp0(mullion_network1_get_name(network), self->wanted) == 0) {
			g_clear_pointer(&self->wanted, g_free);
			self->is_new = false;
			gtk_list_box_select_row(GTK_LIST_BOX(self->list),
						GTK_LIST_BOX_ROW(item->data));
		}
	}
}

static void on_ended(UiNetworks *self, gboolean good)
{
	if (!good) {
		g_clear_pointer(&self->wanted, g_free);
		update(self);
		return;
	}
	select_wanted(self);
	if (self->network) {
		network_changed(self);
	} else {
		update(self);
	}
}

/* --- The list --- */

static void row_update(MullionNetwork1 *network, GParamSpec *spec, GtkWidget *row)
{
	GtkWidget *note = g_object_get_data(G_OBJECT(row), "note");
	const char *mode = mullion_network1_get_mode(network);
	const char *kind = g_strcmp0(mode, "isolated") == 0 ? _("isolated")
			   : g_strcmp0(mode, "bridge") == 0 ? _("bridge")
							    : _("shared connection");
	g_autofree char *text = g_strdup_printf(
	    "%s, %s", kind, mullion_network1_get_active(network) ? _("up") : _("down"));
	g_autofree char *name = g_strdup_printf("%s, %s", mullion_network1_get_name(network), text);

	gtk_label_set_text(GTK_LABEL(note), text);
	form_set_accessible(row, name);
}

static GtkWidget *row_new(gpointer item, gpointer data)
{
	MullionNetwork1 *network = item;
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
	GtkWidget *label = gtk_label_new(mullion_network1_get_name(network));
	GtkWidget *note = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_xalign(GTK_LABEL(note), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_style_context_add_class(gtk_widget_get_style_context(note), "dim-label");
	g_object_set(box, "margin", 9, NULL);
	gtk_container_add(GTK_CONTAINER(box), label);
	gtk_container_add(GTK_CONTAINER(box), note);
	gtk_container_add(GTK_CONTAINER(row), box);
	g_object_set_data_full(G_OBJECT(row), "network", g_object_ref(network), g_object_unref);
	g_object_set_data(G_OBJECT(row), "note", note);
	g_signal_connect_object(network, "notify", G_CALLBACK(row_update), row, 0);
	row_update(network, NULL, row);
	gtk_widget_show_all(row);
	return row;
}

/* The list box has made the rows by now: it was connected first. */
static void networks_changed(UiNetworks *self)
{
	GListModel *networks = ui_client_networks(self->client);
	bool there = false;

	for (guint i = 0; self->network && i < g_list_model_get_n_items(networks); i++) {
		g_autoptr(MullionNetwork1) network = g_list_model_get_item(networks, i);

		there = there || network == self->network;
	}
	if (self->network && !there) {
		show_network(self, NULL, false);
	}
	select_wanted(self);
}

static void dispose(GObject *object)
{
	UiNetworks *self = UI_NETWORKS(object);

	g_cancellable_cancel(self->cancellable);
	g_cancellable_cancel(self->leases_cancellable);
	g_clear_object(&self->leases_cancellable);
	if (self->network) {
		g_signal_handlers_disconnect_by_data(self->network, self);
	}
	g_clear_object(&self->network);
	g_clear_object(&self->client);
	g_clear_pointer(&self->wanted, g_free);
	G_OBJECT_CLASS(ui_networks_parent_class)->dispose(object);
}

static void finalize(GObject *object)
{
	g_object_unref(UI_NETWORKS(object)->cancellable);
	G_OBJECT_CLASS(ui_networks_parent_class)->finalize(object);
}

static void ui_networks_class_init(UiNetworksClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	G_OBJECT_CLASS(class)->finalize = finalize;
	g_type_ensure(UI_TYPE_PROGRESS);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/networks.ui");
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, add_button);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, list);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, stack);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, title_label);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, state_label);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, start_button);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, stop_button);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, name_label);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, name_entry);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, mode_combo);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, mode_note);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, bridge_label);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, bridge_entry);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, address_label);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, address_entry);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, autostart_check);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, problem_label);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, delete_button);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, save_button);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, leases_box);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, leases);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, leases_note);
	gtk_widget_class_bind_template_child(widget_class, UiNetworks, progress);
	gtk_widget_class_bind_template_callback(widget_class, on_edited);
	gtk_widget_class_bind_template_callback(widget_class, on_selected);
	gtk_widget_class_bind_template_callback(widget_class, on_add);
	gtk_widget_class_bind_template_callback(widget_class, on_save);
	gtk_widget_class_bind_template_callback(widget_class, on_start);
	gtk_widget_class_bind_template_callback(widget_class, on_stop);
	gtk_widget_class_bind_template_callback(widget_class, on_delete);
	gtk_widget_class_bind_template_callback(widget_class, on_close);
	gtk_widget_class_bind_template_callback(widget_class, on_ended);
}

static void ui_networks_init(UiNetworks *self)
{
	self->cancellable = g_cancellable_new();
	gtk_widget_init_template(GTK_WIDGET(self));
	form_window_closes(GTK_WINDOW(self));
}

void ui_networks_show(GtkWindow *parent, UiClient *client)
{
	UiNetworks *self = g_object_new(UI_TYPE_NETWORKS, "transient-for", parent, NULL);

	self->client = g_object_ref(client);
	gtk_list_box_bind_model(GTK_LIST_BOX(self->list), ui_client_networks(client), row_new, NULL,
				NULL);
	g_signal_connect_object(ui_client_networks(client), "items-changed",
				G_CALLBACK(networks_changed), self, G_CONNECT_SWAPPED);
	gtk_list_box_select_row(GTK_LIST_BOX(self->list),
				gtk_list_box_get_row_at_index(GTK_LIST_BOX(self->list), 0));
	update(self);
	gtk_window_present(GTK_WINDOW(self));
}
