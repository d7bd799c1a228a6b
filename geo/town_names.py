"""Names for a made-up town: plain, usual, and of no real person or place."""

from numpy.random import Generator

_UNITS = [
    "棉纺厂",
    "机床厂",
    "农机厂",
    "水泵厂",
    "轴承厂",
    "电机厂",
    "印刷厂",
    "化肥厂",
    "制药厂",
    "食品厂",
    "皮革厂",
    "被服厂",
    "玻璃厂",
    "造纸厂",
    "面粉厂",
    "毛纺厂",
    "标准件厂",
    "仪表厂",
    "阀门厂",
    "电缆厂",
    "搪瓷厂",
    "木材厂",
    "砖瓦厂",
    "酒厂",
    "粮食局",
    "邮电局",
    "供电局",
    "物资局",
    "水利局",
    "林业局",
    "公路段",
    "机务段",
    "地质队",
    "勘测队",
    "百货公司",
    "煤建公司",
    "运输公司",
    "建筑公司",
    "安装公司",
    "糖酒公司",
    "副食公司",
    "外贸公司",
    "供销社",
    "自来水公司",
]
_UNIT_ENDS = ("家属院", "家属院", "职工宿舍", "住宅小区")
_WORDS = [
    "红旗",
    "新华",
    "和平",
    "建设",
    "团结",
    "胜利",
    "东风",
    "幸福",
    "光明",
    "前进",
    "友谊",
    "向阳",
    "朝阳",
    "育才",
    "文化",
    "工农",
    "长青",
    "翠柳",
    "丁香",
    "槐荫",
    "梧桐",
    "杏林",
    "枣园",
    "梨园",
    "柳荫",
    "金桥",
    "银河",
    "滨河",
    "长风",
    "春晓",
    "晨光",
    "安宁",
    "康乐",
    "富强",
    "民生",
    "惠民",
    "兴业",
    "永安",
    "永乐",
    "吉祥",
    "如意",
    "青松",
    "白杨",
    "红柳",
    "沙枣",
    "榆荫",
    "石榴",
    "葡萄园",
]
_WORD_ENDS = ("新村", "小区", "里", "苑", "花园", "新村")
_ADDITIONS = ("东院", "西院", "南院", "北院", "一区", "二区", "三区", "四区")
_STREETS_X = [
    "育才街",
    "工农街",
    "红旗街",
    "光明街",
    "新华街",
    "柳荫街",
    "文化街",
    "丁香街",
    "团结街",
    "胜利街",
    "槐荫街",
    "纺织街",
    "机床街",
    "东风街",
    "榆荫街",
]
_STREETS_Y = [
    "建设路",
    "和平路",
    "友谊路",
    "幸福路",
    "前进路",
    "向阳路",
    "康乐路",
    "民生路",
    "金桥路",
    "朝阳路",
    "永安路",
    "兴业路",
    "长风路",
    "白杨路",
    "春晓路",
]
_LANES = [
    "棉花巷",
    "铁匠巷",
    "水井巷",
    "槐树巷",
    "粮店巷",
    "书院巷",
    "豆腐巷",
    "染坊巷",
    "菜园巷",
    "磨坊巷",
    "酱园巷",
    "柴市巷",
    "井台巷",
    "砖塔巷",
    "石桥巷",
]

#: Street offices of the sample, west to east, north of the river first.
OFFICES = ("红旗街道", "建设街道", "友谊街道", "纺织街道", "和平街道", "滨河街道")


def name_communities(rng: Generator, count: int) -> list[str]:
    """Return `count` different names of residential communities."""
    plain = [unit + _UNIT_ENDS[i % 4] for i, unit in enumerate(_UNITS)]
    plain += [word + _WORD_ENDS[i % 6] for i, word in enumerate(_WORDS)]
    names = [plain[i] for i in rng.permutation(len(plain))]
    parts = [name + part for part in _ADDITIONS for name in names]
    more = 0
    while len(names) + len(parts) < count:
        more += 1
        parts += [f"{name}{part}{more}号院" for part in _ADDITIONS for name in plain]
    return (names + parts)[:count]


def name_streets(
    rng: Generator, vertical: int, horizontal: int
) -> tuple[list[str], list[str]]:
    """Return names for the vertical and for the horizontal lines of a town."""
    return _spread(rng, _STREETS_X, vertical), _spread(rng, _STREETS_Y, horizontal)


def name_lanes(rng: Generator, count: int) -> list[str]:
    """Return `count` names of lanes."""
    return _spread(rng, _LANES, count)


def name_neighbourhoods(count: int) -> list[str]:
    """Return `count` different names of 社区."""
    rounds = ["", *(f"第{i}" for i in range(2, 2 + count // len(_WORDS)))]
    return [f"{word}{part}社区" for part in rounds for word in _WORDS][:count]


def _spread(rng: Generator, words: list[str], count: int) -> list[str]:
    """Draw words without repeating one before all are used; then number them."""
    drawn: list[str] = []
    while len(drawn) < count:
        turn = len(drawn) // len(words)
        for i in rng.permutation(len(words)):
            word = words[i]
            drawn.append(word if turn == 0 else f"{word[:-1]}{turn + 1}{word[-1]}")
    return drawn[:count]
