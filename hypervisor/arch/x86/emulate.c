// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulator's ties to a guest: fetching bytes, linear to guest-physical, and whom an access
 * concerns: the vCPU's APIC page, a registered device, RAM, or nobody (reads give all ones, writes
 * are dropped). v is current throughout; no lock is held.
 */
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <asm/emulate.h>
#include <asm/exit.h>
#include <asm/io.h>
#include <asm/processor.h>
#include <asm/vmm.h>

struct access {
	struct vcpu *v;
	uint16_t port; /* string I/O: what the exit was about */
	unsigned int port_size;
};

static enum emul_status page_fault(struct emul *e, uint64_t linear, uint32_t pfec)
{
	if (pfec & PFEC_NOT_CANONICAL) {
		e->fault = (struct emul_fault){.vector = VEC_GP, .has_error = true};
	} else {
		e->fault = (struct emul_fault){
		    .vector = VEC_PF,
		    .has_error = true,
		    .error = pfec,
		    .cr2 = linear,
		};
	}
	return EMUL_FAULT;
}

static bool device_access(struct vcpu *v, uint64_t a, unsigned int size, bool write, uint64_t *val)
{
	if (vlapic_owns(v, a)) {
		vlapic_mmio(v, a & ~PAGE_MASK, size, write, val);
		return true;
	}
	return io_mmio_access(v, gpa(a), size, write, val);
}

/* Memory that stands in the p2m. *status is set when the access ends here. */
static bool ram_access(struct vcpu *v, uint64_t a, void *buf, unsigned int size, bool write,
		       enum emul_status *status)
{
	enum p2m_type t;
	mfn_t m = p2m_lookup(v->domain, gpa_to_gfn(gpa(a)), &t, NULL);

	if (t == P2M_POD) {
		p2m_pod_fault(v->domain, gpa_to_gfn(gpa(a)));
		*status = EMUL_AGAIN;
		return true;
	}
	if (mfn_eq(m, INVALID_MFN) || t == P2M_INVALID) {
		return false;
	}
	*status = EMUL_DONE;
	if (t == P2M_MMIO) {
		/* A real device: the CPU does that access itself, the emulator has no mapping of
		 * it. */
		*status = EMUL_UNSUPPORTED;
	} else if (!write) {
		*status = guest_read_gpa(v->domain, buf, gpa(a), size) ? EMUL_AGAIN : EMUL_DONE;
	} else if (p2m_is_writable(t)) {
		*status = guest_write_gpa(v->domain, gpa(a), buf, size) ? EMUL_AGAIN : EMUL_DONE;
	}
	return true; /* a write to read-only memory is dropped */
}

/* One power of two bytes within a page. */
static enum emul_status unit_access(struct vcpu *v, uint64_t a, void *buf, unsigned int size,
				    bool write)
{
	uint64_t val = ~0UL;
	enum emul_status status;

	if (write) {
		val = 0;
		memcpy(&val, buf, size);
	}
	if (!device_access(v, a, size, write, &val)) {
		if (ram_access(v, a, buf, size, write, &status)) {
			return status;
		}
		val = ~0UL;
	}
	if (!write) {
		memcpy(buf, &val, size);
	}
	return EMUL_DONE;
}

/* Any number of bytes up to 8 within a page: a piece of an access that crosses pages may have an
 * odd size. */
static enum emul_status page_access(struct vcpu *v, uint64_t a, void *buf, unsigned int size,
				    bool write)
{
	unsigned int i;

	if ((size & (size - 1)) == 0) {
		return unit_access(v, a, buf, size, write);
	}
	for (i = 0; i < size; i++) {
		enum emul_status s = unit_access(v, a + i, (char *)buf + i, 1, write);

		if (s != EMUL_DONE) {
			return s;
		}
	}
	return EMUL_DONE;
}

static bool translate(struct emul *e, uint64_t linear, bool write, gpa_t *out,
		      enum emul_status *status)
{
	const struct access *x = e->opaque;
	uint32_t pfec;

	if (guest_walk(gva(linear), write, x->v->arch.cpl == 3, false, out, &pfec)) {
		return true;
	}
	*status = page_fault(e, linear, pfec);
	return false;
}

/* Both pages are translated before the first byte moves, so that a fault on the second undoes
 * nothing. */
static enum emul_status linear_access(struct emul *e, uint64_t linear, void *buf, unsigned int size,
				      bool write, bool need_write)
{
	const struct access *x = e->opaque;
	unsigned int first = PAGE_SIZE - (linear & ~PAGE_MASK);
	enum emul_status s;
	gpa_t a, b;

	if (!translate(e, linear, need_write, &a, &s)) {
		return s;
	}
	if (likely(size <= first)) {
		return page_access(x->v, a.v, buf, size, write);
	}
	if (!translate(e, linear + first, need_write, &b, &s)) {
		return s;
	}
	s = page_access(x->v, a.v, buf, first, write);
	return s == EMUL_DONE ? page_access(x->v, b.v, (char *)buf + first, size - first, write)
			      : s;
}

static enum emul_status emul_read(struct emul *e, uint64_t linear, void *buf, unsigned int size,
				  bool rmw)
{
	return linear_access(e, linear, buf, size, false, rmw);
}

static enum emul_status emul_write(struct emul *e, uint64_t linear, const void *buf,
				   unsigned int size)
{
	uint64_t copy = 0;

	memcpy(&copy, buf, size);
	return linear_access(e, linear, &copy, size, true, true);
}

static bool exchange(void *p, uint64_t old, uint64_t val, unsigned int size)
{
	uint8_t old8 = (uint8_t)old;
	uint16_t old16 = (uint16_t)old;
	uint32_t old32 = (uint32_t)old;

	switch (size) {
	case 1:
		return __atomic_compare_exchange_n((uint8_t *)p, &old8, (uint8_t)val, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	case 2:
		return __atomic_compare_exchange_n((uint16_t *)p, &old16, (uint16_t)val, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	case 4:
		return __atomic_compare_exchange_n((uint32_t *)p, &old32, (uint32_t)val, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	default:
		return __atomic_compare_exchange_n((uint64_t *)p, &old, val, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	}
}

/* Devices have no atomic access, so for them it is a write; in RAM other vCPUs may be at the same
 * word. */
static enum emul_status emul_cmpxchg(struct emul *e, uint64_t linear, uint64_t old, uint64_t val,
				     unsigned int size)
{
	const struct access *x = e->opaque;
	enum emul_status s;
	struct page_info *pg;
	enum p2m_type t;
	bool same;
	gpa_t a;

	if (!translate(e, linear, true, &a, &s)) {
		return s;
	}
	pg = NULL;
	if (!vlapic_owns(x->v, a.v) && !io_mmio_registered(x->v->domain, a)) {
		pg = p2m_get_page(x->v->domain, gpa_to_gfn(a), &t);
	}
	if (!pg) {
		return emul_write(e, linear, &val, size);
	}
	if (!p2m_is_writable(t)) {
		page_put(pg);
		return EMUL_DONE; /* read-only memory: dropped */
	}
	if ((a.v & ~PAGE_MASK) + size > PAGE_SIZE) {
		page_put(pg);
		return EMUL_UNSUPPORTED; /* a split lock */
	}
	same = exchange((char *)page_to_virt(pg) + (a.v & ~PAGE_MASK), old, val, size);
	domain_frame_written(x->v->domain, gpa_to_gfn(a));
	page_put(pg);
	return same ? EMUL_DONE : EMUL_AGAIN;
}

static enum emul_status emul_port(struct emul *e, uint16_t port, unsigned int size, bool write,
				  uint32_t *val)
{
	const struct access *x = e->opaque;
	uint64_t wide = write ? *val : ~0UL;

	/* The CPU has checked the guest's right to this very port; another means the code changed
	 * under us. */
	if (port != x->port || size != x->port_size) {
		return EMUL_AGAIN;
	}
	if (!io_port_access(x->v, port, size, write, &wide)) {
		wide = ~0UL;
	}
	if (!write) {
		*val = (uint32_t)wide;
	}
	return EMUL_DONE;
}

static void emul_segment(struct emul *e, enum guest_seg seg, struct guest_segment *out)
{
	const struct access *x = e->opaque;

	vmm->get_segment(x->v, seg, out);
}

static const struct emul_ops mmio_ops = {
    .read = emul_read,
    .write = emul_write,
    .cmpxchg = emul_cmpxchg,
    .segment = emul_segment,
};

static const struct emul_ops string_io_ops = {
    .read = emul_read,
    .write = emul_write,
    .cmpxchg = emul_cmpxchg,
    .segment = emul_segment,
    .port = emul_port,
};

/* Reads up to the end of the page at linear, at most max bytes. Returns the count, 0 on a fault. */
static unsigned int fetch_page(struct emul *e, uint64_t linear, uint8_t *bytes, unsigned int max,
			       enum emul_status *status)
{
	const struct access *x = e->opaque;
	unsigned int n = PAGE_SIZE - (linear & ~PAGE_MASK);
	uint32_t pfec;
	gpa_t a;

	if (!guest_walk(gva(linear), false, x->v->arch.cpl == 3, true, &a, &pfec)) {
		*status = page_fault(e, linear, pfec);
		return 0;
	}
	n = MIN(n, max);
	if (guest_read_gpa(x->v->domain, bytes, a, n)) {
		*status = EMUL_UNSUPPORTED; /* code in device memory */
		return 0;
	}
	return n;
}

static enum emul_status fetch_and_decode(struct emul *e, struct emul_insn *insn)
{
	uint8_t bytes[EMUL_INSN_MAX];
	uint64_t linear = e->rip;
	enum emul_status s;
	unsigned int n;

	if (e->mode != EMUL_MODE64) {
		struct guest_segment cs;

		e->ops->segment(e, SEG_CS, &cs);
		linear = (uint32_t)(cs.base + (uint32_t)e->rip);
	}
	n = fetch_page(e, linear, bytes, sizeof(bytes), &s);
	if (!n) {
		return s;
	}
	s = emul_decode(bytes, n, e->mode, insn);
	if (s == EMUL_AGAIN && n < sizeof(bytes)) {
		unsigned int more = fetch_page(e, linear + n, bytes + n, sizeof(bytes) - n, &s);

		if (!more) {
			return s;
		}
		s = emul_decode(bytes, n + more, e->mode, insn);
	}
	return s;
}

static void emul_begin(struct emul *e, struct access *x, const struct emul_ops *ops)
{
	struct arch_vcpu *a = &x->v->arch;
	struct guest_segment cs;

	*e = (struct emul){
	    .ops = ops,
	    .opaque = x,
	    .gpr = (uint64_t *)&a->regs,
	    .rflags = &a->regs.rflags,
	    .rip = a->regs.rip,
	    .mode = EMUL_MODE64,
	    .protected_mode = (a->cr0 & CR0_PE) && !(a->regs.rflags & RFLAGS_VM),
	};
	if (!a->in_long_mode_64) {
		vmm->get_segment(x->v, SEG_CS, &cs);
		e->mode = cs.attr & SEG_ATTR_DB ? EMUL_MODE32 : EMUL_MODE16;
	}
}

/* A decoder's EMUL_FAULT is the one for an instruction that is too long. */
static void set_too_long(struct emul *e)
{
	if (!e->fault.vector) {
		e->fault = (struct emul_fault){.vector = VEC_GP, .has_error = true};
	}
}

static int emul_finish(struct emul *e, struct vcpu *v, const struct emul_insn *insn,
		       enum emul_status s)
{
	switch (s) {
	case EMUL_DONE:
		exit_skip(v, insn->length);
		return 0;
	case EMUL_AGAIN:
		return 0;
	case EMUL_FAULT:
		set_too_long(e);
		if (e->fault.vector == VEC_PF) {
			inject_page_fault(v, e->fault.cr2, e->fault.error);
		} else {
			inject_exception(v, e->fault.vector,
					 e->fault.has_error && (v->arch.cr0 & CR0_PE),
					 e->fault.error);
		}
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static_assert(offsetof(struct guest_regs, r15) == 15 * sizeof(uint64_t),
	      "the register file is an array of 16 in the order of their numbers");

int emulate_mmio(struct vcpu *v, gpa_t addr, const uint8_t *insn, unsigned int insn_len)
{
	struct access x = {.v = v};
	struct emul_insn decoded;
	enum emul_status s = EMUL_AGAIN;
	struct emul e;

	emul_begin(&e, &x, &mmio_ops);
	if (insn_len) {
		s = emul_decode(insn, insn_len, e.mode, &decoded);
	}
	if (s == EMUL_AGAIN) {
		s = fetch_and_decode(&e, &decoded);
	}
	if (s == EMUL_DONE) {
		s = emul_execute(&e, &decoded);
	} else if (s == EMUL_AGAIN) {
		s = EMUL_UNSUPPORTED;
	}
	if (s == EMUL_UNSUPPORTED) {
		glog_warn("d%u v%u: cannot emulate the access to %#lx at rip %#lx\n", v->domain->id,
			  v->id, (unsigned long)addr.v, (unsigned long)v->arch.regs.rip);
	}
	return emul_finish(&e, v, &decoded, s);
}

int emulate_string_io(struct vcpu *v, uint16_t port, unsigned int size, bool in, bool rep,
		      uint64_t next_rip)
{
	struct access x = {.v = v, .port = port, .port_size = size};
	struct emul_insn decoded;
	enum emul_status s;
	struct emul e;

	emul_begin(&e, &x, &string_io_ops);
	s = fetch_and_decode(&e, &decoded);
	if (s == EMUL_AGAIN) {
		s = EMUL_UNSUPPORTED;
	}
	if (s == EMUL_DONE) {
		bool same = decoded.op == (in ? EMUL_OP_INS : EMUL_OP_OUTS) && decoded.rep == rep;

		/* Other bytes than the CPU executed: it shall look again. */
		s = same ? emul_execute(&e, &decoded) : EMUL_AGAIN;
	}
	return emul_finish(&e, v, &decoded, s);
}
