"""``python -m neuroscope``."""

from __future__ import annotations

from neuroscope.cli.main import main

if __name__ == "__main__":
    main()
