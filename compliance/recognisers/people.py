"""Names and addresses of people: forms that mean little by themselves, so that a column or a word before must speak."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from compliance.recognisers.types import Identifier

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐"
    "费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁"
    "杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚"
    "程嵇邢滑裴陆荣翁荀羊惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶"
    "幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍璩桑桂濮牛寿通边扈燕冀郏浦尚农温别"
    "庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾"
    "毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公肖闫付代"
)
_DOUBLE = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|轩辕|长孙|宇文|端木|南宫|西门"
_DOTTED = r"[\u4e00-\u9fff]{2,8}(?:[·•][\u4e00-\u9fff]{1,8}){1,3}"
_CHINESE_NAME = rf"(?:(?:{_DOUBLE})[\u4e00-\u9fff]{{1,2}}|[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}|{_DOTTED})"
_WORD = r"(?:[A-Z]['’])?[A-Z][a-z]+(?:['’-][A-Z]?[a-z]+)?"
_ENGLISH_NAME = rf"{_WORD}(?: [A-Z]\.?)?(?: (?:de|van|von|der|bin|al|la) )?(?: ?{_WORD}){{1,3}}"
_WHOLE_NAME = re.compile(
    rf"(?:{_CHINESE_NAME}|{_ENGLISH_NAME}|{_WORD}, {_WORD}|[A-Z]{{2,20}}(?: [A-Z]{{2,20}}){{1,2}})"
)
_ONE_WORD = re.compile(rf"(?:[\u4e00-\u9fff]{{1,4}}|{_WORD}|[A-Z]{{2,20}})")
_NAME_COLUMN = re.compile(
    r"姓名|名字|联系人|收件人|收货人|寄件人|负责人|经办人|申请人|被保险人|投保人|持卡人|户主|患者|病人|客户名|用户名称|学生|教师|司机|说话人|发音人|作者|"
    r"(?<![a-z])(?:full|first|last|given|family|sur|middle|person|customer|patient|speaker|contact|user|member|driver|"
    r"holder|recipient|employee|student|author)[ _-]?names?(?![a-z])|(?<![a-z])(?:surname|contact[ _-]person)(?![a-z])",
    re.IGNORECASE,
)
_PART_COLUMN = re.compile(
    r"^姓$|^名$|first[ _-]?name|last[ _-]?name|given[ _-]?name|family[ _-]?name|surname", re.IGNORECASE
)
_PLAIN_NAME_COLUMN = re.compile(r"^\s*(?:name|names|姓名|名)\s*$", re.IGNORECASE)
_NAME_AGAINST = re.compile(
    r"公司|企业|机构|单位|产品|商品|品牌|学校|医院|店|文件|站|城市|国家|地名|法定代表|法人|company|firm|enterprise|product|brand|file|"
    r"school|hospital|shop|station|city|country|place|domain|host|column|field|table|event|class|species|street|road",
    re.IGNORECASE,
)
_SPOKEN_NAME = re.compile(
    r"(?:(?:姓名|联系人|收件人|收货人|申请人|患者|客户|说话人|本人|我叫|我是)\s*(?:[:：是为叫]\s*)?"
    r"|\b(?:[Nn]ame|[Cc]ontact|[Pp]atient|[Cc]ustomer|[Ss]peaker|[Rr]ecipient)(?: name)?(?: is|:) ?)"
    rf"(?:(?P<zh>{_CHINESE_NAME})(?![\u4e00-\u9fff])|(?P<said>{_WORD}(?: {_WORD}){{1,2}}))"
    rf"|(?P<titled>{_CHINESE_NAME})(?=先生|女士|小姐|同志|老师|医生|医师|教授)"
    rf"|\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? (?P<english>{_WORD}(?: {_WORD}){{0,2}})"
)
_DOOR = re.compile(
    r"\d{1,5}(?:-\d{1,4})?(?:号|弄|栋|幢|座|单元)(?!线|文|令|出口|站台|公告|台风|选手|机|码|段)"
    r"(?:[\u4e00-\u9fffA-Za-z0-9-]{0,12}?\d{1,5}(?:室|号|户|层|楼|单元)){0,4}"
)
_BEFORE_DOOR = re.compile(
    r"[\u4e00-\u9fffA-Za-z0-9]{1,30}?(?:(?<![公铁线电思道航])路|街|大道|巷|弄|胡同|[^这那哪心公]里|村|小区|花园|[^学]苑|社区|公寓)"
    r"[\u4e00-\u9fff]{0,6}\Z"
)
_LED_IN = re.compile(r"\A.*?(?:住址|地址|住在|家住|位于|现住|寄到|送到|寄往|送至|搬到)[是为在]?")
_REACH = 36
_STREETS = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Crescent|"
    "Close|Highway|Hwy"
)
_ENGLISH_ADDRESS = re.compile(
    rf"(?<![0-9A-Za-z.-])\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})? (?:[NSEW]\.? )?(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th))"
    rf"(?: {_WORD}){{0,3}} (?:{_STREETS})\b\.?(?:,? (?:Apt|Suite|Unit|Room|Flat|#)\.? ?\w{{1,6}})?"
    rf"(?:, {_WORD}(?: {_WORD})?)?(?:, [A-Z]{{2}} \d{{5}})?"
)
_ADDRESS_AGAINST = re.compile(
    r"公司|企业|注册|单位|机构|经营|办公|门店|店铺|学校|医院|站|company|office|registered|business|shop|store|station|hotel|school|"
    r"hospital|restaurant|branch|venue",
    re.IGNORECASE,
)
_DOORS = re.compile(r"[号弄栋幢座单](?<=\d.)")
# Every way begins with a letter of its own, which lets the search skip what begins with none of them.
_WORDS = re.compile(
    r"姓名|联系人|收件人|收货人|申请人|患者|客户|说话人|本人|我叫|我是|先生|女士|小姐|同志|老师|医生|医师|教授"
    r"|M(?:r|rs|s|iss)\.? [A-Z]|Dr\.? [A-Z]|Prof\.? [A-Z]"
    r"|ame(?: is|: ?)|ontact(?: is|: ?| name)|atient(?: is|: ?| name)|ustomer(?: is|: ?| name)|peaker(?: is|: ?| name)"
    r"|ecipient(?: is|: ?| name)"
    rf"| (?:{_STREETS})\b"
)


def may_hold(text: str) -> bool:
    """A cheap look: names and addresses of the text's own are found nowhere else."""
    if not text.isascii() and _DOORS.search(text) is not None:
        return True
    return _WORDS.search(text) is not None


def hints(text: str) -> Iterator[int]:
    """All places that the cheap look stops at."""
    if not text.isascii():
        yield from (match.start() for match in _DOORS.finditer(text))
    yield from (match.start() for match in _WORDS.finditer(text))


@lru_cache(maxsize=1024)
def names_column(column: str) -> bool:
    """Whether a column says that names of people stand in it."""
    if _NAME_COLUMN.search(column) is None and _PLAIN_NAME_COLUMN.match(column) is None:
        return False
    return _NAME_AGAINST.search(column) is None


def speaks_against(kind: Identifier, column: str) -> bool:
    """Whether a column says that what looks like that kind belongs to no person."""
    if kind == Identifier.ADDRESS:
        return _ADDRESS_AGAINST.search(column) is not None
    return kind == Identifier.NAME and _NAME_AGAINST.search(column) is not None


def spans(text: str, column: str) -> Iterator[tuple[Identifier, int, int]]:
    """Where names and addresses stand in a text, or in the cell of a column of that name."""
    if names_column(column):
        bare = text.strip()
        start = text.index(bare) if bare else 0
        form = _ONE_WORD if _PART_COLUMN.search(column) else _WHOLE_NAME
        if form.fullmatch(bare):
            yield Identifier.NAME, start, start + len(bare)
            return
    if not may_hold(text):
        return
    for match in _SPOKEN_NAME.finditer(text):
        group = match.lastgroup or ""
        yield Identifier.NAME, match.start(group), match.end(group)
    yield from _addresses(text)


def _addresses(text: str) -> Iterator[tuple[Identifier, int, int]]:
    """From the number of a door back to its street, and to where the run of characters begins."""
    for match in _ENGLISH_ADDRESS.finditer(text):
        yield Identifier.ADDRESS, match.start(), match.end()
    for door in _DOOR.finditer(text):
        least = max(0, door.start() - _REACH)
        before = _BEFORE_DOOR.search(text[least : door.start()])
        if before is not None:
            led_in = _LED_IN.match(before.group())
            start = least + before.start() + (led_in.end() if led_in else 0)
            yield Identifier.ADDRESS, start, door.end()
