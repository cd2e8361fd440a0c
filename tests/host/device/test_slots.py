"""The store of a device from the host: the library, and `scs store`, on the simulated board."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, NO_DEVICE, REFUSED, USAGE, scs
from tests.support.serving import serving
from tests.support.stimulators import quick

from scs import sim_bridge
from scs.device.stimulator import Stimulator
from scs.errors import DeviceRefused, Failure, LinkLost, WrongUsage
from scs_sim.bench.board import SimBoard
from stimcore import program, store

PROFILE = """\
name: kept
lead: octrode-3mm
programs:
  - {name: low back, cathodes: [E3], anodes: [E2], rate: 50 Hz, pulse_width: 200 us,
     amplitude: 1 mA, recharge: active}
"""


@contextmanager
def served(board: SimBoard) -> Iterator[str]:
    """Yield the address of a board on a socket."""
    with serving(sim_bridge.listen(board)) as server:
        yield server.address


def digest(amplitude: str) -> str:
    """Return the hash by hand: the CRC-32 that ends the blob."""
    return quick(amplitude).to_blob()[-4:][::-1].hex()


# --- the library -----------------------------------------------------------------------------
def test_programs_are_kept_listed_recalled_and_erased() -> None:
    with Stimulator("sim") as stim:
        assert stim.slots() == []
        for slot, amplitude in ((1, "1 mA"), (8, "2 mA")):
            stim.load(quick(amplitude))
            assert stim.save(slot) == digest(amplitude)
        assert [(kept.slot, kept.hash, kept.length, kept.damaged) for kept in stim.slots()] == [
            (1, digest("1 mA"), 119, False),
            (8, digest("2 mA"), 119, False),
        ]
        stim.erase(8)
        assert [kept.slot for kept in stim.slots()] == [1]


def test_the_slot_whose_program_is_loaded_is_told_and_telling_it_changes_nothing() -> None:
    def listed(stim: Stimulator) -> tuple[list[int], str]:
        marked = [kept.slot for kept in stim.slots() if kept.loaded]
        return marked, stim.status().state

    with Stimulator("sim") as stim:
        for slot, amplitude in ((1, "1 mA"), (2, "2 mA"), (3, "1 mA")):
            stim.load(quick(amplitude))
            stim.save(slot)
        assert listed(stim) == ([1, 3], "LOADED")
        stim.recall(2)
        stim.measure()  # now ARM would be granted
        assert listed(stim) == ([2], "LOADED")
        stim.amplitude(1, "1.5 mA")  # live: the program is the same
        assert listed(stim) == ([2], "LOADED")
        stim.load(quick("3 mA"))
        assert listed(stim) == ([], "LOADED")
        stim.unload()
        assert listed(stim) == ([], "OFF")


def test_the_hash_of_what_is_loaded_is_told_in_every_state() -> None:
    with Stimulator("sim") as stim:
        assert stim.status().hash == ""
        stim.load(quick())
        stim.arm()
        assert (stim.status().state, stim.status().hash) == ("ARMED", digest("1 mA"))
        stim.start()
        stim.amplitude(1, "1.5 mA")  # live: the program is the same
        assert (stim.status().state, stim.status().hash) == ("RUNNING", digest("1 mA"))
        stim.halt()
        stim.unload()
        assert (stim.status().state, stim.status().hash) == ("OFF", "")


def test_what_is_recalled_runs_without_its_profile() -> None:
    with Stimulator("sim") as stim:
        loaded = stim.load(quick())
        stim.save(2)
        stim.load(quick("2 mA"))
        recalled = stim.recall(2)
        assert (recalled.slot, recalled.hash, stim.profile) == (2, digest("1 mA"), None)
        assert [(figure.name, figure.value) for figure in recalled.figures] == [
            (figure.name, figure.value) for figure in loaded
        ]
        assert {figure.contact for figure in recalled.figures} >= {"contact 2", None}
        assert {figure.program for figure in recalled.figures} == {None}
        stim.arm()
        stim.start()
        status = stim.wait(0.5)
        assert (status.state, status.levels[0].target_ma) == ("RUNNING", 1.0)


def test_names_stay_known_where_the_recalled_program_is_the_profiles_own() -> None:
    with Stimulator("sim") as stim:
        stim.load(quick())
        stim.save(2)
        assert "E2" in {figure.contact for figure in stim.recall(2).figures}
        assert stim.profile is not None


def test_a_recalled_program_with_the_shortest_lease_is_kept_alive_by_poll() -> None:
    with Stimulator("sim") as stim:
        stim.load(quick(more="lease: 200 ms\n"))
        stim.save(1)
        stim.profile = None
        stim.recall(1)
        stim.arm()
        stim.start()
        assert stim.wait(1.0).state == "RUNNING"


def test_the_unique_id_is_the_boards() -> None:
    with Stimulator("sim") as stim:
        assert stim.unique_id == "53494d0000000001"  # "SIM", 1


@pytest.mark.parametrize("slot", [0, 9, -1, 256])
def test_a_slot_that_no_device_has_is_wrong_usage(slot: int) -> None:
    with Stimulator("sim") as stim:
        stim.load(quick())
        for does in (stim.save, stim.recall, stim.erase):
            with pytest.raises(WrongUsage, match=f"no slot {slot}; allowed are 1 to 8"):
                does(slot)


def test_an_empty_slot_says_what_to_do() -> None:
    with Stimulator("sim") as stim, pytest.raises(DeviceRefused, match="slot 5: the slot is empty"):
        stim.recall(5)


def test_nothing_loaded_cannot_be_saved() -> None:
    with Stimulator("sim") as stim, pytest.raises(DeviceRefused, match="load a profile first"):
        stim.save(1)


def test_req_44_a_running_device_is_told_to_stop_first() -> None:
    with Stimulator("sim") as stim:
        stim.load(quick())
        stim.arm()
        stim.start()
        for does in (lambda: stim.save(1), lambda: stim.recall(1), stim.slots):
            with pytest.raises(DeviceRefused, match="while the device is RUNNING: stop it first"):
                does()


def test_a_kept_program_that_is_refused_now_is_named_with_its_slot_and_the_reason() -> None:
    group = quick("4 mA").group
    wide = group.programs[0]._replace(width_ns=1_000_000)
    bench = sim_bridge.make()
    for slot, blob in enumerate([program.pack(group._replace(programs=(wide,))), b"SCSP?" * 30]):
        store.write(bench.hal, slot, blob)
    with served(bench) as address, Stimulator(address) as stim:
        with pytest.raises(
            DeviceRefused, match=r"refuses the program in slot 1.*Shannon k .* 2\.\d+"
        ):
            stim.recall(1)
        with pytest.raises(
            DeviceRefused, match=r"program in slot 2: unknown program format.*; save it again"
        ):
            stim.recall(2)
        with pytest.raises(Failure, match="nothing was loaded"):
            stim.arm()


def test_req_45_a_power_cut_in_mid_save_is_a_lost_link_and_the_old_program_stays() -> None:
    bench = sim_bridge.make()
    with served(bench) as address:
        with Stimulator(address) as stim:
            stim.load(quick("1 mA"))
            stim.save(4)
            stim.load(quick("2 mA"))
            bench.inject("torn_write")
            with pytest.raises(LinkLost, match="was restarted"):
                stim.save(4)
        with Stimulator(address) as stim:
            (kept,) = stim.slots()
            assert (kept.hash, kept.damaged) == (digest("1 mA"), True)
            assert stim.recall(4).hash == digest("1 mA")


# --- the command line ------------------------------------------------------------------------
@pytest.fixture
def port() -> Iterator[str]:
    with served(sim_bridge.make()) as address:
        yield address


@pytest.fixture
def kept(tmp_path: Path) -> str:
    path = tmp_path / "kept.yaml"
    path.write_text(PROFILE)
    return str(path)


def test_a_profile_is_saved_listed_recalled_and_erased(port: str, kept: str) -> None:
    device = {"SCS_PORT": port}
    assert scs("store", "list", **device).output.startswith("no program is stored; save one with")
    saved = scs("store", "save", "3", kept, **device)
    assert saved.output.startswith("slot 3 holds kept, hash ")
    digest = saved.output.split()[-1]
    assert json.loads(scs("store", "list", "--json", **device).stdout) == [
        {"slot": 3, "hash": digest, "length": 119, "damaged": False, "loaded": True}
    ]
    assert re.search(rf"3 │ {digest} │ +119 │ loaded", scs("store", "list", **device).stdout)
    recalled = json.loads(scs("store", "recall", "3", "--json", **device).stdout)
    assert (recalled["slot"], recalled["hash"]) == (3, digest)
    assert {"amplitude", "shannon", "dc"} <= {row["name"] for row in recalled["figures"]}
    shown = scs("store", "recall", "3", **device)
    assert f"Slot 3 is loaded, hash {digest}" in shown.stdout and "contact 2" in shown.stdout
    again = json.loads(scs("store", "save", "8", "--json", **device).stdout)
    assert again == {"slot": 8, "hash": digest}  # what was loaded
    assert scs("store", "erase", "3", **device).output == "slot 3 is empty\n"
    erased = json.loads(scs("store", "erase", "8", "--json", **device).stdout)
    assert erased == {"slot": 8, "erased": True}
    assert json.loads(scs("store", "list", "--json", **device).stdout) == []


def test_a_damaged_half_is_listed_as_such(kept: str) -> None:
    bench = sim_bridge.make()
    with served(bench) as port:
        for slot in ("1", "2"):
            assert scs("store", "save", slot, kept, SCS_PORT=port).exit_code == GOOD
        bench.hal.nv_write(1, b"torn")
        bench.hal.nv_write(2, b"torn")
        listed = scs("store", "list", SCS_PORT=port).stdout
        assert "half damaged: a save was cut short" in listed
        assert "damaged: erase it, or save a program there" in listed
        damaged = scs("store", "recall", "2", SCS_PORT=port)
        assert damaged.exit_code == REFUSED
        assert "slot 2: the content of the slot is damaged; save a program there" in damaged.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["recall", "2"], REFUSED, "slot 2: the slot is empty; `scs store list` shows"),
        (
            ["save", "1"],
            REFUSED,
            "saving the program in a slot is not allowed while the device is OFF: load a profile",
        ),
        (["save", "9"], USAGE, "there is no slot 9; allowed are 1 to 8"),
        (["recall", "0"], USAGE, "there is no slot 0"),
        (["erase", "two"], USAGE, "Invalid value for 'SLOT'"),
        (["save", "1", "absent.yaml"], REFUSED, "absent.yaml"),
        ([], USAGE, "store [OPTIONS] COMMAND"),
    ],
)
def test_what_cannot_be_is_one_message(
    port: str, arguments: list[str], code: int, message: str
) -> None:
    done = scs("store", *arguments, SCS_PORT=port)
    assert (done.exit_code, message in " ".join(done.output.split())) == (code, True), done.output


def test_a_store_that_takes_nothing_keeps_the_old_and_says_so(
    kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = sim_bridge.make()
    with served(bench) as port:
        assert scs("store", "save", "1", kept, SCS_PORT=port).exit_code == GOOD
        monkeypatch.setattr(bench.hal, "nv_write", lambda *_: None)
        done = scs("store", "save", "1", kept, SCS_PORT=port)
        assert done.exit_code == REFUSED
        assert "slot 1: writing to the store failed; the previous content is kept" in done.stderr
        assert len(json.loads(scs("store", "list", "--json", SCS_PORT=port).stdout)) == 1


@pytest.mark.parametrize("name", ["list", "save", "recall", "erase"])
def test_the_store_is_that_of_a_device_with_a_port_of_its_own(name: str) -> None:
    slot = [] if name == "list" else ["1"]
    assert "--port is needed" in scs("store", name, *slot, SCS_PORT="").stderr
    gone = scs("store", name, *slot, "--port", "socket://127.0.0.1:1")
    assert gone.exit_code == NO_DEVICE


def test_status_tells_the_unique_id(port: str) -> None:
    assert "53494d0000000001" in scs("status", SCS_PORT=port).stdout
    seen = json.loads(scs("status", "--json", SCS_PORT=port).stdout)
    assert seen["unique_id"] == "53494d0000000001"
