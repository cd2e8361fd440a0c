"""The self-test's expected words are those that this assembler makes."""

import importlib

import pytest

from scs_sim.pio.asm import assemble

PINNED = importlib.import_module("rp2_port.pio_golden").PINNED


@pytest.mark.parametrize("name", sorted(PINNED))
def test_the_words_pinned_for_the_boards_self_test_are_those_of_the_programs(name: str) -> None:
    assert assemble(name).opcodes == PINNED[name]


def test_every_program_of_the_board_is_pinned() -> None:
    own = {"sentinel", "relay", "sync_mark"}
    assert set(PINNED) == {"sequencer_serial", "sequencer_parallel", *own}
