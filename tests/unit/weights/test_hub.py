"""Files of a hub: whole, resumed or told in one line why not, against a hub on this machine."""

import hashlib
import subprocess
import sys
import time
from math import inf

import pytest

from neuroscope.errors import BadOption, MissingData, MissingDependency
from neuroscope.weights import digests, hub_file, hub_files

MODEL = bytes(range(256)) * 40
REPO, FILE = "owner/name", "pytorch_model.bin"


def refused(name=FILE, *, repo=REPO, error=MissingData, **options):
    """The one line that is said."""
    with pytest.raises(error) as raised:
        hub_file(repo, name, **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def gets(hub):
    """Requests of files."""
    return [each for each in hub.requests if each.method == "GET"]


def blobs(tmp_path):
    return sorted(path.name for path in (tmp_path / "home" / "hub" / "models--owner--name" / "blobs").iterdir())


@pytest.mark.parametrize("name", ["pytorch_model.bin", "config.json"])
def test_a_file_is_brought_into_the_hubs_own_cache(hub, repositories, tmp_path, name):
    from huggingface_hub import try_to_load_from_cache

    found = hub_file(REPO, name)
    content = (repositories / REPO / name).read_bytes()
    assert found.path.read_bytes() == content
    assert (found.repo, found.name, found.commit) == (REPO, name, hub.commit(REPO))
    assert found.digest == hashlib.sha256(content).hexdigest()
    assert str(found.path) == try_to_load_from_cache(REPO, name)
    assert found.path.is_relative_to(tmp_path / "home" / "hub")
    assert len(gets(hub)) == 1


def test_the_library_finds_it_and_asks_for_no_byte(hub):
    from huggingface_hub import hf_hub_download

    found = hub_file(REPO, FILE)
    assert hf_hub_download(REPO, FILE) == str(found.path)
    assert len(gets(hub)) == 1


def test_what_the_library_has_brought_is_found(hub):
    from huggingface_hub import hf_hub_download

    path = hf_hub_download(REPO, FILE, tqdm_class=None)
    assert str(hub_file(REPO, FILE).path) == path
    assert len(gets(hub)) == 1


def test_a_file_of_a_commit_costs_no_request_the_second_time(hub):
    commit = hub.commit(REPO)
    first = hub_file(REPO, FILE, revision=commit)
    asked = len(hub.requests)
    assert hub_file(REPO, FILE, revision=commit) == first
    assert len(hub.requests) == asked


def test_a_new_commit_of_the_branch_is_brought(hub, repositories):
    first = hub_file(REPO, FILE)
    (repositories / REPO / FILE).write_bytes(b"new")
    second = hub_file(REPO, FILE)
    assert second.path.read_bytes() == b"new"
    assert second.commit != first.commit
    assert first.path.read_bytes() == MODEL


def test_a_broken_connection_goes_on_within_one_call(hub):
    hub.fault(f"{REPO}/{FILE}", cut=1000)
    hub.fault(f"{REPO}/{FILE}", cut=2000)
    assert hub_file(REPO, FILE).path.read_bytes() == MODEL
    assert [each.range for each in gets(hub)] == ["", "bytes=1000-", "bytes=3000-"]


def test_a_download_that_ended_goes_on_in_the_next_run(hub, tmp_path):
    hub.fault(f"{REPO}/{FILE}", cut=1000)
    hub.fault(f"{REPO}/{FILE}", cut=0, times=inf)
    said = refused()
    assert "1,000 bytes of 10,240 bytes" in said
    assert "run the command again, and it goes on from there" in said
    assert [name.rpartition(".")[2] for name in blobs(tmp_path)] == ["incomplete"]
    hub.mend()
    hub.requests.clear()
    assert hub_file(REPO, FILE).path.read_bytes() == MODEL
    assert [each.range for each in gets(hub)] == ["bytes=1000-"]
    assert blobs(tmp_path) == [hashlib.sha256(MODEL).hexdigest()]


def test_a_download_that_was_killed_goes_on_in_the_next_run(hub, tmp_path):
    script = (
        "import os; from neuroscope.weights import hub_file, transfer\n"
        "transfer.time.sleep = lambda seconds: os.kill(os.getpid(), 9)\n"
        f"hub_file({REPO!r}, {FILE!r})"
    )
    hub.fault(f"{REPO}/{FILE}", cut=1000)
    done = subprocess.run(
        [sys.executable, "-c", script], env=hub.environment(tmp_path / "home"), timeout=60, check=False
    )
    assert done.returncode == -9
    hub.requests.clear()
    assert hub_file(REPO, FILE).path.read_bytes() == MODEL
    assert [each.range for each in gets(hub)] == ["bytes=1000-"]


def test_several_at_once_download_it_once(hub, tmp_path, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    from neuroscope.weights import transfer

    settle = transfer._Transfer._settle

    def slowly(self, total):
        time.sleep(0.3)
        settle(self, total)

    monkeypatch.setattr(transfer._Transfer, "_settle", slowly)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: hub_file(REPO, FILE), range(4)))
    assert [each.path.read_bytes() for each in found] == [MODEL] * 4
    assert len(gets(hub)) == 1
    assert blobs(tmp_path) == [hashlib.sha256(MODEL).hexdigest()]


def test_wrong_bytes_of_the_right_size_are_not_kept(hub, tmp_path):
    hub.fault(f"{REPO}/{FILE}", content=bytes(len(MODEL)))
    said = refused()
    assert f"the digest {hashlib.sha256(bytes(len(MODEL))).hexdigest()}" in said
    assert hashlib.sha256(MODEL).hexdigest() in said
    assert blobs(tmp_path) == []
    assert hub_file(REPO, FILE).path.read_bytes() == MODEL


@pytest.mark.parametrize("content", [b"", b"short", bytes(len(MODEL) + 1)])
def test_bytes_of_another_size_are_not_kept(hub, content):
    hub.fault(f"{REPO}/{FILE}", content=content)
    assert "were announced" in refused()
    assert hub_file(REPO, FILE).path.read_bytes() == MODEL


def test_a_half_of_other_bytes_is_not_gone_on_from(hub):
    hub.fault(f"{REPO}/{FILE}", content=bytes(len(MODEL)), cut=1000)
    assert "digest" in refused()  # the rest was fetched, and the whole is not what was announced
    assert hub_file(REPO, FILE).path.read_bytes() == MODEL


def test_wrong_bytes_of_a_small_file_are_not_kept(hub, repositories, tmp_path):
    """The hub announces git's digest of what is no large file."""
    right = (repositories / REPO / "config.json").read_bytes()
    hub.fault(f"{REPO}/config.json", content=bytes(len(right)), times=9)
    with pytest.raises(MissingData, match="what came has the digest"):
        hub_file(REPO, "config.json")
    assert blobs(tmp_path) == []
    hub.mend()
    path = hub_file(REPO, "config.json").path.resolve()
    assert path.read_bytes() == right
    path.write_bytes(bytes(len(right)))
    with pytest.raises(MissingData, match=r"Remove .* to download it again"):
        hub_file(REPO, "config.json")


def test_a_file_that_was_damaged_in_the_cache_is_told(hub):
    path = hub_file(REPO, FILE).path.resolve()
    path.write_bytes(bytes(len(MODEL)))
    assert f"Remove {path} to download it again" in refused()
    path.unlink()
    assert hub_file(REPO, FILE).path.read_bytes() == MODEL


def test_no_such_repository(hub):
    said = refused(repo="owner/other")
    assert "owner/other" in said
    assert "no such repository" in said
    assert "HF_TOKEN" in said


def test_no_such_file(hub):
    said = refused("model.onnx")
    assert "model.onnx of owner/name" in said
    assert "no such file" in said


def test_no_such_revision(hub):
    assert "no revision v9" in refused(revision="v9")


def test_a_file_that_may_be_absent(hub):
    assert hub_file(REPO, "model.safetensors", optional=True) is None
    assert "no such repository" in refused("model.safetensors", repo="owner/other", optional=True)


def test_of_several_files_the_first_that_is_there(hub):
    names = ["model.safetensors", "pytorch_model.bin", "config.json"]
    assert hub_files(REPO, names).name == "pytorch_model.bin"
    assert hub_files(REPO, ["model.safetensors"]) is None


@pytest.mark.parametrize(
    ("status", "error", "word"),
    [
        (401, "", "may not see it (401)"),
        (401, "GatedRepo", "denies it (401)"),
        (403, "", "denies it (403)"),
        (403, "GatedRepo", "denies it (403)"),
    ],
)
def test_who_is_not_allowed_is_told_what_to_do(hub, status, error, word):
    hub.fault(f"{REPO}/{FILE}", status=status, error=error)
    said = refused()
    assert word in said
    assert "HF_TOKEN" in said


def test_a_token_goes_to_the_hub_and_not_to_the_place_of_the_bytes(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub_file(REPO, FILE)
    tokens = {each.path.split("/")[1]: each.token for each in hub.requests}
    assert tokens == {"owner": "hf_secret", "cdn": ""}


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_hub_that_is_ill(hub, status):
    hub.fault(REPO, status=status, times=inf)
    assert f"the hub answers {status}" in refused()


def test_what_is_here_serves_while_the_hub_is_ill(hub):
    first = hub_file(REPO, FILE)
    hub.fault(REPO, status=500, times=inf)
    assert hub_file(REPO, FILE) == first


@pytest.mark.parametrize("status", [401, 403])
def test_what_is_here_serves_who_is_no_longer_known(hub, status):
    first = hub_file(REPO, FILE)
    hub.fault(REPO, status=status, error="GatedRepo", times=inf)
    assert hub_file(REPO, FILE) == first


def test_a_large_file_is_read_once_for_its_digest(hub, monkeypatch):
    original, read = digests._sha256, []
    monkeypatch.setattr(digests, "_sha256", lambda path: read.append(path.name) or original(path))
    assert hub_file(REPO, FILE).digest == hub_file(REPO, FILE).digest == hashlib.sha256(MODEL).hexdigest()
    assert len(read) == 1


def test_bytes_that_cannot_be_had_just_now(hub, tmp_path):
    hub.fault(f"{REPO}/{FILE}", cut=0, times=inf)
    assert "Look at the connection" in refused()
    assert blobs(tmp_path) == []


def test_offline_a_file_in_the_cache_serves_without_a_request(hub, monkeypatch):
    first = hub_file(REPO, FILE)
    hub.requests.clear()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert hub_file(REPO, FILE) == first
    assert hub.requests == []


NAMES = ["model.safetensors", FILE]


@pytest.mark.parametrize("revised", [False, True])
def test_what_a_repository_lacks_is_known_offline_once_the_hub_has_said_so(hub, monkeypatch, revised):
    from huggingface_hub import _CACHED_NO_EXIST, try_to_load_from_cache

    revision = hub.commit(REPO) if revised else None
    first = hub_files(REPO, NAMES, revision=revision)
    assert try_to_load_from_cache(REPO, NAMES[0], revision=revision) is _CACHED_NO_EXIST
    hub.requests.clear()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert hub_files(REPO, NAMES, revision=revision) == first
    assert hub.requests == []


def test_a_mark_that_the_library_left_is_proof(hub, monkeypatch):
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    first = hub_file(REPO, FILE)
    with pytest.raises(EntryNotFoundError):
        hf_hub_download(REPO, NAMES[0])
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert hub_files(REPO, NAMES) == first


def test_offline_a_file_that_never_was_asked_for_is_not_taken_as_lacking(hub, monkeypatch):
    hub_file(REPO, FILE)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for options in ({}, {"revision": hub.commit(REPO)}):
        said = refused("model.safetensors", optional=True, **options)
        assert "it is not in the hub's cache, nor that the repository lacks it, and HF_HUB_OFFLINE forbids" in said
        assert "Run once without it" in said


def test_a_file_that_came_with_a_later_commit_is_found(hub, repositories):
    assert hub_files(REPO, NAMES).name == FILE
    (repositories / REPO / NAMES[0]).write_bytes(b"safe")
    assert hub_files(REPO, NAMES).name == NAMES[0]


def test_of_an_ill_hub_what_a_repository_lacks_takes_proof(hub):
    first = hub_files(REPO, NAMES)
    hub.fault(REPO, status=503, times=inf)
    assert hub_files(REPO, NAMES) == first
    assert "the hub answers 503" in refused("preprocessor_config.json", optional=True)


def test_offline_a_file_that_is_not_here_is_told(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for options in ({}, {"optional": True}):
        said = refused(**options)
        assert "HF_HUB_OFFLINE" in said
        assert "pytorch_model.bin of owner/name" in said
    assert hub.requests == []


def test_a_hub_out_of_reach(repositories, tmp_path, monkeypatch):
    from neuroscope.testing.hub import LocalHub

    with LocalHub(repositories) as gone:
        pass
    with gone.used(tmp_path / "home"):
        said = refused()
    assert gone.endpoint in said
    assert "cannot be reached" in said


def test_a_cache_that_cannot_be_written(hub, tmp_path):
    (tmp_path / "home").write_text("a file where the folder should be")
    assert "cannot be written" in refused()


def test_a_full_disk_is_told_before_anything_is_fetched(hub, monkeypatch):
    class Usage:
        free = 100

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage)
    said = refused()
    assert "cannot be written" in said
    assert "100 bytes are free" in said


@pytest.mark.parametrize("repo", ["", "a/b/c", "owner/na me", "../name", "owner/name--", "x" * 200])
def test_what_cannot_be_a_repository(hub, repo):
    refused(repo=repo, error=BadOption)
    assert hub.requests == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", ""])
def test_a_name_that_leads_out_of_the_cache(hub, name):
    refused(name, error=BadOption)
    refused(revision=name, error=BadOption)
    assert hub.requests == []


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    said = refused(error=MissingDependency)
    assert "pip install huggingface_hub" in said


def test_the_environment_alone_is_enough(hub, tmp_path):
    script = f"from neuroscope.weights import hub_file; found = hub_file({REPO!r}, {FILE!r}); print(found.path)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=hub.environment(tmp_path / "child"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(str(tmp_path / "child" / "hub"))
    offline = hub.environment(tmp_path / "child") | {"HF_HUB_OFFLINE": "1"}
    hub.requests.clear()
    again = subprocess.run(
        [sys.executable, "-c", script], env=offline, capture_output=True, text=True, timeout=60, check=False
    )
    assert (again.stdout, hub.requests) == (done.stdout, [])


def test_progress_is_told_in_bytes_and_the_librarys_bars_are_not_seen(hub, capfd):
    told = []

    class Bar:
        def __init__(self, label, total, seconds=0.0):
            told.append((label, total))

        def __enter__(self):
            return lambda steps, seconds=0.0: told.append(steps)

        def __exit__(self, *error):
            told.append("end")

    hub.fault(f"{REPO}/{FILE}", cut=1000)
    hub_file(REPO, FILE, progress=Bar)
    assert told[0] == ("Downloading pytorch_model.bin of owner/name", len(MODEL))
    assert told[-1] == "end"
    assert sum(told[1:-1]) == len(MODEL)
    assert capfd.readouterr() == ("", "")
