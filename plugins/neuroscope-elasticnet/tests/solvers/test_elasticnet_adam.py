import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from neuroscope_elasticnet.estimator import ElasticNetProbe
from neuroscope_elasticnet.solvers import adam
from neuroscope_elasticnet.solvers.recipe import Recipe


def by_torch(values, y, start, batches, *, l1, l2, plain, learning_rate):
    layer = torch.nn.Linear(values.shape[1], len(start), dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(start[:, :-1]))
        layer.bias.copy_(torch.tensor(start[:, -1]))
    optimizer = torch.optim.Adam(layer.parameters(), lr=learning_rate)
    for batch in batches:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(layer(torch.tensor(values[batch])), torch.tensor(y[batch]))
        norm = torch.linalg.vector_norm(layer.weight)
        loss = loss + l1 * layer.weight.abs().sum() + l2 * (norm if plain else norm**2)
        loss.backward()
        optimizer.step()
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def objective(probe, values, y):
    weights = probe.coef_ * probe.scale_
    loss = -np.log(probe.predict_proba(values)[np.arange(len(y)), y]).mean()
    return loss + probe.l1_ * np.abs(weights).sum() + probe.l2_ * (weights**2).sum()


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("norm", ["squared", "plain"])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("scale", ["none", "sd"])
def test_torch_takes_the_same_steps(make_data, classes, norm, shuffle, scale):
    values, y = make_data(rows=100, columns=30, classes=classes)
    probe = ElasticNetProbe(solver="adam", norm=norm, shuffle=shuffle, scale=scale, l1=1e-2, l2=3e-2, batch=32)
    probe.set_params(epochs=10, learning_rate=1e-2, random_state=7).fit(values, y)

    scaled = (values - probe.center_) / probe.scale_
    generator = np.random.default_rng(7)
    start = adam.start(classes, 30, generator)
    recipe = Recipe(1e-2, 3e-2, norm == "plain", shuffle, 10, 32, 1e-2)
    rows = adam.canonical(np.arange(100), adam.fingerprints(values), y) if shuffle else np.arange(100)
    batches = list(adam.batches(rows, recipe, generator))
    weight, bias = by_torch(scaled, y, start, batches, l1=1e-2, l2=3e-2, plain=norm == "plain", learning_rate=1e-2)

    assert_allclose(probe.coef_ * probe.scale_, weight, rtol=1e-10, atol=1e-12)
    assert_allclose(probe.intercept_ + probe.coef_ @ probe.center_, bias, rtol=1e-9, atol=1e-11)
    assert probe.n_iter_ == len(batches) == 10 * 4


def test_the_start_is_that_of_a_linear_layer():
    weights = adam.start(3, 10_000, np.random.default_rng(0))
    layer = torch.nn.Linear(10_000, 3)
    assert weights.shape == (3, 10_001)
    assert np.abs(weights).max() <= 0.01
    assert weights.std() == pytest.approx(float(layer.weight.detach().std()), rel=0.02)


def test_each_epoch_sees_each_row_once_in_a_new_order():
    recipe = Recipe(0, 0, False, True, 3, 4, 1e-3)
    batches = list(adam.batches(np.arange(10), recipe, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == [4, 4, 2] * 3
    epochs = [np.concatenate(batches[i : i + 3]) for i in (0, 3, 6)]
    assert all((np.sort(epoch) == np.arange(10)).all() for epoch in epochs)
    assert (epochs[0] != epochs[1]).any()


def test_seeds_differ_and_repeat_and_leave_the_global_state(make_data):
    values, y = make_data()
    before = np.random.get_state()[1].copy()
    first, again, other = (ElasticNetProbe(solver="adam", random_state=seed).fit(values, y).coef_ for seed in (0, 0, 1))
    ElasticNetProbe(solver="adam", random_state=None).fit(values, y)
    assert_array_equal(np.random.get_state()[1], before)
    assert_array_equal(first, again)
    assert (first != other).all()


def test_a_random_state_object_is_a_seed(make_data):
    values, y = make_data()
    first, second = (
        ElasticNetProbe(solver="adam", random_state=np.random.RandomState(3)).fit(values, y).coef_ for _ in range(2)
    )
    assert_array_equal(first, second)


def test_the_order_of_the_rows_does_not_matter_where_they_are_shuffled_anyway(make_data):
    values, y = make_data()
    order = np.random.default_rng(0).permutation(60)
    straight = ElasticNetProbe(solver="adam").fit(values, y)
    turned = ElasticNetProbe(solver="adam").fit(values[order], y[order])
    assert_allclose(straight.coef_, turned.coef_, rtol=1e-9)


@pytest.mark.parametrize("shuffle", [True, False])
def test_whole_weights_are_repetitions_and_others_are_refused(make_data, shuffle):
    values, y = make_data()
    counts = np.random.default_rng(1).integers(0, 4, 60)
    probe = ElasticNetProbe(solver="adam", shuffle=shuffle)
    weighted = probe.fit(values, y, sample_weight=counts).coef_.copy()
    repeated = probe.fit(np.repeat(values, counts, axis=0), np.repeat(y, counts)).coef_
    assert_allclose(weighted, repeated, rtol=1e-8)
    with pytest.raises(ValueError, match="whole numbers"):
        probe.fit(values, y, sample_weight=np.full(60, 0.5))


def test_raw_columns_stay_raw(make_data):
    values, y = make_data()
    probe = ElasticNetProbe(solver="adam", scale="none").fit(values, y)
    assert_array_equal(probe.center_, np.zeros(40))
    assert_array_equal(probe.scale_, np.ones(40))


def test_the_gap_tells_how_far_the_recipe_is_from_the_optimum(make_data):
    values, y = make_data()
    short = ElasticNetProbe(solver="adam").fit(values, y)
    long = ElasticNetProbe(solver="adam", epochs=3000).fit(values, y)
    least = objective(ElasticNetProbe(tolerance=1e-9).fit(values, y), values, y)
    for probe in (short, long):
        found = objective(probe, values, y)
        assert 0 < (found - least) / found <= probe.gap_ <= 1
    assert long.gap_ < 0.2 < short.gap_


def test_the_gap_of_the_plain_norm_bounds_the_distance_to_its_own_optimum(make_data):
    values, y = make_data()

    def plain_objective(probe):
        weights = probe.coef_ * probe.scale_
        return objective(probe, values, y) - probe.l2_ * (weights**2).sum() + probe.l2_ * np.linalg.norm(weights)

    probes = [ElasticNetProbe(solver="adam", norm="plain", l1=1e-2, l2=0.1, epochs=n) for n in (20, 300, 3000)]
    short, middle, long = (probe.fit(values, y) for probe in probes)
    for probe in (short, middle):
        found = plain_objective(probe)
        assert (found - plain_objective(long)) / found <= probe.gap_ + 1e-9
    assert long.gap_ < 0.2 < short.gap_


def test_without_a_penalty_adam_knows_no_gap(make_data):
    for norm in ("squared", "plain"):
        assert np.isnan(ElasticNetProbe(solver="adam", l1=0.0, l2=0.0, norm=norm).fit(*make_data()).gap_)
