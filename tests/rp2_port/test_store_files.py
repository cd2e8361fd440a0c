"""The board's side of the store, on this computer's files: what it keeps; it never raises."""

from pathlib import Path

import pytest

from rp2_port import flash_store


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(index: int, data: bytes) -> int:
    """Write to the store; return the number of times the watchdog was fed meanwhile."""
    fed: list[int] = []
    flash_store.write(index, data, lambda: fed.append(1))
    return len(fed)


def test_what_was_written_is_read_and_replaced() -> None:
    assert flash_store.read(6) == b""
    for data in (b"longer than the next", b"next", b"\0\xff"):
        write(6, data)
        write(7, b"the other half")
        assert flash_store.read(6) == data
    assert flash_store.read(16) == flash_store.read(5) == b""


def test_nothing_is_written_where_a_folder_would_do_twice(root: Path) -> None:
    assert write(6, b"first") == 2  # two folders, each erases flash
    assert write(6, b"second") == write(7, b"other half") == 0
    assert write(4, b"another slot") == 1
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*")) == [
        "store",
        "store/2",
        "store/2/0",
        "store/3",
        "store/3/0",
        "store/3/1",
    ]


def test_nothing_is_left_of_what_was_erased(root: Path) -> None:
    write(6, b"data")
    write(6, b"")
    write(7, b"")
    assert flash_store.read(6) == b""
    assert not any(path.is_file() for path in root.rglob("*"))


def test_req_45_what_cannot_be_read_is_no_record_and_what_cannot_be_written_raises_nothing(
    root: Path,
) -> None:
    (root / "store" / "3" / "0").mkdir(parents=True)
    assert flash_store.read(6) == b"\xff"
    write(6, b"data")
    write(6, b"")
    assert flash_store.read(6) == b"\xff"
