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

#define PTE_P	 BIT(0)
#define PTE_RW	 BIT(1)
#define PTE_US	 BIT(2)
#define PTE_PS	 BIT(7)
#define PTE_NX	 BIT(63)
#define PTE_ADDR 0x000ffffffffff000UL

struct walk {
	struct vcpu *v;
	uint64_t va;
	uint32_t access;   /* PFEC_WRITE, _USER, _FETCH as asked */
	uint64_t rights;   /* AND of all entries */
	uint64_t denials;  /* OR of all entries, for NX */
	uint64_t reserved; /* bits that must be 0 in every entry */
	uint32_t pfec;
};

/* A table that lies in a frame of another domain (or that is going away under us). */
static __noinline bool read_entry_slow(struct domain *d, gpa_t where, void *entry, size_t size)
{
	return guest_read_gpa(d, entry, where, size) == 0;
}

/*
 * The word at an aligned guest-physical address. No reference is taken: the owner is looked at
 * after the read. A frame that left d before the read has another owner (or none) by then, and what
 * was read is thrown away. Even if the frame made a full circle back to d in between, the word is
 * only an entry whose address goes through d's own p2m again.
 */
static inline bool read_entry64(struct domain *d, uint64_t where, uint64_t *entry)
{
	enum p2m_type t;
	mfn_t m = p2m_lookup(d, gfn(where >> PAGE_SHIFT), &t, NULL);

	if (likely(t == P2M_RAM_RW)) {
		const char *table = mfn_to_virt(m);

		*entry = READ_ONCE(*(const uint64_t *)(table + (where & ~PAGE_MASK)));
		if (likely(READ_ONCE(mfn_to_page(m)->owner) == d)) {
			return true;
		}
	}
	return read_entry_slow(d, gpa(where), entry, sizeof(*entry));
}

static bool read_entry32(struct domain *d, uint64_t where, uint32_t *entry)
{
	return read_entry_slow(d, gpa(where), entry, sizeof(*entry));
}

static __noinline bool walk_fault(struct walk *w, uint32_t why)
{
	struct arch_vcpu *a = &w->v->arch;

	w->pfec = why | (w->access & ~PFEC_FETCH);
	/* The fetch bit exists only where a fetch can be told from a read. APMv2 8.4.2. */
	if ((w->access & PFEC_FETCH) &&
	    ((a->cr4 & CR4_SMEP) || ((a->cr4 & CR4_PAE) && (a->efer & EFER_NXE)))) {
		w->pfec |= PFEC_FETCH;
	}
	return false;
}

/* The sum of the entries against the access. */
static inline bool check_rights(struct walk *w)
{
	struct arch_vcpu *a = &w->v->arch;

	if (w->access & PFEC_USER) {
		if (!(w->rights & PTE_US) || ((w->access & PFEC_WRITE) && !(w->rights & PTE_RW))) {
			return walk_fault(w, PFEC_PRESENT);
		}
	} else {
		if ((w->access & PFEC_WRITE) && !(w->rights & PTE_RW) && (a->cr0 & CR0_WP)) {
			return walk_fault(w, PFEC_PRESENT);
		}
		if (w->rights & PTE_US) {
			bool barred = w->access & PFEC_FETCH
					  ? a->cr4 & CR4_SMEP
					  : (a->cr4 & CR4_SMAP) && !(a->regs.rflags & RFLAGS_AC);

			if (barred) {
				return walk_fault(w, PFEC_PRESENT);
			}
		}
	}
	if ((w->access & PFEC_FETCH) && (w->denials & PTE_NX)) {
		return walk_fault(w, PFEC_PRESENT); /* without NXE the bit is reserved */
	}
	return true;
}

/* From a table of 8-byte entries down to the leaf: 4 levels in long mode, 2 below a PAE pointer. */
static bool walk_levels(struct walk *w, uint64_t table, unsigned int level, gpa_t *out)
{
	struct domain *d = w->v->domain;

	for (;; level--) {
		unsigned int shift = PAGE_SHIFT + 9 * (level - 1);
		uint64_t entry, offset_mask = BIT(shift) - 1;

		if (!read_entry64(d, table + ((w->va >> shift) & 0x1ff) * 8, &entry) ||
		    !(entry & PTE_P)) {
			return walk_fault(w, 0);
		}
		if (unlikely(entry & w->reserved) || unlikely(level == 4 && (entry & PTE_PS))) {
			return walk_fault(w, PFEC_PRESENT | PFEC_RESERVED);
		}
		w->rights &= entry;
		w->denials |= entry;
		if (level == 1 || (entry & PTE_PS)) {
			/* In a large leaf bit 12 is PAT, the rest of the offset is reserved. */
			if (level > 1 && (entry & offset_mask & ~0x1fffUL)) {
				return walk_fault(w, PFEC_PRESENT | PFEC_RESERVED);
			}
			*out = gpa((entry & PTE_ADDR & ~offset_mask) | (w->va & offset_mask));
			return check_rights(w);
		}
		table = entry & PTE_ADDR;
	}
}

/* Bits of an entry above the guest's physical address width, and NX when it is off. */
static uint64_t reserved_bits(const struct vcpu *v)
{
	unsigned int width = v->domain->arch.phys_bits;
	uint64_t r = v->arch.efer & EFER_NXE ? 0 : PTE_NX;

	if (likely(width >= 32 && width < 52)) {
		r |= PTE_ADDR & ~(BIT(width) - 1);
	}
	return r;
}

static bool walk_pae(struct walk *w, gpa_t *out)
{
	uint64_t table = (w->v->arch.cr3 & 0xffffffe0UL) + (w->va >> 30) * 8, entry;

	if (!read_entry64(w->v->domain, table, &entry) || !(entry & PTE_P)) {
		return walk_fault(w, 0);
	}
	w->reserved = reserved_bits(w->v) | 0x7ff0000000000000UL;
	return walk_levels(w, entry & PTE_ADDR, 2, out);
}

/* Two levels of 4-byte entries, with 4 MiB pages and their 40-bit addresses (PSE-36). */
static bool walk_legacy(struct walk *w, gpa_t *out)
{
	struct domain *d = w->v->domain;
	uint32_t entry;

	if (!read_entry32(d, (w->v->arch.cr3 & 0xfffff000UL) + (w->va >> 22) * 4, &entry) ||
	    !(entry & PTE_P)) {
		return walk_fault(w, 0);
	}
	w->rights = entry;
	if ((entry & PTE_PS) && (w->v->arch.cr4 & CR4_PSE)) {
		if (entry & BIT(21)) {
			return walk_fault(w, PFEC_PRESENT | PFEC_RESERVED);
		}
		*out = gpa((entry & 0xffc00000UL) | ((uint64_t)(entry & 0x1fe000) << 19) |
			   (w->va & 0x3fffff));
		return check_rights(w);
	}
	if (!read_entry32(d, (entry & 0xfffff000UL) + ((w->va >> 12) & 0x3ff) * 4, &entry) ||
	    !(entry & PTE_P)) {
		return walk_fault(w, 0);
	}
	w->rights &= entry;
	*out = gpa((entry & 0xfffff000UL) | (w->va & 0xfff));
	return check_rights(w);
}

bool guest_walk(gva_t va, bool need_write, bool need_user, bool fetch, gpa_t *out, uint32_t *pfec)
{
	struct vcpu *v = current;
	struct walk w = {
	    .v = v,
	    .va = va.v,
	    .rights = ~0UL,
	    .access = (need_write ? PFEC_WRITE : 0) | (need_user ? PFEC_USER : 0) |
		      (fetch ? PFEC_FETCH : 0),
	};
	bool ok;

	if (likely(v->arch.efer & EFER_LMA)) {
		if (unlikely((uint64_t)((int64_t)(va.v << 16) >> 16) != va.v)) {
			*pfec = PFEC_NOT_CANONICAL;
			return false;
		}
		w.reserved = reserved_bits(v);
		ok = walk_levels(&w, v->arch.cr3 & PTE_ADDR, 4, out);
	} else {
		if (unlikely(compat_is_view(va))) {
			*pfec = PFEC_NOT_CANONICAL;
			return false;
		}
		w.va = (uint32_t)va.v;
		if (!(v->arch.cr0 & CR0_PG)) {
			*out = gpa(w.va);
			return true;
		}
		ok = v->arch.cr4 & CR4_PAE ? walk_pae(&w, out) : walk_legacy(&w, out);
	}
	if (unlikely(!ok)) {
		*pfec = w.pfec;
	}
	return ok;
}
