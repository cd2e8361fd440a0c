"""Every code, command and verdict has its words, and none is left over."""

from scs import texts
from stimcore import commands, errors, impedance


def test_every_error_every_command_and_every_verdict_has_words() -> None:
    assert set(texts.ERRORS) == {code for _name, code in errors.rows()}
    assert set(texts.COMMANDS) == {row[0] for row in commands.TABLE}
    assert len(texts.VERDICTS) == len(impedance.CODES) == 5
    assert all(name and sentence for name, _unit, sentence in texts.ERRORS.values())
    assert all(texts.COMMANDS.values()) and all(texts.VERDICTS.values())


def test_every_code_and_every_name_of_an_error_is_there_once() -> None:
    codes = [code for _name, code in errors.rows()]
    assert len(set(codes)) == len(codes) > 70
    assert len({name for name, _unit, _sentence in texts.ERRORS.values()}) == len(codes)
    assert ("FAULT_OPEN", 85) in errors.rows()
    assert texts.error_name(85) == "open_load" and texts.error_name(250) == "code 250"
