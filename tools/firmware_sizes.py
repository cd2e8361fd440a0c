"""`make firmware`: the size of every firmware file, compiled for both chips.

Role: the table of sizes; a file that does not compile ends it with exit code 1.
Invariant: what is measured is what `scs flash` copies.
"""

from __future__ import annotations

import sys

from scs.errors import GOOD, Failure
from scs.flashing import firmware_files


def rows() -> list[tuple[str, int, int, int]]:
    """Return (name, bytes of source, bytes on an RP2040, bytes on an RP2350) of each file."""
    sizes = []
    texts = firmware_files.folded(firmware_files.folder())
    for name, path in firmware_files.sources(firmware_files.folder()):
        source = small = large = len(path.read_bytes())
        if name != firmware_files.ENTRY:
            small, large = (
                len(firmware_files.compiled(name, texts[name], chip))
                for chip in ("rp2040", "rp2350")
            )
        sizes.append((name, source, small, large))
    return sizes


def main() -> int:
    """Print the table."""
    from scs.cli import console

    try:
        sizes = rows()
    except Failure as failure:
        sys.stderr.write(f"error: {failure}\n")
        return failure.exit_code
    title = "The firmware, in bytes"
    source, small, large = (sum(int(row[at]) for row in sizes) for at in (1, 2, 3))
    cells = [
        (name, *(f"{count:,}" for count in counts))
        for name, *counts in [*sizes, ("total", source, small, large)]
    ]
    columns = ("file", ">source", ">rp2040 .mpy", ">rp2350 .mpy")
    console.show(console.table(title, columns, cells))
    return GOOD


if __name__ == "__main__":
    sys.exit(main())
