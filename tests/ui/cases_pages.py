# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of a VM and of the machine, and the small pictures of the list."""

import glob
import math
import os
import re
import time

from desk import check, equal, until
from guest import Guest


class Load:
    """A VM whose counters go on with time: in waves, or always as busy as it can."""

    def __init__(self, manager, domain, waves=True):
        self.file, self.domain, self.waves = manager.fake / "statistics", domain, waves
        self.last, self.sums = time.monotonic(), [10.0] * 5

    def count(self):
        now = time.monotonic()
        wave = 0.5 + 0.5 * math.sin(now * 1.3) if self.waves else 1.0
        for i, rate in enumerate((2.5e9 * wave, 3e6 * wave, 9e5 * (1 - wave), 4e5 * wave, 1e5 * wave * wave)):
            self.sums[i] += rate * (now - self.last)
        self.last = now
        names = ("cpu-time", "disk-read", "disk-written", "net-received", "net-sent")
        lines = [f"{name}={int(value)}" for name, value in zip(names, self.sums)]
        self.file.write_text("\n".join([f"[{self.domain}]", f"memory={int(300 + 180 * wave) << 20}", *lines, ""]))


def running(desk, name="web", **settings):
    vm = desk.manager.create(name, **{"memory": 512, "vcpus": 2, **settings})
    vm.job("Start", "(a{sv})", {})
    return vm


def described(app, name, pattern):
    """Wait until a plot says something."""
    return until(lambda: re.search(pattern, plain(app.find(name, "chart").description)), f"{name}: {pattern}")


def plain(text):
    """Between a number and its unit there is a space that does not break."""
    return text.replace("\xa0", " ")


def test_plots_follow_the_counters(desk):
    vm = running(desk)
    app = desk.start("--show", "web")
    described(app, "Memory", r"^64\.0 MiB of 512\.0 MiB$")
    described(app, "Disks", r"^― read 0 bytes/s +╌ written 0 bytes/s$")
    load = Load(desk.manager, vm.domain, waves=False)
    for name, pattern in (("Processors", r"^100 %$"), ("Memory", r"^480\.0 MiB of 512\.0 MiB$"),
                          ("Disks", r"^― read [2-4]\.[0-9] MiB/s +╌ written 0 bytes/s$"),
                          ("Network", r"^― received [3-5][0-9]{2}\.[0-9] KiB/s +╌ sent 9[0-9]\.[0-9] KiB/s$")):
        chart = app.find(name, "chart")
        until(lambda: (load.count(), re.search(pattern, plain(chart.description)))[1], f"{name}: {pattern}")
    # It rests.
    described(app, "Network", r"^― received 0 bytes/s +╌ sent 0 bytes/s$")
    vm.job("ForceOff")
    app.find(re.compile("^It does not run"), "label")


def test_facts_and_notes(desk):
    disks = [{"create_size": 20 << 30, "format": "raw"}]
    desk.manager.create("web", memory=512, vcpus=2, disks=disks, notes="Only for the bank.\nNot <b>for</b> mail.", colour="green")
    app = desk.start("--show", "web")
    for name, value in (("Name", "web"), ("Processors", "2"), ("Memory", "512.0\xa0MiB"), ("Trust", "green")):
        app.find(name, "label")
        app.find(value, "label")
    app.find("Only for the bank.\nNot <b>for</b> mail.", "label")
    app.find(re.compile(r"^xvda: /.*/xvda\.raw – 20\.0\sGiB, 0\sbytes of it used$"), "label")
    check(not app.try_find("Running for", "label"), "it does not run")


def test_what_went_wrong_stays_to_be_read(desk):
    vm = desk.manager.create("web", memory=512)
    desk.manager.inject(create={"error": "NO_MEMORY"})
    app = desk.start("--show", "web")
    app.press("Start", "push button")
    app.find("Went wrong", "label")
    app.find(vm.get("EndMessage"), "label")
    desk.manager.inject()
    vm.job("Start", "(a{sv})", {})
    app.gone("Went wrong", "label")


def test_addresses_of_the_guest(desk):
    vm = running(desk, nics=[{"network": "default", "mac": "00:16:3e:11:22:33"}])
    app = desk.start("--show", "web")
    app.find("default (00:16:3e:11:22:33)", "label")
    # The guest asks for an address, in the words of the DHCP server's file.
    (desk.manager.run / "default.leases").write_text("1900000000 00:16:3e:11:22:33 10.7.0.5 web *\n")
    app.find("default: 10.7.0.5 (00:16:3e:11:22:33)", "label")
    vm.job("ForceOff")


def test_machine(desk):
    desk.manager.create("web")
    app = desk.start()
    app.find("This machine", "list item").select()
    described(app, "Memory of the machine", r"^8\.0 GiB of 16\.0 GiB$")
    app.find("Fake", "label")
    app.find("16.0\xa0GiB, 8.0\xa0GiB of it free", "label")
    app.find("Storage of VMs", "level bar")


def test_temperatures_and_batteries(desk):
    sensors = desk.manager.fake / "sensors"
    sensors.write_text("[temperatures]\nchip one=48.5\nchip two=97\n[batteries]\nBAT0=42;Discharging\nBAT1=100;Full\n")
    desk.manager.create("web")
    app = desk.start()
    app.find("This machine", "list item").select()
    app.find("Storage of VMs", "level bar")
    # A machine with sensors of its own tells of those instead.
    wanted = {}
    if not glob.glob("/sys/class/hwmon/*/temp*_input"):
        wanted |= {"Temperature: chip one": "48 °C", "Temperature: chip two": "97 °C, hot"}
    if not glob.glob("/sys/class/power_supply/*"):
        wanted |= {"Battery: BAT0": "42 %, in use", "Battery: BAT1": "100 %, full"}
    for name, text in wanted.items():
        equal(app.find(name, "level bar").description, text, name)
    app.screenshot("machine-sensors")
    # What is no longer there, a battery taken out, leaves no row behind.
    sensors.write_text("[temperatures]\nchip one=51\n[batteries]\nBAT0=41;Charging\n")
    for name in ("Temperature: chip two", "Battery: BAT1"):
        app.gone(name, "level bar")


def test_log(desk):
    desk.manager.create("web")
    desk.desktop.bus.allow(host="no")
    app = desk.start()
    app.find("This machine", "list item").select()
    app.press("Show Log", "push button")
    app.find(re.compile("^The log could not be read. "), "label")
    check(not app.try_find("Search the log", sensitive=True), "a log that is not there can be searched")
    desk.desktop.bus.allow()
    app.press("Show Log", "push button")
    until(lambda: app.find("Hypervisor's log", "text").text == "(XEN) fake\n", "the log")
    app.press("Refresh", "push button")
    app.find("Refresh", "push button", sensitive=True)
    app.find("Search the log", "text").write("FAKE")
    text = app.find("Hypervisor's log", "text")
    until(lambda: text.ask("GetSelection", "(i)", 0, interface="Text") == (6, 10), "the match to be selected")
    app.press("Copy Log", "push button")
    import gi
    gi.require_version("Gtk", "3.0")
    from gi.repository import Gtk
    board = Gtk.Clipboard.get(app.desktop.gdk.SELECTION_CLIPBOARD)
    until(lambda: board.wait_for_text() == "(XEN) fake\n", "the log in the clipboard")


def sockets(manager):
    """How many sockets the manager has: a console's clients have one each."""
    count = 0
    for link in os.scandir(f"/proc/{manager.process.pid}/fd"):
        try:
            count += os.readlink(link.path).startswith("socket:")
        except OSError:  # closed since
            pass
    return count


def test_pictures_cost_what_is_seen(desk):
    guest = Guest(desk.manager)
    for i in range(40):
        running(desk, f"vm-{i:02}", memory=16)
    guest.say("hello\r\n")
    idle = sockets(desk.manager)
    app = desk.start()
    app.row("vm-00")
    until(lambda: sockets(desk.manager) > idle + 3, "consoles of what is in view")
    most = max(sockets(desk.manager) for _ in range(200))
    check(most <= idle + 20, f"{most - idle} consoles are open for a dozen rows")
    app.active()
    app.row("vm-00").focus()
    app.key("End")
    until(lambda: app.row("vm-39").has("selected") or app.row("vm-39").has("focused"), "the end of the list")
    until(lambda: 3 < sockets(desk.manager) - idle <= 20, "only what is in view")
    app.quit()
    until(lambda: sockets(desk.manager) < idle + 2, "all consoles to be closed")
    guest.close()


def test_looks(desk):
    guest = Guest(desk.manager)
    vm = running(desk, title="Web browsing", colour="orange", notes="Thrown away each evening.",
                 nics=[{"network": "default"}])
    running(desk, "bank", colour="green", memory=256)
    guest.say("\r\n".join(f"[\x1b[32m  OK  \x1b[m] Started \x1b[1munit number {i}\x1b[m." for i in range(18)))
    load = Load(desk.manager, vm.domain)

    def show(app, look):
        app.row("Web browsing").select()
        seen, chart = set(), app.find("Network", "chart")

        def moved():
            load.count()
            time.sleep(0.1)  # the application looks once a second
            seen.add(chart.description)
            return len(seen) > (8 if look == "light-1x" else 2)
        until(moved, "the plots to move", 60)
        app.screenshot(f"vm-{look}")
        app.find("This machine", "list item").select()
        app.find("Storage of VMs", "level bar")
        app.press("Show Log", "push button")
        app.find("Refresh", "push button", sensitive=True)
        app.screenshot(f"machine-{look}")
    desk.four_looks(show)
    guest.close()
