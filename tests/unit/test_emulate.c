/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instruction emulator. In 64-bit mode the judge is the CPU that runs the test: each form is
 * executed natively and by the emulator on equal registers and memory. The rest (16- and 32-bit
 * decoding, segments, faults) is checked against the manuals by hand, and random bytes must end in
 * some defined way.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <asm/emulate.h>
#include "unit.h"

#define ARENA	    4096
#define MIDDLE	    (ARENA / 2)
#define ARITH_FLAGS 0x8d5UL
#define FLAG_AF	    0x10UL
#define FLAG_DF	    0x400UL

struct machine {
	uint64_t gpr[16];
	uint64_t rflags;
};

/* The fake world of one emulation: an arena of memory at base, and a count of what was done to it.
 */
struct world {
	struct emul e;
	struct machine m;
	uint64_t base;
	uint8_t *memory;
	struct guest_segment seg[SEG_COUNT];
	unsigned int reads, writes, ports;
	uint64_t fault_at; /* accesses that touch this byte are page faults; 0: none */
	uint32_t port_value;
	bool memory_changed; /* cmpxchg finds another value */
};

static bool inside(const struct world *w, uint64_t linear, unsigned int size)
{
	return linear >= w->base && linear - w->base <= ARENA - size;
}

static enum emul_status fake_fault(struct emul *e, uint64_t linear, uint32_t error)
{
	e->fault =
	    (struct emul_fault){.vector = VEC_PF, .has_error = true, .error = error, .cr2 = linear};
	return EMUL_FAULT;
}

static bool touches_fault(const struct world *w, uint64_t linear, unsigned int size)
{
	return !inside(w, linear, size) || (w->fault_at && w->fault_at - linear < size);
}

static enum emul_status fake_read(struct emul *e, uint64_t linear, void *buf, unsigned int size,
				  bool rmw)
{
	struct world *w = e->opaque;

	w->reads++;
	if (touches_fault(w, linear, size)) {
		return fake_fault(e, linear, rmw ? 2 : 0);
	}
	memcpy(buf, w->memory + (linear - w->base), size);
	return EMUL_DONE;
}

static enum emul_status fake_write(struct emul *e, uint64_t linear, const void *buf,
				   unsigned int size)
{
	struct world *w = e->opaque;

	w->writes++;
	if (touches_fault(w, linear, size)) {
		return fake_fault(e, linear, 2);
	}
	memcpy(w->memory + (linear - w->base), buf, size);
	return EMUL_DONE;
}

static enum emul_status fake_cmpxchg(struct emul *e, uint64_t linear, uint64_t old, uint64_t val,
				     unsigned int size)
{
	struct world *w = e->opaque;

	if (w->memory_changed) {
		return EMUL_AGAIN;
	}
	if (!touches_fault(w, linear, size)) {
		CHECK_TRUE(memcmp(w->memory + (linear - w->base), &old, size) == 0);
	}
	return fake_write(e, linear, &val, size);
}

static enum emul_status fake_port(struct emul *e, uint16_t port, unsigned int size, bool write,
				  uint32_t *val)
{
	struct world *w = e->opaque;

	w->ports++;
	if (write) {
		w->port_value = *val;
	} else {
		*val = w->port_value;
	}
	return EMUL_DONE;
}

static void fake_segment(struct emul *e, enum guest_seg seg, struct guest_segment *out)
{
	struct world *w = e->opaque;

	*out = w->seg[seg];
}

static const struct emul_ops fake_ops = {fake_read, fake_write, fake_cmpxchg, fake_port,
					 fake_segment};

static void world_init(struct world *w, uint8_t *memory, uint64_t base, enum emul_mode mode)
{
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->memory = memory;
	w->base = base;
	w->e = (struct emul){
	    .ops = &fake_ops,
	    .opaque = w,
	    .gpr = w->m.gpr,
	    .rflags = &w->m.rflags,
	    .mode = mode,
	    .protected_mode = true,
	};
	for (i = 0; i < SEG_COUNT; i++) {
		w->seg[i] = (struct guest_segment){.sel = 8, .attr = 0xc93, .limit = 0xffffffff};
	}
	w->seg[SEG_CS].attr = 0xc9b;
	w->m.rflags = 2;
}

static enum emul_status run(struct world *w, const uint8_t *bytes, unsigned int len)
{
	struct emul_insn insn;
	enum emul_status s = emul_decode(bytes, len, w->e.mode, &insn);

	if (s != EMUL_DONE) {
		return s;
	}
	CHECK_EQ(insn.length, len);
	return emul_execute(&w->e, &insn);
}

#define RUN(w, ...)                                                                                \
	({                                                                                         \
		const uint8_t bytes_[] = {__VA_ARGS__};                                            \
		run(w, bytes_, sizeof(bytes_));                                                    \
	})

/* Against the CPU ----------------------------------------------------------------------------- */

extern struct machine native_state;
extern void *native_code;
void native_run(void);

struct machine native_state;
void *native_code;

/* clang-format off */
#define REG_LIST(op)                                                                               \
	op("rax", 0) op("rcx", 8) op("rdx", 16) op("rbx", 24) op("rbp", 40) op("rsi", 48)          \
	op("rdi", 56) op("r8", 64) op("r9", 72) op("r10", 80) op("r11", 88) op("r12", 96)          \
	op("r13", 104) op("r14", 112) op("r15", 120)
#define LOAD(reg, off)	"movq native_state+" #off "(%rip), %" reg "\n\t"
#define SAVE(reg, off)	"movq %" reg ", native_state+" #off "(%rip)\n\t"

__asm__(".text\n\t"
	".globl native_run\n"
	"native_run:\n\t"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"
	"pushq native_state+128(%rip); popfq\n\t"
	REG_LIST(LOAD)
	"call *native_code(%rip)\n\t"
	REG_LIST(SAVE)
	"pushfq; popq native_state+128(%rip)\n\t"
	"cld\n\t"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
	"ret\n");
/* clang-format on */

static uint8_t native_memory[ARENA], emul_memory[ARENA], start_memory[ARENA];
static uint8_t *code_page;

static void native_setup(void)
{
	if (!code_page) {
		code_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK_TRUE(code_page != MAP_FAILED);
		native_code = code_page;
	}
}

/* One instruction on both sides; flags outside mask are undefined by the manual. */
static void compare(const uint8_t *bytes, unsigned int len, const struct machine *start,
		    uint64_t flag_mask)
{
	struct world w;
	unsigned int i, calls = 0;
	enum emul_status s;

	memcpy(code_page, bytes, len);
	code_page[len] = 0xc3;
	native_state = *start;
	memcpy(native_memory, start_memory, ARENA);
	native_run();

	world_init(&w, emul_memory, (uint64_t)native_memory, EMUL_MODE64);
	w.m = *start;
	memcpy(emul_memory, start_memory, ARENA);
	do {
		s = run(&w, bytes, len);
	} while (s == EMUL_AGAIN && ++calls < 100);
	CHECK_EQ(s, EMUL_DONE);
	for (i = 0; i < 16; i++) {
		if (i != 4 && w.m.gpr[i] != native_state.gpr[i]) {
			unit_fail(__FILE__, __LINE__,
				  "%02x %02x %02x %02x %02x: register %u is %#llx, not %#llx",
				  bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], i,
				  (unsigned long long)w.m.gpr[i],
				  (unsigned long long)native_state.gpr[i]);
		}
	}
	if ((w.m.rflags ^ native_state.rflags) & flag_mask) {
		unit_fail(__FILE__, __LINE__,
			  "%02x %02x %02x %02x %02x: flags are %#llx, not %#llx", bytes[0],
			  bytes[1], bytes[2], bytes[3], bytes[4], (unsigned long long)w.m.rflags,
			  (unsigned long long)native_state.rflags);
	}
	if (memcmp(native_memory, emul_memory, ARENA) != 0) {
		unit_fail(__FILE__, __LINE__, "%02x %02x %02x %02x %02x: memory differs", bytes[0],
			  bytes[1], bytes[2], bytes[3], bytes[4]);
	}
}

static struct unit_random random_state = {1};

/* Values near the edges of all sizes are as frequent as any others. */
static uint64_t random_value(void)
{
	static const uint64_t edges[] = {0,	     1,		 0x7f,	     0x80,
					 0xff,	     0x7fff,	 0x8000,     0xffff,
					 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff,
					 1UL << 63,  ~0UL};
	uint64_t r = unit_random(&random_state);

	return r & 1 ? unit_random(&random_state) : edges[(r >> 8) % ARRAY_SIZE(edges)];
}

static void random_start(struct machine *m)
{
	uint64_t fill[4] = {random_value(), random_value(), random_value(), random_value()};
	unsigned int i;

	for (i = 0; i < 16; i++) {
		m->gpr[i] = random_value();
	}
	for (i = 0; i < ARENA / 8; i++) {
		memcpy(start_memory + 8 * i, &fill[i % 4], 8);
	}
	m->rflags = 0x202 | (unit_random(&random_state) & ARITH_FLAGS);
	m->gpr[6] = (uint64_t)native_memory + MIDDLE + (unit_random(&random_state) & 7);
	m->gpr[9] = unit_random(&random_state) & 0x3f;
}

/* ModRM forms of [rsi], [rsi + disp8], [rsi + disp32], [rsi + r9 * scale + disp8]; returns the
 * length. */
static unsigned int put_modrm(uint8_t *out, unsigned int reg)
{
	uint64_t r = unit_random(&random_state);

	switch (r & 3) {
	case 0:
		out[0] = (uint8_t)(reg << 3 | 6);
		return 1;
	case 1:
		out[0] = (uint8_t)(0x40 | reg << 3 | 6);
		out[1] = (uint8_t)(r >> 8);
		return 2;
	case 2:
		out[0] = (uint8_t)(0x80 | reg << 3 | 6);
		memcpy(out + 1, &(int32_t){(int32_t)((r >> 8) & 0x1ff) - 256}, 4);
		return 5;
	default:
		out[0] = (uint8_t)(0x40 | reg << 3 | 4);
		out[1] = (uint8_t)((r >> 2) & 0xc0) | 1 << 3 | 6; /* index r9 by REX.X */
		out[2] = (uint8_t)(r >> 16);
		return 3;
	}
}

struct form {
	uint8_t opcode[2]; /* second 0x0f form when [0] is 0x0f */
	int8_t group;	   /* /reg, or -1: a register */
	uint8_t imm;	   /* 0, 1: byte, 4: of operand size */
	bool byte;
	bool bits; /* the register is a bit number */
	bool lockable;
	uint64_t undefined; /* flags */
};

/* clang-format off */
#define ALU(first, lock, undef)                                                                    \
	{ { (first) + 0 }, -1, 0, true, false, lock, undef },                                      \
	{ { (first) + 1 }, -1, 0, false, false, lock, undef },                                     \
	{ { (first) + 2 }, -1, 0, true, false, false, undef },                                     \
	{ { (first) + 3 }, -1, 0, false, false, false, undef },                                    \
	{ { 0x80 }, (first) >> 3, 1, true, false, lock, undef },                                   \
	{ { 0x81 }, (first) >> 3, 4, false, false, lock, undef },                                  \
	{ { 0x83 }, (first) >> 3, 1, false, false, lock, undef }
#define BIT_OP(op, n, lock)                                                                        \
	{ { 0x0f, op }, -1, 0, false, true, lock, ARITH_FLAGS & ~1UL },                            \
	{ { 0x0f, 0xba }, n, 1, false, false, lock, ARITH_FLAGS & ~1UL }

static const struct form forms[] = {
	ALU(0x00, true, 0), ALU(0x08, true, FLAG_AF), ALU(0x10, true, 0), ALU(0x18, true, 0),
	ALU(0x20, true, FLAG_AF), ALU(0x28, true, 0), ALU(0x30, true, FLAG_AF), ALU(0x38, false, 0),
	BIT_OP(0xa3, 4, false), BIT_OP(0xab, 5, true), BIT_OP(0xb3, 6, true), BIT_OP(0xbb, 7, true),
	{ { 0x84 }, -1, 0, true, false, false, FLAG_AF }, { { 0x85 }, -1, 0, false, false, false, FLAG_AF },
	{ { 0xf6 }, 0, 1, true, false, false, FLAG_AF }, { { 0xf7 }, 0, 4, false, false, false, FLAG_AF },
	{ { 0x86 }, -1, 0, true, false, true, 0 }, { { 0x87 }, -1, 0, false, false, true, 0 },
	{ { 0x88 }, -1, 0, true, false, false, 0 }, { { 0x89 }, -1, 0, false, false, false, 0 },
	{ { 0x8a }, -1, 0, true, false, false, 0 }, { { 0x8b }, -1, 0, false, false, false, 0 },
	{ { 0x63 }, -1, 0, false, false, false, 0 },
	{ { 0xc6 }, 0, 1, true, false, false, 0 }, { { 0xc7 }, 0, 4, false, false, false, 0 },
	{ { 0xf6 }, 2, 0, true, false, true, 0 }, { { 0xf7 }, 2, 0, false, false, true, 0 },
	{ { 0xf6 }, 3, 0, true, false, true, 0 }, { { 0xf7 }, 3, 0, false, false, true, 0 },
	{ { 0xfe }, 0, 0, true, false, true, 0 }, { { 0xff }, 0, 0, false, false, true, 0 },
	{ { 0xfe }, 1, 0, true, false, true, 0 }, { { 0xff }, 1, 0, false, false, true, 0 },
	{ { 0x0f, 0xb0 }, -1, 0, true, false, true, 0 }, { { 0x0f, 0xb1 }, -1, 0, false, false, true, 0 },
	{ { 0x0f, 0xc0 }, -1, 0, true, false, true, 0 }, { { 0x0f, 0xc1 }, -1, 0, false, false, true, 0 },
	{ { 0x0f, 0xb6 }, -1, 0, false, false, false, 0 }, { { 0x0f, 0xb7 }, -1, 0, false, false, false, 0 },
	{ { 0x0f, 0xbe }, -1, 0, false, false, false, 0 }, { { 0x0f, 0xbf }, -1, 0, false, false, false, 0 },
};
/* clang-format on */

/* Makes one instruction of the form with random prefixes and operands, and runs it on both sides.
 */
static void compare_form(const struct form *f)
{
	uint8_t bytes[24] = {0};
	unsigned int n = 0, reg, size = f->byte ? 1 : 4, prefix = unit_random(&random_state) & 3;
	struct machine m;
	uint64_t imm = random_value();

	random_start(&m);
	if (f->lockable && (unit_random(&random_state) & 1)) {
		bytes[n++] = 0xf0;
	}
	if (prefix == 1 && f->opcode[0] != 0x63) {
		bytes[n++] = 0x66;
		size = f->byte ? 1 : 2;
	}
	/* SIB forms use R9 as index, so a REX is there always but for high byte registers. */
	bytes[n++] = prefix == 2 ? 0x4a : 0x42;
	if (prefix == 2 && !f->byte) {
		size = 8;
	}
	bytes[n++] = f->opcode[0];
	if (f->opcode[0] == 0x0f) {
		bytes[n++] = f->opcode[1];
	}
	do {
		reg = unit_random(&random_state) & 7;
	} while (reg == 4 || (f->bits && reg == 6));
	if (f->bits) {
		m.gpr[reg] = (uint64_t)((int64_t)(unit_random(&random_state) & 0x7ff) - 1024);
	}
	n += put_modrm(bytes + n, f->group >= 0 ? (unsigned int)f->group : reg);
	if (f->imm) {
		unsigned int len = f->imm == 1 ? 1 : size == 2 ? 2 : 4;

		memcpy(bytes + n, &imm, len);
		n += len;
	}
	if (!f->bits && (unit_random(&random_state) & 1)) {
		memcpy(&m.gpr[0], start_memory, 8); /* for CMPXCHG to succeed at times */
	}
	compare(bytes, n, &m, ARITH_FLAGS & ~f->undefined);
}

TEST(emulate_memory_operands)
{
	unsigned int i, round;

	native_setup();
	for (round = 0; round < 400; round++) {
		for (i = 0; i < ARRAY_SIZE(forms); i++) {
			compare_form(&forms[i]);
		}
	}
}

/* AH..BH and, with a plain REX, SPL..DIL; register to register too, which the emulator meets only
 * in races. */
TEST(emulate_byte_registers)
{
	static const uint8_t opcodes[] = {0x00, 0x02, 0x28, 0x2a, 0x84, 0x86, 0x88, 0x8a};
	unsigned int i, reg, round;
	struct machine m;

	native_setup();
	for (round = 0; round < 20; round++) {
		for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
			for (reg = 0; reg < 8; reg++) {
				uint8_t high[5] = {opcodes[i], (uint8_t)(reg << 3 | 6)};
				uint8_t both[5] = {opcodes[i], (uint8_t)(0xc0 | reg << 3 | 7)};

				random_start(&m);
				compare(high, 2, &m,
					ARITH_FLAGS & ~(opcodes[i] == 0x84 ? FLAG_AF : 0));
				random_start(&m);
				compare(both, 2, &m,
					ARITH_FLAGS & ~(opcodes[i] == 0x84 ? FLAG_AF : 0));
			}
		}
	}
}

TEST(emulate_strings)
{
	static const uint8_t opcodes[] = {0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad};
	unsigned int i, round;

	native_setup();
	for (round = 0; round < 200; round++) {
		for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
			uint8_t bytes[8] = {0};
			unsigned int n = 0, width = unit_random(&random_state) % 3;
			bool rep = unit_random(&random_state) & 1;
			struct machine m;

			random_start(&m);
			m.gpr[7] =
			    (uint64_t)native_memory + MIDDLE + (unit_random(&random_state) & 0xff);
			m.gpr[1] = unit_random(&random_state) & 0x7f;
			m.rflags |= unit_random(&random_state) & FLAG_DF;
			if (rep) {
				bytes[n++] = 0xf3;
			}
			if (width == 1) {
				bytes[n++] = 0x66;
			} else if (width == 2) {
				bytes[n++] = 0x48;
			}
			bytes[n++] = opcodes[i];
			compare(bytes, n, &m, ARITH_FLAGS | FLAG_DF);
		}
	}
}

/* 64-bit absolute offsets. */
TEST(emulate_moffs)
{
	static const uint8_t opcodes[] = {0xa0, 0xa1, 0xa2, 0xa3};
	uint64_t where = (uint64_t)native_memory + MIDDLE;
	unsigned int i, prefix;

	native_setup();
	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		for (prefix = 0; prefix < 3; prefix++) {
			uint8_t bytes[12] = {prefix == 1 ? 0x66 : 0x48};
			unsigned int n = prefix ? 1 : 0;
			struct machine m;

			random_start(&m);
			bytes[n++] = opcodes[i];
			memcpy(bytes + n, &where, 8);
			compare(bytes, n + 8, &m, ARITH_FLAGS);
		}
	}
}

/* Decoding outside 64-bit mode ---------------------------------------------------------------- */

static uint8_t fake_memory[ARENA];

TEST(emulate_addresses_of_16_bit)
{
	struct world w;

	world_init(&w, fake_memory, 0x10000, EMUL_MODE16);
	w.seg[SEG_DS].base = 0x10000;
	w.seg[SEG_SS].base = 0x10800;
	w.m.gpr[3] = 0xffff0100; /* only BX counts */
	w.m.gpr[6] = 0x20;
	w.m.gpr[5] = 0x40;
	memset(fake_memory, 0, sizeof(fake_memory));
	fake_memory[0x123] = 0x5a;
	CHECK_EQ(RUN(&w, 0x8a, 0x48, 0x03), EMUL_DONE); /* mov cl, [bx+si+3] */
	CHECK_EQ(w.m.gpr[1], 0x5a);
	fake_memory[0x840] = 0xa5;
	CHECK_EQ(RUN(&w, 0x8a, 0x56, 0x00), EMUL_DONE); /* mov dl, [bp] goes through SS */
	CHECK_EQ(w.m.gpr[2], 0xa5);
	fake_memory[0x234] = 0x11;
	fake_memory[0x235] = 0x22;
	CHECK_EQ(RUN(&w, 0x8b, 0x16, 0x34, 0x02), EMUL_DONE); /* mov dx, [0x234] */
	CHECK_EQ(w.m.gpr[2], 0x2211);
	CHECK_EQ(RUN(&w, 0xa1, 0x34, 0x02), EMUL_DONE); /* mov ax, [0x234] */
	CHECK_EQ(w.m.gpr[0], 0x2211);
	w.m.gpr[7] = 0x240;
	CHECK_EQ(RUN(&w, 0x67, 0x66, 0x89, 0x07), EMUL_DONE); /* mov [edi], eax */
	CHECK_TRUE(memcmp(fake_memory + 0x240, "\x11\x22\0\0", 4) == 0);
	/* The offset wraps at 64 KiB before the segment is applied. */
	w.m.gpr[3] = 0xfff0;
	w.m.gpr[6] = 0x0010 + 0x123;
	CHECK_EQ(RUN(&w, 0x8a, 0x08), EMUL_DONE); /* mov cl, [bx+si] */
	CHECK_EQ(w.m.gpr[1], 0x5a);
}

TEST(emulate_32_bit_has_no_rex)
{
	struct emul_insn insn;

	CHECK_EQ(emul_decode((const uint8_t *)"\x48\x89\x06", 3, EMUL_MODE32, &insn),
		 EMUL_UNSUPPORTED);
	CHECK_EQ(emul_decode((const uint8_t *)"\x63\x06", 2, EMUL_MODE32, &insn), EMUL_UNSUPPORTED);
	CHECK_EQ(emul_decode((const uint8_t *)"\x8b\x05\x44\x33\x22\x11", 6, EMUL_MODE32, &insn),
		 EMUL_DONE);
	CHECK_TRUE(!insn.rip_relative);
	CHECK_EQ(insn.disp, 0x11223344);
}

TEST(emulate_rip_relative)
{
	struct world w;

	world_init(&w, fake_memory, 0x10000, EMUL_MODE64);
	memset(fake_memory, 0, sizeof(fake_memory));
	w.e.rip = 0x10100;
	/* mov dword [rip + 0x10], 0x12345678: the end of the instruction counts, immediate
	 * included. */
	CHECK_EQ(RUN(&w, 0xc7, 0x05, 0x10, 0, 0, 0, 0x78, 0x56, 0x34, 0x12), EMUL_DONE);
	CHECK_TRUE(memcmp(fake_memory + 0x11a, "\x78\x56\x34\x12", 4) == 0);
}

TEST(emulate_truncated_and_too_long)
{
	static const uint8_t insn_bytes[] = {0xf0, 0x66, 0x41, 0x81, 0x84, 0x8e, 1, 2, 3, 4, 5, 6};
	uint8_t prefixes[EMUL_INSN_MAX];
	struct emul_insn insn;
	unsigned int len;

	for (len = 0; len < sizeof(insn_bytes); len++) {
		CHECK_EQ(emul_decode(insn_bytes, len, EMUL_MODE64, &insn), EMUL_AGAIN);
	}
	CHECK_EQ(emul_decode(insn_bytes, len, EMUL_MODE64, &insn), EMUL_DONE);
	CHECK_EQ(insn.length, sizeof(insn_bytes));
	CHECK_EQ(insn.base, 14);
	CHECK_EQ(insn.index, 1);
	CHECK_EQ(insn.scale, 2);
	CHECK_EQ(insn.imm, 0x0605);
	memset(prefixes, 0x66, sizeof(prefixes));
	CHECK_EQ(emul_decode(prefixes, sizeof(prefixes), EMUL_MODE64, &insn), EMUL_FAULT);
	CHECK_EQ(emul_decode(prefixes, sizeof(prefixes) - 1, EMUL_MODE64, &insn), EMUL_AGAIN);
}

TEST(emulate_what_it_refuses)
{
	static const char *const refused[] = {
	    "\x0f\x11\x06",		/* movups [rsi], xmm0 */
	    "\x0f\x29\x06",		/* movaps */
	    "\x0f\xc7\x0e",		/* cmpxchg8b */
	    "\xff\x36",			/* push [rsi] */
	    "\xff\x16",			/* call [rsi] */
	    "\xf7\x26",			/* mul [rsi] */
	    "\x0f\xba\x06\x01",		/* group 8 /0 */
	    "\xc7\x0e\x01\x01\x01\x01", /* group 11 /1 */
	    "\x90",
	};
	struct emul_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		CHECK_EQ(emul_decode((const uint8_t *)refused[i], (unsigned int)strlen(refused[i]),
				     EMUL_MODE64, &insn),
			 EMUL_UNSUPPORTED);
	}
}

/* Segments and faults ------------------------------------------------------------------------- */

TEST(emulate_segments)
{
	struct world w;

	world_init(&w, fake_memory, 0x1000, EMUL_MODE32);
	w.m.gpr[6] = 0x1000;
	w.seg[SEG_DS].limit = 0x1003;
	CHECK_EQ(RUN(&w, 0x8b, 0x06), EMUL_DONE);
	CHECK_EQ(RUN(&w, 0x8b, 0x46, 0x01), EMUL_FAULT);
	CHECK_EQ(w.e.fault.vector, VEC_GP);
	CHECK_EQ(RUN(&w, 0x26, 0x8b, 0x46, 0x01), EMUL_DONE); /* ES has no such limit */
	w.m.gpr[5] = 0x2000;
	w.seg[SEG_SS].limit = 0xfff;
	CHECK_EQ(RUN(&w, 0x8b, 0x45, 0x00), EMUL_FAULT);
	CHECK_EQ(w.e.fault.vector, VEC_SS);
	w.seg[SEG_DS].attr = 0xc91; /* read-only data */
	w.seg[SEG_DS].limit = 0xffffffff;
	CHECK_EQ(RUN(&w, 0x8b, 0x06), EMUL_DONE);
	CHECK_EQ(RUN(&w, 0x89, 0x06), EMUL_FAULT);
	w.seg[SEG_DS].attr = 0xc97; /* expand-down: valid above the limit */
	w.seg[SEG_DS].limit = 0xfff;
	CHECK_EQ(RUN(&w, 0x8b, 0x06), EMUL_DONE);
	w.seg[SEG_DS].limit = 0x1000;
	CHECK_EQ(RUN(&w, 0x8b, 0x06), EMUL_FAULT);
	w.seg[SEG_DS].attr = 0; /* null selector */
	CHECK_EQ(RUN(&w, 0x8b, 0x06), EMUL_FAULT);
	CHECK_EQ(RUN(&w, 0x2e, 0x8b, 0x06), EMUL_DONE);	 /* CS is readable, */
	CHECK_EQ(RUN(&w, 0x2e, 0x89, 0x06), EMUL_FAULT); /* never writable */
	w.seg[SEG_CS].attr = 0xc99;
	CHECK_EQ(RUN(&w, 0x2e, 0x8b, 0x06), EMUL_FAULT); /* execute-only */
}

TEST(emulate_segments_of_64_bit)
{
	struct world w;

	world_init(&w, fake_memory, 0x1000, EMUL_MODE64);
	memset(fake_memory, 0, sizeof(fake_memory));
	memset(&w.seg[SEG_DS], 0, sizeof(w.seg[SEG_DS])); /* not looked at */
	w.m.gpr[6] = 0x1000;
	w.seg[SEG_ES].base = 0x5000000;
	CHECK_EQ(RUN(&w, 0x26, 0x8b, 0x06), EMUL_DONE); /* the override does nothing */
	w.seg[SEG_GS].base = 0x100;
	fake_memory[0x100] = 7;
	CHECK_EQ(RUN(&w, 0x65, 0x8b, 0x06), EMUL_DONE);
	CHECK_EQ(w.m.gpr[0], 7);
	w.m.gpr[6] = 0x0000800000000000;
	CHECK_EQ(RUN(&w, 0x8b, 0x06), EMUL_FAULT);
	CHECK_EQ(w.e.fault.vector, VEC_GP);
	w.m.gpr[6] = 0x00007ffffffffffe; /* the last byte is not canonical */
	CHECK_EQ(RUN(&w, 0x8b, 0x06), EMUL_FAULT);
	w.m.gpr[4] = 0x0000800000000000;
	CHECK_EQ(RUN(&w, 0x8b, 0x04, 0x24), EMUL_FAULT);
	CHECK_EQ(w.e.fault.vector, VEC_SS);
}

TEST(emulate_fault_changes_nothing)
{
	static const char *const insns[] = {"\x01\x06", "\x0f\xc1\x06", "\x87\x06",
					    "\xff\x06", "\x8b\x06",	"\xa5",
					    "\xab",	"\xad",		"\x0f\xb1\x06"};
	struct machine before;
	struct world w;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(insns); i++) {
		world_init(&w, fake_memory, 0x1000, EMUL_MODE64);
		memset(fake_memory, 0x55, sizeof(fake_memory));
		w.m.gpr[0] = 0x123456789;
		w.m.gpr[6] = 0x1100;
		w.m.gpr[7] = 0x1100;
		w.m.rflags = 0x8d7;
		w.fault_at = 0x1101;
		before = w.m;
		CHECK_EQ(run(&w, (const uint8_t *)insns[i], (unsigned int)strlen(insns[i])),
			 EMUL_FAULT);
		CHECK_EQ(w.e.fault.vector, VEC_PF);
		CHECK_TRUE(memcmp(&before, &w.m, sizeof(before)) == 0);
		CHECK_EQ(fake_memory[0x100], 0x55);
	}
}

/* Of a REP that faults, what was done stays done. */
TEST(emulate_rep_fault_in_the_middle)
{
	struct world w;

	world_init(&w, fake_memory, 0x1000, EMUL_MODE64);
	w.m.gpr[7] = 0x1000;
	w.m.gpr[1] = 16;
	w.fault_at = 0x1010;
	CHECK_EQ(RUN(&w, 0xf3, 0xab), EMUL_FAULT);
	CHECK_EQ(w.m.gpr[7], 0x1010);
	CHECK_EQ(w.m.gpr[1], 12);
}

TEST(emulate_rep_is_bounded)
{
	struct world w;

	world_init(&w, fake_memory, 0x1000, EMUL_MODE64);
	w.m.gpr[7] = 0x1000;
	w.m.gpr[1] = EMUL_REP_MAX + 1;
	CHECK_EQ(RUN(&w, 0xf3, 0xaa), EMUL_AGAIN);
	CHECK_EQ(w.writes, EMUL_REP_MAX);
	CHECK_EQ(w.m.gpr[1], 1);
	CHECK_EQ(RUN(&w, 0xf3, 0xaa), EMUL_DONE);
	CHECK_EQ(RUN(&w, 0xf3, 0xaa), EMUL_DONE);
	CHECK_EQ(w.writes, EMUL_REP_MAX + 1);
}

TEST(emulate_lock)
{
	struct world w;

	world_init(&w, fake_memory, 0x1000, EMUL_MODE64);
	w.m.gpr[6] = 0x1000;
	CHECK_EQ(RUN(&w, 0xf0, 0x89, 0x06), EMUL_FAULT); /* lock mov */
	CHECK_EQ(w.e.fault.vector, VEC_UD);
	CHECK_EQ(RUN(&w, 0xf0, 0x01, 0xc0), EMUL_FAULT); /* lock add eax, eax */
	CHECK_EQ(RUN(&w, 0xf0, 0x03, 0x06), EMUL_FAULT); /* lock add eax, [rsi] */
	CHECK_EQ(RUN(&w, 0xf0, 0x39, 0x06), EMUL_FAULT); /* lock cmp */
	CHECK_EQ(RUN(&w, 0xf0, 0xf3, 0xa4), EMUL_FAULT); /* lock rep movsb */
	w.memory_changed = true;
	w.m.gpr[0] = 1;
	CHECK_EQ(RUN(&w, 0xf0, 0x01, 0x06), EMUL_AGAIN);
	CHECK_EQ(RUN(&w, 0x87, 0x06), EMUL_AGAIN); /* xchg locks by itself */
	CHECK_EQ(w.m.gpr[0], 1);
	CHECK_EQ(RUN(&w, 0x01, 0x06), EMUL_DONE);
}

TEST(emulate_string_ports)
{
	struct world w;

	world_init(&w, fake_memory, 0x1000, EMUL_MODE64);
	memset(fake_memory, 0, sizeof(fake_memory));
	fake_memory[4] = 0x42;
	w.m.gpr[6] = 0x1000;
	w.m.gpr[1] = 5;
	CHECK_EQ(RUN(&w, 0xf3, 0x6e), EMUL_DONE);
	CHECK_EQ(w.ports, 5);
	CHECK_EQ(w.port_value, 0x42);
	CHECK_EQ(w.m.gpr[6], 0x1005);
	w.m.gpr[7] = 0x1100;
	w.port_value = 0x11223344;
	CHECK_EQ(RUN(&w, 0x48, 0x6d), EMUL_DONE); /* REX.W is ignored */
	CHECK_TRUE(memcmp(fake_memory + 0x100, "\x44\x33\x22\x11\0", 5) == 0);
	/* A destination that faults must not cost the device a byte. */
	w.ports = 0;
	w.fault_at = 0x1104;
	CHECK_EQ(RUN(&w, 0x6c), EMUL_FAULT);
	CHECK_EQ(w.ports, 0);
}

/* Random bytes -------------------------------------------------------------------------------- */

TEST(emulate_random_bytes)
{
	struct unit_random r = {42};
	unsigned int i, k, done = 0;

	for (i = 0; i < 400000; i++) {
		unsigned int len = 1 + unit_random(&r) % EMUL_INSN_MAX;
		uint8_t *bytes = malloc(len); /* of this very length, for the sanitiser */
		enum emul_mode mode = (enum emul_mode)(unit_random(&r) % 3);
		struct emul_insn insn;
		struct world w;
		enum emul_status s;

		for (k = 0; k < len; k++) {
			bytes[k] = (uint8_t)unit_random(&r);
		}
		if (unit_random(&r) & 1 && len > 2) {
			bytes[0] = (uint8_t)(0x40 | (bytes[0] & 0xf));
			bytes[1] = 0x0f;
		}
		s = emul_decode(bytes, len, mode, &insn);
		free(bytes);
		CHECK_TRUE(s != EMUL_DONE || (insn.length && insn.length <= len));
		if (s != EMUL_DONE) {
			continue;
		}
		world_init(&w, fake_memory, 0x1000, mode);
		for (k = 0; k < 16; k++) {
			w.m.gpr[k] = unit_random(&r) & 1 ? 0x1000 + (unit_random(&r) & 0xfff)
							 : unit_random(&r);
		}
		w.m.rflags = unit_random(&r) & 0xfff;
		w.memory_changed = unit_random(&r) & 1;
		s = emul_execute(&w.e, &insn);
		CHECK_TRUE(w.reads <= 2 * EMUL_REP_MAX && w.writes <= EMUL_REP_MAX);
		done += s == EMUL_DONE;
	}
	CHECK_TRUE(done > 1000);
}
