"""The JSON Schema of a profile: what an editor underlines, and what it offers."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from tests.host.profile.test_profile import LEAST, read

from scs import presets
from scs.documents.model_validation import flow
from scs.documents.yaml_reader import parse
from scs.messages import error_texts
from scs.profile import shift_contacts
from scs.profile.profile import Profile, ProfileError
from stimcore import errors, limits, program


def names_of(schema: dict) -> set[str]:
    """Return every field name in a JSON Schema."""
    names = set(schema["properties"])
    for part in schema["$defs"].values():
        names |= set(part.get("properties", {}))
    return names


def leaves(schema: dict) -> list[tuple[str, dict]]:
    """Return (field name, schema) of every field, at any depth."""
    parts = [schema, *schema["$defs"].values()]
    return [item for part in parts for item in part.get("properties", {}).items()]


def test_the_json_schema_accepts_its_own_examples_and_defaults():
    for name, leaf in leaves(Profile.json_schema()):
        texts = [*leaf.get("examples", []), leaf.get("default")]
        for text in texts if "pattern" in leaf else []:
            assert text is None or re.match(leaf["pattern"], text), (name, text)
        if "minimum" in leaf:
            assert all(leaf["minimum"] <= value <= leaf["maximum"] for value in leaf["examples"])


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("rate", ["50 Hz", "0.05 kHz", "50Hz"], ["50", "50 hz", "50 Hz 1", "nan Hz", "-5 Hz"]),
        ("pulse_width", ["200 us", "200 µs", "0.2 ms"], ["200", "200 uS", "200 mA"]),
        ("amplitude", ["2 mA", "2000 uA", "2e3 µA"], ["2 ma", "2 mV", "mA"]),
    ],
)
def test_an_editor_underlines_what_the_reader_refuses(field, good, bad):
    pattern = dict(leaves(Profile.json_schema()))[field]["pattern"]
    assert all(re.match(pattern, text) for text in good)
    assert not any(re.match(pattern, text) for text in bad)


def test_the_json_schema_forbids_unknown_fields_everywhere():
    schema = Profile.json_schema()
    assert schema["$schema"].startswith("https://json-schema.org/")
    parts = [schema, *schema["$defs"].values()]
    assert all(part["additionalProperties"] is False for part in parts)


def test_the_examples_of_the_schema_make_a_good_profile():
    schema = Profile.json_schema()
    texts = [
        f"{name}: {flow(field['examples'][0])}" for name, field in schema["properties"].items()
    ]
    texts = [text for text in texts if not text.startswith("stand_alone")]
    assert read("\n".join(texts)).group.programs[0].rate_millihz == 50_000


def test_the_ranges_come_from_the_devices_own_limits():
    described = {name: leaf.get("description", "") for name, leaf in leaves(Profile.json_schema())}
    assert "1 Hz to 10 kHz" in described["rate"]
    assert limits.RATE_MAX_MILLIHZ == 10_000_000
    assert "10 us to 1 ms" in described["pulse_width"]
    assert "1 uA to 25.5 mA" in described["amplitude"]


def test_every_field_is_explained_in_the_documentation():
    path = Path(__file__).parents[3] / "docs/reference/profiles.md"
    page = path.read_text(encoding="utf-8")
    missing = [name for name in names_of(Profile.json_schema()) if f"`{name}`" not in page]
    assert not missing


def test_every_code_of_the_device_can_be_explained():
    profile = read(LEAST)
    for code in (*error_texts.ERRORS, 250):
        if code != errors.BLOB_FIELD:
            assert profile.explain((code, 200, 1, 2)).line >= 1
    for index in (*range(8), *range(100, 100 + len(program.PROGRAM)), 150):
        row = profile.explain((errors.BLOB_FIELD, index, 1, 2))
        assert row.path.replace("programs[0].", "").split(".")[0] in names_of(Profile.json_schema())


MODELINE = "# yaml-language-server: $schema=profile.schema.json"


def test_an_editor_can_tell_what_each_field_is():
    schema = Profile.json_schema()
    parts = [schema, *schema["$defs"].values()]
    assert len(leaves(schema)) > 45
    for part in parts:
        for name, leaf in part["properties"].items():
            text = leaf.get("description", "")
            assert len(text) > 10, name
            assert leaf["examples"], name
            needed = name in part.get("required", [])
            assert needed or "default" in leaf or "; default: " in text, name
            if leaf.get("type") == "integer":
                assert f"{leaf['minimum']} to {leaf['maximum']}" in text
            if "pattern" in leaf:
                assert re.search(r" to .+, in .+, on a grid of 1 | to .+ of perception", text), name


def errors_of(text: str, name: str = "x.yaml") -> list[str]:
    """Return the fields that the oracle refuses."""
    validator = jsonschema.Draft202012Validator(Profile.json_schema())
    return [row.json_path for row in validator.iter_errors(parse(text, name, ProfileError).value)]


def test_an_oracle_accepts_every_shipped_profile_and_the_schema_itself():
    jsonschema.Draft202012Validator.check_schema(Profile.json_schema())
    assert len(presets.names()) > 30
    assert {name: errors_of(presets.text(name)) for name in presets.names()} == {
        name: [] for name in presets.names()
    }


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("rate: 50 Hz", "rate: 50", "$.programs[0].rate"),
        ("rate: 50 Hz", "rate: 50 mA", "$.programs[0].rate"),
        ("rate: 50 Hz", "rat: 50 Hz", "$.programs[0]"),
        ("ratio: 4", "ratio: 11", "$.programs[0].recharge"),
        ("waveform: tonic", "waveform: tonics", "$.programs[0].waveform"),
        ("cathodes: [E3]", "cathodes: []", "$.programs[0].cathodes"),
        ("lead: octrode-3mm", "lead: 3", "$.lead"),
    ],
)
def test_an_oracle_refuses_what_the_reader_refuses(before, after, path):
    text = presets.text("tonic_50hz")
    assert before in text
    wrong = text.replace(before, after)
    assert path in errors_of(wrong)
    with pytest.raises(ProfileError):
        Profile.from_text(wrong)


def test_every_shipped_profile_names_the_schema_beside_it():
    for name in presets.names():
        assert presets.text(name).splitlines()[0] == MODELINE
    folder = Path(__file__).parents[3] / "profiles"
    assert json.loads((folder / "profile.schema.json").read_text(encoding="utf-8")) == (
        Profile.json_schema()
    ), "run `make docs`"


def test_the_line_for_the_editor_changes_no_program_and_stays_with_an_edit():
    text = presets.text("tonic_50hz")
    without = text.removeprefix(f"{MODELINE}\n")
    assert without != text
    assert Profile.from_text(text).to_blob() == Profile.from_text(without).to_blob()
    moved = shift_contacts.moved(Profile.from_text(text), 1, [0])
    assert moved.text.splitlines()[0] == MODELINE
    assert "cathodes: [E4]" in moved.text
