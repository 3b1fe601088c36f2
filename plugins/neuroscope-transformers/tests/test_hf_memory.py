"""Long waveforms: no tensor grows with them as transformers' own would."""

import pytest
import torch

from neuroscope_transformers.families.convolutions import Convolutions
from neuroscope_transformers.running.stretches import _FIRST, STRETCH
from neuroscope_transformers.spec import hf

CONVOLUTIONS = Convolutions((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2))


@pytest.mark.parametrize("case", ["wav2vec2", "wav2vec2-pre"])
def test_convolutions_see_a_stretch_at_a_time(case, folder_of):
    network = hf(str(folder_of(case))).load("cpu").network
    seen = []
    for layer in network.feature_extractor.conv_layers:
        layer.conv.register_forward_hook(lambda module, args, output: seen.append(output.shape[2]))
    samples = 16_000 * 30
    with torch.inference_mode():
        frames = network.feature_extractor(torch.randn(1, samples)).shape[2]
    assert frames == CONVOLUTIONS.frames(samples)
    whole = (samples - 10) // 5 + 1
    assert max(seen) <= max(_FIRST, (CONVOLUTIONS.samples(STRETCH) - 10) // 5 + 1) < whole / 10


@pytest.mark.parametrize(("case", "heads"), [("wavlm", 4), ("wav2vec2-conformer", 4)])
def test_attention_sees_a_part_of_the_matrix_at_a_time(case, heads, folder_of, monkeypatch):
    """Half a minute is 1,499 frames: 9 million numbers of four heads, in parts of at most 4 million."""
    from neuroscope_transformers.running import in_parts

    sizes = []
    whole = in_parts.scaled_dot_product_attention

    def watched(queries, keys, values, attn_mask):
        sizes.append(attn_mask.numel())
        return whole(queries, keys, values, attn_mask=attn_mask)

    monkeypatch.setattr(in_parts, "scaled_dot_product_attention", watched)
    network = hf(str(folder_of(case))).load("cpu").network
    with torch.inference_mode():
        network(torch.randn(1, 16_000 * 30))
    assert sum(sizes) == 2 * heads * 1499**2  # of two blocks
    assert max(sizes) <= in_parts._MOST
