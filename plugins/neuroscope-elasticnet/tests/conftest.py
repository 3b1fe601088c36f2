import numpy as np
import pytest


def planted(rows=60, columns=40, classes=3, seed=0, *, noise=1.0):
    """Correlated columns of unequal size and offset, and classes that a few of their factors decide."""
    generator = np.random.default_rng(seed)
    factors = generator.standard_normal((rows, 8))
    values = factors @ generator.standard_normal((8, columns)) + generator.standard_normal((rows, columns))
    values = values * np.exp(generator.standard_normal(columns)) + 3 * generator.standard_normal(columns)
    scores = factors @ generator.standard_normal((8, classes)) + noise * generator.standard_normal((rows, classes))
    labels = scores.argmax(axis=1)
    labels[:classes] = np.arange(classes)
    return values, labels


@pytest.fixture
def make_data():
    return planted
