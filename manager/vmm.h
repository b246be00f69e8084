/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam to the hypervisor. vmm-libxl.c is the real one; the tests link a fake. All functions
 * block, and may be called by any thread but the main one, several at a time, never two for one
 * domain; vmm_open() and vmm_close() belong to the main thread. Errors: FAILED with the tool
 * stack's words, NO_MEMORY, NOT_SUPPORTED, NOT_FOUND (no such domain), CANCELLED.
 */
#pragma once

#include "vm-config.h"

typedef enum {
	VMM_RUNNING,
	VMM_PAUSED,
	VMM_ENDED, /* shut down, crashed, or suspended: see the reason. The domain is still there */
} VmmState;

typedef enum {
	VMM_END_NONE,
	VMM_END_SHUTDOWN,
	VMM_END_REBOOT,
	VMM_END_SUSPEND,
	VMM_END_CRASH,
} VmmEnd;

typedef struct {
	char *uuid;
	guint id;
	VmmState state;
	VmmEnd end;
	char *userdata; /* what vmm_create() was given, or NULL */
} VmmDomain;

typedef struct {
	guint id;
	guint vcpus;
	guint64 cpu_time;					 /* ns */
	guint64 memory;						 /* bytes */
	guint64 disk_read, disk_written, net_received, net_sent; /* bytes, seen from the VM */
} VmmStatistics;

typedef struct {
	const char *name;
	const VmConfig *config;
	GStrv bridges;	      /* one per nic of config */
	const char *userdata; /* kept with the domain */
	bool paused;
	int restore_fd; /* -1, or a saved image */
} VmmSpec;

/* @id: the domain's; @gone: it is no more (else it ended and waits to be destroyed). Called in the
 * main thread. */
typedef void (*VmmEventFunc)(guint id, bool gone, gpointer data);

bool vmm_open(VmmEventFunc event, gpointer data, GError **error);
void vmm_close(void);
/* All domains but the service VM: VmmDomain array. */
GPtrArray *vmm_list(GError **error);
/* Build a domain, and run it unless paused. When cancelled or failed nothing of it is left. */
bool vmm_create(const VmmSpec *spec, GCancellable *cancellable, guint *ret_id, GError **error);
/* Tell the VmmEventFunc about this domain's end. For domains that vmm_create() did not make; those
 * are watched. */
bool vmm_watch(guint id, GError **error);
bool vmm_destroy(guint id, GError **error);
bool vmm_pause(guint id, GError **error);
bool vmm_unpause(guint id, GError **error);
/* Ask the guest. NOT_SUPPORTED when it has nothing that could hear it. */
bool vmm_shutdown(guint id, GError **error);
bool vmm_reboot(guint id, GError **error);
/* Write the domain to @fd; it is then suspended, for vmm_destroy(). When cancelled or failed it
 * runs on. */
bool vmm_save(guint id, int fd, GCancellable *cancellable, GError **error);
/* Let a suspended domain run on. */
bool vmm_resume(guint id, GError **error);
/* The path of the text console's terminal. To be freed. */
char *vmm_console_path(guint id, GError **error);
/* VmmStatistics array of all domains, the service VM's first. */
GArray *vmm_statistics(GError **error);
/* Bytes a new VM could get now. */
bool vmm_free_memory(guint64 *ret_bytes, GError **error);
/* Into @host, the keys of GetHost that the hypervisor knows. */
bool vmm_host(GVariantDict *host, GError **error);
/* "Xen 4.17.7". To be freed. */
char *vmm_version(void);
/* The hypervisor's log. To be freed. */
char *vmm_log(GError **error);

static inline void vmm_domain_free(VmmDomain *domain)
{
	g_free(domain->uuid);
	g_free(domain->userdata);
	g_free(domain);
}
