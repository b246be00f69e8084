/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts on their way to a vCPU whose CPU delivers: what is posted, what is held, and that none
 * stays behind. */
#include "unit.h"
#include <asm/vlapic_inbox.h>
#include <asm/vlapic_page.h>
#include <hv/lib.h>
#include <pthread.h>
#include <sched.h>

#define SENDERS 2U
#define ROUNDS	20000U
#define FIRST	32U

static uint32_t page[1024];

static uint32_t *bits(unsigned int reg)
{
	return vlapic_page_reg(page, reg);
}

static bool is_set(unsigned int reg, uint8_t vector)
{
	return *vlapic_bits_word(bits(reg), vector) & vlapic_bits_mask(vector);
}

/* What a CPU does at a notification: SDM vol. 3 section 29.6. The descriptor by its bits, not by
 * our names. */
static void cpu_takes(struct vlapic_inbox *in)
{
	uint32_t *descriptor = (uint32_t *)in;

	__atomic_fetch_and(&descriptor[8], ~1U, __ATOMIC_SEQ_CST);
	for (unsigned int word = 0; word < 8; word++) {
		uint32_t requests = __atomic_exchange_n(&descriptor[word], 0, __ATOMIC_SEQ_CST);

		__atomic_fetch_or(vlapic_bits_word(bits(VLAPIC_REG_IRR), (uint8_t)(word * 32)),
				  requests, __ATOMIC_SEQ_CST);
	}
}

TEST(vlapic_inbox_post)
{
	struct vlapic_inbox in = {.cpu_takes = true};

	memset(page, 0, sizeof(page));
	CHECK_EQ((uintptr_t)&in % 64, 0);
	CHECK_EQ(vlapic_inbox_put(&in, 255, false), VLAPIC_NOTICE_POST);
	CHECK_EQ(((uint32_t *)&in)[7], 0x80000000);
	CHECK_EQ(((uint32_t *)&in)[8], 1);
	CHECK_EQ(vlapic_inbox_put(&in, 255, false), VLAPIC_NOTICE_NONE);
	CHECK_EQ(vlapic_inbox_put(&in, 33, false), VLAPIC_NOTICE_NONE);
	cpu_takes(&in);
	CHECK_TRUE(is_set(VLAPIC_REG_IRR, 255) && is_set(VLAPIC_REG_IRR, 33));
	CHECK_EQ(vlapic_inbox_put(&in, 33, false), VLAPIC_NOTICE_POST);
	/* The hypervisor as well as the CPU makes room for the next notice. */
	vlapic_inbox_take(&in, bits(VLAPIC_REG_IRR));
	CHECK_EQ(vlapic_inbox_put(&in, 34, false), VLAPIC_NOTICE_POST);
	vlapic_inbox_clear(&in);
	cpu_takes(&in);
	CHECK_TRUE(!is_set(VLAPIC_REG_IRR, 34));
	CHECK_EQ(vlapic_inbox_put(&in, 34, false), VLAPIC_NOTICE_POST);
}

TEST(vlapic_inbox_held)
{
	struct vlapic_inbox in = {.cpu_takes = false};

	memset(page, 0, sizeof(page));
	CHECK_EQ(vlapic_inbox_put(&in, 64, false), VLAPIC_NOTICE_KICK);
	CHECK_EQ(vlapic_inbox_put(&in, 64, false), VLAPIC_NOTICE_NONE);
	CHECK_EQ(vlapic_inbox_put(&in, 65, true), VLAPIC_NOTICE_KICK);
	cpu_takes(&in);
	CHECK_TRUE(!is_set(VLAPIC_REG_IRR, 64));
	vlapic_inbox_take(&in, bits(VLAPIC_REG_IRR));
	CHECK_TRUE(is_set(VLAPIC_REG_IRR, 64) && is_set(VLAPIC_REG_IRR, 65));
	CHECK_EQ(vlapic_inbox_put(&in, 64, false), VLAPIC_NOTICE_KICK);
	vlapic_inbox_clear(&in);
	memset(page, 0, sizeof(page));
	vlapic_inbox_take(&in, bits(VLAPIC_REG_IRR));
	CHECK_EQ(vlapic_bits_highest(bits(VLAPIC_REG_IRR)), -1);
}

/* A level-triggered vector is posted only when the CPU will make an exit of its EOI. */
TEST(vlapic_inbox_level)
{
	struct vlapic_inbox in = {.cpu_takes = true};

	memset(page, 0, sizeof(page));
	*vlapic_bits_word(bits(VLAPIC_REG_TMR), 90) |= vlapic_bits_mask(90);
	CHECK_EQ(vlapic_inbox_put(&in, 90, true), VLAPIC_NOTICE_KICK);
	cpu_takes(&in);
	CHECK_TRUE(!is_set(VLAPIC_REG_IRR, 90));
	vlapic_inbox_take(&in, bits(VLAPIC_REG_IRR));
	CHECK_TRUE(is_set(VLAPIC_REG_IRR, 90));
	for (unsigned int n = 0; n < 4; n++) {
		CHECK_EQ(vlapic_inbox_eoi_exits(&in, bits(VLAPIC_REG_TMR), n),
			 n == 1 ? 1UL << (90 - 64) : 0);
	}
	CHECK_EQ(vlapic_inbox_put(&in, 90, true), VLAPIC_NOTICE_POST);
	CHECK_EQ(vlapic_inbox_put(&in, 91, true), VLAPIC_NOTICE_KICK);
	/* And not any more when it does not. */
	memset(page, 0, sizeof(page));
	for (unsigned int n = 0; n < 4; n++) {
		CHECK_EQ(vlapic_inbox_eoi_exits(&in, bits(VLAPIC_REG_TMR), n), 0);
	}
	cpu_takes(&in);
	CHECK_EQ(vlapic_inbox_put(&in, 90, true), VLAPIC_NOTICE_KICK);
}

/* Senders in threads; the vCPU, now in its guest and now in the hypervisor, has to see each of
 * their interrupts. */
static struct vlapic_inbox shared;
static bool hint, notice, kick;
static unsigned int seen[SENDERS];

static void *sender(void *arg)
{
	unsigned int self = (unsigned int)(uintptr_t)arg;

	for (unsigned int round = 1; round <= ROUNDS; round++) {
		enum vlapic_notice next =
		    vlapic_inbox_put(&shared, (uint8_t)(FIRST + self), round % 16 == 0);

		__atomic_store_n(&hint, true, __ATOMIC_SEQ_CST);
		if (next == VLAPIC_NOTICE_POST) {
			__atomic_store_n(&notice, true, __ATOMIC_SEQ_CST);
		} else if (next == VLAPIC_NOTICE_KICK) {
			__atomic_store_n(&kick, true, __ATOMIC_SEQ_CST);
		}
		while (__atomic_load_n(&seen[self], __ATOMIC_SEQ_CST) != round) {
			sched_yield();
		}
	}
	return NULL;
}

static void serve(void)
{
	for (unsigned int s = 0; s < SENDERS; s++) {
		uint32_t *word = vlapic_bits_word(bits(VLAPIC_REG_IRR), (uint8_t)(FIRST + s));
		uint32_t bit = vlapic_bits_mask((uint8_t)(FIRST + s));

		if (*word & bit) {
			*word &= ~bit;
			__atomic_add_fetch(&seen[s], 1, __ATOMIC_SEQ_CST);
		}
	}
}

static bool all_seen(void)
{
	for (unsigned int s = 0; s < SENDERS; s++) {
		if (seen[s] != ROUNDS) {
			return false;
		}
	}
	return true;
}

TEST(vlapic_inbox_none_stays_behind)
{
	pthread_t threads[SENDERS];
	unsigned long idle = 0;

	memset(page, 0, sizeof(page));
	shared = (struct vlapic_inbox){.cpu_takes = true};
	for (unsigned int s = 0; s < SENDERS; s++) {
		CHECK_EQ(pthread_create(&threads[s], NULL, sender, (void *)(uintptr_t)s), 0);
	}
	while (!all_seen()) {
		/* In the hypervisor: a notification that comes here does nothing, the hint makes it
		 * look. */
		__atomic_store_n(&notice, false, __ATOMIC_SEQ_CST);
		__atomic_store_n(&kick, false, __ATOMIC_SEQ_CST);
		if (__atomic_exchange_n(&hint, false, __ATOMIC_SEQ_CST)) {
			vlapic_inbox_take(&shared, bits(VLAPIC_REG_IRR));
			serve();
		}
		/* In the guest: only a notification or a kick is noticed. One that does not come is
		 * an interrupt lost. */
		idle = 0;
		while (!all_seen() && !__atomic_load_n(&kick, __ATOMIC_SEQ_CST)) {
			if (__atomic_exchange_n(&notice, false, __ATOMIC_SEQ_CST)) {
				cpu_takes(&shared);
				serve();
				if (seen[0] % 3 == 0) {
					break;
				}
				idle = 0;
			}
			if (++idle == 20000000) {
				unit_fail(__FILE__, __LINE__,
					  "nothing comes any more: seen %u and %u", seen[0],
					  seen[1]);
			}
			sched_yield();
		}
	}
	for (unsigned int s = 0; s < SENDERS; s++) {
		pthread_join(threads[s], NULL);
	}
}
