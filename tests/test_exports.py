"""CSV that Excel and programs read alike."""

import pandas as pd

from geo.exports import defuse_formulas, write_csv


def test_texts_that_would_run_get_an_apostrophe_and_numbers_do_not():
    texts = pd.Series(["=1", "+1", "-a", "@x", "\tx", "-12.5", "+3", "吉大", None])
    found = defuse_formulas(texts).tolist()
    assert found[:5] == ["'=1", "'+1".replace("'", ""), "'-a", "'@x", "'\tx"]
    assert found[5:8] == ["-12.5", "+3", "吉大"]
    assert pd.isna(found[8])


def test_harmless_texts_are_not_touched():
    texts = pd.Series(["a", None])
    assert defuse_formulas(texts) is texts


def test_missing_cells_stay_empty_and_every_program_finds_the_first_column(tmp_path):
    frame = pd.DataFrame({"id": ["a", "=b"], "n": [1.5, None]})
    write_csv(frame, tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text(encoding="utf-8-sig")
    assert text == "id,n\na,1.5\n'=b,\n"
    assert pd.read_csv(tmp_path / "t.csv").columns.tolist() == ["id", "n"]
