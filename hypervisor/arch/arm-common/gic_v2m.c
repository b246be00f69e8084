/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2m: a page in which a device's write makes an SPI pending (Arm DEN 0029, GICv2m). The service
 * VM drives it; here it is only looked at, for what it may raise must be lines that exist and that
 * are not the hypervisor's. No locks: boot CPU, read-only afterwards.
 */
#include <asm/gic.h>
#include <asm/msi.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/vgic.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#define MSI_TYPER      0x008
#define TYPER_BASE(v)  ((v) >> 16 & 0x3ff)
#define TYPER_COUNT(v) ((v)&0x3ff)
#define ITS_TRANSLATER 0x10040u /* GITS_TRANSLATER, from the ITS's first register */

/* NULL, or what is wrong with the frame. */
static const char *judge(const struct platform_msi *m, uint32_t base, uint32_t count)
{
	uint32_t uart = platform.uart.model ? platform.uart.intid : 0;

	if (base < VGIC_PRIVATE || !count || count > gic_lines || base > gic_lines - count) {
		return "has lines that the GIC has not";
	}
	if (uart >= base && uart - base < count) {
		return "has the console's interrupt among its lines";
	}
	/* The frame is handed over as a whole; here it still counts as hidden. */
	for (unsigned int i = 0; i < platform.hidden_count; i++) {
		const struct platform_region *r = &platform.hidden[i];

		if (m->regs.base < r->base + r->size && r->base < m->regs.base + m->regs.size) {
			return "overlaps registers that the hypervisor keeps";
		}
	}
	return NULL;
}

static void look_at(struct platform_msi *m)
{
	const char *wrong = "is not a page of registers";
	uint32_t base = m->spi_base, count = m->spi_count;
	volatile uint8_t *regs;

	if (IS_ALIGNED(m->regs.base, PAGE_SIZE) && m->regs.size >= PAGE_SIZE &&
	    m->regs.size <= MIB(1) && !platform_is_memory(m->regs.base)) {
		m->regs.size = ROUND_DOWN(m->regs.size, PAGE_SIZE);
		regs = count ? NULL : ioremap(hpa(m->regs.base), PAGE_SIZE);
		if (regs) {
			uint32_t typer = mmio_read32(regs + MSI_TYPER);

			base = TYPER_BASE(typer);
			count = TYPER_COUNT(typer);
		}
		wrong = judge(m, base, count);
	}
	if (wrong) {
		log_warn("GICv2m: the frame at %" PRIx64 " %s: not used\n", m->regs.base, wrong);
		return;
	}
	m->usable = true;
	log_info("GICv2m: messages at %" PRIx64 " raise interrupts %u to %u\n", m->regs.base, base,
		 base + count - 1);
}

void gic_v2m_init(void)
{
	for (unsigned int i = 0; i < platform.gic.msi_count; i++) {
		if (platform.gic.msi[i].kind == MSI_V2M) {
			look_at(&platform.gic.msi[i]);
		}
	}
}

bool gic_msi_frame(unsigned int i, mfn_t *out)
{
	for (unsigned int k = 0; k < platform.gic.msi_count; k++) {
		const struct platform_msi *m = &platform.gic.msi[k];

		if (!m->usable || i--) {
			continue;
		}
		*out = hpa_to_mfn(hpa(m->regs.base + (m->kind == MSI_ITS ? ITS_TRANSLATER : 0)));
		return true;
	}
	return false;
}
