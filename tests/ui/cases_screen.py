# SPDX-License-Identifier: GPL-2.0-or-later
"""A VM's screen: its console, the frame, full screen, the chords, and guests that mean harm."""

import contextlib
import random
import re
import subprocess

from desk import Failure, check, equal, until
from guest import Guest


@contextlib.contextmanager
def screen(desk, *names, before=b"", **settings):
    """Running VMs of these names, and the application on the screen of the first."""
    guest = Guest(desk.manager)
    vms = [desk.manager.create(name, memory=64, **settings) for name in names]
    for vm in vms:
        vm.job("Start", "(a{sv})", {})
    if before:
        guest.say(before)
    app = desk.start("--show", names[0])
    app.find(names[0], "label")
    app.press("Screen", "radio button")
    app.find(f"Text console of {names[0]}", "terminal")
    try:
        yield app, guest, vms
    finally:
        guest.close()


def terminal(app, name="web"):
    return app.find(f"Text console of {name}", "terminal")


def shows(app, text, name="web"):
    try:
        until(lambda: text in terminal(app, name).text, f"“{text}” on the console of {name}")
    except Failure as failure:
        raise Failure(f"{failure}; there is {terminal(app, name).text[-2000:]!r}") from None


def take_keyboard(app, name="web"):
    app.active()
    app.click(terminal(app, name))
    app.find(re.compile("Keys go to the VM"), "label")


def geometry():
    run = subprocess.run(["xdotool", "getactivewindow", "getwindowgeometry", "--shell"], capture_output=True, text=True,
                         check=True)
    values = dict(line.split("=") for line in run.stdout.split())
    return [int(values[key]) for key in ("X", "Y", "WIDTH", "HEIGHT")]


def is_full():
    display = subprocess.run(["xdotool", "getdisplaygeometry"], capture_output=True, text=True, check=True).stdout
    return geometry() == [0, 0] + [int(word) for word in display.split()]


def pixels(app, place):
    """The colour in the middle of a row of points (x, y), as #rrggbb."""
    root = app.desktop.gdk.get_default_root_window()
    data = app.desktop.gdk.pixbuf_get_from_window(root, place[0], place[1], 1, 1).get_pixels()
    return "#" + bytes(data[:3]).hex()


def test_reads_and_types(desk):
    with screen(desk, "web", before="Debian GNU/Linux\r\nlogin: ") as (app, guest, _):
        shows(app, "login:")
        take_keyboard(app)
        app.type("root")
        app.key("Return")
        guest.hears(b"root\r")
        guest.say("Password: ")
        shows(app, "Password:")
        app.find(re.compile("^This is the text console: there is no graphical display yet"), "label")
        app.screenshot("screen")


def test_all_keys_but_chords_are_the_guests(desk):
    with screen(desk, "web") as (app, guest, _):
        take_keyboard(app)
        # Without the guest these quit, search, leave for another page, close.
        app.key("ctrl+q", "ctrl+f", "ctrl+n", "Tab", "F1", "ctrl+e", "Escape")
        guest.hears(b"\x11\x06\x0e\x09")
        guest.hears(b"\x05\x1b")
        app.key("ctrl+alt+Home")
        until(lambda: not terminal(app).has("focused"), "the keyboard to come back")
        app.find("Full Screen", "push button", focused=True)
        equal(guest.listen(0.3), b"", "the chord")
        check(not is_full(), "it is full screen")
        vm = desk.manager.create("work", memory=64)
        vm.job("Start", "(a{sv})", {})
        app.key("ctrl+alt+Next")
        app.find("Text console of work", "terminal", focused=True)
        app.key("ctrl+alt+Next")
        app.find("Text console of web", "terminal", focused=True)
        equal(guest.listen(0.2), b"", "the chord")


def test_full_screen_and_switch(desk):
    # The guest asks for every mode that changes what keys mean.
    modes = "\x1b[?1h\x1b=\x1b[?2004h\x1b[>4;2m\x1b[>1u\x1b[=31u\x1b[?9001h\x1b[?1003;1006h\x1b[20h"
    with screen(desk, "web", "work", before=modes) as (app, guest, _):
        take_keyboard(app)
        app.key("ctrl+alt+Return")
        until(is_full, "full screen")
        app.find(re.compile("^Ctrl.Alt.Home leaves full screen"), "label")
        check(not app.try_find("Virtual machines", "list box"), "the list is still there")
        app.find("Keys go to the VM. Ctrl+Alt+Home takes them back.", "label")
        # The window manager closes windows, and switches between them, with these: now they are the guest's.
        app.key("alt+F4", "alt+Tab", "super+d", "x")
        heard = guest.hears(b"x")
        check(b"\x1b" in heard, "alt+F4 did not come to the guest:", heard)
        app.key("ctrl+alt+Next")
        app.find("Text console of work", "terminal")
        until(is_full, "full screen")
        check(not app.try_find("Virtual machines", "list box"), "the list is back")
        app.find("Text console of work", "terminal", focused=True)
        app.key("y")
        equal(guest.hears(b"y"), b"", "before y")
        app.screenshot("screen-full")
        app.key("ctrl+alt+Prior")
        app.find("Text console of web", "terminal", focused=True)
        app.key("ctrl+alt+Home")
        until(lambda: not is_full(), "the window")
        app.find("Virtual machines", "list box")
        equal(guest.listen(0.3), b"", "the chords")
        # The window manager has its keys back.
        app.key("alt+F4")
        until(lambda: app.process.poll() is not None, "the window to close")


def test_another_window_gets_its_keys(desk):
    """A question for a password must not end up in a VM: full screen holds keys only while it is in front."""
    with screen(desk, "web") as (app, guest, _):
        gtk = gtk_of(app)
        take_keyboard(app)
        app.key("ctrl+alt+Return")
        until(is_full, "full screen")
        app.find("Text console of web", "terminal", focused=True)
        window = gtk.Window(title="Password?")
        entry = gtk.Entry()
        window.add(entry)
        window.show_all()
        context = app.desktop.glib.MainContext.default()
        settled(context, window.get_mapped, "the other window")
        for _ in range(20):
            context.iteration(False)
        subprocess.run(["xdotool", "search", "--sync", "--name", "^Password.$", "windowactivate"], check=True, timeout=20)
        settled(context, window.is_active, "the other window")
        app.find("Text console of web", "terminal", focused=False)
        app.type("secret")
        settled(context, lambda: entry.get_text() == "secret", "the other window's keys")
        window.destroy()
        app.desktop.gdk.Display.get_default().sync()
        app.active()
        app.find("Text console of web", "terminal", focused=True)
        app.key("alt+F4", "z")
        check(b"secret" not in guest.hears(b"z"), "the guest heard the password")
        check(app.process.poll() is None, "alt+F4 closed the window")


def settled(context, condition, what):
    until(lambda: (context.iteration(False), condition())[1], what)


def test_window_manager_ends_full_screen(desk):
    with screen(desk, "web") as (app, _, vms):
        take_keyboard(app)
        app.key("ctrl+alt+Return")
        until(is_full, "full screen")
        app.key("ctrl+alt+Return")
        until(lambda: not is_full(), "the window")
        app.find("Virtual machines", "list box")
        app.key("ctrl+alt+Return")
        until(is_full, "full screen")
        # The VM ends and is deleted: nobody is left in a full screen without a way out.
        vms[0].job("ForceOff")
        app.find("It was forced off.", "label")
        check(is_full(), "an end of the VM must not move the window")
        vms[0].job("Delete", "(a{sv})", {})
        until(lambda: not is_full(), "the window")
        app.find("Virtual machines", "list box")


def test_frame_has_the_colour(desk):
    with screen(desk, "web", colour="red", before="\x1b[41m\x1b[2J\x1b[H") as (app, _, _):
        app.active()
        left, top, width, height = terminal(app).extents()
        middle = top + height // 2
        app.find("web", "label")
        app.find("Running · red", "label")
        until(lambda: pixels(app, (left - 3, middle)) == "#d7263d", "the frame's left side")
        equal(pixels(app, (left + width // 2, top + height + 3)), "#d7263d", "its lower side")
        app.key("ctrl+alt+Return")
        until(is_full, "full screen")
        width, height = geometry()[2:]
        for point in ((2, height // 2), (width - 3, height // 2), (width // 2, height - 3), (2, 2)):
            until(lambda: pixels(app, point) == "#d7263d", f"the frame at {point}, {pixels(app, point)}")
        app.key("ctrl+alt+Home")
        until(lambda: not is_full(), "the window")


def test_end_and_next_run(desk):
    with screen(desk, "web") as (app, guest, vms):
        guest.say("first run\r\n")
        shows(app, "first run")
        vms[0].job("ForceOff")
        app.find("It was forced off.", "label")
        shows(app, "first run")
        app.screenshot("screen-ended")
        vms[0].job("Start", "(a{sv})", {})
        shows(app, "started again")
        guest.say("second run\r\n")
        shows(app, "second run")
        shows(app, "first run")
        app.gone("It was forced off.", "label")


def test_manager_restart(desk):
    with screen(desk, "web") as (app, guest, _):
        guest.say("before\r\n")
        shows(app, "before")
        desk.manager.restart()
        app.row("web")
        app.press("Screen", "radio button")
        terminal(app)
        guest.say("after\r\n")
        shows(app, "after")


def test_denied_and_again(desk):
    guest = Guest(desk.manager)
    desk.manager.create("web", memory=64).job("Start", "(a{sv})", {})
    desk.desktop.bus.allow(console="no")
    app = desk.start("--show", "web")
    app.press("Screen", "radio button")
    app.find("The console of “web” cannot be shown", "label")
    app.screenshot("screen-denied")
    desk.desktop.bus.allow()
    app.press("Try Again", "push button")
    guest.say("hello")
    shows(app, "hello")
    guest.close()


def test_off(desk):
    desk.manager.create("web", memory=64)
    app = desk.start("--show", "web")
    app.press("Screen", "radio button")
    app.find("web: Stopped", "label")
    app.find("Its console appears here when it runs.", "label")
    app.screenshot("screen-off")


def clipboard(app, kind="CLIPBOARD"):
    gtk = gtk_of(app)
    return gtk.Clipboard.get(app.desktop.gdk.Atom.intern(kind, False)).wait_for_text()


def gtk_of(app):
    import gi
    gi.require_version("Gtk", "3.0")
    from gi.repository import Gtk
    return Gtk


def memory(app):
    """Resident, MiB."""
    with open(f"/proc/{app.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 >> 20


HOSTILE = [
    "\x1b]52;c;c3RvbGVu\x07", "\x1b]52;p;c3RvbGVu\x1b\\", "\x9d52;c;c3RvbGVu\x9c",  # the clipboard, 7 and 8 bit
    "\x1b]0;stolen\x07", "\x1b]2;stolen\x1b\\", "\x1b]1;stolen\x07", "\x1b[22t\x1b[23t",  # titles
    "\x1b]8;;http://evil.example/\x07stolen\x1b]8;;\x07", "\x1b]7;file:///etc\x07", "\x1b]777;notify;stolen;stolen\x07",
    "\x1b]9;stolen\x07", "\x1b]1337;File=inline=1:AAAA\x07", "\x1bP0;0q#0;2;0;0;0~-\x1b\\", "\x1b_Gf=100;AAAA\x1b\\",
    "\x1b[8;999;999t", "\x1b[4;4000;4000t", "\x1b[3;0;0t", "\x1b[2t", "\x1b[9;1t", "\x1b[10;1t",  # the window
    "\x1b[21t", "\x1b[20t", "\x1b]52;c;?\x07", "\x1bP+q544e\x1b\\", "\x1b]10;?\x07", "\x1b[>q",  # questions
    "\x07" * 500, "\x05" * 50, "\x1b[?3h", "\x1b[?5h\x1b[?5l" * 50, "\x1b[?1004h",
    "\x1b[9999999999b", "x\x1b[9999b", "\x1b[9999L\x1b[9999M\x1b[9999S\x1b[9999T", "\x1b[1;1r\x1b[99;1r",
    "\x1b[" + ";" * 5000 + "m", "\x1b]" + "A" * 10000, "e" + "\u0301" * 5000, "\u202e\u2066" * 500,
]


def test_hostile_output(desk):
    dice = random.Random(7)
    with screen(desk, "web", before="\x1b[6n\x1b[c\x1b[?6nready\r\n") as (app, guest, _):
        gtk = gtk_of(app)
        board = gtk.Clipboard.get(app.desktop.gdk.SELECTION_CLIPBOARD)
        board.set_text("precious", -1)
        shows(app, "ready")
        take_keyboard(app)
        title = subprocess.check_output(["xdotool", "getactivewindow", "getwindowname"], text=True)
        size = geometry()
        # What was asked before we looked is not answered now.
        equal(guest.listen(0.5), b"", "answers to the backlog")
        guest.say("\x1b[6n")
        guest.hears(b"R")
        for text in HOSTILE:
            guest.say(text + "\x18\r\n")
        guest.say("\x1bc\x1b[mstill here\r\n")
        shows(app, "still here")
        heard = guest.listen(0.3)
        check(b"stolen" not in heard and b"precious" not in heard and b"http" not in heard, "it was told", heard)
        before = memory(app)
        for _ in range(60):
            guest.say(bytes(dice.randrange(256) for _ in range(16384)))
            guest.listen()
        guest.say("\x18\x1b\\\x1bc\x1b[m\x1b(B\x0fstill here too\r\n")
        shows(app, "still here too")
        check(memory(app) < before + 48, "memory grew from", before, "to", memory(app), "MiB")
        equal(clipboard(app), "precious", "the clipboard")
        equal(subprocess.check_output(["xdotool", "getactivewindow", "getwindowname"], text=True), title, "the title")
        equal(geometry(), size, "the window")
        app.key("ctrl+alt+Home")
        app.find("Full Screen", "push button", focused=True)


def test_questions_are_not_answered_for_ever(desk):
    with screen(desk, "web") as (app, guest, _):
        guest.say("ready\r\n")
        shows(app, "ready")
        guest.say("\x1b[6n" * 20000)
        guest.say("\r\nafter\r\n")
        shows(app, "after")
        answers = guest.listen(0.5).count(b"R")
        check(0 < answers <= 200, f"{answers} answers to 20000 questions")


def test_paste_and_copy(desk):
    with screen(desk, "web") as (app, guest, _):
        guest.say("word\r\n")
        shows(app, "word")
        board = gtk_of(app).Clipboard.get(app.desktop.gdk.SELECTION_CLIPBOARD)
        board.set_text("from the clipboard", -1)
        app.find("Type the clipboard's text to the VM", "push button").press()
        context = app.desktop.glib.MainContext.default()
        settled(context, lambda: b"from the clipboard" in guest.listen(0.02), "the text at the guest")


def test_looks(desk):
    guest = Guest(desk.manager)
    desk.manager.create("web", memory=64, colour="yellow", title="Web browsing").job("Start", "(a{sv})", {})
    lines = [f"[\x1b[32m  OK  \x1b[m] Started \x1b[1munit {i}\x1b[m." for i in range(30)]
    guest.say("\r\n".join(lines) + "\r\n\r\nDebian GNU/Linux 12 web hvc0\r\n\r\nweb login: ")

    def show(app, look):
        app.row("Web browsing").select()
        app.press("Screen", "radio button")
        shows(app, "web login:", "Web browsing")
        app.screenshot(f"screen-{look}")
    desk.four_looks(show)
    guest.close()
