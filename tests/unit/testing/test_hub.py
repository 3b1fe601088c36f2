"""The hub on this machine answers as ``huggingface_hub`` asks, and goes wrong as it is told."""

import hashlib
import os
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from neuroscope.testing.hub import LocalHub

FILES = {"config.json": b"{}", "model.safetensors": bytes(5000), "more/vocab.txt": b"a b c"}


@pytest.fixture
def hub(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "repositories" / "owner" / "name" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with LocalHub(tmp_path / "repositories") as hub, hub.used(tmp_path / "home"):
        yield hub


def opened(hub, path, **headers):
    request = urllib.request.Request(f"{hub.endpoint}/owner/name/resolve/main/{path}", headers=headers)
    return urllib.request.urlopen(request, timeout=10)


def test_it_listens_on_this_machine_alone(hub):
    assert hub._server.server_address[0] == "127.0.0.1"
    assert hub.endpoint == f"http://127.0.0.1:{hub.port}"


def test_the_library_gets_a_whole_repository(hub):
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

    disable_progress_bars()
    try:
        folder = snapshot_download("owner/name")
    finally:
        enable_progress_bars()
    assert folder.endswith(hub.commit("owner/name"))
    for name, content in FILES.items():
        assert Path(folder, name).read_bytes() == content


def test_the_library_gets_what_is_said_of_a_repository(hub):
    from huggingface_hub import HfApi, file_exists, get_hf_file_metadata, hf_hub_url

    api = HfApi()
    assert sorted(api.list_repo_files("owner/name")) == sorted(FILES)
    assert {each.path: each.size for each in api.list_repo_tree("owner/name", recursive=True)} == {
        name: len(content) for name, content in FILES.items()
    }
    about = get_hf_file_metadata(hf_hub_url("owner/name", "model.safetensors"))
    assert about.etag == hashlib.sha256(FILES["model.safetensors"]).hexdigest()
    assert (about.size, about.commit_hash) == (5000, hub.commit("owner/name"))
    assert file_exists("owner/name", "config.json")
    assert not file_exists("owner/name", "absent")


def test_the_commit_changes_with_the_files(hub, tmp_path):
    before = hub.commit("owner/name")
    assert hub.commit("owner/name") == before
    (tmp_path / "repositories/owner/name/config.json").write_text("{ }")
    assert hub.commit("owner/name") != before


def test_a_part_of_a_file(hub):
    with opened(hub, "model.safetensors", Range="bytes=4000-") as answer:
        assert (answer.status, len(answer.read())) == (206, 1000)
    with pytest.raises(urllib.error.HTTPError) as raised:
        opened(hub, "model.safetensors", Range="bytes=5000-")
    raised.value.close()
    assert raised.value.code == 416


def test_each_fault_happens_so_many_times(hub):
    hub.fault("owner/name/config.json", status=503, times=2)
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError) as raised:
            opened(hub, "config.json")
        raised.value.close()
        assert raised.value.code == 503
    with opened(hub, "config.json") as answer:
        assert answer.read() == b"{}"
    assert [each.path for each in hub.requests] == ["/owner/name/resolve/main/config.json"] * 3


def test_nothing_outside_the_repositories_is_served(hub, tmp_path):
    (tmp_path / "secret").write_text("secret")
    for path in (
        "/../secret",
        "/owner/name/resolve/main/../../../secret",
        "/owner/../resolve/main/secret",
        "/cdn/..//secret",
    ):
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(hub.endpoint + path, timeout=10)
        raised.value.close()
        assert raised.value.code in {401, 404}


def test_a_child_gets_no_token_and_its_own_home(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("OTHER", "kept")
    environment = hub.environment(tmp_path / "other")
    assert (environment["HF_ENDPOINT"], environment["HF_HOME"]) == (hub.endpoint, str(tmp_path / "other"))
    assert environment["OTHER"] == "kept"
    assert not {"HF_TOKEN", "HF_HUB_OFFLINE"} & environment.keys()


def test_what_was_patched_is_as_it_was(tmp_path):
    from huggingface_hub import constants

    before = (constants.ENDPOINT, constants.HF_HUB_CACHE, dict(os.environ))
    with LocalHub(tmp_path) as hub, hub.used(tmp_path / "home"):
        assert constants.ENDPOINT == hub.endpoint == os.environ["HF_ENDPOINT"]
    assert (constants.ENDPOINT, constants.HF_HUB_CACHE, dict(os.environ)) == before


def test_what_the_library_asks_for_its_own_sake_is_no_request(hub):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{hub.endpoint}/api/agent-harnesses", timeout=10)
    assert hub.requests == []
