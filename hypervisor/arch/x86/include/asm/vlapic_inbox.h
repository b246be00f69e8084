/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Interrupts on their way to a vCPU whose CPU delivers them by itself. Nobody but that CPU may touch IRR then, so
 * senders leave them here (arch/x86/dev/vlapic_inbox.c): either in the part that a CPU with posted interrupts empties
 * while the guest runs, which costs no exit, or in a part for the hypervisor alone.
 *
 * The first 64 bytes are the CPU's posted-interrupt descriptor, Intel SDM vol. 3 section 29.6: 256 requests, the bit
 * that a notification is under way, and room for software. All of it is changed with locked instructions.
 *
 * The order on both sides makes sure that no interrupt stays behind. A sender sets the request, then the bit, then the
 * hint irr_pending, and then notifies if the bit was not set. Who empties clears the hint (the hypervisor's part only),
 * then the bit, and then takes the requests.
 */
#include <hv/types.h>

#define VLAPIC_INBOX_WORDS	8U
#define VLAPIC_INBOX_NOTIFIED	BIT(0)	/* of notified: "outstanding notification" */

struct vlapic_inbox {
	uint32_t posted[VLAPIC_INBOX_WORDS];
	uint32_t notified;
	uint32_t unused[7];
	uint32_t held[VLAPIC_INBOX_WORDS];	/* these wait for the hypervisor */
	/*
	 * Vectors whose EOI makes an exit, as the CPU knows it. Level-triggered ones may only be posted when they are
	 * among these: the virtual IO-APIC waits for their EOI.
	 */
	uint32_t eoi_exits[VLAPIC_INBOX_WORDS];
	bool cpu_takes;		/* the CPU has posted interrupts; fixed before the vCPU first runs */
} __aligned(64);

/* What the sender has to do next. */
enum vlapic_notice {
	VLAPIC_NOTICE_NONE,	/* another sender does it */
	VLAPIC_NOTICE_POST,	/* wake the vCPU, or send its CPU the notification vector */
	VLAPIC_NOTICE_KICK,	/* wake the vCPU, or make it exit */
};

/* Any context. The caller sets the hint after it, whatever it returns, and then does as told. */
enum vlapic_notice vlapic_inbox_put(struct vlapic_inbox *in, uint8_t vector, bool level);
/* (the vCPU itself between exit and entry, or while it does not run) Moves all into irr, eight registers of the page. */
void vlapic_inbox_take(struct vlapic_inbox *in, uint32_t *irr);
/* (the same) Throws away what has come. */
void vlapic_inbox_clear(struct vlapic_inbox *in);
/* (the same) The EOI exits are now those of tmr, eight registers of the page: 64 of them, n = 0 to 3, for the CPU. */
uint64_t vlapic_inbox_eoi_exits(struct vlapic_inbox *in, const uint32_t *tmr, unsigned int n);
