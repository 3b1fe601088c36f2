"""Every family passes the compliance kit."""

import pytest

from neuroscope import testing

PADDED = ("wav2vec2-pre", "wav2vec2-layer", "hubert-pre", "wavlm-pre", "unispeech-sat", "wav2vec2-ctc")
ALONE = ("wav2vec2", "hubert", "hubert-batch-norm", "wavlm", "unispeech", "data2vec-audio", "sew", "sew-layer", "sew-d")
ALONE = (*ALONE, "wav2vec2-conformer", "wav2vec2-conformer-rotary")
PADDING = {"ignores_padding", "ignores_the_order"}


QUICK = ("wav2vec2-pre", "wavlm", "sew-d", "wav2vec2-conformer")


@pytest.mark.parametrize(
    "case",
    [each if each in QUICK else pytest.param(each, marks=pytest.mark.slow) for each in (*PADDED, *ALONE)],
)
def test_kit(case, folder_of):
    outcomes = testing.run("backbone", f"hf:{folder_of(case)}")
    assert [(each.check, each.reason) for each in outcomes if not each.ok] == []
    skipped = {each.check for each in outcomes if each.verdict == "skipped"}
    assert bool(skipped & PADDING) == (case in ALONE)
