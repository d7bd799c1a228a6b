"""Texts: the same keys and places in both languages, each key once."""

import re
import tomllib
from string import Formatter

import pytest

from geo.text import LANGUAGES, data_dir, texts, tr

AREAS = sorted(
    {path.name.split(".")[0] for path in (data_dir() / "text").glob("*.toml")}
)
HAN = re.compile(r"[一-鿿]")


def flat(table, prefix=""):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def read(area, lang):
    path = data_dir() / "text" / f"{area}.{lang}.toml"
    return dict(flat(tomllib.loads(path.read_text(encoding="utf-8"))))


def places(template):
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_there_are_texts():
    assert {"common", "rules"} <= set(AREAS)


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_hold_the_same_keys(area):
    zh, en = (read(area, lang) for lang in LANGUAGES)
    assert set(zh) == set(en)


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_name_the_same_places(area):
    """A place that is itself a text carries its language: `{layer_zh}`."""
    zh, en = (read(area, lang) for lang in LANGUAGES)
    for key in set(zh) & set(en):
        own = {re.sub("_zh$", "_own", name) for name in places(zh[key])}
        other = {re.sub("_en$", "_own", name) for name in places(en[key])}
        assert own == other, key


@pytest.mark.parametrize("area", AREAS)
def test_places_are_names(area):
    for lang in LANGUAGES:
        for key, template in read(area, lang).items():
            assert all(name.isidentifier() for name in places(template)), key


@pytest.mark.parametrize("area", AREAS)
def test_texts_are_texts(area):
    for lang in LANGUAGES:
        for key, value in read(area, lang).items():
            assert isinstance(value, str), key


@pytest.mark.parametrize("area", AREAS)
def test_english_holds_no_chinese_and_chinese_is_chinese(area):
    for key, value in read(area, "en").items():
        # a language is called by its own name in both
        assert key.startswith("language") or not HAN.search(value) or "{" in value, key
    for key, value in read(area, "zh").items():
        words = re.sub(r"\{[^}]*\}", "", value)
        if key.endswith((".message", ".action")) and re.search("[a-z]", words):
            assert HAN.search(words), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_says_what_to_do(lang):
    known = texts(lang)
    for key in known:
        if key.startswith(("error.", "finding.")) and key.endswith(".message"):
            assert known.get(key.removesuffix("message") + "action"), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_key_stands_twice(lang):
    found = [key for area in AREAS for key in read(area, lang)]
    assert sorted(found) == sorted(set(found))
    assert set(texts(lang)) == set(found)


def test_places_are_filled():
    assert tr("unit.m", value=300) == "300 米"
    assert tr("unit.m", "en", value=300) == "300 m"
    assert tr("state.short") == "缺少"


def test_a_value_is_missing():
    with pytest.raises(KeyError):
        tr("unit.m", metres=3)


def test_a_text_is_missing():
    with pytest.raises(KeyError):
        tr("no.such.text")


def test_a_language_is_missing():
    with pytest.raises(ValueError, match="must be one of"):
        texts("fr")


def test_a_key_written_twice_is_refused(tmp_path, monkeypatch):
    (tmp_path / "text").mkdir()
    for name in ("a", "b"):
        (tmp_path / "text" / f"{name}.zh.toml").write_text('[x]\ny = "1"\n')
    monkeypatch.setattr("geo.text.data_dir", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"defines 'x\.y'"):
        texts.__wrapped__("zh")


def test_an_installed_wheel_reads_its_own_data(tmp_path, monkeypatch):
    (tmp_path / "geo" / "data").mkdir(parents=True)
    monkeypatch.setattr("geo.text.__file__", str(tmp_path / "geo" / "text.py"))
    assert data_dir() == tmp_path / "geo" / "data"
