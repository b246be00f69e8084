/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console: a ring that xl dmesg reads, outputs (serial line, screen) behind it, guests' console_io, and the input
 * line to the service VM. Lock: console_lock (interrupts off), a leaf of everything.
 */
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/spinlock.h>
#include <hv/timer.h>
#include <xen/sysctl.h>

#define RING_SIZE	(64U * 1024)
#define INPUT_SIZE	128U
#define LINE_MAX	512
#define GUEST_CHUNK	128
/* Guests may cause this many lines in each period; more are counted and told later. */
#define GUEST_LINES	50
#define GUEST_PERIOD_NS	(5 * NS_PER_SEC)

static struct spinlock console_lock = SPINLOCK_INIT;
static bool lock_broken;			/* a panic goes on without the lock */
static struct console_output *outputs;
static char ring[RING_SIZE];
static uint32_t ring_written;			/* bytes ever; wraps at 2^32 */
static char input[INPUT_SIZE];
static uint32_t input_head, input_tail;
static enum log_level level = LOG_INFO, guest_level = LOG_WARN;
static nstime_t guest_period_start;
static unsigned int guest_lines, guest_dropped;

static unsigned long lock(void)
{
	return lock_broken ? irq_save() : spin_lock_irq(&console_lock);
}

static void unlock(unsigned long flags)
{
	if (lock_broken) {
		irq_restore(flags);
	} else {
		spin_unlock_irq(&console_lock, flags);
	}
}

static void emit(const char *text, size_t len, bool to_outputs)
{
	for (size_t i = 0; i < len; i++) {
		ring[ring_written++ % RING_SIZE] = text[i];
	}
	if (!to_outputs) {
		return;
	}
	for (struct console_output *o = outputs; o; o = o->next) {
		if (!o->muted) {
			o->put(text, len);
		}
	}
}

void console_register(struct console_output *out)
{
	unsigned long flags = lock();

	/* What was said before goes to it as well. */
	if (ring_written <= RING_SIZE) {
		out->put(ring, ring_written);
	}
	out->next = outputs;
	outputs = out;
	unlock(flags);
}

void console_write(const char *text, size_t len)
{
	unsigned long flags = lock();

	emit(text, len, true);
	unlock(flags);
}

void console_force_unlock(void)
{
	lock_broken = true;
}

static void log_line(bool to_outputs, const char *fmt, va_list ap)
{
	static const char prefix[] = "(MUL) ";
	static bool line_open;
	char text[LINE_MAX];
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	size_t len = MIN((size_t)MAX(n, 0), sizeof(text) - 1);
	unsigned long flags = lock();

	if (!line_open) {
		emit(prefix, sizeof(prefix) - 1, to_outputs);
	}
	emit(text, len, to_outputs);
	line_open = len && text[len - 1] != '\n';
	unlock(flags);
}

void log_printf(enum log_level l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(l <= level, fmt, ap);
	va_end(ap);
}

static bool guest_may_log(void)
{
	nstime_t now = time_now();
	unsigned int dropped = 0;
	unsigned long flags = lock();
	bool ok;

	if (now - guest_period_start > GUEST_PERIOD_NS) {
		guest_period_start = now;
		guest_lines = 0;
		dropped = guest_dropped;
		guest_dropped = 0;
	}
	ok = guest_lines < GUEST_LINES;
	guest_lines += ok;
	guest_dropped += !ok;
	unlock(flags);
	if (dropped) {
		log_printf(LOG_WARN, "%u messages that guests caused were left out\n", dropped);
	}
	return ok;
}

void log_guest(enum log_level l, const char *fmt, ...)
{
	va_list ap;

	if (l > guest_level || !guest_may_log()) {
		return;
	}
	va_start(ap, fmt);
	log_line(true, fmt, ap);
	va_end(ap);
}

static void set_level(enum log_level *to, const char *name)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	if (!strcmp(name, "all")) {
		*to = LOG_DEBUG;
	} else if (!strcmp(name, "none")) {
		*to = LOG_ERR;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strncmp(name, names[i], strlen(names[i]))) {
			*to = (enum log_level)i;
		}
	}
}

/* Xen's form is lower/upper threshold; upper ones would be rate limited, which here only guests' are. */
void console_set_levels(const char *loglvl, const char *guest_loglvl)
{
	if (*loglvl) {
		set_level(&level, loglvl);
	}
	if (*guest_loglvl) {
		set_level(&guest_level, guest_loglvl);
	}
}

void console_to_service(char c)
{
	unsigned long flags = lock();

	if (input_head - input_tail < INPUT_SIZE) {
		input[input_head++ % INPUT_SIZE] = c;
	}
	unlock(flags);
	event_send_service_virq(VIRQ_CONSOLE);
}

int console_read_ring(struct xen_sysctl_readconsole *op)
{
	gva_t to = gva((uintptr_t)op->buffer.p);
	uint32_t max = op->count, done = 0, at;
	char chunk[256];
	unsigned long flags = lock();

	at = ring_written > RING_SIZE ? ring_written - RING_SIZE : 0;
	if (op->incremental && (int32_t)(op->index - at) > 0) {
		at = op->index;
	}
	unlock(flags);
	while (done < max && at != READ_ONCE(ring_written)) {
		uint32_t n = MIN(max - done, (uint32_t)sizeof(chunk));

		flags = lock();
		/* Overwritten meanwhile: go on at what is oldest now. */
		if (ring_written - at > RING_SIZE) {
			at = ring_written - RING_SIZE;
		}
		n = MIN(n, ring_written - at);
		for (uint32_t i = 0; i < n; i++) {
			chunk[i] = ring[(at + i) % RING_SIZE];
		}
		unlock(flags);
		if (guest_write(gva(to.v + done), chunk, n)) {
			return -EFAULT;
		}
		at += n;
		done += n;
	}
	if (op->clear) {
		flags = lock();
		ring_written = 0;
		unlock(flags);
	}
	op->count = done;
	op->index = at;
	return 0;
}

/* Service VM: as it is. Others: whole lines, printable, with the domain's name before them. */
static void guest_text(struct domain *d, const char *text, size_t len)
{
	if (d->is_service) {
		console_write(text, len);
		return;
	}
	spin_lock(&d->big_lock);
	for (size_t i = 0; i < len; i++) {
		bool end = text[i] == '\n' || d->console_len == sizeof(d->console_buf) - 1;

		if (text[i] >= ' ' && text[i] < 0x7f && !end) {
			d->console_buf[d->console_len++] = text[i];
		}
		if (end) {
			d->console_buf[d->console_len] = '\0';
			log_guest(LOG_WARN, "d%u: %s\n", d->id, d->console_buf);
			d->console_len = 0;
		}
	}
	spin_unlock(&d->big_lock);
}

static long console_io_write(const struct hypercall_args *a)
{
	uint32_t count = (uint32_t)a->v[1];
	gva_t from = gva(a->v[2]);
	char untrusted_text[GUEST_CHUNK];

	for (uint32_t done = 0; done < count;) {
		uint32_t n = MIN(count - done, (uint32_t)sizeof(untrusted_text));

		if (done && hypercall_should_preempt()) {
			struct hypercall_args rest = { { a->v[0], count - done, from.v + done } };

			return hypercall_restart(&rest);
		}
		if (guest_read(untrusted_text, gva(from.v + done), n)) {
			return -EFAULT;
		}
		guest_text(current->domain, untrusted_text, n);
		done += n;
	}
	return 0;
}

static long console_io_read(const struct hypercall_args *a)
{
	uint32_t count = (uint32_t)a->v[1], n = 0;
	char text[INPUT_SIZE];
	unsigned long flags = lock();

	while (n < count && input_tail != input_head) {
		text[n++] = input[input_tail++ % INPUT_SIZE];
	}
	unlock(flags);
	return guest_write(gva(a->v[2]), text, n) ? -EFAULT : (long)n;
}

long hypercall_console_io(const struct hypercall_args *a)
{
	/* Others than the service VM may write in debug builds only, as in Xen. */
	if (!current->domain->is_service && (!HV_DEBUG || (int)a->v[0] != CONSOLEIO_write)) {
		return -EPERM;
	}
	switch ((int)a->v[0]) {
	case CONSOLEIO_write:
		return console_io_write(a);
	case CONSOLEIO_read:
		return console_io_read(a);
	default:
		return -ENOSYS;
	}
}
