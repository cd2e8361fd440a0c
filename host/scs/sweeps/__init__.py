"""Sweeps: many profiles judged by the same kernel as one, in chunks that survive anything."""
