"""The figures that the Therapeutic Nanobody Profiler publishes for 36 clinical and 738 structural VHHs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from bactrian.assays.chemistry import extinction, isoelectric_point, mass, net_charge

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared_data

FILES = {
    "clinical": "VHH_TSD_all_properties_FINAL.csv",
    "structures": "VHH_PDN_struc_all_properties_FINAL.csv",
}
SIZES = {"clinical": 36, "structures": 738}


@pytest.fixture(scope="module", params=list(FILES))
def published(request: pytest.FixtureRequest, shared_data: Path) -> pl.DataFrame:
    folder = shared_data / "materials" / "tnp_vhh"
    table = pl.read_csv(folder / FILES[request.param], infer_schema_length=None)
    assert table.height == SIZES[request.param]
    return table.with_columns(pl.col("Sequence").str.strip_chars())


def test_lehninger_pi_and_charge_are_reproduced(published: pl.DataFrame) -> None:
    for row in published.iter_rows(named=True):
        chain = row["Sequence"]
        found = isoelectric_point(chain, pka="lehninger").value
        assert found == pytest.approx(row["Isoelectric point (sequence)"], abs=2e-6)
        for ph in (1, 5, 7, 9, 14):
            charge = net_charge(chain, ph, pka="lehninger").value
            assert charge == pytest.approx(row[f"Charge at pH{ph}"], abs=1e-9)


def test_extinction_and_mass_are_reproduced(published: pl.DataFrame) -> None:
    for row in published.iter_rows(named=True):
        chain = row["Sequence"]
        paired = chain.count("C") // 2 * 2
        assert extinction(chain, paired_cysteines=paired).value == row["Molecular Extinction Coefficient"]
        # Other average masses of the elements, and no bond: 13 ppm apart.
        assert mass(chain).value == pytest.approx(row["Molecular Weight"], abs=0.2)
