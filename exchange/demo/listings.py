"""What is offered in the demonstration: some thirty datasets over five scenes and of three origins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from exchange.demo.generators import driving, faces, identifiers, pictures, places, sentences, sound, speakers
from exchange.demo.generators.packing import Made

Text = tuple[str, str]
"""Chinese and English."""


@dataclass(frozen=True)
class Licence:
    """Terms, the purposes they allow and for how many months (None: without end)."""

    terms: Text
    purposes: tuple[str, ...]
    months: int | None


OPEN = Licence(
    ("开放使用条款 1.0：可自由使用、复制与改编，须注明来源。",
     "Open terms 1.0: use, copy and adapt freely; name the source."),
    ("training", "research", "statistics", "product"), None,
)  # fmt: skip
COMMERCIAL = Licence(
    ("商用许可条款 1.2：限被许可方为约定用途内部使用及用于其产品；不得转让或再次分发原始数据；期满后删除副本。",
     ("Commercial licence 1.2: for the agreed purpose, inside the licensee and in its products; the data itself is not "
     "passed on; copies are deleted when the period ends.")),
    ("training", "evaluation", "product"), 12,
)  # fmt: skip
RESEARCH = Licence(
    ("研究许可条款 1.0：仅限研究与评测；发表成果须引用本数据集；不得再次分发。",
     "Research licence 1.0: research and evaluation only; published results cite the dataset; no redistribution."),
    ("research", "evaluation"), 24,
)  # fmt: skip


@dataclass(frozen=True)
class Dataset:
    """One listing of the demonstration. ``price`` is in yuan without tax, None is free; ``tier`` None: as proposed."""

    key: str
    supplier: str
    scene: str
    title: Text
    summary: Text
    description: Text
    tags: tuple[str, ...]
    licence: Licence
    price: str | None
    files: Callable[[], list[Made]]
    tier: int | None = None


_SPEECH = (
    Dataset(
        "vowels", "qingyan", "speech",
        ("汉语单元音与声调合成语音", "Mandarin vowels in four tones, synthesised"),
        ("七个元音、四声与轻声的共振峰合成录音，附共振峰标注。",
         "Formant-synthesised recordings of seven vowels in four tones and the neutral one, with their formants."),
        ("采样率 8 kHz，16 位单声道。每条录音标注元音、声调、基频和前三个共振峰，适合教学与声学模型单元测试。",
         ("8 kHz, 16 bit, mono. Each clip is labelled with vowel, tone, pitch and the first three formants; made for "
         "teaching and for testing acoustic models.")),
        ("语音", "声调", "共振峰", "phonetics"), RESEARCH, "680.00", partial(sound.spoken_vowels, 11, 40),
    ),
    Dataset(
        "wake", "qingyan", "speech",
        ("唤醒词误触发测试集", "Wake word false alarm test set"),
        ("唤醒词、近似词与纯噪声片段，用于测试误唤醒率。",
         "A wake word, near misses of it and bare noise, for measuring false alarms."),
        ("三类片段按不同信噪比生成，标注类别与噪声水平；可直接用于计算误唤醒率与漏唤醒率。",
         "Three classes at different noise levels, labelled, ready for computing false alarm and miss rates."),
        ("唤醒词", "智能家居", "噪声", "keyword spotting"), COMMERCIAL, "5200.00", partial(sound.wake_words, 12, 40),
    ),
    Dataset(
        "keys", "qingyan", "speech",
        ("电话按键音识别数据", "Telephone key tones on noisy lines"),
        ("双音多频按键音，三种线路噪声。", "Dual-tone key signals at three levels of line noise."),
        ("每段四个按键，间隔 60 毫秒，噪声为 -40、-30、-20 分贝，附按键序列标注。",
         "Four keys in each clip, 60 ms apart, with noise at -40, -30 and -20 dB and the sequence of keys."),
        ("电话", "双音多频", "DTMF", "客服"), COMMERCIAL, "360.00", partial(sound.telephone_keys, 13, 40),
    ),
    Dataset(
        "motors", "qingyan", "speech",
        ("电机运转声音与轴承故障", "Sound of motors with sound and worn bearings"),
        ("不同转速下正常与磨损轴承的声音。", "Motors at different speeds, with good and with worn bearings."),
        ("每段一秒，标注转速与轴承状态，用于异常声音检测。",
         "One second each, labelled with speed and the state of the bearing, for detecting unusual sounds."),
        ("工业声学", "故障诊断", "轴承", "predictive maintenance"), COMMERCIAL, "18600.00",
        partial(sound.machine_hum, 14, 40),
    ),
)  # fmt: skip
_TEXT = (
    Dataset(
        "receipts", "mingzhi", "text_recognition",
        ("购物小票文字识别数据集", "Shop receipts for text recognition"),
        ("版式合成的英文小票图片，逐行标注文字与位置。",
         "Synthetic till receipts, every line with its text and its box."),
        ("图片带噪点与墨色变化，标注含每行文本、外接框与总金额，适合票据识别模型训练。",
         ("Speckled pages in varying ink; annotations hold each line's text and box and the total, for training "
         "receipt readers.")),
        ("票据", "OCR", "小票", "receipt"), COMMERCIAL, "8800.00", partial(pictures.receipts, 21, 60),
    ),
    Dataset(
        "digits", "mingzhi", "text_recognition",
        ("抖动笔迹手写数字", "Digits drawn by a shaky pen"),
        ("28×28 像素的合成手写数字四百张。", "Four hundred synthetic handwritten digits, 28 by 28 pixels."),
        ("由笔画模板随机倾斜、缩放与抖动生成，每张标注数字与变形参数。",
         "Strokes slanted, scaled and shaken at random; each image comes with its digit and the distortion."),
        ("手写", "数字", "OCR", "handwriting"), OPEN, None, partial(pictures.handwritten_digits, 22, 400),
    ),
    Dataset(
        "meters", "mingzhi", "text_recognition",
        ("水表读数图片", "Water meter readings"),
        ("五位字轮水表的图片与读数。", "Pictures of five-digit water meters with their reading."),
        ("含半字轮情形，最后一位为小数，适合抄表识别评测。",
         "Includes wheels between two digits; the last digit is a decimal. For testing automatic meter reading."),
        ("抄表", "水务", "读数", "metering"), COMMERCIAL, "2400.00", partial(pictures.meters, 23, 80),
    ),
    Dataset(
        "gauges", "mingzhi", "text_recognition",
        ("指针式压力表读数", "Needle pressure gauges"),
        ("圆形压力表图片，标注千帕读数。", "Round gauges with the pressure in kilopascal."),
        ("表盘刻度 0–1000 千帕，指针角度连续分布，用于巡检机器人读表。",
         "A dial from 0 to 1000 kPa with the needle anywhere on it, for inspection robots."),
        ("仪表", "巡检", "压力表", "gauge"), COMMERCIAL, "3100.00", partial(pictures.gauges, 24, 60),
    ),
    Dataset(
        "forms", "mingzhi", "text_recognition",
        ("带框线表格识别数据", "Ruled tables for table recognition"),
        ("不同行列数的带线表格与单元格文本。", "Ruled tables of different sizes with the text of each cell."),
        ("每张图标注行数、列数与全部单元格，可评测表格结构还原。",
         "Each picture is annotated with rows, columns and all cells, for measuring the recovery of structure."),
        ("表格", "版面分析", "OCR", "table"), RESEARCH, "1200.00", partial(pictures.forms, 25, 60),
    ),
)  # fmt: skip
_FACES = (
    Dataset(
        "portraits", "mingzhi", "faces",
        ("矢量绘制人脸与六点关键点", "Drawn faces with six landmarks"),
        ("参数化绘制、不对应任何真人的正面人脸，含表情。",
         "Frontal faces drawn from parameters, of nobody real, with their expression."),
        ("四种表情、五种肤色，标注双眼、鼻尖、嘴角与下巴坐标。不含任何真实人脸图像。",
         ("Four expressions and five skin tones; eyes, nose, corners of the mouth and chin are marked. No picture of a "
         "person went into it.")),
        ("人脸", "关键点", "表情", "landmarks"), COMMERCIAL, "12600.00", partial(faces.portraits, 31, 60),
    ),
    Dataset(
        "poses", "mingzhi", "faces",
        ("绘制人脸的偏航角", "Yaw of drawn faces"),
        ("转动 -40° 至 40° 的绘制人脸。", "Drawn faces turned between -40 and 40 degrees."),
        ("标注偏航角与六个关键点，用于姿态估计的冒烟测试。",
         "With the angle and six landmarks, for smoke tests of pose estimation."),
        ("人脸", "姿态", "head pose"), RESEARCH, "4500.00", partial(faces.head_poses, 32, 60),
    ),
    Dataset(
        "covers", "mingzhi", "faces",
        ("口罩与眼镜遮挡的绘制人脸", "Drawn faces behind masks and glasses"),
        ("无遮挡、口罩、眼镜三类。", "Nothing, a mask or glasses before the face."),
        ("三类遮挡均衡分布，适合遮挡分类器的教学与测试。",
         "Three balanced classes, for teaching and testing classifiers of occlusion."),
        ("人脸", "口罩", "遮挡", "occlusion"), COMMERCIAL, "6900.00", partial(faces.occlusions, 33, 60),
    ),
    Dataset(
        "embeddings", "qingyan", "faces",
        ("虚构身份的人脸特征向量", "Face embeddings of made-up identities"),
        ("虚构身份、每个身份五个视角的 16 维向量。", "Sixteen dimensions, five views of each made-up identity."),
        ("按身份聚类的随机向量，可用于检索与阈值标定的压力测试，不来自任何人脸。",
         "Random vectors clustered by identity, for load tests of retrieval and thresholds; no face is behind them."),
        ("特征向量", "检索", "embedding"), RESEARCH, "980.00", partial(faces.embeddings, 34, 120),
    ),
)  # fmt: skip
_DRIVING = (
    Dataset(
        "trajectories", "xingyuan", "driving",
        ("城市道路车辆轨迹（仿真）", "City driving trajectories (simulated)"),
        ("自行车模型仿真的十赫兹轨迹。", "Ten readings a second from a bicycle model."),
        ("坐标为局部米制坐标，不对应真实地图；含速度、加速度、航向与转角。",
         "Coordinates are local metres on no real map; speed, acceleration, heading and steering are included."),
        ("轨迹", "自动驾驶", "仿真", "trajectory"), COMMERCIAL, "26800.00", partial(driving.trajectories, 41, 8, 600),
    ),
    Dataset(
        "frames", "xingyuan", "driving",
        ("车辆总线报文与信号定义", "Vehicle bus frames with signal definitions"),
        ("三种报文及其信号的比例与偏移。", "Three frames, with scale and offset of their signals."),
        ("按时间排列的十六进制报文，附信号说明，可用于解码器测试。",
         "Frames in hexadecimal in order of time, with the description of the signals, for testing decoders."),
        ("CAN", "总线", "报文", "vehicle bus"), COMMERCIAL, "9800.00", partial(driving.bus_frames, 42, 1500),
    ),
    Dataset(
        "lanes", "xingyuan", "driving",
        ("高速公路变道决策", "Lane change decisions on motorways"),
        ("车距、车速与是否变道。", "Gaps, speed and whether the lane was changed."),
        ("八百个场景，记录前后与相邻车道间距，适合决策模型训练。",
         "Eight hundred scenes with the gaps ahead, behind and beside, for training decision models."),
        ("变道", "决策", "高速公路", "lane change"), COMMERCIAL, "48000.00", partial(driving.lane_changes, 43, 800),
    ),
    Dataset(
        "charging", "xingyuan", "driving",
        ("电动汽车充电过程记录", "Charging sessions of electric cars"),
        ("四种功率下的充电电量、时长与环境温度。", "Energy, duration and temperature at four levels of power."),
        ("九百次充电的汇总记录，不含车辆与车主信息。", "Summaries of nine hundred sessions without vehicle or owner."),
        ("新能源", "充电桩", "charging"), COMMERCIAL, "3600.00", partial(driving.charging, 44, 900),
    ),
    Dataset(
        "parking", "shujuju", "driving",
        ("公共停车场逐小时占用", "Hourly occupancy of public car parks"),
        ("五个停车场四周的泊位占用。", "Four weeks of five car parks."),
        ("由主管部门汇总发布，含泊位总数与已占用数。", "Published by the authority: places in all and places taken."),
        ("停车", "交通", "公共数据", "parking"), OPEN, None, partial(driving.parking, 45, 5, 28),
    ),
)  # fmt: skip
_LANGUAGE = (
    Dataset(
        "pairs", "yixue", "language",
        ("中英商务平行句对", "Chinese–English business sentence pairs"),
        ("四百组模板生成的中英对照句。", "Four hundred pairs made from templates."),
        ("主题为合同、发票、报价与质量报告，句对经学会模板审定。",
         "About contracts, invoices, quotations and quality reports; the templates were approved by the society."),
        ("平行语料", "机器翻译", "商务", "parallel corpus"), COMMERCIAL, "1500.00",
        partial(sentences.parallel, 51, 400),
    ),
    Dataset(
        "terms", "yixue", "language",
        ("数据流通中英术语表", "Glossary of the data trade, Chinese–English"),
        ("十八个术语，附领域与例句。", "Eighteen terms with field and example."),
        ("覆盖政策、会计、金融、审计与隐私保护。", "Policy, accounting, finance, audit and privacy."),
        ("术语", "词汇", "glossary", "数据要素"), OPEN, None, partial(sentences.terms, 52, 18),
    ),
    Dataset(
        "opinions", "yixue", "language",
        ("双语商品评价情感标注", "Bilingual product reviews with sentiment"),
        ("五个方面、五档情感的短评。", "Short reviews on five aspects with five degrees of sentiment."),
        ("中英对照，适合方面级情感分析的入门与评测。", "In both languages, for aspect-based sentiment analysis."),
        ("情感分析", "评价", "sentiment"), RESEARCH, "780.00", partial(sentences.reviews, 53, 500),
    ),
    Dataset(
        "sums", "yixue", "language",
        ("中英算术应用题", "Word problems in Chinese and English"),
        ("三百道带答案的应用题。", "Three hundred word problems with answers."),
        ("每题中英两种表述与整数答案，用于评测语言模型的计算能力。",
         "Each in two languages with a whole number as answer, for testing how language models reckon."),
        ("大模型评测", "数学", "word problem"), RESEARCH, "120.00", partial(sentences.questions, 54, 300),
    ),
    Dataset(
        "intents", "qingyan", "language",
        ("客服意图与槽位", "Customer service intents and slots"),
        ("查询、取消、修改三类意图。", "Looking up, cancelling and changing."),
        ("四百条双语请求，标注意图与对象，可训练对话系统的理解模块。",
         "Four hundred requests in both languages with intent and slot, for training dialogue systems."),
        ("客服", "意图识别", "对话", "intent"), COMMERCIAL, "2200.00", partial(sentences.intents, 55, 400),
    ),
)  # fmt: skip
_PUBLIC = (
    Dataset(
        "weather", "qixiang", "other",
        ("东河市气象站逐日观测", "Daily observations of Donghe weather stations"),
        ("六个气象站一年的气温、降水、风速与湿度。", "A year of temperature, rain, wind and humidity."),
        ("逐日均值与极值，附测站海拔，可自由使用。", "Daily means and extremes; each station's height; free to use."),
        ("气象", "降水", "气温", "weather"), OPEN, None, partial(places.weather, 61, 6, 365),
    ),
    Dataset(
        "air", "qixiang", "other",
        ("东河市空气质量日报", "Daily air quality of Donghe"),
        ("六个站点的颗粒物与二氧化氮日均值。", "Daily means of particles and nitrogen dioxide at six places."),
        ("覆盖一整年，含 PM2.5、PM10 与二氧化氮。", "One whole year of PM2.5, PM10 and nitrogen dioxide."),
        ("空气质量", "环保", "PM2.5", "air quality"), OPEN, None, partial(places.air, 62, 6, 365),
    ),
    Dataset(
        "stops", "shujuju", "other",
        ("东河市公交站点与发车间隔", "Bus stops and headways of Donghe"),
        ("十二条线路的站序、里程与分时发车间隔。", "Twelve lines: the order of stops, distances and headways by hour."),
        ("站点以线路和站序编号，不含乘客信息。", "Stops are numbered by line and order; nothing about passengers."),
        ("公交", "交通", "公共数据", "bus"), OPEN, None, partial(places.bus_stops, 63, 12),
    ),
    Dataset(
        "registrations", "shujuju", "other",
        ("东河市企业登记分区统计", "Business registrations of Donghe by district"),
        ("按区、行业与月份统计的新设与注销企业数。", "Firms registered and closed by district, trade and month."),
        ("企业工商信息的汇总口径：新设户数、注销户数与注册资本合计，两年逐月。",
         "Totals of the business register: new firms, closures and capital, each month of two years."),
        ("企业工商信息", "统计", "登记", "business register"), OPEN, "300.00", partial(places.registrations, 64, 24),
    ),
    Dataset(
        "load", "xingyuan", "other",
        ("工业园区分时用电负荷", "Quarter-hourly load of industrial parks"),
        ("三个园区四周的用电负荷。", "Four weeks of three parks."),
        ("每十五分钟一个读数，可用于负荷预测。", "A reading each quarter of an hour, for load forecasting."),
        ("能源", "用电", "负荷预测", "electricity"), COMMERCIAL, "15800.00", partial(places.electricity, 65, 28), 2,
    ),
    Dataset(
        "soil", "lvye", "other",
        ("试验田土壤养分", "Soil nutrients of trial plots"),
        ("二百四十块试验田的酸碱度、有机质、氮与磷。", "Acidity, organic matter, nitrogen, phosphorus of 240 plots."),
        ("由志愿者采样汇总，附作物种类。", "Sampled by volunteers, with the crop that grew there."),
        ("农业", "土壤", "公益", "soil"), OPEN, None, partial(places.soil, 66, 240),
    ),
    Dataset(
        "loans", "lvye", "other",
        ("社区图书馆借阅统计", "Loans of community libraries"),
        ("按主题与月份统计的借阅量。", "Loans by subject and month."),
        ("两年逐月，只含总数。", "Each month of two years, totals only."),
        ("图书馆", "阅读", "公益", "library"), OPEN, None, partial(places.library_loans, 67, 24),
    ),
    Dataset(
        "freight", "lvye", "other",
        ("港口集装箱日吞吐（示范）", "Daily containers of a port (demonstration)"),
        ("三类集装箱的装卸量与靠泊时长。", "Three kinds of container: unloaded, loaded, hours at the berth."),
        ("半年逐日数据，供物流预测教学使用。", "Half a year, day by day, for teaching forecasts in logistics."),
        ("物流", "港口", "集装箱", "freight"), RESEARCH, "450.00", partial(places.freight, 68, 180),
    ),
)  # fmt: skip
DATASETS = (*_SPEECH, *_TEXT, *_FACES, *_DRIVING, *_LANGUAGE, *_PUBLIC)
"""What the exchange is filled with before the story begins."""

STORY = Dataset(
    "commands", "tinglan", "speech",
    ("普通话连续数字语音", "Mandarin spoken digit strings"),
    ("男女两种嗓音的连续数字合成录音，附文本与拼音。",
     "Synthesised digit strings in a female and a male voice, with transcript and pinyin."),
    ("每条二至四个数字，8 kHz、16 位单声道；清单含文件名、嗓音、汉字、拼音与时长，可用于语音识别训练与评测。",
     ("Two to four digits in each clip, 8 kHz, 16 bit, mono; the manifest has file, voice, characters, pinyin and "
     "duration. For training and testing speech recognition.")),
    ("语音识别", "普通话", "数字", "speech recognition"), COMMERCIAL, "3980.00", partial(sound.spoken_digits, 1, 48),
)  # fmt: skip
"""What the newcomer of the story offers."""

PLANTED = Dataset(
    "visits", "tinglan", "other",
    ("设备上门维修记录", "On-site repair visits"),
    ("维修日期、故障部件与时长。", "Day, part and duration of repairs."),
    ("供方以为已经脱敏；其中仍有联系人证件号与手机号（均为生成的虚构号码）。",
     "The supplier believes it is de-identified; contacts' identity and mobile numbers (made up) are still inside."),
    ("维修", "售后", "maintenance"), COMMERCIAL, "5600.00", partial(identifiers.visits, 2, 120),
)  # fmt: skip
"""A listing in which identifiers were planted."""

WAITING = Dataset(
    "suburbs", "qixiang", "other",
    ("东河市郊区空气质量日报", "Daily air quality of Donghe's suburbs"),
    ("三个郊区站点的颗粒物与二氧化氮日均值。", "Daily means of particles and nitrogen dioxide at three places."),
    ("与市区日报同口径，覆盖九十天。", "Measured as in the city; ninety days."),
    ("空气质量", "环保", "郊区", "air quality"), OPEN, None, partial(places.air, 70, 3, 90),
)  # fmt: skip
"""A listing that is handed in at the end of the story and waits for its review."""

VOICES = Dataset(
    "voices", "qingyan", "speech",
    ("带说话人信息的方言朗读语音标注", "Read dialect speech, annotated, with speakers' particulars"),
    ("四十八位说话人朗读的六千句：文本、声学测量值与说话人资料，经书面同意采集。",
     "Six thousand sentences of forty-eight speakers: texts, acoustic measurements, who they are; with consent."),
    ("说话人与其号码均为生成的虚构资料。每句标注说话人、地区、文本、时长、基频、响度、信噪比与语速。",
     ("Speakers and their numbers are made up. Every sentence has speaker, region, text, duration, pitch, loudness, "
      "signal-to-noise ratio and rate.")),
    ("方言", "说话人", "语音识别", "dialect"), COMMERCIAL, None, partial(speakers.voices, 3, 48, 6000),
)  # fmt: skip
"""Recordings with speakers' data: sold by negotiation, because of its tier."""
