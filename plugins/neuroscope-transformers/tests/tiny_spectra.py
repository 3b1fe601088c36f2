"""Tiny encoders of spectra, as ``save_pretrained`` writes them, every parameter drawn anew."""

import contextlib
import io

import torch
import transformers

WHISPER = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "max_source_positions": 100,  # 2 s
    "vocab_size": 64,
    "pad_token_id": 0,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "decoder_start_token_id": 0,
}
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24}
AST = SMALL | {"max_length": 128, "num_mel_bins": 48}  # 1.28 s, 12 patches along and 4 across
BERT = SMALL | {"left_max_position_embeddings": 6, "right_max_position_embeddings": 3}

CASES = {
    "whisper": ("Whisper", "Model", WHISPER),
    "whisper-asr": ("Whisper", "ForConditionalGeneration", WHISPER),
    "whisper-classes": ("Whisper", "ForAudioClassification", WHISPER),
    "ast": ("AST", "Model", AST),
    "ast-classes": ("AST", "ForAudioClassification", AST),
    "wav2vec2-bert": ("Wav2Vec2Bert", "Model", BERT),
    "wav2vec2-bert-adapter": ("Wav2Vec2Bert", "Model", BERT | {"add_adapter": True}),
    "wav2vec2-bert-rotary": ("Wav2Vec2Bert", "Model", BERT | {"position_embeddings_type": "rotary"}),
}


def build(name, **settings):
    """Make the model of a case; no two parameters of it are equal, as no training would leave them."""
    kind, head, own = CASES[name]
    config = getattr(transformers, f"{kind}Config")(**(own | settings))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = getattr(transformers, kind + head)(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def save(model, folder, extractor=None):
    """Write a model, and its feature extractor where one is given, into a folder, without a word."""
    with contextlib.redirect_stderr(io.StringIO()):
        model.save_pretrained(folder)
    if extractor is not None:
        extractor.save_pretrained(folder)
    return folder
