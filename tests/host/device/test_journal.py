"""The journal as a host reads it: events in words, whole, changed, cut, and against an export."""

import json
from pathlib import Path

import pytest
from tests.support.stimulators import quick

from scs import Stimulator
from scs.device import journal, session
from scs.device.journal import Journal
from scs.errors import DeviceRefused, WrongUsage
from stimcore import journal as on_device
from stimcore import program


def after_a_run(faults: str = "") -> tuple[Journal, list[bytes]]:
    """Return the journal of a board after a run, and its blocks as they lie in the store."""
    with Stimulator("sim", faults=faults) as stim:
        stim.load(quick())
        stim.arm()
        stim.start()
        stim.link.sleep(0.5)
        stim.status()
        if not faults:
            stim.stop()
        book = stim.log()
        device = stim.link.bench.device
        return book, [device.journal.block(at) for at in range(on_device.BLOCKS)]


def test_req_68_a_run_is_told_in_order_and_in_words() -> None:
    book, _blocks = after_a_run()
    assert [entry.event for entry in book.entries] == ["boot", "armed", "started", "stopped"]
    assert [entry.number for entry in book.entries] == [0, 1, 2, 3]
    assert book.problems == ()
    digest = f"{program.digest(quick().to_blob()):08x}"
    assert book.entries[0].text == "after power-on or a reset"
    assert book.entries[1].text == book.entries[2].text == f"program {digest}"
    assert book.entries[3].text.startswith("stop: ")
    assert " pulses, output on 0." in book.entries[3].text
    times = [entry.device_s for entry in book.entries]
    assert times == sorted(times)


def test_req_68_a_fault_and_the_end_that_it_made_are_told() -> None:
    book, _blocks = after_a_run("starved_fifo@0.9")
    assert [entry.event for entry in book.entries][-2:] == ["stopped", "fault"]
    assert book.entries[-1].text.startswith("starved: ")
    assert book.entries[-2].text.startswith("fault: ")


def test_req_68_it_is_refused_while_output_flows_and_outlasts_a_reset() -> None:
    with Stimulator("sim") as stim:
        stim.load(quick())
        stim.arm()
        stim.start()
        with pytest.raises(DeviceRefused, match="reading the journal is not allowed"):
            stim.log()
        stim.link.bench.inject("hung_loop")
        stim.link.sleep(0.5)
        session.hello(stim.link)
        # the loop hung: what it had not yet written is lost, but not that it was armed
        book = stim.log()
    assert [entry.event for entry in book.entries] == ["boot", "armed", "boot", "fault"]
    assert book.entries[2].text == "after its watchdog"
    assert book.problems == ()


@pytest.mark.parametrize("byte", range(32))
def test_req_68_a_changed_byte_is_seen_and_its_entry_named(byte: int) -> None:
    _book, blocks = after_a_run()
    block = bytearray(blocks[0])
    block[8 + 32 + byte] ^= 1  # of entry 1
    problems = journal.verified([bytes(block)], "0").problems
    assert problems != ()
    if byte >= 4:  # the first four are its number
        assert problems[0] == "entry 1 was changed"


def test_req_68_entries_taken_out_are_named() -> None:
    _book, blocks = after_a_run()
    block = blocks[0]
    without = block[: 8 + 32] + block[8 + 2 * 32 :]
    assert journal.verified([without], "0").problems == ("entry 1 is missing",)
    one_less = block[:8] + block[8 + 2 * 32 :]
    assert journal.verified([one_less], "0").problems == ("entry 2 was changed",)
    joined = [block, b"", block[:8] + block[8 + 3 * 32 :].replace(b"\3\0\0\0", b"\x09\0\0\0", 1)]
    assert journal.verified(joined, "0").problems[0] == "entries 4 to 8 are missing"


def test_req_68_the_newest_taken_away_show_against_an_export(tmp_path: Path) -> None:
    book, blocks = after_a_run()
    path = tmp_path / "earlier.json"
    path.write_text(json.dumps(book.as_dict()))
    assert book.since(path).problems == ()
    cut = journal.verified([blocks[0][: 8 + 2 * 32]], book.unique_id)
    assert cut.problems == ()
    assert cut.since(path).problems == (f"entries 2 to 3 of {path} are no longer there",)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"unique_id": 1, "entries": [{}]}'])
def test_a_file_that_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "some.json"
    path.write_text(text)
    with pytest.raises(WrongUsage, match="no exported journal; needed is one that `scs log"):
        Journal("0", (), ()).since(path)


def test_an_export_of_another_board_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"unique_id": "a", "entries": []}')
    with pytest.raises(WrongUsage, match="is of board a, this is b"):
        Journal("b", (), ()).since(path)
