/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See mailbox.h. The code is copied, so it is position independent; its register 0 points to the
 * mailbox. */
#include "mailbox.h"

#include <xen/domctl.h>

struct mailbox {
	uint32_t command; /* 1: load, 2: store; 0: done */
	uint32_t address, value;
};

static volatile struct mailbox *mail;

extern const char peer_code[], peer_code_end[];

#if defined(__aarch64__)
#define ENTRY_REG x0
#define ENTRY_PC  pc64
#define ENTRY_PSR PSR_GUEST64_INIT
__asm__(".pushsection .rodata\n.globl peer_code, peer_code_end\n"
	"peer_code: ldr w1, [x0]\n cbz w1, peer_code\n"
	"ldr w2, [x0, #4]\n ldr w3, [x0, #8]\n"
	"cmp w1, #2\n b.eq 1f\n"
	"ldr w3, [x2]\n str w3, [x0, #8]\n b 2f\n"
	"1: str w3, [x2]\n"
	"2: dsb sy\n str wzr, [x0]\n b peer_code\n"
	"peer_code_end:\n.popsection\n");
#else
#define ENTRY_REG r0_usr
#define ENTRY_PC  pc32
#define ENTRY_PSR PSR_GUEST32_INIT
__asm__(".pushsection .rodata\n.globl peer_code, peer_code_end\n"
	"peer_code: ldr r1, [r0]\n cmp r1, #0\n beq peer_code\n"
	"ldr r2, [r0, #4]\n ldr r3, [r0, #8]\n"
	"cmp r1, #2\n beq 1f\n"
	"ldr r3, [r2]\n str r3, [r0, #8]\n b 2f\n"
	"1: str r3, [r2]\n"
	"2: dsb sy\n mov r1, #0\n str r1, [r0]\n b peer_code\n"
	"peer_code_end:\n.popsection\n");
#endif

void mail_start(domid_t dom)
{
	static struct xen_domctl op;
	static struct vcpu_guest_context c;

	memcpy(peer_map(dom, MAIL_CODE), peer_code, (size_t)(peer_code_end - peer_code));
	mail = peer_map(dom, MAIL_GFN);
	c.flags = VGCF_online;
	c.user_regs.ENTRY_PC = MAIL_CODE * PAGE_SIZE;
	c.user_regs.ENTRY_REG = MAIL_GFN * PAGE_SIZE;
	c.user_regs.cpsr = ENTRY_PSR;
	c.sctlr = SCTLR_GUEST_INIT;
	memset(&op, 0, sizeof(op));
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_setvcpucontext, dom), 0);
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_unpausedomain, dom), 0);
}

static uint32_t order(uint32_t command, uint64_t address, uint32_t value)
{
	mail->address = (uint32_t)address;
	mail->value = value;
	barrier();
	mail->command = command;
	CHECK(WAIT_FOR(!mail->command, 10000), "no answer at %#x", (unsigned)address);
	barrier();
	return mail->value;
}

uint32_t mail_get(uint64_t address)
{
	return order(1, address, 0);
}

void mail_put(uint64_t address, uint32_t value)
{
	order(2, address, value);
}
