"""What holds for articles, whoever asks: states, slugs, differences, passages. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import datetime

from chalicelib.errors import Conflict
from chalicelib.knowledge.models import Article, ArticlePatch, ArticleState, ArticleText
from chalicelib.knowledge.stemming import terms
from chalicelib.text import words

S = ArticleState
STEPS: dict[ArticleState, frozenset[ArticleState]] = {
    S.DRAFT: frozenset({S.IN_REVIEW, S.PUBLISHED, S.ARCHIVED}),
    S.IN_REVIEW: frozenset({S.DRAFT, S.PUBLISHED, S.ARCHIVED}),
    S.PUBLISHED: frozenset({S.DRAFT, S.IN_REVIEW, S.ARCHIVED}),
    S.ARCHIVED: frozenset({S.DRAFT}),
}
"""State → the states that may follow."""
LONGEST_SLUG = 60
LONGEST_PASSAGE = 1_200
_GREETING = re.compile(
    r"^(?:hi|hello|dear|hey|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen|abend)"
    r"|sehr geehrte\w*|liebe\w*|bonjour|ch[eè]re?|hola|estimad[oa]|buongiorno|ciao|gentile"
    r"|ol[aá]|prezad[oa]|beste|geachte)\b[^\n]{0,60}$",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"^(?:(?:kind|best|warm)? ?regards|best wishes|sincerely|yours|cheers|many thanks"
    r"|mit freundlichen grüßen|viele grüße|cordialement|bien à vous|saludos|un saludo"
    r"|cordiali saluti|atenciosamente|met vriendelijke groet)\b[^\n]{0,60}$",
    re.IGNORECASE,
)


def slug_of(title: str) -> str:
    """A title as the end of an address; "article" where no letter of it can stand there."""
    plain = "-".join(re.findall(r"[a-z0-9]+", " ".join(words(title)).replace("'", "")))
    cut = plain[: LONGEST_SLUG + 1].rpartition("-")[0] if len(plain) > LONGEST_SLUG else plain
    return cut or plain[:LONGEST_SLUG] or "article"


def patched(article: Article, given: ArticlePatch, now: datetime, by: str) -> Article:
    """The article one version on, or itself where nothing is different; raises Conflict."""
    named = given.model_fields_set
    fields: dict[str, object] = {
        name: getattr(given, name)
        for name in ("products", "owner", "review_at", "state")
        if name in named and (name == "review_at" or getattr(given, name) is not None)
    }
    if given.texts:
        fields["texts"] = {**article.texts, **given.texts}
    changed = {n: value for n, value in fields.items() if getattr(article, n) != value}
    if not changed:
        return article
    if (state := given.state) and state != article.state:
        if state not in STEPS[article.state]:
            raise Conflict(f"an article that is {article.state} cannot become {state}")
        if state == S.PUBLISHED:
            changed["published_at"] = now
    changed |= {"updated_at": now, "updated_by": by, "version": article.version + 1}
    after = article.model_copy(update=changed)
    if after.state == S.PUBLISHED and not any(_answers(text) for text in after.texts.values()):
        raise Conflict("an article without an answer cannot be published")
    return after


def difference(before: Article | None, after: Article) -> dict[str, str]:
    """What a change did, by field: a unified diff of its lines."""
    old, new = _flat(before) if before else {}, _flat(after)
    found: dict[str, str] = {}
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name, ""), new.get(name, "")
        if one != other:
            lines = difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=1)
            found[name] = "\n".join(list(lines)[2:])[:20_000]
    return found


def whole_text(text: ArticleText) -> str:
    """All that an article says in one language; title and problem twice, since they are what
    customers write."""
    head = f"{text.title}\n{text.problem}"
    return "\n".join((head, head, text.answer, *text.steps))


def best_language(article: Article, language: str) -> str:
    """The language of the article to show to somebody who reads `language`."""
    if language in article.texts:
        return language
    return "en" if "en" in article.texts else next(iter(article.texts))


def passage(text: ArticleText, question: str, language: str) -> str:
    """The paragraph of the answer that speaks most of the question, in the article's own words;
    where they only have steps, those."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text.answer) if part.strip()]
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(text.steps, 1))
    if not parts:
        return steps[:LONGEST_PASSAGE]
    asked = set(terms(question, language))
    best = max(parts, key=lambda part: len(asked & set(terms(part, language))))
    chosen = best if len(parts) > 1 else parts[0]
    return (f"{chosen}\n\n{steps}" if steps else chosen)[:LONGEST_PASSAGE]


def snippet(text: ArticleText, question: str, language: str, most: int = 240) -> str:
    """The sentence that has most of what was asked for, shortened at a word."""
    sentences = re.split(r"(?<=[.!?])\s+|\n+", f"{text.problem}\n{text.answer}")
    asked = set(terms(question, language))
    full = [sentence.strip() for sentence in sentences if sentence.strip()] or [text.title]
    best = max(full, key=lambda sentence: len(asked & set(terms(sentence, language))))
    return best if len(best) <= most else best[:most].rpartition(" ")[0] + "…"


def without_people(text: str, names: Iterable[str]) -> str:
    """`text` without those names, whole or in part, and without greeting and farewell."""
    parts = {part for name in names for part in re.findall(r"[^\W\d_]{2,}", name)}
    lines = text.strip().splitlines()
    kept: list[str] = []
    for line in lines:
        if _FAREWELL.match(line.strip()):
            break
        if not _GREETING.match(line.strip()):
            kept.append(line)
    plain = "\n".join(kept).strip()
    if parts:
        listed = "|".join(sorted(map(re.escape, parts), key=len, reverse=True))
        plain = re.sub(rf"(?<!\w)(?:{listed})(?!\w)", "[name]", plain, flags=re.IGNORECASE)
        plain = re.sub(r"\[name\](?:\s+\[name\])+", "[name]", plain)
    return re.sub(r"\n{3,}", "\n\n", plain)


def _answers(text: ArticleText) -> bool:
    return bool(text.answer.strip() or text.steps)


def _flat(article: Article) -> dict[str, str]:
    found = {
        "state": str(article.state),
        "products": "\n".join(article.products),
        "owner": article.owner,
        "review_at": article.review_at.isoformat() if article.review_at else "",
    }
    for language, text in article.texts.items():
        for name in ("title", "problem", "answer"):
            found[f"{language}.{name}"] = getattr(text, name)
        found[f"{language}.steps"] = "\n".join(text.steps)
    return found


def bare_subject(subject: str) -> str:
    """A subject without the marks of replies and forwards."""
    return re.sub(r"^(?:\s*(?:re|aw|wg|fwd?|sv|tr|rv)\s*:)+\s*", "", subject, flags=re.IGNORECASE)
