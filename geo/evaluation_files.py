"""The self-evaluation table (自评表) as Excel and Word.

Yunnan asks for an evaluation before 1 March by the annex of 建办城〔2021〕50号 (云建更
〔2022〕19号 三). The annex has neither formulas nor scores, so the table gives grounds,
figures and evidence, and no points.
"""

from collections.abc import Callable, Mapping
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from geo.errors import InputError
from geo.files import replace_file
from geo.indicator_rules import COPIES, find_part, list_indicators
from geo.indicator_tables import (
    DATA_SHEET,
    list_evidence,
    make_parts_table,
    name_missing,
    say_value,
    say_wording,
)
from geo.indicator_words import format_value, say_found, say_required
from geo.indicators import Indicators
from geo.rulings import speak
from geo.text import tr

#: Columns of the table, with their widths in the workbook (characters) and on
#: paper (cm).
COLUMNS: Mapping[str, tuple[float, float]] = {
    "group": (8, 1.4),
    "name": (14, 2.2),
    "wording": (34, 5.2),
    "basis": (46, 6.6),
    "last": (9, 1.5),
    "value": (12, 1.7),
    "change": (9, 1.5),
    "state": (11, 1.7),
    "evidence": (30, 3.9),
    "missing": (18, 2.2),
}
_PART_COLUMNS: Mapping[str, float] = {
    "name": 24,
    "part": 26,
    "formula": 44,
    "found": 40,
    "required": 24,
    "numerator": 12,
    "denominator": 12,
    "undecided": 10,
    "left_out": 10,
    "last": 10,
    "value": 14,
    "state": 12,
    "reason": 30,
}
_FONT = "宋体"
_SIZE = 9
_MARGIN_CM = 1.2
#: The first ten indicators are bottom lines.
_BOTTOM = "IND-1"


def write_evaluation(indicators: Indicators, path: Path, *, lang: str = "zh") -> None:
    """Write the self-evaluation table.

    Parameters
    ----------
    indicators
        Of a county, a city or a province.
    path
        ``.xlsx`` (with a sheet of all parts, and one that other levels read) or
        ``.docx``.
    lang
        ``"zh"`` or ``"en"``; what the documents say stays Chinese.

    Raises
    ------
    InputError
        If the suffix is neither of the two.
    OutputError
        If it cannot be written; an older file is then as before.
    """
    writers: Mapping[str, Callable[[Indicators, Path, str], None]] = {
        ".xlsx": _write_workbook,
        ".docx": _write_paper,
    }
    if path.suffix not in writers:
        raise InputError("evaluation_kind", suffix=path.suffix)
    with replace_file(path) as temporary:
        writers[path.suffix](indicators, temporary, lang)


def make_evaluation_table(indicators: Indicators, lang: str) -> pd.DataFrame:
    """Return the self-evaluation table.

    Parameters
    ----------
    indicators
        The indicators.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        20 rows, columns `COLUMNS`, all texts; `basis` has one line for each part.
    """
    said = indicators.explain(lang)
    rows = []
    for indicator in list_indicators():
        key = indicator.indicator_id
        parts = indicators.of(key)
        main = indicators.summary.loc[key].to_dict() | {"indicator_id": key}
        items = parts[parts["role"] != "extra"]
        group = "bottom" if key.startswith(_BOTTOM) else "hard"
        rows.append(
            {
                "group": tr(f"indicators.group.{group}", lang),
                "name": f"{indicator.clause.removeprefix('附件 ')} "
                f"{indicator.names[lang]}",
                "wording": say_wording(indicators, key),
                "basis": "\n".join(said[parts.index]),
                **say_years(main, lang),
                "state": tr(f"evaluation.sign.{main['state']}", lang),
                "evidence": list_evidence(indicators, parts, lang),
                "missing": name_missing(indicators, items, lang),
            }
        )
    return pd.DataFrame(rows)[list(COLUMNS)]


def say_years(row: Mapping[Any, Any], lang: str) -> dict[str, str]:
    """Say last year, this year and the change of a part.

    Parameters
    ----------
    row
        A row of :attr:`geo.indicators.Indicators.table`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    dict
        `last`, `value` and `change`; a dash where it is not known.
    """
    last = format_value(row["last_value"], row["unit"], lang=lang)
    change = row["change"]
    sign = "" if isnan(change) or change <= 0 else "+"
    told = format_value(change, row["unit"], lang=lang)
    return {
        "last": last or "—",
        "value": say_value(row, lang) or "—",
        "change": f"{sign}{told}" if told else "—",
    }


def list_head(indicators: Indicators, lang: str) -> list[str]:
    """Return the lines above and below the table.

    Parameters
    ----------
    indicators
        The indicators.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str
        Title first, then who, by what, of which years, of whom, and what to know.
    """
    comma = tr("view.comma", lang)
    own = [COPIES[one] for one in COPIES if one in indicators.chain]
    document = comma.join([*own, "建办城〔2021〕50号"])
    level = tr(f"indicators.level.{indicators.level}", lang)
    plan_year = indicators.plan_year or tr("evaluation.no_plan_year", lang)
    year = indicators.year
    lines = [
        tr("evaluation.title", lang, year=year),
        tr("evaluation.unit", lang, name=indicators.name or "—", level=level),
        tr("evaluation.basis", lang, document=document),
        tr("evaluation.plan", lang, plan_year=plan_year, year=year),
    ]
    if indicators.members:
        names = comma.join(indicators.members)
        lines.append(tr("evaluation.members", lang, names=names))
    if indicators.absent:
        names = comma.join(indicators.absent)
        lines.append(tr("evaluation.absent", lang, names=names))
    return [*lines, tr("evaluation.note", lang)]


def _write_workbook(indicators: Indicators, path: Path, lang: str) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        plain = {"font_name": _FONT, "font_size": _SIZE, "text_wrap": True}
        cell = book.add_format({**plain, "border": 1, "valign": "top"})
        head = book.add_format(
            {**plain, "border": 1, "bold": True, "align": "center", "valign": "vcenter"}
        )
        line = book.add_format({**plain, "text_wrap": False})
        title = book.add_format({"font_name": _FONT, "font_size": 16, "bold": True})
        table = make_evaluation_table(indicators, lang)
        sheet = book.add_worksheet(tr("evaluation.sheet", lang))
        sheet.set_landscape()
        sheet.set_paper(8)  # A3
        sheet.fit_to_pages(1, 0)
        lines = list_head(indicators, lang)
        for at, text in enumerate(lines):
            sheet.write_string(at, 0, text, title if at == 0 else line)
        top = len(lines)
        widths = {name: width for name, (width, _) in COLUMNS.items()}
        _write_cells(sheet, table, top, widths, (head, cell), lang)
        sheet.freeze_panes(top + 1, 2)
        sheet.repeat_rows(top)
        parts = book.add_worksheet(tr("evaluation.sheet_parts", lang))
        listed = _make_part_cells(indicators, lang)
        _write_cells(parts, listed, 0, _PART_COLUMNS, (head, cell), lang)
        parts.freeze_panes(1, 2)
        data = book.add_worksheet(DATA_SHEET)
        for at, (name, column) in enumerate(make_parts_table(indicators, lang).items()):
            data.write_string(0, at, str(name))
            for row, value in enumerate(column, start=1):
                _write_value(data, row, at, value, None)


def _make_part_cells(indicators: Indicators, lang: str) -> pd.DataFrame:
    names = {one.indicator_id: one.names[lang] for one in list_indicators()}
    rows = []
    for row in indicators.table.to_dict("records"):
        part = find_part(row["indicator_id"], row["part"])
        rows.append(
            {
                "name": names[row["indicator_id"]],
                "part": part.names[lang],
                "formula": part.formulas[lang],
                "found": speak(say_found(row), lang),
                "required": speak(say_required(row), lang),
                **{
                    name: row[name]
                    for name in ("numerator", "denominator", "undecided", "left_out")
                },
                **say_years(row, lang),
                "state": tr(f"evaluation.sign.{row['state']}", lang),
                "reason": speak(row["reason"], lang),
            }
        )
    return pd.DataFrame(rows)[list(_PART_COLUMNS)]


def _write_cells(
    sheet: Worksheet,
    table: pd.DataFrame,
    top: int,
    widths: Mapping[str, float],
    formats: tuple[Format, Format],
    lang: str,
) -> None:
    head, cell = formats
    for at, (name, column) in enumerate(table.items()):
        sheet.set_column(at, at, widths[str(name)])
        sheet.write_string(top, at, tr(f"evaluation.column.{name}", lang), head)
        for row, value in enumerate(column, start=top + 1):
            _write_value(sheet, row, at, value, cell)


def _write_value(
    sheet: Worksheet, row: int, at: int, value: str | float | None, form: Format | None
) -> None:
    if isinstance(value, str):
        sheet.write_string(row, at, value, form)
    elif value is None or pd.isna(value) or value in (float("inf"), float("-inf")):
        sheet.write_blank(row, at, None, form)
    else:
        sheet.write_number(row, at, float(value), form)


def _write_paper(indicators: Indicators, path: Path, lang: str) -> None:
    paper = Document()
    style = paper.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(_SIZE)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    _turn_page(paper)
    lines = list_head(indicators, lang)
    heading = paper.add_paragraph()
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words = heading.add_run(lines[0])
    words.bold, words.font.size = True, Pt(16)
    for text in lines[1:]:
        paper.add_paragraph(text).paragraph_format.space_after = Pt(2)
    table = make_evaluation_table(indicators, lang)
    drawn = paper.add_table(rows=1 + len(table), cols=len(COLUMNS), style="Table Grid")
    drawn.autofit = False
    for at, (name, (_, width)) in enumerate(COLUMNS.items()):
        texts = [tr(f"evaluation.column.{name}", lang), *table[name]]
        for cell, text in zip(drawn.column_cells(at), texts, strict=True):
            cell.width = Cm(width)
            cell.text = text
    _join_groups(drawn, list(table["group"]))
    _repeat_head(drawn)
    paper.save(str(path))


def _turn_page(paper: Paper) -> None:
    """Lay the page across: the table has ten columns (A3)."""
    section = paper.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(42.0), Cm(29.7)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Cm(_MARGIN_CM))


def _join_groups(drawn: Table, groups: list[str]) -> None:
    """Let one cell of the first column stand for each group."""
    for group in dict.fromkeys(groups):
        rows = [at for at, one in enumerate(groups, start=1) if one == group]
        joined = drawn.cell(rows[0], 0).merge(drawn.cell(rows[-1], 0))
        joined.text = group


def _repeat_head(drawn: Table) -> None:
    """Repeat the first row on each page, and set it bold."""
    row = drawn.rows[0]
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx offers no other way
    mark = properties.makeelement(qn("w:tblHeader"), {qn("w:val"): "true"})
    properties.append(mark)
    for cell in row.cells:
        for paragraph in cell.paragraphs:
            for words in paragraph.runs:
                words.bold = True
