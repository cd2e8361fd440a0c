"""A small sweep for tests: 20 rows in 7 chunks, and what runs it in a process of its own."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from scs import resources
from scs.cli import app as cli
from scs.sweeps import engines, folder
from scs.sweeps.folder import Manifest
from scs.sweeps.spec import Spec

TONIC = resources.path("profiles/tonic_50hz.yaml")
SMALL = f"""\
profile: {TONIC}
sample: {{kind: latin-hypercube, count: 20, seed: 3}}
rows_per_chunk: 3
vary:
  programs.low back.amplitude: {{from: 0.5 mA, to: 8 mA}}
  programs[0].pulse_width: {{list: [60 us, 210 us]}}
  load: {{list: [randles-500, resistor-1k]}}
"""
CHUNKS = 7


def spec_file(place: Path, text: str = SMALL) -> Path:
    file = place / "spec.yaml"
    file.write_text(text)
    return file


def small(place: Path, text: str = SMALL) -> Manifest:
    return folder.manifest(Spec.read(spec_file(place, text)))


def begun(place: Path, held: Manifest) -> Path:
    target = place / "folder"
    folder.begin(target, held)
    return target


def completed(target: Path, held: Manifest, jobs: int = 1, dask: str = "") -> list[bytes]:
    """Compute what is missing and merge; return the bytes of both tables."""
    with engines.engine(jobs, dask) as (pool, ahead):
        assert engines.run(target, held, pool, ahead) == 0
    return [file.read_bytes() for file in folder.merge(target).files]


def undisturbed(place: Path, held: Manifest) -> list[bytes]:
    place.mkdir()
    return completed(begun(place, held), held)


def forked(*arguments: str, before: Callable[[], None] = lambda: None) -> int:
    """Start the command line in a process of its own, with all imports done; return its number."""
    sys.stdout.flush()
    number = os.fork()
    if number:
        return number
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 70
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        before()
        cli.app(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(code)


def exit_code(number: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
