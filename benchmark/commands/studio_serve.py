"""`avatarbench studio serve`: an engine and faces handed to the studio's pages."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.commands.studio_export import export_files
from benchmark.engines.base import Engine
from benchmark.engines.contexts import options_in_context
from benchmark.faces import ffhq
from benchmark.faces.folder import choose, list_pictures, listed_ids
from benchmark.faces.pictures import SMALLEST, FaceSetError, decode_picture
from benchmark.faces.truth_csv import read_checked
from benchmark.registry import ENGINES
from benchmark.system.console import open_progress
from benchmark.system.progress import Progress
from reports.human_study.studio.app import make_studio
from reports.human_study.studio.canvas import Canvas
from reports.human_study.studio.drafts import StudioError
from reports.human_study.studio.session import Studio
from reports.human_study.studio.workbook import Workbook, create_workbook
from reports.human_study.web import serve
from reports.human_study.web.server import LOOPBACK

MOST_FACES = 2000
"""A list of more is nothing that people work through: `--only` says which."""


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    faces: Path
    engine: str
    folder: Path
    ffhq: bool
    only: Path | None
    designers: tuple[str, ...]
    host: str
    port: int
    public_url: str | None


class FaceFiles:
    """Picture files as the studio's faces, each held against its digest when read."""

    def __init__(self, files: Mapping[str, Path], digests: Mapping[str, str]) -> None:
        self._files = files
        self._digests = digests

    def ids(self) -> tuple[str, ...]:
        """The face ids, in their order."""
        return tuple(self._files)

    def pixels(self, face: str, size: int) -> NDArray[np.uint8]:
        """(size, size, 3) uint8 RGB; FaceSetError where the file changed meanwhile."""
        path = self._files[face]
        return decode_picture(read_checked(path, self.digest(face)), str(path), size)

    def digest(self, face: str) -> str:
        """SHA-256 (hex) of the file as it was at the start."""
        return self._digests[face]


def look_at(files: Mapping[str, Path], progress: Progress) -> FaceFiles:
    """Read every picture once; FaceSetError names the first that is no square face."""
    digests: dict[str, str] = {}
    with progress.task("look at the faces", len(files)) as bar:
        for face, path in files.items():
            data = read_checked(path, None)
            decode_picture(data, str(path), SMALLEST)
            digests[face] = hashlib.sha256(data).hexdigest()
            bar.advance()
    return FaceFiles(files, digests)


def carry_out(request: Request) -> None:
    """Serve until interrupted; raises a sentence for whatever does not fit."""
    _check_reach(request)
    engine: Engine = ENGINES.load(request.engine)()
    faces = look_at(_face_files(request), open_progress())
    book = create_workbook(request.folder, request.engine, engine.spec)
    _check_finished(book, faces)
    _invite(book, request.designers)
    studio = Studio.over(
        canvas(request.engine, engine),
        faces,
        book,
        partial(export_files, book),
        request.designers,
    )
    threading.Thread(target=studio.pictures.prepare, daemon=True).start()
    app = make_studio(studio, request.public_url)
    serve(app, request.host, request.port, partial(_ready, request, book))


def _check_reach(request: Request) -> None:
    """Beyond this machine: only under a known address, and only for named designers."""
    if request.host not in LOOPBACK and request.public_url is None:
        raise StudioError(
            f"on {request.host} other machines reach the studio: say under which "
            "address with --public-url, as in http://studio.example:8040"
        )
    if request.public_url is not None and not request.designers:
        raise StudioError(
            "beyond this machine the studio lets in only designers with a link: name "
            "them with --designer"
        )


def canvas(name: str, engine: Engine) -> Canvas:
    """An engine as the studio sees it."""
    meta, spec = engine.meta, engine.spec
    options = partial(options_in_context, spec)
    return Canvas(name, meta.title, meta.version, spec, engine.render, options)


def _face_files(request: Request) -> Mapping[str, Path]:
    list_files = ffhq.list_ffhq if request.ffhq else list_pictures
    files = list_files(request.faces)
    if request.only is not None:
        wanted: Sequence[str] = listed_ids(request.only)
        if request.ffhq:
            wanted = [_ffhq_id(request.only, face) for face in wanted]
        files = choose(files, wanted, str(request.only))
    if not 1 <= len(files) <= MOST_FACES:
        raise FaceSetError(
            f"{request.only or request.faces} names {len(files)} faces: designers work "
            f"through 1 to {MOST_FACES}; list those to do, an id a line, in a file for "
            "--only"
        )
    return files


def _ffhq_id(source: Path, face: str) -> str:
    try:
        return ffhq.face_id(face)
    except ValueError as error:
        raise FaceSetError(f"{source}: {error}") from error


def _check_finished(book: Workbook, faces: FaceFiles) -> None:
    """Refuse faces whose pictures are not those that finished work was made for."""
    here = set(faces.ids())
    for designer in book.designers():
        for face, draft in book.drafts(designer.name).items():
            done = draft.finish
            if done and face in here and done.picture != faces.digest(face):
                raise StudioError(
                    f"the picture of face {face} is not the one that {designer.name} "
                    f"worked from (SHA-256 differs): restore it, or name another "
                    "--folder"
                )


def _invite(book: Workbook, names: Sequence[str]) -> None:
    known = {designer.name for designer in book.designers()}
    for name in dict.fromkeys(names):
        if name not in known:
            book.enter(name)


def _ready(request: Request, book: Workbook, address: str) -> None:
    base = f"{(request.public_url or address).rstrip('/')}/"
    print(f"studio: {base} (work in {request.folder}; stop with Ctrl+C)", flush=True)
    for designer in book.designers():
        if not request.designers or designer.name in request.designers:
            print(f"  {designer.name}: {base}desk/{designer.token}", flush=True)
