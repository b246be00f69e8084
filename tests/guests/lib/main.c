/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start of the guest in C, and the verdict. */
#include "guest.h"

uint32_t xen_leaf;
static unsigned failure_count;
static char first_failure[160];

static void wait(uint64_t cycles)
{
	uint64_t until = rdtsc() + cycles;

	while (rdtsc() < until) {
		pause();
	}
}

/*
 * End of the machine: Bochs's own port (it wants the word letter by letter), QEMU's debug exit, and an orderly power-off
 * where there is neither. The serial port gets the time to send the verdict: an emulated port under Bochs, where the
 * hypervisor waits for each byte, just that of its FIFO, else that of an interrupt-driven one.
 */
static void __attribute__((noreturn)) power_off(void)
{
	struct sched_shutdown off = {.reason = SHUTDOWN_poweroff};

	if (!cmdline_has("domu")) {
		wait(1000000);
		for (const char *c = "Shutdown"; *c; c++) {
			outb(0x8900, (uint8_t)*c);
		}
		wait(30000000);
		outl(0xf4, 0);
	}
	HC(sched_op, SCHEDOP_shutdown, &off);
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}

void guest_end(void)
{
	if (failure_count) {
		printf("VERDICT %s FAIL: %s%s\n", guest_name, first_failure,
		       failure_count > 1 ? " (and more)" : "");
	} else {
		printf("VERDICT %s PASS\n", guest_name);
	}
	power_off();
}

void guest_skip(const char *fmt, ...)
{
	char text[160];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	printf("VERDICT %s SKIP: %s\n", guest_name, text);
	power_off();
}

static void note_failure(const char *text)
{
	printf("failure: %s\n", text);
	if (!failure_count++) {
		snprintf(first_failure, sizeof(first_failure), "%s", text);
	}
}

static const char *base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++) {
		if (*path == '/') {
			base = path + 1;
		}
	}
	return base;
}

void guest_fail(const char *file, int line, const char *what, const char *fmt, ...)
{
	char text[160];
	int n;
	__builtin_va_list ap;

	n = snprintf(text, sizeof(text), "%s:%d: %s ", base_name(file), line, what);
	if (n < (int)sizeof(text)) {
		__builtin_va_start(ap, fmt);
		vsnprintf(text + n, sizeof(text) - n, fmt, ap);
		__builtin_va_end(ap);
	}
	note_failure(text);
}

bool guest_compare(const char *file, int line, const char *what, long got, long want)
{
	char text[160];

	if (got == want) {
		return true;
	}
	snprintf(text, sizeof(text), "%s:%d: %s is %ld (%#lx), not %ld (%#lx)", base_name(file),
		 line, what, got, got, want, want);
	note_failure(text);
	return false;
}

/* Find Xen's CPUID leaves and let the hypervisor fill the hypercall page. */
static void hypercalls_init(void)
{
	struct cpuid r;

	for (xen_leaf = 0x40000000; xen_leaf < 0x40010000; xen_leaf += 0x100) {
		r = cpuid(xen_leaf, 0);
		if (r.b == XEN_CPUID_SIGNATURE_EBX && r.c == XEN_CPUID_SIGNATURE_ECX &&
		    r.d == XEN_CPUID_SIGNATURE_EDX) {
			break;
		}
	}
	r = cpuid(xen_leaf + 2, 0);
	wrmsr(r.b, (uint64_t)hypercall_page);
	cpu_is_intel = cpuid(0, 0).c == 0x6c65746e; /* "ntel" */
}

void guest_start(void);
void guest_start(void)
{
	trap_init_cpu(0);
	hypercalls_init();
	guest_main();
	guest_end();
}
