"""Who of a team takes a case. Pure: members and what the case needs in, a choice in words out.

1. Whoever is away, or outside their hours, or has as many cases as they take, cannot.
2. What nobody in the team has at all is no need: waiting would never end.
3. Of those who can, the ones who speak the language and have the skills are looked for. Where there
   are none, the case waits, unless the team's settings let it go without; the language is left out
   before a skill, or in the order that the settings say.
4. Among those, the team's strategy chooses: whoever has waited longest (round robin), or whoever
   has most room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chalicelib.routing.agents import Need, Strategy
from chalicelib.routing.models import Candidate, Choice, Needs

LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}


def choose(
    team: str,
    strategy: Strategy,
    relax: Sequence[Need],
    needs: Needs,
    members: Sequence[Candidate],
) -> Choice:
    """Who takes the case, or why nobody does yet. `members` are in the order of the settings."""
    there = [one for one in members if one.working and not one.away]
    if not there:
        return _waits(f"nobody of {team} is at work{_absent(members)}")
    needs, notes = _possible(needs, members)
    dropped: list[Need] = []
    for need in (None, *relax):
        if need is not None:
            dropped.append(need)
        able = [one for one in there if _able(one, needs, dropped)]
        free = [one for one in able if has_room(one, needs)]
        if free:
            chosen = _first(strategy, free)
            return Choice(agent=chosen, reason=_chosen(chosen, strategy, needs, dropped, notes))
    left = _without(dropped, needs)
    able = [one for one in there if _able(one, needs, dropped)]
    if able:
        return _waits(f"everybody at work who {_could(left)} has as many cases as they take")
    return _waits(f"nobody at work {_words(left, ' and ')}")


def has_room(one: Candidate, needs: Needs) -> bool:
    """Whether the case fits into what they take."""
    weights = {str(channel): weight for channel, weight in one.profile.weights.items()}
    return one.load + weights.get(str(needs.channel), 1.0) <= one.profile.capacity


def _first(strategy: Strategy, free: Sequence[Candidate]) -> Candidate:
    order = {one.profile.email: number for number, one in enumerate(free)}

    def by_turn(one: Candidate) -> tuple[float, int, int]:
        return 0.0, one.state.turn, order[one.profile.email]

    def by_room(one: Candidate) -> tuple[float, int, int]:
        full = one.load / one.profile.capacity if one.profile.capacity else 1.0
        return full, one.state.turn, order[one.profile.email]

    return min(free, key=by_room if strategy is Strategy.LEAST_LOADED else by_turn)


def _able(one: Candidate, needs: Needs, dropped: Iterable[Need]) -> bool:
    left = _without(dropped, needs)
    return _speaks(one, left.language) and set(left.skills) <= set(one.profile.skills)


def _speaks(one: Candidate, language: str) -> bool:
    return not language or not one.profile.languages or language in one.profile.languages


def _without(dropped: Iterable[Need], needs: Needs) -> Needs:
    gone = set(dropped)
    fields: dict[str, object] = {}
    if Need.LANGUAGE in gone:
        fields["language"] = ""
    if Need.SKILL in gone:
        fields["skills"] = ()
    return needs.model_copy(update=fields)


def _possible(needs: Needs, members: Sequence[Candidate]) -> tuple[Needs, list[str]]:
    """The needs that somebody of the team meets, and what was left out, in words."""
    notes: list[str] = []
    fields: dict[str, object] = {}
    if not any(_speaks(one, needs.language) for one in members):
        fields["language"] = ""
        notes.append(f"nobody of the team speaks {_language(needs.language)}")
    if not any(set(needs.skills) <= set(one.profile.skills) for one in members):
        fields["skills"] = ()
        notes.append(f"nobody of the team knows {' and '.join(needs.skills)}")
    possible = needs.model_copy(update=fields)
    both = [one for one in members if _able(one, possible, ())]
    if not both and possible.language and possible.skills:
        notes.append(f"nobody who speaks {_language(needs.language)} knows it all")
        possible = possible.model_copy(update={"language": ""})
    return possible, notes


def _chosen(
    one: Candidate, strategy: Strategy, needs: Needs, dropped: Sequence[Need], notes: list[str]
) -> str:
    how = "most room" if strategy is Strategy.LEAST_LOADED else "waited longest for a case"
    left = _without(dropped, needs)
    said = [f"at work, {how}", *(w for w in [_words(left, ", ")] if w)]
    said.append(f"had {one.state.open_cases} of {one.profile.capacity} cases")
    wanted = {Need.LANGUAGE: bool(needs.language), Need.SKILL: bool(needs.skills)}
    given_up = [str(need) for need in dropped if wanted[need]]
    if given_up:
        notes = [*notes, f"without the {' and '.join(given_up)}: nobody at work with room has it"]
    return "; ".join([f"{strategy.replace('_', ' ')}: {', '.join(said)}", *notes])


def _waits(why: str) -> Choice:
    return Choice(agent=None, reason=f"{why}: waits in the queue")


def _absent(members: Sequence[Candidate]) -> str:
    away = sum(one.away for one in members)
    closed = sum(not one.working and not one.away for one in members)
    parts = [f"{away} away"] if away else []
    parts += [f"{closed} outside working hours"] if closed else []
    return f" ({', '.join(parts)})" if parts else " (it has no members)"


def _words(needs: Needs, between: str) -> str:
    parts = [f"speaks {_language(needs.language)}"] if needs.language else []
    parts += [f"knows {' and '.join(needs.skills)}"] if needs.skills else []
    return between.join(parts)


def _could(needs: Needs) -> str:
    return _words(needs, " and ") or "could take it"


def _language(code: str) -> str:
    return LANGUAGES.get(code, code)
