"""What a simulated panning and its sequencing are set to, checked when it is said.

The named settings `standard`, `harsh` and `null` are those on which the selection rules of this
project were compared; every number of them can be set by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Final, Literal

from bactrian.core.errors import InputError

Primers = Literal["framework", "vector"]
SETTING_NAMES: Final = ("standard", "harsh", "null")
PRIMER_NAMES: Final = ("framework", "vector")


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        msg = f"'{value}' is no value for {name}. {expected}"
        raise InputError(msg)


def _check_whole(settings: object, least: int, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _require(value >= least, name, value, f"Write a whole number from {least}.")


def _check_share(settings: object, most: float, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _require(0 <= value <= most, name, value, f"Write a share from 0 to {most:g}.")


def _check_positive(settings: object, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _require(math.isfinite(value) and value > 0, name, value, "Write a number above 0.")


def _check_spread(settings: object, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _require(math.isfinite(value) and value >= 0, name, value, "Write a number from 0.")


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """How the naive library is made.

    Args:
        clones: Productive VHH clones.
        frequency_sd: Standard deviation of the natural logarithm of a clone's frequency.
        families: V-like framework families, used equally often.
        mutations: Share of the framework residues of a clone that are drawn anew from the profile (most
            of these draws give the family's residue again).
        silent: Share of the framework codons of a clone that are drawn anew.
        stop: Share of the library's molecules with a stop codon.
        frameshift: Share with an insertion or deletion that shifts the frame.
        empty: Share without a VHH (empty vector).
        amber: Share of the productive clones that carry an amber codon (TAG) for a glutamine.
        shared_cdr3: Share of the productive clones that truly share the CDR3 of another clone.
        siblings: Share of the productive clones whose CDR3 is one or two residues off another's.
        primers: `framework` (inside FR1 and FR4) or `vector` (leader and tag around the whole VHH).
    """

    clones: int = 20_000
    frequency_sd: float = 1.2
    families: int = 6
    mutations: float = 0.25
    silent: float = 0.02
    stop: float = 0.02
    frameshift: float = 0.03
    empty: float = 0.005
    amber: float = 0.0
    shared_cdr3: float = 0.0
    siblings: float = 0.0
    primers: Primers = "framework"

    def __post_init__(self) -> None:
        _check_whole(self, 1, "clones", "families")
        _check_spread(self, "frequency_sd")
        _check_share(self, 0.5, "mutations", "silent", "shared_cdr3", "siblings")
        _check_share(self, 1.0, "amber")
        _check_share(self, 0.9, "stop", "frameshift", "empty")
        defective = self.stop + self.frameshift + self.empty
        _require(
            defective <= 0.9,
            "stop + frameshift + empty",
            f"{defective:g}",
            "Write shares that add up to 0.9 at most.",
        )
        _require(self.primers in PRIMER_NAMES, "primers", self.primers, "Write 'framework' or 'vector'.")


@dataclass(frozen=True, slots=True)
class PanningSettings:
    """How clones bind and grow and how the selections are run; the defaults are `standard`.

    Lognormal laws are given by their median and the standard deviation of the natural logarithm.

    Args:
        specific: Clones that bind one antigen, for each antigen.
        sticky: Clones retained by every surface.
        growers: Clones whose phage multiplies faster.
        background: Median share of a clone's phage retained without binding.
        background_sd: Its spread between clones.
        binding: Median factor by which a specific or sticky clone is retained better.
        binding_sd: Its spread between clones.
        sticky_counter_sd: Spread between a sticky clone's factors on target and counter.
        amplification_sd: Spread of the amplification (median 1) between clones.
        growth: Median factor by which a grower amplifies more.
        growth_sd: Its spread between growers.
        aliquot_sd: Spread of the clone frequencies between the aliquots the selections start from.
        bottleneck: Expected phages eluted in a round.
        amplification_shape: Shape of the gamma law (mean 1) of a clone's amplification in one round.
        jackpots: Clones that explode in the last round of a selection.
        jackpot_factor: How much.
        rounds: Rounds of panning.
        sequenced: Which rounds are sequenced; empty for all.
        replicates: Independent selections of each arm.
        antigens: Target antigens.
        counter: Whether a counter arm is panned.
        control: Whether an arm is only amplified, without antigen.
        inputs: Samples of the unpanned library.
        reads: Productive molecules sequenced in each sample.
    """

    specific: int = 200
    sticky: int = 200
    growers: int = 200
    background: float = 1e-3
    background_sd: float = 0.25
    binding: float = 12.0
    binding_sd: float = 0.5
    sticky_counter_sd: float = 0.15
    amplification_sd: float = 0.15
    growth: float = 4.0
    growth_sd: float = 0.3
    aliquot_sd: float = 0.15
    bottleneck: float = 2e5
    amplification_shape: float = 4.0
    jackpots: int = 10
    jackpot_factor: float = 50.0
    rounds: int = 2
    sequenced: tuple[int, ...] = ()
    replicates: int = 3
    antigens: int = 1
    counter: bool = True
    control: bool = False
    inputs: int = 3
    reads: int = 200_000

    def __post_init__(self) -> None:
        _check_whole(self, 0, "specific", "sticky", "growers", "jackpots", "inputs")
        _check_whole(self, 1, "rounds", "replicates", "antigens", "reads")
        _check_positive(
            self, "background", "binding", "growth", "bottleneck", "amplification_shape", "jackpot_factor"
        )
        _check_spread(
            self,
            "background_sd",
            "binding_sd",
            "sticky_counter_sd",
            "amplification_sd",
            "growth_sd",
            "aliquot_sd",
        )
        for number in self.sequenced:
            _require(
                1 <= number <= self.rounds,
                "sequenced",
                number,
                f"Write rounds from 1 to {self.rounds}, the last round of this panning.",
            )

    @property
    def rounds_sequenced(self) -> tuple[int, ...]:
        """The rounds that are sequenced, in order."""
        return tuple(sorted(set(self.sequenced))) or tuple(range(1, self.rounds + 1))


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How molecules become reads.

    Args:
        read_length: Cycles of each mate.
        paired: Whether there is a second mate.
        binned: Whether qualities come in the four bins 2, 11, 25, 37 or as whole numbers 2-40.
        quality_start: Phred quality of the first cycle.
        quality_end_1: Phred quality of the last cycle of mate 1.
        quality_end_2: Phred quality of the last cycle of mate 2.
        quality_spread: Standard deviation of the quality between reads.
        sequencing_errors: Whether the sequencer errs as its qualities say.
        pcr_substitutions: Substitutions per base of the amplicon before sequencing.
        indels: Insertions and deletions per base read.
        unread: Bases read as N, per base.
        chimeras: Share of the molecules that PCR has recombined.
        fr2_breakpoints: Share of the recombinations that happen in FR2; the others happen in FR3.
        swapped: Share of the pairs in which mate 1 reads the reverse strand.
        spacers: Longest phase spacer before the primer of each mate; 0 for none.
    """

    read_length: int = 250
    paired: bool = True
    binned: bool = True
    quality_start: float = 37.0
    quality_end_1: float = 25.0
    quality_end_2: float = 20.0
    quality_spread: float = 1.5
    sequencing_errors: bool = True
    pcr_substitutions: float = 0.0006
    indels: float = 1e-5
    unread: float = 1e-5
    chimeras: float = 0.0
    fr2_breakpoints: float = 0.15
    swapped: float = 0.0
    spacers: int = 0

    def __post_init__(self) -> None:
        value = self.read_length
        _require(20 <= value <= 1000, "read_length", value, "Write a whole number from 20 to 1000.")
        for name in ("quality_start", "quality_end_1", "quality_end_2"):
            quality = getattr(self, name)
            _require(2 <= quality <= 40, name, quality, "Write a Phred quality from 2 to 40.")
        _check_spread(self, "quality_spread")
        _check_share(self, 0.1, "pcr_substitutions", "indels", "unread")
        _check_share(self, 0.5, "chimeras")
        _check_share(self, 1.0, "fr2_breakpoints", "swapped")
        _require(0 <= self.spacers <= 12, "spacers", self.spacers, "Write a whole number from 0 to 12.")


def named_panning_settings(name: str) -> PanningSettings:
    """Give the panning settings that have a name.

    Args:
        name: `standard`, `harsh` (uneven aliquots, few reads, a narrow bottleneck) or `null`
            (standard without one specific clone).

    Returns:
        The settings.

    Raises:
        InputError: If no settings have this name.

    Examples:
        >>> named_panning_settings("harsh").bottleneck
        50000.0
    """
    standard = PanningSettings()
    if name == "standard":
        return standard
    if name == "harsh":
        return replace(standard, aliquot_sd=0.6, reads=40_000, bottleneck=5e4)
    if name == "null":
        return replace(standard, specific=0)
    msg = f"'{name}' is no setting. Write one of {', '.join(SETTING_NAMES)}."
    raise InputError(msg)


def settings_table(settings: LibrarySettings | PanningSettings | ReadSettings) -> dict[str, object]:
    """Give settings by name, in the order of their definition, as JSON can hold them."""
    table: dict[str, object] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        table[field.name] = list(value) if isinstance(value, tuple) else value
    return table
