/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the board lets a CPU go. The firmware's PSCI hands our word on to the CPU that it starts; all
 * other ways start it at a bare address, perhaps together with others, and it then waits in boot.S
 * until boot_pen names it. Boot CPU only.
 */
#include <asm/boot.h>
#include <asm/cpu_start.h>
#include <asm/gic.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/smccc.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define PEN_EMPTY ~0ULL

/* Samsung's secure firmware (Linux, Documentation/arm/samsung/bootloader-interface.rst). */
#define EXYNOS_SMC_CPU1BOOT 0xfffffffcu

/* TI SWPU249, 4.3: the ROM's word for a CPU in Hyp mode, and where it looks (offsets from
 * WakeUpGen). */
#define OMAP5_API_HYP_ENTRY 0x102u
#define OMAP5_AUX_BOOT_0    0x800u
#define OMAP5_AUX_BOOT_1    0x804u
#define OMAP5_CPU1_GO	    0x20u

static void pen_set(uint64_t mpidr, uint64_t top, uint32_t to_hyp)
{
	boot_pen.top = top;
	boot_pen.to_hyp = to_hyp;
	cache_clean_range(&boot_pen, sizeof(boot_pen));
	/* Last, for it is what they wait for. */
	WRITE_ONCE(boot_pen.mpidr, mpidr);
	cache_clean_range(&boot_pen, sizeof(boot_pen));
}

static bool by_psci(const struct platform_cpu *cpu, void *top)
{
	uint64_t entry = virt_to_hpa(boot_secondary).v;
	int64_t err = (int32_t)smc_call(platform.psci.cpu_on, cpu->mpidr, entry, (uintptr_t)top);

	if (err) {
		log_err("CPU %" PRIx64 ": PSCI says %" PRId64 "\n", cpu->mpidr, err);
	}
	return !err;
}

/* Writes the entry where the CPU looks, past all caches: it has none on. */
static volatile uint8_t *map_mailbox(const struct platform_cpu *cpu)
{
	volatile void *at = ioremap(hpa(cpu->mailbox.base), cpu->mailbox.size);

	if (!at) {
		log_err("CPU %" PRIx64 ": no room to map what starts it\n", cpu->mpidr);
	}
	return at;
}

static bool by_spin_table(const struct platform_cpu *cpu)
{
	volatile uint8_t *at = map_mailbox(cpu);
	uint64_t entry = virt_to_hpa(boot_secondary_pen).v;

	if (!at) {
		return false;
	}
	mmio_write32(at + 4, (uint32_t)(entry >> 32));
	mmio_write32(at, (uint32_t)entry);
	return true;
}

static bool by_exynos(const struct platform_cpu *cpu)
{
	volatile uint8_t *at = map_mailbox(cpu);

	if (!at) {
		return false;
	}
	mmio_write32(at, (uint32_t)virt_to_hpa(boot_secondary_pen).v);
	dsb(sy);
	if (cpu->start == START_EXYNOS_SMC) {
		(void)smc_call(EXYNOS_SMC_CPU1BOOT, cpu->mpidr & 0xff, 0, 0);
	}
	return true;
}

static bool by_omap5(const struct platform_cpu *cpu)
{
	volatile uint8_t *at = map_mailbox(cpu);

	if (!at) {
		return false;
	}
	mmio_write32(at + OMAP5_AUX_BOOT_1, (uint32_t)virt_to_hpa(boot_secondary_pen).v);
	mmio_write32(at + OMAP5_AUX_BOOT_0, OMAP5_CPU1_GO);
	return true;
}

static bool let_go(const struct platform_cpu *cpu)
{
	switch (cpu->start) {
	case START_SPIN_TABLE:
		return by_spin_table(cpu);
	case START_EXYNOS:
	case START_EXYNOS_SMC:
		return by_exynos(cpu);
	case START_OMAP5:
		return by_omap5(cpu);
	default:
		return false;
	}
}

bool cpu_start(const struct platform_cpu *cpu, void *top)
{
	if (cpu->start == START_PSCI) {
		return by_psci(cpu, top);
	}
	pen_set(cpu->mpidr, (uintptr_t)top, cpu->start == START_OMAP5 ? OMAP5_API_HYP_ENTRY : 0);
	if (!let_go(cpu)) {
		cpu_start_over();
		return false;
	}
	dsb(sy);
	__asm__ volatile("sev" ::: "memory");
	/* Some wait for an interrupt rather than for an event. */
	if (cpu->start != START_SPIN_TABLE) {
		gic_wake_others();
	}
	return true;
}

void cpu_start_over(void)
{
	pen_set(PEN_EMPTY, 0, 0);
}
