/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/* The hypervisor's own CPUID leaves: signature, version, hypercall page, vCPU number, domain. */
#include "guest.h"

static struct cpuid other;

static void ask(void *arg)
{
	(void)arg;
	other = cpuid(xen_leaf + 4, 0);
}

void guest_main(void)
{
	struct cpuid r = cpuid(xen_leaf, 0);

	EXPECT(r.a >= xen_leaf + 4 && r.a <= xen_leaf + 0xff, "highest leaf %#x", r.a);
	EXPECT_EQ(cpuid(xen_leaf + 1, 0).a, HC(xen_version, XENVER_version, 0));
	r = cpuid(xen_leaf + 2, 0);
	EXPECT_EQ(r.a, 1);
	EXPECT_EQ(r.b & 0xffff0fff, 0x40000000);
	r = cpuid(xen_leaf + 4, 0);
	EXPECT(r.a & XEN_HVM_CPUID_VCPU_ID_PRESENT, "%#x", r.a);
	EXPECT_EQ(r.b, 0);
	EXPECT(r.a & XEN_HVM_CPUID_DOMID_PRESENT, "%#x", r.a);
	EXPECT_EQ(r.c, OWN_DOMID);
	cpu_run(1, ask, NULL);
	cpu_wait(1);
	EXPECT_EQ(other.b, 1);
	/* The time leaf agrees with the shared page. */
	r = cpuid(xen_leaf + 3, 0);
	EXPECT(r.c > tsc_khz() - tsc_khz() / 1000 && r.c < tsc_khz() + tsc_khz() / 1000,
	       "%u kHz by CPUID, %lu by the shared page", r.c, tsc_khz());
	r = cpuid(xen_leaf + 3, 1);
	EXPECT_EQ(r.c, vcpu_info(0)->time.tsc_to_system_mul);
}
