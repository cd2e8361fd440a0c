"""Every engine gives the same chunks and the same table, byte for byte."""

from pathlib import Path

import pytest
from tests.host.sweeps.support import CHUNKS, begun, completed, small, undisturbed

from scs.errors import LinkLost, WrongUsage
from scs.sweeps import engines, extras, folder
from scs.sweeps.folder import Manifest


@pytest.fixture
def held(tmp_path: Path) -> Manifest:
    return small(tmp_path)


def test_processes_and_chunks_by_themselves_give_the_same_table(
    tmp_path: Path, held: Manifest
) -> None:
    whole = undisturbed(tmp_path / "alone", held)
    assert completed(begun(tmp_path, held), held, jobs=2) == whole
    (tmp_path / "cluster").mkdir()
    target = begun(tmp_path / "cluster", held)
    for number in reversed(range(CHUNKS)):
        folder.keep(target, held, number, folder.computed(held, number))
    assert [file.read_bytes() for file in folder.merge(target).files] == whole


def test_dask_gives_the_same_table(tmp_path: Path, held: Manifest) -> None:
    distributed = pytest.importorskip("distributed")
    options = {"processes": False, "dashboard_address": None, "protocol": "tcp"}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **options) as cluster:
        table = completed(begun(tmp_path, held), held, dask=cluster.scheduler_address)
    assert table == undisturbed(tmp_path / "alone", held)


def test_no_scheduler_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(engines, "CONNECT_S", 0.1)
    with (
        pytest.raises(LinkLost, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1 "),
        engines.engine(1, "tcp://127.0.0.1:1"),
    ):
        pass


def test_an_absent_library_is_told_with_its_pip_command() -> None:
    with pytest.raises(WrongUsage, match=r"needs no_such.*pip install 'scs-bench\[dask\]'"):
        extras.required("no_such.module", "dask")


def test_the_rows_of_a_merged_table_are_in_order(tmp_path: Path, held: Manifest) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    target = begun(tmp_path, held)
    completed(target, held)
    rows = parquet.read_table(target / "table.parquet")
    assert rows["row"].to_pylist() == list(range(20))
    lines = (target / "table.csv").read_text().splitlines()
    assert len(lines) == 21
    assert lines[0].split(",")[0] == '"row"'
