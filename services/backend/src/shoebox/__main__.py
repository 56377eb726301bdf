"""`python -m shoebox`."""

from shoebox.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
