/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: cpus=1 */
/* More pages written between two looks than a CPU can list by itself: none is forgotten. */
#include "guest.h"

#include <xen/domctl.h>

#define MAIL_GFN  1ul
#define FIRST	  2ul
#define PAGES	  1400ul
#define WORDS	  ((PAGES + 63) / 64)

extern const char writer_code[], writer_code_end[];
/* Waits for a number in the mail, writes all pages from the third on below it, takes the number out. */
__asm__(".pushsection .text\n"
	".code32\n"
	"writer_code:\n"
	"	pause\n"
	"	mov 0x1000, %eax\n"
	"	test %eax, %eax\n"
	"	jz writer_code\n"
	"	shl $12, %eax\n"
	"	mov $0x2000, %ecx\n"
	"1:	incl (%ecx)\n"
	"	add $0x1000, %ecx\n"
	"	cmp %eax, %ecx\n"
	"	jb 1b\n"
	"	movl $0, 0x1000\n"
	"	jmp writer_code\n"
	"writer_code_end:\n"
	".code64\n"
	".popsection\n");

static struct xen_domctl op;
static uint64_t bits[WORDS];
static domid_t peer;
static volatile uint32_t *mail;

static long shadow(uint32_t what, uint32_t mode)
{
	memset(&op, 0, sizeof(op));
	op.cmd = XEN_DOMCTL_shadow_op;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = peer;
	op.u.shadow_op.op = what;
	op.u.shadow_op.mode = mode;
	op.u.shadow_op.pages = PAGES;
	set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, (uint8_t *)bits);
	return HC(domctl, &op);
}

static void write_below(uint32_t gfn)
{
	uint64_t end = system_time(0) + 10000000000ull;

	*mail = gfn;
	while (*mail) {
		CHECK(system_time(0) < end, "the peer does not answer");
		HC(sched_op, SCHEDOP_yield, 0);
	}
}

/* Exactly those below limit, without the code's page, are set. */
static void expect_below(uint64_t limit)
{
	unsigned wrong = 0;

	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_CLEAN, 0), 0);
	for (uint64_t g = 1; g < PAGES; g++) {
		bool set = bits[g / 64] >> (g % 64) & 1;

		wrong += set != (g < limit);
	}
	EXPECT(!wrong, "%u of %lu bits are wrong", wrong, limit);
	EXPECT_EQ(op.u.shadow_op.stats.dirty_count, limit - 1);
}

void guest_main(void)
{
	static const uint32_t limits[] = {PAGES, FIRST + 511, FIRST + 512, FIRST + 513, FIRST + 1, FIRST + 1100};

	peer = peer_create(PAGES);
	memcpy(peer_map(peer, 0), writer_code, writer_code_end - writer_code);
	mail = peer_map(peer, MAIL_GFN);
	peer_start(peer, 0);
	write_below(PAGES);
	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(limits); i++) {
		write_below(limits[i]);
		expect_below(limits[i]);
	}
	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_OFF, 0), 0);
	write_below(PAGES);
	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0), 0);
	write_below(FIRST + 600);
	expect_below(FIRST + 600);
	peer_destroy(peer);
}
