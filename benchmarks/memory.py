"""Anonymous memory of this process: what it cannot give back to a file."""

import threading
from contextlib import contextmanager
from pathlib import Path


def anonymous():
    """Bytes of anonymous memory now."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")))


@contextmanager
def peak_anonymous(interval=0.005):
    """A list whose one entry grows to the largest anonymous memory seen, looked at every ``interval`` seconds."""
    peak, stop = [anonymous()], threading.Event()

    def watch():
        while not stop.wait(interval):
            peak[0] = max(peak[0], anonymous())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()
