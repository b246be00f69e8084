// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DMA confinement: which unit, who owns which device, and a domain's device address space.
 *
 * Locks: devices.lock (who has which device) -> iommu_domain->lock -> the units' queue locks.
 * p2m->lock is taken outside all of them, nothing inside but the allocator's.
 */
#include <hv/bitops.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/iommu_impl.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define RESERVED_MAX   64
#define REQUESTERS_MAX 8

struct iommu_caps iommu_caps;

static const struct iommu_ops *unit_ops; /* set once by iommu_init; NULL: no confinement */

struct device {
	struct list_head list;
	pci_sbdf_t dev;
	struct iommu_domain *dom;
};

static struct {
	struct spinlock lock;
	struct list_head list; /* (lock) devices that some domain has */
	unsigned long ids[BITS_TO_LONGS(IOMMU_DOMAIN_IDS)]; /* (lock) */
	bool aliases; /* (lock) some device's DMA carries another's id */
} devices = {.lock = SPINLOCK_INIT, .list = LIST_HEAD_INIT(devices.list), .ids = {1}};

/* What firmware demands; filled by init, constant from then on. */
static struct {
	uint64_t first, count;
	unsigned int rw;
	pci_sbdf_t dev;
} reserved[RESERVED_MAX];
static unsigned int reserved_count;

bool iommu_enabled(void)
{
	return unit_ops != NULL;
}

const char *iommu_name(void)
{
	return unit_ops ? unit_ops->name : "none";
}

const struct iommu_ops *iommu_unit_ops(void)
{
	return unit_ops;
}

const char *iommu_device_name(pci_sbdf_t dev, char *buf)
{
	snprintf(buf, IOMMU_NAME_SIZE, "%04x:%02x:%02x.%u", dev.v >> 16, (dev.v >> 8) & 0xff,
		 (dev.v >> 3) & 0x1f, dev.v & 7);
	return buf;
}

static int no_unit(const char *why)
{
	if (boot_options.iommu_force) {
		boot_fail("iommu=force: %s", why);
	}
	log_warn(
	    "NO IOMMU: %s: the service VM's devices can reach ALL memory, passthrough to other VMs "
	    "is refused\n",
	    why);
	return -ENODEV;
}

int iommu_init(void)
{
	const char *why = arch_iommu_none();

	if (boot_options.iommu_off && !boot_options.iommu_force) {
		return no_unit("turned off by iommu=off");
	}
	for (unsigned int i = 0; arch_iommu_ops[i]; i++) {
		const struct iommu_ops *ops = arch_iommu_ops[i];
		size_t len;
		const void *table = arch_iommu_firmware(ops->table, &len);
		int ret;

		if (!table) {
			continue;
		}
		ret = ops->init(table, len);
		if (ret) {
			log_err("IOMMU: %s: cannot be used (error %d)\n", ops->name, -ret);
			why = "the machine's IOMMU cannot be used (see above)";
			continue;
		}
		unit_ops = ops;
		iommu_fault_start();
		log_info("IOMMU: %s on: %u-bit addresses, %s pages, %u domains%s\n", ops->name,
			 iommu_caps.address_bits,
			 iommu_caps.leaf_level == 3   ? "1G"
			 : iommu_caps.leaf_level == 2 ? "2M"
						      : "4K",
			 MIN(iommu_caps.domain_ids, IOMMU_DOMAIN_IDS) - 1,
			 iommu_caps.clean ? ", not coherent" : "");
		return 0;
	}
	return no_unit(why);
}

void iommu_add_reserved(uint64_t start, uint64_t end, unsigned int rw, pci_sbdf_t dev)
{
	uint64_t first = start >> PAGE_SHIFT, last = (end - 1) >> PAGE_SHIFT;

	if (end <= start || last >= BIT(52 - PAGE_SHIFT)) {
		log_warn("IOMMU: firmware demands DMA to a bad range %#" PRIx64 "-%#" PRIx64
			 ": ignored\n",
			 start, end);
		return;
	}
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		if (r->type == MEMORY_RAM && r->start < (last + 1) << PAGE_SHIFT &&
		    r->end > first << PAGE_SHIFT) {
			log_warn("IOMMU: firmware demands DMA to %#" PRIx64 "-%#" PRIx64
				 ", which is ordinary RAM: "
				 "refused\n",
				 start, end);
			return;
		}
	}
	if (reserved_count == RESERVED_MAX) {
		log_warn("IOMMU: too many reserved ranges, %#" PRIx64 "-%#" PRIx64 " is left out\n",
			 start, end);
		return;
	}
	reserved[reserved_count].first = first;
	reserved[reserved_count].count = last - first + 1;
	reserved[reserved_count].rw = rw & (IOMMU_READ | IOMMU_WRITE);
	reserved[reserved_count].dev = dev;
	reserved_count++;
	if (boot_options.iommu_verbose) {
		log_info("IOMMU: firmware demands DMA to %#" PRIx64 "-%#" PRIx64 "\n", start, end);
	}
}

bool iommu_reserved_range(unsigned int i, mfn_t *first, uint64_t *count, pci_sbdf_t *dev)
{
	if (!unit_ops || i >= reserved_count) {
		return false;
	}
	*first = mfn(reserved[i].first);
	*count = reserved[i].count;
	*dev = reserved[i].dev;
	return true;
}

/* Device address spaces
 * ------------------------------------------------------------------------------ */

static unsigned int id_alloc(void)
{
	unsigned int limit = MIN(iommu_caps.domain_ids, IOMMU_DOMAIN_IDS), id;

	spin_lock(&devices.lock);
	id = find_next_zero_bit(devices.ids, limit, 1);
	if (id < limit) {
		__set_bit(id, devices.ids);
	} else {
		id = 0;
	}
	spin_unlock(&devices.lock);
	return id;
}

static void id_free(unsigned int id)
{
	spin_lock(&devices.lock);
	__clear_bit(id, devices.ids);
	spin_unlock(&devices.lock);
}

/* (lock) The range changed; stale: something present did. True: it is to be flushed. */
static bool note_change(struct iommu_domain *dom, uint64_t dfn, uint64_t count, bool stale,
			bool mapped)
{
	if (!stale && !(mapped && iommu_caps.cache_absent)) {
		if (mapped) {
			arch_iommu_written();
		}
		return false;
	}
	if (dom->stale_first == dom->stale_end) {
		dom->stale_first = dfn;
		dom->stale_end = dfn + count;
	} else {
		dom->stale_first = MIN(dom->stale_first, dfn);
		dom->stale_end = MAX(dom->stale_end, dfn + count);
	}
	return true;
}

/* (lock) */
static void flush_stale(struct iommu_domain *dom)
{
	if (dom->stale_first == dom->stale_end) {
		return;
	}
	unit_ops->flush(dom, dom->stale_first, dom->stale_end - dom->stale_first);
	dom->stale_first = dom->stale_end = 0;
	iommu_table_free_stale(&dom->table);
}

/*
 * (lock) Makes way for another frame at dfn. Only single pages ever get another one: what is larger
 * is a domain's own memory, which stays where it is.
 */
static int break_page(struct iommu_domain *dom, uint64_t dfn, uint64_t m)
{
	unsigned int rw;
	uint64_t old;
	bool stale = false;
	int ret;

	if (!iommu_table_lookup(&dom->table, dfn, &old, &rw) || old == m) {
		return 0;
	}
	ret = iommu_table_set(&dom->table, dfn, 0, 1, 0, &stale);
	(void)note_change(dom, dfn, 1, stale, false);
	return ret;
}

static int change(struct iommu_domain *dom, uint64_t dfn, uint64_t m, uint64_t count,
		  unsigned int rw, bool *flush)
{
	uint64_t limit = BIT(iommu_caps.address_bits - PAGE_SHIFT);
	bool stale = false;
	int ret;

	if (dfn >= limit) {
		return 0;
	}
	count = MIN(count, limit - dfn);
	spin_lock(&dom->lock);
	ret = rw && iommu_caps.break_first && count == 1 ? break_page(dom, dfn, m) : 0;
	if (rw && iommu_caps.break_first) {
		flush_stale(dom);
	}
	if (!ret) {
		ret = iommu_table_set(&dom->table, dfn, m, count, rw, &stale);
	}
	if (ret && rw) {
		/* What is half mapped goes; a split that failed took nothing out. */
		(void)iommu_table_set(&dom->table, dfn, 0, count, 0, &stale);
	}
	if (note_change(dom, dfn, count, stale, rw != 0)) {
		if (flush) {
			*flush = true;
		} else {
			flush_stale(dom);
		}
	}
	spin_unlock(&dom->lock);
	return ret;
}

int iommu_map_noflush(struct domain *d, uint64_t dfn, mfn_t m, unsigned int order, unsigned int rw,
		      bool *flush)
{
	struct iommu_domain *dom = d->iommu;

	if (!dom) {
		return 0;
	}
	rw &= IOMMU_READ | IOMMU_WRITE | IOMMU_DEVICE;
	return change(dom, dfn, m.v, BIT(order), rw, flush);
}

int iommu_unmap_noflush(struct domain *d, uint64_t dfn, unsigned int order, bool *flush)
{
	struct iommu_domain *dom = d->iommu;

	return dom ? change(dom, dfn, 0, BIT(order), 0, flush) : 0;
}

int iommu_map(struct domain *d, uint64_t dfn, mfn_t m, unsigned int order, unsigned int rw)
{
	return iommu_map_noflush(d, dfn, m, order, rw, NULL);
}

int iommu_unmap(struct domain *d, uint64_t dfn, unsigned int order)
{
	return iommu_unmap_noflush(d, dfn, order, NULL);
}

void iommu_flush(struct domain *d)
{
	struct iommu_domain *dom = d->iommu;

	if (!dom) {
		return;
	}
	spin_lock(&dom->lock);
	flush_stale(dom);
	spin_unlock(&dom->lock);
}

/* The service VM drives the devices that firmware has left running, so it gets what those need. */
static int map_reserved(struct iommu_domain *dom)
{
	for (unsigned int i = 0; i < reserved_count; i++) {
		int ret = change(dom, reserved[i].first, reserved[i].first, reserved[i].count,
				 reserved[i].rw, NULL);

		if (ret) {
			return ret;
		}
	}
	return 0;
}

int iommu_domain_init(struct domain *d)
{
	struct iommu_domain *dom;
	int ret = -ENOMEM;

	if (!unit_ops) {
		return -ENODEV;
	}
	if (d->iommu) {
		return 0;
	}
	dom = hv_alloc(sizeof(*dom));
	if (!dom) {
		return -ENOMEM;
	}
	spin_lock_init(&dom->lock);
	dom->owner = d;
	dom->id = id_alloc();
	if (!dom->id) {
		ret = -ENOSPC;
		goto err_free;
	}
	dom->table = (struct iommu_table){
	    .format = iommu_caps.format,
	    .levels = iommu_caps.levels,
	    .leaf_level = iommu_caps.leaf_level,
	    .clean = iommu_caps.clean,
	    .leaf_extra = iommu_caps.leaf_extra,
	};
	ret = iommu_table_init(&dom->table);
	if (ret) {
		goto err_id;
	}
	if (d->is_service) {
		ret = map_reserved(dom);
		if (ret) {
			goto err_table;
		}
	}
	d->iommu = dom;
	return 0;

err_table:
	iommu_table_destroy(&dom->table);
err_id:
	id_free(dom->id);
err_free:
	hv_free(dom);
	return ret;
}

/* Devices
 * -------------------------------------------------------------------------------------------- */

static struct device *find_device(pci_sbdf_t dev)
{
	struct device *i;

	list_for_each(i, &devices.list, list)
	{
		if (i->dev.v == dev.v) {
			return i;
		}
	}
	return NULL;
}

static bool may_carry(const struct device *device, pci_sbdf_t id)
{
	pci_sbdf_t ids[REQUESTERS_MAX];
	int count = unit_ops->requesters(device->dev, ids, REQUESTERS_MAX);

	for (int i = 0; i < count; i++) {
		if (ids[i].v == id.v) {
			return true;
		}
	}
	return false;
}

/* (lock) Another attached device whose DMA may carry the id; NULL. */
static struct device *find_sharer(pci_sbdf_t id, pci_sbdf_t dev)
{
	struct device *i;

	if (!devices.aliases) {
		return NULL;
	}
	list_for_each(i, &devices.list, list)
	{
		if (i->dev.v != dev.v && may_carry(i, id)) {
			return i;
		}
	}
	return NULL;
}

/*
 * (lock) Points all requester ids of dev at dom (NULL: at nothing). A failure leaves dev with
 * nothing. Devices that share an id cannot be told apart, so they go to one domain or not at all.
 */
static int set_all(pci_sbdf_t dev, struct iommu_domain *dom, struct iommu_domain *old)
{
	pci_sbdf_t ids[REQUESTERS_MAX];
	int count = unit_ops->requesters(dev, ids, REQUESTERS_MAX);
	struct device *sharer;
	int ret = 0;

	if (count < 0) {
		return count;
	}
	devices.aliases |= count > 1;
	for (int i = 0; i < count && dom; i++) {
		sharer = find_sharer(ids[i], dev);
		if (sharer && sharer->dom != dom) {
			ret = -EBUSY;
		}
	}
	for (int i = 0; i < count && !ret; i++) {
		if (dom || !find_sharer(ids[i], dev)) {
			ret = unit_ops->set(ids[i], dom, old);
		}
	}
	for (int i = 0; i < count && ret; i++) {
		if (!find_sharer(ids[i], dev)) {
			(void)unit_ops->set(ids[i], NULL, old);
		}
	}
	return ret;
}

int iommu_attach(struct domain *d, pci_sbdf_t dev)
{
	struct iommu_domain *dom = d->iommu;
	struct device *device;
	char name[IOMMU_NAME_SIZE];
	int ret;

	if (!dom || !unit_ops) {
		return -ENODEV;
	}
	if (iommu_owns_device(dev)) {
		return -EPERM;
	}
	spin_lock(&devices.lock);
	device = find_device(dev);
	if (!device) {
		device = hv_alloc(sizeof(*device));
		if (!device) {
			spin_unlock(&devices.lock);
			return -ENOMEM;
		}
		device->dev = dev;
		list_add(&device->list, &devices.list);
	}
	ret = set_all(dev, dom, device->dom);
	device->dom = dom;
	if (ret) {
		list_del(&device->list);
		hv_free(device);
	}
	spin_unlock(&devices.lock);
	if (ret) {
		log_warn("IOMMU: d%u: %s cannot be attached (error %d): its DMA is refused\n",
			 d->id, iommu_device_name(dev, name), -ret);
	} else if (boot_options.iommu_verbose) {
		log_info("IOMMU: d%u: %s attached\n", d->id, iommu_device_name(dev, name));
	}
	return ret;
}

/* (lock) */
static int detach(struct device *device)
{
	int ret = set_all(device->dev, NULL, device->dom);

	list_del(&device->list);
	hv_free(device);
	return ret;
}

int iommu_detach(pci_sbdf_t dev)
{
	struct device *device;
	int ret = -ENOENT;

	if (!unit_ops) {
		return -ENODEV;
	}
	spin_lock(&devices.lock);
	device = find_device(dev);
	if (device) {
		ret = detach(device);
	}
	spin_unlock(&devices.lock);
	return ret;
}

void iommu_domain_destroy(struct domain *d)
{
	struct iommu_domain *dom = d->iommu;
	struct device *device, *next;

	if (!dom) {
		return;
	}
	d->iommu = NULL;
	spin_lock(&devices.lock);
	list_for_each_safe(device, next, &devices.list, list)
	{
		if (device->dom == dom) {
			(void)detach(device);
		}
	}
	spin_unlock(&devices.lock);
	unit_ops->flush(dom, 0, 0);
	iommu_table_destroy(&dom->table);
	id_free(dom->id);
	hv_free(dom);
}

bool iommu_owns_device(pci_sbdf_t dev)
{
	return unit_ops && unit_ops->owns_device(dev);
}

bool iommu_owns_frame(mfn_t m)
{
	return unit_ops && unit_ops->owns_frame(m);
}
