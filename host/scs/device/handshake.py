"""Check with HELLO that host and device have the same commands, limits and board.

Role: opens a session and identifies the board. Invariant: default deny; a device is accepted
only if protocol, tables and board are the host's own. Requirements: REQ-43.
"""

from __future__ import annotations

from stimcore import commands
from stimcore.board import Board

from ..catalog import boards
from ..documents.problem import FileRefused
from ..errors import Mismatch, WrongUsage
from .link import Link


def hello(link: Link, wanted: str | None = None) -> tuple[Board, str, str]:
    """Return (board from boards.yaml, firmware version, unique id in hex).

    Raises Mismatch if it was built from other tables, WrongUsage if it is not the board `wanted`.
    """
    fields = link.request(commands.HELLO, commands.PROTOCOL)
    version, _, name = fields["names"].decode("utf-8", "replace").partition(" ")
    if fields["protocol"] != commands.PROTOCOL:
        raise Mismatch(f"the device speaks protocol {fields['protocol']}")
    if fields["tables_digest"] != commands.tables_digest():
        raise Mismatch(f"the firmware {version} has other commands or limits than this host")
    if wanted and name != boards.full_name(wanted):
        raise WrongUsage(f"the device is {name}, not {wanted}")
    try:
        board = boards.board(name)
    except FileRefused:
        raise Mismatch(f"the device is {name!r}, which boards.yaml does not have") from None
    if fields["board_digest"] != commands.board_digest(board):
        raise Mismatch(f"the device's figures of {name} differ from those in boards.yaml")
    return board, version, f"{fields['unique_id']:016x}"
