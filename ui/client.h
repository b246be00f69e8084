/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the application knows of the manager, kept up to date by the bus' signals. Nothing here
 * waits: calls answer later, on the main loop.
 */
#ifndef UI_CLIENT_H
#define UI_CLIENT_H

#include <gio/gio.h>

#include "mullion-dbus.h"

typedef struct UiHistory UiHistory; /* history.h */

/* The last two arguments of what D-Bus methods begin with: polkit may ask the person, who may take
 * their time. Or it must not ask: for what the application does by itself.
 */
#define UI_INTERACTIVE G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, G_MAXINT
#define UI_QUIET       G_DBUS_CALL_FLAGS_NONE, -1

#define UI_TYPE_CLIENT (ui_client_get_type())
G_DECLARE_FINAL_TYPE(UiClient, ui_client, UI, CLIENT, GObject)

/*
 * Property "online" (gboolean): the manager answers. Property "reason" (string): why it does not, a
 * translated sentence, or NULL.
 *
 * Signal "notice" (const char *what, const char *detail, MullionVm1 *vm, const char *error):
 * something went wrong. what: a translated title; detail: for people; vm: which VM, or NULL; error:
 * name of the D-Bus error, or "". Signal "statistics" (no arguments): a second has gone by,
 * histories have a sample more. Signal "job-done" (MullionJob1 *job): a watched job has done what
 * it was to do. Signal "job-over" (MullionJob1 *job): a watched or followed job has ended, however.
 * Signal "vm-gone" (MullionVm1 *vm): the manager has no such VM any more, which is not said when
 * the manager itself goes.
 */

/* Connects to the system bus, or to the one at $MULLION_BUS_ADDRESS (tests, remote use). */
UiClient *ui_client_new(void);

gboolean ui_client_is_online(UiClient *client);
const char *ui_client_reason(UiClient *client);
/* Try again to reach, or to have the bus start, the manager. */
void ui_client_retry(UiClient *client);

/* NULL when offline. */
MullionManager1 *ui_client_manager(UiClient *client);
/* Lists live as long as the client and are empty while it is offline. The client keeps them.
 * VMs (MullionVm1) are sorted by what ui_vm_title() says, templates included; networks
 * (MullionNetwork1) by name; jobs (MullionJob1) oldest first, also those that ended.
 */
GListModel *ui_client_vms(UiClient *client);
GListModel *ui_client_networks(UiClient *client);
GListModel *ui_client_jobs(UiClient *client);

/* The proxy of an object path, or NULL; the client keeps it. */
MullionVm1 *ui_client_vm_at(UiClient *client, const char *object_path);
MullionJob1 *ui_client_job_at(UiClient *client, const char *object_path);

/* Follow a job to its end; failure becomes a notice. The job need not be known yet.
 * what: translated, what could not be done if it fails ("“web” could not be started").
 */
void ui_client_watch_job(UiClient *client, const char *job_path, const char *what,
			 MullionVm1 *vm_or_null);

/* The same for a job whose end a form shows: how it ends is told by "job-over" alone. */
void ui_client_follow_job(UiClient *client, const char *job_path);

/* Raises "notice". A cancelled call is none. */
void ui_client_report(UiClient *client, const char *what, MullionVm1 *vm_or_null,
		      const GError *error);

/* Call a method of a VM or a job whose answer is a job or nothing; what goes wrong is a notice.
 * args: floating, or NULL.
 */
void ui_client_call(UiClient *client, GDBusProxy *proxy, const char *method, GVariant *args,
		    const char *what);

/* While held at least once the statistics are read every second. */
void ui_client_stats_hold(UiClient *client);
void ui_client_stats_release(UiClient *client);
/* What is known of a VM (its object path) or the machine ("host"); NULL: nothing yet. */
const UiHistory *ui_client_history(UiClient *client, const char *object_path_or_host);

/* The VM's title, or its name when it has none. */
const char *ui_vm_title(MullionVm1 *vm);
const char *ui_vm_path(MullionVm1 *vm);
/* Translated state of a VM, for people; also why it is not running ("Stopped", "Crashed"). */
const char *ui_vm_state_text(MullionVm1 *vm);
/* It has a domain: running, paused, and on the way there or away. */
gboolean ui_vm_is_alive(MullionVm1 *vm);

#endif
