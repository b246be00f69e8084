# SPDX-License-Identifier: GPL-2.0-or-later
"""The application in German and French: texts, room for them, and a key of its own for every control."""

import gettext
import re

from desk import TOP, Node, check, equal, until

CATALOGUES = TOP / "build/po"
SCREEN = (1366, 768)  # the screen that every window has to fit on
CONTROLS = ("push button", "toggle button", "radio button", "check box", "text", "combo box", "spin button")
LANGUAGES = {
    "C": ("New VM", "Running", "This VM has no network card: it reaches nothing, and nothing reaches it."),  # what a person sees first, so that a catalogue that is not found is noticed
    "de": ("Neue VM", "Läuft", "Diese VM hat keine Netzwerkkarte: Sie erreicht nichts, und nichts erreicht sie."),
    "fr": ("Nouvelle VM", "En marche", "Cette VM n’a pas de carte réseau\xa0: elle ne joint rien, et rien ne la joint."),
}


class Reader:
    """Finds by the words of the program, whatever the language."""

    def __init__(self, desk, language):
        self.language = language
        self.catalogue = gettext.translation("mullion", CATALOGUES, [language], fallback=True)
        self.app = desk.start("--show", "web", LANGUAGE=language, MULLION_LOCALE_DIR=str(CATALOGUES))

    def text(self, english):
        """Without the mark of the mnemonic."""
        return re.sub(r"_(?=\w)", "", self.catalogue.gettext(english))

    def find(self, english, role=None, **states):
        return self.app.find(self.text(english), role, **states)

    def press(self, english, role="push button"):
        self.find(english, role, sensitive=True).press()

    def menu(self, english):
        self.press("Menu", "toggle button")
        self.press(english, None)

    def look(self, name):
        """Nothing sticks out of its window, the window fits on a small screen, no key is given away twice."""
        app = self.app
        app.active()
        app.screenshot(f"{name}-{self.language}")
        x, y, width, height = app.geometry()
        least = app.smallest()
        check(least[0] <= SCREEN[0] and least[1] <= SCREEN[1], f"{name}: a window of {least} at least")
        window = until(lambda: next((node for node in app.root.children() if node.has("active")), None), "an active window")
        for node in window.walk():
            check(node.name or node.role not in (*CONTROLS, "list item") or not (node.has("showing") and node.has("focusable")),
                  f"{name}: a {node.role} at {node.extents()} has no name")
        keys = {}
        for node in inside(window):
            left, top, wide, tall = node.extents()
            check(x <= left and left + wide <= x + width and y <= top and top + tall <= y + height,
                  f"{name}: {node.role} “{node.name}” at {left},{top} with {wide}x{tall} sticks out of the window")
            key = shortcut(node)
            other = keys.setdefault(key, node.name) if key else node.name
            check(other == node.name, f"{name}: Alt+{key} is “{other}” and “{node.name}”")


def inside(node):
    """What is shown of it, without what can be scrolled to."""
    for child in node.children():
        if not child.has("showing") or child.role in ("menu", "menu item"):
            continue
        yield child
        if child.role not in ("scroll pane", "viewport", "list box", "combo box"):
            yield from inside(child)


def shortcut(node):
    if node.role not in CONTROLS:
        return None
    match = re.match(r"<Alt>(\w)(;|$)", node.ask("GetKeyBinding", "(i)", 0, interface="Action")[0])
    return match[1] if match else None


def assistant(reader, kernel):
    reader.press("_New VM")
    reader.find("_Kernel", "radio button")
    reader.look("assistant-source")
    reader.press("_Kernel", "radio button")
    reader.find("_Kernel", "radio button", checked=True)
    reader.press("_Next")
    reader.find("Kernel", "text", sensitive=True).write(kernel)
    reader.look("assistant-files")
    reader.press("_Next")
    reader.find("Name", "text", sensitive=True)
    reader.look("assistant-system")
    reader.press("_Next")
    reader.find("Disk", "combo box", sensitive=True).ask("SelectChild", "(i)", 0, interface="Selection")
    reader.find("Size of the disk", "spin button")
    reader.look("assistant-resources")
    reader.press("_Next")
    reader.find("The manager has checked it: the VM can start.", "label")
    reader.look("assistant-summary")
    reader.press("_Cancel")
    reader.find("Close without making the VM?", "label")
    reader.press("_Discard")
    reader.app.gone(reader.text("_Next"), "push button")


def settings(reader, no_card):
    reader.press("More actions", "toggle button")
    reader.press("S_ettings…", None)
    window = reader.app.find(reader.text("Settings of “%s”") % "web", "frame")
    reader.find("Title", "text", sensitive=True)
    for name in ("General", "System", "Start", "Disks", "Networks", "Snapshots"):
        tab = next(node for node in window.walk() if node.name == reader.text(name) and node.role == "label")
        Node(reader.app, *tab.get("Parent")).select()
        if name == "Networks":
            window.find(no_card, "label")
        reader.look(f"settings-{name.lower()}")
    window.find(reader.text("_Cancel"), "push button").press()


def in_language(desk, language):
    first, state, no_card = LANGUAGES[language]
    desk.manager.create("web", memory=512, colour="green", disks=[{"create_size": 1 << 20, "format": "qcow2"}])
    desk.manager.create("base", template=True)
    vm = desk.manager.vm("web")
    vm.job("Start", "(a{sv})", {})
    reader = Reader(desk, language)
    app = reader.app
    equal(reader.find("_New VM", "push button").name, first)
    app.find(re.compile(f"^web, .*, {state}$"), "list item")
    reader.look("window")
    app.find(reader.text("This machine"), "list item").select()
    reader.find("Storage of VMs", "level bar")
    reader.look("machine")
    app.find(re.compile("^web, "), "list item").select()
    vm.job("ForceOff")
    assistant(reader, desk.manager.kernel())
    settings(reader, no_card)


def test_german(desk):
    in_language(desk, "de")


def test_french(desk):
    in_language(desk, "fr")


def test_english(desk):
    in_language(desk, "C")
