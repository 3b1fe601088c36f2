"""Put this folder last where modules are looked for: a file in it has the name of a library, ``transformers``.

Python puts the folder of a script first, so that the library's users would import the benchmark in its place.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:] = [*(each for each in sys.path if Path(each).resolve() != _HERE), str(_HERE)]
