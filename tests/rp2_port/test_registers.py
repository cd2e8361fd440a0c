"""The board's registers: the addresses of both chips by hand, and the cut as a bus would see it."""

import sys
import types
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "firmware" / "rp2_port/registers.py"


class Bus:
    """Memory by address; every write is kept in its order."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}
        self.writes: list[tuple[int, int]] = []

    def ptr32(self, where: "int | Pointer") -> "Pointer":
        return where if isinstance(where, Pointer) else Pointer(self, where)


class Pointer:
    def __init__(self, bus: Bus, base: int):
        self.bus, self.base = bus, base

    def __getitem__(self, at: int) -> int:
        return self.bus.words.get(self.base + 4 * at, 0)

    def __setitem__(self, at: int, word: int) -> None:
        self.bus.words[self.base + 4 * at] = word
        self.bus.writes.append((self.base + 4 * at, word))


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def registers(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """Return the module, its viper functions as plain ones upon the bus."""
    stub = types.ModuleType("micropython")
    vars(stub).update(viper=lambda function: function)
    monkeypatch.setitem(sys.modules, "micropython", stub)
    space = {"ptr32": bus.ptr32, "ptr16": bus.ptr32, "uint": int}
    exec(compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE), "exec"), space)
    return types.SimpleNamespace(**space)


# IO_BANK0, OUTOVER, ADC, DREQ_ADC, STATUS bits, WATCHDOG, TRANS_COUNT, CHAN_ABORT, TIMER: of both
# data sheets (RP2040: 2.2, 2.19.6, 2.5.3, 3.7, 2.5.7; RP2350: 2.2, 9.11.1, 12.6.4, 11.7, 12.6.9)
RP2040 = (0x4001_4000, 8, 0x4004_C000, 36, 0b11111, 0x4005_8000, 2**32 - 1)
RP2040 += (0x5000_0444, 0x4005_4000)
RP2350 = (0x4002_8000, 12, 0x400A_0000, 48, 0b1111111, 0x400D_8000, 2**28 - 1)
RP2350 += (0x5000_0464, 0x400B_0000)


def test_each_chip_has_the_registers_of_its_data_sheet(registers: types.SimpleNamespace) -> None:
    assert registers.CHIPS == {"rp2040": RP2040, "rp2350": RP2350}


@pytest.mark.parametrize(("chip", "abort"), [("rp2040", 0x5000_0444), ("rp2350", 0x5000_0464)])
def test_req_32_a_cut_drops_the_gate_first_and_then_stops_dma_where_that_chip_has_it(
    chip: str, abort: int, bus: Bus, registers: types.SimpleNamespace
) -> None:
    plan, sight, gate = bus.ptr32(0x2000_0000), bus.ptr32(0x2000_1000), 0x4001_404C
    plan[registers.GATE], plan[registers.GATE_LOW] = gate, 0x0000_0206
    plan[registers.ABORT], plan[registers.ABORT_AT] = 0b1111, registers.CHIPS[chip][7]
    for number in range(4):
        plan[registers.CHANNELS + number] = 0x5000_0010 + 0x40 * number
    bus.writes.clear()
    registers.cut(plan, sight)
    assert bus.writes[0] == (gate, 0x0000_0206)
    assert bus.writes[1] == (0x5020_3000, 1)
    order = [address for address, _word in bus.writes]
    disabled = [order.index(0x5000_0010 + 0x40 * number) for number in range(4)]
    assert max(disabled) < order.index(abort)
    assert (abort, 0b1111) in bus.writes
    assert not ({0x5000_0444, 0x5000_0464} - {abort}) & set(order)


def test_the_sequencer_is_put_back_to_its_beginning_without_lowering_ncs(
    bus: Bus, registers: types.SimpleNamespace
) -> None:
    plan = bus.ptr32(0x2000_0000)
    plan[registers.BASE], plan[registers.SIDE] = 12, 0x1000
    bus.writes.clear()
    registers.rewind(plan)
    # CTRL's SM_RESTART of state machine 0, then its INSTR: jmp 12, side 0b10 in bits 12:11
    assert bus.writes == [(0x5020_2000, 0b1_0000), (0x5020_00D8, 0x100C)]
