/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's own translation, done by the CPU: its EL1 registers are loaded while its vCPU is
 * current, so the AT instructions walk its tables with its rights (DDI 0487 D8.8).
 */
#include <asm/p2m.h>
#include <asm/processor.h>
#include <asm/stage2.h>
#include <asm/sysreg.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/guest_access.h>

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
