/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest on QEMU's virt machine: start and end, strings, memory, GICv3, command line. */
#include "guest.h"

#include <xen/domctl.h>

#define GICD_CTLR  0x08000000ul
#define GICR	   0x080a0000ul
#define GICR_WAKER 0x14
#define GICR_SGI   0x10000
#define GROUP	   0x080
#define ENABLE	   0x100
#define POOL_GAP   0x400000ul
#define POOL_SIZE  0x4000000ul

#define FDT_BEGIN_NODE 1
#define FDT_PROP       3
#define FDT_NOP	       4
#define FDT_END_NODE   2

volatile uint32_t irq_count[CPUS_MAX][256];
void (*private_irq)(uint32_t intid);
static const uint32_t *tree;
static uint32_t event_irq;
volatile uint64_t probes[CPUS_MAX];

void guest_start(uint64_t fdt);
void guest_fault(uint64_t esr, uint64_t pc, uint64_t far);
void guest_irq(void);

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
			if (!strcmp(at, node) && !strcmp(names + be(p[1]), name)) {
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

const char *guest_cmdline(void)
{
	const char *line = (const char *)property("chosen", "bootargs");

	return line ? line : "";
}

void guest_power_off(void)
{
	register uint64_t x0 __asm__("x0") = 0x84000008; /* PSCI SYSTEM_OFF */

	__asm__ volatile("hvc #0" : "+r"(x0)::"memory");
	for (;;) {
		__asm__ volatile("wfi");
	}
}

/* Returns for the next instruction where somebody expects the fault, see try_read32. */
void guest_fault(uint64_t esr, uint64_t pc, uint64_t far)
{
	if (probes[cpu_self()] == PROBING) {
		probes[cpu_self()] = esr;
		return;
	}
	guest_fail(__FILE__, __LINE__, "exception", "esr %lx pc %lx (image + %lx) far %lx", esr, pc,
		   pc - (uint64_t)image_start, far);
	guest_end();
}

void ram_pool(uint64_t *from, uint64_t *to)
{
	*from = ((uint64_t)image_end + POOL_GAP) & ~(PAGE_SIZE - 1);
	*to = *from + POOL_SIZE;
}

long hypercall_raw(unsigned long nr, unsigned long a1, unsigned long a2, unsigned long a3,
		   unsigned long a4, unsigned long a5)
{
	return hypercall(nr, a1, a2, a3, a4, a5);
}

static volatile uint32_t *reg(uint64_t a)
{
	return (volatile uint32_t *)a;
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

void irqs_init(uint32_t enable)
{
	uint64_t own = GICR + cpu_self() * 0x20000ul;

	*reg(GICD_CTLR) = 1 << 4 | 1 << 1; /* affinity routing, group 1 */
	*reg(own + GICR_WAKER) = 0;
	*reg(own + GICR_SGI + GROUP) = ~0u;
	*reg(own + GICR_SGI + ENABLE) = enable;
	__asm__ volatile("msr S3_0_C12_C12_5, %0; isb" ::"r"(7ul)); /* ICC_SRE_EL1 */
	__asm__ volatile("msr S3_0_C4_C6_0, %0" ::"r"(0xfful));	    /* ICC_PMR_EL1 */
	__asm__ volatile("msr S3_0_C12_C12_7, %0; isb" ::"r"(1ul)); /* ICC_IGRPEN1_EL1 */
}

void guest_irq(void)
{
	uint64_t id;

	__asm__ volatile("mrs %0, S3_0_C12_C12_0; dsb sy" : "=r"(id)::"memory"); /* ICC_IAR1_EL1 */
	if (id == event_irq) {
		event_taken(NULL);
		irq_count[0][EVENT_VECTOR]++;
	}
	if (id < 1020 && id != event_irq) {
		irq_count[cpu_self()][id & 0xff]++;
		if (private_irq) {
			private_irq((uint32_t)id);
		}
	}
	if (id < 1020) {
		__asm__ volatile("msr S3_0_C12_C12_1, %0; isb" ::"r"(id)
				 : "memory"); /* ICC_EOIR1_EL1 */
	}
}

void peer_config(struct xen_domctl_createdomain *config)
{
	config->arch.gic_version = XEN_DOMCTL_CONFIG_GIC_NATIVE;
	config->grant_opts = XEN_DOMCTL_GRANT_version(1); /* Xen has no other on ARM */
}

void peer_pool(domid_t dom)
{
	static struct xen_domctl op;

	op.u.paging_mempool.size = 2 << 20;
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_set_paging_mempool_size, dom), 0);
}

void guest_start(uint64_t fdt)
{
	tree = (const uint32_t *)fdt;
	guest_main();
	guest_end();
}
