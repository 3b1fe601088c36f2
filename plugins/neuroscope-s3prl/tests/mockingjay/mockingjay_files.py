"""Checkpoints in the formats of s3prl, small, and the numbers that s3prl itself makes of them."""

import contextlib
import copy
import io
import sys
import types
import warnings
from argparse import Namespace

import torch

from neuroscope_s3prl.mockingjay.published import BASE, LARGE

SMALL = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 48}
PUBLISHED = {"base": BASE, "large": LARGE}
DROPOUT = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}


def config_of(name, *, task=None, audio=None, **network):
    """A configuration of today's s3prl, complete; ``network``, ``task``, ``audio`` change it."""
    config = copy.deepcopy(dict(PUBLISHED[name].config))
    config["transformer"] |= {"input_dim": -1} | DROPOUT | SMALL | network
    config["task"] |= {"loss": "L1", "position_encoding_size": 768} | (task or {})
    config["audio"] |= audio or {}
    return config


def weights_of(config, columns, seed=0):
    """s3prl's encoder of a configuration, with values that show every part (biases and LayerNorms are not trivial)."""
    from s3prl.upstream.mockingjay.model import TransformerConfig, TransformerModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = TransformerModel(TransformerConfig(config["transformer"]), columns).state_dict()
        for name, values in state.items():
            if name.endswith("bias"):
                values.normal_(0, 0.1)
            elif "LayerNorm" in name:
                values.uniform_(0.8, 1.2)
            else:
                values.normal_(0, 0.08)
    return state


def write(path, config, *, columns=None, entry="Config", seed=0, change=lambda content: None):
    """A file as s3prl writes it, with what a reader has to go round: an optimizer's class, a namespace."""
    columns = columns or {True: 240, False: 80}["kaldi" in config["audio"]]
    optimizers = types.ModuleType("optimizers")
    optimizers.Fancy = type("Fancy", (), {"__module__": "optimizers", "__init__": lambda self: setattr(self, "lr", 1)})
    sys.modules["optimizers"] = optimizers
    try:
        content = {
            entry: config,
            "Transformer": weights_of(config, columns, seed),
            "SpecHead": {"dense.weight": torch.ones(3, 3)},
            "Optimizer": optimizers.Fancy(),
            "Args": Namespace(upstream="mockingjay", seed=1337),
            "Step": 500_000,
        }
        if entry == "Upstream_Config":
            content["Config"] = {"runner": {"total_steps": 1}}
        change(content)
        torch.save(content, path)
    finally:
        del sys.modules["optimizers"]
    return path


def s3prl_layers(path, wave):
    """What s3prl's own upstream makes of a file and one waveform: a list of ``[frames, hidden]``, the entry first."""
    return expert_layers(expert(path), wave)


def expert(path):
    """s3prl's own upstream of a file, in evaluation mode."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        from s3prl.upstream.mockingjay.hubconf import mockingjay_local

        optimizers = types.ModuleType("optimizers")
        optimizers.Fancy = type("Fancy", (), {"__module__": "optimizers"})
        import s3prl.optimizers

        s3prl.optimizers.Fancy = optimizers.Fancy
        return mockingjay_local(str(path)).eval()


def expert_layers(upstream, wave):
    with torch.inference_mode():
        return [layer[0] for layer in upstream([torch.as_tensor(wave)])["hidden_states"]]


def relative(ours, theirs):
    """The largest difference, of the layer's largest value."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max() / theirs.abs().max())


def legacy_config(section="transformer", **network):
    """A configuration of 2019-20: one section for the network, the front end outside of it."""
    config = {"downsample_rate": 1, "num_hidden_layers": 3, "hidden_act": "gelu", "initializer_range": 0.02}
    config |= {"layer_norm_eps": "1e-12", "mask_proportion": 0.15} | DROPOUT | SMALL | network
    return {section: config, "dataloader": {"data_path": "data/libri_mel160_subword5000", "max_timestep": 1500}}


def write_legacy(path, config, *, entry="Transformer", aliases=False, columns=160):
    """A file of 2019-20; ``aliases``: with the second names that some modules had for some months."""
    network = next(iter(config.values()))
    modern = {"transformer": network | {"share_layer": False, "pre_layer_norm": False}}
    state = weights_of(modern, columns * network["downsample_rate"])
    if aliases:
        for layer in range(network["num_hidden_layers"]):
            for kind in ("weight", "bias"):
                own = f"encoder.layer.{layer}"
                state[f"{own}.LayerNorm.{kind}"] = state[f"{own}.output.LayerNorm.{kind}"]
                state[f"{own}.attention.LayerNorm.{kind}"] = state[f"{own}.attention.output.LayerNorm.{kind}"]
    settings = {"Config": config, "Paras": Namespace(seed=1337, config="config/mockingjay_libri.yaml")}
    content = {"SpecHead": {}, entry: state, "Optimizer": {}, "Global_step": 500_000, "Settings": settings}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path
