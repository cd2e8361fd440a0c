"""`scs explain`: cause and cure of an error, by its id; and where an error names the command."""

from pathlib import Path

from tests.host.cli.support import ALONE, GOOD, REFUSED, USAGE, as_json, scs


def test_explain_tells_cause_and_cure() -> None:
    done = scs("explain", "running-charge", "UNIT_MISSING")
    assert done.exit_code == GOOD
    assert done.stdout.splitlines()[:2] == [
        "running-charge (the device, a refusal)",
        " cause  the unrecovered charge is too large",
    ]
    assert " cure   write its unit, e.g. 200 us" in done.stdout
    (row,) = as_json("explain", "unit-missing")
    assert row == {
        "id": "unit-missing",
        "group": "a file",
        "cause": "a number has no unit, and none is guessed",
        "cure": "write its unit, e.g. 200 us",
    }


def test_explain_alone_lists_all() -> None:
    assert len(as_json("explain")) > 180
    listed = scs("explain").stdout
    assert all(id_ in listed for id_ in ("yaml-syntax", "schedule-fit", "sweep-rows", "starved"))


def test_a_wrong_id_is_wrong_usage_with_the_nearest() -> None:
    done = scs("explain", "unit-mising")
    assert done.exit_code == USAGE
    assert done.stdout == ""
    assert done.stderr.strip() == (
        "error: 'unit-mising' is no id of an error; did you mean unit-missing?; "
        "`scs explain` lists all of them"
    )


def test_a_refused_file_names_the_command_that_explains_it(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(ALONE.replace("50 Hz", "50").replace("200 us", "200").replace("1 mA", "1 V"))
    done = scs("check", str(path))
    assert done.exit_code == REFUSED
    assert done.stderr.splitlines()[-1] == "Explain: scs explain unit-missing unit-wrong"
    assert scs(*done.stderr.splitlines()[-1].split()[2:]).exit_code == GOOD


def test_a_refusal_of_the_device_names_it_too(alone: str) -> None:
    done = scs("run", alone, "--port", "sim", "--for", "1s", "--fault", "wrong_load@0")
    assert done.exit_code == REFUSED
    assert done.stderr.splitlines()[-1].startswith("Explain: scs explain load-")
