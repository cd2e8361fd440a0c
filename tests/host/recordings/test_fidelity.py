"""Model and board give the same trace, and the model is taken only where they do."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from scs import Profile, resources
from scs.catalog import boards
from scs.errors import LinkLost, WrongUsage
from scs.recordings import readers, record
from scs.recordings.record import BOARD, CHIP, MODEL
from scs.traces import modelled

LADDER = "pico/r2r-1/resistor-500"
MADE_FOR = {"dummy-2": LADDER}  # by lead; every other lead has contacts to switch
SHOWN_S = 0.2301  # and no whole number of any period


def read(stem: str) -> Profile:
    return Profile.read(resources.path(f"profiles/{stem}.yaml"))


def fixture(profile: Profile) -> str:
    return MADE_FOR.get(profile.lead.name, boards.full_name())


def steady(profile: Profile) -> str:
    return record.not_steady(profile, from_start=False, faults="", pins=False)


STEADY = [stem for stem in resources.stems("profiles") if not steady(read(stem))]
OTHERS = [stem for stem in resources.stems("profiles") if stem not in STEADY]


@pytest.mark.parametrize("stem", STEADY)
def test_the_model_gives_the_boards_rows_of_every_profile(stem: str) -> None:
    profile = read(stem)
    name = fixture(profile)
    model, board = (
        profile.trace(SHOWN_S, fidelity=fidelity, board=name) for fidelity in (MODEL, BOARD)
    )
    assert (model.fidelity, board.fidelity) == (MODEL, BOARD)
    seen, wanted = model.trace, board.trace
    clock_hz = boards.board(name).clock_hz
    assert np.array_equal(np.rint(seen.time_s * clock_hz), np.rint(wanted.time_s * clock_hz))
    assert_allclose(seen.time_s, wanted.time_s, rtol=0, atol=1e-14)
    assert_allclose(seen.current_a, wanted.current_a, rtol=1e-9, atol=1e-13)
    assert_allclose(seen.voltage_v, wanted.voltage_v, rtol=1e-9, atol=1e-11)
    if wanted.schedule is not None:
        assert seen.schedule is not None
        assert seen.schedule.periods == wanted.schedule.periods
        assert seen.schedule.begin_s == pytest.approx(wanted.schedule.begin_s, abs=1e-9)
        assert seen.schedule.at_target


@pytest.mark.parametrize("stem", OTHERS)
def test_a_train_that_changes_is_the_boards(stem: str) -> None:
    profile = read(stem)
    assert profile.trace(0.01, board=fixture(profile)).fidelity == BOARD
    with pytest.raises(
        WrongUsage, match=r"the model cannot give this trace: .*; take fidelity board"
    ):
        profile.trace(0.01, fidelity=MODEL, board=fixture(profile))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"from_start": True}, "it begins with the soft start"),
        ({"faults": "open_lead@99"}, "a fault is injected"),
        ({"pins": True}, "the edges of the pins are the board's"),
    ],
)
def test_what_else_is_asked_for_is_the_boards(options: dict[str, object], reason: str) -> None:
    profile = read("tonic_50hz")
    assert profile.trace(0.01, **options).fidelity == BOARD
    with pytest.raises(WrongUsage, match=reason):
        profile.trace(0.01, fidelity=MODEL, **options)


def test_an_unknown_fidelity_is_refused() -> None:
    with pytest.raises(WrongUsage, match="fidelity fast: there are model, board and chip"):
        read("tonic_50hz").trace(0.01, fidelity="fast")


@pytest.mark.parametrize("rate_hz", [9_999.0, 125e6 / 3])
def test_even_samples_are_the_same(rate_hz: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelled, "AT_ONCE", 2)
    seconds = 0.15 if rate_hz < 1e6 else 0.001
    profile = read("tonic_passive")
    seen, wanted = (
        profile.trace(seconds, fidelity=fidelity, rate_hz=rate_hz).trace
        for fidelity in (MODEL, BOARD)
    )
    assert np.array_equal(seen.time_s, wanted.time_s)
    assert_allclose(seen.current_a, wanted.current_a, rtol=1e-9, atol=1e-11)
    assert_allclose(seen.voltage_v, wanted.voltage_v, rtol=1e-9, atol=1e-9)


def test_a_window_of_the_model_is_that_of_the_whole() -> None:
    recording = read("burst_dr").trace(0.3)
    whole = recording.rows.whole()
    for begin_s, end_s in ((0.0, 0.01), (0.05, 0.1), (0.025, 0.3)):
        part, wanted = recording.rows.window(begin_s, end_s), whole.window(begin_s, end_s)
        assert len(part) == len(wanted)
        assert_allclose(part.time_s, wanted.time_s, rtol=0, atol=1e-12)
        assert_allclose(part.voltage_v[:-1], wanted.voltage_v[:-1], rtol=0, atol=1e-9)


def test_files_say_which_ran(tmp_path: Path) -> None:
    profile = read("tonic_50hz")
    model, board = profile.trace(0.05), profile.trace(0.05, pins=True)
    model.save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as columns:
        assert columns["fidelity"].item() == "model"
        assert len(columns["time_s"]) == len(model.rows)
    assert len(readers.rows(tmp_path / "x.npz")) == len(model.rows)
    board.save(tmp_path / "x.vcd")
    assert "$comment fidelity: board $end" in (tmp_path / "x.vcd").read_text()
    model.save(tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text().startswith("time_s,current_a,voltage_v\n0.0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"faults": "short@1"}, "faults are injected into the simulated board; take"),
        ({"pins": True}, "the edges of the pins are of the simulated board; take"),
    ],
)
def test_what_the_emulated_chip_does_not_do_is_refused(options: dict, message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        read("tonic_50hz").trace(0.1, fidelity=CHIP, **options)


def test_a_chip_that_lacks_its_files_names_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MICROPYTHON", str(tmp_path / "none.uf2"))
    monkeypatch.setenv("BOOTROM", str(tmp_path / "none.bin"))
    with pytest.raises(LinkLost) as caught:
        read("tonic_50hz").trace(0.1, fidelity=CHIP)
    assert f"{tmp_path / 'none.uf2'} is not there" in str(caught.value)
    assert f"{tmp_path / 'none.bin'} is not there" in str(caught.value)


def test_a_board_without_an_emulated_chip_is_refused() -> None:
    with pytest.raises(LinkLost, match="pico2/mcp4922-8/randles-500 has no emulated chip"):
        read("tonic_50hz").trace(0.1, fidelity=CHIP, board="pico2/mcp4922-8/randles-500")
