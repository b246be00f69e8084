/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of 32-bit code: which structures differ from the 64-bit ABI's, and how (contracts: hv/compat.h). What has no row
 * here is the same in both. In the i386 ABI longs, pointers and frame numbers have 32 bits, and nothing is aligned to
 * more than 4 bytes. No locks.
 */
#include <hv/compat.h>
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/memory.h>
#include <hv/vcpu.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* Of the largest structure on either side. */
#define NATIVE_MAX	(sizeof(struct xen_platform_op))
#define NARROW_MAX	NATIVE_MAX
#define WORDS_BATCH	16

/*
 * A member of a structure. One of 8 bytes that has 4 in the 32-bit layout is zero-extended, and cut on the way back; all
 * others are copied.
 */
struct compat_field {
	uint16_t native, narrow;	/* offsets */
	uint8_t native_size, narrow_size;
	bool list;			/* points to an array of longs: seen as a view, never written back */
};

struct compat_layout {
	uint16_t native_size, narrow_size;
	uint16_t count;
	const struct compat_field *fields;
};

/* In each layout below: NATIVE is the structure of the ABI's header, NARROW ours in the 32-bit layout. */
#define MEMBER(n, c, m)								\
	{ offsetof(struct n, m), offsetof(struct c, m), sizeof(((struct n *)0)->m),	\
	  sizeof(((struct c *)0)->m), false }
#define LONGS(n, c, m)								\
	{ offsetof(struct n, m), offsetof(struct c, m), sizeof(((struct n *)0)->m),	\
	  sizeof(((struct c *)0)->m), true }
#define LAYOUT(n, c, f)	{ sizeof(struct n), sizeof(struct c), ARRAY_SIZE(f), f }

/* Memory -------------------------------------------------------------------------------------------- */

struct narrow_reservation {
	uint32_t extent_start, nr_extents, extent_order, mem_flags;
	uint16_t domid;
};
static_assert(sizeof(struct narrow_reservation) == 20, "xen/memory.h, i386");

static const struct compat_field reservation_fields[] = {
	LONGS(xen_memory_reservation, narrow_reservation, extent_start),
	MEMBER(xen_memory_reservation, narrow_reservation, nr_extents),
	MEMBER(xen_memory_reservation, narrow_reservation, extent_order),
	MEMBER(xen_memory_reservation, narrow_reservation, mem_flags),
	MEMBER(xen_memory_reservation, narrow_reservation, domid),
};
static const struct compat_layout reservation =
	LAYOUT(xen_memory_reservation, narrow_reservation, reservation_fields);

struct narrow_exchange {
	struct narrow_reservation in, out;
	uint32_t nr_exchanged;
};
static_assert(sizeof(struct narrow_exchange) == 44, "xen/memory.h, i386");

static const struct compat_field exchange_fields[] = {
	LONGS(xen_memory_exchange, narrow_exchange, in.extent_start),
	MEMBER(xen_memory_exchange, narrow_exchange, in.nr_extents),
	MEMBER(xen_memory_exchange, narrow_exchange, in.extent_order),
	MEMBER(xen_memory_exchange, narrow_exchange, in.mem_flags),
	MEMBER(xen_memory_exchange, narrow_exchange, in.domid),
	LONGS(xen_memory_exchange, narrow_exchange, out.extent_start),
	MEMBER(xen_memory_exchange, narrow_exchange, out.nr_extents),
	MEMBER(xen_memory_exchange, narrow_exchange, out.extent_order),
	MEMBER(xen_memory_exchange, narrow_exchange, out.mem_flags),
	MEMBER(xen_memory_exchange, narrow_exchange, out.domid),
	MEMBER(xen_memory_exchange, narrow_exchange, nr_exchanged),
};
static const struct compat_layout exchange =
	LAYOUT(xen_memory_exchange, narrow_exchange, exchange_fields);

struct narrow_physmap {
	uint16_t domid, size;
	uint32_t space, idx, gpfn;
};
static_assert(sizeof(struct narrow_physmap) == 16, "xen/memory.h, i386");

static const struct compat_field physmap_fields[] = {
	MEMBER(xen_add_to_physmap, narrow_physmap, domid),
	MEMBER(xen_add_to_physmap, narrow_physmap, size),
	MEMBER(xen_add_to_physmap, narrow_physmap, space),
	MEMBER(xen_add_to_physmap, narrow_physmap, idx),
	MEMBER(xen_add_to_physmap, narrow_physmap, gpfn),
};
static const struct compat_layout physmap =
	LAYOUT(xen_add_to_physmap, narrow_physmap, physmap_fields);

struct narrow_physmap_batch {
	uint16_t domid, space, size, u;
	uint32_t idxs, gpfns, errs;
};
static_assert(sizeof(struct narrow_physmap_batch) == 20, "xen/memory.h, i386");

static const struct compat_field physmap_batch_fields[] = {
	MEMBER(xen_add_to_physmap_batch, narrow_physmap_batch, domid),
	MEMBER(xen_add_to_physmap_batch, narrow_physmap_batch, space),
	MEMBER(xen_add_to_physmap_batch, narrow_physmap_batch, size),
	MEMBER(xen_add_to_physmap_batch, narrow_physmap_batch, u),
	LONGS(xen_add_to_physmap_batch, narrow_physmap_batch, idxs),
	LONGS(xen_add_to_physmap_batch, narrow_physmap_batch, gpfns),
	MEMBER(xen_add_to_physmap_batch, narrow_physmap_batch, errs),
};
static const struct compat_layout physmap_batch =
	LAYOUT(xen_add_to_physmap_batch, narrow_physmap_batch, physmap_batch_fields);

struct narrow_remove {
	uint16_t domid;
	uint32_t gpfn;
};
static_assert(sizeof(struct narrow_remove) == 8, "xen/memory.h, i386");

static const struct compat_field remove_fields[] = {
	MEMBER(xen_remove_from_physmap, narrow_remove, domid),
	MEMBER(xen_remove_from_physmap, narrow_remove, gpfn),
};
static const struct compat_layout remove =
	LAYOUT(xen_remove_from_physmap, narrow_remove, remove_fields);

struct narrow_memory_map {
	uint32_t nr_entries, buffer;
};
static_assert(sizeof(struct narrow_memory_map) == 8, "xen/memory.h, i386");

static const struct compat_field memory_map_fields[] = {
	MEMBER(xen_memory_map, narrow_memory_map, nr_entries),
	MEMBER(xen_memory_map, narrow_memory_map, buffer),
};
static const struct compat_layout memory_map =
	LAYOUT(xen_memory_map, narrow_memory_map, memory_map_fields);

struct narrow_foreign_map {
	uint16_t domid;
	struct narrow_memory_map map;
};
static_assert(sizeof(struct narrow_foreign_map) == 12, "xen/memory.h, i386");

static const struct compat_field foreign_map_fields[] = {
	MEMBER(xen_foreign_memory_map, narrow_foreign_map, domid),
	MEMBER(xen_foreign_memory_map, narrow_foreign_map, map.nr_entries),
	MEMBER(xen_foreign_memory_map, narrow_foreign_map, map.buffer),
};
static const struct compat_layout foreign_map =
	LAYOUT(xen_foreign_memory_map, narrow_foreign_map, foreign_map_fields);

struct narrow_pod_target {
	uint64_t target_pages, tot_pages, pod_cache_pages, pod_entries;
	uint16_t domid, unused;
} __packed;
static_assert(sizeof(struct narrow_pod_target) == 36, "xen/memory.h, i386");

static const struct compat_field pod_target_fields[] = {
	MEMBER(xen_pod_target, narrow_pod_target, target_pages),
	MEMBER(xen_pod_target, narrow_pod_target, tot_pages),
	MEMBER(xen_pod_target, narrow_pod_target, pod_cache_pages),
	MEMBER(xen_pod_target, narrow_pod_target, pod_entries),
	MEMBER(xen_pod_target, narrow_pod_target, domid),
};
static const struct compat_layout pod_target =
	LAYOUT(xen_pod_target, narrow_pod_target, pod_target_fields);

struct narrow_reserved_map {
	uint32_t flags, nr_entries, buffer;
	struct physdev_pci_device dev;
};
static_assert(sizeof(struct narrow_reserved_map) == 16, "xen/memory.h, i386");

static const struct compat_field reserved_map_fields[] = {
	MEMBER(xen_reserved_device_memory_map, narrow_reserved_map, flags),
	MEMBER(xen_reserved_device_memory_map, narrow_reserved_map, nr_entries),
	LONGS(xen_reserved_device_memory_map, narrow_reserved_map, buffer),
	MEMBER(xen_reserved_device_memory_map, narrow_reserved_map, dev),
};
static const struct compat_layout reserved_map =
	LAYOUT(xen_reserved_device_memory_map, narrow_reserved_map, reserved_map_fields);

struct narrow_acquire {
	uint16_t domid, type;
	uint32_t id, nr_frames, pad;
	uint64_t frame;
	uint32_t frame_list;
} __packed;
static_assert(sizeof(struct narrow_acquire) == 28, "xen/memory.h, i386");

static const struct compat_field acquire_fields[] = {
	MEMBER(xen_mem_acquire_resource, narrow_acquire, domid),
	MEMBER(xen_mem_acquire_resource, narrow_acquire, type),
	MEMBER(xen_mem_acquire_resource, narrow_acquire, id),
	MEMBER(xen_mem_acquire_resource, narrow_acquire, nr_frames),
	MEMBER(xen_mem_acquire_resource, narrow_acquire, pad),
	MEMBER(xen_mem_acquire_resource, narrow_acquire, frame),
	LONGS(xen_mem_acquire_resource, narrow_acquire, frame_list),
};
static const struct compat_layout acquire =
	LAYOUT(xen_mem_acquire_resource, narrow_acquire, acquire_fields);

/* Grants, vCPUs and the rest ------------------------------------------------------------------------ */

struct narrow_setup_table {
	uint16_t dom;
	uint32_t nr_frames;
	int16_t status;
	uint32_t frame_list;
};
static_assert(sizeof(struct narrow_setup_table) == 16, "xen/grant_table.h, i386");

static const struct compat_field setup_table_fields[] = {
	MEMBER(gnttab_setup_table, narrow_setup_table, dom),
	MEMBER(gnttab_setup_table, narrow_setup_table, nr_frames),
	MEMBER(gnttab_setup_table, narrow_setup_table, status),
	LONGS(gnttab_setup_table, narrow_setup_table, frame_list),
};
static const struct compat_layout setup_table =
	LAYOUT(gnttab_setup_table, narrow_setup_table, setup_table_fields);

/* u is a frame number or a reference, whose 32 bits are the lower half of the native union. */
struct narrow_copy {
	struct {
		uint32_t u;
		uint16_t domid, offset;
	} source, dest;
	uint16_t len, flags;
	int16_t status;
};
static_assert(sizeof(struct narrow_copy) == 24, "xen/grant_table.h, i386");

static const struct compat_field copy_fields[] = {
	MEMBER(gnttab_copy, narrow_copy, source.u),
	MEMBER(gnttab_copy, narrow_copy, source.domid),
	MEMBER(gnttab_copy, narrow_copy, source.offset),
	MEMBER(gnttab_copy, narrow_copy, dest.u),
	MEMBER(gnttab_copy, narrow_copy, dest.domid),
	MEMBER(gnttab_copy, narrow_copy, dest.offset),
	MEMBER(gnttab_copy, narrow_copy, len),
	MEMBER(gnttab_copy, narrow_copy, flags),
	MEMBER(gnttab_copy, narrow_copy, status),
};
static const struct compat_layout copy = LAYOUT(gnttab_copy, narrow_copy, copy_fields);

struct narrow_poll {
	uint32_t ports, nr_ports;
	uint64_t timeout;
};
static_assert(sizeof(struct narrow_poll) == 16, "xen/sched.h, i386");

static const struct compat_field poll_fields[] = {
	MEMBER(sched_poll, narrow_poll, ports),
	MEMBER(sched_poll, narrow_poll, nr_ports),
	MEMBER(sched_poll, narrow_poll, timeout),
};
static const struct compat_layout poll = LAYOUT(sched_poll, narrow_poll, poll_fields);

static const struct compat_field runstate_fields[] = {
	MEMBER(vcpu_runstate_info, compat_runstate_info, state),
	MEMBER(vcpu_runstate_info, compat_runstate_info, state_entry_time),
	MEMBER(vcpu_runstate_info, compat_runstate_info, time),
};
static const struct compat_layout runstate =
	LAYOUT(vcpu_runstate_info, compat_runstate_info, runstate_fields);

/* The union with a 64-bit number is there in both, but an address has 32 bits of it. */
struct narrow_runstate_area {
	struct {
		uint32_t p;
	} addr;
	uint32_t unused;
};
struct narrow_time_area {
	struct {
		uint32_t p;
	} addr;
};

static const struct compat_field runstate_area_fields[] = {
	MEMBER(vcpu_register_runstate_memory_area, narrow_runstate_area, addr.p),
};
static const struct compat_layout runstate_area =
	LAYOUT(vcpu_register_runstate_memory_area, narrow_runstate_area, runstate_area_fields);
static const struct compat_field time_area_fields[] = {
	MEMBER(vcpu_register_time_memory_area, narrow_time_area, addr.p),
};
static const struct compat_layout time_area =
	LAYOUT(vcpu_register_time_memory_area, narrow_time_area, time_area_fields);

struct narrow_singleshot {
	uint64_t timeout_abs_ns;
	uint32_t flags;
} __packed;
static_assert(sizeof(struct narrow_singleshot) == 12, "xen/vcpu.h, i386");

static const struct compat_field singleshot_fields[] = {
	MEMBER(vcpu_set_singleshot_timer, narrow_singleshot, timeout_abs_ns),
	MEMBER(vcpu_set_singleshot_timer, narrow_singleshot, flags),
};
static const struct compat_layout singleshot =
	LAYOUT(vcpu_set_singleshot_timer, narrow_singleshot, singleshot_fields);

struct narrow_platform_parameters {
	uint32_t virt_start;
};

static const struct compat_field platform_parameters_fields[] = {
	MEMBER(xen_platform_parameters, narrow_platform_parameters, virt_start),
};
static const struct compat_layout platform_parameters =
	LAYOUT(xen_platform_parameters, narrow_platform_parameters, platform_parameters_fields);

/* The one operation of the platform that is built and holds a pointer. */
struct narrow_platform_op {
	uint32_t cmd, interface_version;
	union {
		struct {
			uint32_t nr_entries, cpu, entries;
		} resource_op;
		uint8_t pad[128];
	} u;
};

static const struct compat_field resource_op_fields[] = {
	MEMBER(xen_platform_op, narrow_platform_op, cmd),
	MEMBER(xen_platform_op, narrow_platform_op, interface_version),
	MEMBER(xen_platform_op, narrow_platform_op, u.resource_op.nr_entries),
	MEMBER(xen_platform_op, narrow_platform_op, u.resource_op.cpu),
	MEMBER(xen_platform_op, narrow_platform_op, u.resource_op.entries),
};
static const struct compat_layout resource_op =
	LAYOUT(xen_platform_op, narrow_platform_op, resource_op_fields);
static_assert(sizeof(struct xen_platform_op) == sizeof(struct narrow_platform_op),
	      "the others are the same in both layouts");

/* Which call has which ------------------------------------------------------------------------------- */

struct compat_row {
	uint32_t cmd;
	const struct compat_layout *layout;
};

static const struct compat_row memory_rows[] = {
	{ XENMEM_increase_reservation, &reservation },
	{ XENMEM_decrease_reservation, &reservation },
	{ XENMEM_populate_physmap, &reservation },
	{ XENMEM_claim_pages, &reservation },
	{ XENMEM_exchange, &exchange },
	{ XENMEM_add_to_physmap, &physmap },
	{ XENMEM_add_to_physmap_batch, &physmap_batch },
	{ XENMEM_remove_from_physmap, &remove },
	{ XENMEM_memory_map, &memory_map },
	{ XENMEM_set_memory_map, &foreign_map },
	{ XENMEM_set_pod_target, &pod_target },
	{ XENMEM_get_pod_target, &pod_target },
	{ XENMEM_reserved_device_memory_map, &reserved_map },
	{ XENMEM_acquire_resource, &acquire },
};

static const struct compat_row grant_rows[] = {
	{ GNTTABOP_setup_table, &setup_table },
	{ GNTTABOP_copy, &copy },
};

static const struct compat_row sched_rows[] = {
	{ SCHEDOP_poll, &poll },
};

static const struct compat_row vcpu_rows[] = {
	{ VCPUOP_get_runstate_info, &runstate },
	{ VCPUOP_register_runstate_memory_area, &runstate_area },
	{ VCPUOP_register_vcpu_time_memory_area, &time_area },
	{ VCPUOP_set_singleshot_timer, &singleshot },
};

static const struct compat_row version_rows[] = {
	{ XENVER_platform_parameters, &platform_parameters },
};

static const struct compat_row platform_rows[] = {
	{ XENPF_resource_op, &resource_op },
};

enum compat_kind {
	COMPAT_SAME,			/* nothing differs */
	COMPAT_BY_COMMAND,		/* argument 0 is the command */
	COMPAT_BY_CONTENT,		/* the structure begins with it */
	COMPAT_LONGS,			/* an array of structures of nothing but longs */
	COMPAT_TIME,			/* a 64-bit number in two registers */
};

struct compat_call {
	uint8_t kind;			/* enum compat_kind */
	uint8_t arg;			/* which argument is the address */
	uint8_t count;
	uint32_t mask;			/* of the command */
	const struct compat_row *rows;
};

#define ROWS(r)	ARRAY_SIZE(r), ~0U, r

static const struct compat_call calls[] = {
	[__HYPERVISOR_platform_op] = { COMPAT_BY_CONTENT, 0, ROWS(platform_rows) },
	[__HYPERVISOR_memory_op] = { COMPAT_BY_COMMAND, 1, ARRAY_SIZE(memory_rows), MEMOP_CMD_MASK,
				     memory_rows },
	[__HYPERVISOR_multicall] = { COMPAT_LONGS, 0, 0, 0, NULL },
	[__HYPERVISOR_set_timer_op] = { COMPAT_TIME, 0, 0, 0, NULL },
	[__HYPERVISOR_xen_version] = { COMPAT_BY_COMMAND, 1, ROWS(version_rows) },
	[__HYPERVISOR_grant_table_op] = { COMPAT_BY_COMMAND, 1, ROWS(grant_rows) },
	[__HYPERVISOR_vcpu_op] = { COMPAT_BY_COMMAND, 2, ROWS(vcpu_rows) },
	[__HYPERVISOR_sched_op] = { COMPAT_BY_COMMAND, 1, ROWS(sched_rows) },
	[__HYPERVISOR_dm_op] = { COMPAT_LONGS, 2, 0, 0, NULL },
};

static const struct compat_layout *find_layout(const struct compat_call *c, uint32_t cmd)
{
	for (unsigned int i = 0; i < c->count; i++) {
		if (c->rows[i].cmd == (cmd & c->mask)) {
			return c->rows[i].layout;
		}
	}
	return NULL;
}

/* Puts views in the place of addresses. */
static void widen_args(uint32_t nr, struct hypercall_args *args, struct compat_view *view)
{
	const struct compat_call *c = &calls[nr];
	uint64_t *address = &args->v[c->arg];
	uint32_t cmd = (uint32_t)args->v[0];

	switch (c->kind) {
	case COMPAT_LONGS:
		*address = COMPAT_WORDS + 2 * *address;
		return;
	case COMPAT_TIME:
		args->v[0] = (uint32_t)args->v[0] | args->v[1] << 32;
		return;
	case COMPAT_BY_CONTENT:
		/* What cannot be read here cannot be read there. */
		if (guest_read_obj(&cmd, gva(*address))) {
			return;
		}
		break;
	case COMPAT_BY_COMMAND:
		break;
	default:
		return;
	}
	view->layout = find_layout(c, cmd);
	if (view->layout) {
		view->base = *address;
		*address = COMPAT_STRUCTS;
	}
}

/* What a preempted call leaves for its next round goes back into 32-bit registers. */
static uint64_t narrow_arg(const struct compat_view *view, uint64_t a)
{
	if (!compat_is_view(gva(a))) {
		return a;
	}
	if (a & COMPAT_WORDS) {
		return (a - COMPAT_WORDS) / 2;
	}
	if (!view->layout) {
		return a;
	}
	return view->base + (a - COMPAT_STRUCTS) / view->layout->native_size * view->layout->narrow_size;
}

long compat_dispatch(uint32_t nr, const struct hypercall_args *a)
{
	struct vcpu *v = current;
	const struct compat_view *outer = v->compat;
	struct compat_view view = { NULL, 0 };
	struct hypercall_args args = *a;
	long rc;

	if (nr < ARRAY_SIZE(calls) && calls[nr].kind != COMPAT_SAME) {
		widen_args(nr, &args, &view);
	}
	v->compat = &view;
	rc = hypercall_dispatch(nr, &args);
	if (rc == -ERESTART) {
		for (unsigned int i = 0; i < ARRAY_SIZE(args.v); i++) {
			v->hypercall_args[i] = narrow_arg(&view, v->hypercall_args[i]);
		}
	}
	v->compat = outer;
	return rc;
}

/* Views ---------------------------------------------------------------------------------------------- */

/* Words are read and written as a whole: the address may be any, their number is len's. */
static int words_read(uint64_t *dst, uint64_t src, size_t count)
{
	uint32_t untrusted_words[WORDS_BATCH];

	while (count) {
		size_t n = MIN(count, (size_t)WORDS_BATCH);

		if (guest_read(untrusted_words, gva(src), n * sizeof(untrusted_words[0]))) {
			return -EFAULT;
		}
		for (size_t i = 0; i < n; i++) {
			dst[i] = untrusted_words[i];
		}
		dst += n;
		src += n * sizeof(untrusted_words[0]);
		count -= n;
	}
	return 0;
}

static int words_write(uint64_t dst, const uint64_t *src, size_t count)
{
	uint32_t words[WORDS_BATCH];

	while (count) {
		size_t n = MIN(count, (size_t)WORDS_BATCH);

		for (size_t i = 0; i < n; i++) {
			words[i] = (uint32_t)src[i];
		}
		if (guest_write(gva(dst), words, n * sizeof(words[0]))) {
			return -EFAULT;
		}
		src += n;
		dst += n * sizeof(words[0]);
		count -= n;
	}
	return 0;
}

static void field_widen(const struct compat_field *f, uint8_t *native, const uint8_t *narrow)
{
	uint32_t word;

	if (f->native_size == f->narrow_size) {
		memcpy(native + f->native, narrow + f->narrow, f->native_size);
		return;
	}
	memcpy(&word, narrow + f->narrow, sizeof(word));
	if (f->list && word) {
		uint64_t list = COMPAT_WORDS + 2 * (uint64_t)word;

		memcpy(native + f->native, &list, sizeof(list));
	} else {
		/* The upper half is zero already. */
		memcpy(native + f->native, &word, sizeof(word));
	}
}

/* The structure that offset is in. NULL: the piece is not within one. */
static const struct compat_layout *struct_at(uint64_t offset, size_t len, uint64_t *where, size_t *in)
{
	const struct compat_view *view = current->compat;
	const struct compat_layout *l = view->layout;

	if (!l) {
		return NULL;
	}
	*in = offset % l->native_size;
	*where = view->base + offset / l->native_size * l->narrow_size;
	return *in + len <= l->native_size ? l : NULL;
}

static int struct_read(void *dst, uint64_t offset, size_t len)
{
	uint8_t native[NATIVE_MAX], untrusted_narrow[NARROW_MAX];
	const struct compat_layout *l;
	uint64_t where;
	size_t in;

	l = struct_at(offset, len, &where, &in);
	if (!l || guest_read(untrusted_narrow, gva(where), l->narrow_size)) {
		return -EFAULT;
	}
	memset(native, 0, l->native_size);
	for (unsigned int i = 0; i < l->count; i++) {
		field_widen(&l->fields[i], native, untrusted_narrow);
	}
	memcpy(dst, native + in, len);
	return 0;
}

/* The members that are in the piece as a whole. */
static int struct_write(uint64_t offset, const uint8_t *src, size_t len)
{
	const struct compat_layout *l;
	uint64_t where;
	size_t in;

	l = struct_at(offset, len, &where, &in);
	if (!l) {
		return -EFAULT;
	}
	for (unsigned int i = 0; i < l->count; i++) {
		const struct compat_field *f = &l->fields[i];

		if (f->list || f->native < in || f->native + f->native_size > in + len) {
			continue;
		}
		/* Little-endian: the lower half is the first. */
		if (guest_write(gva(where + f->narrow), src + (f->native - in), f->narrow_size)) {
			return -EFAULT;
		}
	}
	return 0;
}

int compat_read(void *dst, gva_t src, size_t len)
{
	if (!current->compat || !compat_is_view(src)) {
		return -EFAULT;
	}
	if (src.v & COMPAT_STRUCTS) {
		return struct_read(dst, src.v & ~COMPAT_STRUCTS, len);
	}
	return len % sizeof(uint64_t) ? -EFAULT
				      : words_read(dst, (src.v - COMPAT_WORDS) / 2, len / sizeof(uint64_t));
}

int compat_write(gva_t dst, const void *src, size_t len)
{
	if (!current->compat || !compat_is_view(dst) || !src) {
		return -EFAULT;
	}
	if (dst.v & COMPAT_STRUCTS) {
		return struct_write(dst.v & ~COMPAT_STRUCTS, src, len);
	}
	return len % sizeof(uint64_t) ? -EFAULT
				      : words_write((dst.v - COMPAT_WORDS) / 2, src, len / sizeof(uint64_t));
}

/* Shared memory -------------------------------------------------------------------------------------- */

/* Only the selector of a vcpu_info differs: what else we use of it is in the same place. */
static_assert(sizeof(struct vcpu_info_x86_32) == sizeof(struct vcpu_info) &&
	      offsetof(struct vcpu_info_x86_32, evtchn_pending_sel) == 4 &&
	      offsetof(struct vcpu_info_x86_32, time) == offsetof(struct vcpu_info, time) &&
	      sizeof(struct vcpu_time_info_x86_32) == sizeof(struct vcpu_time_info), "xen/xen.h, i386");
static_assert(offsetof(struct shared_info_x86_32, evtchn_pending) == 2048 &&
	      offsetof(struct shared_info_x86_32, evtchn_mask) == 2176 &&
	      offsetof(struct shared_info_x86_32, wc_version) == 2304, "xen/xen.h, i386");

void compat_latch_info(struct domain *d, bool narrow)
{
	if (d->narrow_info != narrow) {
		WRITE_ONCE(d->narrow_info, narrow);
		event_layout_changed(d);
	}
}

void compat_runstate(struct compat_runstate_info *out, const struct vcpu_runstate_info *in)
{
	out->state = in->state;
	out->state_entry_time = in->state_entry_time;
	memcpy(out->time, in->time, sizeof(out->time));
}
