/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's FPU and vector state. The hypervisor never uses these registers, so they stay loaded over exits and
 * move only when the CPU turns to another vCPU: saved at once when one leaves, restored unless still there. Intel SDM
 * vol. 1 ch. 13 (XSAVE), section 13.4 for the area's layout.
 */
#include <asm/cpuid-bits.h>
#include <asm/exit.h>
#include <asm/fpu.h>
#include <asm/msr-index.h>
#include <asm/policy.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>

#define AREA_MIN	576U
#define LEGACY_SIZE	512U
#define FCW_OFFSET	0
#define MXCSR_OFFSET	24
#define XSTATE_BV_OFFSET 512
#define FCW_DEFAULT	0x037f
#define MXCSR_DEFAULT	0x1f80
#define XCR0_X87	BIT(0)
#define XCR0_SSE	BIT(1)
#define XCR0_AVX	BIT(2)
#define XCR0_AVX512	0xe0UL

static bool have_xsave(void)
{
	return policy_has(&policy_host, FEATURE_XSAVE);
}

/* Everything that any guest may enable. */
static uint64_t host_mask(void)
{
	return policy_xcr0(&policy_hvm_max);
}

uint32_t fpu_area_size(void)
{
	return MAX(policy_hvm_max.xstate[0].ecx, AREA_MIN);
}

static void load_xcr0(uint64_t val)
{
	struct arch_cpu *c = &this_cpu()->arch;

	if (unlikely(!c->xcr0) && policy_has(&policy_host, FEATURE_XSAVES)) {
		/* Guests have no state there, and on AMD-V it is the CPU's own that their XSAVES go by. */
		wrmsr(MSR_XSS, 0);
	}
	if (c->xcr0 != val) {
		xsetbv(0, val);
		c->xcr0 = val;
	}
}

/*
 * The guest's XCR0 is in the CPU while it runs, and XSETBV need not exit everywhere (QEMU's software SVM has no such
 * intercept): what the CPU holds is the truth.
 */
void fpu_sync_xcr0(struct vcpu *v)
{
	uint32_t lo, hi;

	if (!have_xsave()) {
		return;
	}
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	v->arch.xcr0 = this_cpu()->arch.xcr0 = lo | ((uint64_t)hi << 32);
}

static void save(struct vcpu *v)
{
	uint64_t mask = host_mask();

	if (!have_xsave()) {
		__asm__ volatile("fxsave64 (%0)" ::"r"(v->arch.xsave) : "memory");
		return;
	}
	load_xcr0(mask);
	__asm__ volatile("xsave64 (%0)" ::"r"(v->arch.xsave), "a"((uint32_t)mask),
			 "d"((uint32_t)(mask >> 32))
			 : "memory");
}

static void restore(struct vcpu *v)
{
	uint64_t mask = host_mask();

	if (!have_xsave()) {
		__asm__ volatile("fxrstor64 (%0)" ::"r"(v->arch.xsave) : "memory");
		return;
	}
	load_xcr0(mask);
	__asm__ volatile("xrstor64 (%0)" ::"r"(v->arch.xsave), "a"((uint32_t)mask),
			 "d"((uint32_t)(mask >> 32))
			 : "memory");
}

void fpu_reset(struct vcpu *v)
{
	uint8_t *area = v->arch.xsave;
	uint16_t fcw = FCW_DEFAULT;
	uint32_t mxcsr = MXCSR_DEFAULT;
	uint64_t bv = XCR0_X87 | XCR0_SSE;

	memset(area, 0, fpu_area_size());
	memcpy(area + FCW_OFFSET, &fcw, sizeof(fcw));
	memcpy(area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
	memcpy(area + XSTATE_BV_OFFSET, &bv, sizeof(bv));
	v->arch.fpu_cpu = ~0U;
	v->arch.xcr0 = XCR0_X87;
}

int fpu_vcpu_init(struct vcpu *v)
{
	/* Whole frames: aligned to 64 bytes for certain. */
	v->arch.xsave = hv_alloc(ROUND_UP(fpu_area_size(), (uint32_t)PAGE_SIZE));
	if (!v->arch.xsave) {
		return -ENOMEM;
	}
	fpu_reset(v);
	return 0;
}

void fpu_vcpu_destroy(struct vcpu *v)
{
	hv_free(v->arch.xsave);
	v->arch.xsave = NULL;
}

void fpu_switch(struct vcpu *prev, struct vcpu *next)
{
	struct arch_cpu *c = &this_cpu()->arch;

	if (!vcpu_is_idle(prev)) {
		fpu_sync_xcr0(prev);
		save(prev);
	}
	if (vcpu_is_idle(next)) {
		return;
	}
	if (c->fpu_owner != next || next->arch.fpu_cpu != this_cpu()->id) {
		restore(next);
		c->fpu_owner = next;
		next->arch.fpu_cpu = this_cpu()->id;
	}
	if (have_xsave()) {
		load_xcr0(next->arch.xcr0);
	}
}

/* Legal combinations: x87 always, AVX with SSE, the three of AVX-512 together and with AVX. SDM 13.3. */
bool fpu_xcr0_valid(const struct vcpu *v, uint64_t val)
{
	if (!(val & XCR0_X87) || val & ~policy_xcr0(v->domain->arch.policy)) {
		return false;
	}
	if ((val & XCR0_AVX) && !(val & XCR0_SSE)) {
		return false;
	}
	if ((val & XCR0_AVX512) && ((val & XCR0_AVX512) != XCR0_AVX512 || !(val & XCR0_AVX))) {
		return false;
	}
	return true;
}

bool fpu_set_xcr0(struct vcpu *v, uint64_t val)
{
	if (!fpu_xcr0_valid(v, val)) {
		return false;
	}
	v->arch.xcr0 = val;
	load_xcr0(val);
	return true;
}

/* A state from outside: only components that exist, no compaction, no reserved MXCSR bits, so XRSTOR cannot fault. */
bool fpu_load_area(struct vcpu *v, const void *untrusted_area, uint32_t len)
{
	uint8_t *area = v->arch.xsave;
	uint64_t bv = 0;
	uint32_t mxcsr;

	if (len > fpu_area_size()) {
		return false;
	}
	fpu_reset(v);
	memcpy(area, untrusted_area, MIN(len, 512U));
	memcpy(&mxcsr, area + MXCSR_OFFSET, sizeof(mxcsr));
	if (mxcsr & ~0xffffU) {
		fpu_reset(v);
		return false;
	}
	if (len >= AREA_MIN) {
		memcpy(&bv, (const uint8_t *)untrusted_area + XSTATE_BV_OFFSET, sizeof(bv));
		bv &= host_mask();
		memcpy(area + XSTATE_BV_OFFSET, &bv, sizeof(bv));
		memcpy(area + AREA_MIN, (const uint8_t *)untrusted_area + AREA_MIN, len - AREA_MIN);
	}
	return true;
}

bool fpu_load_legacy(struct vcpu *v, const void *untrusted_image)
{
	uint8_t *area = v->arch.xsave;
	uint32_t mxcsr;
	uint64_t bv;

	memcpy(&mxcsr, (const uint8_t *)untrusted_image + MXCSR_OFFSET, sizeof(mxcsr));
	if (mxcsr & ~0xffffU) {
		return false;
	}
	memcpy(area, untrusted_image, LEGACY_SIZE);
	memcpy(&bv, area + XSTATE_BV_OFFSET, sizeof(bv));
	bv |= XCR0_X87 | XCR0_SSE;
	memcpy(area + XSTATE_BV_OFFSET, &bv, sizeof(bv));
	v->arch.fpu_cpu = ~0U;
	return true;
}
