/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plot.h"

#include <glib/gi18n.h>

#define LINES 2

struct _UiPlot {
	GtkBox parent;
	GtkLabel *title, *value;
	GtkWidget *area;
	UiPlotUnit unit;
	double size;
	guint line_count;
	gsize offsets[LINES];
	char *names[LINES];
	guint length;
	double values[LINES][UI_HISTORY_SAMPLES]; /* the oldest first */
	double top;				  /* of the axis */
	gboolean stale;				  /* labels wait until they are seen */
};

G_DEFINE_TYPE(UiPlot, ui_plot, GTK_TYPE_BOX)

typedef struct {
	double x, y, width, height;
} Frame;

static double largest(const UiPlot *plot)
{
	double most = 0;

	for (guint line = 0; line < plot->line_count; line++) {
		for (guint i = 0; i < plot->length; i++) {
			most = MAX(most, plot->values[line][i]);
		}
	}
	return most;
}

static double top_of_axis(const UiPlot *plot)
{
	if (plot->unit == UI_PLOT_SHARE) {
		return 1;
	}
	if (plot->unit == UI_PLOT_BYTES && plot->size > 0) {
		return MAX(plot->size, largest(plot));
	}
	return ui_plot_round_top(largest(plot));
}

/* The selection's colour is made to lie behind white text: on a dark ground it needs light. */
static void line_colour(GtkWidget *area, guint line, GdkRGBA *colour)
{
	GtkStyleContext *style = gtk_widget_get_style_context(area);
	GdkRGBA text;

	gtk_style_context_get_color(style, gtk_style_context_get_state(style), &text);
	if (line > 0 || !gtk_style_context_lookup_color(style, "theme_selected_bg_color", colour)) {
		*colour = text; /* of the second line, which is dashed too */
	} else if (text.red + text.green + text.blue > 1.5) {
		colour->red = (colour->red + 0.6) / 1.6;
		colour->green = (colour->green + 0.6) / 1.6;
		colour->blue = (colour->blue + 0.6) / 1.6;
	}
}

static PangoLayout *small_text(GtkWidget *area, const char *text)
{
	PangoLayout *layout = gtk_widget_create_pango_layout(area, text);
	g_autoptr(PangoAttrList) attributes = pango_attr_list_new();

	pango_attr_list_insert(attributes, pango_attr_scale_new(PANGO_SCALE_SMALL));
	pango_layout_set_attributes(layout, attributes);
	return layout;
}

/* Text with its corner at @x, @y; its right corner when @right. */
static void put_text(GtkWidget *area, cairo_t *cr, const char *text, double x, double y,
		     gboolean right)
{
	g_autoptr(PangoLayout) layout = small_text(area, text);
	GdkRGBA colour;
	int width;

	gtk_style_context_get_color(gtk_widget_get_style_context(area),
				    gtk_widget_get_state_flags(area), &colour);
	colour.alpha *= 0.75;
	pango_layout_get_pixel_size(layout, &width, NULL);
	gdk_cairo_set_source_rgba(cr, &colour);
	cairo_move_to(cr, right ? x - width : x, y);
	pango_cairo_show_layout(cr, layout);
}

static void draw_grid(GtkWidget *area, cairo_t *cr, const Frame *frame)
{
	GdkRGBA colour;

	gtk_style_context_get_color(gtk_widget_get_style_context(area),
				    gtk_widget_get_state_flags(area), &colour);
	colour.alpha = 0.15;
	gdk_cairo_set_source_rgba(cr, &colour);
	cairo_set_line_width(cr, 1);
	for (guint i = 0; i <= 4; i++) {
		double y = (int)(frame->y + frame->height * i / 4) + 0.5;
		double x = (int)(frame->x + frame->width * i / 4) + 0.5;

		cairo_move_to(cr, frame->x, y);
		cairo_line_to(cr, frame->x + frame->width, y);
		cairo_move_to(cr, x, frame->y);
		cairo_line_to(cr, x, frame->y + frame->height);
	}
	cairo_stroke(cr);
}

static void trace(const UiPlot *plot, guint line, cairo_t *cr, const Frame *frame)
{
	double step = frame->width / (UI_HISTORY_SAMPLES - 1);
	double x = frame->x + frame->width - step * (plot->length - 1);

	for (guint i = 0; i < plot->length; i++) {
		double share = CLAMP(plot->values[line][i] / plot->top, 0, 1);

		cairo_line_to(cr, x + step * i, frame->y + frame->height * (1 - share));
	}
}

static void draw_line(const UiPlot *plot, guint line, cairo_t *cr, const Frame *frame)
{
	static const double dashes[] = {4, 3};
	GdkRGBA colour;

	line_colour(plot->area, line, &colour);
	if (line == 0) {
		double step = frame->width / (UI_HISTORY_SAMPLES - 1);

		trace(plot, line, cr, frame);
		cairo_line_to(cr, frame->x + frame->width, frame->y + frame->height);
		cairo_line_to(cr, frame->x + frame->width - step * (plot->length - 1),
			      frame->y + frame->height);
		cairo_close_path(cr);
		cairo_set_source_rgba(cr, colour.red, colour.green, colour.blue, 0.2);
		cairo_fill(cr);
	}
	trace(plot, line, cr, frame);
	gdk_cairo_set_source_rgba(cr, &colour);
	cairo_set_line_width(cr, 1.5);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_dash(cr, dashes, line > 0 ? G_N_ELEMENTS(dashes) : 0, 0);
	cairo_stroke(cr);
	cairo_set_dash(cr, NULL, 0, 0);
}

static gboolean draw_plot(GtkWidget *area, cairo_t *cr, gpointer data)
{
	UiPlot *plot = data;
	double width = gtk_widget_get_allocated_width(area);
	double height = gtk_widget_get_allocated_height(area);
	g_autoptr(PangoLayout) probe = small_text(area, "0");
	g_autofree char *top = ui_plot_text(plot->unit, plot->top);
	g_autofree char *zero = ui_plot_text(plot->unit, 0);
	int text_width, line_height, zero_width;
	Frame frame;

	pango_layout_set_text(probe, top, -1);
	pango_layout_get_pixel_size(probe, &text_width, &line_height);
	pango_layout_set_text(probe, zero, -1);
	pango_layout_get_pixel_size(probe, &zero_width, NULL);
	/* The axis' texts stand left of it, those of time below it. */
	text_width = MAX(text_width, zero_width);
	frame = (Frame){text_width + 6, line_height / 2.0, width - text_width - 7,
			height - 1.5 * line_height - 4};
	if (frame.width < 20 || frame.height < 10) {
		return FALSE;
	}
	draw_grid(area, cr, &frame);
	put_text(area, cr, top, text_width, 0, TRUE);
	put_text(area, cr, zero, text_width, frame.y + frame.height - line_height / 2.0, TRUE);
	put_text(area, cr, _("2 minutes ago"), frame.x, height - line_height, FALSE);
	put_text(area, cr, _("now"), frame.x + frame.width, height - line_height, TRUE);
	cairo_rectangle(cr, frame.x, frame.y - 1, frame.width, frame.height + 2);
	cairo_clip(cr);
	for (guint line = 0; line < plot->line_count && plot->length > 0; line++) {
		draw_line(plot, line, cr, &frame);
	}
	return FALSE;
}

static char *value_text(const UiPlot *plot)
{
	char *values[LINES] = {NULL, NULL};
	char *text;

	if (plot->length == 0) {
		return g_strdup(_("no values yet"));
	}
	for (guint i = 0; i < plot->line_count; i++) {
		values[i] = ui_plot_text(plot->unit, plot->values[i][plot->length - 1]);
	}
	if (plot->line_count == 1) {
		g_autofree char *size = ui_plot_text(plot->unit, plot->size);

		/* Translators: so much memory of so much */
		text = plot->unit == UI_PLOT_BYTES && plot->size > 0
			   ? g_strdup_printf(_("%s of %s"), values[0], size)
			   : g_strdup(values[0]);
	} else {
		/* Translators: what the full line and what the dashed line shows, with its value */
		text = g_strdup_printf(_("― %s %s   ╌ %s %s"), plot->names[0], values[0],
				       plot->names[1], values[1]);
	}
	g_free(values[0]);
	g_free(values[1]);
	return text;
}

static void show_value(UiPlot *plot)
{
	g_autofree char *text = value_text(plot);
	AtkObject *accessible = gtk_widget_get_accessible(plot->area);

	plot->stale = FALSE;
	if (g_strcmp0(gtk_label_get_text(plot->value), text) != 0) {
		gtk_label_set_text(plot->value, text);
		atk_object_set_description(accessible, text);
	}
}

static void area_mapped(GtkWidget *area, gpointer data)
{
	UiPlot *plot = data;

	if (plot->stale) {
		show_value(plot);
	}
}

/* True: the picture is another one. A flat line that goes on is not. */
static gboolean take_values(UiPlot *plot, const UiHistory *history)
{
	guint length = history ? ui_history_length(history) : 0;
	gboolean differs = length != plot->length;

	plot->length = length;
	for (guint line = 0; line < plot->line_count; line++) {
		for (guint i = 0; i < length; i++) {
			double value =
			    G_STRUCT_MEMBER(double, ui_history_at(history, i), plot->offsets[line]);

			differs = differs || plot->values[line][i] != value;
			plot->values[line][i] = value;
		}
	}
	return differs;
}

void ui_plot_update(UiPlot *plot, const UiHistory *history)
{
	double top;

	if (!take_values(plot, history)) {
		return;
	}
	top = top_of_axis(plot);
	plot->top = top > 0 ? top : 1;
	plot->stale = TRUE;
	if (gtk_widget_get_mapped(plot->area)) {
		show_value(plot);
		gtk_widget_queue_draw(plot->area);
	}
}

void ui_plot_set_kind(UiPlot *plot, const char *title, UiPlotUnit unit)
{
	plot->unit = unit;
	plot->top = top_of_axis(plot);
	gtk_label_set_text(plot->title, title);
	atk_object_set_name(gtk_widget_get_accessible(plot->area), title);
}

void ui_plot_set_lines(UiPlot *plot, gsize first, const char *first_name, gsize second,
		       const char *second_name)
{
	plot->offsets[0] = first;
	plot->offsets[1] = second;
	g_free(plot->names[0]);
	g_free(plot->names[1]);
	plot->names[0] = g_strdup(first_name);
	plot->names[1] = g_strdup(second_name);
	plot->line_count = second_name ? 2 : 1;
	show_value(plot);
}

void ui_plot_set_size(UiPlot *plot, double bytes)
{
	plot->size = bytes;
	plot->top = top_of_axis(plot);
	show_value(plot);
	gtk_widget_queue_draw(plot->area);
}

static void ui_plot_finalize(GObject *object)
{
	UiPlot *plot = UI_PLOT(object);

	g_free(plot->names[0]);
	g_free(plot->names[1]);
	G_OBJECT_CLASS(ui_plot_parent_class)->finalize(object);
}

static void ui_plot_class_init(UiPlotClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->finalize = ui_plot_finalize;
	gtk_widget_class_set_template_from_resource(widget, "/org/mullion/desktop/plot.ui");
	gtk_widget_class_bind_template_child(widget, UiPlot, title);
	gtk_widget_class_bind_template_child(widget, UiPlot, value);
	gtk_widget_class_bind_template_child(widget, UiPlot, area);
	gtk_widget_class_bind_template_callback(widget, draw_plot);
	gtk_widget_class_bind_template_callback(widget, area_mapped);
}

static void ui_plot_init(UiPlot *plot)
{
	plot->top = 1;
	plot->line_count = 1;
	gtk_widget_init_template(GTK_WIDGET(plot));
}

GtkWidget *ui_plot_new(void)
{
	return g_object_new(UI_TYPE_PLOT, NULL);
}
