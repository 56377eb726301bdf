"""Write the corpus and its manifest into a folder: `python -m tests.data.make_corpus FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.data.corpus import build


def main(arguments: list[str]) -> int:
    """The files, about 4 MB, are the same on every run with the same Pillow."""
    if len(arguments) != 1:
        print("usage: python -m tests.data.make_corpus FOLDER", file=sys.stderr)
        return 2
    made = build(Path(arguments[0]))
    print(f"{len(made)} files in {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
