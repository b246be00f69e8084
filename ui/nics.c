/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nics.h"

#include "form-settings.h"
#include "form-values.h"
#include "form-widgets.h"

#include <glib/gi18n.h>

#define NICS_MAX 8

struct _UiNics {
	GtkBox parent_instance;
	GtkWidget *rows, *empty_label, *add_button;
	UiClient *client;
};

/* One card's widgets; belongs to the row that shows it. */
typedef struct {
	UiNics *nics;
	GVariant *settings; /* as they came */
	GtkWidget *row, *network, *mac, *model;
} Card;

G_DEFINE_FINAL_TYPE(UiNics, ui_nics, GTK_TYPE_BOX)

static guint changed_signal;

static guint count_of(UiNics *self)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(self->rows));

	return g_list_length(rows);
}

static void update(UiNics *self)
{
	guint count = count_of(self);

	gtk_widget_set_visible(self->empty_label, count == 0);
	gtk_widget_set_sensitive(self->add_button, count < NICS_MAX);
}

static void edited(Card *card)
{
	const char *mac = gtk_entry_get_text(GTK_ENTRY(card->mac));

	form_entry_tell(GTK_ENTRY(card->mac),
			form_mac_is_valid(mac) ? NULL : _("This is no MAC address of a card."));
	g_signal_emit(card->nics, changed_signal, 0);
}

static void remove_card(Card *card)
{
	UiNics *self = card->nics;

	gtk_widget_destroy(card->row); /* frees the card */
	update(self);
	gtk_widget_grab_focus(self->add_button);
	g_signal_emit(self, changed_signal, 0);
}

static void card_free(gpointer pointer)
{
	Card *card = pointer;

	g_variant_unref(card->settings);
	g_free(card);
}

static GtkWidget *attach(GtkWidget *grid, int row, const char *text, GtkWidget *widget)
{
	GtkWidget *label = gtk_label_new_with_mnemonic(text);

	gtk_label_set_mnemonic_widget(GTK_LABEL(label), widget);
	gtk_label_set_xalign(GTK_LABEL(label), 1);
	gtk_style_context_add_class(gtk_widget_get_style_context(label), "dim-label");
	gtk_widget_set_hexpand(widget, TRUE);
	gtk_grid_attach(GTK_GRID(grid), label, 0, row, 1, 1);
	gtk_grid_attach(GTK_GRID(grid), widget, 1, row, 1, 1);
	return widget;
}

static void fill_models(GtkWidget *combo, const char *model)
{
	GtkComboBoxText *text = GTK_COMBO_BOX_TEXT(combo);

	gtk_combo_box_text_append(text, "", _("Standard"));
	gtk_combo_box_text_append(text, "e1000", _("Intel e1000 (PC only)"));
	gtk_combo_box_text_append(text, "rtl8139", _("Realtek 8139 (PC only)"));
	if (!gtk_combo_box_set_active_id(GTK_COMBO_BOX(combo), model)) {
		gtk_combo_box_text_append(text, model, model);
		gtk_combo_box_set_active_id(GTK_COMBO_BOX(combo), model);
	}
}

static void add_card(UiNics *self, GVariant *settings)
{
	Card *card = g_new0(Card, 1);
	GtkWidget *grid = gtk_grid_new();
	GtkWidget *button =
	    gtk_button_new_from_icon_name("list-remove-symbolic", GTK_ICON_SIZE_BUTTON);
	g_autofree char *remove = g_strdup_printf(_("Remove network card %u"), count_of(self) + 1);
	const char *network = form_dict_text(settings, "network");

	card->nics = self;
	card->settings = g_variant_ref(settings);
	card->row = gtk_frame_new(NULL);
	card->network = attach(grid, 0, _("N_etwork:"), gtk_combo_box_text_new());
	card->mac = attach(grid, 1, _("MAC a_ddress:"), gtk_entry_new());
	card->model = attach(grid, 2, _("Mode_l:"), gtk_combo_box_text_new());
	form_combo_fill_networks(GTK_COMBO_BOX_TEXT(card->network), self->client, false);
	if (!gtk_combo_box_set_active_id(GTK_COMBO_BOX(card->network), network)) {
		gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(card->network), network, network);
		gtk_combo_box_set_active_id(GTK_COMBO_BOX(card->network), network);
	}
	gtk_entry_set_text(GTK_ENTRY(card->mac), form_dict_text(settings, "mac"));
	gtk_entry_set_max_length(GTK_ENTRY(card->mac), 17);
	gtk_entry_set_placeholder_text(GTK_ENTRY(card->mac), _("made up"));
	fill_models(card->model, form_dict_text(settings, "model"));
	form_set_accessible(card->network, _("Network"));
	form_set_accessible(card->mac, _("MAC address"));
	form_set_accessible(card->model, _("Model"));
	form_set_accessible(button, remove);
	gtk_widget_set_tooltip_text(button, _("Remove this network card"));
	gtk_widget_set_valign(button, GTK_ALIGN_START);
	gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
	gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
	g_object_set(grid, "margin", 12, NULL);
	gtk_grid_attach(GTK_GRID(grid), button, 2, 0, 1, 1);
	gtk_container_add(GTK_CONTAINER(card->row), grid);
	g_object_set_data_full(G_OBJECT(card->row), "card", card, card_free);
	g_signal_connect_swapped(card->network, "changed", G_CALLBACK(edited), card);
	g_signal_connect_swapped(card->mac, "changed", G_CALLBACK(edited), card);
	g_signal_connect_swapped(card->model, "changed", G_CALLBACK(edited), card);
	g_signal_connect_swapped(button, "clicked", G_CALLBACK(remove_card), card);
	gtk_widget_show_all(card->row);
	gtk_container_add(GTK_CONTAINER(self->rows), card->row);
}

static void on_add(UiNics *self)
{
	GListModel *networks = ui_client_networks(self->client);
	g_autoptr(MullionNetwork1) first = g_list_model_get_item(networks, 0);
	g_auto(GStrv) names = form_network_names(self->client);
	const char *network = first ? mullion_network1_get_name(first) : "default";
	g_autoptr(GVariant) settings = NULL;
	GVariantDict dict;

	if (g_strv_contains((const char *const *)names, "default")) {
		network = "default";
	}
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "network", "s", network);
	g_variant_dict_insert(&dict, "mac", "s", "");
	g_variant_dict_insert(&dict, "model", "s", "");
	settings = g_variant_ref_sink(g_variant_dict_end(&dict));
	add_card(self, settings);
	update(self);
	g_signal_emit(self, changed_signal, 0);
}

void ui_nics_set(UiNics *self, UiClient *client, GVariant *list)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(self->rows));

	g_set_object(&self->client, client);
	for (const GList *item = rows; item; item = item->next) {
		gtk_widget_destroy(GTK_WIDGET(item->data));
	}
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) settings = g_variant_get_child_value(list, i);

		add_card(self, settings);
	}
	update(self);
}

GVariant *ui_nics_get(UiNics *self)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(self->rows));
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
	for (const GList *item = rows; item; item = item->next) {
		const Card *card = g_object_get_data(G_OBJECT(item->data), "card");
		const char *network = gtk_combo_box_get_active_id(GTK_COMBO_BOX(card->network));
		const char *model = gtk_combo_box_get_active_id(GTK_COMBO_BOX(card->model));
		GVariantDict dict;

		g_variant_dict_init(&dict, card->settings);
		g_variant_dict_insert(&dict, "network", "s", network ? network : "");
		g_variant_dict_insert(&dict, "model", "s", model ? model : "");
		g_variant_dict_insert(&dict, "mac", "s", gtk_entry_get_text(GTK_ENTRY(card->mac)));
		g_variant_builder_add_value(&builder, g_variant_dict_end(&dict));
	}
	return g_variant_builder_end(&builder);
}

char *ui_nics_problem(UiNics *self)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(self->rows));
	guint number = 1;

	for (const GList *item = rows; item; item = item->next, number++) {
		const Card *card = g_object_get_data(G_OBJECT(item->data), "card");

		if (!form_mac_is_valid(gtk_entry_get_text(GTK_ENTRY(card->mac)))) {
			return g_strdup_printf(_("Network card %u: the MAC address is not one like "
						 "00:16:3e:01:02:03."),
					       number);
		}
	}
	return NULL;
}

static void dispose(GObject *object)
{
	g_clear_object(&UI_NICS(object)->client);
	G_OBJECT_CLASS(ui_nics_parent_class)->dispose(object);
}

static void ui_nics_class_init(UiNicsClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	changed_signal = g_signal_new("changed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0,
				      NULL, NULL, NULL, G_TYPE_NONE, 0);
	gtk_widget_class_set_template_from_resource(widget_class, "/org/mullion/desktop/nics.ui");
	gtk_widget_class_bind_template_child(widget_class, UiNics, rows);
	gtk_widget_class_bind_template_child(widget_class, UiNics, empty_label);
	gtk_widget_class_bind_template_child(widget_class, UiNics, add_button);
	gtk_widget_class_bind_template_callback(widget_class, on_add);
}

static void ui_nics_init(UiNics *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}
