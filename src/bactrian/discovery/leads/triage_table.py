"""The columns that a triage adds to the leads: their types, and what they are."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

PH: Final = 7.4
"""The pH of blood and of PBS."""

ABOUT: Final = {
    "triage": "ok, look or caution: where to look first, no verdict",
    "triage_reason": "why, the gravest first",
    "liabilities": "motifs of high and medium severity: residues, IMGT positions, region, kind, severity",
    "n_liabilities_high": "liabilities of high severity",
    "n_liabilities_medium": "of medium severity",
    "n_liabilities_low": "of low severity",
    "n_liabilities_possible": "high and medium ones that depend on unread residues",
    "cysteines": "free cysteines, and probable disulfides beyond 23–104",
    "pi": "isoelectric point, pKa of Bjellqvist",
    "pi_lehninger": "isoelectric point, pKa of Lehninger",
    "charge_verdict": "green, amber or red beside clinical-stage VHHs",
    "hydrophobicity": "mean hydropathy of Kyte and Doolittle (GRAVY)",
    "hydrophobicity_verdict": "green, amber or red beside clinical-stage VHHs",
    "hydrophobicity_cdr3": "mean hydropathy of the CDR3",
    "cdr3_hydrophobic_run": "longest run of hydrophobic residues in the CDR3",
    "extinction": "molar extinction at 280 nm, per M and cm; only where all was read",
    "mass": "average mass in Da; only where all was read",
    "cdr1_length": "residues of CDR1 (IMGT)",
    "cdr2_length": "of CDR2",
    "cdr3_length": "of CDR3",
    "cdr_length": "of the three together",
    "cdr3_length_verdict": "green, amber or red beside clinical-stage VHHs",
    "cdr_length_verdict": "likewise",
    "hallmarks": "residues at IMGT 42, 49, 50 and 52, '.' for unread",
    "hallmark_call": "vhh, vh or ambiguous by these",
    "n_unread": "residues of the domain that were not read",
    "unread": "in which regions",
    "n_filled": "residues filled from a reference",
    "triage_version": "version of the rule, and of the table of liabilities",
}
"""What the columns of a triage are, but for that of the charge, which is named by its pH."""


def triage_columns(ph: float = PH) -> dict[str, Any]:
    """Give the columns that `triage_leads` adds and their types."""
    return {
        "triage": pl.String,
        "triage_reason": pl.String,
        "liabilities": pl.String,
        "n_liabilities_high": pl.Int32,
        "n_liabilities_medium": pl.Int32,
        "n_liabilities_low": pl.Int32,
        "n_liabilities_possible": pl.Int32,
        "cysteines": pl.String,
        "pi": pl.Float64,
        "pi_lehninger": pl.Float64,
        charge_column(ph): pl.Float64,
        "charge_verdict": pl.String,
        "hydrophobicity": pl.Float64,
        "hydrophobicity_verdict": pl.String,
        "hydrophobicity_cdr3": pl.Float64,
        "cdr3_hydrophobic_run": pl.Int32,
        "extinction": pl.Float64,
        "mass": pl.Float64,
        "cdr1_length": pl.Int32,
        "cdr2_length": pl.Int32,
        "cdr3_length": pl.Int32,
        "cdr_length": pl.Int32,
        "cdr3_length_verdict": pl.String,
        "cdr_length_verdict": pl.String,
        "hallmarks": pl.String,
        "hallmark_call": pl.String,
        "n_unread": pl.Int32,
        "unread": pl.String,
        "n_filled": pl.Int32,
        "triage_version": pl.String,
    }


def describe_columns(ph: float = PH) -> dict[str, str]:
    """Say what the columns that `triage_leads` adds are."""
    about = ABOUT | {charge_column(ph): f"net charge at pH {ph:g}, pKa of Bjellqvist"}
    return {name: about[name] for name in triage_columns(ph)}


def charge_column(ph: float) -> str:
    """Name the column of the charge: `charge_74` at pH 7.4, `charge_60` at 6."""
    return f"charge_{f'{ph:.1f}' if round(ph, 1) == ph else f'{ph:g}'}".replace(".", "")
