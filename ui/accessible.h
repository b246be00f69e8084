/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for screen readers where GTK's own widgets have none. */
#ifndef UI_ACCESSIBLE_H
#define UI_ACCESSIBLE_H

#include <gtk/gtk.h>

/* The button that closes the bar. */
void ui_accessible_name_close(GtkInfoBar *bar);
/* Each row of the sidebar, after the page's title. To be called when the stack has its pages. */
void ui_accessible_name_pages(GtkStackSidebar *sidebar);

#endif
