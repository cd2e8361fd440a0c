"""Opening a device: who it is, whether it is understood, and what is refused."""

import pytest

import scs
from scs import resources, sim_bridge
from scs.device.stimulator import Stimulator
from scs.errors import Failure, Mismatch, WrongUsage
from scs_sim.bench.board import SimBoard
from stimcore import commands, handlers


def test_the_design_example_runs() -> None:
    with scs.Stimulator("sim") as stim:
        stim.load(scs.Profile.read(resources.path("profiles/tonic_50hz.yaml")))
        stim.arm()
        stim.start()
        trace = stim.scope(periods=2)
    assert trace.time_s[0] == 0.0
    assert trace.time_s[-1] == pytest.approx(0.04)
    # not one step of the ramp before: 2 mA with its share of INL, gain mismatch and offset, worked
    # out in test_demo.py
    assert trace.pulses().amplitude_a == pytest.approx([-1.99944e-3] * 2, abs=1e-8)
    assert len(trace.time_s) == len(trace.current_a) == len(trace.voltage_v)


def test_the_board_is_the_row_that_the_device_names() -> None:
    with Stimulator("sim", "pico2/r2r-1/resistor-1k") as stim:
        assert stim.board.name == "pico2/r2r-1/resistor-1k"
        assert stim.board.clock_hz == 150_000_000
        assert stim.version == "0.1.0"


def test_req_43_other_tables_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def hello(device: object, protocol: int) -> tuple:
        fields = list(handlers._hello(device, protocol))
        fields[1] ^= 1
        return tuple(fields)

    monkeypatch.setitem(handlers.TABLE, commands.HELLO, hello)
    with pytest.raises(Mismatch, match=r"other commands or limits .* reflash"):
        Stimulator("sim").open()


def test_req_43_another_board_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(board, *rest, **options) -> SimBoard:
        return SimBoard(board._replace(offset_na=board.offset_na + 1), *rest, **options)

    monkeypatch.setattr(sim_bridge, "SimBoard", make)
    with pytest.raises(Mismatch, match=r"differ from those in boards.yaml; reflash"):
        Stimulator("sim").open()


def test_req_43_a_board_that_is_in_no_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(board, *rest, **options) -> SimBoard:
        return SimBoard(board._replace(name="pico/home-made/x"), *rest, **options)

    monkeypatch.setattr(sim_bridge, "SimBoard", make)
    with pytest.raises(Mismatch, match=r"'pico/home-made/x', which boards.yaml does not have"):
        Stimulator("sim").open()


def test_a_refused_device_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(handlers.TABLE, commands.HELLO, lambda *_: (1, 0, 0, 0, 0, 0, 0, b"x y"))
    stim = Stimulator("sim")
    with pytest.raises(Mismatch):
        stim.open()
    with pytest.raises(Failure, match="not open"):
        stim.status()


def test_another_board_than_asked_for_is_wrong_usage() -> None:
    with pytest.raises(WrongUsage, match=r"is pico/mcp4922-8/randles-500, not pico2"):
        Stimulator("sim://", "pico2/mcp4922-8/randles-500").open()


def test_faults_are_for_the_simulated_board_only() -> None:
    with pytest.raises(WrongUsage, match="faults"):
        Stimulator("/dev/ttyACM0", faults="open_lead@1").open()
