/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86: interrupts, MSRs, ports and memory that is not the guest's. */
#include "hostile.h"

#define LAPIC  0xfee00000ul
#define IOAPIC 0xfec00000ul

/*
 * Any vector may come. The callback is a level, so its flag is cleared whatever the vector; a guest
 * that nevertheless never gets out of its handlers goes on with interrupts off.
 */
static volatile uint32_t handler_calls;

static void on_any(struct regs *r)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	bool reachable = (base & APIC_BASE_ENABLE) &&
			 ((base & APIC_BASE_EXTD) || (base & ~0xfffull) == 0xfee00000);

	shared_info()->vcpu_info[0].evtchn_upcall_pending = 0;
	arena_vcpu_info()->evtchn_upcall_pending = 0;
	/* Where the local APIC was moved away from its page, the interrupt stays in service. */
	if (r->vector >= 32 && reachable && apic_bit(APIC_ISR, r->vector)) {
		apic_eoi();
	}
	if (++handler_calls > 1000) {
		r->rflags &= ~RFLAGS_IF;
	}
}

void hostile_window(void)
{
	handler_calls = 0;
	take_interrupts();
}

void hostile_prepare(void)
{
	unsigned v;

	for (v = 0; v < 256; v++) {
		if (v >= 32 || v == X86_NMI || (v >= 18 && v <= 31) || v == 16) {
			set_irq_handler(v, on_any);
		}
	}
	apic_init();
}

/* The TSC, and time by it, may be anywhere by now. */
uint64_t hostile_now(void)
{
	struct xen_hvm_get_time t = {0};

	HC(hvm_op, HVMOP_get_time, &t);
	return t.now;
}

void hostile_upcall(void)
{
	struct xen_hvm_evtchn_upcall_vector up = {.vcpu = rnd_below(3), .vector = rnd() | 0x20};

	HC(hvm_op, HVMOP_set_evtchn_upcall_vector, &up);
}

uint64_t hostile_callback(void)
{
	return 2ull << 56 | 0x20 | (rnd() & 0xdf);
}

/* An ICR value that interrupts but does not reset: fixed or NMI, a vector that can be handled. */
static uint32_t harmless_icr(uint64_t v)
{
	v = (v & ~0x700ull) | 0x20;
	return one_in(8) ? v | APIC_DM_NMI : v;
}

static uint32_t some_msr(void)
{
	static const uint32_t ranges[][2] = {
	    {0, 0x100},		 {0x100, 0x200},      {0x200, 0x300},	   {0x400, 0x500},
	    {0x6e0, 0x10},	 {0x800, 0x100},      {0xc0000000, 0x200}, {0xc0010000, 0x200},
	    {0x40000000, 0x200}, {0xc0011000, 0x100}, {0x570, 0x20},	   {0xda0, 0x10},
	};
	unsigned i = rnd_below(ARRAY_SIZE(ranges));

	return one_in(8) ? rnd() : ranges[i][0] + rnd_below(ranges[i][1]);
}

/* EFER, and the page that hypercalls go through. */
static bool ends_the_test(uint32_t msr)
{
	return msr == MSR_EFER || msr == 0x40000000;
}

void hostile_registers(void)
{
	uint32_t msr = some_msr();
	uint64_t v = one_in(2) ? rnd() : rnd_below(256), old;

	if (one_in(2)) {
		try_rdmsr(msr, &v);
		return;
	}
	if (ends_the_test(msr)) {
		/* Bits that must fault, or a frame that is not there. */
		v = msr == MSR_EFER ? rdmsr(MSR_EFER) | 1ull << (16 + rnd_below(40))
				    : 0x7ffff00000000ull | rnd_below(4096);
	} else if (msr == MSR_APIC_BASE) {
		/* Where this code's own handlers reach it, or a reserved bit. */
		v = one_in(4) ? v | 1ull << 60
			      : ((rdmsr(msr) ^ 1ull << rnd_below(12)) & 0xfff) | 0xfee00000 |
					rnd_below(256) << 12;
	} else if (msr == MSR_X2APIC + APIC_ICR / 16) {
		v = (v & ~0xffffffffull) | harmless_icr(v);
	} else if (msr == 0x83f) {
		v |= 0x20;
	} else if (msr >= 0x832 && msr <= 0x837) {
		v = (v & ~0x700ull) | 0x20;
	} else if (!try_rdmsr(msr, &old) && one_in(2)) {
		v = old ^ 1ull << rnd_below(64);
	}
	try_wrmsr(msr, v);
}

/*
 * Ports to write: those that hypervisors keep for themselves and those where nothing is. (The
 * initial domain owns reset, power and configuration ports; asking for an end there is its right.)
 */
static uint16_t port_to_write(void)
{
	static const uint16_t kept[] = {0x20,  0x21,  0xa0,  0xa1,  0x40,  0x41,
					0x42,  0x43,  0x61,  0x80,  0x3f8, 0x3f9,
					0x3fa, 0x3fb, 0x3fc, 0x3ff, 0x2f8, 0x4d0};

	if (hostile_is_domu()) {
		return rnd();
	}
	return one_in(2) ? kept[rnd_below(ARRAY_SIZE(kept))] : 0x1000 + rnd_below(0x7000);
}

void hostile_instruction(void)
{
	uint16_t port = one_in(2) ? rnd() : rnd_below(0x1000);
	uint32_t v;

	if (one_in(2)) {
		switch (rnd_below(3)) {
		case 0:
			inb(port);
			break;
		case 1:
			inw(port);
			break;
		default:
			try_inl(port, &v);
		}
		return;
	}
	port = port_to_write();
	switch (rnd_below(3)) {
	case 0:
		outb(port, rnd());
		break;
	case 1:
		outw(port, rnd());
		break;
	default:
		try_outl(port, rnd());
	}
}

static void lapic_access(void)
{
	uint64_t at = LAPIC + rnd_below(0x1000);
	uint32_t v = rnd();

	if (one_in(2)) {
		try_read32(at, &v);
		return;
	}
	at &= one_in(4) ? ~0ull : ~15ull;
	/* Near the ICR and the local entries only aligned writes of harmless values. */
	if ((at & 0xff0) >= 0x2f0 && (at & 0xff0) <= 0x370) {
		at &= ~15ull;
		v = harmless_icr(v) & (at == LAPIC + APIC_ICR ? ~0u : ~0x700u);
	}
	try_write32(at, v);
}

static void ioapic_access(void)
{
	uint32_t reg = rnd_below(0x50), v = rnd();

	if (hostile_is_domu()) {
		return;
	}
	try_write32(IOAPIC, reg);
	if (one_in(2)) {
		try_read32(IOAPIC + 0x10, &v);
	} else {
		/* Fixed delivery, of a vector that can be handled. */
		try_write32(IOAPIC + 0x10, reg & 1 ? v : (v & ~0x700u) | 0x20);
	}
}

/* Instructions that are rare on device memory. */
static void odd_access(uint64_t at)
{
	unsigned f;
	uint64_t v = rnd();

	switch (rnd_below(5)) {
	case 0:
		__asm__ volatile(TRY("lock addl %k1, (%2)")
				 : "=&b"(f)
				 : "r"(v), "D"(at)
				 : "memory", "cc");
		break;
	case 1:
		__asm__ volatile(TRY("xchg %1, (%2)") : "=&b"(f), "+a"(v) : "D"(at) : "memory");
		break;
	case 2:
		__asm__ volatile(TRY("movq %1, (%2)") : "=&b"(f) : "a"(v), "D"(at) : "memory");
		break;
	case 3:
		__asm__ volatile(TRY("movb %b1, (%2)") : "=&b"(f) : "a"(v), "D"(at) : "memory");
		break;
	default:
		__asm__ volatile(TRY("cmpxchg %1, (%2)")
				 : "=&b"(f), "+c"(v)
				 : "D"(at)
				 : "rax", "memory", "cc");
	}
}

void hostile_memory(void)
{
	/* Another's RAM, the IOMMU, the hypervisor's timers, messages, nothing at all. */
	static const uint64_t others[][2] = {
	    {0x09000000, 0x06000000}, {0xfed80000, 0x4000}, {0xfed00000, 0x1000},
	    {0xfee01000, 0xff000},    {0xfed40000, 0x5000}, {0xd0000000, 0x1000000},
	    {0xfed90000, 0x1000},
	};
	unsigned i = rnd_below(ARRAY_SIZE(others));
	uint64_t at = others[i][0] + rnd_below(others[i][1] - 8);
	uint64_t from, to;
	uint32_t v = rnd();
	unsigned n;

	if (one_in(4)) {
		lapic_access();
		return;
	}
	if (one_in(4)) {
		ioapic_access();
		return;
	}
	/* On a large domain some of that is its own. */
	for (n = 0; ram_range(n, &from, &to); n++) {
		if (at >= from && at < to) {
			return;
		}
	}
	switch (rnd_below(4)) {
	case 0:
		try_read32(at, &v);
		break;
	case 1:
		odd_access(at);
		break;
	default:
		try_write32(at, v);
	}
}

void hostile_restore(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	/* The local APIC back to xAPIC, by way of disabled. */
	try_wrmsr(MSR_APIC_BASE, base & ~(APIC_BASE_EXTD | APIC_BASE_ENABLE));
	try_wrmsr(MSR_APIC_BASE, (base & ~APIC_BASE_EXTD) | APIC_BASE_ENABLE);
}
