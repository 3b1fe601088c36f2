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
    """An unfitted `ElasticNetProbe`; its class says what each option means."""
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
