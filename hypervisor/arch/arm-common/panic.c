/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end: panic, boot_fail, a stack that was overwritten; and what each CPU needs for it. */
#include <asm/gic.h>
#include <asm/processor.h>
#include <asm/shutdown.h>
#include <asm/time.h>
#include <asm/traps.h>
#include <asm/workaround.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>

uintptr_t __stack_chk_guard;
void __stack_chk_fail(void);

static uint32_t panicking;

void hold(void)
{
	for (;;) {
		irq_disable();
		__asm__ volatile("wfi");
	}
}

static void stop_this(void *opaque)
{
	hold();
}

static void stop_others(void)
{
	unsigned long others = READ_ONCE(cpu_online_map) & ~BIT_OF_WORD(this_cpu()->id);

	if (others) {
		gic_send_sgi_mask(others, SGI_STOP);
	}
}

void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	irq_disable();
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST)) {
		hold();
	}
	stop_others();
	console_force_unlock();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_err("****************************************\n");
	log_err("Panic on CPU %u: %s\n", this_cpu()->id, text);
	backtrace((uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_frame_address(0));
	log_err("****************************************\n");
	if (boot_options.noreboot) {
		log_err("The machine holds, as noreboot says.\n");
		hold();
	}
	log_err("Reboot in five seconds.\n");
	time_delay_us(5000000);
	machine_reset();
}

void boot_fail(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_err("cannot start: %s. Halted.\n", text);
	stop_others();
	hold();
}

void __stack_chk_fail(void)
{
	panic("stack overwritten below %p", __builtin_return_address(0));
}

void trap_irq(void)
{
	this_cpu()->arch.interrupted = true;
	gic_handle_irq();
}

void traps_init_cpu(void)
{
	arch_traps_init_cpu();
	workaround_init_cpu();
	isb();
	if (irq_request(SGI_STOP, stop_this, NULL)) {
		panic("no interrupt to stop CPUs by");
	}
}
