"""What is written by hand says the same as what an encoder writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.backend.tests.pictures import new_image
from shoebox.db.rows import with_id
from shoebox.domain.image import Format
from shoebox.web.presenters import image_bytes, image_json
from shoebox.web.response import json_bytes

NAMES = ["a.png", 'a"b\\.png', "Пляж 🏖.png", "a\tb.png", "\u2028.png", "\udcff.png"]


@pytest.mark.parametrize("base_url", ["http://localhost:8080", "", 'https://"quoted"'])
@pytest.mark.parametrize("collection", [None, "trip-1_A"])
@pytest.mark.parametrize("name", NAMES)
def test_an_image_object_is_what_an_encoder_would_write(name: str, collection: str | None, base_url: str) -> None:
    image = with_id(new_image(name, collection=collection), 2**53 + 1)
    assert image_bytes(image, base_url) == json_bytes(image_json(image, base_url))


@pytest.mark.parametrize("known", Format)
def test_an_image_object_says_of_every_format_what_an_encoder_would_write(known: Format) -> None:
    image = with_id(new_image(), 7)
    image = replace(image, facts=replace(image.facts, format=known))
    assert image_bytes(image, "http://a") == json_bytes(image_json(image, "http://a"))
