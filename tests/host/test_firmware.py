"""The module that the flasher writes: it says of the board exactly what boards.yaml does."""

import pytest

from scs import boards, firmware
from scs.boardfile import BoardError


def executed(text: str) -> dict:
    space: dict = {}
    exec(text, space)
    return space


def test_req_19_the_boards_module_holds_the_row_of_boards_yaml() -> None:
    said = executed(firmware.board_module("pico/r2r-1/resistor-500"))
    assert said["BOARD"] == boards.board("pico/r2r-1/resistor-500")
    assert said["CHIP"] == "rp2040"
    assert (said["PINS"]["data0"], said["PINS"]["gate"], said["PINS"]["load_id"]) == (10, 9, 28)


def test_a_pico_2_is_another_chip() -> None:
    assert executed(firmware.board_module("pico2/mcp4922-8/randles-500"))["CHIP"] == "rp2350"


def test_without_a_name_it_is_the_default_board() -> None:
    assert executed(firmware.board_module())["BOARD"].name == "pico/mcp4922-8/randles-500"


def test_an_unknown_board_is_refused() -> None:
    with pytest.raises(BoardError, match="no board is called"):
        firmware.board_module("pica/r2r-1/resistor-500")
