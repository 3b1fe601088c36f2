"""The published graphs: outputs that TensorFlow computed with weights made by rule, and the same line by line."""

import pytest
import torch

from neuroscope_cnn.model import extents
from neuroscope_cnn.model.layers import embeddings, whole

LAYERS = ("CNN1", "CNN2", "CNN3", "CNN4", "FC1", "FC2", "logits")
CASES = {"T40": [40], "T41": [41], "T7": [7], "T8": [8], "T2": [2], "batch": [41, 30, 17], "even": [40, 39, 38, 2]}


def exact(network, features, lengths):
    rows = [row[:length] for row, length in zip(features, lengths, strict=True)]
    placed = [extents.exact(length, max(lengths)) for length in lengths]
    found = whole(network, rows, placed)
    return found | {"logits": network.logits(embeddings(network, found["CNN4"], "post")["FC2"])}


def test_every_layer_is_that_of_the_published_graph(network, features, golden):
    assert len(golden) == 2
    for case, (lengths, expected) in golden.items():
        found = exact(network, features(case, lengths), lengths)
        for name in LAYERS:
            torch.testing.assert_close(found[name], expected[name], rtol=0, atol=1e-4, msg=f"{case}: {name}")


@pytest.mark.parametrize("case", CASES)
def test_every_layer_is_that_of_the_graph_line_by_line(network, features, literal, case):
    lengths = CASES[case]
    values = features(case, lengths)
    expected = literal(values, lengths, [length // 2 for length in lengths])
    found = exact(network, values, lengths)
    for name in LAYERS:
        largest = expected[name].abs().max().item()
        torch.testing.assert_close(found[name], expected[name].float(), rtol=0, atol=1e-5 * largest)


def test_behind_normalisation_and_relu(network, features, literal):
    values = features("T40", [40])
    expected = literal(values, [40], [20])
    found = whole(network, [values[0]], [extents.exact(40)], "post")
    torch.testing.assert_close(found["FC1"], expected["ac1"].float(), rtol=0, atol=1e-5)
    torch.testing.assert_close(found["FC2"], expected["ac2"].float(), rtol=0, atol=1e-5)


def test_one_frame_is_divided_by_nothing_as_in_the_graph(network, features):
    found = exact(network, features("T1", [1]), [1])
    assert found["CNN1"].isfinite().all()
    assert not found["CNN2"].isfinite().any()
