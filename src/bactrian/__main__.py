"""Run the command line with `python -m bactrian`."""

from bactrian.cli import run

if __name__ == "__main__":
    run()
