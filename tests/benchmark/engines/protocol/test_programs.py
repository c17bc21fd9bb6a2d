"""Engines that are programs: faults are reported or repaired, and nothing stays."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from engine_programs import PARAMETERS, write_engine

from benchmark.avatars import AvatarVectors
from benchmark.engines.conformance import check_determinism, check_output
from benchmark.engines.protocol.engine import engine_from_file
from benchmark.engines.protocol.errors import EngineError, EngineUnavailable
from benchmark.registry import ENGINES, Unavailable


def sample(engine, count=3):
    return AvatarVectors.sample(engine.spec, count, seed=0)


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids):
    end = time.monotonic() + 20
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(alive(pid) for pid in pids)


def test_pictures_arrive_in_order_whatever_the_batches(tmp_path):
    path = write_engine(tmp_path, batch=2, workers=2)
    engine = engine_from_file(path)
    vectors = sample(engine, 7)
    pictures = engine.render(vectors, 64)
    shades = np.round(vectors.column("shade") * 255)
    assert (pictures[:, -1, -1, 0] == shades).all()
    hats = vectors.column("hat") == 1
    assert (hats == (pictures[:, 0, 0] == (200, 0, 0)).all(axis=-1)).all()
    assert not list(check_output(engine))
    assert not list(check_determinism(engine, engine_from_file(path)))


def test_a_crash_is_repaired_once_and_reported_twice(tmp_path):
    crash = (
        "    if {}:\n        print('out of ink', file=sys.stderr)\n        os._exit(3)"
    )
    engine = engine_from_file(write_engine(tmp_path, each=crash.format("once('gone')")))
    assert engine.render(sample(engine), 64).shape == (3, 64, 64, 3)
    engine = engine_from_file(write_engine(tmp_path, each=crash.format("True")))
    with pytest.raises(EngineError, match=r"exit status 3; .*out of ink.*twice"):
        engine.render(sample(engine), 64)


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path):
    each = (
        "    child = subprocess.Popen(['sleep', '600'])\n"
        "    open('pids', 'a').write(f'{os.getpid()} {child.pid} ')\n"
        "    time.sleep(600)"
    )
    engine = engine_from_file(write_engine(tmp_path, each=each, timeout=0.5))
    with pytest.raises(EngineError, match=r"did not answer within 0\.5 s"):
        engine.render(sample(engine), 64)
    pids = (tmp_path / "pids").read_text().split()
    assert len(pids) == 4  # two tries
    assert wait_until_gone(pids)


def test_nothing_stays_behind_when_we_are_killed(tmp_path):
    before = "open('pids', 'a').write(f'{os.getpid()} ')"
    path = write_engine(tmp_path, before, each="    time.sleep(600)")
    script = (
        "import sys, pathlib\n"
        "from benchmark.avatars import AvatarVectors\n"
        "from benchmark.engines.protocol.engine import engine_from_file\n"
        "engine = engine_from_file(pathlib.Path(sys.argv[1]))\n"
        "engine.render(AvatarVectors.defaults(engine.spec), 64)\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", script, str(path)])
    try:
        end = time.monotonic() + 30
        pids = tmp_path / "pids"
        while not (pids.exists() and pids.read_text()) and time.monotonic() < end:
            time.sleep(0.02)
        (pid,) = pids.read_text().split()
        assert alive(pid)
    finally:
        os.kill(ours.pid, signal.SIGKILL)
        ours.wait()
    assert wait_until_gone([pid])


@pytest.mark.parametrize(
    ("each", "message"),
    [
        ("    print('Hello!')", r"wrote 'Hello!' to standard output"),
        ("    size -= 1; answer['pictures'][1] = picture(request['avatars'][1], size)",
         r"picture 1 has 11907 bytes, expected 64 × 64 × 3 = 12288"),
        ("    answer['pictures'].pop()", r"has 2 pictures, expected 3"),
        ("    answer = {'id': answer['id'], 'error': 'no ink'}", r"reports: no ink"),
        ("    answer['id'] += 1", r"answered request 1 with the id 2"),
    ],
)  # fmt: skip
def test_wrong_answers_are_errors_that_say_what_is_wrong(tmp_path, each, message):
    engine = engine_from_file(write_engine(tmp_path, each=each))
    with pytest.raises(EngineError, match=f"engine blocks: .*{message}"):
        engine.render(sample(engine), 64)


def test_noise_on_standard_error_and_a_slow_start_do_no_harm(tmp_path):
    before = "sys.stderr.write('x' * 300000); sys.stderr.flush(); time.sleep(0.3)"
    path = write_engine(tmp_path, before, startup_timeout=20, timeout=20)
    engine = engine_from_file(path)
    assert len(engine.render(sample(engine), 64)) == 3
    slow = write_engine(tmp_path, "time.sleep(600)", startup_timeout=0.3)
    engine = engine_from_file(slow)
    with pytest.raises(EngineError, match=r"did not answer within 0\.3 s"):
        engine.render(sample(engine), 64)


def test_pictures_that_are_not_deterministic_are_found(tmp_path):
    each = "    answer['pictures'] = [picture({'shade': int.from_bytes(os.urandom(1)) / 255, 'hat': 'none'}, size) for _ in pictures]"  # noqa: E501
    engine = engine_from_file(write_engine(tmp_path, each=each))
    subjects = {f.subject for f in check_determinism(engine, engine)}
    assert subjects == {"called again", "another instance", "one by one"}


def test_other_parameters_or_versions_than_in_the_file_are_refused(tmp_path):
    changed = [PARAMETERS[0], PARAMETERS[1] | {"options": ["none", "cap", "crown"]}]
    engine = engine_from_file(write_engine(tmp_path, parameters=changed))
    with pytest.raises(EngineError, match=r"differ .*: hat; .*engines init blocks"):
        engine.render(sample(engine), 64)
    engine = engine_from_file(write_engine(tmp_path, version="2"))
    with pytest.raises(EngineError, match="version 1, and the engine file has versi"):
        engine.render(sample(engine), 64)


def test_an_engine_file_in_the_folder_is_an_engine(tmp_path, monkeypatch):
    write_engine(tmp_path)
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "blocks.engine.yaml").rename(folder / "engine.yaml")
    (tmp_path / "blocks.py").rename(folder / "blocks.py")
    monkeypatch.chdir(tmp_path)
    assert "inner" in ENGINES.names()
    engine = ENGINES.create("inner")
    assert engine.meta.name == engine.spec.name == "inner"
    assert engine.render(sample(engine), 64).shape == (3, 64, 64, 3)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"comand": ["x"]}, r"comand: unknown key \(did you mean command\?\)"),
        ({"url": "http://localhost"}, "give either command or url"),
        ({"batch": 0}, "batch: input should be greater than or equal to 1"),
        ({"command": ["no-such-program"]}, "needs the program no-such-program"),
        ({"parameters": [{"type": "discrete", "name": "hat"}]}, "hat: options must be"),
    ],
)
def test_mistakes_in_engine_files_are_reported(tmp_path, monkeypatch, keys, message):
    path = write_engine(tmp_path, **keys)
    with pytest.raises(EngineUnavailable, match=message):
        engine_from_file(path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unavailable, match=f"engine blocks cannot be used: .*{message}"):
        ENGINES.create("blocks")


class Handler(BaseHTTPRequestHandler):
    """Answers with the grey of the first avatar."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if request["type"] == "spec":
            answer = {"protocol": 1, "version": "1", "parameters": PARAMETERS}
        else:
            grey = "#" + f"{round(255 * request['avatars'][0]['shade']):02x}" * 3
            svg = (
                '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}">'
                '<rect width="{0}" height="10" fill="{1}"/></svg>'
            ).format(request["size"], grey)
            pictures = [svg] * len(request["avatars"])
            answer = {"id": request["id"], "pictures": pictures}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format, *args):
        pass


def test_the_protocol_works_over_http(tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        path = write_engine(tmp_path, command=[], url=url, format="svg", workers=2)
        engine = engine_from_file(path)
        vectors = AvatarVectors.defaults(engine.spec)
        picture = engine.render(vectors.with_value("shade", 1 / 255), 64)[0]
        assert picture[0, 0].tolist() == [1, 1, 1]
        assert picture[-1, -1].tolist() == [255, 255, 255]  # transparent
        server.shutdown()
    with pytest.raises(EngineError, match=re.escape(f"{url} cannot be reached")):
        engine.render(vectors, 64)
