# SPDX-License-Identifier: GPL-2.0-or-later
"""The forms: assistant, settings, copies, networks, import. Worked as a person does; what the manager got is looked at."""

import pathlib
import re

from desk import check, equal, until


def choose(app, combo, index):
    """An item of a combo box, by its place."""
    app.find(combo, "combo box", sensitive=True).ask("SelectChild", "(i)", index, interface="Selection")


def open_assistant(app):
    app.press("New VM", "push button")
    app.find("Kernel", "radio button")
    app.active()


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


def test_assistant_looks(desk):
    """Every page as it looks at first, at 1x and 2x, light and dark."""
    kernel = desk.manager.kernel()
    desk.manager.create("base", template=True)

    def show(app, look):
        open_assistant(app)
        app.screenshot(f"assistant-source-{look}")
        take(app, "Kernel")
        next_page(app)
        app.screenshot(f"assistant-files-{look}")
        field(app, "Kernel", kernel)
        next_page(app)
        app.screenshot(f"assistant-system-{look}")
        next_page(app)
        choose(app, "Disk", 0)
        app.find("Size of the disk", "spin button")
        app.screenshot(f"assistant-resources-{look}")
        next_page(app)
        app.find("The manager has checked it: the VM can start.", "label")
        app.screenshot(f"assistant-summary-{look}")
    desk.four_looks(show)


def test_settings_looks(desk):
    desk.manager.create("web", memory=512, notes="first", nics=[{"network": "default"}],
                        disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    desk.manager.vm("web").job("Snapshot", "(ss)", "clean", "as installed")

    def show(app, look):
        settings_of(desk, app, "web")
        for name in ("General", "System", "Start", "Disks", "Networks", "Snapshots"):
            page(app, name)
            app.screenshot(f"settings-{name.lower()}-{look}")
    desk.four_looks(show)


def test_networks_and_import_looks(desk):
    def show(app, look):
        app.active()
        open_window_menu(app, "Networks")
        app.find(re.compile("^default, "), "list item", selected=True)
        app.screenshot(f"networks-{look}")
        app.key("Escape")
        app.gone("New network", "push button")
        open_window_menu(app, "Import")
        app.find("Configuration", "text")
        app.screenshot(f"import-{look}")
    desk.four_looks(show)


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
    app.find(re.compile("^You are not allowed to give files .*polkit does not allow"), "label")
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


def test_assistant_escape_leaves_nothing(desk):
    app = desk.start()
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    field(app, "Kernel", desk.manager.kernel())
    next_page(app)
    field(app, "Name", "web")
    app.key("Escape")
    app.press("Discard", "push button")
    app.gone("Next", "push button")
    equal(desk.manager.vm_names(), [])


def test_assistant_stop_while_copying(desk):
    """Stopping a copy in its middle: told where the person looks, and nothing is left."""
    desk.manager.create("base", disks=[{"create_size": 4 << 20, "format": "qcow2"}])
    slow_qemu_img(desk)
    app = desk.start()
    open_assistant(app)
    take(app, "Copy of a VM")
    next_page(app)
    next_page(app)
    app.press("Create", "push button")
    app.find("Making “base-2”…", "label")
    app.find("Create", "push button", sensitive=False)
    app.find("Back", "push button", sensitive=False)
    app.screenshot("assistant-making")
    app.press("Stop", "push button")
    app.find("Stopped; what was begun is undone.", "label")
    app.find("Create", "push button", sensitive=True)
    equal(desk.manager.vm_names(), ["base"])
    equal(len(list((desk.manager.state / "disks").iterdir())), 1)


def slow_qemu_img(desk):
    """Copying and making disks takes longer than anybody waits."""
    program = desk.manager.bin / "qemu-img"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)


def test_assistant_by_keyboard(desk):
    """From the window to a running VM without a pointer."""
    kernel = desk.manager.kernel()
    app = desk.start()
    app.find("New VM", "push button", sensitive=True)
    app.active()
    app.key("ctrl+n")
    app.find("Kernel", "radio button")
    app.active()
    app.key("alt+k")
    app.find("Kernel", "radio button", checked=True)
    app.key("alt+n")
    app.find("Kernel", "text", focused=True)
    app.type(kernel)
    app.key("alt+n")
    app.find("Name", "text", focused=True)
    app.type("keys")
    app.key("Return")
    app.find("Memory", "spin button", focused=True)
    app.key("ctrl+a")
    app.type("300 MiB")
    app.key("Return")
    app.find("Create", "push button", focused=True, sensitive=True)
    app.key("Return")
    vm = until(lambda: "keys" in desk.manager.vm_names() and desk.manager.vm("keys"), "the VM")
    vm.wait("running")
    equal(vm.call("GetSettings")["memory"], 300)


def test_assistant_without_hvm(desk):
    """What this machine cannot run is greyed out, with the reason."""
    desk.manager.kill()
    desk.manager.start({"FAKE_NO_HVM": "1"})
    app = desk.start()
    open_assistant(app)
    button = app.find("Installer image (ISO)", "radio button", sensitive=False)
    check("An installer needs an emulated PC" in button.description, button.description)
    take(app, "Disk that exists")
    app.screenshot("assistant-no-hvm")
    next_page(app)
    disk = desk.manager.state / "images/some.qcow2"
    disk.write_bytes(b"QFI\xfb" + bytes(65532))
    field(app, "Disk", str(disk))
    next_page(app)
    app.find("Windows", "radio button", sensitive=False)
    app.find(re.compile("^Windows needs an emulated PC"), "label")
    equal(app.find("Name", "text").text, "some")
    next_page(app)
    next_page(app)
    app.find(re.compile("^light VM .PVH., kernel from the disk"), "label")
    app.find("The manager has checked it: the VM can start.", "label")


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


def save(app):
    """Of the settings: the window behind has a button of that name, too."""
    app.find(re.compile("^Settings of "), "frame").find("Save", "push button", sensitive=True).press()


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
    save(app)
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
    save(app)
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
    save(app)
    until(lambda: vm.get("RestartNeeded"), "RestartNeeded")
    equal(vm.call("GetSettings")["memory"], 512)
    app.gone("Memory", "spin button")


def test_settings_disks(desk):
    vm = desk.manager.create("web", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    app = desk.start()
    settings_of(desk, app, "web")
    page(app, "Disks")
    app.find(re.compile(r"^xvda: .*qcow2 image, 1\.0\sMiB, \d+\.\d\sKiB of it used, deleted with the VM"), "list item")
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
    # No smaller one can be asked for.
    app.press("Grow disk xvda", "push button")
    app.find(re.compile(r"^Now: 1\.0\sMiB, "), "label")
    spin(app, "New size", "512 KiB")
    app.press("Grow", "push button")
    until(lambda: vm.call("GetSettings")["disks"][0]["size"] == 2 << 20, "the next larger size")
    app.find(re.compile(r"^xvda: .*, 2\.0\sMiB, "), "list item")


def image_size(path):
    """Virtual size, out of a qcow2 file's head."""
    with open(path, "rb") as file:
        head = file.read(32)
    return int.from_bytes(head[24:32], "big")


def test_settings_disk_errors(desk):
    """What the manager refuses is told at the place."""
    vm = desk.manager.create("web", disks=[{"create_size": 8 << 20, "format": "raw"}])
    app = desk.start()
    settings_of(desk, app, "web")
    page(app, "Disks")
    app.press("Grow disk xvda", "push button")
    source = pathlib.Path(vm.call("GetSettings")["disks"][0]["source"])
    source.rename(source.with_suffix(".away"))
    spin(app, "New size", "12 MiB")
    app.press("Grow", "push button")
    app.find(re.compile("cannot tell the size of "), "label")
    source.with_suffix(".away").rename(source)
    app.find("Error", "icon")
    app.screenshot("settings-disk-error")
    vm.job("Start", "(a{sv})", {})
    app.find("Shut “web” down to change its disks.", "label")
    app.find("Add Disk…", "push button", sensitive=False)


def test_settings_cd(desk):
    iso = desk.manager.state / "images/cd.iso"
    iso.write_bytes(bytes(65536))
    vm = desk.manager.create("win", type="hvm", disks=[{"create_size": 8 << 20, "format": "raw"},
                                                        {"source": str(iso), "cdrom": True, "readonly": True}])
    app = desk.start()
    settings_of(desk, app, "win")
    page(app, "Disks")
    app.press("Eject the CD of hdb", "push button")
    app.find(re.compile("^hdb, CD drive, empty"), "list item")
    equal(vm.call("GetSettings")["disks"][1]["source"], "")
    check(vm.call("GetSettings")["disks"][0]["owned"])


def test_devices(desk):
    """The chooser of devices asks with the right to them, and says when it is denied."""
    desk.manager.create("web")
    app = desk.start()
    settings_of(desk, app, "web")
    page(app, "Disks")
    app.press("Add Disk…", "push button")
    choose(app, "Kind of disk", 2)
    app.find("Add", "push button", sensitive=False)
    app.press("Path of the disk: choose a device", "push button")
    app.find("Devices", "list box")
    app.find("Choose", "push button", sensitive=False)
    app.screenshot("devices")
    app.active()
    app.key("Escape")
    app.gone("Devices", "list box")
    desk.manager.bus.allow(host="no")
    app.press("Path of the disk: choose a device", "push button")
    app.find(re.compile("^You are not allowed to give files .*polkit does not allow"), "label")


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
    save(app)
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
    choose(app, "Kind of network", 1)
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
    app.press("New network", "push button")
    field(app, "Name of the network", "other")
    app.active()
    app.key("Escape")
    app.find("Close without saving the network?", "label")
    app.press("Discard", "push button")
    app.gone("New network", "push button")


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


def test_settings_when_the_manager_goes(desk):
    """What is edited stays, what is wrong is told, and it can be saved when the manager is back."""
    desk.manager.create("web")
    app = desk.start()
    settings_of(desk, app, "web")
    window = app.find(re.compile("^Settings of "), "frame")
    desk.manager.kill()
    field(app, "Title", "x")
    save(app)
    app.find(re.compile("manager"), "label", within=window)
    desk.manager.start()
    app.find("web, green, Stopped", "list item")
    until(lambda: saved(app, desk), "the title to be saved")
    app.gone("Title", "text")


def saved(app, desk):
    """Press Save until it has gone well: the application may have seen the manager a moment later than we."""
    button = app.try_find("Save", "push button", within=app.try_find(re.compile("^Settings of "), "frame"), sensitive=True)
    if button:
        button.press()
    return desk.manager.vm("web").get("Title") == "x"


def test_settings_of_a_vm_that_goes(desk):
    vm = desk.manager.create("web")
    app = desk.start()
    settings_of(desk, app, "web")
    field(app, "Title", "x")
    vm.job("Delete", "(a{sv})", {})
    save(app)
    app.find("Error", "icon")
    app.active()
    app.key("Escape")
    app.press("Discard Changes", "push button")
    app.gone("Title", "text")


def test_assistant_when_the_manager_goes(desk):
    app = desk.start()
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    field(app, "Kernel", desk.manager.kernel())
    next_page(app)
    next_page(app)
    desk.manager.kill()
    next_page(app)
    app.find(re.compile("manager"), "label", within=app.find("New VM", "frame"))
    app.find("Create", "push button", sensitive=False)
    desk.manager.start()
    until(lambda: app.try_find("New VM", "push button", sensitive=True), "the manager to be seen")
    app.press("Check Again", "push button")
    app.find("Create", "push button", sensitive=True)
    app.press("Create", "push button")
    until(lambda: desk.manager.vm_names() == ["linux"], "the VM")
    app.gone("Create", "push button")


def test_networks_when_the_manager_goes(desk):
    app = desk.start()
    app.find("New VM", "push button", sensitive=True)
    open_window_menu(app, "Networks")
    app.find(re.compile("^default, "), "list item", selected=True)
    desk.manager.kill()
    app.gone(re.compile("^default, "), "list item")
    desk.manager.start()
    app.find(re.compile("^default, "), "list item").select()
    app.find("Address", "text")


def test_settings_ask_for_no_right_that_is_not_needed(desk):
    """A VM that names a file outside: its other settings can be changed by whom that file would be denied."""
    image = desk.manager.folder / "outside.raw"
    image.write_bytes(bytes(65536))
    vm = desk.manager.create("web", memory=256, disks=[{"source": str(image)}])
    desk.manager.bus.allow(host="no")
    app = desk.start()
    settings_of(desk, app, "web")
    page(app, "System")
    spin(app, "Memory", "512 MiB")
    save(app)
    until(lambda: vm.get("Memory") == 512, "the new memory")
    app.gone("Memory", "spin button")
    settings_of(desk, app, "web")
    page(app, "Start")
    field(app, "Initial RAM disk", str(image))
    save(app)
    app.find(re.compile("^You are not allowed to give files .*polkit does not allow"), "label")
    equal(vm.call("GetSettings")["initrd"], "")
    app.active()
    app.key("Escape")
    app.press("Discard Changes", "push button")


def test_assistant_volume(desk):
    groups = desk.manager.bin / "vgs"
    groups.write_text("#!/bin/sh\necho '  vg0|107374182400|53687091200'\n")
    app = desk.start()
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    field(app, "Kernel", desk.manager.kernel())
    next_page(app)
    next_page(app)
    choose(app, "Disk", 1)
    app.find("Volume group", "combo box")
    app.find("Next", "push button", sensitive=True)
    app.screenshot("assistant-volume")
    next_page(app)
    app.find(re.compile(r"^new volume in vg0, \d+ GiB$"), "label")     # less than usual where little is free
    app.find("The manager has checked it: the VM can start.", "label")


def test_nothing_typed_is_lost_by_escape(desk):
    """Settings that cannot be saved as they are, and an assistant half through, are asked about."""
    desk.manager.create("web", memory=512)
    app = desk.start()
    settings_of(desk, app, "web")
    field(app, "Name", "no good")
    app.find("Save", "push button", sensitive=False)
    app.key("Escape")
    app.find("Close without saving the settings of “web”?", "label")
    app.press("Discard Changes", "push button")
    app.gone("Title", "text")
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    app.active()
    app.key("Escape")
    app.gone("Next", "push button")
    open_assistant(app)
    take(app, "Kernel")
    next_page(app)
    field(app, "Kernel", desk.manager.kernel())
    next_page(app)
    field(app, "Name", "mail")
    app.active()
    app.key("Escape")
    app.find("Close without making the VM?", "label")
    app.active()
    app.key("Escape")
    app.gone("Close without making the VM?", "label")
    app.find("Name", "text")
    app.press("Cancel", "push button")
    app.find("Close without making the VM?", "label")
    app.press("Discard", "push button")
    app.gone("Next", "push button")
    equal(desk.manager.vm_names(), ["web"])
