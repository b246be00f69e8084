/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gi18n.h>
#include <locale.h>

#include "application.h"

int main(int argc, char **argv)
{
	g_autoptr(UiApplication) application = NULL;
	const char *translations = g_getenv("MULLION_LOCALE_DIR");

	setlocale(LC_ALL, "");
	bindtextdomain(GETTEXT_PACKAGE, translations ? translations : LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	application = ui_application_new();
	return g_application_run(G_APPLICATION(application), argc, argv);
}
