"""Which words around a number make it a time of a video, a length, or neither; each looks at some words only."""

from __future__ import annotations

import re


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LOOSE = " \u00a0*_`\"“'‘<"
_BETWEEN = _LOOSE + ":=：~≈"
_BOOKS = _set(
    "genesis exodus leviticus numbers deuteronomy joshua judges ruth samuel kings chronicles ezra nehemiah esther job "
    "psalm psalms proverbs ecclesiastes song songs isaiah jeremiah lamentations ezekiel daniel hosea joel amos obadiah "
    "jonah micah nahum habakkuk zephaniah haggai zechariah malachi matthew mark luke john acts romans corinthians "
    "galatians ephesians philippians colossians thessalonians timothy titus philemon hebrews james peter jude "
    "revelation revelations gen ex lev deut ps prov eccl isa jer ezek dan matt mk lk jn rom cor gal eph phil col thess "
    "tim heb rev surah sura quran chapter verse verses"
)
_NO_CLOCK = _set(
    "ratio score scores scored scale odds proportion aspect resolution version port clock watch won lost wins loses "
    "duration length runtime"
)
_FILLERS = _set(
    "of is was are at reads shows says by showing reading the a time set to face line stands about around roughly "
    "approximately only just"
)
_SHOWING = _set("reads reading shows showing says saying displays displaying displayed labeled labelled written")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」", "『": "』"}
_NEAR = _set(
    "about around approximately approx. approx roughly exactly just nearly almost precisely only the circa ca."
)
_LENGTHS = _set(
    "duration length runtime interval for every each per total totaling totalling last lasts lasting take takes taking "
    "within another additional next first"
)
_PLACES = _set(
    "at from between until till to by near after before since during timestamp timestamps time times start starts "
    "starting end ends ending begin begins beginning t"
)
_NO_CLOCK_ZH = (
    "上午",
    "下午",
    "早上",
    "晚上",
    "凌晨",
    "中午",
    "傍晚",
    "时钟",
    "钟表",
    "手表",
    "比分",
    "写着",
    "显示",
    "比例",
    "比率",
    "章",
    "福音",
    "诗篇",
    "北京时间",
)
_DATE = re.compile(r"(?:[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?|[0-9]月[0-9]{1,2}日|\b(?:19|20)[0-9]{2},?)[ ]*$")
_DATE_CHARS = 14
_NO_CLOCK_AFTER = re.compile(
    r"[ \u00a0]?(?:[ap]\.?[ ]?m\b|o['’]clock|hrs\b|hours\b|utc\b|gmt\b|[ce]e?[sd]?t\b|p[sd]t\b|ratio|scale|aspect"
    r"|in the (?:morning|afternoon|evening)|tomorrow|today|tonight|yesterday"
    r"|on (?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|点|(?:的)?(?:宽高)?比)",
    re.IGNORECASE,
)
_LENGTH_AFTER = re.compile(
    r"[ \u00a0]?(?:-?long\b|later\b|ago\b|earlier\b|apart\b|each\b|intervals?\b|of\b|per\b|pass|elapse|remain|left\b"
    r"|in (?:length|duration|total)|total\b|clip\b|video\b|film\b|footage|before\b|after\b"
    r"|长|之?内|以内|之?后|之?前|的视频|的时间|一次|每|以上|的片段|的镜头|的长度)",
    re.IGNORECASE,
)
_LENGTHS_ZH = (
    *_set("持续 时长 长度 历时 历经 一共 总共 共 每 每隔 隔 间隔 耗时 用时"),
    *_set("花 经过 过 仅 只有 短短 剩余 前 最后 最初 长达 不到 超过"),
)
_PLACES_ZH = ("在", "于", "从", "至", "自", "到", "视频", "视频的")
_LOOSE_ZH = ("大约", "大概", "约", "为", "是", "了", "的")
_HAPPENING = _set(
    "happens happen happening occurs occur occurring takes place appears seen shown found located content"
)
_PLACE_AFTER = re.compile(r"[ \u00a0]?(?:into\b|mark\b|in the (?:video|clip)\b|in(?=[.,:;]|[ ]?$))", re.IGNORECASE)
_BULLET = re.compile(r"[ \t>|#]{0,20}(?:[-+•]|[0-9]{1,3}[.)])?[ \t]{0,8}")
_CLOSED = re.compile(r"[>*_`\"'”]{0,3}[ \u00a0]{0,2}(?:[:：,，)\]}|–—-]|[）】］]|$)")


def is_no_clock(before: str, after: str) -> bool:
    """Whether what is written as ``3:16`` is a score, a verse, a time of day, a length or read in the picture."""
    words = _words(before)
    is_verse = bool(words) and words[-1].strip(".") in _BOOKS and before.rstrip(_LOOSE)[-1:] not in ":："
    is_read = bool(words) and words[-1] in _SHOWING
    while words and words[-1] in _FILLERS:
        words.pop()
    is_figure = bool(words) and words[-1] in _NO_CLOCK
    tail = before.rstrip(_BETWEEN)
    return (
        is_verse
        or is_read
        or is_figure
        or tail.removesuffix("为").removesuffix("是").endswith(_NO_CLOCK_ZH)
        or (before[-1:] == "[" and before[-2:-1].isalnum() and before[-2:-1].isascii())
        or _is_quoted(before, after)
        or _DATE.search(before[-_DATE_CHARS:]) is not None
        or _NO_CLOCK_AFTER.match(after) is not None
    )


def _is_quoted(before: str, after: str) -> bool:
    """Whether it is told as words that are to be read in the picture, and no value of JSON."""
    mark, lead = before[-1:], before[:-1].rstrip()
    is_value = not lead or lead.endswith((f"{mark}:", "[", "{", ",", "(", "|"))
    return mark in _QUOTES and after[:1] == _QUOTES[mark] and not is_value


def is_length_before(before: str) -> bool:
    """Whether the words before make it how long something takes."""
    words = _words(before)
    while words and (words[-1] in _NEAR or words[-1] in _FILLERS - _PLACES):
        words.pop()
    return bool(words and words[-1] in _LENGTHS) or _loosened(before).endswith(_LENGTHS_ZH)


def is_length_after(after: str) -> bool:
    """Whether the words behind make it how long something takes."""
    return _LENGTH_AFTER.match(after) is not None


def is_place_before(before: str, *, is_range: bool = False) -> bool:
    """Whether the words before make it a place in the video; “happens in” does only with a stretch."""
    if before.rstrip(" ").endswith("@") or _loosened(before).endswith(_PLACES_ZH):
        return True
    words = _words(before)
    while words and words[-1] in _NEAR:
        words.pop()
    if len(words) > 1 and words[-1] in {"in", "within"} and words[-2] in _HAPPENING:
        return is_range
    return bool(words) and words[-1] in _PLACES and words[-2:] != ["up", "to"]


def is_place_after(after: str) -> bool:
    """Whether the words behind make it a place in the video."""
    return _PLACE_AFTER.match(after) is not None


def is_opened(before: str, after: str) -> bool:
    """Whether it stands by itself: in brackets, or before a colon where a line or a cell begins."""
    lead = before.rstrip(_LOOSE)
    words = lead.split()
    while words and words[-1].lower() in _NEAR:
        lead = lead[: -len(words.pop())].rstrip(_LOOSE)
    is_open = lead.endswith(("(", "[", "（", "【", "［", "|")) or _BULLET.fullmatch(lead) is not None
    return is_open and _CLOSED.match(after) is not None


def _words(before: str) -> list[str]:
    """The last words right before, in small letters."""
    return before.rstrip(_BETWEEN).lower().replace("(", " ").replace("*", "").split()[-6:]


def _loosened(before: str) -> str:
    lead = before.rstrip(_BETWEEN)
    for _ in range(2):
        for word in _LOOSE_ZH:
            lead = lead.removesuffix(word)
    return lead
