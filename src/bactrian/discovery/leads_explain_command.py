"""`bactrian leads explain DIR KEY`: why a clonotype is or is not a lead, in words."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bactrian.discovery.leads.explanation import Explanation, Verdict

MARKS = {True: "pass", False: "FAIL", None: "–"}


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("key", metavar="KEY")
@click.option("--antigen", metavar="NAME", default="", help="This antigen alone; a pick number may need it.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def explain(folder: Path, key: str, *, antigen: str, as_json: bool) -> None:
    """Say in words why a clonotype is or is not a lead.

    KEY is a CDR3, a clonotype (CDR1_CDR2_CDR3), a whole sequence in amino acids or nucleotides, the name of
    a lead, or the number of a pick. Each criterion is shown with what was found and what is needed, beside
    it the counts in every selection, and what other counts say.
    """
    from bactrian.core.tables import read_table  # noqa: PLC0415 - `--help` stays fast
    from bactrian.discovery.lead_files import read_record  # noqa: PLC0415
    from bactrian.discovery.leads.explanation import explain as explain_unit  # noqa: PLC0415
    from bactrian.discovery.leads.questions import understand  # noqa: PLC0415
    from bactrian.discovery.repick import read_clonotypes  # noqa: PLC0415
    from bactrian.discovery.selection_files import read_selection  # noqa: PLC0415

    selection = read_selection(folder)
    clonotypes = read_clonotypes(folder)
    picked, missed = folder / "leads.parquet", folder / "leads_near_misses.csv"
    leads = read_table(picked) if picked.is_file() else None
    question = understand(key, selection.table, clonotypes=clonotypes, leads=leads, antigen=antigen)
    found = explain_unit(
        question,
        selection.table,
        contrasts=selection.contrasts,
        replicates=selection.replicates,
        designs=selection.designs,
        clonotypes=clonotypes,
        leads=leads,
        near_misses=read_table(missed) if missed.is_file() else None,
        limits=read_record(folder).limits,
    )
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
        return
    click.echo("\n".join(write_explanation(found)))


def write_explanation(found: Explanation) -> list[str]:
    """Write an explanation as lines for people."""
    lines = [found.asked, *(f"  {sentence}" for sentence in found.about)]
    several = len({verdict.library for verdict in found.verdicts}) > 1
    for verdict in found.verdicts:
        lines += ["", *_write_verdict(verdict, named=found.asked, several=several)]
    return lines


def _write_verdict(verdict: Verdict, *, named: str, several: bool) -> list[str]:
    place = f"{verdict.antigen}, library {verdict.library}" if several else verdict.antigen
    key = f" ({verdict.key})" if verdict.key not in {None, named} else ""
    standing = "" if verdict.tier is None else f" Tier {verdict.tier}, rank {verdict.rank}:"
    lines = [f"{place}{key}:{standing} {verdict.answer}"]
    width = max((len(check.criterion) for check in verdict.checks), default=0)
    for check in verdict.checks:
        against = f" against {check.against}" if check.against and check.against not in check.found else ""
        tier = " for Tier 2" if check.tier > 1 else ""
        found = f"{check.found}{against} ({check.limit}{tier})"
        lines.append(f"  {MARKS[check.passed]:<4}  {check.criterion:<{width}}  {found}")
    if verdict.counts:
        lines.append("  counts:")
        names = max(len(column) for _, column, _, _ in verdict.counts)
        roles = max(len(role) for role, _, _, _ in verdict.counts)
        for role, column, count, cpm in verdict.counts:
            reads = "read " if count == 1 else "reads"
            lines.append(f"    {role:<{roles}}  {column:<{names}}  {count:>9,} {reads}  {cpm:>11,.1f} CPM")
    elif verdict.checks:
        lines.append("  counts: kept for nominated units and the best ranked only")
    return [*lines, *(f"  {sentence}" for sentence in verdict.beside)]
