"""The file system that the emulated chip boots from: the same files that get flashed.

Role: build_image() packs name -> content, as scs.flashing.firmware_files.board_files gives it, into
MicroPython's littlefs. Invariant: the geometry is that of an RPI_PICO image.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from .rig_files import Missing

# of an RPI_PICO image: 1408 KiB at 0xa0000, as ports/rp2/rp2_flash.c of MicroPython lays it out
BLOCKS, BLOCK = 352, 4096
GEOMETRY = {"prog_size": 256, "read_size": 32, "lookahead_size": 32, "disk_version": 0x0002_0000}


def build_image(content: Mapping[str, bytes], target: Path) -> Path:
    """Write the littlefs image of name -> content; raise Missing without littlefs-python."""
    try:
        littlefs = importlib.import_module("littlefs")
    except ImportError:
        message = "the emulated chip lacks littlefs-python: pip install 'scs-bench[chip]'"
        raise Missing(message) from None
    disk = littlefs.LittleFS(block_size=BLOCK, block_count=BLOCKS, **GEOMETRY)
    for name, data in content.items():
        folder = name.rpartition("/")[0]
        if folder:
            disk.makedirs(folder, exist_ok=True)
        with disk.open(name, "wb") as file:
            file.write(data)
    target.write_bytes(bytes(disk.context.buffer))
    return target
