"""Serves the emulated chip on a socket: what `scs sim --chip` runs.

Role: makes the file system, starts the chip with stage and load at its pins, and stays until
Ctrl-C or until the rig ends. Invariant: the chip has the very files that get flashed; it ends with
this process.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import flash_image
from .emulator import Chip, ChipError
from .rig_files import Files

LOOK_S = 0.2  # between two looks at whether the rig still runs


class ChipServer:
    """A chip behind a socket; `address` is what a client opens, as of server.Server.

    content: name on the board -> bytes; plant: emulator.plant_facts(); speed: emulated seconds a
    second at most, 0 as fast as it goes; seed: of the chip's random bits, 0 for the rig's own.
    rig_files.Missing and ChipError where it cannot start.
    """

    def __init__(
        self,
        files: Files,
        content: Mapping[str, bytes],
        plant: Mapping[str, Any],
        place: tuple[str, int] = ("127.0.0.1", 0),
        speed: float = 1.0,
        seed: int = 0,
    ):
        options = ["--host", place[0], "--port", str(place[1])]
        if seed:
            options += ["--seed", str(seed)]
        pace = speed or "max"
        with tempfile.TemporaryDirectory() as room:  # the rig has read the image once it listens
            image = flash_image.build_image(content, Path(room) / "files.img")
            self.chip = Chip(files, image=image, plant=plant, speed=pace, options=options)
        self.address = self.chip.url
        self._stopping = threading.Event()

    def run(self) -> None:
        """Run until stop() or Ctrl-C; raise ChipError if the rig ends by itself."""
        try:
            while not self._stopping.wait(LOOK_S):
                if not self.chip.is_running:
                    raise ChipError(f"the emulated chip has ended\n  {self.chip.last_words()}")
        except KeyboardInterrupt:
            self._stopping.set()
        finally:
            self.chip.close()

    def stop(self) -> None:
        """Make run() return, from whatever thread."""
        self._stopping.set()
