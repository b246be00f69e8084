# SPDX-License-Identifier: GPL-2.0-or-later
"""Definitions: settings, files edited by hand, import of xl.cfg."""

import os

from gi.repository import GLib

from harness import TOP, Vm, check, equal, fails, until, variants

UUID = "00000000-0000-4000-8000-000000000001"


def test_settings_round_trip(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "qcow2"}], nics=[{}])
    settings = vm.call("GetSettings")
    raw = m.bus.connection.call_sync("org.mullion.Manager1", vm.path, "org.mullion.Vm1", "GetSettings", None, None, 0,
                                     5000, None)
    m.bus.connection.call_sync("org.mullion.Manager1", vm.path, "org.mullion.Vm1", "SetSettings", raw, None, 0, 5000, None)
    equal(vm.call("GetSettings"), settings)
    vm.call("SetSettings", "(a{sv})", variants({"notes": "two\nlines", "title": "Ü", "memory": 99, "vcpus": 3,
                                                 "colour": "red", "autostart": True, "cmdline": "a\\b \"c\""}))
    m.restart()
    settings = m.vm("one").call("GetSettings")
    equal((settings["notes"], settings["title"], settings["memory"], settings["cmdline"]),
          ("two\nlines", "Ü", 99, "a\\b \"c\""))
    equal(settings["disks"][0]["owned"], True)


def test_sizes_of_disks(m):
    """What the VM sees, and what it takes; nothing of what is not there or is something else."""
    raw = m.state / "images/mine.raw"
    raw.write_bytes(bytes(65536))
    fifo = m.state / "images/fifo"
    os.mkfifo(fifo)
    vm = m.create("one", disks=[{"create_size": 64 << 20, "format": "qcow2"}, {"create_size": 3 << 20, "format": "raw"},
                                {"source": str(raw)}, {"source": "", "cdrom": True}])
    raw.write_bytes(b"x" * 65536 + bytes(1 << 20))
    disks = vm.call("GetSettings")["disks"]
    equal([disk.get("size") for disk in disks], [64 << 20, 3 << 20, 65536 + (1 << 20), None])
    check(0 < disks[0]["used"] < 1 << 20, "an empty qcow2 file:", disks[0]["used"])
    equal(disks[1]["used"], 0, "an empty raw file has holes alone")
    check("used" not in disks[3], "a drive without a CD")
    # What was told can be given back; it cannot be set.
    lie = dict(disks[0], size=1, used=1)
    vm.call("SetSettings", "(a{sv})", variants({"disks": [lie, *disks[1:]]}))
    equal(vm.call("GetSettings")["disks"][0]["size"], 64 << 20)
    raw.unlink()
    check("size" not in vm.call("GetSettings")["disks"][2], "a disk that is not there")
    fifo.rename(raw)
    check(vm.call("GetSettings")["disks"][2].get("size", 0) == 0, "a pipe has no size, and nobody waits for it")
    (m.state / "disks" / vm.uuid / "xvda.qcow2").write_bytes(b"QFI")
    check("size" not in vm.call("GetSettings")["disks"][0], "a file that is no qcow2")


def test_settings_all_or_none(m):
    vm = m.create("one", memory=64)
    before = vm.call("GetSettings")
    fails("InvalidArgument", vm.call, "SetSettings", "(a{sv})", variants({"memory": 128, "colour": "pink"}))
    fails("InvalidArgument", vm.call, "SetSettings", "(a{sv})", variants({"disks": [{"create_size": 1 << 20}]}))
    fails("InvalidArgument", vm.call, "SetSettings", "(a{sv})", variants({"throw_away": True}))
    equal(vm.call("GetSettings"), before)


def test_owned_cannot_be_claimed(m):
    """A disk that the manager did not make is not deleted, whatever a caller says."""
    image = m.state / "images/mine.raw"
    image.write_bytes(bytes(65536))
    vm = m.create("one", disks=[{"source": str(image), "owned": True}])
    equal(vm.call("GetSettings")["disks"][0]["owned"], False)
    vm.call("SetSettings", "(a{sv})", variants({"disks": [{"target": "xvda", "source": str(image), "owned": True}]}))
    equal(vm.call("GetSettings")["disks"][0]["owned"], False)
    vm.job("Delete", "(a{sv})", {})
    check(image.exists())


def test_restart_needed(m):
    vm = m.create("one", memory=64)
    vm.job("Start", "(a{sv})", {})
    vm.call("SetSettings", "(a{sv})", variants({"title": "x", "colour": "red", "autostart": True, "notes": "n"}))
    equal(vm.get("RestartNeeded"), False)
    vm.call("SetSettings", "(a{sv})", variants({"memory": 128}))
    equal(vm.get("RestartNeeded"), True)
    m.restart()
    vm = m.vm("one")
    equal(vm.get("RestartNeeded"), True, "after a restart of the manager")
    vm.job("Reboot", "(a{sv})", {})
    equal(vm.get("RestartNeeded"), False)


def test_check_settings(m):
    def problems(**settings):
        found, warnings = m.call("CheckSettings", "(a{sv})", variants(settings))
        return sorted(key for key, _ in found), sorted(key for key, _ in warnings)
    equal(problems(kernel=m.kernel()), ([], []))
    equal(problems(), (["kernel"], []))
    equal(problems(kernel="/nonexistent"), (["kernel"], []))
    equal(problems(kernel="/etc/passwd"), (["kernel"], []))
    equal(problems(kernel=m.kernel(), initrd="/nonexistent"), (["initrd"], []))
    equal(problems(kernel=m.kernel(), disks=[{"source": "/nonexistent"}]), (["disks/xvda"], []))
    equal(problems(kernel=m.kernel(), disks=[{"source": "/etc/passwd", "format": "qcow2"}]), (["disks/xvda"], []))
    equal(problems(kernel=m.kernel(), disks=[{"source": "/etc/passwd", "format": "block"}]), (["disks/xvda"], []))
    equal(problems(kernel=m.kernel(), nics=[{"network": "nope"}]), (["nics/0"], []))
    equal(problems(os="windows"), (["disks"], []))
    equal(problems(os="windows", type="pvh", kernel=m.kernel(), viridian=False), (["type"], []))
    equal(problems(kernel=m.kernel(), viridian=True), ([], ["viridian"]))
    equal(problems(kernel=m.kernel(), memory=1), (["memory"], []))
    equal(problems(nonsense=1), (["nonsense"], []))
    equal(problems(bootloader="pygrub"), (["disks"], []))
    equal(m.vm_names(), [])


def write(m, name, text):
    (m.state / f"vms/{name}.vm").write_text(text)


GOOD = f"# my own words\n[vm]\nformat=1\nuuid={UUID}\n# about memory\nmemory=77\nfuture=maybe\n"


def test_edited_by_hand(m):
    write(m, "hand", GOOD)
    until(lambda: m.vm_names() == ["hand"], "the file to be noticed", 5)
    vm = m.vm("hand")
    equal((vm.get("Memory"), vm.get("Warnings")), (77, [(7, "unknown key 'future' in [vm] is kept but does nothing")]))
    vm.call("SetSettings", "(a{sv})", variants({"memory": 88}))
    text = (m.state / "vms/hand.vm").read_text()
    check("# my own words" in text and "# about memory" in text and "future=maybe" in text and "memory=88" in text, text)
    write(m, "hand", text.replace("memory=88", "memory=99"))
    m.call("Reload")
    equal(vm.get("Memory"), 99)
    (m.state / "vms/hand.vm").rename(m.state / "vms/foot.vm")
    m.call("Reload")
    equal(vm.get("Name"), "foot")
    (m.state / "vms/foot.vm").unlink()
    m.call("Reload")
    equal(m.vm_names(), [])


def test_broken_files(m):
    def broken():
        m.call("Reload")
        return m.get("/org/mullion/Manager1", "org.mullion.Manager1", "Broken")
    write(m, "good", GOOD)
    equal(broken(), [])
    cases = {
        "[vm]\nformat=1\nuuid=x\n": "line 3: ",
        f"[vm]\nformat=1\nuuid={UUID}\n\nmemory=much\n": "line 5: ",
        f"[vm]\nformat=1\nuuid={UUID}\nnonsense\n": "line 4: ",
        f"[vm]\nformat=2\nuuid={UUID}\n": "line 2: ",
        "[vm]\nformat=1\n": "line 1: ",
        "": "line 1: ",
        f"[vm]\nformat=1\nuuid={UUID}\ncolour=pink\n": "line 4: ",
        f"[vm]\nformat=1\nuuid={UUID}\n[disk vda]\nsource=/x\n": "",
        f"[vm]\nformat=1\nuuid={UUID}\nautostart=perhaps\n": "line 4: ",
        GOOD: "has the uuid of bad.vm",
    }
    for text, reason in cases.items():
        write(m, "bad", text)
        found = broken()
        equal(len(found), 1, text)
        check(reason in found[0][1] and "-quark" not in found[0][1], found, reason)
        equal((m.state / "vms/bad.vm").read_text(), text, "a broken file is left as it is")
    (m.state / "vms/bad.vm").write_bytes(b"\xff\xfe[vm]")
    equal(broken(), [("bad.vm", f"{m.state}/vms/bad.vm is not UTF-8 text")])
    (m.state / "vms/bad.vm").unlink()
    write(m, "bad name", GOOD)
    check("name" in broken()[0][1])
    (m.state / "vms/bad name.vm").unlink()
    # A VM whose file breaks keeps its last good definition.
    vm = m.vm("good")
    write(m, "good", "nonsense")
    equal(len(broken()), 1)
    equal((vm.get("Memory"), m.vm_names()), (77, ["good"]))
    fails("InvalidState", vm.call, "SetSettings", "(a{sv})", variants({"memory": 64}))
    equal((m.state / "vms/good.vm").read_text(), "nonsense")


def test_edit_while_running(m):
    vm = m.create("one")
    vm.job("Start", "(a{sv})", {})
    (m.state / "vms/one.vm").unlink()
    m.call("Reload")
    equal(vm.state, "running", "a VM that runs does not vanish")
    vm.job("ForceOff")
    m.call("Reload")
    equal(m.vm_names(), [])


XL = """# a guest
name = "guest-1"   # its name
type = "pvh"
memory = 512; maxmem = 1024
vcpus = 2
kernel = '{kernel}'
extra = \\
  "console=hvc0 quiet"
root = "/dev/xvda1 ro"
disk = [ 'phy:/dev/vg0/root,xvda,w',
         '/srv/data.qcow2,qcow2,xvdb,ro',
         'format=raw, vdev=xvdc, access=rw, target=/srv/a b.img' ]
vif = [ 'mac=00:16:3e:01:02:03,bridge=xenbr0,rate=10Mb/s', '' ]
on_crash = "preserve"
usb = 1
cpus = "all"
serial = "pty"
"""


def test_import(m):
    m.call("CreateNetwork", "(sa{sv})", "lan", variants({"mode": "bridge", "bridge": "xenbr0"}))
    text = XL.format(kernel=m.kernel())
    path, warnings = m.call("ImportXlCfg", "(ssa{sv})", "", text, variants({"dry_run": True}))
    equal((path, m.vm_names()), ("/", []))
    path, warnings = m.call("ImportXlCfg", "(ssa{sv})", "", text, {})
    vm = Vm(m, path)
    settings = vm.call("GetSettings")
    equal((vm.get("Name"), settings["type"], settings["memory"], settings["maxmemory"], settings["vcpus"]),
          ("guest-1", "pvh", 512, 1024, 2))
    equal(settings["cmdline"], "root=/dev/xvda1 ro console=hvc0 quiet")
    equal([(disk["source"], disk["format"], disk["target"], disk["readonly"]) for disk in settings["disks"]],
          [("/dev/vg0/root", "block", "xvda", False), ("/srv/data.qcow2", "qcow2", "xvdb", True),
           ("/srv/a b.img", "raw", "xvdc", False)])
    equal([(nic["mac"], nic["network"]) for nic in settings["nics"]][0], ("00:16:3e:01:02:03", "lan"))
    equal(settings["on-crash"], "preserve")
    equal(sorted(line for line, _ in warnings), [13, 15, 16])
    check(any("rate" in text for line, text in warnings if line == 13), warnings)
    fails("Exists", m.call, "ImportXlCfg", "(ssa{sv})", "", text, {})
    path, _ = m.call("ImportXlCfg", "(ssa{sv})", "other", text, {})
    check(Vm(m, path).uuid != vm.uuid)


def test_import_errors(m):
    cases = {"memory = 'x'": "line 1: ", "name = 'a'\nmemory": "line 2: ", "disk = [ 'a": "line 1: ",
             "\n\nx = [ 1 2 ]": "line 3: ", "disk = [ 'relative,raw,xvda,rw' ]": "line 1: ", "memory = [1]": "line 1: ",
             "a = 1 b = 2": "line 1: ", "vcpus = 4096": "line 1: ", "disk = ['/x,raw,vda']": "line 1: ",
             "vif = [ 'mac=zz' ]": "line 1: ", "uuid='x'": "line 1: ", "type='kvm'": "line 1: "}
    for text, where in cases.items():
        message = fails("InvalidArgument", m.call, "ImportXlCfg", "(ssa{sv})", "x", text, {})
        check(message.startswith(where), text, message)
    fails("InvalidArgument", m.call, "ImportXlCfg", "(ssa{sv})", "", "memory = 64", {})
    fails("InvalidArgument", m.call, "ImportXlCfg", "(ssa{sv})", "x", "#" * 300000, {})
    equal(m.vm_names(), [])


def test_import_of_our_own_demo(m):
    """The configuration in the service VM's image comes over without a word."""
    m.call("CreateNetwork", "(sa{sv})", "lan", variants({"mode": "bridge", "bridge": "xenbr0"}))
    text = (TOP / "packaging/image/rootfs/etc/xen/demo.cfg").read_text()
    path, warnings = m.call("ImportXlCfg", "(ssa{sv})", "", text, {})
    check(path != "/")
    equal(warnings, [])


def test_hundred_vms(m):
    m.stop()
    for i in range(100):
        write(m, f"vm{i}", GOOD.replace("000000000001", f"{i:012}"))
    m.start()
    equal(len(m.vm_names()), 100)
    fails("NotFound", m.call, "FindVm", "(s)", "nope")
    equal(m.call("FindVm", "(s)", UUID), "/org/mullion/Manager1/vm/" + UUID.replace("-", "_"))
