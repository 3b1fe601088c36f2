"""Checkpoints that torch wrote: what comes out is what ``torch.load`` gives, and no more is read than is wanted."""

import argparse
import collections
import copy
import io
import zipfile

import pytest
import torch

from neuroscope.errors import BadOption, MissingData
from neuroscope.weights import Foreign, plain, read_checkpoint

NUMBERS = torch.arange(24, dtype=torch.float32).reshape(4, 6)
KINDS = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8]
KINDS += [torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.bool, torch.complex64, torch.complex128]
KINDS += [torch.float8_e4m3fn, torch.float8_e5m2]


@pytest.fixture(params=[True, False], ids=["zip", "legacy"])
def save(request, tmp_path):
    """A function that saves an object in one of the two formats, and gives the path."""

    def save(content, name="checkpoint.pt", **options):
        torch.save(content, tmp_path / name, _use_new_zipfile_serialization=request.param, **options)
        return tmp_path / name

    return save


def bits(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def same(found, wanted):
    """Whether two objects with tensors in them are equal, in layout, class and value."""
    if isinstance(wanted, torch.Tensor):
        ours = (found.dtype, found.shape, found.stride(), found.storage_offset(), str(found.device))
        theirs = (wanted.dtype, wanted.shape, wanted.stride(), wanted.storage_offset(), "cpu")
        return ours == theirs and bits(found).equal(bits(wanted))
    if isinstance(wanted, dict):
        return (
            type(found) is type(wanted)
            and list(found) == list(wanted)
            and all(same(found[k], wanted[k]) for k in wanted)
        )
    if isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return type(found) is type(wanted) and found == wanted


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_containers_and_values(save, protocol):
    inner = [1, -(2**40), 2**100, 1.5, float("inf"), True, None, "é\n", b"\x00\xff", (), (1,), [[]], {"a": {2: "b"}}]
    content = {"inner": inner, "sets": ({1, "a"}, frozenset({2})), "ordered": collections.OrderedDict(b=1, a=2)}
    path = save(content, pickle_protocol=protocol)
    assert same(read_checkpoint(path, list(content)), content)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_kind_of_number(save, kind):
    content = {"a": NUMBERS.to(kind), "b": NUMBERS.to(kind).t(), "none": torch.empty(0, 3, dtype=kind)}
    path = save(content)
    assert same(read_checkpoint(path, list(content)), content)  # torch.load cannot read some of its own legacy files


def test_views_share_their_storage(save):
    content = {
        "whole": NUMBERS,
        "part": NUMBERS[1:3, ::2],
        "turned": NUMBERS.t(),
        "one": NUMBERS[3, 5],
        "n": NUMBERS[:0],
    }
    content["repeated"] = NUMBERS[:, :1].expand(4, 3)
    path = save(content)
    found = read_checkpoint(path, list(content))
    assert same(found, torch.load(path, weights_only=True))
    found["whole"][3, 5] = -1
    assert found["one"].item() == -1
    assert found["turned"].data_ptr() == found["whole"].data_ptr()


def test_a_state_dict_keeps_its_metadata_and_its_order(save):
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.MultiheadAttention(4, 2))
    path = save({"state": network.state_dict(), "step": 3})
    found = read_checkpoint(path, ["state"])
    assert list(found) == ["state"]
    assert same(found["state"], network.state_dict())
    assert found["state"]._metadata == network.state_dict()._metadata
    copy.deepcopy(network).load_state_dict(found["state"])


def test_parameters_come_as_tensors_without_gradient(save):
    path = save({"p": torch.nn.Parameter(NUMBERS.clone()), "frozen": torch.nn.Parameter(NUMBERS, requires_grad=False)})
    found = read_checkpoint(path, ["p", "frozen"])
    assert same(found, {"p": NUMBERS, "frozen": NUMBERS})
    assert type(found["p"]) is torch.Tensor
    assert not found["p"].requires_grad


def test_a_parameter_with_attributes(save):
    parameter = torch.nn.Parameter(NUMBERS.clone())
    parameter.mine = "x"
    assert same(read_checkpoint(save({"p": parameter}), ["p"]), {"p": NUMBERS})


def test_an_optimizer(save):
    network = torch.nn.Linear(3, 4)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    path = save({"Optimizer": optimizer.state_dict()})
    assert same(read_checkpoint(path, ["Optimizer"]), torch.load(path, weights_only=True))


def test_a_namespace_and_a_foreign_class(save):
    args = argparse.Namespace(lr=0.1, tensor=NUMBERS, inner=argparse.Namespace(x=[1]), device=torch.device("cpu"))
    found = read_checkpoint(save({"Args": args, "counter": collections.Counter("aab")}), ["Args", "counter", "absent"])
    assert list(found) == ["Args", "counter"]
    assert type(found["Args"]) is argparse.Namespace
    assert (found["Args"].lr, found["Args"].inner.x) == (0.1, [1])
    assert found["Args"].tensor.equal(NUMBERS)
    assert found["Args"].device == Foreign("torch", "device")
    assert found["counter"] == Foreign("collections", "Counter")
    assert not callable(found["counter"])


def test_default_dictionaries_sizes_and_objects_of_numpy(save):
    import numpy as np

    content = {"d": collections.defaultdict(list, a=[1]), "size": NUMBERS.shape, "kind": torch.float32}
    content |= {"scalar": np.float64(1), "array": np.ones(3)}
    found = read_checkpoint(save(content), list(content))
    assert same({name: found[name] for name in ("d", "size")}, {"d": {"a": [1]}, "size": (4, 6)})
    assert found["kind"] == Foreign("torch", "float32")
    assert isinstance(found["scalar"], Foreign)
    assert isinstance(found["array"], Foreign)


def test_what_refers_to_itself(save):
    loop = {"name": "x", "items": []}
    loop["items"].append(loop)
    found = read_checkpoint(save({"loop": loop}), ["loop"])["loop"]
    assert found["items"][0] is found
    with pytest.raises(BadOption, match="nested too deeply"):
        plain(found)


def test_what_is_shared_is_shared(save):
    inner = [1]
    found = read_checkpoint(save({"a": inner, "b": [inner]}), ["a", "b"])
    assert found["b"][0] is found["a"]


def test_a_checkpoint_of_a_gpu_comes_to_the_cpu(save):
    path = save({"a": NUMBERS})
    content = path.read_bytes()
    if content.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            parts = {each: archive.read(each) for each in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))
    else:
        path.write_bytes(content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))
    assert b"cuda:0" in path.read_bytes()
    assert same(read_checkpoint(path, ["a"]), {"a": NUMBERS})


def test_numbers_with_their_highest_byte_first(tmp_path):
    content = {
        "a": NUMBERS,
        "b": NUMBERS.to(torch.int16),
        "c": torch.complex(NUMBERS, NUMBERS),
        "d": NUMBERS.to(torch.uint16),
    }
    torch.save(content, tmp_path / "little.pt")
    with zipfile.ZipFile(tmp_path / "little.pt") as little, zipfile.ZipFile(tmp_path / "big.pt", "w") as big:
        for name in little.namelist():
            part, size = little.read(name), {"0": 4, "1": 2, "2": 4, "3": 2}.get(name.rpartition("/")[2])
            if "/data/" in name:
                part = b"".join(part[at : at + size][::-1] for at in range(0, len(part), size))
            big.writestr(name, b"big" if name.endswith("/byteorder") else part)
    assert same(read_checkpoint(tmp_path / "big.pt", list(content)), content)
    assert same(torch.load(tmp_path / "big.pt", weights_only=True)["a"], NUMBERS)


def test_tensors_that_are_not_wanted_are_not_read(save):
    """Their bytes are damaged, and nobody sees it."""
    path = save({"wanted": NUMBERS, "other": torch.full((1000,), 77.0)})
    mark = torch.full((1000,), 77.0).numpy().tobytes()
    content = path.read_bytes()
    assert content.count(mark) == 1
    path.write_bytes(content.replace(mark, mark[:-4] + b"XXXX"))
    assert same(read_checkpoint(path, ["wanted"]), {"wanted": NUMBERS})
    if content.startswith(b"PK"):
        with pytest.raises(BadOption, match="damaged"):
            read_checkpoint(path, ["other"])


def test_keys_that_are_not_read_hinder_nobody_who_does_not_want_them(save):
    odd = {"d": {(1, "a"): 1}, "o": collections.OrderedDict([((1,), 1)]), "s": {(1, 2)}, "f": frozenset({(1, 2)})}
    odd |= {"large": {2**70: 1}, "n": argparse.Namespace(**{"a": {(1,): 2}})}
    path = save({**odd, "Model": {"w": NUMBERS}, "names": {1: 2, None: 3, "a": 4}})
    assert same(read_checkpoint(path, ["Model"]), {"Model": {"w": NUMBERS}})
    assert read_checkpoint(path, ["names"]) == {"names": {1: 2, None: 3, "a": 4}}
    for name in odd:
        with pytest.raises(BadOption, match=r"a key of a dictionary or an item of a set is of a kind .* \(a tuple"):
            read_checkpoint(path, [name])


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["module", "optimizer", "sparse", "quantized"])
def test_storages_inside_what_is_not_read_hinder_nobody(save, kind):
    """Eight times: in the old format storages lie in an order that the keys' names decide."""
    network = torch.nn.Linear(3, 3)
    optimizer = torch.optim.Adam(network.parameters())
    network(NUMBERS[:, :3]).sum().backward()
    optimizer.step()
    made = {
        "module": lambda: torch.nn.Linear(4, 4),
        "optimizer": lambda: optimizer,
        "sparse": lambda: torch.eye(3).to_sparse(),
        "quantized": lambda: torch.quantize_per_tensor(NUMBERS, 0.1, 0, torch.qint32),
    }
    for _ in range(8):
        model = {name: values.detach().clone() for name, values in network.state_dict().items()}
        path = save({"Model": model, "other": made[kind]()})
        assert same(read_checkpoint(path, ["Model"]), {"Model": model})


def test_bare_storages_and_modules_are_names(save):
    found = read_checkpoint(save({"s": NUMBERS.untyped_storage(), "m": torch.nn.Linear(2, 2)}), ["s", "m"])
    assert found["s"] == Foreign("torch", "UntypedStorage")
    assert found["m"] == Foreign("torch.nn.modules.linear", "Linear")


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.quantize_per_tensor(NUMBERS, 0.1, 0, torch.qint8),
        NUMBERS.to_sparse,
        lambda: torch.empty(3, device="meta"),
        lambda: torch.complex(NUMBERS, NUMBERS).conj(),
    ],
    ids=["quantized", "sparse", "meta", "conjugate"],
)
@pytest.mark.filterwarnings("ignore")
def test_tensors_of_other_kinds_are_refused_where_they_are_wanted(save, make):
    path = save({"a": [make()], "b": 1})
    with pytest.raises(BadOption, match="a tensor of a kind that is not read"):
        read_checkpoint(path, ["a"])
    assert read_checkpoint(path, ["b"]) == {"b": 1}


def test_settings_become_plain(save):
    config = collections.OrderedDict(a=argparse.Namespace(b=collections.defaultdict(int, c=(1, [2]))), t=NUMBERS)
    found = plain(read_checkpoint(save({"Config": config}), ["Config"])["Config"])
    assert same(found, {"a": {"b": {"c": (1, [2])}}, "t": NUMBERS})


def test_settings_with_a_foreign_object_are_refused(save):
    found = read_checkpoint(save({"Config": {"device": [torch.device("cpu")]}}), ["Config"])
    with pytest.raises(BadOption, match=r"torch\.device, which is not read"):
        plain(found)


def test_no_file_no_dictionary_no_checkpoint(save, tmp_path):
    with pytest.raises(MissingData, match="there is no checkpoint"):
        read_checkpoint(tmp_path / "absent.pt", ["a"])
    with pytest.raises(BadOption, match="holds no dictionary"):
        read_checkpoint(save([NUMBERS]), ["a"])
    with pytest.raises(BadOption, match="cannot be read: Is a directory"):
        read_checkpoint(tmp_path, ["a"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no checkpoint of torch"),
        (b"hello", "no checkpoint of torch"),
        (b"\n <!DOCTYPE html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS"),
        (b"\x80\x04N.", "no checkpoint of torch"),
        (b"I1\n.", "no checkpoint of torch"),
    ],
)
def test_other_files(tmp_path, content, said):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BadOption, match=said):
        read_checkpoint(tmp_path / "file", ["a"])


def test_other_archives(tmp_path):
    import tarfile

    path = tmp_path / "file"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("pickle"), io.BytesIO())
    with pytest.raises(BadOption, match=r"before 0\.1\.10"):
        read_checkpoint(path, ["a"])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("file.txt", b"x")
    with pytest.raises(BadOption, match="no checkpoint of torch"):
        read_checkpoint(path, ["a"])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}.")
        archive.writestr("a/constants.pkl", b"\x80\x02}.")
    with pytest.raises(BadOption, match="TorchScript"):
        read_checkpoint(path, ["a"])
