"""Tiny models of each family, as ``save_pretrained`` writes them, every parameter drawn anew."""

from __future__ import annotations

import contextlib
import io
import random

import numpy as np
import torch
import transformers

SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 32,
}
PRE_NORM = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
SQUEEZED = {"conv_dim": (8,) * 13}

CASES = {
    "wav2vec2": ("Wav2Vec2", "Model", {}),
    "wav2vec2-pre": ("Wav2Vec2", "Model", PRE_NORM),
    "wav2vec2-layer": ("Wav2Vec2", "Model", {"feat_extract_norm": "layer"}),
    "wav2vec2-ctc": ("Wav2Vec2", "ForCTC", PRE_NORM),
    "hubert": ("Hubert", "Model", {}),
    "hubert-pre": ("Hubert", "Model", PRE_NORM),
    "hubert-batch-norm": ("Hubert", "Model", PRE_NORM | {"conv_pos_batch_norm": True}),
    "wavlm": ("WavLM", "Model", {}),
    "wavlm-pre": ("WavLM", "Model", PRE_NORM),
    "data2vec-audio": ("Data2VecAudio", "Model", {"num_conv_pos_embeddings": 3, "conv_pos_kernel_size": 5}),
    "unispeech": ("UniSpeech", "Model", {}),
    "unispeech-sat": ("UniSpeechSat", "Model", PRE_NORM),
    "sew": ("SEW", "Model", SQUEEZED),
    "sew-layer": ("SEW", "Model", SQUEEZED | {"feat_extract_norm": "layer"}),
    "sew-d": ("SEWD", "Model", SQUEEZED),
    "wav2vec2-conformer": ("Wav2Vec2Conformer", "Model", {"feat_extract_norm": "layer"}),
    "wav2vec2-conformer-rotary": (
        "Wav2Vec2Conformer",
        "Model",
        {"position_embeddings_type": "rotary", "feat_extract_norm": "layer"},
    ),
}


def build(name, **settings):
    """Make the model of a case; no two parameters of it are equal, as no training would leave them."""
    kind, head, own = CASES[name]
    config = getattr(transformers, f"{kind}Config")(**(SMALL | own | settings))
    with _randomness_kept():
        torch.manual_seed(1)
        model = getattr(transformers, kind + head)(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def save(model, folder, **words):
    """Write a model and its feature extractor into a folder, without a word."""
    with contextlib.redirect_stderr(io.StringIO()):
        model.save_pretrained(folder, **words)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


@contextlib.contextmanager
def _randomness_kept():
    python, numbers = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numbers)
