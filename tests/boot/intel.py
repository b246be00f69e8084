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

    def guest_options(self, everything):
        """Of tests/guests/run: with one CPU all guests, with more those that have several vCPUs."""
        return ["--cpus", str(self.cpus), *(["--smp"] if self.cpus > 1 and not everything else [])]


def rows(default):
    return [Row(model, cpus, (model, cpus) not in default) for model in bochs.MODELS for cpus in (1, 4)]


# The service VM with one CPU and the guests with one and with four are in every run.
ROWS = rows([(bochs.DEFAULT_MODEL, 1)])
GUEST_ROWS = rows([(bochs.DEFAULT_MODEL, 1), (bochs.DEFAULT_MODEL, 4)])

# VT-x that lacks what Mullion cannot do without: one line says what.
REFUSALS = (
    bad_input.Case("no-unrestricted-guest", r"(?i)unrestricted guest", model="corei5_lynnfield_750"),
    bad_input.Case("no-ept", r"(?i)\bEPT\b|EFER|secondary controls", model="core2_penryn_t9600"),
)
