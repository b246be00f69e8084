# SPDX-License-Identifier: GPL-2.0-or-later
"""The forms: assistant, settings, copies, networks, import. Worked as a person does; what the manager got is looked at."""

import re

from desk import check, equal, until


def choose(app, combo, item):
    """An item of a combo box, through its menu."""
    app.find(combo, "combo box", sensitive=True).press()
    entry = app.find(item, "menu item")
    entry.press()


def open_assistant(app):
    app.active()
    app.key("ctrl+n")
    app.find("Kernel", "radio button")


def take(app, name):
    """Choose a radio button."""
    app.press(name, "radio button")
    app.find(name, "radio button", checked=True)


def next_page(app):
    app.press("Next", "push button")


def field(app, name, text):
    app.find(name, "text", sensitive=True).write(text)


def spin(app, name, text):
    """Type into a spin button."""
    app.find(name, "spin button", sensitive=True).write(text)


def test_assistant_kernel(desk):
    kernel = desk.manager.kernel()
    app = desk.start()
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    app.find("Next", "push button", sensitive=False)
    app.find("Choose the kernel to start.", "label")
    field(app, "Kernel", kernel)
    field(app, "Kernel command line", "root=/dev/xvda1")
    next_page(app)
    app.find("Windows", "radio button", sensitive=False)
    field(app, "Name", "no good")
    app.find("Next", "push button", sensitive=False)
    field(app, "Name", "web")
    next_page(app)
    spin(app, "Memory", "1.5 GiB")
    next_page(app)
    app.find("The manager has checked it: the VM can start.", "label")
    app.screenshot("assistant-summary")
    app.press("Create", "push button")
    vm = until(lambda: "web" in desk.manager.vm_names() and desk.manager.vm("web"), "the VM")
    vm.wait("running")
    settings = vm.call("GetSettings")
    equal((settings["kernel"], settings["cmdline"], settings["memory"], settings["type"]),
          (kernel, "root=/dev/xvda1", 1536, "pvh"))
    equal([nic["network"] for nic in settings["nics"]], ["default"])
    app.gone("Create", "push button")


def test_assistant_cannot_finish_with_problems(desk):
    app = desk.start()
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    field(app, "Kernel", "/nonexistent/vmlinux")
    next_page(app)
    next_page(app)
    next_page(app)
    app.find("The VM would not start like this:", "label")
    app.find(re.compile("^kernel: .*No such file"), "label")
    app.find("Create", "push button", sensitive=False)
    app.screenshot("assistant-problem")
    app.press("Change kernel", "push button")
    field(app, "Kernel", desk.manager.kernel())
    for _ in range(3):
        next_page(app)
    app.find("Create", "push button", sensitive=True)
    equal(desk.manager.vm_names(), [])


def test_assistant_without_right(desk):
    """A path outside of the manager's folders, and polkit says no."""
    desk.manager.bus.allow(host="no")
    app = desk.start()
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    field(app, "Kernel", "/boot/vmlinuz")
    for _ in range(3):
        next_page(app)
    app.find(re.compile("polkit does not allow .*Ask whoever administers"), "label")
    app.find("Create", "push button", sensitive=False)
    app.screenshot("assistant-denied")


def test_assistant_windows(desk):
    iso = desk.manager.state / "images/win.iso"
    iso.write_bytes(bytes(65536))
    app = desk.start()
    open_assistant(app)
    take(app, "Installer image (ISO)")
    next_page(app)
    field(app, "Installer image", str(iso))
    next_page(app)
    equal(app.find("Name", "text").text, "win")
    take(app, "Windows")
    next_page(app)
    equal(app.find("Memory", "spin button").text, "4 GiB")
    spin(app, "Size of the disk", "30")
    next_page(app)
    app.find("The manager has checked it: the VM can start.", "label")
    app.press("Start the VM when it is made", "check box")
    app.press("Create", "push button")
    vm = until(lambda: "win" in desk.manager.vm_names() and desk.manager.vm("win"), "the VM")
    settings = vm.call("GetSettings")
    equal((settings["type"], settings["firmware"], settings["viridian"], settings["memory"], settings["os"]),
          ("hvm", "uefi", True, 4096, "windows"))
    equal([(disk["cdrom"], disk["format"]) for disk in settings["disks"]], [(False, "qcow2"), (True, "raw")])
    equal(vm.state, "stopped")


def test_assistant_cancel_while_making(desk):
    """Stopping a job that makes a disk leaves nothing."""
    kernel = desk.manager.kernel()
    app = desk.start()
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    field(app, "Kernel", kernel)
    next_page(app)
    field(app, "Name", "web")
    next_page(app)
    app.key("Escape")
    app.gone("Next", "push button")
    equal(desk.manager.vm_names(), [])


def test_assistant_template(desk):
    desk.manager.create("base", template=True, disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    app = desk.start()
    open_assistant(app)
    take(app, "From a template")
    next_page(app)
    equal(app.find("Name of the copy", "text").text, "base-2")
    app.find(re.compile("^Linked"), "check box", checked=True)
    app.screenshot("assistant-template")
    next_page(app)
    app.press("Create", "push button")
    vm = until(lambda: "base-2" in desk.manager.vm_names() and desk.manager.vm("base-2"), "the copy")
    vm.wait("running")
    equal(vm.get("Base"), desk.manager.vm("base").path)


def test_clone(desk):
    desk.manager.create("web", disks=[{"create_size": 1 << 20, "format": "raw"}])
    app = desk.start()
    app.select("web")
    app.active()
    open_action(app, "Clone…")
    name = app.find("Name of the copy", "text")
    equal(name.text, "web-2")
    name.write("web")
    app.find("“web” is taken already.", "label")
    app.find("Clone", "push button", sensitive=False)
    app.screenshot("clone")
    name.write("second")
    app.press("Clone", "push button")
    until(lambda: "second" in desk.manager.vm_names(), "the copy")
    app.gone("Name of the copy", "text")


def open_action(app, name):
    """An entry of the VM's menu."""
    app.press("More actions", "toggle button")
    app.press(name, "push button")


def settings_of(desk, app, name):
    app.select(name)
    app.active()
    app.key("ctrl+e")
    app.find("Title", "text", sensitive=True)
    return desk.manager.vm(name)


def parent(app, node):
    return type(node)(app, *node.get("Parent"))


def page(app, name):
    """Turn to a page by the list at the side."""
    window = app.find(re.compile("^Settings of "), "frame")
    parent(app, window.find(name, "label")).select()


def test_settings(desk):
    desk.manager.create("web", memory=512, notes="first")
    app = desk.start()
    vm = settings_of(desk, app, "web")
    app.find("Save", "push button", sensitive=False)
    app.screenshot("settings-general")
    field(app, "Title", "The web")
    app.find("Notes", "text").write("one\ntwo")
    field(app, "Name", "net")
    app.press("Save", "push button")
    app.gone("Title", "text")
    until(lambda: vm.get("Name") == "net", "the new name")
    settings = vm.call("GetSettings")
    equal((settings["title"], settings["notes"], settings["memory"]), ("The web", "one\ntwo", 512))


def test_settings_problem(desk):
    desk.manager.create("web")
    app = desk.start()
    vm = settings_of(desk, app, "web")
    page(app, "Start")
    field(app, "Kernel", "/nonexistent")
    app.screenshot("settings-start")
    app.press("Save", "push button")
    app.find(re.compile("would not start with these settings:\nkernel: "), "label")
    app.find("Save Anyway", "push button", sensitive=True)
    field(app, "Kernel", desk.manager.kernel())
    app.find("Save", "push button", sensitive=False)
    app.key("Escape")
    app.gone("Kernel", "text")
    equal(vm.call("GetSettings")["kernel"], desk.manager.kernel())


def test_settings_lost_changes_are_asked_for(desk):
    desk.manager.create("web")
    app = desk.start()
    vm = settings_of(desk, app, "web")
    field(app, "Title", "x")
    app.key("Escape")
    app.press("Discard Changes", "push button")
    app.gone("Title", "text")
    equal(vm.get("Title"), "")


def test_settings_running(desk):
    vm = desk.manager.create("web", memory=256)
    vm.job("Start", "(a{sv})", {})
    app = desk.start()
    settings_of(desk, app, "web")
    app.find(re.compile("is running: what it cannot take up now"), "label")
    app.find("Name", "text", sensitive=False)
    page(app, "System")
    spin(app, "Memory", "512 MiB")
    app.screenshot("settings-system")
    app.press("Save", "push button")
    until(lambda: vm.get("RestartNeeded"), "RestartNeeded")
    equal(vm.call("GetSettings")["memory"], 512)
    app.gone("Memory", "spin button")


def test_settings_disks(desk):
    vm = desk.manager.create("web", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    app = desk.start()
    settings_of(desk, app, "web")
    page(app, "Disks")
    app.find(re.compile("^xvda: .*qcow2 image, deleted with the VM"), "list item")
    app.press("Add Disk…", "push button")
    spin(app, "Size of the disk", "1")
    app.screenshot("disk-add")
    app.press("Add", "push button")
    app.find(re.compile("^xvdb: "), "list item")
    app.screenshot("settings-disks")
    app.press("Grow disk xvdb", "push button")
    spin(app, "New size", "2 GiB")
    app.press("Grow", "push button")
    source = vm.call("GetSettings")["disks"][1]["source"]
    until(lambda: "2147483648" in str(image_size(source)), "the larger disk")
    app.press("Remove disk xvdb", "push button")
    app.press("Also delete what is on it, for good", "check box")
    app.screenshot("disk-remove")
    app.press("Remove", "push button")
    until(lambda: len(vm.call("GetSettings")["disks"]) == 1, "one disk less")
    app.gone("Remove disk xvdb", "push button")
    app.press("Grow disk xvda", "push button")
    spin(app, "New size", "512 KiB")
    app.press("Grow", "push button")


def image_size(path):
    """Virtual size, out of a qcow2 file's head."""
    with open(path, "rb") as file:
        head = file.read(32)
    return int.from_bytes(head[24:32], "big")


def test_settings_snapshots(desk):
    vm = desk.manager.create("web", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    app = desk.start()
    settings_of(desk, app, "web")
    page(app, "Snapshots")
    app.find(re.compile("^There is no snapshot"), "label")
    app.find("Take Snapshot", "push button", sensitive=False)
    field(app, "Name of the snapshot", "clean")
    field(app, "Comment of the snapshot", "as installed")
    app.press("Take Snapshot", "push button")
    app.find("clean", "list item")
    app.screenshot("settings-snapshots")
    app.press("Revert to clean", "push button")
    app.press("Revert", "push button")
    app.find("Delete snapshot clean", "push button", sensitive=True)
    app.press("Delete snapshot clean", "push button")
    app.press("Delete Snapshot", "push button")
    until(lambda: not vm.get("Snapshots"), "the snapshot to go")
    app.gone("clean", "list item")


def test_settings_nics(desk):
    vm = desk.manager.create("web", nics=[{"network": "default"}])
    mac = vm.call("GetSettings")["nics"][0]["mac"]
    app = desk.start()
    settings_of(desk, app, "web")
    page(app, "Networks")
    field(app, "MAC address", "01:00:00:00:00:00")
    app.find(re.compile("^Network card 1: the MAC address"), "label")
    app.find("Save", "push button", sensitive=False)
    field(app, "MAC address", mac)
    app.press("Add Network Card", "push button")
    app.screenshot("settings-nics")
    app.press("Remove network card 1", "push button")
    app.press("Save", "push button")
    app.gone("Add Network Card", "push button")
    nics = vm.call("GetSettings")["nics"]
    check(len(nics) == 1 and nics[0]["mac"] != mac, nics)


def test_networks(desk):
    app = desk.start()
    app.active()
    open_window_menu(app, "Networks")
    app.find(re.compile("^default, shared connection, "), "list item")
    app.screenshot("networks")
    app.press("New network", "push button")
    field(app, "Name of the network", "lab")
    choose(app, "Kind of network", "Isolated: VMs only")
    field(app, "Address", "10.99.0.1")
    app.find("The address is not one like 10.7.0.1/24.", "label")
    app.screenshot("networks-new")
    field(app, "Address", "10.99.0.1/24")
    app.press("Create", "push button")
    app.find(re.compile("^lab, isolated, "), "list item", selected=True)
    app.press("Start", "push button")
    app.find(re.compile("^lab, isolated, up"), "list item")
    app.find("Kind of network", "combo box", sensitive=False)
    app.press("Stop", "push button")
    app.find(re.compile("^lab, isolated, down"), "list item")
    app.press("Delete…", "push button")
    app.press("Delete Network", "push button")
    app.gone(re.compile("^lab, "), "list item")


def open_window_menu(app, name):
    app.press("Menu", "toggle button")
    app.press(re.compile("^" + name), "push button")


XL = "name='old'\nkernel='%s'\nmemory=300\nsoundhw='es1370'\n"


def test_import(desk):
    app = desk.start()
    app.active()
    open_window_menu(app, "Import")
    app.find("Import", "push button", sensitive=False)
    app.find("Configuration", "text").write("memory=\n")
    app.press("Check", "push button")
    app.find(re.compile("line 1"), "label")
    app.find("Import", "push button", sensitive=False)
    app.find("Configuration", "text").write(XL % desk.manager.kernel())
    app.press("Check", "push button")
    app.find(re.compile("^Line 4: .*soundhw"), "list item")
    app.screenshot("import")
    app.press("Import", "push button")
    until(lambda: desk.manager.vm_names() == ["old"], "the VM")
    equal(desk.manager.vm("old").get("Memory"), 300)
    app.gone("Configuration", "text")
