/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mutated definitions and xl files, under ASan and UBSan: the parsers must neither crash, nor take
 * what they then write in a way that they read differently. Bounded and repeatable: fuzz-parsers
 * [ROUNDS [SEED]].
 */
#include "error.h"
#include "vm-config.h"
#include "xlcfg.h"

#include <stdlib.h>
#include <string.h>

static const char *const seeds[] = {
    "# "
    "c\n[vm]\nformat=1\nuuid=00000000-0000-4000-8000-000000000001\ntitle=a\\nb\nmemory=64\nvcpus="
    "2\nkernel=/x\n"
    "template=true\n[disk xvda]\nsource=/y\nformat=qcow2\nowned=true\n[nic "
    "0]\nnetwork=lan\nmac=00:16:3e:00:00:01\n"
    "[snapshot s]\ntime=5\ncomment=c\n",
    "name = \"a\"\nmemory = 64; vcpus = 2\ntype = 'pvh'\nkernel = '/x'\nroot='/dev/xvda'\nextra = "
    "\"a b\" # c\n"
    "disk = [ 'phy:/dev/x,xvda,w', 'format=raw,vdev=xvdb,target=/y',\n '/z,,hdc,cdrom' ]\nvif = [ "
    "'mac=00:16:3e:00:00:01,"
    "bridge=b', '' ]\nvif += ['model=e1000']\nviridian = ['base','stimer']\non_crash = "
    "'restart'\ncpus = [[1,2],[3]]\n",
};
/* Words that mean something make better mutations than noise. */
static const char *const words[] = {
    "[",
    "]",
    "[disk xvdb]\n",
    "[nic 1]\n",
    "[vm]\n",
    "=",
    "\n",
    "\\",
    "\"",
    "'",
    ",",
    ";",
    "#",
    "+=",
    "target=",
    "source=",
    "memory=",
    "99999999999999999999",
    "-1",
    "true",
    "/",
    "\xc3",
    "\xff",
    "\x01",
    "\\s",
    "xvda",
    ":cdrom",
    "phy:",
    "tap:qcow2:",
    "disk",
    "vif",
    "[snapshot ]\n",
    "uuid=",
    "throw-away=true\n",
};

static const char *network(const char *bridge, gpointer data)
{
	return strlen(bridge) % 2 ? "lan" : NULL;
}

static void mutate(GString *text, GRand *random)
{
	guint at = (guint)g_rand_int_range(random, 0, (gint32)text->len + 1);
	guint length = (guint)g_rand_int_range(random, 0, 16);
	const char *word = words[g_rand_int_range(random, 0, G_N_ELEMENTS(words))];

	switch (g_rand_int_range(random, 0, 5)) {
	case 0:
		g_string_insert(text, at, word);
		break;
	case 1:
		g_string_erase(text, at, (gssize)MIN(length, text->len - at));
		break;
	case 2:
		if (at < text->len) {
			text->str[at] = (char)g_rand_int_range(random, 1, 256);
		}
		break;
	case 3:
		g_string_truncate(text, at);
		break;
	default: {
		g_autofree char *piece = g_strndup(text->str + at, length * 4);

		g_string_insert(text, (gssize)g_rand_int_range(random, 0, (gint32)text->len + 1),
				piece);
		break;
	}
	}
}

static void check_definition(const char *text)
{
	g_autoptr(GPtrArray) notes = vm_notes_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(VmConfig) config = vm_config_parse(text, notes, &error);
	g_autoptr(VmConfig) again = NULL;
	g_autofree char *written = NULL;

	if (!config) {
		g_assert_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT);
		g_assert_true(g_str_has_prefix(error->message, "line "));
		return;
	}
	/* Files keep the numbers of network cards and the order of groups; what counts is that
	 * nothing changes meaning. */
	written = vm_config_format(config, NULL);
	again = vm_config_parse(written, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(vm_config_equal(config, again));
	g_variant_unref(g_variant_ref_sink(vm_config_to_variant(config, NULL)));
}

static void check_xl(const char *text)
{
	g_autoptr(GPtrArray) notes = vm_notes_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *name = NULL;
	g_autofree char *written = NULL;
	g_autoptr(VmConfig) config = xlcfg_parse(text, network, NULL, &name, notes, &error);

	if (!config) {
		g_assert_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT);
		return;
	}
	vm_config_complete(config);
	written = vm_config_format(config, NULL);
	check_definition(written);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 20000;
	guint32 seed = argc > 2 ? (guint32)atoi(argv[2]) : 1;
	g_autoptr(GRand) random = g_rand_new_with_seed(seed);

	g_log_set_always_fatal(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL);
	for (int i = 0; i < rounds; i++) {
		g_autoptr(GString) text = g_string_new(seeds[i % 2]);
		int count = g_rand_int_range(random, 1, 9);

		while (count-- > 0) {
			mutate(text, random);
		}
		check_definition(text->str);
		check_xl(text->str);
	}
	return EXIT_SUCCESS;
}
