"""`avatarbench studio serve`: serve the studio for an engine and a set of faces."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.counting import counted
from benchmark.commands.studio_export import export_files
from benchmark.engines.base import Engine
from benchmark.engines.contexts import options_in_context
from benchmark.faces import ffhq as ffhq_module
from benchmark.faces.folder import (
    listed_ids,
    normal_id,
    read_picture,
    select_files,
)
from benchmark.faces.framing_checks import unaligned
from benchmark.faces.picture_checks import shorten
from benchmark.faces.picture_listing import list_pictures
from benchmark.faces.pictures import FaceSetError, decode_picture, open_face
from benchmark.faces.truth_csv import read_checked
from benchmark.registry import ENGINES
from benchmark.storage.digests import bytes_digest
from benchmark.system.console import open_progress
from benchmark.system.progress import Progress
from reports.human_study.studio.app import make_studio
from reports.human_study.studio.canvas import Canvas
from reports.human_study.studio.drafts import StudioError
from reports.human_study.studio.session import Studio
from reports.human_study.studio.workbook import (
    Workbook,
    check_designer,
    create_workbook,
)
from reports.human_study.web import parse_address, serve
from reports.human_study.web.server import LOOPBACK

MAX_FACES = 2000


class FaceFiles:
    """Picture files whose digests are verified each time they are read."""

    def __init__(self, files: Mapping[str, Path], digests: Mapping[str, str]) -> None:
        self._files = files
        self._digests = digests

    def ids(self) -> tuple[str, ...]:
        """The face ids in order."""
        return tuple(self._files)

    def pixels(self, face: str, size: int) -> NDArray[np.uint8]:
        """(size, size, 3) uint8 RGB; raises FaceSetError if the file has changed."""
        path = self._files[face]
        return decode_picture(read_checked(path, self.digest(face)), str(path), size)

    def digest(self, face: str) -> str:
        """SHA-256 (hex) of the file at the start."""
        return self._digests[face]


def read_faces(
    files: Mapping[str, Path], progress: Progress, found: Sequence[str] = ()
) -> FaceFiles:
    """Read every picture once; FaceSetError names all that are not usable.

    `found` are problems of their names; the error names them, too.
    """
    digests: dict[str, str] = {}
    problems = list(found)
    with progress.task("check the faces", len(files)) as bar:
        for face, path in files.items():
            try:
                data = read_picture(path)
                open_face(data, str(path))
                digests[face] = bytes_digest(data)
            except FaceSetError as error:
                problems.append(str(error))
            bar.advance()
    if problems:
        raise FaceSetError("\n".join(shorten(problems)))
    return FaceFiles(files, digests)


def serve_studio(
    *,
    faces: Path,
    engine_name: str,
    folder: Path,
    ffhq: bool,
    only: Path | None,
    designers: tuple[str, ...],
    host: str,
    port: int,
    public_url: str | None,
    root_path: str | None,
) -> None:
    """Serve the studio until it is interrupted.

    Raises StudioError, AddressError or FaceSetError before anything is served if the
    options, the faces or earlier work do not fit.
    """
    address = parse_address(public_url, root_path)
    for designer in designers:
        check_designer(designer)
    _check_access(host, public_url, designers)
    engine: Engine = ENGINES.create(engine_name)
    found: list[str] = []
    files = _select_faces(faces, only, ffhq, found)
    pictures = read_faces(files, open_progress(), found)
    if (warning := unaligned(list(files.values()), str(faces))) is not None:
        print(f"warning: {warning}")
    book = create_workbook(folder, engine_name, engine.spec)
    _check_finished_work(book, pictures)
    _register(book, designers)
    studio = Studio.create(
        make_canvas(engine_name, engine),
        pictures,
        book,
        partial(export_files, book),
        designers,
    )
    threading.Thread(target=studio.pictures.prepare, daemon=True).start()
    app = make_studio(studio, address)

    def print_links(listening: str) -> None:
        base = f"{address.url or listening.rstrip('/') + address.root}/"
        print(f"studio: {base} (work in {folder}; stop with Ctrl-C)", flush=True)
        for designer in book.designers():
            if not designers or designer.name in designers:
                print(f"  {designer.name}: {base}desk/{designer.token}", flush=True)

    serve(app, host, port, print_links)


def _check_access(
    host: str, public_url: str | None, designers: tuple[str, ...]
) -> None:
    """Other machines need a known address, and designers with personal links."""
    if host not in LOOPBACK and public_url is None:
        raise StudioError(
            f"--host {host} lets other machines connect: give the address that "
            "designers use with --public-url, such as http://studio.example:8040"
        )
    if public_url is not None and not designers:
        raise StudioError(
            "with --public-url, only designers with a personal link are admitted: name "
            "them with --designer"
        )


def make_canvas(name: str, engine: Engine) -> Canvas:
    """The parts of an engine that the studio uses."""
    meta, spec = engine.meta, engine.spec
    options = partial(options_in_context, spec)
    return Canvas(name, meta.title, meta.version, spec, engine.render, options)


def _select_faces(
    folder: Path, only: Path | None, is_ffhq: bool, found: list[str]
) -> Mapping[str, Path]:
    list_files = ffhq_module.list_ffhq if is_ffhq else list_pictures
    files = list_files(folder, found)
    if only is not None:
        face_id = ffhq_module.face_id if is_ffhq else normal_id
        files = select_files(files, listed_ids(only, face_id), str(only))
    if not 1 <= len(files) <= MAX_FACES:
        raise FaceSetError(
            f"{only or folder} names {counted(len(files), 'face')}, but the studio "
            f"takes 1 to {MAX_FACES}: list the ids of the faces to use in a file for "
            "--only"
        )
    return files


def _check_finished_work(book: Workbook, faces: FaceFiles) -> None:
    """Refuse pictures that changed since a designer finished their faces."""
    here = set(faces.ids())
    for designer in book.designers():
        for face, draft in book.drafts(designer.name).items():
            done = draft.finish
            if done and face in here and done.picture != faces.digest(face):
                raise StudioError(
                    f"the picture of face {face} changed since {designer.name} "
                    "finished it (SHA-256 differs): restore it, or use another --folder"
                )


def _register(book: Workbook, names: Sequence[str]) -> None:
    known = {designer.name for designer in book.designers()}
    for name in dict.fromkeys(names):
        if name not in known:
            book.enter(name)
