/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processor primitives of the test guests. The try_* forms survive a fault and report it. */
#ifndef GUEST_X86_H
#define GUEST_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GDT_CODE32  0x08
#define GDT_CODE64  0x10
#define GDT_DATA    0x18
#define GDT_USER_DS 0x2b
#define GDT_USER_CS 0x33
#define GDT_TSS	    0x40 /* one 16-byte descriptor per CPU from here on */

#define CPUS_MAX 16

/* What differs in the ABI. */
static const bool on_x86 = true;
#define CAPABILITIES "xen-3.0-x86_64 "
#define HVM_PARAM_OF_THE_ARCH HVM_PARAM_VIRIDIAN

unsigned cpu_self(void);

#define X86_DE	0
#define X86_DB	1
#define X86_NMI 2
#define X86_UD	6
#define X86_GP	13
#define X86_PF	14

#define MSR_TSC		    0x010
#define MSR_APIC_BASE	    0x01b
#define MSR_FEATURE_CONTROL 0x03a
#define MSR_TSC_ADJUST	    0x03b
#define MSR_MTRRCAP	    0x0fe
#define MSR_SYSENTER_CS	    0x174
#define MSR_SYSENTER_ESP    0x175
#define MSR_SYSENTER_EIP    0x176
#define MSR_MCG_CAP	    0x179
#define MSR_MCG_STATUS	    0x17a
#define MSR_MISC_ENABLE	    0x1a0
#define MSR_DEBUGCTL	    0x1d9
#define MSR_MTRR_PHYSBASE0  0x200
#define MSR_MTRR_FIX64K	    0x250
#define MSR_PAT		    0x277
#define MSR_MTRR_DEFTYPE    0x2ff
#define MSR_TSC_DEADLINE    0x6e0
#define MSR_X2APIC	    0x800
#define MSR_EFER	    0xc0000080
#define MSR_STAR	    0xc0000081
#define MSR_LSTAR	    0xc0000082
#define MSR_CSTAR	    0xc0000083
#define MSR_SFMASK	    0xc0000084
#define MSR_FS_BASE	    0xc0000100
#define MSR_GS_BASE	    0xc0000101
#define MSR_KERNEL_GS_BASE  0xc0000102
#define MSR_TSC_AUX	    0xc0000103
#define MSR_VM_CR	    0xc0010114
#define MSR_VM_HSAVE_PA	    0xc0010117

#define EFER_SCE   (1ull << 0)
#define EFER_LME   (1ull << 8)
#define EFER_LMA   (1ull << 10)
#define EFER_NXE   (1ull << 11)
#define EFER_SVME  (1ull << 12)
#define EFER_FFXSE (1ull << 14)

#define APIC_BASE_BSP	 (1ull << 8)
#define APIC_BASE_EXTD	 (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)

#define RFLAGS_IF (1ul << 9)

/* What a try_* form returns: 0, or FAULT | vector with the error code in bits 31:16. */
#define FAULT	    0x100u
#define FAULT_GP    (FAULT | X86_GP)
#define FAULT_UD    (FAULT | X86_UD)
#define FAULT_PF    (FAULT | X86_PF)
#define FAULT_OF(x) ((x)&0xffffu)

struct cpuid {
	uint32_t a, b, c, d;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t sub)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "a"(leaf), "c"(sub));
	return r;
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t val)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)val), "d"((uint32_t)(val >> 32))
			 : "memory");
}

/*
 * A row of the exception table: a fault at label 1 resumes at label 2 with the fault code in RBX,
 * which every user therefore takes as its result register.
 */
#define EX_TABLE  "\n.pushsection .ex_table,\"a\"\n.quad 1b, 2b\n.popsection\n"
#define TRY(insn) "xor %%ebx, %%ebx\n1: " insn "\n2:" EX_TABLE

static inline unsigned try_rdmsr(uint32_t msr, uint64_t *val)
{
	uint32_t lo = 0, hi = 0;
	unsigned f;

	__asm__ volatile(TRY("rdmsr") : "=&b"(f), "+a"(lo), "+d"(hi) : "c"(msr) : "memory");
	*val = (uint64_t)hi << 32 | lo;
	return FAULT_OF(f);
}

static inline unsigned try_wrmsr(uint32_t msr, uint64_t val)
{
	unsigned f;

	__asm__ volatile(TRY("wrmsr")
			 : "=&b"(f)
			 : "c"(msr), "a"((uint32_t)val), "d"((uint32_t)(val >> 32))
			 : "memory");
	return FAULT_OF(f);
}

static inline unsigned try_read32(uint64_t addr, uint32_t *val)
{
	unsigned f;
	uint32_t v = 0;

	__asm__ volatile(TRY("movl (%2), %1") : "=&b"(f), "+a"(v) : "D"(addr) : "memory");
	*val = v;
	return FAULT_OF(f);
}

static inline unsigned try_write32(uint64_t addr, uint32_t val)
{
	unsigned f;

	__asm__ volatile(TRY("movl %1, (%2)") : "=&b"(f) : "a"(val), "D"(addr) : "memory");
	return FAULT_OF(f);
}

/* Nothing is at this address of the 1:1 map: it reads as ones. */
static inline bool is_hole(uint64_t addr)
{
	uint32_t v;

	return !try_read32(addr, &v) && v == ~0u;
}

static inline unsigned try_outl(uint16_t port, uint32_t val)
{
	unsigned f;

	__asm__ volatile(TRY("outl %%eax, %%dx") : "=&b"(f) : "a"(val), "d"(port) : "memory");
	return FAULT_OF(f);
}

static inline unsigned try_inl(uint16_t port, uint32_t *val)
{
	unsigned f;
	uint32_t v = 0;

	__asm__ volatile(TRY("inl %%dx, %%eax") : "=&b"(f), "+a"(v) : "d"(port) : "memory");
	*val = v;
	return FAULT_OF(f);
}

static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port) : "memory");
}

static inline void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void cli(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline void sti(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

static inline void barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Enable interrupts and halt in one step, then disable them again: no wake-up can be missed. */
static inline void halt_once(void)
{
	__asm__ volatile("sti; hlt; cli" ::: "memory");
}

/* Open the interrupt window for a few instructions. */
static inline void take_interrupts(void)
{
	__asm__ volatile("sti; nop; nop; nop; cli" ::: "memory");
}

static inline uint64_t read_cr3(void)
{
	uint64_t v;

	__asm__ volatile("mov %%cr3, %0" : "=r"(v)::"memory");
	return v;
}

static inline void write_cr3(uint64_t v)
{
	__asm__ volatile("mov %0, %%cr3" ::"r"(v) : "memory");
}

static inline uint64_t read_cr8(void)
{
	uint64_t v;

	__asm__ volatile("mov %%cr8, %0" : "=r"(v)::"memory");
	return v;
}

static inline void write_cr8(uint64_t v)
{
	__asm__ volatile("mov %0, %%cr8" ::"r"(v) : "memory");
}

static inline uint64_t read_flags(void)
{
	uint64_t v;

	__asm__ volatile("pushfq; pop %0" : "=r"(v)::"memory");
	return v;
}

static inline void set_bit(unsigned bit, volatile void *p)
{
	__asm__ volatile("lock btsq %1, %0"
			 : "+m"(*(volatile uint64_t *)p)
			 : "r"((uint64_t)bit)
			 : "memory");
}

static inline void clear_bit(unsigned bit, volatile void *p)
{
	__asm__ volatile("lock btrq %1, %0"
			 : "+m"(*(volatile uint64_t *)p)
			 : "r"((uint64_t)bit)
			 : "memory");
}

static inline bool test_bit(unsigned bit, const volatile void *p)
{
	return ((const volatile uint64_t *)p)[bit / 64] >> (bit % 64) & 1;
}

static inline uint32_t atomic_add(volatile uint32_t *p, uint32_t v)
{
	return __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST);
}

static inline void mmio_write32(uint64_t a, uint32_t v)
{
	*(volatile uint32_t *)a = v;
}

static inline uint32_t mmio_read32(uint64_t a)
{
	return *(volatile uint32_t *)a;
}

#endif
