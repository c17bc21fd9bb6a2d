"""`engines init` and `engines check`, outside of the repository."""

import sys

import command_line
import pytest
import yaml
from engine_programs import PARAMETERS, write_engine
from PIL import Image

from benchmark.commands.engines_new import InitError
from benchmark.config.suite import load_suite
from benchmark.registry import ENGINES

COMMAND = f"{sys.executable} -I -S blocks.py"


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ENGINES, "_folders", ())

    def run(*words):
        result = command_line.invoke(*words)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_init_asks_the_program_and_check_finds_it_sound(tmp_path, invoke):
    write_engine(tmp_path).unlink()
    result = invoke("engines", "init", "blocks", "--command", COMMAND)
    assert "avatarbench engines check blocks" in result.output
    data = yaml.safe_load((tmp_path / "blocks.engine.yaml").read_text())
    assert data["parameters"] == PARAMETERS
    assert (data["title"], data["format"], data["ask_spec"]) == ("Blocks", "rgb", True)
    suite = load_suite(str(tmp_path / "blocks.yaml"))
    assert suite.engines == ("blocks",)
    assert "continuous-mae" in suite.metrics
    assert ENGINES.create("blocks").spec.names == ("shade", "hat")
    result = invoke("engines", "check", "blocks")
    assert result.exit_code == 0
    assert "blocks conforms: every check passed." in result.output
    assert not (tmp_path / "findings.png").exists()


def test_init_writes_over_a_file_only_when_told_and_keeps_its_settings(
    tmp_path, invoke
):
    path = write_engine(tmp_path, batch=5, parameters=PARAMETERS[:1])
    with pytest.raises(InitError, match=r"blocks\.engine\.yaml exists already"):
        invoke("engines", "init", "blocks", "--command", COMMAND)
    invoke("engines", "init", "blocks", "--force")
    data = yaml.safe_load(path.read_text())
    assert data["parameters"] == PARAMETERS
    assert data["batch"] == 5


def test_a_program_that_tells_nothing_gets_placeholders(tmp_path, invoke):
    (tmp_path / "mute.py").write_text('for line in open(0): print(\'{"error": "?"}\')')
    command = f"{sys.executable} -u mute.py"
    result = invoke("engines", "init", "mute", "--command", command)
    assert "did not tell its parameters: the program reports: ?" in result.output
    data = yaml.safe_load((tmp_path / "mute.engine.yaml").read_text())
    assert data["ask_spec"] is False
    assert len(data["parameters"]) == 3
    assert ENGINES.create("mute").meta.title == "mute"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("avataaars", "--command", "x"), "there is an engine avataaars already"),
        (("new",), "give --command with the program that draws new"),
        (("new", "--url", "localhost:80"), r"expected http://… or https://…"),
        (("a/b", "--command", "x"), "'a/b' is not allowed"),
    ],
)
def test_mistakes_are_reported_and_nothing_is_written(tmp_path, invoke, words, message):
    with pytest.raises(ValueError, match=message):
        invoke("engines", "init", *words)
    assert not list(tmp_path.iterdir())


def test_check_says_what_is_wrong_and_draws_it(tmp_path, invoke):
    each = (
        "    for avatar in request['avatars']: avatar['hat'] = 'none'\n"
        "    answer['pictures'] = [picture(a, size) for a in request['avatars']]\n"
        "    noise = base64.b64encode(os.urandom(size * size) * 3).decode()\n"
        "    if len(pictures) == 1: answer['pictures'][0] = noise"
    )
    write_engine(tmp_path, each=each)
    result = invoke("engines", "check", "blocks", "--out", "faults.png")
    assert result.exit_code == 1
    assert "blocks does not conform: " in result.output
    assert "hat: none against cap changes 0.00% of the pixels" in result.output
    assert "determinism: The same avatar must give the same pixels." in result.output
    assert "one by one: different pixels at 64 px; different pix" in result.output
    with Image.open("faults.png") as drawn:
        assert drawn.height > 3 * 200
