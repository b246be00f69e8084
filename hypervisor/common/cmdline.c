/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line, with Xen's names. An option is a row; what no row knows is a warning that names it.
 */
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/log.h>

struct boot_options boot_options;

struct option {
	const char *name;
	void (*set)(const char *value);	/* value: after '=', or "" */
};

static void bad(const char *name, const char *value)
{
	log_warn("command line: bad value '%s' of %s ignored\n", value, name);
}

/* "1", "yes", "on", "true", "enable" or nothing; the opposites; -1 for anything else. */
static int parse_bool(const char *v)
{
	static const char *const yes[] = { "", "1", "yes", "on", "true", "enable" };
	static const char *const no[] = { "0", "no", "off", "false", "disable" };

	for (unsigned int i = 0; i < ARRAY_SIZE(yes); i++) {
		if (!strcmp(v, yes[i])) {
			return 1;
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(no); i++) {
		if (!strcmp(v, no[i])) {
			return 0;
		}
	}
	return -1;
}

static void set_bool(bool *to, const char *name, const char *v)
{
	int b = parse_bool(v);

	if (b < 0) {
		bad(name, v);
	} else {
		*to = b;
	}
}

/* A number with K, M, G or T behind it; plain numbers are KiB, as Xen has it. ~0 when it is none. */
static uint64_t parse_size(const char *s, const char **end)
{
	uint64_t v = str_to_u64(s, end, 0);
	unsigned int shift = 10;

	if (*end == s || v == ~0ULL) {
		return ~0ULL;
	}
	switch (**end | 0x20) {
	case 't':
		shift = 40;
		break;
	case 'g':
		shift = 30;
		break;
	case 'm':
		shift = 20;
		break;
	case 'k':
		break;
	case 'b':
		shift = 0;
		break;
	default:
		return v > (~0ULL >> shift) ? ~0ULL : v << shift;
	}
	(*end)++;
	return v > (~0ULL >> shift) ? ~0ULL : v << shift;
}

/* dom0_mem=[min:<size>,][max:<size>,][<size>] */
static void set_dom0_mem(const char *v)
{
	const char *all = v;

	while (*v) {
		uint64_t *to = &boot_options.dom0_mem;
		uint64_t size;

		if (!strncmp(v, "min:", 4)) {
			to = &boot_options.dom0_mem_min;
			v += 4;
		} else if (!strncmp(v, "max:", 4)) {
			to = &boot_options.dom0_mem_max;
			v += 4;
		}
		size = parse_size(v, &v);
		if (size == ~0ULL || (*v && *v != ',')) {
			bad("dom0_mem", all);
			return;
		}
		*to = size;
		v += *v == ',';
	}
}

static void set_number(unsigned int *to, const char *name, const char *v, unsigned int max)
{
	const char *end;
	uint64_t n = str_to_u64(v, &end, 0);

	if (end == v || *end || n > max) {
		bad(name, v);
	} else {
		*to = (unsigned int)n;
	}
}

static void set_dom0_max_vcpus(const char *v)
{
	set_number(&boot_options.dom0_max_vcpus, "dom0_max_vcpus", v, 128);
}

static void set_maxcpus(const char *v)
{
	set_number(&boot_options.max_cpus, "maxcpus", v, 4096);
}

static void set_noreboot(const char *v)
{
	set_bool(&boot_options.noreboot, "noreboot", v);
}

static void set_sync_console(const char *v)
{
	set_bool(&boot_options.sync_console, "sync_console", v);
}

static void set_apicv(const char *v)
{
	boot_options.apicv_force = !strcmp(v, "force");
	if (boot_options.apicv_force) {
		boot_options.apicv = true;
	} else {
		set_bool(&boot_options.apicv, "apicv", v);
	}
}

static void set_x2apic(const char *v)
{
	set_bool(&boot_options.x2apic, "x2apic", v);
}

/* Calls fn with each comma-separated word. */
static void for_each_word(const char *v, void (*fn)(const char *word))
{
	char word[64];

	while (*v) {
		size_t n = 0;

		for (; *v && *v != ','; v++) {
			if (n < sizeof(word) - 1) {
				word[n++] = *v;
			}
		}
		word[n] = '\0';
		fn(word);
		v += *v == ',';
	}
}

static void set_console_word(const char *w)
{
	if (!strcmp(w, "com1") || !strcmp(w, "com1H") || !strcmp(w, "com1L") || !strcmp(w, "dtuart")) {
		boot_options.console_serial = true;
	} else if (!strcmp(w, "vga")) {
		boot_options.console_vga = true;
	} else if (strcmp(w, "none")) {
		bad("console", w);
	}
}

static void set_console(const char *v)
{
	boot_options.console_serial = false;
	boot_options.console_vga = false;
	for_each_word(v, set_console_word);
}

static void set_com1(const char *v)
{
	str_copy(boot_options.com1, v, sizeof(boot_options.com1));
}

static void set_dtuart(const char *v)
{
	str_copy(boot_options.dtuart, v, sizeof(boot_options.dtuart));
}

static void set_loglvl(const char *v)
{
	str_copy(boot_options.loglvl, v, sizeof(boot_options.loglvl));
}

static void set_guest_loglvl(const char *v)
{
	str_copy(boot_options.guest_loglvl, v, sizeof(boot_options.guest_loglvl));
}

static void set_iommu_word(const char *w)
{
	if (!strcmp(w, "force") || !strcmp(w, "required")) {
		boot_options.iommu_force = true;
	} else if (!strcmp(w, "verbose") || !strcmp(w, "debug")) {
		boot_options.iommu_verbose = true;
	} else if (!strcmp(w, "intremap") || !strcmp(w, "no-intremap")) {
		boot_options.iommu_no_intremap = *w == 'n';
	} else if (!strncmp(w, "intremap=", 9) && parse_bool(w + 9) >= 0) {
		boot_options.iommu_no_intremap = !parse_bool(w + 9);
	} else if (parse_bool(w) >= 0) {
		boot_options.iommu_off = !parse_bool(w);
	} else {
		bad("iommu", w);
	}
}

static void set_iommu(const char *v)
{
	if (!*v) {
		boot_options.iommu_off = false;
	}
	for_each_word(v, set_iommu_word);
}

/* Entries made for Xen say dom0=pvh, the only way that there is here. */
static void set_dom0(const char *v)
{
	if (strncmp(v, "pvh", 3)) {
		bad("dom0", v);
	}
}

static const struct option options[] = {
	{ "apicv", set_apicv },
	{ "com1", set_com1 },
	{ "conswitch", console_set_switch },
	{ "console", set_console },
	{ "dom0", set_dom0 },
	{ "dom0_max_vcpus", set_dom0_max_vcpus },
	{ "dom0_mem", set_dom0_mem },
	{ "dtuart", set_dtuart },
	{ "guest_loglvl", set_guest_loglvl },
	{ "iommu", set_iommu },
	{ "loglvl", set_loglvl },
	{ "maxcpus", set_maxcpus },
	{ "noreboot", set_noreboot },
	{ "sync_console", set_sync_console },
	{ "x2apic", set_x2apic },
};

static void apply(const char *name, const char *value)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
		if (!strcmp(name, options[i].name)) {
			options[i].set(value);
			return;
		}
		/* Xen's negation: no-name */
		if (!strncmp(name, "no-", 3) && !strcmp(name + 3, options[i].name) && !*value) {
			options[i].set("no");
			return;
		}
	}
	log_warn("command line: unknown option '%s%s%s' ignored\n", name, *value ? "=" : "", value);
}

void cmdline_parse(const char *cmdline)
{
	char word[512];

	boot_options.console_serial = true;
	boot_options.console_vga = true;
	boot_options.x2apic = true;
	boot_options.apicv = true;
	while (*cmdline) {
		const char *value = "";
		size_t n = 0;

		for (; *cmdline && *cmdline != ' '; cmdline++) {
			if (n < sizeof(word) - 1) {
				word[n++] = *cmdline;
			}
		}
		word[n] = '\0';
		while (*cmdline == ' ') {
			cmdline++;
		}
		if (!n) {
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			if (word[i] == '=') {
				word[i] = '\0';
				value = word + i + 1;
				break;
			}
		}
		apply(word, value);
	}
}
