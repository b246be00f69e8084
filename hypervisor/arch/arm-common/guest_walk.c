/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's own translation, done by the CPU: its EL1 registers are loaded while its vCPU is
 * current, so the AT instructions walk its tables with its rights (DDI 0487 D8.8).
 */
#include <asm/guest_copy.h>
#include <asm/p2m.h>
#include <asm/processor.h>
#include <asm/stage2.h>
#include <asm/sysreg.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>

#define PAR_STAGE2 BIT(9) /* the fault is stage 2's, of the walk */
#define TRIES	   4

static uint64_t translate(uint64_t va, bool write, bool user)
{
	/* PAR_EL1 is the guest's too. */
	uint64_t own = read_sysreg(par_el1), par;

	stage1_translate(va, write, user);
	isb();
	par = read_sysreg(par_el1);
	write_sysreg(par_el1, own);
	return par;
}

bool guest_walk(gva_t va, bool need_write, bool need_user, bool fetch, gpa_t *out, uint32_t *pfec)
{
	uint64_t par = STAGE1_REACHES(va.v) ? translate(va.v, need_write, need_user) : PAR_FAULT;

	/* An entry of stage 2 that changes is absent for a moment: the guest's tables may stand
	 * behind it. */
	for (unsigned int i = 0; i < TRIES && (par & PAR_FAULT) && (par & PAR_STAGE2); i++) {
		(void)p2m_type_settled(current->domain, gfn(0));
		par = translate(va.v, need_write, need_user);
	}
	if (par & PAR_FAULT) {
		*pfec = (need_write ? PFEC_WRITE : 0) | (need_user ? PFEC_USER : 0) |
			(fetch ? PFEC_FETCH : 0);
		return false;
	}
	*out = gpa((par & PAR_ADDR & (BIT(48) - 1)) | (va.v & ~PAGE_MASK));
	return true;
}

/* The machine's address behind both stages, where that is a frame of RAM. */
static inline bool translate_both(gva_t va, bool write, hpa_t *out)
{
	uint64_t own = read_sysreg(par_el1), par;

	if (!STAGE1_REACHES(va.v)) {
		return false;
	}
	both_translate(va.v, write);
	isb();
	par = read_sysreg(par_el1);
	write_sysreg(par_el1, own);
	*out = hpa((par & PAR_ADDR & (BIT(48) - 1)) | (va.v & ~PAGE_MASK));
	return PAR_IS_LONG(par) && !(par & PAR_FAULT) && mfn_valid(hpa_to_mfn(*out));
}

/*
 * Without a reference: what was read counts only if the frame is the domain's own afterwards, when
 * it cannot have been another's before (it would have to come back within these lines).
 */
bool guest_read_short(void *dst, gva_t va, size_t n)
{
	hpa_t a;

	if (unlikely(!translate_both(va, false, &a))) {
		return false;
	}
	guest_copy_words(dst, hpa_to_virt(a), n);
	smp_rmb();
	return likely(READ_ONCE(mfn_to_page(hpa_to_mfn(a))->owner) == current->domain);
}

bool guest_write_short(gva_t va, const void *src, size_t n)
{
	struct page_info *pg;
	hpa_t a;

	if (unlikely(!translate_both(va, true, &a))) {
		return false;
	}
	pg = mfn_to_page(hpa_to_mfn(a));
	if (unlikely(!page_get(pg, current->domain))) {
		return false;
	}
	guest_copy_words(hpa_to_virt(a), src, n);
	page_put(pg);
	return true;
}
