/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running peer that writes to whatever page of its own it is told to. */
#ifndef LOG_DIRTY_H
#define LOG_DIRTY_H

#include "guest.h"

#include <xen/domctl.h>

#define CODE_GFN 0ul
#define MAIL_GFN 1ul

static domid_t peer;
static volatile uint32_t *mail;

/* Waits for a number in the mail, increments the first word of that page, takes the number out. */
static const uint8_t peer_code[] = {
    0xf3, 0x90,							/* again: pause */
    0xa1, 0x00, 0x10, 0x00, 0x00,				/* mov eax, [0x1000] */
    0x85, 0xc0,							/* test eax, eax */
    0x74, 0xf5,							/* jz again */
    0xc1, 0xe0, 0x0c,						/* shl eax, 12 */
    0xff, 0x00,							/* inc dword [eax] */
    0xc7, 0x05, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* mov dword [0x1000], 0 */
    0xeb, 0xe4,							/* jmp again */
};

static void peer_writes(uint32_t gfn)
{
	uint64_t end = rdtsc() + 20000000000ul;

	*mail = gfn;
	while (*mail) {
		CHECK(rdtsc() < end, "the peer does not answer");
		HC(sched_op, SCHEDOP_yield, 0);
	}
}

static void peer_writer(unsigned pages)
{
	peer = peer_create(pages);
	memcpy(peer_map(peer, CODE_GFN), peer_code, sizeof(peer_code));
	mail = peer_map(peer, MAIL_GFN);
	peer_start(peer, 0);
}

#endif
