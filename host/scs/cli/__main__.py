"""python -m scs.cli: the same as `scs`."""

from . import main

main()
