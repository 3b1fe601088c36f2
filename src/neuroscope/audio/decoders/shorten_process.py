"""A process of its own that decodes shorten: SPHERE on standard input, WAV to a file.

It is bounded in memory by its first argument, bytes, because a damaged stream may promise any number of samples. The
second is the file. The last line of standard error says what went wrong; where that is the stream, the code is REFUSED.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

REFUSED = 3


def main(most: int, wav: Path) -> None:
    """Decode standard input into a WAV file.

    Raises:
        ImportError, OSError: desphere cannot be imported, or the file cannot be written.
        SystemExit: the stream cannot be decoded.
    """
    import desphere

    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        content = sys.stdin.buffer.read()
        header = desphere.SphereHeader.parse(content)
        with wav.open("wb") as file:
            desphere.transcode(header, content[header.header_size :], file)
    except OSError:
        raise
    except MemoryError:
        _refuse("it decodes to more samples than its header says")
    except Exception as error:  # whatever damaged bytes make of it
        _refuse(f"{error}" or type(error).__name__)


def _refuse(why: str) -> None:
    sys.stderr.write(f"{why}\n")
    raise SystemExit(REFUSED)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
