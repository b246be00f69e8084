/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* A hypercall changes RAX and no other register: arguments and callee's registers survive. */
#include "guest.h"

uint64_t in[15], out[15]; /* named in the assembly below */

/* Order: rbx rcx rdx rsi rdi rbp r8 .. r15, then rax. */
static void call_with_all(void)
{
	__asm__ volatile("push %%rbx; push %%rbp; push %%r12; push %%r13; push %%r14; push %%r15;"
			 "mov $in, %%rax;"
			 "mov (%%rax), %%rbx; mov 8(%%rax), %%rcx; mov 16(%%rax), %%rdx;"
			 "mov 24(%%rax), %%rsi; mov 32(%%rax), %%rdi; mov 40(%%rax), %%rbp;"
			 "mov 48(%%rax), %%r8; mov 56(%%rax), %%r9; mov 64(%%rax), %%r10;"
			 "mov 72(%%rax), %%r11; mov 80(%%rax), %%r12; mov 88(%%rax), %%r13;"
			 "mov 96(%%rax), %%r14; mov 104(%%rax), %%r15; mov 112(%%rax), %%rax;"
			 "cmpb $0, cpu_is_intel; jne 1f; vmmcall; jmp 2f; 1: vmcall; 2:"
			 "mov %%rbx, out; mov %%rcx, out + 8; mov %%rdx, out + 16;"
			 "mov %%rsi, out + 24; mov %%rdi, out + 32; mov %%rbp, out + 40;"
			 "mov %%r8, out + 48; mov %%r9, out + 56; mov %%r10, out + 64;"
			 "mov %%r11, out + 72; mov %%r12, out + 80; mov %%r13, out + 88;"
			 "mov %%r14, out + 96; mov %%r15, out + 104; mov %%rax, out + 112;"
			 "pop %%r15; pop %%r14; pop %%r13; pop %%r12; pop %%rbp; pop %%rbx" ::
			     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
			       "memory", "cc");
}

void guest_main(void)
{
	unsigned i;

	for (i = 0; i < 15; i++) {
		in[i] = 0x1111111111111111ull * (i + 1);
	}
	in[4] = XENVER_version;
	in[14] = __HYPERVISOR_xen_version;
	call_with_all();
	EXPECT_EQ(out[14], 4 << 16 | 17);
	for (i = 0; i < 14; i++) {
		EXPECT(out[i] == in[i], "register %u: %#lx became %#lx", i, in[i], out[i]);
	}
	in[14] = 60;
	call_with_all();
	EXPECT_EQ(out[14], -XEN_ENOSYS);
	for (i = 0; i < 14; i++) {
		EXPECT(out[i] == in[i], "register %u: %#lx became %#lx", i, in[i], out[i]);
	}
}
