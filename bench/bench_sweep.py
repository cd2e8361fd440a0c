"""A sweep beside `scs check` in a loop, its engines beside one process, and its memory as it grows.

Usage beside `make bench`: python bench/bench_sweep.py [ROWS]   (4000 without, about a minute)
The loop is a few checks and is multiplied; both are CPU time, so that what else runs counts little.
Memory is the largest resident set of all processes of a sweep of 1000 rows, and of ROWS.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scs import resources
from scs.sweeps import engines, folder
from scs.sweeps.extras import required
from scs.sweeps.folder import Manifest
from scs.sweeps.spec import Spec
from sim_validation.rows import Row, table

ROWS, FEW, CHECKS, TURNS = 4_000, 1_000, 3, 2
FASTER, TIMES_CORES, SHARE_OF_DASK, GROWTH = (">=", 300), 1.8, 0.85, 1.2
SPEC = """\
profile: {profile}
sample: {{kind: latin-hypercube, count: {rows}}}
rows_per_chunk: 250
vary:
  programs[0].amplitude: {{from: 0.5 mA, to: 4 mA}}
  programs[0].pulse_width: {{from: 60 us, to: 500 us}}
  load: {{list: [randles-500, resistor-1k]}}
"""
PROFILE = str(resources.path("profiles/tonic_50hz.yaml"))
PEAK = """\
import resource, runpy, sys
sys.argv = ["scs", *sys.argv[1:]]
try:
    runpy.run_module("scs", run_name="__main__")
finally:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    print(max(resource.getrusage(kind).ru_maxrss for kind in kinds), file=sys.stderr)
"""


def measure(count: int = ROWS) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        check_s = cpu_s(lambda: command("check", PROFILE)) / CHECKS
        own_s = cpu_s(lambda: command("sweep", *of(place, count), "--jobs", "1", times=1))
        manifest = held(place, count)
        alone_s = min(swept_s(place / f"1 {turn}", manifest, 1) for turn in range(TURNS))
        both_s = min(swept_s(place / f"2 {turn}", manifest, 2) for turn in range(TURNS))
        dask_s = with_dask_s(place, manifest)
        few_mb, many_mb = (peak_mb(place, rows) for rows in (FEW, count))
    return [
        Row(f"sweep: {count} profiles, processor time", own_s, "s"),
        Row("sweep: one profile", 1e3 * own_s / count, "ms"),
        Row("sweep: `scs check` of one profile", check_s, "s"),
        Row("sweep: a loop of checks, times a sweep", check_s * count / own_s, "", FASTER),
        Row("sweep: two processes, times one", alone_s / both_s, "", of_cores(TIMES_CORES)),
        Row("sweep: Dask, times two processes", both_s / dask_s, "", of_cores(SHARE_OF_DASK)),
        Row(f"sweep: memory of {count} rows", many_mb, "MB"),
        Row(f"sweep: memory, times {FEW} rows", many_mb / few_mb, "", ("<", GROWTH)),
    ]


def of_cores(least: float) -> tuple[str, float] | None:
    """Return the target of two workers, none where there is one core."""
    return (">=", least) if engines.cores() > 1 else None


def command(*arguments: str, times: int = CHECKS) -> None:
    for _ in range(times):
        line = [sys.executable, "-m", "scs", *arguments]
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)


def of(place: Path, count: int) -> tuple[str, str, str]:
    """Return the arguments of a sweep of so many rows in a folder of its own."""
    spec = place / f"{count}.yaml"
    spec.write_text(SPEC.format(profile=PROFILE, rows=count))
    return str(spec), "-o", tempfile.mkdtemp(dir=place)


def held(place: Path, count: int) -> Manifest:
    return folder.manifest(Spec.read(of(place, count)[0]))


def cpu_s(call: Callable[[], object]) -> float:
    """Return the processor time of the processes that a call waits for."""
    before = os.times()
    call()
    after = os.times()
    before_s, after_s = (t.children_user + t.children_system for t in (before, after))
    return after_s - before_s


def swept_s(target: Path, manifest: Manifest, jobs: int, dask: str = "") -> float:
    """Return the wall time of all chunks, with the engine running and warm."""
    folder.begin(target, manifest)
    with engines.engine(jobs, dask) as (pool, ahead):
        warm = [pool.submit(folder.computed, manifest, number) for number in range(ahead)]
        for future in warm:
            future.result()
        begun_s = time.perf_counter()
        engines.run(target, manifest, pool, ahead)
        return time.perf_counter() - begun_s


def with_dask_s(place: Path, manifest: Manifest) -> float:
    cluster = required("distributed", "dask").LocalCluster
    with cluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers:
        address = workers.scheduler_address
        return min(swept_s(place / f"d {turn}", manifest, 2, address) for turn in range(TURNS))


def peak_mb(place: Path, count: int) -> float:
    """Return the largest resident set of a process of a sweep of so many rows."""
    line = [sys.executable, "-c", PEAK, "sweep", *of(place, count), "--jobs", "2"]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return int(done.stderr.split()[-1]) / (1024 if sys.platform != "darwin" else 1024**2)


if __name__ == "__main__":
    MEASURED = measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
    sys.stdout.write(table("what", "target", MEASURED) + "\n")
    sys.exit(1 if any(row.ok is False for row in MEASURED) else 0)
