"""Every problem has an id of its own, in kebab-case, which `scs explain` and errors.md explain."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scs.errors import DeviceFault, DeviceRefused, WrongUsage
from scs.messages import error_texts, explanations
from scs.profile import scheduling
from scs.profile.profile import Profile, ProfileError
from stimcore import errors

ROOT = Path(__file__).parents[3]
PACKAGES = ("documents", "profile", "safety", "catalog", "circuit", "sweeps")
ERRORS = ("Problem", "ProblemError", "UnitError")
PASSED_ON = {"kind", "reason.problem.id"}  # no id of its own


def sites() -> Iterator[tuple[str, ast.expr]]:
    """Yield the file and the first argument of every call that makes a problem."""
    for package in PACKAGES:
        for path in (ROOT / "host/scs" / package).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                    yield path.stem, node.args[0]


LITERAL = [(file, id_.value) for file, id_ in sites() if isinstance(id_, ast.Constant)]
SCHEDULE = [f"schedule-{kind}" for kind in scheduling.KINDS]
DEVICE = [kind.id for code, kind in error_texts.ERRORS.items() if code != errors.OK]


def test_an_id_is_written_once_and_in_kebab_case() -> None:
    own = [id_ for _file, id_ in LITERAL if id_ != "field"]  # of the device's own table
    counted = Counter([*own, *SCHEDULE, *DEVICE])
    assert [id_ for id_, times in counted.items() if times > 1] == []
    assert len(own) > 60
    assert [id_ for id_ in counted if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", id_)] == []


def test_what_is_no_literal_is_the_schedules_or_the_devices() -> None:
    others = {ast.unparse(id_) for _file, id_ in sites() if not isinstance(id_, ast.Constant)}
    assert others - PASSED_ON == {
        "f'schedule-{why.kind}'",
        "f'code-{code}'",
        "error_texts.ERRORS[code].id",
    }


def test_every_id_is_explained_and_none_is_left_over() -> None:
    own = {id_ for _file, id_ in LITERAL}
    assert {*explanations.rows()} == {*own, *SCHEDULE, *DEVICE, explanations.UNKNOWN_CODE}
    page = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    for row in explanations.rows().values():
        assert row.cause and row.cure
        assert row.cause != row.cure
        assert f"| `{row.id}` | {row.cause} | {row.cure} |" in page


def test_an_error_of_each_kind_has_its_ids() -> None:
    with pytest.raises(ProfileError) as bad:
        Profile.from_text("name: x\nlead: y\nprograms: 1\nnam: x\n")
    assert explanations.ids(bad.value) == ["lead-unknown", "value-type", "field-unknown"]
    rows = ((errors.RUNNING_CHARGE, 0, 2, 1), (errors.RUNNING_CHARGE, 1, 2, 1), (250, 0, 0, 0))
    assert explanations.ids(DeviceRefused("arm", rows, "")) == ["running-charge", "code-250"]
    assert explanations.ids(DeviceFault((errors.FAULT_OPEN, 0, 0, 0), "")) == ["open-load"]
    assert explanations.ids(WrongUsage("x")) == []
    for id_ in ("code-250", "OPEN_LOAD", "[open-load]"):
        assert explanations.find(id_) is not None
    assert explanations.find("open") is None
