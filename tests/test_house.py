"""The house files agree with each other: what is needed is pinned, and no registry host is named."""

from __future__ import annotations

import ast
import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def simplify(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {simplify(re.split(r"[<>=\[; ]", requirement)[0]) for requirement in needed}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {simplify(line.partition("==")[0]) for line in lines if "==" in line}
    assert names - pinned == set()


@pytest.mark.parametrize("name", ["constraints.txt", "Makefile", ".ci/run"])
def test_no_registry_host_is_named(name: str) -> None:
    assert not re.search(r"://|index-url|find-links", (ROOT / name).read_text(encoding="utf-8"))


def test_every_target_of_the_makefile_is_explained() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert targets is not None
    for target in set(targets[1].split()) - {"help"}:
        assert f'"make {target} ' in text


PACKAGES = sorted(path.parent for path in (ROOT / "src" / "bactrian").rglob("__init__.py"))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_lists_its_modules(package: Path) -> None:
    told = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    modules |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert {name for name in modules if not re.search(rf"\b{name}\b", told)} == set()
