/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the last run left: docs/design/manager.md has the table. */
#pragma once

#include "manager.h"

/* In a thread, before any VM is on the bus: clear up after every journal entry. What cannot be
 * cleared up is logged and its entry stays for the next start. */
void recovery_run(const Manager *manager);
