# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person has of the machine: eyes (screenshots), a hand on the pointer, one on the keyboard; and, which a person has
not, an ear on the serial line."""

import pathlib
import threading
import time

import picture

AXIS = 0x7FFF       # QEMU's scale of absolute pointers
KEYS = {" ": "spc", "-": "minus", "=": "equal", "/": "slash", ".": "dot", ",": "comma", ";": "semicolon", "'": "apostrophe",
        "\n": "ret", "[": "bracket_left", "]": "bracket_right", "\\": "backslash", "`": "grave_accent"}
SHIFTED = {"$": "4", "(": "9", ")": "0", "*": "8", "+": "equal", "_": "minus", ":": "semicolon", "\"": "apostrophe", "|": "backslash",
           "&": "7", "!": "1", "#": "3", ">": "dot", "<": "comma", "?": "slash"}


class Gone(Exception):
    """What was waited for did not come."""


class Ear(threading.Thread):
    """Reads the serial line; anybody can wait for what it says."""

    def __init__(self, console, limit):
        super().__init__(daemon=True)
        self.console, self.limit = console, limit
        self.lines, self.ended = [], None
        self.changed = threading.Condition()
        self.start()

    def run(self):
        try:
            for line in self.console.lines(self.limit):
                with self.changed:
                    self.lines.append(line)
                    self.changed.notify_all()
            ended = "the machine ended"
        except (TimeoutError, ValueError, OSError) as error:
            ended = str(error)
        with self.changed:
            self.ended = ended
            self.changed.notify_all()

    def wait(self, pattern, seconds, since=0):
        """The first match of a compiled pattern in what was said from line `since` on."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                while since < len(self.lines):
                    found = pattern.search(self.lines[since])
                    if found:
                        return found
                    since += 1
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    raise Gone(f"'{pattern.pattern}' was not said: {self.ended or f'{seconds:g} s are over'}")
                self.changed.wait(left)

    def said(self):
        with self.changed:
            return len(self.lines)


class Person:
    def __init__(self, monitor, scratch, album):
        """album: the folder for the screenshots that are kept."""
        self.monitor, self.file, self.album = monitor, pathlib.Path(scratch) / "screen.ppm", pathlib.Path(album)
        self.count = 0
        self.pointer = (0, 0)

    def look(self):
        self.monitor.ask("screendump", filename=str(self.file))
        return picture.Picture(self.file.read_bytes())

    def keep(self, name, screen=None):
        """Puts a screenshot into the album."""
        self.count += 1
        (screen or self.look()).save_png(self.album / f"{self.count:02d}-{name}.png")

    def see(self, what, test, seconds):
        """Looks until test(screen) gives something, which is returned with the screen."""
        end = time.monotonic() + seconds
        while True:
            screen = self.look()
            found = test(screen)
            if found:
                return found, screen
            if time.monotonic() > end:
                self.keep("not-" + what.replace(" ", "-"), screen)
                raise Gone(f"not on the screen within {seconds:g} s: {what}")
            time.sleep(1)       # emulation needs the processor more than the eye does

    def still(self, seconds):
        """Looks until two looks a second apart are the same (but for a hundredth: a cursor blinks, a plot moves)."""
        before = [self.look()]

        def same(screen):
            share = screen.differs(before[0])
            before[0] = screen
            return share < 0.01

        time.sleep(1)
        return self.see("a screen that stands still", same, seconds)[1]

    def send(self, *events):
        self.monitor.ask("input-send-event", events=list(events))

    def move(self, x, y, screen):
        self.pointer = (x, y)
        self.send({"type": "abs", "data": {"axis": "x", "value": (2 * x + 1) * AXIS // (2 * screen.width)}},
                  {"type": "abs", "data": {"axis": "y", "value": (2 * y + 1) * AXIS // (2 * screen.height)}})

    def click(self, point, screen, button="left"):
        self.move(*point, screen)
        time.sleep(0.3)     # a hand does not move and press in one microsecond; GTK wants to have seen it enter
        for down in (True, False):
            self.send({"type": "btn", "data": {"button": button, "down": down}})
            time.sleep(0.1)

    def press(self, *keys):
        """A chord: all go down in turn, and up again in reverse."""
        for down, order in ((True, keys), (False, keys[::-1])):
            for key in order:
                self.send({"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}})
                time.sleep(0.05)

    def type(self, text):
        for character in text:
            if character in SHIFTED or character.isupper():
                self.press("shift", SHIFTED.get(character, character.lower()))
            else:
                self.press(KEYS.get(character, character))
