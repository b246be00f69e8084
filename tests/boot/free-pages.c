/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Print how many 4 KiB frames the hypervisor has free, those that still wait to be scrubbed included: "xl info"
 * rounds to MiB. Runs in the service VM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <xen/xen.h>
#include <xen/sysctl.h>

/* The argument of the kernel's privcmd driver, whose header is not installed everywhere. */
struct privcmd_call {
	uint64_t op;
	uint64_t arg[5];
};
#define PRIVCMD_CALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_call))

int main(void)
{
	struct xen_sysctl *op = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);
	int fd = open("/dev/xen/privcmd", O_RDWR);
	struct privcmd_call call = {.op = __HYPERVISOR_sysctl, .arg = {(uintptr_t)op}};

	if (op == MAP_FAILED || fd < 0) {
		perror("free-pages: /dev/xen/privcmd");
		return 1;
	}
	op->cmd = XEN_SYSCTL_physinfo;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	if (ioctl(fd, PRIVCMD_CALL, &call) < 0) {
		perror("free-pages: physinfo");
		return 1;
	}
	printf("%llu\n", (unsigned long long)op->u.physinfo.free_pages);
	return 0;
}
