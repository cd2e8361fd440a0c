"""Every problem has an id of its own, in kebab-case, which the documentation explains."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scs.messages import error_texts
from scs.profile import scheduling

ROOT = Path(__file__).parents[3]
PACKAGES = ("documents", "profile", "safety", "catalog", "sweeps")
ERRORS = ("Problem", "ProblemError", "UnitError")
OF_OTHER_FILES = ("board_file", "board_rules", "boards", "leads", "wiring_schema")
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
OF_SWEEPS = [id_ for file, id_ in LITERAL if id_.startswith("sweep-") and file in ("spec", "axes")]
DEVICE = [kind.name.replace("_", "-") for kind in error_texts.ERRORS.values()]


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
        "error_texts.ERRORS[code].name.replace('_', '-')",
    }


def test_every_id_of_a_profile_is_explained_in_the_documentation() -> None:
    page = (ROOT / "docs/reference/profiles.md").read_text(encoding="utf-8")
    ids = [*(id_ for file, id_ in LITERAL if file not in OF_OTHER_FILES), *SCHEDULE]
    assert [id_ for id_ in ids if f"`{id_}`" not in page and id_ not in OF_SWEEPS] == []


def test_every_id_of_a_sweep_is_explained_in_the_documentation() -> None:
    page = (ROOT / "docs/reference/sweeps.md").read_text(encoding="utf-8")
    assert len(OF_SWEEPS) > 10
    assert [id_ for id_ in OF_SWEEPS if f"`{id_}`" not in page] == []
