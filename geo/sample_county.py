"""What the sample's county holds: documents, issues, budgets, last year's figures."""

from typing import Any

import geopandas as gpd
import pandas as pd

from geo.sample_facts import FINISHED, LATE, NEVER_ASKED, PLAN_YEAR, THIS_YEAR, rng_of
from geo.sample_works import GAS_PLANNED, SURFACE_FIRST
from geo.town_grid import chance

COUNTY, CITY, PROVINCE = "示例区", "示例市", "示例省"
#: Communities of the plan of next year of which every document is there.
COMPLETE = ("C045", "C106")
#: Communities without a plan of works that is agreed with the utilities.
UNCOORDINATED = (SURFACE_FIRST, "C054")

#: Level, subject, type, title, topic, day, images.
_OFFICIAL = (
    ("county", COUNTY, "工作规则", "城镇老旧小区改造工作规则", "", "2024-03-12", 0),
    ("county", COUNTY, "责任清单", "部门责任清单", "", "2024-03-12", 0),
    ("county", COUNTY, "议事规程", "联席会议议事规程", "", "2024-05-20", 0),
    ("city", CITY, "工作规则", "示例市城镇老旧小区改造工作规则", "", "2023-09-01", 0),
    ("city", CITY, "责任清单", "示例市部门责任清单", "", "2023-09-01", 0),
    ("county", COUNTY, "职责分工清单", "街道社区职责分工清单", "", "2024-04-02", 0),
    ("county", COUNTY, "储备库", "改造项目储备库名册", "", "2026-10-15", 0),
    ("city", CITY, "储备库", "示例市改造项目储备库名册", "", "2026-09-30", 0),
    ("county", COUNTY, "改造时序表", "储备项目改造时序表", "", "2026-10-15", 0),
    ("county", COUNTY, "城市体检报告", "2026年城市体检报告", "", "2026-07-30", 24),
    ("county", COUNTY, "政策文件", "改造项目并联审批办法", "审批", "2025-06-18", 0),
    ("city", CITY, "政策文件", "既有住区改造技术导则", "标准", "2024-11-05", 0),
    ("city", CITY, "政策文件", "改造项目审批流程图", "审批", "2024-08-09", 0),
    ("county", COUNTY, "政策文件", "居民户内改造补贴办法", "户内改造", "2025-09-01", 0),
    ("county", COUNTY, "质量安全制度", "工程质量安全抽检巡检制度", "", "2025-02-17", 0),
    ("county", COUNTY, "年度绩效评价报告", "2025年度评价报告", "", "2026-02-20", 12),
)  # fmt: skip

#: Identifier, source, kind, subject, issue, owner, found, due, evidence, closed.
_ISSUES = (
    ("Z01", "audit", "funds", COUNTY, "专项资金拨付滞后", "区财政局 示例甲",
     "2026-03-18", "2026-06-30", "拨付凭证", "2026-06-12"),
    ("Z02", "inspection", "quality", "C049", "排水坡度不足", "区住建局 示例乙",
     "2026-05-06", "2026-09-30", None, None),
    ("Z03", "complaint", "consent", "C061", "征求意见不充分", "示例区红旗街道 示例丙",
     "2026-08-22", "2026-12-15", None, None),
    ("Z04", "media", "quality", "C032", "单元门安装不牢", "区住建局 示例乙",
     "2026-09-02", "2026-09-20", "整改照片", "2026-10-08"),
    ("Z05", "inspection", "other", COUNTY, "施工围挡不规范", None,
     "2026-07-11", "2026-08-10", "复查记录", "2026-08-01"),
    ("Z06", "complaint", "quality", "C016", "楼道照明不亮", "示例区和平街道 示例丁",
     "2026-10-20", None, None, None),
)  # fmt: skip
_ISSUE_COLUMNS = ("id", "source", "kind", "subject_id", "issue", "responsible",
                  "found_date", "due", "evidence", "closed_date")  # fmt: skip

#: Funds at hand per year and source, in 10,000 CNY; None: how many projects.
_BUDGETS = {
    2027: {"all": 8000, "central": 2100, "province": 1400, "local": 2400,
           "bond_special": 1200},
    2028: {"all": 7000, "central": 2600, "province": 1200, "local": 2000,
           "bond_special": 1000},
    2029: {"all": 5000, "central": 1900, "province": 900, "local": 1500,
           "bond_special": 800},
}  # fmt: skip
_PROJECTS = {2027: 6, 2028: 7, 2029: 7}

#: Last year's indicators: part, numerator, denominator, state. Two are missing.
_LAST = (
    ("IND-1-01", "county", 2, 3, "short"),
    ("IND-1-02", "scope", 1, None, "short"),
    ("IND-1-02", "capacity", 13260, 12800, "short"),
    ("IND-1-03", "archive", 41, 75, "short"),
    ("IND-1-04", "link", 6, 13, "short"),
    ("IND-1-04", "coordinated", 11, 13, "short"),
    ("IND-1-05", "basic", 58, 66, "short"),
    ("IND-1-06", "satisfaction", 1480, 1720, "met"),
    ("IND-1-06", "surveyed", 1720, 2310, "short"),
    ("IND-1-07", "consensus", 12, 15, "short"),
    ("IND-1-07", "vote", 14, 15, "short"),
    ("IND-1-08", "confirmed", 13, 15, "short"),
    ("IND-1-09", "accepted", 14, 15, "short"),
    ("IND-1-10", "closed", 5, 6, "short"),
    ("IND-2-01", "party", 9, 15, "met"),
    ("IND-2-01", "committee", 4, 15, "open"),
    ("IND-2-02", "joint", 6, 15, "open"),
    ("IND-2-04", "social_resident", 1186, 13260, "open"),
    ("IND-2-05", "operator", 5, 15, "open"),
    ("IND-2-06", "finance", 640, 13260, "open"),
    ("IND-2-07", "county", 1, 2, "short"),
    ("IND-2-08", "handover", 38, 75, "open"),
    ("IND-2-09", "fund", 7, 15, "open"),
    ("IND-2-10", "policy", 1, 1, "met"),
)


def make_documents(communities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make the table of documents that are held.

    Parameters
    ----------
    communities
        Communities of the town, with the headers of the ledger.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``documents``.
    """
    columns = ["level", "subject_id", "doc_type", "title", "topic", "doc_date"]
    rows: list[dict[str, Any]] = [
        dict(zip([*columns, "images"], row, strict=True)) for row in _OFFICIAL
    ]
    for name, ledger in communities.iterrows():
        year = THIS_YEAR - 1 if name == LATE else int(ledger["计划年度"])
        if year <= PLAN_YEAR:
            rows += _archive(str(name), str(ledger["name"]), year)
    table = pd.DataFrame(rows)
    table.insert(0, "id", [f"D{number:04d}" for number in range(1, len(table) + 1)])
    folder = table["subject_id"].astype("str")
    return table.assign(file=folder + "/" + table["id"] + ".pdf")


def _archive(name: str, title: str, year: int) -> list[dict[str, Any]]:
    """Return the documents of one project; some are missing by chance."""
    rng = rng_of(name)
    started, done = year < PLAN_YEAR, name in FINISHED or name == LATE
    wanted = [
        ("小区基本情况表", "2026-03-05", 6, 0.9),
        ("居民意愿征询表", "2026-05-12", 2, 0.8),
        ("改造方案", "2026-08-20", 9, 0.8),
        ("改造前照片", "2026-03-05", 12, 0.7),
        ("居民协商记录", "2026-06-08", 1, 0.4),
        ("统筹施工方案", "2026-10-28", 3, 0.5),
    ]
    if started:
        wanted = [(kind, _earlier(day), n, odds) for kind, day, n, odds in wanted]
        wanted[-1] = ("统筹施工方案", "2026-02-26", 3, 1.0)
        wanted += [
            ("进度照片", "2026-07-10", 8, 0.8),
            ("表决结果公示", "2026-02-12", 1, 0.8),
        ]
        wanted += [("巡检记录", "2026-06-15", 4, 0.9)]
    if done:
        wanted += [
            ("竣工验收报告", "2026-11-02", 5, 0.9),
            ("工程质量保修书", "2026-11-02", 0, 0.8),
            ("长效管理方案", "2026-09-10", 0, 0.7),
            ("改造后照片", "2026-11-04", 12, 0.8),
        ]
    if name == GAS_PLANNED[0]:
        wanted.append(("燃气设施保护方案", "2026-10-30", 1, 1.0))
    rows = []
    for kind, day, images, odds in wanted:
        kept = chance(rng, odds) or name in COMPLETE
        if not kept or _is_missing(name, kind):
            continue
        rows.append({"level": "community", "subject_id": name, "doc_type": kind,
                     "title": f"{title}{kind}", "doc_date": day,
                     "images": images})  # fmt: skip
    return rows


def _is_missing(name: str, kind: str) -> bool:
    asked = name == NEVER_ASKED and kind == "居民意愿征询表"
    return asked or (name in UNCOORDINATED and kind == "统筹施工方案")


def _earlier(day: str) -> str:
    return f"{int(day[:4]) - 1}{day[4:]}"


def make_rectification() -> pd.DataFrame:
    """Make the table of issues to be rectified (整改台账).

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``rectification``.
    """
    return pd.DataFrame(_ISSUES, columns=list(_ISSUE_COLUMNS))


def make_budgets() -> pd.DataFrame:
    """Make the table of funds that are at hand.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``budgets``, in CNY.
    """
    rows = [
        {
            "year": year,
            "source": source,
            "available_cny": 1e4 * amount,
            "projects_most": _PROJECTS[year] if source == "all" else None,
        }
        for year, sources in _BUDGETS.items()
        for source, amount in sources.items()
    ]
    return pd.DataFrame(rows)


def make_county() -> pd.DataFrame:
    """Make the table of the county, one row per year.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``county``; the last year is that of the plan.
    """
    columns = ["year", "fund_allocated_cny", "fund_executed_cny", "application_date"]
    columns += ["report_date", "reserve_updated", "health_check_id"]
    rows = [
        (2025, 8.0e7, 7.8e7, "2024-11-28", "2026-02-20", None, None),
        (2026, 1.0e8, 9.49e7, "2025-11-27", None, "2026-10-15", "TJ-2026-07"),
        (2027, None, None, "2026-11-30", None, "2026-10-15", "TJ-2026-07"),
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(name=COUNTY, city=CITY, province=PROVINCE)


def make_last_indicators() -> pd.DataFrame:
    """Make the table of what the indicators came to last year.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``last_indicators``.
    """
    names = ["indicator_id", "part", "numerator", "denominator", "state"]
    table = pd.DataFrame(_LAST, columns=names)
    share = table["numerator"] / table["denominator"]
    value = share.where(table["denominator"].notna(), table["numerator"])
    return table.assign(value=value.round(4), year=THIS_YEAR - 1)
