/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest on QEMU's virt machine, both widths: start and end, command line, strings, events'
 * interrupt. */
#include "board.h"
#include "gic_v2.h"

#include <xen/domctl.h>

#define FDT_BEGIN_NODE 1
#define FDT_PROP       3
#define FDT_NOP	       4
#define FDT_END_NODE   2

volatile uint32_t irq_count[CPUS_MAX][256];
void (*private_irq)(uint32_t intid);
static const uint32_t *tree;
static uint32_t event_irq;
volatile struct probe probes[CPUS_MAX];

void *memset(void *p, int c, size_t n)
{
	for (volatile uint8_t *d = p; n; n--) {
		*d++ = (uint8_t)c;
	}
	return p;
}

void *memcpy(void *to, const void *from, size_t n)
{
	const uint8_t *s = from;

	for (volatile uint8_t *d = to; n; n--) {
		*d++ = *s++;
	}
	return to;
}

static uint32_t be(uint32_t v)
{
	return __builtin_bswap32(v);
}

/* With or without its address. */
static bool is_named(const char *at, const char *node)
{
	size_t n = strlen(node);

	return !strncmp(at, node, n) && (!at[n] || at[n] == '@');
}

/* A property of the first node with that name; its properties stand before its children. */
static const uint32_t *property(const char *node, const char *name)
{
	const uint32_t *p = tree + be(tree[2]) / 4;
	const char *names = (const char *)tree + be(tree[3]), *at = "";

	for (;;) {
		switch (be(*p++)) {
		case FDT_BEGIN_NODE:
			at = (const char *)p;
			p += strlen(at) / 4 + 1;
			break;
		case FDT_PROP:
			if (is_named(at, node) && !strcmp(names + be(p[1]), name)) {
				return p + 2;
			}
			p += 2 + (be(p[0]) + 3) / 4;
			break;
		case FDT_END_NODE:
		case FDT_NOP:
			break;
		default:
			return NULL;
		}
	}
}

/* Of the root, where the GIC is a child of it; without a word there are two. */
static uint32_t root_cells(const char *name)
{
	const uint32_t *cells = property("", name);

	return cells ? be(*cells) : 2;
}

/* Of the GIC's node, which has the tools' name, or the machine's as above. */
static const uint32_t *gic_property(const char *name)
{
	const uint32_t *p = property("intc", name);

	p = p ? p : property("interrupt-controller", name);
	CHECK(p, "no interrupt controller in the tree");
	return p;
}

/* Found at first use. */
static const char *gic_kind;
static uint64_t gic_at[2];

bool gic_is_v2(void)
{
	gic_kind = gic_kind ? gic_kind : (const char *)gic_property("compatible");
	/* "arm,gic-v3", or one of v2's many names */
	return strcmp(gic_kind, "arm,gic-v3");
}

uint64_t board_gic(unsigned i)
{
	uint32_t address, size;
	const uint32_t *reg;

	if (!gic_at[i]) {
		address = root_cells("#address-cells");
		size = root_cells("#size-cells");
		reg = gic_property("reg") + (address + size) * i;
		gic_at[i] = address == 2 ? (uint64_t)be(reg[0]) << 32 | be(reg[1]) : be(reg[0]);
	}
	return gic_at[i];
}

const char *guest_cmdline(void)
{
	const char *line = (const char *)property("chosen", "bootargs");

	return line ? line : "";
}

void guest_power_off(void)
{
	psci(0x84000008, 0, 0, 0); /* SYSTEM_OFF */
	for (;;) {
		__asm__ volatile("wfi");
	}
}

unsigned long guest_fault(unsigned long status, unsigned long pc, unsigned long far)
{
	volatile struct probe *p = &probes[cpu_self()];

	if (p->status == PROBING) {
		p->status = status;
		p->pc = pc;
		return p->resume;
	}
	guest_fail(__FILE__, __LINE__, "exception", "status %lx pc %lx (image + %lx) far %lx",
		   status, pc, pc - (unsigned long)image_start, far);
	guest_end();
}

void ram_pool(uint64_t *from, uint64_t *to)
{
	*from = ((uintptr_t)image_start + POOL_OFFSET) & ~(uint64_t)(PAGE_SIZE - 1);
	*to = *from + POOL_SIZE;
}

long hypercall_raw(unsigned long nr, unsigned long a1, unsigned long a2, unsigned long a3,
		   unsigned long a4, unsigned long a5)
{
	return hypercall(nr, a1, a2, a3, a4, a5);
}

void events_init(void)
{
	const uint32_t *irq = property("hypervisor", "interrupts");

	/* A PPI: the second of three cells, from 16 on. */
	CHECK(irq && be(irq[0]) == 1, "no interrupt of events in the tree");
	event_irq = 16 + be(irq[1]);
	shared_info();
	irqs_init(1u << event_irq);
}

void board_irq(uint32_t id)
{
	if (id == event_irq) {
		event_taken(NULL);
		irq_count[0][EVENT_VECTOR]++;
		return;
	}
	irq_count[cpu_self()][id & 0xff]++;
	if (private_irq) {
		private_irq(id);
	}
}

void peer_config(struct xen_domctl_createdomain *config)
{
	config->arch.gic_version = XEN_DOMCTL_CONFIG_GIC_NATIVE;
	config->arch.nr_spis = 1;
	config->grant_opts = XEN_DOMCTL_GRANT_version(1); /* Xen has no other on ARM */
}

void peer_pool(domid_t dom)
{
	static struct xen_domctl op;

	op.u.paging_mempool.size = 2 << 20;
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_set_paging_mempool_size, dom), 0);
	/* Where there are two widths, a domain is made as one of 32 bits. */
	if (sizeof(long) == 8) {
		op.u.address_size.size = 64;
		CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_set_address_size, dom), 0);
	}
}

void guest_start(unsigned long fdt)
{
	tree = (const uint32_t *)fdt;
	guest_main();
	guest_end();
}
