"""The command line against the real firmware: what it reports is what was at the chip's pins.

Role: `scs run`, `status`, `stop` and `halt` in this process, over the emulated USB's TCP port; the
chip runs as fast as it can, which may be slower than the clock on the wall.
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chip.support import ChipTalk
from tests.host.cli.support import ALONE, GOOD, NO_DEVICE, asked, scs
from tests.system.conversation import Pulse
from tests.system.support import NAME

from scs import resources

BOARD = NAME
PATIENCE_S = "60"  # for one reply: a busy computer emulates slowly


@pytest.fixture
def talk(talk: ChipTalk) -> Iterator[ChipTalk]:
    """Yield a chip whose time passes by itself."""
    talk.mark()
    talk.chip.set_speed("max")
    yield talk
    talk.chip.set_speed(0)
    talk.pass_ms(1)  # what came for a client that has left


def at(talk: ChipTalk, patience_s: str = PATIENCE_S) -> tuple[str, ...]:
    return ("--port", talk.chip.url, "--timeout", patience_s)


def shipped(stem: str) -> str:
    return str(resources.path(f"profiles/{stem}.yaml"))


def report(talk: ChipTalk, *arguments: str) -> Any:
    done, answer = asked(*arguments, *at(talk))
    assert done.exit_code == GOOD, done.output
    return answer


def of_the_run(talk: ChipTalk) -> list[Pulse]:
    """Select those since the gate rose last, one a SYNC: before, the load is measured."""
    began = talk.rises("gate")[-1]
    pulses = [pulse for pulse in talk.pulses() if pulse.start_s * talk.row.clock_hz >= began]
    assert len(pulses) == len([rise for rise in talk.rises("sync") if rise >= began])
    return pulses


def test_a_counted_profile_is_delivered_and_told_as_it_was(talk: ChipTalk) -> None:
    answer = report(talk, "run", shipped("tonic_48_pulses"))
    assert answer["stopped"] == "pulses"
    delivered = answer["delivered"]
    assert (delivered["pulses"], delivered["periods"]) == (48, 48)
    assert delivered["charge_nc"] == 4_800  # 48 x 500 uA x 200 us
    pulses = of_the_run(talk)
    assert len(pulses) == 48
    assert sum(pulse.charge_c for pulse in pulses) == pytest.approx(-4_800e-9)
    assert not talk.gate


def test_a_profile_runs_for_a_while_and_is_stopped(talk: ChipTalk) -> None:
    answer = report(talk, "run", shipped("tonic_passive"), "--for", "1s")
    assert answer["stopped"] == "stop"
    delivered = answer["delivered"]
    pulses = of_the_run(talk)
    assert delivered["pulses"] == delivered["periods"] == len(pulses) > 5
    seen_nc = -1e9 * sum(pulse.charge_c for pulse in pulses)
    assert delivered["charge_nc"] == pytest.approx(seen_nc, rel=1e-6)
    assert not talk.gate


def test_status_stop_and_halt_of_a_device_that_runs_by_itself(
    talk: ChipTalk, tmp_path: Path
) -> None:
    profile = tmp_path / "alone.yaml"
    profile.write_text(ALONE.replace("1 mA", "0.5 mA"), encoding="utf-8")
    for word, reason in (("stop", "stop"), ("halt", "halt")):
        assert scs("run", str(profile), "--detach", *at(talk)).exit_code == GOOD
        assert talk.gate
        assert report(talk, "status")["state"] == "RUNNING"
        assert scs(word, *at(talk)).exit_code == GOOD
        after = report(talk, "status")
        assert (after["state"], after["stopped"]) == ("LOADED", reason)
        assert not talk.gate


def pull_in_mid_run(talk: ChipTalk) -> None:
    """Pull the cable once the gate has been high for longer than in a measurement of the load."""
    while not (rises := talk.rises("gate")) or talk.cycle - rises[-1] < 1.5 * talk.row.clock_hz:
        time.sleep(0.05)
    talk.chip.fault("pull_usb")


def test_req_61_a_cable_pulled_in_mid_run_ends_with_exit_code_3(talk: ChipTalk) -> None:
    threading.Thread(target=pull_in_mid_run, args=(talk,), daemon=True).start()
    done, answer = asked("run", shipped("tonic_passive"), *at(talk, "3"))
    assert done.exit_code == NO_DEVICE
    assert answer["stopped"] == "link lost"
    assert answer["delivered"]["pulses"] > 0
    assert "lease" in done.stderr
    talk.chip.set_speed(0)
    talk.pass_ms(2_100)
    assert not talk.gate  # the lease has run out
    assert answer["delivered"]["pulses"] <= len(talk.rises("sync"))
