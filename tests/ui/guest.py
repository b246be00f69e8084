# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end of a text console: what a guest prints, and what it hears."""

import os
import pty
import select
import time

from desk import check


class Guest:
    """Be the guest of all VMs of a manager: they share one terminal."""

    def __init__(self, manager):
        self.end, self.slave = pty.openpty()  # kept open: a terminal without a slave is at its end
        (manager.fake / "console").write_text(os.ttyname(self.slave))
        os.set_blocking(self.end, False)
        self.heard = b""

    def say(self, text):
        data = text.encode() if isinstance(text, str) else text
        end = time.monotonic() + 20
        while data:
            _, ready, _ = select.select([], [self.end], [], 1)
            check(ready or time.monotonic() < end, "nobody reads the console")
            if ready:
                data = data[os.write(self.end, data[:2048]):]

    def listen(self, seconds=0.0):
        if select.select([self.end], [], [], seconds)[0]:
            self.heard += os.read(self.end, 65536)
        return self.heard

    def hears(self, wanted, seconds=20):
        """Wait until it has heard this; what was heard before it is returned, and all of it is forgotten."""
        end = time.monotonic() + seconds
        while wanted not in self.heard:
            check(time.monotonic() < end, f"the guest heard {self.heard!r}, not {wanted!r}")
            self.listen(0.2)
        before, _, self.heard = self.heard.partition(wanted)
        return before

    def close(self):
        os.close(self.end)
        os.close(self.slave)
