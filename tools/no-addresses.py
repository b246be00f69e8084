#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Check that objects have no address among their constants: they run where they were not linked for.

    no-addresses.py READELF STAMP OBJECT...

What UBSan writes down of places in the source is not looked at: it is data, and read only for a report.
"""
import pathlib
import re
import subprocess
import sys


def main():
    readelf, stamp, *objects = sys.argv[1:]
    wrong = []
    for path in objects:
        section = ""
        for line in subprocess.run([readelf, "-rW", path], check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines():
            head = re.match(r"Relocation section '\.rela(\S+)'", line)
            section = head[1] if head else section
            if "_ABS64" in line and section.startswith(".rodata"):
                wrong.append(f"{path}: {section}: {line.strip()}")
    if wrong:
        sys.exit("addresses among constants:\n" + "\n".join(wrong))
    pathlib.Path(stamp).touch()


main()
