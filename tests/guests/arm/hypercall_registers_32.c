/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * 32-bit code: a hypercall answers in r0 and may change r1 to r4 and r12; all else survives, FP
 * registers, too.
 */
#include "guest.h"

#define COUNT 13

uint32_t in[COUNT], out[COUNT];
void call_with_all(uint32_t *in, uint32_t *out);

/* r0 to r12 from `in`, the call, and back to `out`; SP and LR are the C code's. */
__asm__(".text\n"
	"call_with_all:\n"
	"push {r1, r4-r12, lr}\n"
	"ldm r0, {r0-r12}\n"
	"hvc #0xea1\n"
	"push {lr}\n"
	"ldr lr, [sp, #4]\n"
	"stm lr, {r0-r12}\n"
	"pop {lr}\n"
	"pop {r1, r4-r12, pc}\n");

static void check(uint32_t nr, uint32_t a0, long want)
{
	for (unsigned i = 0; i < COUNT; i++) {
		in[i] = 0x11111111u * (i + 1);
	}
	in[0] = a0;
	in[1] = 0;
	in[12] = nr;
	call_with_all(in, out);
	EXPECT_EQ((long)out[0], want);
	for (unsigned i = 5; i < 12; i++) {
		EXPECT(out[i] == in[i], "r%u: %#x became %#x", i, in[i], out[i]);
	}
}

void guest_main(void)
{
	uint64_t d = 0x123456789abcdefull;
	uint32_t access;

	/* CPACR: coprocessors 10 and 11; FPEXC.EN. */
	__asm__ volatile("mrc p15, 0, %0, c1, c0, 2\n\torr %0, %0, #0xf00000\n\t"
			 "mcr p15, 0, %0, c1, c0, 2\n\tisb\n\t"
			 ".fpu neon\n\tmov %0, #0x40000000\n\tvmsr fpexc, %0"
			 : "=&r"(access));
	__asm__ volatile(".fpu neon\n\tvmov d31, %Q0, %R0\n\tvmov d7, %Q0, %R0" ::"r"(d));
	check(__HYPERVISOR_xen_version, XENVER_version, 4 << 16 | 17);
	check(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
	check(60, 0, -XEN_ENOSYS);
	__asm__ volatile(".fpu neon\n\tvmov %Q0, %R0, d31" : "=r"(d));
	EXPECT_EQ(d, 0x123456789abcdefull);
	__asm__ volatile(".fpu neon\n\tvmov %Q0, %R0, d7" : "=r"(d));
	EXPECT_EQ(d, 0x123456789abcdefull);
}
