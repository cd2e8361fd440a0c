"""Common mistakes in a therapy, by `scs check`: one error, with the nearest choice."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, REFUSED, TONIC, USAGE, environment, scs
from typer.testing import CliRunner

from scs.cli import app as cli

HEAD = """\
name: Bad
lead: quad-3mm
programs:
  - cathodes: [E1]
    anodes: [E2]
    rate: 50 Hz
    amplitude: 2 mA
"""
PLAIN = HEAD + "    pulse_width: 200 us\n"
OTHER = """\
  - cathodes: [E3]
    anodes: [E4]
    rate: 50 Hz
    amplitude: 1 mA
    pulse_width: 200 us
"""
WIDE = OTHER.replace("200 us", "1 ms\n    recharge: {active: {ratio: 8}}")
NET = "[{amplitude: -100 %, width: 200 us}, {amplitude: 40 %, width: 400 us}]"
OUT_OF_ORDER = "{perception: 1 mA, comfort: 3 mA, discomfort: 2.5 mA}"
CASES = {
    "incommensurate rates": (
        PLAIN + OTHER.replace("50 Hz", "51.3 Hz"),
        "11: programs[1].rate: the common period of 51.3 Hz and programs[0] at 50 Hz is 10 s",
        "; rates nearby that fit: 50 Hz and 52.5 Hz",
    ),
    "pulses that meet": (
        PLAIN + WIDE.replace("50 Hz", "70 Hz"),
        "11: programs[1].rate: 70 Hz and programs[0] at 50 Hz collide: their pulses, with 14 us",
        "; rates nearby that fit: 50 Hz and 100 Hz",
    ),
    "more programs than a group holds": (
        PLAIN + 4 * OTHER,
        "3: programs: takes 1 to 4 entries, not 5",
        "; leave out 1",
    ),
    "segments with net charge": (
        HEAD + f"    shape: {{segments: {NET}}}\n",
        "8: programs[0].shape.segments[1]: the segments sum to -4000 % x us and must sum to zero",
        "; write for the last one width: 500 us",
    ),
    "a ramp longer than the session": (
        PLAIN + "ramp: {up: 20 s}\nsession: {duration: 10 s}\n",
        "9: ramp.up: 20 s is longer than session.duration, 10 s: the amplitude would never be",
        "; e.g. 10 s",
    ),
    "a cycle below a second": (
        PLAIN + "cycle: {on: 999 ms, off: 2 s}\n",
        "9: cycle.on: 999 ms is below the minimum; allowed range 1 s to 1.5 h",
        "; e.g. 30 s",
    ),
    "thresholds out of order": (
        PLAIN + f"    thresholds: {OUT_OF_ORDER}\n",
        "9: programs[0].thresholds.discomfort: 2.5 mA is below comfort, 3 mA",
        "; e.g. discomfort: 3 mA",
    ),
    "a contact that the lead lacks": (
        PLAIN.replace("E1", "E5"),
        "4: programs[0].cathodes[0]: E5 is not on the lead quad-3mm; did you mean E4?",
        "; its contacts are E1, E2, E3, E4",
    ),
    "an amplitude above one's own ceiling": (
        PLAIN + "    ceiling: 1.5 mA\n",
        "7: programs[0].amplitude: 2 mA is above this program's ceiling, 1.5 mA",
        ", 1.5 mA",
    ),
}


@pytest.mark.parametrize(("text", "begins", "ends"), CASES.values(), ids=CASES)
def test_req_60_each_of_these_is_one_error_with_the_nearest_choice(
    tmp_path: Path, text: str, begins: str, ends: str
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    done = scs("check", str(file))
    assert (done.exit_code, done.stdout) == (REFUSED, "")
    err = done.stderr
    assert err.startswith(f"error: {file}:{begins}")
    assert f"{ends}\nExplain: scs explain " in err
    assert err.count("\n") == 2


def test_req_60_a_preset_above_what_the_stage_can_make_is_told_what_it_can() -> None:
    done = scs("check", TONIC, "--stage", "r2r-1")
    err = done.stderr
    assert done.exit_code == REFUSED
    assert err.startswith(f"error: {TONIC}:14: programs[0].amplitude: the amplitude is above the")
    assert err.endswith("; e.g. 1 mA\nExplain: scs explain stage-span\n")
    assert err.count("\n") == 2


@pytest.mark.parametrize(
    ("more", "reached"),
    [
        ("session: {duration: 500 ms}\n", "1 mA"),  # half of the ramp, by default 1 s
        ("session: {pulses: 20}\n", "0.8 mA"),  # 400 ms
        ("session: {pulses: 50}\n", ""),  # 1 s
        ("ramp: {up: 0 s}\nsession: {duration: 40 ms}\n", "1 mA"),  # two steps of 500 uA
        ("cycle: {on: 2 s, off: 9 s}\n", ""),
    ],
)
def test_what_a_short_session_reaches_stands_beside_what_was_asked(
    tmp_path: Path, more: str, reached: str
) -> None:
    file = tmp_path / "short.yaml"
    file.write_text(PLAIN + more)
    done = scs("check", str(file))
    assert done.exit_code == GOOD
    row = [line.split("│") for line in done.stdout.splitlines() if "amplitude reached" in line]
    assert [cell.strip() for cells in row for cell in cells[2:]] == (
        ["2 mA", reached] if reached else []
    )


# --- what is printed where ----------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932"])
@pytest.mark.parametrize("arguments", [("check", TONIC), ("run", TONIC, "--for", "100ms"), ("-h",)])
def test_what_an_encoding_does_not_have_is_replaced(
    encoding: str, arguments: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scs", *arguments],
        capture_output=True,
        env={**environment(), "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr) == (GOOD, b"")
    assert b"?" in done.stdout or arguments == ("-h",)


def test_an_error_has_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, lead in (("", "\x1b[31m"), ("1", "error: ")):
        monkeypatch.setenv("NO_COLOR", value)
        done = CliRunner().invoke(cli.app, ["check", "/no/such.yaml"], color=True)
        assert done.stderr.startswith(lead)


def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "scs", "presets"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    assert done.returncode == USAGE
    assert done.stderr == "error: the output could not be written: no space is left there\n"
