"""The quick measurement of all claims: none is far from its target."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CALIBRATION = Path(__file__).parents[2] / "benchmarks" / "calibration.py"
CLAIMS = ("coverage", "±, of the true sd", "falsely separated", "falsely shown to know", "falsely preferred")
CLAIMS += ("selectivity of nothing", "falsely above chance", "surely no more, and it is more")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_claim_is_far_from_its_target():
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(CALIBRATION), "--quick"]
    found = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert [claim for claim in CLAIMS if claim not in found.stdout] == []
