/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Firmware as a guest sees it: PSCI 1.1 and SMCCC 1.1 (arch/arm-common/vpsci.c). */
#include <hv/types.h>

struct vcpu;

/*
 * The current vCPU's HVC #0 or SMC #0 with the function's number in x0. True: done, x0 to x3 hold
 * the answer (or the vCPU does not go on); false: no function of ours, the caller answers -1
 * (SMCCC_NOT_SUPPORTED).
 */
bool vpsci_call(struct vcpu *v);
