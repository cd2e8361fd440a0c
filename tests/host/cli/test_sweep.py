"""scs sweep: what it prints, its picture, and one clear error for each mistake."""

import json
from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, REFUSED, USAGE, scs
from tests.host.sweeps.support import CHUNKS, SMALL, TONIC, spec_file

AMPLITUDE = "programs.low back.amplitude"
GRID = f"profile: {TONIC}\nsample: {{kind: grid}}\nvary:\n  programs[0]."


def test_a_sweep_is_a_table_and_says_how_many_are_admitted(tmp_path: Path) -> None:
    target = str(tmp_path / "folder")
    done = scs("sweep", "-o", target, str(spec_file(tmp_path)), "--jobs", "1", "--json")
    assert done.exit_code == GOOD
    value = json.loads(done.stdout)
    assert value["rows"] == 20
    assert 0 < value["admitted"] < 20
    assert [Path(name).name for name in value["files"]] == ["table.parquet", "table.csv"]


def test_a_chunk_by_its_number_and_the_merge_are_steps_of_their_own(tmp_path: Path) -> None:
    spec, target = str(spec_file(tmp_path)), str(tmp_path / "folder")
    for number in range(CHUNKS):
        done = scs("sweep", spec, "-o", target, "--chunk", str(number))
        assert done.stdout == f"chunk {number} of {CHUNKS} is kept\n"
    assert "20 rows" in scs("sweep", "merge", target).stdout
    past = scs("sweep", spec, "-o", target, "--chunk", "7")
    assert past.exit_code == USAGE
    assert f"--chunk: 7 is not 0 to 6: {spec} has 7 chunks" in past.stderr


def test_a_map_shows_where_it_is_admitted(tmp_path: Path) -> None:
    target, picture = str(tmp_path / "folder"), tmp_path / "map.svg"
    scs("sweep", str(spec_file(tmp_path)), "-o", target, "--jobs", "1")
    done = scs("sweep", "plot", target, "-o", str(picture), "--only", "load=resistor-1k")
    assert done.exit_code == GOOD, done.stderr
    assert b"<svg" in picture.read_bytes()
    again = scs("sweep", "plot", target, "-o", str(picture))
    assert again.exit_code == USAGE
    assert "already exists" in again.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--x", "lod"), "lod is not varied; did you mean load?: programs.low back.amplitude"),
        (("--only", "load=no"), "no row has load=no"),
        (("--only", f"{AMPLITUDE}=2 mV"), "2 mV is a voltage"),
    ],
)
def test_a_map_of_what_was_not_varied_is_refused(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    target = str(tmp_path / "folder")
    scs("sweep", str(spec_file(tmp_path)), "-o", target, "--jobs", "1")
    done = scs("sweep", "plot", target, "-o", str(tmp_path / "x.png"), *options)
    assert done.exit_code == USAGE
    assert message in done.stderr


def test_a_map_before_the_merge_says_what_to_do(tmp_path: Path) -> None:
    target = str(tmp_path / "folder")
    scs("sweep", str(spec_file(tmp_path)), "-o", target, "--chunk", "0")
    done = scs("sweep", "plot", target, "-o", str(tmp_path / "x.png"))
    assert done.exit_code == USAGE
    assert f"has no table yet; make it with: scs sweep merge {target}" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            SMALL.replace("amplitude:", "amplitud:"),
            f"spec.yaml:5: vary.{AMPLITUDE[:-1]}: unknown field; did you mean amplitude?",
        ),
        (SMALL.replace("vary:", "varry:"), "spec.yaml:4: varry: unknown field; did you mean vary?"),
        (
            SMALL.replace("count: 20", "count: 0"),
            "spec.yaml:2: sample.count: 0 is below the minimum; allowed range 1 to 1000000000; "
            "e.g. 4096",
        ),
        (
            SMALL.replace("count: 20, ", ""),
            "spec.yaml:2: sample.count: is required for latin-hypercube; e.g. count: 4096",
        ),
        (
            SMALL.replace("8 mA", "8 mV"),
            f"spec.yaml:5: vary.{AMPLITUDE}.to: 8 mV is a voltage; expected a current in A, mA or "
            "uA; e.g. 2 mA",
        ),
        (
            SMALL.replace("60 us, ", "60, "),
            "spec.yaml:6: vary.programs[0].pulse_width.list[0]: 60 has no unit; e.g. 200 us",
        ),
        (
            SMALL.replace("0.5 mA", "9 mA"),
            f"spec.yaml:5: vary.{AMPLITUDE}: from, 9 mA, is not below to, 8 mA; e.g. "
            "{from: 8 mA, to: 9 mA}",
        ),
        (
            SMALL.replace("0.5 mA", "8 mA"),
            f"spec.yaml:5: vary.{AMPLITUDE}: from, 8 mA, is not below to, 8 mA; e.g. list: [8 mA]",
        ),
        (
            SMALL.replace("{from: 0.5 mA,", "{scale: log, from: 0 mA,"),
            f"spec.yaml:5: vary.{AMPLITUDE}: a log scale begins above 0, and from is 0 mA; e.g. "
            "from: 1 uA",
        ),
        (
            SMALL.replace("[60 us, 210 us]", "[]"),
            "spec.yaml:6: vary.programs[0].pulse_width: the list is empty; e.g. {from: 200 us, to: "
            "400 us}",
        ),
        (
            SMALL.replace("low back", "lowback"),
            "spec.yaml:5: vary.programs.lowback.amplitude: the profile has no such program; did "
            "you mean low back?; it has low back; e.g. programs[0].amplitude",
        ),
        (
            SMALL.replace("randles-500", "randels-500"),
            "spec.yaml:7: vary.load.list[0]: no load is called randels-500; did you mean "
            "randles-500?",
        ),
        (
            SMALL.replace("tonic_50hz", "tonic_49hz"),
            "spec.yaml:1: profile: there is no such file:",
        ),
        (
            GRID + "amplitude: {from: 1 mA, to: 2 mA}\n",
            "spec.yaml:4: vary.programs[0].amplitude: has no end in a grid: give it a count; e.g. "
            "count: 50",
        ),
        (
            f"profile: {TONIC}\nsample: {{kind: grid}}\nvary: {{}}\n",
            "spec.yaml:3: vary: nothing is varied; e.g. vary: {programs[0].amplitude:",
        ),
        (
            GRID + "amplitude: {from: 1 mA, to: 2 mA, count: 100000}\n"
            "  programs[0].rate: {from: 1 Hz, to: 50 Hz, count: 10001}\n",
            "spec.yaml:3: vary: the grid has 1000100000 rows; the limit is 1000000000; e.g. kind: "
            "sobol",
        ),
        (
            GRID.replace("grid", "list") + "amplitude: {list: [1 mA]}\n"
            "  load: {list: [randles-500, resistor-1k]}\n",
            "spec.yaml:3: vary: the lists have 1, 2 values",
        ),
        (
            GRID.replace("grid", "grid, count: 5") + "amplitude: {list: [1 mA]}\n",
            "spec.yaml:2: sample.count: a grid has as many points as its axes give",
        ),
        (
            GRID + "recharge: {from: passive, to: active}\n",
            "spec.yaml:4: vary.programs[0].recharge: is no quantity and has no range; write its "
            "values out; e.g. list: [passive, active]",
        ),
        (
            GRID + "amplitude: {from: 1 mA}\n",
            "spec.yaml:4: vary.programs[0].amplitude: takes a list, or a range with from and to; "
            "e.g. {from: 2 mA, to: 4 mA}",
        ),
        (
            GRID + "amplitude: {from: 1 mA, list: [2 mA]}\n",
            "spec.yaml:4: vary.programs[0].amplitude: takes a list or a range, not both; e.g. ",
        ),
        (
            SMALL.replace("8 mA}", "8 mA, count: 5}"),
            f"spec.yaml:5: vary.{AMPLITUDE}.count: belongs to a grid, and the sample is latin",
        ),
    ],
)
def test_a_mistake_in_a_spec_is_one_line_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    done = scs("sweep", str(spec_file(tmp_path, text)), "-o", str(tmp_path / "folder"))
    assert done.exit_code == REFUSED
    assert message in done.stderr
    *errors, explain = done.stderr.splitlines()
    assert len(errors) <= 1 + ("varry" in text)
    assert explain.startswith("Explain: scs explain ")
    assert not (tmp_path / "folder").exists()


def test_a_profile_that_is_refused_itself_names_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(TONIC.read_text().replace("50 Hz\n", "50\n"))
    spec = spec_file(tmp_path, SMALL.replace(str(TONIC), "own.yaml"))
    done = scs("sweep", str(spec), "-o", str(tmp_path / "folder"))
    assert done.exit_code == REFUSED
    assert "own.yaml:12: programs[0].rate: 50 has no unit; e.g. 50 Hz" in done.stderr


def test_a_folder_that_cannot_be_or_is_something_else_is_refused(tmp_path: Path) -> None:
    spec = spec_file(tmp_path)
    beneath = scs("sweep", str(spec), "-o", str(spec / "folder"))
    assert (beneath.exit_code, beneath.stderr.count("\n")) == (USAGE, 1)
    assert f"cannot write {spec / 'folder'}: Not a directory" in beneath.stderr
    other = scs("sweep", str(spec), "-o", str(tmp_path))
    assert other.exit_code == USAGE
    assert "holds spec.yaml and is no sweep's folder; name a new one" in other.stderr
    none = scs("sweep", "merge", str(tmp_path / "none"))
    assert none.exit_code == USAGE
    assert "it has no manifest.json; begin with scs sweep SPEC.yaml -o" in none.stderr
