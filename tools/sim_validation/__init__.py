"""The simulator held against other solvers, and the emulated chip measured."""
