"""Run proofs or benchmarks and write their dated results: `python -m benchmarks prove [NAME …]`."""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

from bactrian import __version__
from benchmarks import NotHereError, TargetMissedError

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parent / "docs" / "results"
KINDS = ("prove", "bench")
MODEL_FILE = Path("/proc/cpuinfo")


def describe_machine() -> str:
    """Give the machine in words: processor, cores, memory, system and Python; nothing that names it."""
    model = platform.machine()
    if MODEL_FILE.is_file():
        lines = MODEL_FILE.read_text(encoding="utf-8").splitlines()
        model = next(
            (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model
        )
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{cores} cores of {model}, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
    )


def run_one(module_name: str) -> bool:
    """Run one module, write its page, and tell whether it met its targets (or could not run)."""
    module = import_module(f"benchmarks.{module_name}")
    missed = ""
    try:
        markdown = module.main()
    except NotHereError as error:
        print(f"{module_name}: not run: {error}")
        return True
    except TargetMissedError as error:
        markdown, missed = error.markdown, str(error)
    title = (module.__doc__ or module_name).splitlines()[0].rstrip(".")
    head = f"{dt.datetime.now(tz=dt.UTC).date().isoformat()}, Bactrian {__version__}, {describe_machine()}."
    state = f"\n**Missed:** {missed}\n" if missed else ""
    RESULTS.mkdir(parents=True, exist_ok=True)
    page = RESULTS / f"{module_name.partition('_')[2].replace('_', '-')}.md"
    page.write_text(f"# {title}\n\n{head}\n{state}\n{markdown.strip()}\n", encoding="utf-8")
    print(f"{module_name}: {'missed: ' + missed if missed else 'met'}; {page.relative_to(FOLDER.parent)}")
    return not missed


def main(arguments: list[str]) -> int:
    """Run the modules of a kind, all or those named, and give the exit code."""
    if not arguments or arguments[0] not in KINDS:
        print(f"Name what to run: {' or '.join(KINDS)}.", file=sys.stderr)
        return 2
    kind, *picked = arguments
    found = sorted(path.stem for path in FOLDER.glob(f"{kind}_*.py"))
    unknown = [name for name in picked if f"{kind}_{name}" not in found]
    if unknown:
        names = ", ".join(name.partition("_")[2] for name in found)
        print(f"There is no {kind} '{unknown[0]}'. There are: {names or 'none'}.", file=sys.stderr)
        return 2
    chosen = [f"{kind}_{name}" for name in picked] or found
    return 0 if all([run_one(name) for name in chosen]) else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
