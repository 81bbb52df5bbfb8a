"""Which language a text is in: langdetect (naive Bayes over character n-grams), made exact."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

CODES = {"zh-cn": "zh", "zh-tw": "zh-TW"}
_lock = threading.Lock()


def dominant_languages(text: str) -> list[tuple[str, float]]:
    """(RFC 5646 code, probability), likeliest first; [] where the text has no letters."""
    from langdetect.lang_detect_exception import LangDetectException

    with _lock:
        detector = _factory().create()
        detector.append(text[:5000])
        try:
            found = detector.get_probabilities()
        except LangDetectException:
            return []
    return [(CODES.get(item.lang, item.lang), min(1.0, float(item.prob))) for item in found]


@cache
def _factory() -> Any:
    """Profiles of 55 languages, loaded once; seeded, so that a text always reads the same."""
    from langdetect import detector_factory

    detector_factory.init_factory()
    factory = detector_factory._factory
    factory.seed = 0
    return factory
