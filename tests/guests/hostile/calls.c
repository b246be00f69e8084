/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls of an ordinary domain with random and nearly valid arguments. */
#include "hostile.h"

#define HANDLES	   64
#define TOOL_PORTS 8 /* lower ones may be those of the console and the store */

/* Grant mappings that succeeded, to be undone at the end. */
static struct {
	uint64_t gpa;
	grant_handle_t handle;
	bool used;
} held[HANDLES];

/* Mostly small, sometimes anything. */
static uint64_t number(uint64_t usual)
{
	switch (rnd_below(8)) {
	case 0:
		return rnd();
	case 1:
		return ~0ull - rnd_below(4);
	case 2:
		return usual + rnd_below(3) - 1;
	default:
		return rnd_below(usual);
	}
}

static void fill(void *p, size_t n)
{
	uint8_t *b = p;

	while (n--) {
		*b++ = rnd();
	}
}

static void call_events(void)
{
	union {
		struct evtchn_bind_interdomain inter;
		struct evtchn_bind_virq virq;
		struct evtchn_init_control init;
		struct evtchn_expand_array expand;
		struct evtchn_set_priority prio;
		struct evtchn_bind_vcpu vcpu;
		struct evtchn_reset reset;
		uint32_t word[8];
	} u;
	int cmd = number(15);
	unsigned i;

	if (one_in(4)) {
		fill(&u, sizeof(u));
	} else {
		for (i = 0; i < ARRAY_SIZE(u.word); i++) {
			u.word[i] = number(40);
		}
	}
	if (cmd == EVTCHNOP_bind_interdomain) {
		u.inter.remote_dom = some_domain();
	} else if (cmd == EVTCHNOP_init_control) {
		u.init.control_gfn = some_gfn();
		u.init.offset = number(4096) & (one_in(4) ? ~0u : ~7u);
		u.init.vcpu = number(2);
	} else if (cmd == EVTCHNOP_expand_array) {
		u.expand.array_gfn = some_gfn();
	} else if (cmd == EVTCHNOP_reset) {
		if (!one_in(32)) {
			return;
		}
		u.reset.dom = one_in(2) ? DOMID_SELF : 77;
	} else if (cmd == EVTCHNOP_status || cmd == EVTCHNOP_alloc_unbound) {
		u.inter.remote_dom = some_domain();
	}
	if (hostile_is_domu() && (cmd == EVTCHNOP_reset || cmd == EVTCHNOP_close)) {
		/* The tool stack's channels carry the verdict. */
		cmd = EVTCHNOP_close;
		u.word[0] |= TOOL_PORTS;
		HC(event_channel_op, cmd, &u);
		return;
	}
	HC(event_channel_op, cmd, place(&u, sizeof(u)));
}

static void grant_map_some(void)
{
	struct gnttab_map_grant_ref m = {
	    .host_addr = arena_gfn() * PAGE_SIZE + (one_in(8) ? rnd_below(4096) : 0),
	    .flags = one_in(4) ? rnd() : GNTMAP_host_map | (one_in(2) ? GNTMAP_readonly : 0),
	    .ref = number(40),
	    .dom = some_domain(),
	};
	struct gnttab_map_grant_ref *p = place(&m, sizeof(m));
	unsigned i = rnd_below(HANDLES);

	m.status = -99;
	if (!HC(grant_table_op, GNTTABOP_map_grant_ref, p, 1) && (uint64_t)p >= 0x3000000000ul &&
	    p->status == GNTST_okay && !held[i].used) {
		held[i].gpa = m.host_addr;
		held[i].handle = p->handle;
		held[i].used = true;
	}
}

static void grant_unmap_some(void)
{
	unsigned i = rnd_below(HANDLES);
	struct gnttab_unmap_grant_ref u = {.host_addr = arena_gfn() * PAGE_SIZE,
					   .handle = number(64)};

	if (held[i].used && one_in(2)) {
		u.host_addr = held[i].gpa;
		u.handle = held[i].handle;
		held[i].used = false;
	}
	HC(grant_table_op, GNTTABOP_unmap_grant_ref, place(&u, sizeof(u)), one_in(8) ? rnd() : 1);
}

static void grant_copy_some(void)
{
	struct gnttab_copy c = {.len = number(4097), .flags = number(4)};

	c.source.domid = some_domain();
	c.dest.domid = some_domain();
	c.source.offset = number(4097);
	c.dest.offset = number(4097);
	c.source.u.gmfn = c.flags & GNTCOPY_source_gref ? number(40) : some_gfn();
	c.dest.u.gmfn = c.flags & GNTCOPY_dest_gref ? number(40) : some_gfn();
	HC(grant_table_op, GNTTABOP_copy, place(&c, sizeof(c)), one_in(16) ? number(3) : 1);
}

/* The entries are ours to write, at any time, with anything but frames outside of the arena. */
static void scribble_grants(void)
{
	static grant_entry_v1_t *table;
	struct xen_add_to_physmap a = {.domid = DOMID_SELF, .space = XENMAPSPACE_grant_table};
	unsigned ref = rnd_below(40);

	if (!table) {
		table = alloc_pages(1);
		a.gpfn = PFN(table);
		HC(memory_op, XENMEM_add_to_physmap, &a);
	}
	table[ref].frame = some_gfn();
	table[ref].domid = one_in(2) ? OWN_DOMID : some_domain();
	table[ref].flags = one_in(2) ? GTF_permit_access : rnd();
}

static void call_grants(void)
{
	uint32_t words[8];
	int cmd;

	switch (rnd_below(8)) {
	case 0:
	case 1:
		grant_map_some();
		return;
	case 2:
		grant_unmap_some();
		return;
	case 3:
		grant_copy_some();
		return;
	case 4:
	case 5:
		scribble_grants();
		return;
	default:
		cmd = number(13);
		fill(words, sizeof(words));
		if (one_in(2)) {
			words[0] = number(40);
			words[1] = number(40);
		}
		/* The structures of these hold a list of results: keep it out of this code. */
		if (cmd == GNTTABOP_setup_table || cmd == GNTTABOP_get_status_frames ||
		    cmd == GNTTABOP_transfer) {
			words[0] = some_domain();
			*(uint64_t *)&words[2] = some_pointer();
			*(uint64_t *)&words[4] = some_pointer();
		}
		HC(grant_table_op, cmd, place(words, sizeof(words)), one_in(8) ? rnd() : 1);
	}
}

static void reservation(void)
{
	static const int commands[] = {XENMEM_increase_reservation, XENMEM_decrease_reservation,
				       XENMEM_populate_physmap, XENMEM_claim_pages};
	xen_pfn_t list[8];
	struct xen_memory_reservation r = {
	    .nr_extents = number(8),
	    .extent_order = one_in(4) ? number(20) : 0,
	    .mem_flags = one_in(4) ? rnd() : 0,
	    .domid = some_domain(),
	};
	unsigned i, order = r.extent_order & 63;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		/* A large extent that starts in the arena would reach over its end. */
		list[i] = order ? rnd() | 1ull << 40 : some_gfn();
	}
	if (r.nr_extents > ARRAY_SIZE(list)) {
		r.nr_extents |= 1ull << 60;
	}
	/* The list is on its own pages: what lies behind it must not be taken for frames. */
	set_xen_guest_handle(r.extent_start,
			     (xen_pfn_t *)(0x3000000000ul + 2 * PAGE_SIZE - sizeof(list)));
	memcpy((void *)(0x3000000000ul + 2 * PAGE_SIZE - sizeof(list)), list, sizeof(list));
	if (one_in(8)) {
		set_xen_guest_handle(r.extent_start, (xen_pfn_t *)(0x3000000000ul + 2 * PAGE_SIZE));
	}
	HC(memory_op, commands[rnd_below(ARRAY_SIZE(commands))],
	   one_in(8) ? (void *)some_pointer() : &r);
}

static void physmap(void)
{
	struct xen_add_to_physmap a = {.domid = some_domain(),
				       .space = number(6),
				       .idx = one_in(2) ? number(64) : some_gfn(),
				       .gpfn = some_gfn(),
				       .size = number(4)};
	struct xen_remove_from_physmap r = {.domid = some_domain(), .gpfn = some_gfn()};

	if (one_in(4)) {
		HC(memory_op, XENMEM_remove_from_physmap, place(&r, sizeof(r)));
		return;
	}
	/* The shared page stays where its flags can be cleared; only arena frames move. */
	if (a.space == XENMAPSPACE_shared_info) {
		a.idx |= 1ull << 32;
	}
	if (a.space == XENMAPSPACE_gmfn || a.space == XENMAPSPACE_gmfn_range) {
		a.idx = arena_gfn();
		a.size = 1;
	}
	HC(memory_op, XENMEM_add_to_physmap, one_in(8) ? (void *)some_pointer() : (void *)&a);
}

static void physmap_batch(void)
{
	static xen_ulong_t idx[4];
	static xen_pfn_t gpfn[4];
	static int err[4];
	struct xen_add_to_physmap_batch b = {.domid = some_domain(),
					     .space = number(6),
					     .size = rnd_below(5),
					     .u.foreign_domid = some_domain()};
	unsigned i;

	for (i = 0; i < 4; i++) {
		idx[i] = arena_gfn();
		gpfn[i] = some_gfn();
	}
	if (b.space == XENMAPSPACE_shared_info) {
		return;
	}
	set_xen_guest_handle(b.idxs, one_in(8) ? (xen_ulong_t *)0x200000000ul : idx);
	set_xen_guest_handle(b.gpfns, one_in(8) ? (xen_pfn_t *)0x200000000ul : gpfn);
	set_xen_guest_handle(b.errs, one_in(8) ? (int *)0x200000000ul : err);
	HC(memory_op, XENMEM_add_to_physmap_batch, one_in(8) ? (void *)some_pointer() : (void *)&b);
}

static void call_memory(void)
{
	uint64_t words[8];
	struct xen_mem_acquire_resource res = {.domid = some_domain(),
					       .type = number(3),
					       .id = number(2),
					       .nr_frames = number(3),
					       .frame = number(4)};
	static xen_pfn_t list[4];
	unsigned i;
	int cmd;

	switch (rnd_below(6)) {
	case 0:
		reservation();
		return;
	case 1:
		physmap();
		return;
	case 2:
		physmap_batch();
		return;
	case 3:
		for (i = 0; i < 4; i++) {
			list[i] = some_gfn();
		}
		set_xen_guest_handle(res.frame_list, one_in(8) ? (xen_pfn_t *)0x200000000ul : list);
		if (res.nr_frames > 4) {
			res.nr_frames |= 0x40000000;
			set_xen_guest_handle(res.frame_list, (xen_pfn_t *)0x200000000ul);
		}
		HC(memory_op, XENMEM_acquire_resource, &res);
		return;
	default:
		/* The rest: no pointer in the argument leads to this code, nor a frame. */
		cmd = number(29);
		if ((cmd & 63) <= XENMEM_decrease_reservation ||
		    (cmd & 63) == XENMEM_populate_physmap || (cmd & 63) == XENMEM_exchange ||
		    (cmd & 63) == XENMEM_add_to_physmap ||
		    (cmd & 63) == XENMEM_remove_from_physmap ||
		    (cmd & 63) == XENMEM_add_to_physmap_batch ||
		    (cmd & 63) == XENMEM_acquire_resource) {
			HC(memory_op, cmd, 0x200000000ul + rnd_below(4096));
			return;
		}
		for (i = 0; i < ARRAY_SIZE(words); i++) {
			words[i] = one_in(2) ? some_pointer() : rnd() | 1ull << 45;
		}
		*(domid_t *)words = some_domain();
		HC(memory_op, cmd, place(words, sizeof(words)));
	}
}

static void call_vcpu(void)
{
	uint64_t words[8];
	int cmd = number(14);
	unsigned vcpu = number(2);
	void *arg;

	/* Taking oneself down or starting over is a right, and the end of the test. */
	if (vcpu == 0 && (cmd == VCPUOP_down || cmd == VCPUOP_initialise)) {
		vcpu = 1;
	}
	fill(words, sizeof(words));
	words[0] = some_pointer();
	if (cmd == VCPUOP_set_periodic_timer || cmd == VCPUOP_set_singleshot_timer) {
		words[0] = one_in(2) ? number(10000000) : hostile_now() + number(10000000);
	}
	if (cmd == VCPUOP_register_vcpu_info) {
		words[0] = one_in(2) ? PFN(arena_vcpu_info()) : rnd() | 1ull << 40;
		words[1] = one_in(2) ? 0 : rnd();
		if ((uint32_t)words[1] % PAGE_SIZE && words[0] == PFN(arena_vcpu_info())) {
			words[1] |= 0x80000000;
		}
	}
	/* What the hypervisor keeps writing to must not be where the arena's random bytes say. */
	if (cmd == VCPUOP_register_vcpu_info || cmd == VCPUOP_register_runstate_memory_area ||
	    cmd == VCPUOP_register_vcpu_time_memory_area) {
		arg = one_in(8) ? (void *)0x200000000ul : words;
	} else {
		arg = place(words, sizeof(words));
	}
	HC(vcpu_op, cmd, vcpu, arg);
}

static void call_sched(void)
{
	static evtchn_port_t ports[4];
	struct sched_poll poll = {.nr_ports = number(4)};
	struct sched_remote_shutdown remote = {.domain_id = 77, .reason = rnd()};
	struct sched_watchdog dog = {.id = 3 + rnd_below(1000), .timeout = rnd()};

	switch (rnd_below(6)) {
	case 0:
		ports[0] = number(40);
		ports[1] = number(40);
		poll.timeout = 1 + hostile_now() + rnd_below(100000);
		set_xen_guest_handle(poll.ports,
				     one_in(4) ? (evtchn_port_t *)some_pointer() : ports);
		HC(sched_op, SCHEDOP_poll, &poll);
		break;
	case 1:
		HC(sched_op, SCHEDOP_shutdown, 0x200000000ul + rnd_below(1ul << 32));
		break;
	case 2:
		HC(sched_op, SCHEDOP_remote_shutdown,
		   one_in(2) ? (void *)0x200000000ul : (void *)&remote);
		break;
	case 3:
		HC(sched_op, SCHEDOP_watchdog, &dog);
		break;
	case 4:
		HC(sched_op, 8 + rnd_below(1000), some_pointer());
		break;
	default:
		HC(sched_op, SCHEDOP_yield, some_pointer());
	}
}

static void call_hvm(void)
{
	struct xen_hvm_param p = {
	    .domid = some_domain(), .index = number(HVM_NR_PARAMS), .value = rnd()};
	uint64_t words[8];

	switch (rnd_below(4)) {
	case 0:
		if (p.index == HVM_PARAM_CALLBACK_IRQ) {
			p.value = hostile_callback();
		}
		/* A bad address in these is the caller's own end. */
		if (p.index == HVM_PARAM_VM86_TSS || p.index == HVM_PARAM_VM86_TSS_SIZED) {
			p.domid = 77;
		}
		HC(hvm_op, HVMOP_set_param, &p);
		break;
	case 1:
		HC(hvm_op, HVMOP_get_param, place(&p, sizeof(p)));
		break;
	case 2:
		hostile_upcall();
		break;
	default:
		fill(words, sizeof(words));
		*(domid_t *)words = some_domain();
		/* Vectors of exceptions would come without the error code that they bring. */
		words[0] |= 0x2000000000ull;
		HC(hvm_op, 2 + number(24), place(words, sizeof(words)));
	}
}

static void call_others(void)
{
	static multicall_entry_t multi[4];
	uint64_t words[8];
	unsigned i;

	fill(words, sizeof(words));
	switch (rnd_below(6)) {
	case 0:
		HC(xen_version, number(12), place(words, sizeof(words)));
		break;
	case 1:
		HC(vm_assist, rnd_below(3), number(40));
		break;
	case 2:
		HC(set_timer_op, hostile_now() + number(10000000));
		break;
	case 3: /* Nothing that prints: reading, or a write that cannot be read. */
		HC(console_io, one_in(2) ? CONSOLEIO_read : 2 + rnd_below(1000), rnd_below(4096),
		   some_pointer());
		HC(console_io, CONSOLEIO_write, number(1000), 0x200000000ul);
		break;
	case 4:
		for (i = 0; i < ARRAY_SIZE(multi); i++) {
			multi[i].op = one_in(2)	  ? __HYPERVISOR_xen_version
				      : one_in(2) ? __HYPERVISOR_multicall
						  : 60 + rnd();
			multi[i].args[0] = number(12);
			multi[i].args[1] = some_pointer();
		}
		/* A larger count would have all memory behind the list taken for calls. */
		HC(multicall, place(multi, sizeof(multi)), number(4) & 3);
		HC(multicall, 0x200000000ul, rnd());
		break;
	default:
		/* PCI: buses that are not there. */
		words[0] = (words[0] & ~0xff0000ull) | (uint64_t)(0x64 + rnd_below(100)) << 16;
		HC(physdev_op, number(32), one_in(2) ? (void *)0x200000000ul : place(words, 8));
	}
}

static void call_unknown(void)
{
	static const uint8_t absent[] = {0,  1,	 2,  3,	 4,  5,	 6,  8,	 9,  10, 11,
					 14, 16, 19, 22, 23, 25, 27, 28, 30, 31, 38,
					 39, 40, 41, 42, 43, 44, 50, 55, 60, 63};
	uint64_t nr = one_in(4) ? 64 + rnd_below(0xffffff00) : absent[rnd_below(sizeof(absent))];

	hypercall_raw(nr, number(16), some_pointer(), some_pointer(), number(16), rnd());
}

void hostile_hypercall(void)
{
	switch (rnd_below(16)) {
	case 0:
	case 1:
	case 2:
		call_events();
		break;
	case 3:
	case 4:
	case 5:
		call_grants();
		break;
	case 6:
	case 7:
	case 8:
		call_memory();
		break;
	case 9:
		call_vcpu();
		break;
	case 10:
		call_sched();
		break;
	case 11:
		call_hvm();
		break;
	case 12:
		call_unknown();
		break;
	case 13:
		hostile_control();
		break;
	default:
		call_others();
	}
}

void hostile_grow(void)
{
	struct gnttab_set_version v = {.version = 2};
	struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct xen_add_to_physmap p = {.domid = DOMID_SELF,
					       .space = XENMAPSPACE_grant_table,
					       .idx = 63,
					       .gpfn = arena_gfn()};

		HC(memory_op, XENMEM_add_to_physmap, &p);
		HC(grant_table_op, GNTTABOP_set_version, &v, 1);
		v.version = 1;
	}
	while (!HC(event_channel_op, EVTCHNOP_alloc_unbound, &a)) {
	}
}

void hostile_tidy(void)
{
	struct evtchn_reset reset = {.dom = DOMID_SELF};
	unsigned i;

	for (i = 0; i < HANDLES; i++) {
		struct gnttab_unmap_grant_ref u = {.host_addr = held[i].gpa,
						   .handle = held[i].handle};

		if (held[i].used) {
			HC(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
			held[i].used = false;
		}
	}
	if (hostile_is_domu()) {
		for (i = TOOL_PORTS; i < 4096; i++) {
			event_close(i);
		}
	} else {
		HC(event_channel_op, EVTCHNOP_reset, &reset);
	}
	hostile_tidy_domains();
}
