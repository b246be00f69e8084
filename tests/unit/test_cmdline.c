/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot options, with the library's own string functions. */
#include "unit.h"
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/lib.h>

static char switched_by[16];

void console_set_switch(const char *value)
{
	str_copy(switched_by, value, sizeof(switched_by));
}

/* Parses on fresh options; how many warnings there were. */
static unsigned int warnings(const char *line)
{
	unsigned int before = unit_log_count;

	memset(&boot_options, 0, sizeof(boot_options));
	cmdline_parse(line);
	return unit_log_count - before;
}

TEST(cmdline_empty)
{
	CHECK_EQ(warnings(""), 0);
	CHECK_EQ(warnings("   "), 0);
	CHECK_TRUE(boot_options.console_serial && boot_options.console_vga);
	CHECK_TRUE(!boot_options.noreboot && !boot_options.iommu_off);
}

TEST(cmdline_sizes)
{
	CHECK_EQ(warnings("dom0_mem=512M"), 0);
	CHECK_EQ(boot_options.dom0_mem, 512ULL << 20);
	CHECK_EQ(warnings("dom0_mem=1024"), 0);
	CHECK_EQ(boot_options.dom0_mem, 1024ULL << 10);
	CHECK_EQ(warnings("dom0_mem=min:256M,max:2g,1G"), 0);
	CHECK_EQ(boot_options.dom0_mem_min, 256ULL << 20);
	CHECK_EQ(boot_options.dom0_mem_max, 2ULL << 30);
	CHECK_EQ(boot_options.dom0_mem, 1ULL << 30);
	CHECK_EQ(warnings("dom0_mem=lots"), 1);
	CHECK_EQ(warnings("dom0_mem=12Mx"), 1);
	CHECK_EQ(warnings("dom0_mem=99999999999999999999T"), 1);
	CHECK_EQ(warnings("dom0_mem=99999999999T"), 1);
	CHECK_EQ(boot_options.dom0_mem, 0);
}

TEST(cmdline_numbers)
{
	CHECK_EQ(warnings("dom0_max_vcpus=4 maxcpus=8"), 0);
	CHECK_EQ(boot_options.dom0_max_vcpus, 4);
	CHECK_EQ(boot_options.max_cpus, 8);
	CHECK_EQ(warnings("dom0_max_vcpus=129"), 1);
	CHECK_EQ(warnings("dom0_max_vcpus="), 1);
	CHECK_EQ(warnings("dom0_max_vcpus=4k"), 1);
	CHECK_EQ(boot_options.dom0_max_vcpus, 0);
}

TEST(cmdline_booleans)
{
	CHECK_EQ(warnings("noreboot sync_console=yes iommu=verbose,force"), 0);
	CHECK_TRUE(boot_options.noreboot && boot_options.sync_console);
	CHECK_TRUE(boot_options.iommu_verbose && boot_options.iommu_force && !boot_options.iommu_off);
	CHECK_EQ(warnings("noreboot=0 iommu=off no-x2apic"), 0);
	CHECK_TRUE(!boot_options.noreboot && boot_options.iommu_off && !boot_options.x2apic);
	CHECK_TRUE(!boot_options.iommu_no_intremap);
	CHECK_EQ(warnings("iommu=force,no-intremap"), 0);
	CHECK_TRUE(boot_options.iommu_no_intremap && boot_options.iommu_force);
	CHECK_EQ(warnings("iommu=no-intremap,intremap=yes"), 0);
	CHECK_TRUE(!boot_options.iommu_no_intremap);
	CHECK_EQ(warnings("iommu=intremap=off"), 0);
	CHECK_TRUE(boot_options.iommu_no_intremap);
	CHECK_EQ(warnings("noreboot=perhaps iommu=sometimes iommu=intremap=maybe"), 3);
}

TEST(cmdline_console)
{
	CHECK_EQ(warnings("console=com1 com1=115200,8n1 loglvl=all guest_loglvl=error/warning"), 0);
	CHECK_TRUE(boot_options.console_serial && !boot_options.console_vga);
	CHECK_STR(boot_options.com1, "115200,8n1");
	CHECK_STR(boot_options.loglvl, "all");
	CHECK_STR(boot_options.guest_loglvl, "error/warning");
	CHECK_EQ(warnings("console=vga,none"), 0);
	CHECK_TRUE(!boot_options.console_serial && boot_options.console_vga);
	CHECK_EQ(warnings("console=carrier-pigeon"), 1);
}

TEST(cmdline_unknown_is_named)
{
	CHECK_EQ(warnings("frobnicate=7"), 1);
	CHECK_TRUE(strchr(unit_last_log, 'f'));
	CHECK_STR(unit_last_log, "command line: unknown option 'frobnicate=7' ignored\n");
	CHECK_EQ(warnings("dom0=pvh dom0=pv"), 1);
}

TEST(cmdline_long_words)
{
	static char line[4096];

	memset(line, 'a', sizeof(line) - 1);
	CHECK_EQ(warnings(line), 1);
	memcpy(line, "com1=", 5);
	CHECK_EQ(warnings(line), 0);
	CHECK_EQ(strlen(boot_options.com1), sizeof(boot_options.com1) - 1);
}

TEST(cmdline_apicv)
{
	CHECK_EQ(warnings(""), 0);
	CHECK_TRUE(boot_options.apicv && !boot_options.apicv_force);
	CHECK_EQ(warnings("apicv=off"), 0);
	CHECK_TRUE(!boot_options.apicv && !boot_options.apicv_force);
	CHECK_EQ(warnings("no-apicv"), 0);
	CHECK_TRUE(!boot_options.apicv);
	CHECK_EQ(warnings("apicv=force"), 0);
	CHECK_TRUE(boot_options.apicv && boot_options.apicv_force);
	CHECK_EQ(warnings("apicv=force apicv=on"), 0);
	CHECK_TRUE(boot_options.apicv && !boot_options.apicv_force);
	CHECK_EQ(warnings("apicv=some"), 1);
}

TEST(cmdline_conswitch)
{
	CHECK_EQ(warnings("conswitch=bx"), 0);
	CHECK_STR(switched_by, "bx");
}
