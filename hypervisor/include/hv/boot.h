/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the boot loader handed over, checked and copied into our own memory (arch/x86/boot/). */
#include <hv/addr.h>

enum memory_type {
	MEMORY_RAM = 1,			/* the numbers are those of the ACPI/e820 map */
	MEMORY_RESERVED = 2,
	MEMORY_ACPI = 3,
	MEMORY_NVS = 4,
	MEMORY_UNUSABLE = 5,
};

struct memory_range {
	uint64_t start, end;		/* bytes, end exclusive */
	uint32_t type;
};

struct boot_module {
	hpa_t start;
	uint64_t size;
	char cmdline[1024];
};

struct boot_framebuffer {
	uint64_t base;
	uint32_t width, height, pitch, bpp;
	uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
	bool present, text;
};

#define BOOT_MEMORY_MAX	256
#define BOOT_MODULE_MAX	4

struct boot_info {
	const char *loader;
	char cmdline[2048];
	struct memory_range memory[BOOT_MEMORY_MAX];	/* sorted, no overlap */
	unsigned int memory_count;
	struct boot_module modules[BOOT_MODULE_MAX];
	unsigned int module_count;
	uint64_t acpi_rsdp;		/* 0: look for it */
	uint8_t acpi_rsdp_copy[36];	/* multiboot2 gives a copy */
	bool acpi_rsdp_copied;
	bool efi;
	struct boot_framebuffer framebuffer;
};

extern struct boot_info boot_info;

/* Machine memory that the hypervisor keeps (image, its tables, modules until they are read); arch's boot code. */
#define HV_RESERVED_MAX 64
extern struct memory_range hv_reserved[HV_RESERVED_MAX];
extern unsigned int hv_reserved_count;
/* Hands the RAM of boot_info that is neither reserved nor the service VM's to the allocator. */
void boot_frames_init(const struct memory_range *service, unsigned int service_count);

/* Arch: what the ABI has for it and not for others. */
struct arch_abi {
	const char *(*capabilities)(void);	/* kinds of guests on this machine, each followed by a space */
	bool moves_frames;		/* XENMAPSPACE_gmfn and gmfn_range */
	int own_frames_errno;		/* of XENMAPSPACE_gmfn_foreign for frames of one's own */
	uint64_t virt_start;		/* where a PV guest of Xen would find the hypervisor; tools print it */
};
extern const struct arch_abi arch_abi;

/* Boot cannot go on: one clear line on every console, then the machine holds (never a reset). */
void boot_fail(const char *fmt, ...) __printf(1, 2) __noreturn;

/* Options of the command line, parsed once (common/cmdline.c); see docs/options.md. */
struct boot_options {
	uint64_t dom0_mem, dom0_mem_min, dom0_mem_max;	/* bytes; 0: not given */
	unsigned int dom0_max_vcpus;			/* 0: as many as CPUs */
	unsigned int max_cpus;
	bool noreboot, sync_console;
	bool iommu_off, iommu_force, iommu_verbose, iommu_no_intremap;
	bool console_serial, console_vga;
	char com1[64];
	char dtuart[128];		/* path or alias in the device tree */
	char loglvl[32], guest_loglvl[32];
	bool x2apic;
	bool apicv, apicv_force;	/* force: also where the CPU is not trusted with it */
};

extern struct boot_options boot_options;
/* An unknown option or a bad value is a warning that names it. */
void cmdline_parse(const char *cmdline);
