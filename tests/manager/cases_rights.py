# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: every method is denied by default, and needs the right that the XML says."""

import re

from gi.repository import Gio, GLib

from harness import NAME, ROOT, TOP, BusError, Failure, check, equal, fails, variants

PROPERTIES = "org.freedesktop.DBus.Properties"
EXAMPLES = {"s": "x", "b": False, "t": 1 << 20, "u": 1, "a{sv}": {}}


def methods():
    """(interface, method, input types, right) of the XML files: the comment before a method names its right."""
    for path in sorted((TOP / "manager/dbus").glob("*.xml")):
        text = path.read_text()
        info = Gio.DBusNodeInfo.new_for_xml(text).interfaces[0]
        for method in info.methods:
            comment = re.search(r"<!-- " + method.name + r": ((?:(?!-->).)*)-->", text, re.S)
            check(comment, f"{info.name}.{method.name} is not documented")
            right = re.search(r"Right:\s+(?:as (\w+)|the one|(\w+))", comment[1])
            check(right, f"{info.name}.{method.name}: no right is documented")
            yield info.name, method.name, [arg.signature for arg in method.in_args], right[2] or right[1]


def objects(m):
    vm = m.create("one")
    job = vm.call("Start", "(a{sv})", {})
    m.done(job)
    return {NAME: ROOT, "org.mullion.Vm1": vm.path, "org.mullion.Job1": job,
            "org.mullion.Network1": ROOT + "/network/default"}


def test_everything_is_denied(m):
    paths = objects(m)
    count = 0
    m.bus.allow(rest="no")
    for interface, method, types, _ in methods():
        signature = "(" + "".join(types) + ")"
        message = fails("NotAuthorized", m.call, method, signature, *(EXAMPLES[one] for one in types),
                        path=paths[interface], interface=interface)
        check("org.mullion.manager." in message, message)
        count += 1
    equal(count, 37, "methods of the XML")
    for interface, path in paths.items():
        name = {NAME: "Version", "org.mullion.Job1": "Kind"}.get(interface, "Name")
        fails("NotAuthorized", m.get, path, interface, name)
        fails("NotAuthorized", m.call, "GetAll", "(s)", interface, path=path, interface=PROPERTIES)
    fails("NotAuthorized", m.objects)
    m.bus.allow()
    equal((m.vm_names(), m.vm("one").state), (["one"], "running"))


def test_each_method_needs_its_right(m):
    """Denied with all rights but the documented one, let through with that one alone."""
    paths = objects(m)
    for interface, method, types, right in methods():
        right = {"CreateVm": "manage"}.get(right, right)
        right = right or "control"  # Job1.Cancel: of the one that started the job
        signature, args = "(" + "".join(types) + ")", [EXAMPLES[one] for one in types]
        m.bus.allow(**{right: "no"})
        fails("NotAuthorized", m.call, method, signature, *args, path=paths[interface], interface=interface)
    m.bus.allow(rest="no", view="yes")
    for interface, method, types, right in methods():
        if right == "view":
            try:
                m.call(method, "(" + "".join(types) + ")", *(EXAMPLES[one] for one in types), path=paths[interface],
                       interface=interface)
            except BusError as error:
                check(error.name != "NotAuthorized", interface, method)


def test_reading_needs_view(m):
    m.bus.allow(view="no")
    fails("NotAuthorized", m.objects)
    fails("NotAuthorized", m.get, ROOT, NAME, "Version")
    m.bus.allow()
    equal(m.get(ROOT, NAME, "Hypervisor"), "Fake 1")
    fails("org.freedesktop.DBus.Error.InvalidArgs", m.get, ROOT, NAME, "Nonsense")


def test_properties_cannot_be_set(m):
    fails("org.freedesktop.DBus.Error.InvalidArgs", m.call, "Set", "(ssv)", NAME, "Version", GLib.Variant("s", "9"),
          path=ROOT, interface=PROPERTIES)
    equal(m.get(ROOT, NAME, "Version"), "0.1.0")


def test_unknown_calls(m):
    fails("org.freedesktop.DBus.Error.UnknownMethod", m.call, "Nonsense")
    fails("org.freedesktop.DBus.Error.UnknownMethod", m.call, "Start", path=ROOT + "/vm/none", interface="org.mullion.Vm1")
    fails("org.freedesktop.DBus.Error.InvalidArgs", m.call, "FindVm", "(u)", 5)


def test_polkit_does_not_answer(m):
    m.bus.allow(rest="error")
    check("could not be asked" in fails("NotAuthorized", m.objects))
    m.bus.allow(rest="challenge")
    check("password" in fails("NotAuthorized", m.objects))


def test_reaching_out_needs_host(m):
    """With these a VM reads the service VM's files: they need more than the right to manage VMs."""
    kernel = m.kernel()
    (m.state / "images/mine.raw").write_bytes(bytes(65536))
    (m.state / "images/link.raw").symlink_to("/etc/shadow")
    inside = str(m.state / "images/mine.raw")
    vm = m.create("one", disks=[{"source": "/etc/hosts", "readonly": True}])
    m.bus.allow(host="no")
    out = ({"disks": [{"source": "/etc/shadow"}]}, {"disks": [{"source": str(m.state / "images/link.raw")}]},
           {"disks": [{"source": f"{m.state}/images/../../secret"}]}, {"disks": [{"source": "/dev/null", "format": "block"}]},
           {"disks": [{"create_size": 1 << 20, "format": "block", "source": "vg0"}]}, {"kernel": "/etc/shadow"},
           {"kernel": kernel, "initrd": "/etc/shadow"}, {"kernel": "", "bootloader": "/bin/sh"},
           {"disks": [{"source": f"{m.state}/vms/one.vm"}]}, {"disks": [{"source": f"{m.state}/images"}]})
    for settings in out:
        fails("NotAuthorized", m.call, "CreateVm", "(sa{sv})", "two", variants(settings))
        fails("NotAuthorized", m.call, "CheckSettings", "(a{sv})", variants(settings))
        if not any("create_size" in disk for disk in settings.get("disks", [])):
            fails("NotAuthorized", vm.call, "SetSettings", "(a{sv})", variants(settings))
    fails("NotAuthorized", vm.call, "AddDisk", "(a{sv})", variants({"source": "/etc/shadow"}))
    fails("NotAuthorized", m.call, "ImportXlCfg", "(ssa{sv})", "x", "memory=64", {})
    # What it has already it keeps; but it may not come to write what it could only read.
    vm.call("SetSettings", "(a{sv})", variants({"disks": [{"target": "xvda", "source": "/etc/hosts", "readonly": True},
                                                          {"source": inside}]}))
    fails("NotAuthorized", vm.call, "SetSettings", "(a{sv})", variants({"disks": [{"target": "xvda", "source": "/etc/hosts"}]}))
    m.done(m.call("CreateVm", "(sa{sv})", "two", variants({"kernel": kernel, "disks": [
        {"source": inside, "readonly": True}, {"create_size": 1 << 20, "format": "raw"}]})))
    equal(m.vm_names(), ["one", "two"])


def test_who_is_asked(m):
    """The caller's bus name is what polkit judges, and it may ask the person only when the caller allows that."""
    before = len(m.bus.asked())
    connection = m.bus.connection
    connection.call_sync(NAME, ROOT, NAME, "GetHost", None, None, Gio.DBusCallFlags.NONE, 5000, None)
    connection.call_sync(NAME, ROOT, NAME, "GetHost", None, None, Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION, 5000,
                         None)
    own = connection.get_unique_name()
    equal(m.bus.asked()[before:], [["system-bus-name", own, "org.mullion.manager.view", "0"],
                                   ["system-bus-name", own, "org.mullion.manager.view", "1"]])


def test_cancel_needs_the_job_s_right(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    (m.bin / "qemu-img").write_text("#!/bin/sh\nexec sleep 60\n")
    (m.bin / "qemu-img").chmod(0o755)
    job = vm.call("Clone", "(sa{sv})", "two", {})
    m.bus.allow(manage="no")
    fails("NotAuthorized", m.cancel, job)
    m.bus.allow()
    m.cancel(job)
    equal(m.wait_job(job)["State"], "cancelled")
