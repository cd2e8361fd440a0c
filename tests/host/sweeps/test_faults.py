"""Accidents of a sweep that runs, and what is left: never a wrong table."""

import errno
import multiprocessing
import os
import re
import resource
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.host.cli.support import INTERRUPTED, REFUSED, USAGE, interrupt_at_once, scs
from tests.host.sweeps.support import (
    CHUNKS,
    SMALL,
    begun,
    completed,
    exit_code,
    forked,
    small,
    spec_file,
    undisturbed,
)

import sweep_faults
from scs.documents import atomic_write
from scs.sweeps import engines, folder, rows
from scs.sweeps.folder import Manifest

FORK = pytest.mark.skipif(
    multiprocessing.get_start_method() != "fork",
    reason="workers do not inherit what a test changes",
)


@pytest.fixture
def held(tmp_path: Path) -> Manifest:
    return small(tmp_path)


def test_a_kill_at_any_instant_leaves_a_sweep_that_completes_to_the_same_table(
    tmp_path: Path,
) -> None:
    assert sweep_faults.campaign(tmp_path, instants=2, seed=1, say=lambda _line: None) == []


def test_workers_end_with_the_process_that_began_them(tmp_path: Path, held: Manifest) -> None:
    spec, target = spec_file(tmp_path), tmp_path / "folder"
    pids = tmp_path / "pids"

    def slowly() -> None:
        def never(*_arguments: Any) -> None:
            with pids.open("a") as stream:
                stream.write(f"{os.getpid()}\n")
            time.sleep(60)

        rows.chunk = never

    parent = forked("sweep", str(spec), "-o", str(target), "--jobs", "2", before=slowly)
    deadline = time.monotonic() + 60
    while not pids.exists() or len(pids.read_text().split()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    for number in pids.read_text().split():
        while Path(f"/proc/{number}").exists() and state(number) != "Z":
            assert time.monotonic() < deadline, f"worker {number} outlived its parent"
            time.sleep(0.02)


def state(number: str) -> str:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def test_two_processes_share_a_folder(tmp_path: Path, held: Manifest) -> None:
    spec, target = spec_file(tmp_path), tmp_path / "folder"
    both = [forked("sweep", str(spec), "-o", str(target), "--jobs", "1") for _ in range(2)]
    assert [exit_code(number) for number in both] == [0, 0]
    names = [file.name for file in (target / "chunks").iterdir()]
    assert len(names) == CHUNKS
    assert completed(target, held) == undisturbed(tmp_path / "alone", held)


def test_a_full_disk_is_one_error_and_nothing_half_written_counts(
    tmp_path: Path, held: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, target = spec_file(tmp_path), begun(tmp_path, held)
    with monkeypatch.context() as patch:
        replace, wrote = Path.replace, []

        def full(self: Path, to: Path) -> Path:
            if len(wrote) == 2 and self.suffix == ".part":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            wrote.append(self)
            return replace(self, to)

        patch.setattr(Path, "replace", full)
        done = scs("sweep", str(spec), "-o", str(target), "--jobs", "1")
    assert done.exit_code == USAGE
    assert re.fullmatch(r"error: cannot write \S+parquet: No space left on device\n", done.stderr)
    assert sorted(folder.kept(target)) == sorted(int(part.name[1:8]) for part in wrote)
    assert not list(target.rglob("*.part"))
    assert completed(target, held) == undisturbed(tmp_path / "alone", held)


def test_a_file_that_may_not_grow_is_not_kept(tmp_path: Path, held: Manifest) -> None:
    spec, target = spec_file(tmp_path), begun(tmp_path, held)

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))  # a chunk has some 20 kB

    number = forked("sweep", str(spec), "-o", str(target), "--jobs", "1", before=bounded)
    assert exit_code(number) == USAGE
    assert folder.kept(target) == {}
    assert completed(target, held) == undisturbed(tmp_path / "alone", held)


@pytest.mark.parametrize("how", ["cut", "altered", "another sweep's"])
def test_a_damaged_chunk_is_named_and_computed_anew(
    tmp_path: Path, held: Manifest, how: str
) -> None:
    spec, target = spec_file(tmp_path), begun(tmp_path, held)
    whole = completed(target, held)
    file = folder.kept(target)[4]
    content = bytearray(file.read_bytes())
    if how == "another sweep's":
        content = bytearray(folder.kept(target)[3].read_bytes())
    elif how == "cut":
        del content[-1]
    else:
        content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused = scs("sweep", "merge", str(target))
    assert refused.exit_code == REFUSED
    assert f"chunk 4: {file} is cut short or altered" in refused.stderr
    done = scs("sweep", str(spec), "-o", str(target), "--jobs", "1")
    assert done.exit_code == 0
    assert f"chunk 4: {file} is cut short or altered; computed anew" in done.stderr
    assert completed(target, held) == whole


def test_a_changed_spec_is_refused_with_both_hashes(tmp_path: Path, held: Manifest) -> None:
    target = begun(tmp_path, held)
    spec = spec_file(tmp_path, "# a comment changes nothing\n" + SMALL)
    assert scs("sweep", str(spec), "-o", str(target), "--chunk", "0").exit_code == 0
    other = small(tmp_path, SMALL.replace("seed: 3", "seed: 4"))
    done = scs("sweep", str(tmp_path / "spec.yaml"), "-o", str(target))
    assert done.exit_code == USAGE
    hashes = f"another spec {held.values['spec_hash']}, now {other.values['spec_hash']}"
    assert hashes in done.stderr
    assert f"name another folder, or remove this one: rm -r {target}" in done.stderr
    assert (target / "manifest.json").read_text() == held.text


def test_a_sweep_begun_with_other_code_is_refused(
    tmp_path: Path, held: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = begun(tmp_path, held)
    monkeypatch.setattr(folder, "code_hash", lambda **_options: "0123456789abcdef")
    done = scs("sweep", str(spec_file(tmp_path)), "-o", str(target))
    assert done.exit_code == USAGE
    assert f"code {held.values['code_hash']}, now 0123456789abcdef" in done.stderr
    with pytest.raises(Exception, match="a worker has other code"):
        folder.computed(held, 0)


@FORK
def test_a_worker_that_dies_is_one_message_and_the_rest_is_kept(
    tmp_path: Path, held: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, target = spec_file(tmp_path), begun(tmp_path, held)
    compute = rows.chunk
    folder.keep(target, held, 0, folder.computed(held, 0))

    def fatal(of: Any, start: int, end: int) -> Any:
        if start == 9:
            os.kill(os.getpid(), signal.SIGKILL)
        return compute(of, start, end)

    with monkeypatch.context() as patch:
        patch.setattr(rows, "chunk", fatal)
        done = scs("sweep", str(spec), "-o", str(target), "--jobs", "2")
    assert done.exit_code == REFUSED
    assert done.stderr.startswith("error: a worker ended before its chunk was computed")
    assert done.stderr.count("\n") == 1
    assert 0 in folder.kept(target)
    assert completed(target, held) == undisturbed(tmp_path / "alone", held)


def test_ctrl_c_keeps_what_is_done(
    tmp_path: Path, held: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, target = spec_file(tmp_path), begun(tmp_path, held)
    folder.keep(target, held, 2, folder.computed(held, 2))
    with monkeypatch.context() as patch:
        interrupt_at_once(patch)
        done = scs("sweep", str(spec), "-o", str(target), "--jobs", "1")
    assert done.exit_code == INTERRUPTED
    assert f"interrupted: 1 of {CHUNKS} chunks are kept; the same command goes on" in done.stderr
    assert completed(target, held) == undisturbed(tmp_path / "alone", held)


def test_a_stop_awaits_and_keeps_what_was_asked_for(tmp_path: Path, held: Manifest) -> None:
    target, asked = begun(tmp_path, held), []

    def stop() -> bool:
        asked.append(None)
        return len(asked) > 5

    with engines.engine(1) as (pool, ahead):
        missing = engines.run(target, held, pool, ahead, stop=stop)
    assert 0 < missing < CHUNKS
    assert len(folder.kept(target)) == CHUNKS - missing


def test_a_merge_of_an_unfinished_sweep_names_what_is_missing(
    tmp_path: Path, held: Manifest
) -> None:
    target = begun(tmp_path, held)
    folder.keep(target, held, 0, folder.computed(held, 0))
    done = scs("sweep", "merge", str(target))
    assert done.exit_code == REFUSED
    assert "6 of 7 chunks are missing, the first is 1; compute it with" in done.stderr
    assert not (target / "table.csv").exists()


def test_a_part_left_by_a_kill_is_no_chunk(tmp_path: Path, held: Manifest) -> None:
    target = begun(tmp_path, held)
    name = held.name(0, b"half")
    atomic_write.part_name(target / "chunks" / name).write_bytes(b"ha")
    assert completed(target, held) == undisturbed(tmp_path / "alone", held)
