"""A process of its own that decodes shorten: SPHERE on standard input, WAV to a file.

It is bounded in memory by its first argument, bytes, because a damaged stream may promise any number of samples. The
second is the file. The last line of standard error says what went wrong.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def main(most: int, wav: Path) -> None:
    """Decode standard input into a WAV file.

    Raises:
        SystemExit: it cannot be decoded; with the reason.
    """
    import desphere

    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        content = sys.stdin.buffer.read()
        header = desphere.SphereHeader.parse(content)
        with wav.open("wb") as file:
            desphere.transcode(header, content[header.header_size :], file)
    except desphere.DesphereError as error:
        raise SystemExit(f"{error}") from None
    except MemoryError:
        raise SystemExit("it decodes to more samples than its header says") from None


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
