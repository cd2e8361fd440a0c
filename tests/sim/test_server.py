"""The bench behind a socket and behind a pty, as a host finds it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import serial
from tests.support.benches import Echo, bench
from tests.support.serving import serving

from scs import sim_bridge
from scs_sim.serve import server
from scs_sim.serve.server import Server
from stimcore import commands, frame

HELLO = frame.encode(0, commands.HELLO, commands.PROTOCOL.to_bytes(2, "little"))


def until(condition, seconds: float = 60.0) -> bool:
    """Return True if a condition comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return False


def opened(address: str) -> serial.SerialBase:
    return serial.serial_for_url(address, timeout=60)


@pytest.fixture(params=["socket", "pty"])
def served(request: pytest.FixtureRequest) -> Iterator[Server]:
    sim = bench(Echo)
    with serving(server.listen(sim) if request.param == "socket" else server.pty(sim)) as running:
        yield running


def test_bytes_go_both_ways_all_256_of_them(served: Server) -> None:
    with opened(served.address) as port:
        port.write(bytes(range(256)))
        assert port.read(256) == bytes((byte + 1) % 256 for byte in range(256))


def test_a_client_may_leave_and_another_come(served: Server) -> None:
    for text in (b"first", b"second", b"third"):
        with opened(served.address) as port:
            port.write(text)
            assert port.read(len(text)) == bytes(byte + 1 for byte in text)


def test_the_device_runs_on_without_a_client_and_what_it_says_is_dropped(served: Server) -> None:
    turns = served.bench.device.turns_us
    assert until(lambda: len(turns) > 3)
    served.bench.link.device_write(b"said to nobody")
    assert until(lambda: served.bench.link.waiting == 0)
    with opened(served.address) as port:
        port.write(b"a")
        assert port.read(1) == b"b"


def test_a_second_client_is_turned_away_and_the_first_stays() -> None:
    with serving(server.listen(bench(Echo))) as served, opened(served.address) as first:
        first.write(b"a")
        assert first.read(1) == b"b"
        host, port = served.address.removeprefix("socket://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as second:
            assert second.recv(1) == b""
        first.write(b"b")
        assert first.read(1) == b"c"


def test_a_pty_is_raw_for_a_client_that_does_not_care() -> None:
    with serving(server.pty(bench(Echo))) as served:
        client = os.open(served.address, os.O_RDWR | os.O_NOCTTY)
        sent = bytes((3, 4, 10, 13, 17, 19, 26, 127, 255))  # what a terminal would act upon
        os.write(client, sent)
        got = b""
        while len(got) < len(sent):
            got += os.read(client, 100)
        os.close(client)
    assert got == bytes((byte + 1) % 256 for byte in sent)


def test_port_0_picks_one_and_a_taken_port_is_an_error() -> None:
    served = server.listen(bench())
    port = int(served.address.rpartition(":")[2])
    assert port > 0
    with pytest.raises(OSError, match="in use"):
        server.listen(bench(), port=port)
    with serving(served):
        pass


class IdlePort:
    """A port without a client; the wall clock passes in its polls, and with it 0.1 ms of work."""

    address = "nowhere"
    wall_s = 100.0

    def poll(self, wait_s: float) -> bytes:
        self.wall_s += wait_s + 1e-4
        return b""

    def close(self) -> None:
        pass


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_virtual_time_follows_the_wall_clock_times_the_speed(
    speed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = IdlePort()
    monkeypatch.setattr(server.time, "monotonic", lambda: port.wall_s)
    running = Server(bench(), port, speed)
    monkeypatch.setattr(running, "_stopping", SimpleNamespace(is_set=lambda: port.wall_s > 100.3))
    running.run()
    assert running.bench.now_s() == pytest.approx(speed * 0.3, rel=0.05)


def test_speed_0_does_not_wait() -> None:
    served = server.listen(bench(), speed=0)
    with serving(served):
        assert until(lambda: served.bench.now_s() > 90)  # until() waits 60 s


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="it is 0"):
        server.pty(bench(), speed=speed)


def test_a_cut_link_looks_like_a_pulled_cable(served: Server) -> None:
    with opened(served.address) as port:
        port.write(b"a")
        assert port.read(1) == b"b"
        served.bench.inject("link_cut")

        def talk() -> None:
            for _ in range(100):
                port.write(b"a")
                port.read(1)

        with pytest.raises(serial.SerialException):
            talk()


def test_the_real_device_says_hello_over_either() -> None:
    for listen in (server.listen, server.pty):
        with serving(listen(sim_bridge.make())) as served, opened(served.address) as port:
            port.write(HELLO)
            decoder, frames = frame.Decoder(), []
            while not frames:
                data = port.read(1)
                assert data
                frames = decoder.feed(data)
            assert frames[0][:2] == (0, commands.HELLO | commands.REPLY)
            assert b"pico/mcp4922-8/randles-500" in frames[0][2]


def test_ctrl_c_ends_it_cleanly() -> None:
    code = (
        "from scs import sim_bridge; server = sim_bridge.listen(sim_bridge.make());"
        "server.stop_at_eof();"
        "print(server.address, flush=True); server.run(); print('done', flush=True)"
    )
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True)
    assert child.stdout is not None
    with opened(child.stdout.readline().strip()) as port:
        port.write(HELLO)
        assert port.read(1)
    os.kill(child.pid, signal.SIGINT)
    assert child.communicate(timeout=60)[0] == "done\n"
    assert child.returncode == 0
