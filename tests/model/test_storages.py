"""Storages: what a word, an id and a bucket mean to those who ask."""

import re
from pathlib import Path

import pytest

from rbsync.model.datapoint import Settings
from rbsync.model.storages import (
    BUILT_IN,
    PUBLIC,
    PUBLIC_ID,
    SERVICE_ID,
    UPLOADED,
    id_of,
    is_at_service,
    is_built_in,
    is_public,
    is_uploaded,
    word_of,
    words_of,
)

BUCKET = "b47f1f00-aaaa-4bbb-8ccc-000000000001"
ROOM = Path(__file__).parents[2] / "rbsync"


def test_files_are_uploaded_unless_another_storage_is_named() -> None:
    assert is_uploaded(Settings().storage)


def test_the_id_of_the_service_names_what_is_there_already_and_not_what_is_to_be_uploaded() -> None:
    assert is_uploaded(UPLOADED)
    assert not is_uploaded(SERVICE_ID)
    assert is_at_service(id_of(UPLOADED))
    assert is_at_service(SERVICE_ID)


@pytest.mark.parametrize("storage", [PUBLIC, PUBLIC_ID])
def test_urls_are_public_by_word_and_by_id(storage) -> None:
    assert is_public(storage)
    assert not is_uploaded(storage)
    assert not is_at_service(id_of(storage))


def test_a_bucket_is_neither_and_keeps_its_id() -> None:
    assert not is_uploaded(BUCKET)
    assert not is_public(BUCKET)
    assert not is_built_in(BUCKET)
    assert (id_of(BUCKET), word_of(BUCKET), words_of(BUCKET)) == (BUCKET, BUCKET, (BUCKET,))


@pytest.mark.parametrize("word", BUILT_IN)
def test_a_word_leads_to_its_id_and_back(word) -> None:
    assert word_of(id_of(word)) == word_of(id_of(word).upper()) == word
    assert words_of(id_of(word)) == (word, id_of(word))


def test_no_other_module_compares_with_the_words_of_storages_or_has_their_ids() -> None:
    compared = re.compile(r"""(storage\w*|named) (==|!=|in|not in) [({]*"|1{8}-1{4}|2{8}-2{4}""")
    found = [
        f"{path.relative_to(ROOM)}:{number}: {line.strip()}"
        for path in sorted(ROOM.rglob("*.py"))
        if path != ROOM / "model" / "storages.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if compared.search(line)
    ]
    assert not found
