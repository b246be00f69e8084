/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: timeout=90 cpus=2 */
/*
 * A domain with another TSC frequency: its RDTSC, its CPUID leaf and the domctls agree, and changes of mode take hold.
 * The second domain runs a loop that writes its TSC to a page that we read.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/hvm/save.h>

#define TSC_DEFAULT	 0
#define TSC_ALWAYS	 1
#define TSC_NEVER	 2
#define CODE_GFN	 1
#define DATA_GFN	 2
#define SAMPLE_NS	 100000000
#define RFLAGS_ONE	 2

extern const char peer_code[], peer_code_end[];
__asm__(".pushsection .text\n"
	".code32\n"
	"peer_code:\n"
	"	mov $0x40000003, %eax\n"
	"	xor %ecx, %ecx\n"
	"	cpuid\n"
	"	mov %eax, 0x2010\n"
	"	mov %ebx, 0x2014\n"
	"	mov %ecx, 0x2018\n"
	"	mov %edx, 0x201c\n"
	"	mov $0x40000003, %eax\n"
	"	mov $1, %ecx\n"
	"	cpuid\n"
	"	mov %ecx, 0x2028\n"
	"	mov %edx, 0x202c\n"
	/* both halves at once, wherever it is stopped */
	"1:	rdtsc\n"
	"	mov %eax, %ebx\n"
	"	mov %edx, %ecx\n"
	"	mov 0x2000, %eax\n"
	"	mov 0x2004, %edx\n"
	"	cmpxchg8b 0x2000\n"
	"	jmp 1b\n"
	"peer_code_end:\n"
	".code64\n"
	".popsection\n");

struct peer_data {
	uint64_t tsc, pad;
	uint32_t info[4];	/* CPUID time leaf, 0 */
	uint32_t scale[4];	/* and 1 */
};

static struct xen_domctl op;
static uint8_t stream[65536];

static long domctl(uint32_t cmd, domid_t dom)
{
	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = dom;
	return HC(domctl, &op);
}

static long set_info(domid_t dom, uint32_t mode, uint32_t khz, uint64_t elapsed)
{
	memset(&op, 0, sizeof(op));
	op.u.tsc_info.tsc_mode = mode;
	op.u.tsc_info.gtsc_khz = khz;
	op.u.tsc_info.elapsed_nsec = elapsed;
	return domctl(XEN_DOMCTL_settscinfo, dom);
}

static const struct xen_domctl_tsc_info *get_info(domid_t dom)
{
	memset(&op, 0, sizeof(op));
	CHECK_EQ(domctl(XEN_DOMCTL_gettscinfo, dom), 0);
	return &op.u.tsc_info;
}

/* The header that the hypervisor makes, then a vCPU in flat 32-bit mode at the code. */
static void start(domid_t dom)
{
	struct hvm_save_descriptor *desc = (void *)stream;
	struct hvm_hw_cpu *cpu;
	uint32_t at;

	memset(&op, 0, sizeof(op));
	op.u.hvmcontext.size = sizeof(stream);
	set_xen_guest_handle(op.u.hvmcontext.buffer, stream);
	CHECK_EQ(domctl(XEN_DOMCTL_gethvmcontext, dom), 0);
	CHECK_EQ(desc->typecode, HVM_SAVE_CODE(HEADER));
	at = sizeof(*desc) + desc->length;
	desc = (void *)(stream + at);
	cpu = (void *)(desc + 1);
	memset(desc, 0, sizeof(*desc) + sizeof(*cpu) + sizeof(*desc));
	desc->typecode = HVM_SAVE_CODE(CPU);
	desc->length = HVM_SAVE_LENGTH(CPU);
	cpu->cr0 = 0x11;
	cpu->rip = CODE_GFN * PAGE_SIZE;
	cpu->rflags = RFLAGS_ONE;
	cpu->cs_limit = cpu->ds_limit = cpu->es_limit = cpu->ss_limit = ~0u;
	cpu->cs_arbytes = 0xc9b;
	cpu->ds_arbytes = cpu->es_arbytes = cpu->ss_arbytes = 0xc93;
	cpu->fs_limit = cpu->gs_limit = ~0u;
	cpu->fs_arbytes = cpu->gs_arbytes = 0xc93;
	cpu->tr_limit = 0x67;
	cpu->tr_arbytes = 0x8b;
	cpu->ldtr_arbytes = 0x82;
	cpu->dr6 = 0xffff0ff0;
	cpu->dr7 = 0x400;
	at += sizeof(*desc) + sizeof(*cpu);
	desc = (void *)(stream + at);
	desc->typecode = HVM_SAVE_CODE(END);
	at += sizeof(*desc);
	memset(&op, 0, sizeof(op));
	op.u.hvmcontext.size = at;
	set_xen_guest_handle(op.u.hvmcontext.buffer, stream);
	CHECK_EQ(domctl(XEN_DOMCTL_sethvmcontext, dom), 0);
}

static void sleep_until(uint64_t ns)
{
	while (system_time(0) < ns) {
		struct sched_poll p = {.timeout = ns};

		HC(sched_op, SCHEDOP_poll, &p);
	}
}

/* A value that the second domain has just written, and when. */
static uint64_t fresh(const volatile struct peer_data *d, uint64_t *at)
{
	uint64_t old = d->tsc, end = system_time(0) + 5000000000ull;

	while (d->tsc == old && system_time(0) < end) {
		sleep_until(system_time(0) + 1000000);
	}
	CHECK(d->tsc != old, "the second domain does not run");
	*at = system_time(0);
	return d->tsc;
}

/* kHz by the second domain's TSC and our clock. */
static uint64_t measure(domid_t dom, const volatile struct peer_data *d)
{
	uint64_t t0, t1, n0, n1;

	CHECK_EQ(domctl(XEN_DOMCTL_unpausedomain, dom), 0);
	(void)fresh(d, &t0);		/* maybe of the moment before it was paused */
	n0 = fresh(d, &t0);
	sleep_until(t0 + SAMPLE_NS);
	n1 = fresh(d, &t1);
	CHECK_EQ(domctl(XEN_DOMCTL_pausedomain, dom), 0);
	return (n1 - n0) * 1000000 / (t1 - t0);
}

static void expect_khz(domid_t dom, const volatile struct peer_data *d, uint64_t khz)
{
	uint64_t seen = measure(dom, d);

	EXPECT(seen > khz - khz / 4 && seen < khz + khz / 4, "%lu kHz instead of %lu", seen, khz);
}

void guest_main(void)
{
	uint32_t host = cpuid(xen_leaf + 3, 2).a, khz = host * 3;
	const struct xen_domctl_tsc_info *t;
	volatile struct peer_data *d;
	domid_t dom = peer_create(8);
	uint32_t incarnation;

	memcpy(peer_map(dom, CODE_GFN), peer_code, peer_code_end - peer_code);
	d = peer_map(dom, DATA_GFN);
	t = get_info(dom);
	EXPECT_EQ(t->tsc_mode, TSC_DEFAULT);
	EXPECT_EQ(t->gtsc_khz, host);
	incarnation = t->incarnation;
	EXPECT_EQ(incarnation, 1);
	EXPECT_EQ(set_info(dom, 4, 0, 0), -XEN_EINVAL);
	EXPECT_EQ(set_info(OWN_DOMID, TSC_DEFAULT, 0, 0), -XEN_EINVAL);
	op.u.tsc_info.gtsc_khz = 0;
	EXPECT_EQ(domctl(XEN_DOMCTL_gettscinfo, OWN_DOMID), -XEN_EINVAL);

	EXPECT_EQ(set_info(dom, TSC_DEFAULT, khz, 0), 0);
	t = get_info(dom);
	EXPECT_EQ(t->tsc_mode, TSC_DEFAULT);
	EXPECT_EQ(t->gtsc_khz, khz);
	start(dom);
	expect_khz(dom, d, khz);
	EXPECT_EQ(d->info[1], TSC_DEFAULT);
	EXPECT_EQ(d->info[2], khz);
	EXPECT(d->scale[2], "no multiplier");

	/* 5 s old, slow, and always by exits. */
	EXPECT_EQ(set_info(dom, TSC_ALWAYS, host / 2, 5000000000ull), 0);
	t = get_info(dom);
	EXPECT_EQ(t->tsc_mode, TSC_ALWAYS);
	EXPECT_EQ(t->gtsc_khz, host / 2);
	EXPECT(t->elapsed_nsec >= 5000000000ull && t->elapsed_nsec < 60000000000ull, "%lu ns", t->elapsed_nsec);
	expect_khz(dom, d, host / 2);

	EXPECT_EQ(set_info(dom, TSC_DEFAULT, 0, 0), 0);
	EXPECT_EQ(get_info(dom)->gtsc_khz, host);
	expect_khz(dom, d, host);

	EXPECT_EQ(set_info(dom, TSC_NEVER, khz, 1), 0);
	t = get_info(dom);
	EXPECT_EQ(t->tsc_mode, TSC_NEVER);
	EXPECT_EQ(t->gtsc_khz, 0);
	EXPECT_EQ(t->elapsed_nsec, 0);
	expect_khz(dom, d, host);
	peer_destroy(dom);
}
