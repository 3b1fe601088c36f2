"""Time of many probes at once against the same probes one by one, and against the bare products of matrices.

Problems over the same generated rows: six layers and all columns, seeds, true and permuted labels. The two sides run
one after the other in one process, on as many threads as OMP_NUM_THREADS says. "Bare products" are the two products of
matrices of every update and nothing else, with as many problems at a time as see the same rows in the same order.

    python benchmarks/many_probes.py [--preset paper|neurox|optimum|ridge] [--seeds 5] [--rows 4000] [--columns 11100]
    python benchmarks/many_probes.py --neurox      # NeuroX 1.0.9's fit of all columns; install it with --no-deps
    python benchmarks/many_probes.py --protocol    # the whole neuron protocol on both sides (minutes)
"""

import argparse
import contextlib
import io
import os
import time
from itertools import pairwise

import numpy as np
import own_folder_last  # noqa: F401

from neuroscope import Problem
from neuroscope.defaults import PRESETS
from neuroscope_elasticnet import make_elasticnet
from neuroscope_elasticnet.rankings.mass import left_mass, scores

PERCENTS = (1, 5, 10, 15, 20, 25, 50, 75)
SHARES = np.array([2000, 2000, 2000, 3000, 1500, 600]) / 11100  # of the paper's six layers
EPOCHS, BATCH = 20, 128


def generated(rows, columns, classes, seed=0):
    """Columns of which one in twenty tells the class, unequal in size."""
    generator = np.random.default_rng(seed)
    y = generator.integers(0, classes, rows)
    values = generator.standard_normal((rows, columns), dtype=np.float32)
    values[:, ::20] += 0.3 * generator.standard_normal((classes, len(range(0, columns, 20))), dtype=np.float32)[y]
    values *= np.exp(generator.standard_normal(columns, dtype=np.float32) / 2)
    return values, y


def probe_of(preset):
    if preset in PRESETS:
        _, text = PRESETS[preset].probe.split(",", 1)
        kinds = {"l1": float, "l2": float, "shuffle": lambda said: said == "true"}
        given = dict(each.split("=") for each in text.split(","))
        return make_elasticnet(**{name: kinds.get(name, str)(value) for name, value in given.items()})
    return make_elasticnet(l1=0.0, l2=1.0) if preset == "ridge" else make_elasticnet()


def layers_of(columns):
    ends = np.round(np.cumsum([0, *SHARES]) * columns).astype(int)
    return [np.arange(begin, end) for begin, end in pairwise(ends)]


def timed(work):
    start = time.perf_counter()
    done = work()
    return done, time.perf_counter() - start


def alone(probe, values, y, problem):
    from sklearn.base import clone

    fitted = clone(probe).set_params(**problem.params)
    seen = values if problem.columns is None else values[:, problem.columns[0] : problem.columns[-1] + 1]
    return fitted.fit(seen, y if problem.y is None else problem.y)


def bare(values, classes, widths, stacked):
    """Seconds of the two products of each update, for problems of the given widths, ``stacked`` of them at once."""
    total = 0.0
    for width in sorted(set(widths)):
        weights = np.full((classes * stacked, width), 0.01, np.float32)
        start = time.perf_counter()
        for begin in range(0, len(values), BATCH):
            block = values[begin : begin + BATCH, :width]
            (block @ weights.T).T @ block
        total += (time.perf_counter() - start) * EPOCHS * widths.count(width) / stacked
    return total


def compare(given):
    values, y = generated(given.rows, given.columns, given.classes)
    probe = probe_of(given.preset)
    permuted = np.random.default_rng(1).permutation(y)
    chosen = [*layers_of(given.columns), None]
    problems = [
        Problem(y=labels, columns=columns, params={"random_state": seed})
        for columns in chosen
        for seed in range(given.seeds)
        for labels in (None, permuted)
    ]
    small = [slice(0, 60), np.arange(60) % 3]
    for kind in (problems[:2], problems[-2:]):  # compile
        probe.fit_many(values[small[0]], small[1], [Problem(params=each.params) for each in kind])
    many, at_once = timed(lambda: probe.fit_many(values, y, problems))
    single, apart = timed(lambda: [alone(probe, values, y, each) for each in problems])
    worst = max(np.abs(a.coef_ - b.coef_).max() / np.abs(b.coef_).max() for a, b in zip(many, single, strict=True))
    print(f"{len(problems)} problems, {given.rows} x {given.columns}, {given.classes} classes, {given.preset}")
    print(f"  at once {at_once:.1f} s, one by one {apart:.1f} s, ratio {apart / at_once:.1f}")
    print(f"  largest difference of a weight, as a share of the largest weight: {worst:.1e}; gap {many[0].gap_:.1e}")
    if probe.solver == "adam":
        widths = [given.columns if each.columns is None else len(each.columns) for each in problems]
        stacked = 2 if probe.shuffle else max(128 // given.classes, 1)
        products = bare(values, given.classes, widths, min(stacked, 2 * given.seeds))
        print(f"  bare products {products:.1f} s: at once takes {at_once / products:.1f} times as long")


def neurox_fit(values, y, seed):
    import torch
    from neurox.interpretation import linear_probe

    torch.manual_seed(seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return linear_probe.train_logistic_regression_probe(
            values, y, lambda_l1=1e-5, lambda_l2=1e-5, num_epochs=EPOCHS, batch_size=BATCH
        )


def neurox(given):
    values, y = generated(given.rows, given.columns, given.classes)
    probe = probe_of("neurox")
    probe.fit_many(values[:60], np.arange(60) % 3, [Problem()])
    seeds = [Problem(params={"random_state": seed}) for seed in range(2 * given.seeds)]
    _, theirs = timed(lambda: [neurox_fit(values, y, seed) for seed in range(2)])
    _, ours = timed(lambda: [alone(probe, values, y, each) for each in seeds[:2]])
    _, stack = timed(lambda: probe.fit_many(values, y, seeds))
    theirs, ours, stack = theirs / 2, ours / 2, stack / len(seeds)
    print(
        f"all columns, {given.rows} x {given.columns}, {given.classes} classes, {EPOCHS} epochs, batch {BATCH}, a fit:"
    )
    print(f"  NeuroX {theirs:.2f} s, ours alone {ours:.2f} s ({theirs / ours:.1f} times as fast),")
    print(f"  ours in a stack of {len(seeds)}: {stack:.2f} s ({theirs / stack:.1f} times as fast)")


def order_of(coefficients):
    weights = np.abs(coefficients)
    return np.argsort(-scores(weights, left_mass(weights, inclusive=True)), kind="stable")


def subsets(order, generator):
    """Top, bottom and random columns at each share, as in the paper's curve."""
    for percent in PERCENTS:
        size = len(order) * percent // 100
        yield from (order[:size], order[-size:], generator.permutation(len(order))[:size])


def our_protocol(values, y, drawn, permuted, seeds):
    """Fits, orderings, masked and re-trained accuracies; returns seconds of each step."""
    probe, spent = probe_of("neurox"), {}
    params = [{"random_state": seed} for seed in range(seeds)]
    wanted = [
        Problem(columns=columns, params=each) for each in params for columns in (None, *layers_of(values.shape[1]))
    ]
    wanted += [Problem(y=permuted, params=each) for each in params]
    fits, spent["layers, all, permuted"] = timed(lambda: probe.fit_many(values, y, wanted))
    spent["random features"] = 0.0
    for seed, each in enumerate(params):
        features = drawn(seed)  # before the clock starts, on both sides
        spent["random features"] += timed(lambda f=features, p=each: probe.fit_many(f, y, [Problem(params=p)]))[1]
    whole = fits[: 7 * seeds : 7]
    orders, spent["ordering"] = timed(lambda: [order_of(each.coef_) for each in whole])
    test = values[:1000]
    size = values.shape[1] // 5

    def masked():
        for fitted, order in zip(whole, orders, strict=True):
            for kept in (order[:size], order[-size:], np.random.default_rng(0).permutation(len(order))[:size]):
                np.argmax(test[:, kept] @ fitted.coef_[:, kept].T + fitted.intercept_, axis=1)

    _, spent["masked"] = timed(masked)
    again = [
        Problem(columns=np.sort(columns), params=each)
        for each, order in zip(params, orders, strict=True)
        for columns in subsets(order, np.random.default_rng(1))
    ]
    _, spent["re-trained"] = timed(lambda: probe.fit_many(values, y, again))
    return spent


def their_protocol(values, y, drawn, permuted, seeds):
    """The same steps with NeuroX's own functions."""
    from neurox.interpretation import ablation, linear_probe

    spent = dict.fromkeys(("layers, all, permuted", "random features", "ordering", "masked", "re-trained"), 0.0)
    index = {str(number): number for number in range(int(y.max()) + 1)}
    test = values[:1000]

    def add(step, work):
        done, seconds = timed(work)
        spent[step] += seconds
        return done

    for seed in range(seeds):
        whole = add("layers, all, permuted", lambda seed=seed: neurox_fit(values, y, seed))
        for columns in layers_of(values.shape[1]):
            part = np.ascontiguousarray(values[:, columns])
            add("layers, all, permuted", lambda part=part, seed=seed: neurox_fit(part, y, seed))
        add("layers, all, permuted", lambda seed=seed: neurox_fit(values, permuted, seed))
        features = drawn(seed)
        add("random features", lambda seed=seed, features=features: neurox_fit(features, y, seed))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            order = add("ordering", lambda whole=whole: linear_probe.get_neuron_ordering(whole, index, 1000)[0])
            order = np.array([int(each) for each in order])
            for kept in list(subsets(order, np.random.default_rng(1)))[12:15]:
                zeroed = add("masked", lambda kept=kept: ablation.zero_out_activations_keep_neurons(test, kept))
                add("masked", lambda whole=whole, zeroed=zeroed: linear_probe.evaluate_probe(whole, zeroed, y[:1000]))
            for kept in subsets(order, np.random.default_rng(1)):
                part = add("re-trained", lambda kept=kept: ablation.filter_activations_keep_neurons(values, kept))
                add("re-trained", lambda part=part, seed=seed: neurox_fit(part, y, seed))
    return spent


def protocol(given):
    values, y = generated(given.rows, given.columns, given.classes)
    permuted = np.random.default_rng(1).permutation(y)

    def drawn(seed):
        return np.random.default_rng(seed).standard_normal(values.shape, dtype=np.float32)

    probe_of("neurox").fit_many(values[:60], np.arange(60) % 3, [Problem()])
    ours = our_protocol(values, y, drawn, permuted, given.seeds)
    theirs = their_protocol(values, y, drawn, permuted, given.seeds)
    sizes = [given.columns * percent // 100 for percent in PERCENTS]
    layers = [len(each) for each in layers_of(given.columns)]
    seeds, apart = given.seeds, [given.columns, *sizes, *sizes]  # features, top and bottom sets that no other fit has
    together = bare(values, given.classes, (layers + [given.columns] * 3 + sizes * 3) * seeds, 128 // given.classes)
    shared = bare(values, given.classes, (layers + [given.columns] * 2 + sizes) * seeds, seeds)
    shared += bare(values, given.classes, apart * seeds, 1)
    print(f"neuron protocol, {given.rows} x {given.columns}, {given.classes} classes, {given.seeds} seeds")
    for step, seconds in ours.items():
        print(f"  {step:24} ours {seconds:8.2f} s  NeuroX {theirs[step]:8.2f} s  ratio {theirs[step] / seconds:8.1f}")
    mine, other = sum(ours.values()), sum(theirs.values())
    print(f"  {'all':24} ours {mine:8.2f} s  NeuroX {other:8.2f} s  ratio {other / mine:8.1f}")
    print(f"  bare products, fits of equal columns together {shared:.1f} s: ours {mine / shared:.1f} times")
    print(f"  bare products, any 25 fits together {together:.1f} s: ours {mine / together:.1f} times")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=("paper", "neurox", "optimum", "ridge"), default="paper")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--columns", type=int, default=11_100)
    parser.add_argument("--classes", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--neurox", action="store_true")
    parser.add_argument("--protocol", action="store_true")
    given = parser.parse_args()
    if given.neurox:
        neurox(given)
    elif given.protocol:
        protocol(given)
    else:
        compare(given)


if __name__ == "__main__":
    main()
