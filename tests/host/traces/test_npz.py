"""An NPZ that is none: whatever its archive or its arrays say, one sentence."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from scs.errors import WrongUsage
from scs.traces import npz


def plain() -> bytes:
    column = io.BytesIO()
    np.save(column, np.array([0.0, 1.0]))
    return column.getvalue()


def archive(time_s: bytes) -> bytes:
    """Return a whole NPZ whose first column has these bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as files:
        files.writestr("time_s.npy", time_s)
        files.writestr("current_a.npy", plain())
        files.writestr("voltage_v.npy", plain())
    return whole.getvalue()


def test_a_whole_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(archive(plain()))
    assert npz.read(tmp_path / "x.npz").whole().time_s.tolist() == [0.0, 1.0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "change",
    [
        (b"(2,)", b"(2, "),  # no end: tokenize
        (b"'shape': (2,)", b"'shape' (2,) "),  # no Python
        (b"(2,), }", b"(2L,),}"),  # Python 2, of which numpy warns
        (b"(2,), }", b"(2x,),}"),  # of which Python warns
        (b"'<f8'", b"'<m8'"),
        (b"(2,)", b"[2,]"),
        (b"(2,)", b"(-2)"),
    ],
    ids=lambda change: change[1].decode(),
)
def test_a_column_with_a_bad_header_is_one_sentence(
    tmp_path: Path, change: tuple[bytes, bytes]
) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(archive(plain().replace(*change)))
    with pytest.raises(WrongUsage, match=r"x\.npz: truncated, or not an NPZ file: "):
        npz.read(path)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (b"PK\1\2", (6, 108)),  # extracted by version 10.8
        (b"PK\1\2", (10, 77)),  # compressed in an unknown way
        (b"PK\1\2", (8, 1)),  # encrypted
    ],
    ids=["version", "compression", "password"],
)
def test_an_archive_that_cannot_be_extracted_is_one_sentence(
    tmp_path: Path, at: bytes, value: tuple[int, int]
) -> None:
    data = bytearray(archive(plain()))
    data[data.index(at) + value[0]] = value[1]
    path = tmp_path / "x.npz"
    path.write_bytes(data)
    with pytest.raises(WrongUsage, match=r"x\.npz: truncated, or not an NPZ file: "):
        npz.read(path)
