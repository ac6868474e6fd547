"""What stands before and after a VHH: leaders, tags, hinges, linkers and phage coat protein, by name.

A domain's borders come from its alignment. This module only names the residues outside: they are
searched for known peptides, ungapped, with few mismatches allowed where the peptide is long enough
for that to be safe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LEADERS: dict[str, tuple[str, ...]] = {
    "pelB": ("MKYLLPTAAAGLLLLAAQPAMA",),
    "OmpA": ("MKKTAIAIAVALAGFATVAQA",),
    "PhoA": ("MKQSTIALALLPLLFTPVTKA",),
    "DsbA": ("MKKIWLALAGLVLAFSASA",),
    "STII": ("MKKNIAFLLASMFVFSIATNAYA",),
    "MalE": ("MKIKTGARILALSALTTMMFSASALA",),
    "LamB": ("MMITLRKLPLAVAVAAGVMSAQAMA",),
    "gIII": ("MKKLLFAIPLVVPFYSHS",),
    "TolB": ("MKQALRVAFGFLILWASVLHA",),
    "TAT-SufI": ("MSLSRRQFIQASGIALCAGAVPLKASA",),
    "TAT-TorA": ("MNNNDLFQASRRRFLAQLGGLTVAGMLGPSLLTPRRATA",),
    "α-factor": (
        "MRFPSIFTAVLFAASSALA",
        "MRFPSIFTAVLFAASSALAAPVNTTTEDETAQIPAEAVIGYSDLEGDFDVAVLPFSNSTNNGLLFINTTIASIAAKEEGVSLDKREAEA",
        "MRFPSIFTAVLFAASSALAAPVNTTTEDETAQIPAEAVIGYSDLEGDFDVAVLPFSNSTNNGLLFINTTIASIAAKEEGVSLEKR",
    ),
    "Aga2": ("MQLLRCFSIFSVIASVLA",),
    "invertase": ("MLLQAFLFLLAGFAAKISA",),
    "human IgK": ("MDMRVPAQLLGLLLLWLRGARC", "MDMRVPAQLLGLLLLWLSGARC", "MVLQTQVFISLLLWISGAYG"),
    "mouse IgK": ("METDTLLLWVLLLWVPGSTG",),
    "human IgH": ("MEFGLSWVFLVALLRGVQC", "MEFGLSWLFLVAILKGVQC"),
    "mouse IgH": ("MGWSCIILFLVATATGVHS",),
    "camelid IgH": ("MELGLSWVVLAALLQGVQA", "MRVLILLWLFTAFPGILS"),
    "IL-2": ("MYRMQLLSCIALSLALVTNS",),
    "tPA": ("MDAMKRGLCCVLLLCGAVFVSP",),
    "CD8α": ("MALPVTALLLPLALLLHAARP",),
    "CD33": ("MPLLLLLPLLWAGALA",),
    "GM-CSFRα": ("MLLLVTSLLLCELPHPAFLLIP",),
    "BM-40": ("MRAWIFFLLCLAGRALA",),
}
"""Signal peptides by name. UniProt entries of the parent proteins; common expression vectors."""

TAGS: dict[str, tuple[str, ...]] = {
    "Twin-Strep": ("WSHPQFEKGGGSGGGSGGSAWSHPQFEK", "WSHPQFEKGGGSGGGSGGGSWSHPQFEK"),
    "Strep-II": ("WSHPQFEK",),
    "3xFLAG": ("DYKDHDGDYKDHDIDYKDDDDK",),
    "FLAG": ("DYKDDDDK",),
    "myc": ("EQKLISEEDL",),
    "HA": ("YPYDVPDYA", "YPYDVPDYG"),
    "E-tag": ("GAPVPYPDPLEPR",),
    "V5": ("GKPIPNPLLGLDST",),
    "T7": ("MASMTGGQQMG",),
    "S-tag": ("KETAAAKFERQHMDS",),
    "AviTag": ("GLNDIFEAQKIEWHE",),
    "ALFA": ("SRLEEELRRRLTE",),
    "VSV-G": ("YTDIEMNRLGK",),
    "1D4": ("TETSQVAPA",),
    "SpyTag": ("AHIVMVDAYKPTK", "VPTIVMVDAYKRYK", "RGVPHIVMVDAYKRYK"),
    "sortase LPETG": ("LPETG",),
    "TEV site": ("ENLYFQG", "ENLYFQS"),
    "3C site": ("LEVLFQGP",),
    "thrombin site": ("LVPRGS",),
    "llama long hinge": ("EPKTPKPQPQPQPQPNPTTE", "EPKTPKPQPQPQPQ"),
    "llama hinge": ("EPKTPKPQ", "EPKTPKGG", "EPKTPK"),
    "llama short hinge": ("AHHSEDP", "AHHSEDPSS"),
    "IgG1 hinge": ("EPKSCDKTHTCPPCP", "EPKSSDKTHTCPPCP", "DKTHTCPPCP"),
    "IgG4 hinge": ("ESKYGPPCPPCP", "ESKYGPPCPSCP"),
    "Fc": ("APELLGGPSVFLFPPKPKDTL", "APEFLGGPSVFLFPPKPKDTL", "APPVAGPSVFLFPPKPKDTL"),
    "CH1": ("ASTKGPSVFPLAP",),
    "gIII": ("AETVESCLAKPHTENSFTNVW", "TVESCLAKPHTENSF", "GDFDYEKMANANKGAMTENA"),
    "Aga2": ("QELTTICEQIPSPTLESTPYSLSTTTILANGK",),
}
"""Peptides by name. Published epitope and affinity tags, protease sites, hinge, Fc and fusion starts."""

MISMATCH_SHARE = 0.2
"""Share of a leader that may differ: prepro α-factor and pelB variants in common vectors differ by less."""

LEADER_OVERLAP = 8
"""Consecutive residues of a leader that must be there, of which one in five may differ. With equal residue
use, 7 of 8 match by chance in (1 + 8 × 19) / 20⁸ = 6e-9 of places: about 4e-6 of flanks of 20 residues
against all peptides of the table."""

TAG_EXACT_BELOW = 12
"""Tags shorter than this must match exactly; longer ones may differ in one residue per twelve."""

_HIS = re.compile("H{5,}")
_LINKER = re.compile("(?:G{3,4}[SA]){2,}G{0,4}|(?:G{2}S){3,}|(?:EAAAK){2,}")


@dataclass(frozen=True, slots=True)
class Flanks:
    """Names of what stands outside a domain.

    Args:
        leader: Name of the signal peptide before the domain, or None.
        tags: Names of tags, hinges, linkers and fusion partners in the order of the sequence.
    """

    leader: str | None
    tags: tuple[str, ...]


def name_flanks(before: str, after: str) -> Flanks:
    """Name the peptides before and after a domain.

    Args:
        before: Residues before the domain.
        after: Residues after the domain.

    Returns:
        The leader and the tags that were found. Residues without a name stay without one.

    Examples:
        >>> name_flanks("MKYLLPTAAAGLLLLAAQPAMA", "AAAEQKLISEEDLNHHHHHH")
        Flanks(leader='pelB', tags=('myc', 'His6'))
    """
    return Flanks(find_leader(before), find_tags(before) + find_tags(after, at_end=True))


def find_leader(before: str) -> str | None:
    """Name the signal peptide in the residues before a domain.

    A leader may have lost its start (the read or the insert began inside it), and a few residues of
    the cloning site may stand between its end and the domain.

    Args:
        before: Residues before the domain.

    Returns:
        The name of the leader with most matching residues, or None.
    """
    best, best_score = None, 0
    for name, peptides in LEADERS.items():
        for peptide in peptides:
            for end in range(LEADER_OVERLAP, len(before) + 1):
                overlap = min(end, len(peptide))
                found, wanted = before[end - overlap : end], peptide[len(peptide) - overlap :]
                same = sum(a == b for a, b in zip(found, wanted, strict=True))
                if same >= (1 - MISMATCH_SHARE) * overlap and same > best_score:
                    best, best_score = name, same
    return best


def find_tags(flank: str, *, at_end: bool = False) -> tuple[str, ...]:
    """Name the tags, hinges and linkers in the residues outside a domain.

    Args:
        flank: Residues before or after the domain.
        at_end: Whether the flank ends where the protein ends; only there EPEA is a C-tag.

    Returns:
        Names in the order of the sequence; where two overlap, the longer one.
    """
    hits: list[tuple[int, int, str]] = [
        (match.start(), match.end(), f"His{len(match.group())}") for match in _HIS.finditer(flank)
    ]
    for name, peptides in TAGS.items():
        for peptide in peptides:
            hits += [(start, start + len(peptide), name) for start in _places(flank, peptide)]
    if at_end and flank.rstrip("*").endswith("EPEA"):
        end = len(flank.rstrip("*"))
        hits.append((end - 4, end, "C-tag"))
    hits += [(match.start(), match.end(), "linker") for match in _LINKER.finditer(flank)]
    kept: list[tuple[int, int, str]] = []
    for start, end, name in sorted(hits, key=lambda hit: (hit[0] - hit[1], hit[0], hit[2])):
        if all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end, name))
    return tuple(name for _, _, name in sorted(kept))


def _places(flank: str, peptide: str) -> list[int]:
    """Give the starts of a peptide in a flank, near matches included where it is long."""
    allowed = 0 if len(peptide) < TAG_EXACT_BELOW else len(peptide) // TAG_EXACT_BELOW
    return [
        start
        for start in range(len(flank) - len(peptide) + 1)
        if sum(a != b for a, b in zip(flank[start:], peptide, strict=False)) <= allowed
    ]
