/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions of the hypervisor's own, and the registers of Hyp mode. */
#include <asm/boot.h>
#include <asm/processor.h>
#include <asm/sysreg.h>
#include <asm/traps.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/symbols.h>

void backtrace(uint64_t pc, uint64_t fp)
{
	uint64_t start = fp;

	log_err("backtrace:\n");
	symbol_print(pc);
	/*
	 * r11 points at the saved LR, the caller's r11 is below it. Records rise within one stack,
	 * which lies in one aligned block; anything else ends the walk.
	 */
	for (unsigned int i = 0; i < 24; i++) {
		const uint32_t *record = (const uint32_t *)(uintptr_t)(fp - 4);

		if ((fp & 3) || !(fp & BIT(STACK_SHIFT)) || !((fp - 4) & BIT(STACK_SHIFT)) ||
		    fp >> (STACK_SHIFT + 1) != start >> (STACK_SHIFT + 1)) {
			break;
		}
		pc = record[1];
		if (pc < (uintptr_t)_image_start || pc >= (uintptr_t)_text_end) {
			break;
		}
		symbol_print(pc);
		if (record[0] <= fp) {
			break;
		}
		fp = record[0];
	}
}

/* Exceptions
 * ---------------------------------------------------------------------------------------- */

static void __noreturn trap_fatal(const struct trap_frame *f, const char *what, uint64_t far)
{
	uint64_t hsr = read_sysreg(esr_el2);

	irq_disable();
	console_force_unlock();
	log_err("CPU %u: %s: HSR %08" PRIx64 " FAR %08" PRIx64 "\n", this_cpu()->id, what, hsr,
		far);
	for (unsigned int i = 0; i < 12; i += 4) {
		log_err("r%-2u %08x r%-2u %08x r%-2u %08x r%-2u %08x\n", i, f->x[i], i + 1,
			f->x[i + 1], i + 2, f->x[i + 2], i + 3, f->x[i + 3]);
	}
	log_err("r12 %08x sp %08x lr %08x pc %08x cpsr %08x\n", f->x[12], f->sp, f->lr, f->pc,
		f->pstate);
	backtrace(f->pc, f->x[11]);
	panic("%s at %08x", what, f->pc);
}

void trap_undefined(struct trap_frame *f)
{
	trap_fatal(f, "undefined instruction", 0);
}

void trap_prefetch(struct trap_frame *f)
{
	trap_fatal(f, "instruction abort", read_sysreg(hifar));
}

void trap_data(struct trap_frame *f)
{
	trap_fatal(f, "data abort", read_sysreg(hdfar));
}

void trap_overflow(struct trap_frame *f)
{
	f->sp = f->x[0];
	trap_fatal(f, "stack overflow", read_sysreg(hdfar));
}

void trap_bad(struct trap_frame *f)
{
	trap_fatal(f, "impossible exception", 0);
}

void arch_traps_init_cpu(void)
{
	/* No guest here yet: nothing traps that the hypervisor itself does. */
	vcpu_fpu_rights();
	write_sysreg(hdcr, HDCR_TDRA | HDCR_TDOSA | HDCR_TDA | HDCR_TPM | HDCR_TPMCR |
			       (read_sysreg(hdcr) & HDCR_HPMN));
	write_sysreg(hstr, HSTR_T15);
	write_sysreg(hcr_el2, HCR_HOST);
}
