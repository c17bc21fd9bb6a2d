"""Low-level packages import no network, tracking or table library."""

import subprocess
import sys

MODULES = (
    "benchmark.avatars",
    "benchmark.avatars.colour",
    "benchmark.engines.conformance",
    "benchmark.engines.dicebear",
    "benchmark.engines.sheet",
    "benchmark.faces.faceset",
    "benchmark.avatars.part_classes",
    "benchmark.registry",
    "benchmark.storage.store",
)
HEAVY = ("torch", "mlflow", "pandas", "pyarrow", "sklearn", "matplotlib", "dicebear")


def test_low_level_packages_import_no_heavy_library():
    script = (
        f"import sys, {', '.join(MODULES)}\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
