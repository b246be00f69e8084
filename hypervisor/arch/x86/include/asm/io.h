/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Port and MMIO handlers of a domain (arch/x86/io.c). Everything that is not registered follows the default:
 * ports: the io bitmap decides; an exit for a port without a handler reads all ones and drops writes
 * (logged once a domain in debug). MMIO: exit_npf's rules.
 */
#include <hv/addr.h>

struct vcpu;
struct domain;

/* size 1, 2, 4 (8 for MMIO). Reads store into *val (upper bits are ignored). v is current, no lock held. */
typedef void io_handler(struct vcpu *v, void *opaque, uint64_t addr, unsigned int size, bool write,
			uint64_t *val);

/* Ranges may not overlap (-EEXIST). Registered ports exit. */
int io_register_ports(struct domain *d, uint16_t first, unsigned int count, io_handler *fn, void *opaque);
int io_register_mmio(struct domain *d, gpa_t start, uint64_t len, io_handler *fn, void *opaque);
void io_unregister_mmio(struct domain *d, gpa_t start);
void io_destroy(struct domain *d);
/* Lets the domain reach the ports directly / takes that away. */
void io_allow_ports(struct domain *d, uint16_t first, unsigned int count);
void io_deny_ports(struct domain *d, uint16_t first, unsigned int count);

/* Dispatch; false: no handler. */
bool io_port_access(struct vcpu *v, uint16_t port, unsigned int size, bool write, uint64_t *val);
bool io_mmio_access(struct vcpu *v, gpa_t addr, unsigned int size, bool write, uint64_t *val);
bool io_mmio_registered(struct domain *d, gpa_t addr);

/* Emulates the instruction at RIP, whose memory operand hit addr (arch/x86/emulate*.c). 0 when done (RIP
 * advanced or an exception queued), -EOPNOTSUPP: cannot; the caller crashes the guest. */
int emulate_mmio(struct vcpu *v, gpa_t addr, const uint8_t *insn, unsigned int insn_len);
/* INS/OUTS at RIP. */
int emulate_string_io(struct vcpu *v, uint16_t port, unsigned int size, bool in, bool rep,
		      uint64_t next_rip);
