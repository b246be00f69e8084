// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executes one decoded instruction on a register file and the callbacks of struct emul_ops. Order
 * in every instruction: read, compute, write memory, and only when that succeeded the registers and
 * flags, so that a fault leaves all as it was.
 */
#include <asm/emulate.h>

#define FLAG_CF	   BIT(0)
#define FLAG_PF	   BIT(2)
#define FLAG_AF	   BIT(4)
#define FLAG_ZF	   BIT(6)
#define FLAG_SF	   BIT(7)
#define FLAG_DF	   BIT(10)
#define FLAG_OF	   BIT(11)
#define FLAG_ARITH (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

#define REG_AX 0
#define REG_CX 1
#define REG_DX 2
#define REG_SI 6
#define REG_DI 7

/* What an operation makes of its operands. */
struct result {
	uint64_t dst, src;
	uint64_t flags; /* new values of the flags in mask */
	uint64_t mask;
	bool store_dst, store_src;
	bool store_acc; /* CMPXCHG: acc takes the old destination */
};

static uint64_t size_mask(unsigned int size)
{
	return size == 8 ? ~0UL : BIT(8 * size) - 1;
}

static uint64_t sign_bit(unsigned int size)
{
	return BIT(8 * size - 1);
}

static uint64_t sign_extend(uint64_t val, unsigned int size)
{
	uint64_t sign = sign_bit(size);

	val &= size_mask(size);
	return (val ^ sign) - sign;
}

/* AH..BH: byte registers 4-7 of an instruction without REX. */
static bool is_high_byte(const struct emul_insn *i, unsigned int reg, unsigned int size)
{
	return size == 1 && !i->rex && reg >= 4 && reg < 8;
}

static uint64_t read_reg(const struct emul *e, const struct emul_insn *i, unsigned int reg,
			 unsigned int size)
{
	if (is_high_byte(i, reg, size)) {
		return (e->gpr[reg - 4] >> 8) & 0xff;
	}
	return e->gpr[reg] & size_mask(size);
}

static void write_reg(struct emul *e, const struct emul_insn *i, unsigned int reg, uint64_t val,
		      unsigned int size)
{
	if (is_high_byte(i, reg, size)) {
		e->gpr[reg - 4] = (e->gpr[reg - 4] & ~0xff00UL) | ((val & 0xff) << 8);
	} else if (size >= 4) {
		e->gpr[reg] = val & size_mask(size); /* 32-bit results clear the upper half */
	} else {
		e->gpr[reg] = (e->gpr[reg] & ~size_mask(size)) | (val & size_mask(size));
	}
}

static enum emul_status raise(struct emul *e, uint8_t vector, bool has_error)
{
	e->fault = (struct emul_fault){.vector = vector, .has_error = has_error};
	return EMUL_FAULT;
}

static bool is_canonical(uint64_t a)
{
	return a >> 47 == 0 || a >> 47 == 0x1ffff;
}

/* APMv2 4.7.1, 4.8: type and limit of a segment outside 64-bit mode. */
static bool segment_allows(const struct emul *e, const struct guest_segment *s, uint64_t off,
			   unsigned int size, bool write)
{
	unsigned int type = s->attr & 0xf;
	uint64_t last = off + size - 1;
	bool code = type & 8;

	if (e->protected_mode) {
		if (!(s->attr & SEG_ATTR_P) || (write && (code || !(type & 2))) ||
		    (!write && code && !(type & 2))) {
			return false;
		}
		if (!code && (type & 4)) { /* expand-down */
			return off > s->limit &&
			       last <= (s->attr & SEG_ATTR_DB ? 0xffffffffUL : 0xffffUL);
		}
	}
	return last <= s->limit;
}

static enum emul_status to_linear(struct emul *e, enum guest_seg seg, uint64_t off,
				  unsigned int size, bool write, uint64_t *linear)
{
	struct guest_segment s;
	uint8_t vector = seg == SEG_SS ? VEC_SS : VEC_GP;

	if (e->mode == EMUL_MODE64) {
		*linear = off;
		if (seg == SEG_FS || seg == SEG_GS) {
			e->ops->segment(e, seg, &s);
			*linear += s.base;
		}
		if (!is_canonical(*linear) || !is_canonical(*linear + size - 1)) {
			return raise(e, vector, true);
		}
		return EMUL_DONE;
	}
	e->ops->segment(e, seg, &s);
	if (!segment_allows(e, &s, off, size, write)) {
		return raise(e, vector, true);
	}
	*linear = (uint32_t)(s.base + off);
	return EMUL_DONE;
}

static uint64_t effective_address(const struct emul *e, const struct emul_insn *i)
{
	uint64_t a = i->disp;

	if (i->base != EMUL_NO_REG) {
		a += e->gpr[i->base];
	}
	if (i->index != EMUL_NO_REG) {
		a += e->gpr[i->index] << i->scale;
	}
	if (i->rip_relative) {
		a += e->rip + i->length;
	}
	return a;
}

/* Flags --------------------------------------------------------------------------------------- */

static uint64_t flags_of_result(uint64_t r, unsigned int size)
{
	uint64_t f = 0;
	uint8_t p = (uint8_t)r;

	p ^= p >> 4;
	p ^= p >> 2;
	p ^= p >> 1;
	f |= p & 1 ? 0 : FLAG_PF;
	f |= r & size_mask(size) ? 0 : FLAG_ZF;
	f |= r & sign_bit(size) ? FLAG_SF : 0;
	return f;
}

/* carries: for each bit position, whether it gave a carry (or borrow) to the next. */
static uint64_t flags_of_carries(uint64_t carries, uint64_t overflow, unsigned int size)
{
	return (carries & sign_bit(size) ? FLAG_CF : 0) | (carries & BIT(3) ? FLAG_AF : 0) |
	       (overflow & sign_bit(size) ? FLAG_OF : 0);
}

static void compute_add(struct result *r, uint64_t a, uint64_t b, uint64_t carry, unsigned int size)
{
	uint64_t sum = a + b + carry;

	r->dst = sum;
	r->mask = FLAG_ARITH;
	r->flags = flags_of_result(sum, size) |
		   flags_of_carries((a & b) | ((a | b) & ~sum), (a ^ sum) & (b ^ sum), size);
}

static void compute_sub(struct result *r, uint64_t a, uint64_t b, uint64_t borrow,
			unsigned int size)
{
	uint64_t diff = a - b - borrow;

	r->dst = diff;
	r->mask = FLAG_ARITH;
	r->flags = flags_of_result(diff, size) |
		   flags_of_carries((~a & b) | ((~a | b) & diff), (a ^ b) & (a ^ diff), size);
}

static void compute_logic(struct result *r, uint64_t val, unsigned int size)
{
	r->dst = val;
	r->mask = FLAG_ARITH;
	r->flags = flags_of_result(val, size);
}

/* src: the bit's number, already reduced to the operand. */
static void compute_bit(struct result *r, unsigned int op, uint64_t dst, unsigned int bit)
{
	r->mask = FLAG_CF;
	r->flags = dst & BIT(bit) ? FLAG_CF : 0;
	r->dst = op == EMUL_OP_BTS   ? dst | BIT(bit)
		 : op == EMUL_OP_BTR ? dst & ~BIT(bit)
		 : op == EMUL_OP_BTC ? dst ^ BIT(bit)
				     : dst;
	r->store_dst = op != EMUL_OP_BT;
}

static void compute_cmpxchg(struct result *r, uint64_t acc, uint64_t dst, uint64_t src,
			    unsigned int size)
{
	compute_sub(r, acc, dst, 0, size);
	r->store_acc = acc != dst;
	r->dst = r->store_acc ? dst : src; /* the CPU writes in both cases */
}

static void compute_arith(struct result *r, const struct emul *e, unsigned int op, uint64_t dst,
			  uint64_t src, unsigned int size)
{
	uint64_t carry = *e->rflags & FLAG_CF ? 1 : 0;

	switch (op) {
	case EMUL_OP_ADD:
		compute_add(r, dst, src, 0, size);
		break;
	case EMUL_OP_ADC:
		compute_add(r, dst, src, carry, size);
		break;
	case EMUL_OP_SBB:
		compute_sub(r, dst, src, carry, size);
		break;
	case EMUL_OP_SUB:
	case EMUL_OP_CMP:
		compute_sub(r, dst, src, 0, size);
		break;
	case EMUL_OP_OR:
		compute_logic(r, dst | src, size);
		break;
	case EMUL_OP_XOR:
		compute_logic(r, dst ^ src, size);
		break;
	default: /* AND, TEST */
		compute_logic(r, dst & src, size);
		break;
	}
	r->store_dst = op != EMUL_OP_CMP && op != EMUL_OP_TEST;
}

/* dst and src are zero-extended values of their sizes. */
static void compute(struct result *r, const struct emul *e, const struct emul_insn *i, uint64_t dst,
		    uint64_t src)
{
	unsigned int size = i->op_size;

	r->store_dst = true;
	switch (i->op) {
	case EMUL_OP_MOV:
	case EMUL_OP_MOVZX:
		r->dst = src;
		break;
	case EMUL_OP_MOVSX:
		r->dst = sign_extend(src, i->src_size);
		break;
	case EMUL_OP_XCHG:
		r->dst = src;
		r->src = dst;
		r->store_src = true;
		break;
	case EMUL_OP_XADD:
		compute_add(r, dst, src, 0, size);
		r->src = dst;
		r->store_src = true;
		break;
	case EMUL_OP_CMPXCHG:
		compute_cmpxchg(r, e->gpr[REG_AX] & size_mask(size), dst, src, size);
		break;
	case EMUL_OP_INC:
		compute_add(r, dst, 1, 0, size);
		r->mask &= ~FLAG_CF;
		break;
	case EMUL_OP_DEC:
		compute_sub(r, dst, 1, 0, size);
		r->mask &= ~FLAG_CF;
		break;
	case EMUL_OP_NOT:
		r->dst = ~dst;
		break;
	case EMUL_OP_NEG:
		compute_sub(r, 0, dst, 0, size);
		break;
	case EMUL_OP_BT ... EMUL_OP_BTC:
		compute_bit(r, i->op, dst, (unsigned int)src & (8 * size - 1));
		break;
	default:
		compute_arith(r, e, i->op, dst, src, size);
		break;
	}
}

/* ModRM instructions -------------------------------------------------------------------------- */

static bool op_reads_dst(unsigned int op)
{
	return op != EMUL_OP_MOV && op != EMUL_OP_MOVZX && op != EMUL_OP_MOVSX;
}

static bool op_writes_dst(unsigned int op)
{
	return op != EMUL_OP_CMP && op != EMUL_OP_TEST && op != EMUL_OP_BT;
}

/* What the LOCK prefix may stand before, with a destination in memory. APMv3 1.2.5. */
static bool op_lockable(unsigned int op)
{
	return op_writes_dst(op) && op_reads_dst(op);
}

/* A bit number in a register may lie outside the operand: it moves the address. */
static uint64_t bit_string_offset(const struct emul *e, const struct emul_insn *i)
{
	unsigned int shift = i->op_size == 8 ? 6 : i->op_size == 4 ? 5 : 4;
	int64_t bit = (int64_t)sign_extend(e->gpr[i->reg], i->op_size);

	return (uint64_t)(bit >> shift) * i->op_size;
}

static enum emul_status memory_operand(struct emul *e, const struct emul_insn *i, unsigned int size,
				       bool write, uint64_t *linear)
{
	uint64_t a = effective_address(e, i);

	if (i->op >= EMUL_OP_BT && i->op <= EMUL_OP_BTC && i->src == EMUL_OPND_REG) {
		a += bit_string_offset(e, i);
	}
	return to_linear(e, i->seg, a & size_mask(i->addr_size), size, write, linear);
}

/* Value of an operand; memory is read at linear. */
static enum emul_status load(struct emul *e, const struct emul_insn *i, unsigned int kind,
			     unsigned int size, uint64_t linear, bool rmw, uint64_t *val)
{
	*val = 0;
	switch (kind) {
	case EMUL_OPND_RM:
		if (i->mem) {
			return e->ops->read(e, linear, val, size, rmw);
		}
		*val = read_reg(e, i, i->rm, size);
		break;
	case EMUL_OPND_REG:
		*val = read_reg(e, i, i->reg, size);
		break;
	case EMUL_OPND_ACC:
		*val = e->gpr[REG_AX] & size_mask(size);
		break;
	case EMUL_OPND_IMM:
		*val = i->imm & size_mask(size);
		break;
	default:
		break;
	}
	return EMUL_DONE;
}

static enum emul_status store_dst(struct emul *e, const struct emul_insn *i, uint64_t linear,
				  uint64_t old, uint64_t val)
{
	unsigned int size = i->op_size;

	val &= size_mask(size);
	if (i->dst == EMUL_OPND_RM && i->mem) {
		if (i->lock || i->op == EMUL_OP_XCHG) {
			return e->ops->cmpxchg(e, linear, old, val, size);
		}
		return e->ops->write(e, linear, &val, size);
	}
	write_reg(e, i,
		  i->dst == EMUL_OPND_RM    ? i->rm
		  : i->dst == EMUL_OPND_REG ? i->reg
					    : REG_AX,
		  val, size);
	return EMUL_DONE;
}

static enum emul_status execute_modrm(struct emul *e, const struct emul_insn *i)
{
	struct result r = {0};
	bool mem_dst = i->mem && i->dst == EMUL_OPND_RM;
	bool write = mem_dst && op_writes_dst(i->op);
	unsigned int mem_size = i->mem && i->src == EMUL_OPND_RM ? i->src_size : i->op_size;
	uint64_t linear = 0, dst = 0, src = 0;
	enum emul_status s;

	if (i->lock && !(mem_dst && op_lockable(i->op))) {
		return raise(e, VEC_UD, false);
	}
	if (i->mem) {
		s = memory_operand(e, i, mem_size, write, &linear);
		if (s != EMUL_DONE) {
			return s;
		}
	}
	s = load(e, i, i->src, i->src_size, linear, false, &src);
	if (s == EMUL_DONE && op_reads_dst(i->op)) {
		s = load(e, i, i->dst, i->op_size, linear, write, &dst);
	}
	if (s != EMUL_DONE) {
		return s;
	}
	compute(&r, e, i, dst, src);
	/* XADD of a register with itself and XCHG: source first, then the destination wins. */
	if (r.store_src && !i->mem) {
		write_reg(e, i, i->reg, r.src, i->op_size);
	}
	if (r.store_dst) {
		s = store_dst(e, i, linear, dst, r.dst);
		if (s != EMUL_DONE) {
			return s;
		}
	}
	if (r.store_src && i->mem) {
		write_reg(e, i, i->reg, r.src, i->op_size);
	}
	if (r.store_acc) {
		write_reg(e, i, REG_AX, dst, i->op_size);
	}
	*e->rflags = (*e->rflags & ~r.mask) | (r.flags & r.mask);
	return EMUL_DONE;
}

/* String instructions ------------------------------------------------------------------------- */

/* Adds to an index or count register in the width of addresses. */
static void advance(struct emul *e, const struct emul_insn *i, unsigned int reg, uint64_t delta)
{
	uint64_t mask = size_mask(i->addr_size);
	uint64_t val = (e->gpr[reg] + delta) & mask;

	e->gpr[reg] = i->addr_size == 2 ? (e->gpr[reg] & ~mask) | val : val;
}

static enum emul_status string_source(struct emul *e, const struct emul_insn *i, uint64_t *val)
{
	uint64_t linear;
	enum emul_status s = to_linear(e, i->seg, e->gpr[REG_SI] & size_mask(i->addr_size),
				       i->op_size, false, &linear);

	*val = 0;
	return s == EMUL_DONE ? e->ops->read(e, linear, val, i->op_size, false) : s;
}

static enum emul_status string_destination(struct emul *e, const struct emul_insn *i,
					   uint64_t *linear)
{
	return to_linear(e, SEG_ES, e->gpr[REG_DI] & size_mask(i->addr_size), i->op_size, true,
			 linear);
}

static enum emul_status string_in(struct emul *e, const struct emul_insn *i, uint64_t linear)
{
	uint32_t val = 0;
	uint64_t probe;
	enum emul_status s;

	/* The port may lose what was read, so the destination must be writable before. */
	s = e->ops->read(e, linear, &probe, i->op_size, true);
	if (s == EMUL_DONE) {
		s = e->ops->port(e, (uint16_t)e->gpr[REG_DX], i->op_size, false, &val);
	}
	return s == EMUL_DONE ? e->ops->write(e, linear, &val, i->op_size) : s;
}

/* One iteration, registers included. */
static enum emul_status string_step(struct emul *e, const struct emul_insn *i)
{
	uint64_t delta = *e->rflags & FLAG_DF ? -(uint64_t)i->op_size : i->op_size;
	bool uses_si = i->op == EMUL_OP_MOVS || i->op == EMUL_OP_LODS || i->op == EMUL_OP_OUTS;
	bool uses_di = i->op == EMUL_OP_MOVS || i->op == EMUL_OP_STOS || i->op == EMUL_OP_INS;
	uint64_t val = e->gpr[REG_AX] & size_mask(i->op_size), linear = 0;
	uint32_t out;
	enum emul_status s = EMUL_DONE;

	if (uses_di) {
		s = string_destination(e, i, &linear);
	}
	if (s == EMUL_DONE && uses_si) {
		s = string_source(e, i, &val);
	}
	if (s != EMUL_DONE) {
		return s;
	}
	switch (i->op) {
	case EMUL_OP_LODS:
		write_reg(e, i, REG_AX, val, i->op_size);
		break;
	case EMUL_OP_OUTS:
		out = (uint32_t)val;
		s = e->ops->port(e, (uint16_t)e->gpr[REG_DX], i->op_size, true, &out);
		break;
	case EMUL_OP_INS:
		s = string_in(e, i, linear);
		break;
	default:
		s = e->ops->write(e, linear, &val, i->op_size);
		break;
	}
	if (s != EMUL_DONE) {
		return s;
	}
	if (uses_si) {
		advance(e, i, REG_SI, delta);
	}
	if (uses_di) {
		advance(e, i, REG_DI, delta);
	}
	return EMUL_DONE;
}

static enum emul_status execute_string(struct emul *e, const struct emul_insn *i)
{
	unsigned int n;

	if (i->lock) {
		return raise(e, VEC_UD, false);
	}
	if ((i->op == EMUL_OP_INS || i->op == EMUL_OP_OUTS) && !e->ops->port) {
		return EMUL_UNSUPPORTED;
	}
	if (!i->rep) {
		return string_step(e, i);
	}
	for (n = 0; n < EMUL_REP_MAX; n++) {
		enum emul_status s;

		if (!(e->gpr[REG_CX] & size_mask(i->addr_size))) {
			return EMUL_DONE;
		}
		s = string_step(e, i);
		if (s != EMUL_DONE) {
			return s;
		}
		advance(e, i, REG_CX, ~0UL);
	}
	return e->gpr[REG_CX] & size_mask(i->addr_size) ? EMUL_AGAIN : EMUL_DONE;
}

enum emul_status emul_execute(struct emul *e, const struct emul_insn *insn)
{
	switch (insn->op) {
	case EMUL_OP_NONE:
		return EMUL_UNSUPPORTED;
	case EMUL_OP_MOVS ... EMUL_OP_OUTS:
		return execute_string(e, insn);
	default:
		return execute_modrm(e, insn);
	}
}
