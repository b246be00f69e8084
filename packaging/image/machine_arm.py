# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's `virt` board, in which Mullion for ARM is run and tested. What is shared with x86 stands in machine.py."""

import dataclasses
import importlib
import os
import pathlib
import shutil
import signal
import subprocess

import machine

KERNEL_AT, INITRD_AT = 0x49000000, 0x4c000000
UART = "/pl011@9000000"
ARCHES = ("arm64", "armhf")


@dataclasses.dataclass(frozen=True)
class Kind:
    """What the widths make different."""
    qemu: str
    board: str
    cpu: str
    gics: tuple
    mem: int
    dom0_mem: str


KINDS = {
    "arm64": Kind("qemu-system-aarch64", "virt,virtualization=on", "cortex-a57", (3, 2), 2048, "512M"),
    # without LPAE's addresses: the PCI window there is beyond what its kernels map
    "armhf": Kind("qemu-system-arm", "virt,virtualization=on,highmem=off", "cortex-a15", (2,), 1024, "384M"),
}


@dataclasses.dataclass
class Virt(machine.Qemu):
    build: pathlib.Path             # the tree of the architecture: image/ is below
    hv: pathlib.Path
    arch: str = "arm64"
    mem: int = 0                    # what is empty is as KINDS has it
    cpus: int = 1
    gic: int = 0
    cpu: str = ""
    hv_args: str = ""
    dom0_mem: str = ""
    kernel: pathlib.Path | None = None
    kernel_args: str = ""
    initrd: pathlib.Path | None = None
    modules: bool = True            # False: the hypervisor alone
    job: str = ""                   # of arm-jobs; empty: a shell
    smmu: bool = False              # SMMUv3 in front of PCI
    disk: pathlib.Path | None = None    # by virtio over PCI, with a card on a network of its own, for the job `messages`
    extra: list = dataclasses.field(default_factory=list)
    # facts of the kind of machine rather than choices
    stop_signal = signal.SIGTERM

    def __post_init__(self):
        kind = KINDS[self.arch]
        self.mem, self.cpu = self.mem or kind.mem, self.cpu or kind.cpu
        self.gic, self.dom0_mem = self.gic or kind.gics[0], self.dom0_mem or kind.dom0_mem
        if self.gic not in kind.gics:
            raise SystemExit(f"the {self.arch} machine does not know --gic {self.gic}")
        self.kernel = self.kernel or self.build / "image/Image"
        self.initrd = self.initrd or self.build / "image/service.initrd"

    def hypervisor_line(self):
        words = ["console=dtuart", f"dtuart={self.uart()}", f"dom0_mem={self.dom0_mem}", "loglvl=all", "guest_loglvl=all"]
        if machine.is_xen(self.hv):
            words.append("bootscrub=0")
        return " ".join([*words, self.hv_args]).strip()

    def kernel_line(self):
        job = f"service.job={self.job}" if self.job else ""
        return " ".join(["console=hvc0 panic=-1", job, self.kernel_args]).strip()

    def _machine(self):
        return ["-M", f"{KINDS[self.arch].board},gic-version={self.gic}{',iommu=smmuv3' if self.smmu else ''}", "-cpu", self.cpu]

    def uart(self):
        return UART

    def _pci(self):
        """A disk with 4 MiB of zeroes, and a card, both of whose interrupts are messages."""
        if not self.disk:
            return []
        self.disk.write_bytes(bytes(4 << 20))
        modern = "disable-legacy=on" + (",iommu_platform=on" if self.smmu else "")
        return ["-drive", f"if=none,id=disk,format=raw,file={self.disk}", "-device", f"virtio-blk-pci,drive=disk,{modern}",
                "-netdev", "user,id=net,restrict=on", "-device", f"virtio-net-pci,netdev=net,romfile=,{modern}"]

    def _boot(self):
        args = ["-kernel", str(self.hv), "-append", self.hypervisor_line()]
        if self.modules:
            # commas separate a device's properties; a doubled comma stands for one
            line = self.kernel_line().replace(",", ",,")
            args += ["-device", f"guest-loader,addr={KERNEL_AT:#x},kernel={self.kernel},bootargs={line}",
                     "-device", f"guest-loader,addr={INITRD_AT:#x},initrd={self.initrd}"]
        return args

    def command(self, serial):
        """The QEMU command line; serial is what follows -serial."""
        return [KINDS[self.arch].qemu, *self._machine(),
                "-accel", "tcg,thread=multi", "-m", str(self.mem), "-smp", str(self.cpus), "-display", "none",
                "-monitor", "none", "-serial", serial, *([] if self.disk else ["-nic", "none"]), "-no-reboot",
                *self._pci(), *self._boot(), *self.extra]


@dataclasses.dataclass(frozen=True)
class BoardKind:
    """A board of QEMU's that starts in Hyp mode, with Debian's tree of it."""
    tree: str
    uart: str
    cpus: int
    modules: tuple


BOARDS = {
    "orangepi-pc": BoardKind("sun8i-h3-orangepi-pc", "/soc/serial@1c28000", 4, (0x49000000, 0x4c000000)),
    # its tree has other numbers for PSCI than QEMU, so one CPU remains
    "midway": BoardKind("ecx-2000", "/soc/serial@fff36000", 1, (0x9000000, 0xc000000)),
}


@dataclasses.dataclass
class Board(Virt):
    """QEMU writes no tree for it: the modules are put into Debian's, and into memory by themselves."""
    arch: str = "armhf"
    board: str = ""

    def __post_init__(self):
        super().__post_init__()
        self.cpus = BOARDS[self.board].cpus

    def _machine(self):
        return ["-M", self.board]

    def uart(self):
        return BOARDS[self.board].uart

    def _module(self, tree, kind, at, path, line=""):
        node = f"/chosen/module@{at:x}"
        put = ["fdtput", str(tree)]
        subprocess.run([*put, "-p", "-t", "s", node, "compatible", f"multiboot,{kind}", "multiboot,module"], check=True)
        subprocess.run([*put, "-t", "x", node, "reg", "0", f"{at:x}", "0", f"{path.stat().st_size:x}"], check=True)
        if line:
            subprocess.run([*put, "-t", "s", node, "bootargs", line], check=True)
        return ["-device", f"loader,file={path},addr={at:#x},force-raw=on"]

    def _boot(self):
        kind = BOARDS[self.board]
        tree = self.build / f"{self.board}.dtb"
        shutil.copyfile(self.build / f"image/boards/{kind.tree}.dtb", tree)
        for cells in ("#address-cells", "#size-cells"):
            subprocess.run(["fdtput", "-p", "-t", "x", str(tree), "/chosen", cells, "2"], check=True)
        subprocess.run(["fdtput", "-t", "s", str(tree), "/chosen", "xen,xen-bootargs", self.hypervisor_line()], check=True)
        # without one the tools wait for ever: nothing on these boards is random
        seed = [f"{byte:x}" for byte in os.urandom(64)]
        subprocess.run(["fdtput", "-t", "bx", str(tree), "/chosen", "rng-seed", *seed], check=True)
        loaded = self._module(tree, "kernel", kind.modules[0], self.kernel, self.kernel_line())
        loaded += self._module(tree, "ramdisk", kind.modules[1], self.initrd)
        return ["-kernel", str(self.hv), "-dtb", str(tree), *loaded]


# What the job "guest" (arm-jobs/guest) has to say, each "MULLION ok - arm NAME".
GUEST_VERDICTS = ("tool stack", "xl create", "guest", "guest's disk", "guest's ping", "uart early", "uart output", "uart late",
                  "uart input", "guest's timer", "xl shutdown")


def initrd_with(initrd, files, out):
    """The initrd with more files ({place: file}) in a file below out: archives one after the other are one."""
    whole, tree = out / "service.initrd", out / "tree"
    for place, file in files.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tree / place)
    folders = {str(parent) for place in files for parent in pathlib.PurePath(place).parents if parent.name}
    packed = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=tree, check=True, stdout=subprocess.PIPE,
                            input="".join(f"{name}\n" for name in [*sorted(folders), *files]).encode()).stdout
    shutil.rmtree(tree)
    first = initrd.read_bytes()
    whole.write_bytes(first + bytes(-len(first) % 4) + packed)
    return whole


def hypervisor(build, name):
    """--hv mullion|xen|PATH as a path; build is the tree of the architecture."""
    known = {"mullion": build / "hypervisor/mullion.bin", "xen": build / "image/xen"}
    path = known.get(name, pathlib.Path(name))
    if not path.exists():
        raise SystemExit(f"no hypervisor image at {path}")
    return path


def from_options(build, options, scratch, **more):
    """Of ./dev boot and ./dev run: what belongs to a PC is refused rather than ignored."""
    can = {"devices": ("ahci",), "accel": ("auto", "tcg"), "iommu": ("amd", "none"),
           "machine": ("qemu",), "no_intremap": (False,)}      # the defaults, and what amounts to them
    uefi = options.firmware == "ovmf"
    if not uefi:
        can |= {"firmware": ("bios",), "loader": ("", "kernel")}
    wrong = [name for name, values in can.items() if getattr(options, name) not in values]
    if wrong:
        raise SystemExit(f"the {options.arch} machine does not know --{wrong[0].replace('_', '-')} {getattr(options, wrong[0])}")
    given = {name: getattr(options, name) for name in ("mem", "cpus", "cpu", "gic", "dom0_mem") if getattr(options, name)}
    if uefi:
        if options.arch != "arm64":
            raise SystemExit("the hypervisor is an EFI application on arm64 alone")
        given |= {"scratch": pathlib.Path(scratch), "loader": "grub" if options.loader in ("", "grub") else "config"}
    kind = importlib.import_module("machine_uefi").Uefi if uefi else Virt     # it is built on this one
    return kind(build=build, arch=options.arch, hv=hypervisor(build, options.hv).resolve(), hv_args=options.hv_args,
                kernel=options.kernel, initrd=options.initrd,
                kernel_args=options.kernel_args, extra=options.qemu.split(), **(given | more))
