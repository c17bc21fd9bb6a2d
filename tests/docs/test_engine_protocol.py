"""The programs in docs/engine-protocol.md work as they are."""

import re
import shutil
import sys

import pytest
import yaml
from places import ROOT

from benchmark.avatars import AvatarVectors
from benchmark.engines.conformance import check_engine
from benchmark.engines.protocol.engine import engine_from_file

PAGE = ROOT / "docs" / "engine-protocol.md"
EXAMPLE = re.compile(
    r"^<!-- protocol example -->\n```\w+ file=(\S+)\n(.*?)^```$", re.M | re.S
)
EXAMPLES = dict(EXAMPLE.findall(PAGE.read_text(encoding="utf-8")))
PROGRAMS = {"heads.mjs": ("node", "svg"), "heads.py": (sys.executable, "png")}
PARAMETERS = [
    {"type": "continuous", "name": "head_width", "component": "head"},
    {
        "type": "discrete",
        "name": "skin_tone",
        "component": "head",
        "options": ["light", "brown", "dark"],
        "colours": ["#f0c8a0", "#a86c40", "#5a3a24"],
    },
    {"type": "discrete", "name": "hat", "options": ["none", "cap", "top_hat"]},
]


def test_the_page_has_both_examples_in_about_30_lines():
    assert set(EXAMPLES) == set(PROGRAMS)
    assert all(text.count("\n") < 40 for text in EXAMPLES.values())


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_is_an_engine_that_conforms(tmp_path, name):
    program, form = PROGRAMS[name]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    (tmp_path / name).write_text(EXAMPLES[name], encoding="utf-8")
    data = {
        "title": "Round heads",
        "version": "1",
        "command": [program, name],
        "format": form,
        "parameters": PARAMETERS,
    }
    path = tmp_path / "heads.engine.yaml"
    path.write_text(yaml.safe_dump(data))
    engine = engine_from_file(path)
    assert engine.render(AvatarVectors.defaults(engine.spec), 100).any()
    findings = check_engine(engine, engine_from_file(path))
    assert not [str(finding) for finding in findings]
