# SPDX-License-Identifier: GPL-2.0-or-later
"""The window: list, buttons, jobs, notices, and a manager that goes and comes back."""

import re
import time

from desk import check, equal, until

MORE = "More actions"


def test_empty_then_first_vm(desk):
    app = desk.start()
    app.find("No virtual machine yet", "label")
    desk.manager.create("web", memory=256)
    app.row("web")


def test_start_and_shut_down_in_one_click(desk):
    vm = desk.manager.create("web", memory=256)
    app = desk.start()
    app.press("Start: web", "push button")
    vm.wait("running")
    app.find("web, green, Running", "list item")
    app.press("Shut Down: web", "push button")
    vm.wait("stopped")
    app.find("Start: web", "push button")


def test_pause_save_discard(desk):
    vm = desk.manager.create("web", memory=256)
    app = desk.start("--show", "web")
    app.press("Start", "push button")
    app.press("Pause", "push button")
    vm.wait("paused")
    app.find("web, green, Paused", "list item")
    app.find("Save", "push button", sensitive=False)  # a VM that stands still cannot take part
    app.press("Continue", "push button")
    vm.wait("running")
    app.press("Save", "push button")
    vm.wait("saved")
    menu(app, "Discard Saved State…")
    app.find("Discard the saved state of “web”?", "label")
    app.press("Cancel", "push button")
    app.gone("Discard the saved state of “web”?", "label")
    equal(vm.state, "saved")
    menu(app, "Discard Saved State…")
    app.press("Discard", "push button")
    vm.wait("stopped")


def menu(app, item):
    """Something of the menu of the selected VM."""
    app.press(MORE, "toggle button")
    app.press(item)


def test_force_off_and_reset_ask(desk):
    vm = desk.manager.create("web", memory=256)
    vm.job("Start", "(a{sv})", {})
    app = desk.start("--show", "web")
    first = vm.domain
    menu(app, "Reset…")
    app.find("Reset “web”?", "label")
    app.press("Reset", "push button")
    until(lambda: vm.state == "running" and vm.domain != first, "a new domain")
    app.find("Shut Down: web", "push button")
    menu(app, "Force Off…")
    app.find("Force “web” off?", "label")
    app.key("Escape")
    app.gone("Force “web” off?", "label")
    equal(vm.state, "running")
    menu(app, "Force Off…")
    app.press("Force Off", "push button")
    vm.wait("stopped")
    app.find("Stopped – forced off", "label")


def test_deaf_guest_is_forced_off_while_it_is_asked(desk):
    vm = desk.manager.create("web", memory=256)
    vm.job("Start", "(a{sv})", {})
    desk.manager.guest(vm.domain, guest="slow")
    app = desk.start("--show", "web")
    app.press("Shut Down", "push button")
    app.find("web, green, Shutting down…", "list item")
    menu(app, "Force Off…")
    app.press("Force Off", "push button")
    vm.wait("stopped")
    app.find("Stopped – forced off", "label")
    check(not app.try_find(role="info bar"), "no notice is due")


def test_crashed_vm_that_is_kept_can_only_be_ended(desk):
    vm = desk.manager.create("web", memory=256, on_crash="preserve")
    vm.job("Start", "(a{sv})", {})
    app = desk.start("--show", "web")
    app.find("Shut Down: web", "push button")
    desk.manager.guest(vm.domain, state="ended", end="crash")
    vm.wait("crashed")
    app.press("Force Off: web", "push button")
    app.press("Force Off", "push button")
    until(lambda: not vm.domain, "the domain to go")
    app.find("Start: web", "push button")


def test_throw_away_copy_is_gone_at_its_end(desk):
    base = desk.manager.create("browser", memory=256)
    app = desk.start("--show", "browser")
    app.press("Throw-Away Copy", "push button")
    until(lambda: app.row("browser-1").has("selected"), "the copy to be shown")
    app.find("Running – throw-away VM, gone when it ends", "label")
    until(lambda: app.find("Screen", "radio button").has("checked"), "its screen")
    app.press("Shut Down: browser-1", "push button")
    until(lambda: desk.manager.vm_names() == ["browser"], "the copy to go")
    app.gone("browser-1", "label")
    equal(base.state, "stopped")


def test_delete_asks_and_can_keep_disks(desk):
    desk.manager.create("web", memory=256, disks=[{"target": "xvda", "create-size": 1 << 20, "format": "raw"}])
    app = desk.start("--show", "web")
    menu(app, "Delete…")
    app.find("Delete “web”?", "label")
    app.press("Keep the disks", "check box")
    app.press("Delete", "push button")
    until(lambda: not desk.manager.vm_names(), "the VM to go")
    app.find("No virtual machine yet", "label")
    check(list(desk.manager.state.glob("**/*xvda*")), "the disk is gone too")


def test_actions_follow_the_state(desk):
    """Exactly what the manager would take is offered."""
    vm = desk.manager.create("web", memory=256)
    app = desk.start("--show", "web")
    always = {"Settings…", "Clone…", "Delete…"}

    def offered():
        app.press(MORE, "toggle button")
        seen = until(lambda: {node.name for node in app.root.walk() if node.role in ("menu item", "check menu item", "push button")
                              and node.has("showing") and node.has("sensitive") and node.name in names}, "the menu")
        app.press(MORE, "toggle button")
        app.gone("Settings…")
        return seen - {"Start", "Pause", "Save", "Shut Down"}  # also buttons beside the menu
    names = always | {"Start Throw-Away Copy", "Reboot", "Reset…", "Force Off…", "Discard Saved State…"}
    equal(offered(), always | {"Start Throw-Away Copy"}, "stopped")
    vm.job("Start", "(a{sv})", {})
    app.find("Running", "label")
    app.find("Shut Down: web", "push button")
    equal(offered() & {"Reboot", "Reset…", "Force Off…", "Delete…", "Start Throw-Away Copy"},
          {"Reboot", "Reset…", "Force Off…"}, "running")
    vm.job("Save")
    app.find("Saved", "label")
    app.find("Start: web", "push button")
    check("Discard Saved State…" in offered() and "Reboot" not in offered(), "saved")


def test_job_with_progress_and_cancel(desk):
    vm = desk.manager.create("web", memory=256)
    vm.job("Start", "(a{sv})", {})
    desk.manager.inject(save={"delay": 20000})
    app = desk.start("--show", "web")
    app.press("Save", "push button")
    app.find("Cancel: web", "push button")
    app.press("Jobs", "toggle button")
    app.find("Saving: web", "list item")
    app.screenshot("window-job")
    app.press("Jobs", "toggle button")
    app.gone("Saving: web")         # a press while it closes would be part of that
    app.press("Cancel: web", "push button")
    vm.wait("running")
    app.press("Jobs", "toggle button")
    app.find("Cancelled", "label")
    check(not app.try_find("“web” could not be saved", "label"), "cancelling is no failure")


def test_notice_names_the_vm_and_what_to_do(desk):
    desk.manager.create("web", memory=256)
    desk.manager.create("mail", memory=256)
    desk.manager.inject(create={"error": "NO_MEMORY"})
    app = desk.start("--show", "web")
    app.press("Start", "push button")
    app.find("“web” could not be started", "label")
    app.find(re.compile("less memory"), "label")
    app.press("Start: mail", "push button")
    app.find("1 more", "label")
    app.press("Details", "push button")
    app.find("org.mullion.Error.NoMemory", "label")
    app.screenshot("window-notice")
    close_notice(app)
    app.find("“mail” could not be started", "label")
    app.press("Show VM", "push button")
    app.find("mail", "label")
    until(lambda: app.row("mail").has("selected"), "the VM to be selected")
    close_notice(app)
    app.gone("“mail” could not be started", "label")


def close_notice(app):
    bar = app.find(role="info bar")
    bar.find("Close", "push button").press()


def test_who_may_not_is_told(desk):
    vm = desk.manager.create("web", memory=256)
    desk.desktop.bus.allow(control="no")
    app = desk.start("--show", "web")
    app.press("Start", "push button")
    app.find("“web” could not be started", "label")
    app.find(re.compile("You have no right to do this"), "label")
    equal(vm.state, "stopped")


def test_manager_goes_and_comes_back(desk):
    vm = desk.manager.create("web", memory=256)
    desk.manager.create("mail", memory=256)
    vm.job("Start", "(a{sv})", {})
    app = desk.start("--show", "web")
    app.find("Running", "label")
    desk.manager.kill()
    app.find("The manager cannot be reached", "label")
    app.find(re.compile("^The manager .mulliond. does not run, and could not be started"), "label")
    app.screenshot("window-offline")
    app.press("Retry", "push button")
    app.find(re.compile("does not run"), "label")
    desk.manager.start()
    app.find("web", "label")
    until(lambda: app.row("web").has("selected"), "the VM to be selected again")
    app.press("Shut Down", "push button")
    vm.wait("stopped")


def test_no_bus(desk):
    app = desk.start(MULLION_BUS_ADDRESS="unix:path=/nonexistent/bus")
    app.find(re.compile("^The system’s message bus cannot be reached|^The system's message bus cannot be reached"), "label")
    app.press("Retry", "push button")
    app.find(re.compile("message bus cannot be reached"), "label")


def test_broken_definitions_and_odd_lines_are_shown(desk):
    desk.manager.create("web", memory=256)
    folder = next(path.parent for path in desk.manager.state.glob("**/web.*") if path.is_file())
    file = next(folder.glob("web.*"))
    (folder / f"bad{file.suffix}").write_text("[vm]\nmemory = -\n")
    file.write_text(file.read_text() + "\n[vm]\nnonsense = 1\n")
    desk.manager.call("Reload")
    app = desk.start("--show", "web")
    app.press("1 definition cannot be used", "toggle button")
    app.find(re.compile("bad"), "label")
    app.find("There is something odd in this VM’s file:", "label")
    app.screenshot("window-broken")


def test_search_and_keys(desk):
    for name in ("alpha", "beta", "gamma"):
        desk.manager.create(name, memory=64)
    app = desk.start()
    app.row("gamma")
    app.active()
    app.key("ctrl+f")
    app.find("Search virtual machines", "text", focused=True)
    app.type("bet")
    app.gone(re.compile("^alpha, "), "list item")
    app.row("beta")
    app.key("Escape")
    app.row("alpha").select()
    app.row("alpha").focus()
    app.key("Down")
    until(lambda: app.row("beta").has("selected"), "the next row")
    app.key("ctrl+Return")
    desk.manager.vm("beta").wait("running")
    app.find("beta, green, Running", "list item")
    app.find("Shut Down: beta", "push button")
    app.key("ctrl+p")
    desk.manager.vm("beta").wait("paused")
    app.key("ctrl+Home")
    until(lambda: app.find("This machine", "list item").has("selected"), "the machine")
    app.key("ctrl+question")
    app.find(re.compile("Read definitions again"), None)
    app.screenshot("window-shortcuts")
    app.key("Escape")


def test_menu_of_a_row_by_button_and_key(desk):
    vm = desk.manager.create("web", memory=64)
    app = desk.start()
    app.active()
    app.click(app.row("web"), button=3)
    app.find("Start Throw-Away Copy", "menu item")
    app.screenshot("window-context-menu")
    app.key("Escape")
    app.gone("Start Throw-Away Copy", "menu item")
    app.row("web").focus()
    app.key("shift+F10")
    app.press("Start", "menu item")
    vm.wait("running")


def test_about_and_quit(desk):
    app = desk.start()
    app.active()
    app.press("Menu", "toggle button")
    app.press("About Mullion")
    app.find(re.compile("About"), "dialog")
    app.screenshot("about")
    app.key("Escape")
    app.active()
    app.key("ctrl+q")
    equal(app.process.wait(30), 0)


def test_window_is_as_it_was_left(desk):
    desk.manager.create("alpha", memory=64)
    desk.manager.create("beta", memory=64)
    app = desk.start("--show", "beta")
    app.row("beta")
    until(lambda: app.row("beta").has("selected"), "beta")
    app.active()
    app.resize(900, 600)
    app.quit()
    app = desk.start()
    until(lambda: app.row("beta").has("selected"), "beta again")
    app.active()
    equal(app.size(), (900, 600))
    app.quit()
    (desk.config / "mullion/desktop.ini").write_bytes(b"[window]\nwidth=-5\nheight=999999999\nvm=nonsense\n\xff")
    desk.start().row("alpha")


def test_second_start_raises_the_first(desk):
    desk.manager.create("web", memory=64)
    app = desk.start()
    app.row("web")
    other = desk.start("--show", "web", wait=False)
    equal(other.process.wait(30), 0)
    until(lambda: app.row("web").has("selected"), "the VM to be selected")


def test_looks(desk):
    """Screenshots of the window in its states."""
    manager = desk.manager
    manager.create("debian", title="Debian 12", memory=1024, colour="green")
    manager.create("windows", title="Windows 11", memory=4096, colour="blue")
    manager.create("bank", title="Banking", memory=512, colour="purple")
    manager.create("browser", title="Browser", memory=512, colour="red", template=True)
    manager.create("lab", title="A laboratory whose name is rather long", memory=256, colour="black")
    manager.vm("debian").job("Start", "(a{sv})", {})
    manager.vm("windows").job("Start", "(a{sv})", {})
    manager.vm("windows").call("Pause")
    manager.vm("bank").job("Start", "(a{sv})", {})
    manager.vm("bank").job("Save")

    def show(app, suffix):
        app.row("Debian 12").select()
        app.find("Shut Down", "push button")
        app.screenshot(f"window-{suffix}")
    desk.four_looks(show)


def test_looks_empty_and_offline(desk):
    def empty(app, suffix):
        app.find("No virtual machine yet", "label")
        app.screenshot(f"window-empty-{suffix}")
    desk.four_looks(empty)
    desk.manager.kill()

    def offline(app, suffix):
        app.find("The manager cannot be reached", "label")
        app.screenshot(f"window-offline-{suffix}")
    desk.four_looks(offline)
    desk.manager.start()
