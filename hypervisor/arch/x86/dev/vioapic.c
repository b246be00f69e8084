// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virtual IO-APICs: redirection entries, level and edge lines, remote IRR, the EOI register of
 * version 0x20. 82093AA data sheet, ICH9 data sheet 13.5.
 *
 * Locks: config_lock (guest's writes, main loop) -> lock (interrupts off; pins and entries) -> what
 * message delivery takes (scheduler's locks). pirq_guest_unmask is called under config_lock, so
 * that the machine's line always ends up as the last write said; pirq_guest_eoi under none, for it
 * may move the virtual line.
 */
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <asm/io.h>
#include <asm/vioapic.h>
#include <asm/vlapic.h>

#define PINS_MAX  240 /* the version register has 8 bits for the last pin */
#define CHIPS_MAX 16

#define VIOAPIC_VERSION 0x20

#define MMIO_SELECT 0x00
#define MMIO_WINDOW 0x10
#define MMIO_EOI    0x40

#define REG_ID		0x00
#define REG_VERSION	0x01
#define REG_ARBITRATION 0x02
#define REG_ENTRY	0x10 /* two words each */

#define ENTRY_VECTOR	 0xffUL
#define ENTRY_LOGICAL	 BIT(11)
#define ENTRY_LOW	 BIT(13) /* active low */
#define ENTRY_REMOTE_IRR BIT(14)
#define ENTRY_LEVEL	 BIT(15)
#define ENTRY_MASKED	 BIT(16)
#define ENTRY_WRITABLE	 (0xff0000000001afffUL) /* delivery status and remote IRR are read-only */
#define ENTRY_MODE(e)	 ((unsigned int)((e) >> 8) & 7)
#define ENTRY_DEST(e)	 ((uint32_t)((e) >> 56))

struct chip {
	struct domain *d;
	uint64_t base;
	unsigned int gsi_base, pins;
	uint32_t id, select; /* (config_lock) */
	uint64_t *entry;     /* (lock) [pins] */
	bool *high;	     /* (lock) [pins] the line is asserted */
};

struct vioapic {
	struct spinlock config_lock;
	struct spinlock lock; /* interrupts off */
	unsigned int chip_count, gsi_count;
	struct chip chips[CHIPS_MAX];
};

static struct chip *chip_of_gsi(struct vioapic *io, unsigned int gsi, unsigned int *pin)
{
	unsigned int i;

	for (i = 0; i < io->chip_count; i++) {
		struct chip *c = &io->chips[i];

		if (gsi >= c->gsi_base && gsi - c->gsi_base < c->pins) {
			*pin = gsi - c->gsi_base;
			return c;
		}
	}
	return NULL;
}

static void send(struct chip *c, uint64_t entry)
{
	vlapic_message(c->d, ENTRY_DEST(entry), entry & ENTRY_LOGICAL, ENTRY_MODE(entry),
		       (uint8_t)entry, entry & ENTRY_LEVEL);
}

/* A level pin that is asserted, open and not waiting for an EOI sends. lock held. */
static void evaluate_level(struct chip *c, unsigned int pin)
{
	uint64_t e = c->entry[pin];

	if (c->high[pin] && (e & (ENTRY_LEVEL | ENTRY_MASKED | ENTRY_REMOTE_IRR)) == ENTRY_LEVEL) {
		c->entry[pin] |= ENTRY_REMOTE_IRR;
		send(c, e);
	}
}

/* The line rose. lock held. */
static void raise(struct chip *c, unsigned int pin)
{
	uint64_t e = c->entry[pin];

	if (e & ENTRY_LEVEL) {
		evaluate_level(c, pin);
	} else if (!(e & ENTRY_MASKED)) {
		send(c, e); /* a masked edge is lost, as in hardware */
	}
}

void vioapic_set_irq(struct domain *d, unsigned int gsi, bool level_high)
{
	struct vioapic *io = d->arch.vioapic;
	unsigned long flags;
	struct chip *c;
	unsigned int pin;

	if (!io) {
		return;
	}
	flags = spin_lock_irq(&io->lock);
	c = chip_of_gsi(io, gsi, &pin);
	if (c && c->high[pin] != level_high) {
		c->high[pin] = level_high;
		if (level_high) {
			raise(c, pin);
		}
	}
	spin_unlock_irq(&io->lock, flags);
}

void vioapic_pulse(struct domain *d, unsigned int gsi)
{
	struct vioapic *io = d->arch.vioapic;
	unsigned long flags;
	struct chip *c;
	unsigned int pin;

	if (!io) {
		return;
	}
	flags = spin_lock_irq(&io->lock);
	c = chip_of_gsi(io, gsi, &pin);
	if (c) {
		c->high[pin] = true;
		raise(c, pin);
		c->high[pin] = false;
	}
	spin_unlock_irq(&io->lock, flags);
}

/*
 * The next pin at or after *pin whose interrupt with this vector ends; its remote IRR is cleared.
 * False when there is none.
 */
static bool end_next(struct vioapic *io, struct chip *c, uint8_t vector, unsigned int *pin)
{
	unsigned long flags = spin_lock_irq(&io->lock);
	bool found = false;

	for (; *pin < c->pins; ++*pin) {
		uint64_t e = c->entry[*pin];

		if ((e & ENTRY_VECTOR) == vector && (e & ENTRY_REMOTE_IRR)) {
			c->entry[*pin] = e & ~ENTRY_REMOTE_IRR;
			found = true;
			break;
		}
	}
	spin_unlock_irq(&io->lock, flags);
	return found;
}

static void eoi_chip(struct vioapic *io, struct chip *c, uint8_t vector)
{
	unsigned int pin;

	for (pin = 0; end_next(io, c, vector, &pin); pin++) {
		unsigned long flags;

		/* The machine's line: its state is taken back, and it fires again if it is still
		 * high. */
		if (c->d->is_service) {
			pirq_guest_eoi(c->d, c->gsi_base + pin);
		}
		flags = spin_lock_irq(&io->lock);
		evaluate_level(c, pin);
		spin_unlock_irq(&io->lock, flags);
	}
}

void vioapic_eoi(struct domain *d, uint8_t vector)
{
	struct vioapic *io = d->arch.vioapic;
	unsigned int i;

	for (i = 0; i < io->chip_count; i++) {
		eoi_chip(io, &io->chips[i], vector);
	}
}

/* Guest's registers --------------------------------------------------------------------------- */

static uint32_t read_register(struct vioapic *io, struct chip *c)
{
	unsigned int n = (c->select - REG_ENTRY) / 2;
	unsigned long flags;
	uint64_t e;

	switch (c->select) {
	case REG_ID:
	case REG_ARBITRATION:
		return c->id << 24;
	case REG_VERSION:
		return VIOAPIC_VERSION | (c->pins - 1) << 16;
	default:
		break;
	}
	if (c->select < REG_ENTRY || n >= c->pins) {
		return 0;
	}
	flags = spin_lock_irq(&io->lock);
	e = c->entry[n];
	spin_unlock_irq(&io->lock, flags);
	return c->select & 1 ? (uint32_t)(e >> 32) : (uint32_t)e;
}

static void write_entry(struct vioapic *io, struct chip *c, unsigned int pin, bool upper,
			uint32_t val)
{
	const uint64_t line = ENTRY_MASKED | ENTRY_LEVEL | ENTRY_LOW;
	unsigned long flags = spin_lock_irq(&io->lock);
	uint64_t old = c->entry[pin], new;

	if (upper) {
		new = (old & 0xffffffff) | ((uint64_t)val << 32);
	} else {
		new = (old & ~0xffffffffUL) | val;
	}
	new = (new &ENTRY_WRITABLE) | (old & ENTRY_REMOTE_IRR);
	if (!(new &ENTRY_LEVEL)) {
		new &= ~ENTRY_REMOTE_IRR; /* the guests' way to end an interrupt by hand */
	}
	c->entry[pin] = new;
	evaluate_level(c, pin);
	spin_unlock_irq(&io->lock, flags);

	if (c->d->is_service && ((old ^ new) & line)) {
		pirq_guest_unmask(c->d, c->gsi_base + pin, new &ENTRY_LEVEL, new &ENTRY_LOW,
				  new &ENTRY_MASKED);
	}
	if (c->d->is_service && (old & ENTRY_REMOTE_IRR) && !(new &ENTRY_REMOTE_IRR)) {
		pirq_guest_eoi(c->d, c->gsi_base + pin);
	}
}

static void write_register(struct vioapic *io, struct chip *c, uint32_t val)
{
	unsigned int n = (c->select - REG_ENTRY) / 2;

	if (c->select == REG_ID) {
		c->id = (val >> 24) & 0xff;
	} else if (c->select >= REG_ENTRY && n < c->pins) {
		write_entry(io, c, n, c->select & 1, val);
	}
}

static void vioapic_mmio(struct vcpu *v, void *opaque, uint64_t addr, unsigned int size, bool write,
			 uint64_t *val)
{
	struct vioapic *io = v->domain->arch.vioapic;
	struct chip *c = opaque;
	uint64_t offset = addr - c->base;

	if (!write) {
		*val = 0;
	}
	if (offset == MMIO_EOI) {
		if (write) {
			eoi_chip(io, c, (uint8_t)*val);
		}
		return;
	}
	spin_lock(&io->config_lock);
	if (offset == MMIO_SELECT && write) {
		c->select = *val & 0xff;
	} else if (offset == MMIO_SELECT) {
		*val = c->select;
	} else if (offset == MMIO_WINDOW && write) {
		write_register(io, c, (uint32_t)*val);
	} else if (offset == MMIO_WINDOW) {
		*val = read_register(io, c);
	}
	spin_unlock(&io->config_lock);
}

/* Life ---------------------------------------------------------------------------------------- */

static int chip_init(struct domain *d, struct chip *c, const struct vioapic_config *config)
{
	unsigned int i;

	if (!config->pins || config->pins > PINS_MAX) {
		return -EINVAL;
	}
	c->entry = hv_alloc(config->pins * sizeof(*c->entry));
	c->high = hv_alloc(config->pins * sizeof(*c->high));
	if (!c->entry || !c->high) {
		return -ENOMEM;
	}
	c->d = d;
	c->base = config->base;
	c->gsi_base = config->gsi_base;
	c->pins = config->pins;
	c->id = config->id;
	for (i = 0; i < c->pins; i++) {
		c->entry[i] = ENTRY_MASKED;
	}
	return io_register_mmio(d, gpa(config->base), PAGE_SIZE, vioapic_mmio, c);
}

int vioapic_init(struct domain *d, const struct vioapic_config *configs, unsigned int count)
{
	struct vioapic *io;
	unsigned int i;
	int ret;

	if (!count || count > CHIPS_MAX) {
		return -EINVAL;
	}
	io = hv_alloc(sizeof(*io));
	if (!io) {
		return -ENOMEM;
	}
	d->arch.vioapic = io;
	for (i = 0; i < count; i++) {
		ret = chip_init(d, &io->chips[i], &configs[i]);
		io->chip_count = i + 1;
		if (ret) {
			vioapic_destroy(d);
			return ret;
		}
		io->gsi_count = MAX(io->gsi_count, configs[i].gsi_base + configs[i].pins);
	}
	return 0;
}

/* The domain has no running vCPU; the handlers go with io_destroy. */
void vioapic_destroy(struct domain *d)
{
	struct vioapic *io = d->arch.vioapic;
	unsigned int i;

	if (!io) {
		return;
	}
	d->arch.vioapic = NULL;
	for (i = 0; i < io->chip_count; i++) {
		if (io->chips[i].d) {
			io_unregister_mmio(d, gpa(io->chips[i].base));
		}
		hv_free(io->chips[i].entry);
		hv_free(io->chips[i].high);
	}
	hv_free(io);
}
