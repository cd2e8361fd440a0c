"""The plan of flashing a board, worked out from what is on it."""

from tests.host.flashing.support import NAME

from scs.flashing import plan


def test_the_entry_is_written_anew_with_every_change(files: dict[str, bytes]) -> None:
    made = plan.Plan(NAME, "here")
    hashes = {name: plan.digest(data) for name, data in files.items()}
    plan.compare(made, files, list(files), {**hashes, "rp2_port/registers.mpy": b""})
    assert list(made.copy) == ["rp2_port/registers.mpy", "main.py"]
    assert made.remove == ("main.py",)


def test_a_half_written_entry_goes_even_if_all_else_is_right(files: dict[str, bytes]) -> None:
    made = plan.Plan(NAME, "here")
    hashes = {name: plan.digest(data) for name, data in files.items()}
    plan.compare(made, files, [*files, "rp2_port/", "stimcore/", "main.new"], hashes)
    assert (made.remove, dict(made.copy), made.left) == (("main.new",), {}, ())
