/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second domain that runs: it does single loads and stores that it finds in a page of its own. */
#ifndef GUEST_MAILBOX_H
#define GUEST_MAILBOX_H

#include "guest.h"

/* Frames of the domain that are the mailbox's; peer_create needs as many pages. */
#define MAIL_GFN   6u
#define MAIL_CODE  7u
#define MAIL_PAGES 8u

/* Lets the domain's vCPU run from here on; it needs a CPU of its own. */
void mail_start(domid_t dom);
/* A word of the domain's memory, by its address there. */
uint32_t mail_get(uint64_t address);
void mail_put(uint64_t address, uint32_t value);

#endif
