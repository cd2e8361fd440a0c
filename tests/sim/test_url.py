"""`sim://`: the bench as a serial port in this process, in virtual time."""

import time

import pytest
import serial

import scs.urlhandler
from scs import sim_bridge
from stimcore import commands, frame

HELLO = frame.encode(0, commands.HELLO, commands.PROTOCOL.to_bytes(2, "little"))


def opened(url: str = "sim://", **options) -> serial.SerialBase:
    assert scs.urlhandler.__name__ in serial.protocol_handler_packages
    return serial.serial_for_url(url, **{"timeout": 0.5, **options})


def test_the_device_answers_in_virtual_time() -> None:
    with opened() as port:
        port.write(HELLO)
        assert port.read(1) == b"\0"
        assert port.now() <= 0.001
        answer = port.read(port.in_waiting)
        assert frame.Decoder().feed(answer)[0][1] == commands.HELLO | commands.REPLY


def test_a_timeout_passes_in_virtual_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _s: pytest.fail("it sleeps by the wall clock"))
    with opened(timeout=30) as port:
        assert port.read(10) == b""
        assert port.now() == pytest.approx(30)


def test_sleeping_passes_time_and_reading_nothing_does_not() -> None:
    with opened(timeout=0) as port:
        port.sleep(1.25)
        assert port.now() == pytest.approx(1.25)
        assert port.read(5) == b""
        assert port.now() == pytest.approx(1.25)
        port.timeout = 1
        assert port.read(0) == b""
        assert port.now() == pytest.approx(1.25)


def test_bytes_that_came_before_the_timeout_are_given() -> None:
    with opened(timeout=0.05) as port:
        port.write(HELLO)
        answer = port.read(10_000)
        assert len(answer) > 20
        assert port.now() == pytest.approx(0.05)


def test_the_options_choose_board_fault_seed_and_noise() -> None:
    url = "sim://?board=pico2/mcp4922-8/resistor-1k&fault=wrong_load&fault=short@3&seed=4&noise=1"
    with opened(url) as port:
        assert port.bench.board.name == "pico2/mcp4922-8/resistor-1k"
        assert port.bench.board.clock_hz == 150_000_000
        assert port.bench.hal.load_id() == 4095
        port.sleep(3.01)
        assert port.bench.plant.load.condition == "short"
        begun = port.bench.tick
        quiet = {
            port.bench.plant.sample(begun + tick).current_max for tick in range(0, 10**6, 10**4)
        }
        assert quiet - {0} == {2047, 2048, 2049}  # the noise


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sim://?bord=pico", "no option 'bord'; did you mean board\\?"),
        ("sim://?fault=opn_lead", "did you mean open_lead"),
        ("sim://?seed=x", "seed"),
        ("sim://?seed=-1", "seed"),
        ("sim://?noise=maybe", "noise"),
        ("sim://?board=pico/mcp4922-8/randles-50", "randles-500"),
        ("sim://somewhere", "is not of the form sim://"),
    ],
)
def test_a_url_that_says_nonsense_is_refused_with_a_sentence(url: str, message: str) -> None:
    with pytest.raises(serial.SerialException, match=message):
        opened(url)


def test_a_cut_link_raises_as_a_pulled_cable_does() -> None:
    port = opened("sim://?fault=link_cut@2")
    port.write(HELLO)
    assert port.read(1)
    port.sleep(1.9)
    with pytest.raises(serial.SerialException, match="cut"):
        port.read(1_000)
    assert port.now() == pytest.approx(2)
    with pytest.raises(serial.SerialException, match="cut"):
        port.write(HELLO)
    port.close()


def test_a_closed_port_is_closed() -> None:
    port = opened()
    port.close()
    with pytest.raises(serial.PortNotOpenError):
        port.write(b"a")


def test_a_read_without_timeout_gives_up_after_a_minute_of_silence() -> None:
    port = serial.serial_for_url("sim://", timeout=None, do_not_open=True)
    port.open()
    with pytest.raises(serial.SerialException, match="a minute of virtual time"):
        port.read(1)


def test_every_fault_is_told_with_a_sentence() -> None:
    assert sim_bridge.faults()["open_lead"] == "the lead breaks: no current flows"
    assert all(sim_bridge.faults().values())
