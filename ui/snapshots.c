/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshots.h"

#include "form-values.h"
#include "form-widgets.h"
#include "progress.h"

#include <glib/gi18n.h>

struct _UiSnapshots {
	GtkBox parent_instance;
	GtkWidget *note_label, *name_entry, *comment_entry, *take_button;
	GtkWidget *frame, *list, *empty_label;
	UiProgress *progress;
	UiClient *client;
	MullionVm1 *vm;
	bool taking; /* the fields are emptied when it has gone well */
};

G_DEFINE_FINAL_TYPE(UiSnapshots, ui_snapshots, GTK_TYPE_BOX)

/* A question's answer needs both; a row may be gone by then. */
typedef struct {
	GWeakRef snapshots;
	char *name;
} Asked;

gboolean ui_snapshots_is_busy(UiSnapshots *self)
{
	return ui_progress_is_busy(self->progress);
}

static GStrv names_of(UiSnapshots *self)
{
	GVariant *snapshots = mullion_vm1_get_snapshots(self->vm);
	gsize count = snapshots ? g_variant_n_children(snapshots) : 0;
	GStrv names = g_new0(char *, count + 1);

	for (gsize i = 0; i < count; i++) {
		g_variant_get_child(snapshots, i, "(sxs)", &names[i], NULL, NULL);
	}
	return names;
}

static bool vm_is_off(UiSnapshots *self)
{
	const char *state = mullion_vm1_get_state(self->vm);

	return g_strcmp0(state, "stopped") == 0 || g_strcmp0(state, "crashed") == 0;
}

static void update(UiSnapshots *self)
{
	g_auto(GStrv) taken = names_of(self);
	const char *name = gtk_entry_get_text(GTK_ENTRY(self->name_entry));
	g_autofree char *problem = form_name_problem(name, (const char *const *)taken);
	g_autofree char *note = NULL;
	bool idle = vm_is_off(self) && !ui_progress_is_busy(self->progress);

	if (!vm_is_off(self)) {
		note = g_strdup_printf(_("Shut “%s” down to take, revert or delete a snapshot."),
				       ui_vm_title(self->vm));
	}
	form_label_tell(GTK_LABEL(self->note_label), note);
	form_entry_tell(GTK_ENTRY(self->name_entry), *name ? problem : NULL);
	gtk_widget_set_sensitive(self->name_entry, idle);
	gtk_widget_set_sensitive(self->comment_entry, idle);
	gtk_widget_set_sensitive(self->take_button, idle && !problem);
	gtk_widget_set_sensitive(self->list, idle);
	gtk_widget_set_visible(self->frame, *taken != NULL);
	gtk_widget_set_visible(self->empty_label, *taken == NULL);
}

static void on_edited(UiSnapshots *self)
{
	if (self->vm) {
		update(self);
	}
}

static void on_take(UiSnapshots *self)
{
	g_autofree char *what = NULL;

	if (!gtk_widget_get_sensitive(self->take_button)) {
		return; /* Enter in a field */
	}
	what = g_strdup_printf(_("Taking the snapshot “%s”…"),
			       gtk_entry_get_text(GTK_ENTRY(self->name_entry)));
	self->taking = true;
	ui_progress_call(self->progress, self->client, self->vm, "Snapshot",
			 g_variant_new("(ss)", gtk_entry_get_text(GTK_ENTRY(self->name_entry)),
				       gtk_entry_get_text(GTK_ENTRY(self->comment_entry))),
			 what);
	update(self);
}

static void on_ended(UiSnapshots *self, gboolean good)
{
	if (good && self->taking) {
		gtk_entry_set_text(GTK_ENTRY(self->name_entry), "");
		gtk_entry_set_text(GTK_ENTRY(self->comment_entry), "");
	}
	self->taking = false;
	update(self);
}

static void asked_free(gpointer pointer)
{
	Asked *asked = pointer;

	g_weak_ref_clear(&asked->snapshots);
	g_free(asked->name);
	g_free(asked);
}

/* For a question: the row may go while it is asked. */
static Asked *asked_copy(Asked *asked)
{
	g_autoptr(UiSnapshots) self = g_weak_ref_get(&asked->snapshots);
	Asked *copy = g_new0(Asked, 1);

	g_weak_ref_init(&copy->snapshots, self);
	copy->name = g_strdup(asked->name);
	return copy;
}

static void act(gpointer data, const char *method, const char *format)
{
	Asked *asked = data;
	g_autoptr(UiSnapshots) self = g_weak_ref_get(&asked->snapshots);
	g_autofree char *what = g_strdup_printf(format, asked->name);

	if (self && self->vm && !ui_progress_is_busy(self->progress)) {
		ui_progress_call(self->progress, self->client, self->vm, method,
				 g_variant_new("(s)", asked->name), what);
		update(self);
	}
}

static void revert_now(gpointer data)
{
	act(data, "RevertSnapshot", _("Going back to “%s”…"));
}

static void delete_now(gpointer data)
{
	act(data, "DeleteSnapshot", _("Deleting “%s”…"));
}

static void on_revert(GtkButton *button, Asked *asked)
{
	g_autoptr(UiSnapshots) self = g_weak_ref_get(&asked->snapshots);
	g_autofree char *question =
	    g_strdup_printf(_("Make the disks of “%s” what they were at “%s”?"),
			    ui_vm_title(self->vm), asked->name);

	form_ask(GTK_WINDOW(gtk_widget_get_toplevel(GTK_WIDGET(button))), question,
		 _("What was written to them since then is lost."), _("_Revert"), revert_now,
		 asked_copy(asked), asked_free);
}

static void on_delete(GtkButton *button, Asked *asked)
{
	g_autoptr(UiSnapshots) self = g_weak_ref_get(&asked->snapshots);
	g_autofree char *question = g_strdup_printf(_("Delete the snapshot “%s” of “%s”?"),
						    asked->name, ui_vm_title(self->vm));

	form_ask(GTK_WINDOW(gtk_widget_get_toplevel(GTK_WIDGET(button))), question,
		 _("The disks stay as they are; there is no way back to this snapshot then."),
		 _("_Delete Snapshot"), delete_now, asked_copy(asked), asked_free);
}

static GtkWidget *button_new(const char *label, const char *format, const char *name,
			     GCallback clicked, Asked *asked)
{
	GtkWidget *button = gtk_button_new_with_label(label);
	g_autofree char *text = g_strdup_printf(format, name);

	form_set_accessible(button, text);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	g_signal_connect(button, "clicked", clicked, asked);
	return button;
}

static void add_row(UiSnapshots *self, const char *name, gint64 time, const char *comment)
{
	Asked *asked = g_new0(Asked, 1);
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
	GtkWidget *label = gtk_label_new(name);
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);
	g_autofree char *date = when ? g_date_time_format(when, "%x %X") : g_strdup("");
	g_autofree char *text = g_strdup_printf("%s%s%s", date, *comment ? " – " : "", comment);
	GtkWidget *note = gtk_label_new(text);

	g_weak_ref_init(&asked->snapshots, self);
	asked->name = g_strdup(name);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_xalign(GTK_LABEL(note), 0);
	gtk_label_set_line_wrap(GTK_LABEL(note), TRUE);
	gtk_style_context_add_class(gtk_widget_get_style_context(note), "dim-label");
	gtk_widget_set_hexpand(texts, TRUE);
	gtk_container_add(GTK_CONTAINER(texts), label);
	gtk_container_add(GTK_CONTAINER(texts), note);
	gtk_container_add(GTK_CONTAINER(box), texts);
	gtk_container_add(GTK_CONTAINER(box), button_new(_("Revert…"), _("Revert to %s"), name,
							 G_CALLBACK(on_revert), asked));
	gtk_container_add(GTK_CONTAINER(box), button_new(_("Delete…"), _("Delete snapshot %s"),
							 name, G_CALLBACK(on_delete), asked));
	g_object_set(box, "margin", 9, NULL);
	gtk_container_add(GTK_CONTAINER(row), box);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
	form_set_accessible(row, name);
	g_object_set_data_full(G_OBJECT(row), "asked", asked, asked_free);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(self->list), row);
}

static void fill(UiSnapshots *self)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(self->list));
	GVariant *snapshots = mullion_vm1_get_snapshots(self->vm);
	const char *name, *comment;
	GVariantIter iter;
	gint64 time;

	for (const GList *item = rows; item; item = item->next) {
		gtk_widget_destroy(GTK_WIDGET(item->data));
	}
	if (snapshots) {
		g_variant_iter_init(&iter, snapshots);
		while (g_variant_iter_next(&iter, "(&sx&s)", &name, &time, &comment)) {
			add_row(self, name, time, comment);
		}
	}
	update(self);
}

void ui_snapshots_set_vm(UiSnapshots *self, UiClient *client, MullionVm1 *vm)
{
	if (self->vm) {
		g_signal_handlers_disconnect_by_data(self->vm, self);
	}
	g_set_object(&self->client, client);
	g_set_object(&self->vm, vm);
	g_signal_connect_object(vm, "notify::snapshots", G_CALLBACK(fill), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(vm, "notify::state", G_CALLBACK(update), self, G_CONNECT_SWAPPED);
	fill(self);
}

static void dispose(GObject *object)
{
	UiSnapshots *self = UI_SNAPSHOTS(object);

	if (self->vm) {
		g_signal_handlers_disconnect_by_data(self->vm, self);
	}
	g_clear_object(&self->vm);
	g_clear_object(&self->client);
	G_OBJECT_CLASS(ui_snapshots_parent_class)->dispose(object);
}

static void ui_snapshots_class_init(UiSnapshotsClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = dispose;
	g_type_ensure(UI_TYPE_PROGRESS);
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/mullion/desktop/snapshots.ui");
	gtk_widget_class_bind_template_child(widget_class, UiSnapshots, note_label);
	gtk_widget_class_bind_template_child(widget_class, UiSnapshots, name_entry);
	gtk_widget_class_bind_template_child(widget_class, UiSnapshots, comment_entry);
	gtk_widget_class_bind_template_child(widget_class, UiSnapshots, take_button);
	gtk_widget_class_bind_template_child(widget_class, UiSnapshots, frame);
	gtk_widget_class_bind_template_child(widget_class, UiSnapshots, list);
	gtk_widget_class_bind_template_child(widget_class, UiSnapshots, empty_label);
	gtk_widget_class_bind_template_child(widget_class, UiSnapshots, progress);
	gtk_widget_class_bind_template_callback(widget_class, on_edited);
	gtk_widget_class_bind_template_callback(widget_class, on_take);
	gtk_widget_class_bind_template_callback(widget_class, on_ended);
}

static void ui_snapshots_init(UiSnapshots *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}
