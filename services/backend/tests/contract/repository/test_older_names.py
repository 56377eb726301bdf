"""Pictures by what the older systems knew them by: a number, a filename of theirs."""

from __future__ import annotations

import pytest

from services.backend.tests.pictures import new_image, stock
from shoebox.domain.errors import NotFound
from shoebox.ports import ImageRepository


def test_a_picture_is_found_by_its_number(repository: ImageRepository) -> None:
    first, second = stock(repository, 2)
    assert (repository.find(first.id), repository.find(second.id)) == (first, second)


@pytest.mark.parametrize("number", [0, -1, 999_999_999, 10**18, 10**40])
def test_a_number_without_a_row_is_not_found(repository: ImageRepository, number: int) -> None:
    stock(repository, 1)
    with pytest.raises(NotFound):
        repository.find(number)


@pytest.mark.parametrize("old_name", ["old_1 (2).JPEG", "Straße%_'.png", "k3J9xQ2mVb7c.jpg", "x" * 255])
def test_an_old_name_leads_to_its_picture(repository: ImageRepository, old_name: str) -> None:
    kept, _ = stock(repository, 2)
    repository.add_alias(old_name, kept.key)
    assert repository.key_of(old_name) == kept.key


def test_of_two_words_about_an_old_name_the_newer_counts(repository: ImageRepository) -> None:
    first, second = stock(repository, 2)
    repository.add_alias("old.jpg", first.key)
    repository.add_alias("old.jpg", second.key)
    repository.add_alias("old.jpg", second.key)
    assert repository.key_of("old.jpg") == second.key


def test_an_old_name_ends_with_its_picture(repository: ImageRepository) -> None:
    image = repository.add(new_image())
    repository.add_alias("old.jpg", image.key)
    repository.delete(image.key)
    with pytest.raises(NotFound):
        repository.key_of("old.jpg")


@pytest.mark.parametrize("old_name", ["", "absent.jpg", "nul\0.jpg", "half a pair \ud83d.jpg"])
def test_a_name_nobody_had_is_not_found(repository: ImageRepository, old_name: str) -> None:
    with pytest.raises(NotFound):
        repository.key_of(old_name)
