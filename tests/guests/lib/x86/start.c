/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start of the guest in C, its end, how it hears of events, and its strings. */
#include "guest.h"

uint32_t xen_leaf;

void *memset(void *p, int c, size_t n)
{
	void *d = p;

	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
	return p;
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *d = to;

	__asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n)::"memory");
	return to;
}

const char *guest_cmdline(void)
{
	return start_info && start_info->cmdline_paddr ? (const char *)start_info->cmdline_paddr : "";
}

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
void guest_power_off(void)
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

void events_init(void)
{
	shared_info();
	set_irq_handler(EVENT_VECTOR, event_taken);
	CHECK_EQ(hvm_set_param(HVM_PARAM_CALLBACK_IRQ, 2ull << 56 | EVENT_VECTOR), 0);
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
