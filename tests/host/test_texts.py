"""Every code, command and verdict has its words, and none is left over."""

from scs import texts
from stimcore import commands, errors, impedance


def test_every_error_every_command_and_every_verdict_has_words() -> None:
    assert set(texts.ERRORS) == set(errors.TABLE)
    assert set(texts.COMMANDS) == {row[0] for row in commands.TABLE}
    assert len(texts.VERDICTS) == len(impedance.CODES) == 5
    for table in (texts.ERRORS, texts.COMMANDS, texts.VERDICTS):
        assert all(table.values())


def test_every_code_of_the_table_is_a_constant_of_its_own() -> None:
    known = {value for name, value in vars(errors).items() if name.isupper() and name != "TABLE"}
    assert known == set(errors.TABLE)
