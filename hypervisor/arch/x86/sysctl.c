/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl, the x86 part: what the machine is made of, and CPU policies. */
#include <hv/bitops.h>
#include <hv/boot.h>
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <asm/irq.h>
#include <asm/policy.h>
#include <asm/time.h>
#include <xen/sysctl.h>

#define NODE_ID_MAX	63		/* what Xen's limit of 64 nodes makes tools expect */

uint64_t machine_ram_pages(void)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		if (boot_info.memory[i].type == MEMORY_RAM) {
			bytes += boot_info.memory[i].end - boot_info.memory[i].start;
		}
	}
	return bytes >> PAGE_SHIFT;
}

/* How an APIC id divides: bits of the thread, and of thread and core together. */
struct topology {
	unsigned int thread_bits, package_bits;
};

static unsigned int bits_for(unsigned int count)
{
	return count > 1 ? highest_bit(count - 1) + 1 : 0;
}

/* Intel SDM vol. 3, 9.9 (leaf 0xB); APMv3, Fn8000_0008_ECX and Fn8000_001E_EBX. */
static struct topology topology_read(void)
{
	struct topology t = { 0, 0 };
	uint32_t basic = cpuid(0, 0).eax, extended = cpuid(0x80000000, 0).eax;

	if (basic >= 0xb && (cpuid(0xb, 0).ebx & 0xffff)) {
		t.thread_bits = cpuid(0xb, 0).eax & 0x1f;
		t.package_bits = cpuid(0xb, 1).eax & 0x1f;
	} else if (extended >= 0x80000008) {
		uint32_t ecx = cpuid(0x80000008, 0).ecx;

		t.package_bits = (ecx >> 12) & 0xf ? (ecx >> 12) & 0xf : bits_for((ecx & 0xff) + 1);
		if (extended >= 0x8000001e && (cpuid(0x80000001, 0).ecx & BIT(22))) {
			t.thread_bits = bits_for(((cpuid(0x8000001e, 0).ebx >> 8) & 0xff) + 1);
		}
	}
	t.package_bits = MAX(t.package_bits, t.thread_bits);
	return t;
}

static void topology_of(unsigned int cpu, const struct topology *t, struct xen_sysctl_cputopo *out)
{
	uint32_t id = apic_id_of_cpu(cpu);

	out->core = (id & ((1u << t->package_bits) - 1)) >> t->thread_bits;
	out->socket = id >> t->package_bits;
	out->node = 0;
}

static long op_cputopoinfo(struct xen_sysctl_cputopoinfo *c, bool *copy_back)
{
	struct topology t = topology_read();
	uint32_t count = cpu_count;

	if (!handle_null(c->cputopo)) {
		count = MIN(c->num_cpus, cpu_count);
		for (uint32_t i = 0; i < count; i++) {
			struct xen_sysctl_cputopo topo = {
				XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID, XEN_INVALID_NODE_ID,
			};

			if (test_bit(i, &cpu_online_map)) {
				topology_of(i, &t, &topo);
			}
			if (guest_write_obj(gva_index(handle_gva(c->cputopo), i, sizeof(topo)), &topo)) {
				return -EFAULT;
			}
		}
	}
	c->num_cpus = count;
	*copy_back = true;
	return 0;
}

/* CPUs that share the boot CPU's core, and its package. */
static void count_siblings(uint32_t *threads, uint32_t *cores)
{
	struct topology t = topology_read();
	struct xen_sysctl_cputopo first, topo;
	uint32_t package = 0;
	unsigned int i;

	*threads = 0;
	topology_of(0, &t, &first);
	for_each_online_cpu(i) {
		topology_of(i, &t, &topo);
		package += topo.socket == first.socket;
		*threads += topo.socket == first.socket && topo.core == first.core;
	}
	*threads = MAX(*threads, 1u);
	*cores = MAX(package / *threads, 1u);
}

static void fill_hw_cap(uint32_t *cap)
{
	bool extended = cpuid(0, 0).eax >= 0xd;
	struct cpuid_regs leaf1 = cpuid(1, 0), ext1 = cpuid(0x80000001, 0);
	struct cpuid_regs leaf7 = cpuid(0, 0).eax >= 7 ? cpuid(7, 0) : (struct cpuid_regs){ 0 };

	/* In the order of the ABI's feature sets. */
	cap[0] = leaf1.edx;
	cap[1] = leaf1.ecx;
	cap[2] = ext1.edx;
	cap[3] = ext1.ecx;
	cap[4] = extended ? cpuid(0xd, 1).eax : 0;
	cap[5] = leaf7.ebx;
	cap[6] = leaf7.ecx;
	cap[7] = cpuid(0x80000000, 0).eax >= 0x80000007 ? cpuid(0x80000007, 0).edx : 0;
}

static long op_physinfo(struct xen_sysctl_physinfo *p, bool *copy_back)
{
	memset(p, 0, sizeof(*p));
	count_siblings(&p->threads_per_core, &p->cores_per_socket);
	p->nr_cpus = popcount(READ_ONCE(cpu_online_map));
	p->max_cpu_id = cpu_count - 1;
	p->nr_nodes = 1;
	p->max_node_id = NODE_ID_MAX;
	p->cpu_khz = tsc_khz;
	p->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap |
			  XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2 |
			  (iommu_enabled() ? XEN_SYSCTL_PHYSCAP_directio : 0);
	p->total_pages = machine_ram_pages();
	/* Dirty frames count as free: whoever wants one waits for its scrubbing alone. */
	p->free_pages = page_free_count();
	p->outstanding_pages = page_claimed_count();
	p->max_mfn = page_max_mfn().v - 1;
	fill_hw_cap(p->hw_cap);
	*copy_back = true;
	return 0;
}

static const char *capabilities(void)
{
	return "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ";
}

const struct arch_abi arch_abi = {
	.capabilities = capabilities,
	.moves_frames = true,
	.own_frames_errno = -EPERM,
	.virt_start = 0xffff800000000000UL,
};

long arch_sysctl(struct xen_sysctl *op, bool *copy_back)
{
	switch (op->cmd) {
	case XEN_SYSCTL_physinfo:
		return op_physinfo(&op->u.physinfo, copy_back);
	case XEN_SYSCTL_cputopoinfo:
		return op_cputopoinfo(&op->u.cputopoinfo, copy_back);
	case XEN_SYSCTL_get_cpu_levelling_caps:
		/* Levelling masks CPUID for PV guests; for all others it is emulated. */
		op->u.cpu_levelling_caps.caps = 0;
		*copy_back = true;
		return 0;
	case XEN_SYSCTL_get_cpu_featureset:
		*copy_back = true;
		return policy_sysctl_featureset(op);
	case XEN_SYSCTL_get_cpu_policy:
		*copy_back = true;
		return policy_sysctl_get(op);
	default:
		return -ENOSYS;
	}
}
