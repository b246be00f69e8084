/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake hypervisor: a folder ($MULLION_FAKE) in which a domain is a file, so that domains
 * outlive the manager. Tests change these files to be the guest, and write "inject" to make
 * operations fail or take their time. The files, their keys after the group:
 *
 * - dom-ID [domain]: uuid, state (building running paused ended), end (shutdown reboot suspend
 *   crash), userdata, asked (shutdown, reboot: what the guest was asked), guest (obey: it does so
 *   at once; deaf: NOT_SUPPORTED)
 *
 * - inject [OPERATION]: error (FAILED, NO_MEMORY ...), delay (ms)
 *
 * - statistics [ID]: cpu-time, memory, disk-read, disk-written, net-received, net-sent
 *
 * - sensors [temperatures]: NAME=DEGREES; [batteries]: NAME=PERCENT;STATUS
 *
 * - ../link-NAME: a bridge of the tests' program "ip" (fake-program), which the manager also asks
 *   the kernel for
 *
 * - memory: free MiB; console: path of a terminal; ran: is made when a domain is let run
 */
#include "error.h"
#include "file-util.h"
#include "vmm.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	const char *folder;
	VmmEventFunc event;
	gpointer data;
	GFileMonitor *monitor;
	GMutex lock;	     /* watched, next_id */
	GHashTable *watched; /* id → last seen: 1 alive, 2 ended */
} fake;

/* Instead of libc's. */
unsigned int if_nametoindex(const char *name)
{
	g_autofree char *path = g_strdup_printf("%s/../link-%s", fake.folder, name);

	return g_file_test(path, G_FILE_TEST_EXISTS) ? 1 : 0;
}

static char *domain_path(guint id)
{
	return g_strdup_printf("%s/dom-%u", fake.folder, id);
}

static GKeyFile *domain_load(guint id, GError **error)
{
	g_autofree char *path = domain_path(id);
	GKeyFile *file = g_key_file_new();

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
		g_key_file_unref(file);
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_FOUND, "there is no domain %u",
			    id);
		return NULL;
	}
	return file;
}

static bool domain_save(guint id, GKeyFile *file, GError **error)
{
	g_autofree char *path = domain_path(id);
	g_autofree char *text = g_key_file_to_data(file, NULL, NULL);

	return file_write(path, text, error);
}

static bool domain_set(guint id, const char *key, const char *value, GError **error)
{
	g_autoptr(GKeyFile) file = domain_load(id, error);

	if (!file) {
		return false;
	}
	g_key_file_set_string(file, "domain", key, value);
	return domain_save(id, file, error);
}

static char *domain_get(guint id, const char *key)
{
	g_autoptr(GKeyFile) file = domain_load(id, NULL);

	return file ? g_key_file_get_string(file, "domain", key, NULL) : NULL;
}

static MullionError code_of(const char *name)
{
	static const struct {
		const char *name;
		MullionError code;
	} codes[] = {{"NO_MEMORY", MULLION_ERROR_NO_MEMORY},
		     {"NOT_SUPPORTED", MULLION_ERROR_NOT_SUPPORTED}};

	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
		if (g_str_equal(codes[i].name, name)) {
			return codes[i].code;
		}
	}
	return MULLION_ERROR_FAILED;
}

/* What the test wants of this operation. */
static bool inject(const char *operation, GCancellable *cancellable, GError **error)
{
	g_autofree char *path = g_build_filename(fake.folder, "inject", NULL);
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *code = NULL;
	int delay;

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
		return true;
	}
	delay = g_key_file_get_integer(file, operation, "delay", NULL);
	for (int waited = 0; waited < delay; waited += 10) {
		if (g_cancellable_is_cancelled(cancellable)) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_CANCELLED, "cancelled");
			return false;
		}
		g_usleep(10000);
	}
	code = g_key_file_get_string(file, operation, "error", NULL);
	if (code) {
		g_set_error(error, MULLION_ERROR, (int)code_of(code), "injected into %s",
			    operation);
	}
	return !code;
}

static void look(guint id, guint *seen)
{
	g_autofree char *state = domain_get(id, "state");

	if (!state) {
		*seen = 0;
		fake.event(id, true, fake.data);
	} else if (g_str_equal(state, "ended") && *seen != 2) {
		*seen = 2;
		fake.event(id, false, fake.data);
	} else if (!g_str_equal(state, "ended")) {
		*seen = 1;
	}
}

static gboolean look_at_all(gpointer data)
{
	g_autoptr(GList) ids = NULL;

	g_mutex_lock(&fake.lock);
	ids = g_hash_table_get_keys(fake.watched);
	g_mutex_unlock(&fake.lock);
	for (GList *item = ids; item; item = item->next) {
		guint seen;

		g_mutex_lock(&fake.lock);
		seen = GPOINTER_TO_UINT(g_hash_table_lookup(fake.watched, item->data));
		g_mutex_unlock(&fake.lock);
		look(GPOINTER_TO_UINT(item->data), &seen);
		g_mutex_lock(&fake.lock);
		if (seen) {
			g_hash_table_insert(fake.watched, item->data, GUINT_TO_POINTER(seen));
		} else {
			g_hash_table_remove(fake.watched, item->data);
		}
		g_mutex_unlock(&fake.lock);
	}
	return G_SOURCE_REMOVE;
}

static void changed(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
		    gpointer data)
{
	look_at_all(NULL);
}

bool vmm_open(VmmEventFunc event, gpointer data, GError **error)
{
	g_autoptr(GFile) folder = NULL;

	fake.folder = g_getenv("MULLION_FAKE");
	if (!fake.folder) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_FAILED, "MULLION_FAKE is not set");
		return false;
	}
	fake.event = event;
	fake.data = data;
	fake.watched = g_hash_table_new(NULL, NULL);
	folder = g_file_new_for_path(fake.folder);
	fake.monitor = g_file_monitor_directory(folder, G_FILE_MONITOR_WATCH_MOVES, NULL, error);
	if (!fake.monitor) {
		return false;
	}
	g_file_monitor_set_rate_limit(fake.monitor, 0);
	g_signal_connect(fake.monitor, "changed", G_CALLBACK(changed), NULL);
	return true;
}

void vmm_close(void)
{
	g_clear_object(&fake.monitor);
	g_clear_pointer(&fake.watched, g_hash_table_unref);
}

static VmmEnd end_of(const char *end)
{
	static const char *const names[] = {"", "shutdown", "reboot", "suspend", "crash"};

	for (guint i = 0; end && i < G_N_ELEMENTS(names); i++) {
		if (g_str_equal(names[i], end)) {
			return (VmmEnd)i;
		}
	}
	return VMM_END_NONE;
}

static void domain_free(gpointer pointer)
{
	vmm_domain_free(pointer);
}

GPtrArray *vmm_list(GError **error)
{
	g_autoptr(GDir) listing = g_dir_open(fake.folder, 0, error);
	GPtrArray *domains;
	const char *name;

	if (!listing || !inject("list", NULL, error)) {
		return NULL;
	}
	domains = g_ptr_array_new_with_free_func(domain_free);
	while ((name = g_dir_read_name(listing))) {
		guint id = g_str_has_prefix(name, "dom-") ? (guint)atoi(name + 4) : 0;
		g_autoptr(GKeyFile) file = id ? domain_load(id, NULL) : NULL;
		g_autofree char *state = NULL;
		g_autofree char *end = NULL;
		VmmDomain *domain;

		if (!file) {
			continue;
		}
		state = g_key_file_get_string(file, "domain", "state", NULL);
		end = g_key_file_get_string(file, "domain", "end", NULL);
		domain = g_new0(VmmDomain, 1);
		domain->id = id;
		domain->uuid = g_key_file_get_string(file, "domain", "uuid", NULL);
		domain->userdata = g_key_file_get_string(file, "domain", "userdata", NULL);
		domain->state = g_str_equal(state, "ended")	? VMM_ENDED
				: g_str_equal(state, "running") ? VMM_RUNNING
								: VMM_PAUSED;
		domain->end = end_of(end);
		g_ptr_array_add(domains, domain);
	}
	return domains;
}

static guint next_id(void)
{
	g_autofree char *path = g_build_filename(fake.folder, "next-id", NULL);
	g_autofree char *text = file_read(path, 64, NULL);
	guint id = text ? (guint)atoi(text) : 1;
	g_autofree char *next = g_strdup_printf("%u", id + 1);

	file_write(path, next, NULL);
	return id;
}

bool vmm_create(const VmmSpec *spec, GCancellable *cancellable, guint *ret_id, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *bridges = g_strjoinv(" ", spec->bridges);
	char word[8];
	guint id;

	if (spec->restore_fd >= 0 &&
	    (read(spec->restore_fd, word, 4) != 4 || memcmp(word, "SAVE", 4) != 0)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_FAILED, "not a saved image");
		return false;
	}
	g_mutex_lock(&fake.lock);
	id = next_id();
	g_mutex_unlock(&fake.lock);
	g_key_file_set_string(file, "domain", "uuid", spec->config->uuid);
	g_key_file_set_string(file, "domain", "name", spec->name);
	g_key_file_set_string(file, "domain", "state", "building");
	g_key_file_set_string(file, "domain", "bridges", bridges);
	g_key_file_set_boolean(file, "domain", "restored", spec->restore_fd >= 0);
	g_key_file_set_string(file, "domain", "guest",
			      strstr(spec->config->cmdline, "deaf") ? "deaf" : "obey");
	if (!domain_save(id, file, error)) {
		return false;
	}
	if (!inject("create", cancellable, error)) {
		g_autofree char *path = domain_path(id);

		unlink(path);
		return false;
	}
	g_key_file_set_string(file, "domain", "state", spec->paused ? "paused" : "running");
	g_key_file_set_string(file, "domain", "userdata", spec->userdata);
	*ret_id = id;
	return domain_save(id, file, error) && vmm_watch(id, error);
}

bool vmm_watch(guint id, GError **error)
{
	g_mutex_lock(&fake.lock);
	g_hash_table_insert(fake.watched, GUINT_TO_POINTER(id), GUINT_TO_POINTER(1));
	g_mutex_unlock(&fake.lock);
	g_idle_add(look_at_all, NULL);
	return true;
}

bool vmm_destroy(guint id, GError **error)
{
	g_autofree char *path = domain_path(id);

	if (!inject("destroy", NULL, error)) {
		return false;
	}
	if (unlink(path) < 0) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_FOUND, "there is no domain %u",
			    id);
		return false;
	}
	return true;
}

bool vmm_pause(guint id, GError **error)
{
	return inject("pause", NULL, error) && domain_set(id, "state", "paused", error);
}

bool vmm_unpause(guint id, GError **error)
{
	g_autofree char *path = g_build_filename(fake.folder, "ran", NULL);

	/* Several domains may be let run at once: a temporary name each. */
	return inject("unpause", NULL, error) && g_file_set_contents(path, "", 0, error) &&
	       domain_set(id, "state", "running", error);
}

static bool ask(guint id, const char *what, GError **error)
{
	g_autofree char *guest = domain_get(id, "guest");

	if (!inject(what, NULL, error)) {
		return false;
	}
	if (guest && g_str_equal(guest, "deaf")) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_SUPPORTED,
			    "the guest has no ears");
		return false;
	}
	if (!domain_set(id, "asked", what, error)) {
		return false;
	}
	if (guest && g_str_equal(guest, "obey")) {
		return domain_set(id, "end", what, error) &&
		       domain_set(id, "state", "ended", error);
	}
	return true;
}

bool vmm_shutdown(guint id, GError **error)
{
	return ask(id, "shutdown", error);
}

bool vmm_reboot(guint id, GError **error)
{
	return ask(id, "reboot", error);
}

bool vmm_save(guint id, int fd, GCancellable *cancellable, GError **error)
{
	if (write(fd, "SAVE", 4) != 4 || !domain_set(id, "end", "suspend", error) ||
	    !domain_set(id, "state", "ended", error)) {
		return false;
	}
	if (!inject("save", cancellable, error)) {
		domain_set(id, "state", "running", NULL);
		return false;
	}
	return true;
}

bool vmm_resume(guint id, GError **error)
{
	return inject("resume", NULL, error) && domain_set(id, "end", "", error) &&
	       domain_set(id, "state", "running", error);
}

char *vmm_console_path(guint id, GError **error)
{
	g_autofree char *path = g_build_filename(fake.folder, "console", NULL);
	char *text = file_read(path, 4096, NULL);

	if (!text) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_FOUND, "no console");
	}
	return text;
}

/* What the test wants to be counted of a domain; what it does not say stays. */
static void count_by_file(VmmStatistics *one)
{
	g_autofree char *path = g_build_filename(fake.folder, "statistics", NULL);
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *group = g_strdup_printf("%u", one->id);
	const struct {
		const char *key;
		guint64 *counter;
	} counters[] = {
	    {"cpu-time", &one->cpu_time},	  {"memory", &one->memory},
	    {"disk-read", &one->disk_read},	  {"disk-written", &one->disk_written},
	    {"net-received", &one->net_received}, {"net-sent", &one->net_sent},
	};

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(counters); i++) {
		if (g_key_file_has_key(file, group, counters[i].key, NULL)) {
			*counters[i].counter =
			    g_key_file_get_uint64(file, group, counters[i].key, NULL);
		}
	}
}

GArray *vmm_statistics(GError **error)
{
	g_autoptr(GPtrArray) domains = vmm_list(error);
	GArray *all;
	VmmStatistics one = {0, 1, 1000, 1 << 20, 0, 0, 0, 0};

	if (!domains) {
		return NULL;
	}
	all = g_array_new(FALSE, TRUE, sizeof(VmmStatistics));
	count_by_file(&one);
	g_array_append_val(all, one);
	for (guint i = 0; i < domains->len; i++) {
		guint id = ((VmmDomain *)g_ptr_array_index(domains, i))->id;

		one = (VmmStatistics){id, 2, 1000000 * id, 64 << 20, 1, 2, 3, 4};
		count_by_file(&one);
		g_array_append_val(all, one);
	}
	return all;
}

bool vmm_free_memory(guint64 *ret_bytes, GError **error)
{
	g_autofree char *path = g_build_filename(fake.folder, "memory", NULL);
	g_autofree char *text = file_read(path, 64, NULL);

	*ret_bytes = (text ? g_ascii_strtoull(text, NULL, 10) : 8192) << 20;
	return true;
}

static void add_temperatures(GVariantDict *host, GKeyFile *file)
{
	g_auto(GStrv) names = g_key_file_get_keys(file, "temperatures", NULL, NULL);
	GVariantBuilder all;

	g_variant_builder_init(&all, G_VARIANT_TYPE("a{sd}"));
	for (gsize i = 0; names && names[i]; i++) {
		g_variant_builder_add(&all, "{sd}", names[i],
				      g_key_file_get_double(file, "temperatures", names[i], NULL));
	}
	g_variant_dict_insert_value(host, "temperatures", g_variant_builder_end(&all));
}

static void add_batteries(GVariantDict *host, GKeyFile *file)
{
	g_auto(GStrv) names = g_key_file_get_keys(file, "batteries", NULL, NULL);
	GVariantBuilder all;

	g_variant_builder_init(&all, G_VARIANT_TYPE("aa{sv}"));
	for (gsize i = 0; names && names[i]; i++) {
		g_auto(GStrv) words =
		    g_key_file_get_string_list(file, "batteries", names[i], NULL, NULL);
		GVariantDict one;

		g_variant_dict_init(&one, NULL);
		g_variant_dict_insert(&one, "name", "s", names[i]);
		g_variant_dict_insert(&one, "percent", "d", g_ascii_strtod(words[0], NULL));
		g_variant_dict_insert(&one, "status", "s", words[1]);
		g_variant_builder_add_value(&all, g_variant_dict_end(&one));
	}
	g_variant_dict_insert_value(host, "batteries", g_variant_builder_end(&all));
}

/* The manager's own sensors, where there are any, take the place of these. */
static void add_sensors(GVariantDict *host)
{
	g_autofree char *path = g_build_filename(fake.folder, "sensors", NULL);
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
		add_temperatures(host, file);
		add_batteries(host, file);
		g_variant_dict_insert(host, "ac-online", "b", FALSE);
	}
}

bool vmm_host(GVariantDict *host, GError **error)
{
	if (!inject("host", NULL, error)) {
		return false;
	}
	g_variant_dict_insert(host, "hypervisor", "s", "Fake");
	if (g_getenv("FAKE_NO_HVM")) {
		g_variant_dict_insert(host, "hvm", "b", FALSE);
	}
	g_variant_dict_insert(host, "cpu-count", "u", 2);
	g_variant_dict_insert(host, "memory-total", "t", (guint64)16 << 30);
	g_variant_dict_insert(host, "memory-free", "t", (guint64)8 << 30);
	add_sensors(host);
	return true;
}

char *vmm_version(void)
{
	return g_strdup("Fake 1");
}

char *vmm_log(GError **error)
{
	return inject("log", NULL, error) ? g_strdup("(XEN) fake\n") : NULL;
}
