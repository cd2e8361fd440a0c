"""The store on the real flash driver and file system: the power cut at many instants of a write."""

from tests.chip.support import MS, ChipTalk
from tests.system.groups import steady

from sim_validation import chipfigures
from stimcore import commands, errors

SLICE_US = 250
OFF_NS = 5 * MS
ANSWERS_US = 50_000
WATCHDOG_MS = 250
P, Q = 7, 6  # slots from which the two programs come that are saved in turn


def prepared(talk: ChipTalk) -> dict[int, int]:
    """Return slot -> hash of two different programs, kept in P and Q."""
    ready = {}
    for slot in (P, Q):
        ready[slot] = talk.stage(steady(amplitude_ua=400 + slot))["hash"]
        assert talk.send(commands.SAVE, slot)["hash"] == ready[slot]
    return ready


def begin(talk: ChipTalk, opcode: int, *values: int) -> None:
    """Send a command, and stop the clock before the reply can come."""
    talk.raw(talk.framed(opcode, bytes(values)), SLICE_US)


def erased(talk: ChipTalk) -> int:
    """Return the bytes of flash erased so far, the sector included that is being erased."""
    return int(talk.chip.time()["stats"]["flashErase"])


def answered(talk: ChipTalk, before: int) -> bool:
    """Step until a reply comes, or until a sector is being erased."""
    while erased(talk) == before:
        if talk.raw(b"", SLICE_US):
            return True
    return False


def until_it_erases(talk: ChipTalk, slot: int) -> tuple[int, int]:
    """Save P and Q in turn until one has to make room; the clock stands while it erases.

    Gives back (the slot that the program came from which was there, the one of the new program).
    """
    old, new = P, Q
    for _ in range(40):
        assert talk.send(commands.RECALL, new).status == 0
        before = erased(talk)
        begin(talk, commands.SAVE, slot)
        if not answered(talk, before):
            return old, new
        old, new = new, old
    raise AssertionError("40 saves, and no sector was erased")


def cut(talk: ChipTalk, after_ms: float) -> None:
    """Cut the power after a time; return once the device is there again, off and with no fault."""
    talk.chip.fault("power", after_ns=round(after_ms * MS), off_ns=OFF_NS)
    talk.chip.step(round(after_ms * MS) + OFF_NS)
    cause = talk.hello()["reset_cause"]
    while talk.raw(b"", ANSWERS_US):
        pass  # to the HELLOs that waited while it booted
    assert (cause, talk.state(), talk.fault_name()) == (0, "OFF", "ok")


def held(talk: ChipTalk, slot: int) -> int:
    """Return the hash of the program in a slot, loaded and judged again; 0 if it is empty."""
    reply = talk.send(commands.RECALL, slot)
    if reply.status:
        assert reply.rows[0][0] == errors.SLOT_EMPTY, reply.rows
        return 0
    return int(reply["hash"])


def test_the_unique_id_is_the_flash_chips_own(talk: ChipTalk) -> None:
    assert 0 < talk.hello()["unique_id"] < 1 << 64


def test_req_45_programs_outlast_the_power(talk: ChipTalk) -> None:
    kept = prepared(talk)
    cut(talk, 50)
    assert {slot: held(talk, slot) for slot in (P, Q)} == kept
    assert talk.send(commands.ERASE, P).status == 0
    cut(talk, 0)
    assert (held(talk, P), held(talk, Q)) == (0, kept[Q])


def test_req_45_the_power_fails_within_the_first_save_into_a_slot(talk: ChipTalk) -> None:
    kept = prepared(talk)
    seen = set()
    for slot, after_ms in enumerate((8, 25, 48, 60, 180)):
        assert held(talk, P) == kept[P]
        begin(talk, commands.SAVE, slot)
        cut(talk, after_ms)
        seen.add(held(talk, slot))
    assert seen == {0, kept[P]}
    assert not talk.rises("gate")


def test_req_45_the_power_fails_within_a_save_over_another_program(talk: ChipTalk) -> None:
    kept = prepared(talk)
    assert talk.send(commands.SAVE, 0).status == 0
    old, seen = kept[Q], set()
    for number, after_ms in enumerate((2, 6, 10, 12, 14, 16, 30)):
        new = held(talk, Q if number % 2 else P)
        begin(talk, commands.SAVE, 0)
        cut(talk, after_ms)
        now = held(talk, 0)
        assert now in (old, new)
        seen.add(now == new)
        old = now
    assert seen == {False, True}
    assert not talk.rises("gate")


def test_req_45_the_power_fails_while_flash_is_being_erased(talk: ChipTalk) -> None:
    kept = prepared(talk)
    assert held(talk, P) == kept[P]
    assert talk.send(commands.SAVE, 0).status == 0
    for after_ms in (0.1, 20, 44, 48):
        old, new = until_it_erases(talk, 0)
        cut(talk, after_ms)
        now = held(talk, 0)
        assert now in (kept[old], kept[new])
        assert held(talk, P) == kept[P]
        assert talk.send(commands.SAVE, 0).status == 0  # until_it_erases() begins with P there
    assert not talk.rises("gate")


def test_req_44_halt_is_answered_while_the_store_is_written_and_the_gate_stays_low(
    talk: ChipTalk,
) -> None:
    kept = prepared(talk)
    assert held(talk, P) == kept[P]
    assert talk.send(commands.SAVE, 0).status == 0
    until_it_erases(talk, 0)
    talk.mark()
    since_us = talk.now_us()
    kinds = [answer[1] for answer in talk.ask(talk.framed(commands.HALT))]
    while commands.HALT | commands.REPLY not in kinds:  # that to SAVE may come before it
        kinds += [answer[1] for answer in talk.ask(b"")]
    reply_ms = (talk.now_us() - since_us) / 1_000
    rose = talk.rises("gate")
    name = "HALT while the store is written: gate low"
    assert chipfigures.record(name, reply_ms if rose or talk.level("gate") else 0, "ms", "<=", 10)
    name = "HALT while the store is written: its reply"
    assert chipfigures.record(name, reply_ms, "ms", "<=", WATCHDOG_MS)
    assert talk.state() == "LOADED"
