# SPDX-License-Identifier: GPL-2.0-or-later
"""What is tested under Bochs: which CPU models, and how many CPUs."""

import dataclasses

import bad_input
import bochs

HOSTILE_CALLS = 10000


@dataclasses.dataclass
class Row:
    model: str
    cpus: int
    extra: bool     # only with --all


# One model with one CPU in every run; the ABI guests run with four there (tests/run).
ROWS = [Row(model, cpus, (model, cpus) != (bochs.DEFAULT_MODEL, 1)) for model in bochs.MODELS for cpus in (1, 4)]

# VT-x that lacks what Mullion cannot do without: one line says what.
REFUSALS = (
    bad_input.Case("no-unrestricted-guest", r"(?i)unrestricted guest", model="corei5_lynnfield_750"),
    bad_input.Case("no-ept", r"(?i)\bEPT\b|EFER|secondary controls", model="core2_penryn_t9600"),
)
