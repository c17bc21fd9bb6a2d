"""Statistics of human ratings: shares, strengths, agreement, bias and power."""

from evaluation.ratings.agreement import (
    Agreement,
    Consistency,
    agreement,
    consistency,
)
from evaluation.ratings.exclusions import ExclusionRule, Screening, screen
from evaluation.ratings.metric_agreement import MetricAgreement, metric_agreement
from evaluation.ratings.picks import Picks, RatingError, Ties, count_picks
from evaluation.ratings.power import Power, Simulations, power_grid
from evaluation.ratings.resampling import MIN_CLUSTERS, RESAMPLES
from evaluation.ratings.shares import (
    Bounds,
    Share,
    share_difference,
    shares,
    wilson,
)
from evaluation.ratings.simulation import (
    RaterModel,
    ahead_by,
    method_strengths,
    simulate_picks,
    simulate_tastes,
)
from evaluation.ratings.slots import SlotBias, slot_bias
from evaluation.ratings.strengths import Strength, strengths

__all__ = [
    "MIN_CLUSTERS",
    "RESAMPLES",
    "Agreement",
    "Bounds",
    "Consistency",
    "ExclusionRule",
    "MetricAgreement",
    "Picks",
    "Power",
    "RaterModel",
    "RatingError",
    "Screening",
    "Share",
    "Simulations",
    "SlotBias",
    "Strength",
    "Ties",
    "agreement",
    "ahead_by",
    "consistency",
    "count_picks",
    "method_strengths",
    "metric_agreement",
    "power_grid",
    "screen",
    "share_difference",
    "shares",
    "simulate_picks",
    "simulate_tastes",
    "slot_bias",
    "strengths",
    "wilson",
]
