// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instruction decoder: what compilers and kernels use on device memory, as two tables of opcodes.
 * Whatever is not in them (SSE moves, CMPXCHG8B, stack operations ...) is EMUL_UNSUPPORTED.
 *
 * The only input are the bytes, read by next8() which never goes past the end; the rest follows
 * from that.
 */
#include <asm/emulate.h>

#define F_MODRM 0x01
#define F_BYTE	0x02 /* operand size is 1 */
#define F_IMM	0x04 /* immediate of operand size, at most 4 bytes, sign-extended */
#define F_IMM8	0x08 /* immediate byte, sign-extended */
#define F_MOFFS 0x10 /* memory operand is an absolute offset, no ModRM */
#define F_SRC8	0x20 /* source is a byte, whatever the operand size */
#define F_SRC16 0x40
#define F_SRC32 0x80

struct opcode {
	uint8_t op, dst, src, flags;
};

#define RM   EMUL_OPND_RM
#define REG  EMUL_OPND_REG
#define ACC  EMUL_OPND_ACC
#define IMM  EMUL_OPND_IMM
#define NONE EMUL_OPND_NONE

/* clang-format off */
#define ALU(first, o)                                                                              \
	[(first) + 0] = { o, RM, REG, F_MODRM | F_BYTE },                                          \
	[(first) + 1] = { o, RM, REG, F_MODRM },                                                   \
	[(first) + 2] = { o, REG, RM, F_MODRM | F_BYTE },                                          \
	[(first) + 3] = { o, REG, RM, F_MODRM }

static const struct opcode one_byte[256] = {
	ALU(0x00, EMUL_OP_ADD), ALU(0x08, EMUL_OP_OR), ALU(0x10, EMUL_OP_ADC), ALU(0x18, EMUL_OP_SBB),
	ALU(0x20, EMUL_OP_AND), ALU(0x28, EMUL_OP_SUB), ALU(0x30, EMUL_OP_XOR), ALU(0x38, EMUL_OP_CMP),
	[0x63] = { EMUL_OP_MOVSX, REG, RM, F_MODRM | F_SRC32 },	/* MOVSXD, 64-bit mode only */
	[0x6c] = { EMUL_OP_INS, NONE, NONE, F_BYTE },
	[0x6d] = { EMUL_OP_INS, NONE, NONE, 0 },
	[0x6e] = { EMUL_OP_OUTS, NONE, NONE, F_BYTE },
	[0x6f] = { EMUL_OP_OUTS, NONE, NONE, 0 },
	[0x80] = { EMUL_GROUP_1, RM, IMM, F_MODRM | F_BYTE | F_IMM },
	[0x81] = { EMUL_GROUP_1, RM, IMM, F_MODRM | F_IMM },
	[0x83] = { EMUL_GROUP_1, RM, IMM, F_MODRM | F_IMM8 },
	[0x84] = { EMUL_OP_TEST, RM, REG, F_MODRM | F_BYTE },
	[0x85] = { EMUL_OP_TEST, RM, REG, F_MODRM },
	[0x86] = { EMUL_OP_XCHG, RM, REG, F_MODRM | F_BYTE },
	[0x87] = { EMUL_OP_XCHG, RM, REG, F_MODRM },
	[0x88] = { EMUL_OP_MOV, RM, REG, F_MODRM | F_BYTE },
	[0x89] = { EMUL_OP_MOV, RM, REG, F_MODRM },
	[0x8a] = { EMUL_OP_MOV, REG, RM, F_MODRM | F_BYTE },
	[0x8b] = { EMUL_OP_MOV, REG, RM, F_MODRM },
	[0xa0] = { EMUL_OP_MOV, ACC, RM, F_MOFFS | F_BYTE },
	[0xa1] = { EMUL_OP_MOV, ACC, RM, F_MOFFS },
	[0xa2] = { EMUL_OP_MOV, RM, ACC, F_MOFFS | F_BYTE },
	[0xa3] = { EMUL_OP_MOV, RM, ACC, F_MOFFS },
	[0xa4] = { EMUL_OP_MOVS, NONE, NONE, F_BYTE },
	[0xa5] = { EMUL_OP_MOVS, NONE, NONE, 0 },
	[0xaa] = { EMUL_OP_STOS, NONE, NONE, F_BYTE },
	[0xab] = { EMUL_OP_STOS, NONE, NONE, 0 },
	[0xac] = { EMUL_OP_LODS, NONE, NONE, F_BYTE },
	[0xad] = { EMUL_OP_LODS, NONE, NONE, 0 },
	[0xc6] = { EMUL_GROUP_11, RM, IMM, F_MODRM | F_BYTE | F_IMM },
	[0xc7] = { EMUL_GROUP_11, RM, IMM, F_MODRM | F_IMM },
	[0xf6] = { EMUL_GROUP_3, RM, NONE, F_MODRM | F_BYTE },
	[0xf7] = { EMUL_GROUP_3, RM, NONE, F_MODRM },
	[0xfe] = { EMUL_GROUP_4, RM, NONE, F_MODRM | F_BYTE },
	[0xff] = { EMUL_GROUP_4, RM, NONE, F_MODRM },
};

static const struct opcode two_byte[256] = {
	[0xa3] = { EMUL_OP_BT, RM, REG, F_MODRM },
	[0xab] = { EMUL_OP_BTS, RM, REG, F_MODRM },
	[0xb0] = { EMUL_OP_CMPXCHG, RM, REG, F_MODRM | F_BYTE },
	[0xb1] = { EMUL_OP_CMPXCHG, RM, REG, F_MODRM },
	[0xb3] = { EMUL_OP_BTR, RM, REG, F_MODRM },
	[0xb6] = { EMUL_OP_MOVZX, REG, RM, F_MODRM | F_SRC8 },
	[0xb7] = { EMUL_OP_MOVZX, REG, RM, F_MODRM | F_SRC16 },
	[0xba] = { EMUL_GROUP_8, RM, IMM, F_MODRM | F_IMM8 },
	[0xbb] = { EMUL_OP_BTC, RM, REG, F_MODRM },
	[0xbe] = { EMUL_OP_MOVSX, REG, RM, F_MODRM | F_SRC8 },
	[0xbf] = { EMUL_OP_MOVSX, REG, RM, F_MODRM | F_SRC16 },
	[0xc0] = { EMUL_OP_XADD, RM, REG, F_MODRM | F_BYTE },
	[0xc1] = { EMUL_OP_XADD, RM, REG, F_MODRM },
	[0xc3] = { EMUL_OP_MOV, RM, REG, F_MODRM },		/* MOVNTI */
};
/* clang-format on */

#define OPCODE_MOVNTI 0xc3

struct cursor {
	const uint8_t *bytes;
	unsigned int len, pos;
	bool starved; /* more was asked for than is there */
};

struct prefixes {
	bool operand, address, lock, rep;
	int seg; /* -1: none */
	uint8_t rex;
};

#define REX_W 0x08
#define REX_R 0x04
#define REX_X 0x02
#define REX_B 0x01

static uint8_t next8(struct cursor *c)
{
	if (c->pos >= c->len) {
		c->starved = true;
		return 0;
	}
	return c->bytes[c->pos++];
}

/* Little-endian, sign-extended. size 1, 2, 4, 8. */
static uint64_t next_signed(struct cursor *c, unsigned int size)
{
	uint64_t val = 0;
	unsigned int i;

	for (i = 0; i < size; i++) {
		val |= (uint64_t)next8(c) << (8 * i);
	}
	switch (size) {
	case 1:
		return (uint64_t)(int64_t)(int8_t)val;
	case 2:
		return (uint64_t)(int64_t)(int16_t)val;
	case 4:
		return (uint64_t)(int64_t)(int32_t)val;
	default:
		return val;
	}
}

/* Takes one legacy prefix in; false when b is none. */
static bool legacy_prefix(struct prefixes *p, uint8_t b)
{
	switch (b) {
	case 0x66:
		p->operand = true;
		return true;
	case 0x67:
		p->address = true;
		return true;
	case 0x26:
		p->seg = SEG_ES;
		return true;
	case 0x2e:
		p->seg = SEG_CS;
		return true;
	case 0x36:
		p->seg = SEG_SS;
		return true;
	case 0x3e:
		p->seg = SEG_DS;
		return true;
	case 0x64:
		p->seg = SEG_FS;
		return true;
	case 0x65:
		p->seg = SEG_GS;
		return true;
	case 0xf0:
		p->lock = true;
		return true;
	case 0xf2:
	case 0xf3:
		p->rep = true;
		return true;
	default:
		return false;
	}
}

/* Returns the first byte that is no prefix. Bounded by the cursor: at its end next8 gives 0. */
static uint8_t decode_prefixes(struct cursor *c, enum emul_mode mode, struct prefixes *p)
{
	for (;;) {
		uint8_t b = next8(c);

		if (legacy_prefix(p, b)) {
			p->rex = 0; /* a REX counts only directly before the opcode */
		} else if (mode == EMUL_MODE64 && (b & 0xf0) == 0x40) {
			p->rex = b;
		} else {
			return b;
		}
	}
}

static void decode_sib(struct cursor *c, uint8_t rex, uint8_t mod, struct emul_insn *out)
{
	uint8_t sib = next8(c);
	uint8_t index = ((sib >> 3) & 7) | (rex & REX_X ? 8 : 0);

	out->scale = sib >> 6;
	out->index = index == 4 ? EMUL_NO_REG : index;
	if ((sib & 7) == 5 && mod == 0) {
		out->disp = next_signed(c, 4);
		return;
	}
	out->base = (sib & 7) | (rex & REX_B ? 8 : 0);
}

static void decode_memory16(struct cursor *c, uint8_t mod, uint8_t rm, struct emul_insn *out)
{
	static const uint8_t base[8] = {3, 3, 5, 5, 6, 7, 5, 3}; /* BX BX BP BP SI DI BP BX */
	static const uint8_t index[8] = {
	    /* SI DI SI DI, then none */
	    6, 7, 6, 7, EMUL_NO_REG, EMUL_NO_REG, EMUL_NO_REG, EMUL_NO_REG,
	};

	out->index = index[rm];
	if (mod == 0 && rm == 6) {
		out->disp = next_signed(c, 2);
		return;
	}
	out->base = base[rm];
	if (mod == 1) {
		out->disp = next_signed(c, 1);
	} else if (mod == 2) {
		out->disp = next_signed(c, 2);
	}
}

static void decode_memory32(struct cursor *c, enum emul_mode mode, uint8_t rex, uint8_t mod,
			    uint8_t rm, struct emul_insn *out)
{
	if (rm == 4) {
		decode_sib(c, rex, mod, out);
	} else if (mod == 0 && rm == 5) {
		out->disp = next_signed(c, 4);
		out->rip_relative = mode == EMUL_MODE64;
	} else {
		out->base = rm | (rex & REX_B ? 8 : 0);
	}
	if (mod == 1) {
		out->disp = next_signed(c, 1);
	} else if (mod == 2) {
		out->disp = next_signed(c, 4);
	}
}

/* Returns the raw /reg, for groups. */
static uint8_t decode_modrm(struct cursor *c, enum emul_mode mode, const struct prefixes *p,
			    struct emul_insn *out)
{
	uint8_t modrm = next8(c);
	uint8_t mod = modrm >> 6, reg = (modrm >> 3) & 7, rm = modrm & 7;

	out->reg = reg | (p->rex & REX_R ? 8 : 0);
	if (mod == 3) {
		out->rm = rm | (p->rex & REX_B ? 8 : 0);
		return reg;
	}
	out->mem = true;
	if (out->addr_size == 2) {
		decode_memory16(c, mod, rm, out);
	} else {
		decode_memory32(c, mode, p->rex, mod, rm, out);
	}
	/* Through BP or SP the stack segment is meant. R12 and R13 are none of these. */
	if (p->seg < 0 && (out->base == 4 || out->base == 5)) {
		out->seg = SEG_SS;
	}
	return reg;
}

/* An opcode that several instructions share: the true one, and what follows from it. */
static void resolve_group(struct emul_insn *out, uint8_t reg, uint8_t *flags)
{
	switch (out->op) {
	case EMUL_GROUP_1:
		out->op = EMUL_OP_ADD + reg;
		break;
	case EMUL_GROUP_3:
		if (reg < 2) {
			out->op = EMUL_OP_TEST;
			out->src = EMUL_OPND_IMM;
			*flags |= F_IMM;
		} else {
			out->op = reg == 2 ? EMUL_OP_NOT : reg == 3 ? EMUL_OP_NEG : EMUL_OP_NONE;
		}
		break;
	case EMUL_GROUP_4:
		out->op = reg == 0 ? EMUL_OP_INC : reg == 1 ? EMUL_OP_DEC : EMUL_OP_NONE;
		break;
	case EMUL_GROUP_8:
		out->op = reg >= 4 ? EMUL_OP_BT + (reg - 4) : EMUL_OP_NONE;
		break;
	case EMUL_GROUP_11:
		out->op = reg == 0 ? EMUL_OP_MOV : EMUL_OP_NONE;
		break;
	default:
		break;
	}
}

static void decode_sizes(enum emul_mode mode, const struct prefixes *p, uint8_t flags,
			 struct emul_insn *out)
{
	bool word = p->operand != (mode == EMUL_MODE16);

	if (flags & F_BYTE) {
		out->op_size = 1;
	} else if (p->rex & REX_W) {
		out->op_size = 8;
	} else {
		out->op_size = word ? 2 : 4;
	}
	if (mode == EMUL_MODE64) {
		out->addr_size = p->address ? 4 : 8;
	} else {
		out->addr_size = p->address != (mode == EMUL_MODE16) ? 2 : 4;
	}
	out->src_size = flags & F_SRC8 ? 1 : flags & F_SRC16 ? 2 : out->op_size;
	if (flags & F_SRC32 && out->op_size == 8) {
		out->src_size = 4;
	}
	if ((out->op == EMUL_OP_INS || out->op == EMUL_OP_OUTS) && out->op_size == 8) {
		out->op_size = 4; /* ports have no 64-bit form */
	}
}

static void decode_immediate(struct cursor *c, uint8_t flags, struct emul_insn *out)
{
	if (flags & F_MOFFS) {
		uint64_t offset = next_signed(c, out->addr_size);

		out->mem = true;
		out->disp = out->addr_size == 8 ? offset : (uint32_t)offset;
	}
	if (flags & F_IMM8) {
		out->imm = next_signed(c, 1);
	} else if (flags & F_IMM) {
		out->imm = next_signed(c, out->op_size == 8 ? 4 : out->op_size);
	}
}

enum emul_status emul_decode(const uint8_t *bytes, unsigned int len, enum emul_mode mode,
			     struct emul_insn *out)
{
	struct cursor c = {.bytes = bytes, .len = len < EMUL_INSN_MAX ? len : EMUL_INSN_MAX};
	struct prefixes p = {.seg = -1};
	const struct opcode *o;
	uint8_t opcode = decode_prefixes(&c, mode, &p), flags;
	bool extended = opcode == 0x0f;

	if (extended) {
		opcode = next8(&c);
	}
	if (c.starved) {
		return c.len < EMUL_INSN_MAX ? EMUL_AGAIN : EMUL_FAULT;
	}
	o = extended ? &two_byte[opcode] : &one_byte[opcode];
	flags = o->flags;
	if (o->op == EMUL_OP_NONE || (o->flags & F_SRC32 && mode != EMUL_MODE64) ||
	    (extended && opcode == OPCODE_MOVNTI && (p.operand || p.lock || p.rep))) {
		return EMUL_UNSUPPORTED;
	}
	*out = (struct emul_insn){
	    .op = o->op,
	    .dst = o->dst,
	    .src = o->src,
	    .rex = p.rex,
	    .lock = p.lock,
	    .rep = p.rep,
	    .base = EMUL_NO_REG,
	    .index = EMUL_NO_REG,
	    .seg = SEG_DS,
	};
	/* 64-bit mode knows FS and GS only; the other overrides are there and do nothing. */
	if (p.seg >= 0 && (mode != EMUL_MODE64 || p.seg == SEG_FS || p.seg == SEG_GS)) {
		out->seg = (uint8_t)p.seg;
	}
	decode_sizes(mode, &p, flags, out);
	if (flags & F_MODRM) {
		resolve_group(out, decode_modrm(&c, mode, &p, out), &flags);
	}
	decode_immediate(&c, flags, out);
	if (c.starved) {
		return c.len < EMUL_INSN_MAX ? EMUL_AGAIN : EMUL_FAULT;
	}
	out->length = (uint8_t)c.pos;
	return out->op == EMUL_OP_NONE ? EMUL_UNSUPPORTED : EMUL_DONE;
}
