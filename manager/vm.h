/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.mullion.Vm1: one VM. Main thread only. The methods are in vm-run.c, vm-make.c and vm-disks.c.
 */
#pragma once

#include "console.h"
#include "job.h"
#include "manager.h"
#include "vmm.h"

struct Vm {
	Manager *manager;
	BusObject *bus;
	StoreEntry *entry;
	guint domain;	/* 0: none */
	gint64 started; /* seconds since 1970; 0 */
	bool paused;
	bool preserved;	      /* the domain crashed and is kept */
	bool saved;	      /* there is a saved image */
	bool ended;	      /* the domain's end is known and not yet dealt with */
	guint end_events;     /* how often its end was told */
	bool busy;	      /* a call that is no job works on it */
	bool doomed;	      /* to be removed when its job is over */
	const char *activity; /* a State while a job makes it so, or NULL */
	const char *end;      /* an EndReason */
	char *end_message;    /* what went wrong, for people; NULL: nothing */
	VmConfig *running;    /* what the domain was made of, or NULL */
	Job *job;
	int ended_fd; /* an eventfd that tells a waiting job of the end */
	Console *console;
	bool console_wanted; /* its terminal is being looked up */
};

Vm *vm_new(Manager *manager, StoreEntry *entry);
/* Takes it off the bus. */
void vm_free(Vm *vm);
const char *vm_path(const Vm *vm);
const char *vm_state(const Vm *vm);
bool vm_is_off(const Vm *vm);
char *vm_path_of_uuid(const char *uuid);
/* The file was read again, or written. Takes @entry. */
void vm_set_entry(Vm *vm, StoreEntry *entry);
/* Write @config as the VM's definition. */
bool vm_store(Vm *vm, const VmConfig *config, GError **error);
/* The saved image, and the one being written. To be freed. */
char *vm_saved_path(const Manager *manager, const char *uuid);
char *vm_partial_path(const Manager *manager, const char *uuid);
char *vm_disks_folder(const Manager *manager, const char *uuid);

typedef enum {
	VM_NEED_OFF = 1 << 0,	   /* no domain, no saved state */
	VM_NEED_SAVED_OK = 1 << 1, /* with VM_NEED_OFF: a saved state is all right */
	VM_NEED_RUNNING = 1 << 2,  /* a domain that lives */
	VM_NEED_NO_CHILD = 1 << 3, /* nobody's disks lie on its disks */
	VM_NEED_NOT_TEMPLATE = 1 << 4,
} VmNeed;

/* May something else begin with this VM, and is it in the state needed? If not @call is answered
 * with the error. */
bool vm_ready(Vm *vm, VmNeed need, GDBusMethodInvocation *call);
/* @job is this VM's; @activity: its State meanwhile, or NULL. Answers @call (may be NULL) with the
 * job's path. */
void vm_take_job(Vm *vm, Job *job, const char *activity, GDBusMethodInvocation *call);

/* The domain ended, says the hypervisor. */
void vm_domain_ended(Vm *vm);
/* The domain exists: found at start (adopt) or just made. @userdata: what it was made with. */
void vm_set_domain(Vm *vm, guint id, const char *userdata, bool paused, bool preserved);
void vm_clear_domain(Vm *vm, const char *end);
/* What the last start or end came to: NULL is that all went well. */
void vm_set_end_message(Vm *vm, const GError *error);
/* Text kept with a domain. To be freed. */
char *vm_userdata(const VmConfig *config);

/* vm-run.c. */
void vm_run_start(Vm *vm, bool paused, GDBusMethodInvocation *call);
/* The step that starts @vm, for job_continue(). */
JobStep vm_run_start_step(Vm *vm, bool paused);
void vm_run_end(Vm *vm);

/* vm-make.c: what a job's thread does to delete a VM. Any thread. */
bool vm_make_delete(const Manager *manager, const char *name, const VmConfig *config,
		    bool keep_disks, GError **error);

extern const BusMethod vm_methods[]; /* vm.c */
void vm_handle_start(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_shutdown(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_force_off(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_reboot(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_pause(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_unpause(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_save(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_discard_saved(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_start_throw_away(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_clone(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_delete(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_snapshot(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_revert_snapshot(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_delete_snapshot(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_add_disk(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_remove_disk(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
void vm_handle_resize_disk(gpointer owner, GVariant *args, GDBusMethodInvocation *call);
const char *vm_right_for_add_disk(gpointer owner, GVariant *args);
/* org.mullion.Manager1.CreateVm. */
void vm_make_create(Manager *manager, const char *name, VmConfig *config,
		    GDBusMethodInvocation *call);
