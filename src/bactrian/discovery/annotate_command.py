"""`bactrian annotate SEQS --out TABLE`: number and annotate sequences without reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import polars as pl

STATUSES = {
    "vhh": "VHH",
    "vh": "conventional VH",
    "partial": "part of a VHH or VH",
    "not_vhh": "no VHH or VH",
    "stop": "stop codon in the domain",
    "frameshift": "frameshift in the domain",
}
"""Statuses in the order of the summary, and what they mean."""


@click.command()
@click.argument("seqs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Table to write: .csv, .tsv, .parquet or .xlsx by its name.",
)
@click.option(
    "--scheme",
    type=click.Choice(["imgt", "kabat", "chothia", "martin", "aho"], case_sensitive=False),
    default="imgt",
    show_default=True,
    help="Numbering of the column 'numbering'. Regions keep IMGT's borders.",
)
@click.option("--amber", is_flag=True, help="Read the codon TAG as Q.")
@click.option(
    "--germline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="FASTA of V and J genes to assign; without it no germline is named.",
)
@click.option(
    "--kind",
    type=click.Choice(["auto", "protein", "nucleotide"]),
    default="auto",
    show_default=True,
    help="What the sequences are; auto decides for each by its letters.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def annotate(
    *,
    seqs: tuple[Path, ...],
    out: Path,
    scheme: str,
    amber: bool,
    germline: Path | None,
    kind: str,
    as_json: bool,
) -> None:
    """Number and annotate the VHHs in SEQS.

    SEQS are FASTA, FASTQ, GenBank, Sanger .ab1, CSV, TSV, XLSX or Parquet files of proteins or
    nucleotides (both strands and all frames are tried); the text formats may be gz. The table has one
    row per sequence, in the order of the input.
    """
    from bactrian.core.tables import check_table_path, write_table  # noqa: PLC0415 - `--help` stays fast

    check_table_path(out)
    table = annotate_files(seqs, scheme=scheme, amber=amber, germline=germline, kind=kind)
    write_table(table, out)
    summary = summarise(table, out)
    click.echo(json.dumps(summary, indent=2) if as_json else format_summary(summary))


def annotate_files(
    files: tuple[Path, ...], *, scheme: str, amber: bool, germline: Path | None, kind: Any
) -> pl.DataFrame:
    """Annotate all sequences of some files.

    Args:
        files: Sequence files, in the order of the rows.
        scheme: Numbering scheme.
        amber: Whether TAG reads as Q.
        germline: FASTA of V and J genes, or None.
        kind: protein, nucleotide or auto.

    Returns:
        The annotation, with the columns `file`, `record` and `trimmed` (bases kept of a Sanger read).

    Raises:
        InputError: A file cannot be used.
    """
    import polars as pl  # noqa: PLC0415

    from bactrian.discovery.sequences import read_sequences  # noqa: PLC0415
    from bactrian.discovery.vhh.annotate import annotate as annotate_sequences  # noqa: PLC0415
    from bactrian.discovery.vhh.germline import read_germlines  # noqa: PLC0415

    genes = None if germline is None else read_germlines(germline)
    records = []
    for file in files:
        found = read_sequences(file, kind=kind)
        click.echo(f"{file}: {len(found):,} {'sequence' if len(found) == 1 else 'sequences'}", err=True)
        records += found
    table = annotate_sequences(
        [record.sequence for record in records],
        [record.id for record in records],
        kind=kind,
        scheme=scheme,
        amber=amber,
        germlines=genes,
    )
    trimmed = [
        f"bases {record.trimmed[0]} to {record.trimmed[1]} of {record.trimmed[2]}" if record.trimmed else None
        for record in records
    ]
    return table.with_columns(
        pl.Series("file", [record.file for record in records], dtype=pl.String),
        pl.Series("record", [record.record for record in records], dtype=pl.Int64),
        pl.Series("trimmed", trimmed, dtype=pl.String),
    )


def summarise(table: pl.DataFrame, out: Path) -> dict[str, Any]:
    """Count the rows of an annotation.

    Args:
        table: The annotation.
        out: File it was written to.

    Returns:
        Sequences, rows per status, distinct CDR3s, leaders and tags, ready for JSON.
    """
    counts = dict(table["status"].value_counts().iter_rows())
    cdr3s = table["cdr3"].drop_nulls()
    named = {}
    for column in ("leader", "tag"):
        found = (
            table[column]
            .drop_nulls()
            .value_counts(sort=True)
            .sort(["count", column], descending=[True, False])
        )
        named[column] = dict(found.iter_rows())
    return {
        "schema": 1,
        "sequences": table.height,
        "status": {status: counts.get(status, 0) for status in STATUSES},
        "distinct_cdr3": cdr3s.n_unique(),
        "leaders": named["leader"],
        "tags": named["tag"],
        "table": str(out),
    }


def format_summary(summary: dict[str, Any]) -> str:
    """Write a summary for people."""
    sequences, cdr3s = summary["sequences"], summary["distinct_cdr3"]
    first = "1 sequence" if sequences == 1 else f"{sequences:,} sequences"
    lines = [f"{first}, {'1 distinct CDR3' if cdr3s == 1 else f'{cdr3s:,} distinct CDR3s'}"]
    lines += [f"  {count:>8,}  {STATUSES[status]}" for status, count in summary["status"].items() if count]
    for key in ("leaders", "tags"):
        if summary[key]:
            lines.append(
                f"{key}: " + ", ".join(f"{name} ({count:,})" for name, count in summary[key].items())
            )
    lines.append(f"table: {summary['table']}")
    return "\n".join(lines)
