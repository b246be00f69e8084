/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a guest's exits come to (exit.c; sysreg.c of each width). v is current, interrupts on. */
#include <hv/types.h>

struct vcpu;

/* By v->arch.esr, far, hpfar. */
void exit_sync(struct vcpu *v);
/* Arch: a trapped access to a system register, or whatever else EC says. False: undefined for the guest. */
bool exit_register(struct vcpu *v);
/* Once at boot: what the CPU has that vCPUs' switching depends on. */
void vcpu_probe(void);
