/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What arch/arm-common asks of a width's vcpu.c and context.c. */
#include <hv/types.h>

struct domain;
struct vcpu;
struct vcpu_guest_context;

/*
 * The state in which PSCI CPU_ON and a domain's builder have a vCPU start: EL1h (SVC), everything masked, MMU off,
 * entry at pc with arg as the only argument of the boot protocol. v is down. Does not bring it up.
 */
void vcpu_reset_to(struct vcpu *v, uint64_t pc, uint64_t arg);
/* Registers alone, as a reset leaves them; what HCR is for v. */
void vcpu_reset_state(struct vcpu *v);
/* Of vcpu_reset_to, what the boot protocol says of registers. */
void vcpu_start_at(struct vcpu *v, uint64_t pc, uint64_t arg);
uint64_t vcpu_hcr(const struct vcpu *v);
/* EL1's (PL1's) registers and FP of v, between the CPU and memory. Interrupts off. */
void vcpu_state_save(struct vcpu *v);
void vcpu_state_restore(const struct vcpu *v);
/* Delivers an exception of the guest's own at its EL1. v is current. */
void vcpu_inject_undefined(struct vcpu *v, uint32_t esr);
void vcpu_inject_abort(struct vcpu *v, uint64_t far, bool fetch, bool write);
/* The address of the abort that v, which is current, exited by. */
uint64_t vcpu_fault_address(bool fetch);
/* May PSCI's CPU_ON start v there? */
bool vcpu_entry_ok(const struct vcpu *v, uint64_t pc);

/* Code of 32 or 64 bits at EL1: -EINVAL for what the CPU does not have, -EBUSY once d has memory. */
int domain_set_width(struct domain *d, unsigned int bits);

/* v is not running. Get: everything of the ABI's structure but its flags. Set: false for a state that no guest may have. */
void vcpu_context_get(const struct vcpu *v, struct vcpu_guest_context *c);
bool vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *untrusted_c);
