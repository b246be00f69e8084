# SPDX-License-Identifier: GPL-2.0-or-later
"""The Bochs machine: VT-x without hardware. QEMU's software CPU has none, Bochs emulates it for many Intel models.

Bochs puts a file into memory before the machine starts, and a boot sector of ours (bochs-loader.S) stands in for GRUB.
The service VM's disks are in memory too: the only ones that Bochs and a PVH kernel could share are PIIX IDE, whose
interrupts 14 and 15 such a kernel does not get.
"""

import dataclasses
import os
import pathlib
import re
import signal
import struct
import subprocess
import threading

import machine

DEFAULT_MODEL = "corei7_ivy_bridge_3770k"
# what "./dev test --all" promises; the first is the default run's
MODELS = (DEFAULT_MODEL, "corei7_haswell_4770", "corei7_skylake_x", "tigerlake")

# Memory as the boot sector finds it: a few words for itself, the multiboot information, the hypervisor, the modules.
# Bochs gives out its memory in blocks, in the order in which the machine touches them, and reads a file into
# consecutive ones. Which of them the firmware took is not known, but that they are fewer than SPARE: each of these
# is marked with its number, the boot sector touches blocks that nobody needs until it meets the last of them, and then
# those from BASE on, in order. It stops the machine where it does not find what it should.
BLOCK = 128 << 10
SPARE = 16
STAMP = 0x6D750000          # and the number of the block
BASE = 1 << 20
INFO = BASE + 16
WORDS = struct.Struct("<4I")    # mark, entry, 1 once started, nothing
MARK = 0x6D756C6C
MMAP = 0x8000               # where the boot sector puts the memory map
MB_MEMORY, MB_CMDLINE, MB_MODULES, MB_MMAP, MB_LOADER = 1 << 0, 1 << 2, 1 << 3, 1 << 6, 1 << 9
MB_MAGIC, MB_ADDRESSES = 0x1BADB002, 1 << 16
FLOPPY_SIZE = 1474560
IPS = 50000000              # instructions in a second of the machine's time: also the frequency of its TSC
LOG_HEAD, LOG_TAIL = 1 << 16, 1 << 18   # what is kept of Bochs's log, which may grow without bound

# What a kernel does at its start that no test looks at: half of the instructions until its first process. And RDPID or
# FSRM, with which tigerlake and icelake_u hang in a kernel that uses them, also without any hypervisor. And XSAVEC and
# XSAVES, which Bochs 2.7 writes 160 bytes too low from AVX on, over the header: a program's registers come back wrong.
KERNEL_WORDS = ("cryptomgr.notests=1 mitigations=off clearcpuid=rdpid,fsrm,xsavec,xsaves "
                "initcall_blacklist=crypto_kdf108_init,load_system_certificate_list,trace_eval_init,cubictcp_register")

SETTINGS = """\
plugin_ctrl: unmapped=true, biosdev=true, speaker=false, extfpuirq=true, parallel=false, serial=true
config_interface: textconfig
display_library: term
cpu: model={model}, count={cpus}, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest={mem}, host={mem}
optramimage1: file={memory}, address=0
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
pci: enabled=1, chipset=i440fx
ata0: enabled=0
ata1: enabled=0
floppya: 1_44={floppy}, status=inserted
boot: floppy
clock: sync=none, time0=utc, rtc_sync=1
com1: enabled=1, mode=file, dev=/dev/fd/{serial}
log: /dev/fd/{log}
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
vga: extension=none, update_freq=1
"""


def flat_image(elf):
    """(load address, entry address, bytes) of a multiboot hypervisor."""
    data = pathlib.Path(elf).read_bytes()
    if data[:4] != b"\x7fELF":
        raise SystemExit(f"{elf} is no ELF image")
    for at in range(0, 8192, 4):        # an image for 64 bits says its addresses in the multiboot header
        magic, flags, total = struct.unpack_from("<III", data, at)
        if magic == MB_MAGIC and (magic + flags + total) & 0xFFFFFFFF == 0 and flags & MB_ADDRESSES:
            header, load, load_end, bss_end, entry = struct.unpack_from("<IIIII", data, at + 12)
            start = at - (header - load)
            return load, entry, data[start:start + load_end - load].ljust(bss_end - load, b"\0")
    if data[4] != 1:
        raise SystemExit(f"{elf} has no multiboot header with addresses")
    entry, phoff = struct.unpack_from("<II", data, 24)
    size, count = struct.unpack_from("<HH", data, 42)
    loads = []
    for index in range(count):
        kind, offset, _, paddr, filesz, memsz = struct.unpack_from("<IIIIII", data, phoff + index * size)
        if kind == 1 and memsz:
            loads.append((paddr, data[offset:offset + filesz].ljust(memsz, b"\0")))
    base = min(paddr for paddr, _ in loads)
    image = bytearray(max(paddr + len(content) for paddr, content in loads) - base)
    for paddr, content in loads:
        image[paddr - base:paddr - base + len(content)] = content
    return base, entry, bytes(image)


def information(hv_line, modules, mem):
    """What lies at INFO: the multiboot information, and the strings that it points to.

    modules are (start, end, command line).
    """
    table = INFO + 128
    strings = table + 16 * len(modules)
    tail = bytearray()

    def text(string):
        address = strings + len(tail)
        tail.extend(string.encode() + b"\0")
        return address

    # a name in front of the arguments, as QEMU has it
    cmdline = text(f"hypervisor {hv_line}")
    entries = b"".join(struct.pack("<IIII", start, end, text(f"module {line}"), 0) for start, end, line in modules)
    flags = MB_MEMORY | MB_CMDLINE | MB_MODULES | MB_MMAP | MB_LOADER
    words = [flags, 640, (mem << 10) - 1024, 0, cmdline, len(modules), table, 0, 0, 0, 0, 0, MMAP, 0, 0, 0,
             text("Mullion's Bochs loader")]
    block = struct.pack(f"<{len(words)}I", *words).ljust(128, b"\0")
    return block + entries + bytes(tail)


def cpio(name, data):
    """A cpio archive (newc) of one file, to be appended to an initrd."""
    def member(member_name, mode, content):
        fields = [1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(member_name) + 1, 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + member_name.encode() + b"\0"
        return header.ljust((len(header) + 3) & ~3, b"\0") + content.ljust((len(content) + 3) & ~3, b"\0")

    return member(name, 0o100644, data) + member("TRAILER!!!", 0, b"")


class Log:
    """Bochs's log: the beginning and the end of it, from a pipe."""

    def __init__(self, path):
        self.path = path
        self.head, self.tail = bytearray(), bytearray()
        reader, self.writer = os.pipe()
        self.thread = threading.Thread(target=self._drain, args=(reader,), daemon=True)
        self.thread.start()

    def _drain(self, reader):
        with open(reader, "rb", buffering=0) as pipe:
            while data := pipe.read(1 << 16):
                space = LOG_HEAD - len(self.head)
                self.head += data[:space]
                self.tail += data[space:]
                if len(self.tail) > 2 * LOG_TAIL:
                    del self.tail[:-LOG_TAIL]

    def close(self):
        """After the end of Bochs: write the file; returns the line of the panic that ended it, or the empty string."""
        self.thread.join(5)
        gap = b"\n[...]\n" if len(self.tail) > LOG_TAIL else b""
        text = bytes(self.head) + gap + bytes(self.tail[-LOG_TAIL:])
        self.path.write_bytes(text)
        panics = [line for line in text.decode(errors="replace").splitlines() if ">>PANIC<<" in line]
        return panics[-1] if panics else ""


@dataclasses.dataclass
class Bochs(machine.Machine):
    """The machine of machine.py in Bochs: no disks (but "job"), no network, no IOMMU, BIOS only."""
    iommu: str = "none"
    model: str = DEFAULT_MODEL
    ips: int = IPS
    log: Log | None = None
    panic: str = ""
    writable_disks = False
    stop_signal = signal.SIGKILL            # its debugger holds on at any other

    def __post_init__(self):
        given = self.initrd
        super().__post_init__()
        self.initrd = given or (self.build / "image/memory.initrd" if self.root else None)

    def kernel_line(self):
        return f"{KERNEL_WORDS} {super().kernel_line()}" if self.root else super().kernel_line()

    def _xen_words(self):
        # its interrupt-driven serial line loses what comes last
        return [*super()._xen_words(), "sync_console"]

    def _files(self):
        """The modules: contents and command lines."""
        if not self.modules:
            return []
        found = [(self.kernel.read_bytes(), self.kernel_line())]
        job = [path for serial, path, _ in self.disks if serial == "job"]
        if self.initrd:
            initrd = self.initrd.read_bytes()
            if job:
                initrd = initrd.ljust((len(initrd) + 3) & ~3, b"\0") + cpio("job.tar", pathlib.Path(job[0]).read_bytes())
            found.append((initrd, ""))
        return found

    def _memory(self):
        """The file with the machine's memory, and where that ends."""
        load, entry, image = flat_image(self.hv)
        modules, parts, at = [], [(load, image)], load + len(image)
        for content, line in self._files():
            at = (at + BLOCK - 1) & -BLOCK
            modules.append((at, at + len(content), line))
            parts.append((at, content))
            at += len(content)
        at = (at + BLOCK - 1) & -BLOCK
        if at + 2 * SPARE * BLOCK > self.mem << 20:
            raise SystemExit(f"{at >> 20} MiB of hypervisor and modules in a machine of {self.mem} MiB")
        parts.append((INFO, information(self.hypervisor_line(), modules, self.mem)))
        if INFO + len(parts[-1][1]) > load:
            raise SystemExit(f"the hypervisor at {load:#x} leaves no room for the boot information")
        parts.append((BASE, WORDS.pack(MARK, entry, 0, 0)))
        memory = self.scratch / "memory"
        with open(memory, "wb") as file:
            for number in range(SPARE):
                file.seek(number * BLOCK)
                file.write(struct.pack("<I", STAMP + number))
            for address, content in parts:
                file.seek(address - BASE + SPARE * BLOCK)
                file.write(content)
        return memory, at

    def _floppy(self, end):
        here = pathlib.Path(__file__).resolve().parent
        floppy, loaded = self.scratch / "floppy", self.scratch / "loader.elf"
        subprocess.run(["gcc", "-m32", "-nostdlib", "-static", "-Wl,-Ttext=0x7c00", "-Wl,--build-id=none", f"-DBASE={BASE:#x}",
                        f"-DMARK={MARK:#x}", f"-DEND={end:#x}", f"-DBLOCK={BLOCK:#x}", f"-DLAST_SPARE={STAMP + SPARE - 1:#x}", "-o", str(loaded), str(here / "bochs-loader.S")], check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", str(loaded), str(floppy)], check=True)
        with open(floppy, "r+b") as file:
            file.truncate(FLOPPY_SIZE)
        return floppy

    def start(self, errors):
        """Returns the process and the serial line's stream; errors is a path for what Bochs itself says."""
        self.log = Log(errors.with_suffix(".bochs"))
        reader, writer = os.pipe()
        memory, end = self._memory()
        text = SETTINGS.format(model=self.model, cpus=self.cpus, ips=self.ips, mem=self.mem, floppy=self._floppy(end),
                               memory=memory, serial=writer, log=self.log.writer)
        description, commands = self.scratch / "bochsrc", self.scratch / "commands"
        description.write_text(text)
        commands.write_text("c\n")      # Debian's Bochs has its debugger on: run
        # the display library wants a terminal's name, not a terminal
        with open(errors, "wb") as said:
            process = subprocess.Popen(["bochs-bin", "-q", "-f", str(description), "-rc", str(commands)],
                                       stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
                                       pass_fds=(writer, self.log.writer), env=os.environ | {"TERM": "dumb"})
        os.close(writer)
        os.close(self.log.writer)
        return process, open(reader, "rb", buffering=0)

    def ended(self, process):
        """None, or why the end was not one that the machine asked for; Bochs's exit status says nothing."""
        self.panic = self.panic or self.log.close()
        if process.returncode is not None and process.returncode < 0:
            return f"Bochs was ended by signal {-process.returncode}"
        if self.panic and not re.search("Shutdown port|soft power off", self.panic):
            return f"Bochs: {self.panic.strip()}"
        return None

