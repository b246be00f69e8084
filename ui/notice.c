/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notice.h"

#include "accessible.h"

#include <glib/gi18n.h>

#define RESPONSE_DETAILS 1
#define RESPONSE_SHOW	 2
#define MOST		 100 /* that wait: a loop of failures must not eat memory */

typedef struct {
	char *what;
	char *detail;
	char *vm;
	char *error;
} Entry;

struct _UiNotice {
	GtkBox parent;
	GtkInfoBar *bar;
	GtkLabel *what;
	GtkLabel *detail;
	GtkLabel *more;
	GtkRevealer *details;
	GtkLabel *error;
	GtkWidget *details_button;
	GtkWidget *show_button;
	GQueue entries;
};

static guint show_vm_signal;

G_DEFINE_TYPE(UiNotice, ui_notice, GTK_TYPE_BOX)

static void entry_free(gpointer data)
{
	Entry *entry = data;

	g_free(entry->what);
	g_free(entry->detail);
	g_free(entry->vm);
	g_free(entry->error);
	g_free(entry);
}

/* Where the error is not the manager's own, nothing in its message says what to do. */
static const char *advice(const char *error)
{
	static const struct {
		const char *error;
		const char *advice;
	} table[] = {
	    {"org.freedesktop.DBus.Error.NoReply",
	     N_("The manager has not answered. What was asked for may still happen.")},
	    {"org.freedesktop.DBus.Error.ServiceUnknown",
	     N_("The manager does not run. Use Retry when it is offered.")},
	    {"org.freedesktop.DBus.Error.AccessDenied",
	     N_("The system's message bus refused: ask the administrator of this machine.")},
	    {"org.mullion.Error.NotAuthorized",
	     N_("You have no right to do this: ask the administrator of this machine, or try "
		"again and give a password when asked.")},
	    {"org.mullion.Error.Busy",
	     N_("Wait until the job at work on this VM has ended, or cancel it.")},
	    {"org.mullion.Error.NoMemory",
	     N_("Shut down or save another VM, or give this one less memory in its settings.")},
	    {"org.mullion.Error.NoSpace",
	     N_("Delete what is not needed any more, or use a disk with more room.")},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		if (g_strcmp0(error, table[i].error) == 0) {
			return _(table[i].advice);
		}
	}
	return NULL;
}

static void show_first(UiNotice *notice)
{
	Entry *entry = g_queue_peek_head(&notice->entries);
	guint waiting = g_queue_get_length(&notice->entries);
	const char *hint;

	gtk_widget_set_visible(GTK_WIDGET(notice), entry != NULL);
	if (!entry) {
		return;
	}
	hint = advice(entry->error);
	gtk_label_set_text(notice->what, entry->what);
	gtk_label_set_text(notice->detail, hint ? hint : entry->detail);
	gtk_widget_set_visible(GTK_WIDGET(notice->detail), hint || *entry->detail);
	if (hint && *entry->detail) {
		g_autofree char *both = g_strdup_printf("%s\n%s", entry->detail, hint);

		gtk_label_set_text(notice->detail, both);
	}
	gtk_label_set_text(notice->error, entry->error);
	gtk_widget_set_visible(notice->details_button, *entry->error != '\0');
	gtk_widget_set_visible(notice->show_button, entry->vm != NULL);
	gtk_revealer_set_reveal_child(notice->details, FALSE);
	gtk_widget_set_visible(GTK_WIDGET(notice->more), waiting > 1);
	if (waiting > 1) {
		g_autofree char *text =
		    g_strdup_printf(ngettext("%u more", "%u more", waiting - 1), waiting - 1);

		gtk_label_set_text(notice->more, text);
	}
}

static gboolean is_equal(const Entry *entry, const char *what, const char *detail)
{
	return g_strcmp0(entry->what, what) == 0 && g_strcmp0(entry->detail, detail) == 0;
}

void ui_notice_add(UiNotice *notice, const char *what, const char *detail, const char *vm,
		   const char *error)
{
	Entry *entry;

	for (GList *each = notice->entries.head; each; each = each->next) {
		if (is_equal(each->data, what, detail)) {
			return;
		}
	}
	if (g_queue_get_length(&notice->entries) >= MOST) {
		entry_free(g_queue_pop_tail(&notice->entries));
	}
	entry = g_new0(Entry, 1);
	entry->what = g_strdup(what);
	entry->detail = g_strdup(detail ? detail : "");
	entry->vm = g_strdup(vm);
	entry->error = g_strdup(error ? error : "");
	g_queue_push_tail(&notice->entries, entry);
	show_first(notice);
}

static void responded(GtkInfoBar *bar, int response, UiNotice *notice)
{
	Entry *entry = g_queue_peek_head(&notice->entries);

	if (!entry) {
		return;
	}
	if (response == RESPONSE_DETAILS) {
		gtk_revealer_set_reveal_child(notice->details,
					      !gtk_revealer_get_reveal_child(notice->details));
		return;
	}
	if (response == RESPONSE_SHOW) {
		g_autofree char *vm = g_strdup(entry->vm);

		g_signal_emit(notice, show_vm_signal, 0, vm);
		return;
	}
	entry_free(g_queue_pop_head(&notice->entries));
	show_first(notice);
}

static void ui_notice_finalize(GObject *object)
{
	g_queue_clear_full(&UI_NOTICE(object)->entries, entry_free);
	G_OBJECT_CLASS(ui_notice_parent_class)->finalize(object);
}

static void ui_notice_class_init(UiNoticeClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->finalize = ui_notice_finalize;
	show_vm_signal = g_signal_new("show-vm", UI_TYPE_NOTICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				      NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
	gtk_widget_class_set_template_from_resource(widget_class, "/org/mullion/desktop/notice.ui");
	gtk_widget_class_bind_template_child(widget_class, UiNotice, bar);
	gtk_widget_class_bind_template_child(widget_class, UiNotice, what);
	gtk_widget_class_bind_template_child(widget_class, UiNotice, detail);
	gtk_widget_class_bind_template_child(widget_class, UiNotice, more);
	gtk_widget_class_bind_template_child(widget_class, UiNotice, details);
	gtk_widget_class_bind_template_child(widget_class, UiNotice, error);
	gtk_widget_class_bind_template_child(widget_class, UiNotice, details_button);
	gtk_widget_class_bind_template_child(widget_class, UiNotice, show_button);
	gtk_widget_class_bind_template_callback(widget_class, responded);
}

static void ui_notice_init(UiNotice *notice)
{
	g_queue_init(&notice->entries);
	gtk_widget_init_template(GTK_WIDGET(notice));
	ui_accessible_name_close(notice->bar);
}
