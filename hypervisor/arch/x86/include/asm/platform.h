/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct domain;
struct vcpu;

/* Writes the wall clock of d (the machine's and its own offset) into its shared info page. Takes d->big_lock. */
void domain_publish_wallclock(struct domain *d);
/* The layout of shared memory follows v's mode from here on (hv/compat.h). v is current, no lock held. */
void domain_latch_info(struct vcpu *v);
