# SPDX-License-Identifier: GPL-2.0-or-later
"""What Mullion is given wrongly at boot: it says so in one clear line and halts, without a reset."""

import dataclasses
import pathlib
import re
import struct
import tempfile

import bochs
import machine

SETTLE = 4      # seconds of silence after the line: a machine that resets would speak again, or end
LIMIT = 60
SUBJECT = re.compile(r"(?i)\b(panic|fatal|error|cannot|can't|refus\w*|missing|no |not |needs?|too|halt\w*)\b")


@dataclasses.dataclass
class Case:
    name: str
    says: str                   # regular expression the one line has to match
    kernel: object = None       # a function (vmlinux, vmlinuz) -> bytes of the kernel to hand over
    options: dict = dataclasses.field(default_factory=dict)
    model: str = ""             # a CPU of Bochs's


def truncated(vmlinux, _):
    return vmlinux[:len(vmlinux) // 3]


def compressed(_, vmlinuz):
    return vmlinuz


def noteless(vmlinux, _):
    """The kernel with each of its Xen notes renamed, so that none says PHYS32_ENTRY."""
    phoff, = struct.unpack_from("<Q", vmlinux, 32)
    size, count = struct.unpack_from("<HH", vmlinux, 54)
    image = bytearray(vmlinux)
    for index in range(count):
        header = phoff + index * size
        if struct.unpack_from("<I", image, header)[0] == 4:     # PT_NOTE
            offset, = struct.unpack_from("<Q", image, header + 8)
            length, = struct.unpack_from("<Q", image, header + 32)
            image[offset:offset + length] = image[offset:offset + length].replace(b"Xen\0", b"Nil\0")
    return bytes(image)


CASES = (
    Case("no-module", r"(?i)module|kernel", options={"modules": False}),
    Case("compressed-kernel", r"(?i)compress|bzImage|vmlinuz|vmlinux", compressed),
    Case("truncated-elf", r"(?i)truncat|ELF|beyond|segment", truncated),
    Case("no-pvh-note", r"(?i)PVH|PHYS32_ENTRY|note", noteless),
    Case("absurd-dom0-mem", r"(?i)dom0_mem|memory", options={"dom0_mem": "900G"}),
    Case("no-svm", r"(?i)SVM|AMD-V|virtuali[sz]ation", options={"cpu": "qemu64,-svm"}),
)


def judge(case, lines, resets):
    """Returns None or what is wrong; lines are the console's, resets QEMU's log of CPU resets."""
    matching = [line for line in lines if re.search(case.says, line) and SUBJECT.search(line)]
    if not matching:
        return f"no line says so; the last one: {lines[-1] if lines else '(none)'}"
    if len(matching) > 1:
        return f"{len(matching)} lines instead of one: {' | '.join(matching[:3])}"
    undefined = [line for line in lines if "UBSan:" in line]
    if undefined:
        return f"undefined behaviour: {undefined[0]}"
    if "Triple fault" in resets:
        return "a triple fault followed"
    if any("MULLION" in line for line in lines):
        return "the service VM started nevertheless"
    return None


def run(case, build, hv, out):
    """Boot one case; returns its result line."""
    label = f"{'intel' if case.model else 'boot'} bad-{case.name}"
    if machine.is_xen(hv):
        return f"skip - {label}: what Mullion says is its own"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mullion-bad-") as name:
        scratch = pathlib.Path(name)
        resets = scratch / "resets"
        options = {"dom0_mem": "512M"} | case.options
        kind = machine.Machine
        if case.model:
            kind = bochs.Bochs
            options["model"] = case.model
        described = kind(build=build, hv=hv, scratch=scratch, root="", nic=False, mem=1024, **options)
        described.kernel_args = "console=hvc0"
        if case.kernel:
            image = build / "image"
            described.kernel = scratch / "kernel"
            described.kernel.write_bytes(case.kernel((image / "vmlinux").read_bytes(), (image / "vmlinuz").read_bytes()))
        described.extra = ["-no-reboot", "-d", "cpu_reset", "-D", str(resets)]
        lines = []
        with machine.Console(described, out / "console.log") as console:
            ended = False
            try:
                limit = LIMIT
                for line in console.lines(lambda: limit):
                    lines.append(line)
                    if re.search(case.says, line) and SUBJECT.search(line):
                        limit = min(LIMIT, console.elapsed() + SETTLE)
                ended = True
            except TimeoutError:
                pass
            trouble = judge(case, lines, resets.read_text(errors="replace") if resets.exists() else "")
        if ended and not trouble:
            trouble = "the machine reset or ended instead of halting"
    return f"not ok - {label}: {trouble}; {out / 'console.log'}" if trouble else f"ok - {label}"
