"""Fitted methods as models of MLflow."""

import base64
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tiny_suite
from command_line import invoke
from mlflow_models import GREY, base64_of, write_constant_model
from PIL import Image
from tracked_runs import runs, track

from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.engines.toon import ToonTikTok
from benchmark.faces.faceset import embedded_portraits
from benchmark.run.plan import make_plan
from benchmark.run.runner import run_folder
from benchmark.storage.store import Store
from benchmark.storage.trial_folder import read_cases
from benchmark.tracking.model_artifacts import download_model
from benchmark.tracking.models import FITTED

pytestmark = pytest.mark.filterwarnings("ignore::Warning")


def png(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def tracked(tmp_path_factory, database):
    """The tracker and the run of a tiny trial, and its plan."""
    tiny_suite.register()
    home = tmp_path_factory.mktemp("models")
    path = tiny_suite.make_suite(home, name="models")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        plan = make_plan(resolve(load_suite(str(path))))
        tracker = track(plan, home, database)
    (child,) = runs(tracker, "trial")
    return tracker, child, plan, home


@pytest.fixture(scope="module")
def loaded(tracked, database):
    import mlflow

    _, child, _, _ = tracked
    mlflow.set_tracking_uri(f"sqlite:///{database}/mlflow.db")
    yield mlflow.pyfunc.load_model(child.data.tags["avatarbench.model_uri"])
    mlflow.set_tracking_uri(None)


@pytest.mark.parametrize(
    "pictures",
    [
        [base64_of(GREY)],
        ["data:image/png;base64," + base64_of(GREY)],
        [png(GREY)],
        [GREY],
        [GREY.tolist()],
    ],
    ids=["base64", "data URL", "bytes", "array", "nested lists"],
)
def test_a_picture_becomes_a_vector_by_names(loaded, pictures):
    (record,) = loaded.predict(pd.DataFrame({"picture": pictures}))
    assert set(record) == {"mouth", "skin"}
    assert record["skin"] == "light"
    assert 0 <= record["mouth"] <= 1


def test_a_model_predicts_what_the_trial_predicted(loaded, tracked):
    _, _, plan, home = tracked
    folder = run_folder(plan.resolved, home / "runs") / "trials" / "one__tiny__s0"
    cases = read_cases(folder).query("designer == 'designer-a'").set_index("face")
    pictures = [(home / "faces" / f"{face}.png").read_bytes() for face in cases.index]
    predicted = loaded.predict(pd.DataFrame({"picture": pictures}))
    assert predicted == [json.loads(text) for text in cases["predicted"]]


def test_a_method_that_renders_gets_its_engine(tmp_path):
    from mlflow.exceptions import MlflowException

    from benchmark.tracking.pyfunc_model import FittedMethod

    tiny_suite.register()
    trial = tmp_path / "trial.json"
    trial.write_text(json.dumps({"method": "rendering", "engine": "tiny"}))
    method = tiny_suite.RenderingMethod(tiny_suite.TinyOptions())
    method.save(tmp_path)
    artifacts = {"trial": str(trial), "method": str(tmp_path)}
    context = SimpleNamespace(artifacts=artifacts, model_config=None)
    model = FittedMethod()
    model.load_context(context)
    (record,) = model.predict(context, pd.DataFrame({"picture": [GREY]}))
    assert record["skin"] == "light"
    trial.write_text(json.dumps({"method": "rendering", "engine": "nowhere"}))
    with pytest.raises(MlflowException, match="its engine nowhere cannot be used here"):
        model.load_context(context)


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        ("?", "picture 1 is no picture"),
        (base64.b64encode(b"text").decode(), "picture 1 cannot be read as a picture"),
        (np.zeros((64, 32, 3), np.uint8), "picture 1 is not square: align"),
        (np.zeros((64, 64, 3)), "picture 1 is no picture"),
        (np.full((64, 64, 3), 300), "picture 1 has values outside 0 to 255"),
        (5, "picture 1 is no picture"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_row(loaded, picture, sentence):
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match=sentence) as caught:
        loaded.predict(pd.DataFrame({"picture": [GREY, picture]}))
    assert caught.value.get_http_status_code() == 400


def test_a_model_describes_itself(loaded, tracked):
    _, child, _, _ = tracked
    about = loaded.metadata
    assert about.run_id == child.info.run_id
    assert about.metadata["avatarbench"] == {
        "variant": "one",
        "method": "tiny",
        "engine": "tiny",
        "seed": 0,
    }
    outputs = {each.name: each.type.name for each in about.signature.outputs}
    assert outputs == {"mouth": "double", "skin": "string"}
    assert [each.name for each in about.signature.inputs] == ["picture"]


def test_the_fitted_method_lies_in_the_model(tracked, database):
    _, child, plan, home = tracked
    folder = download_model(child.data.tags["avatarbench.model_uri"], database)
    fitted = Store(home / "store").folder(plan.trials[0].fit)
    names = {path.name for path in fitted.iterdir()}
    assert names == {path.name for path in (folder / FITTED).iterdir()}
    requirements = (folder / "requirements.txt").read_text().split()
    assert {"avatarbench", "torch"} <= {line.split("==")[0] for line in requirements}
    assert (folder / "input_example.json").is_file()


def test_a_photograph_is_aligned_on_request(loaded):
    (face,) = embedded_portraits().split("validation").subset(1).pictures(256)
    photograph = np.full((256, 400, 3), 230, np.uint8)
    photograph[:, 72:328] = face
    frame = pd.DataFrame({"picture": [base64_of(photograph)]})
    (record,) = loaded.predict(frame, params={"align": True})
    assert set(record) == {"mouth", "skin"}
    with pytest.raises(Exception, match="picture 0 is 400 x 256 pixels"):
        loaded.predict(frame)
    with pytest.raises(Exception, match="no face was found in picture 0"):
        loaded.predict(pd.DataFrame({"picture": [GREY]}), params={"align": True})


def test_trials_models_lists_folder_and_model(tracked, database):
    _, child, plan, home = tracked
    words = ["trials", "models", str(run_folder(plan.resolved, home / "runs"))]
    words += ["--out", str(database), "--store", str(home / "store"), "--json"]
    shown = invoke(*words, catch_exceptions=False)
    assert json.loads(shown.stdout) == [
        {
            "trial": "one__tiny__s0",
            "method": "tiny",
            "engine": "tiny",
            "seed": 0,
            "folder": str(Store(home / "store").folder(plan.trials[0].fit)),
            "model": child.data.tags["avatarbench.model_uri"],
        }
    ]
    words = [*words[:-2], str(home / "nowhere"), "--no-mlflow"]
    shown = invoke(*words, catch_exceptions=False)
    assert shown.stdout.splitlines()[-1].split()[-2:] == ["-", "-"]


def test_create_uses_a_registered_model(database, tmp_path):
    from mlflow.tracking import MlflowClient

    model = write_constant_model(tmp_path)
    client = MlflowClient(f"sqlite:///{database}/mlflow.db")
    client.create_registered_model("faces")
    client.create_model_version("faces", model.as_uri())
    client.set_registered_model_alias("faces", "best", "1")
    (face,) = embedded_portraits().split("validation").subset(1).pictures(256)
    (tmp_path / "me.png").write_bytes(png(face))
    words = ["create", str(tmp_path / "me.png"), "--engine", "toon-tiktok"]
    words += ["--runs", str(database), "--out", str(tmp_path / "out"), "--model"]
    for address in ("models:/faces/1", "models:/faces@best"):
        created = invoke(*words, address)
        assert created.exit_code == 0, created.exception
    vector = json.loads((tmp_path / "out" / "me.json").read_text())["vector"]
    assert set(vector) == {each.name for each in ToonTikTok().spec.parameters}
    refused = invoke(*words, "models:/faces/2")
    assert refused.exit_code == 1
    assert "models:/faces/2 is not in MLflow" in str(refused.exception)


@pytest.mark.slow
def test_mlflow_serves_a_model(tmp_path):
    model = write_constant_model(tmp_path)
    rows = {"dataframe_records": [{"picture": base64_of(GREY)}]}
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    models = [sys.executable, "-m", "mlflow", "models"]
    words = ["-m", str(model), "--env-manager", "local"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    # MLflow starts the program uvicorn, which may not be on the path of the tests.
    uvicorn = tmp_path / "bin" / "uvicorn"
    uvicorn.parent.mkdir()
    uvicorn.write_text(f'#!/bin/sh\nexec {sys.executable} -m uvicorn "$@"\n')
    uvicorn.chmod(0o755)
    environment["PATH"] = f"{uvicorn.parent}:{os.environ['PATH']}"
    answer = subprocess.run(
        [*models, "predict", *words, "-i", str(tmp_path / "rows.json")],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (printed,) = json.loads(answer.stdout.splitlines()[-1])["predictions"]
    assert set(printed) == {each.name for each in ToonTikTok().spec.parameters}
    port = free_port()
    server = subprocess.Popen(
        [*models, "serve", *words, "-p", str(port), "-w", "1"],
        env=environment,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/ping", server)
        assert ask(address, rows) == {"predictions": [printed]}
        array = {"inputs": {"picture": [GREY.tolist()]}}
        assert ask(address, array) == {"predictions": [printed]}
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask(address, {"dataframe_records": [{"picture": "?"}]})
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def free_port():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def wait_for(address, server):
    while server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"the server ended with {server.returncode}")


def ask(address, body):
    request = urllib.request.Request(
        f"{address}/invocations",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
