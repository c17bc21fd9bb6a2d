"""The built-in face parsers: small, complete, and as good as their cards state."""

import pytest

from benchmark.commands.parsed_faces import open_parsed
from benchmark.faces.parsed import ParsedArrays
from benchmark.weights.folders import PARSER, SHIPPED
from methods.f2p.parser_weights import load_parser, read_parser_card
from methods.f2p.parsing import measure

FOLDERS = sorted(path.parent for path in SHIPPED.glob(f"*/{PARSER}"))


@pytest.fixture(params=FOLDERS, ids=lambda path: path.name)
def folder(request):
    return request.param


def test_cards_are_complete_and_files_are_small(folder):
    card = read_parser_card(folder)
    assert card.title == folder.name
    assert card.licence == "CC0-1.0"
    assert card.hours > 0
    assert card.mean_iou > 0.5
    assert (folder / PARSER).stat().st_size < 3e6


def test_quality_on_validation_faces_matches_the_card(folder):
    parser, card = load_parser(folder), read_parser_card(folder)
    faces = open_parsed("portraits-validation", parser.config.size)
    pictures, maps = faces.batch(range(0, len(faces), 5))
    some = ParsedArrays("some", pictures, maps, faces.licence, faces.stand_in)
    quality = measure(parser, some)
    assert quality.mean_iou == pytest.approx(card.mean_iou, abs=0.05)
    assert quality.accuracy == pytest.approx(card.accuracy, abs=0.02)
