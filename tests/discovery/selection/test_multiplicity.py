from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from bactrian.discovery.selection.multiplicity import adjust_bh


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_equals_scipy(p: list[float]) -> None:
    np.testing.assert_allclose(adjust_bh(p), false_discovery_control(p), rtol=1e-12)


def test_the_example_of_benjamini_and_hochberg() -> None:
    # Table of section 3.1 of the paper: four of fifteen hypotheses are rejected at 5 %.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
    ]
    assert (adjust_bh([*p, 0.7590, 1.0]) <= 0.05).sum() == 4


def test_untested_units_are_outside_the_family() -> None:
    adjusted = adjust_bh([np.nan, 0.01, np.nan, 0.02])
    assert np.isnan(adjusted[[0, 2]]).all()
    np.testing.assert_allclose(adjusted[[1, 3]], [0.02, 0.02])
    assert np.isnan(adjust_bh([np.nan])).all()


def test_no_tests_and_no_probabilities() -> None:
    assert adjust_bh([]).size == 0
    with pytest.raises(ValueError, match=r"p-values must lie between 0 and 1\."):
        adjust_bh([0.5, 1.5])
