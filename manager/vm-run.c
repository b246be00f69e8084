/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running VMs: start, end, pause, save. What a job's thread uses is in its Run, a copy. */
#include "vm.h"

#include "disk.h"
#include "error.h"
#include "file-util.h"
#include "journal.h"
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHUTDOWN_TIMEOUT 120
#define SAVE_MAGIC	 "mullion-save 1 "
/* A VM that crashes sooner than this is not started again: it would crash for ever. */
#define CRASH_LOOP_SECONDS 10
/* What a VM needs beside its memory: page tables, device model's share. */
#define MEMORY_EXTRA_MIB(memory) (8 + (memory) / 64)

typedef enum {
	END_ALIVE, /* it has not ended, or is suspended by another tool */
	END_GONE,
	END_PRESERVED,
} EndOutcome;

typedef struct {
	Vm *vm; /* not for the thread */
	const Manager *manager;
	char *name;
	VmConfig *config;
	GPtrArray *networks; /* NetworkSpec, one per nic */
	GThread *networks_up;
	bool paused;
	bool restore;
	bool force;
	bool restart; /* Reboot: start again, whatever the guest did */
	bool forced;  /* the plug was pulled */
	guint timeout;
	int ended_fd;
	gint64 started;
	guint end_events;
	guint id;	/* the domain */
	char *userdata; /* start: what was kept with it */
	EndOutcome outcome;
	VmmEnd end;
} Run;

static void run_free(gpointer pointer)
{
	Run *run = pointer;

	g_free(run->name);
	g_free(run->userdata);
	vm_config_free(run->config);
	g_clear_pointer(&run->networks, g_ptr_array_unref);
	g_free(run);
}

static Run *run_new(Vm *vm)
{
	Run *run = g_new0(Run, 1);

	run->vm = vm;
	run->manager = vm->manager;
	run->name = g_strdup(vm->entry->name);
	/* Of a VM that runs, what it was made of: the definition is for its next start. */
	run->config = vm_config_copy(vm->domain && vm->running ? vm->running : vm->entry->config);
	run->id = vm->domain;
	run->ended_fd = vm->ended_fd;
	run->started = vm->started;
	run->end_events = vm->end_events;
	run->timeout = SHUTDOWN_TIMEOUT;
	return run;
}

static bool fail_prefixed(const Run *run, GError **error)
{
	g_prefix_error(error, "%s: ", run->name);
	return false;
}

/* --- Start --- */

static bool check_startable(const Run *run, GError **error)
{
	g_autoptr(GPtrArray) problems = vm_notes_new();
	const VmNote *first;

	vm_config_check(run->config, problems, NULL);
	if (problems->len > 0) {
		first = g_ptr_array_index(problems, 0);
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT, "%s: %s",
			    first->key, first->text);
		return false;
	}
	for (guint i = 0; i < run->config->disks->len; i++) {
		if (!disk_check_free(g_ptr_array_index(run->config->disks, i), error)) {
			return false;
		}
	}
	return true;
}

static bool check_memory(const VmConfig *config, GError **error)
{
	guint64 needed = (config->memory + MEMORY_EXTRA_MIB(config->memory)) << 20;
	guint64 free_bytes = 0;

	if (!vmm_free_memory(&free_bytes, error)) {
		return false;
	}
	if (free_bytes < needed) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_NO_MEMORY,
			    "needs %" G_GUINT64_FORMAT " MiB of memory, and %" G_GUINT64_FORMAT
			    " MiB are free: end another VM, or give this one less",
			    needed >> 20, free_bytes >> 20);
		return false;
	}
	return true;
}

/*
 * The networks come up in a thread of their own: to build a domain takes a bridge that is there,
 * and only a guest that runs needs its rules and its DHCP server. A network that is up already
 * costs nothing but the refresh of its rules then.
 */
static gpointer networks_thread(gpointer data)
{
	const Run *run = data;
	GError *error = NULL;

	for (guint i = 0; !error && i < run->networks->len; i++) {
		const NetworkSpec *spec = g_ptr_array_index(run->networks, i);

		if (!network_up(spec, &error)) {
			g_prefix_error(&error, "network %s: ", spec->name);
		}
	}
	return error;
}

/* To be called once, in any case, before @run goes. */
static bool networks_wait(Run *run, GError **error)
{
	GError *failure = run->networks_up ? g_thread_join(run->networks_up) : NULL;

	run->networks_up = NULL;
	if (failure) {
		g_propagate_error(error, failure);
	}
	return !failure;
}

/* The bridges' names; NULL with an error. */
static GStrv networks_begin(Run *run, GError **error)
{
	g_autoptr(GStrvBuilder) bridges = g_strv_builder_new();
	bool there = true;

	for (guint i = 0; i < run->networks->len; i++) {
		const NetworkSpec *spec = g_ptr_array_index(run->networks, i);

		there = there && if_nametoindex(spec->bridge) != 0;
		g_strv_builder_add(bridges, spec->bridge);
	}
	if (run->networks->len > 0) {
		run->networks_up = g_thread_new("networks", networks_thread, run);
	}
	return there || networks_wait(run, error) ? g_strv_builder_end(bridges) : NULL;
}

/*
 * The domain is made paused. Removing the saved image is the point of return of a restore: while it
 * is there the domain has not run, and may be thrown away; once it is gone the domain is the VM.
 * (recovery.c)
 */
static bool start_domain(Job *job, Run *run, GStrv bridges, int restore_fd, GError **error)
{
	g_autofree char *saved = vm_saved_path(run->manager, run->config->uuid);
	VmmSpec spec = {run->name, run->config, bridges, run->userdata, true, restore_fd};

	if (!vmm_create(&spec, job_cancellable(job), &run->id, error)) {
		return false;
	}
	job_mark(job, "domain");
	if (!networks_wait(run, error)) {
		vmm_destroy(run->id, NULL);
		return false;
	}
	job_mark(job, "network rules");
	if (!job_commit(job, error) || (run->restore && !file_remove(saved, error)) ||
	    (!run->paused && !vmm_unpause(run->id, error))) {
		vmm_destroy(run->id, NULL);
		return false;
	}
	return true;
}

/* The networks were looked up by the definition (in the main thread), and are used for what was
 * saved. */
static bool same_networks(const Run *run, const VmConfig *config)
{
	if (config->nics->len != run->networks->len) {
		return false;
	}
	for (guint i = 0; i < config->nics->len; i++) {
		const NetworkSpec *spec = g_ptr_array_index(run->networks, i);

		if (!g_str_equal(((VmNic *)g_ptr_array_index(config->nics, i))->network,
				 spec->name)) {
			return false;
		}
	}
	return true;
}

/* The saved image, read up to the hypervisor's stream; run->config becomes what was saved. */
static int open_saved(Run *run, GError **error)
{
	g_autofree char *path = vm_saved_path(run->manager, run->config->uuid);
	g_autofree char *text = g_malloc0(VM_CONFIG_FILE_LIMIT + 1);
	g_autoptr(VmConfig) config = NULL;
	char head[sizeof(SAVE_MAGIC) + 9] = "";
	gsize length = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		error_set_errno(error, errno, "cannot read the saved state %s", path);
		return -1;
	}
	if (read(fd, head, sizeof(head) - 1) == (ssize_t)sizeof(head) - 1 &&
	    g_str_has_prefix(head, SAVE_MAGIC)) {
		length = (gsize)g_ascii_strtoull(head + strlen(SAVE_MAGIC), NULL, 10);
	}
	if (length > 0 && length <= VM_CONFIG_FILE_LIMIT &&
	    read(fd, text, length) == (ssize_t)length) {
		config = vm_config_parse(text, NULL, NULL);
	}
	if (!config || !g_str_equal(config->uuid, run->config->uuid) ||
	    !same_networks(run, config)) {
		close(fd);
		g_set_error(
		    error, MULLION_ERROR, MULLION_ERROR_FAILED,
		    "%s is not a saved state of this VM as it is defined; discard it to start anew",
		    path);
		return -1;
	}
	vm_config_free(run->config);
	run->config = g_steal_pointer(&config);
	return fd;
}

static bool start_run(Job *job, gpointer data, GError **error)
{
	Run *run = data;
	const char *journal = run->manager->journal_folder;
	const char *uuid = run->config->uuid;
	g_auto(GStrv) bridges = NULL;
	int restore_fd = -1;
	bool good;

	if (run->restore) {
		restore_fd = open_saved(run, error);
		if (restore_fd < 0) {
			return fail_prefixed(run, error);
		}
		uuid = run->config->uuid;
	}
	good = check_startable(run, error) && check_memory(run->config, error);
	job_mark(job, "checks");
	bridges = good ? networks_begin(run, error) : NULL;
	job_mark(job, "networks");
	good = bridges && journal_begin(journal, uuid, run->restore ? "restore" : "start",
					run->paused ? "paused" : "", NULL, error);
	if (good) {
		run->userdata = vm_userdata(run->config);
		good = start_domain(job, run, bridges, restore_fd, error);
		journal_end(journal, uuid);
	}
	networks_wait(run, NULL); /* where the domain came to nothing */
	if (restore_fd >= 0) {
		close(restore_fd);
	}
	return good || fail_prefixed(run, error);
}

static void delete_after_failure(Run *run)
{
	/* A throw-away VM that did not start has nothing worth keeping, and nobody would clear it
	 * away. */
	g_autoptr(GError) error = NULL;

	if (!vm_make_delete(run->manager, run->name, run->config, false, &error)) {
		g_warning("%s: %s", run->name, error->message);
		return;
	}
	run->vm->doomed = true;
}

static void start_done(Job *job, gpointer data, const GError *error)
{
	Run *run = data;
	Vm *vm = run->vm;
	g_autofree char *saved = vm_saved_path(run->manager, run->config->uuid);

	vm->saved = g_file_test(saved, G_FILE_TEST_EXISTS);
	vm_set_end_message(vm, error);
	if (error) {
		vm->end = vm->saved ? "saved" : "failed";
		if (run->config->throw_away) {
			delete_after_failure(run);
		}
		return;
	}
	for (guint i = 0; i < run->networks->len; i++) {
		network_set_active(vm->manager,
				   ((NetworkSpec *)g_ptr_array_index(run->networks, i))->name);
	}
	vm->end = "";
	vm_set_domain(vm, run->id, run->userdata, run->paused, false);
}

/* NULL with an error when a network is missing. */
static Run *start_prepare(Vm *vm, bool paused, GError **error)
{
	Run *run = run_new(vm);

	run->paused = paused;
	run->restore = vm->saved;
	run->networks = g_ptr_array_new_with_free_func((GDestroyNotify)network_spec_free);
	for (guint i = 0; i < run->config->nics->len; i++) {
		const VmNic *nic = g_ptr_array_index(run->config->nics, i);
		NetworkSpec *spec = network_spec(vm->manager, nic->network);

		if (!spec) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_FOUND,
				    "%s: nics/%u: there is no network '%s'; choose another in its "
				    "settings, or make that one",
				    run->name, i, nic->network);
			run_free(run);
			return NULL;
		}
		g_ptr_array_add(run->networks, spec);
	}
	return run;
}

static bool start_fails(Job *job, gpointer data, GError **error)
{
	GError *prepared = data;

	g_propagate_error(error, g_error_copy(prepared));
	return false;
}

JobStep vm_run_start_step(Vm *vm, bool paused)
{
	GError *error = NULL;
	Run *run = start_prepare(vm, paused, &error);

	if (!run) {
		return (JobStep){start_fails, NULL, error, (GDestroyNotify)(void *)g_error_free};
	}
	return (JobStep){start_run, start_done, run, run_free};
}

static bool disks_are_free(Vm *vm, GError **error)
{
	const char *target = NULL;
	const Vm *other = manager_disk_conflict(vm->manager, vm, &target);

	if (other) {
		g_set_error(
		    error, MULLION_ERROR, MULLION_ERROR_IN_USE,
		    "%s: disks/%s is in use by %s, and one of them writes to it; end that one "
		    "first",
		    vm->entry->name, target, other->entry->name);
	}
	return !other;
}

void vm_run_start(Vm *vm, bool paused, GDBusMethodInvocation *call)
{
	GError *error = NULL;
	Run *run = disks_are_free(vm, &error) ? start_prepare(vm, paused, &error) : NULL;
	const char *kind = vm->saved ? "restore" : "start";

	if (run) {
		vm_take_job(vm,
			    job_start(kind, "control", vm_path(vm), true,
				      (JobStep){start_run, start_done, run, run_free}),
			    vm->saved ? "restoring" : "starting", call);
	} else if (call) {
		bus_answer_error(call, error);
	} else {
		/* With the machine: nobody waits for an answer, somebody will look for the reason.
		 */
		vm->end = vm->saved ? "saved" : "failed";
		vm_set_end_message(vm, error);
		g_warning("%s", error->message);
		g_error_free(error);
	}
}

void vm_handle_start(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GVariant) options = g_variant_get_child_value(args, 0);
	gboolean paused = FALSE;

	g_variant_lookup(options, "paused", "b", &paused);
	if (vm_ready(vm, VM_NEED_OFF | VM_NEED_SAVED_OK | VM_NEED_NO_CHILD | VM_NEED_NOT_TEMPLATE,
		     call)) {
		vm_run_start(vm, paused, call);
	}
}

/* --- End --- */

static bool find_domain(const Run *run, VmmState *ret_state, VmmEnd *ret_end, bool *ret_found,
			GError **error)
{
	g_autoptr(GPtrArray) domains = vmm_list(error);

	*ret_found = false;
	for (guint i = 0; domains && i < domains->len; i++) {
		const VmmDomain *domain = g_ptr_array_index(domains, i);

		if (domain->id == run->id) {
			*ret_found = true;
			*ret_state = domain->state;
			*ret_end = domain->end;
		}
	}
	return domains != NULL;
}

static bool will_restart(const Run *run)
{
	gint64 ran = g_get_real_time() / G_USEC_PER_SEC - run->started;

	if (run->restart) {
		return true;
	}
	switch (run->end) {
	case VMM_END_REBOOT:
		return g_str_equal(run->config->on_reboot, "restart");
	case VMM_END_CRASH:
		return g_str_equal(run->config->on_crash, "restart") && ran >= CRASH_LOOP_SECONDS;
	default:
		return false;
	}
}

/* See how the domain ended and clear it away; with a throw-away VM everything else too. */
static bool clear_up(Run *run, GError **error)
{
	VmmState state = VMM_RUNNING;
	bool found = false;

	run->outcome = END_ALIVE;
	if (!find_domain(run, &state, &run->end, &found, error)) {
		return false;
	}
	if (found && !run->forced && (state != VMM_ENDED || run->end == VMM_END_SUSPEND)) {
		return true;
	}
	if (found && !run->forced && run->end == VMM_END_CRASH &&
	    g_str_equal(run->config->on_crash, "preserve")) {
		run->outcome = END_PRESERVED;
		return true;
	}
	if (!found) {
		run->forced = true; /* by another tool */
	} else if (!vmm_destroy(run->id, error)) {
		return false;
	}
	run->outcome = END_GONE;
	if (run->config->throw_away && !will_restart(run)) {
		return vm_make_delete(run->manager, run->name, run->config, false, error);
	}
	return true;
}

static const char *end_reason(const Run *run)
{
	if (run->forced) {
		return "forced";
	}
	switch (run->end) {
	case VMM_END_REBOOT:
		return "reboot";
	case VMM_END_CRASH:
		return "crash";
	default:
		return "shutdown";
	}
}

static void end_done(Job *job, gpointer data, const GError *error)
{
	Run *run = data;
	Vm *vm = run->vm;

	switch (run->outcome) {
	case END_ALIVE:
		/* Unless another end was told meanwhile: that one is yet to be looked at. */
		vm->ended = vm->end_events != run->end_events;
		break;
	case END_PRESERVED:
		vm->preserved = true;
		vm->end = "crash";
		break;
	case END_GONE:
		vm_clear_domain(vm, end_reason(run));
		vm_set_end_message(vm, error);
		if (error) {
			break;
		}
		if (will_restart(run)) {
			vm->activity = "starting";
			bus_changed(vm->bus);
			job_continue(job, vm_run_start_step(vm, false));
		} else if (run->config->throw_away) {
			vm->doomed = true;
		}
		break;
	}
}

static bool end_run(Job *job, gpointer data, GError **error)
{
	Run *run = data;

	return clear_up(run, error) || fail_prefixed(run, error);
}

void vm_run_end(Vm *vm)
{
	vm_take_job(vm,
		    job_start("end", "control", vm_path(vm), false,
			      (JobStep){end_run, end_done, run_new(vm), run_free}),
		    "stopping", NULL);
}

/* Until the domain's end is known. False: the time is over, or CANCELLED. */
static bool wait_for_end(const Run *run, Job *job, bool *ret_ended, GError **error)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)run->timeout * G_USEC_PER_SEC;
	GPollFD cancel = {-1, 0, 0};
	bool watched = g_cancellable_make_pollfd(job_cancellable(job), &cancel);
	bool cancelled = false;

	*ret_ended = false;
	while (!*ret_ended && !cancelled) {
		struct pollfd fds[2] = {{run->ended_fd, POLLIN, 0},
					{watched ? cancel.fd : -1, POLLIN, 0}};
		gint64 left = (deadline - g_get_monotonic_time()) / 1000;

		if (left <= 0 || (poll(fds, 2, (int)left) < 0 && errno != EINTR)) {
			break;
		}
		*ret_ended = fds[0].revents & POLLIN;
		cancelled = g_cancellable_is_cancelled(job_cancellable(job));
	}
	if (watched) {
		g_cancellable_release_fd(job_cancellable(job));
	}
	if (cancelled) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_CANCELLED,
			    "cancelled; the guest was asked all the same");
	}
	return !cancelled;
}

static bool shutdown_run(Job *job, gpointer data, GError **error)
{
	Run *run = data;
	g_autoptr(GError) asking = NULL;
	bool ended = false;
	bool asked = run->restart ? vmm_reboot(run->id, &asking) : vmm_shutdown(run->id, &asking);

	run->outcome = END_ALIVE;
	if (!asked && !run->force) {
		g_propagate_error(error, g_steal_pointer(&asking));
		return fail_prefixed(run, error);
	}
	if (asked && run->timeout == 0) {
		return true;
	}
	if (asked && !wait_for_end(run, job, &ended, error)) {
		return false;
	}
	if (!ended && !run->force) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_FAILED,
			    "%s did not %s within %u seconds; force it off, or look at its console",
			    run->name, run->restart ? "reboot" : "shut down", run->timeout);
		return false;
	}
	run->forced = !ended;
	job_commit(job, NULL);
	return clear_up(run, error) || fail_prefixed(run, error);
}

void vm_handle_shutdown(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GVariant) options = g_variant_get_child_value(args, 0);
	gboolean force = FALSE;
	Run *run;

	if (!vm_ready(vm, VM_NEED_RUNNING, call)) {
		return;
	}
	if (vm->paused) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
		    "%s is paused and cannot hear; unpause it or force it off", vm->entry->name);
		return;
	}
	run = run_new(vm);
	g_variant_lookup(options, "timeout", "u", &run->timeout);
	g_variant_lookup(options, "force", "b", &force);
	run->force = force;
	vm_take_job(vm,
		    job_start("shutdown", "control", vm_path(vm), true,
			      (JobStep){shutdown_run, end_done, run, run_free}),
		    "stopping", call);
}

static bool force_run(Job *job, gpointer data, GError **error)
{
	Run *run = data;

	run->forced = true;
	return clear_up(run, error) || fail_prefixed(run, error);
}

void vm_handle_force_off(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;

	if (!vm_ready(vm, 0, call)) {
		return;
	}
	if (!vm->domain) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_STATE, "%s does not run; it is %s",
		    vm->entry->name, vm_state(vm));
		return;
	}
	vm_take_job(vm,
		    job_start("force-off", "control", vm_path(vm), false,
			      (JobStep){force_run, end_done, run_new(vm), run_free}),
		    "stopping", call);
}

void vm_handle_reboot(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GVariant) options = g_variant_get_child_value(args, 0);
	gboolean force = FALSE;
	Run *run;

	g_variant_lookup(options, "force", "b", &force);
	if (!vm_ready(vm, VM_NEED_RUNNING | VM_NEED_NOT_TEMPLATE, call)) {
		return;
	}
	run = run_new(vm);
	run->restart = true;
	vm_take_job(vm,
		    job_start("reboot", "control", vm_path(vm), !force,
			      (JobStep){force ? force_run : shutdown_run, end_done, run, run_free}),
		    "stopping", call);
}

/* --- Pause --- */

typedef struct {
	Vm *vm;
	guint id;
	bool pause;
	GDBusMethodInvocation *call;
} Pause;

static void pause_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Pause *pause = data;
	GError *error = NULL;

	if (pause->pause ? vmm_pause(pause->id, &error) : vmm_unpause(pause->id, &error)) {
		g_task_return_boolean(task, TRUE);
	} else {
		g_task_return_error(task, error);
	}
}

static void pause_done(GObject *source, GAsyncResult *result, gpointer data)
{
	const Pause *pause = g_task_get_task_data(G_TASK(result));
	Vm *vm = pause->vm;
	GError *error = NULL;

	vm->busy = false;
	if (g_task_propagate_boolean(G_TASK(result), &error)) {
		vm->paused = pause->pause;
		bus_changed_now(vm->bus);
		g_dbus_method_invocation_return_value(pause->call, NULL);
	} else {
		g_prefix_error(&error, "%s: ", vm->entry->name);
		bus_answer_error(pause->call, error);
	}
	if (vm->ended && vm->domain && !vm->job) {
		vm_run_end(vm);
	}
}

static void handle_pause(Vm *vm, bool pause, GDBusMethodInvocation *call)
{
	g_autoptr(GTask) task = NULL;
	Pause *data;

	if (!vm_ready(vm, VM_NEED_RUNNING, call)) {
		return;
	}
	if (vm->paused == pause) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_STATE, "%s is %s", vm->entry->name,
		    pause ? "paused already" : "not paused");
		return;
	}
	data = g_new(Pause, 1);
	*data = (Pause){vm, vm->domain, pause, call};
	vm->busy = true;
	task = g_task_new(NULL, NULL, pause_done, NULL);
	g_task_set_task_data(task, data, g_free);
	g_task_run_in_thread(task, pause_thread);
}

void vm_handle_pause(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	handle_pause(owner, true, call);
}

void vm_handle_unpause(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	handle_pause(owner, false, call);
}

/* --- Save --- */

typedef struct {
	Job *job;
	int fd;
	guint64 expected;
	GMutex lock;
	GCond cond;
	bool over;
} SaveProgress;

/* libxl does not say how far it is; the file's size does. */
static gpointer save_progress(gpointer data)
{
	SaveProgress *progress = data;
	struct stat status;

	g_mutex_lock(&progress->lock);
	while (!progress->over) {
		gint64 until = g_get_monotonic_time() + G_USEC_PER_SEC / 5;

		g_cond_wait_until(&progress->cond, &progress->lock, until);
		if (!progress->over && fstat(progress->fd, &status) == 0) {
			job_progress(progress->job, MIN(0.99, (double)status.st_size /
								  (double)progress->expected));
		}
	}
	g_mutex_unlock(&progress->lock);
	return NULL;
}

static bool save_with_progress(Job *job, const Run *run, int fd, GError **error)
{
	SaveProgress progress = {job, fd, run->config->memory << 20};
	GThread *thread;
	bool good;

	g_mutex_init(&progress.lock);
	g_cond_init(&progress.cond);
	thread = g_thread_new("save-progress", save_progress, &progress);
	good = vmm_save(run->id, fd, job_cancellable(job), error);
	g_mutex_lock(&progress.lock);
	progress.over = true;
	g_cond_signal(&progress.cond);
	g_mutex_unlock(&progress.lock);
	g_thread_join(thread);
	g_mutex_clear(&progress.lock);
	g_cond_clear(&progress.cond);
	return good;
}

/*
 * A saved image begins with what the domain was made of, for the definition may be changed before
 * it is restored: a line "mullion-save 1 LENGTH", LENGTH bytes of a VM's file; then the
 * hypervisor's stream.
 */
static bool save_header(const Run *run, int fd, GError **error)
{
	g_autofree char *config = vm_config_format(run->config, NULL);
	g_autofree char *text = g_strdup_printf(SAVE_MAGIC "%08zu\n%s", strlen(config), config);
	gsize length = strlen(text);

	if (write(fd, text, length) != (ssize_t)length) {
		error_set_errno(error, errno ? errno : ENOSPC, "cannot write the saved state");
		return false;
	}
	return true;
}

static bool save_to_file(Job *job, Run *run, const char *partial, const char *saved, GError **error)
{
	int fd = open(partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int result;
	bool suspended;

	if (fd < 0) {
		error_set_errno(error, errno, "cannot create %s", partial);
		return false;
	}
	suspended = save_header(run, fd, error) && save_with_progress(job, run, fd, error);
	result = suspended && fsync(fd) < 0 ? errno : 0;
	close(fd);
	if (result) {
		error_set_errno(error, result, "cannot write %s", partial);
	}
	if (suspended && !result && job_commit(job, error) && file_rename(partial, saved, error)) {
		return true;
	}
	unlink(partial);
	if (suspended) {
		vmm_resume(run->id, NULL);
	}
	return false;
}

static bool check_space(const Run *run, GError **error)
{
	g_autoptr(GFile) folder = g_file_new_for_path(run->manager->saved_folder);
	g_autoptr(GFileInfo) info =
	    g_file_query_filesystem_info(folder, G_FILE_ATTRIBUTE_FILESYSTEM_FREE, NULL, NULL);
	guint64 available =
	    info ? g_file_info_get_attribute_uint64(info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE)
		 : G_MAXUINT64;

	if (available < (run->config->memory << 20)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_NO_SPACE,
			    "saving needs up to %" G_GUINT64_FORMAT
			    " MiB in %s, and %" G_GUINT64_FORMAT " MiB are free",
			    run->config->memory, run->manager->saved_folder, available >> 20);
		return false;
	}
	return true;
}

static bool save_run(Job *job, gpointer data, GError **error)
{
	Run *run = data;
	const char *journal = run->manager->journal_folder;
	const char *uuid = run->config->uuid;
	g_autofree char *saved = vm_saved_path(run->manager, uuid);
	g_autofree char *partial = vm_partial_path(run->manager, uuid);
	bool good;

	if (!check_space(run, error) || !journal_begin(journal, uuid, "save", "", NULL, error)) {
		return fail_prefixed(run, error);
	}
	good = save_to_file(job, run, partial, saved, error);
	if (good) {
		g_autoptr(GError) destroying = NULL;

		/* The image is whole, so the VM is saved. A domain that does not go stays
		 * suspended, and the journal's entry stays too: the next start ends it. */
		if (!vmm_destroy(run->id, &destroying)) {
			g_warning("%s: %s", run->name, destroying->message);
			return true;
		}
	}
	journal_end(journal, uuid);
	return good || fail_prefixed(run, error);
}

static void save_done(Job *job, gpointer data, const GError *error)
{
	Run *run = data;

	if (!error) {
		run->vm->saved = true;
		vm_clear_domain(run->vm, "saved");
	}
}

void vm_handle_save(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;

	if (!vm_ready(vm, VM_NEED_RUNNING, call)) {
		return;
	}
	if (vm->entry->config->throw_away) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_NOT_SUPPORTED,
		    "%s is a throw-away VM: it is gone when it ends", vm->entry->name);
		return;
	}
	if (vm->paused) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
		    "%s is paused and could not take part in saving; unpause it first",
		    vm->entry->name);
		return;
	}
	vm_take_job(vm,
		    job_start("save", "control", vm_path(vm), true,
			      (JobStep){save_run, save_done, run_new(vm), run_free}),
		    "saving", call);
}

void vm_handle_discard_saved(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autofree char *saved = vm_saved_path(vm->manager, vm->entry->config->uuid);
	GError *error = NULL;

	if (!vm_ready(vm, VM_NEED_OFF | VM_NEED_SAVED_OK, call)) {
		return;
	}
	if (!vm->saved) {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR,
						      MULLION_ERROR_INVALID_STATE,
						      "%s is not saved", vm->entry->name);
		return;
	}
	if (!file_remove(saved, &error)) {
		bus_answer_error(call, error);
		return;
	}
	vm->saved = false;
	vm->end = "forced";
	bus_changed_now(vm->bus);
	g_dbus_method_invocation_return_value(call, NULL);
}
