/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libxl runs when a VM gets or loses a disk or a network card, in place of Xen's shell
 * scripts: these start some forty programs each, which is most of the time that a VM with a raw disk
 * takes to start, and under load more than the 40 s that libxl waits. Used for PVH and PV VMs whose
 * definition the manager keeps; the checks that the scripts make (is the disk another's?) are the
 * manager's before.
 *
 *	XENBUS_PATH=backend/vbd/DOMAIN/DEVICE mullion-hotplug add|remove
 *	XENBUS_PATH=backend/vif/DOMAIN/DEVICE vif=NAME mullion-hotplug online|offline type_if=vif
 *
 * The answer is in xenstore, below XENBUS_PATH: hotplug-status, and hotplug-error for libxl's
 * message.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/loop.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xenstore.h>

#define LOOP_TRIES 64

static struct xs_handle *store;
static const char *base; /* XENBUS_PATH */

/* The value of a key below XENBUS_PATH, or NULL. Never freed: the program is short. */
static char *get(const char *key)
{
	char path[256];
	unsigned int length;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", base, key) >= sizeof(path)) {
		return NULL;
	}
	return xs_read(store, XBT_NULL, path, &length);
}

static bool put(const char *key, const char *value)
{
	char path[256];

	return (size_t)snprintf(path, sizeof(path), "%s/%s", base, key) < sizeof(path) &&
	       xs_write(store, XBT_NULL, path, value, (unsigned int)strlen(value));
}

static int fail(const char *what, const char *about)
{
	char text[512];

	snprintf(text, sizeof(text), "%s %s: %s", what, about ? about : "(nothing)",
		 strerror(errno));
	fprintf(stderr, "mullion-hotplug: %s: %s\n", base, text);
	put("hotplug-error", text);
	put("hotplug-status", "error");
	return EXIT_FAILURE;
}

/* --- Disks --- */

static int tell_device(const char *path, dev_t device)
{
	char number[32];

	snprintf(number, sizeof(number), "%x:%x", major(device), minor(device));
	if (!put("physical-device", number) || !put("physical-device-path", path) ||
	    !put("hotplug-status", "connected")) {
		return fail("cannot tell of", path);
	}
	return EXIT_SUCCESS;
}

/* A loop device for the open file, its path in @ret_path; -1 with errno. */
static int loop_for(int file, const char *source, bool readonly, char *ret_path, size_t size)
{
	struct loop_config config = {.fd = (__u32)file,
				     .info.lo_flags = readonly ? LO_FLAGS_READ_ONLY : 0};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", source);
	/* Another may take the free one first. */
	for (int tries = 0; control >= 0 && tries < LOOP_TRIES; tries++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE), loop;

		if (number < 0) {
			return -1;
		}
		snprintf(ret_path, size, "/dev/loop%d", number);
		loop = open(ret_path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
		if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
			return loop;
		}
		if (loop >= 0) {
			close(loop);
		}
		/* A node that udev has not made yet comes soon. */
		if (errno != EBUSY && errno != ENOENT && errno != ENXIO) {
			return -1;
		}
		usleep(10000);
	}
	return -1;
}

static int disk_add(void)
{
	const char *source = get("params"), *mode = get("mode");
	bool readonly = !mode || *mode != 'w';
	struct stat about;
	char path[32];
	int file, loop;

	if (get("physical-device")) {
		return EXIT_SUCCESS; /* libxl has said it itself, or we were called twice */
	}
	file = source ? open(source, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC) : -1;
	if (file < 0 || fstat(file, &about) < 0) {
		return fail("cannot open", source);
	}
	if (S_ISBLK(about.st_mode)) {
		return tell_device(source, about.st_rdev);
	}
	loop = loop_for(file, source, readonly, path, sizeof(path));
	if (loop < 0 || fstat(loop, &about) < 0) {
		return fail("no loop device for", source);
	}
	if (!put("node", path)) {
		ioctl(loop, LOOP_CLR_FD);
		return fail("cannot tell of", path);
	}
	return tell_device(path, about.st_rdev);
}

static int disk_remove(void)
{
	const char *node = get("node");
	int loop = node ? open(node, O_RDONLY | O_CLOEXEC) : -1;

	if (!node) {
		return EXIT_SUCCESS;
	}
	/* In use still: it goes when its last user does. */
	if (loop < 0 || (ioctl(loop, LOOP_CLR_FD) < 0 && errno != ENXIO)) {
		return fail("cannot release", node);
	}
	return EXIT_SUCCESS;
}

/* --- Network cards --- */

static bool named(struct ifreq *request, const char *name)
{
	memset(request, 0, sizeof(*request));
	if (strlen(name) >= IFNAMSIZ) {
		errno = ENODEV;
		return false;
	}
	strcpy(request->ifr_name, name);
	return true;
}

/* A port never speaks for itself: no ARP, and an address that the bridge does not take for its own.
 */
static bool make_port(int s, const char *name, int mtu)
{
	static const unsigned char address[6] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct ifreq request;

	if (!named(&request, name) || ioctl(s, SIOCGIFFLAGS, &request) < 0) {
		return false;
	}
	request.ifr_flags = (short)((request.ifr_flags & ~(IFF_UP | IFF_MULTICAST)) | IFF_NOARP);
	if (ioctl(s, SIOCSIFFLAGS, &request) < 0) {
		return false;
	}
	named(&request, name);
	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, address, sizeof(address));
	if (ioctl(s, SIOCSIFHWADDR, &request) < 0) {
		return false;
	}
	named(&request, name);
	request.ifr_mtu = mtu;
	return ioctl(s, SIOCSIFMTU, &request) == 0;
}

static bool set_up(int s, const char *name, bool up)
{
	struct ifreq request;

	if (!named(&request, name) || ioctl(s, SIOCGIFFLAGS, &request) < 0) {
		return false;
	}
	request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
	return ioctl(s, SIOCSIFFLAGS, &request) == 0;
}

static bool plug(int s, const char *name, const char *bridge)
{
	struct ifreq request;

	if (!named(&request, bridge)) {
		return false;
	}
	request.ifr_ifindex = (int)if_nametoindex(name);
	return request.ifr_ifindex && (ioctl(s, SIOCBRADDIF, &request) == 0 || errno == EBUSY);
}

static int card_online(const char *name)
{
	const char *bridge = get("bridge"), *mtu = get("mtu");
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request;

	if (!bridge || !named(&request, bridge) || ioctl(s, SIOCGIFMTU, &request) < 0) {
		return fail("there is no bridge", bridge);
	}
	if (!make_port(s, name, mtu ? atoi(mtu) : request.ifr_mtu) || !plug(s, name, bridge) ||
	    !set_up(s, name, true)) {
		return fail("cannot plug in", name);
	}
	return put("hotplug-status", "connected") ? EXIT_SUCCESS : fail("cannot tell of", name);
}

static int card_offline(const char *name)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* Its backend may have taken it away already, and with it out of the bridge. */
	set_up(s, name, false);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *action = argc > 1 ? argv[1] : "", *card = getenv("vif");

	base = getenv("XENBUS_PATH");
	store = base ? xs_open(0) : NULL;
	if (!store) {
		fprintf(stderr, "mullion-hotplug: for libxl: XENBUS_PATH is not set, or xenstored "
				"does not answer\n");
		return EXIT_FAILURE;
	}
	if (!strcmp(action, "add")) {
		return disk_add();
	}
	if (!strcmp(action, "remove")) {
		return disk_remove();
	}
	if (!strcmp(action, "online") && card) {
		return card_online(card);
	}
	if (!strcmp(action, "offline") && card) {
		return card_offline(card);
	}
	errno = EINVAL;
	return fail("unknown action", action);
}
