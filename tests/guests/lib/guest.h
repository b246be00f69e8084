/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library of the ABI test guests: a kernel (x86: PVH in long mode with the first 4 GiB mapped 1:1;
 * ARM: all mapped 1:1), interrupts off, one vCPU running. A test is a file with guest_main(); returning from it is a
 * PASS unless an EXPECT failed before.
 */
#ifndef GUEST_H
#define GUEST_H

#include <arch.h>

#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

/* Weak, for a guest may have more than one source file. */
#ifdef GUEST_NAME
__attribute__((weak)) const char guest_name[] = GUEST_NAME;
#else
extern const char guest_name[];
#endif

void guest_main(void);

#define PAGE_SIZE     4096ul
#define PFN(p)	      ((uint64_t)(uintptr_t)(p) / PAGE_SIZE)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE_ALIGNED  __attribute__((aligned(4096)))

/* --- verdict ------------------------------------------------------------------------------- */
/* End the test now with a FAIL verdict. */
#define CHECK(cond, ...)                                                                           \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			guest_fail(__FILE__, __LINE__, #cond, "" __VA_ARGS__);                     \
			guest_end();                                                               \
		}                                                                                  \
	} while (0)
/* Note a failure and go on; the first one becomes the verdict's reason. */
#define EXPECT(cond, ...)                                                                          \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			guest_fail(__FILE__, __LINE__, #cond, "" __VA_ARGS__);                     \
		}                                                                                  \
	} while (0)
/* Compare two integers and print both when they differ. */
#define EXPECT_EQ(expr, want) guest_compare(__FILE__, __LINE__, #expr, (long long)(expr), (long long)(want))
#define CHECK_EQ(expr, want)                                                                       \
	do {                                                                                       \
		if (!guest_compare(__FILE__, __LINE__, #expr, (long long)(expr), (long long)(want))) {       \
			guest_end();                                                               \
		}                                                                                  \
	} while (0)

void guest_fail(const char *file, int line, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool guest_compare(const char *file, int line, const char *what, long long got,
		   long long want);
/* The arch's way to end the machine. */
void guest_power_off(void) __attribute__((noreturn));
/* Print the verdict (FAIL if anything failed, else PASS) and power off. */
void guest_end(void) __attribute__((noreturn));
void guest_skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* --- console and strings ------------------------------------------------------------------- */
void printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t size, const char *fmt, __builtin_va_list ap);
void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
const char *guest_cmdline(void);
/* Value of "name=NUMBER" on the guest's command line, else def. */
uint64_t cmdline_number(const char *name, uint64_t def);
bool cmdline_has(const char *word);

/* --- hypercalls ---------------------------------------------------------------------------- */
/* hypercall(number, five arguments) is the raw call (arch.h); HC() below fills the missing arguments. */
/* The same by the instruction itself, so that any number can be asked for. */
long hypercall_raw(unsigned long nr, unsigned long a1, unsigned long a2, unsigned long a3,
		   unsigned long a4, unsigned long a5);

#define HC_ARG(x) ((unsigned long)(x))
#define HC5(nr, a, b, c, d, e, ...)                                                                \
	hypercall(__HYPERVISOR_##nr, HC_ARG(a), HC_ARG(b), HC_ARG(c), HC_ARG(d), HC_ARG(e))
#define HC(nr, ...) HC5(nr, __VA_ARGS__, 0, 0, 0, 0, 0)

/* The 32-bit ABI: a call by 32-bit code of long mode, words being the number and five arguments. */
long hypercall_compat(const uint32_t words[6]);
long hypercall_protected(const uint32_t words[6]); /* the same with paging off */
void wrmsr_compat(uint32_t msr, uint64_t value);
#define LOW32(x) ((uint32_t)(uintptr_t)(x))
#define COMPAT5(nr, a, b, c, d, e, ...)                                                           \
	hypercall_compat((const uint32_t[6]){__HYPERVISOR_##nr, LOW32(a), LOW32(b), LOW32(c),     \
					     LOW32(d), LOW32(e)})
#define COMPAT(nr, ...) COMPAT5(nr, __VA_ARGS__, 0, 0, 0, 0, 0)

/* --- memory -------------------------------------------------------------------------------- */
/* Zeroed pages of ordinary RAM, never given back. */
void *alloc_pages(unsigned n);
/* Map one 4 KiB page outside of the 1:1 map (va above 4 GiB); pa 0 unmaps. */
void map_page(uint64_t va, uint64_t pa);
/* A guest frame that is free in the physical address space of this domain. */
uint64_t free_gfn(void);
struct shared_info *shared_info(void);
/* In the shared page, or where that has no room for this vCPU registered by the first call. */
struct vcpu_info *vcpu_info(unsigned cpu);
extern char image_start[], image_end[];
/* RAM at its own address that nobody uses yet. */
void ram_pool(uint64_t *from, uint64_t *to);
/* Usable RAM as XENMEM_memory_map tells it; false past the last range. */
bool ram_range(unsigned i, uint64_t *from, uint64_t *to);

/* --- time ---------------------------------------------------------------------------------- */
uint64_t tsc_khz(void);
/* System time in nanoseconds by the pvclock page of a vCPU. */
uint64_t system_time(unsigned cpu);
uint64_t tsc_to_ns(uint64_t ticks);
void delay_us(uint64_t us);
/* Wait (with interrupts as they are) until cond or a deadline; true when cond came true. */
#define WAIT_FOR(cond, ms)                                                                         \
	({                                                                                         \
		uint64_t until_ = rdtsc() + (uint64_t)(ms)*tsc_khz();                              \
		bool met_;                                                                         \
		while (!(met_ = !!(cond)) && rdtsc() < until_) {                                   \
			pause();                                                                   \
		}                                                                                  \
		met_ = met_ || (cond);                                                             \
		met_;                                                                              \
	})
/* The same while taking interrupts. */
#define WAIT_IRQ(cond, ms)                                                                         \
	({                                                                                         \
		bool w_;                                                                           \
		sti();                                                                             \
		w_ = WAIT_FOR(cond, ms);                                                           \
		cli();                                                                             \
		w_;                                                                                \
	})

/* --- traps and interrupts ------------------------------------------------------------------ */
struct regs {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};
typedef void (*irq_fn)(struct regs *regs);

/* Called with interrupts off; a vector without handler is counted and EOIed. */
void set_irq_handler(unsigned vector, irq_fn fn);
extern volatile uint32_t irq_count[CPUS_MAX][256];
void trap_init_cpu(unsigned cpu);
/* Run fn in ring 3 and return what it returned; fn must not touch anything privileged. */
long user_call(long (*fn)(void *arg), void *arg);

/* --- local APIC ---------------------------------------------------------------------------- */
#define APIC_ID	     0x020
#define APIC_VERSION 0x030
#define APIC_TPR     0x080
#define APIC_PPR     0x0a0
#define APIC_EOI     0x0b0
#define APIC_LDR     0x0d0
#define APIC_DFR     0x0e0
#define APIC_SVR     0x0f0
#define APIC_ISR     0x100
#define APIC_TMR     0x180
#define APIC_IRR     0x200
#define APIC_ESR     0x280
#define APIC_ICR     0x300
#define APIC_ICR2    0x310
#define APIC_LVTT    0x320
#define APIC_LVTTHMR 0x330
#define APIC_LVTPC   0x340
#define APIC_LVT0    0x350
#define APIC_LVT1    0x360
#define APIC_LVTERR  0x370
#define APIC_TMICT   0x380
#define APIC_TMCCT   0x390
#define APIC_TDCR    0x3e0

#define APIC_LVT_MASKED	  0x10000
#define APIC_LVT_PERIODIC 0x20000
#define APIC_LVT_DEADLINE 0x40000
#define APIC_DM_NMI	  0x400
#define APIC_DM_INIT	  0x500
#define APIC_DM_STARTUP	  0x600
#define APIC_INT_ASSERT	  0x4000
#define APIC_DEST_SELF	  0x40000
#define APIC_DEST_ALL	  0x80000
#define APIC_DEST_OTHERS  0xc0000

/* Enable the local APIC of this CPU by software (spurious vector 0xff), TPR 0. */
void apic_init(void);
void apic_enable_x2apic(void);
bool apic_is_x2apic(void);
uint32_t apic_read(unsigned reg);
void apic_write(unsigned reg, uint32_t val);
void apic_eoi(void);
/* Write the ICR in the current mode; dest is an APIC id. */
void apic_send(uint32_t dest, uint32_t low);
bool apic_bit(unsigned reg, unsigned vector);

/* --- other vCPUs --------------------------------------------------------------------------- */
unsigned cpu_count(void); /* vCPUs that the MADT lists or PSCI knows */
uint32_t cpu_apic_id(unsigned cpu);
/* Bring vCPU cpu up by INIT-SIPI-SIPI or PSCI (once), then let it run fn(arg); it returns to an idle loop.
 */
void cpu_run(unsigned cpu, void (*fn)(void *arg), void *arg);
/* True once the function given last has returned. */
bool cpu_idle(unsigned cpu);
void cpu_wait(unsigned cpu);

/* --- ACPI ---------------------------------------------------------------------------------- */
struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision, creator_id, creator_revision;
} __attribute__((packed));
const void *acpi_find(const char *signature);
bool acpi_checksum_ok(const void *table, uint32_t length);
/* The i-th MADT entry of a type, NULL past the last. */
const uint8_t *madt_entry(uint8_t type, unsigned i);

/* --- event channels ------------------------------------------------------------------------ */
#define OWN_DOMID    0 /* the initial domain's; grants must name it, DOMID_SELF is no answer there */
#define EVENT_VECTOR 0xe0
/*
 * Let events arrive on EVENT_VECTOR by the callback parameter. The handler clears upcall_pending,
 * nothing else, and irq_count counts it.
 */
void events_init(void);
/* What the handler does: see above. */
void event_taken(struct regs *r);
long event_op(int cmd, void *arg);
/* These end the test when the hypervisor refuses. */
evtchn_port_t event_alloc_unbound(domid_t dom, domid_t remote);
evtchn_port_t event_bind_ipi(unsigned vcpu);
/* Both ends of a loopback channel. */
void event_loopback(evtchn_port_t *a, evtchn_port_t *b);
void event_loopback_pair(evtchn_port_t pair[2]);
long event_send(evtchn_port_t port);
long event_close(evtchn_port_t port);
long event_unmask(evtchn_port_t port);
int event_status(evtchn_port_t port, struct evtchn_status *st);
/* 2-level state. */
bool event_pending(evtchn_port_t port);
void event_clear(evtchn_port_t port);
void event_mask2l(evtchn_port_t port, bool masked);
/* Clear upcall_pending and the selector of the calling vCPU. */
void event_ack_upcall(void);

/* FIFO ABI */
void fifo_init(unsigned cpu);
long fifo_expand(void *page);
event_word_t *fifo_word(evtchn_port_t port);
struct evtchn_fifo_control_block *fifo_control(unsigned cpu);
/* Take the first pending event off the queue of a priority; 0 when empty. */
evtchn_port_t fifo_pop(unsigned cpu, unsigned priority);
/* Give the shared array enough pages for port. */
void fifo_fit(evtchn_port_t port);

/* --- grants -------------------------------------------------------------------------------- */
extern grant_entry_v1_t *grant_v1;
extern union grant_entry_v2 *grant_v2;
extern grant_status_t *grant_status;
/* Map `frames` frames of the grant table (version 1 or 2) and the status frames. */
void grants_init(unsigned version, unsigned frames);
long grant_op(int cmd, void *arg, unsigned count);
void grant_give(grant_ref_t ref, domid_t to, const void *page, uint16_t extra_flags);
void grant_end(grant_ref_t ref);
/* Map a grant of dom at host address (one GVA page in a fresh frame). Returns the status. */
int grant_map(domid_t dom, grant_ref_t ref, uint32_t flags, uint64_t gpa, grant_handle_t *handle);
int grant_unmap(uint64_t gpa, grant_handle_t handle);

/* --- a second domain ----------------------------------------------------------------------- */
/* An HVM-type domain with `pages` pages of RAM from frame 0 on; its only vCPU never runs. */
domid_t peer_create(unsigned pages);
struct xen_domctl_createdomain;
/* The arch's part of a configuration, and memory for the tables of the domain. */
void peer_config(struct xen_domctl_createdomain *config);
void peer_pool(domid_t dom);
long peer_domctl(void *op, uint32_t cmd, domid_t dom);
/* Lets its vCPU run from this address on, in flat 32-bit mode without paging. */
void peer_start(domid_t dom, uint32_t entry);
void peer_destroy(domid_t dom);
/* Map a frame of its memory into ours. */
void *peer_map(domid_t dom, uint64_t gfn);
/* Map the first frame of its grant table, which starts in version 1. */
grant_entry_v1_t *peer_grants(domid_t dom);
/* Let its page gfn be mapped by us. */
void peer_grant(grant_entry_v1_t *table, grant_ref_t ref, uint64_t gfn, uint16_t extra_flags);

/* --- hvm parameters ------------------------------------------------------------------------ */
long hvm_set_param(uint32_t index, uint64_t value);
long hvm_get_param(uint32_t index, uint64_t *value);

#endif
