"""Small checkpoints in the formats of s3prl's upstreams, made from the upstreams' own network classes."""

from __future__ import annotations

import dataclasses
import importlib
import warnings
from argparse import Namespace

import torch

CONVS = "[(16, 10, 5)] + [(16, 3, 2)] * 2"
AUDIO = {"feat_type": "fbank", "feat_dim": 40, "frame_length": 25, "frame_shift": 10, "cmvn": True}
TRANSFORMER = {
    "input_dim": -1,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "share_layer": False,
    "pre_layer_norm": False,
}
KALDI = {
    "kaldi": {"feat_type": "fbank", "fbank": {"frame_length": 25.0, "frame_shift": 10.0, "num_mel_bins": 20}},
    "delta": {"order": 1, "win_length": 5},
    "cmvn": {"use_cmvn": True},
}
ONLINE = {
    "win_ms": 25,
    "hop_ms": 10,
    "n_freq": 201,
    "n_mels": 20,
    "n_mfcc": 13,
    "input": {"channel": 0, "cmvn": True, "delta": 0, "feat_type": "mel", "log": True},
    "target": {"channel": 1, "cmvn": True, "delta": 0, "feat_type": "linear", "log": True},
    "target_level": -25,
}
WAV2VEC2 = {
    "conv_feature_layers": CONVS,
    "encoder_layers": 2,
    "encoder_embed_dim": 24,
    "encoder_ffn_embed_dim": 48,
    "encoder_attention_heads": 2,
    "conv_pos": 16,
    "conv_pos_groups": 4,
    "final_dim": 16,
    "encoder_layerdrop": 0.1,
}


def part(upstream, module, name):
    """A name of an upstream's module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(f"s3prl.upstream.{upstream}.{module}"), name)


def made(make, *arguments, **options):
    """A network, drawn by a seed, and moved away from what all begin with."""
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        torch.manual_seed(5)
        network = make(*arguments, **options)
        for each in network.parameters():
            each.data += 0.02 * torch.randn_like(each)
        return network


def settings_of(make, **options):
    """All settings of a dataclass, as fairseq writes them: names that s3prl knows, and more."""
    found = dataclasses.asdict(make(**options))
    plain = {
        key: each if isinstance(each, int | float | str | tuple | None) else str(each) for key, each in found.items()
    }
    return plain | {"_name": "any", "data": "/checkpoint/somebody/data", "w2v_path": "${task.data}"}


def predictive(upstream, **more):
    """apc, vq_apc and npc."""
    paras = {"hidden_size": 16, "dropout": 0.1, "residual": True} | more
    family = "npc" if upstream == "npc" else "apc"
    network = made(part(family, family, family.upper()), 40, **paras)
    config = {"data": {"audio": dict(AUDIO), "dataset": {"path": "/here (there)"}}, "model": {"paras": paras}}
    return {"config": config, "model": network.state_dict(), "optimizer": {"lr": 1e-3}, "global_step": 3}


def transformer(audio, settings="Config", **more):
    """mockingjay, tera and audio_albert, as they are released: with what training left in them."""
    config = TRANSFORMER | more
    inputs = 20 if "input" in audio else 40
    make, configure = part("mockingjay", "model", "TransformerModel"), part("mockingjay", "model", "TransformerConfig")
    network = made(make, configure(config), inputs)
    held = {"transformer": config, "task": {"sequence_length": 300}, "audio": audio, "optimizer": {"lr": 1e-4}}
    return {
        settings: held,
        **({"Config": {"runner": 1}} if settings != "Config" else {}),
        "Transformer": network.state_dict(),
        "Args": Namespace(name="x", device="cuda"),
        "Step": 500,
    }


def decoar(upstream):
    make = part(
        upstream, upstream if upstream == "decoar2" else "decoar", "Decoar2" if upstream == "decoar2" else "Decoar"
    )
    network = made(make)
    state = network.state_dict()
    if upstream == "decoar_layers":
        state = {key.replace("lstms.", "lstm.", 1) if False else key: each for key, each in state.items()}
    return {"model": state, "args": Namespace(arch="decoar")}


def converted(upstream, **more):
    """hubert, wav2vec2 and data2vec, as s3prl converts them from fairseq."""
    if upstream == "hubert":
        config, task = (
            part("hubert", "hubert_model", "HubertConfig"),
            part("hubert", "hubert_model", "HubertPretrainingConfig"),
        )
        model = settings_of(config, label_rate=50.0, **WAV2VEC2 | more)
        symbols = [[str(number) for number in range(12)]]
        known = {key: each for key, each in model.items() if key in config.__dataclass_fields__}
        network = made(part("hubert", "hubert_model", "HubertModel"), config(**known), task(), symbols)
        extra = {"dictionaries_symbols": symbols}
    else:
        names = {
            "wav2vec2": ("wav2vec2_model", "Wav2Vec2Config", "Wav2Vec2Model"),
            "data2vec": ("data2vec_model", "Data2VecAudioConfig", "Data2VecAudioModel"),
        }
        module, configure, make = names[upstream]
        config, task = part(upstream, module, configure), part("wav2vec2", "wav2vec2_model", "AudioPretrainingConfig")
        model = settings_of(config, **WAV2VEC2 | more)
        known = {key: each for key, each in model.items() if key in config.__dataclass_fields__}
        network = made(part(upstream, module, make), config(**known))
        if upstream == "data2vec":
            network.remove_pretraining_modules()
        extra = {}
    state = dict(network.state_dict())
    if upstream == "data2vec":
        state["_ema"] = {"decay": 1.0}
    return {"task_cfg": settings_of(task, normalize=True), "model_cfg": model, "model_weight": state, **extra}


def wavlm(**more):
    config = (
        WAV2VEC2
        | {"relative_position_embedding": True, "num_buckets": 32, "max_distance": 80, "gru_rel_pos": True}
        | more
    )
    config.pop("final_dim")
    network = made(part("wavlm", "WavLM", "WavLM"), part("wavlm", "WavLM", "WavLMConfig")(config))
    return {"cfg": config, "model": network.state_dict()}


def distiller(**more):
    config = {key: each for key, each in WAV2VEC2.items() if key not in ("conv_feature_layers", "final_dim")}
    config |= {
        "extractor_conv_feature_layers": CONVS,
        "final_dim": 24,
        "out_layer_inter_dim": -1,
        "n_tasks": 2,
        "task_emb_type": "expand-last",
        "pred_layer_id": [4, 8],
    } | more
    network = made(part("distiller", "model", "DistillerModel"), part("distiller", "model", "DistillerConfig")(config))
    return {
        "Config": {"distiller": config, "teacher": {"model": "hubert_base"}},
        "Distiller": network.state_dict(),
        "Step": 1,
    }


MAKERS = {
    "apc_local": lambda: predictive("apc", num_layers=3),
    "vq_apc_url": lambda: predictive(
        "vq_apc", num_layers=3, vq={"codebook_size": [8], "code_dim": [16], "gumbel_temperature": 0.5}
    ),
    "npc_local": lambda: predictive(
        "npc",
        n_blocks=2,
        kernel_size=15,
        mask_size=5,
        vq={"codebook_size": [8], "code_dim": [16], "gumbel_temperature": 0.5},
    ),
    "tera_local": lambda: transformer(ONLINE),
    "mockingjay_local": lambda: transformer(KALDI, "Upstream_Config"),
    "audio_albert_local": lambda: transformer(ONLINE, share_layer=True),
    "decoar_local": lambda: decoar("decoar"),
    "decoar2_local": lambda: decoar("decoar2"),
    "decoar_layers_local": lambda: decoar("decoar_layers"),
    "hubert_local": lambda: converted("hubert"),
    "wav2vec2_local": lambda: converted("wav2vec2"),
    "data2vec_local": lambda: converted("data2vec"),
    "distiller_local": distiller,
    "wavlm_local": wavlm,
    "unispeech_sat_local": wavlm,
}


def write(name, path):
    """Write a checkpoint of an entry of s3prl."""
    torch.save(MAKERS[name](), path)
    return path
