"""The functions of the numbering proof, small, and its full truth set, which takes a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import benchmarks.prove_numbering as proof
import pytest

from benchmarks import NotHereError

if TYPE_CHECKING:
    from pathlib import Path

VH4 = (
    "QVQLQQWGAGLLKPSETLSLTCAVYGGSFSGYYWSWIRQPPGKGLEWIGEINHSGSTNYNPSLKSRVTISVDTSKNQFSLKLSSVTAADTAVYYCARD"
    "RGYSSGWYFDYWGQGTLVTVSS"
)


def test_mutants_keep_cdrs_and_labels() -> None:
    exact, labels = proof.measure_mutants(3000)
    assert min(exact.values()) >= 0.99, exact
    assert labels >= 0.99


def test_conventional_chain_is_vh_with_the_cdrs_of_immunum() -> None:
    statuses, differences = proof.measure_heavy_chains({"4-34": VH4})
    assert statuses == {"vh": 1}
    assert not differences


def test_schemes_agree_with_immunum() -> None:
    compared, same = proof.measure_schemes([VH4])
    assert compared == 1
    assert set(same.values()) == {1}


def test_proof_says_what_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(proof, "DISCOVERY", tmp_path)
    with pytest.raises(NotHereError) as caught:
        proof.main()
    assert str(caught.value) == "../shared/data/discovery/numbering_truth is not beside this checkout."


@pytest.mark.shared_data
def test_numbering_truth_is_met(shared_data: Path) -> None:
    result = proof.measure_truth(shared_data / "discovery" / "numbering_truth")
    assert result.rows == 662
    for cdr, least in proof.LEAST.items():
        assert result.exact[cdr] >= least * result.rows
    assert result.agreement >= 0.998
    assert len(result.misses) == 3 * result.rows - sum(result.exact.values())
    assert "sabdab_7c8w_970" in "".join(proof.write_rows("a | b | c | d", result.misses))
    assert sum(result.residues.values()) > 80_000


@pytest.mark.shared_data
def test_conventional_chains_are_numbered_whole(shared_data: Path) -> None:
    _, chains = proof.read_domains(shared_data / "discovery", every=4)
    statuses, differences = proof.measure_heavy_chains(chains)
    assert len(chains) > 250
    assert statuses["vh"] >= 0.99 * len(chains)
    assert len(differences) <= 0.02 * 3 * len(chains)
