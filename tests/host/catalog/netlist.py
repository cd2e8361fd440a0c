"""Solver of a stage as boards.yaml wires it, at direct current: currents and voltages.

Role: an oracle of the wiring table. Amplifiers are ideal, switches 35 ohm or nothing, capacitors
wires (in the middle of a phase), jumpers and the load as they are given; nothing is known of what
the stage is for.
"""

import re

import numpy as np

from scs.catalog import boards
from scs.catalog.wiring_schema import ends, lines, refs

SWITCH_OHM, WIRE_OHM, LEAK_S = 35.0, 1e-6, 1e-13
UNITS = {"": 1.0, "k": 1e3, "M": 1e6}
# amplifier: (part number) -> (out, in -, in +) of each
AMPLIFIERS = {
    "OPA2991": (("1", "2", "3"), ("7", "6", "5")),
    "MCP6004-I/P": (("1", "2", "3"), ("7", "6", "5"), ("8", "9", "10"), ("14", "13", "12")),
}


class Circuit:
    """The parts of a stage between its nets. A net's name is that of its line."""

    def __init__(self, stage: str):
        row = boards.catalogue().model.wiring[stage]
        self.nets: dict[tuple[str, str], list[str]] = {}
        for _table, name, text in lines(row):
            for end in ends(text):
                self.nets.setdefault(end, []).append(name)
        self.parts = {ref: part.part for key, part in row.parts.items() for ref in refs(key)}
        names = {name for pins in self.nets.values() for name in pins}
        self.index = {name: at for at, name in enumerate(sorted(names))}
        self._resistors: list[tuple[str, str, float]] = []
        self._charged: list[tuple[str, str, float]] = []
        self._fixed: dict[str, float] = {}
        self._place()

    def _place(self) -> None:
        for ref, part in self.parts.items():
            if ref[0] == "R" and ref[1] != "V":
                number, unit = re.findall(r"([\d.]+) ?([kM]?)", part)[0]
                self.resistor(*self.nets[ref, ""], float(number) * UNITS[unit])
            elif ref[0] == "C" and "uF" in part:
                self.resistor(*self.nets[ref, ""], WIRE_OHM)
            elif ref == "RV1":  # in its middle
                for end in "13":
                    self.resistor(self.net("RV1", end), self.net("RV1", "2"), 250.0)

    def net(self, part: str, pin: str) -> str:
        """Return the net of a pin."""
        return self.nets[part, pin][0]

    def resistor(self, net: str, other: str, ohm: float) -> None:
        """Add a resistance between two nets."""
        self._resistors.append((net, other, ohm))

    def charged(self, net: str, other: str, volts: float, ohm: float) -> None:
        """Add a charge of so many volts behind a resistance, as the current that is its equal."""
        self.resistor(net, other, ohm)
        self._charged.append((net, other, volts / ohm))

    def closed(self, part: str, *pins: str) -> None:
        """Close a switch between two pins of a part."""
        self.resistor(self.net(part, pins[0]), self.net(part, pins[1]), SWITCH_OHM)

    def fix(self, volts: dict[str, float]) -> None:
        """Fix the voltage of nets that something holds."""
        self._fixed |= volts

    def solve(self) -> dict[str, float]:
        """Return the voltage of every net."""
        amplifiers = [
            tuple(self.net(ref, pin) for pin in pins)
            for ref, part in self.parts.items()
            for pins in AMPLIFIERS.get(part, ())
        ]
        count, free = len(self.index), len(self._fixed) + len(amplifiers)
        matrix, right = np.zeros((count + free, count + free)), np.zeros(count + free)
        for net in range(count):
            matrix[net, net] = LEAK_S
        for net, other, ohm in self._resistors:
            for a, b in (
                (self.index[net], self.index[other]),
                (self.index[other], self.index[net]),
            ):
                matrix[a, a] += 1 / ohm
                matrix[a, b] -= 1 / ohm
        for net, other, amps in self._charged:
            right[self.index[net]] += amps
            right[self.index[other]] -= amps
        for row, (net, volts) in enumerate(self._fixed.items(), count):
            matrix[self.index[net], row] = matrix[row, self.index[net]] = 1
            right[row] = volts
        for row, (out, minus, plus) in enumerate(amplifiers, count + len(self._fixed)):
            matrix[self.index[out], row] = 1
            matrix[row, self.index[plus]] += 1
            matrix[row, self.index[minus]] -= 1
        solved = np.linalg.solve(matrix, right)
        return {name: float(solved[at]) for name, at in self.index.items()}
