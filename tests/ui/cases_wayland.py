# SPDX-License-Identifier: GPL-2.0-or-later
"""The application as a client of a Wayland compositor: sway without a screen, keys from a virtual keyboard."""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile

from desk import SHOTS, Node, check, equal, until
from guest import Guest

CONFIG = """
xwayland disable
output * resolution 1280x800
default_border none
bindsym Mod4+x exec touch %(folder)s/pressed
bindsym Mod1+F4 kill
exec echo $WAYLAND_DISPLAY > %(folder)s/display
"""


class Compositor:
    """sway will not run as root, so it is nobody then."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mullion-wayland-"))
        self.keyboard = None
        self.pressed = self.folder / "pressed"  # the compositor has acted on Super+X
        (self.folder / "config").write_text(CONFIG % {"folder": self.folder})
        command = ["sway", "-c", self.folder / "config"]
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            command = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *command]
        env = dict(os.environ, XDG_RUNTIME_DIR=str(self.folder), HOME=str(self.folder), WLR_BACKENDS="headless",
                   WLR_LIBINPUT_NO_DEVICES="1", WLR_RENDERER="pixman", LIBSEAT_BACKEND="noop")
        env.pop("DISPLAY", None)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            name = until(self.name, "sway")
        except Exception:
            self.close()
            raise
        self.display = str(self.folder / name)
        # A seat without a keyboard gives nobody the focus; those of single keys come and go.
        self.keyboard = subprocess.Popen(["wtype", "-s", "3600000"], env=dict(os.environ, WAYLAND_DISPLAY=self.display))

    def name(self):
        check(self.process.poll() is None, "sway ended:", (self.folder / "log").read_text(errors="replace"))
        file = self.folder / "display"
        return file.exists() and file.read_text().strip()

    def run(self, *command):
        subprocess.run(command, env=dict(os.environ, WAYLAND_DISPLAY=self.display), check=True, timeout=20)

    def key(self, *modifiers_and_key):
        """key("ctrl", "alt", "Home")"""
        *modifiers, key = modifiers_and_key
        self.run("wtype", *[word for modifier in modifiers for word in ("-M", modifier)], "-k", key)

    def screenshot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.run("grim", str(SHOTS / f"wayland-{name}.png"))

    def close(self):
        if self.keyboard:
            self.keyboard.kill()
            self.keyboard.wait()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def wayland(desk, *arguments):
    compositor = Compositor()
    try:
        app = desk.start(*arguments, GDK_BACKEND="wayland", WAYLAND_DISPLAY=compositor.display)
        yield app, compositor
        app.quit()
    finally:
        for app in desk.apps:
            app.kill()
        compositor.close()


def active(app):
    return until(lambda: next((node for node in app.root.children() if node.has("active")), None), "an active window")


def test_main_pages(desk):
    guest = Guest(desk.manager)
    disks = [{"create_size": 1 << 20, "format": "qcow2"}]
    vm = desk.manager.create("web", memory=256, colour="blue", disks=disks, nics=[{"network": "default"}])
    vm.job("Start", "(a{sv})", {})
    guest.say("login: ")
    with wayland(desk, "--show", "web") as (app, compositor):
        active(app)
        app.find("Processors", "chart")
        compositor.screenshot("vm")
        app.press("Screen", "radio button")
        until(lambda: "login:" in app.find("Text console of web", "terminal").text, "the console")
        compositor.screenshot("screen")
        app.find("This machine", "list item").select()
        app.find("Storage of VMs", "level bar")
        app.press("Jobs", "toggle button")
        app.find("Starting: web", "list item")
        compositor.screenshot("machine")
        app.press("Jobs", "toggle button")
        app.gone("Starting: web", "list item")
        app.select("web")
        app.press("More actions", "toggle button")
        app.press("Settings…")
        window = app.find("Settings of “web”", "frame")
        app.find("Title", "text", sensitive=True)
        Node(app, *window.find("Disks", "label").get("Parent")).select()
        app.find(re.compile("^xvda: "), "list item")
        compositor.screenshot("settings")
        window.find("Cancel", "push button").press()
        app.press("New VM", "push button")
        app.find("Kernel", "radio button")
        compositor.screenshot("assistant")
        app.press("Cancel", "push button")
        app.gone("Kernel", "radio button")
    guest.close()


def test_keys_of_full_screen(desk):
    """What keyboard-shortcuts-inhibit is for: the compositor's keys are the guest's in full screen, and its own again after."""
    guest = Guest(desk.manager)
    for name in ("web", "work"):
        desk.manager.create(name, memory=64).job("Start", "(a{sv})", {})
    with wayland(desk, "--show", "web") as (app, compositor):
        app.press("Screen", "radio button")
        terminal = app.find("Text console of web", "terminal")
        active(app)
        terminal.focus()
        app.find(re.compile("Keys go to the VM"), "label")
        compositor.key("ctrl", "q")
        guest.hears(b"\x11")
        # In the window the compositor's keys are its own.
        compositor.key("logo", "x")
        until(compositor.pressed.exists, "the compositor's shortcut")
        compositor.pressed.unlink()
        compositor.key("ctrl", "alt", "Return")
        app.find(re.compile("^Ctrl.Alt.Home leaves full screen"), "label")
        app.find("Text console of web", "terminal", focused=True)
        compositor.key("logo", "x")
        compositor.key("alt", "F4")
        compositor.key("z")
        check(b"\x1b" in guest.hears(b"z"), "alt+F4 did not come to the guest")
        check(app.process.poll() is None and not compositor.pressed.exists(), "the compositor acted on keys of the guest")
        compositor.screenshot("full-screen")
        # The chords are the application's, whatever the guest does.
        compositor.key("ctrl", "alt", "Next")
        app.find("Text console of work", "terminal", focused=True)
        compositor.key("ctrl", "alt", "Home")
        app.find("Virtual machines", "list box")
        equal(guest.listen(0.2), b"", "the chords")
        compositor.key("logo", "x")
        until(compositor.pressed.exists, "the compositor's shortcut after full screen")
    guest.close()
