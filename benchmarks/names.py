"""Names of customers as they are: Chinese companies and people, and Latin ones, from a seed."""

import random

CITIES = [
    "重庆",
    "上海",
    "北京",
    "成都",
    "深圳",
    "广州",
    "杭州",
    "南京",
    "武汉",
    "西安",
    "长沙",
    "厦门",
    "青岛",
    "苏州",
]
SYLLABLES = (
    "长安华瑞恒达信诚嘉禾宏图博雅中科天元金鼎明德永盛联创鸿运泰和新光海川东方西南正邦凯旋亿利众合佳美康宁富通安泰龙腾"
    "百川汇智远航启明星辰云海山水清江绿洲宝丰银河飞鹰"
)
TRADES = [
    "科技",
    "汽车",
    "贸易",
    "机械",
    "电子",
    "食品",
    "物流",
    "建材",
    "医药",
    "化工",
    "软件",
    "服装",
    "广告",
    "投资",
]
FORMS = ["有限公司", "股份有限公司", "有限责任公司", "集团有限公司", "公司", ""]
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗单曾仇解尉万"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂雄信英华"
STARTS = ["ac", "bel", "cor", "dan", "el", "fro", "glo", "hal", "in", "jun", "kar", "lum", "mar", "nor", "or", "pol"]
MIDDLES = ["a", "be", "co", "di", "lo", "mi", "ne", "po", "ra", "si", "te", "vi", ""]
ENDS = ["bex", "con", "dyne", "gen", "lex", "max", "nix", "soft", "tech", "tron", "vest", "works", "zon"]
LATIN_TRADES = ["Systems", "Trading", "Logistics", "Foods", "Motors", "Pharma", "Software", "Energy", "Textiles"]
LATIN_FORMS = ["Inc.", "Ltd", "GmbH", "Co., Ltd.", "LLC", "Corporation", ""]


def name(chance: random.Random) -> tuple[str, str]:
    """A kind and a name: 60 of 100 Chinese companies, 25 Latin ones, 15 people."""
    what = chance.random()
    if what < 0.6:
        brand = "".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 2, 3))))
        city = chance.choice(CITIES) if chance.random() < 0.8 else ""
        return "company", f"{city}{brand}{chance.choice(TRADES)}{chance.choice(FORMS)}"
    if what < 0.85:
        word = (
            f"{chance.choice(STARTS)}{chance.choice(MIDDLES)}{chance.choice(MIDDLES)}{chance.choice(ENDS)}".capitalize()
        )
        return "company", f"{word} {chance.choice(LATIN_TRADES)} {chance.choice(LATIN_FORMS)}".strip()
    return "person", chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
