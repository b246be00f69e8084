/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* As the fake has it, for tests of ARM's code on the fake's frames. */
#include "../../../../hypervisor/arch/fake/include/asm/frames.h"
