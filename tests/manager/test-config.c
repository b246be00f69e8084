/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions and xl's files, without bus or hypervisor: what goes in comes out, and what is odd is
 * told with its line. */
#include "error.h"
#include "file-util.h"
#include "journal.h"
#include "store.h"
#include "vm-config.h"
#include "xlcfg.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define UUID "00000000-0000-4000-8000-000000000001"

static VmConfig *parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	VmConfig *config = vm_config_parse(text, NULL, &error);

	g_assert_no_error(error);
	return config;
}

static void test_round_trip(void)
{
	g_autoptr(VmConfig) config = parse(
	    "[vm]\nformat=1\nuuid=" UUID "\nnotes=a\\nb\\\\c\ncmdline=\\sx=1 y\n"
	    "[disk xvda]\nsource=/x\nformat=qcow2\nowned=true\n[disk hdc]\nsource=\ncdrom=true\n"
	    "[nic 0]\nnetwork=lan\nmac=00:16:3e:00:00:01\n[snapshot s]\ntime=5\ncomment=\\tc\n");
	g_autofree char *text = vm_config_format(config, NULL);
	g_autoptr(VmConfig) again = parse(text);
	g_autoptr(VmConfig) copy = vm_config_copy(config);

	g_assert_cmpstr(config->notes, ==, "a\nb\\c");
	g_assert_cmpstr(config->cmdline, ==, " x=1 y");
	g_assert_cmpstr(((VmSnapshot *)g_ptr_array_index(config->snapshots, 0))->comment, ==,
			"\tc");
	g_assert_true(vm_config_equal(config, again));
	g_assert_true(vm_config_equal(config, copy));
	copy->memory++;
	g_assert_false(vm_config_equal(config, copy));
}

static void test_card_without_mac(void)
{
	static const char text[] = "[vm]\nformat=1\nuuid=" UUID "\nmemory=64\n[nic 0]\nnetwork=a\n"
				   "[nic 1]\nnetwork=a\n";
	g_autoptr(VmConfig) config = parse(text);
	g_autoptr(VmConfig) again = parse(text);
	const VmNic *first = g_ptr_array_index(config->nics, 0);
	const VmNic *second = g_ptr_array_index(config->nics, 1);

	g_assert_true(g_str_has_prefix(first->mac, "00:16:3e:"));
	g_assert_cmpstr(first->mac, !=, second->mac);
	g_assert_cmpstr(first->mac, ==, ((VmNic *)g_ptr_array_index(again->nics, 0))->mac);
}

static void test_comments_stay(void)
{
	static const char old[] = "# top\n[vm]\nformat=1\n# who\nuuid=" UUID
				  "\nmemory=64\nodd=1\n\n[disk xvda]\nsource=/x\n"
				  "\n[other]\n# kept\nkey=value\n";
	g_autoptr(VmConfig) config = parse(old);
	g_autofree char *same = NULL;
	g_autofree char *changed = NULL;

	config->memory = 128;
	changed = vm_config_format(config, old);
	for (int i = 0; i < 6; i++) {
		static const char *const wanted[] = {"# top\n",	     "# who\n",	 "odd=1\n",
						     "memory=128\n", "# kept\n", "source=/x\n"};

		g_assert_nonnull(strstr(changed, wanted[i]));
	}
	g_ptr_array_set_size(config->disks, 0);
	same = vm_config_format(config, changed);
	g_assert_null(strstr(same, "disk xvda"));
}

static void test_every_key_has_a_bad_value(void)
{
	static const char *const bad[] = {
	    "memory=15",   "memory=99999999", "memory=-1",    "memory=",
	    "maxmemory=5", "vcpus=0",	      "vcpus=129",    "vcpus=1.5",
	    "maxvcpus=1",  "template=maybe",  "autostart=",   "viridian=2",
	    "type=",	   "type=PVH",	      "os=bsd",	      "colour=",
	    "base=x",	   "kernel=x",	      "initrd=./x",   "kernel=/a\\nb",
	    "boot=xyz",	   "boot=cdnc",	      "firmware=efi", "on-reboot=preserve",
	    "on-crash=x",  "title=\\n",	      "uuid=",	      "throw-away=x",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *text =
		    g_strdup_printf("[vm]\nformat=1\nuuid=" UUID "\nvcpus=2\n%s\n", bad[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(VmConfig) config = vm_config_parse(text, NULL, &error);

		if (config) {
			g_error("'%s' was taken", bad[i]);
		}
		g_assert_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT);
		g_assert_true(g_str_has_prefix(error->message, "line "));
	}
}

static void test_names(void)
{
	static const char *const good[] = {
	    "a", "9", "a.b-c_D", "x23456789012345678901234567890123456789012345678901234567890123"};
	static const char *const bad[] = {
	    "",	   ".a", "-a",	"a b",
	    "a/b", "ä",	 "a\n", "x234567890123456789012345678901234567890123456789012345678901234"};

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		g_assert_true(vm_name_is_valid(good[i]));
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_false(vm_name_is_valid(bad[i]));
	}
}

static const char *no_network(const char *bridge, gpointer data)
{
	return NULL;
}

/* One disk of an xl file, as "target source format ro cdrom", and how many notes there were. */
static void check_disk(const char *spec, const char *wanted, guint notes_wanted)
{
	g_autofree char *text = g_strdup_printf("disk = [ '%s' ]", spec);
	g_autofree char *name = NULL;
	g_autofree char *found = NULL;
	g_autoptr(GPtrArray) notes = vm_notes_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(VmConfig) config = xlcfg_parse(text, no_network, NULL, &name, notes, &error);
	const VmDisk *disk;

	g_assert_no_error(error);
	disk = g_ptr_array_index(config->disks, 0);
	found = g_strdup_printf("%s %s %s%s%s", disk->target, disk->source, disk->format,
				disk->readonly ? " ro" : "", disk->cdrom ? " cdrom" : "");
	g_assert_cmpstr(found, ==, wanted);
	g_assert_cmpuint(notes->len, ==, notes_wanted);
}

static void test_xl_disks(void)
{
	check_disk("/dev/vg/guest,raw,xvda,rw", "xvda /dev/vg/guest block", 0);
	check_disk("/x.img,qcow2,hda", "hda /x.img qcow2", 0);
	check_disk("/x.img,,hda", "hda /x.img raw", 0);
	check_disk("/x.iso,,hdc,cdrom", "hdc /x.iso raw ro cdrom", 0);
	check_disk(",hdc:cdrom,r", "hdc  raw ro cdrom", 0);
	check_disk("phy:/dev/sda3,xvda,w", "xvda /dev/sda3 block", 0);
	check_disk("file:/x.img,xvdb,r", "xvdb /x.img raw ro", 0);
	check_disk("tap:qcow2:/x,xvda,w", "xvda /x qcow2", 0);
	check_disk("format=qcow2, vdev=xvdb, access=ro, target=/a=b", "xvdb /a=b qcow2 ro", 0);
	check_disk("vdev=xvdb,script=block-iscsi,target=/x", "xvdb /x raw", 1);
	check_disk("/x,raw,xvda,rw,discard", "xvda /x raw", 1);
	check_disk("/x,vhd,xvda", "xvda /x raw", 1);
}

static void test_journal(void)
{
	g_autofree char *folder = g_dir_make_tmp("journal-XXXXXX", NULL);
	const char *const paths[] = {"/a", "/b c", NULL};
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GPtrArray) none = NULL;
	g_autofree char *junk = g_build_filename(folder, "junk", NULL);
	const JournalEntry *entry;

	g_assert_true(journal_begin(folder, UUID, "clone", "n", paths, NULL));
	g_assert_true(file_write(junk, "x", NULL));
	entries = journal_load(folder);
	g_assert_cmpuint(entries->len, ==, 1);
	entry = g_ptr_array_index(entries, 0);
	g_assert_cmpstr(entry->op, ==, "clone");
	g_assert_cmpstr(entry->paths[1], ==, "/b c");
	g_assert_false(g_file_test(junk, G_FILE_TEST_EXISTS));
	journal_end(folder, UUID);
	none = journal_load(folder);
	g_assert_cmpuint(none->len, ==, 0);
	g_assert_true(file_remove_folder(folder, NULL));
}

static void test_files(void)
{
	g_autofree char *folder = g_dir_make_tmp("files-XXXXXX", NULL);
	g_autofree char *one = g_build_filename(folder, "one", NULL);
	g_autofree char *two = g_build_filename(folder, "two", NULL);
	g_autofree char *link = g_build_filename(folder, "link", NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	g_assert_true(file_write(one, "a", NULL) && file_write(two, "b", NULL));
	g_assert_false(file_rename(one, two, &error));
	g_assert_error(error, MULLION_ERROR, MULLION_ERROR_EXISTS);
	text = file_read(two, 10, NULL);
	g_assert_cmpstr(text, ==, "b");
	g_assert_null(file_read(two, 0, NULL));
	g_assert_null(file_read(folder, 10, NULL));
	g_assert_cmpint(symlink("/etc/passwd", link), ==, 0);
	g_assert_true(file_is_within(one, folder));
	g_assert_false(file_is_within(link, folder));
	g_assert_false(file_is_within(folder, folder));
	g_assert_true(file_remove(one, NULL) && file_remove(one, NULL));
	g_assert_true(file_is_within(one, folder));
	g_assert_true(file_remove_folder(folder, NULL) && file_remove_folder(folder, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/config/round-trip", test_round_trip);
	g_test_add_func("/config/comments-stay", test_comments_stay);
	g_test_add_func("/config/card-without-mac", test_card_without_mac);
	g_test_add_func("/config/bad-values", test_every_key_has_a_bad_value);
	g_test_add_func("/config/names", test_names);
	g_test_add_func("/xlcfg/disks", test_xl_disks);
	g_test_add_func("/journal", test_journal);
	g_test_add_func("/files", test_files);
	return g_test_run();
}
