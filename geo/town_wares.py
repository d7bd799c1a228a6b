"""What kinds of facilities a made-up town has, how many, and of which size.

The numbers are made up so that a district looks like an old Chinese one: some
places are well served, some are not, and much is not known.
"""

from dataclasses import dataclass

Bounds = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Ware:
    """One kind of facility.

    Attributes
    ----------
    category
        Its key in the facility standards.
    per_100
        How many there are for 100 communities.
    spacing_m
        Least distance between two.
    inside
        Share that stands inside communities.
    known
        Share of its figures that somebody has written down.
    names
        Usual names.
    floor_m2, land_m2, capacity
        Bounds of its figures; None: it has none.
    chain
        Whether it is a shop that is named after its street.
    """

    category: str
    per_100: float
    spacing_m: float
    inside: float
    known: float
    names: tuple[str, ...]
    floor_m2: Bounds = None
    land_m2: Bounds = None
    capacity: Bounds = None
    chain: bool = False


def _ware(row: str, **figures: Bounds) -> Ware:
    category, per_100, spacing, inside, known, names = row.split()
    return Ware(
        category.rstrip("*"),
        float(per_100),
        float(spacing),
        float(inside),
        float(known),
        tuple(names.split("|")),
        chain=category.endswith("*"),
        **figures,
    )


WARES = (
    _ware(
        "middle_school 5 500 0 0.7 中学|实验中学",
        floor_m2=(5000, 12000),
        land_m2=(12000, 26000),
        capacity=(600, 1500),
    ),
    _ware(
        "primary_school 13 320 0 0.7 小学|实验小学|第二小学",
        floor_m2=(3500, 8000),
        land_m2=(7000, 15000),
        capacity=(500, 1300),
    ),
    _ware(
        "kindergarten 28 200 0.3 0.7 幼儿园|小星星幼儿园|向日葵幼儿园|蓝天幼儿园",
        floor_m2=(900, 4200),
        land_m2=(1200, 5600),
        capacity=(120, 360),
    ),
    _ware(
        "health_center 6 600 0 0.7 社区卫生服务中心",
        floor_m2=(1300, 3200),
        land_m2=(1200, 3000),
    ),
    _ware(
        "childcare 16 360 0.25 0.7 宝贝之家托育园|小脚丫托育中心|普惠托育点",
        floor_m2=(120, 620),
        capacity=(20, 90),
    ),
    _ware(
        "elderly_daycare 20 300 0.25 0.7 日间照料中心|居家养老服务站|养老驿站",
        floor_m2=(160, 820),
        capacity=(15, 60),
    ),
    _ware("health_station 28 240 0.15 0.7 社区卫生服务站", floor_m2=(70, 320)),
    _ware(
        "community_station 26 240 0.1 0.7 社区综合服务站|党群服务中心",
        floor_m2=(180, 1200),
    ),
    _ware(
        "culture_station 17 280 0.2 0.7 社区文化活动站|社区图书室", floor_m2=(80, 620)
    ),
    _ware("market* 17 330 0 0.7 便民菜市场|生鲜超市|农贸市场", floor_m2=(320, 2600)),
    _ware(
        "supermarket* 22 280 0 0.7 惠民超市|百家乐购超市|邻里综合超市",
        floor_m2=(180, 1500),
    ),
    _ware("pharmacy* 38 150 0 0.35 康宁大药房|百草堂药店|平价药店", floor_m2=(40, 180)),
    _ware(
        "convenience* 96 85 0.12 0.35 好邻里便利店|便民小卖部|每日便利|烟酒副食店",
        floor_m2=(22, 110),
    ),
    _ware(
        "fitness_ground 52 120 0.62 0.75 健身广场|室外健身点|活动场地",
        land_m2=(60, 700),
    ),
    _ware("pocket_park 24 200 0 0.8 街角口袋公园|口袋公园", land_m2=(220, 3800)),
    _ware(
        "parking 58 90 0.4 0.7 公共停车场|停车带|停车场",
        land_m2=(200, 2600),
        capacity=(8, 120),
    ),
    _ware("parcel* 66 100 0.4 0.3 智能快件箱|快递驿站|快件代收点", floor_m2=(8, 60)),
    _ware("public_toilet 34 190 0 0.6 公共厕所", floor_m2=(24, 90)),
    _ware("bus_stop 44 170 0 0 公交站"),
)
