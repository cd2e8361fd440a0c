"""python -m scs: the same as `scs`."""

from .cli import main

main()
