"""The link: asked again until answered, never twice carried out, and clear when it is lost."""

import binascii
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import serial
from serial import rfc2217
from tests.support.serving import serving

from scs import resources, sim_bridge
from scs.device import link
from scs.device.link import Link
from scs.device.stimulator import Stimulator
from scs.errors import DeviceRefused, LinkLost, Mismatch, WrongUsage
from scs.messages import refusals
from scs.profile.profile import Profile
from scs.urlhandler import protocol_sim
from stimcore import commands, errors, frame, packing

HELLO = (commands.HELLO, commands.PROTOCOL)
RUNNING, LOADED, OFF = 3, 1, 0


class Lossy(protocol_sim.Serial):
    """The simulated board behind a port that loses, doubles or breaks what it is told to.

    Questions are counted from 0 with every write, those asked again included.
    """

    lost_questions: frozenset[int] = frozenset()
    lost_replies: frozenset[int] = frozenset()
    doubled: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    writes = 0
    opcodes: tuple[int, ...] = ()
    late = b""  # the second copy of a question, which comes with the next one

    def write(self, data: bytes) -> int:
        number = self.writes
        self.opcodes += tuple(frame_sent[1] for frame_sent in frame.Decoder().feed(data))
        self.writes += 1
        if number in self.broken:
            raise OSError(5, "Input/output error")
        if number not in self.lost_questions:
            super().write(self.late + data)
            self.late = data if number in self.doubled else b""
        if number in self.lost_replies:
            self.bench.advance_us(50_000)
            self.bench.host_read()
        return len(data)


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> Lossy:
    """Return the port that the next Link opens."""
    port = Lossy("sim://", timeout=0.05)
    monkeypatch.setattr(link, "_opened", lambda _name: port)
    return port


def blob_loaded(device: Link) -> None:
    blob = Profile.read(resources.path("profiles/tonic_passive.yaml")).to_blob()
    device.request(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob))
    device.request(commands.STAGE_DATA, 0, blob)
    digest = device.request(commands.COMMIT)["hash"]
    device.request(commands.MEASURE, 0, 0)
    device.sleep(1.0)
    device.request(commands.ARM, digest)


def test_a_reply_is_its_fields_by_name() -> None:
    with Link("sim") as device:
        fields = device.request(*HELLO)
    assert fields["protocol"] == 1
    assert fields["state"] == OFF
    assert fields["names"].endswith(b" pico/mcp4922-8/randles-500")


def test_a_lost_question_is_asked_again(lossy: Lossy) -> None:
    lossy.lost_questions = frozenset({1})
    with Link("sim") as device:
        device.request(*HELLO)
        assert device.request(commands.STATUS)["state"] == OFF
        assert device.retries == 1
        assert lossy.bench.now_s() > 0.3  # it had waited, in the board's own time


def test_req_42_a_lost_reply_is_asked_for_again_and_nothing_is_done_twice(lossy: Lossy) -> None:
    with Link("sim") as device:
        device.request(*HELLO)
        blob_loaded(device)
        lossy.lost_replies = frozenset({lossy.writes})
        device.request(commands.START)  # a second START would be refused: the state is RUNNING
        assert device.retries == 1
        assert device.request(commands.STATUS)["state"] == RUNNING


def test_the_reply_to_an_earlier_question_is_dropped(lossy: Lossy) -> None:
    lossy.doubled = frozenset({1})
    with Link("sim") as device:
        device.request(*HELLO)
        assert "truncated" in device.request(commands.LEDGER)
        assert "now_ms" in device.request(commands.STATUS)  # behind a second reply to LEDGER
        assert "truncated" in device.request(commands.LEDGER)
        assert device.retries == 0


def test_an_earlier_reply_to_the_same_question_is_dropped(lossy: Lossy) -> None:
    lossy.doubled = frozenset({1})
    with Link("sim") as device:
        device.request(*HELLO)
        first = device.request(commands.STATUS)["now_ms"]
        device.sleep(1.0)
        assert device.request(commands.STATUS)["now_ms"] - first >= 1000


def test_req_40_a_noisy_link_changes_nothing_but_the_time_it_takes() -> None:
    port = link.url_of("sim", faults="link_noise@0")
    with Link(port, retry_s=0.02) as device:
        device.request(*HELLO)
        seen = [device.request(commands.STATUS)["state"] for _ in range(200)]
    assert seen == [OFF] * 200
    assert device.retries > 10


def test_a_silent_device_is_given_up_after_the_patience(lossy: Lossy) -> None:
    lossy.lost_questions = frozenset(range(1, 100))
    with Link("sim", patience_s=2.0) as device:
        device.request(*HELLO)
        before_s = device.now()
        with pytest.raises(LinkLost, match=r"no answer from the simulated board within 2 s"):
            device.request(commands.STATUS)
        assert 2.0 <= device.now() - before_s < 2.2
        assert 6 <= device.retries <= 8  # every 0.3 s


def test_a_silent_device_is_told_to_halt_but_not_waited_for(lossy: Lossy) -> None:

    def silent() -> None:
        with Stimulator("sim", patience_s=2.0) as stim:
            stim.load(Profile.read(resources.path("profiles/tonic_50hz.yaml")))
            stim.arm()
            before_s.append(stim.link.now())
            lossy.lost_replies = frozenset(range(lossy.writes, lossy.writes + 100))
            stim.status()

    before_s: list[float] = []
    with pytest.raises(LinkLost):
        silent()
    assert lossy.bench.now_s() - before_s[0] < 2.5
    assert lossy.opcodes[-1] == commands.HALT
    assert lossy.opcodes.count(commands.HALT) == 1


def test_a_port_that_breaks_is_a_lost_link(lossy: Lossy) -> None:
    lossy.broken = frozenset({1})
    with Link("sim") as device:
        device.request(*HELLO)
        with pytest.raises(LinkLost, match=r"broke: Input/output error"):
            device.request(commands.STATUS)


def test_req_61_a_cut_link_is_lost() -> None:
    with Link(link.url_of("sim", faults="link_cut@0.5")) as device:
        device.request(*HELLO)
        device.sleep(1.0)
        with pytest.raises(LinkLost, match="cut"):
            device.request(commands.STATUS)


def test_a_device_that_restarted_does_not_know_the_session() -> None:
    with Link(link.url_of("sim", faults="hung_loop@0.1")) as device:
        device.request(*HELLO)
        device.request(commands.STATUS)
        device.sleep(1.0)
        with pytest.raises(LinkLost, match="restarted"):
            device.request(commands.STATUS)
        assert device.request(*HELLO)["reset_cause"] == 1  # a new session shows why


@pytest.mark.parametrize(
    ("port", "error"),
    [
        ("/dev/no-such-port", LinkLost),
        ("socket://127.0.0.1:9", LinkLost),
        ("nonsense://x", WrongUsage),
        ("sim://?bord=pico", LinkLost),
    ],
)
def test_a_port_that_cannot_be_opened_says_why_in_one_line(
    port: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        Link(port)
    text = str(caught.value)
    assert text.startswith(f"cannot open {port}: ")
    assert text.count(port) == 1
    assert "\n" not in text
    assert "Errno" not in text


@pytest.mark.parametrize(
    ("port", "example"),
    [
        ("127.0.0.1:7000", "socket://127.0.0.1:7000"),
        ("[::1]:7000", "socket://[::1]:7000"),
        ("socket://", "socket://127.0.0.1:7000"),
        ("socket://127.0.0.1", "socket://127.0.0.1:7000"),
        ("socket://127.0.0.1:0", "socket://127.0.0.1:7000"),
        ("socket://127.0.0.1:65536", "socket://127.0.0.1:7000"),
        ("socket://127.0.0.1:abc", "socket://127.0.0.1:7000"),
        ("socket://[::1", "socket://127.0.0.1:7000"),
        ("rfc2217://127.0.0.1", "rfc2217://127.0.0.1:7000"),
        ("socket://127.0.0.1:7000/x", "socket://127.0.0.1:7000"),
        ("socket://127.0.0.1:7000?x", "socket://127.0.0.1:7000"),
    ],
)
def test_a_port_of_a_wrong_form_gets_an_example_that_works(port: str, example: str) -> None:
    with pytest.raises(WrongUsage) as reason:
        Link(port)
    assert str(reason.value).startswith(f"{port} ")
    assert str(reason.value).endswith(f"; for example {example}")


@pytest.mark.parametrize("port", ["", " "])
def test_a_port_without_a_name_is_wrong_usage(port: str) -> None:
    with pytest.raises(WrongUsage, match="a port is needed; for example /dev/ttyACM0 or socket://"):
        Link(port)


def test_a_protocol_that_pyserial_does_not_know_gets_an_example() -> None:
    with pytest.raises(WrongUsage) as reason:
        Link("tcp://127.0.0.1:7000")
    assert str(reason.value) == (
        "cannot open tcp://127.0.0.1:7000: invalid URL, protocol 'tcp' not known; "
        "for example /dev/ttyACM0 or socket://127.0.0.1:7000"
    )


def test_a_refusal_carries_its_rows_and_a_sentence() -> None:
    with Link("sim") as device:
        device.request(*HELLO)
        with pytest.raises(DeviceRefused, match=r"starting is not allowed .* OFF: load") as caught:
            device.request(commands.START)
        assert caught.value.rows == ((errors.BAD_STATE, commands.START, OFF, 0),)
        with pytest.raises(DeviceRefused, match="no fault is latched"):
            device.request(commands.CLEAR_FAULT)
        with pytest.raises(DeviceRefused, match=r"exceed the staged program: 9 bytes against"):
            device.request(commands.STAGE_BEGIN, 9, 0)


def test_another_protocol_is_a_mismatch() -> None:
    with Link("sim") as device, pytest.raises(Mismatch, match=r"protocol 7, .* 1; reflash"):
        device.request(commands.HELLO, 7)


@pytest.mark.parametrize("reply", [b"", b"\0", b"\0123", bytes((errors.BAD_STATE,)) + b"x"])
def test_a_reply_of_another_form_is_a_mismatch(lossy: Lossy, reply: bytes) -> None:
    answer = frame.encode(0, commands.HELLO | commands.REPLY, reply)
    with Link("sim") as device:
        lossy.bench.link.device_write(answer)
        with pytest.raises(Mismatch, match="in another format than this host"):
            device.request(*HELLO)


def test_the_sequence_number_goes_round() -> None:
    with Link("sim") as device:
        device.request(*HELLO)
        for _ in range(600):
            device.request(commands.STATUS)
        assert device.retries == 0


# --- sentences -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ((errors.DENSITY, 2, 64_000, 30_000), "64 µC/cm² against 30 µC/cm², at E3"),
        ((errors.PERIOD_DC, 0, 250_000, 100_000), "250 nA against 100 nA, at E1"),
        ((errors.RATE, 0, 50_000, 100_000), "20000 Hz against 10000 Hz"),
        ((errors.SHANNON, 1, 100_000, 31_622), "2 against 1.5, at E2"),
        ((errors.DOES_NOT_FIT, 1, 2_000_000, 1_000_000), "2000 µs against 1000 µs, in 'two'"),
        (
            (errors.BLOB_FIELD, 110, 5_000_000, 1_000_000),
            "the field 'width' of 'one' is 5 ms; its limit is 1 ms",
        ),
        ((errors.BLOB_FIELD, 1, 1, 200), "the field 'lease' is 1 ms; its limit is 200 ms"),
        ((errors.BAD_COMMAND, 0x77, 0, 0), "flash it anew (scs flash)"),
        ((errors.LOAD_ID, 0, 4095, 2815), "4095 ADC codes against 2815 ADC codes; connect"),
        ((250, 0, 1, 2), "code 250, which this host does not know"),
    ],
)
def test_a_row_is_a_sentence_in_human_units(row: tuple[int, int, int, int], sentence: str) -> None:
    assert sentence in refusals.sentence(row, ("E1", "E2", "E3"), ("one", "two"))


# --- real ports ------------------------------------------------------------------------------
@pytest.fixture(params=["pty", "listen", "rfc2217"])
def served(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the address of a board that a thread serves."""
    if request.param == "rfc2217":
        with serving(sim_bridge.listen(sim_bridge.make())) as server, shared(server.address) as url:
            yield url
        return
    with serving(getattr(sim_bridge, request.param)(sim_bridge.make())) as server:
        yield server.address


@contextmanager
def shared(device: str) -> Iterator[str]:
    """Share a serial port over the network, by pySerial's own side of RFC 2217; yield its URL."""

    def share(listener: socket.socket) -> None:
        for _session in range(2):
            client, _address = listener.accept()
            with client, serial.serial_for_url(device, timeout=0) as port:
                manager = rfc2217.PortManager(port, SimpleNamespace(write=client.sendall))
                while True:
                    ready, _, _ = select.select([client, port], [], [])
                    if port in ready:
                        client.sendall(b"".join(manager.escape(port.read(1000))))
                    if client in ready:
                        if not (data := client.recv(1000)):
                            break
                        port.write(b"".join(manager.filter(data)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=share, args=[listener], daemon=True)
        thread.start()
        yield f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.filterwarnings("ignore:set(Daemon|Name)")  # pySerial 3.5 itself
def test_a_pty_and_a_socket_are_ports_like_any_other(served: str) -> None:
    with Link(served) as device:
        assert device.bench is None
        device.request(*HELLO)
        for _ in range(20):
            assert device.request(commands.STATUS)["state"] == OFF
    with Link(served) as device:  # a second session, after the first has left
        assert device.request(*HELLO)["state"] == OFF


@pytest.mark.parametrize("names", [b"9 even", b"9 odd"])
def test_a_reply_counts_that_came_before_the_port_was_closed(names: bytes) -> None:
    fields = packing.pack(commands.by_opcode(commands.HELLO)[3], (1, 0, 0, OFF, 0, 0, 0, names))
    reply = frame.encode(0, commands.HELLO | commands.REPLY, bytes((errors.OK,)) + fields)

    def answer_and_close(listener: socket.socket) -> None:
        client, _address = listener.accept()
        with client:
            client.recv(1000)
            client.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_and_close, args=[listener])
        thread.start()
        with Link(f"socket://127.0.0.1:{listener.getsockname()[1]}") as device:
            assert device.request(*HELLO)["names"] == names
            with pytest.raises(LinkLost, match="broke: "):
                device.request(commands.STATUS)
        thread.join(5)


def test_a_serial_port_is_opened_by_one_process_at_a_time() -> None:
    with (
        serving(sim_bridge.pty(sim_bridge.make())) as server,
        Link(server.address),
        pytest.raises(LinkLost, match=r"another program holds it.*`scs ports`"),
    ):
        Link(server.address)


def test_the_port_is_closed_when_the_link_is_left() -> None:
    with Link("sim") as device:
        port = device._port
    assert not port.is_open
    assert isinstance(port, serial.SerialBase)
