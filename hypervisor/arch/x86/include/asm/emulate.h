/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The instruction emulator for MMIO and string I/O, in two pure halves that know nothing of vCPUs:
 * decode (emulate_decode.c) turns bytes into a struct emul_insn, execute (emulate_exec.c) runs that
 * against a register file and a table of callbacks. arch/x86/emulate.c ties them to a guest;
 * tests/unit/test_emulate.c to a fake. Intel SDM vol. 2, AMD APM vol. 3.
 */
#include <hv/types.h>
#include <asm/vcpu.h>

#define EMUL_INSN_MAX 15 /* bytes of the longest legal instruction */
#define EMUL_REP_MAX  64 /* iterations of a REP in one call */

enum emul_status {
	EMUL_DONE,  /* complete; the caller advances RIP by insn.length */
	EMUL_AGAIN, /* decode: more bytes are needed; execute: run the instruction again */
	EMUL_FAULT, /* emul.fault is to be raised, RIP stays */
	EMUL_UNSUPPORTED,
};

enum emul_mode { EMUL_MODE16, EMUL_MODE32, EMUL_MODE64 };

enum emul_op {
	EMUL_OP_NONE,
	/* In the order of the ALU opcodes and of /reg in group 1. */
	EMUL_OP_ADD,
	EMUL_OP_OR,
	EMUL_OP_ADC,
	EMUL_OP_SBB,
	EMUL_OP_AND,
	EMUL_OP_SUB,
	EMUL_OP_XOR,
	EMUL_OP_CMP,
	/* In the order of /reg 4 to 7 of group 8. */
	EMUL_OP_BT,
	EMUL_OP_BTS,
	EMUL_OP_BTR,
	EMUL_OP_BTC,
	EMUL_OP_MOV,
	EMUL_OP_MOVZX,
	EMUL_OP_MOVSX,
	EMUL_OP_TEST,
	EMUL_OP_XCHG,
	EMUL_OP_CMPXCHG,
	EMUL_OP_XADD,
	EMUL_OP_INC,
	EMUL_OP_DEC,
	EMUL_OP_NOT,
	EMUL_OP_NEG,
	EMUL_OP_MOVS,
	EMUL_OP_STOS,
	EMUL_OP_LODS,
	EMUL_OP_INS,
	EMUL_OP_OUTS,
	/* Opcodes that share a byte; the decoder resolves them by /reg. */
	EMUL_GROUP_1,
	EMUL_GROUP_3,
	EMUL_GROUP_4,
	EMUL_GROUP_8,
	EMUL_GROUP_11,
};

enum emul_operand {
	EMUL_OPND_NONE,
	EMUL_OPND_RM,  /* register or memory by ModRM */
	EMUL_OPND_REG, /* register by ModRM.reg */
	EMUL_OPND_ACC, /* AL/AX/EAX/RAX */
	EMUL_OPND_IMM,
};

#define EMUL_NO_REG 0xff

struct emul_insn {
	uint8_t op; /* enum emul_op, no group */
	uint8_t length;
	uint8_t op_size, addr_size; /* bytes */
	uint8_t src_size;	    /* of the source of MOVZX and MOVSX; else op_size */
	uint8_t dst, src;	    /* enum emul_operand */
	uint8_t reg, rm;	    /* register numbers 0-15; rm when it is not memory */
	bool rex;		    /* byte registers 4-7 are SPL..DIL, not AH..BH */
	bool mem;		    /* RM is memory */
	bool rep, lock;
	uint8_t seg; /* enum guest_seg of the memory operand (of the source of MOVS, OUTS) */
	uint8_t base, index, scale; /* register numbers or EMUL_NO_REG */
	bool rip_relative;
	uint64_t disp; /* sign-extended; for A0-A3 the whole offset */
	uint64_t imm;  /* sign-extended to 64 bits */
};

struct emul_fault {
	uint8_t vector;
	bool has_error;
	uint32_t error;
	uint64_t cr2; /* with VEC_PF */
};

struct emul;

/* Callbacks return EMUL_DONE, or another status that ends the instruction (EMUL_FAULT with e->fault
 * filled). size is 1, 2, 4 or 8; accesses may cross pages. */
struct emul_ops {
	/* rmw: the same operand is written afterwards, so write rights are needed now. */
	enum emul_status (*read)(struct emul *e, uint64_t linear, void *buf, unsigned int size,
				 bool rmw);
	enum emul_status (*write)(struct emul *e, uint64_t linear, const void *buf,
				  unsigned int size);
	/* Atomic where linear is memory: EMUL_AGAIN when it holds old no more. */
	enum emul_status (*cmpxchg)(struct emul *e, uint64_t linear, uint64_t old, uint64_t val,
				    unsigned int size);
	/* NULL: INS and OUTS are not supported. */
	enum emul_status (*port)(struct emul *e, uint16_t port, unsigned int size, bool write,
				 uint32_t *val);
	void (*segment)(struct emul *e, enum guest_seg seg, struct guest_segment *out);
};

struct emul {
	const struct emul_ops *ops;
	void *opaque;
	uint64_t *gpr; /* 16 registers in the order of their numbers */
	uint64_t *rflags;
	uint64_t rip; /* of the instruction; never changed */
	enum emul_mode mode;
	bool protected_mode; /* segment types count (PE set and not VM86) */
	struct emul_fault fault;
};

/* Decodes at most len bytes (up to EMUL_INSN_MAX). EMUL_FAULT: longer than legal, raise #GP(0). */
enum emul_status emul_decode(const uint8_t *bytes, unsigned int len, enum emul_mode mode,
			     struct emul_insn *out);
/* Runs it. Registers and flags change only as far as the instruction got. */
enum emul_status emul_execute(struct emul *e, const struct emul_insn *insn);
