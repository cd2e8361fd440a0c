"""Charge at each contact: driven, returned by the source, left to the discharge path.

Role: the device's sums per contact and the program that they are of -> ContactCharge, and the cells
of the table that the command line and the report share. Invariant: nothing is estimated: what the
device does not count, or counts for several contacts together, is told as not known.
Requirements: REQ-36.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stimcore import program
from stimcore.program import Group, Program

from ..messages import safety_metrics

TITLE = "Charge at each contact: of first phases, and its return"
HEADS = (
    "contact",
    ">driven",
    ">returned actively",
    ">returned passively",
    ">net of the source",
)
NOT_KNOWN = "not known"
PASSIVE_NOTE = (
    "Returned passively: through the discharge path, by itself; the net of the source is without"
    " it. The ledger counts what the source drives and does not measure this return."
)
UNKNOWN_NOTE = (
    "Without the profile, or where programs of both recharges use a contact, it is not known what"
    " returned actively: what the source did not return left through the discharge path. Where"
    " contacts share a side, each is given the whole charge; the split is unknown."
)


@dataclass(frozen=True)
class ContactCharge:
    """Charge through one contact since START, nC.

    driven_nc: of first phases. returned_nc: taken back by the source, in active recharge or by a
    shape's own segments. discharged_nc: left to return through the discharge path, which is not
    measured. net_nc: signed sum of all that the source drove. returned_nc and discharged_nc are
    None if the program is not known, or its recharge differs between programs at this contact.
    shared_with: contacts on the same side; each has the whole charge, the split is unknown.
    """

    contact: str
    driven_nc: float
    net_nc: float
    returned_nc: float | None = None
    discharged_nc: float | None = None
    shared_with: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the charge as `run --json` prints it."""
        row = asdict(self)
        del row["contact"]
        return row | {"shared_with": list(self.shared_with)}


def charges(
    rows_pc: Iterable[tuple[int, int]], contacts: Sequence[str], group: Group | None
) -> tuple[ContactCharge, ...]:
    """Return the charge at each contact from (driven, net) in pC; group None: not known."""
    charge = []
    for index, (driven_pc, net_pc) in enumerate(rows_pc):
        driven_nc, net_nc = driven_pc / 1000, net_pc / 1000
        name = safety_metrics.contact_name(index, contacts)
        if group is None:
            charge.append(ContactCharge(name, driven_nc, net_nc))
            continue
        users = [user for user in group.programs if program.used_by(user) >> index & 1]
        actively = {_returns_actively(user) for user in users}
        left_pc = driven_pc if actively == {False} else abs(net_pc)
        known = len(actively) < 2
        charge.append(
            ContactCharge(
                name,
                driven_nc,
                net_nc,
                (driven_pc - left_pc) / 1000 if known else None,
                left_pc / 1000 if known else None,
                safety_metrics.shared_with(group, index, contacts),
            )
        )
    return tuple(charge)


def _returns_actively(user: Program) -> bool:
    """Return whether the source takes the charge back; the segments of a shape do."""
    return bool(user.recharge == program.RECHARGE_ACTIVE or user.segments)


def cells(row: ContactCharge) -> tuple[str, ...]:
    """Return the cells of a row under HEADS."""
    amounts = (row.driven_nc, row.returned_nc, row.discharged_nc, row.net_nc)
    name = safety_metrics.shared_name(row.contact, row.shared_with)
    return (name, *(_amount(amount) for amount in amounts))


def _amount(nanocoulombs: float | None) -> str:
    if nanocoulombs is None:
        return NOT_KNOWN
    if abs(nanocoulombs) >= 1000:
        return safety_metrics.number(nanocoulombs / 1000, "uC")
    return safety_metrics.number(nanocoulombs, "nC")


def used(charge: Iterable[ContactCharge]) -> list[ContactCharge]:
    """Return the contacts through which any charge went."""
    return [row for row in charge if row.driven_nc or row.net_nc]


def notes(charge: Iterable[ContactCharge]) -> list[str]:
    """Return what must be said below the table."""
    rows = used(charge)
    if any(row.discharged_nc is None for row in rows):
        return [UNKNOWN_NOTE]
    passive, shared = any(row.discharged_nc for row in rows), any(row.shared_with for row in rows)
    notes_shown = {PASSIVE_NOTE: passive, safety_metrics.SHARED_NOTE: shared}
    return [note for note, applies in notes_shown.items() if applies]
