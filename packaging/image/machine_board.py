# SPDX-License-Identifier: GPL-2.0-or-later
"""Boards that QEMU has besides `virt`: they boot with the tree that Debian's kernel package has for them. And `virt` as if
it were a board without PSCI: its own tree is changed, and tests/arm/park-*.S makes the CPUs wait as that board's do.

What a boot loader adds to the tree (command line, modules) is added here, and QEMU's -device loader puts the modules in
their places.
"""

import dataclasses
import os
import pathlib
import signal
import subprocess

import machine


@dataclasses.dataclass(frozen=True)
class Kind:
    arch: str
    qemu: str
    tree: str               # of image/boards; empty: QEMU's own
    memory: int             # where RAM begins
    serial: int             # the number of the console's UART
    cpus: int = 1
    mem: int = 2048
    dom0_mem: str = "512M"
    cpu: str = ""
    wait: str = ""          # how CPUs wait, or what firmware there is: a function of Tree
    guest: str = ""         # of tests/guests, in the place of Debian's kernel, with its command line
    words: str = ""


KINDS = {
    "zcu102": Kind("arm64", "xlnx-zcu102,virtualization=on", "zynqmp-zcu102-rev1.0", 0, 0, cpus=4),
    "spin-table": Kind("arm64", "virt,virtualization=on,gic-version=3", "", 0x40000000, 0, cpus=4, cpu="cortex-a57",
                       wait="spin_table"),
    "mailbox": Kind("armhf", "virt,virtualization=on,highmem=off,gic-version=2", "", 0x40000000, 0, cpus=2, mem=1024,
                    dom0_mem="384M", cpu="cortex-a15", wait="exynos"),
    # for what it says of controllers that it does not know how to serve
    "bcm2836": Kind("armhf", "virt,virtualization=on,highmem=off,gic-version=2", "", 0x40000000, 0, mem=1024,
                    dom0_mem="384M", cpu="cortex-a15", wait="bcm2836"),
    # with secure firmware of ours (tests/arm/monitor-arm64.S), which runs a test guest
    "monitor": Kind("arm64", "virt,virtualization=on,secure=on,gic-version=2", "", 0x40000000, 0, mem=512, cpu="cortex-a57",
                    dom0_mem="128M", wait="monitor", guest="smccc_workarounds", words="workaround"),
    "raspi3b": Kind("arm64", "raspi3b", "bcm2837-rpi-3-b", 0, 1, cpus=4, mem=1024),
    # its GIC is the hypervisor's own doing
    "raspi3b-gic": Kind("arm64", "raspi3b", "bcm2837-rpi-3-b", 0, 1, cpus=4, mem=1024, dom0_mem="128M", guest="gic_cpu",
                        words="x"),
}
KERNEL_OFFSET, INITRD_OFFSET = 0xa000000, 0x10000000       # QEMU has the tree below them
HYPERVISOR_AT, RELEASE_PAGE, TREE_AT = 0x40400000, 0x47000000, 0x47800000       # as park-*.S, monitor-*.S have them


class Tree:
    """A device tree file that is edited in place."""

    def __init__(self, path):
        self.path = path

    def put(self, kind, node, name, *values):
        subprocess.run(["fdtput", "-t", kind, self.path, node, name, *map(str, values)], check=True)

    def cells(self, node, name, *values):
        self.put("x", node, name, *(f"{value:x}" for value in values))

    def node(self, path):
        subprocess.run(["fdtput", "-c", self.path, path], check=True)

    def module(self, kind, at, size, line="", in_initrd=False):
        """A boot module as the multiboot binding has it, below /chosen with addresses of two cells; in_initrd: at counts
        from the start of the initrd that the boot loader hands over."""
        node = f"/chosen/module@{at:x}"
        self.node(node)
        self.put("s", node, "compatible", f"multiboot,{kind}", "multiboot,module")
        self.cells(node, "reg", at >> 32, at & 0xffffffff, size >> 32, size & 0xffffffff)
        if line:
            self.put("s", node, "bootargs", line)
        if in_initrd:
            self.put("x", node, "mullion,in-initrd")

    def chosen(self, line):
        self.cells("/chosen", "#address-cells", 2)
        self.cells("/chosen", "#size-cells", 2)
        self.put("s", "/chosen", "xen,xen-bootargs", line)

    def seed(self):
        """For Linux: on most boards of QEMU nothing is random, and programs wait for what is."""
        self.put("bx", "/chosen", "rng-seed", *(f"{byte:x}" for byte in os.urandom(64)))

    def spin_table(self, cpus):
        for i in range(1, cpus):
            self.put("s", f"/cpus/cpu@{i}", "enable-method", "spin-table")
            self.cells(f"/cpus/cpu@{i}", "cpu-release-addr", 0, RELEASE_PAGE + 0xff8)

    def monitor(self, cpus):
        self.node("/psci")
        self.put("s", "/psci", "compatible", "arm,psci-1.0")
        self.put("s", "/psci", "method", "smc")

    def exynos(self, cpus):
        for i in range(cpus):
            self.delete(f"/cpus/cpu@{i}", "enable-method")
        self.put("s", "/", "compatible", "linux,dummy-virt", "samsung,exynos5250")
        node = f"/sram@{RELEASE_PAGE:x}"
        self.node(node)
        self.cells(node, "reg", 0, RELEASE_PAGE, 0, 0x1000)
        self.put("s", node, "compatible", "samsung,exynos4210-sysram")

    def bcm2836(self, cpus):
        self.put("s", "/intc@8000000", "compatible", "brcm,bcm2836-armctrl-ic")
        self.node("/local_intc@9040000")
        self.put("s", "/local_intc@9040000", "compatible", "brcm,bcm2836-l1-intc")
        self.cells("/local_intc@9040000", "reg", 0, 0x9040000, 0, 0x1000)

    def delete(self, node, name):
        subprocess.run(["fdtput", "-d", self.path, node, name], check=True)


@dataclasses.dataclass
class Board(machine.Qemu):
    build: pathlib.Path             # the tree of the architecture: image/ is below
    hv: pathlib.Path
    board: str
    scratch: pathlib.Path           # for the tree
    cpus: int = 0                   # what is empty is as KINDS has it
    mem: int = 0
    hv_args: str = ""
    dom0_mem: str = ""
    kernel_args: str = ""
    job: str = ""                   # of arm-jobs; empty: a shell
    extra: list = dataclasses.field(default_factory=list)
    stop_signal = signal.SIGTERM    # a fact of the kind of machine rather than a choice

    def __post_init__(self):
        kind = self.kind = KINDS[self.board]
        self.cpus, self.mem = self.cpus or kind.cpus, self.mem or kind.mem
        self.dom0_mem = self.dom0_mem or kind.dom0_mem

    def _modules(self):
        image = self.build / "image"
        if self.kind.guest:
            return [("kernel", self.build / f"tests/guests/arm/{self.kind.guest}.bin", self.kind.memory + KERNEL_OFFSET,
                     self.kind.words)]
        line = " ".join(["console=hvc0 panic=-1", f"service.job={self.job}" if self.job else "", self.kernel_args]).strip()
        return [("kernel", image / "Image", self.kind.memory + KERNEL_OFFSET, line),
                ("ramdisk", image / "service.initrd", self.kind.memory + INITRD_OFFSET, "")]

    def _machine(self):
        args = [f"qemu-system-{'aarch64' if self.kind.arch == 'arm64' else 'arm'}", "-accel", "tcg,thread=multi",
                "-m", str(self.mem), "-smp", str(self.cpus), "-display", "none", "-nic", "none"]
        return args + (["-cpu", self.kind.cpu] if self.kind.cpu else [])

    def _tree(self):
        path = self.scratch / f"{self.board}.dtb"
        if self.kind.tree:
            path.write_bytes((self.build / f"image/boards/{self.kind.tree}.dtb").read_bytes())
        else:
            subprocess.run([*self._machine(), "-M", f"{self.kind.qemu},dumpdtb={path}"], check=True, stderr=subprocess.DEVNULL)
        tree = Tree(path)
        tree.chosen(" ".join(["console=dtuart", f"dom0_mem={self.dom0_mem}", "loglvl=all guest_loglvl=all", self.hv_args]).strip())
        tree.seed()
        for kind, file, at, line in self._modules():
            tree.module(kind, at, file.stat().st_size, line)
        if self.kind.wait:
            getattr(tree, self.kind.wait)(self.cpus)
        return path

    def command(self, serial):
        kernel, loaded = self.hv, [(file, at) for _, file, at, _ in self._modules()]
        if self.kind.wait:
            firmware = "monitor.elf" if self.kind.wait == "monitor" else "park.bin"
            kernel, loaded = self.build / "tests/arm" / firmware, [*loaded, (self.hv, HYPERVISOR_AT)]
        if self.kind.wait == "monitor":
            loaded.append((self._tree(), TREE_AT))
        args = [*self._machine(), "-M", self.kind.qemu, "-audiodev", "none,id=none", "-monitor", "none",
                *["-serial", "null"] * self.kind.serial, "-serial", serial, "-no-reboot", "-kernel", str(kernel),
                "-dtb", str(self._tree())]
        for file, at in loaded:
            args += ["-device", f"loader,file={file},addr={at:#x},force-raw=on"]
        return [*args, *self.extra]
