/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network's bridge, its rules and its DHCP server, made by the programs ip, nft, sysctl and
 * dnsmasq. */
#include "network.h"

#include "child.h"
#include "error.h"
#include "file-util.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define RUN(error, ...) child_run((const char *const[]){__VA_ARGS__, NULL}, NULL, error)

static GMutex lock; /* two VMs that start at once bring up one network once; leaf */

static char *run_file(const NetworkSpec *spec, const char *suffix)
{
	return g_strdup_printf("%s/%s.%s", spec->run_folder, spec->name, suffix);
}

static bool is_bridge(const NetworkSpec *spec)
{
	return g_str_equal(spec->mode, "bridge");
}

/* The pid of this network's dnsmasq, or 0. A pid that went to another process since does not name
 * our pid file. */
static int server_pid(const NetworkSpec *spec)
{
	g_autofree char *pid_file = run_file(spec, "pid");
	g_autofree char *text = NULL;
	g_autofree char *cmdline_path = NULL;
	g_autofree char *cmdline = NULL;
	gsize length = 0;
	int pid;

	if (!g_file_get_contents(pid_file, &text, NULL, NULL)) {
		return 0;
	}
	pid = atoi(text);
	cmdline_path = g_strdup_printf("/proc/%d/cmdline", pid);
	if (pid <= 1 || !g_file_get_contents(cmdline_path, &cmdline, &length, NULL)) {
		return 0;
	}
	for (gsize i = 0; i + 1 < length; i++) {
		cmdline[i] = cmdline[i] ? cmdline[i] : ' ';
	}
	return strstr(cmdline, pid_file) ? pid : 0;
}

/* "10.7.0.1/24" → host bits cleared, and the first and last address for guests. */
static void subnet_of(const NetworkSpec *spec, char **ret_subnet, char **ret_first, char **ret_last)
{
	g_auto(GStrv) parts = g_strsplit(spec->address, "/", 2);
	guint32 length = (guint32)atoi(parts[1]);
	guint32 mask = length ? ~0u << (32 - length) : 0;
	guint32 address = ntohl(inet_addr(parts[0]));
	guint32 values[3] = {address & mask, (address & mask) + 2, (address | ~mask) - 1};
	char *texts[3];

	/* The server's own address is left out where it is at an end, which is where we put it. */
	if (values[2] == address) {
		values[2]--;
	}
	for (int i = 0; i < 3; i++) {
		struct in_addr in = {htonl(values[i])};
		char buffer[INET_ADDRSTRLEN];

		texts[i] = g_strdup(inet_ntop(AF_INET, &in, buffer, sizeof(buffer)));
	}
	*ret_subnet = g_strdup_printf("%s/%u", texts[0], length);
	*ret_first = texts[1];
	*ret_last = texts[2];
	g_free(texts[0]);
}

static bool rules_up(const NetworkSpec *spec, const char *subnet, GError **error)
{
	bool nat = g_str_equal(spec->mode, "nat");
	g_autofree char *masquerade =
	    nat ? g_strdup_printf("	chain postrouting {\n"
				  "		type nat hook postrouting priority 100;\n"
				  "		ip saddr %s oifname != \"%s\" masquerade\n"
				  "	}\n",
				  subnet, spec->bridge)
		: g_strdup("");
	g_autofree char *rules =
	    g_strdup_printf("table inet mullion-%s\n"
			    "delete table inet mullion-%s\n"
			    "table inet mullion-%s {\n"
			    "	chain input {\n"
			    "		type filter hook input priority 0;\n"
			    "		iifname != \"%s\" accept\n"
			    "		udp dport { 53, 67 } accept\n"
			    "		tcp dport 53 accept\n"
			    "		icmp type echo-request accept\n"
			    "		ct state established,related accept\n"
			    "		drop\n"
			    "	}\n"
			    "	chain forward {\n"
			    "		type filter hook forward priority 0;\n"
			    "		oifname \"%s\" ct state established,related accept\n"
			    "		oifname \"%s\" drop\n"
			    "		iifname \"%s\" oifname \"mbr-*\" drop\n"
			    "%s%s%s"
			    "	}\n"
			    "%s"
			    "}\n",
			    spec->name, spec->name, spec->name, spec->bridge, spec->bridge,
			    spec->bridge, spec->bridge, nat ? "" : "		iifname \"",
			    nat ? "" : spec->bridge, nat ? "" : "\" drop\n", masquerade);
	ChildOptions options = {.input = rules};

	return child_run((const char *const[]){"nft", "-f", "-", NULL}, &options, error);
}

static bool server_up(const NetworkSpec *spec, const char *first, const char *last, GError **error)
{
	g_autofree char *pid_file = run_file(spec, "pid");
	g_autofree char *leases = run_file(spec, "leases");
	g_autofree char *pid_option = g_strconcat("--pid-file=", pid_file, NULL);
	g_autofree char *lease_option = g_strconcat("--dhcp-leasefile=", leases, NULL);
	g_autofree char *interface = g_strconcat("--interface=", spec->bridge, NULL);
	g_autofree char *range = g_strdup_printf("--dhcp-range=%s,%s,12h", first, last);
	bool nat = g_str_equal(spec->mode, "nat");

	/* Of an isolated network it is neither a router nor a way to names outside; with nat the
	 * list ends before that. */
	return RUN(error, "dnsmasq", "--conf-file=/dev/null", "--bind-dynamic",
		   "--except-interface=lo", "--dhcp-authoritative", "--domain-needed",
		   "--bogus-priv", "--no-hosts", pid_option, lease_option, interface, range,
		   nat ? NULL : "--dhcp-option=3", "--no-resolv");
}

/* It is as make_up() leaves it, but for the rules, which the start of another firewall flushes. */
static bool is_up(const NetworkSpec *spec)
{
	g_auto(GStrv) parts = g_strsplit(spec->address, "/", 2);
	in_addr_t address = inet_addr(parts[0]);
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) < 0) {
		return false;
	}
	for (struct ifaddrs *one = all; one; one = one->ifa_next) {
		found =
		    found || (g_str_equal(one->ifa_name, spec->bridge) && one->ifa_flags & IFF_UP &&
			      one->ifa_addr && one->ifa_addr->sa_family == AF_INET &&
			      ((struct sockaddr_in *)one->ifa_addr)->sin_addr.s_addr == address);
	}
	freeifaddrs(all);
	return found && server_pid(spec);
}

static bool make_up(const NetworkSpec *spec, GError **error)
{
	g_autofree char *subnet = NULL;
	g_autofree char *first = NULL;
	g_autofree char *last = NULL;

	if (is_up(spec)) {
		subnet_of(spec, &subnet, &first, &last);
		return rules_up(spec, subnet, error);
	}
	if (!RUN(NULL, "ip", "link", "show", "dev", spec->bridge) &&
	    !RUN(error, "ip", "link", "add", "name", spec->bridge, "type", "bridge")) {
		return false;
	}
	subnet_of(spec, &subnet, &first, &last);
	/* The rules come before the bridge is up: no packet passes without them. */
	return rules_up(spec, subnet, error) &&
	       RUN(error, "ip", "addr", "replace", spec->address, "dev", spec->bridge) &&
	       RUN(error, "ip", "link", "set", "dev", spec->bridge, "up") &&
	       (!g_str_equal(spec->mode, "nat") ||
		RUN(error, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")) &&
	       (server_pid(spec) || server_up(spec, first, last, error));
}

bool network_up(const NetworkSpec *spec, GError **error)
{
	bool good;

	if (is_bridge(spec)) {
		if (!if_nametoindex(spec->bridge) &&
		    !RUN(NULL, "ip", "link", "show", "dev", spec->bridge)) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_FOUND,
				    "the service VM has no bridge %s", spec->bridge);
			return false;
		}
		return true;
	}
	g_mutex_lock(&lock);
	good = make_up(spec, error);
	g_mutex_unlock(&lock);
	return good;
}

bool network_down(const NetworkSpec *spec, GError **error)
{
	g_autofree char *table = g_strconcat("mullion-", spec->name, NULL);
	int pid;
	bool good;

	if (is_bridge(spec)) {
		return true;
	}
	g_mutex_lock(&lock);
	pid = server_pid(spec);
	if (pid) {
		kill(pid, SIGTERM);
	}
	good = !RUN(NULL, "ip", "link", "show", "dev", spec->bridge) ||
	       RUN(error, "ip", "link", "delete", "dev", spec->bridge);
	/* The rules go last. A table that is not there is none. */
	RUN(NULL, "nft", "delete", "table", "inet", table);
	g_mutex_unlock(&lock);
	return good;
}
