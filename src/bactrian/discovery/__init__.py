"""VHH screening: from sequencing reads, counts or sequences to nominated leads.

Modules in the order the data goes:

- `sheet`: the sample sheet, checked before any work; with `sheet_table` (its rows), `sheet_filter` (rows to
  take), `sheet_rules` (what rows must obey), `sheet_lanes` (files) and `sheet_design` (warnings).
- `reads`: FASTQ files into molecules: primers, pairing, filter.
- `sequences`: files of single sequences, for `bactrian annotate`; `sanger`: those of the .ab1 format.
- `vhh`: IMGT numbering, CDRs and everything else that a sequence says about its VHH.
- `clonotypes`: error collapse, chimeras, counts, lineages.
- `library`: quality of libraries and samples.
- `selection`: which units are enriched and specific, with error control; what a design can claim.
- `leads`: picks for a plate, triage, near misses, explanations, validation by binding results.
- `simulator`: pannings and reads with their truth.
- `tasks`: the pieces of work of a screen; `screen`: the whole job, `bactrian screen`.
- `select`: the tests on counts made elsewhere, `bactrian select`; `count_file`, `count_text` and
  `count_checks` read them.
- `selection_files`, `selection_summary`: what a selection leaves behind and says.
- `lead_inputs`, `lead_run`, `lead_files`: known clonotypes and references, picking, and its files; `repick`:
  picking again. `binding_results`: files of binding measurements.
- `figures`: the reports' figures and sections.
- `airr`: AIRR rearrangements; `summary`: the main numbers; `outputs`: all files of a finished screen.
- `cli`, `job_group`, `selection_options`, `sheet_commands`, `select_command`, `leads_command`,
  `leads_explain_command`, `leads_validate_command`, `annotate_command`, `simulate_command`,
  `demo_command`: the commands.
- `room`: what this room announces to the house.

`annotate` is here for notebooks: `from bactrian.discovery import annotate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bactrian.discovery.vhh.annotate import annotate

__all__ = ["annotate"]


def __getattr__(name: str) -> Any:
    """Load `annotate` when it is first asked for, so that importing the room stays cheap."""
    if name == "annotate":
        from bactrian.discovery.vhh.annotate import annotate  # noqa: PLC0415 - loads numba and Polars

        return annotate
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
