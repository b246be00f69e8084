/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions and exceptions of 32-bit code. No state, no locks. */
#include <asm/aarch32.h>
#include <asm/traps.h>
#include <asm/vcpu.h>

#define VECTORS_HIGH 0xffff0000u
#define ALWAYS	     14

/* Classes of exceptions whose syndrome tells a condition: 1 to 12, and SMC. */
#define EC_CONDITIONAL_END 0x0c
#define EC_SMC_32	   0x13
#define CONDITION_VALID	   BIT(24)
#define CONDITION(iss)	   (((iss) >> 20) & 15)

#define FSR_WRITE    0x800u
#define FSR_LPAE     0x200u
#define FSR_EXTERNAL 0x08u
#define FSR_LPAE_EXT 0x10u

/* ITSTATE, DDI 0406C A2.5.2: its upper bits stand at 15:10 of the CPSR, its lower ones at 26:25. */
static unsigned int it_state(uint64_t cpsr)
{
	return (unsigned int)((cpsr >> 8 & 0xfc) | (cpsr >> 25 & 3));
}

static void it_advance(struct guest_regs *r)
{
	unsigned int it = it_state(r->pstate);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	r->pstate = (r->pstate & (uint32_t)~CPSR_IT) | (it & 0xfc) << 8 | (it & 3) << 25;
}

void aarch32_skip(struct guest_regs *r, uint64_t esr)
{
	r->pc += esr & ESR_IL ? 4 : 2;
	if (r->pstate & CPSR_THUMB) {
		it_advance(r);
	}
}

/* A8.3.1. The lowest bit of all conditions but "always" negates. */
static bool condition_holds(unsigned int cond, uint64_t cpsr)
{
	bool n = cpsr & BIT(31), z = cpsr & BIT(30), c = cpsr & BIT(29), f = cpsr & BIT(28);
	const bool by_condition[] = {z, c, n, f, c && !z, n == f, n == f && !z, true};

	return cond >= ALWAYS || by_condition[cond >> 1] != (cond & 1);
}

bool aarch32_condition_passed(uint64_t cpsr, uint64_t esr)
{
	unsigned int ec = ESR_EC(esr), cond = ALWAYS, it;
	uint32_t iss = ESR_ISS(esr);

	/* All else is not conditional or has been looked at. */
	if (ec == EC_UNKNOWN || (ec > EC_CONDITIONAL_END && ec != EC_SMC_32)) {
		return true;
	}
	/* On ARMv7 that of SMC says nothing, so it is as if not valid. */
	if (iss & CONDITION_VALID) {
		cond = CONDITION(iss);
	} else if (cpsr & CPSR_THUMB) {
		it = it_state(cpsr);
		cond = it ? it >> 4 : ALWAYS;
	}
	return condition_holds(cond, cpsr);
}

bool aarch32_mode_ok(uint64_t cpsr)
{
	uint64_t mode = cpsr & CPSR_MODE;

	return !(cpsr >> 32) &&
	       (mode == MODE_USR || mode == MODE_FIQ || mode == MODE_IRQ || mode == MODE_SVC ||
		mode == MODE_ABT || mode == MODE_UND || mode == MODE_SYS);
}

/* B1.8.10. */
void aarch32_enter(struct guest_regs *r, unsigned int mode, unsigned int vector, uint64_t sctlr,
		   uint64_t vbar)
{
	uint64_t cpsr = r->pstate & ~(CPSR_MODE | CPSR_THUMB | CPSR_JAZELLE | CPSR_IT | CPSR_BIG);

	cpsr |= mode | CPSR_IRQ_MASK | (mode == MODE_ABT ? CPSR_ABORT_MASK : 0);
	cpsr |= (sctlr & SCTLR_TE ? CPSR_THUMB : 0) | (sctlr & SCTLR_EE ? CPSR_BIG : 0);
	r->pstate = (uint32_t)cpsr;
	r->pc = (sctlr & SCTLR_V ? VECTORS_HIGH : (uint32_t)vbar) + vector;
}

uint32_t aarch32_abort_status(uint64_t ttbcr, bool write)
{
	return (ttbcr & TTBCR_EAE ? FSR_LPAE | FSR_LPAE_EXT : FSR_EXTERNAL) |
	       (write ? FSR_WRITE : 0);
}
