// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is said when a device does what it may not. A device can fault millions of times a second,
 * so both the log and the interrupts are limited: beyond a burst the fault interrupt is turned off
 * and a timer looks at the record instead, until a look finds little.
 *
 * Locks: faults.lock (interrupts off: the handler is an interrupt) is a leaf but for the console's.
 */
#include <hv/boot.h>
#include <hv/iommu_impl.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/timer.h>

#define BURST	  16		    /* lines that may come at once */
#define REFILL_NS (100 * NS_PER_MS) /* one more line every so often */
#define STORM	  64		    /* faults in one window that turn the interrupt off */
#define WINDOW_NS (100 * NS_PER_MS)
#define POLL_NS	  NS_PER_SEC /* for units that have no interrupt */

static struct {
	struct spinlock lock;
	unsigned int tokens;
	uint64_t suppressed;
	nstime_t refilled;
	nstime_t window; /* start of the present window */
	unsigned int in_window;
	bool started, storm, poll;
	struct timer timer;
} faults = {.lock = SPINLOCK_INIT, .tokens = BURST};

static bool may_log(nstime_t now)
{
	int64_t earned = (now - faults.refilled) / REFILL_NS;

	if (earned > 0) {
		faults.refilled += earned * REFILL_NS;
		faults.tokens = (unsigned int)MIN((int64_t)BURST, earned + faults.tokens);
	}
	if (!faults.tokens) {
		faults.suppressed++;
		return false;
	}
	faults.tokens--;
	return true;
}

void iommu_fault(const struct iommu_fault *f)
{
	char pci[IOMMU_NAME_SIZE];
	const char *name = f->name ? f->name : iommu_device_name(f->dev, pci);

	faults.in_window++;
	if (!may_log(time_now())) {
		return;
	}
	if (faults.suppressed) {
		log_warn("IOMMU: %" PRIu64 " faults were not shown\n", faults.suppressed);
		faults.suppressed = 0;
	}
	switch (f->kind) {
	case IOMMU_FAULT_DMA:
		log_warn("IOMMU fault: device %s %s address %#" PRIx64 ": %s (code %#x)\n", name,
			 f->write ? "write to" : "read of", f->address, f->what, f->code);
		break;
	case IOMMU_FAULT_STREAM:
		log_warn("IOMMU fault: device %s: %s (code %#x)\n", name, f->what, f->code);
		break;
	case IOMMU_FAULT_INTERRUPT:
		log_warn("IOMMU fault: device %s interrupt message %#" PRIx64 ": %s (code %#x)\n",
			 name, f->address, f->what, f->code);
		break;
	case IOMMU_FAULT_DEVICE:
		log_warn("IOMMU error: device %s address %#" PRIx64 ": %s (code %#x)\n", name,
			 f->address, f->what, f->code);
		break;
	case IOMMU_FAULT_UNIT:
		log_warn("IOMMU error: %s%saddress %#" PRIx64 ": %s (code %#x)\n",
			 f->name ? f->name : "", f->name ? ", " : "", f->address, f->what, f->code);
		break;
	case IOMMU_FAULT_UNRECORDED:
		log_warn(
		    "IOMMU fault: unit %s refused DMA, but does not record which device's and to "
		    "what address\n",
		    name);
		break;
	}
}

/* (lock) */
static void look(void)
{
	nstime_t now = time_now();

	if (now - faults.window > WINDOW_NS) {
		faults.window = now;
		faults.in_window = 0;
	}
	iommu_unit_ops()->drain();
	if (!faults.storm && faults.in_window > STORM && faults.started) {
		faults.storm = true;
		iommu_unit_ops()->fault_interrupt(false);
		log_warn("IOMMU: too many faults, their interrupt is off for now\n");
		timer_set(&faults.timer, now + 2 * WINDOW_NS);
	}
}

void iommu_fault_irq(void *opaque)
{
	unsigned long flags = spin_lock_irq(&faults.lock);

	if (iommu_unit_ops()) {
		look();
	}
	spin_unlock_irq(&faults.lock, flags);
}

static void poll_timer(void *data)
{
	struct iommu_fault unrecorded = {.kind = IOMMU_FAULT_UNRECORDED};
	const struct iommu_ops *ops = iommu_unit_ops();
	bool found = ops->unrecorded && ops->unrecorded(&unrecorded.dev);
	unsigned long flags = spin_lock_irq(&faults.lock);
	nstime_t now = time_now();

	look();
	if (found) {
		iommu_fault(&unrecorded);
	}
	if (faults.storm && faults.in_window <= STORM / 2) {
		faults.storm = false;
		iommu_unit_ops()->fault_interrupt(true);
		look(); /* what came between the two */
	} else if (faults.storm) {
		timer_set(&faults.timer, now + 2 * WINDOW_NS);
	}
	if (faults.poll && !faults.storm) {
		timer_set(&faults.timer, now + POLL_NS);
	}
	spin_unlock_irq(&faults.lock, flags);
}

void iommu_poll_needed(void)
{
	faults.poll = true;
}

void iommu_fault_start(void)
{
	unsigned long flags;

	timer_init(&faults.timer, poll_timer, NULL, 0);
	flags = spin_lock_irq(&faults.lock);
	faults.started = true;
	faults.refilled = faults.window = time_now();
	iommu_unit_ops()->fault_interrupt(true);
	look();
	if (faults.poll && !faults.storm) {
		log_info("IOMMU: faults are looked for every second\n");
		timer_set(&faults.timer, time_now() + POLL_NS);
	}
	spin_unlock_irq(&faults.lock, flags);
}

bool iommu_wait(bool (*done)(void *arg), void *arg)
{
	nstime_t end = time_now() + 100 * NS_PER_MS;

	do {
		for (unsigned int i = 0; i < 64; i++) {
			if (done(arg)) {
				return true;
			}
			cpu_relax();
		}
	} while (time_now() < end);
	return done(arg);
}
