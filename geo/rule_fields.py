"""Mistakes in rules that leave the rest of them usable.

A rule id that stands twice, a rule that names a field which no table has, an entry of
a profile without value: each is a finding, and everything else is judged.
"""

from collections.abc import Collection

import pandas as pd

from geo.evidence_schema import EVIDENCE
from geo.findings import Finding
from geo.profiles import MISSING, PROFILE_KEYS, Profile
from geo.schema import LAYERS, Severity

#: Name under which findings about rules stand.
RULES = "rules"
#: What a field may come from besides a table of evidence.
_ORIGINS = ("layer", "derived", "setting", "profile", "documents")


def part_twins(policy: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Keep the first row of every rule.

    Parameters
    ----------
    policy
        Policy rules with `rule_id` and `line`.

    Returns
    -------
    tuple
        The first row of each rule, and a finding for each that was left out.
    """
    again = policy["rule_id"].duplicated()
    found = [
        Finding(
            RULES,
            "rule_twice",
            Severity.ERROR,
            id=str(row["rule_id"]),
            params={"rule": row["rule_id"], "row": row["line"]},
        )
        for row in policy[again].to_dict("records")
    ]
    return policy[~again].reset_index(drop=True), found


def find_strange_fields(
    policy: pd.DataFrame, fields: pd.DataFrame, headers: pd.DataFrame
) -> list[Finding]:
    """Find rules that name a field which no table has.

    Parameters
    ----------
    policy
        Policy rules: `rule_id`, `fields` (joined by ``;``).
    fields
        Where every field is found: `field`, `where`.
    headers
        Headers of ledgers, by which further columns of a ledger are known.

    Returns
    -------
    list of Finding
        One for each rule and field.
    """
    columns = list_columns(headers)
    known = {
        str(row["field"])
        for row in fields.to_dict("records")
        if any(is_place(one, columns) for one in str(row["where"]).split("|"))
    }
    known |= {column for _, column in columns}
    return [
        Finding(
            RULES,
            "rule_field_unknown",
            Severity.WARNING,
            id=str(row["rule_id"]),
            params={"rule": row["rule_id"], "field": name},
        )
        for row in policy.to_dict("records")
        for name in dict.fromkeys(str(row["fields"]).split(";"))
        if name and name not in known
    ]


def settle_fields(findings: pd.DataFrame, columns: Collection[str]) -> pd.DataFrame:
    """Leave out strange fields that the district's own tables have after all.

    Parameters
    ----------
    findings
        Raw findings about rules.
    columns
        Columns of the district's layers and tables.

    Returns
    -------
    pandas.DataFrame
        The findings that stay, numbered anew.
    """
    settled = [
        code == "rule_field_unknown" and params["field"] in columns
        for code, params in zip(findings["code"], findings["params"], strict=True)
    ]
    return findings[[not one for one in settled]].reset_index(drop=True)


def find_forgotten_values(profile: Profile) -> list[Finding]:
    """Find entries of a profile that give no value.

    Parameters
    ----------
    profile
        The profile.

    Returns
    -------
    list of Finding
        One for each.
    """
    return [
        Finding(
            RULES,
            "profile_value_missing",
            Severity.ERROR,
            id=key,
            params={"file": f"{profile.name}.toml", "key": key},
        )
        for key, clause in profile.clauses.items()
        if clause.value == MISSING
    ]


def list_columns(headers: pd.DataFrame) -> frozenset[tuple[str, str]]:
    """List every column that a layer or table of evidence may have.

    Parameters
    ----------
    headers
        Headers of ledgers, by which further columns of a layer are known.

    Returns
    -------
    frozenset of tuple
        Layer or table, and column.
    """
    schema = [
        (name, column.name)
        for name in (*LAYERS, *EVIDENCE)
        for column in (LAYERS[name] if name in LAYERS else EVIDENCE[name]).columns
    ]
    return frozenset([*schema, *zip(headers["layer"], headers["column"], strict=True)])


def is_place(where: str, columns: Collection[tuple[str, str]]) -> bool:
    """Tell whether a field can be found where the table says.

    Parameters
    ----------
    where
        ``<table>.<column>``, ``layer:<layer>`` (with or without ``.<column>``),
        ``documents:<word of its type>``, ``profile:<key>``, ``setting:<name>`` or
        ``derived:<what>``.
    columns
        Result of :func:`list_columns`.

    Returns
    -------
    bool
        Whether there is such a table, column, layer or key.
    """
    origin, colon, rest = where.partition(":")
    name, _, column = (rest if colon else where).partition(".")
    if not colon:
        return (name, column) in columns
    if origin == "layer":
        return name in LAYERS and (not column or (name, column) in columns)
    if origin == "profile":
        groups = {key.split(".")[0] for key in PROFILE_KEYS} | {"build_years"}
        return rest in PROFILE_KEYS or rest in groups
    return origin in _ORIGINS and bool(rest)
