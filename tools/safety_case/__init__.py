"""The safety case that runs: proofs, states, faults, fuzzing and mutants, and the matrix of them.

Role: each module with a main() is one campaign, `python -m safety_case.NAME`; it writes what it
found with results.write(), and `python -m safety_case.matrix` sets that beside hazards,
requirements and tests. Nothing here ships.
"""
