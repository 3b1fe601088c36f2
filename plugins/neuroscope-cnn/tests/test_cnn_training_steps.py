"""One step: what is computed, against the usual modules; what is drawn; how far a state goes on alike."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from torch.nn import functional

from neuroscope_cnn.checkpoints.errors import BadCheckpoint
from neuroscope_cnn.model.architecture import CONVOLUTIONS
from neuroscope_cnn.model.network import Network
from neuroscope_cnn.training import state as states
from neuroscope_cnn.training.batches import CropSampler, ahead, lay_out
from neuroscope_cnn.training.evaluation import Score, logits_of
from neuroscope_cnn.training.forward import TrainingNetwork, is_learned

LENGTHS = [30, 13, 8, 1]
SMALL = {"conv1": (5, 12), "conv2": (7, 10), "conv3": (1, 9), "conv4": (1, 14)}


def crops(lengths=LENGTHS, columns=40):
    random = np.random.default_rng(0)
    return [random.standard_normal((length, columns)).astype(np.float32) * 3 for length in lengths]


def labels(count=4):
    return np.arange(count, dtype=np.int64)


def narrow(architecture, dtype):
    """Weights of a network with few filters."""
    random, weights, inputs = np.random.default_rng(1), {}, 40
    for number, (name, (seen, outputs)) in enumerate(SMALL.items(), 1):
        weights |= {f"{name}W": (seen, inputs, outputs), f"{name}b": (outputs,)}
        weights |= {f"bn{number}{part}": (outputs,) for part in ("beta", "scale")}
        inputs = outputs
    for name, shape in {"fc1": (28, 11), "fc2": (11, 6), "fc3": (6, 5)}.items():
        weights |= {f"{name}W": shape, f"{name}b": shape[1:]}
    weights |= {f"bn{number}{part}": (width,) for number, width in ((5, 11), (6, 6)) for part in ("beta", "scale")}
    made = {
        name: torch.tensor(0.4 * random.standard_normal(shape) + name.endswith("scale"), dtype=dtype)
        for name, shape in weights.items()
        if architecture.normalised or not name.startswith("bn")
    }
    return {name: values.requires_grad_() for name, values in made.items()}


def plainly(architecture, weights, utterances):
    """The same network as it is usually written, one utterance at a time; statistics over all real frames."""

    def normalised(rows, number):
        if not architecture.normalised:
            return rows
        joined = torch.cat(rows)
        mean, variance = joined.mean(0), joined.var(0, correction=0)
        scale, beta = weights[f"bn{number}scale"], weights[f"bn{number}beta"]
        return [(each - mean) / torch.sqrt(variance + 1e-3) * scale + beta for each in rows]

    values = utterances
    for number, (name, (seen, _)) in enumerate(SMALL.items(), 1):
        stride = 2 if name == "conv2" else 1
        found = []
        for each in values:
            total = max((-(-len(each) // stride) - 1) * stride + seen - len(each), 0)
            padded = functional.pad(each.T[None], (total // 2, total - total // 2))
            kernel = weights[f"{name}W"].permute(2, 1, 0)
            found.append(functional.conv1d(padded, kernel, weights[f"{name}b"], stride)[0].T)
        values = [each.relu() for each in normalised(found, number)]
    pooled = [(each.mean(0), each.var(0, correction=0).clamp(min=1e-30).sqrt()) for each in values]
    pooled = [torch.cat(each)[None] for each in pooled]
    hidden = normalised([each @ weights["fc1W"] + weights["fc1b"] for each in pooled], 5)
    hidden = [each.relu() if architecture.fc1_relu else each for each in hidden]
    hidden = normalised([each @ weights["fc2W"] + weights["fc2b"] for each in hidden], 6)
    return torch.cat([each.relu() @ weights["fc3W"] + weights["fc3b"] for each in hidden])


def test_logits_and_gradients_are_those_of_the_usual_modules(architecture):
    weights = narrow(architecture, torch.float64)
    batch = lay_out(crops(), labels())
    batch = dataclasses.replace(batch, unfolded=batch.unfolded.double())
    found = TrainingNetwork(architecture, weights)(batch)
    expected = plainly(architecture, weights, [torch.from_numpy(each).double() for each in crops()])
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    slopes = [
        torch.autograd.grad(functional.cross_entropy(each, batch.labels), list(weights.values()))
        for each in (found, expected)
    ]
    for name, one, other in zip(weights, *slopes, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-10, msg=name)


def test_a_crop_of_which_nothing_varies_has_a_gradient(architecture):
    weights = narrow(architecture, torch.float32)
    batch = lay_out([np.zeros((1, 40), np.float32), np.ones((9, 40), np.float32)], labels(2))
    loss = functional.cross_entropy(TrainingNetwork(architecture, weights)(batch), batch.labels)
    assert all(each.isfinite().all() for each in torch.autograd.grad(loss, list(weights.values())))


def test_with_the_statistics_of_a_batch_the_backbones_network_computes_what_was_trained(architecture, weights):
    features = [torch.from_numpy(each) for each in crops()]
    trained = TrainingNetwork(architecture, weights)
    batch = lay_out(crops(), labels())
    with torch.no_grad():
        expected = trained(batch)
    statistics = trained.statistics_of(batch)
    assert sorted(statistics) == sorted(name for name in architecture.shapes() if not is_learned(name))
    found = logits_of(Network(architecture, weights | statistics, "cpu"), features)
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_draws_are_a_function_of_seed_and_step():
    frames = np.array([50, 20, 70, 31, 90])
    one, other = (CropSampler(frames, 3, 30, 7) for _ in range(2))
    later = [other.of_step(step) for step in reversed(range(10))]
    drawn = [one.of_step(step) for step in range(10)]
    assert drawn == later[::-1]
    numbers = [number for step in drawn for number, _, _ in step]
    assert all(sorted(numbers[at : at + 5]) == [0, 1, 2, 3, 4] for at in range(0, 30, 5))
    for number, first, last in (each for step in drawn for each in step):
        assert (first, last) == (0, 20) if number == 1 else first >= 0 and last == first + 30 <= frames[number]
    assert CropSampler(frames, 3, 30, 8).of_step(0) != drawn[0]
    assert sorted(number for number, _, _ in one.population(4, 128)) == [0, 1, 2, 3, 4]
    assert len(one.population(4, 2)) == 2


def test_batches_come_in_order_and_what_goes_wrong_with_one_is_told():
    def make(step):
        if step == 9:
            raise ValueError("nine")
        return step

    with ahead(make, 2, 9) as batches:
        assert list(batches) == [2, 3, 4, 5, 6, 7, 8]
    with pytest.raises(ValueError, match="nine"), ahead(make, 5, 12) as batches:
        list(batches)


@pytest.mark.parametrize(("right", "utterances"), [(28, 30), (0, 5), (5, 5), (400, 1000)])
def test_a_score_has_wilsons_interval(right, utterances):
    expected = binomtest(right, utterances).proportion_ci(method="wilson")
    assert Score(right, utterances, 0.1).interval == pytest.approx(tuple(expected), abs=1e-9)


def test_a_state_is_read_as_it_was_written_and_a_damaged_one_is_told(tmp_path):
    values = torch.arange(6.0).reshape(2, 3)
    state = states.TrainingState(
        {"seed": 1}, {"a": values}, {"a": values + 1}, 7, [{"step": 5}], 1 / 3, 4, 2, {"step": 5}
    )
    states.write(copy.deepcopy(state), tmp_path)
    found = states.read(tmp_path)
    assert found.velocity.keys() == found.weights.keys() == {"a"}
    assert torch.equal(found.velocity["a"], values + 1)
    assert (found.step, found.history, found.losses, found.best) == (7, [{"step": 5}], 1 / 3, {"step": 5})
    file = tmp_path / states.FILE
    content = file.read_bytes()
    for damaged in (content[:-3], content[:20], b"", content.replace(b'"version"', b'"vorsion"')):
        file.write_bytes(damaged)
        with pytest.raises(BadCheckpoint, match="cannot be used"):
            states.read(tmp_path)


def test_the_shapes_here_have_the_taps_of_the_networks():
    assert {name: seen for name, (seen, _) in SMALL.items()} == {name: seen for name, (seen, _) in CONVOLUTIONS.items()}
