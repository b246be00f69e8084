# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 before every single change of a file that an operation makes; then the manager is started again, and nothing may
be lost, half-made, or left over."""

import contextlib
import hashlib
import subprocess
import time

from cases_disks import put, snapshots
from cases_make import backing, read_disk, source
from harness import TOP, BusError, Failure, Vm, check, equal, until, variants

POINTS_MAX = 120
# What "qemu-img check" says of clusters that belong to nothing (harmless), and of formats that it does not check.
LEAKS, RAW = 3, 63


def run_until_killed(m, point, operate):
    """Have the manager die at this point of the operation. False: the operation was over before."""
    arm = m.folder / "arm"
    m.kill()
    m.start({"LD_PRELOAD": str(TOP / "build/tests/manager/libdie-at.so"), "DIE_AT": str(point), "DIE_ARM": str(arm)})
    arm.touch()
    died = child_died = False
    try:
        operate(m)
    except BusError as error:
        died = error.name.startswith("org.freedesktop.DBus.Error")
        # The killer is preloaded into qemu-img too, and counts there for itself.
        child_died = "signal 9" in error.message
        check(died or child_died, f"point {point}: {error}")
    until(lambda: m.process.poll() is not None or not died, "its death", 5)
    time.sleep(0.02)
    died = m.process.poll() is not None
    arm.unlink()
    if died:
        check(m.process.returncode == -9, m.process.returncode)
        until(lambda: not m.bus.has_owner("org.mullion.Manager1"), "the name to go")
        m.start()
    return died or child_died


def clean(m, point):
    """What must be so after any recovery."""
    until(lambda: not list((m.state / "journal").iterdir()), f"point {point}: an empty journal", 5)
    equal(m.get("/org/mullion/Manager1", "org.mullion.Manager1", "Broken"), [], f"point {point}")
    uuids = {}
    for path, interfaces in m.objects().items():
        if "org.mullion.Vm1" in interfaces:
            uuids[interfaces["org.mullion.Vm1"]["Uuid"]] = Vm(m, path)
    for folder in (m.state / "disks").iterdir():
        check(folder.name in uuids, f"point {point}: a disk of nobody: {folder}")
        wanted = {disk["source"] for disk in uuids[folder.name].call("GetSettings")["disks"]}
        for path in folder.iterdir():
            check(str(path) in wanted, f"point {point}: {path} is left over")
    for vm in uuids.values():
        for disk in vm.call("GetSettings")["disks"]:
            check(not disk["owned"] or subprocess.run(["qemu-img", "check", "-q", disk["source"]], check=False,
                                                      capture_output=True).returncode in (0, LEAKS, RAW),
                  f"point {point}: {disk['source']} is broken or gone")
    for path in (m.state / "saved").iterdir():
        check(path.suffix == ".save" and path.stem in uuids, f"point {point}: {path} is left over")
    for domain in m.domains():
        check(m.domain_key(domain, "uuid") in uuids and m.domain_key(domain, "state") != "building",
              f"point {point}: a domain of nobody, or half of one")


def at_every_point(m, operate, judge, reset, least=3):
    """operate(m) with deaths at 1, 2, 3 ...; judge(m, died); reset(m) makes things as they were."""
    for point in range(1, POINTS_MAX):
        died = run_until_killed(m, point, operate)
        clean(m, point)
        try:
            judge(m, died)
        except Failure as failure:
            raise Failure(f"point {point}: {failure}") from failure
        if not died:
            check(point > least, f"it has {point - 1} points only; does the killer work?")
            return point
        reset(m)
    raise Failure(f"more than {POINTS_MAX} points")


def gone(m, name):
    with contextlib.suppress(BusError):
        vm = m.vm(name)
        if vm.domain:
            vm.job("ForceOff")
        until(lambda: name not in m.vm_names() or vm.state in ("stopped", "saved"), "an end")
        if name in m.vm_names():
            vm.job("Delete", "(a{sv})", {})


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def disks(formats):
    return [{"create_size": 1 << 20, "format": one} for one in formats]


def test_kill_create(m):
    def judge(_m, died):
        check(died or "one" in m.vm_names())
        if "one" in m.vm_names():
            m.vm("one").job("Start", "(a{sv})", {})
    settings = variants({"kernel": m.kernel(), "disks": disks(("raw", "qcow2"))})
    at_every_point(m, lambda _m: m.done(m.call("CreateVm", "(sa{sv})", "one", settings)), judge, lambda _m: gone(m, "one"))


def test_kill_clone(m):
    vm = m.create("one", disks=disks(("raw", "qcow2")))
    paths = [source(vm, target) for target in ("xvda", "xvdb")]
    put(paths[1], "A")
    before = [digest(path) for path in paths]
    def judge(_m, died):
        check("one" in m.vm_names() and (died or "two" in m.vm_names()))
        equal([digest(path) for path in paths], before, "the source's disks")
        if "two" in m.vm_names():
            equal(read_disk(m, source(m.vm("two"), "xvdb"), 1), b"A")
    at_every_point(m, lambda _m: m.vm("one").job("Clone", "(sa{sv})", "two", {}), judge, lambda _m: gone(m, "two"))


def test_kill_throw_away(m):
    vm = m.create("one", template=True, disks=disks(("raw",)))
    before = digest(source(vm))
    def judge(_m, _died):
        equal(digest(source(m.vm("one"))), before)
        for name in m.vm_names():
            check(name == "one" or (m.vm(name).get("ThrowAway") and m.vm(name).state in ("running", "paused")),
                  f"{name} is left over, {m.vm(name).state}")
    at_every_point(m, lambda _m: m.vm("one").job("StartThrowAway", "(a{sv})", {}), judge, lambda _m: gone(m, "one-1"))


def test_kill_end_of_throw_away(m):
    m.create("one", template=True, disks=disks(("raw",)))
    def operate(_m):
        m.vm("one-1").job("ForceOff")
    def judge(_m, _died):
        check("one-1" not in m.vm_names() or m.vm("one-1").state == "running", "neither there nor gone")
    def reset(_m):
        gone(m, "one-1")
        m.vm("one").job("StartThrowAway", "(a{sv})", {})
    reset(m)
    at_every_point(m, operate, judge, reset)


def test_kill_delete(m):
    (m.state / "images/own.raw").write_bytes(bytes(65536))
    def make(_m):
        gone(m, "one")
        m.create("one", disks=disks(("raw", "qcow2")) + [{"source": str(m.state / "images/own.raw")}])
        m.vm("one").job("Start", "(a{sv})", {})
        m.vm("one").job("Save")
    make(m)
    def judge(_m, died):
        check(died or "one" not in m.vm_names())
        check((m.state / "images/own.raw").exists())
        if "one" in m.vm_names():
            equal(m.vm("one").state, "saved", "all of it or nothing")
    at_every_point(m, lambda _m: m.vm("one").job("Delete", "(a{sv})", {}), judge, make)


def test_kill_start(m):
    m.create("one")
    def judge(_m, died):
        check(m.vm("one").state in ("stopped", "running") if died else m.vm("one").state == "running", m.vm("one").state)
    def reset(_m):
        if m.vm("one").domain:
            m.vm("one").job("ForceOff")
    at_every_point(m, lambda _m: m.vm("one").job("Start", "(a{sv})", {}), judge, reset)


def test_kill_save(m):
    m.create("one")
    m.vm("one").job("Start", "(a{sv})", {})
    def judge(_m, died):
        state = m.vm("one").state
        check(state in ("running", "saved") if died else state == "saved", state)
        equal(len(m.domains()), 0 if state == "saved" else 1, state)
        if state == "running":
            equal(m.domain_key(m.vm("one").domain, "state"), "running")
    def reset(_m):
        if m.vm("one").state == "saved":
            m.vm("one").job("Start", "(a{sv})", {})
    at_every_point(m, lambda _m: m.vm("one").job("Save"), judge, reset)


def test_kill_restore(m):
    """The saved image and a VM that has run on from it must never both be there."""
    m.create("one")
    def reset(_m):
        if m.vm("one").state in ("stopped", "running"):
            if m.vm("one").state == "stopped":
                m.vm("one").job("Start", "(a{sv})", {})
            m.vm("one").job("Save")
    reset(m)
    def operate(_m):
        (m.fake / "ran").unlink(missing_ok=True)
        m.vm("one").job("Start", "(a{sv})", {})
    def judge(_m, died):
        state = m.vm("one").state
        check(state in ("running", "saved") if died else state == "running", state)
        equal(len(list((m.state / "saved").iterdir())), 1 if state == "saved" else 0, state)
        equal(len(m.domains()), 0 if state == "saved" else 1, state)
        check(state != "saved" or not (m.fake / "ran").exists(), "it has run, and would do so again from the same image")
    at_every_point(m, operate, judge, reset)


def test_kill_snapshot(m):
    vm = m.create("one", disks=disks(("qcow2", "qcow2")))
    put(source(vm), "A")
    def judge(_m, died):
        names = [name for name, _, _ in m.vm("one").get("Snapshots")]
        check(died or names == ["s"])
        for target in ("xvda", "xvdb"):
            equal(snapshots(source(m.vm("one"), target)), names, target)
        equal(read_disk(m, source(m.vm("one")), 1), b"A")
    def reset(_m):
        if m.vm("one").get("Snapshots"):
            m.vm("one").job("DeleteSnapshot", "(s)", "s")
    at_every_point(m, lambda _m: m.vm("one").job("Snapshot", "(ss)", "s", ""), judge, reset)


def test_kill_delete_snapshot(m):
    m.create("one", disks=disks(("qcow2", "qcow2")))
    m.vm("one").job("Snapshot", "(ss)", "s", "")
    def judge(_m, died):
        names = [name for name, _, _ in m.vm("one").get("Snapshots")]
        check(died or names == [])
        for target in ("xvda", "xvdb"):
            equal(snapshots(source(m.vm("one"), target)), names, target)
    def reset(_m):
        if not m.vm("one").get("Snapshots"):
            m.vm("one").job("Snapshot", "(ss)", "s", "")
    at_every_point(m, lambda _m: m.vm("one").job("DeleteSnapshot", "(s)", "s"), judge, reset)


def test_kill_revert(m):
    vm = m.create("one", disks=disks(("qcow2", "qcow2")))
    paths = [source(vm, target) for target in ("xvda", "xvdb")]
    for path in paths:
        put(path, "A")
    vm.job("Snapshot", "(ss)", "s", "")
    def reset(_m):
        for path in paths:
            put(path, "B")
    reset(m)
    def judge(_m, died):
        now = [read_disk(m, path, 1) for path in paths]
        check(now in ([b"A", b"A"], [b"B", b"B"]) if died else now == [b"A", b"A"], "half reverted:", now)
    at_every_point(m, lambda _m: m.vm("one").job("RevertSnapshot", "(s)", "s"), judge, reset)


def test_kill_add_disk(m):
    m.create("one")
    def judge(_m, died):
        check(died or len(m.vm("one").call("GetSettings")["disks"]) == 1)
    def reset(_m):
        if m.vm("one").call("GetSettings")["disks"]:
            m.vm("one").job("RemoveDisk", "(sb)", "xvda", True)
    at_every_point(m, lambda _m: m.vm("one").job("AddDisk", "(a{sv})", variants(disks(("qcow2",))[0])), judge, reset)


def test_kill_remove_disk(m):
    m.create("one", disks=disks(("raw",)))
    def judge(_m, died):
        check(died or m.vm("one").call("GetSettings")["disks"] == [])
    def reset(_m):
        if not m.vm("one").call("GetSettings")["disks"]:
            m.vm("one").job("AddDisk", "(a{sv})", variants(disks(("raw",))[0]))
    at_every_point(m, lambda _m: m.vm("one").job("RemoveDisk", "(sb)", "xvda", True), judge, reset)


def test_kill_resize(m):
    m.create("one", disks=disks(("qcow2",)))
    size = [1 << 20]
    def operate(_m):
        size[0] += 1 << 20
        m.vm("one").job("ResizeDisk", "(st)", "xvda", size[0])
    def judge(_m, _died):
        m.vm("one").job("Start", "(a{sv})", {})
        m.vm("one").job("ForceOff")
    at_every_point(m, operate, judge, lambda _m: None, least=1)


def test_kill_settings_and_rename(m):
    m.create("one", memory=64)
    m.create("bystander", memory=32)
    def operate(_m):
        name = "one" if "one" in m.vm_names() else "two"
        m.vm(name).call("SetSettings", "(a{sv})", variants({"memory": 128 if m.vm(name).get("Memory") == 64 else 64}))
        m.vm(name).call("Rename", "(s)", "two" if name == "one" else "one")
    def judge(_m, _died):
        names = m.vm_names()
        check(names in (["bystander", "one"], ["bystander", "two"]), names)
        check(m.vm(names[1]).get("Memory") in (64, 128))
        equal(m.vm("bystander").get("Memory"), 32)
    at_every_point(m, operate, judge, lambda _m: None)


def test_kill_import(m):
    text = f"kernel='{m.kernel()}'\nmemory=64\ntype='pvh'\n"
    def judge(_m, died):
        check(died or m.vm_names() == ["one"])
        if m.vm_names():
            m.vm("one").job("Start", "(a{sv})", {})
    at_every_point(m, lambda _m: m.call("ImportXlCfg", "(ssa{sv})", "one", text, {}), judge, lambda _m: gone(m, "one"))


def test_kill_network(m):
    def create(_m):
        m.call("CreateNetwork", "(sa{sv})", "extra", variants({"mode": "isolated"}))
    def judge(_m, died):
        networks = [path for path in m.objects() if "/network/" in path]
        check(died or len(networks) == 2, networks)
    def reset(_m):
        with contextlib.suppress(BusError):
            m.call("Delete", path="/org/mullion/Manager1/network/extra", interface="org.mullion.Network1")
    at_every_point(m, create, judge, reset)


for _name, _function in list(globals().items()):
    if _name.startswith("test_"):
        _function.plain = True
