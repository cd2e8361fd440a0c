"""The table of a profile's fields agrees with the blob, with the schema and with the kernel."""

from scs import resources
from scs.documents import units
from scs.profile import fields
from scs.profile.profile import Profile
from scs.profile.schema import ProfileModel, ProgramModel
from stimcore import errors, kernel, program

# of the kernel's codes, those whose cause is no field of a program: of the words, not of the values
OF_THE_WORDS = {
    errors.SHORT_RECORD,
    errors.ACTIVE_NO_END,
    errors.ACTIVE_FLAG,
    errors.FRAME_FORMAT,
    errors.NO_SYNC,
    errors.PART_DISCHARGE,
    errors.LIVE_SWITCH,
    errors.TABLE_LENGTH,  # error_locations finds the field that makes it long
}


def names(rows: tuple[fields.Field, ...]) -> set[str]:
    return {row.blob for row in rows if row.blob}


def test_every_field_of_the_blob_has_a_row() -> None:
    assert names(fields.HEADER) == {row[0] for row in program.HEADER} | {"areas_um2"}
    assert names(fields.PROGRAM) == {row[0] for row in program.PROGRAM}


def test_every_row_leads_to_a_field_of_the_schema() -> None:
    for rows, model in ((fields.HEADER, ProfileModel), (fields.PROGRAM, ProgramModel)):
        assert {row.place[0] for row in rows} <= set(model.model_fields)
        left = set(model.model_fields) - {row.place[0] for row in rows}
        assert left <= {"name", "programs", "output"}  # what no range and no refusal is about


def test_no_row_is_looser_than_the_blob() -> None:
    for row in (*fields.HEADER, *fields.PROGRAM):
        if row.grid in units.WRITTEN and row.blob:
            _name, _code, least, most = fields.BLOB[row.blob]
            assert least <= fields.span(row.path)[0] <= fields.span(row.path)[1] <= most, row


def test_a_refusal_has_one_cause() -> None:
    codes = [code for row in fields.PROGRAM for code in row.causes]
    assert len(codes) == len(set(codes)) == 29
    judged = {value for name, value in vars(errors).items() if name.isupper() and 30 <= value <= 58}
    assert judged - set(codes) == OF_THE_WORDS
    assert set(kernel.AT_LEAST) <= set(codes)


def test_a_refused_count_is_told_as_a_count() -> None:
    profile = Profile.read(resources.path("profiles/interleaved_50hz.yaml"))
    index = 100 + [row[0] for row in program.PROGRAM].index("other_count")
    row = profile.explain((errors.BLOB_FIELD, index, 10, 9))
    assert row.path == "programs[0].interleave.split"
    assert (row.value, row.limit) == ("10", "9")
