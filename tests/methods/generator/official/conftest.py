"""Small official checkpoints, and a check of refused imports."""

import pytest
from official_checkpoints import narrow

from benchmark.weights import WeightsError
from methods.generator.official import import_official


@pytest.fixture(autouse=True)
def _narrow():
    with narrow():
        yield


@pytest.fixture
def refused(tmp_path):
    """Import a file that is refused; return the error message."""

    def call(path):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(WeightsError) as caught:
            import_official(path, tmp_path / "mine", "mine")
        sentence = str(caught.value)
        assert sentence.startswith(str(path))
        assert sentence.isprintable()
        assert len(sentence) < len(str(path)) + 400
        assert sorted(tmp_path.rglob("*")) == before
        return sentence

    return call
