"""The whole study of neurons on features of which it is known which columns tell the classes apart."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.probing import Problem
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.errors import BadOption, NeuroscopeError
from neuroscope.neuron_analysis.study import NeuronSettings, study
from neuroscope.plugin.loading import Plugins
from neuroscope.probing.cell import Cell
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.report.neuron_findings import Findings
from neuroscope.study.neuron_cell import check_twin

CLASSES = 3
TEXTS = ["representation", "backbone", "task", "dataset", "manifest", "split", "layers", "pooling", "probe", "preset"]
CELL = Cell(**dict.fromkeys(TEXTS, ""), runs=2, seed=0)
LAYERS = ("low", "middle", "high", "last")


@dataclass(frozen=True)
class Known:
    """Material, and the names of the neurons that are planted in it."""

    material: ProbeData
    planted: frozenset


def known(template, *, rows, columns, planted, runs=2, order=None, strength=0.5):
    """Half of the rows train and half test, four rows a group; class means of planted columns deviate by ``strength``.

    ``order`` moves the columns; each keeps its name.
    """
    rng = np.random.default_rng(0)
    values = rng.standard_normal((2 * rows, columns))
    truth = np.arange(2 * rows) % CLASSES
    chosen = np.sort(rng.permutation(columns)[:planted])
    values[:, chosen] += strength * rng.standard_normal((CLASSES, planted))[truth]
    units = [Unit(LAYERS[column * len(LAYERS) // columns], column) for column in range(columns)]
    order = np.arange(columns) if order is None else order
    ids = tuple(f"u{row:05d}" for row in range(2 * rows))
    features = Features(ids=ids, units=tuple(units[each] for each in order), values=values[:, order].astype(np.float32))
    split = Split(
        name="speaker",
        train=np.arange(rows),
        test=np.arange(rows, 2 * rows),
        groups=np.arange(2 * rows) // 4,
        group_names=tuple(f"s{number}" for number in range((2 * rows + 3) // 4)),
        grouped_by="speaker",
        fixed=True,
    )
    weights = [None, *(_bootstrap(split, seed) for seed in range(1, runs))]
    each = tuple(Run(seed, split, weight) for seed, weight in enumerate(weights))
    material = ProbeData("ALL", features, Target(truth, ("a", "b", "c")), Runs(each, True, ""), template)
    return Known(material, frozenset(units[column] for column in chosen))


def _bootstrap(split, seed):
    groups, member = np.unique(split.groups[split.train], return_inverse=True)
    drawn = np.random.default_rng(seed).integers(len(groups), size=len(groups))
    return np.bincount(drawn, minlength=len(groups))[member]


@pytest.fixture(scope="module")
def plugins():
    return Plugins.load()


@pytest.fixture(scope="module")
def probe(plugins):
    return plugins.probes.choose("elasticnet").build()


def asked_for(plugins, ranking="weight-mass", **more):
    return NeuronSettings(ranker=plugins.rankings.choose(ranking).build(), **more)


def studied(plugins, given, ranking="weight-mass", untrained=None, **more):
    return study(CELL, given.material, asked_for(plugins, ranking, **more), untrained=untrained)


def hits(found, given, top):
    return [len(given.planted & set(ranking.units[:top])) for _, ranking in found.rankings]


def test_planted_neurons_are_found_and_told_from_the_others(plugins, probe):
    """The quick variant: fewer rows and columns."""
    given = known(probe, rows=300, columns=150, planted=15, strength=0.7, runs=1)
    found = studied(plugins, given)
    assert min(hits(found, given, 15)) >= 11
    _says_so(Findings(found.rows), most=20)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_fifty_planted_among_a_thousand(plugins, probe):
    given = known(probe, rows=1000, columns=1000, planted=50)
    found = studied(plugins, given)
    assert min(hits(found, given, 50)) >= 35, hits(found, given, 50)
    findings = Findings(found.rows)
    _says_so(findings, most=10)
    assert findings.any("overlap").value > 1.5 * findings.any("overlap_chance").value
    assert findings.any("overlap_p_value").value <= 0.05


def _says_so(findings, most):
    assert findings.any("neurons_percent", "minimal").value <= most
    assert findings.point("permuted", metric="selectivity").value >= 0.5
    kept = [findings.point(f"masked-{which}", 20.0).value for which in ("top", "random", "bottom")]
    assert kept[0] > kept[1] > kept[2]
    at_five = next(step for step in findings.steps if step.percent == 5)
    assert at_five.points["top-set"].low > at_five.points["random-set"].high
    assert findings.any("overlap_halves").value > 3 * findings.any("overlap_halves_chance").value
    assert findings.any("overlap_halves_p_value").value <= 0.05


@pytest.mark.parametrize("ranking", ["weight-mass", "t", "probeless"])
def test_the_ranking_follows_the_columns(plugins, probe, ranking):
    order = np.random.default_rng(1).permutation(60)
    sizes = {"rows": 120, "columns": 60, "planted": 8, "strength": 1.0, "runs": 1}
    straight, moved = known(probe, **sizes), known(probe, **sizes, order=order)
    ranker = asked_for(plugins, ranking).ranker
    made = []
    for given in (straight, moved):
        (run,) = given.material.runs.each
        fitted = probe_on(given)
        made.append(ranker.rank(*given.material.training(run), fitted, seed=run.seed))
    assert set(made[0].units[:8]) == set(made[1].units[:8])
    places = {unit: place for place, unit in enumerate(made[1].units)}
    at = [made[1].scores[places[unit]] for unit in made[0].units]
    assert np.allclose(made[0].scores, at, rtol=1e-3, atol=1e-4)


def probe_on(given):
    (fitted,) = given.material.fits(given.material.runs.each[0], [Problem()])
    return fitted.probe


def small(template, **more):
    return known(template, **{"rows": 60, "columns": 24, "planted": 4, "strength": 2.0, **more})


@pytest.fixture(scope="module")
def whole_study(plugins):
    return studied(plugins, small(LogisticRegression()))


def test_every_part_of_the_study_is_there_once(whole_study):
    found = whole_study
    keys = [(row.layer, row.condition, row.metric, row.percent, row.seed, row.against) for row in found.rows]
    assert len(keys) == len(set(keys))
    conditions = {row.condition for row in found.rows}
    expected = (
        "probe majority random permuted masked-top masked-random masked-bottom top-set random-set bottom-set "
        "minimal minimal-sure minimal-relative minimal-paper ranking"
    )
    assert set(expected.split()) <= conditions
    assert [run.seed for run, _ in found.rankings] == [0, 1]
    assert {row.layer for row in found.rows} == {"", "ALL", *LAYERS}
    said = [(each.condition, each.percent, each.run.seed, each.draw) for each in found.predictions]
    assert len(said) == len(set(said))


def test_training_rows_are_scored_and_folds_that_are_easier_than_the_test_part_are_told(plugins):
    given = known(LogisticRegression(C=1e6), rows=96, columns=12, planted=6, strength=2.0)
    data, tested = given.material, given.material.runs.each[0].split.test
    values = data.features.values.copy()
    values[tested] = np.random.default_rng(1).permutation(values[tested])  # the test part knows nothing
    found = studied(plugins, replace(given, material=replace(data, features=replace(data.features, values=values))))
    scored = [row.value for row in found.rows if (row.metric, row.condition) == ("training_accuracy", "probe")]
    assert len(scored) == len(data.runs.each) + 1
    assert scored[-1] == pytest.approx(np.mean(scored[:-1]))
    told = {each.kind.split(" is more")[0]: each.detail for each in found.warnings if "points above test" in each.kind}
    assert set(told) == {"training accuracy", "accuracy on the folds that sizes were chosen on"}
    assert told["training accuracy"].startswith(f"{100 * scored[-1]:.1f} against ")


def test_the_layers_of_a_minimal_set_add_up_to_it(whole_study):
    findings = Findings(whole_study.rows)
    total = sum(layer.neurons for layer in findings.layers)
    assert total == pytest.approx(findings.any("neurons", "minimal").value)
    assert sum(layer.expected for layer in findings.layers) == pytest.approx(total)


def test_the_same_study_twice_is_the_same(plugins):
    given = small(LogisticRegression(), runs=1)
    assert studied(plugins, given, "probeless").rows == studied(plugins, given, "probeless").rows


def test_the_papers_rules_alone(plugins):
    found = studied(plugins, small(LogisticRegression(), runs=1), "probeless", paper=True, fill="zero")
    sets = {row.condition for row in found.rows if row.metric == "neurons"}
    assert sets == {"minimal-paper", "minimal-relative"}
    ((_, ranking),) = found.rankings
    listed = found.tables["minimal_neurons"]
    size = Findings(found.rows).any("neurons", "minimal-paper").value
    assert len(listed) == size
    top = {(unit.layer, unit.neuron) for unit in ranking.units[: int(size)]}
    assert set(listed.select("layer", "neuron").iter_rows()) == top
    assert Findings(found.rows).chosen == "minimal-paper"


def test_controls_are_those_that_were_asked_for(plugins):
    given = small(LogisticRegression())
    seeds = []

    def untrained(run):
        seeds.append(run.seed)
        return given.material.features

    found = studied(plugins, given, "probeless", controls=("untrained",), untrained=untrained)
    conditions = {row.condition for row in found.rows}
    assert "untrained" in conditions
    assert not {"random", "permuted"} & conditions
    assert seeds == [0, 1]


@pytest.mark.parametrize("ranking", ["weight-mass", "weight-mass,weights=probe", "probeless"])
@pytest.mark.parametrize("paper", [False, True])
def test_progress_counts_fits_and_rankings_and_ends_with_what_was_announced(plugins, ranking, paper):
    steps, announced = [], []

    @contextmanager
    def progress(label, total, seconds=0.0, /):
        announced.append((label, total))
        yield lambda done, seconds=0.0, /: steps.append(done)

    settings = asked_for(plugins, ranking, paper=paper)
    study(CELL, small(LogisticRegression()).material, settings, progress=progress)
    ((label, total),) = announced
    assert label == "Studying neurons"
    assert sum(steps) == total
    assert min(steps) >= 0
    assert sum(each > 0 for each in steps) > 50
    assert max(steps) < total / 4  # no phase is one step


def test_a_control_that_there_is_not(plugins):
    with pytest.raises(BadOption, match="--control nope: expected one of random; random,distribution=uniform; "):
        asked_for(plugins, controls=("nope",))


def test_a_backbone_without_a_twin():
    choice = SimpleNamespace(name="b", entry=SimpleNamespace(options={"weights": "pretrained"}))
    with pytest.raises(BadOption, match="--control untrained: backbone b has no option seed"):
        check_twin(choice)


def test_a_probe_without_weights_has_neurons_as_well(plugins):
    """Masking needs to know which columns count only to say where it tests nothing."""
    given = small(DecisionTreeClassifier(random_state=0), runs=1)
    for ranking in ("weight-mass", "probeless"):
        found = studied(plugins, given, ranking)
        assert Findings(found.rows).any("accuracy", "minimal").value > 0.5
    with pytest.raises(NeuroscopeError, match="has none \\(no coef_\\)"):
        studied(plugins, given, "weight-mass,weights=probe")
