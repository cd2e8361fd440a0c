"""Numbers with a name become const(): what MicroPython's compiler is given is still the same."""

import pytest

from scs import firmware
from scs.folding import folded


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


def test_every_file_of_the_firmware_computes_the_same_numbers() -> None:
    for name, path in firmware.sources(firmware.folder()):
        if name.startswith("stimcore/") and name.count("/") == 1:
            text = folded(path.read_text(encoding="utf-8"))
            before = path.read_text(encoding="utf-8")
            spaces: list[dict[str, object]] = []
            for source in (before, text):
                space: dict[str, object] = {"const": lambda value: value, "__name__": "folded"}
                space["__package__"] = "stimcore"
                exec(compile(source, name, "exec"), space)
                spaces.append({key: val for key, val in space.items() if type(val) is int})
            assert spaces[0] == spaces[1], name
