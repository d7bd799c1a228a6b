"""Names that the steps agree on: layers, columns, states and output columns.

Frames between the steps have a string index named ``id`` (unique) and the
columns listed here; a missing value is ``NaN``/``None``, never 0 or ``""``.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a test, or a category as a whole, came to (METHODS, What is measured)."""

    MET = "met"
    SHORT = "short"
    UNKNOWN = "unknown"
    NO_DATA = "no_data"
    NOT_REQUIRED = "not_required"
    OPEN = "open"


class Certainty(StrEnum):
    """How sure a ``met`` or ``short`` is; a ``met`` is never ``edge``."""

    CERTAIN = "certain"
    BORDERLINE = "borderline"
    EDGE = "edge"


class Severity(StrEnum):
    """Weight of a finding: an ``error`` sets rows aside or falsifies a verdict."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a layer.

    Attributes
    ----------
    name
        Column name; a unit, if any, is its suffix.
    kind
        ``text``, ``number``, ``count`` (whole number), ``year``, ``flag`` or one
        of `choices`.
    needed
        Rows without it are set aside.
    least, most
        Values outside are impossible: the cell becomes unknown, with a finding.
    choices
        Allowed values of a text column; others are a finding.
    default
        What a missing cell means; None: unknown.
    """

    name: str
    kind: str = "text"
    needed: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    default: str | bool | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a district: allowed geometry families and its columns."""

    name: str
    geometry: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    needed: bool = False


POINT, LINE, POLYGON = "point", "line", "polygon"


def _area(name: str) -> Column:
    return Column(name, "number", least=0.0, most=1e8)


def _count(name: str) -> Column:
    return Column(name, "count", least=0.0, most=1e6)


LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        Layer(
            "communities",
            (POLYGON,),
            (
                Column("id", needed=True),
                Column("name"),
                Column("jurisdiction"),
                Column("built_year", "year", least=1850, most=2100),
                _count("households"),
                _count("population"),
                _count("elderly_60"),
                _count("infants_0_3"),
                _area("floor_area_m2"),
                _count("parking_spaces"),
                Column("walled", "flag"),
            ),
            needed=True,
        ),
        Layer(
            "facilities",
            (POINT, POLYGON),
            (
                Column("id", needed=True),
                Column("name"),
                Column("category"),
                _area("floor_area_m2"),
                _area("land_area_m2"),
                Column("capacity", "number", least=0.0, most=1e6),
                Column("serves", choices=("all", "residents"), default="all"),
                Column("status", choices=("open", "planned", "closed"), default="open"),
                Column("surveyed", "flag"),
            ),
            needed=True,
        ),
        Layer("streets", (LINE,), (Column("foot"), Column("highway")), needed=True),
        Layer(
            "gates",
            (POINT,),
            (
                Column("community_id", needed=True),
                Column("open_to", choices=("residents", "all"), default="residents"),
            ),
        ),
        Layer(
            "buildings",
            (POLYGON,),
            (
                Column("community_id"),
                _count("households"),
                Column("storeys", "number", least=0.0, most=200.0),
            ),
        ),
        Layer(
            "idle",
            (POINT, POLYGON),
            (
                Column("name"),
                Column("kind"),
                _area("land_area_m2"),
                _area("floor_area_m2"),
                Column("owner"),
                Column("allowed_uses"),
                Column("cost_cny", "number", least=0.0, most=1e12),
            ),
        ),
        Layer(
            "barriers",
            (LINE, POLYGON),
            (Column("kind", choices=("river", "railway", "expressway", "wall")),),
        ),
        Layer(
            "utilities",
            (LINE, POLYGON),
            (
                Column(
                    "kind",
                    choices=("water", "drainage", "power", "gas", "heat", "telecom"),
                ),
                Column("year", "year", least=1900, most=2100),
                Column("owner"),
            ),
        ),
        Layer("protected", (POINT, POLYGON), (Column("kind"),)),
        Layer("extent", (POLYGON,), (Column("layer"),)),
        Layer("neighbourhoods", (POLYGON,), (Column("name"),)),
    )
}

#: Layers that a district cannot do without (streets also come from an OSM file).
NEEDED_LAYERS = tuple(name for name, layer in LAYERS.items() if layer.needed)

FINDING_COLUMNS = (
    "layer",
    "row",
    "id",
    "severity",
    "code",
    "message",
    "action",
)

GAP_COLUMNS = (
    "community_id",
    "category",
    "threshold_m",
    "distance_m",
    "nearest_facility_id",
    "coverage_share",
    "households_uncovered",
    "distance_state",
    "size_state",
    "capacity_state",
    "state",
    "certainty",
    "reason",
)

#: Certainty of a rule that needs no mark where its number is shown.
FIRM_CERTAINTY = ("policy_text", "published")

#: All certainty words of rule tables, firmest first.
RULE_CERTAINTY = (
    "policy_text",
    "published",
    "mirror",
    "expert",
    "unverified",
    "tool_default",
)
