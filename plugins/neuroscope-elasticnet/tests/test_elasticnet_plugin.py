import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neuroscope_elasticnet
from neuroscope_elasticnet.estimator import ElasticNetProbe

SOURCE = Path(neuroscope_elasticnet.__file__).parent
FIT = """
import sys
import numpy as np
import neuroscope_elasticnet
from neuroscope_elasticnet.estimator import ElasticNetProbe
values = np.random.default_rng(0).standard_normal((30, 8))
ElasticNetProbe().fit(values, values[:, 0] > 0)
sys.exit(bool({"torch", "pandas"} & set(sys.modules)))
"""


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_importing_the_plugin_loads_nothing_heavy():
    heavy = ["torch", "numpy", "scipy", "sklearn", "numba"]
    ran = python(f"import sys, neuroscope_elasticnet; print([name for name in {heavy} if name in sys.modules])")
    assert ran.stdout.strip() == "[]", ran.stderr


def test_the_factorys_options_are_the_class_parameters():
    factory = inspect.signature(neuroscope_elasticnet.make_elasticnet).parameters
    probe = dict(inspect.signature(ElasticNetProbe.__init__).parameters)
    assert probe.pop("random_state").default == 0
    del probe["self"]
    assert dict(factory) == probe
    given = {name: p.default for name, p in factory.items()}
    made = neuroscope_elasticnet.make_elasticnet(**given).get_params()
    assert made == {**given, "random_state": 0}


def test_each_option_reaches_the_probe():
    changed = {"solver": "adam", "l1": 1.0, "l2": 2.0, "scale": "sd", "penalty": "cv", "norm": "plain"}
    changed |= {"shuffle": False, "epochs": 3, "batch": 4, "learning_rate": 5.0, "tolerance": 6.0, "max_iter": 7}
    assert neuroscope_elasticnet.make_elasticnet(**changed).get_params() == {**changed, "random_state": 0}


def test_the_probe_is_registered():
    found = {}
    neuroscope_elasticnet.register_probes(lambda name, factory, *, summary, install="": found.update({name: factory}))
    assert isinstance(found["elasticnet"](), ElasticNetProbe)


@pytest.mark.parametrize("user_cache", [True, False])
def test_a_fit_needs_no_folder_to_write_to_and_no_torch(tmp_path, user_cache):
    shutil.copytree(SOURCE, tmp_path / "neuroscope_elasticnet", ignore=shutil.ignore_patterns("__pycache__"))
    for room in {module.parent for module in tmp_path.rglob("*.py")}:
        (room / "__pycache__").touch()  # a file, so that no folder can be made
    cache = tmp_path / "cache"
    if not user_cache:
        cache.touch()
    ran = python(FIT, PYTHONPATH=str(tmp_path), XDG_CACHE_HOME=str(cache), HOME=str(cache), PYTHONDONTWRITEBYTECODE="1")
    assert ran.returncode == 0, ran.stderr
    assert list(cache.rglob("*.nbi")) if user_cache else cache.is_file()
