/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network.h"

#include "error.h"
#include "file-util.h"
#include "vm.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT	   1
#define FILE_LIMIT 65536

struct Network {
	Manager *manager;
	BusObject *bus;
	NetworkSpec *spec;
	bool autostart;
	bool active;
	bool busy;
};

void network_spec_free(NetworkSpec *spec)
{
	if (spec) {
		g_free(spec->name);
		g_free(spec->mode);
		g_free(spec->bridge);
		g_free(spec->address);
		g_free(spec->run_folder);
		g_free(spec);
	}
}

static NetworkSpec *spec_copy(const NetworkSpec *spec)
{
	NetworkSpec *copy = g_new0(NetworkSpec, 1);

	copy->name = g_strdup(spec->name);
	copy->mode = g_strdup(spec->mode);
	copy->bridge = g_strdup(spec->bridge);
	copy->address = g_strdup(spec->address);
	copy->run_folder = g_strdup(spec->run_folder);
	return copy;
}

NetworkSpec *network_spec(const Manager *manager, const char *name)
{
	const Network *network = g_hash_table_lookup(manager->networks, name);

	return network ? spec_copy(network->spec) : NULL;
}

/* An interface's name has 15 letters; a long or odd name is told by a hash. */
static char *own_bridge(const char *name)
{
	if (strlen(name) <= 11) {
		return g_strconcat("mbr-", name, NULL);
	}
	return g_strdup_printf("mbr-%.4s-%06x", name, g_str_hash(name) & 0xffffff);
}

static bool parse_address(const char *text, guint32 *ret_address, guint *ret_length)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);
	struct in_addr address;
	guint64 length;

	if (!parts[0] || !parts[1] || inet_pton(AF_INET, parts[0], &address) != 1 ||
	    !g_ascii_string_to_unsigned(parts[1], 10, 8, 29, &length, NULL)) {
		return false;
	}
	*ret_address = ntohl(address.s_addr);
	*ret_length = (guint)length;
	return true;
}

static bool overlap(guint32 one, guint one_length, guint32 other, guint other_length)
{
	guint32 mask = ~0u << (32 - MIN(one_length, other_length));

	return (one & mask) == (other & mask);
}

static guint mask_length(guint32 mask)
{
	guint length = 0;

	for (; mask & 0x80000000u; mask <<= 1) {
		length++;
	}
	return MAX(length, 1);
}

static bool address_is_taken(const Manager *manager, guint32 address, guint length)
{
	GHashTableIter iter;
	gpointer item;
	struct ifaddrs *list = NULL;
	bool taken = false;

	g_hash_table_iter_init(&iter, manager->networks);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		guint32 theirs;
		guint their_length;

		if (parse_address(((Network *)item)->spec->address, &theirs, &their_length) &&
		    overlap(address, length, theirs, their_length)) {
			return true;
		}
	}
	if (getifaddrs(&list) < 0) {
		return false;
	}
	for (const struct ifaddrs *one = list; one; one = one->ifa_next) {
		if (one->ifa_addr && one->ifa_netmask && one->ifa_addr->sa_family == AF_INET) {
			guint32 theirs =
			    ntohl(((struct sockaddr_in *)(void *)one->ifa_addr)->sin_addr.s_addr);
			guint32 mask = ntohl(
			    ((struct sockaddr_in *)(void *)one->ifa_netmask)->sin_addr.s_addr);

			taken = taken || overlap(address, length, theirs, mask_length(mask));
		}
	}
	freeifaddrs(list);
	return taken;
}

static char *free_address(const Manager *manager)
{
	for (guint32 i = 7; i < 255; i++) {
		guint32 address = 10u << 24 | i << 16 | 1;

		if (!address_is_taken(manager, address, 24)) {
			return g_strdup_printf("10.%u.0.1/24", i);
		}
	}
	return g_strdup("");
}

static bool interface_is_valid(const char *name)
{
	gsize length = strlen(name);

	return length >= 1 && length <= 15 && name[0] != '.' && name[0] != '-' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		   length;
}

/* Fill in what is left out, and say what cannot be. */
static bool spec_complete(const Manager *manager, NetworkSpec *spec, GError **error)
{
	guint32 address;
	guint length;
	bool is_bridge = g_str_equal(spec->mode, "bridge");
	const char *problem = NULL;

	if (is_bridge) {
		g_free(spec->address);
		spec->address = g_strdup("");
		problem = interface_is_valid(spec->bridge)
			      ? NULL
			      : "bridge: the name of a bridge is needed";
	} else if (g_str_equal(spec->mode, "nat") || g_str_equal(spec->mode, "isolated")) {
		g_free(spec->bridge);
		spec->bridge = own_bridge(spec->name);
		if (!*spec->address) {
			g_free(spec->address);
			spec->address = free_address(manager);
		}
		problem = parse_address(spec->address, &address, &length)
			      ? NULL
			      : "address: not of the form 10.7.0.1/24, with a length of 8 to 29";
	} else {
		problem = "mode: is none of nat, isolated, bridge";
	}
	if (problem) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT, "%s", problem);
	}
	return !problem;
}

static char *path_of(const Manager *manager, const char *name)
{
	return g_strdup_printf("%s/%s" NETWORK_SUFFIX, manager->networks_folder, name);
}

static bool network_save(const Network *network, GError **error)
{
	const NetworkSpec *spec = network->spec;
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = path_of(network->manager, spec->name);
	g_autofree char *old = file_read(path, FILE_LIMIT, NULL);
	g_autofree char *text = NULL;

	if (!old ||
	    !g_key_file_load_from_data(file, old, strlen(old), G_KEY_FILE_KEEP_COMMENTS, NULL)) {
		g_key_file_unref(file);
		file = g_key_file_new();
	}
	g_key_file_set_integer(file, "network", "format", FORMAT);
	g_key_file_set_string(file, "network", "mode", spec->mode);
	g_key_file_set_string(file, "network",
			      g_str_equal(spec->mode, "bridge") ? "bridge" : "address",
			      g_str_equal(spec->mode, "bridge") ? spec->bridge : spec->address);
	g_key_file_set_boolean(file, "network", "autostart", network->autostart);
	text = g_key_file_to_data(file, NULL, NULL);
	return file_write(path, text, error);
}

static GVariant *network_properties(gpointer owner)
{
	const Network *network = owner;
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "Name", "s", network->spec->name);
	g_variant_dict_insert(&dict, "Mode", "s", network->spec->mode);
	g_variant_dict_insert(&dict, "Bridge", "s", network->spec->bridge);
	g_variant_dict_insert(&dict, "Address", "s", network->spec->address);
	g_variant_dict_insert(&dict, "Autostart", "b", network->autostart);
	g_variant_dict_insert(&dict, "Active", "b", network->active);
	return g_variant_dict_end(&dict);
}

typedef struct {
	Manager *manager;
	NetworkSpec *spec;
	bool up;
	GDBusMethodInvocation *call; /* NULL: nobody asked */
} Switch;

static void switch_free(gpointer pointer)
{
	Switch *change = pointer;

	network_spec_free(change->spec);
	g_free(change);
}

static void switch_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Switch *change = data;
	GError *error = NULL;

	if (change->up ? network_up(change->spec, &error) : network_down(change->spec, &error)) {
		g_task_return_boolean(task, TRUE);
	} else {
		g_task_return_error(task, error);
	}
}

static void switch_done(GObject *source, GAsyncResult *result, gpointer data)
{
	const Switch *change = g_task_get_task_data(G_TASK(result));
	Network *network = g_hash_table_lookup(change->manager->networks, change->spec->name);
	GError *error = NULL;
	bool good = g_task_propagate_boolean(G_TASK(result), &error);

	if (network) {
		network->busy = false;
		network->active = good ? change->up : network->active;
		bus_changed_now(network->bus);
	}
	if (error) {
		g_prefix_error(&error, "network %s: ", change->spec->name);
	}
	if (!change->call) {
		if (error) {
			g_warning("%s", error->message);
		}
		g_clear_error(&error);
	} else if (error) {
		bus_answer_error(change->call, error);
	} else {
		g_dbus_method_invocation_return_value(change->call, NULL);
	}
}

static void network_switch(Network *network, bool up, GDBusMethodInvocation *call)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, switch_done, NULL);
	Switch *change = g_new0(Switch, 1);

	*change = (Switch){network->manager, spec_copy(network->spec), up, call};
	network->busy = true;
	g_task_set_task_data(task, change, switch_free);
	g_task_run_in_thread(task, switch_thread);
}

/* The first VM that names the network, and runs if @running. */
static const Vm *user_of(const Network *network, bool running)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, network->manager->vms);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		const Vm *vm = item;
		const VmConfig *config = running && vm->running ? vm->running : vm->entry->config;

		if (running && !vm->domain && !vm->activity) {
			continue;
		}
		for (guint i = 0; i < config->nics->len; i++) {
			if (g_str_equal(((VmNic *)g_ptr_array_index(config->nics, i))->network,
					network->spec->name)) {
				return vm;
			}
		}
	}
	return NULL;
}

/* Is it idle, and free of VMs? If not @call is answered. */
static bool network_ready(Network *network, bool no_running, bool no_user,
			  GDBusMethodInvocation *call)
{
	const Vm *user = no_user      ? user_of(network, false)
			 : no_running ? user_of(network, true)
				      : NULL;

	if (network->busy) {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR, MULLION_ERROR_BUSY,
						      "network %s is being started or stopped",
						      network->spec->name);
		return false;
	}
	if (user) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_IN_USE, "network %s: %s %s it",
		    network->spec->name, user->entry->name, no_user ? "names" : "runs on");
		return false;
	}
	return true;
}

static void handle_start(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	if (network_ready(owner, false, false, call)) {
		network_switch(owner, true, call);
	}
}

static void handle_stop(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	if (network_ready(owner, true, false, call)) {
		network_switch(owner, false, call);
	}
}

static bool take_text(GVariant *value, const char *key, char **field, GError **error)
{
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "%s: must be of type 's'", key);
		return false;
	}
	g_free(*field);
	*field = g_variant_dup_string(value, NULL);
	return true;
}

static bool apply(NetworkSpec *spec, bool *autostart, GVariant *settings, GError **error)
{
	GVariantIter iter;
	const char *key;
	GVariant *item;

	g_variant_iter_init(&iter, settings);
	while (g_variant_iter_next(&iter, "{&sv}", &key, &item)) {
		g_autoptr(GVariant) value = item;
		bool good = false;

		if (g_str_equal(key, "mode")) {
			good = take_text(value, key, &spec->mode, error);
		} else if (g_str_equal(key, "bridge")) {
			good = take_text(value, key, &spec->bridge, error);
		} else if (g_str_equal(key, "address")) {
			good = take_text(value, key, &spec->address, error);
		} else if (g_str_equal(key, "autostart") &&
			   g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN)) {
			*autostart = g_variant_get_boolean(value);
			good = true;
		} else {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
				    "%s: no such setting, or not of type 'b'", key);
		}
		if (!good) {
			return false;
		}
	}
	return true;
}

static void handle_set_settings(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Network *network = owner;
	g_autoptr(GVariant) settings = g_variant_get_child_value(args, 0);
	g_autoptr(NetworkSpec) old = NULL;
	NetworkSpec *spec;
	bool was_autostart = network->autostart;
	GError *error = NULL;

	if (!network_ready(network, true, false, call)) {
		return;
	}
	if (network->active && !g_str_equal(network->spec->mode, "bridge")) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
		    "network %s is up; stop it first", network->spec->name);
		return;
	}
	spec = spec_copy(network->spec);
	old = network->spec;
	network->spec = spec;
	if (!apply(spec, &network->autostart, settings, &error) ||
	    !spec_complete(network->manager, spec, &error) || !network_save(network, &error)) {
		network->spec = g_steal_pointer(&old);
		network->autostart = was_autostart;
		network_spec_free(spec);
		bus_answer_error(call, error);
		return;
	}
	network->active = false;
	bus_changed_now(network->bus);
	g_dbus_method_invocation_return_value(call, NULL);
}

static void handle_delete(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Network *network = owner;
	g_autofree char *path = path_of(network->manager, network->spec->name);
	GError *error = NULL;

	if (!network_ready(network, true, true, call)) {
		return;
	}
	if (!file_remove(path, &error)) {
		bus_answer_error(call, error);
		return;
	}
	network_switch(network, false, call); /* its copy outlives the network */
	g_hash_table_remove(network->manager->networks, network->spec->name);
}

static void handle_get_leases(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	const Network *network = owner;
	g_autofree char *path =
	    g_strdup_printf("%s/%s.leases", network->spec->run_folder, network->spec->name);
	g_autofree char *text = file_read(path, 1 << 20, NULL);
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	GVariantBuilder builder;

	/* dnsmasq's lines: expiry MAC address name client-id. */
	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(sss)"));
	for (guint i = 0; lines[i]; i++) {
		g_auto(GStrv) words = g_strsplit(lines[i], " ", 5);

		if (g_strv_length(words) >= 4) {
			g_variant_builder_add(&builder, "(sss)", words[1], words[2],
					      g_str_equal(words[3], "*") ? "" : words[3]);
		}
	}
	g_dbus_method_invocation_return_value(call, g_variant_new("(a(sss))", &builder));
}

static const BusMethod network_methods[] = {
    {"Start", "network", handle_start, NULL},
    {"Stop", "network", handle_stop, NULL},
    {"SetSettings", "network", handle_set_settings, NULL},
    {"Delete", "network", handle_delete, NULL},
    {"GetLeases", "view", handle_get_leases, NULL},
    {NULL},
};

static const BusClass network_class = {"org.mullion.Network1", network_methods, network_properties};

/* Takes @spec. */
static Network *network_add(Manager *manager, NetworkSpec *spec, bool autostart)
{
	Network *network = g_new0(Network, 1);
	g_autoptr(GString) path = g_string_new(BUS_ROOT "/network/");
	g_autofree char *interface = g_strconcat("/sys/class/net/", spec->bridge, NULL);

	for (const char *c = spec->name; *c; c++) {
		if (g_ascii_isalnum(*c)) {
			g_string_append_c(path, *c);
		} else {
			g_string_append_printf(path, "_%02x", (guint)(guchar)*c);
		}
	}
	network->manager = manager;
	network->spec = spec;
	network->autostart = autostart;
	network->active = g_file_test(interface, G_FILE_TEST_EXISTS);
	network->bus = bus_export(&network_class, path->str, network);
	g_hash_table_insert(manager->networks, g_strdup(spec->name), network);
	return network;
}

void network_free(Network *network)
{
	if (network) {
		bus_unexport(network->bus);
		network_spec_free(network->spec);
		g_free(network);
	}
}

void network_set_active(Manager *manager, const char *name)
{
	Network *network = g_hash_table_lookup(manager->networks, name);

	if (network && !network->active) {
		network->active = true;
		bus_changed(network->bus);
	}
}

const char *network_of_bridge(const char *bridge, gpointer data)
{
	const Manager *manager = data;
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, manager->networks);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		const NetworkSpec *spec = ((Network *)item)->spec;

		if (g_str_equal(spec->bridge, bridge)) {
			return spec->name;
		}
	}
	return NULL;
}

static NetworkSpec *spec_new(const Manager *manager, const char *name)
{
	NetworkSpec *spec = g_new0(NetworkSpec, 1);

	spec->name = g_strdup(name);
	spec->mode = g_strdup("nat");
	spec->bridge = g_strdup("");
	spec->address = g_strdup("");
	spec->run_folder = g_strdup(manager->run_folder);
	return spec;
}

void network_handle_create(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Manager *manager = owner;
	g_autoptr(GVariant) settings = NULL;
	g_autoptr(NetworkSpec) spec = NULL;
	GError *error = NULL;
	const char *name;
	bool autostart = false;
	Network *network;

	g_variant_get(args, "(&s@a{sv})", &name, &settings);
	if (!vm_name_is_valid(name)) {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR,
						      MULLION_ERROR_INVALID_ARGUMENT,
						      "name: '%s' is not a network's name", name);
		return;
	}
	if (g_hash_table_contains(manager->networks, name)) {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR, MULLION_ERROR_EXISTS,
						      "there is a network of the name %s", name);
		return;
	}
	spec = spec_new(manager, name);
	if (!apply(spec, &autostart, settings, &error) || !spec_complete(manager, spec, &error)) {
		bus_answer_error(call, error);
		return;
	}
	network = network_add(manager, g_steal_pointer(&spec), autostart);
	if (!network_save(network, &error)) {
		g_hash_table_remove(manager->networks, name);
		bus_answer_error(call, error);
		return;
	}
	g_dbus_method_invocation_return_value(call, g_variant_new("(o)", bus_path(network->bus)));
}

static bool load_one(Manager *manager, const char *name, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(NetworkSpec) spec = spec_new(manager, name);
	g_autofree char *path = path_of(manager, name);
	static const char *const keys[] = {"mode", "bridge", "address"};
	char **fields[] = {&spec->mode, &spec->bridge, &spec->address};

	if (!vm_name_is_valid(name) ||
	    !g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error)) {
		if (error && !*error) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
				    "the file's name is not a network's name");
		}
		return false;
	}
	if (g_key_file_get_integer(file, "network", "format", NULL) != FORMAT) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "format is not %d", FORMAT);
		return false;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		char *value = g_key_file_get_string(file, "network", keys[i], NULL);

		if (value) {
			g_free(*fields[i]);
			*fields[i] = value;
		}
	}
	if (!spec_complete(manager, spec, error)) {
		return false;
	}
	network_add(manager, g_steal_pointer(&spec),
		    g_key_file_get_boolean(file, "network", "autostart", NULL));
	return true;
}

static void write_default(Manager *manager)
{
	g_autoptr(NetworkSpec) spec = spec_new(manager, NETWORK_DEFAULT);
	g_autoptr(GError) error = NULL;
	Network *network;

	if (!spec_complete(manager, spec, &error)) {
		g_warning("network %s: %s", NETWORK_DEFAULT, error->message);
		return;
	}
	network = network_add(manager, g_steal_pointer(&spec), false);
	if (!network_save(network, &error)) {
		g_warning("network %s: %s", NETWORK_DEFAULT, error->message);
	}
}

void network_load_all(Manager *manager, GVariantBuilder *broken)
{
	g_autoptr(GDir) listing = g_dir_open(manager->networks_folder, 0, NULL);
	const char *file;
	bool any = false;

	while (listing && (file = g_dir_read_name(listing))) {
		g_autoptr(GError) error = NULL;
		g_autofree char *name = NULL;

		if (file[0] == '.' || !g_str_has_suffix(file, NETWORK_SUFFIX)) {
			continue;
		}
		any = true;
		name = g_strndup(file, strlen(file) - strlen(NETWORK_SUFFIX));
		if (!load_one(manager, name, &error)) {
			g_autofree char *valid = g_utf8_make_valid(file, -1);

			g_variant_builder_add(broken, "(ss)", valid, error->message);
		}
	}
	if (!any) {
		write_default(manager);
	}
}

void network_autostart(Manager *manager)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, manager->networks);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		Network *network = item;

		if (network->autostart) {
			network_switch(network, true, NULL);
		}
	}
}
