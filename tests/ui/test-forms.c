/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the application's forms make of what people type, without widgets and bus. */
#include "form-call.h"
#include "form-machine.h"
#include "form-settings.h"
#include "form-values.h"

#include <string.h>

static void test_names(void)
{
	static const char *const taken[] = {"debian", "debian-2", NULL};
	static const char *const bad[] = {"", "-a", ".a", "a b", "a/b", "ä", "debian"};
	static const struct {
		const char *path, *name;
	} paths[] = {{"/iso/debian 12.iso", "debian-12"},
		     {"/x/.iso", "iso"},
		     {"/x/---", "vm"},
		     {"/dev/vg0/win", "win"},
		     {"/x/ä.raw", "vm"},
		     {"a.b.qcow2", "a.b"}};
	g_autofree char *longest = g_strnfill(63, 'a');
	g_autofree char *longer = g_strnfill(64, 'a');
	g_autofree char *too_long = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *problem = form_name_problem(bad[i], taken);

		g_assert_nonnull(problem);
	}
	g_assert_null(form_name_problem("debian-3", taken));
	g_assert_null(form_name_problem("debian", NULL));
	g_assert_null(form_name_problem(longest, taken));
	too_long = form_name_problem(longer, taken);
	g_assert_nonnull(too_long);
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *name = form_name_of_path(paths[i].path);

		g_assert_cmpstr(name, ==, paths[i].name);
		g_assert_null(form_name_problem(name, NULL));
	}
}

static void test_free_names(void)
{
	g_autofree char *longest = g_strnfill(63, 'a');
	const char *taken[] = {"debian", "debian-2", longest, NULL};
	g_autofree char *same = form_name_free("web", taken);
	g_autofree char *next = form_name_free("debian", taken);
	g_autofree char *cut = form_name_free(longest, taken);

	g_assert_cmpstr(same, ==, "web");
	g_assert_cmpstr(next, ==, "debian-3");
	g_assert_cmpuint(strlen(cut), ==, 63);
	g_assert_true(g_str_has_suffix(cut, "a-2"));
}

static void test_sizes(void)
{
	static const struct {
		const char *text;
		guint64 bytes;
	} good[] = {{"20", 20 * FORM_GIB},
		    {"20G", 20 * FORM_GIB},
		    {" 20 GiB ", 20 * FORM_GIB},
		    {"1,5 GB", 3 * FORM_GIB / 2},
		    {"512 MiB", 512 * FORM_MIB},
		    {"64k", 65536},
		    {"100 b", 100},
		    {"64T", FORM_GIB << 16},
		    {"0", 0}};
	static const char *const bad[] = {"",	   "x",	  "-1",	 "1e9", "0x10",	 "20 X",
					  "20 Gi", "65T", "nan", "inf", "1.2.3", "20 GiBs"};
	static const guint64 round[] = {0,
					1000,
					65536,
					700 * FORM_MIB,
					1100 * FORM_MIB,
					20 * FORM_GIB,
					FORM_GIB * 3 / 2,
					FORM_GIB << 12};
	g_autofree char *half = NULL;
	guint64 bytes = 7;

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		g_assert_true(form_size_parse(good[i].text, FORM_GIB, &bytes));
		g_assert_cmpuint(bytes, ==, good[i].bytes);
	}
	bytes = 7;
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_false(form_size_parse(bad[i], FORM_GIB, &bytes));
		g_assert_cmpuint(bytes, ==, 7);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(round); i++) {
		g_autofree char *text = form_size_format(round[i]);

		g_assert_true(form_size_parse(text, 1, &bytes));
		g_assert_cmpuint(bytes, >=, round[i] - round[i] / 20);
		g_assert_cmpuint(bytes, <=, round[i] + round[i] / 20);
	}
	half = form_size_format(FORM_GIB * 3 / 2);
	g_assert_cmpstr(half, ==, "1.5 GiB");
}

static void test_addresses(void)
{
	g_assert_true(form_mac_is_valid(""));
	g_assert_true(form_mac_is_valid("00:16:3e:00:aB:ff"));
	g_assert_false(form_mac_is_valid("01:16:3e:00:ab:ff"));
	g_assert_false(form_mac_is_valid("00:16:3e:00:ab"));
	g_assert_false(form_mac_is_valid("00-16-3e-00-ab-ff"));
	g_assert_true(form_address_is_valid(""));
	g_assert_true(form_address_is_valid("10.7.0.1/24"));
	g_assert_false(form_address_is_valid("10.7.0.1"));
	g_assert_false(form_address_is_valid("10.7.0.1/30"));
	g_assert_false(form_address_is_valid("10.7.0.256/24"));
	g_assert_false(form_address_is_valid("fd00::1/24"));
	g_assert_cmpstr(form_disk_format("/a/B.QCOW2"), ==, "qcow2");
	g_assert_cmpstr(form_disk_format("/dev/sda"), ==, "block");
	g_assert_cmpstr(form_disk_format("/a/b.img"), ==, "raw");
}

static FormHost host_of(bool hvm)
{
	GVariantDict dict;
	FormHost host;
	g_autoptr(GVariant) value = NULL;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "hvm", "b", hvm);
	g_variant_dict_insert(&dict, "cpu-count", "u", 4);
	g_variant_dict_insert(&dict, "memory-total", "t", 8 * FORM_GIB);
	g_variant_dict_insert(&dict, "memory-free", "t", 3 * FORM_GIB);
	g_variant_dict_insert(&dict, "storage-free", "t", 10 * FORM_GIB);
	value = g_variant_ref_sink(g_variant_dict_end(&dict));
	form_host_read(&host, value);
	return host;
}

static void test_host(void)
{
	FormHost with = host_of(true), without = host_of(false), unknown = {0};

	g_assert_cmpuint(with.memory_total, ==, 8192);
	g_assert_cmpuint(with.memory_free, ==, 3072);
	g_assert_null(form_source_refusal(FORM_SOURCE_ISO, &with));
	g_assert_null(form_source_refusal(FORM_SOURCE_ISO, &unknown));
	g_assert_nonnull(form_source_refusal(FORM_SOURCE_ISO, &without));
	g_assert_null(form_source_refusal(FORM_SOURCE_KERNEL, &without));
	g_assert_null(form_os_refusal(FORM_OS_WINDOWS, FORM_SOURCE_DISK, &with));
	g_assert_nonnull(form_os_refusal(FORM_OS_WINDOWS, FORM_SOURCE_DISK, &without));
	g_assert_nonnull(form_os_refusal(FORM_OS_WINDOWS, FORM_SOURCE_KERNEL, &with));
	g_assert_nonnull(
	    form_boot_refusal(FORM_BOOT_UEFI, FORM_SOURCE_DISK, FORM_OS_LINUX, &without));
	g_assert_nonnull(
	    form_boot_refusal(FORM_BOOT_BOOTLOADER, FORM_SOURCE_DISK, FORM_OS_WINDOWS, &with));
	g_assert_null(
	    form_boot_refusal(FORM_BOOT_BOOTLOADER, FORM_SOURCE_DISK, FORM_OS_LINUX, &without));
}

static void test_windows(void)
{
	g_autoptr(FormMachine) machine = form_machine_new();
	g_autoptr(GVariant) settings = NULL;
	g_autoptr(GVariant) disks = NULL;
	g_autoptr(GVariant) cd = NULL;
	FormHost unknown = {0};
	g_autofree char *problem = NULL;

	machine->source = FORM_SOURCE_ISO;
	machine->os = FORM_OS_WINDOWS;
	form_machine_defaults(machine, &unknown);
	problem = form_machine_problem(machine, "files", &unknown);
	g_assert_nonnull(problem);
	form_machine_set(&machine->iso, "/iso/win.iso");
	g_assert_null(form_machine_problem(machine, "files", &unknown));
	g_assert_null(form_machine_problem(machine, "resources", &unknown));
	settings = g_variant_ref_sink(form_machine_settings(machine));
	g_assert_cmpstr(form_dict_text(settings, "type"), ==, "hvm");
	g_assert_cmpstr(form_dict_text(settings, "os"), ==, "windows");
	g_assert_cmpstr(form_dict_text(settings, "firmware"), ==, "uefi");
	g_assert_true(form_dict_flag(settings, "viridian"));
	g_assert_cmpuint(form_dict_number(settings, "memory"), ==, 4096);
	disks = form_dict_list(settings, "disks");
	g_assert_cmpuint(g_variant_n_children(disks), ==, 2);
	cd = g_variant_get_child_value(disks, 1);
	g_assert_true(form_dict_flag(cd, "cdrom"));
	g_assert_cmpstr(form_machine_page(machine, "disks/hdb"), ==, "files");
	g_assert_cmpstr(form_machine_page(machine, "disks/hda"), ==, "resources");
	g_assert_cmpstr(form_machine_page(machine, "memory"), ==, "resources");
	g_assert_cmpstr(form_machine_page(machine, "nics/0"), ==, "resources");
}

static void test_bounds(void)
{
	g_autoptr(FormMachine) machine = form_machine_new();
	FormHost host = host_of(false);
	g_autofree char *problem = NULL;

	machine->source = FORM_SOURCE_DISK;
	form_machine_defaults(machine, &host);
	g_assert_cmpint(machine->boot, ==, FORM_BOOT_BOOTLOADER);
	machine->os = FORM_OS_WINDOWS;
	form_machine_defaults(machine, &host);
	g_assert_cmpuint(machine->memory, ==, 2560); /* not all of the 3 GiB that are free */
	g_assert_cmpuint(machine->disk_size, ==, 8 * FORM_GIB);
	machine->source = FORM_SOURCE_KERNEL;
	machine->os = FORM_OS_LINUX;
	form_machine_defaults(machine, &host);
	machine->memory = 8193;
	problem = form_machine_problem(machine, "resources", &host);
	g_assert_nonnull(problem);
}

static void test_kernel(void)
{
	g_autoptr(FormMachine) machine = form_machine_new();
	g_autoptr(GVariant) settings = NULL;
	g_autoptr(GVariant) disks = NULL;
	g_autoptr(GVariant) nics = NULL;
	g_autofree char *problem = NULL;
	FormHost host = host_of(false);

	machine->source = FORM_SOURCE_KERNEL;
	form_machine_defaults(machine, &host);
	form_machine_set(&machine->kernel, "vmlinuz");
	problem = form_machine_problem(machine, "files", &host);
	g_assert_nonnull(problem);
	form_machine_set(&machine->kernel, "/boot/vmlinuz");
	form_machine_set(&machine->network, "default");
	g_assert_null(form_machine_problem(machine, "files", &host));
	settings = g_variant_ref_sink(form_machine_settings(machine));
	g_assert_cmpstr(form_dict_text(settings, "type"), ==, "pvh");
	g_assert_cmpstr(form_dict_text(settings, "kernel"), ==, "/boot/vmlinuz");
	disks = form_dict_list(settings, "disks");
	nics = form_dict_list(settings, "nics");
	g_assert_cmpuint(g_variant_n_children(disks), ==, 0);
	g_assert_cmpuint(g_variant_n_children(nics), ==, 1);
}

static GVariant *parse(const char *text)
{
	GVariant *value = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);

	g_assert_nonnull(value);
	return value;
}

static void test_diff(void)
{
	g_autoptr(GVariant) old = parse("{'title': <'a'>, 'memory': <uint64 64>, 'future': <1.5>, "
					"'nics': <[{'network': <'lan'>, 'mac': <''>}]>}");
	g_autoptr(GVariant) same =
	    parse("{'nics': <[{'mac': <''>, 'network': <'lan'>}]>, 'title': <'a'>}");
	g_autoptr(GVariant) edited = parse("{'title': <'b'>, 'memory': <uint64 64>}");
	g_autoptr(GVariant) more = parse("{'memory': <uint64 65>, 'nics': <@aa{sv} []>}");
	g_autoptr(GVariant) none = g_variant_ref_sink(form_settings_diff(old, same));
	g_autoptr(GVariant) title = g_variant_ref_sink(form_settings_diff(old, edited));
	g_autoptr(GVariant) two = g_variant_ref_sink(form_settings_diff(old, more));
	g_autoptr(GVariant) merged = g_variant_ref_sink(form_settings_merge(old, two));
	g_autoptr(GVariant) nics = form_dict_list(merged, "nics");

	g_assert_cmpuint(g_variant_n_children(none), ==, 0);
	g_assert_cmpuint(g_variant_n_children(title), ==, 1);
	g_assert_cmpstr(form_dict_text(title, "title"), ==, "b");
	g_assert_false(form_settings_need_check(title));
	g_assert_cmpuint(g_variant_n_children(two), ==, 2);
	g_assert_true(form_settings_need_check(two));
	g_assert_cmpuint(form_dict_number(merged, "memory"), ==, 65);
	g_assert_cmpuint(g_variant_n_children(nics), ==, 0);
	g_assert_cmpuint(g_variant_n_children(merged), ==, 4); /* what is not known stays */
	g_assert_cmpuint(form_dict_number(old, "title"), ==, 0);
	g_assert_cmpstr(form_dict_text(old, "memory"), ==, "");
}

static void test_disks(void)
{
	g_autoptr(GVariant) settings = parse(
	    "{'disks': <[{'target': <'hda'>, 'source': <'/a'>, 'format': <'raw'>, 'owned': <true>},"
	    "{'target': <'hdb'>, 'source': <''>, 'cdrom': <true>}]>}");
	g_autoptr(GVariant) disks = form_dict_list(settings, "disks");
	g_autoptr(GVariant) changed =
	    g_variant_ref_sink(form_disks_set_source(disks, "hdb", "/iso"));
	g_autoptr(GVariant) first = g_variant_get_child_value(changed, 0);
	g_autoptr(GVariant) second = g_variant_get_child_value(changed, 1);
	g_autofree char *text = form_disk_describe(first);
	g_autoptr(GVariant) sized =
	    parse("{'size': <uint64 1073741824>, 'used': <uint64 536870912>}");
	g_autofree char *part = form_disk_sizes(sized);

	g_assert_cmpstr(form_dict_text(first, "source"), ==, "/a");
	g_assert_cmpstr(form_dict_text(second, "source"), ==, "/iso");
	g_assert_cmpstr(text, ==, "raw image, deleted with the VM");
	g_assert_cmpuint(form_disk_size(second), ==, 0);
	g_assert_null(form_disk_sizes(second));
	g_assert_cmpuint(form_disk_size(sized), ==, 1 << 30);
	g_assert_cmpstr(part, ==, "1.0\302\240GiB, 512.0\302\240MiB of it used");
	g_assert_cmpstr(form_settings_page("disks/hda"), ==, "disks");
	g_assert_cmpstr(form_settings_page("memory"), ==, "system");
	g_assert_cmpstr(form_settings_page("kernel"), ==, "boot");
	g_assert_cmpstr(form_settings_page("nics/0"), ==, "nics");
	g_assert_cmpstr(form_settings_page("title"), ==, "general");
}

static void test_errors(void)
{
	static const struct {
		const char *name, *message, *begin, *part;
	} cases[] = {
	    {"org.mullion.Error.NotAuthorized", "polkit does not allow org.mullion.manager.host",
	     "You are not allowed to give files", "(polkit does not allow"},
	    {"org.mullion.Error.NotAuthorized", "polkit does not allow org.mullion.manager.other",
	     "polkit does not allow", "other."},
	    {"org.mullion.Error.NoSpace", "web: the disk is full", "web: the disk is full. ",
	     "storage"},
	    {"org.mullion.Error.Failed", "web: no.", "web: no.", "no."},
	    {"", "", "The manager", "."},
	    {NULL, NULL, "The manager", "."},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = form_failure_explain(cases[i].name, cases[i].message);

		g_assert_true(g_str_has_prefix(text, cases[i].begin));
		g_assert_nonnull(strstr(text, cases[i].part));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/forms/names", test_names);
	g_test_add_func("/forms/free-names", test_free_names);
	g_test_add_func("/forms/sizes", test_sizes);
	g_test_add_func("/forms/addresses", test_addresses);
	g_test_add_func("/forms/host", test_host);
	g_test_add_func("/forms/windows", test_windows);
	g_test_add_func("/forms/bounds", test_bounds);
	g_test_add_func("/forms/kernel", test_kernel);
	g_test_add_func("/forms/diff", test_diff);
	g_test_add_func("/forms/disks", test_disks);
	g_test_add_func("/forms/errors", test_errors);
	return g_test_run();
}
