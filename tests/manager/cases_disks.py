# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots, and disks that come, go and grow."""

import os
import subprocess

from gi.repository import GLib

from cases_make import read_disk, source
from harness import check, equal, fails, variants


def put(path, text):
    """Write into a qcow2 image as a guest would."""
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", f"write -P {ord(text)} 0 64k", path], check=True, capture_output=True)


def snapshots(path):
    out = subprocess.run(["qemu-img", "snapshot", "-l", path], capture_output=True, text=True, check=True).stdout
    return [line.split()[1] for line in out.splitlines()[2:]]


def test_snapshots(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "qcow2"}, {"create_size": 1 << 20, "format": "qcow2"}])
    put(source(vm), "A")
    vm.job("Snapshot", "(ss)", "before", "as it was")
    name, time, comment = vm.get("Snapshots")[0]
    check((name, comment) == ("before", "as it was") and time > 1700000000)
    equal([snapshots(source(vm, target)) for target in ("xvda", "xvdb")], [["before"], ["before"]])
    put(source(vm), "B")
    equal(read_disk(m, source(vm), 1), b"B")
    vm.job("RevertSnapshot", "(s)", "before")
    equal(read_disk(m, source(vm), 1), b"A")
    fails("Exists", vm.call, "Snapshot", "(ss)", "before", "")
    fails("InvalidArgument", vm.call, "Snapshot", "(ss)", "a/b", "")
    fails("InvalidArgument", vm.call, "Snapshot", "(ss)", "b", "a\nb")
    fails("NotFound", vm.call, "RevertSnapshot", "(s)", "nope")
    fails("NotFound", vm.call, "DeleteSnapshot", "(s)", "nope")
    fails("InvalidState", vm.call, "RemoveDisk", "(sb)", "xvda", True)
    fails("InvalidState", vm.call, "SetSettings", "(a{sv})", variants({"disks": []}))
    m.restart()
    vm = m.vm("one")
    equal([one[0] for one in vm.get("Snapshots")], ["before"])
    vm.job("DeleteSnapshot", "(s)", "before")
    equal((vm.get("Snapshots"), snapshots(source(vm))), ([], []))


def test_snapshot_needs_qcow2(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "raw"}])
    check("xvda" in fails("NotSupported", vm.call, "Snapshot", "(ss)", "s", ""))
    fails("NotSupported", m.create("two").call, "Snapshot", "(ss)", "s", "")


def test_snapshot_fails_on_second_disk(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "qcow2"}, {"create_size": 1 << 20, "format": "qcow2"}])
    with open(source(vm, "xvdb"), "r+b") as file:
        file.write(bytes(512))
    fails("Failed", vm.job, "Snapshot", "(ss)", "s", "")
    equal((vm.get("Snapshots"), snapshots(source(vm))), ([], []))
    equal(list((m.state / "journal").iterdir()), [])


def test_add_and_remove_disk(m):
    vm = m.create("one")
    equal(vm.job("AddDisk", "(a{sv})", variants({"create_size": 1 << 20, "format": "qcow2"}))["target"], "xvda")
    equal(vm.job("AddDisk", "(a{sv})", variants({"create_size": 1 << 20}))["target"], "xvdb")
    path = source(vm, "xvdb")
    check(os.path.getsize(path) == 1 << 20)
    vm.job("RemoveDisk", "(sb)", "xvdb", False)
    check(os.path.exists(path), "it was not to be deleted")
    fails("Exists", vm.job, "AddDisk", "(a{sv})", variants({"create_size": 1 << 20, "target": "xvdb"}))
    equal(vm.job("AddDisk", "(a{sv})", variants({"source": path}))["target"], "xvdb")
    vm.job("RemoveDisk", "(sb)", "xvdb", True)
    check(os.path.exists(path), "the manager does not own it any more")
    path = source(vm, "xvda")
    vm.job("RemoveDisk", "(sb)", "xvda", True)
    check(not os.path.exists(path))
    fails("NotFound", vm.call, "RemoveDisk", "(sb)", "xvda", False)
    fails("InvalidArgument", vm.call, "AddDisk", "(a{sv})", variants({"target": "vda", "source": path}))
    fails("InvalidArgument", vm.call, "AddDisk", "(a{sv})", variants({}))
    fails("InvalidArgument", vm.call, "AddDisk", "(a{sv})", variants({"owned": True, "foo": "bar"}))


def test_resize(m):
    vm = m.create("one", disks=[{"create_size": 1 << 20, "format": "raw"}, {"create_size": 1 << 20, "format": "qcow2"}])
    for target in ("xvda", "xvdb"):
        vm.job("ResizeDisk", "(st)", target, 1 << 21)
        info = subprocess.run(["qemu-img", "info", source(vm, target)], capture_output=True, text=True, check=True).stdout
        check("virtual size: 2 MiB" in info, info)
        fails("InvalidArgument", vm.job, "ResizeDisk", "(st)", target, 1 << 20)
        fails("InvalidArgument", vm.call, "ResizeDisk", "(st)", target, (1 << 22) + 1)
    fails("InvalidArgument", vm.call, "ResizeDisk", "(st)", "xvda", 1 << 50)
    fails("NotFound", vm.call, "ResizeDisk", "(st)", "xvdz", 1 << 22)


def test_one_disk_two_vms(m):
    image = m.state / "images/shared.raw"
    image.write_bytes(bytes(65536))
    other = m.state / "images/link.raw"
    other.hardlink_to(image)
    one = m.create("one", disks=[{"source": str(image)}])
    two = m.create("two", disks=[{"source": str(other)}])
    readers = [m.create(name, disks=[{"source": str(image), "readonly": True}]) for name in ("r1", "r2")]
    one.job("Start", "(a{sv})", {})
    message = fails("InUse", two.call, "Start", "(a{sv})", {})
    check("one" in message and "xvda" in message, message)
    fails("InUse", readers[0].call, "Start", "(a{sv})", {})
    one.job("ForceOff")
    for vm in readers:
        vm.job("Start", "(a{sv})", {})
    fails("InUse", one.call, "Start", "(a{sv})", {})
