"""Numbering on real VHHs, conventional VHs and mutants with known truth.

Targets are those of the issue that asked for the screen; the truth is in ../shared/data. The tests run
the same functions on fewer mutants and domains.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import immunum

from bactrian.core.seeds import make_rng
from bactrian.discovery.vhh.annotate import annotate
from bactrian.discovery.vhh.labels import LOOPS, format_label
from bactrian.discovery.vhh.numbering import number_proteins
from bactrian.discovery.vhh.schemes import check_scheme, label_residues
from benchmarks import NotHereError, TargetMissedError
from benchmarks.numbering_mutants import LETTERS, draw_mutant
from benchmarks.screen_checks import Target, table

DISCOVERY = Path(__file__).resolve().parents[2] / "shared" / "data" / "discovery"
CDRS = ("cdr1", "cdr2", "cdr3")
LEAST = {"cdr1": 0.99, "cdr2": 0.99, "cdr3": 0.995}
SCHEMES = ("kabat", "chothia", "martin", "aho")
REGION_NAMES = ("FR1", "CDR1", "FR2", "CDR2", "FR3", "CDR3", "FR4")
REGION_ENDS = (26, 38, 55, 65, 104, 117, 128)
N_MUTANTS = 10_000
N_WORST = 12


@dataclass(frozen=True, slots=True)
class TruthResult:
    """What numbering does on numbering_truth.

    Args:
        rows: Rows on which both references agree.
        exact: Rows whose CDR1, CDR2 and CDR3 are exact.
        misses: Id, CDR, ours and truth of every other CDR.
        residues: Residues of those rows by IMGT position.
        wrong: How many of them carry another label in ours.
        open_rows: Rows on which the references differ: id, CDR, ours, riot_na's, ANARCII's.
    """

    rows: int
    exact: dict[str, int]
    misses: list[tuple[str, str, str, str]]
    residues: Counter[str]
    wrong: Counter[str]
    open_rows: list[tuple[str, str, str, str, str]]

    @property
    def agreement(self) -> float:
        """Share of the residues with the same label."""
        return 1 - self.wrong.total() / self.residues.total()


def measure_truth(folder: Path) -> TruthResult:
    """Hold the numbering to numbering_truth.

    Args:
        folder: The folder of the set.

    Returns:
        Exact CDRs, labels by position, and every difference.
    """
    with gzip.open(folder / "imgt_cdrs.csv.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    with gzip.open(folder / "imgt.jsonl.gz", "rt", encoding="utf-8") as lines:
        truth = {entry["id"]: entry["imgt"] for entry in map(json.loads, lines)}
    numbering = number_proteins([row["seq"] for row in rows])
    agreed, exact = 0, dict.fromkeys(CDRS, 0)
    misses, open_rows = [], []
    residues: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for k, row in enumerate(rows):
        regions = numbering.cut_regions(k)
        if row["consensus"] != "True":
            for cdr in CDRS:
                riot, anarcii = row[f"riot_{cdr}"], row[f"anarcii_{cdr}"]
                if riot != anarcii:
                    open_rows.append((row["id"], cdr, regions[cdr] or "", riot, anarcii))
            continue
        agreed += 1
        for cdr in CDRS:
            exact[cdr] += regions[cdr] == row[f"riot_{cdr}"]
            if regions[cdr] != row[f"riot_{cdr}"]:
                misses.append((row["id"], cdr, regions[cdr] or "", row[f"riot_{cdr}"]))
        ours = numbering.label_residues(k)
        for label, residue in truth[row["id"]].items():
            column, _, insertion = label.partition(".")
            residues[column] += 1
            wrong[column] += ours.get(format_label(int(column), int(insertion or 0))) != residue
    return TruthResult(agreed, exact, misses, residues, wrong, open_rows)


def measure_mutants(n: int) -> tuple[dict[str, float], float]:
    """Number mutants with known truth.

    Args:
        n: How many.

    Returns:
        Share of exact CDRs, by CDR; share of residues, leaders and tags included, with the right label.
    """
    rng = make_rng(2026, "mutants")
    mutants = [draw_mutant(rng) for _ in range(n)]
    numbering = number_proteins([mutant.sequence for mutant in mutants])
    exact = dict.fromkeys(CDRS, 0)
    agree = total = 0
    for row, mutant in enumerate(mutants):
        regions = numbering.cut_regions(row)
        for cdr, (first, last) in zip(CDRS, LOOPS, strict=True):
            exact[cdr] += regions[cdr] == mutant.cut(first, last)
        span = slice(numbering.offsets[row], numbering.offsets[row + 1])
        found = zip(numbering.position[span], numbering.insertion[span], strict=True)
        labels = [format_label(int(c), int(i)) if c else None for c, i in found]
        agree += sum(ours == true for ours, true in zip(labels, mutant.labels, strict=True))
        total += len(labels)
    return {cdr: count / n for cdr, count in exact.items()}, agree / total


def split_labels(labels: list[str]) -> tuple[list[int], list[int]]:
    """Split labels as 111A into positions and insertion ordinals."""
    positions = [int(label.rstrip(LETTERS)) for label in labels]
    letters = [label.lstrip("0123456789") for label in labels]
    return positions, [LETTERS.index(letter) + 1 if letter else 0 for letter in letters]


def read_domains(folder: Path, *, every: int = 1) -> tuple[list[str], dict[str, str]]:
    """Read real domains.

    Args:
        folder: Folder of the discovery sets.
        every: Take each n-th sequence of both sets only.

    Returns:
        Sequences of numbering_truth, and name to heavy chain of antibodies with a light chain in
        Thera-SAbDab.
    """
    with gzip.open(folder / "numbering_truth" / "imgt.jsonl.gz", "rt", encoding="utf-8") as lines:
        vhhs = [json.loads(line)["seq"] for line in lines]
    source = folder / "therasabdab" / "TheraSAbDab_SeqStruc_OnlineDownload.csv.gz"
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if len(row["HC"]) > 90 and len(row["LC"]) > 20]
    return vhhs[::every], {row["Therapeutic"]: row["HC"] for row in rows[::every]}


def measure_schemes(sequences: list[str]) -> tuple[int, dict[str, int]]:
    """Compare Kabat, Chothia, Martin and AHo with immunum, both from immunum's IMGT labels.

    Args:
        sequences: Domains.

    Returns:
        Domains compared, and by scheme those equal in every residue.
    """
    imgt = immunum.Annotator(["IGH"], "imgt")
    others = {scheme: immunum.Annotator(["IGH"], scheme) for scheme in SCHEMES}
    compared, same = 0, dict.fromkeys(SCHEMES, 0)
    for sequence in sequences:
        numbering = imgt.number(sequence).numbering
        if not numbering:
            continue
        compared += 1
        positions, insertions = split_labels(list(numbering))
        for scheme, annotator in others.items():
            labels = label_residues(positions, insertions, scheme=check_scheme(scheme))
            same[scheme] += labels == list(annotator.number(sequence).numbering)
    return compared, same


def measure_heavy_chains(chains: dict[str, str]) -> tuple[Counter[str], list[tuple[str, str, str, str]]]:
    """Annotate conventional VHs and compare their CDRs with immunum's.

    Args:
        chains: Name to heavy-chain V domain.

    Returns:
        Rows per status; name, CDR, ours and immunum's of every CDR that differs.
    """
    rows = annotate(chains)
    annotator = immunum.Annotator(["IGH"], "imgt")
    differences = []
    for row in rows.iter_rows(named=True):
        numbered = annotator.number(chains[row["id"]]).numbering or {}
        for cdr, (first, last) in zip(CDRS, LOOPS, strict=True):
            theirs = "".join(
                r for label, r in numbered.items() if first <= int(label.rstrip(LETTERS)) <= last
            )
            if (row[cdr] or "") != theirs:
                differences.append((row["id"], cdr, row[cdr] or "", theirs))
    return Counter(rows["status"]), differences


def write_rows(head: str, rows: list[tuple[str, ...]]) -> list[str]:
    """Give a Markdown table."""
    columns = head.count("|") + 1
    return [
        f"| {head} |",
        "|" + "---|" * columns,
        *("| " + " | ".join(cell or "–" for cell in row) + " |" for row in rows),
        "",
    ]


def describe_positions(result: TruthResult) -> list[str]:
    """Give the agreement by region and the worst positions."""
    regions: dict[str, list[int]] = {name: [0, 0] for name in REGION_NAMES}
    for column, count in result.residues.items():
        name = next(n for n, end in zip(REGION_NAMES, REGION_ENDS, strict=True) if int(column) <= end)
        regions[name][0] += count
        regions[name][1] += result.wrong[column]
    worst = sorted(result.wrong.items(), key=lambda pair: (-pair[1], int(pair[0])))[:N_WORST]
    return [
        *write_rows(
            "region | residues | other label | agreement",
            [
                (name, f"{n:,}", str(bad), f"{100 * (1 - bad / n):.3f} %")
                for name, (n, bad) in regions.items()
            ],
        ),
        "The worst positions:",
        "",
        *write_rows(
            "IMGT position | residues | other label | agreement",
            [
                (
                    column,
                    str(result.residues[column]),
                    str(bad),
                    f"{100 * (1 - bad / result.residues[column]):.2f} %",
                )
                for column, bad in worst
                if bad
            ],
        ),
    ]


def describe_open_rows(result: TruthResult) -> list[str]:
    """Give every CDR on which the references differ, and with which one ours goes."""
    rows, sides = [], Counter[tuple[str, str]]()
    for name, cdr, ours, riot, anarcii in result.open_rows:
        side = "riot_na" if ours == riot else "ANARCII" if ours == anarcii else "neither"
        sides[cdr, side] += 1
        rows.append((name, cdr.upper(), ours, riot, anarcii, side))
    counts = [
        (cdr.upper(), *(str(sides[cdr, side]) for side in ("riot_na", "ANARCII", "neither"))) for cdr in CDRS
    ]
    return [
        *write_rows("CDR | with riot_na | with ANARCII | with neither", counts),
        *write_rows("id | CDR | ours | riot_na | ANARCII | ours agrees with", rows),
    ]


def main() -> str:
    """Run everything at full size and give every figure."""
    if not (DISCOVERY / "numbering_truth").is_dir():
        msg = "../shared/data/discovery/numbering_truth is not beside this checkout."
        raise NotHereError(msg)
    truth = measure_truth(DISCOVERY / "numbering_truth")
    mutants, mutant_labels = measure_mutants(N_MUTANTS)
    vhhs, chains = read_domains(DISCOVERY)
    compared, same = measure_schemes([*vhhs, *chains.values()])
    statuses, differences = measure_heavy_chains(chains)
    targets = [
        *(
            Target(
                f"exact {cdr.upper()} on {truth.rows} consensus rows",
                truth.exact[cdr] / truth.rows,
                least=least,
            )
            for cdr, least in LEAST.items()
        ),
        Target("residues with the label of the truth", truth.agreement, least=0.998),
        *(Target(f"exact {cdr.upper()} on {N_MUTANTS:,} mutants", mutants[cdr], least=0.99) for cdr in CDRS),
        Target("residues of the mutants with the right label", mutant_labels, least=0.99),
        *(
            Target(f"{scheme} as immunum on {compared:,} domains", same[scheme] / compared, least=0.985)
            for scheme in SCHEMES
        ),
        Target(f"conventional VHs called vh, of {len(chains):,}", statuses["vh"] / len(chains)),
        Target("their CDRs as immunum", 1 - len(differences) / (3 * len(chains))),
    ]
    lines = [
        "Real VHHs are those of numbering_truth, numbered by riot_na and ANARCII; a consensus row is one on "
        "which both agree in all three CDRs. Conventional VHs are those with a light chain in Thera-SAbDab.",
        "",
        table(targets),
        "",
        "## Every miss on the consensus rows",
        "",
        *write_rows("id | CDR | ours | truth", [(n, c.upper(), o, t) for n, c, o, t in truth.misses]),
        "## Labels by position",
        "",
        f"{100 * truth.agreement:.3f} % of {truth.residues.total():,} residues carry the label of the truth.",
        "",
        *describe_positions(truth),
        "## Where the references differ",
        "",
        *describe_open_rows(truth),
        "## Conventional VHs",
        "",
        ", ".join(f"{count:,} {status}" for status, count in statuses.most_common()) + ".",
        "CDRs that differ from immunum's:",
        "",
        *write_rows("name | CDR | ours | immunum", [(n, c.upper(), o, t) for n, c, o, t in differences]),
    ]
    text = "\n".join(lines)
    missed = [target.name for target in targets if not target.met]
    if missed:
        raise TargetMissedError(text, "; ".join(missed))
    return text
