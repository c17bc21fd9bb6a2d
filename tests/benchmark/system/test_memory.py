from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.system.memory import ALLOCATOR, HUGE_PAGES, use_huge_pages

SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
PROGRAM = """
import resource, sys
from benchmark.system.memory import use_huge_pages
use_huge_pages()
import torch
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
torch.empty(2**24).fill_(1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
SMALL_PAGES = 64 * 2**20 // 4096


@pytest.mark.slow
@pytest.mark.skipif(
    not SETTING.is_file() or "[never]" in SETTING.read_text(),
    reason="this system has no large pages",
)
def test_torch_uses_large_pages(monkeypatch):
    monkeypatch.delenv(HUGE_PAGES, raising=False)
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(done.stdout) < SMALL_PAGES / 4


def test_the_environment_takes_precedence(monkeypatch):
    monkeypatch.setenv(HUGE_PAGES, "0")
    use_huge_pages()
    assert os.environ[HUGE_PAGES] == "0"


FAULTS = """
import resource
import numpy as np
from benchmark.system.memory import keep_freed_memory
keep_freed_memory()

def work():
    return [np.ones(2**20, np.uint8) for _ in range(40)]

work(), work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_is_used_again(monkeypatch):
    for name in ALLOCATOR:
        monkeypatch.delenv(name, raising=False)
    command = [sys.executable, "-c", FAULTS]
    kept = subprocess.run(command, check=True, capture_output=True, text=True)
    monkeypatch.setenv(ALLOCATOR[1], str(2**17))
    given_back = subprocess.run(command, check=True, capture_output=True, text=True)
    # 200 MiB have more than 51,000 pages of 4 KiB.
    assert int(kept.stdout) < 5_000 < int(given_back.stdout)
