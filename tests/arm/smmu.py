# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows behind an SMMU: QEMU's edu device, the program that drives it, and a look at memory from outside."""

import pathlib
import re
import subprocess

import machine
import machine_arm

EDU = ["-device", "edu,addr=0x10,dma_mask=0xffffffffffffffff"]
CHECKS = ("dma-to-own-memory", "dma-no-faults-before", "dma-to-the-hypervisor-refused", "dma-to-others-refused",
          "dma-to-own-memory-after")
TARGET = re.compile(r"MULLION \[.*edu target (0x[0-9a-f]+)")
PATTERN = 0xa5


def prepared(build, out):
    """Options of the machine: an initrd with the program, and the device."""
    source = pathlib.Path(__file__).resolve().parents[1] / "boot/edu-dma.c"
    program = out / "edu-dma"
    subprocess.run(["aarch64-linux-gnu-gcc", "-Wall", "-Wextra", "-O2", "-static", "-o", str(program), str(source)], check=True)
    initrd = machine_arm.initrd_with(build / "image/service.initrd", {"bin/edu-dma": program}, out)
    return {"initrd": initrd, "extra": [*EDU, "-qmp", f"unix:{out / 'qmp'},server=on,wait=off"]}


def look(line, out):
    """What is wrong when a line says where the device was told to write; None."""
    found = TARGET.search(line)
    if found and machine.memory_is(out / "qmp", int(found[1], 16), PATTERN):
        return f"the device wrote to {found[1]}, which is not its owner's"
    return None
