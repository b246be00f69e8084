# SPDX-License-Identifier: GPL-2.0-or-later
"""A screenshot as pixels: what colours are where, told without any library."""

import collections
import pathlib
import struct
import zlib


def rgb(text):
    """b"rgb" of "#rrggbb"."""
    return bytes.fromhex(text.lstrip("#"))


class Box(collections.namedtuple("Box", "left top right bottom")):
    """Right and bottom are the first pixels outside."""

    @property
    def width(self):
        return self.right - self.left

    @property
    def height(self):
        return self.bottom - self.top

    @property
    def centre(self):
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2


class Picture:
    def __init__(self, data):
        """data: a binary PPM with 8 bits per channel, as QEMU's screendump writes it."""
        fields, at = [], 0
        while len(fields) < 4:
            end = at
            while data[end:end + 1] not in (b" ", b"\n", b""):
                end += 1
            fields.append(data[at:end])
            at = end + 1
        if fields[0] != b"P6" or fields[3] != b"255":
            raise ValueError(f"not a PPM of 8 bits: {fields}")
        self.width, self.height = int(fields[1]), int(fields[2])
        self.pixels = data[at:]
        if len(self.pixels) != self.width * self.height * 3:
            raise ValueError("a PPM that ends early")

    def whole(self):
        return Box(0, 0, self.width, self.height)

    def row(self, y, left, right):
        start = (y * self.width + left) * 3
        return self.pixels[start:start + (right - left) * 3]

    def at(self, x, y):
        return self.row(y, x, x + 1)

    def runs(self, colour, y, left, right):
        """The stretches of exactly this colour in one row, as (left, right)."""
        row, found, at = self.row(y, left, right), [], 0
        while True:
            at = row.find(colour, at)
            if at < 0:
                return found
            if at % 3:
                at += 1
                continue
            end = at
            while row[end:end + 3] == colour:
                end += 3
            found.append((left + at // 3, left + end // 3))
            at = end

    def runs_like(self, colour, tolerance, y, left, right):
        """The same for colours that differ from it by no more than tolerance in each channel."""
        row, found, start = self.row(y, left, right), [], None
        for x in range(right - left + 1):
            like = x < right - left and all(abs(row[x * 3 + i] - colour[i]) <= tolerance for i in range(3))
            if like and start is None:
                start = x
            elif not like and start is not None:
                found.append((left + start, left + x))
                start = None
        return found

    def patches(self, colour, within=None, least=(1, 1), tolerance=0):
        """The boxes around connected areas of this colour, from the top; those not smaller than least (width, height)."""
        within, areas = within or self.whole(), []
        for y in range(within.top, within.bottom):
            for left, right in (self.runs_like(colour, tolerance, y, within.left, within.right) if tolerance
                                else self.runs(colour, y, within.left, within.right)):
                touching = [a for a in areas if a.bottom == y and a.left < right and left < a.right]
                for area in touching:
                    areas.remove(area)
                areas.append(Box(min([left, *(a.left for a in touching)]), min([y, *(a.top for a in touching)]),
                                 max([right, *(a.right for a in touching)]), y + 1))
        return sorted((a for a in areas if a.width >= least[0] and a.height >= least[1]), key=lambda a: (a.top, a.left))

    def colours(self, within=None):
        """How many pixels each colour has."""
        within, count = within or self.whole(), collections.Counter()
        for y in range(within.top, within.bottom):
            row = self.row(y, within.left, within.right)
            count.update(row[i:i + 3] for i in range(0, len(row), 3))
        return count

    def differs(self, other, within=None):
        """The share of pixels that are not the same."""
        within = within or self.whole()
        if (self.width, self.height) != (other.width, other.height):
            return 1.0
        different = 0
        for y in range(within.top, within.bottom):
            a, b = self.row(y, within.left, within.right), other.row(y, within.left, within.right)
            if a != b:
                different += sum(a[i:i + 3] != b[i:i + 3] for i in range(0, len(a), 3))
        return different / (within.width * within.height)

    def save_png(self, path):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        rows = b"".join(b"\0" + self.row(y, 0, self.width) for y in range(self.height))
        pathlib.Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height,
                                                                                       8, 2, 0, 0, 0))
                                       + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b""))
