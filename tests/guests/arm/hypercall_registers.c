/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A hypercall answers in x0 and may change x1 to x4 and x16; all else survives, FP and SIMD
 * registers, too.
 */
#include "guest.h"

#define COUNT 31

uint64_t in[COUNT], out[COUNT];
void call_with_all(void);

/* x0 to x30 from `in`, the call, and back to `out`; SP is the C code's. */
__asm__(".text\n"
	"call_with_all:\n"
	"stp x29, x30, [sp, #-112]!\n"
	"stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n stp x23, x24, [sp, #48]\n"
	"stp x25, x26, [sp, #64]\n stp x27, x28, [sp, #80]\n"
	"adrp x0, in\n add x0, x0, :lo12:in\n"
	"ldp x2, x3, [x0, #16]\n ldp x4, x5, [x0, #32]\n ldp x6, x7, [x0, #48]\n"
	"ldp x8, x9, [x0, #64]\n ldp x10, x11, [x0, #80]\n ldp x12, x13, [x0, #96]\n"
	"ldp x14, x15, [x0, #112]\n ldp x16, x17, [x0, #128]\n ldp x18, x19, [x0, #144]\n"
	"ldp x20, x21, [x0, #160]\n ldp x22, x23, [x0, #176]\n ldp x24, x25, [x0, #192]\n"
	"ldp x26, x27, [x0, #208]\n ldp x28, x29, [x0, #224]\n ldr x30, [x0, #240]\n"
	"ldp x0, x1, [x0]\n"
	"hvc #0xea1\n"
	"str x0, [sp, #96]\n"
	"adrp x0, out\n add x0, x0, :lo12:out\n"
	"str x1, [x0, #8]\n stp x2, x3, [x0, #16]\n stp x4, x5, [x0, #32]\n stp x6, x7, [x0, #48]\n"
	"stp x8, x9, [x0, #64]\n stp x10, x11, [x0, #80]\n stp x12, x13, [x0, #96]\n"
	"stp x14, x15, [x0, #112]\n stp x16, x17, [x0, #128]\n stp x18, x19, [x0, #144]\n"
	"stp x20, x21, [x0, #160]\n stp x22, x23, [x0, #176]\n stp x24, x25, [x0, #192]\n"
	"stp x26, x27, [x0, #208]\n stp x28, x29, [x0, #224]\n str x30, [x0, #240]\n"
	"ldr x1, [sp, #96]\n str x1, [x0]\n"
	"ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n"
	"ldp x25, x26, [sp, #64]\n ldp x27, x28, [sp, #80]\n"
	"ldp x29, x30, [sp], #112\n"
	"ret\n");

static void check(uint64_t nr, uint64_t a0, long want)
{
	for (unsigned i = 0; i < COUNT; i++) {
		in[i] = 0x1111111111111111ull * (i + 1);
	}
	in[0] = a0;
	in[1] = 0;
	in[16] = nr;
	call_with_all();
	EXPECT_EQ(out[0], want);
	for (unsigned i = 5; i < COUNT; i++) {
		EXPECT(i == 16 || out[i] == in[i], "x%u: %#lx became %#lx", i, in[i], out[i]);
	}
}

void guest_main(void)
{
	uint64_t d;

	__asm__ volatile("mrs %0, cpacr_el1; orr %0, %0, #0x300000; msr cpacr_el1, %0; isb"
			 : "=&r"(d));
	__asm__ volatile(
	    ".arch_extension fp\nfmov d31, %0\nfmov d7, %0" ::"r"(0x123456789abcdefull));
	check(__HYPERVISOR_xen_version, XENVER_version, 4 << 16 | 17);
	check(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
	check(60, 0, -XEN_ENOSYS);
	__asm__ volatile(".arch_extension fp\nfmov %0, d31" : "=r"(d));
	EXPECT_EQ(d, 0x123456789abcdefl);
	__asm__ volatile(".arch_extension fp\nfmov %0, d7" : "=r"(d));
	EXPECT_EQ(d, 0x123456789abcdefl);
}
