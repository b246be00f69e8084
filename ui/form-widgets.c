/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "form-widgets.h"

#include "colour.h"
#include "form-settings.h"
#include "form-values.h"

#include <cairo-gobject.h>
#include <glib/gi18n.h>

#define UNIT_KEY  "mullion-size-unit"
#define CHIP_SIZE 14

void form_set_accessible(GtkWidget *widget, const char *name)
{
	atk_object_set_name(gtk_widget_get_accessible(widget), name);
}

static int size_input(GtkSpinButton *button, double *value, gpointer data)
{
	const guint64 *unit = g_object_get_data(G_OBJECT(button), UNIT_KEY);
	guint64 bytes;

	if (!form_size_parse(gtk_entry_get_text(GTK_ENTRY(button)), *unit, &bytes)) {
		return GTK_INPUT_ERROR;
	}
	*value = (double)(bytes / FORM_MIB);
	return TRUE;
}

static gboolean size_output(GtkSpinButton *button, gpointer data)
{
	guint64 value = (guint64)gtk_spin_button_get_value(button);
	g_autofree char *text = form_size_format(value * FORM_MIB);

	if (!g_str_equal(text, gtk_entry_get_text(GTK_ENTRY(button)))) {
		gtk_entry_set_text(GTK_ENTRY(button), text);
	}
	return TRUE;
}

void form_spin_is_size(GtkSpinButton *button, guint64 unit)
{
	guint64 *copy = g_new(guint64, 1);

	*copy = unit;
	g_object_set_data_full(G_OBJECT(button), UNIT_KEY, copy, g_free);
	gtk_spin_button_set_numeric(button, FALSE);
	gtk_entry_set_width_chars(GTK_ENTRY(button), 10);
	g_signal_connect(button, "input", G_CALLBACK(size_input), NULL);
	g_signal_connect(button, "output", G_CALLBACK(size_output), NULL);
	gtk_spin_button_update(button);
}

/* The chip is painted for the widget's scale, or it would be blurred at 2x. */
static cairo_surface_t *colour_chip(const char *colour, int scale)
{
	cairo_surface_t *surface =
	    cairo_image_surface_create(CAIRO_FORMAT_ARGB32, CHIP_SIZE * scale, CHIP_SIZE * scale);
	cairo_t *cr;
	GdkRGBA rgba;

	ui_colour_rgba(colour, &rgba);
	cairo_surface_set_device_scale(surface, scale, scale);
	cr = cairo_create(surface);
	cairo_arc(cr, CHIP_SIZE / 2.0, CHIP_SIZE / 2.0, CHIP_SIZE / 2.0 - 1, 0, 2 * G_PI);
	gdk_cairo_set_source_rgba(cr, &rgba);
	cairo_fill_preserve(cr);
	/* Black on a dark theme, and yellow on a light one, need an edge. */
	cairo_set_source_rgba(cr, 0.5, 0.5, 0.5, 0.8);
	cairo_set_line_width(cr, 1);
	cairo_stroke(cr);
	cairo_destroy(cr);
	return surface;
}

void form_combo_fill_colours(GtkComboBox *combo)
{
	g_autoptr(GtkListStore) store =
	    gtk_list_store_new(3, G_TYPE_STRING, G_TYPE_STRING, CAIRO_GOBJECT_TYPE_SURFACE);
	GtkCellRenderer *chip = gtk_cell_renderer_pixbuf_new();
	GtkCellRenderer *text = gtk_cell_renderer_text_new();

	for (guint i = 0; ui_colour_names[i]; i++) {
		cairo_surface_t *surface =
		    colour_chip(ui_colour_names[i], gtk_widget_get_scale_factor(GTK_WIDGET(combo)));

		gtk_list_store_insert_with_values(store, NULL, -1, 0, ui_colour_names[i], 1,
						  ui_colour_text(ui_colour_names[i]), 2, surface,
						  -1);
		cairo_surface_destroy(surface);
	}
	g_object_set(chip, "xpad", 3, NULL);
	gtk_cell_layout_pack_start(GTK_CELL_LAYOUT(combo), chip, FALSE);
	gtk_cell_layout_set_attributes(GTK_CELL_LAYOUT(combo), chip, "surface", 2, NULL);
	gtk_cell_layout_pack_start(GTK_CELL_LAYOUT(combo), text, TRUE);
	gtk_cell_layout_set_attributes(GTK_CELL_LAYOUT(combo), text, "text", 1, NULL);
	gtk_combo_box_set_id_column(combo, 0);
	gtk_combo_box_set_model(combo, GTK_TREE_MODEL(store));
}

/* A network's mode in words that say what a VM on it can reach. */
static const char *mode_text(const char *mode)
{
	if (g_strcmp0(mode, "isolated") == 0) {
		return _("only VMs on it");
	}
	return g_strcmp0(mode, "bridge") == 0 ? _("bridge") : _("shared connection");
}

void form_combo_fill_networks(GtkComboBoxText *combo, UiClient *client, bool with_none)
{
	g_autofree char *active = g_strdup(gtk_combo_box_get_active_id(GTK_COMBO_BOX(combo)));
	GListModel *networks = ui_client_networks(client);

	gtk_combo_box_text_remove_all(combo);
	for (guint i = 0; i < g_list_model_get_n_items(networks); i++) {
		g_autoptr(MullionNetwork1) network = g_list_model_get_item(networks, i);
		const char *name = mullion_network1_get_name(network);
		g_autofree char *text =
		    g_strdup_printf("%s (%s)", name, mode_text(mullion_network1_get_mode(network)));

		gtk_combo_box_text_append(combo, name, text);
	}
	if (with_none) {
		gtk_combo_box_text_append(combo, "", _("No network"));
	}
	/* A network that is gone is still what the settings say. */
	if (active && !gtk_combo_box_set_active_id(GTK_COMBO_BOX(combo), active)) {
		gtk_combo_box_text_append(combo, active, active);
		gtk_combo_box_set_active_id(GTK_COMBO_BOX(combo), active);
	}
}

void form_combo_fill_groups(GtkComboBoxText *combo, GVariant *answer)
{
	g_autoptr(GVariant) groups = g_variant_get_child_value(answer, 1);

	gtk_combo_box_text_remove_all(combo);
	for (gsize i = 0; i < g_variant_n_children(groups); i++) {
		g_autoptr(GVariant) group = g_variant_get_child_value(groups, i);
		g_autofree char *left = form_size_format(form_dict_number(group, "free"));
		const char *name = form_dict_text(group, "name");
		/* Translators: name of a volume group, and how much of it is free */
		g_autofree char *text = g_strdup_printf(_("%s (%s free)"), name, left);

		gtk_combo_box_text_append(combo, name, text);
	}
}

GStrv form_vm_names(UiClient *client)
{
	GListModel *vms = ui_client_vms(client);
	guint count = g_list_model_get_n_items(vms);
	GStrv names = g_new0(char *, count + 1);

	for (guint i = 0; i < count; i++) {
		g_autoptr(MullionVm1) vm = g_list_model_get_item(vms, i);

		names[i] = mullion_vm1_dup_name(vm);
	}
	return names;
}

GStrv form_network_names(UiClient *client)
{
	GListModel *networks = ui_client_networks(client);
	guint count = g_list_model_get_n_items(networks);
	GStrv names = g_new0(char *, count + 1);

	for (guint i = 0; i < count; i++) {
		g_autoptr(MullionNetwork1) network = g_list_model_get_item(networks, i);

		names[i] = mullion_network1_dup_name(network);
	}
	return names;
}

void form_label_tell(GtkLabel *label, const char *text)
{
	gtk_label_set_text(label, text ? text : "");
	gtk_widget_set_visible(GTK_WIDGET(label), text && *text);
}

void form_entry_tell(GtkEntry *entry, const char *problem)
{
	gtk_entry_set_icon_from_icon_name(entry, GTK_ENTRY_ICON_SECONDARY,
					  problem ? "dialog-warning-symbolic" : NULL);
	gtk_widget_set_tooltip_text(GTK_WIDGET(entry), problem);
	if (problem) {
		gtk_entry_set_icon_tooltip_text(entry, GTK_ENTRY_ICON_SECONDARY, problem);
	}
	atk_object_set_description(gtk_widget_get_accessible(GTK_WIDGET(entry)),
				   problem ? problem : "");
}

typedef struct {
	FormAskFunc done;
	gpointer data;
	GDestroyNotify free_data;
} Question;

static void answered(GtkDialog *dialog, int response, Question *question)
{
	g_object_ref(dialog); /* what is done may close its parent */
	gtk_widget_hide(GTK_WIDGET(dialog));
	if (response == GTK_RESPONSE_ACCEPT) {
		question->done(question->data);
	}
	gtk_widget_destroy(GTK_WIDGET(dialog));
	g_object_unref(dialog);
}

static void question_free(gpointer pointer, GClosure *closure)
{
	Question *question = pointer;

	if (question->free_data) {
		question->free_data(question->data);
	}
	g_free(question);
}

void form_ask(GtkWindow *parent, const char *question, const char *detail, const char *verb,
	      FormAskFunc done, gpointer data, GDestroyNotify free_data)
{
	GtkWidget *dialog =
	    gtk_message_dialog_new(parent, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
				   GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE, "%s", question);
	GtkWidget *button;
	Question *asked = g_new(Question, 1);

	*asked = (Question){done, data, free_data};
	gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s", detail);
	gtk_dialog_add_button(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL);
	button = gtk_dialog_add_button(GTK_DIALOG(dialog), verb, GTK_RESPONSE_ACCEPT);
	gtk_style_context_add_class(gtk_widget_get_style_context(button), "destructive-action");
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
	g_signal_connect_data(dialog, "response", G_CALLBACK(answered), asked, question_free, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

static gboolean key_pressed(GtkWidget *window, GdkEventKey *event, gpointer data)
{
	if (event->keyval == GDK_KEY_Escape) {
		gtk_window_close(GTK_WINDOW(window));
		return GDK_EVENT_STOP;
	}
	return GDK_EVENT_PROPAGATE;
}

void form_window_closes(GtkWindow *window)
{
	/* After: an open menu or an entry's completion has Escape first. */
	g_signal_connect_after(window, "key-press-event", G_CALLBACK(key_pressed), NULL);
}
