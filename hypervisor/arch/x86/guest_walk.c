// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk of the current vCPU's own page tables. APMv2 ch. 5, SDM vol. 3 ch. 4. Nothing is cached:
 * each walk reads the tables through the p2m. No locks.
 *
 * PKU and 5-level paging are not walked, for the CPUID policy hides both.
 */
#include <hv/compat.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/page.h>
#include <asm/processor.h>
#include "p2m_cache.h"

#define PTE_P	 BIT(0)
#define PTE_RW	 BIT(1)
#define PTE_US	 BIT(2)
#define PTE_PS	 BIT(7)
#define PTE_NX	 BIT(63)
#define PTE_ADDR 0x000ffffffffff000UL

/* By the tables, and by a reference where a table lies in a frame of another domain. */
static __noinline bool read_entry_slow(struct vcpu *v, uint64_t where, uint64_t *entry)
{
	struct p2m_own_frame f;

	if (likely(p2m_own_frame_look(v, v->domain, where >> PAGE_SHIFT, &f))) {
		*entry = READ_ONCE(*(const uint64_t *)(f.page + (where & ~PAGE_MASK)));
		if (likely(p2m_own_frame_still(&f))) {
			return true;
		}
	}
	return guest_read_gpa(v->domain, entry, gpa(where), sizeof(*entry)) == 0;
}

/* The word at an aligned guest-physical address; an entry that is not present where there is none.
 */
static inline uint64_t read_entry64(struct vcpu *v, uint64_t where)
{
	const struct p2m_cached *c = p2m_cached_frame(v, v->domain, where >> PAGE_SHIFT);
	uint64_t entry;

	if (likely(c)) {
		entry = READ_ONCE(*(const uint64_t *)(p2m_cached_page(c, where >> PAGE_SHIFT) +
						      (where & ~PAGE_MASK)));
		if (likely(p2m_cached_still(c))) {
			return entry;
		}
	}
	return read_entry_slow(v, where, &entry) ? entry : 0;
}

static uint32_t read_entry32(struct vcpu *v, uint64_t where)
{
	uint32_t entry;

	return guest_read_gpa(v->domain, &entry, gpa(where), sizeof(entry)) ? 0 : entry;
}

/* The error code of the fault. The fetch bit exists only where a fetch can be told from a read.
 * APMv2 8.4.2. */
static __noinline bool walk_fault(const struct vcpu *v, uint32_t access, uint32_t why,
				  uint32_t *pfec)
{
	const struct arch_vcpu *a = &v->arch;

	*pfec = why | (access & ~PFEC_FETCH);
	if ((access & PFEC_FETCH) &&
	    ((a->cr4 & CR4_SMEP) || ((a->cr4 & CR4_PAE) && (a->efer & EFER_NXE)))) {
		*pfec |= PFEC_FETCH;
	}
	return false;
}

/* The access against the AND (rights) and the OR (denials, for NX) of the entries. */
static inline bool rights_ok(const struct vcpu *v, uint32_t access, uint64_t rights,
			     uint64_t denials)
{
	const struct arch_vcpu *a = &v->arch;

	if ((access & PFEC_FETCH) && (denials & PTE_NX)) {
		return false; /* without NXE the bit is reserved */
	}
	if (access & PFEC_USER) {
		return (rights & PTE_US) && (!(access & PFEC_WRITE) || (rights & PTE_RW));
	}
	if ((access & PFEC_WRITE) && !(rights & PTE_RW) && (a->cr0 & CR0_WP)) {
		return false;
	}
	if (!(rights & PTE_US)) {
		return true;
	}
	if (access & PFEC_FETCH) {
		return !(a->cr4 & CR4_SMEP);
	}
	return !(a->cr4 & CR4_SMAP) || (a->regs.rflags & RFLAGS_AC);
}

/* From a table of 8-byte entries down to the leaf: 4 levels in long mode, 2 below a PAE pointer.
 * reserved: bits that must be 0 in every entry. */
static inline bool walk_levels(struct vcpu *v, uint64_t va, uint32_t access, uint64_t table,
			       unsigned int level, uint64_t reserved, gpa_t *out, uint32_t *pfec)
{
	unsigned int shift = PAGE_SHIFT + 9 * (level - 1);
	uint64_t rights = ~0UL, denials = 0, entry, offset_mask;

	for (;; level--, shift -= 9) {
		entry = read_entry64(v, table + ((va >> shift) & 0x1ff) * 8);
		if (unlikely(!(entry & PTE_P))) {
			return walk_fault(v, access, 0, pfec);
		}
		if (unlikely(entry & reserved)) {
			return walk_fault(v, access, PFEC_PRESENT | PFEC_RESERVED, pfec);
		}
		rights &= entry;
		denials |= entry;
		if (level == 1 || (entry & PTE_PS)) {
			break;
		}
		table = entry & PTE_ADDR;
	}
	offset_mask = BIT(shift) - 1;
	/* In a large leaf bit 12 is PAT and the rest of the offset is reserved; there are none of
	 * 512 GiB. */
	if (level > 1 && (level == 4 || (entry & offset_mask & ~0x1fffUL))) {
		return walk_fault(v, access, PFEC_PRESENT | PFEC_RESERVED, pfec);
	}
	if (unlikely(!rights_ok(v, access, rights, denials))) {
		return walk_fault(v, access, PFEC_PRESENT, pfec);
	}
	*out = gpa((entry & PTE_ADDR & ~offset_mask) | (va & offset_mask));
	return true;
}

/* Bits of an entry above the guest's physical address width, and NX when it is off. */
static inline uint64_t reserved_bits(const struct vcpu *v)
{
	unsigned int width = v->domain->arch.phys_bits;
	uint64_t r = v->arch.efer & EFER_NXE ? 0 : PTE_NX;

	if (likely(width >= 32 && width < 52)) {
		r |= PTE_ADDR & ~(BIT(width) - 1);
	}
	return r;
}

static __noinline bool walk_pae(struct vcpu *v, uint64_t va, uint32_t access, gpa_t *out,
				uint32_t *pfec)
{
	uint64_t entry = read_entry64(v, (v->arch.cr3 & 0xffffffe0UL) + (va >> 30) * 8);

	if (!(entry & PTE_P)) {
		return walk_fault(v, access, 0, pfec);
	}
	return walk_levels(v, va, access, entry & PTE_ADDR, 2,
			   reserved_bits(v) | 0x7ff0000000000000UL, out, pfec);
}

/* Two levels of 4-byte entries, with 4 MiB pages and their 40-bit addresses (PSE-36). */
static __noinline bool walk_legacy(struct vcpu *v, uint64_t va, uint32_t access, gpa_t *out,
				   uint32_t *pfec)
{
	uint32_t entry = read_entry32(v, (v->arch.cr3 & 0xfffff000UL) + (va >> 22) * 4), leaf;
	uint64_t a;

	if (!(entry & PTE_P)) {
		return walk_fault(v, access, 0, pfec);
	}
	if ((entry & PTE_PS) && (v->arch.cr4 & CR4_PSE)) {
		if (entry & BIT(21)) {
			return walk_fault(v, access, PFEC_PRESENT | PFEC_RESERVED, pfec);
		}
		leaf = entry;
		a = (entry & 0xffc00000UL) | ((uint64_t)(entry & 0x1fe000) << 19) | (va & 0x3fffff);
	} else {
		leaf = read_entry32(v, (entry & 0xfffff000UL) + ((va >> 12) & 0x3ff) * 4);
		if (!(leaf & PTE_P)) {
			return walk_fault(v, access, 0, pfec);
		}
		a = (leaf & 0xfffff000UL) | (va & 0xfff);
	}
	if (!rights_ok(v, access, entry & leaf, 0)) {
		return walk_fault(v, access, PFEC_PRESENT, pfec);
	}
	*out = gpa(a);
	return true;
}

bool guest_walk(gva_t va, bool need_write, bool need_user, bool fetch, gpa_t *out, uint32_t *pfec)
{
	struct vcpu *v = current;
	uint32_t access =
	    (need_write ? PFEC_WRITE : 0) | (need_user ? PFEC_USER : 0) | (fetch ? PFEC_FETCH : 0);

	if (likely(v->arch.efer & EFER_LMA)) {
		if (unlikely((uint64_t)((int64_t)(va.v << 16) >> 16) != va.v)) {
			*pfec = PFEC_NOT_CANONICAL;
			return false;
		}
		return walk_levels(v, va.v, access, v->arch.cr3 & PTE_ADDR, 4, reserved_bits(v),
				   out, pfec);
	}
	if (unlikely(compat_is_view(va))) {
		*pfec = PFEC_NOT_CANONICAL;
		return false;
	}
	va.v = (uint32_t)va.v;
	if (!(v->arch.cr0 & CR0_PG)) {
		*out = gpa(va.v);
		return true;
	}
	return v->arch.cr4 & CR4_PAE ? walk_pae(v, va.v, access, out, pfec)
				     : walk_legacy(v, va.v, access, out, pfec);
}
