"""Texts and files that are no profile at all, and damage of every kind: one clear error, ever.

Expected lines and texts are written by hand.
"""

import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.support.profile_errors import FIELDS, FULL, only, rows_of, with_value

from scs import resources
from scs.catalog import leads
from scs.documents import yaml_reader
from scs.profile import profile
from scs.profile.profile import Profile, ProfileError
from stimcore import errors

# --- the text itself -------------------------------------------------------------------------

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + at)}: &{chr(98 + at)} [*{chr(97 + at)}, *{chr(97 + at)}]\n" for at in range(20)
)
TEXTS = [
    ("", 1, "file-empty", "the file is empty"),
    ("   \n\n", 1, "file-empty", "the file is empty"),
    ("# only a comment\n", 1, "file-empty", "the file is empty"),
    ("---\n", 1, "file-empty", "the file is empty"),
    ("null\n", 1, "file-empty", "the file is empty"),
    (BOMB, 1, "yaml-anchor", "anchors (&) and aliases (*) are refused"),
    ("name: x\nlead: *x\n", 2, "yaml-anchor", "anchors (&) and aliases (*) are refused"),
    ("name: &x y\n", 1, "yaml-anchor", "anchors (&)"),
    ("name: !!python/object/apply:os.system [ls]\n", 1, "yaml-tag", "tags (!) are refused"),
    ("name: !!str 5\n", 1, "yaml-tag", "tags (!) are refused"),
    ("name: x\n\tlead: y\n", 2, "yaml-syntax", "look for tabs"),
    ("name: x\nlead: [a\n", 3, "yaml-syntax", "this is not YAML"),
    ("name: x\nlead: 'a\n", 3, "yaml-syntax", "this is not YAML"),
    ("name: a: b\n", 1, "yaml-syntax", "this is not YAML"),
    ("name x\nlead: y\n", 2, "yaml-syntax", "this is not YAML"),
    ("name: x\n---\nname: y\n", 2, "yaml-second-document", "a second document begins here"),
    ("? [a]\n: b\n", 1, "yaml-key", "the name of a field must be plain text"),
    ("a: " + "[" * 50, 1, "yaml-depth", "nested deeper than 12 levels"),
    ("a: [" + "1, " * 6000 + "]", 1, "yaml-values", "more than 5000 values"),
    ("name: a\x00b\n", 1, "text-character", "the character U+0000 is not allowed in YAML"),
    (
        "name: x\nlead: \x1b[31m\n",
        2,
        "text-character",
        "the character U+001B is not allowed in YAML",
    ),
    ("name: \ud800\n", 1, "text-surrogate", "half a character"),
    (b"name: x\nlead: \xff\n", 2, "text-encoding", "the file is not UTF-8 text"),
    ("name: x\n".encode("utf-16"), 1, "text-encoding", "the file is not UTF-8 text"),
    ("x" * 1_000_001, 0, "file-too-large", "over 1 MB"),
    ("é" * 500_001, 0, "file-too-large", "over 1 MB"),
    (
        "- a\n- b\n",
        1,
        "value-type",
        "a list is not a mapping of fields; e.g. {name: Tonic",
    ),
    ("just text\n", 1, "value-type", "just text is not a mapping of fields"),
    ("5\n", 1, "value-type", "5 is not a mapping of fields"),
]


@pytest.mark.parametrize("loader", [yaml_reader.LOADER, yaml.SafeLoader])
@pytest.mark.parametrize(("text", "line", "kind", "part"), TEXTS)
def test_req_60_a_text_that_is_no_profile_is_one_error(monkeypatch, loader, text, line, kind, part):
    monkeypatch.setattr(yaml_reader, "LOADER", loader)  # libyaml's, and the one without it
    row = only(text)
    assert (row.id, row.line) == (kind, line)
    assert part in row.message


@pytest.mark.parametrize("loader", [yaml_reader.LOADER, yaml.SafeLoader])
def test_a_duplicate_field_is_told_with_both_lines_and_all_other_errors(monkeypatch, loader):
    monkeypatch.setattr(yaml_reader, "LOADER", loader)
    text = FULL.replace("    rate: 40 Hz\n", "    rate: 40 Hz\n    rate: 41 Hz\n", 1)
    row = next(row for row in rows_of(text) if row.id == "field-repeated")
    assert (row.path, row.line) == ("programs[0].rate", 9)
    assert row.message == "is given twice, first on line 8; keep one of them"


def test_of_a_duplicate_field_the_first_value_is_judged():
    row = only(FULL.replace("    rate: 40 Hz\n", "    rate: 40 Hz\n    rate: 50 kHz\n", 1))
    assert row.id == "field-repeated"


def test_a_byte_order_mark_and_windows_line_ends_are_no_error():
    text = FULL.replace("pulses: 48", "pulses: 600").replace("\n", "\r\n")
    assert Profile.from_text(b"\xef\xbb\xbf" + text.encode()).name == "Full"


# --- the file --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("none.yaml", "there is no such file"),
        (".", "this is a directory"),
        ("a\0b", "cannot be read"),
        ("n" * 5000, "cannot be read"),
        ("full.yaml/x", "cannot be read"),
        ("loop", "cannot be read"),
    ],
)
def test_req_60_a_file_that_cannot_be_read_is_one_error(tmp_path, name, part):
    (tmp_path / "full.yaml").write_text(FULL)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ProfileError) as caught:
        Profile.read(f"{tmp_path}/{name}")
    (row,) = caught.value.rows
    assert (row.id, row.path, row.line) == ("file-unreadable", "", 0)
    assert part in row.message
    assert str(caught.value).isprintable()


def test_an_endless_file_is_not_read_to_its_end():
    with pytest.raises(ProfileError) as caught:
        Profile.read("/dev/zero")
    assert "over 1 MB" in str(caught.value)


def test_a_damaged_lead_is_the_leads_fault_not_the_profiles(monkeypatch):
    def damaged(name):
        return leads.from_text("name: 1", f"leads/{name}.yaml", name)

    monkeypatch.setattr(leads, "read", damaged)
    row = next(row for row in rows_of(FULL) if row.path == "lead")
    assert row.id == "lead-damaged"
    assert row.message.startswith("the lead's own file is damaged: leads/octrode-3mm.yaml:1: ")


def test_the_devices_own_refusal_is_told_with_its_line(monkeypatch):
    def refuse(_):
        raise profile.Refused(errors.BLOB_FIELD, 110, 5, 10_000)

    monkeypatch.setattr(profile.checks, "validate", refuse)
    row = only(FULL.replace("pulses: 48", "pulses: 600"))
    assert (row.id, row.path, row.line) == ("field", "programs[0].pulse_width", 9)
    assert row.message == "the device refuses 5 ns; its limit is 10 us"


GOOD = [resources.path(f"profiles/{name}.yaml").read_text() for name in resources.stems("profiles")]
YAMLISH = st.text(alphabet="abE23:-[]{},#&*!|>'\"%@`~? \n\t0.5mAHzus\u00b5\ud7ff\x00", max_size=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*"abc", *yaml.safe_load(FULL)["programs"][0]]), inner)
    ),
    max_leaves=12,
)


def survives(text: str | bytes) -> None:
    with contextlib.suppress(ProfileError):
        assert Profile.from_text(text, "fuzz.yaml").to_blob()


@given(st.binary(max_size=200))
def test_req_60_no_bytes_raise_anything_but_a_profile_error(data):
    survives(data)


@given(YAMLISH)
def test_req_60_no_text_raises_anything_but_a_profile_error(text):
    survives(text)


@given(st.sampled_from(GOOD), st.integers(0, 900), st.integers(0, 20), YAMLISH)
def test_req_60_no_damage_to_a_good_profile_raises_anything_else(text, start, length, inserted):
    survives(text[:start] + inserted + text[start + length :])


@given(st.sampled_from(sorted(FIELDS)), VALUES)
def test_req_60_no_value_of_any_field_raises_anything_else(line, value):
    shown = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    survives(with_value(line, shown.removesuffix("\n...\n").strip()))
