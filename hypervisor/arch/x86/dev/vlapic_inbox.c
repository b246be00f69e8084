/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts on their way to a vCPU whose CPU delivers them by itself: see asm/vlapic_inbox.h. */
#include <asm/vlapic_inbox.h>
#include <asm/vlapic_page.h>
#include <hv/lib.h>

static_assert(offsetof(struct vlapic_inbox, notified) == 32, "bit 256 of the CPU's descriptor");
static_assert(offsetof(struct vlapic_inbox, held) == 64, "the CPU's descriptor is one cache line");

enum vlapic_notice vlapic_inbox_put(struct vlapic_inbox *in, uint8_t vector, bool level)
{
	uint32_t bit = vlapic_bits_mask(vector);
	unsigned int word = vector / 32;
	bool post = in->cpu_takes &&
		    (!level || (__atomic_load_n(&in->eoi_exits[word], __ATOMIC_SEQ_CST) & bit));

	if (__atomic_fetch_or(post ? &in->posted[word] : &in->held[word], bit, __ATOMIC_SEQ_CST) &
	    bit) {
		return VLAPIC_NOTICE_NONE;
	}
	if (!post) {
		return VLAPIC_NOTICE_KICK;
	}
	if (__atomic_fetch_or(&in->notified, VLAPIC_INBOX_NOTIFIED, __ATOMIC_SEQ_CST) &
	    VLAPIC_INBOX_NOTIFIED) {
		return VLAPIC_NOTICE_NONE;
	}
	return VLAPIC_NOTICE_POST;
}

static void move(uint32_t *irr, uint32_t *from, unsigned int word)
{
	if (READ_ONCE(from[word])) {
		__atomic_fetch_or(irr + word * VLAPIC_STRIDE,
				  __atomic_exchange_n(&from[word], 0, __ATOMIC_SEQ_CST),
				  __ATOMIC_SEQ_CST);
	}
}

void vlapic_inbox_take(struct vlapic_inbox *in, uint32_t *irr)
{
	if (READ_ONCE(in->notified)) {
		(void)__atomic_exchange_n(&in->notified, 0, __ATOMIC_SEQ_CST);
	}
	for (unsigned int word = 0; word < VLAPIC_INBOX_WORDS; word++) {
		move(irr, in->posted, word);
		move(irr, in->held, word);
	}
}

void vlapic_inbox_clear(struct vlapic_inbox *in)
{
	__atomic_store_n(&in->notified, 0, __ATOMIC_SEQ_CST);
	for (unsigned int word = 0; word < VLAPIC_INBOX_WORDS; word++) {
		__atomic_store_n(&in->posted[word], 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&in->held[word], 0, __ATOMIC_SEQ_CST);
	}
}

uint64_t vlapic_inbox_eoi_exits(struct vlapic_inbox *in, const uint32_t *tmr, unsigned int n)
{
	uint64_t bits;

	/*
	 * None may be posted from here on that is not read below: a sender sets TMR before it looks
	 * here. What is set here may be posted before the CPU has it, for v is not in its guest
	 * until it has.
	 */
	__atomic_store_n(&in->eoi_exits[2 * n], 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&in->eoi_exits[2 * n + 1], 0, __ATOMIC_SEQ_CST);
	bits = vlapic_bits_quarter(tmr, n);
	WRITE_ONCE(in->eoi_exits[2 * n], (uint32_t)bits);
	WRITE_ONCE(in->eoi_exits[2 * n + 1], (uint32_t)(bits >> 32));
	return bits;
}
