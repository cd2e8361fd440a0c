"""REQ-60: an edit of a profile's text changes its own lines and no other byte."""

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scs import resources
from scs.device.titration import Step, noted
from scs.errors import Failure, WrongUsage
from scs.profile.edit import edited, save
from scs.profile.profile import Profile, ProfileError
from scs.profile.shift_contacts import moved

PROFILES = sorted(resources.path("profiles").glob("*.yaml"))
PROFILES.remove(resources.path("profiles/r2r_tonic.yaml"))  # its lead of two contacts has no room
HEAD = "name: a\nlead: octrode-3mm\n"


def changed(text: str, change: Callable[[Any], None]) -> str:
    return edited(Profile.from_text(text, "a.yaml"), change).text


def text_of(program: str, head: str = HEAD) -> str:
    return f"{head}programs:\n{program}"


def amplitude(document: Any) -> None:
    document["programs"][0]["amplitude"] = "1.5 mA"


def no_thresholds(document: Any) -> None:
    del document["programs"][0]["thresholds"]


PROGRAM = """\
  - cathodes: [E3]
    anodes: [E4]
    rate: 50 Hz
    pulse_width: 200 us
    amplitude: 1 mA
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    amplitude: 1 mA\n", "    amplitude: 1.5 mA\n"),
        ("    amplitude:   1 mA   # agreed\n", "    amplitude:   1.5 mA   # agreed\n"),
        ("    amplitude: 1 mA\t# a tab\n", "    amplitude: 1.5 mA\t# a tab\n"),
        ("    amplitude: '1 mA'\n", "    amplitude: '1.5 mA'\n"),
        ('    "amplitude" : "1 mA"\n', '    "amplitude" : "1.5 mA"\n'),
        ("    amplitude: 1 mA", "    amplitude: 1.5 mA"),
        ("    amplitude: 1 mA\n...\n# the end\n", "    amplitude: 1.5 mA\n...\n# the end\n"),
        ("    amplitude:\n      1 mA # below\n", "    amplitude:\n      1.5 mA # below\n"),
    ],
)
def test_req_60_a_value_changes_and_nothing_beside_it(before: str, after: str) -> None:
    lines = PROGRAM.removesuffix("    amplitude: 1 mA\n")
    for head in (HEAD, f"%YAML 1.1\n---\n# \u00b5\n{HEAD}", f"\ufeff{HEAD}"):
        text = text_of(lines + before, head)
        assert changed(text, amplitude) == text_of(lines + after, head)


def test_req_60_json_over_several_lines_stays_so() -> None:
    text = """{"name": "a", "lead": "octrode-3mm",
  "programs": [{
    "cathodes": ["E3"], "anodes": ["E4"], "rate": "50 Hz",
    "pulse_width": "200 us", "amplitude": "1 mA"
  }]
}
"""
    assert changed(text, amplitude) == text.replace("1 mA", "1.5 mA")


@pytest.mark.parametrize(
    ("block", "left"),
    [
        ("    thresholds: {perception: 1 mA}\n", ""),
        ("    thresholds: {perception: 1 mA}  # of Monday\n", ""),
        ("    thresholds:\n      perception: 1 mA\n    # of the gap\n", "    # of the gap\n"),
        ("    thresholds: {\n      perception: 1 mA, # felt\n    }\n\n", "\n"),
    ],
)
def test_req_60_what_is_removed_takes_its_own_lines_only(block: str, left: str) -> None:
    for after in ("    interphase_gap: 50 us\n", ""):
        text = text_of(PROGRAM + block + after)
        assert changed(text, no_thresholds) == text_of(PROGRAM + left + after)


@pytest.mark.parametrize(
    "program",
    [
        # the next entry would take the place of the removed one, or lose its own comment
        PROGRAM.replace("  - cathodes", "  - thresholds: {perception: 1 mA}\n    cathodes"),
        PROGRAM + "    thresholds:\n      perception: |-\n        1 mA\n    # of the step\n",
        PROGRAM + "    thresholds: {perception: 1 mA}  # a\x85    # b\n",
    ],
)
def test_req_60_what_cannot_be_removed_alone_is_refused(program: str) -> None:
    with pytest.raises(Failure, match=r"^a\.yaml, line \d+: this form of YAML cannot be changed"):
        changed(text_of(program), no_thresholds)


def test_req_60_an_entry_among_others_of_its_line_goes_alone() -> None:
    program = """\
  - {cathodes: [E3], anodes: [E4], thresholds: {perception: 1 mA},
     rate: 50 Hz, pulse_width: 200 us, amplitude: 1 mA}
"""
    after = program.replace(", thresholds: {perception: 1 mA}", "")
    assert changed(text_of(program), no_thresholds) == text_of(after)


def test_req_60_json_stays_json() -> None:
    text = text_of(PROGRAM.replace("    amplitude: 1 mA\n", ""))
    document = yaml.safe_load(text)
    for thresholds in ({}, {"thresholds": {}}, {"thresholds": {"perception": "500 uA"}}):
        document["programs"][0] |= {"amplitude": "1 mA", **thresholds}
        steps = [Step(900, 0.9, 0.9, 1.0, 10, ("comfort",))]
        after = noted(Profile.from_text(json.dumps(document), "a.yaml"), 0, steps).text
        assert json.loads(after)["programs"][0]["thresholds"]["comfort"] == "900 uA"


def test_req_60_flow_values_over_several_lines_keep_their_comments() -> None:
    program = """\
  - {cathodes: [E3], anodes: [E4], rate: 50 Hz,  # usual
     pulse_width: 200 us, thresholds: {perception: 1 mA}, # felt
     ceiling: 3 mA,  # agreed on Monday
     amplitude: 1 mA}
"""
    assert changed(text_of(program), amplitude) == text_of(
        program.replace(": 1 mA}\n", ": 1.5 mA}\n")
    )
    after = program.replace(", thresholds: {perception: 1 mA}", "")
    assert changed(text_of(program), no_thresholds) == text_of(after)


def test_req_60_a_mapping_is_added_behind_its_neighbour() -> None:
    text = text_of(PROGRAM + "    # of the gap\n    interphase_gap: 50 us\n").replace("\n", "\r\n")
    steps = [Step(900, 0.9, 0.9, 1.0, 10, ("perception",))]
    wanted = "amplitude: 1 mA\r\n    thresholds: {perception: 900 uA}\r\n    # of"
    after = noted(Profile.from_text(text, "a.yaml"), 0, steps).text
    assert after == text.replace("amplitude: 1 mA\r\n    # of", wanted)


@pytest.mark.parametrize("path", PROFILES, ids=[path.stem for path in PROFILES])
@given(random=st.randoms())
@settings(max_examples=5)
def test_req_60_comments_anywhere_outlast_a_shift(path: Path, random: Random) -> None:
    """Each line may carry a comment and have a comment above it; all of them come through."""
    lines = []
    for number, line in enumerate(path.read_text().splitlines()):
        if random.random() < 0.5:
            lines.append(f"# above {number}")
        whole = line and "#" not in line and random.random() < 0.5
        lines.append(f"{line}  # beside {number}" if whole else line)
    before = Profile.from_text("\n".join(lines) + "\n", "a.yaml")
    for program, by in product(range(len(before.program_names)), (1, -1, 2, -2)):
        with suppress(WrongUsage, ProfileError):
            after = moved(before, by, [program])
            break
    pairs = list(zip(lines, after.text.splitlines(), strict=True))
    for old, new in pairs:
        if "cathodes" in old or "anodes" in old:
            assert old.partition("#")[1:] == new.partition("#")[1:]
        else:
            assert old == new
    assert sum(old != new for old, new in pairs) >= 1


# --- the file ---------------------------------------------------------------------------------
def test_req_60_a_link_stays_and_its_file_keeps_its_mode(tmp_path: Path) -> None:
    path, link = tmp_path / "a.yaml", tmp_path / "link.yaml"
    path.write_text(text_of(PROGRAM))
    path.chmod(0o640)
    link.symlink_to(path)
    was = Profile.read(link)
    save(edited(was, amplitude), link, was)
    assert link.is_symlink()
    assert "1.5 mA" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640


def test_req_60_a_read_only_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text_of(PROGRAM))
    path.chmod(0o444)
    was = Profile.read(path)
    with pytest.raises(WrongUsage, match=r"cannot write .*a\.yaml: it is read-only"):
        save(edited(was, amplitude), path, was)
    assert path.read_text() == was.text
    with pytest.raises(WrongUsage, match="cannot write /dev/null: it is not a file"):
        save(edited(was, amplitude), Path("/dev/null"), was)


# --- a file that was changed meanwhile -------------------------------------------------------
def test_req_60_a_file_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text_of(PROGRAM + "    ceiling: 3 mA\n"))
    was = Profile.read(path)
    after = edited(was, amplitude)
    lowered = path.read_text().replace("3 mA", "1 mA")
    path.write_text(lowered)
    with pytest.raises(Failure, match="changed by another program") as reason:
        save(after, path, was)
    assert path.read_text() == lowered
    assert "\n-    amplitude: 1 mA\n+    amplitude: 1.5 mA\n" in str(reason.value)
    save(after, tmp_path / "b.yaml", was)
    assert "1.5 mA" in (tmp_path / "b.yaml").read_text()
    path.unlink()
    with pytest.raises(Failure, match="changed by another program"):
        save(after, path, was)
    assert not path.exists()
