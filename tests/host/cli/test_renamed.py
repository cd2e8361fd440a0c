"""Renamed commands: the old names work for one release and say so on stderr alone."""

from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, REFUSED, TONIC, USAGE, scs

from scs.cli.app import RENAMED

IMPEDANCE, SHIFT = ("load", "impedance"), ("steer", "shift")


def notice(old: str, new: str) -> str:
    return f"scs {old} is now scs {new}; release 0.2 drops the old name\n"


@pytest.mark.parametrize(
    ("names", "arguments", "code"),
    [
        (IMPEDANCE, ["--json"], GOOD),
        (IMPEDANCE, ["--fault", "open_lead@0"], REFUSED),
        (IMPEDANCE, ["--help"], GOOD),
        (SHIFT, [TONIC, "--by", "1", "-o", "OUT", "--force", "--json"], GOOD),
        (SHIFT, ["no.yaml", "--by", "1"], REFUSED),
        (SHIFT, [TONIC], USAGE),
    ],
)
def test_an_old_name_does_the_same_and_says_the_new_one_on_stderr(
    names: tuple[str, str], arguments: list[str], code: int, tmp_path: Path
) -> None:
    texts = [str(tmp_path / "out.yaml") if text == "OUT" else text for text in arguments]
    old, new = (scs(name, *texts) for name in names)
    assert (old.exit_code, old.stdout) == (new.exit_code, new.stdout) == (code, old.stdout)
    assert old.stderr == notice(*names) + new.stderr
    assert "is now" not in new.stderr


def test_only_the_new_names_are_listed() -> None:
    assert dict([IMPEDANCE, SHIFT]) == RENAMED
    listed = [line.strip("│ ").split(" ")[0] for line in scs("--help").stdout.splitlines()]
    assert set(RENAMED.values()) <= set(listed)
    assert not set(RENAMED) & set(listed)
