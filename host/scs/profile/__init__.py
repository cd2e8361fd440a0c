"""A therapy: its file, its checks, and the integer program compiled from it."""
