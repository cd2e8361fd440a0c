"""The device's journal: read, verified against its chain of digests, compared with an export.

Role: blocks of stimcore/journal.py -> Journal. Invariant: every entry that is there is returned;
what was changed, or is missing between two of them, is named in `problems`. That the newest were
removed shows against an earlier export alone. Requirements: REQ-68.
"""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from stimcore import access, commands, journal

from ..errors import WrongUsage
from ..messages import refusals
from .link import Link
from .replies import hash_text

EVENTS = {
    journal.BOOT: "boot",
    journal.ARMED: "armed",
    journal.STARTED: "started",
    journal.AMPLITUDE: "amplitude",
    journal.STOPPED: "stopped",
    journal.FAULT: "fault",
    journal.MISSED: "missed",
    journal.REFUSED: "refused",
    journal.KEY: "key",
}
_EXAMPLE = "one that `scs log -o journal.json` wrote"


@dataclass(frozen=True)
class JournalEntry:
    """An entry: its number, the device's seconds since power-on, the event, and what it says.

    digest: of this entry and the one before, sixteen hex digits.
    """

    number: int
    device_s: float
    event: str
    text: str
    digest: str


@dataclass(frozen=True)
class Journal:
    """Entries from the oldest to the newest that are kept, and a sentence for each problem."""

    unique_id: str
    entries: tuple[JournalEntry, ...]
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as `scs log --json` prints it."""
        return asdict(self)

    def as_csv(self) -> str:
        """Return the entries as CSV, with a header."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("number", "device_s", "event", "text", "digest"))
        writer.writerows(tuple(asdict(entry).values()) for entry in self.entries)
        return text.getvalue()

    def since(self, earlier: Path) -> Journal:
        """Return it with what an earlier export has and this has not; raise WrongUsage for a file
        that is none, or of another board."""
        unique_id, digests = _exported(earlier)
        if unique_id != self.unique_id:
            raise WrongUsage(f"{earlier} is of board {unique_id}, this is {self.unique_id}")
        now = {entry.number: entry.digest for entry in self.entries}
        newest = max(now, default=-1)
        oldest = min(now, default=0)
        problems = list(self.problems)
        problems += [
            f"entry {number} is not the one that {earlier} has"
            for number, digest in digests.items()
            if now.get(number, digest) != digest
        ]
        gone = [number for number in digests if number > newest or oldest < number not in now]
        if gone:
            which = _entries(gone[0], gone[-1], f" of {earlier}")
            problems.append(f"{which} no longer there")
        return Journal(self.unique_id, self.entries, tuple(problems))


def read(link: Link, unique_id: str) -> Journal:
    """Read a device's journal; raise DeviceRefused while output flows."""
    blocks = []
    at, count = 0, 1
    while at < count:
        data = b""
        while True:
            reply = link.request(commands.LOG, at, len(data))
            count, piece = reply["blocks"], reply["piece"]
            data += piece
            if len(piece) < commands.LOOK_BYTES:
                break
        blocks.append(data)
        at += 1
    return verified(blocks, unique_id)


def verified(blocks: list[bytes], unique_id: str) -> Journal:
    """Return the entries of a device's blocks, in order, and what is wrong with their chain."""
    size = journal.ENTRY
    packed: list[tuple[int, bytes, bytes]] = []  # number, digest before it, the entry
    for block in blocks:
        for start in range(journal.CHAIN, len(block) - size + 1, size):
            entry = block[start : start + size]
            packed.append((_fields(entry)[0], block[start - journal.CHAIN : start], entry))
    packed.sort(key=lambda row: row[0])
    return Journal(unique_id, tuple(_entry(row[2]) for row in packed), tuple(_problems(packed)))


def _problems(packed: list[tuple[int, bytes, bytes]]) -> Iterator[str]:
    expected, last = (packed[0][0], packed[0][1]) if packed else (0, b"")
    if expected == 0 and last.strip(b"\0"):
        yield "the first entry does not begin a journal"
    for number, before, entry in packed:
        if number != expected:
            yield f"{_entries(expected, number - 1)} missing"
        elif before != last:
            yield f"entry {number} does not follow on the one before it"
        elif (
            sha256(before + entry[: -journal.CHAIN]).digest()[: journal.CHAIN]
            != entry[-journal.CHAIN :]
        ):
            yield f"entry {number} was changed"
        expected, last = number + 1, entry[-journal.CHAIN :]


def _entries(first: int, last: int, of: str = "") -> str:
    return f"entry {first}{of} is" if first == last else f"entries {first} to {last}{of} are"


def _fields(entry: bytes) -> tuple[Any, ...]:
    return struct.unpack_from(journal.FORM, entry)


def _entry(packed: bytes) -> JournalEntry:
    number, now_ms, kind, *fields = _fields(packed)
    event = EVENTS.get(kind, f"unknown ({kind})")
    return JournalEntry(
        number, now_ms / 1000, event, _text(kind, *fields), packed[-journal.CHAIN :].hex()
    )


def _text(kind: int, detail: int, index: int, value: int, extra: int) -> str:
    if kind == journal.BOOT:
        return f"after {'its watchdog' if detail else 'power-on or a reset'}"
    if kind in (journal.ARMED, journal.STARTED):
        return f"program {hash_text(value)}"
    if kind == journal.AMPLITUDE:
        return f"program {detail + 1} to {value / 1000:g} mA"
    if kind == journal.STOPPED:
        cut = f", {index} cut short" if index else ""
        return f"{refusals.stop_reason(detail)}: {value} pulses{cut}, output on {extra / 1000:g} s"
    if kind == journal.FAULT:
        limit = extra - (1 << 32) if extra >> 31 else extra
        return refusals.fault((detail, index, value, limit))
    if kind == journal.REFUSED:
        times = f", {value} times since the last such entry" if value > 1 else ""
        return f"{refusals.activity(index)}: {refusals.cause((detail, index, 0, 0))}{times}"
    if kind == journal.KEY:
        if value == access.PAIRED:
            return "a key was kept: the board is paired"
        by = "at the board, with BOOTSEL" if detail == journal.AT_THE_BOARD else "by its holder"
        return f"the key was erased {by}"
    return f"{value} events were not recorded" if kind == journal.MISSED else ""


def _exported(path: Path) -> tuple[str, dict[int, str]]:
    """Return the board and the digests of an export, by number."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        return read["unique_id"], {row["number"]: row["digest"] for row in read["entries"]}
    except OSError as reason:
        raise WrongUsage(f"cannot read {path}: {reason.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise WrongUsage(f"{path} is no exported journal; needed is {_EXAMPLE}") from None
