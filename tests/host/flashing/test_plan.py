"""The plan of flashing a board, worked out from what is on it."""

from tests.host.flashing.support import NAME

from scs.flashing import plan


def test_the_entry_is_written_anew_with_every_change(files: dict[str, bytes]) -> None:
    changes = plan.Plan(NAME, "here")
    hashes = {name: plan.digest(data) for name, data in files.items()}
    plan.compare(changes, files, list(files), {**hashes, "rp2_port/registers.mpy": b""})
    assert list(changes.copy) == ["rp2_port/registers.mpy", "main.py"]
    assert changes.remove == ("main.py",)


def test_a_half_written_entry_goes_even_if_all_else_is_right(files: dict[str, bytes]) -> None:
    changes = plan.Plan(NAME, "here")
    hashes = {name: plan.digest(data) for name, data in files.items()}
    plan.compare(changes, files, [*files, "rp2_port/", "stimcore/", "main.new"], hashes)
    assert (changes.remove, dict(changes.copy), changes.left) == (("main.new",), {}, ())
