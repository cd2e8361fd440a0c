"""What the flasher writes for one board: the module that says which board it is.

Role: board_module() turns a combination of boards.yaml into firmware/board_config.py's text.
Invariant: integers and names only, from scs.boards alone. Requirements: REQ-19.
Next: firmware/main.py, which imports it.
"""

from __future__ import annotations

from . import boards

_TEXT = '''"""Generated from boards.yaml for {name}: do not edit, flash anew."""

from stimcore.board import Board

CHIP = "{chip}"
PINS = {{
{pins}}}
BOARD = Board(
{fields})
'''


def board_module(name: str = "") -> str:
    """The text of board_config.py for a combination BOARD/STAGE/LOAD; BoardError as boards.board.

    name: empty for the defaults.
    """
    whole = boards.full_name(name)
    board = boards.board(whole)
    pins = boards.pins(whole)
    return _TEXT.format(
        name=whole,
        chip=boards.chip(whole),
        pins="".join(f'    "{pin}": {pins[pin]},\n' for pin in pins),
        fields="".join(f"    {field}={value!r},\n" for field, value in board._asdict().items()),
    )
