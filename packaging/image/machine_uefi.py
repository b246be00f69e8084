# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's `virt` board with UEFI firmware (AAVMF of Debian's qemu-efi-aarch64, or U-Boot's): the hypervisor is a file of an
EFI system partition, and is started by GRUB's xen_hypervisor, as Debian's own menu entries do, or by the firmware with a
configuration file.
"""

import dataclasses
import pathlib
import shutil
import subprocess

import machine_arm

UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
CODE, VARIABLES = "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"
GRUB_MODULES = "normal configfile echo fat part_gpt part_msdos xen_boot chain".split()
CHAIN_SECTION = "chained"


@dataclasses.dataclass
class Uefi(machine_arm.Virt):
    scratch: pathlib.Path = None            # for the partition and the firmware's variables
    loader: str = "grub"                    # as Debian's entries; config: none; chain: it hands over a command line
    config: str | None = None               # the whole configuration file; default: one that boots
    firmware: str = "aavmf"                 # or u-boot
    dtb: bool = False                       # the configuration file names the machine's tree
    options: str = ""                       # machine options in place of those that make it work

    def _machine(self):
        board = self.options or "virtualization=on,acpi=off"
        return ["-M", f"virt,{board},gic-version={self.gic}", "-cpu", self.cpu]

    def _config(self, section="debian"):
        if self.config is not None:
            return self.config
        return "\n".join(["# as Xen's", "[global]", "default=debian", "", f"[{section}]", "dtb=tree.dtb" if self.dtb else "",
                          f"options={self.hypervisor_line()}",
                          f"kernel=Image {self.kernel_line()}", "ramdisk=initrd", ""])

    def _grub(self):
        """What Debian's 20_linux_xen writes on arm64; or the image as any EFI application, with a command line."""
        if self.loader == "chain":
            text = self.scratch / "other.cfg"
            text.write_text(self._config(CHAIN_SECTION))
            line = f"chainloader /EFI/debian/hypervisor hypervisor -cfg=other.cfg {CHAIN_SECTION}"
            return self._grub_with([line]) | {"debian/other.cfg": text}
        lines = [f"xen_hypervisor /EFI/debian/hypervisor placeholder {self.hypervisor_line()} no-real-mode edd=off"]
        if self.modules:
            lines += [f"xen_module /EFI/debian/Image placeholder {self.kernel_line()}", "xen_module --nounzip /EFI/debian/initrd"]
        return self._grub_with(lines)

    def _grub_with(self, lines):
        program, text = self.scratch / "grub.efi", self.scratch / "grub.cfg"
        text.write_text("\n".join(["set timeout=0", "menuentry debian {", *lines, "}", ""]))
        subprocess.run(["grub-mkimage", "-O", "arm64-efi", "-d", self.build / "image/grub", "-p", "/EFI/debian", "-o", program,
                        *GRUB_MODULES], check=True)
        return {"BOOT/BOOTAA64.EFI": program, "debian/grub.cfg": text, "debian/hypervisor": self.hv}

    def _tree(self):
        # with the firmware, for the board has other devices where there is one
        path = self.scratch / "tree.dtb"
        board, *cpu = self._machine()[1:]
        subprocess.run([machine_arm.KINDS[self.arch].qemu, "-M", f"{board},dumpdtb={path}", *cpu, "-m", str(self.mem),
                        "-smp", str(self.cpus), "-display", "none", *self._flash()], check=True, stderr=subprocess.DEVNULL)
        return path

    def _files(self):
        """Of the folder EFI: by name."""
        if self.loader != "config":
            files, folder = self._grub(), "debian"
        else:
            text = self.scratch / "boot.cfg"
            text.write_text(self._config())
            files, folder = {"BOOT/BOOTAA64.EFI": self.hv, "BOOT/BOOTAA64.cfg": text}, "BOOT"
        if self.dtb:
            files[f"{folder}/tree.dtb"] = self._tree()
        if self.modules:
            files |= {f"{folder}/Image": self.kernel, f"{folder}/initrd": self.initrd}
        return files

    def _partition(self):
        path, files = self.scratch / "esp.img", self._files()
        size = sum(pathlib.Path(file).stat().st_size for file in files.values()) + (16 << 20)
        path.unlink(missing_ok=True)
        tool = ["-i", str(path)]
        subprocess.run(["mformat", *tool, "-C", "-F", "-T", str(max(size, 48 << 20) // 512), "::"], check=True)
        subprocess.run(["mmd", *tool, "::/EFI", "::/EFI/BOOT", "::/EFI/debian"], check=True)
        for name, file in files.items():
            subprocess.run(["mcopy", *tool, str(file), f"::/EFI/{name}"], check=True)
        return path

    def _flash(self):
        if self.firmware == "u-boot":
            return ["-bios", UBOOT]
        variables = self.scratch / "variables.fd"
        shutil.copyfile(VARIABLES, variables)
        return ["-drive", f"if=pflash,format=raw,readonly=on,file={CODE}", "-drive", f"if=pflash,format=raw,file={variables}"]

    def _boot(self):
        return [*self._flash(), "-drive", f"file={self._partition()},format=raw,if=none,id=esp", "-device", "virtio-blk-device,drive=esp"]
