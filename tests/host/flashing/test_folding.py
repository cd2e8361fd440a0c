"""Numbers with a name become const(): what MicroPython's compiler is given is still the same."""

import ast
from pathlib import PurePath

import pytest

from scs.flashing import firmware_files
from scs.flashing.constant_folding import folded, shortened, together


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("_A = 5  # why", "_A = const(5)"),
        ("LIMIT_UA = 25_500", "LIMIT_UA = const(25500)"),
        ("_MASK = 1 << 10 | 1 << 26", "_MASK = const(67109888)"),
        ("_LOW = -(2 * 3) // 1 + 7 - 1", "_LOW = const(0)"),
        ("_HELD = (\n    512  # and kept\n)", "_HELD = const(512)"),
        ("_LARGE = 1 << 40", "_LARGE = const(1099511627776)"),
    ],
)
def test_a_whole_number_becomes_a_constant(line: str, wanted: str) -> None:
    assert folded(f"import b\n{line}\nx = 1\n") == f"import b\n{wanted}\nx = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        "name = 5\n",
        "_A = True\n",
        "_A = 1.5\n",
        '_A = "5"\n',
        "_A = b.C + 1\n",
        "_A = B = 5\n",
        "_A = 1\n_A = 2\n",
        "_A = 1\n\n\ndef f():\n    global _A\n    _A = 2\n",
        "def f():\n    _A = 5\n",
        "_A = (1, 2)\n",
        "def (:\n",
    ],
)
def test_whatever_else_stays_as_it_is(text: str) -> None:
    assert folded(text) == text


def test_a_number_made_of_others_is_known() -> None:
    assert folded("_A = 3\n_B = _A * 4\n") == "_A = const(3)\n_B = const(12)\n"


A = "LIMIT = 5\nHELD = LIMIT * 2\nOTHER = 7\n\n\ndef f():\n    return HELD\n"


def folded_with(text: str, kept: str = "", others: str = A) -> dict[str, str]:
    return together({"a.py": others, "stimcore/b.py": text}, kept)


def test_a_number_of_another_file_stands_where_its_name_stood() -> None:
    done = folded_with("from . import a\n\nµ = 'µ', a.LIMIT, a.HELD + a.f()\n")
    assert done["stimcore/b.py"] == "from . import a\n\nµ = 'µ', 5, 10 + a.f()\n"
    done = folded_with("import a as c\nx = c.LOW // 2\n", others="LOW = -3\n")
    assert done["stimcore/b.py"] == "import a as c\nx = (-3) // 2\n"


def test_what_nobody_speaks_of_any_more_has_a_name_that_is_not_kept() -> None:
    done = folded_with("from . import a\n\nx = a.LIMIT\n")["a.py"]
    assert done.startswith("_LIMIT = const(5)\n_HELD = const(10)\n_OTHER = const(7)\n")
    assert done.endswith("return _HELD\n")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("from .a import HELD\nx = HELD\n", ""),
        ("from stimcore.a import HELD\n", ""),
        ("from . import a\nx = f'{a.HELD}'\n", ""),
        ("from . import a\nfor a in (a,):\n    x = a.HELD\n", ""),
        ("from . import a\n\n\ndef f(a):\n    return a.HELD\n", ""),
        ("", "import a\nx = a.HELD\n"),
    ],
)
def test_what_is_still_spoken_of_by_name_keeps_it(text: str, kept: str) -> None:
    done = folded_with(text, kept)
    assert done["stimcore/b.py"] == text
    assert "\nHELD = const(10)\n_OTHER = const(7)\n" in done["a.py"]


@pytest.mark.parametrize("text", ["import a\nx = dir(a)\n", "import a\nx = (1, dir(a))\n"])
def test_a_module_whose_names_are_asked_for_keeps_them_all(text: str) -> None:
    assert "\nOTHER = const(7)\n" in folded_with(text)["a.py"]


def test_a_module_that_asks_for_its_own_names_keeps_them_all() -> None:
    done = folded_with("", others=A + "x = globals()\n")["a.py"]
    assert done.startswith("LIMIT = const(5)\nHELD = const(10)\nOTHER = const(7)\n")


def test_a_name_that_is_taken_with_its_underscore_stays() -> None:
    assert folded_with("", others="A = 1\n_A = [2]\n")["a.py"] == "A = const(1)\n_A = [2]\n"


def test_private_names_are_short_and_the_same_in_each_file() -> None:
    out = shortened(
        {
            "a.py": "def _help(_of):\n    return _of._much\n_kept = f'{_kept}'\nputs('_told')\n",
            "b.py": "self._much = _given(_LEAST, self.__len__)\n_told = 1\n",
            "c.py": "def _only(",
        }
    )
    assert out["a.py"] == "def _1(_2):\n    return _2._0\n_kept = f'{_kept}'\nputs('_told')\n"
    assert out["b.py"] == "self._0 = _given(_LEAST, self.__len__)\n_told = 1\n"
    assert out["c.py"] == "def _only("  # no Python: MicroPython's compiler says where


def test_every_file_of_the_firmware_computes_the_same_numbers() -> None:
    texts = firmware_files.folded(firmware_files.folder())
    seen = 0
    for name, path in firmware_files.sources(firmware_files.folder()):
        if name.startswith("stimcore/") and name.count("/") == 1:
            spaces: list[dict[str, int]] = []
            for source in (path.read_text(encoding="utf-8"), texts[name]):
                space: dict[str, object] = {"const": lambda value: value, "__name__": "folded"}
                space["__package__"] = "stimcore"
                exec(compile(source, name, "exec"), space)
                values = {key.lstrip("_"): val for key, val in space.items() if type(val) is int}
                spaces.append(values)
            assert spaces[0] == spaces[1], name
            seen += len(spaces[0])
    assert seen > 200


def test_no_file_of_the_firmware_asks_another_for_a_name_that_was_left_out() -> None:
    texts = firmware_files.folded(firmware_files.folder())
    spaces = {PurePath(name).stem: names_of(text) for name, text in texts.items()}
    asked = 0
    for name, text in texts.items():
        tree = ast.parse(text)
        modules = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in spaces:
                missing = {alias.name for alias in node.names} - spaces[node.module]
                assert not missing, (name, node.module, missing)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                space = spaces.get(modules.get(node.value.id, ""), {node.attr})
                if node.attr.isupper():
                    assert node.attr in space, (name, node.attr)
                    asked += 1
    assert asked > 5


def names_of(text: str) -> set[str]:
    """Return the names that a file defines or imports at its top."""
    names = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        else:
            names |= {leaf.id for leaf in ast.walk(node) if isinstance(leaf, ast.Name)}
    return names
