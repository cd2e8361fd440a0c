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


def test_the_old_name_of_a_field_does_the_same_and_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    text = Path(TONIC).read_text(encoding="utf-8")
    file.write_text(text.replace("    rate: 50 Hz", "    rate: 50 Hz\n    phase: 3 ms"))
    old = scs("check", str(file), "--json")
    file.write_text(text.replace("    rate: 50 Hz", "    rate: 50 Hz\n    offset: 3 ms"))
    new = scs("check", str(file), "--json")
    assert (old.exit_code, old.stdout) == (new.exit_code, new.stdout) == (GOOD, old.stdout)
    message = "13: programs[0].phase is now offset; the old name goes with 0.2\n"
    assert (old.stderr, new.stderr) == (f"{file}:{message}", "")
    file.write_text(text.replace("    rate: 50 Hz", "    phase: 1 s\n    rate: 50 Hz"))
    assert f"{file}:12: programs[0].offset: is longer than" in scs("check", str(file)).stderr
    both = text.replace("    rate: 50 Hz", "    rate: 50 Hz\n    phase: 1 ms\n    offset: 1 ms")
    file.write_text(both)
    twice = "programs[0].phase: is the old name of offset, which is given too; leave it out"
    explain = "Explain: scs explain field-old-name\n"
    assert scs("check", str(file)).stderr == f"error: {file}:13: {twice}\n{explain}"
