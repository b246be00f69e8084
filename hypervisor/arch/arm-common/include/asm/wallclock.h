/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct domain;

/* Writes the wall clock of d (the machine's and its own offset) into its shared info page. Takes d->big_lock. */
void domain_publish_wallclock(struct domain *d);
