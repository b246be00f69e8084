/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions of the hypervisor's own, and the registers of EL2. */
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
	/* Records rise within one stack, which lies in one aligned block; anything else ends the
	 * walk. */
	for (unsigned int i = 0; i < 24; i++) {
		const uint64_t *record = (const uint64_t *)fp;

		if ((fp & 7) || !(fp & BIT(STACK_SHIFT)) ||
		    fp >> (STACK_SHIFT + 1) != start >> (STACK_SHIFT + 1)) {
			break;
		}
		pc = record[1];
		if (pc < (uint64_t)_image_start || pc >= (uint64_t)_text_end) {
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

static void __noreturn trap_fatal(const struct trap_frame *f, const char *what)
{
	uint64_t esr = read_sysreg(esr_el2), far = read_sysreg(far_el2);

	irq_disable();
	console_force_unlock();
	log_err("CPU %u: %s: ESR %08lx FAR %016lx\n", this_cpu()->id, what, esr, far);
	for (unsigned int i = 0; i < 30; i += 3) {
		log_err("x%-2u %016lx x%-2u %016lx x%-2u %016lx\n", i, f->x[i], i + 1, f->x[i + 1],
			i + 2, f->x[i + 2]);
	}
	log_err("lr  %016lx sp  %016lx pc  %016lx pstate %lx\n", f->x[30], f->sp, f->pc, f->pstate);
	backtrace(f->pc, f->x[29]);
	panic("%s at %016lx", what, f->pc);
}

void trap_sync(struct trap_frame *f)
{
	uint64_t esr = read_sysreg(esr_el2);

	trap_fatal(f, ESR_EC(esr) == EC_DABT   ? "data abort"
		      : ESR_EC(esr) == EC_IABT ? "instruction abort"
					       : "exception");
}

void trap_overflow(struct trap_frame *f)
{
	f->sp = f->x[0];
	trap_fatal(f, "stack overflow");
}

void trap_serror(struct trap_frame *f)
{
	trap_fatal(f, "SError");
}

void trap_bad(struct trap_frame *f)
{
	trap_fatal(f, "impossible exception");
}

/* By the names of DDI 0487: assemblers are older. */
#define HFGRTR_EL2  S3_4_C1_C1_4
#define HFGWTR_EL2  S3_4_C1_C1_5
#define HFGITR_EL2  S3_4_C1_C1_6
#define HDFGRTR_EL2 S3_4_C3_C1_4
#define HDFGWTR_EL2 S3_4_C3_C1_5
#define HAFGRTR_EL2 S3_4_C3_C1_6
#define HCRX_EL2    S3_4_C1_C2_2

/* Registers that hold anything at reset. With zero nothing traps but what is newer than they are. */
static void fine_traps_init(void)
{
	if (cpu_has_fgt()) {
		write_sysreg(HFGRTR_EL2, 0);
		write_sysreg(HFGWTR_EL2, 0);
		write_sysreg(HFGITR_EL2, 0);
		write_sysreg(HDFGRTR_EL2, 0);
		write_sysreg(HDFGWTR_EL2, 0);
		if (cpu_has_amu()) {
			write_sysreg(HAFGRTR_EL2, 0);
		}
	}
	if (cpu_has_hcx()) {
		write_sysreg(HCRX_EL2, 0);
	}
}

void arch_traps_init_cpu(void)
{
	/* No guest here yet: nothing traps that the hypervisor itself does. */
	write_sysreg(cptr_el2, CPTR_RES1 | CPTR_TZ | CPTR_TTA | (cpu_has_amu() ? CPTR_TAM : 0));
	write_sysreg(mdcr_el2, MDCR_TDRA | MDCR_TDOSA | MDCR_TDA | MDCR_TPM | MDCR_TPMCR |
				   (cpu_has_spe() ? MDCR_TPMS : 0) |
				   (cpu_has_trf() ? MDCR_TTRF : 0) |
				   (read_sysreg(mdcr_el2) & MDCR_HPMN));
	fine_traps_init();
	write_sysreg(hstr_el2, 0);
	write_sysreg(hcr_el2, HCR_HOST);
}
