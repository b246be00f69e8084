/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm-libxl.h"

#include "error.h"

#include <errno.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#include <stdlib.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#define USERDATA_ID "mullion"
#define POLL_MAX    64

static struct {
	VmmEventFunc event;
	gpointer data;
	bool open;
	int wake_fd;	     /* an eventfd: there is more to watch */
	Context *context;    /* of the events alone */
	GMutex lock;	     /* watched; taken before the context's */
	GHashTable *watched; /* domain → libxl_evgen_domain_death */
} events;

typedef struct {
	guint id;
	bool gone;
} Event;

static gboolean event_deliver(gpointer data)
{
	const Event *event = data;

	if (events.open) {
		events.event(event->id, event->gone, events.data);
	}
	return G_SOURCE_REMOVE;
}

static void unwatch(guint id)
{
	libxl_evgen_domain_death *generator;

	g_mutex_lock(&events.lock);
	generator = g_hash_table_lookup(events.watched, GUINT_TO_POINTER(id));
	if (generator) {
		libxl_evdisable_domain_death(context_libxl(events.context), generator);
		g_hash_table_remove(events.watched, GUINT_TO_POINTER(id));
	}
	g_mutex_unlock(&events.lock);
}

static void events_take(libxl_ctx *ctx)
{
	const uint64_t mask =
	    1ULL << LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN | 1ULL << LIBXL_EVENT_TYPE_DOMAIN_DEATH;
	libxl_event *event = NULL;

	while (libxl_event_check(ctx, &event, mask, NULL, NULL) == 0) {
		Event *copy = g_new(Event, 1);

		*copy = (Event){event->domid, event->type == LIBXL_EVENT_TYPE_DOMAIN_DEATH};
		libxl_event_free(ctx, event);
		if (copy->gone) {
			unwatch(copy->id);
		}
		g_idle_add_full(G_PRIORITY_DEFAULT, event_deliver, copy, g_free);
	}
}

/*
 * A poll of our own and not libxl_event_wait(): a watch that another thread begins while that one
 * sleeps adds a file descriptor which it would not look at. vmm_watch() wakes this one.
 */
static gpointer events_run(gpointer data)
{
	libxl_ctx *ctx = context_libxl(events.context);
	struct pollfd fds[POLL_MAX];
	struct timeval now;
	guint64 count;

	for (;;) {
		int fd_count = POLL_MAX - 1, timeout = -1;

		events_take(ctx);
		gettimeofday(&now, NULL);
		if (libxl_osevent_beforepoll(ctx, &fd_count, fds + 1, &timeout, now)) {
			g_warning("the ends of domains cannot be waited for and go unnoticed");
			return NULL;
		}
		fds[0] = (struct pollfd){events.wake_fd, POLLIN, 0};
		if (poll(fds, (nfds_t)fd_count + 1, timeout) < 0) {
			continue;
		}
		if (fds[0].revents && read(events.wake_fd, &count, sizeof(count)) < 0) {
			g_warning("eventfd: %s", g_strerror(errno));
		}
		gettimeofday(&now, NULL);
		libxl_osevent_afterpoll(ctx, fd_count, fds + 1, now);
	}
}

bool vmm_open(VmmEventFunc event, gpointer data, GError **error)
{
	events.context = context_new(error);
	if (!events.context) {
		return false;
	}
	events.event = event;
	events.data = data;
	events.watched = g_hash_table_new(NULL, NULL);
	events.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	events.open = true;
	g_thread_unref(g_thread_new("domain-events", events_run, NULL));
	return true;
}

void vmm_close(void)
{
	/* The thread ends with the process: it holds nothing that is to be given back. */
	events.open = false;
}

bool vmm_watch(guint id, GError **error)
{
	libxl_evgen_domain_death *generator = NULL;
	guint64 one = 1;
	int rc = 0;

	g_mutex_lock(&events.lock);
	if (!g_hash_table_contains(events.watched, GUINT_TO_POINTER(id))) {
		rc = libxl_evenable_domain_death(context_libxl(events.context), id, 0, &generator);
		if (!rc) {
			g_hash_table_insert(events.watched, GUINT_TO_POINTER(id), generator);
		}
	}
	g_mutex_unlock(&events.lock);
	if (!rc && write(events.wake_fd, &one, sizeof(one)) < 0) {
		g_warning("eventfd: %s", g_strerror(errno));
	}
	return !rc || context_fail(events.context, rc, "cannot watch the domain", error);
}

static VmmEnd end_of(libxl_shutdown_reason reason)
{
	switch (reason) {
	case LIBXL_SHUTDOWN_REASON_POWEROFF:
		return VMM_END_SHUTDOWN;
	case LIBXL_SHUTDOWN_REASON_REBOOT:
	case LIBXL_SHUTDOWN_REASON_SOFT_RESET:
		return VMM_END_REBOOT;
	case LIBXL_SHUTDOWN_REASON_SUSPEND:
		return VMM_END_SUSPEND;
	default:
		return VMM_END_CRASH;
	}
}

static void domain_free(gpointer domain)
{
	vmm_domain_free(domain);
}

static VmmDomain *domain_new(Context *context, const libxl_dominfo *info)
{
	VmmDomain *domain = g_new0(VmmDomain, 1);
	uint8_t *data = NULL;
	int length = 0;

	domain->id = info->domid;
	domain->uuid = g_strdup_printf(LIBXL_UUID_FMT, LIBXL_UUID_BYTES(info->uuid));
	domain->state = info->shutdown ? VMM_ENDED : info->paused ? VMM_PAUSED : VMM_RUNNING;
	domain->end = info->shutdown ? end_of(info->shutdown_reason) : VMM_END_NONE;
	if (libxl_userdata_retrieve(context_libxl(context), info->domid, USERDATA_ID, &data,
				    &length) == 0 &&
	    data) {
		domain->userdata = g_strndup((const char *)data, (gsize)length);
		free(data);
	}
	return domain;
}

GPtrArray *vmm_list(GError **error)
{
	g_autoptr(Context) context = context_new(error);
	GPtrArray *domains;
	libxl_dominfo *list;
	int count = 0;

	if (!context) {
		return NULL;
	}
	list = libxl_list_domain(context_libxl(context), &count);
	if (!list) {
		context_fail(context, ERROR_FAIL, "cannot list the domains", error);
		return NULL;
	}
	domains = g_ptr_array_new_with_free_func(domain_free);
	for (int i = 0; i < count; i++) {
		/* One that is dying is as good as gone: nothing can be done with it. */
		if (list[i].domid != 0 && !list[i].dying) {
			g_ptr_array_add(domains, domain_new(context, &list[i]));
		}
	}
	libxl_dominfo_list_free(list, count);
	return domains;
}

typedef int (*Simple)(libxl_ctx *ctx, uint32_t id, const libxl_asyncop_how *how);

typedef struct {
	Simple act;
	guint id;
} SimpleCall;

static int simple_start(libxl_ctx *ctx, const libxl_asyncop_how *how, void *data)
{
	const SimpleCall *call = data;

	return call->act(ctx, call->id, how);
}

static int simple_in(Context *context, guint id, Simple act)
{
	SimpleCall call = {act, id};

	return context_wait(context, simple_start, &call, NULL);
}

static bool simple(guint id, Simple act, const char *what, GError **error)
{
	g_autoptr(Context) context = context_new(error);
	int rc;

	if (!context) {
		return false;
	}
	rc = simple_in(context, id, act);
	return !rc || context_fail(context, rc, what, error);
}

typedef struct {
	libxl_domain_config config;
	uint32_t id;
	int restore_fd;
} Create;

static int create_start(libxl_ctx *ctx, const libxl_asyncop_how *how, void *data)
{
	Create *create = data;
	libxl_domain_restore_params params;
	int rc;

	if (create->restore_fd < 0) {
		return libxl_domain_create_new(ctx, &create->config, &create->id, how, NULL);
	}
	libxl_domain_restore_params_init(&params);
	params.stream_version = 2;
	rc = libxl_domain_create_restore(ctx, &create->config, &create->id, create->restore_fd, -1,
					 &params, how, NULL);
	libxl_domain_restore_params_dispose(&params);
	return rc;
}

static bool create_finish(Context *context, const VmmSpec *spec, guint id, GError **error)
{
	libxl_ctx *ctx = context_libxl(context);
	int rc = libxl_userdata_store(ctx, id, USERDATA_ID, (const uint8_t *)spec->userdata,
				      (int)strlen(spec->userdata));

	if (!rc && !vmm_watch(id, error)) {
		return false;
	}
	if (!rc && !spec->paused) {
		rc = simple_in(context, id, libxl_domain_unpause);
	}
	return !rc || context_fail(context, rc, "cannot finish the domain", error);
}

bool vmm_create(const VmmSpec *spec, GCancellable *cancellable, guint *ret_id, GError **error)
{
	g_autoptr(Context) context = context_new(error);
	Create create = {.id = INVALID_DOMID, .restore_fd = spec->restore_fd};
	bool good = false;
	int rc = 0;

	if (!context) {
		return false;
	}
	if (config_to_libxl(context, spec, &create.config, error)) {
		rc = context_wait(context, create_start, &create, cancellable);
		good = rc ? context_fail(context, rc,
					 spec->restore_fd < 0 ? "cannot build the VM"
							      : "cannot restore the VM",
					 error)
			  : create_finish(context, spec, create.id, error);
	}
	/* An aborted creation may leave half a domain. */
	if (!good && create.id != INVALID_DOMID &&
	    libxl_domain_info(context_libxl(context), NULL, create.id) == 0) {
		simple_in(context, create.id, libxl_domain_destroy);
	}
	libxl_domain_config_dispose(&create.config);
	*ret_id = good ? create.id : 0;
	return good;
}

bool vmm_destroy(guint id, GError **error)
{
	return simple(id, libxl_domain_destroy, "cannot end the domain", error);
}

bool vmm_pause(guint id, GError **error)
{
	return simple(id, libxl_domain_pause, "cannot pause the domain", error);
}

bool vmm_unpause(guint id, GError **error)
{
	return simple(id, libxl_domain_unpause, "cannot unpause the domain", error);
}

/* A guest without PV drivers does not hear Xen; an emulated PC has a power button. */
static int ask_to_shut_down(libxl_ctx *ctx, uint32_t id, const libxl_asyncop_how *how)
{
	int rc = libxl_domain_shutdown(ctx, id, how);

	return rc == ERROR_NOPARAVIRT ? libxl_send_trigger(ctx, id, LIBXL_TRIGGER_POWER, 0, how)
				      : rc;
}

bool vmm_shutdown(guint id, GError **error)
{
	return simple(id, ask_to_shut_down, "cannot ask the guest to shut down", error);
}

bool vmm_reboot(guint id, GError **error)
{
	return simple(id, libxl_domain_reboot, "cannot ask the guest to reboot", error);
}

static int resume(libxl_ctx *ctx, uint32_t id, const libxl_asyncop_how *how)
{
	return libxl_domain_resume(ctx, id, 1, how);
}

bool vmm_resume(guint id, GError **error)
{
	return simple(id, resume, "cannot let the domain run on", error);
}

typedef struct {
	uint32_t id;
	int fd;
} Save;

static int save_start(libxl_ctx *ctx, const libxl_asyncop_how *how, void *data)
{
	const Save *save = data;

	return libxl_domain_suspend(ctx, save->id, save->fd, 0, how);
}

bool vmm_save(guint id, int fd, GCancellable *cancellable, GError **error)
{
	g_autoptr(Context) context = context_new(error);
	Save save = {id, fd};
	libxl_dominfo info;
	int rc;

	if (!context) {
		return false;
	}
	rc = context_wait(context, save_start, &save, cancellable);
	if (!rc) {
		return true;
	}
	context_fail(context, rc, "cannot save the VM", error);
	libxl_dominfo_init(&info);
	if (!libxl_domain_info(context_libxl(context), &info, id) && info.shutdown &&
	    info.shutdown_reason == LIBXL_SHUTDOWN_REASON_SUSPEND) {
		simple_in(context, id, resume);
	}
	libxl_dominfo_dispose(&info);
	return false;
}

char *vmm_console_path(guint id, GError **error)
{
	g_autoptr(Context) context = context_new(error);
	char *path = NULL;
	int rc;

	if (!context) {
		return NULL;
	}
	rc = libxl_primary_console_get_tty(context_libxl(context), id, &path);
	if (rc || !path || !*path) {
		free(path);
		context_fail(context, rc == ERROR_DOMAIN_NOTFOUND ? rc : ERROR_FAIL,
			     "no console yet", error);
		return NULL;
	}
	return path;
}
