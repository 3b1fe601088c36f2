"""What the paper's tables fix by arithmetic (arXiv 2107.00439, version 1)."""

import pytest

from neuroscope.neuron_analysis.subsets import STEPS, size, steps

WIDTHS = {
    "ADI": (2000, 2000, 2000, 3000, 1500, 600),
    "SRE": (2000, 2000, 2000, 3000, 1500, 600),
    "ST_base": (768,) * 3,
    "ST_large": (768,) * 12,
}

# Tables 5, 6 and 7: units of the minimal set in each layer, mean of five runs, by network, task, per cent of all units.
DISTRIBUTION = {
    ("ADI", "LID", 20): (0, 153, 0.4, 576.6, 1034.2, 455.8),
    ("ADI", "DID", 25): (0, 162.2, 0.2, 776.8, 1264.2, 571.6),
    ("ADI", "GC", 5): (0, 10.6, 1, 74.8, 329.8, 138.8),
    ("ADI", "CC", 10): (0.8, 63.6, 4, 184, 608.8, 248.8),
    ("SRE", "LID", 10): (25.8, 104.2, 102, 36.8, 577.2, 264),
    ("SRE", "DID", 5): (28.8, 47.8, 56, 35.8, 382.2, 4.4),
    ("SRE", "GC", 50): (938.2, 948.8, 936.4, 1394.8, 838, 493.8),
    ("SRE", "CC", 1): (0, 0.4, 0, 0.6, 69.4, 40.6),
    ("ST_base", "LID", 75): (605, 556.6, 566.4),
    ("ST_base", "DID", 50): (273.2, 582.4, 296.4),
    ("ST_base", "GC", 15): (42.4, 137.2, 165.4),
    ("ST_base", "CC", 20): (124.2, 231, 104.8),
    ("ST_large", "LID", 50): (423.6, 171, 124, 153, 247.6, 266.8, 305.6, 327.6, 615.6, 662.2, 686, 625),
    ("ST_large", "DID", 15): (26.2, 7.2, 10.4, 11.4, 50.4, 33.2, 53.4, 64.6, 175.4, 337.2, 378.8, 233.8),
    ("ST_large", "GC", 10): (11, 6.2, 2.4, 2.6, 12, 3.2, 10.8, 9.8, 74.6, 227.6, 284, 276.8),
    ("ST_large", "CC", 10): (13.2, 3, 5.2, 124.4, 129.8, 28.6, 23, 14.2, 58.4, 146, 159, 216.2),
}

# Table 3: accuracy of ALL, per cent of the units in the minimal set, accuracy re-trained on them.
MINIMAL = {
    ("ADI", "GC"): (98.20, 5, 98.68),
    ("SRE", "GC"): (96.79, 50, 96.54),
    ("ST_base", "GC"): (99.16, 15, 98.32),
    ("ST_large", "GC"): (98.14, 10, 98.14),
    ("ADI", "LID"): (86.00, 20, 85.30),
    ("SRE", "LID"): (76.01, 10, 78.97),
    ("ST_base", "LID"): (57.35, 75, 57.45),
    ("ST_large", "LID"): (76.24, 50, 76.43),
    ("ADI", "DID"): (55.63, 25, 55.43),
    ("SRE", "DID"): (39.12, 5, 40.82),
    ("ST_base", "DID"): (36.66, 50, 36.01),
    ("ST_large", "DID"): (39.22, 15, 38.06),
    ("ADI", "CC"): (93.93, 10, 94.56),
    ("SRE", "CC"): (85.51, 1, 85.04),
    ("ST_base", "CC"): (86.80, 20, 86.27),
    ("ST_large", "CC"): (96.55, 10, 95.71),
}


@pytest.mark.parametrize(("network", "task", "percent"), DISTRIBUTION)
def test_the_layers_of_a_minimal_set_add_up_to_the_whole_number_below_its_share(network, task, percent):
    counts, widths = DISTRIBUTION[network, task, percent], WIDTHS[network]
    assert len(counts) == len(widths)
    assert all(count <= width for count, width in zip(counts, widths, strict=True))
    assert sum(counts) == pytest.approx(size(sum(widths), percent), abs=1e-6)


def test_rounding_to_the_nearest_would_miss_four_of_sixteen():
    missed = [
        (network, task)
        for (network, task, percent), counts in DISTRIBUTION.items()
        if round(sum(WIDTHS[network]) * percent / 100) != round(sum(counts))
    ]
    assert missed == [("ST_base", "GC"), ("ST_base", "CC"), ("ST_large", "GC"), ("ST_large", "CC")]


def test_both_tables_speak_of_the_same_sets():
    assert {(network, task): percent for network, task, percent in DISTRIBUTION} == {
        cell: percent for cell, (_, percent, _) in MINIMAL.items()
    }
    assert {percent for _, percent, _ in MINIMAL.values()} <= set(STEPS)


@pytest.mark.parametrize("network", WIDTHS)
def test_every_step_of_the_paper_holds_units(network):
    assert steps(sum(WIDTHS[network])).empty == ()


@pytest.mark.parametrize(("network", "task"), MINIMAL)
def test_every_minimal_set_keeps_97_per_cent_of_the_oracle(network, task):
    everything, _, top = MINIMAL[network, task]
    assert top >= 0.97 * everything


def test_a_loss_of_at_most_one_point_holds_for_all_but_one():
    assert [cell for cell, (everything, _, top) in MINIMAL.items() if top < everything - 1] == [("ST_large", "DID")]


def test_within_one_point_either_way_holds_for_all_but_three():
    beyond = {cell for cell, (everything, _, top) in MINIMAL.items() if abs(top - everything) > 1}
    assert beyond == {("SRE", "LID"), ("SRE", "DID"), ("ST_large", "DID")}
