/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <string.h>

#define GROUP	  "window"
#define LARGEST	  16384 /* pixels; a file may say anything */
#define FILE_SIZE 65536

typedef struct {
	UiStateReady *ready;
	gpointer data;
} Load;

static GFile *state_folder(void)
{
	g_autofree char *path = g_build_filename(g_get_user_config_dir(), "mullion", NULL);

	return g_file_new_for_path(path);
}

static GFile *state_file(void)
{
	g_autoptr(GFile) folder = state_folder();

	return g_file_get_child(folder, "desktop.ini");
}

static int size_of(GKeyFile *file, const char *key)
{
	int size = g_key_file_get_integer(file, GROUP, key, NULL);

	return size > 0 && size <= LARGEST ? size : 0;
}

static void parse(UiState *state, const char *text, gsize length)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (length > FILE_SIZE || !g_utf8_validate(text, length, NULL) ||
	    !g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, NULL)) {
		return;
	}
	state->width = size_of(file, "width");
	state->height = size_of(file, "height");
	state->sidebar = size_of(file, "sidebar");
	state->maximized = g_key_file_get_boolean(file, GROUP, "maximized", NULL);
	state->vm = g_key_file_get_string(file, GROUP, "vm", NULL);
	if (state->vm && !g_variant_is_object_path(state->vm)) {
		g_clear_pointer(&state->vm, g_free);
	}
}

static void loaded(GObject *source, GAsyncResult *result, gpointer data)
{
	Load *load = data;
	UiState *state = g_new0(UiState, 1);
	g_autofree char *text = NULL;
	gsize length = 0;

	if (g_file_load_contents_finish(G_FILE(source), result, &text, &length, NULL, NULL)) {
		parse(state, text, length);
	}
	load->ready(state, load->data);
	g_free(load);
}

void ui_state_load(UiStateReady *ready, gpointer data)
{
	g_autoptr(GFile) file = state_file();
	Load *load = g_new0(Load, 1);

	load->ready = ready;
	load->data = data;
	g_file_load_contents_async(file, NULL, loaded, load);
}

typedef struct {
	GApplication *application;
	GBytes *text;
} Save;

static void save_over(Save *save, GError *error)
{
	if (error) {
		g_info("state of the window: %s", error->message); /* nobody is helped by more */
		g_error_free(error);
	}
	if (save->application) {
		g_application_release(save->application);
		g_object_unref(save->application);
	}
	g_bytes_unref(save->text);
	g_free(save);
}

static void saved(GObject *source, GAsyncResult *result, gpointer data)
{
	GError *error = NULL;

	g_file_replace_contents_finish(G_FILE(source), result, NULL, &error);
	save_over(data, error);
}

static void folder_made(GObject *source, GAsyncResult *result, gpointer data)
{
	Save *save = data;
	g_autoptr(GFile) file = state_file();
	GError *error = NULL;

	if (!g_file_make_directory_finish(G_FILE(source), result, &error) &&
	    !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS)) {
		save_over(save, error);
		return;
	}
	g_clear_error(&error);
	g_file_replace_contents_bytes_async(file, save->text, NULL, FALSE, G_FILE_CREATE_PRIVATE,
					    NULL, saved, save);
}

void ui_state_save(const UiState *state, GApplication *application)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GFile) folder = state_folder();
	Save *save = g_new0(Save, 1);
	char *text;
	gsize length;

	g_key_file_set_integer(file, GROUP, "width", state->width);
	g_key_file_set_integer(file, GROUP, "height", state->height);
	g_key_file_set_integer(file, GROUP, "sidebar", state->sidebar);
	g_key_file_set_boolean(file, GROUP, "maximized", state->maximized);
	if (state->vm) {
		g_key_file_set_string(file, GROUP, "vm", state->vm);
	}
	text = g_key_file_to_data(file, &length, NULL);
	save->text = g_bytes_new_take(text, length);
	if (application) {
		save->application = g_object_ref(application);
		g_application_hold(application);
	}
	g_file_make_directory_async(folder, G_PRIORITY_DEFAULT, NULL, folder_made, save);
}

void ui_state_free(UiState *state)
{
	if (state) {
		g_free(state->vm);
		g_free(state);
	}
}
