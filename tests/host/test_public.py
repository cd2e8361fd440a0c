"""Public names: in one place, documented, and with examples that run."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import scs

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    "scs.errors",
    "scs.profile.profile",
    "scs.recordings.profile",
    "scs.device.stimulator",
    "scs.traces.trace",
    "scs.traces.waveform",
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_docstrings_print_what_they_show(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MPLBACKEND", "agg")
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0, capsys.readouterr().out
    assert result.attempted > 0


def test_every_class_has_an_example_and_every_method_a_docstring() -> None:
    for name in scs.__all__:
        public = getattr(scs, name)
        if public.__module__ in MODULES:
            assert ">>> " in (public.__doc__ or ""), name
        methods = inspect.getmembers(public, lambda member: inspect.isfunction(member))
        for method, function in methods:
            if not method.startswith("_"):
                assert function.__doc__, f"{name}.{method}"


def test_what_is_listed_is_there_and_imported_only_when_used() -> None:
    assert set(scs.__all__) <= set(dir(scs))
    assert list(scs.__all__) == sorted(scs.__all__)
    for name in scs.__all__:
        assert getattr(scs, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Stimulater'"):
        scs.__getattr__("Stimulater")
