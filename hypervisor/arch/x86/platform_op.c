/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HYPERVISOR_platform_op: what the service VM's kernel tells and asks about the machine. Order
 * of checks and error numbers are those of Xen 4.17; a facility that is not built answers as Xen
 * does on a machine without it.
 */
#include <asm/acpi.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/time.h>
#include <hv/compat.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/vcpu.h>
#include <xen/platform.h>

#define SLEEP_TYPE	(7U << 10)	/* ACPI 6.4 ch. 4.8.3.2.1, PM1 control */
#define SLEEP_ENABLE	BIT(13)
#define SLEEP_S4	4
#define SLEEP_S5	5

#define MSR_TSC		0x10
#define MSR_QM_EVTSEL	0xc8d
#define MSR_QM_CTR	0xc8e
#define RESOURCES_MAX	3

/* Time ---------------------------------------------------------------------------------------------- */

/* Where the guest reads it. */
struct wallclock_at {
	uint32_t *version, *sec, *nsec, *sec_hi;
};

static struct wallclock_at wallclock_at(const struct domain *d)
{
	struct shared_info_x86_32 *narrow = compat_shared_info(d->shared_info);
	struct shared_info *s = d->shared_info;

	if (d->narrow_info) {
		return (struct wallclock_at){ &narrow->wc_version, &narrow->wc_sec, &narrow->wc_nsec,
					      &narrow->arch.wc_sec_hi };
	}
	return (struct wallclock_at){ &s->wc_version, &s->wc_sec, &s->wc_nsec, &s->xen_wc_sec_hi };
}

void domain_publish_wallclock(struct domain *d)
{
	/* The service VM may set any time: sums wrap, and what ends before the epoch is the epoch. */
	uint64_t sum = wallclock_base() + (uint64_t)(d->time_offset_seconds * NS_PER_SEC);
	uint64_t ns = sum >> 63 ? 0 : sum;
	uint64_t sec = ns / (uint64_t)NS_PER_SEC;
	uint32_t nsec = (uint32_t)(ns % (uint64_t)NS_PER_SEC);
	struct wallclock_at at;

	spin_lock(&d->big_lock);
	if (d->shared_info) {
		at = wallclock_at(d);
		/* An odd version tells readers to try again. */
		WRITE_ONCE(*at.version, (*at.version + 1) | 1);
		smp_wmb();
		WRITE_ONCE(*at.sec, (uint32_t)sec);
		WRITE_ONCE(*at.nsec, nsec);
		WRITE_ONCE(*at.sec_hi, (uint32_t)(sec >> 32));
		smp_wmb();
		WRITE_ONCE(*at.version, *at.version + 1);
	}
	spin_unlock(&d->big_lock);
}

void domain_latch_info(struct vcpu *v)
{
	compat_latch_info(v->domain, !v->arch.in_long_mode_64);
	domain_publish_wallclock(v->domain);
}

static long settime(uint64_t untrusted_secs, uint32_t untrusted_nsecs, uint64_t untrusted_now)
{
	unsigned int next = 0;
	struct domain *d;

	wallclock_set(untrusted_secs * (uint64_t)NS_PER_SEC + untrusted_nsecs - untrusted_now);
	while (next < DOMID_COUNT && (d = domain_get_next((uint16_t)next))) {
		domain_publish_wallclock(d);
		next = d->id + 1U;
		domain_put(d);
	}
	return 0;
}

/* Power --------------------------------------------------------------------------------------------- */

static void pm1_write(uint16_t port, uint32_t val)
{
	uint32_t rest;

	if (port) {
		rest = inw(port) & ~(uint32_t)(SLEEP_TYPE | SLEEP_ENABLE);
		outw((uint16_t)(rest | (val & SLEEP_TYPE)), port);
		outw((uint16_t)(rest | (val & SLEEP_TYPE) | SLEEP_ENABLE), port);
	}
}

static long enter_sleep(const struct xenpf_enter_acpi_sleep *untrusted)
{
	if (untrusted->flags & XENPF_ACPI_SLEEP_EXTENDED) {
		return -EPERM;		/* machines without PM1 registers */
	}
	if (untrusted->flags) {
		return -EINVAL;
	}
	if (!acpi_fixed.pm1a_cnt) {
		return -EPERM;
	}
	if ((acpi_fixed.pm1b_cnt &&
	     ((untrusted->val_a ^ untrusted->val_b) & SLEEP_ENABLE)) ||
	    !untrusted->sleep_state || untrusted->sleep_state > SLEEP_S5) {
		return -EINVAL;
	}
	if (untrusted->sleep_state < SLEEP_S4) {
		return -EOPNOTSUPP;
	}
	log_info("The service VM puts the machine into S%u.\n", untrusted->sleep_state);
	/* Both registers hold the same transition; the first that the chipset obeys is the last. */
	pm1_write(acpi_fixed.pm1b_cnt, untrusted->val_b);
	pm1_write(acpi_fixed.pm1a_cnt, untrusted->val_a);
	time_delay_us(100000);
	return -EIO;
}

/* CPUs ---------------------------------------------------------------------------------------------- */

static const struct cpu *cpu_by_id(uint32_t untrusted_id)
{
	return untrusted_id < MIN(cpu_count, (unsigned int)MAX_CPUS) ? cpus[untrusted_id] : NULL;
}

static long get_cpuinfo(struct xenpf_pcpuinfo *info)
{
	const struct cpu *c = cpu_by_id(info->xen_cpuid);

	info->max_present = cpu_count - 1;
	info->flags = XEN_PCPU_FLAGS_INVALID;
	if (c) {
		info->flags = c->online ? XEN_PCPU_FLAGS_ONLINE : 0;
		info->apic_id = c->arch.apic_id;
		info->acpi_id = c->arch.acpi_id;
	}
	return 0;
}

/* All CPUs of a machine are of one kind, so this one answers for the other. */
static long get_cpu_version(struct xenpf_pcpu_version *info)
{
	const struct cpu *c = cpu_by_id(info->xen_cpuid);
	struct cpuid_regs r;

	info->max_present = cpu_count - 1;
	memset(info->vendor_id, 0, sizeof(info->vendor_id));
	info->family = info->model = info->stepping = 0;
	if (c && c->online) {
		r = cpuid(0, 0);
		memcpy(info->vendor_id, &r.ebx, 4);
		memcpy(info->vendor_id + 4, &r.edx, 4);
		memcpy(info->vendor_id + 8, &r.ecx, 4);
		r = cpuid(1, 0);
		info->family = (r.eax >> 8) & 0xf;
		info->model = (r.eax >> 4) & 0xf;
		info->stepping = r.eax & 0xf;
		if (info->family == 0xf) {
			info->family += (r.eax >> 20) & 0xff;
		}
		if (info->family >= 6) {
			info->model |= (r.eax >> 12) & 0xf0;
		}
	}
	return 0;
}

/* Real CPUs do not come and go yet: only what is so already succeeds. */
static long cpu_switch(uint32_t untrusted_id, bool on)
{
	const struct cpu *c = cpu_by_id(untrusted_id);

	if (!on && untrusted_id == 0) {
		return -EOPNOTSUPP;
	}
	if (!c) {
		return -EINVAL;
	}
	return c->online == on ? 0 : -EOPNOTSUPP;
}

/* Registers ----------------------------------------------------------------------------------------- */

struct resources {
	struct xenpf_resource_entry e[RESOURCES_MAX];
	unsigned int count, done;	/* done stops at the first that failed */
};

static int resource_check(const struct xenpf_resource_entry *untrusted)
{
	if (untrusted->rsvd) {
		return -EINVAL;
	}
	if (untrusted->u.cmd != XEN_RESOURCE_OP_MSR_READ &&
	    untrusted->u.cmd != XEN_RESOURCE_OP_MSR_WRITE) {
		return -EOPNOTSUPP;
	}
	if (untrusted->idx >> 32) {
		return -EINVAL;
	}
	/* Cache monitoring and, to go with its counts, the time. */
	switch (untrusted->idx) {
	case MSR_TSC:
	case MSR_QM_EVTSEL:
	case MSR_QM_CTR:
		return 0;
	default:
		return -EACCES;
	}
}

static int resource_access(struct xenpf_resource_entry *e)
{
	uint32_t msr = (uint32_t)e->idx;

	if (e->u.cmd == XEN_RESOURCE_OP_MSR_WRITE) {
		if (msr == MSR_TSC) {
			return -EPERM;
		}
		return wrmsr_safe(msr, e->val) ? 0 : -EFAULT;
	}
	if (msr == MSR_TSC) {
		e->val = (uint64_t)time_now();
		return 0;
	}
	return rdmsr_safe(msr, &e->val) ? 0 : -EFAULT;
}

/* On the CPU in question. */
static void resource_run(void *arg)
{
	struct resources *r = arg;
	unsigned int i;

	for (i = 0; i < r->count; i++) {
		int ret = resource_access(&r->e[i]);

		r->e[i].u.ret = ret;
		if (ret) {
			break;
		}
	}
	r->done = i;
}

static long resource_op(const struct xenpf_resource_op *untrusted)
{
	gva_t entries = gva((uint64_t)(uintptr_t)untrusted->entries.p);
	uint32_t wanted = untrusted->nr_entries;
	struct resources r = { .count = 0 };
	int bad = 0;

	if (!wanted) {
		return 0;
	}
	if (wanted > RESOURCES_MAX) {
		return -EINVAL;
	}
	if (guest_read(r.e, entries, wanted * sizeof(r.e[0]))) {
		return -EFAULT;
	}
	/* What stands before the first bad one is done. */
	while (r.count < wanted && !bad) {
		bad = resource_check(&r.e[r.count]);
		if (bad) {
			r.e[r.count].u.ret = bad;
		} else {
			r.count++;
		}
	}
	if (r.count) {
		if (untrusted->cpu >= MAX_CPUS || !test_bit(untrusted->cpu, &cpu_online_map)) {
			return -ENODEV;
		}
		cpu_call(BIT(untrusted->cpu), resource_run, &r);
	}
	if (guest_write(entries, r.e, MIN(r.done + 1, wanted) * sizeof(r.e[0]))) {
		return -EFAULT;
	}
	return r.done;
}

/* What is not here ---------------------------------------------------------------------------------- */

static long firmware_info(uint32_t untrusted_type)
{
	switch (untrusted_type) {
	case XEN_FW_DISK_INFO:
	case XEN_FW_DISK_MBR_SIGNATURE:
	case XEN_FW_VBEDDC_INFO:
	case XEN_FW_KBD_SHIFT_FLAGS:
		return -ESRCH;		/* no real-mode calls were made */
	case XEN_FW_EFI_INFO:
		return -ENOSYS;		/* no EFI run-time services */
	default:
		return -EINVAL;
	}
}

static long platform_quirk(uint32_t untrusted_id)
{
	switch (untrusted_id) {
	case QUIRK_NOIRQBALANCING:	/* vectors stay where they are */
	case QUIRK_IOAPIC_BAD_REGSEL:	/* the index is written each time */
	case QUIRK_IOAPIC_GOOD_REGSEL:
		return 0;
	default:
		return -EINVAL;
	}
}

static long pminfo(uint32_t untrusted_type)
{
	switch (untrusted_type) {
	case XEN_PM_CX:
	case XEN_PM_PX:
	case XEN_PM_TX:
	case XEN_PM_PDC:
		return -ENOSYS;		/* as with cpufreq=none */
	default:
		return -EINVAL;
	}
}

/* No core is ever parked: asking says so, telling is refused. */
static long core_parking(struct xenpf_core_parking *p)
{
	if (p->type == XEN_CORE_PARKING_GET) {
		p->idle_nums = 0;
		return 0;
	}
	return -EINVAL;
}

static long dispatch(struct xen_platform_op *op)
{
	switch (op->cmd) {
	case XENPF_settime32:
		return settime(op->u.settime32.secs, op->u.settime32.nsecs,
			       op->u.settime32.system_time);
	case XENPF_settime64:
		return op->u.settime64.mbz ? -EINVAL
					   : settime(op->u.settime64.secs, op->u.settime64.nsecs,
						     op->u.settime64.system_time);
	case XENPF_get_cpuinfo:
		return get_cpuinfo(&op->u.pcpu_info);
	case XENPF_get_cpu_version:
		return get_cpu_version(&op->u.pcpu_version);
	case XENPF_cpu_online:
		return cpu_switch(op->u.cpu_ol.cpuid, true);
	case XENPF_cpu_offline:
		return cpu_switch(op->u.cpu_ol.cpuid, false);
	case XENPF_enter_acpi_sleep:
		return enter_sleep(&op->u.enter_acpi_sleep);
	case XENPF_resource_op:
		return resource_op(&op->u.resource_op);
	case XENPF_firmware_info:
		return firmware_info(op->u.firmware_info.type);
	case XENPF_platform_quirk:
		return platform_quirk(op->u.platform_quirk.quirk_id);
	case XENPF_set_processor_pminfo:
		return pminfo(op->u.set_pminfo.type);
	case XENPF_core_parking:
		return core_parking(&op->u.core_parking);
	case XENPF_add_memtype:
	case XENPF_del_memtype:
		return -ENXIO;		/* no variable MTRR is on offer */
	case XENPF_read_memtype:
	case XENPF_microcode_update:
	case XENPF_mem_hotadd:
		return -EINVAL;
	case XENPF_cpu_hotadd:
		return -ENOSPC;
	case XENPF_efi_runtime_call:
		return -EOPNOTSUPP;
	case XENPF_get_symbol:
		return -ERANGE;		/* no symbols are given out */
	default:			/* change_freq, getidletime: cpufreq is not the kernel's */
		return -ENOSYS;
	}
}

static bool has_output(uint32_t cmd)
{
	return cmd == XENPF_get_cpuinfo || cmd == XENPF_get_cpu_version ||
	       cmd == XENPF_core_parking;
}

long hypercall_platform_op(const struct hypercall_args *a)
{
	struct xen_platform_op untrusted;
	long ret;

	if (guest_read_obj(&untrusted, gva(a->v[0]))) {
		return -EFAULT;
	}
	if (untrusted.interface_version != XENPF_INTERFACE_VERSION) {
		return -EACCES;
	}
	if (!current->domain->is_service) {
		return -EPERM;
	}
	ret = dispatch(&untrusted);
	if (!ret && has_output(untrusted.cmd) && guest_write_obj(gva(a->v[0]), &untrusted)) {
		return -EFAULT;
	}
	return ret;
}
