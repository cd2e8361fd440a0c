"""Check that the files and functions named in docs/explain/architecture.md exist."""

import re
from pathlib import Path

import pytest

from scs import Profile, resources
from scs.catalog import boards
from stimcore import period, pio_records, program

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explain" / "architecture.md").read_text(encoding="utf-8")
STOPS = re.findall(r"^## (\d+)\. (?:.+)\n\n((?:.|\n)+?)(?=^## )", PAGE, re.MULTILINE)
PACKAGES = ("host/scs/profile", "host/scs/documents", "firmware/stimcore", "firmware/rp2_port")


def test_there_are_thirteen_stops() -> None:
    assert [number for number, _text in STOPS] == [str(number) for number in range(1, 14)]


@pytest.mark.parametrize(("number", "text"), STOPS, ids=lambda value: value[:2])
def test_every_file_and_function_of_a_stop_exists(number: str, text: str) -> None:
    files = [ROOT / name for name in re.findall(r"`((?:host|firmware)/[\w/]+\.py)`", text)]
    assert files
    packages = [path for name in PACKAGES for path in (ROOT / name).glob("*.py")]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in files + packages)
    for name in re.findall(r"`(?:\w+\.)?(\w+)\(\)`", text):
        assert f"def {name}(" in sources, name


def test_the_numbers_are_those_of_the_shipped_profile() -> None:
    board = boards.board()
    group = Profile.read(resources.path("profiles/tonic_50hz.yaml")).group
    assert bytes.fromhex("d0070000 a00f0000") in program.pack(group)  # amplitude, ceiling
    phases = period.compile_group(board, group, (2000,))
    assert phases[:3] == [(1, 4, 10, -320, 25000), (0, 0, 0, 0, 3750), (1, 4, 10, 80, 100000)]
    words = pio_records.encode(board, phases)
    assert [int.from_bytes(words[at : at + 4], "little") for at in (0, 4)] == [0x18476, 0x5345088]
    assert "0x00018476" in PAGE
    assert "0x05345088" in PAGE
