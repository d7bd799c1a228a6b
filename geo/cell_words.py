"""Words of offices for what is unknown, for units, yes, no and choices."""

#: Cells that say that nothing is known.
BLANKS = frozenset(
    [
        *("", "-", "--", "—", "——", "/", "\\", "?", ".", "*", "na", "n/a", "nan"),
        *("none", "null", "<na>", "不详", "未知", "待定", "待核", "待查", "暂缺"),
        *("未统计", "不清楚"),
    ]
)

#: Units that a header or a cell may carry: factor to the unit of the column.
UNIT_FACTORS = {
    "平方米": 1.0,
    "平米": 1.0,
    "m2": 1.0,
    "㎡": 1.0,
    "万平方米": 1e4,
    "万平米": 1e4,
    "万平": 1e4,
    "万m2": 1e4,
    "公顷": 1e4,
    "ha": 1e4,
    "亩": 2000 / 3,
    "平方公里": 1e6,
    "km2": 1e6,
    "元": 1.0,
    "千元": 1e3,
    "万元": 1e4,
    "亿元": 1e8,
    "户": 1.0,
    "人": 1.0,
    "个": 1.0,
    "辆": 1.0,
    "位": 1.0,
    "栋": 1.0,
    "幢": 1.0,
    "座": 1.0,
    "层": 1.0,
    "部": 1.0,
    "台": 1.0,
    "床": 1.0,
    "张": 1.0,
    "处": 1.0,
    "米": 1.0,
    "m": 1.0,
    "年": 1.0,
    "万户": 1e4,
    "万人": 1e4,
    "万": 1e4,
    "%": 0.01,
}

#: Units of one sign that are no counters: "5000元" under a header in 万元 is 5000.
MEASURES = frozenset("元米m")

#: Cells that say yes.
TRUE = frozenset(
    [
        *("是", "有", "对", "√", "✓", "✔", "y", "yes", "true", "t", "1", "1.0"),
        *("封闭", "封闭式", "全封闭", "已", "已封闭"),
        *("合格", "通过", "具备", "已具备"),
    ]
)
#: Cells that say no.
FALSE = frozenset(
    [
        *("否", "无", "没有", "不是", "×", "✗", "x", "n", "no", "false", "f", "0"),
        *("0.0", "开放", "开放式", "未封闭", "未"),
        *("不合格", "未通过", "不具备", "未具备"),
    ]
)

#: Words of ledgers and drawings for the choices of the schema.
CHOICE_WORDS = {
    "all": "全部 所有 对外 对外开放 全体 社会 公共 公众 开放 共享 public everyone",
    "residents": "居民 业主 本小区 小区居民 仅居民 内部 仅业主 不对外 private resident",
    "open": "在用 运营 运营中 使用中 正常 营业 开放 已建 现状 已开放 existing active",
    "planned": "规划 拟建 在建 未建 待建 建设中 规划中 筹建 construction proposed",
    "closed": "关闭 停用 停业 暂停营业 已关闭 闲置 废弃 拆除 disused abandoned",
    "river": "河流 河 河道 江 水系 渠 stream canal waterway",
    "railway": "铁路 铁路线 轨道 rail",
    "expressway": "快速路 高速 高速公路 高架 主干路 motorway trunk",
    "wall": "围墙 墙 围栏 fence",
    "water": "供水 给水 自来水 水",
    "drainage": "排水 污水 雨水 雨污水 sewer sewage",
    "power": "供电 电力 电 electricity",
    "gas": "供气 燃气 天然气 气",
    "heat": "供热 供暖 热力 暖气 热 heating",
    "telecom": "通信 弱电 电信 通讯 信 光纤 communication",
    "paper": "书面 纸质 现场 上门 书面表决 书面确认",
    "online": "线上 在线 网上 网络 电子 app 线上表决 线上确认",
    "underground": "地下 地下工程",
    "surface": "地上 地面 地上工程",
    "basic": "基础类 基础",
    "improve": "完善类 完善",
    "enhance": "提升类 提升",
    "renovate": "改造 改建",
    "build": "新建 建设",
    "rent": "租赁 租用",
    "buy": "购买 购置",
    "community": "小区 项目",
    "unit": "片区 改造片区",
    "county": "县区 区县 县 区 县(市、区) 县级",
    "city": "市州 州市 市 州 市级 州(市)",
    "audit": "审计 审计问题",
    "inspection": "督查 巡查 检查 国务院大督查 大督查 国务院督查",
    "complaint": "投诉 信访 群众投诉 12345",
    "media": "媒体 媒体曝光 舆情",
    "funds": "资金 资金使用",
    "quality": "质量 质量安全 工程质量 安全",
    "consent": "意愿 群众意愿 居民意愿",
    "other": "其他 其它",
    "central": "中央 中央资金 中央补助",
    "province": "省级 省 省级资金 省补",
    "local": "市县 地方 市县资金 地方财政",
    "bond_special": "专项债 专项债券 地方政府专项债券",
    "bond_general": "一般债 一般债券",
    "utility": "专营单位 专业经营单位 管线单位",
    "owner_unit": "产权单位 原产权单位",
    "social": "社会力量 社会资本 企业",
    "loan": "银行贷款 贷款",
    "bond_corp": "债券融资 企业债券 企业债",
    "resident": "居民 居民出资",
    "met": "满足 达标 符合",
    "short": "不满足 缺少 不达标 不符合",
    "unknown": "无法判断 缺依据",
    "not_required": "不要求 不适用",
}
#: Words that mean one thing under some headers and another elsewhere.
OWN_WORDS = {("source", "all"): "合计 总计 不分来源"}
