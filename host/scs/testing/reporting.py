"""Cut the traceback of a mistake where the user's own code ends.

Role: of a Failure, a FileRefused or a failed assertion of ours, pytest shows the line of the test
and the message. Invariant: other exceptions, which would be faults of ours, are left whole.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from ..documents.problem import FileRefused
from ..errors import Failure

OURS = str(Path(__file__).resolve().parents[1])


def cut(reason: BaseException) -> None:
    """Shorten the traceback of a mistake to the frames before this package's."""
    if not isinstance(reason, (Failure, FileRefused)):
        return
    last: TracebackType | None = None
    place = reason.__traceback__
    while place is not None and not _ours(place):
        last, place = place, place.tb_next
    if last is not None and place is not None:
        last.tb_next = None


def _ours(place: TracebackType) -> bool:
    return place.tb_frame.f_code.co_filename.startswith(OURS)
