/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "thumbnail.h"

#include "console-stream.h"
#include "text-screen.h"

#include <glib/gi18n.h>

/* A picture needs no more than this each second; the manager drops what we do not fetch. */
#define READ_PAUSE 250

struct _UiThumbnail {
	GtkDrawingArea parent;
	UiClient *client;
	MullionVm1 *vm;
	UiConsoleStream *stream; /* NULL: nobody looks */
	UiTextScreen *screen;
	guint timer, idle;
	gboolean stale; /* the screen is newer than the picture */
};

G_DEFINE_TYPE(UiThumbnail, ui_thumbnail, GTK_TYPE_DRAWING_AREA)

/* The sixteen colours of a console, and what text has that asked for none. */
static const guint32 palette[UI_TEXT_SCREEN_DEFAULT + 1] = {
    0x000000, 0xcc3333, 0x33aa33, 0xbbaa33, 0x4477dd, 0xaa44aa, 0x33aaaa, 0xcccccc, 0x777777,
    0xff6666, 0x66dd66, 0xffee66, 0x7799ff, 0xdd77dd, 0x66dddd, 0xffffff, 0xdddddd};

static void set_colour(cairo_t *cr, guint colour, double alpha)
{
	guint32 rgb = palette[MIN(colour, UI_TEXT_SCREEN_DEFAULT)];

	cairo_set_source_rgba(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 0xff) / 255.0,
			      (rgb & 0xff) / 255.0, alpha);
}

/* How much of its cell a character blackens. */
static double weight(gunichar character)
{
	if (character <= ' ') {
		return 0;
	}
	if (character == '.' || character == ',' || character == '\'' || character == '-' ||
	    character == ':') {
		return 0.35;
	}
	return character == '#' || character == '@' || g_unichar_isupper(character) ? 0.95 : 0.7;
}

/* Runs of like cells are one rectangle: letters could not be told apart anyway. */
static void draw_row(cairo_t *cr, const UiTextCell *cells)
{
	for (guint column = 0; column < UI_TEXT_SCREEN_COLUMNS; column++) {
		const UiTextCell *cell = &cells[column];
		double ink = weight(cell->character);

		if (cell->back != UI_TEXT_SCREEN_DEFAULT && cell->back != 0) {
			set_colour(cr, cell->back, 1);
			cairo_rectangle(cr, column, 0, 1, 1);
			cairo_fill(cr);
		}
		if (ink > 0) {
			gboolean bare = cell->colour == 0 && cell->back == UI_TEXT_SCREEN_DEFAULT;

			set_colour(cr, bare ? UI_TEXT_SCREEN_DEFAULT : cell->colour, ink);
			cairo_rectangle(cr, column, 0.2, 1, 0.6);
			cairo_fill(cr);
		}
	}
}

static gboolean has_picture(UiThumbnail *picture)
{
	return mullion_vm1_get_domain_id(picture->vm) != 0 && picture->screen != NULL;
}

static void draw_nothing(GtkWidget *widget, cairo_t *cr, int width, int height)
{
	int size = MIN(width, height) / 2;
	g_autoptr(GtkIconInfo) icon = gtk_icon_theme_lookup_icon_for_scale(
	    gtk_icon_theme_get_default(), "computer-symbolic", size,
	    gtk_widget_get_scale_factor(widget), GTK_ICON_LOOKUP_FORCE_SIZE);
	GtkStyleContext *style = gtk_widget_get_style_context(widget);
	g_autoptr(GdkPixbuf) pixbuf =
	    icon ? gtk_icon_info_load_symbolic_for_context(icon, style, NULL, NULL) : NULL;
	cairo_surface_t *surface;

	if (!pixbuf) {
		return;
	}
	surface = gdk_cairo_surface_create_from_pixbuf(pixbuf, gtk_widget_get_scale_factor(widget),
						       gtk_widget_get_window(widget));
	cairo_set_source_surface(cr, surface, (width - size) / 2.0, (height - size) / 2.0);
	cairo_paint_with_alpha(cr, 0.4);
	cairo_surface_destroy(surface);
}

/* Within what the list shows of itself. */
static gboolean is_in_view(GtkWidget *widget)
{
	GtkWidget *scroller = gtk_widget_get_ancestor(widget, GTK_TYPE_SCROLLED_WINDOW);
	GtkWidget *top = gtk_widget_get_toplevel(widget);
	GdkWindow *window = gtk_widget_get_window(top);
	int x, y;

	if (!gtk_widget_get_mapped(widget) || !window ||
	    (gdk_window_get_state(window) & GDK_WINDOW_STATE_ICONIFIED)) {
		return FALSE;
	}
	return !scroller || (gtk_widget_translate_coordinates(widget, scroller, 0, 0, &x, &y) &&
			     y + gtk_widget_get_allocated_height(widget) > 0 &&
			     y < gtk_widget_get_allocated_height(scroller));
}

static void got_data(UiThumbnail *picture, GBytes *bytes, gboolean backlog)
{
	gsize length;
	const guint8 *data = g_bytes_get_data(bytes, &length);

	ui_text_screen_feed(picture->screen, data, length);
	if (!picture->stale) {
		picture->stale = TRUE;
		/* The first picture at once; further ones with the timer. */
		if (backlog) {
			gtk_widget_queue_draw(GTK_WIDGET(picture));
		}
	}
}

static void stream_state_changed(UiThumbnail *picture)
{
	if (ui_console_stream_state(picture->stream) == UI_CONSOLE_OPEN) {
		/* The backlog comes anew. */
		g_clear_pointer(&picture->screen, ui_text_screen_free);
		picture->screen = ui_text_screen_new();
	}
	gtk_widget_queue_draw(GTK_WIDGET(picture));
}

static void look(UiThumbnail *picture)
{
	if (picture->stream || mullion_vm1_get_domain_id(picture->vm) == 0) {
		return;
	}
	picture->stream = ui_console_stream_new(picture->vm, READ_PAUSE, false);
	g_signal_connect_swapped(picture->stream, "data", G_CALLBACK(got_data), picture);
	g_signal_connect_swapped(picture->stream, "notify::state", G_CALLBACK(stream_state_changed),
				 picture);
	ui_console_stream_start(picture->stream);
}

static void look_away(UiThumbnail *picture)
{
	if (picture->stream) {
		g_signal_handlers_disconnect_by_data(picture->stream, picture);
		ui_console_stream_stop(picture->stream);
		g_clear_object(&picture->stream);
	}
}

static gboolean tick(gpointer data)
{
	UiThumbnail *picture = data;

	if (!is_in_view(GTK_WIDGET(picture))) {
		look_away(picture);
		return G_SOURCE_CONTINUE;
	}
	look(picture);
	if (picture->stale) {
		gtk_widget_queue_draw(GTK_WIDGET(picture));
	}
	return G_SOURCE_CONTINUE;
}

static gboolean first_tick(gpointer data)
{
	UI_THUMBNAIL(data)->idle = 0;
	tick(data);
	return G_SOURCE_REMOVE;
}

/* A VM that does not run costs no timer. */
static void follow(UiThumbnail *picture)
{
	gboolean wanted = gtk_widget_get_mapped(GTK_WIDGET(picture)) &&
			  mullion_vm1_get_domain_id(picture->vm) != 0;

	if (wanted && !picture->timer) {
		picture->timer = g_timeout_add_seconds(1, tick, picture);
		/* The list knows where its rows are when it has been laid out. */
		picture->idle = g_idle_add_full(G_PRIORITY_LOW, first_tick, picture, NULL);
	} else if (!wanted) {
		g_clear_handle_id(&picture->timer, g_source_remove);
		g_clear_handle_id(&picture->idle, g_source_remove);
		look_away(picture);
	}
	gtk_widget_queue_draw(GTK_WIDGET(picture));
}

static gboolean ui_thumbnail_draw(GtkWidget *widget, cairo_t *cr)
{
	UiThumbnail *picture = UI_THUMBNAIL(widget);
	int width = gtk_widget_get_allocated_width(widget);
	int height = gtk_widget_get_allocated_height(widget);

	if (!has_picture(picture)) {
		draw_nothing(widget, cr, width, height);
		return FALSE;
	}
	picture->stale = FALSE;
	cairo_set_source_rgb(cr, 0, 0, 0);
	cairo_paint(cr);
	cairo_translate(cr, 2, 2);
	cairo_scale(cr, (width - 4.0) / UI_TEXT_SCREEN_COLUMNS,
		    (height - 4.0) / UI_TEXT_SCREEN_ROWS);
	for (guint row = 0; row < UI_TEXT_SCREEN_ROWS; row++) {
		draw_row(cr, ui_text_screen_row(picture->screen, row));
		cairo_translate(cr, 0, 1);
	}
	return FALSE;
}

static void ui_thumbnail_map(GtkWidget *widget)
{
	GTK_WIDGET_CLASS(ui_thumbnail_parent_class)->map(widget);
	follow(UI_THUMBNAIL(widget));
}

static void ui_thumbnail_unmap(GtkWidget *widget)
{
	GTK_WIDGET_CLASS(ui_thumbnail_parent_class)->unmap(widget);
	follow(UI_THUMBNAIL(widget));
}

static void domain_changed(UiThumbnail *picture)
{
	g_clear_pointer(&picture->screen, ui_text_screen_free);
	follow(picture);
}

static void ui_thumbnail_dispose(GObject *object)
{
	UiThumbnail *picture = UI_THUMBNAIL(object);

	g_clear_handle_id(&picture->timer, g_source_remove);
	g_clear_handle_id(&picture->idle, g_source_remove);
	look_away(picture);
	if (picture->vm) {
		g_signal_handlers_disconnect_by_data(picture->vm, picture);
	}
	G_OBJECT_CLASS(ui_thumbnail_parent_class)->dispose(object);
}

static void ui_thumbnail_finalize(GObject *object)
{
	UiThumbnail *picture = UI_THUMBNAIL(object);

	g_clear_pointer(&picture->screen, ui_text_screen_free);
	g_clear_object(&picture->vm);
	g_clear_object(&picture->client);
	G_OBJECT_CLASS(ui_thumbnail_parent_class)->finalize(object);
}

static void ui_thumbnail_class_init(UiThumbnailClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_thumbnail_dispose;
	G_OBJECT_CLASS(class)->finalize = ui_thumbnail_finalize;
	widget->draw = ui_thumbnail_draw;
	widget->map = ui_thumbnail_map;
	widget->unmap = ui_thumbnail_unmap;
}

static void ui_thumbnail_init(UiThumbnail *picture)
{
	AtkObject *accessible = gtk_widget_get_accessible(GTK_WIDGET(picture));

	atk_object_set_role(accessible, ATK_ROLE_IMAGE);
	/* What is on it is for the console's page: a row's reader needs the VM's name and state. */
	atk_object_set_name(accessible, _("Picture of its screen"));
}

GtkWidget *ui_thumbnail_new(UiClient *client, MullionVm1 *vm)
{
	UiThumbnail *picture = g_object_new(UI_TYPE_THUMBNAIL, "visible", TRUE, NULL);

	picture->client = g_object_ref(client);
	picture->vm = g_object_ref(vm);
	g_signal_connect_swapped(vm, "notify::domain-id", G_CALLBACK(domain_changed), picture);
	return GTK_WIDGET(picture);
}
