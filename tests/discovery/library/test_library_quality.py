import numpy as np
import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.library import (
    FLAGS,
    LibraryQuality,
    QualitySettings,
    assess_samples,
    describe_molecules,
)

TALLIES = [
    "pairs", "primers_found", "filtered", "merged", "joined", "single",
    "productive", "stop", "frameshift", "truncated", "not_vhh", "chimeric",
]  # fmt: skip
QUICK = QualitySettings(resamplings=10)


def tallies_of(counts, samples):
    totals = dict(counts.group_by("sample").agg(pl.col("count").sum()).iter_rows())
    rows = []
    for sample in samples:
        n = int(totals.get(sample, 0))
        zero = dict.fromkeys(TALLIES, 0)
        rows.append({"sample": sample, **zero, "pairs": n, "primers_found": n, "joined": n, "productive": n})
    return pl.DataFrame(rows)


def frames(quality: LibraryQuality):
    return {name: getattr(quality, name) for name in LibraryQuality.__dataclass_fields__}


@pytest.fixture(scope="module")
def campaign(simulate):
    return simulate(np.random.default_rng(21), units=1_500, depth=8_000, jackpots=0)


def assess(campaign, **extra):
    tallies = tallies_of(campaign.counts, campaign.sheet["sample"].to_list())
    extra = {"counts_cdr3": campaign.counts, "rng": np.random.default_rng(1), "settings": QUICK} | extra
    return assess_samples(campaign.sheet, tallies, **extra)


def test_samples_table_has_the_columns_of_the_file(campaign):
    samples = assess(campaign).samples
    assert samples.columns == ["sample", *TALLIES, "cdr3s", "clonotypes", "top_share", "flags"]
    assert samples["sample"].to_list() == campaign.sheet["sample"].to_list()
    assert samples["flags"].to_list() == [""] * samples.height
    assert samples["clonotypes"].null_count() == samples.height


def test_flags_in_fixed_order(make_sheet, make_counts):
    sheet = make_sheet(
        [
            ("a", "a.1", 1, 3, "target", "X", "L"),
            ("b", "b.1", 2, 3, "target", "X", "L"),
            ("e", "e.1", 3, 3, "target", "X", "L"),
        ]
    )
    counts = make_counts({"a": [600, *[1] * 100], "b": [5, *[40] * 100], "e": [0] * 101})
    samples = assess_samples(
        sheet,
        tallies_of(counts, list("abe")),
        counts_cdr3=counts,
        rng=np.random.default_rng(0),
        settings=QualitySettings(resamplings=10, takeover=0.9),
    ).samples
    assert samples["flags"].to_list() == ["watch;low_depth", "", "low_depth"]
    assert FLAGS == ("takeover", "watch", "low_depth", "contamination")


def test_library_is_pooled_from_its_inputs(campaign):
    quality = assess(campaign, transformants={"L": 1_500})
    row = quality.libraries.row(0, named=True)
    assert (row["library"], row["inputs"], row["reads"], row["productive_share"]) == ("L", 3, 24_000, 1.0)
    assert row["chao1_share_low"] < 1 < row["chao1_share_high"] + 0.1
    assert row["depth_if_even"] == pytest.approx(3 * 1_500, rel=0.01)
    pooled = quality.rarefaction.filter((pl.col("scope") == "library") & (pl.col("kind") == "observed"))
    assert pooled["reads"].to_list() == [24_000]


def test_rows_in_any_order_give_the_same(campaign):
    first = frames(assess(campaign))
    second = frames(assess(campaign, counts_cdr3=campaign.counts.sample(fraction=1.0, shuffle=True, seed=3)))
    assert all(first[name].equals(second[name]) for name in first)


def test_a_sample_draws_its_own_stream(campaign):
    tallies = tallies_of(campaign.counts, ["A1r1", "A1r2"])
    both = assess_samples(
        campaign.sheet, tallies, counts_cdr3=campaign.counts, rng=np.random.default_rng(1), settings=QUICK
    )
    alone = assess_samples(
        campaign.sheet,
        tallies.tail(1),
        counts_cdr3=campaign.counts,
        rng=np.random.default_rng(1),
        settings=QUICK,
    )
    assert both.diversity.tail(1).equals(alone.diversity)


def test_clonotypes_are_a_space_of_their_own(campaign):
    clonotypes = campaign.counts.rename({"cdr3": "clonotype"})
    quality = assess(campaign, counts_clonotype=clonotypes)
    assert quality.diversity["space"].unique().sort().to_list() == ["cdr3", "clonotype"]
    assert quality.samples["clonotypes"].equals(quality.samples["cdr3s"].rename("clonotypes"))


def test_molecules_of_a_sample():
    aligned = "QV" + "." * 126
    molecules = pl.DataFrame(
        {
            "rung": ["merged", "single", "merged", "merged"],
            "status": ["productive", "productive", "stop", "not_vhh"],
            "cdr1": ["GFTFSSYA", None, None, None],
            "cdr2": [None] * 4,
            "cdr3": ["AAAWWY", "AAAWWYDY", "AA*", None],
            "aligned": [aligned] * 4,
            "nt": ["A" * 360, "A" * 340, "A" * 360, "ACGT"],
            "count": [50, 10, 5, 35],
        },
        schema_overrides={"cdr2": pl.String, "count": pl.UInt32},
    )
    mates = pl.DataFrame({"length": [6, 8], "count": [55, 15]})
    found = describe_molecules("a", molecules, mate_lengths=mates)
    assert found.annotated == 100
    assert found.inserts.select("nt", "kind", "share").rows() == [("ACGT", "short", 0.35)]
    assert found.residues.filter(pl.col("position") == 1)["count"].to_list() == [60]
    whole = found.bias.filter(pl.col("rung") == "all").row(0, named=True)
    assert whole["kolmogorov"] == pytest.approx(abs(50 / 60 - 55 / 70))


def test_tables_without_any_sample(campaign):
    tallies = tallies_of(campaign.counts, [*campaign.sheet["sample"]]).head(0)
    quality = assess_samples(
        campaign.sheet, tallies, counts_cdr3=campaign.counts, rng=np.random.default_rng(0)
    )
    assert all(frame.height == 0 for frame in frames(quality).values())


def test_one_empty_sample(make_sheet, make_counts):
    sheet = make_sheet([("a", "a.1", 1, 3, "target", "X", "L")])
    counts = make_counts({"a": [0]})
    quality = assess_samples(
        sheet, tallies_of(counts, ["a"]), counts_cdr3=counts, rng=np.random.default_rng(0)
    )
    assert quality.samples.select("cdr3s", "top_share", "flags").row(0) == (0, None, "low_depth")
    assert quality.diversity["chao1"].to_list() == [None]
    assert quality.libraries["inputs"].to_list() == [0]
    assert quality.outcomes["share"].null_count() == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"transformants": {"M": 10}},
            "'M' has a number of transformants but is no library of the sheet. Write one of these: L.",
        ),
        (
            {"transformants": {"L": 0}},
            "'0' is no number of transformants of library 'L'. Write a whole number from 1.",
        ),
    ],
    ids=["unknown library", "no transformants"],
)
def test_wrong_transformants(campaign, change, message):
    with pytest.raises(InputError) as caught:
        assess(campaign, **change)
    assert str(caught.value) == message


def test_sample_without_a_row_in_the_sheet(campaign):
    tallies = tallies_of(campaign.counts, ["nobody"])
    with pytest.raises(InputError) as caught:
        assess_samples(campaign.sheet, tallies, counts_cdr3=campaign.counts, rng=np.random.default_rng(0))
    assert str(caught.value) == (
        "column 'sample': 'nobody' has tallies but is not in the sheet. "
        "Add its row to the sheet or leave it out."
    )


def test_missing_tally(campaign):
    tallies = tallies_of(campaign.counts, ["A1r1"]).drop("stop")
    with pytest.raises(InputError, match="Give it a column 'stop'"):
        assess_samples(campaign.sheet, tallies, counts_cdr3=campaign.counts, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"takeover": 1.5}, "'1.5' is no setting for takeover. Write a share between 0 and 1."),
        ({"watch": 0.8}, "'0.8' for watch is above takeover (0.5). Write a smaller share."),
    ],
    ids=["no share", "watch above takeover"],
)
def test_settings_are_checked(setting, message):
    with pytest.raises(InputError) as caught:
        QualitySettings(**setting)
    assert str(caught.value) == message


@pytest.mark.shared_data
def test_real_panning_flags_the_known_takeovers(shared_data):
    folder = shared_data / "discovery" / "phageseq_minimal"
    sheet = pl.read_csv(folder / "sheet.csv").with_columns(pl.col("replicate").cast(pl.Int64))
    wide = pl.read_csv(folder / "derived" / "cdr3_counts.tsv.gz", separator="\t").rename({"CDR3": "cdr3"})
    counts = wide.unpivot(index="cdr3", variable_name="sample", value_name="count").filter(
        pl.col("count") > 0
    )
    tallies = tallies_of(counts, sheet["sample"].to_list())
    quality = assess_samples(sheet, tallies, counts_cdr3=counts, rng=np.random.default_rng(1), settings=QUICK)
    flags = {sample: flag for sample, flag in quality.samples.select("sample", "flags").iter_rows() if flag}
    assert flags == {"03-A2": "takeover", "03-C2": "takeover", "03-E9": "watch"}
    technical = quality.agreement.filter(pl.col("kind") == "technical")
    assert technical.height == 3
    library = quality.libraries.row(0, named=True)
    assert library["reads"] == 5_935 + 5_869 + 5_756
    assert library["observed"] < library["chao1_low"] < library["chao1_high"]
    assert 0 < library["coverage"] < 1
    assert not quality.contamination["flagged"].any()
