"""How bytes come: to whom an authorization goes, and who has an unfinished file."""

import threading

from neuroscope.contracts.progress import silent
from neuroscope.weights.transfer import Source, fetch, is_same_host
from neuroscope.weights.unfinished import unfinished


def test_an_authorization_goes_to_the_first_host_alone(hub, tmp_path):
    url = f"{hub.endpoint}/owner/name/resolve/main/pytorch_model.bin"
    with unfinished(tmp_path / "file", "it", silent) as stream:
        fetch(Source(url, "it", {"authorization": "Bearer hf_secret"}), stream, silent)
    assert [(each.path.split("/")[1], each.token) for each in hub.requests] == [("owner", "hf_secret"), ("cdn", "")]


def test_who_waited_gets_a_file_that_is_there(tmp_path):
    """The first removes it, as it does with wrong bytes; what the second writes has to have a name."""
    path, written, told = tmp_path / "file.incomplete", [], []

    def progress(label, total):
        told.append(label)
        return silent(label, total)

    def second():
        with unfinished(tmp_path / "file", "it", progress) as stream:
            stream.write(b"second")
            stream.flush()
            written.append(path.read_bytes())

    with unfinished(tmp_path / "file", "it", silent) as stream:
        stream.write(b"wrong")
        stream.flush()
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        assert told == ["Waiting for another process that downloads it"]
        path.unlink()
    waiting.join(10)
    assert written == [b"second"]


def test_nothing_that_is_empty_is_left(tmp_path):
    with unfinished(tmp_path / "file", "it", silent):
        assert (tmp_path / "file.incomplete").exists()
    assert list(tmp_path.iterdir()) == []


def test_hosts_are_the_same_where_they_are_spoken_to_in_one_way():
    assert is_same_host("https://a.b/x", "https://a.b/y?z")
    assert not is_same_host("https://a.b/x", "https://b.b/x")
    assert not is_same_host("https://a.b/x", "http://a.b/x")
    assert not is_same_host("https://a.b/x", "https://a.b:444/x")
