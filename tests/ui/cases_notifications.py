# SPDX-License-Identifier: GPL-2.0-or-later
"""Notifications of the desktop: what is told, what is not, and what a click does."""

import contextlib
import json
import os
import pathlib
import subprocess
import threading
import time

from desk import check, equal, until

SERVER = pathlib.Path(__file__).resolve().parent / "mock-notifications"
LONG = 5  # seconds, as in ui/notifier.c


class Notifications:
    def __init__(self, desk, kind):
        self.process = subprocess.Popen([SERVER, kind], env=dict(os.environ, DBUS_SESSION_BUS_ADDRESS=desk.desktop.session),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.events = []
        threading.Thread(target=self.read, daemon=True).start()
        until(lambda: self.events, "the notification server")

    def read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def shown(self):
        return [event[2:] for event in self.events if event[0] == "shown"]

    def wait(self, title, body, urgent):
        last = until(lambda: [words for words in self.shown() if words[0] == title], f"“{title}” in {self.events}")[-1]
        equal(last[:2], [title, body])
        check(last[2] in (None, urgent), f"urgency of “{title}”")
        return next(event[1] for event in reversed(self.events) if event[0] == "shown")

    def withdrawn(self, identity):
        until(lambda: ["withdrawn", identity] in self.events, f"notification {identity} to be withdrawn")

    def click(self, identity):
        self.process.stdin.write(f"click {identity}\n")
        self.process.stdin.flush()


@contextlib.contextmanager
def notifications(desk, kind="fdo"):
    one = Notifications(desk, kind)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()


def running(desk, *names, **settings):
    vms = [desk.manager.create(name, memory=64, **settings) for name in names]
    for vm in vms:
        vm.job("Start", "(a{sv})", {})
    return vms


def turn_away(app):
    """The person looks at something else."""
    app.active()
    subprocess.run(["xdotool", "getactivewindow", "windowminimize"], check=True)
    until(lambda: not any(node.has("active") for node in app.root.children()), "the window to lose the keyboard")


def end(desk, vm, how):
    desk.manager.guest(vm.domain, end=how, state="ended")
    vm.wait("crashed" if how == "crash" else "stopped")


def crash_and_click(desk, kind):
    web, mail = running(desk, "web", "mail")
    with notifications(desk, kind) as server:
        app = desk.start("--show", "web")
        app.row("mail")
        turn_away(app)
        end(desk, mail, "crash")
        identity = server.wait("“mail” has crashed", "Its screen shows what it said last.", True)
        server.click(identity)
        app.active()
        until(lambda: app.row("mail").has("selected"), "the VM that crashed to be shown")
        # Before the person's eyes nothing is told.
        count = len(server.shown())
        app.press("Start", "push button")
        mail.wait("running")
        end(desk, mail, "shutdown")
        app.find("mail, green, Stopped", "list item")
        equal(len(server.shown()), count, "notifications of what is seen")
        # Another VM is not seen, though the window is.
        end(desk, web, "shutdown")
        identity = server.wait("“web” has shut down", "The system in it did so by itself.", False)
        # A click would reach nobody when the application has ended.
        app.quit()
        server.withdrawn(identity)


def test_crash_is_told_and_a_click_shows_it(desk):
    crash_and_click(desk, "fdo")


def test_crash_is_told_to_gnome(desk):
    crash_and_click(desk, "gtk")


def test_what_was_asked_for_is_not_told(desk):
    web, mail, last = running(desk, "web", "mail", "last")
    with notifications(desk) as server:
        app = desk.start("--show", "web")
        app.press("Shut Down: mail", "push button")
        mail.wait("stopped")
        turn_away(app)
        web.job("Save")  # as with the command line
        first = last.domain
        desk.manager.guest(first, end="reboot", state="ended")
        until(lambda: last.domain not in (0, first) and last.state == "running", "the VM to run again")
        # The manager's restart ends nothing; what ends while it is away is told.
        desk.manager.restart()
        until(lambda: app.root.children() and desk.manager.vm("last").state == "running", "the VMs again")
        equal(server.shown(), [])
        domain = last.domain
        desk.manager.kill()
        desk.manager.guest(domain, end="shutdown", state="ended")
        desk.manager.start()
        identity = server.wait("“last” has shut down", "The system in it did so by itself.", False)
        equal(desk.start("--show", "web", wait=False).process.wait(30), 0)
        app.active()
        server.withdrawn(identity)
        app.quit()


def test_throw_away_copy_that_is_gone(desk):
    desk.manager.create("base", memory=64, template=True, disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    with notifications(desk) as server:
        app = desk.start("--show", "base")
        app.press("Throw-Away Copy", "push button")
        app.row("base-1")
        copy = desk.manager.vm("base-1")
        copy.wait("running")
        turn_away(app)
        desk.manager.guest(copy.domain, end="shutdown", state="ended")
        identity = server.wait("“base-1” has ended", "It was a throw-away VM: it is gone, and with it all that was in it.", False)
        server.click(identity)
        app.active()
        # One that was forced off in the window, looked at or not, is no news.
        app.row("base").select()
        app.press("Throw-Away Copy", "push button")
        app.row("base-1")
        desk.manager.vm("base-1").wait("running")
        app.press("More actions", "toggle button")
        app.press("Force Off…")
        app.press("Force Off", "push button")
        until(lambda: desk.manager.vm_names() == ["base"], "the copy to go")
        app.find("base, green, Template", "list item")
        equal(len(server.shown()), 1)
        app.quit()


def test_long_jobs(desk):
    web, _ = running(desk, "web", "mail")
    with notifications(desk) as server:
        app = desk.start("--show", "web")
        desk.manager.inject(save={"delay": (LONG + 1) * 1000})
        app.press("Save", "push button")
        app.find("Cancel: web", "push button")
        turn_away(app)
        identity = server.wait("Saving: web", "Done", False)
        equal(web.state, "saved")
        server.click(identity)
        app.active()
        desk.manager.inject(create={"error": "NO_MEMORY", "delay": 1000})
        app.press("Start", "push button")
        turn_away(app)
        until(lambda: len(server.shown()) == 2, "a notification of the failure")
        title, body, _ = server.shown()[-1]
        equal(title, "Restoring: web")
        check(body.startswith("Failed: web: "), body)
        app.quit()


def test_nobody_shows_notifications(desk):
    """No word on stderr, and all the rest works."""
    web, = running(desk, "web")
    app = desk.start("--show", "web")
    turn_away(app)
    end(desk, web, "crash")
    time.sleep(0.2)  # for what must not come
    app.find("web, green, Crashed", "list item")
