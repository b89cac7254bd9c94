"""``python -m sociallearn``: the same command as ``sociallearn``."""

from sociallearn.cli import main

main()
