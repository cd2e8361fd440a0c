"""`scs wiring` for other tools: one format at a time, on stdout or in a file."""

from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, USAGE, as_json, scs

STAGE = ("--stage", "r2r-1", "--load", "resistor-500")


@pytest.mark.parametrize(
    ("option", "begins", "holds"),
    [
        ("--spice", "* Macromodels", ".subckt stage data0 data1"),
        ("--kicad", '(export (version "E")', '(node (ref "U1") (pin "4"))'),
        (
            "--bom",
            "references,quantity,value",
            "MCP6004-I/P,Microchip Technology,MCP6004-I/P,DS21733H",
        ),
    ],
)
def test_each_format_is_written_to_stdout_or_a_file(
    option: str, begins: str, holds: str, tmp_path: Path
) -> None:
    shown = scs("wiring", option, *STAGE)
    assert shown.exit_code == GOOD
    assert shown.stdout.startswith(begins)
    assert holds in shown.stdout
    file = tmp_path / "stage.out"
    assert scs("wiring", option, *STAGE, "-o", str(file)).exit_code == GOOD
    assert file.read_text() == shown.stdout
    again = scs("wiring", option, *STAGE, "-o", str(file))
    assert again.exit_code == USAGE
    assert "already exists; name another file or use --force" in again.stderr
    assert scs("wiring", option, *STAGE, "-o", str(file), "--force").exit_code == GOOD


def test_two_formats_at_once_are_refused() -> None:
    refused = scs("wiring", "--spice", "--bom")
    assert refused.exit_code == USAGE
    assert "--spice and --bom are two outputs; ask for one at a time" in refused.stderr


def test_a_file_without_a_format_is_a_drawing() -> None:
    refused = scs("wiring", "-o", "stage.cir")
    assert refused.exit_code == USAGE
    assert "without --spice, --kicad or --bom the output is a drawing" in refused.stderr


def test_the_check_of_a_sound_circuit_says_so() -> None:
    shown = scs("wiring", "--check", *STAGE)
    assert (shown.exit_code, shown.stderr) == (GOOD, "")
    assert "agrees with the data sheets" in shown.stdout
    assert as_json("wiring", "--check", *STAGE, "--json") == {
        "board": "pico/r2r-1/resistor-500",
        "problems": [],
    }
