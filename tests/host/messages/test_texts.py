"""Every code, command and verdict has its words, and none is left over."""

from scs.messages import error_texts
from stimcore import commands, errors, impedance


def codes() -> list[int]:
    return [value for name, value in vars(errors).items() if name.isupper()]


def test_every_error_every_command_and_every_verdict_has_words() -> None:
    assert set(error_texts.ERRORS) == set(codes())
    assert set(error_texts.COMMANDS) == {row[0] for row in commands.TABLE}
    assert len(error_texts.VERDICTS) == len(impedance.CODES) == 5
    for table in (error_texts.COMMANDS, error_texts.VERDICTS):
        assert all(table.values())
    assert all(kind.name and kind.text for kind in error_texts.ERRORS.values())


def test_no_two_errors_have_one_code_or_one_name() -> None:
    assert len(codes()) == len(set(codes()))
    names = [kind.name for kind in error_texts.ERRORS.values()]
    assert len(names) == len(set(names))
