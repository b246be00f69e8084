# SPDX-License-Identifier: GPL-2.0-or-later
"""Making, copying and deleting VMs."""

import json
import subprocess

from gi.repository import GLib

from harness import Vm, check, equal, fails, until, variants


def backing(path):
    """The file below a qcow2 overlay."""
    info = subprocess.run(["qemu-img", "info", path], capture_output=True, text=True, check=True).stdout
    lines = [line for line in info.splitlines() if line.startswith("backing file:")]
    return lines[0].split()[2] if lines else None


def disk_files(m, vm):
    return sorted(path.name for path in (m.state / "disks" / vm.uuid).glob("*"))


def write_raw(path, text):
    with open(path, "r+b") as file:
        file.write(text)


def read_disk(m, path, size=16):
    """The first bytes that a VM would read."""
    out = m.folder / "raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", path, out], check=True)
    return out.read_bytes()[:size]


def source(vm, target="xvda"):
    return next(disk["source"] for disk in vm.call("GetSettings")["disks"] if disk["target"] == target)


def test_create_defaults(m):
    vm = m.create("one")
    settings = vm.call("GetSettings")
    equal((settings["type"], settings["memory"], settings["os"], settings["colour"]), ("pvh", 1024, "linux", "green"))
    windows = Vm(m, m.done(m.call("CreateVm", "(sa{sv})", "win", variants({"os": "windows"})))["vm"])
    settings = windows.call("GetSettings")
    equal((settings["type"], settings["viridian"], settings["firmware"]), ("hvm", True, "uefi"))
    check("uuid=" + windows.uuid in (m.state / "vms/win.vm").read_text())


def test_create_with_disks(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "raw"}, {"create_size": 1 << 21, "format": "qcow2"}],
                  nics=[{}, {"mac": "00:16:3e:00:00:01"}])
    equal(disk_files(m, vm), ["xvda.raw", "xvdb.qcow2"])
    settings = vm.call("GetSettings")
    equal([disk["owned"] for disk in settings["disks"]], [True, True])
    equal((settings["nics"][1]["mac"], settings["nics"][0]["mac"][:8]), ("00:16:3e:00:00:01", "00:16:3e"))
    equal((m.state / "disks" / vm.uuid / "xvda.raw").stat().st_size, 1 << 20)
    equal((m.state / "disks" / vm.uuid / "xvda.raw").stat().st_mode & 0o077, 0, "others can read it")
    equal(list((m.state / "journal").iterdir()), [])


def test_create_on_lvm(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "block", "source": "vg0"}])
    path = f"/dev/vg0/mullion-{vm.uuid}-xvda"
    equal(source(vm), path)
    check(any(line.startswith("lvcreate") and "--size 1048576b" in line for line in m.programs()))
    check(f"blkdiscard --zeroout {path}" in m.programs(), "another VM's blocks must not be read")
    (m.folder / "fail-lvcreate").touch()
    job = m.call("CreateVm", "(sa{sv})", "two", variants({"disks": [{"create_size": 1 << 20, "format": "block",
                                                                     "source": "vg0"}]}))
    fails("Failed", m.done, job)
    equal(m.vm_names(), ["one"])


def test_create_errors(m):
    def create(name, **settings):
        return m.done(m.call("CreateVm", "(sa{sv})", name, variants(settings)))
    m.create("one")
    fails("Exists", create, "one")
    for name in ("", ".x", "a/b", "a b", "x" * 64, "ü"):
        fails("InvalidArgument", create, name)
    bad = ({"memory": 1}, {"memory": "x"}, {"vcpus": 0}, {"vcpus": 1000}, {"type": "kvm"}, {"colour": "pink"},
           {"nonsense": 1}, {"uuid": "x"}, {"base": "x"}, {"throw_away": True}, {"title": 5}, {"title": "a\nb"},
           {"kernel": "relative"}, {"kernel": "/a,b"}, {"memory": 64, "maxmemory": 32}, {"vcpus": 2, "maxvcpus": 1},
           {"boot": "x"}, {"kernel": "/k", "bootloader": "pygrub"}, {"disks": [{}]}, {"disks": [{"source": "x"}]},
           {"disks": [{"target": "vda", "source": "/x"}]}, {"disks": [{"source": "/x"}] * 30},
           {"disks": [{"target": "xvda", "source": "/x"}] * 2}, {"disks": [{"create_size": 1}]},
           {"disks": [{"create_size": 1 << 50}]}, {"disks": [{"create_size": 1 << 20, "source": "/x"}]},
           {"disks": [{"source": "/x", "format": "vhd"}]}, {"disks": [{"source": "/x", "foo": "bar"}]},
           {"disks": "x"}, {"nics": [{"mac": "nonsense"}]}, {"nics": [{"mac": "01:00:00:00:00:00"}]},
           {"nics": [{"network": "a/b"}]}, {"nics": [{}] * 9}, {"notes": "x" * 70000}, {"on_crash": "explode"})
    for settings in bad:
        message = fails("InvalidArgument", create, "two", **settings)
        key = list(settings)[-1].replace("_", "-")
        check(key in message or "kernel" in message, settings, message)
    equal(m.vm_names(), ["one"])
    (m.bin / "qemu-img").write_text("#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n")
    (m.bin / "qemu-img").chmod(0o755)
    fails("NoSpace", create, "two", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    equal((m.vm_names(), list((m.state / "disks").iterdir())), (["one"], []))


def test_clone(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "raw"}, {"create_size": 1 << 20, "format": "qcow2"}],
                  nics=[{}], title="The first", autostart=True)
    write_raw(source(vm), b"precious")
    copy = Vm(m, vm.job("Clone", "(sa{sv})", "two", {})["vm"])
    equal((copy.get("Name"), copy.get("Title"), copy.get("Autostart"), copy.get("Base")), ("two", "The first", False, "/"))
    check(copy.uuid != vm.uuid)
    equal(disk_files(m, copy), ["xvda.raw", "xvdb.qcow2"])
    equal(read_disk(m, source(copy), 8), b"precious")
    check(vm.call("GetSettings")["nics"][0]["mac"] != copy.call("GetSettings")["nics"][0]["mac"], "one MAC twice")
    write_raw(source(copy), b"changed!")
    equal(read_disk(m, source(vm), 8), b"precious")
    fails("Exists", vm.call, "Clone", "(sa{sv})", "two", {})
    fails("InvalidArgument", vm.call, "Clone", "(sa{sv})", "a/b", {})
    copy.job("Delete", "(a{sv})", {})
    equal((m.vm_names(), disk_files(m, vm)), (["one"], ["xvda.raw", "xvdb.qcow2"]))


def test_clone_is_cancelled(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    (m.bin / "qemu-img").write_text("#!/bin/sh\necho '    (25.00/100%)'\nexec sleep 60\n")
    (m.bin / "qemu-img").chmod(0o755)
    job = vm.call("Clone", "(sa{sv})", "two", {})
    until(lambda: m.get(job, "org.mullion.Job1", "Progress") == 0.25, "progress")
    fails("Exists", m.call, "CreateVm", "(sa{sv})", "two", {})
    fails("Busy", vm.call, "Start", "(a{sv})", {})
    m.cancel(job)
    equal(m.wait_job(job)["State"], "cancelled")
    equal((m.vm_names(), len(list((m.state / "disks").iterdir())), vm.state), (["one"], 1, "stopped"))


def test_clone_fails(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    (m.bin / "qemu-img").write_text("#!/bin/sh\necho oops >&2\nexit 3\n")
    (m.bin / "qemu-img").chmod(0o755)
    check("oops" in fails("Failed", vm.job, "Clone", "(sa{sv})", "two", {}))
    equal((m.vm_names(), len(list((m.state / "disks").iterdir()))), (["one"], 1))


def test_linked_clone(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "raw"}])
    write_raw(source(vm), b"base")
    copy = Vm(m, vm.job("Clone", "(sa{sv})", "two", variants({"linked": True}))["vm"])
    equal((copy.get("Base"), backing(source(copy))), (vm.path, source(vm)))
    for method, signature, args in (("Start", "(a{sv})", ({},)), ("Delete", "(a{sv})", ({},)),
                                    ("RemoveDisk", "(sb)", ("xvda", True)), ("ResizeDisk", "(st)", ("xvda", 1 << 22)),
                                    ("SetSettings", "(a{sv})", (variants({"disks": []}),))):
        check("two" in fails("InUse", vm.call, method, signature, *args) or method == "SetSettings")
    vm.call("SetSettings", "(a{sv})", variants({"title": "still fine"}))
    copy.job("Start", "(a{sv})", {})
    copy.job("Shutdown", "(a{sv})", {})
    copy.job("Delete", "(a{sv})", {})
    vm.job("Start", "(a{sv})", {})


def test_template(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    template = Vm(m, vm.job("Clone", "(sa{sv})", "tmpl", variants({"template": True}))["vm"])
    equal(template.get("Template"), True)
    copy = Vm(m, template.job("Clone", "(sa{sv})", "two", {})["vm"])
    equal(copy.get("Template"), False)
    copy.job("Start", "(a{sv})", {})
    fails("InvalidState", copy.call, "SetSettings", "(a{sv})", variants({"template": True}))


def test_overlays_are_sound(m):
    """The manager writes overlays itself: QEMU finds nothing wrong with them, whatever they lie on, and can use them."""
    for number, (size, form) in enumerate(((1 << 20, "raw"), (700 << 30, "raw"), (9 << 40, "qcow2"))):
        base = m.create(f"base-{number}", disks=[{"create_size": size, "format": form}])
        copy = Vm(m, base.job("Clone", "(sa{sv})", f"copy-{number}", variants({"linked": True}))["vm"])
        overlay = source(copy)
        subprocess.run(["qemu-img", "check", "-q", overlay], check=True)
        told = json.loads(subprocess.check_output(["qemu-img", "info", "--output=json", overlay]))
        equal((told["virtual-size"], told["backing-filename-format"], told["backing-filename"]), (size, form, source(base)))
        subprocess.run(["qemu-io", "-c", f"write -q -P 7 {size - 65536} 65536", "-c", "write -q -P 8 0 512", overlay], check=True)
        subprocess.run(["qemu-img", "check", "-q", overlay], check=True)
        subprocess.run(["qemu-img", "snapshot", "-c", "kept", overlay], check=True)
        subprocess.run(["qemu-img", "check", "-q", overlay], check=True)
    uneven = m.state / "images/uneven"
    uneven.write_bytes(b"x" * 1000)
    base = m.create("uneven", disks=[{"source": str(uneven), "format": "raw"}])
    copy = Vm(m, base.job("Clone", "(sa{sv})", "even", variants({"linked": True}))["vm"])
    subprocess.run(["qemu-img", "check", "-q", source(copy)], check=True)
    equal(read_disk(m, source(copy), 2000), b"x" * 1000 + b"\0" * 24)


def test_steps_are_told(m):
    template = m.create("web", template=True, disks=[{"create_size": 1 << 20, "format": "raw"}], nics=[{}])
    steps = template.job("StartThrowAway", "(a{sv})", {})["steps"]
    equal([name for name, _ in steps], ["journal", "disks", "definition", "checks", "networks", "domain", "network rules", "end"])
    check(all(0 <= time < 60_000_000 for _, time in steps), steps)


def test_throw_away(m):
    template = m.create("web", template=True, disks=[{"create_size": 1 << 20, "format": "raw"}], nics=[{}])
    write_raw(source(template), b"clean")
    result = template.job("StartThrowAway", "(a{sv})", {})
    first = Vm(m, result["vm"])
    second = Vm(m, template.job("StartThrowAway", "(a{sv})", {})["vm"])
    third = Vm(m, template.job("StartThrowAway", "(a{sv})", variants({"name": "guest"}))["vm"])
    equal((first.get("Name"), second.get("Name"), third.get("Name")), ("web-1", "web-2", "guest"))
    equal((first.state, first.get("ThrowAway"), first.get("Base")), ("running", True, template.path))
    equal(backing(source(first)), source(template))
    fails("NotSupported", first.call, "Save")
    fails("Exists", template.call, "StartThrowAway", "(a{sv})", variants({"name": "guest"}))
    fails("InUse", template.call, "Delete", "(a{sv})", {})
    uuid = first.uuid
    first.job("Shutdown", "(a{sv})", {})
    second.job("ForceOff")
    m.guest(third.domain, end="crash", state="ended")
    until(lambda: m.vm_names() == ["web"], "all throw-away VMs gone")
    check(not (m.state / "disks" / uuid).exists())
    equal((m.domains(), list((m.state / "journal").iterdir())), ([], []))
    equal(read_disk(m, source(template), 5), b"clean")


def test_throw_away_reboots(m):
    template = m.create("web", template=True, disks=[{"create_size": 1 << 20, "format": "raw"}])
    vm = Vm(m, template.job("StartThrowAway", "(a{sv})", {})["vm"])
    before, disk = vm.domain, source(vm)
    m.guest(before, end="reboot", state="ended")
    until(lambda: vm.domain not in (0, before), "another domain")
    equal(source(vm), disk, "its disk is still there")
    vm.wait("running")
    vm.job("Shutdown", "(a{sv})", {})
    equal(m.vm_names(), ["web"])


def test_throw_away_fails(m):
    template = m.create("web", template=True, disks=[{"create_size": 1 << 20, "format": "raw"}])
    m.inject(create={"error": "NO_MEMORY"})
    fails("NoMemory", template.job, "StartThrowAway", "(a{sv})", {})
    until(lambda: m.vm_names() == ["web"], "nothing left of it")
    equal(len(list((m.state / "disks").iterdir())), 1)
    m.inject(create={"delay": 30000})
    job = template.call("StartThrowAway", "(a{sv})", {})
    until(m.domains, "a half-built domain")
    m.cancel(job)
    equal(m.wait_job(job)["State"], "cancelled")
    until(lambda: m.vm_names() == ["web"], "nothing left of it")
    equal(m.domains(), [])


def test_delete(m):
    (m.state / "images/own.raw").write_bytes(bytes(65536))
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "raw"},
                                {"source": str(m.state / "images/own.raw"), "format": "raw"}])
    uuid = vm.uuid
    vm.job("Delete", "(a{sv})", {})
    equal((m.vm_names(), (m.state / "disks" / uuid).exists(), (m.state / "images/own.raw").exists()), ([], False, True))
    fails("NotFound", m.call, "FindVm", "(s)", "one")
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "raw"}])
    vm.job("Delete", "(a{sv})", variants({"keep_disks": True}))
    equal(disk_files(m, type("Gone", (), {"uuid": next((m.state / "disks").iterdir()).name})), ["xvda.raw"])


def test_delete_saved(m):
    vm = m.create("one")
    vm.job("Start", "(a{sv})", {})
    vm.job("Save")
    vm.job("Delete", "(a{sv})", {})
    equal(list((m.state / "saved").iterdir()), [])


def test_delete_fails(m):
    """What could not be deleted is not shown any more, and deleted at the next start."""
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "raw"}])
    folder = m.state / "disks" / vm.uuid
    (folder / "sub").mkdir()
    fails("Failed", vm.job, "Delete", "(a{sv})", {})
    equal(m.vm_names(), [])
    (folder / "sub").rmdir()
    m.restart()
    check(not folder.exists())


def test_rename(m):
    vm = m.create("one")
    m.create("other")
    vm.call("Rename", "(s)", "two")
    equal((vm.get("Name"), m.vm_names()), ("two", ["other", "two"]))
    fails("Exists", vm.call, "Rename", "(s)", "other")
    fails("InvalidArgument", vm.call, "Rename", "(s)", "a/b")
    m.restart()
    equal(m.vm("two").uuid, m.vm("two").uuid)
    equal(m.vm_names(), ["other", "two"])
