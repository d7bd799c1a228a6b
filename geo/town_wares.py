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
    names
        Usual names.
    floor_m2, land_m2, capacity
        Bounds of its figures; None: it has none.
    known
        Share of its figures that somebody has written down.
    """

    category: str
    per_100: float
    spacing_m: float
    inside: float
    names: tuple[str, ...]
    floor_m2: Bounds = None
    land_m2: Bounds = None
    capacity: Bounds = None
    known: float = 0.7


WARES = (
    Ware("middle_school", 5, 500, 0, ("示例区第一中学", "示例区实验中学"), (5000, 12000), (12000, 26000), (600, 1500)),
    Ware("primary_school", 10, 320, 0, ("示例区实验小学", "示例区育才小学", "示例区工农小学"), (3500, 8000), (7000, 15000), (500, 1300)),
    Ware("kindergarten", 18, 220, 0.3, ("小星星幼儿园", "向日葵幼儿园", "机关幼儿园", "蓝天幼儿园"), (900, 4200), (1200, 5600), (120, 360)),
    Ware("health_center", 5, 600, 0, ("社区卫生服务中心",), (1300, 3200), (1200, 3000), None),
    Ware("childcare", 10, 420, 0.15, ("宝贝之家托育园", "小脚丫托育中心", "社区普惠托育点"), (120, 620), None, (20, 90)),
    Ware("elderly_daycare", 12, 380, 0.2, ("日间照料中心", "居家养老服务站", "社区养老驿站"), (160, 820), None, (15, 60)),
    Ware("health_station", 22, 260, 0.12, ("社区卫生服务站",), (70, 320), None, None),
    Ware("community_station", 24, 240, 0.1, ("社区综合服务站", "党群服务中心"), (180, 1200), None, None),
    Ware("culture_station", 17, 280, 0.2, ("社区文化活动站", "社区图书室"), (80, 620), None, None),
    Ware("market", 16, 330, 0, ("便民菜市场", "生鲜超市", "农贸市场"), (320, 2600), None, None),
    Ware("supermarket", 22, 280, 0, ("惠民超市", "百家乐购超市", "邻里综合超市"), (180, 1500), None, None),
    Ware("pharmacy", 46, 130, 0, ("康宁大药房", "百草堂药店", "平价药店"), (40, 180), None, None, 0.35),
    Ware("convenience", 112, 70, 0.12, ("好邻里便利店", "便民小卖部", "每日便利", "烟酒副食店"), (22, 110), None, None, 0.35),
    Ware("fitness_ground", 52, 120, 0.62, ("健身广场", "室外健身点", "小区活动场地"), None, (60, 700), None, 0.75),
    Ware("pocket_park", 24, 200, 0, ("街角口袋公园", "社区口袋公园"), None, (220, 3800), None, 0.8),
    Ware("parking", 52, 90, 0.3, ("公共停车场", "路内停车带", "小区停车场"), None, (200, 2600), (8, 120), 0.7),
    Ware("parcel", 78, 90, 0.4, ("智能快件箱", "快递驿站", "快件代收点"), (8, 60), None, None, 0.3),
    Ware("public_toilet", 28, 200, 0, ("公共厕所",), (24, 90), None, None, 0.6),
    Ware("bus_stop", 55, 150, 0, ("公交站",), None, None, None, 0.0),
)  # fmt: skip
