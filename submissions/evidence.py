"""A page of a PDF as a picture, with the places where submitted values stand. Runs in a child process: PDFs are strangers'."""

import base64
import io
import re
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium

from core.isolation import Refused

WIDTH = 1000  # pixels of a page picture
MOST_PIXELS = 4_000_000
MOST_PAGES = 300  # searched
MOST_TEXT = 20_000  # characters of one page
LARGEST_PNG = 2_000_000  # bytes; above it the picture is made a JPEG, so that the answer stays within 4 MiB
_INNER = re.compile(r"[0-9A-Za-z:]")  # what would make a number part of a longer one


def look(data: bytes, page: int, words: list[str]) -> dict[str, Any]:
    """Page number PAGE (from 1) of a PDF and where WORDS stand, as JSON data.

    `pages`: how many there are; `picture`: a data URI; `width`, `height`: pixels; `text`; `hits`: x, y, width, height in pixels
    of every found word on this page; `found`: the pages on which each word stands.
    """
    try:
        paper = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        raise Refused("It is not a PDF that can be opened; it may be damaged or need a password.") from None
    count = len(paper)
    if not count:
        raise Refused("The PDF has no pages.")
    page = min(max(page, 1), count)
    found: dict[str, list[int]] = {word: [] for word in words}
    for number in range(min(count, MOST_PAGES)):
        text = paper[number].get_textpage()
        for word in words:
            if any(_places(text, word)):
                found[word].append(number + 1)
    return {"pages": count, "page": page, "found": found, **_page(paper[page - 1], words)}


def _page(page: pdfium.PdfPage, words: list[str]) -> dict[str, Any]:
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1), (MOST_PIXELS / max(width * height, 1)) ** 0.5)
    picture = page.render(scale=scale).to_pil().convert("RGB")
    text = page.get_textpage()
    hits = [
        [round(left * scale), round((height - top) * scale), round((right - left) * scale), round((top - bottom) * scale)]
        for word in words
        for left, bottom, right, top in _rectangles(text, word)
    ]
    return {
        "picture": _data_uri(picture),
        "width": picture.width,
        "height": picture.height,
        "text": text.get_text_bounded()[:MOST_TEXT].replace("\r\n", "\n"),
        "hits": hits,
    }


def _rectangles(text: pdfium.PdfTextPage, word: str) -> list[tuple[float, float, float, float]]:
    places = list(_places(text, word))
    return [text.get_rect(number) for place in places for number in range(text.count_rects(*place))]


def _places(text: pdfium.PdfTextPage, word: str) -> Iterator[tuple[int, int]]:
    """Where WORD stands by itself: "00:01" is not found within "03:00:01:10"."""
    search = text.search(word)
    while place := search.get_next():
        start, length = place
        before = text.get_text_range(start - 1, 1) if start else ""
        after = text.get_text_range(start + length, 1) if start + length < text.count_chars() else ""
        if not (_INNER.match(before) or _INNER.match(after)):
            yield place


def _data_uri(picture: Any) -> str:
    stream, kind = io.BytesIO(), "png"
    picture.save(stream, "PNG", optimize=False)
    if stream.tell() > LARGEST_PNG:
        stream, kind = io.BytesIO(), "jpeg"
        picture.save(stream, "JPEG", quality=70)
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"
