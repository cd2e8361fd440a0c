"""Circuit of an output stage: netlist, data sheets of its parts, and what other tools read.

Role: netlist.of() reads boards.yaml's wiring; rules check it, spice and kicad write it.
Invariant: a part's figures stand in data_sheets.yaml alone, each with its source.
"""
