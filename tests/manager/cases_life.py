# SPDX-License-Identifier: GPL-2.0-or-later
"""Running: start, end, pause, save, restore, re-adoption."""

import os
import pty
import time

from gi.repository import Gio, GLib

from harness import NAME, BusError, Failure, Vm, check, equal, fails, until, variants


def test_start_and_shutdown(m):
    vm = m.create("one", memory=256)
    equal(vm.state, "stopped")
    vm.job("Start", "(a{sv})", {})
    equal((vm.state, m.domains()), ("running", [vm.domain]))
    check(vm.get("Started") > 1700000000)
    equal(m.domain_key(vm.domain, "state"), "running")
    vm.job("Shutdown", "(a{sv})", {})
    equal((vm.state, vm.get("EndReason"), vm.domain, m.domains()), ("stopped", "shutdown", 0, []))


def test_states_and_signals(m):
    """A watcher of PropertiesChanged sees every state in order, and the job's end."""
    vm, seen = m.create("one"), []
    connection = m.bus.connection
    def changed(_connection, _sender, _path, _interface, _name, args):
        if "State" in args.unpack()[1]:
            seen.append(args.unpack()[1]["State"])
    subscription = connection.signal_subscribe(NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged", vm.path,
                                               None, Gio.DBusSignalFlags.NONE, changed)
    vm.job("Start", "(a{sv})", {})
    vm.call("Pause")
    vm.call("Unpause")
    vm.job("Shutdown", "(a{sv})", {})
    context, end = GLib.MainContext.default(), time.monotonic() + 10
    while len(seen) < 6 and time.monotonic() < end:
        context.iteration(False) or time.sleep(0.01)
    connection.signal_unsubscribe(subscription)
    equal(seen, ["starting", "running", "paused", "running", "stopping", "stopped"])


def test_start_paused(m):
    vm = m.create("one")
    vm.job("Start", "(a{sv})", variants({"paused": True}))
    equal(vm.state, "paused")
    fails("InvalidState", vm.call, "Pause")
    vm.call("Unpause")
    equal(m.domain_key(vm.domain, "state"), "running")
    fails("InvalidState", vm.call, "Unpause")


def test_wrong_states(m):
    vm = m.create("one")
    for method, signature, args in (("Pause", "()", ()), ("Unpause", "()", ()), ("Shutdown", "(a{sv})", ({},)),
                                    ("ForceOff", "()", ()), ("Reboot", "(a{sv})", ({},)), ("Save", "()", ()),
                                    ("DiscardSaved", "()", ()), ("OpenConsole", "()", ())):
        message = fails("InvalidState", vm.call, method, signature, *args)
        check("one" in message, method, message)
    vm.job("Start", "(a{sv})", {})
    for method, signature, args in (("Start", "(a{sv})", ({},)), ("Delete", "(a{sv})", ({},)), ("Rename", "(s)", ("x",)),
                                    ("Clone", "(sa{sv})", ("x", {})), ("StartThrowAway", "(a{sv})", ({},)),
                                    ("Snapshot", "(ss)", ("x", "")), ("AddDisk", "(a{sv})", ({},)),
                                    ("RemoveDisk", "(sb)", ("xvda", False)), ("ResizeDisk", "(st)", ("xvda", 512))):
        message = fails("InvalidState", vm.call, method, signature, *args)
        check("one" in message, method, message)


def test_busy(m):
    vm = m.create("one")
    m.inject(create={"delay": 1500})
    job = vm.call("Start", "(a{sv})", {})
    equal((vm.state, vm.get("Job")), ("starting", job))
    for method, signature, args in (("Start", "(a{sv})", ({},)), ("Delete", "(a{sv})", ({},)), ("ForceOff", "()", ()),
                                    ("SetSettings", "(a{sv})", ({},)), ("Rename", "(s)", ("x",))):
        fails("Busy", vm.call, method, signature, *args)
    m.done(job)
    equal((vm.state, vm.get("Job")), ("running", "/"))


def test_start_is_cancelled(m):
    vm = m.create("one")
    m.inject(create={"delay": 20000})
    job = vm.call("Start", "(a{sv})", {})
    until(m.domains, "a half-built domain")
    m.cancel(job)
    equal(m.wait_job(job)["State"], "cancelled")
    equal((vm.state, m.domains()), ("stopped", []))
    fails("InvalidState", m.cancel, job)


def test_start_fails(m):
    vm = m.create("one")
    m.inject(create={"error": "FAILED"})
    message = fails("Failed", vm.job, "Start", "(a{sv})", {})
    check("one" in message and "injected" in message, message)
    equal((vm.state, vm.get("EndReason"), m.domains()), ("stopped", "failed", []))
    equal(vm.get("EndMessage"), message)
    m.inject(unpause={"error": "FAILED"})
    fails("Failed", vm.job, "Start", "(a{sv})", {})
    equal(m.domains(), [], "a domain that could not be let run")
    m.inject()
    (m.fake / "memory").write_text("512")
    message = fails("NoMemory", vm.job, "Start", "(a{sv})", {})
    check("512 MiB" in message, message)
    (m.state / "images/vmlinux").unlink()
    check("kernel" in fails("InvalidArgument", vm.job, "Start", "(a{sv})", {}))
    check("kernel" in vm.get("EndMessage"))
    m.kernel()
    (m.fake / "memory").unlink()
    m.inject(create={"delay": 20000})
    job = vm.call("Start", "(a{sv})", {})
    m.cancel(job)
    m.wait_job(job)
    equal(vm.get("EndMessage"), "", "cancelled")
    m.inject()
    vm.job("Start", "(a{sv})", {})
    equal(vm.get("EndMessage"), "")


def test_autostart_that_fails_is_remembered(m):
    """Nobody waits for its answer, and its job is gone after a minute."""
    vm = m.create("boots", autostart=True, nics=[{"network": "default"}])
    file = m.state / "vms/boots.vm"
    m.stop()
    file.write_text(file.read_text().replace("network=default", "network=nowhere"))
    (m.run / "autostarted").unlink(missing_ok=True)
    m.start()
    vm = m.vm("boots")
    until(lambda: vm.get("EndReason") == "failed", "the start that fails")
    check("there is no network 'nowhere'" in vm.get("EndMessage"), vm.get("EndMessage"))


def test_shutdown_timeout_and_force(m):
    vm = m.create("one")
    vm.job("Start", "(a{sv})", {})
    m.guest(vm.domain, guest="sleepy")
    check("console" in fails("Failed", vm.job, "Shutdown", "(a{sv})", {"timeout": GLib.Variant("u", 1)}))
    equal((vm.state, m.domain_key(vm.domain, "asked")), ("running", "shutdown"))
    vm.job("Shutdown", "(a{sv})", {"timeout": GLib.Variant("u", 0)})
    equal(vm.state, "running")
    vm.job("Shutdown", "(a{sv})", {"timeout": GLib.Variant("u", 1), "force": GLib.Variant("b", True)})
    equal((vm.state, vm.get("EndReason")), ("stopped", "forced"))


def test_shutdown_is_cancelled(m):
    vm = m.create("one")
    vm.job("Start", "(a{sv})", {})
    m.guest(vm.domain, guest="sleepy")
    job = vm.call("Shutdown", "(a{sv})", {})
    equal(vm.state, "stopping")
    m.cancel(job)
    equal(m.wait_job(job)["State"], "cancelled")
    equal(vm.state, "running")
    m.guest(vm.domain, end="shutdown", state="ended")
    vm.wait("stopped")


def test_shutdown_of_deaf_guest(m):
    vm = m.create("one", cmdline="deaf")
    vm.job("Start", "(a{sv})", {})
    fails("NotSupported", vm.job, "Shutdown", "(a{sv})", {})
    equal(vm.state, "running")
    vm.job("Shutdown", "(a{sv})", variants({"force": True}))
    equal(vm.state, "stopped")
    vm.job("Start", "(a{sv})", {})
    vm.call("Pause")
    fails("InvalidState", vm.call, "Shutdown", "(a{sv})", {})
    vm.job("ForceOff")
    equal((vm.state, vm.get("EndReason"), m.domains()), ("stopped", "forced", []))


def test_guest_ends_by_itself(m):
    vm = m.create("one", on_reboot="restart", on_crash="destroy")
    vm.job("Start", "(a{sv})", {})
    first = vm.domain
    m.guest(first, end="reboot", state="ended")
    until(lambda: vm.domain not in (0, first), "another domain")
    vm.wait("running")
    m.guest(vm.domain, end="crash", state="ended")
    vm.wait("crashed")
    equal((vm.get("EndReason"), vm.domain, m.domains()), ("crash", 0, []))
    vm.job("Start", "(a{sv})", {})
    (m.fake / f"dom-{vm.domain}").unlink()
    vm.wait("stopped")
    equal(vm.get("EndReason"), "forced", "another tool ended it")


def test_crash_policies(m):
    vm = m.create("one", on_crash="preserve", on_reboot="destroy")
    vm.job("Start", "(a{sv})", {})
    m.guest(vm.domain, end="crash", state="ended")
    vm.wait("crashed")
    check(vm.domain != 0, "the domain is kept")
    fails("InvalidState", vm.call, "Start", "(a{sv})", {})
    vm.job("ForceOff")
    equal(m.domains(), [])
    vm.job("Start", "(a{sv})", {})
    m.guest(vm.domain, end="reboot", state="ended")
    vm.wait("stopped")
    vm.call("SetSettings", "(a{sv})", variants({"on_crash": "restart"}))
    vm.job("Start", "(a{sv})", {})
    m.guest(vm.domain, end="crash", state="ended")
    vm.wait("crashed")
    equal(m.domains(), [], "it crashed at once, so it is not started again")


def test_reboot(m):
    vm = m.create("one", on_reboot="destroy")
    vm.job("Start", "(a{sv})", {})
    for options in ({}, variants({"force": True})):
        before = vm.domain
        vm.job("Reboot", "(a{sv})", options)
        equal(vm.state, "running")
        check(vm.domain != before)


def test_save_and_restore(m):
    vm = m.create("one", memory=64)
    vm.job("Start", "(a{sv})", {})
    vm.job("Save")
    equal((vm.state, m.domains()), ("saved", []))
    equal([path.suffix for path in (m.state / "saved").iterdir()], [".save"])
    for method, signature, args in (("Clone", "(sa{sv})", ("x", {})), ("AddDisk", "(a{sv})", ({},)),
                                    ("StartThrowAway", "(a{sv})", ({},)), ("Snapshot", "(ss)", ("x", ""))):
        fails("InvalidState", vm.call, method, signature, *args)
    vm.call("SetSettings", "(a{sv})", variants({"memory": 128, "title": "later"}))
    fails("InvalidState", vm.call, "SetSettings", "(a{sv})", variants({"nics": [{}]}))
    vm.job("Start", "(a{sv})", {})
    equal((vm.state, m.domain_key(vm.domain, "restored"), list((m.state / "saved").iterdir())), ("running", "true", []))
    equal(vm.get("RestartNeeded"), True, "it was restored with the memory that it was saved with")
    vm.job("Save")
    vm.call("DiscardSaved")
    equal((vm.state, list((m.state / "saved").iterdir())), ("stopped", []))


def test_save_fails(m):
    vm = m.create("one", memory=64)
    vm.job("Start", "(a{sv})", {})
    m.inject(save={"error": "FAILED"})
    fails("Failed", vm.job, "Save")
    until(lambda: vm.state == "running", "running again")
    m.inject(save={"delay": 20000})
    job = vm.call("Save")
    equal(vm.state, "saving")
    until(lambda: m.get(job, "org.mullion.Job1", "Progress") >= 0, "progress")
    m.cancel(job)
    equal(m.wait_job(job)["State"], "cancelled")
    until(lambda: vm.state == "running", "running again")
    equal(list((m.state / "saved").iterdir()), [])
    vm.call("Pause")
    fails("InvalidState", vm.call, "Save")


def test_bad_saved_state(m):
    vm = m.create("one")
    (m.state / f"saved/{vm.uuid}.save").write_bytes(b"nonsense")
    m.restart()
    vm = m.vm("one")
    equal(vm.state, "saved")
    check("discard" in fails("Failed", vm.job, "Start", "(a{sv})", {}))
    equal(vm.state, "saved")
    vm.call("DiscardSaved")
    vm.job("Start", "(a{sv})", {})


def test_adoption(m):
    """Killed and started again, the manager knows what runs, what is paused, and what ended meanwhile."""
    names = ("runs", "paused", "ends", "reboots", "vanishes")
    vms = {name: m.create(name) for name in names}
    for vm in vms.values():
        vm.job("Start", "(a{sv})", {})
    vms["paused"].call("Pause")
    domains = {name: vm.domain for name, vm in vms.items()}
    started = vms["runs"].get("Started")
    m.kill()
    m.guest(domains["ends"], end="shutdown", state="ended")
    m.guest(domains["reboots"], end="reboot", state="ended")
    (m.fake / f"dom-{domains['vanishes']}").unlink()
    m.start()
    vms = {name: m.vm(name) for name in names}
    equal((vms["runs"].state, vms["runs"].domain, vms["runs"].get("Started")), ("running", domains["runs"], started))
    equal(vms["paused"].state, "paused")
    vms["ends"].wait("stopped")
    vms["vanishes"].wait("stopped")
    until(lambda: vms["reboots"].domain not in (0, domains["reboots"]), "a second domain")
    vms["runs"].job("Shutdown", "(a{sv})", {})
    equal(vms["runs"].state, "stopped")


def test_autostart(m):
    m.create("boots", autostart=True)
    m.create("stays")
    m.create("tmpl", autostart=True, template=True)
    m.kill()
    (m.run / "autostarted").unlink()
    m.start()
    m.vm("boots").wait("running")
    equal((m.vm("stays").state, m.vm("tmpl").state), ("stopped", "stopped"))
    m.vm("boots").job("Shutdown", "(a{sv})", {})
    m.restart()
    time.sleep(0.3)
    equal(m.vm("boots").state, "stopped", "only the first start of a boot starts VMs")


def test_template_does_not_run(m):
    vm = m.create("tmpl", template=True)
    fails("InvalidState", vm.call, "Start", "(a{sv})", {})


def test_console(m):
    master, slave = pty.openpty()
    (m.fake / "console").write_text(os.ttyname(slave))
    vm = m.create("one")
    vm.job("Start", "(a{sv})", {})
    os.write(master, b"early words\n")

    def connect():
        answer, fds = m.bus.connection.call_with_unix_fd_list_sync(
            NAME, vm.path, "org.mullion.Vm1", "OpenConsole", None, None, 0, 5000, None, None)
        fd = fds.get(answer.unpack()[0])
        os.set_blocking(fd, False)
        return fd

    def read(fd, wanted):
        got = b""
        def more():
            nonlocal got
            try:
                got += os.read(fd, 65536)
            except BlockingIOError:
                pass
            return wanted in got
        until(more, wanted, 10)

    def opened():
        try:
            return connect()
        except GLib.Error:
            return None

    first = until(opened, "the console")
    read(first, b"early words")
    second = connect()
    read(second, b"early words")
    os.write(master, b"to both\n")
    read(first, b"to both")
    read(second, b"to both")
    os.write(second, b"typed")
    os.set_blocking(master, False)
    read(master, b"typed")
    os.close(second)
    vm.job("ForceOff")
    until(lambda: os.read(first, 1) == b"", "the stream's end", 10)
    os.close(first)
    os.close(master)
    os.close(slave)


def test_statistics_and_host(m):
    vm = m.create("one")
    equal(m.call("GetStatistics")[2], {})
    vm.job("Start", "(a{sv})", {})
    at, host, vms = m.call("GetStatistics")
    check(at > 0 and host["cpu-count"] == 2 and host["memory-total"] == 16 << 30)
    equal(list(vms), [vm.path])
    equal((vms[vm.path]["memory"], vms[vm.path]["net-sent"]), (64 << 20, 4))
    check({"hypervisor", "cpu-model", "kernel", "storage-free"} <= set(m.call("GetHost")))
    equal(m.call("GetHypervisorLog"), "(XEN) fake\n")
    devices, groups = m.call("GetBlockDevices")
    check(isinstance(devices, list) and groups == [])
    m.inject(host={"error": "FAILED"}, log={"error": "FAILED"}, list={"error": "FAILED"})
    fails("Failed", m.call, "GetHost")
    fails("Failed", m.call, "GetHypervisorLog")
    fails("Failed", m.call, "GetStatistics")


def test_many_jobs_at_once(m):
    vms = [m.create(f"vm{i}", memory=16) for i in range(12)]
    m.inject(create={"delay": 1000})
    begun = time.monotonic()
    jobs = [vm.call("Start", "(a{sv})", {}) for vm in vms]
    for job in jobs:
        m.done(job)
    check(time.monotonic() - begun < 12, "they ran one after the other")
    for vm in vms:
        vm.call("Shutdown", "(a{sv})", {})
    for vm in vms:
        vm.wait("stopped")


def test_stop_while_working(m):
    """An orderly end cancels what can be cancelled, and waits for it."""
    vm = m.create("one")
    m.inject(create={"delay": 60000})
    vm.call("Start", "(a{sv})", {})
    until(m.domains, "a half-built domain")
    m.stop()
    equal(m.domains(), [])
