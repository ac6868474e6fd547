"""Leaders and tags are named, trimmed ends and near matches included, and nothing is named by chance."""

from __future__ import annotations

import numpy as np
import pytest

from bactrian.discovery.vhh.flanks import LEADERS, find_leader, find_tags, name_flanks


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ("MKYLLPTAAAGLLLLAAQPAMA", "pelB"),
        ("MKYLLPTAAAGLLLLAAQPAMAMAE", "pelB"),
        ("AAAGLLLLAAQPAMA", "pelB"),
        ("MKKTAIAIAVALAGFATVAQA", "OmpA"),
        ("VSLEKREAEA", "α-factor"),
        ("SLEKR", None),
        ("FINTTIASIAAKEEGVSLEKREAEA", "α-factor"),
        ("MRFPSIFTAVLFAASSALA", "α-factor"),
        ("MKQSTIALALLPLLFTPVTKA", "PhoA"),
        ("MSLSRRQFIQASGIALCAGAVPLKASA", "TAT-SufI"),
        ("METDTLLLWVLLLWVPGSTGD", "mouse IgK"),
        ("MDMRVPAQLLGLLLLWLRGARC", "human IgK"),
        ("MKYLLPTAAAGLLLLASQPAMA", "pelB"),
        ("MGSS", None),
        ("", None),
    ],
)
def test_leader(before: str, name: str | None) -> None:
    assert find_leader(before) == name


@pytest.mark.parametrize("name", list(LEADERS))
def test_every_leader_is_found_under_its_own_name(name: str) -> None:
    for peptide in LEADERS[name]:
        assert find_leader(peptide) == name


@pytest.mark.parametrize(
    ("after", "names"),
    [
        ("HHHHHH", ("His6",)),
        ("AAAHHHHHHHH", ("His8",)),
        ("GSHHHHHHHHHH", ("His10",)),
        ("AAAEQKLISEEDLNGAAHHHHHH", ("myc", "His6")),
        ("AAAYPYDVPDYGSHHHHHH", ("HA", "His6")),
        ("GGSDYKDDDDK", ("FLAG",)),
        ("DYKDHDGDYKDHDIDYKDDDDK", ("3xFLAG",)),
        ("SAWSHPQFEK", ("Strep-II",)),
        ("GAPVPYPDPLEPRAA", ("E-tag",)),
        ("GSLPETGGHHHHHH", ("sortase LPETG", "His6")),
        ("GLNDIFEAQKIEWHE", ("AviTag",)),
        ("GAAEPEA", ("C-tag",)),
        ("EPEAGAA", ()),
        ("EPKTPKGGCGGGLEHHHHHH", ("llama hinge", "His6")),
        ("GGGGSGGGGSGGGGSAETVESCLAKPHTENSFTNVW", ("linker", "gIII")),
        ("EPKSCDKTHTCPPCPAPELLGGPSVFLFPPKPKDTL", ("IgG1 hinge", "Fc")),
        ("AAA", ()),
        ("", ()),
    ],
)
def test_tags(after: str, names: tuple[str, ...]) -> None:
    assert find_tags(after, at_end=True) == names


def test_tag_before_the_domain() -> None:
    flanks = name_flanks("MHHHHHHENLYFQG", "")
    assert flanks.tags == ("His6", "TEV site")
    assert flanks.leader is None


def test_random_residues_have_no_name() -> None:
    rng = np.random.default_rng(11)
    letters = np.array(list("ACDEFGHIKLMNPQRSTVWY"))
    for _ in range(300):
        flanks = name_flanks("".join(rng.choice(letters, 25)), "".join(rng.choice(letters, 25)))
        assert flanks.leader is None
        assert flanks.tags == ()
