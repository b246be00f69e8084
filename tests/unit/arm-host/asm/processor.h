/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* For tests of ARM's sources on the host: the instructions are the fake's, all else is ARM's own. */
#include "../../../../hypervisor/arch/fake/include/asm/processor.h"
