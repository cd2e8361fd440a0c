"""Fuzz what is read from a file or from the store: programs, records, profiles, boards, recordings.

Role: an input is a byte that says how it is wrapped (a right CRC, a right hash, a whole archive),
then the content; so that what lies behind a checksum is reached too. Invariant: what is read is as
the writer would write it, or is refused by the one exception that the reader documents.
Requirements: REQ-20, REQ-21, REQ-45, REQ-47, REQ-60.
"""

import binascii
import hashlib
import io
import json
import struct
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.vm.fakehal import FakeHal

from scs.catalog import boards
from scs.catalog.board_file import BoardError, Catalogue
from scs.device import journal as host_journal
from scs.errors import WrongUsage
from scs.profile.profile import Profile, ProfileError
from scs.recordings import readers, run_folder
from scs.recordings.profile import Profile as RunningProfile
from stimcore import calibration, checks, commands, journal, limits, output, program, store
from stimcore.errors import Refused

from . import fuzz_link
from .fuzz_link import BLOBS, BOARD, Bench, Script
from .fuzz_properties import Broken, Target, mutated
from .results import ROOT

RAW, REPAIRED = 0, 1
YAML_TOKENS = tuple(
    word.encode()
    for word in (
        *(": ", "- ", "\n", "\n  ", "[", "]", "{", "}", "&a ", "*a", "!!", "|", ">", "#", "---\n"),
        *("'", '"', "\t", "null", "true", ".nan", "-.inf", "1e999", "0x10", "0", "-1", "1" * 40),
        *("2 mA", "0 mA", "25.5 mA", "1e-9 uA", "50 Hz", "1 mHz", "10 kHz", "200 us", "E1", "E9"),
        *("case", "burst", "passive", "active", "segments", "alternating", "offset", "phase"),
        *("µ", "\ufeff", "\u2028", "é", "𝄞", "\0"),
    )
)


# --- programs ------------------------------------------------------------------------------------
def unpack(data: bytes) -> int:
    """Unpack, validate and judge a program; what is accepted must be as pack() writes it."""
    kind, blob = data[:1], data[1:]
    if kind == bytes((REPAIRED,)) and len(blob) > 4:
        blob = blob[:-4] + struct.pack("<I", binascii.crc32(blob[:-4]))
    try:
        group = program.unpack(blob)
        if program.pack(group) != blob:
            raise Broken("unpack accepts what pack would not write")
        checks.validate(group)
        output.Output(BOARD, FakeHal(), group).figures()
    except Refused:
        pass
    return 1


@cache
def _shipped() -> tuple[bytes, ...]:
    """Return the text of each shipped profile."""
    return tuple(path.read_bytes() for path in sorted((ROOT / "profiles").glob("*.yaml")))


@cache
def program_seeds() -> list[bytes]:
    """Return the blob of every shipped profile."""
    blobs = [Profile.from_text(text).to_blob() for text in _shipped()]
    return [bytes((REPAIRED,)) + blob for blob in blobs]


# --- the store -----------------------------------------------------------------------------------
def boot(data: bytes) -> int:
    """Switch a device on with these records in its store, and use all of them; return the records.

    A record is a half's number, how it is wrapped, and up to 1 kB of content.
    """
    script, hal, records = Script(data), FakeHal(), 0
    for half in script.operations():
        how, length = script.take(2)
        content = script.take(length * 4)
        if how & 1:
            content = store.pack(script.byte() << 24 | 0x00FFFFFF if how & 2 else how, content)
        hal.cells[half % (2 * (journal.FIRST + journal.BLOCKS))] = content
        records += 1
    bench = Bench(hal)
    status, values = bench.device.calibration
    if status != calibration.GOOD and values != calibration.PLAIN:
        raise Broken(f"numbers {values} of a calibration that is not good are used")
    if any(abs(value) > limits.CALIBRATION_PPM for value in values[1::2]) or any(
        abs(value) > limits.CALIBRATION_OFFSET for value in values[::2]
    ):
        raise Broken(f"a calibration of {values} is used")
    for slot in range(limits.GROUP_SLOTS + 1):
        bench.command(commands.RECALL, bytes((slot,)))
    bench.command(commands.SLOTS, b"")
    bench.load(BLOBS[0])
    bench.command(commands.SAVE, b"\0")
    bench.command(commands.CALIBRATE, bytes(12))
    blocks = [_block(bench, at) for at in range(journal.BLOCKS)]
    host_journal.verified(blocks, "")
    bench.answers()
    return records


def _block(bench: Bench, block: int) -> bytes:
    """Read a block of the journal as a host does."""
    data = b""
    while True:
        bench.command(commands.LOG, struct.pack("<BH", block, len(data)))
        piece = bench.replies[-1][2][2:]
        data += piece
        if len(piece) < commands.LOOK_BYTES:
            return data


@cache
def store_seeds() -> list[bytes]:
    """Return the store of a device that has saved, was calibrated and has run."""
    bench = Bench()
    bench.load(BLOBS[0])
    bench.command(commands.SAVE, b"\3")
    bench.command(commands.CALIBRATE, struct.pack("<hihi", 3, -100, -2, 250))
    for _ in range(8):
        bench.command(commands.ARM, bytes(4))
        bench.device.journal.note(5, journal.ARMED)
        bench.step()
    scripts = []
    for half, record in sorted(bench.hal.cells.items()):
        content = store.unpack(record)[1]
        content += bytes(-len(content) % 4)
        scripts.append(bytes((half, 1, len(content) // 4)) + content)
        if half // 2 == calibration.SLOT:
            raw = record + bytes(-len(record) % 4)
            scripts.append(bytes((half, 0, len(raw) // 4)) + raw)
    return [*scripts, b"".join(scripts)]


# --- YAML ----------------------------------------------------------------------------------------
def profile(data: bytes) -> int:
    """Read a profile; what is accepted must be a program that the device accepts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            read = RunningProfile.from_text(data)
    except ProfileError as refused:
        _one_clear_error(refused.lines())
        return 1
    checks.validate(read.group)
    if program.unpack(read.to_blob()) != read.group:
        raise Broken("the program is not the one that its bytes are")
    repr(read)
    return 1


def board_file(data: bytes) -> int:
    """Read a boards.yaml, and every combination of what it holds."""
    try:
        source = Catalogue.from_text(data)
    except BoardError as refused:
        _one_clear_error(refused.lines())
        return 1
    model = source.model
    boards.rows(source)
    for stage in model.stages:
        for load in model.loads:
            names = {"board": next(iter(model.boards)), "stage": stage, "load": load}
            try:
                boards.board(source=source, **names)
                boards.electrical(source=source, **names)
            except BoardError as refused:
                _one_clear_error(refused.lines())
    return 1


def _one_clear_error(lines: list[str]) -> None:
    if not lines or not all(line.strip() and line.isprintable() for line in lines):
        raise Broken(f"the error is {lines!r}")


# --- recordings ----------------------------------------------------------------------------------
CSV, NPZ, ARRAYS, INDEX, SAMPLES, TRACE = range(6)
COLUMN_HEAD = b"\x93NUMPY\1\0"


@cache
def _folder() -> Path:
    """Return a folder that lives as long as the process."""
    kept = tempfile.TemporaryDirectory(prefix="scs-fuzz-")
    _kept.append(kept)
    return Path(kept.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


@cache
def _recorded() -> dict[str, bytes]:
    """Return the files of a short recording, made once from the simulated board."""
    folder = _folder() / "seed"
    text = (ROOT / "profiles/tonic_48_pulses.yaml").read_text().replace("48", "2")
    from scs.device.stimulator import Stimulator

    recorder = run_folder.Recorder(folder)
    profile = Profile.from_text(text)
    with Stimulator("sim") as stim:
        figures = stim.load(profile)
        stim.arm()
        recorder.starting(stim, profile, figures)
        stim.start()
        stim.wait(10.0)
        recorder.finish(stim.status(), stim.ledger())
    recorder.drop()
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def recording(data: bytes) -> int:
    """Read a trace from a CSV, an NPZ or a folder, of which one file is the input."""
    kind, content = (data[:1] or b"\0")[0] % 6, data[1:]
    folder = _folder() / "run"
    path = _folder() / ("x.csv" if kind == CSV else "x.npz")
    if kind == ARRAYS:
        content = _archive(content)
    if kind in (CSV, NPZ, ARRAYS):
        path.write_bytes(content)
    else:
        path = folder
        _write(folder, kind, content)
    try:
        rows = readers.rows(path)
    except WrongUsage as refused:
        if not str(refused).startswith(str(path)):
            raise Broken(f"the error does not name the file: {refused}") from None
        return 1
    if len(rows) < 2:
        raise Broken(f"a trace of {len(rows)} rows")
    return 1


def _write(folder: Path, kind: int, content: bytes) -> None:
    """Write a recording, one of its files replaced, with the hash that this file has."""
    files = dict(_recorded())
    name = {INDEX: run_folder.INDEX, SAMPLES: run_folder.SAMPLES, TRACE: run_folder.TRACE}[kind]
    files[name] = content
    if kind != INDEX:
        index = json.loads(files[run_folder.INDEX])
        digest = hashlib.sha256(content).hexdigest()
        index["files"][name] = {"bytes": len(content), "sha256": digest}
        files[run_folder.INDEX] = json.dumps(index).encode()
    folder.mkdir(exist_ok=True)
    for file, what in files.items():
        (folder / file).write_bytes(what)


def _archive(content: bytes) -> bytes:
    """Return a whole NPZ, its first column with these bytes, its others with two numbers."""
    plain = io.BytesIO()
    np.save(plain, np.array([0.0, 1.0]))
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("time_s.npy", content)
        archive.writestr("current_a.npy", plain.getvalue())
        archive.writestr("voltage_v.npy", plain.getvalue())
    return whole.getvalue()


@cache
def recording_seeds() -> list[bytes]:
    """Return one valid input of each kind."""
    files, column = _recorded(), io.BytesIO()
    np.save(column, np.array([0.0, 1.0]))
    archive = _archive(column.getvalue())
    contents: tuple[Any, ...] = (
        b"time_s,current_a,voltage_v\n0,1e-3,0.5\n1e-3,0,0\n2e-3,-1e-3,-0.5\n",
        archive,
        column.getvalue(),
        files[run_folder.INDEX],
        files[run_folder.SAMPLES],
        archive,
    )
    return [bytes((kind,)) + content for kind, content in enumerate(contents)]


def _yaml_draws(texts: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy of texts with edits, with lines exchanged, and of any bytes."""
    lines = sorted({line for text in texts for line in text.splitlines() if line.strip()})

    def spliced(row: tuple[bytes, list[tuple[int, bytes]]]) -> bytes:
        data, changes = row
        rows = data.splitlines()
        for place, line in changes:
            rows[place % len(rows)] = line
        return b"\n".join(rows) + b"\n"

    changes = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(lines)), max_size=3)
    exchanged = st.tuples(st.sampled_from(texts), changes).map(spliced)
    return st.one_of(mutated(texts, YAML_TOKENS), exchanged, st.binary(max_size=200))


def board_seeds() -> list[bytes]:
    """Return the shipped boards.yaml."""
    return [(ROOT / "boards.yaml").read_bytes()]


NUMBERS = (b",", b"\n", b"nan", b"inf", b"1e999", b"-1", b'"', b"[" * 40, b"{", b"null", b"1e400")
TARGETS = (
    *fuzz_link.TARGETS,
    Target(
        "program",
        unpack,
        program_seeds,
        lambda: st.one_of(mutated(program_seeds()), st.binary(max_size=300)),
    ),
    Target(
        "store",
        boot,
        store_seeds,
        lambda: st.one_of(mutated(store_seeds()), st.binary(max_size=300)),
    ),
    Target(
        "profile",
        profile,
        lambda: list(_shipped()),
        lambda: _yaml_draws(list(_shipped())),
        tokens=YAML_TOKENS,
    ),
    Target(
        "boards",
        board_file,
        board_seeds,
        lambda: _yaml_draws(board_seeds()),
        tokens=YAML_TOKENS,
    ),
    Target(
        "recording",
        recording,
        recording_seeds,
        lambda: st.one_of(mutated(recording_seeds(), NUMBERS), st.binary(max_size=200)),
        tokens=NUMBERS,
    ),
)
BY_NAME = {target.name: target for target in TARGETS}
