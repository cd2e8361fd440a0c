"""The demonstration measures what was programmed, and says so when it is not."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scs import demo, resources
from scs.catalog import boards
from scs.cli import app as cli
from scs.cli import demo as command
from scs.profile.profile import Profile

BOARD = boards.board()


def shown(name: str) -> demo.Shown:
    return demo.show(Profile.read(resources.path(name)), BOARD)


@pytest.fixture(scope="session")
def tonic(shared: Callable[..., demo.Shown]) -> demo.Shown:
    return shared("tonic", lambda: shown(demo.PROFILES[0]))


@pytest.fixture(scope="session")
def burst(shared: Callable[..., demo.Shown]) -> demo.Shown:
    return shared("burst", lambda: shown(demo.PROFILES[1]))


def rows(shown: demo.Shown) -> dict[str, demo.Comparison]:
    return {row.name.strip(): row for row in shown.rows}


def test_tonic_is_measured_as_programmed(tonic: demo.Shown) -> None:
    assert tonic.ok
    by_name = rows(tonic)
    # 320 codes and half of 2 codes of INL x sin(pi 320 / 2047): 320.471 of them, 2.00295 mA; less
    # half of half of 0.5 % gain mismatch, plus half of 2 uA offset: -1.99944 mA. The output
    # settles with 4.5 us / ln(8192) = 0.4994 us: by 0.9986 nC short
    assert by_name["amplitude"].programmed == -2.0
    assert by_name["pulse width"].measured == pytest.approx(200.0, abs=5e-3)
    assert by_name["amplitude"].measured == pytest.approx(-1.99944, abs=1e-5)
    assert by_name["rate"].measured == pytest.approx(50.0, abs=1e-6)
    assert by_name["charge per phase"].measured == pytest.approx(-1.99944e-3 * 199.5006, abs=2e-5)
    # 0.39889 uC on 0.1244 cm2; k = log10(0.39889^2 / 0.1244)
    assert by_name["density, of a phase"].measured == pytest.approx(3.2065, abs=1e-3)
    assert by_name["Shannon k, of a phase"].measured == pytest.approx(0.1069, abs=1e-3)


def test_a_burst_adds_up_to_what_is_not_recovered(burst: demo.Shown) -> None:
    assert burst.ok
    by_name = rows(burst)
    assert by_name["rate"].measured == pytest.approx(40.0, abs=1e-6)
    assert by_name["rate within a burst"].measured == pytest.approx(500.0, abs=1e-5)
    # five times 0.3489 uC on 0.1244 cm2; k = log10(1.7445^2 / 0.1244)
    assert by_name["density, unrecovered"].measured == pytest.approx(14.02, abs=0.01)
    assert by_name["Shannon k, unrecovered"].measured == pytest.approx(1.389, abs=1e-3)


def test_the_blocking_capacitor_lets_no_direct_current_through(
    tonic: demo.Shown, burst: demo.Shown
) -> None:
    # without it the burst's 0.17 V on 100 kohm, in the mean, would be 1.65 uA
    for shown in (tonic, burst):
        net = rows(shown)["net DC"]
        assert abs(net.measured) < 5
        assert (net.limit, net.ok) == (100.0, True)


def test_every_comparison_can_fail(tonic: demo.Shown) -> None:
    profile, measured = tonic.profile, dataclasses.replace(tonic.measured, dc_a=1e-6)
    good = {row.name for row in tonic.rows if row.ok}
    other = profile.group.programs[0]._replace(
        amplitude_ua=2050, width_ns=202_000, rate_millihz=50_010
    )
    group = profile.group._replace(programs=(other,), areas_um2=(60_000,) * 8)
    wrong = dataclasses.replace(profile, group=group)
    failed = {row.name for row in demo._rows(wrong, BOARD, measured) if row.ok is False}
    assert failed == good


def test_the_command_prints_writes_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tonic: demo.Shown, burst: demo.Shown
) -> None:
    runs = {(tonic.profile.name, BOARD): tonic, (burst.profile.name, BOARD): burst}
    monkeypatch.setattr(demo, "show", lambda profile, board: runs[profile.name, board])
    done = CliRunner().invoke(cli.app, ["demo", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert re.search(r"amplitude +│ +-2 mA │ +-1.99\d mA │ +│ ok", done.output)
    assert re.search(r"Shannon k, unrecovered +│ +│ +1.389 │ +≤ 1.5 │ ok", done.output)
    written = {path.name: path.stat().st_size for path in (tmp_path / "out").iterdir()}
    assert set(written) == {"demo.png", "tonic_50hz.csv", "burst_dr.csv"}
    assert min(written.values()) > 10_000
    for name in written:
        assert str(tmp_path / "out" / name) in done.output


def test_the_command_fails_when_a_comparison_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tonic: demo.Shown
) -> None:
    monkeypatch.setattr(demo, "CURRENT_TOLERANCE", 1e-4)
    judged = dataclasses.replace(tonic, rows=demo._rows(tonic.profile, BOARD, tonic.measured))
    monkeypatch.setattr(demo, "show", lambda *_: judged)
    monkeypatch.setattr(command, "_write", lambda *_: None)
    done = CliRunner().invoke(cli.app, ["demo", "-o", str(tmp_path)])
    assert done.exit_code == 1
    assert "FAIL" in done.output
    assert "differ from the programmed ones" in done.output


def test_a_folder_that_cannot_be_made_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(cli.app, ["demo", "-o", str(tmp_path / "file" / "below")])
    assert done.exit_code == 2
    assert "cannot write into" in done.stderr
