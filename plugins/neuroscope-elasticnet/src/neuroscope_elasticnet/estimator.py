"""The probe as a scikit-learn classifier."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone  # noqa: TID253 - the classes below derive from these
from sklearn.exceptions import ConvergenceWarning  # noqa: TID253
from sklearn.utils.validation import check_array, check_is_fitted, validate_data  # noqa: TID253

from neuroscope_elasticnet.matrix.scaling import row_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from neuroscope import Problem
    from neuroscope_elasticnet.batching.jobs import Solution
    from neuroscope_elasticnet.batching.training import Settings

_CHOICES = {
    "solver": ("optimum", "adam"),
    "scale": ("soft", "sd", "none"),
    "penalty": ("fixed", "cv"),
    "norm": ("squared", "plain"),
}


class ElasticNetProbe(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Softmax regression with L1 and L2 penalties (the paper's eq. 1): mean cross-entropy + l1 sum|W| + l2 sum W^2.

    ``W`` are the weights of the scaled columns, one row a class, for two classes too; the bias is not penalised.

    Args:
        solver: ``optimum`` finds the minimum, the same for every seed; ``adam`` is the paper's recipe (section 4.3), a
            fixed number of steps from a random start.
        l1: weight of the sum of absolute weights.
        l2: weight of the sum of squared weights.
        scale: what a column is divided by, learned from the training rows. ``soft``: sqrt(sd^2 + (median sd of its
            layer)^2); ``sd``: its standard deviation; ``none``: 1. Columns are centred too, but not by ``adam`` under
            ``none``.
        penalty: ``fixed`` uses ``l1`` and ``l2``; ``cv`` chooses l1 = l2 among 1e-1, 1e-2, ... 1e-5 by cross-entropy on
            up to 3 held-out folds that share no group, then fits all rows. Of two penalties the weaker is taken where
            it saves a hundredth of what the classes' frequencies alone lose; the search ends where it does not.
        norm: ``squared`` as in the paper's equation; ``plain``: l2 sqrt(sum W^2) as in NeuroX, for ``adam`` alone.
        shuffle: of ``adam``: new order of the rows in each epoch; NeuroX keeps the order of the data.
        epochs: of ``adam``.
        batch: of ``adam``, rows of an update.
        learning_rate: of ``adam``.
        tolerance: of ``optimum``: largest duality gap, as a share of the objective.
        max_iter: of ``optimum``: Newton steps at most.
        random_state: seed of ``adam``'s start and orders.

    Attributes:
        classes_: ``[classes]``.
        coef_: ``[classes, columns]``, in units of the raw columns; a column that was constant in training has weight 0.
        intercept_: ``[classes]``.
        center_: ``[columns]``, what was subtracted.
        scale_: ``[columns]``, what was divided by (1 instead of 0); ``coef_ * scale_`` are the weights ``W``.
        n_iter_: Newton steps, or Adam's updates.
        l1_, l2_: the penalties used.
        converged_: whether ``optimum`` reached its tolerance; ``adam`` has done what was asked.
        gap_: (objective - lower bound of its minimum) / objective; NaN where there is no minimum (no penalty, and
            classes that planes separate), and of ``adam`` without a penalty.
        excess_loss_: (objective - lower bound of its minimum) / the cross-entropy of who knows the classes'
            frequencies alone: how much of all that can be learned is not, at most. NaN as ``gap_``.
        n_features_in_: columns seen in training.

    ``adam`` computes in the type of ``X``, as torch does; ``optimum`` in float64.

    Memory beside ``X``, which is not copied (a selection of rows or columns is, up to 128 MiB): blocks of 8 MiB;
    ``optimum`` adds the columns of its working set (up to twice as many as get a weight) in the type of ``X``. With
    ``l1 = 0`` and the smaller side m up to 1,500, or ``l2`` below 1e-2, four matrices of m x m and two of rows x m in
    float64.
    """

    def __init__(
        self,
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
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.solver = solver
        self.l1 = l1
        self.l2 = l2
        self.scale = scale
        self.penalty = penalty
        self.norm = norm
        self.shuffle = shuffle
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.tolerance = tolerance
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        column_groups: ArrayLike | None = None,
    ) -> Self:
        """Train this probe on rows and their classes.

        Args:
            X: ``[rows, columns]``, float32 or float64 (else converted); may be a read-only memory map.
            y: ``[rows]``, at least two classes.
            sample_weight: ``[rows]``, not negative; whole numbers mean repeated rows, and ``adam`` takes no others.
            groups: ``[rows]``, integers: rows that ``penalty=cv`` keeps together; None = each row is its own group.
            column_groups: ``[columns]``, integers: the layer of each column, for ``scale=soft``; None = one layer.

        Raises:
            ValueError: a parameter or the data cannot be used.
        """
        from neuroscope_elasticnet.batching.jobs import make_job
        from neuroscope_elasticnet.batching.many import run

        self._check_parameters()
        values, labels = validate_data(self, X, y, dtype=[np.float64, np.float32])
        everything = slice(0, values.shape[1])
        job = make_job(self._settings(), values, labels, sample_weight, everything, groups, column_groups)
        self._take(*run(np.asarray(values), [job]))
        self._warn()
        return self

    def fit_many(
        self,
        X: ArrayLike,
        y: ArrayLike,
        problems: Iterable[Problem],
        *,
        groups: ArrayLike | None = None,
        column_groups: ArrayLike | None = None,
    ) -> list[ElasticNetProbe]:
        """Train a copy of this probe for each problem, in shared passes over the rows; this probe is not changed.

        The same as fitting one by one: ``adam`` takes the same steps, up to the rounding of the data's type (weights
        that a strong ``l1`` keeps jumping around 0 in small batches enlarge it); ``optimum`` ends within the same gap.
        Any number of threads gives the same bits; as many are used as BLAS may use.

        Args:
            X: ``[rows, columns]``, float32 or float64 (else converted); may be a read-only memory map.
            y: ``[rows]``, for the problems that bring no labels of their own.
            problems: what differs in each; rows of weight 0 are left out.
            groups: ``[rows]``, as in `fit`.
            column_groups: ``[columns]``, as in `fit`.

        Returns:
            Fitted probes, in the problems' order.

        Raises:
            ValueError: a parameter or the data cannot be used.
        """
        from neuroscope_elasticnet.batching.jobs import make_job
        from neuroscope_elasticnet.batching.many import run
        from neuroscope_elasticnet.matrix.selection import places

        values = np.asarray(check_array(X, dtype=[np.float64, np.float32]))
        probes, jobs = [], []
        for each in problems:
            probe = clone(self).set_params(**each.params)
            probe._check_parameters()
            columns = places(each.columns, values.shape[1])
            labels = y if each.y is None else each.y
            settings = probe._settings()
            jobs.append(make_job(settings, values, labels, each.sample_weight, columns, groups, column_groups))
            probes.append(probe)
        for probe, solution in zip(probes, run(values, jobs), strict=True):
            probe._take(solution)
            probe.n_features_in_ = probe.coef_.shape[1]
            probe._warn()
        return probes

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Logits ``[rows, classes]``; of two classes, their difference ``[rows]`` (positive = the second)."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities ``[rows, classes]``."""
        logits = self._logits(X)
        share: NDArray[np.float64] = np.exp(logits - logits.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        return share

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each row; the first of equals."""
        logits = self._logits(X)
        chosen: NDArray[Any] = self.classes_[logits.argmax(axis=1)]
        return chosen

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # sixty updates on a small data set are no converged fit, and do not pretend to be
        tags.classifier_tags.poor_score = self.solver == "adam"
        return tags

    def _logits(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        values = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        logits = np.empty((len(values), len(self.classes_)))
        for rows in row_blocks(*values.shape):
            logits[rows] = values[rows].astype(np.float64) @ self.coef_.T + self.intercept_
        return logits

    def _settings(self) -> Settings:
        from neuroscope_elasticnet.batching.training import Settings

        return Settings(**{name: getattr(self, name) for name in Settings.__dataclass_fields__})

    def _take(self, solution: Solution) -> None:
        self.classes_ = solution.classes
        self.coef_, self.intercept_ = solution.coef, solution.intercept
        self.center_, self.scale_ = solution.center, solution.scale
        self.l1_, self.l2_ = solution.l1, solution.l2
        self.n_iter_, self.gap_, self.converged_ = solution.steps, solution.gap, solution.converged
        self.excess_loss_ = solution.excess_loss

    def _check_parameters(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        for name in ("l1", "l2", "epochs", "max_iter"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be a finite number of at least 0, not {getattr(self, name)!r}")
        for name in ("batch", "learning_rate", "tolerance"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be a finite number above 0, not {getattr(self, name)!r}")
        if self.norm == "plain" and self.solver == "optimum":
            raise ValueError("norm='plain' goes with solver='adam' alone: the optimum's penalty is the squared norm")

    def _warn(self) -> None:
        if self.converged_:
            return
        told = (
            f"the fit stopped after {self.n_iter_} steps at a relative duality gap of {self.gap_:.1e}, above the "
            f"tolerance of {self.tolerance:.1e}: raise max_iter or the tolerance, or use a stronger penalty"
        )
        if np.isnan(self.gap_):
            told = (
                "there is no optimum: planes separate the classes, and without a penalty the weights grow with every "
                f"step ({self.n_iter_} were done); use a penalty"
            )
        warnings.warn(told, ConvergenceWarning, stacklevel=3)
