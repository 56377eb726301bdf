"""`python -m tests.bench lists [ROWS]`."""

from __future__ import annotations

import argparse

from tests.bench import lists


def main() -> None:
    """Run one measurement and print its table."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("scenario", choices=["lists"], nargs="?", default="lists")
    parser.add_argument("--rows", type=int, default=200_000)
    arguments = parser.parse_args()
    print(lists.run(arguments.rows))


if __name__ == "__main__":
    main()
