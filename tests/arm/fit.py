# SPDX-License-Identifier: GPL-2.0-or-later
"""FIT images for Chromebooks (packaging/chromebook): what is in them, their signature, and a start through U-Boot.

QEMU has no Chromebook, so the start is that of an image for its virt board, by Debian's U-Boot for that.
"""

import dataclasses
import filecmp
import pathlib
import re
import shutil
import subprocess

import machine_arm

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD_FIT = TOP / "packaging/chromebook/build-fit"
KEYS = pathlib.Path("/usr/share/vboot/devkeys")
BOARDS = {"kevin": ("arm64", 0x10000000), "snow": ("armhf", 0x40000000)}
FIT_AT = 0x60000000
UBOOT = {"arm64": "/usr/lib/u-boot/qemu_arm64/u-boot.bin", "armhf": "/usr/lib/u-boot/qemu_arm/u-boot.bin"}


@dataclasses.dataclass
class UBoot(machine_arm.Virt):
    """The virt board under U-Boot, which is told to boot the FIT that lies in memory."""
    fit: pathlib.Path | None = None
    cpus: int = 2

    def _board(self):
        kind = machine_arm.KINDS[self.arch]
        # with ACPI, which QEMU has for firmware, the board is another than its tree says
        return [kind.qemu, "-cpu", self.cpu, "-m", str(self.mem), "-smp", str(self.cpus), "-display", "none", "-nic", "none",
                "-M"], f"{kind.board},gic-version={self.gic},acpi=off"

    def dump_tree(self, path):
        words, board = self._board()
        subprocess.run([*words, f"{board},dumpdtb={path}"], check=True, stderr=subprocess.DEVNULL)

    def command(self, serial):
        words, board = self._board()
        return [*words, board, "-accel", "tcg,thread=multi", "-monitor", "none", "-serial", serial, "-no-reboot",
                "-bios", UBOOT[self.arch], "-device", f"loader,file={self.fit},addr={FIT_AT:#x},force-raw=on"]

    def start(self, errors):
        keys = errors.with_suffix(".keys")
        # the first key stops the countdown
        keys.write_bytes(b"\r\rbootm %#x\r" % FIT_AT)
        with open(errors, "wb") as stderr, open(keys, "rb") as stdin:
            process = subprocess.Popen(self.command("stdio"), stdin=stdin, stdout=subprocess.PIPE, stderr=stderr,
                                       start_new_session=True)
        return process, process.stdout


def output(*command):
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=True).stdout


def extract(fit, out):
    """The images of a FIT as files, by U-Boot's own tool; and where they are loaded, if that is said."""
    files, loads = {}, {}
    listing = output("dumpimage", "-l", fit)
    for number, name, about in re.findall(r"^ Image (\d+) \((.*?)\)\n((?:  .*\n)*)", listing, re.MULTILINE):
        files[name] = out / name
        output("dumpimage", "-T", "flat_dt", "-p", number, "-o", files[name], fit)      # the container's type
        load = re.search(r"Load Address: (0x\S+)", about)
        if load:
            loads[name] = int(load[1], 16)
    return files, loads, listing


def modules_of(tree):
    """kind: (address, size, whether it counts from the initrd)."""
    found = {}
    for node in output("fdtget", "-l", tree, "/chosen").split():
        node = f"/chosen/{node}"
        words = [int(word, 16) for word in output("fdtget", "-t", "x", tree, node, "reg").split()]
        kind = output("fdtget", tree, node, "compatible").split()[0]
        found[kind] = (words[0] << 32 | words[1], words[2] << 32 | words[3],
                       "mullion,in-initrd" in output("fdtget", "-p", tree, node).split())
    return found


def check_contents(fit, out, build, ram):
    """None, or what is wrong."""
    files, loads, listing = extract(fit, out)
    modules = modules_of(files["tree"])
    if not filecmp.cmp(files["hypervisor"], build / "hypervisor/mullion.bin", shallow=False):
        return "the hypervisor is not what went in"
    if any(load < ram for load in loads.values()) or not {"hypervisor", "tree"} <= set(loads):
        return f"load addresses {loads}"
    service = files["service"].read_bytes() if "service" in files else None
    for name, kind, source in (("service-kernel", "multiboot,kernel", build / "image/Image"),
                               ("service-initrd", "multiboot,ramdisk", build / "image/service.initrd")):
        at, size, in_initrd = modules[kind]
        inside = service[at:at + size] if service else files[name].read_bytes()
        if inside != source.read_bytes():
            return f"{name} is not what went in"
        if in_initrd != bool(service) or (not service and (at, size) != (loads[name], len(inside))):
            return f"the tree's {kind} is not where {name} goes"
    if (r"Init Ramdisk: service" if service else "Loadables:    service-kernel") not in listing:
        return "the configuration does not name the service VM"
    return None


def check_signature(blob, fit, out):
    verify = ["futility", "vbutil_kernel", "--verify", blob, "--signpubkey", KEYS / "kernel_subkey.vbpubk"]
    output(*verify)
    output("futility", "vbutil_kernel", "--get-vmlinuz", blob, "--vmlinuz-out", out / "inside")
    data = (out / "inside").read_bytes()
    if data[:fit.stat().st_size] != fit.read_bytes():
        return "what is signed is not the FIT"
    bad = out / "bad.kpart"
    shutil.copy(blob, bad)
    with open(bad, "r+b") as file:
        file.seek(bad.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    verify[3] = bad
    if subprocess.run([str(word) for word in verify], capture_output=True, check=False).returncode == 0:
        return "a blob with a changed bit is accepted"
    return None


def verdict(name, board, wrong):
    return f"not ok - arm {name} ({board}): {wrong}" if wrong else f"ok - arm {name} ({board})"


def packaged(board, builds, logs):
    """Lines of results for one Chromebook."""
    arch, ram = BOARDS[board]
    out = logs / f"fit-{board}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    try:
        output(BUILD_FIT, "--board", board, "--build", builds[arch].parent, "--out", out / board)
        fit, blob = out / f"{board}.itb", out / f"{board}.kpart"
        yield verdict("fit-contents", board, check_contents(fit, out, builds[arch], ram))
        yield verdict("fit-signature", board, check_signature(blob, fit, out))
    except (subprocess.CalledProcessError, OSError) as error:
        yield verdict("fit", board, f"{error}; {getattr(error, 'output', '')}".strip()[-300:].replace("\n", " "))
    shutil.rmtree(out, ignore_errors=True)     # they are large


def described(arch, builds, hv, out, modules):
    """The machine for the row of a start through U-Boot; its FIT is built here."""
    machine_ = UBoot(build=builds[arch], hv=hv, arch=arch)
    tree = out / "virt.dtb"
    machine_.dump_tree(tree)
    output(BUILD_FIT, "--arch", arch, "--tree", tree, "--ram", "0x40000000", "--build", builds[arch].parent, "--hypervisor", hv,
           "--modules", modules, "--hv-args", f"console=dtuart dom0_mem={machine_.dom0_mem} loglvl=all",
           "--kernel-args", "console=hvc0 panic=-1 loglevel=5 service.job=boot", "--out", out / "virt")
    machine_.fit = out / "virt.itb"
    return machine_
