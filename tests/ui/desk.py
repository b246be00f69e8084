# SPDX-License-Identifier: GPL-2.0-or-later
"""A display, a session bus with the accessibility services, a system bus with the real manager on the fake
hypervisor, and the application on them. Tests look at it and work it as a screen reader does, and with real keys."""

import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
SHOTS = TOP / "build/ui-screenshots"
sys.path.insert(0, str(TOP / "tests/manager"))
import harness  # noqa: E402 (found there)
from harness import Failure, check, equal, until  # noqa: E402,F401 (tests import these from here)

SCREEN = "2720x2000x24"  # a window of 1100x720 at twice the size, and a menu that sticks out
# What programs of the desktop say about a session that lacks this and that; never a word of GTK or of ours.
STATES = {"checked": 4, "editable": 7, "enabled": 8, "expanded": 10, "focusable": 11, "focused": 12, "selected": 23,
          "sensitive": 24, "showing": 25, "visible": 30, "active": 1, "modal": 16, "pressed": 20}  # AT-SPI's StateType
NOTHING = "/org/a11y/atspi/null"
# GTK 3.24's accessible of a popover asks the widget that has just gone, when a screen reader asks it at that moment.
HARMLESS = re.compile(r"^\s*$|dconf-WARNING|gtk_popover_get_modal: assertion|AT-SPI: Could not obtain desktop path|Couldn't register with accessibility bus")


class Desktop:
    """The display and the buses, once for all tests. Sets what libraries of this process want to know."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ.update(XDG_RUNTIME_DIR=str(runtime), HOME=str(folder), XDG_CONFIG_HOME=str(folder / "config"),
                          XDG_CACHE_HOME=str(folder / "cache"), XDG_DATA_HOME=str(folder / "data"),
                          GSETTINGS_BACKEND="memory", LC_ALL="C.UTF-8", LANGUAGE="", GDK_BACKEND="x11",
                          GIO_USE_VFS="local", GTK_THEME="Adwaita", NO_AT_BRIDGE="0")
        os.environ.pop("WAYLAND_DISPLAY", None)
        os.environ["DISPLAY"] = ":" + self.line(["Xvfb", "-displayfd", "1", "-screen", "0", SCREEN, "-nolisten", "tcp",
                                                 "-noreset", "-dpi", "96"])
        self.session = self.line(["dbus-daemon", "--session", "--nofork", "--print-address"])
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = self.session
        self.spawn(["openbox", "--sm-disable"])
        import gi
        gi.require_version("Gdk", "3.0")
        from gi.repository import Gdk, Gio, GLib
        self.gdk, self.glib = Gdk, GLib
        Gdk.init([])
        self.access = self.connect(Gio, self.connect(Gio, self.session).call_sync(
            "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None, 0, 30000, None).unpack()[0])
        # From here on "the session bus" is what managers are started on; it is the system bus to the application.
        self.bus = harness.Bus(folder)

    @staticmethod
    def connect(gio, address):
        return gio.DBusConnection.new_for_address_sync(address, gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
                                                       gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)

    def spawn(self, command, **options):
        options.setdefault("stdout", subprocess.DEVNULL)
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def line(self, command):
        """Start a program that says one line when it is ready."""
        process = self.spawn(command, stdout=subprocess.PIPE, text=True)
        ready, _, _ = select.select([process.stdout], [], [], 30)
        check(ready, command[0], "does not start")
        text = process.stdout.readline().strip()
        check(text, command[0], "ended")
        return text

    def close(self):
        self.bus.close()
        for process in reversed(self.processes):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            if process.poll() is None:
                process.kill()
                process.wait()


class Node:
    """One accessible thing, asked for over the accessibility bus each time. libatspi is not used: what comes in while it
    waits for an answer can lock it up for good."""

    def __init__(self, app, name, path):
        self.app, self.bus_name, self.path = app, name, path

    def call(self, interface, method, signature=None, *args):
        arguments = self.app.desktop.glib.Variant(signature, args) if signature else None
        return self.app.desktop.access.call_sync(self.bus_name, self.path, interface, method, arguments, None, 0, 10000,
                                                 None).unpack()

    def ask(self, method, signature=None, *args, interface="Accessible"):
        return self.call("org.a11y.atspi." + interface, method, signature, *args)

    def get(self, name, interface="Accessible"):
        return self.call("org.freedesktop.DBus.Properties", "Get", "(ss)", "org.a11y.atspi." + interface, name)[0]

    @property
    def name(self):
        return self.get("Name")

    @property
    def role(self):
        return self.ask("GetRoleName")[0]

    @property
    def description(self):
        return self.get("Description")

    @property
    def text(self):
        if "org.a11y.atspi.Text" in self.ask("GetInterfaces")[0]:
            return self.ask("GetText", "(ii)", 0, -1, interface="Text")[0]
        return self.name

    @property
    def value(self):
        """Of a spin button, a level bar."""
        return self.get("CurrentValue", "Value")

    @value.setter
    def value(self, value):
        self.call("org.freedesktop.DBus.Properties", "Set", "(ssv)", "org.a11y.atspi.Value", "CurrentValue",
                  self.app.desktop.glib.Variant("d", value))

    @property
    def states(self):
        words = self.ask("GetState")[0]
        return words[0] | words[1] << 32

    def has(self, state):
        """has("sensitive"), "showing", "checked", "focused", "selected" ..."""
        return bool(self.states >> STATES[state] & 1)

    def press(self):
        check(self.has("sensitive"), f"“{self.name}” ({self.role}) is not sensitive")
        check(self.ask("DoAction", "(i)", 0, interface="Action")[0], f"“{self.name}” ({self.role}) has no action")
        return self

    def select(self):
        """Of a row in a list, an entry in a combo box."""
        parent = Node(self.app, *self.get("Parent"))
        parent.ask("SelectChild", "(i)", self.ask("GetIndexInParent")[0], interface="Selection")
        return self

    def write(self, text):
        check(self.ask("SetTextContents", "(s)", text, interface="EditableText")[0], "cannot write into", self.name)
        return self

    def focus(self):
        self.ask("GrabFocus", interface="Component")
        return self

    def extents(self):
        """x, y, width, height on the screen."""
        return self.ask("GetExtents", "(u)", 0, interface="Component")[0]

    def children(self):
        return [Node(self.app, *child) for child in self.ask("GetChildren")[0] if child[1] != NOTHING]

    def walk(self):
        """It and all below it that is shown, also what is scrolled out of sight."""
        yield self
        for child in self.children():
            if child.states >> STATES["visible"] & 1:
                yield from child.walk()

    def find(self, name=None, role=None, **states):
        return self.app.find(name, role, within=self, **states)

    def dump(self, depth=0):
        lines = [f"{'  ' * depth}{self.role} “{self.name}”"]
        for child in self.children():
            if child.has("visible"):
                lines.append(child.dump(depth + 1))
        return "\n".join(lines)


class App:
    """The application, on a manager of its own."""

    def __init__(self, desk, arguments=(), env=None, wait=True):
        self.desktop = desk.desktop
        self.desk = desk
        folder = pathlib.Path(tempfile.mkdtemp(prefix="app", dir=self.desktop.folder))
        self.log = folder / "stderr"
        self.env = dict(os.environ, MULLION_BUS_ADDRESS=self.desktop.bus.address, XDG_CONFIG_HOME=str(desk.config),
                        DBUS_SESSION_BUS_ADDRESS=self.desktop.session)
        self.env.update(env or {})
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([desk.program, *arguments], env=self.env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        self.root = None
        if wait:
            self.root = until(self.locate, "the application's window")

    def locate(self):
        check(self.process.poll() is None, "the application ended:", self.output())
        registry = Node(self, "org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
        for child in registry.children():
            try:
                pid = self.desktop.access.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                                    "GetConnectionUnixProcessID",
                                                    self.desktop.glib.Variant("(s)", (child.bus_name,)), None, 0, 10000,
                                                    None).unpack()[0]
                if pid == self.process.pid and child.children():
                    return child
            except self.desktop.glib.Error:  # it has just gone
                continue
        return None

    def try_find(self, name=None, role=None, within=None, **states):
        """name: exact, or a compiled pattern. states: sensitive=True ... Shown things only."""
        try:
            for node in (within or self.root).walk():
                if role is not None and node.role != role:
                    continue
                if name is not None and not (name.search(node.name) if hasattr(name, "search") else node.name == name):
                    continue
                if node.has("showing") and all(node.has(state) == value for state, value in states.items()):
                    return node
        except self.desktop.glib.Error:  # it went away while we looked
            check(self.process.poll() is None, "the application ended:", self.output())
        return None

    def find(self, name=None, role=None, within=None, seconds=harness.PATIENCE, **states):
        """Wait for it."""
        try:
            return until(lambda: self.try_find(name, role, within, **states), f"{role or 'anything'} “{name}” {states or ''}",
                         seconds)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.root.dump()}\n{self.output()}") from None

    def gone(self, name=None, role=None, **states):
        until(lambda: not self.try_find(name, role, **states), f"{role or 'thing'} “{name}” to go")

    def press(self, name, role=None, **states):
        return self.find(name, role, sensitive=True, **states).press()

    def row(self, title):
        """The row of a VM in the list."""
        listing = self.find("Virtual machines", "list box")
        return self.find(re.compile("^" + re.escape(title) + ", "), "list item", within=listing)

    def select(self, title):
        self.row(title).select()
        self.find(title, "label")

    def key(self, *keys):
        """Real key events to the window in front: key("ctrl+n"), key("a", "Return")."""
        subprocess.run(["xdotool", "key", "--clearmodifiers", *keys], check=True, timeout=20)

    def type(self, text):
        subprocess.run(["xdotool", "type", "--delay", "2", text], check=True, timeout=60)

    def click(self, node, button=1):
        """A real click into the middle of it (at GDK_SCALE 1)."""
        x, y, width, height = node.extents()
        subprocess.run(["xdotool", "mousemove", str(x + width // 2), str(y + height // 2),
                        "click", str(button)], check=True, timeout=20)

    def active(self):
        """Wait until a window of the application has the keyboard."""
        def owner():
            run = subprocess.run(["xdotool", "getactivewindow", "getwindowpid"], capture_output=True, text=True, check=False)
            return run.stdout.strip() == str(self.process.pid)
        until(owner, "the keyboard's focus")

    @staticmethod
    def geometry():
        """Of the window in front: x, y, width, height."""
        run = subprocess.run(["xdotool", "getactivewindow", "getwindowgeometry", "--shell"], capture_output=True,
                             text=True, check=True)
        place = dict(line.split("=") for line in run.stdout.split())
        return [int(place[key]) for key in ("X", "Y", "WIDTH", "HEIGHT")]

    def frame_extents(self):
        """Width of the shadow that GTK draws around the window in front: left, right, top, bottom."""
        window = subprocess.run(["xdotool", "getactivewindow"], capture_output=True, text=True, check=True).stdout.strip()
        run = subprocess.run(["xprop", "-id", window, "_GTK_FRAME_EXTENTS"], capture_output=True, text=True, check=False)
        words = run.stdout.split("=")[-1].replace(",", " ").split()
        return [int(word) for word in words] if len(words) == 4 else [0] * 4

    def size(self):
        """Of the window in front, without shadow."""
        _, _, width, height = self.geometry()
        left, right, top, bottom = self.frame_extents()
        return width - left - right, height - top - bottom

    def smallest(self):
        """The least size that the window in front can have: width, height."""
        window = subprocess.run(["xdotool", "getactivewindow"], capture_output=True, text=True, check=True).stdout.strip()
        run = subprocess.run(["xprop", "-id", window, "WM_NORMAL_HINTS"], capture_output=True, text=True, check=True)
        found = re.search(r"minimum size: (\d+) by (\d+)", run.stdout)
        left, right, top, bottom = self.frame_extents()
        return (int(found[1]) - left - right, int(found[2]) - top - bottom) if found else (0, 0)

    def resize(self, width, height):
        """Of the window in front; comes back when the application has seen it, too."""
        left, right, top, bottom = self.frame_extents()
        subprocess.run(["xdotool", "getactivewindow", "windowsize", str(width + left + right), str(height + top + bottom)],
                       check=True, timeout=20)
        until(lambda: self.size() == (width, height), "the size")
        frame = next(node for node in self.root.children() if node.has("active"))
        until(lambda: list(frame.extents()[2:]) == self.geometry()[2:], "the application to see its size")

    def screenshot(self, name):
        """The window in front, as it is on the screen, to build/ui-screenshots/NAME.png. Settles first: what is drawn
        twice the same is drawn."""
        gdk = self.desktop.gdk
        self.active()
        root = gdk.get_default_root_window()
        area = self.geometry()
        area[0], area[1] = max(area[0], 0), max(area[1], 0)
        area[2] = min(area[2], root.get_width() - area[0])
        area[3] = min(area[3], root.get_height() - area[1])

        def picture():
            return gdk.pixbuf_get_from_window(root, *area)
        last, end = picture(), time.monotonic() + 5
        while time.monotonic() < end:  # a spinner never settles
            time.sleep(0.15)  # two frames of the slowest animation
            new = picture()
            if new.get_pixels() == last.get_pixels():
                break
            last = new
        SHOTS.mkdir(parents=True, exist_ok=True)
        last.savev(str(SHOTS / f"{name}.png"), "png", [], [])

    def output(self):
        return self.log.read_text(errors="replace")

    def quit(self):
        """An orderly end without a word on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(harness.PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failure("the application does not end") from None
        check(self.process.returncode in (0, -signal.SIGTERM), f"status {self.process.returncode}\n{self.output()}")
        words = [line for line in self.output().splitlines() if not HARMLESS.search(line)]
        check(not words, "on stderr:", "\n".join(words))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Desk:
    """What a test gets: a manager, and applications."""

    def __init__(self, desktop, program, manager_program):
        self.desktop, self.program = desktop, program
        desktop.bus.allow()
        self.manager = harness.Manager(desktop.bus, manager_program)
        self.config = self.manager.folder / "config"
        self.config.mkdir()
        self.apps = []

    def start(self, *arguments, wait=True, **env):
        """desk.start("--show", "web", GTK_THEME="Adwaita:dark")"""
        app = App(self, arguments, env, wait)
        self.apps.append(app)
        return app

    def four_looks(self, show):
        """Call show(app, suffix) with an application at 1x and 2x, light and dark; it takes the screenshots."""
        for scale in ("1", "2"):
            for theme, word in (("Adwaita", "light"), ("Adwaita:dark", "dark")):
                app = self.start(GDK_SCALE=scale, GTK_THEME=theme)
                show(app, f"{word}-{scale}x")
                app.quit()

    def finish(self):
        for app in self.apps:
            app.quit()
        self.manager.stop()

    def close(self):
        for app in self.apps:
            app.kill()
        self.manager.close()


@contextlib.contextmanager
def desktop():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mullion-ui-"))
    one = None
    try:
        one = Desktop(folder)
        yield one
    finally:
        if one:
            one.close()
        shutil.rmtree(folder, ignore_errors=True)
