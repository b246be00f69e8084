# SPDX-License-Identifier: GPL-2.0-or-later
"""The QEMU machine that Mullion is run and tested in: one description, one command line. bochs.py has the other one."""

import contextlib
import dataclasses
import json
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"

# RDTSCP and MONITOR misbehave under QEMU 7.2's software SVM: a wrong exit code, a #GP for MWAIT hints. AVX is left
# out because it is suspected: with it user space of a service VM on real Xen now and then misreads its own memory.
TCG_CPU = "EPYC,+svm,+npt,-rdtscp,-monitor,-avx,-avx2,-f16c,-fma"

# X, GTK and the manager take half of it; the rest is cache for the VMs' disks.
DESKTOP_DOM0_MEM = "1280M"

# A boot sector that leaves by isa-debug-exit with 2 if the CPU has SVM, else with 0 (seen as 5 and 1).
PROBE = bytes.fromhex("66b801000080" "660fa2" "31c0" "660fbae102" "7302" "b002" "baf400" "ee" "f4ebfd")


def nested_svm():
    """True when KVM here can run a guest that itself sees SVM: nothing short of trying tells."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.NamedTemporaryFile(suffix=".img") as disk:
        disk.write(PROBE.ljust(510, b"\0") + b"\x55\xaa")
        disk.flush()
        command = ["qemu-system-x86_64", "-accel", "kvm", "-cpu", "host,+svm", "-m", "16", "-display", "none",
                   "-monitor", "none", "-serial", "none", "-nic", "none", "-no-reboot",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                   "-drive", f"file={disk.name},format=raw,if=ide"]
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, timeout=15, check=False)
        except subprocess.TimeoutExpired:
            return False
    return result.returncode == 5


def is_xen(path):
    """Real Xen needs a few options that Mullion has no use for."""
    return b"Xen version %d.%d" in pathlib.Path(path).read_bytes()


class Qemu:
    """What all machines in QEMU have: command(serial) makes the command line."""

    def start(self, errors):
        """Returns the process and the serial line's stream; errors is a path for what QEMU itself says."""
        with open(errors, "wb") as stderr:
            process = subprocess.Popen(self.command("stdio"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=stderr, start_new_session=True)
        return process, process.stdout

    def ended(self, process):
        """None, or why the end was not one that the machine asked for."""
        return f"QEMU's exit status is {process.returncode}" if process.returncode else None


@dataclasses.dataclass
class Machine(Qemu):
    build: pathlib.Path
    hv: pathlib.Path
    mem: int = 2048
    cpus: int = 1
    iommu: str = "amd"
    intremap: bool = True       # the IOMMU can remap interrupts
    firmware: str = "bios"
    loader: str = ""            # "kernel" (QEMU -kernel), "grub" (an ISO), "disk" (the first of them, by its own
                                # loader); empty: what the firmware can
    devices: str = "ahci"       # or "virtio"
    accel: str = "tcg"
    cpu: str = ""
    hv_args: str = ""
    dom0_mem: str = "1024M"
    kernel: pathlib.Path | None = None
    kernel_args: str = ""
    initrd: pathlib.Path | None = None
    modules: bool = True        # False: the hypervisor alone, for the bad-input tests
    root: str = "job"           # init: "job" or "system"
    root_image: str = "root.img"
    disks: list = dataclasses.field(default_factory=list)      # (serial, path, writable), besides root
    nic: bool = True
    display: list = dataclasses.field(default_factory=lambda: ["-display", "none"])
    extra: list = dataclasses.field(default_factory=list)
    scratch: pathlib.Path | None = None     # for the ISO and OVMF's variables
    # facts of the kind of machine rather than choices
    writable_disks = True                   # else a job can only speak
    stop_signal = signal.SIGTERM

    def __post_init__(self):
        image = self.build / "image"
        self.kernel = self.kernel or image / "vmlinux"
        self.initrd = self.initrd or image / "service.initrd"
        self.xen = is_xen(self.hv)
        if not self.loader:
            self.loader = "grub" if self.firmware == "ovmf" else "kernel"

    def hypervisor_line(self):
        words = ["console=com1", "com1=115200,8n1"]
        if self.dom0_mem:
            words.append(f"dom0_mem={self.dom0_mem},max:{self.dom0_mem}")
        if self.xen:
            words += self._xen_words()
        return " ".join(words + ["loglvl=all", "guest_loglvl=all", self.hv_args]).strip()

    def _xen_words(self):
        """Real Xen only: the service VM's mode; a faster start, and no mitigations that emulation pays for dearly."""
        iommu = "none" if self.iommu == "none" else "map-inclusive"
        return ["dom0=pvh", f"dom0-iommu={iommu}", "bootscrub=0", "spec-ctrl=no-xen"]

    def kernel_line(self):
        if not self.root:
            return self.kernel_args
        init = "/usr/lib/mullion/job-init" if self.root == "job" else "/sbin/init"
        return f"init={init} panic=-1 {self.kernel_args}".strip()

    def _iommu(self):
        model = {"amd": "amd-iommu", "intel": "intel-iommu", "none": ""}[self.iommu]
        return ["-device", f"{model},intremap={'on' if self.intremap else 'off'}"] if model else []

    def _disks(self):
        args = []
        disks = [("root", self.build / "image" / self.root_image, False), *self.disks] if self.root else self.disks
        for index, (serial, path, writable) in enumerate(disks):
            args += ["-drive", f"file={path},format=raw,if=none,id=disk{index},cache=unsafe,"
                               f"snapshot={'off' if writable else 'on'}"]
            if self.devices == "virtio":
                args += ["-device", f"virtio-blk-pci,drive=disk{index},serial={serial}"]
            else:
                args += ["-device", f"ide-hd,drive=disk{index},bus=ide.{index},serial={serial}"]
        return args

    def _boot(self):
        if self.loader == "disk":
            return self._firmware()
        if self.loader == "grub":
            return self._firmware() + ["-drive", f"file={self.make_iso()},format=raw,if=none,id=iso,readonly=on",
                                       "-device", "ide-cd,drive=iso,bus=ide.5,bootindex=0"]
        args = ["-kernel", str(self.hv), "-append", self.hypervisor_line()]
        if self.modules:
            # QEMU splits modules at commas; a doubled comma stands for one
            line = self.kernel_line().replace(",", ",,")
            args += ["-initrd", f"{self.kernel} {line},{self.initrd}"]
        return args

    def _firmware(self):
        if self.firmware != "ovmf":
            return []
        variables = self.scratch / "ovmf-vars.fd"
        variables.write_bytes(pathlib.Path(OVMF_VARS).read_bytes())
        return ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}",
                "-drive", f"if=pflash,format=raw,file={variables}"]

    def make_iso(self):
        """One hybrid ISO, started by GRUB on BIOS and on UEFI alike."""
        tree = self.scratch / "iso"
        boot = tree / "boot/grub"
        boot.mkdir(parents=True, exist_ok=True)
        # without a video driver GRUB on UEFI finds no framebuffer to hand over
        video = ["insmod efi_gop"] if self.firmware == "ovmf" else []
        lines = ["set timeout=0", *video, "menuentry mullion {", f"multiboot2 /boot/hypervisor {self.hypervisor_line()}"]
        links = {"hypervisor": self.hv}
        if self.modules:
            links |= {"vmlinux": self.kernel, "initrd": self.initrd}
            lines += [f"module2 /boot/vmlinux {self.kernel_line()}", "module2 /boot/initrd"]
        # serial first, so that a failure of GRUB itself is in the log
        (boot / "grub.cfg").write_text("\n".join(["serial --unit=0 --speed=115200", "terminal_output console serial",
                                                  *lines, "}", ""]))
        for name, target in links.items():
            shutil.copyfile(target, tree / "boot" / name)
        iso = self.scratch / "boot.iso"
        subprocess.run(["grub-mkrescue", "-o", str(iso), str(tree)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return iso

    def command(self, serial):
        """The QEMU command line; serial is what follows -serial."""
        if self.accel == "kvm":
            machine = ["-M", "q35,kernel-irqchip=split", "-accel", "kvm", "-cpu", self.cpu or "host,+svm"]
        else:
            # With a thread for each CPU, loading x87 state on one can undo a VM entry or exit of the first: docs/design/svm.md.
            threads = "single" if self.cpus > 1 or self.xen else "multi"
            machine = ["-M", "q35", "-accel", f"tcg,thread={threads}", "-cpu", self.cpu or TCG_CPU]
            if self.xen and self.cpus == 1:
                # Real Xen has no way round QEMU's lost interrupts: with time counted in instructions its timers are raised
                # in the CPU's own thread, where none is lost.
                machine += ["-icount", "shift=1"]
        nic = ["-nic", f"user,model={'virtio-net-pci' if self.devices == 'virtio' else 'e1000e'}"] if self.nic \
            else ["-nic", "none"]
        return ["qemu-system-x86_64", *machine, "-m", str(self.mem), "-smp", str(self.cpus), *self._iommu(),
                *self.display, "-monitor", "none", "-serial", serial, *nic, *self._disks(), *self._boot(), *self.extra]


def stop_on_sigterm():
    """Make SIGTERM unwind, so that a machine that runs is stopped and scratch files go."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Console:
    """A running machine whose serial console goes to a log and, line by line, to whoever reads it."""

    def __init__(self, machine, log, echo=False):
        self.log = pathlib.Path(log)
        self.echo = echo
        self.start = time.monotonic()
        self.heard = self.start
        self.machine = machine
        self.errors = self.log.with_suffix(".qemu")
        self.process, self.stream = machine.start(self.errors)
        self.file = open(self.log, "wb")
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.stream, selectors.EVENT_READ)
        os.set_blocking(self.stream.fileno(), False)
        self.partial = b""

    def elapsed(self):
        return time.monotonic() - self.start

    def lines(self, timeout, silence=None):
        """Yield console lines until the machine ends; raises TimeoutError `timeout` seconds after the start, or when
        nothing has come for `silence` seconds, and says which.

        The limit may be a function, for a reader that changes its mind.
        """
        while True:
            limit = timeout() if callable(timeout) else timeout
            left = limit - self.elapsed()
            quiet = silence - (time.monotonic() - self.heard) if silence else left
            if left <= 0:
                raise TimeoutError(f"the machine did not end within {limit:g} s")
            if quiet <= 0:
                raise TimeoutError(f"the machine hangs: nothing on its console for {silence:g} s")
            if not self.selector.select(min(left, quiet)):
                continue
            data = self.stream.read()
            if data is None:
                continue
            self.heard = time.monotonic()
            if not data:
                self.process.wait()
                if self.partial:
                    yield self.partial.decode(errors="replace")
                return
            self.file.write(data)
            self.file.flush()
            if self.echo:
                os.write(1, data)
            *whole, self.partial = (self.partial + data).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace").rstrip("\r")

    def type(self, data):
        """On its serial line."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(self.machine.stop_signal)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.stream.close()
        if self.process.stdin:
            self.process.stdin.close()
        self.file.close()
        self.machine.ended(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def hypervisor(build, name):
    """--hv mullion|release|packaged|xen|PATH as a path."""
    known = {"mullion": build / "hypervisor/mullion.elf", "release": build / "release/hypervisor/mullion.elf",
             "packaged": build / "image/mullion.elf", "xen": build / "xen/xen-4.17-amd64"}
    path = known.get(name, pathlib.Path(name))
    if not path.exists():
        raise SystemExit(f"no hypervisor image at {path}")
    return path


class Monitor:
    """QEMU's machine protocol on a socket that the command line gave it (-qmp unix:PATH,server=on,wait=off)."""

    def __init__(self, path):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(60)
        self.connection.connect(str(path))
        self.stream = self.connection.makefile("rw")
        self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        """The answer; what QEMU tells meanwhile is passed over."""
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            reply = json.loads(self.stream.readline() or '{"error": "the monitor is gone"}')
            if "error" in reply:
                raise RuntimeError(f"QEMU's monitor: {reply['error']}")
            if "return" in reply:
                return reply["return"]

    def close(self):
        with contextlib.suppress(OSError):      # QEMU may be gone with the last question unasked
            self.stream.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def memory_is(path, address, byte):
    """Ask QEMU whether the 64 bytes at a physical address all have this value."""
    with Monitor(path) as monitor:
        answer = monitor.ask("human-monitor-command", **{"command-line": f"xp /64xb {address:#x}"})
    values = [int(word, 16) for line in answer.splitlines() for word in line.split(":", 1)[1].split()]
    if len(values) != 64:
        raise RuntimeError(f"QEMU's monitor answered: {answer}")
    return all(value == byte for value in values)


def add_options(parser):
    """The options of the machine, the same for ./dev run and ./dev boot."""
    parser.add_argument("--hv", default="mullion", help="mullion, release, packaged (the desktop's), xen (Debian's real one) or a path")
    parser.add_argument("--mem", type=int, help="MiB of the machine")
    parser.add_argument("--cpus", type=int)
    parser.add_argument("--iommu", choices=("amd", "intel", "none"), default="amd")
    parser.add_argument("--no-intremap", action="store_true", help="the IOMMU cannot remap interrupts")
    parser.add_argument("--firmware", choices=("bios", "ovmf"), default="bios", help="with --arch arm64, ovmf is AAVMF")
    parser.add_argument("--loader", choices=("kernel", "grub"), default="", help="QEMU's -kernel, or GRUB from an ISO; of arm64 with UEFI: kernel is the hypervisor's own configuration file")
    parser.add_argument("--devices", choices=("ahci", "virtio"), default="ahci",
                        help="disk and network: AHCI and e1000e, or virtio")
    parser.add_argument("--accel", choices=("auto", "kvm", "tcg"), default="auto")
    parser.add_argument("--hv-args", default="", help="more options for the hypervisor")
    parser.add_argument("--kernel-args", default="", help="more options for the service VM's kernel")
    parser.add_argument("--dom0-mem", help="the service VM's memory")
    parser.add_argument("--cpu", default="", help="QEMU CPU model and flags")
    parser.add_argument("--qemu", default="", help="more arguments for QEMU")
    parser.add_argument("--timeout", type=float, help="seconds")


def bochs_model(text):
    """The CPU model of --machine bochs[:MODEL]; None for QEMU."""
    kind, _, name = text.partition(":")
    if kind == "bochs":
        return name or bochs().DEFAULT_MODEL
    if text != "qemu":
        raise SystemExit(f"--machine is qemu or bochs[:MODEL], not {text}")
    return None


def bochs():
    """The module of the other machine, which is built on this one."""
    import bochs as module
    return module


def bochs_from_options(build, options, scratch, model, **more):
    can = {"firmware": ("bios",), "loader": ("",), "devices": ("ahci",), "cpu": ("",), "qemu": ("",),
           "accel": ("auto", "tcg"), "iommu": ("amd", "none")}      # the defaults, and what amounts to them
    wrong = [name for name, values in can.items() if getattr(options, name) not in values]
    if wrong:
        raise SystemExit(f"the Bochs machine does not know --{wrong[0]} {getattr(options, wrong[0])}")
    return bochs().Bochs(build=build, hv=hypervisor(build, options.hv).resolve(), model=model, hv_args=options.hv_args,
                         dom0_mem=options.dom0_mem, scratch=scratch, **more)


def from_options(build, options, scratch, **more):
    options.dom0_mem = "1024M" if options.dom0_mem is None else options.dom0_mem
    model = bochs_model(getattr(options, "machine", "qemu"))
    given = {name: value for name, value in (("mem", options.mem), ("cpus", options.cpus)) if value}
    if model:
        return bochs_from_options(build, options, scratch, model, **(more | given))
    if options.firmware == "ovmf" and options.loader == "kernel":
        raise SystemExit("OVMF boots from the ISO only: --loader grub")
    accel = options.accel
    if accel == "auto":
        accel = "kvm" if nested_svm() else "tcg"
    return Machine(build=build, hv=hypervisor(build, options.hv).resolve(), iommu=options.iommu,
                   intremap=not options.no_intremap, firmware=options.firmware,
                   loader=options.loader, devices=options.devices, accel=accel, hv_args=options.hv_args,
                   dom0_mem=options.dom0_mem, cpu=options.cpu, scratch=scratch, extra=options.qemu.split(), **(more | given))


def desktop(build, options, scratch, **more):
    """The machine with the desktop's image: a screen, and a keyboard and a pointer that say where they are."""
    options.dom0_mem = DESKTOP_DOM0_MEM if options.dom0_mem is None else options.dom0_mem
    described = from_options(build, options, pathlib.Path(scratch), root="system", root_image="desktop.img", **more)
    described.kernel_args = f"console=tty0 console=hvc0 loglevel=4 {options.kernel_args}".strip()
    described.extra += ["-device", "qemu-xhci", "-device", "usb-tablet", "-device", "usb-kbd"]
    return described
