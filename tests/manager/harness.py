# SPDX-License-Identifier: GPL-2.0-or-later
"""A private bus with a mock polkit, and managers with the fake hypervisor on it."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from gi.repository import Gio, GLib

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
NAME = "org.mullion.Manager1"
ROOT = "/org/mullion/Manager1"
ERROR = "org.mullion.Error."
PATIENCE = 30.0

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*" eavesdrop="true"/><allow own="*"/></policy></busconfig>"""


class Failure(Exception):
    """A test's verdict."""


class BusError(Exception):
    """A D-Bus error: name without prefix, message."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


def check(truth, *what):
    if not truth:
        raise Failure(" ".join(str(one) for one in what) or "not true")


def equal(one, other, what=""):
    check(one == other, what, f"{one!r} is not {other!r}")


def until(condition, what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < end, "waited in vain:", what)
        time.sleep(0.01)


class Bus:
    def __init__(self, folder):
        self.folder = folder
        config = folder / "bus.conf"
        config.write_text(BUS_CONFIG % folder)
        self.daemon = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--print-address", "--nofork"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.daemon.stdout.readline().strip()
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = self.address
        self.connection = Gio.DBusConnection.new_for_address_sync(
            self.address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
            Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.rules = folder / "rules"
        self.allow()
        self.polkit = subprocess.Popen([HERE / "mock-polkit", self.rules])
        until(lambda: self.has_owner("org.freedesktop.PolicyKit1"), "the mock polkit")

    def has_owner(self, name):
        return self.connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                         "NameHasOwner", GLib.Variant("(s)", (name,)), None, 0, 5000, None).unpack()[0]

    def allow(self, **answers):
        """allow(): all; allow(manage="no", rest="yes")"""
        rest = answers.pop("rest", "yes")
        lines = [f"org.mullion.manager.{right} {answer}" for right, answer in answers.items()] + [f"* {rest}"]
        self.rules.write_text("\n".join(lines) + "\n")

    def asked(self):
        log = pathlib.Path(str(self.rules) + ".log")
        return [line.split() for line in log.read_text().splitlines()] if log.exists() else []

    def close(self):
        for process in (self.polkit, self.daemon):
            process.kill()
            process.wait()


class Vm:
    def __init__(self, manager, path):
        self.manager, self.path = manager, path

    def call(self, method, signature="()", *args, **options):
        return self.manager.call(method, signature, *args, path=self.path, interface="org.mullion.Vm1", **options)

    def job(self, method, signature="()", *args):
        """Call, and wait for the job to be done."""
        return self.manager.done(self.call(method, signature, *args))

    def get(self, name):
        return self.manager.get(self.path, "org.mullion.Vm1", name)

    @property
    def state(self):
        return self.get("State")

    @property
    def domain(self):
        return self.get("DomainId")

    @property
    def uuid(self):
        return self.get("Uuid")

    def wait(self, state):
        until(lambda: self.state == state, f"state {state} (it is {self.state})")


class Manager:
    """One manager with folders of its own; it can be killed and started again."""

    def __init__(self, bus, program, env=None, start=True):
        self.bus, self.program = bus, program
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="m", dir=bus.folder))
        self.state, self.run, self.fake = (self.folder / name for name in ("state", "run", "fake"))
        self.bin, self.log = self.folder / "bin", self.folder / "log"
        for folder in (self.fake, self.bin):
            folder.mkdir()
        self.env = dict(os.environ, MULLION_FAKE=str(self.fake), FAKE_LOG=str(self.folder / "programs"),
                        PATH=f"{self.bin}:{os.environ['PATH']}", ASAN_OPTIONS="detect_leaks=1:exitcode=99",
                        UBSAN_OPTIONS="print_stacktrace=1", G_DEBUG="", **(env or {}))
        for name in ("ip", "nft", "sysctl", "dnsmasq", "lvcreate", "lvremove", "lvextend", "blkdiscard", "vgs"):
            shutil.copy(HERE / "fake-program", self.bin / name)
        self.process = None
        if start:
            self.start()

    def start(self, env=None, wait=True):
        log = open(self.log, "ab")
        self.process = subprocess.Popen([self.program, "--session", "--state", self.state, "--run", self.run],
                                        env=dict(self.env, **(env or {})), stdout=log, stderr=log)
        log.close()
        if wait:
            until(lambda: self.process.poll() is not None or self.bus.has_owner(NAME), "the manager's name")
            check(self.process.poll() is None, "the manager ended:", self.log.read_text())
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        until(lambda: not self.bus.has_owner(NAME), "the name to go")

    def restart(self):
        self.kill()
        self.start()

    def stop(self):
        """An orderly end; anything that a sanitizer says is a failure."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                status = self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired as expired:
                self.process.kill()
                self.process.wait()
                raise Failure("the manager does not end") from expired
            until(lambda: not self.bus.has_owner(NAME), "the name to go")
        else:
            status = self.process.returncode
        text = self.log.read_text(errors="replace")
        check(status == 0 and "ERROR: AddressSanitizer" not in text and "runtime error" not in text and
              "CRITICAL" not in text, f"status {status}\n{text[-4000:]}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            until(lambda: not self.bus.has_owner(NAME), "the name to go")
        for pid_file in self.run.glob("*.pid") if self.run.exists() else ():
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(pid_file.read_text()), signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, signature="()", *args, path=ROOT, interface=NAME, timeout=20000):
        try:
            answer = self.bus.connection.call_sync(NAME, path, interface, method, GLib.Variant(signature, args), None,
                                                   Gio.DBusCallFlags.NO_AUTO_START, timeout, None)
        except GLib.Error as error:
            name = Gio.dbus_error_get_remote_error(error) or "?"
            message = error.message.removeprefix(f"GDBus.Error:{name}: ")
            raise BusError(name.removeprefix(ERROR), message) from None
        values = answer.unpack()
        return values[0] if len(values) == 1 else values

    def get(self, path, interface, name):
        return self.call("Get", "(ss)", interface, name, path=path, interface="org.freedesktop.DBus.Properties")

    def objects(self):
        return self.call("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager")

    def wait_job(self, job):
        def over():
            properties = self.call("GetAll", "(s)", "org.mullion.Job1", path=job,
                                   interface="org.freedesktop.DBus.Properties")
            return properties["State"] != "running" and properties
        return until(over, f"job {job}")

    def done(self, job):
        properties = self.wait_job(job)
        if properties["State"] != "done":
            raise BusError(properties["Error"].removeprefix(ERROR), properties["Message"])
        return properties["Result"]

    def cancel(self, job):
        self.call("Cancel", path=job, interface="org.mullion.Job1")

    def vm(self, name):
        return Vm(self, self.call("FindVm", "(s)", name))

    def vm_names(self):
        return sorted(interfaces["org.mullion.Vm1"]["Name"] for interfaces in self.objects().values()
                      if "org.mullion.Vm1" in interfaces)

    def kernel(self):
        image = self.state / "images/vmlinux"
        if not image.exists():
            image.write_bytes(b"\x7fELF" + bytes(1020))
        return str(image)

    def create(self, name, **settings):
        """A VM that can start. Settings with "_" for "-"; disks=[{...}] with plain values."""
        settings.setdefault("kernel", self.kernel())
        result = self.done(self.call("CreateVm", "(sa{sv})", name, variants(settings)))
        return Vm(self, result["vm"])

    def inject(self, **operations):
        """inject(create={"delay": 500, "error": "FAILED"})"""
        text = "".join(f"[{operation}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())
                       for operation, keys in operations.items())
        (self.fake / "inject").write_text(text)

    def domains(self):
        return sorted(int(path.name[4:]) for path in self.fake.glob("dom-*"))

    def guest(self, domain, **keys):
        """Be the guest: write keys into its domain's file."""
        path = self.fake / f"dom-{domain}"
        lines = [line for line in path.read_text().splitlines() if line.split("=")[0] not in keys]
        beside = self.fake / "new"
        beside.write_text("\n".join(lines + [f"{key}={value}" for key, value in keys.items()]) + "\n")
        beside.rename(path)

    def domain_key(self, domain, key):
        for line in (self.fake / f"dom-{domain}").read_text().splitlines():
            if line.split("=")[0] == key:
                return line.split("=", 1)[1]
        return None

    def programs(self):
        log = self.folder / "programs"
        return log.read_text().splitlines() if log.exists() else []


def variant(value):
    if isinstance(value, bool):
        return GLib.Variant("b", value)
    if isinstance(value, int):
        return GLib.Variant("t", value)
    if isinstance(value, list):
        return GLib.Variant("aa{sv}", [variants(item) for item in value])
    return GLib.Variant("s", value)


def variants(settings):
    return {key.replace("_", "-"): variant(value) for key, value in settings.items()}


def fails(name, what, *args, **options):
    """Calling what(*args) must give this error; returns its message."""
    try:
        value = what(*args, **options)
    except BusError as error:
        equal(error.name, name, error.message)
        return error.message
    raise Failure(f"no error but {value!r}; {name} was due")
