"""The probe ``elasticnet`` of neuroscope, and the rankings ``weight-mass``, ``t`` and ``probeless``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import neuroscope

if TYPE_CHECKING:
    from neuroscope import Probe, Ranker, Registrar

neuroscope_api = 1


@neuroscope.hookimpl
def register_probes(register: Registrar[Probe]) -> None:
    """Offer the probe ``elasticnet``."""
    register(
        "elasticnet",
        make_elasticnet,
        summary="softmax regression with L1 and L2 penalties: its exact optimum, or the paper's 20 epochs of Adam",
    )


@neuroscope.hookimpl
def register_rankings(register: Registrar[Ranker]) -> None:
    """Offer the rankings ``weight-mass``, ``t`` and ``probeless``."""
    register(
        "weight-mass",
        "neuroscope_elasticnet.rankings.weight_mass:WeightMass",
        summary="absolute weights, the largest of each class first (the paper's Algorithm 1)",
    )
    register(
        "t",
        "neuroscope_elasticnet.rankings.t_statistic:TStatistic",
        summary="distances of class means, in standard deviations within the classes; each neuron alone",
    )
    register(
        "probeless",
        "neuroscope_elasticnet.rankings.probeless:Probeless",
        summary="differences of class means, in standard deviations, summed over the pairs of classes",
    )


def make_elasticnet(
    *,
    solver: Literal["optimum", "adam"] = "optimum",
    l1: float = 1e-3,
    l2: float = 1e-3,
    scale: Literal["soft", "sd", "none"] = "soft",
    penalty: Literal["fixed", "cv"] = "fixed",
    norm: Literal["squared", "plain"] = "squared",
    shuffle: bool = True,
    epochs: int = 20,
    batch: int = 128,
    learning_rate: float = 1e-3,
    tolerance: float = 1e-3,
    max_iter: int = 1000,
) -> Probe:
    """Softmax regression with L1 and L2 penalties (the paper's eq. 1), as an unfitted ``ElasticNetProbe``.

    Args:
        solver: ``optimum`` finds the minimum; ``adam`` is the paper's recipe, a fixed number of steps.
        l1: weight of the sum of absolute weights.
        l2: weight of the sum of squared weights.
        scale: what a column is divided by: ``soft`` = sqrt(sd^2 + (median sd of its layer)^2), ``sd``, or ``none``.
        penalty: ``fixed`` uses l1 and l2; ``cv`` chooses l1 = l2 on folds of the training groups.
        norm: ``squared`` as in the paper's equation; ``plain`` as in NeuroX, for ``adam`` alone.
        shuffle: of ``adam``: a new order of the rows in each epoch.
        epochs: of ``adam``.
        batch: of ``adam``: rows of an update.
        learning_rate: of ``adam``.
        tolerance: of ``optimum``: largest duality gap, as a share of the objective.
        max_iter: of ``optimum``: Newton steps at most.
    """
    from neuroscope_elasticnet.estimator import ElasticNetProbe

    return ElasticNetProbe(
        solver=solver,
        l1=l1,
        l2=l2,
        scale=scale,
        penalty=penalty,
        norm=norm,
        shuffle=shuffle,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        tolerance=tolerance,
        max_iter=max_iter,
    )
