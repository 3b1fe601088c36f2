"""Small checkpoints in the formats of s3prl's upstreams, made from the upstreams' own network classes."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import warnings
from argparse import Namespace
from types import SimpleNamespace

import torch

CONVS = "[(16, 10, 5)] + [(16, 3, 2)] * 4 + [(16, 2, 2)] * 2"
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
        key: each if isinstance(each, int | float | str | tuple | list | None) else str(each)
        for key, each in found.items()
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


def decoar(upstream, make="Decoar"):
    """decoar, decoar2 and decoar_layers: weights of one shape, and no settings."""
    return {"model": made(part(upstream, make.lower(), make)).state_dict(), "args": Namespace(arch="decoar")}


CONVERTED = {
    "data2vec": ("data2vec_model", "Data2VecAudioConfig", "Data2VecAudioModel"),
    "hubert": ("hubert_model", "HubertConfig", "HubertModel"),
    "multires_hubert": ("hubert_model", "MultiresHubertConfig", "MultiresHubertModel"),
    "wav2vec": ("wav2vec_model", "Wav2VecConfig", "Wav2VecModel"),
    "wav2vec2": ("wav2vec2_model", "Wav2Vec2Config", "Wav2Vec2Model"),
}


def converted(upstream, own=WAV2VEC2, **more):
    """What s3prl converts from fairseq: hubert, multires_hubert, wav2vec, vq_wav2vec, wav2vec2 and data2vec."""
    module, configure, make = CONVERTED[upstream]
    config = part(upstream, module, configure)
    model = settings_of(config, **own | more)
    known = config(**{key: each for key, each in model.items() if key in config.__dataclass_fields__})
    extra, rest = {}, []
    task = part("wav2vec2", "wav2vec2_model", "AudioPretrainingConfig")
    if "hubert" in upstream:
        task = part(upstream, module, configure.replace("Config", "PretrainingConfig"))
        extra = {"dictionaries_symbols": [[str(number) for number in range(12)]] * (1 if upstream == "hubert" else 3)}
        rest = [task(), extra["dictionaries_symbols"]]
    network = made(part(upstream, module, make), known, *rest)
    if upstream == "data2vec":
        network.remove_pretraining_modules()
    state = dict(network.state_dict())
    if upstream == "data2vec":
        state["_ema"] = {"decay": 1.0}
    return {"task_cfg": settings_of(task, normalize=True), "model_cfg": model, "model_weight": state, **extra}


def wav2vec(**more):
    """wav2vec and vq_wav2vec: convolutions alone."""
    convs = {"conv_feature_layers": "[(16, 10, 5)] + [(16, 8, 4)] + [(16, 4, 2)] * 3"}
    own = convs | {"conv_aggregator_layers": "[(16, 3, 1)] * 3", "infonce": True, "prediction_steps": 2}
    return converted("wav2vec", own, **more)


def multires_hubert():
    """Encoders of two rates."""
    own = WAV2VEC2 | {"label_rate_ratios": [1, 2], "override_encoder_layers": "[1] * 3", "encoder_layers": 2}
    return converted("multires_hubert", own, label_rate=50.0)


def cpc():
    """modified_cpc, as its authors save it."""
    config = {"hiddenEncoder": 16, "hiddenGar": 16, "nLevelsGRU": 2, "arMode": "LSTM", "pathDB": "/datasets (old)"}
    config |= {"samplingType": "sequential"}
    loader = {name: part("cpc", "feature_loader", name) for name in ("getEncoder", "getAR", "loadArgs")}
    known = part("cpc", "cpc_default_config", "get_default_cpc_config")()
    loader["loadArgs"](known, Namespace(**config))
    network = made(lambda: part("cpc", "model", "CPCModel")(loader["getEncoder"](known), loader["getAR"](known)))
    return {"config": config, "weights": network.state_dict(), "iteration": 4}


def mae_ast():
    """Patches of 16 mel bands and 16 frames."""
    own = {key: each for key, each in WAV2VEC2.items() if key.startswith("encoder")} | {"decoder_embed_dim": 24}
    model = settings_of(part("mae_ast", "mae_ast", "MAE_AST_Config"), **own)
    task = {
        "sample_rate": 16_000,
        "feature_dim": 128,
        "feature_rate": 100,
        "mask_type": "retain_spans",
        "feature_type": "fbank",
        "data": "/checkpoint/data",
    }
    make = part("mae_ast", "mae_ast", "MAE_AST")
    network = made(make, SimpleNamespace(**model), SimpleNamespace(**task))
    held = {"model": model, "task": task, "optimizer": {"_name": "adam"}}
    return {"cfg": held, "model": network.state_dict(), "args": None}


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
    "decoar2_local": lambda: decoar("decoar2", "Decoar2"),
    "decoar_layers_local": lambda: decoar("decoar_layers"),
    "cpc_local": cpc,
    "hubert_local": lambda: converted("hubert", label_rate=50.0),
    "multires_hubert_local": multires_hubert,
    "mae_ast_local": mae_ast,
    "wav2vec_local": wav2vec,
    "vq_wav2vec_custom": lambda: wav2vec(vq_type="gumbel", vq_vars=8, vq_dim=16),
    "wav2vec2_local": lambda: converted("wav2vec2"),
    "data2vec_local": lambda: converted("data2vec"),
    "distiller_local": distiller,
    "wavlm_local": wavlm,
    "unispeech_sat_local": wavlm,
}


def content(name):
    """What a checkpoint of an entry of s3prl holds: a copy of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return copy.deepcopy(MAKERS[name]())


def write(name, path):
    """Write a checkpoint of an entry of s3prl."""
    torch.save(content(name), path)
    return path
