/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The methods of org.mullion.Manager1. */
#pragma once

#include "bus.h"

extern const BusMethod manager_methods[];
