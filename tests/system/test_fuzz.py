"""Each fuzzing target with inputs of a fixed seed, and each of its properties tripped by a bug."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from safety_case import fuzz, fuzz_files, fuzz_link
from safety_case.fuzz_properties import MODULES, Broken, Target, outcome, reduced
from scs.recordings import readers
from stimcore import access, calibration, commands, dialogue, frame, handlers, program, states
from stimcore.device import Device
from stimcore.errors import Refused

INPUTS = {"frame": 80, "dialogue": 60, "program": 120, "store": 120, "recording": 60}


def wrong(target: Target, inputs: int) -> Iterator[str]:
    """Yield what goes wrong with the valid inputs, and with so many drawn from seed 1."""
    yield from (outcome(target, data)[1] for data in target.seeds())
    drawn: list[bytes] = []
    quiet = settings(
        max_examples=inputs,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seed(1)(quiet(given(target.draws())(lambda data: drawn.append(data))))()
    assert len(drawn) >= inputs // 2
    yield from (outcome(target, data)[1] for data in drawn)


def said(name: str, inputs: int = 20) -> str:
    """Return the first thing that goes wrong with a target, or nothing."""
    return next(filter(None, wrong(fuzz_files.BY_NAME[name], inputs)), "")


@pytest.mark.parametrize("name", MODULES)
def test_req_40_nothing_goes_wrong_with_inputs_of_a_fixed_seed(name: str) -> None:
    assert said(name, INPUTS.get(name, 100)) == ""


def test_req_40_a_flood_of_rubbish_leaves_memory_as_it_was() -> None:
    assert fuzz_link.flood(1, 1_000_000) < fuzz_link.FLOOD_MOST


def test_every_state_is_begun_from() -> None:
    kept = [fuzz_link.pickle.loads(bench).device.state for bench in fuzz_link._benches()]
    assert kept == [*range(len(states.NAMES)), states.LOADED]  # that is paired


@pytest.mark.parametrize(("module", "name"), [(access, "NONE"), (commands, "OPERATOR")])
def test_req_70_what_nobody_signed_and_does_something_is_seen(
    module: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = opcode_at(commands.STATUS if name == "NONE" else commands.UNLOAD)
    wait = (fuzz_link.TIME, 3)
    script = bytes((len(states.NAMES), *wait, fuzz_link.APT_COMMAND, index))
    assert outcome(fuzz_files.BY_NAME["dialogue"], script)[1] == ""
    if name == "NONE":
        monkeypatch.setattr(access, "NONE", access.PAIRED)  # whoever speaks renews the lease
    else:
        rows = [(*row[:5], commands.OBSERVER) for row in commands.TABLE]
        monkeypatch.setattr(commands, "TABLE", tuple(rows))
    wrong = outcome(fuzz_files.BY_NAME["dialogue"], script)[1]
    assert wrong.startswith("what nobody signed made ")


def test_req_70_what_is_signed_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = (len(states.NAMES), fuzz_link.APT_COMMAND, opcode_at(commands.OPEN), 0, 1)
    signed = (fuzz_link.APT_COMMAND, opcode_at(commands.SIGNED), 0, 0, 0, 0, 0)
    benches: list[fuzz_link.Bench] = []
    monkeypatch.setattr(fuzz_link.Bench, "answers", lambda bench: benches.append(bench))
    fuzz_link.talk(bytes((*opened, *signed, opcode_at(commands.UNLOAD))))
    assert benches[0].device.state == states.OFF


# --- planted bugs --------------------------------------------------------------------------------
class Credulous(frame.Decoder):
    """A decoder that ignores the CRC."""

    def feed(self, data: bytes) -> list:
        frames = super().feed(data)
        for piece in data.split(b"\0")[:-1]:
            body = frame.unstuff(piece)
            if len(body) >= 6 and not frames:
                frames.append((body[0], body[1], body[2:-4]))
        return frames


def test_req_40_a_decoder_that_ignores_the_crc_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "Decoder", Credulous)
    status = opcode_at(commands.STATUS)
    broken = bytes((fuzz_link.BROKEN_FRAME, status, 16, 0))  # a bit of its opcode
    assert "the decoder makes [(" in outcome(fuzz_files.BY_NAME["frame"], broken)[1]


def test_req_40_a_device_that_believes_a_bad_frame_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fuzz_link.Bench, "__setstate__", credulous, raising=False)
    assert "replies to 0 valid frames" in said("dialogue", 40)


def credulous(bench: fuzz_link.Bench, state: dict) -> None:
    bench.__dict__.update(state)
    bench.device.dialogue.decoder = Credulous()


def test_req_40_a_device_that_moves_on_a_bad_frame_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = dialogue.Dialogue.step

    def step(talk: dialogue.Dialogue) -> None:
        before = talk.decoder.errors
        plain(talk)
        if talk.decoder.errors != before:
            talk.device.hash ^= 1

    monkeypatch.setattr(dialogue.Dialogue, "step", step)
    assert "without a valid frame" in said("dialogue", 40)


def test_req_41_a_refusal_that_changes_something_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = dialogue._refusal

    def refusal(reason: Refused) -> bytes:
        last.hash ^= 1
        return plain(reason)

    last: Device
    run = Device.step

    def step(device: Device) -> None:
        nonlocal last
        last = device
        run(device)

    monkeypatch.setattr(Device, "step", step)
    monkeypatch.setattr(dialogue, "_refusal", refusal)
    assert "a refused (" in said("dialogue", 1)


def test_req_32_a_stream_that_runs_on_after_a_halt_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_link.QuickHal, "halt", lambda _hal: None)
    running = bytes((states.RUNNING, fuzz_link.APT_COMMAND, opcode_at(commands.HALT)))
    wrong = outcome(fuzz_files.BY_NAME["dialogue"], running)[1]
    assert wrong == "the stream runs in FAULT"  # which the device itself latched


def opcode_at(opcode: int) -> int:
    return [row[0] for row in commands.TABLE].index(opcode)


def test_req_40_a_handler_that_raises_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(handlers.TABLE, commands.WORDS, lambda _device, _offset: [][0])
    script = bytes((states.RUNNING, fuzz_link.APT_COMMAND, opcode_at(commands.WORDS)))
    wrong = outcome(fuzz_files.BY_NAME["dialogue"], script)[1]
    assert wrong == "an exception was latched as FAULT_INTERNAL"


def test_req_40_a_device_that_no_longer_answers_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_link, "HELLO", struct.pack("<H", commands.PROTOCOL + 1))
    assert "HELLO was answered with" in outcome(fuzz_files.BY_NAME["dialogue"], b"\0")[1]


def endless(decoder: frame.Decoder, piece: bytes) -> None:
    """Keep everything."""
    decoder._buffer.extend(piece)


def test_req_40_a_buffer_without_bounds_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame.Decoder, "_keep", endless)
    rubbish = bytes((states.LOADED, fuzz_link.RUBBISH, 255, 0, 1))
    assert outcome(fuzz_files.BY_NAME["dialogue"], rubbish)[1].startswith("the decoder holds 4080")
    assert outcome(fuzz_files.BY_NAME["frame"], rubbish[1:])[1].startswith("the decoder holds 4080")
    with pytest.raises(Broken, match="the decoder holds"):
        fuzz_link.flood(1, 100_000)


def test_req_40_memory_that_grows_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, kept = frame.Decoder.feed, []
    monkeypatch.setattr(
        frame.Decoder, "feed", lambda decoder, data: kept.append(data) or plain(decoder, data)
    )
    with pytest.raises(Broken, match="memory grew by"):
        fuzz_link.flood(1, 200_000)


def index_error(*_arguments: object, **_named: object) -> None:
    raise IndexError("planted")


@pytest.mark.parametrize(
    ("name", "of", "attribute"),
    [
        ("program", program, "unpack"),
        ("store", fuzz_files.host_journal, "verified"),
        ("profile", program, "unpack"),
        ("boards", fuzz_files.boards, "electrical"),
        ("recording", readers, "_csv"),
    ],
)
def test_req_20_an_undocumented_exception_is_seen(
    name: str, of: object, attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fuzz_files.BY_NAME[name].seeds()  # made before
    monkeypatch.setattr(of, attribute, index_error)
    assert said(name).startswith("IndexError: planted")


def test_req_20_an_unpack_that_does_not_look_at_the_crc_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blob = bytearray(fuzz_link.BLOBS[0])
    group = program.unpack(bytes(blob))
    monkeypatch.setattr(program, "unpack", lambda _blob: group)
    blob[-1] ^= 1
    wrong = outcome(fuzz_files.BY_NAME["program"], b"\0" + blob)[1]
    assert wrong == "unpack accepts what pack would not write"


def test_req_47_a_calibration_that_is_not_good_and_used_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = (calibration.DAMAGED, calibration.Calibration(1, 2, 3, 4))
    monkeypatch.setattr(calibration, "restore", lambda _hal, _board: bad)
    assert "of a calibration that is not good are used" in said("store", 1)


def test_req_60_an_error_without_a_sentence_is_seen() -> None:
    for lines in ([], [""], ["a\x1b[0m"]):
        with pytest.raises(Broken, match="the error is"):
            fuzz_files._one_clear_error(lines)


def test_an_input_that_goes_wrong_is_made_short() -> None:
    def feed(data: bytes) -> int:
        if b"ab" in data:
            raise Broken("it holds ab")
        return 1

    target = Target("none", feed, list, fuzz_link.scripts)
    assert reduced(target, b"xx" * 50 + b"aby" * 20) == b"ab"


# --- the command ---------------------------------------------------------------------------------
def test_an_engine_that_dies_is_a_failure(tmp_path: fuzz.Path) -> None:
    died = [fuzz.sys.executable, "-c", "raise SystemExit(3)"]
    rows = list(fuzz.rows(died, tmp_path / "log"))
    assert rows[-1]["failure"]["what"].startswith("the engine ended by itself, 3")


def test_the_command_tells_engine_rate_and_lines(
    tmp_path: fuzz.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(fuzz, "FOLDER", tmp_path / "fuzz")
    monkeypatch.setattr(fuzz.results, "FOLDER", tmp_path / "safety")
    argv = ["fuzz", "frame", "--seconds", "0.3", "--engine", "hypothesis", "--seed", "7"]
    monkeypatch.setattr(fuzz.sys, "argv", argv)
    assert fuzz.main() == 0
    printed = capsys.readouterr().out
    assert "engine hypothesis, seed 7" in printed
    assert "% of" in printed and "lines" in printed and "/s)" in printed
    assert fuzz.results.read()["fuzz"].failures == []


def test_an_unknown_target_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzz.sys, "argv", ["fuzz", "frames"])
    with pytest.raises(SystemExit):
        fuzz.main()
    assert "no target frames; there are frame, dialogue" in capsys.readouterr().err


def test_without_atheris_hypothesis_draws_the_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    long = fuzz.argparse.Namespace(engine=None, frames=1_000)
    monkeypatch.setattr(fuzz.importlib.util, "find_spec", lambda _name: None)
    assert fuzz.engine_of(long) == "hypothesis"
    monkeypatch.setattr(fuzz.importlib.util, "find_spec", lambda name: name)
    assert fuzz.engine_of(long) == "atheris"
    assert fuzz.engine_of(fuzz.argparse.Namespace(engine=None, frames=0)) == "hypothesis"
