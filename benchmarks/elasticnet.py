"""Time of the elastic-net probe's optimum against scikit-learn's saga, at an equal duality gap.

Both minimise mean cross-entropy + l1 sum|W| + l2 sum W^2 on the same generated, scaled columns. saga has no gap to
stop at: it is given more and more passes, and the first fit whose gap (judged by the probe's own certificate) is small
enough counts, timed alone. The probe's time includes centre and scale. Run with OMP_NUM_THREADS=1 for one thread each.

    python benchmarks/elasticnet.py [--large] [--tolerance 1e-3]
    python benchmarks/elasticnet.py --gaps      # weak penalties: the time to each gap; saga is stopped after minutes
    python benchmarks/elasticnet.py --cv        # the time of penalty=cv as a ratio to the single fit
"""

import argparse
import time
import warnings

import numpy as np
import own_folder_last  # noqa: F401
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from neuroscope_elasticnet.estimator import ElasticNetProbe
from neuroscope_elasticnet.matrix.scaling import ScaledMatrix
from neuroscope_elasticnet.solvers.fit import Fit
from neuroscope_elasticnet.solvers.gap import relative_gap
from neuroscope_elasticnet.solvers.softmax import Targets

PASSES = (10, 30, 100, 300, 1000, 3000)


def generated(rows, columns, classes, seed=0, factors=60):
    """Correlated columns of unequal size; classes that eight of sixty factors decide, with noise."""
    generator = np.random.default_rng(seed)
    hidden = generator.standard_normal((rows, factors)) * np.linspace(3, 0.3, factors)
    values = hidden @ generator.standard_normal((factors, columns)) / np.sqrt(factors)
    values += 0.7 * generator.standard_normal((rows, columns))
    values = values * np.exp(generator.standard_normal(columns)) + 5 * generator.standard_normal(columns)
    scores = hidden[:, :8] @ generator.standard_normal((8, classes)) + 1.5 * generator.standard_normal((rows, classes))
    return values.astype(np.float32), scores.argmax(axis=1)


def timed(fit):
    start = time.perf_counter()
    fitted = fit()
    return fitted, time.perf_counter() - start


def saga(scaled, y, classes, l1, l2, passes):
    """Seconds of one run of saga, and its gap.

    With two classes scikit-learn fits one row v = W1 - W0, whose penalty is l1 |v| + l2/2 v^2. Its objective is
    C sum(loss) + r |v| + (1 - r)/2 v^2.
    """
    ridge = l2 if classes == 2 else 2 * l2
    strength = l1 + ridge
    targets = Targets((np.arange(classes)[:, None] == y).astype(float), np.full(len(y), 1 / len(y)))
    matrix = ScaledMatrix(scaled, np.zeros(scaled.shape[1]), np.ones(scaled.shape[1]))
    model = LogisticRegression(
        solver="saga", l1_ratio=l1 / strength, C=1 / (len(y) * strength), max_iter=passes, tol=0.0, random_state=0
    )
    model, seconds = timed(lambda: model.fit(scaled, y))
    weights, bias = model.coef_, model.intercept_
    if classes == 2:
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return seconds, relative_gap(matrix, targets, Fit(weights, bias, passes, np.nan), l1, l2)


def shortest(scaled, y, classes, l1, l2, tolerance, budget):
    """Seconds, passes and gap of saga's shortest run that reaches the tolerance, or of the first beyond the budget."""
    for passes in PASSES:
        seconds, gap = saga(scaled, y, classes, l1, l2, passes)
        if gap <= tolerance or seconds > budget:
            break
    return seconds, passes, gap


def gaps(rows, columns, classes, penalty, budget):
    """The time to each gap; every run of saga is judged by all of them."""
    values, y = generated(rows, columns, classes)
    wanted = (1e-1, 1e-2, 1e-3)
    ours = {}
    for tolerance in wanted:
        probe, seconds = timed(
            lambda tolerance=tolerance: ElasticNetProbe(l1=penalty, l2=penalty, tolerance=tolerance).fit(values, y)
        )
        ours[tolerance] = (seconds, probe.gap_)
    scaled = (values - probe.center_) / probe.scale_
    theirs = {}
    for passes in (*PASSES, 10_000, 30_000, 100_000):
        seconds, gap = saga(scaled, y, classes, penalty, penalty, passes)
        for tolerance in wanted:
            if gap <= tolerance:
                theirs.setdefault(tolerance, (seconds, passes))
        if seconds > budget or len(theirs) == len(wanted):
            break
    print(f"{rows} x {columns} x {classes}, l1 = l2 = {penalty:.0e}; saga's last run: {seconds:.0f} s, gap {gap:.1e}")
    for tolerance, (own, reached) in ours.items():
        other = theirs.get(tolerance)
        said = f"saga {other[0]:8.2f} s ({other[1]} passes)  ratio {other[0] / own:6.1f}" if other else "saga never"
        print(f"  gap {tolerance:.0e}: optimum {own:7.3f} s (gap {reached:.0e})  {said}", flush=True)


def compare(rows, columns, classes, penalty, tolerance, budget):
    values, y = generated(rows, columns, classes)
    probe, ours = timed(lambda: ElasticNetProbe(l1=penalty, l2=penalty, tolerance=tolerance).fit(values, y))
    scaled = (values - probe.center_) / probe.scale_
    theirs, passes, gap = shortest(scaled, y, classes, penalty, penalty, tolerance, budget)
    reached = "" if gap <= tolerance else f" (stopped at gap {gap:.0e}: at least)"
    used = np.count_nonzero(probe.coef_.any(axis=0))
    ratio = theirs / ours
    print(
        f"{rows:6} x {columns:6} x {classes}  l1=l2={penalty:.0e}  optimum {ours:8.3f} s ({probe.n_iter_:4} steps, gap "
        f"{probe.gap_:.0e}, {used:5} columns)  saga {theirs:8.2f} s ({passes:5} passes)  ratio {ratio:7.1f}{reached}",
        flush=True,
    )


def alike(rows=1034, columns=600, classes=5, groups=60, rank=40, noise=0.15, apart=1.0, seed=0):
    """Strongly correlated columns, of low rank but for noise, cut off below as a network's are; labels of groups."""
    generator = np.random.default_rng(seed)
    member = np.sort(generator.integers(groups, size=rows))
    y = (np.arange(groups) % classes)[member]
    hidden = generator.standard_normal((rows, rank)) + 0.7 * generator.standard_normal((groups, rank))[member]
    hidden[:, :10] += apart * 2 / np.sqrt(10) * generator.standard_normal((classes, 10))[y]
    hidden *= np.exp(-2 * np.arange(rank) / rank)
    values = hidden @ generator.standard_normal((rank, columns)) / np.sqrt(rank)
    values += noise * values.std() * generator.standard_normal((rows, columns))
    return np.maximum(values, -1).astype(np.float32), y, member


def choosing(**world):
    """The time of penalty=cv, the single fit with the default penalties, and the one with the chosen penalties."""
    values, y, member = alike(**world)
    chosen, cv = timed(lambda: ElasticNetProbe(penalty="cv").fit(values, y, groups=member))
    _, default = timed(lambda: ElasticNetProbe().fit(values, y))
    _, single = timed(lambda: ElasticNetProbe(l1=chosen.l1_, l2=chosen.l2_).fit(values, y))
    print(
        f"{world}: cv {cv:.2f} s chose {chosen.l1_:.0e} (gap {chosen.gap_:.0e}); the default's single fit {default:.2f}"
        f" s, ratio {cv / default:.1f}; that of the choice {single:.2f} s, ratio {cv / single:.1f}",
        flush=True,
    )


def grow(sizes, tolerance):
    for rows, columns in sizes:
        values, y = generated(rows, columns, 2)
        probe, seconds = timed(lambda values=values, y=y: ElasticNetProbe(tolerance=tolerance).fit(values, y))
        print(f"{rows:6} x {columns:6}  {seconds:8.3f} s  {probe.n_iter_:4} steps", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="5,000 x 9,216 too (minutes)")
    parser.add_argument("--gaps", action="store_true")
    parser.add_argument("--cv", action="store_true")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="relative duality gap")
    parser.add_argument(
        "--budget", type=float, default=20.0, help="seconds of one run behind which saga gets no more passes"
    )
    given = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    _, first = timed(lambda: ElasticNetProbe().fit(*generated(30, 20, 2)))
    print(f"first fit of this process (loads or compiles the kernels): {first:.2f} s")
    if given.gaps:
        gaps(1000, 2000, 3, 1e-5, 300.0)  # C = 1 / (3e-5 rows) and l1_ratio = 1/3 are l1 = l2 = 1e-5
        return
    if given.cv:
        for classes in (2, 5):
            for noise, apart in ((0.15, 1.0), (0.02, 0.4), (0.02, 1.0), (0.15, 3.0)):
                choosing(classes=classes, noise=noise, apart=apart)
        return
    print(f"\nAgainst saga, relative duality gap <= {given.tolerance:g}")
    for size in [(255, 1024, 2), (1000, 2000, 3)] + [(5000, 9216, 2)] * given.large:
        for penalty in (1e-2, 1e-3, 1e-4):
            compare(*size, penalty, given.tolerance, given.budget)
    print("\nWith more rows (1,024 columns, 2 classes, l1=l2=1e-3)")
    grow([(rows, 1024) for rows in (250, 500, 1000, 2000, 4000)], given.tolerance)
    print("\nWith more columns (500 rows)")
    grow([(500, columns) for columns in (512, 1024, 2048, 4096, 8192)], given.tolerance)


if __name__ == "__main__":
    main()
