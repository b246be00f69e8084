/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's ITSs: commands. Arm IHI 0069H, 5.3. The queue is the guest's memory: a command
 * is copied once and its every field is checked; one that is wrong is passed over. What takes long
 * (a device with many events, all LPIs of a collection) is done in parts: the command stays the
 * next one until its last part. The guest sees a command as done only once the machine's ITS has
 * done what it led to.
 */
#include "vlpi_parts.h"
#include <asm/gic.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/vcpu.h>

#define CMD_MOVI    0x01u
#define CMD_INT	    0x03u
#define CMD_CLEAR   0x04u
#define CMD_SYNC    0x05u
#define CMD_MAPD    0x08u
#define CMD_MAPC    0x09u
#define CMD_MAPTI   0x0au
#define CMD_MAPI    0x0bu
#define CMD_INV	    0x0cu
#define CMD_INVALL  0x0du
#define CMD_MOVALL  0x0eu
#define CMD_DISCARD 0x0fu

#define BASE_ADDRESS(v)	  ((v)&0xffffffffff000UL)
#define QUEUE_SIZE(v)	  ((uint32_t)(((v)&0xff) + 1) << PAGE_SHIFT)
#define PROPBASER_BITS(v) (((v)&0x1f) + 1)

/* What one go may cost: a command, an event, or a chunk of LPIs that is looked at. */
#define BUDGET 128

/* One command's fields, whichever of them it has. */
struct command {
	unsigned int what;
	uint32_t device, event, lpi, collection;
	uint64_t target;
	unsigned int bits;
	bool valid;
};

static struct vlpi_domain *of(const struct vits *u)
{
	return u->domain->arch.vgic.lpis;
}

static struct vits_device *find_device(const struct vits *u, uint32_t id)
{
	struct vits_device *dev = u->devices[id % VITS_HASH];

	while (dev && dev->id != id) {
		dev = dev->next;
	}
	return dev;
}

/* The LPI of an event, or NULL. */
static struct vlpi *find_event(const struct vits *u, const struct command *c)
{
	const struct vits_device *dev = find_device(u, c->device);

	if (!dev || c->event >> dev->event_bits || !dev->lpi[c->event]) {
		return NULL;
	}
	return vlpi_find(u->domain, dev->lpi[c->event]);
}

/* LPIs --------------------------------------------------------------------------------------------
 */

/* What the guest's table says; beyond it, or where there is none: disabled. */
static uint8_t read_property(const struct vits *u, uint32_t lpi)
{
	uint64_t base = READ_ONCE(of(u)->propbase);
	uint8_t untrusted_property;

	if ((uint64_t)lpi >> PROPBASER_BITS(base) ||
	    guest_read_gpa(u->domain, &untrusted_property,
			   gpa(BASE_ADDRESS(base) + lpi - LPI_FIRST), 1)) {
		return GIC_PRIORITY;
	}
	return untrusted_property;
}

static void set_property(struct vlpi *l, struct domain *d, uint8_t property)
{
	bool on = property & VLPI_PROPERTY_ENABLED, changed = l->irq.enabled != on;

	vlpi_set_property(d, l, property);
	if (changed) {
		its_event_set_enabled(l->dev->hw, l->event, l->irq.intid, on);
		l->dev->unit->asked = true;
	}
}

static void reread(struct vits *u, struct vlpi *l)
{
	set_property(l, u->domain, read_property(u, l->irq.intid));
}

/* To the vCPU of its collection; the machine's goes where that is now. */
static unsigned int route(struct vits *u, struct vlpi *l)
{
	unsigned int id = u->collection[l->collection];
	const struct vcpu *v = id < u->domain->max_vcpus ? u->domain->vcpu[id] : NULL;

	vlpi_route(u->domain, l, id);
	u->asked = true;
	return v ? READ_ONCE(v->cpu) : 0;
}

static void reroute(struct vits *u, struct vlpi *l)
{
	its_event_move(l->dev->hw, l->event, route(u, l));
}

static void unmap_event(struct domain *d, struct vlpi *l)
{
	struct vits_device *dev = l->dev;

	set_property(l, d, GIC_PRIORITY);
	its_event_discard(dev->hw, l->event);
	dev->unit->asked = true;
	dev->lpi[l->event] = 0;
	l->dev = NULL;
	vlpi_forget(d, l, false);
}

static int map_event(struct vits *u, const struct command *c)
{
	struct vits_device *dev = find_device(u, c->device);
	struct vlpi *l;

	if (!dev || c->event >> dev->event_bits || c->lpi - LPI_FIRST >= LPI_COUNT ||
	    c->collection >= VITS_COLLECTIONS) {
		return -EINVAL;
	}
	l = vlpi_make(u->domain, c->lpi);
	if (!l) {
		return -ENOMEM;
	}
	/* The event was another LPI's, the LPI another event's: a kernel that starts anew knows of
	 * neither. */
	if (dev->lpi[c->event]) {
		unmap_event(u->domain, vlpi_find(u->domain, dev->lpi[c->event]));
	}
	if (l->dev) {
		unmap_event(u->domain, l);
	}
	dev->lpi[c->event] = (uint16_t)c->lpi;
	l->dev = dev;
	l->event = (uint16_t)c->event;
	l->collection = (uint16_t)c->collection;
	its_event_map(dev->hw, c->event, c->lpi, route(u, l));
	reread(u, l);
	return 0;
}

static int move_event(struct vits *u, const struct command *c)
{
	struct vlpi *l = find_event(u, c);

	if (!l || c->collection >= VITS_COLLECTIONS) {
		return -EINVAL;
	}
	l->collection = (uint16_t)c->collection;
	reroute(u, l);
	return 0;
}

static int with_event(struct vits *u, const struct command *c)
{
	struct vlpi *l = find_event(u, c);

	if (!l) {
		return -EINVAL;
	}
	switch (c->what) {
	case CMD_INT:
		vlpi_raise(u->domain, l);
		break;
	case CMD_INV:
		reread(u, l);
		break;
	case CMD_CLEAR:
		its_event_clear(l->dev->hw, l->event);
		u->asked = true;
		vlpi_forget(u->domain, l, true);
		break;
	default:
		unmap_event(u->domain, l);
		break;
	}
	return 0;
}

/* Devices -----------------------------------------------------------------------------------------
 */

static int unmap_device(struct vits *u, struct vits_device *dev, int *budget)
{
	struct vits_device **link = &u->devices[dev->id % VITS_HASH];

	for (unsigned int i = 0; i < 1u << dev->event_bits; i++) {
		if (!dev->lpi[i]) {
			continue;
		}
		if (--*budget < 0) {
			return -ERESTART;
		}
		unmap_event(u->domain, vlpi_find(u->domain, dev->lpi[i]));
	}
	while (*link != dev) {
		link = &(*link)->next;
	}
	*link = dev->next;
	of(u)->device_count--;
	of(u)->event_count -= 1u << dev->event_bits;
	its_device_unmap(dev->hw);
	hv_free(dev);
	return 0;
}

static int add_device(struct vits *u, const struct command *c)
{
	uint32_t events = 1u << c->bits;
	struct vits_device *dev;
	int err;

	if (of(u)->device_count >= VITS_DEVICES_MAX ||
	    of(u)->event_count + events > VITS_EVENTS_MAX) {
		return -ENOSPC;
	}
	dev = hv_alloc(sizeof(*dev) + events * sizeof(dev->lpi[0]));
	if (!dev) {
		return -ENOMEM;
	}
	dev->hw = its_device_map(u->its, c->device, c->bits, &err);
	if (!dev->hw) {
		hv_free(dev);
		return err;
	}
	u->asked = true;
	dev->unit = u;
	dev->id = c->device;
	dev->event_bits = c->bits;
	dev->next = u->devices[c->device % VITS_HASH];
	u->devices[c->device % VITS_HASH] = dev;
	of(u)->device_count++;
	of(u)->event_count += events;
	return 0;
}

/* A device that is there begins anew. The ITT that the guest offers is not used. */
static int map_device(struct vits *u, const struct command *c, int *budget)
{
	struct vits_device *dev = find_device(u, c->device);
	int err = 0;

	if (c->valid &&
	    (c->bits > u->facts.event_bits || (uint64_t)c->device >> u->facts.device_bits)) {
		return -EINVAL;
	}
	if (dev) {
		err = unmap_device(u, dev, budget);
	}
	return err || !c->valid ? err : add_device(u, c);
}

/* Collections -------------------------------------------------------------------------------------
 */

/* fn for each LPI of a collection, on from where the last go ended. */
static int for_collection(struct vits *u, uint32_t collection,
			  void (*fn)(struct vits *u, struct vlpi *l), int *budget)
{
	while (u->cursor < LPI_COUNT) {
		struct vlpi *l = vlpi_find(u->domain, LPI_FIRST + u->cursor);
		bool wanted = l && l->dev && l->dev->unit == u && l->collection == collection;

		if ((wanted || (l && u->cursor % VLPI_CHUNK == 0)) && --*budget < 0) {
			return -ERESTART;
		}
		if (wanted) {
			fn(u, l);
		}
		u->cursor += l ? 1 : VLPI_CHUNK - u->cursor % VLPI_CHUNK;
	}
	return 0;
}

static int map_collection(struct vits *u, const struct command *c, int *budget)
{
	const struct domain *d = u->domain;

	if (c->collection >= VITS_COLLECTIONS ||
	    (c->valid && (c->target >= d->max_vcpus || !d->vcpu[c->target]))) {
		return -EINVAL;
	}
	u->collection[c->collection] = c->valid ? (uint16_t)c->target : VITS_NO_VCPU;
	return for_collection(u, c->collection, reroute, budget);
}

static int invalidate_all(struct vits *u, const struct command *c, int *budget)
{
	return c->collection < VITS_COLLECTIONS ? for_collection(u, c->collection, reread, budget)
						: -EINVAL;
}

/* -------------------------------------------------------------------------------------------------
 */

static struct command decode(const uint64_t *untrusted)
{
	struct command c = {
	    .what = untrusted[0] & 0xff,
	    .device = (uint32_t)(untrusted[0] >> 32),
	    .event = (uint32_t)untrusted[1],
	    .lpi = (uint32_t)(untrusted[1] >> 32),
	    .collection = untrusted[2] & 0xffff,
	    .target = untrusted[2] >> 16 & 0x7ffffffff,
	    .bits = (unsigned int)(untrusted[1] & 0x1f) + 1,
	    .valid = untrusted[2] >> 63,
	};

	if (c.what == CMD_MAPI) {
		c.lpi = c.event;
	}
	return c;
}

/* 0; -ERESTART: not yet done, for want of budget; another error: it means nothing. */
static int execute(struct vits *u, const struct command *c, int *budget)
{
	switch (c->what) {
	case CMD_MAPD:
		return map_device(u, c, budget);
	case CMD_MAPC:
		return map_collection(u, c, budget);
	case CMD_MAPTI:
	case CMD_MAPI:
		return map_event(u, c);
	case CMD_MOVI:
		return move_event(u, c);
	case CMD_INT:
	case CMD_CLEAR:
	case CMD_INV:
	case CMD_DISCARD:
		return with_event(u, c);
	case CMD_INVALL:
		return invalidate_all(u, c, budget);
	case CMD_SYNC:
		/* All before it is done at the end of the go. */
	case CMD_MOVALL:
		/* What is pending went along when its collection moved. */
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* The next command; true: it is done with, whether it meant something or not. */
static bool step(struct vits *u, int *budget)
{
	uint64_t untrusted[VITS_CMD_SIZE / 8] = {0};
	struct command c;
	int err;

	err = guest_read_gpa(u->domain, untrusted, gpa(BASE_ADDRESS(u->cbaser) + u->read),
			     sizeof(untrusted));
	c = decode(untrusted);
	if (!err) {
		err = execute(u, &c, budget);
	}
	if (err == -ERESTART) {
		return false;
	}
	if (err) {
		glog_warn("service VM's ITS: command %#x for device %#x, event %u, LPI %u, "
			  "collection %u: error %d\n",
			  c.what, c.device, c.event, c.lpi, c.collection, err);
	}
	u->cursor = 0;
	u->read = (u->read + VITS_CMD_SIZE) % QUEUE_SIZE(u->cbaser);
	return true;
}

bool vits_run(struct vits *u)
{
	int budget = BUDGET;

	while (u->read != u->write && --budget >= 0 && step(u, &budget)) {
	}
	for (unsigned int i = 0; i < of(u)->its_count; i++) {
		struct vits *o = &of(u)->its[i];

		if (o->asked) {
			o->asked = false;
			(void)its_finish(o->its);
		}
	}
	return u->read != u->write;
}
