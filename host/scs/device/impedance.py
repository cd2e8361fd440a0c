"""Measure the load with the device, contact by contact.

Role: measure() starts a measurement, waits for it and reads its result, a LoadFound.
Invariant: the verdict on each contact is the device's own. Requirements: REQ-56.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stimcore import commands, impedance, limits, states
from stimcore.board import Board

from ..errors import Failure, WrongUsage
from ..messages import error_texts, safety_metrics
from .link import Link
from .replies import rows

POLL_S = 0.02
MOST_MS = 30_000  # by the device's clock; eight pairs on a slow stage take 4 s
GOOD = "good"


@dataclass(frozen=True)
class ContactLoad:
    """Load at one contact. ohm None: open circuit; farad None: no capacitance."""

    contact: str
    verdict: str
    ohm: float | None
    farad: float | None


@dataclass(frozen=True)
class LoadFound:
    """Measurement `age_s` ago by the device's clock; identified: id resistor within tolerance."""

    contacts: tuple[ContactLoad, ...]
    age_s: float
    load_id: int
    identified: bool

    @property
    def ok(self) -> bool:
        """True if it is the declared dummy load at every contact."""
        return self.identified and all(row.verdict == GOOD for row in self.contacts)


def mask(contacts: Iterable[str | int], names: Sequence[str]) -> int:
    """Return the mask of contacts given by name or number from 1; raise WrongUsage."""
    known = [name.lower() for name in names]
    bits = 0
    for contact in contacts:
        text = str(contact).strip()
        name, digits = text.lower(), text.lower().removeprefix("e")
        number = int(digits) - 1 if digits.isdecimal() else -1
        number = known.index(name) if name in known else number
        if not 0 <= number < limits.CONTACTS:
            raise WrongUsage(f"no contact is called {text!r}; for example E1, or 1")
        bits |= 1 << number
    return bits


def measure(link: Link, board: Board, masks: tuple[int, int], names: Sequence[str]) -> LoadFound:
    """Measure between the contacts of two masks (0, 0: as the loaded program uses them).

    Raises Failure if the measurement was interrupted by a halt or a fault.
    """
    link.request(commands.MEASURE, *masks)
    status = link.request(commands.STATUS)
    begun_ms = status["now_ms"]
    while status["state"] == states.MEASURING:
        if (status["now_ms"] - begun_ms) % 2**32 > MOST_MS:
            most_s = MOST_MS // 1000
            raise Failure(f"the measurement of the load took more than {most_s} s: halt it")
        link.sleep(POLL_S)
        status = link.request(commands.STATUS)
    measurement = last(link, board, names)
    if measurement is None:
        raise Failure(
            "the measurement of the load was interrupted: see `scs faults`, and repeat it"
        )
    return measurement


def last(link: Link, board: Board, names: Sequence[str]) -> LoadFound | None:
    """Return the last measurement; None if there is none since the start or a fault."""
    fields = link.request(commands.IMPEDANCE)
    if not fields["measured"]:
        return None
    contacts = [
        ContactLoad(
            safety_metrics.contact_name(number, names),
            error_texts.VERDICTS.get(verdict, f"verdict {verdict}"),
            None if verdict == impedance.OPEN else float(ohm),
            nanofarad / 1e9 if nanofarad else None,
        )
        for number, verdict, ohm, nanofarad in rows(commands.CONTACT, fields["contacts"])
    ]
    identified = abs(fields["load_id"] - board.load_id_code) <= board.load_id_tolerance
    return LoadFound(tuple(contacts), fields["age_ms"] / 1000, fields["load_id"], identified)
