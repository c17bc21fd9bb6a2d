"""Fixtures of the benchmark's tests: a tiny suite in its own folder, plain reports."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_suite
from plain_reports import leave_out_figures


@pytest.fixture(autouse=True, scope="module")
def no_figures() -> Iterator[None]:
    """Reports draw no figures; the tests of the reports cover them."""
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        yield


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The path of a tiny suite, with its entries registered."""
    tiny_suite.register()
    return tiny_suite.make_suite(tmp_path)
