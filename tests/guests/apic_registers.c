/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The local APIC after reset: identity, version, masked entries, and which bits registers keep. */
#include "guest.h"

void guest_main(void)
{
	static const unsigned lvt[] = {APIC_LVTT, APIC_LVTTHMR, APIC_LVTPC,
				       APIC_LVT0, APIC_LVT1,	APIC_LVTERR};
	uint64_t base = rdmsr(MSR_APIC_BASE);
	unsigned i;

	EXPECT_EQ(base & ~0xfffull, 0xfee00000);
	EXPECT_EQ(base & 0xfff, APIC_BASE_BSP | APIC_BASE_ENABLE);
	EXPECT_EQ(apic_read(APIC_ID) >> 24, cpu_apic_id(0));
	EXPECT((apic_read(APIC_VERSION) & 0xff) >= 0x14, "%#x", apic_read(APIC_VERSION));
	EXPECT((apic_read(APIC_VERSION) >> 16 & 0xff) >= 5, "%#x", apic_read(APIC_VERSION));
	EXPECT_EQ(apic_read(APIC_SVR) & 0x1ff, 0xff);
	for (i = 0; i < ARRAY_SIZE(lvt); i++) {
		EXPECT(apic_read(lvt[i]) & APIC_LVT_MASKED, "LVT %#x: %#x", lvt[i],
		       apic_read(lvt[i]));
		/* While disabled by software the mask cannot be cleared. */
		apic_write(lvt[i], 0x50);
		EXPECT(apic_read(lvt[i]) & APIC_LVT_MASKED, "LVT %#x: %#x", lvt[i],
		       apic_read(lvt[i]));
	}
	apic_init();
	for (i = 0; i < ARRAY_SIZE(lvt); i++) {
		apic_write(lvt[i], 0x50);
		EXPECT((apic_read(lvt[i]) & 0x100ff) == 0x50, "LVT %#x: %#x", lvt[i],
		       apic_read(lvt[i]));
	}
	apic_write(APIC_SVR, 0xff);
	for (i = 0; i < ARRAY_SIZE(lvt); i++) {
		EXPECT(apic_read(lvt[i]) & APIC_LVT_MASKED, "LVT %#x survives the disabling",
		       lvt[i]);
	}
	apic_init();
	apic_write(APIC_TPR, 0x1ff);
	EXPECT_EQ(apic_read(APIC_TPR), 0xff);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LDR, 0xffffffff);
	EXPECT_EQ(apic_read(APIC_LDR), 0xff000000);
	apic_write(APIC_DFR, 0);
	EXPECT_EQ(apic_read(APIC_DFR), 0x0fffffff);
	apic_write(APIC_DFR, 0xffffffff);
	EXPECT_EQ(apic_read(APIC_DFR), 0xffffffff);
	apic_write(APIC_VERSION, 0);
	EXPECT((apic_read(APIC_VERSION) & 0xff) >= 0x14, "the version is writable");
	EXPECT_EQ(apic_read(APIC_ISR), 0);
	EXPECT_EQ(apic_read(APIC_IRR), 0);
}
