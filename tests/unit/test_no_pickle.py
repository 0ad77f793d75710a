"""No file and no record is read as a pickle, which would run whatever its writer liked."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tickertape

ROOT = Path(tickertape.__file__).parents[1]
PACKAGES = ("api", "config", "models", "monitoring", "stream", "tickertape")
SOURCES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
MODULES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "shelve", "skops"}
SAFE = {"np": "allow_pickle=False", "torch": "weights_only=True", "yaml": "Loader=SafeLoader"}
"""What makes a library's `load` read data alone."""
CALLS = {"eval", "exec", "__import__", "load_model", "read_pickle", "unsafe_load"}


def ways_to_run_code(source: str) -> Iterator[str]:
    """Name what in a source reads pickles, or could."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names if name.name.partition(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in MODULES:
                yield module
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield name
            case ast.Call(func=ast.Attribute(attr=name)) if name in CALLS - {
                "eval"
            }:  # networks have a method of that name
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=library), attr="load"), keywords=given) if (
                library in SAFE
            ):
                if SAFE[library] not in {f"{word.arg}={ast.unparse(word.value)}" for word in given}:
                    yield ast.unparse(node)


def test_nothing_of_ours_reads_a_pickle() -> None:
    found = {str(path.relative_to(ROOT)): list(ways_to_run_code(path.read_text(encoding="utf-8"))) for path in SOURCES}

    assert len(found) >= 100
    assert {path: ways for path, ways in found.items() if ways} == {}


@pytest.mark.parametrize(
    ("source", "way"),
    [
        ("import pickle", "pickle"),
        ("from joblib import load", "joblib"),
        ("np.load(path)", "np.load(path)"),
        ("np.load(path, allow_pickle=True)", "np.load(path, allow_pickle=True)"),
        ("mlflow.pyfunc.load_model(uri)", "load_model"),
        ("torch.load(path)", "torch.load(path)"),
        ("eval(text)", "eval"),
    ],
)
def test_each_way_is_noticed(source: str, way: str) -> None:
    assert list(ways_to_run_code(source)) == [way]
