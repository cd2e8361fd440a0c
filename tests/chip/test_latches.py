"""Latches of the stage's chips from power-on: a rise of nCS is the end of a whole frame."""

from tests.chip.support import ChipTalk

from stimcore import commands

CLOCKS = 16  # that an MCP4922 and two shift registers want


def rises(talk: ChipTalk) -> list[int]:
    """Return the rises of nCS since the last call, each as the rises of SCK before it."""
    counts, clocks = [], 0
    for edge in talk.chip.edges(clear=True):
        if edge.pin == talk.pins["sck"] and edge.level:
            clocks += 1
        elif edge.pin == talk.pins["ncs"] and edge.level:
            counts.append(clocks)
            clocks = 0
    return counts


def test_the_stage_latches_nothing_but_whole_frames_at_the_first_start_and_after_a_halt(
    talk: ChipTalk,
) -> None:
    ncs = talk.pins["ncs"]
    assert talk.chip.levels()[ncs] == 1
    talk.chip.watch(ncs, talk.pins["sck"])
    for _ in range(2):
        talk.running()
        assert set(rises(talk)) == {CLOCKS}
        talk.pass_us(5_000)  # in the rest of a period, where nothing is being shifted
        assert talk.send(commands.HALT).status == 0
        assert talk.chip.levels()[ncs] == 1
        rises(talk)
    assert talk.chip.plant()["bad_frames"] == 0
