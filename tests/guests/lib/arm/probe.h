/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads and stores that may fault, both widths. arch.h, which includes this, gives cpu_self and
 * REG32, the way in which assembly names the lower half of an operand's register.
 */
#ifndef GUEST_PROBE_H
#define GUEST_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#define PROBING 1ul

/* Of a vCPU: what it probes, until guest_fault fills it in. */
struct probe {
	unsigned long status; /* 0 for nothing, PROBING, or the fault's */
	unsigned long pc;     /* where the fault says that it was */
	unsigned long resume; /* what comes after the instruction, whatever the fault says */
};

extern volatile struct probe probes[CPUS_MAX];

#define PROBE(p, instruction, ...)                                                                 \
	do {                                                                                       \
		unsigned long after_;                                                              \
                                                                                                   \
		(p)->status = PROBING;                                                             \
		__asm__ volatile("adr %[after], 1f\n\tstr %[after], %[resume]\n\t" instruction     \
				 "\n1:"                                                            \
				 : [after] "=&r"(after_), [resume] "=m"((p)->resume), __VA_ARGS__  \
				 : "memory");                                                      \
	} while (0)

/* 0, or the fault's status. */
static inline unsigned long probe_end(volatile struct probe *p)
{
	unsigned long status = p->status;

	p->status = 0;
	return status == PROBING ? 0 : status;
}

/* A load or store: 0, or the status of its fault. A load that faults reads as ones. */
static inline unsigned long try_read32(uint64_t addr, uint32_t *val)
{
	volatile struct probe *p = &probes[cpu_self()];
	uint32_t v = ~0u;

	PROBE(p, "ldr " REG32 "[v], [%[addr]]", [v] "+r"(v) : [addr] "r"((unsigned long)addr));
	*val = v;
	return probe_end(p);
}

static inline unsigned long try_write32(uint64_t addr, uint32_t val)
{
	volatile struct probe *p = &probes[cpu_self()];
	unsigned long v = val;

	PROBE(p, "str " REG32 "[v], [%[addr]]", [v] "+r"(v) : [addr] "r"((unsigned long)addr));
	return probe_end(p);
}

/* Nothing is at this address of the 1:1 map: an abort, of which kind is the hypervisor's choice. */
static inline bool is_hole(uint64_t addr)
{
	uint32_t v;

	return (unsigned long)addr != addr || try_read32(addr, &v);
}

#endif
