"""Folder of a sweep: the manifest, the chunks, and the table that they are merged into.

Role: begin() writes the manifest or holds it against the one that is there; computed() gives a
chunk's bytes, keep() its file; merge() makes the table. Invariant: a chunk is a pure function of
the manifest and its number, and its file's name holds the hash of manifest and content: what is
cut short, altered or another sweep's is not a chunk of this one. A file has its name when it is
whole, and not before, so that any number of processes may work in one folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import stimcore

from .. import resources
from ..documents import atomic_write
from ..errors import Failure, WrongUsage
from . import rows
from .extras import required
from .spec import Spec

MANIFEST, CHUNKS, TABLE = "manifest.json", "chunks", "table"
NAME = re.compile(r"([0-9]{7})-([0-9a-f]{32})\.parquet")
# packages of scs on which a verdict depends, and data and libraries beside them
PACKAGES = ("catalog", "documents", "messages", "profile", "safety", "sweeps", "traces")
DATA = ("boards.yaml", "leads")
LIBRARIES = ("numpy", "pyarrow")
GROUP_ROWS = 4_000  # of a row group of the merged table; bounds the memory of merge()
HASHES = {"spec_hash": "spec", "profile_hash": "profile", "code_hash": "code"}


@dataclass(frozen=True)
class Manifest:
    """Manifest: its text, from which every chunk follows, and what it holds."""

    text: str

    @cached_property
    def values(self) -> dict[str, Any]:
        """The manifest as a dict."""
        values: dict[str, Any] = json.loads(self.text)
        return values

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return int(self.values["chunks"])

    def name(self, number: int, content: bytes) -> str:
        """Return the name of the file of a chunk with this content."""
        digest = hashlib.sha256(self.text.encode() + content).hexdigest()[:32]
        return f"{number:07}-{digest}.parquet"


def manifest(spec: Spec) -> Manifest:
    """Return the manifest of a spec with the code that is running."""
    per_chunk = spec.model.rows_per_chunk
    values = {
        "sweep": 1,
        "spec_hash": _digest(_canonical(spec.value).encode()),
        "profile_hash": _digest(_canonical(spec.profile).encode()),
        "code_hash": code_hash(trace=spec.model.trace, sobol=spec.model.sample.kind == "sobol"),
        "seed": spec.model.sample.seed,
        "rows": spec.rows,
        "rows_per_chunk": per_chunk,
        "chunks": -(-spec.rows // per_chunk),
        "spec": spec.value,
        "profile": spec.profile,
    }
    return Manifest(json.dumps(values, ensure_ascii=False, indent=1) + "\n")


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # in the file's order, in which axes are drawn


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


@lru_cache(maxsize=4)
def code_hash(*, trace: bool, sobol: bool) -> str:
    """Return the hash of all code and data on which rows depend, and of the libraries' versions."""
    folders = [Path(stimcore.__file__).parent, *(resources.PACKAGE / name for name in PACKAGES)]
    if trace:
        from ..sim_bridge import CIRCUIT

        folders.append(CIRCUIT)
    files = [file for folder in folders for file in sorted(folder.glob("*.py"))]
    for name in DATA:
        path = resources.path(name)
        files += sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    content = b"".join(file.name.encode() + file.read_bytes() for file in files)
    for module in (*LIBRARIES, *["scipy.stats.qmc"] * sobol):
        required(module)  # here, before workers are forked: scipy takes a second
        library = module.partition(".")[0]
        content += f"{library} {version(library)}\n".encode()
    return _digest(content)


def begin(folder: Path, wanted: Manifest) -> None:
    """Write the manifest first; raise WrongUsage if the folder is another sweep's, or none."""
    try:
        (folder / CHUNKS).mkdir(parents=True, exist_ok=True)
        strange = [path.name for path in folder.iterdir() if path.name != CHUNKS]
    except OSError as reason:
        raise atomic_write.cannot_write(folder, reason) from None
    file = folder / MANIFEST
    if not file.exists():
        if any(not name.startswith(f".{MANIFEST}") for name in strange):
            raise WrongUsage(
                f"{folder} holds {strange[0]} and is no sweep's folder; name a new one"
            )
        _write(file, wanted.text.encode())
    held = read(folder)
    if held == wanted:
        return
    differ = [
        f"{what} {held.values.get(key)}, now {wanted.values[key]}"
        for key, what in HASHES.items()
        if held.values.get(key) != wanted.values[key]
    ]
    raise WrongUsage(
        f"{folder} was begun with another {' and '.join(differ) or 'manifest'}; to begin anew, "
        f"name another folder, or remove this one: rm -r {folder}"
    )


def read(folder: Path) -> Manifest:
    """Return the manifest of a folder; raise WrongUsage if there is none."""
    try:
        held = Manifest((folder / MANIFEST).read_text(encoding="utf-8"))
        if held.chunks < 1:
            raise ValueError
    except OSError:
        raise WrongUsage(
            f"{folder} is no sweep's folder: it has no {MANIFEST}; begin with "
            f"scs sweep SPEC.yaml -o {folder}"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise Failure(f"{folder / MANIFEST} is damaged; begin anew in another folder") from None
    return held


@lru_cache(maxsize=2)
def spec_of(held: Manifest) -> Spec:
    """Return the spec of a manifest."""
    return Spec.from_values(held.values["spec"], held.values["profile"])


def computed(held: Manifest, number: int) -> bytes:
    """Return chunk `number` of a sweep as a Parquet file: in a worker, anywhere.

    Raises Failure if this worker has other code than the manifest was made with.
    """
    spec, wanted = spec_of(held), held.values["code_hash"]
    code = manifest(spec).values["code_hash"]
    if code != wanted:
        raise Failure(
            f"a worker has other code ({code}) than this sweep ({wanted}); install "
            "the same scs-bench, numpy, pyarrow and scipy everywhere"
        )
    start = number * spec.model.rows_per_chunk
    table = rows.chunk(spec, start, min(start + spec.model.rows_per_chunk, spec.rows))
    sink = required("pyarrow").BufferOutputStream()
    required("pyarrow.parquet").write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def keep(folder: Path, held: Manifest, number: int, content: bytes) -> None:
    """Write a chunk's file; raise WrongUsage if that fails, as on a full disk."""
    _write(folder / CHUNKS / held.name(number, content), content)


def _write(file: Path, content: bytes) -> None:
    """Write a file that survives a power cut once it has its name."""

    def fill(part: Path) -> None:
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    atomic_write.aside(file, fill)


def kept(folder: Path) -> dict[int, Path]:
    """Return the chunks' files by number, their content not looked at."""
    files = sorted((folder / CHUNKS).iterdir())
    return {int(match[1]): file for file in files if (match := NAME.fullmatch(file.name))}


def damaged(folder: Path, held: Manifest) -> list[str]:
    """Remove files that are not what their names say; return a line about each."""
    messages = []
    for file in sorted((folder / CHUNKS).iterdir()):
        match = NAME.fullmatch(file.name)
        if match is None:
            continue
        with suppress(FileNotFoundError):  # another process was faster
            if held.name(int(match[1]), file.read_bytes()) != file.name:
                file.unlink()
                message = f"chunk {int(match[1])}: {file} is cut short or altered; computed anew"
                messages.append(message)
    return messages


@dataclass(frozen=True)
class Merged:
    """Files of a merged table, and how many of its rows are admitted."""

    files: tuple[Path, Path]
    admitted: int


def merge(folder: Path, progress: Callable[[float], None] = lambda _share: None) -> Merged:
    """Write the table of all chunks as Parquet and CSV.

    Raises Failure if a chunk is missing, cut short or altered.
    """
    held, files = read(folder), kept(folder)
    missing = [number for number in range(held.chunks) if number not in files]
    again = f"compute it with the command that began the sweep: scs sweep SPEC.yaml -o {folder}"
    if missing:
        lack = f"{len(missing)} of {held.chunks} chunks are missing, the first is {missing[0]}"
        raise Failure(f"{lack}; {again}")
    csv, parquet = required("pyarrow.csv"), required("pyarrow.parquet")
    tables = (folder / f"{TABLE}.parquet", folder / f"{TABLE}.csv")
    groups, admitted = _groups(held, files, again), 0
    first = next(groups)

    def both(part: Path, other: Path) -> None:
        nonlocal admitted
        with (
            parquet.ParquetWriter(part, first[1].schema, compression="zstd") as whole,
            csv.CSVWriter(other, first[1].schema) as plain,
        ):
            for share, group in chain([first], groups):
                whole.write_table(group)
                plain.write_table(group)
                admitted += sum(column.true_count for column in group["admitted"].chunks)
                progress(share)

    def fill(part: Path) -> None:
        atomic_write.aside(tables[1], lambda other: both(part, other))

    atomic_write.aside(tables[0], fill)
    return Merged(tables, admitted)


def _groups(held: Manifest, files: dict[int, Path], again: str) -> Iterator[tuple[float, Any]]:
    """Yield the share done and the rows, group by group, in the order of their numbers."""
    pa, parquet = required("pyarrow"), required("pyarrow.parquet")
    tables, waiting = [], 0
    for number in range(held.chunks):
        content = files[number].read_bytes()
        if held.name(number, content) != files[number].name:
            raise Failure(f"chunk {number}: {files[number]} is cut short or altered; {again}")
        tables.append(parquet.read_table(pa.BufferReader(content)))
        waiting += len(tables[-1])
        if waiting >= GROUP_ROWS or number == held.chunks - 1:
            yield (number + 1) / held.chunks, pa.concat_tables(tables).combine_chunks()
            tables, waiting = [], 0
