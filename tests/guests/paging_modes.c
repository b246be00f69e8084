/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: xen=skip "real Xen 4.17 does not come back from it on QEMU 7.2's SVM; why is not known" */
/*
 * The paging modes of 32-bit code: PAE, where a load of CR3 loads four entries, and the old two levels with 4 MiB pages,
 * entered and left again from long mode, with exits in between.
 */
#include "guest.h"

#define LARGE	  0x83ull		/* present, writable, large */
#define PRESENT	  1ull
#define WINDOW	  0xe0000000u		/* what differs between the maps */
#define FRAME_A	  0x800000u
#define FRAME_B	  0xa00000u

static uint64_t pdpt[3][4] __attribute__((aligned(4096)));	/* only 32 bytes of each count */
static uint64_t pd[5][512] PAGE_ALIGNED;
static uint32_t pd32[1024] PAGE_ALIGNED;

/* Filled by the 32-bit code. */
uint32_t modes_seen[6], modes_cr3[3], modes_cr4[2];
void modes_run(void);

__asm__(".text\n"
	".globl modes_run\n"
	"modes_run:\n"
	"push %rbx; push %rbp; push %r12\n"
	"mov %rsp, %r12\n"
	"lcall *modes_target\n"
	"mov %r12, %rsp\n"
	"pop %r12; pop %rbp; pop %rbx\n"
	"ret\n"
	"modes_target: .long modes_body; .short 0x08\n"
	".code32\n"
	"modes_body:\n"
	"mov %cr3, %esi\n"
	"mov %cr4, %edi\n"
	"mov %cr0, %ebp\n"
	"btr $31, %ebp\n"
	"mov %ebp, %cr0\n"		/* paging off */
	"mov $0xc0000080, %ecx\n"
	"rdmsr\n"
	"btr $8, %eax\n"
	"wrmsr\n"			/* long mode off */
	"mov modes_cr3, %eax\n"
	"mov %eax, %cr3\n"
	"bts $31, %ebp\n"
	"mov %ebp, %cr0\n"		/* PAE paging */
	"mov 0xe0000000, %eax\n"
	"mov %eax, modes_seen\n"
	"xor %eax, %eax; cpuid\n"
	"mov modes_cr3 + 4, %eax\n"
	"mov %eax, %cr3\n"		/* the other map */
	"mov 0xe0000000, %eax\n"
	"mov %eax, modes_seen + 4\n"
	"xor %eax, %eax; cpuid\n"
	"mov 0xe0000000, %eax\n"
	"mov %eax, modes_seen + 8\n"
	"mov %cr4, %eax\n"
	"xor $0x80, %eax\n"
	"mov %eax, %cr4\n"		/* global pages off and on: a flush */
	"xor $0x80, %eax\n"
	"mov %eax, %cr4\n"
	"mov 0xe0000000, %eax\n"
	"mov %eax, modes_seen + 12\n"
	"btr $31, %ebp\n"
	"mov %ebp, %cr0\n"
	"mov modes_cr4, %eax\n"
	"mov %eax, %cr4\n"		/* no PAE, but 4 MiB pages */
	"mov modes_cr3 + 8, %eax\n"
	"mov %eax, %cr3\n"
	"bts $31, %ebp\n"
	"mov %ebp, %cr0\n"
	"mov 0xe0000000, %eax\n"
	"mov %eax, modes_seen + 16\n"
	"xor %eax, %eax; cpuid\n"
	"mov 0xe0200000, %eax\n"
	"mov %eax, modes_seen + 20\n"
	"btr $31, %ebp\n"
	"mov %ebp, %cr0\n"
	"mov %edi, %cr4\n"
	"mov $0xc0000080, %ecx\n"
	"rdmsr\n"
	"bts $8, %eax\n"
	"wrmsr\n"
	"mov %esi, %cr3\n"
	"bts $31, %ebp\n"
	"mov %ebp, %cr0\n"		/* long mode again */
	"lret\n"
	".code64\n");

static void build_tables(void)
{
	uint64_t cr4;
	unsigned i;

	for (i = 0; i < 4 * 512; i++) {
		pd[i / 512][i % 512] = (uint64_t)i << 21 | LARGE;
	}
	memcpy(pd[4], pd[3], sizeof(pd[4]));
	pd[3][(WINDOW >> 21) & 511] = FRAME_A | LARGE;
	pd[4][(WINDOW >> 21) & 511] = FRAME_B | LARGE;
	for (i = 0; i < 4; i++) {
		pdpt[0][i] = (uint64_t)pd[i] | PRESENT;
		pdpt[1][i] = (uint64_t)pd[i < 3 ? i : 4] | PRESENT;
	}
	for (i = 0; i < 1024; i++) {
		pd32[i] = i << 22 | (uint32_t)LARGE;
	}
	pd32[WINDOW >> 22] = FRAME_A | (uint32_t)LARGE;
	modes_cr3[0] = (uint32_t)(uint64_t)pdpt[0];
	modes_cr3[1] = (uint32_t)(uint64_t)pdpt[1];
	modes_cr3[2] = (uint32_t)(uint64_t)pd32;
	__asm__("mov %%cr4, %0" : "=r"(cr4));
	modes_cr4[0] = (uint32_t)((cr4 & ~0x20ull) | 0x10);
}

void guest_main(void)
{
	unsigned i;

	CHECK((uint64_t)image_end < FRAME_A, "the image is larger than thought");
	build_tables();
	*(volatile uint32_t *)FRAME_A = 0xaaaa0001;
	*(volatile uint32_t *)FRAME_B = 0xbbbb0002;
	for (i = 0; i < 3; i++) {
		memset(modes_seen, 0, sizeof(modes_seen));
		modes_run();
		EXPECT_EQ(modes_seen[0], 0xaaaa0001);
		EXPECT_EQ(modes_seen[1], 0xbbbb0002);
		EXPECT_EQ(modes_seen[2], 0xbbbb0002);
		EXPECT_EQ(modes_seen[3], 0xbbbb0002);
		EXPECT_EQ(modes_seen[4], 0xaaaa0001);
		EXPECT_EQ(modes_seen[5], 0xbbbb0002);
	}
}
