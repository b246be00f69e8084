#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""symbols.py NM OUT [ELF]: the table behind symbolised backtraces, as assembler.

Without ELF the table is empty, for the first link; with it, it names that link's text symbols.
The table stands behind all code and data, so its size moves nothing that it names.
"""
import subprocess
import sys

def text_symbols(nm, elf):
    out = subprocess.run([nm, '-n', elf], check=True, capture_output=True, text=True).stdout
    symbols = [(int(f[0], 16), f[1], f[2]) for f in map(str.split, out.splitlines()) if len(f) == 3]
    base = next(address for address, _, name in symbols if name == '_image_start')
    for address, kind, name in symbols:
        # Names with a dollar sign mark code and data for ARM's disassemblers.
        if kind in 'tT' and address >= base and '$' not in name:
            yield address - base, name


def main():
    nm, out = sys.argv[1:3]
    symbols = list(text_symbols(nm, sys.argv[3])) if len(sys.argv) > 3 else []
    names, index = '', []
    for offset, name in symbols:
        index.append((offset, len(names)))
        names += name + '\0'
    with open(out, 'w', encoding='ascii') as f:
        f.write('\t.section .symbol_table, "aw", %progbits\n')
        f.write('\t.globl symbol_table, symbol_count, symbol_names\n\t.balign 8\nsymbol_table:\n')
        for offset, name in index:
            f.write(f'\t.long {offset}, {name}\n')
        f.write(f'symbol_count:\n\t.long {len(index)}\nsymbol_names:\n')
        for _, name in symbols:
            f.write(f'\t.asciz "{name}"\n')
        f.write('\t.byte 0\n\t.section .note.GNU-stack, "", %progbits\n')


main()
