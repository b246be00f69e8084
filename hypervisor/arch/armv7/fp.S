/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * void fp_save(struct guest_fp *), void fp_restore(const struct guest_fp *): VFP and Advanced SIMD registers. FPEXC.EN is
 * the guest's, and without it nobody reaches the others. 16 of the 32 are optional (MVFR0, bits 3:0).
 * uint32_t fp_mvfr(unsigned int n): MVFR0 or MVFR1; uint32_t fp_fpsid(void).
 */
	.arch	armv7ve
	.fpu	neon-vfpv4
	.arm

#define FPEXC_EN	(1 << 30)
#define OFFSET_FPEXC	256

	.text
	.globl	fp_save, fp_restore, fp_mvfr, fp_fpsid
fp_save:
	vmrs	r1, fpexc
	orr	r2, r1, #FPEXC_EN
	vmsr	fpexc, r2
	isb
	vmrs	r2, fpscr
	vmrs	r3, mvfr0
	and	r3, r3, #15
	vstm	r0!, {d0-d15}
	cmp	r3, #2
	vstmeq	r0, {d16-d31}
	add	r0, r0, #OFFSET_FPEXC / 2
	str	r1, [r0]
	str	r2, [r0, #4]
	bx	lr
fp_restore:
	mov	r1, #FPEXC_EN
	vmsr	fpexc, r1
	isb
	vmrs	r3, mvfr0
	and	r3, r3, #15
	vldm	r0!, {d0-d15}
	cmp	r3, #2
	vldmeq	r0, {d16-d31}
	add	r0, r0, #OFFSET_FPEXC / 2
	ldr	r2, [r0, #4]
	vmsr	fpscr, r2
	ldr	r1, [r0]
	vmsr	fpexc, r1
	bx	lr
fp_mvfr:
	cmp	r0, #0
	vmrseq	r0, mvfr0
	vmrsne	r0, mvfr1
	bx	lr
fp_fpsid:
	vmrs	r0, fpsid
	bx	lr
	.section .note.GNU-stack, "", %progbits
