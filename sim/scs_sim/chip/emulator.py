"""The real MicroPython binary on an emulated RP2040, started and controlled from Python.

Role: Chip starts sim/chip/run.mjs under node and speaks with its control port; a host reaches the
device's USB serial at Chip.url, as it would reach a board.
Invariant: with speed 0 time passes only in step(), and two runs are equal to the cycle.
"""

from __future__ import annotations

import json
import math
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from stimcore.board import Board

from ..circuit.netlist import from_rows
from . import flash_image
from .rig_files import RIG, Files, NoChip

START_S = 30.0  # to listen
ANSWER_S = 120.0  # of wall time, for one command: emulated time can be slow
STOP_S = 5.0
TAIL_READ_ADDR = 0x5000_0040  # DMA channel 1: at the cell that points at the live pair
TAIL = 20  # lines of the rig's own words in an error
_PORTS = {
    "link": re.compile(r"USB-CDC on (socket://\S+)"),
    "control": re.compile(r"control on 127\.0\.0\.1:(\d+)"),
}


class ChipError(NoChip):
    """The rig refused a command or ended; the message has its last words."""


class Step(NamedTuple):
    """After a step: emulated time, whether `until` came to pass, bytes from the device."""

    ns: float
    cycles: int
    met: bool
    received: bytes


class Edge(NamedTuple):
    """A change at a watched pin."""

    cycle: int
    pin: int
    level: int


class Frame(NamedTuple):
    """A latched frame: the DAC's word (or the ladder's code) and the switches'."""

    cycle: int
    dac: int
    switches: int

    @property
    def woven(self) -> int:
        """The word that DMA moves: even bits the DAC's word, odd bits the switches'."""
        return sum(
            (self.dac >> bit & 1) << 2 * bit | (self.switches >> bit & 1) << 2 * bit + 1
            for bit in range(16)
        )


def plant_facts(
    board: Board, electrical: Mapping[str, Any], pins: Mapping[str, int]
) -> dict[str, Any]:
    """Stage and load for the rig, from what scs.catalog.boards says of a combination. SI units."""
    circuit = from_rows(electrical["stage"], electrical["load"])
    elements = [[farad, None if ohm == math.inf else ohm] for farad, ohm in circuit.elements]
    load = {"series_ohm": circuit.series_ohm, "elements": elements}
    sense = {
        "zero": board.adc_zero,
        "amps_per_lsb": board.sense_na_per_lsb * 1e-9,
        "volts_per_lsb": board.sense_uv_per_lsb * 1e-6,
    }
    facts = {"pins": dict(pins), "stage": dict(electrical["stage"]), "load": load, "sense": sense}
    return {**facts, "id_code": board.load_id_code}


class Chip:
    """A running chip; use it as a context manager.

    image: its file system (flash_image.build_image), plant: plant_facts(), None for bare pins.
    speed: 0 stands still but for step(); 1 is real time at most; "max" as fast as it goes.
    options: more of run.mjs's, such as ["--port", "7000"]. The rig ends with this process, whatever
    ends that. ChipError where the rig does not start.
    """

    def __init__(
        self,
        files: Files,
        *,
        image: Path | None = None,
        plant: Mapping[str, Any] | None = None,
        speed: float | str = 0,
        watch: Sequence[int] = (),
        options: Sequence[str] = (),
    ):
        command = [str(files.node), str(RIG / "run.mjs")]
        command += ["--firmware", str(files.micropython), "--bootrom", str(files.bootrom)]
        command += ["--ctl-port", "0", "--speed", str(speed), "--until-eof"]
        if speed == 0:  # whoever steps reads what the device sends: the port is open (DTR)
            command += ["--no-dtr-follow"]
        if image is not None:
            command += ["--fs", str(image)]
        if plant is not None:
            command += ["--plant", json.dumps(plant)]
        if watch:
            command += ["--watch", ",".join(str(pin) for pin in watch)]
        self.words: list[str] = []  # what the rig says on stderr
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([*command, *options], stdin=pipe, stderr=pipe, text=True)
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self.url = self._named("link")
            address = ("127.0.0.1", int(self._named("control")))
            self._control = socket.create_connection(address, timeout=ANSWER_S)
            self._lines = self._control.makefile("rw", encoding="utf-8")
        except BaseException:
            self._end()
            raise

    @classmethod
    def of_content(cls, files: Files, content: Mapping[str, bytes], **options: Any) -> Self:
        """Start a chip with these files, name on the board -> bytes; options: of the constructor.

        Raises Missing without littlefs-python, ChipError.
        """
        with tempfile.TemporaryDirectory() as room:  # the rig has read the image once it listens
            image = flash_image.build_image(content, Path(room) / "files.img")
            return cls(files, image=image, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_reason: object) -> None:
        self.close()

    def _listen(self) -> None:
        if self._process.stderr is not None:
            for line in self._process.stderr:
                self.words.append(line.rstrip())

    def _named(self, which: str) -> str:
        """Return the address that the rig prints for a port, once it listens there."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            for line in list(self.words):
                match = _PORTS[which].search(line)
                if match:
                    return match[1]
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        raise self._error("the emulated chip does not start")

    def _error(self, message: str) -> ChipError:
        time.sleep(0.05)  # its last words may be on their way
        return ChipError(f"{message}\n  {self.last_words()}")

    def ask(self, command: str, **details: Any) -> dict[str, Any]:
        """Send a command of the control port (chip.md); return its fields, or raise ChipError."""
        try:
            self._lines.write(json.dumps({"cmd": command, **details}) + "\n")
            self._lines.flush()
            line = self._lines.readline()
        except OSError as error:
            raise self._error(f"{command}: {error}") from error
        if not line:
            raise self._error(f"{command}: the rig has ended")
        answer: dict[str, Any] = json.loads(line)
        if not answer["ok"]:
            raise self._error(f"{command}: {answer['error']}")
        return answer

    # --- time ---------------------------------------------------------------------------------
    def step(self, ns: float, send: bytes = b"", until: tuple[int, int] | None = None) -> Step:
        """Run `ns` of emulated time, to the end of an instruction, after sending bytes over USB.

        With `until` (pin, level) less, if that comes to pass first. Bytes from the device are
        in the answer unless a client is connected at Chip.url.
        """
        details: dict[str, Any] = {"ns": ns, "tx": send.hex()}
        if until is not None:
            details["until"] = {"pin": until[0], "level": until[1]}
        answer = self.ask("step", **details)
        received = bytes.fromhex(answer["rx"])
        return Step(answer["ns"], answer["cycles"], bool(answer["met"]), received)

    def time(self) -> dict[str, Any]:
        """Return cycles, ns, clk (Hz), cpu_waiting, awake_cycles, usb_ready, stats and others."""
        return self.ask("time")

    def set_speed(self, speed: float | str) -> None:
        """Set the speed, as in the constructor."""
        self.ask("speed", value=speed)

    def keep(self) -> None:
        """Keep the whole state of chip, plant and logs, in memory; no client may be connected."""
        self.ask("keep")

    def restore(self) -> None:
        """Put all back as keep() found it, the time too. ChipError if nothing was kept."""
        self.ask("restore")

    # --- pins and plant ------------------------------------------------------------------------
    def watch(self, *pins: int) -> None:
        """Log the edges at these pins from now on, and no others."""
        self.ask("watch", pins=pins)

    def edges(self, clear: bool = False) -> list[Edge]:
        """Return the edges at the watched pins since the last clear."""
        edges = [Edge(int(cycle), pin, level) for cycle, pin, level in self.ask("edges")["edges"]]
        if clear:
            self.ask("clear")
        return edges

    def levels(self) -> list[int]:
        """Return the level at each of the 30 pins."""
        return list(self.ask("pins")["levels"])

    def drive(self, pin: int, level: int | None) -> None:
        """Drive a pin from outside; None lets go."""
        self.ask("gpio", pin=pin, value=level)

    def adc(self, channel: int, code: int) -> None:
        """Fix the code of an ADC channel, instead of what the plant puts there."""
        self.ask("adc", ch=channel, value=code)

    def frames(self, clear: bool = False) -> list[Frame]:
        """Return the frames that the stage has latched since the last clear."""
        return [Frame(*frame) for frame in self.ask("frames", clear=clear)["frames"]]

    def plant(self) -> dict[str, Any]:
        """Get current_a, voltage_v, capacitor_v, charge_c, mode, code, masks and `connected`."""
        return dict(self.ask("plant")["plant"])

    def lead(self, condition: str) -> None:
        """Set the lead's condition: "healthy", "open lead" or "short"."""
        self.ask("lead", condition=condition)

    # --- faults --------------------------------------------------------------------------------
    def fault(self, what: str, **details: Any) -> None:
        """Put in a fault now, or `after_ns` from now, or `at_cycle`; rig/faults.mjs has the names.

        stop_cpu, start_cpu, stop_dma, start_dma (channels), flip (address, mask),
        poke (address, value), pull_usb, plug_usb, usb_open (open), power (off_ns), reset (kind).
        """
        self.ask("fault", what=what, **details)

    def reset(self, kind: str = "power") -> None:
        """Reset by power, run (the RUN pin) or watchdog."""
        self.ask("reset", kind=kind)

    def peek(self, address: int, words: int = 1) -> list[int]:
        """Read words of memory or registers, as a bus master does (side effects included)."""
        return [word & 0xFFFF_FFFF for word in self.ask("peek", addr=address, n=words)["words"]]

    def live_table(self) -> tuple[int, int]:
        """Return (address, words) of the live table, the way DMA goes: cell, pair, table."""
        (cell,) = self.peek(TAIL_READ_ADDR)
        (pair,) = self.peek(cell)
        count, address = self.peek(pair, 2)
        return address, count

    def live_words(self) -> list[int]:
        """Return the words of the live table."""
        return self.peek(*self.live_table())

    # --- end -----------------------------------------------------------------------------------
    @property
    def is_running(self) -> bool:
        """Return True while the rig runs."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """Return the rig's last lines of output, for an error."""
        return "\n  ".join(self.words[-TAIL:])

    def close(self) -> None:
        """End the rig."""
        self._lines.close()
        self._control.close()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_S)
