"""The limits of all checks in one place; each default is explained where the check is made."""

from __future__ import annotations

from dataclasses import dataclass

from bactrian.core.errors import InputError
from bactrian.discovery.library import contamination, depth, jackpots, takeovers


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """The limits of all checks; each default is explained beside the check.

    Args:
        takeover: Share of a sample from which one CDR3 and its siblings are a takeover.
        watch: Share from which they are watched where replicates do not show it.
        discordant: Factor over the replicates' median from which they do not show it.
        fewest_productive: Productive molecules below which a sample has low depth.
        relative_depth: Share of the other samples' median below which a sample has low depth.
        jackpot_fold: Factor over the replicates from which a unit may be a jackpot.
        jackpot_rise: Factor over the past from which a unit rises.
        contamination: Rate from which a sample is flagged as contaminated.
        coverage: Share of the pool for which the depth is given.
        transformant_share: Share of the transformants for which the depth is given.
        extend: Last depth of the rarefaction curves as a multiple of the full depth.
        resamplings: Bootstrap samples behind the intervals of Hill numbers.
        confidence: Level of all intervals.
    """

    takeover: float = takeovers.TAKEOVER
    watch: float = takeovers.WATCH
    discordant: float = takeovers.DISCORDANT
    fewest_productive: int = depth.MINIMUM
    relative_depth: float = depth.RELATIVE
    jackpot_fold: float = jackpots.FOLD
    jackpot_rise: float = jackpots.RISE
    contamination: float = contamination.RATE
    coverage: float = 0.9
    transformant_share: float = 0.95
    extend: float = 2.0
    resamplings: int = 100
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name in (
            "takeover",
            "watch",
            "relative_depth",
            "contamination",
            "coverage",
            "transformant_share",
        ):
            value = getattr(self, name)
            if not 0 < value < 1:
                msg = f"'{value}' is no setting for {name}. Write a share between 0 and 1."
                raise InputError(msg)
        if self.watch > self.takeover:
            msg = f"'{self.watch}' for watch is above takeover ({self.takeover}). Write a smaller share."
            raise InputError(msg)
