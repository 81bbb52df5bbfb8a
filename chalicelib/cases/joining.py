"""Cases that become one, part, or know of each other. Pure.

A merge moves no message. The case that goes in keeps its timeline and says where it went; the other
one shows both. So a merge is one small transaction however long the cases are, a late event still
finds its message, and undoing it is one small transaction too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.cases import rules
from chalicelib.cases.models import (
    AuthorType,
    Case,
    CaseLink,
    CaseMerge,
    CaseStatus,
    Direction,
    LinkKind,
    Message,
    MessageKind,
    Participant,
    Promises,
    TalkState,
)
from chalicelib.cases.undoing import UNDO
from chalicelib.channels.models import Channel
from chalicelib.errors import Conflict, Invalid

MOST_MERGED = 20  # cases in one: a page of its timeline reads each of them
MOST_LINKS = 100
SENDING = frozenset({"queued", "sending", "ambiguous"})

K = LinkKind
MIRROR: Mapping[LinkKind, LinkKind] = {
    K.RELATED: K.RELATED,
    K.DUPLICATE_OF: K.DUPLICATED_BY,
    K.DUPLICATED_BY: K.DUPLICATE_OF,
    K.PARENT: K.CHILD,
    K.CHILD: K.PARENT,
    K.FOLLOWS: K.FOLLOWED_BY,
    K.FOLLOWED_BY: K.FOLLOWS,
}


def merge(source: Case, target: Case, by: str, now: datetime) -> tuple[Case, Case]:
    """Source and target after the one went into the other; raises Conflict, Invalid."""
    if source.id == target.id:
        raise Invalid.field("into", "is the case itself")
    for case in (source, target):
        if case.merged_into:
            raise Conflict(f"{case.reference} is a part of another case already")
        rules.check_alive(case)
    if len(target.merged_cases) + len(source.merged_cases) >= MOST_MERGED:
        raise Conflict(f"a case can take in {MOST_MERGED} others; link them instead")
    joined = _joined(source, target)
    record = CaseMerge(
        at=now,
        by=by,
        status=source.status,
        resolved_at=source.resolved_at,
        other_before=_talk(target),
        other_after=_talk(joined),
    )
    gone = source.model_copy(
        update={
            "merged_into": target.id,
            "merge": record,
            "status": CaseStatus.CLOSED,
            "resolved_at": source.resolved_at or now,
        }
    )
    return rules.touch(gone, now), rules.touch(joined, now)


def unmerge(source: Case, target: Case, now: datetime) -> tuple[Case, Case]:
    """Both as they were, with what happened since kept in the target; raises Conflict."""
    record = source.merge
    if record is None or source.merged_into != target.id:
        raise Conflict(f"{source.reference} is not a part of another case")
    if now - record.at > UNDO:
        minutes = int(UNDO.total_seconds() // 60)
        raise Conflict(f"a merge can be undone for {minutes} minutes; split messages off instead")
    if target.merged_into:
        raise Conflict(f"{target.reference} went into another case since: undo that first")
    parts = {source.id, *source.merged_cases}
    back = source.model_copy(
        update={
            "merged_into": None,
            "merge": None,
            "status": record.status,
            "resolved_at": record.resolved_at,
        }
    )
    left = tuple(case_id for case_id in target.merged_cases if case_id not in parts)
    other = _parted(source, target, record).model_copy(update={"merged_cases": left})
    return rules.touch(back, now), rules.touch(other, now)


def link(case: Case, other: Case, kind: LinkKind, remove: bool = False) -> tuple[Case, Case]:
    """Both cases with, or without, that link; unchanged where it is so already. Raises Invalid."""
    if case.id == other.id:
        raise Invalid.field("to", "is the case itself")
    return _linked(case, other.id, kind, remove), _linked(other, case.id, MIRROR[kind], remove)


def check_split(case: Case, chosen: Sequence[Message], timeline: Sequence[Message]) -> None:
    """Whether those messages can leave; raises Invalid, Conflict."""
    rules.check_alive(case)
    for message in chosen:
        if message.kind == MessageKind.EVENT:
            raise Invalid.field("message_ids", "an event stays with its case")
        if message.delivery and message.delivery.status in SENDING:
            raise Conflict("one of them is being sent; try again when it is")
    stays = {m.id for m in timeline if _public(m)} - {m.id for m in chosen}
    if not any(_public(message) for message in chosen):
        raise Invalid.field("message_ids", "notes alone make no case")
    if not stays:
        raise Conflict(f"nothing would be left in {case.reference}")


def split_off(
    case: Case, moved: Sequence[Message], identifier: str, reference: str, subject: str
) -> Case:
    """The new case that the messages make. It is the same customer's, and nobody's task yet."""
    first, last = moved[0], moved[-1]
    fresh = Case(
        id=identifier,
        reference=reference,
        subject=subject or _subject(moved) or case.subject,
        channel=first.channel,
        customer_id=case.customer_id,
        status=CaseStatus.OPEN,
        promises=_still_open(case.promises),
        reasons={"case": f"split off from {case.reference}"},
        reply_channel=case.reply_channel,
        reply_to=case.reply_to,
        recipient=case.recipient,
        participants=case.participants,
        related=(case.id,),
        last_message_at=last.created_at,
        created_at=first.created_at,
        updated_at=case.updated_at,
    )
    return shown(_answered_to(fresh, moved), moved)


def _still_open(promises: Promises) -> Promises:
    """What was promised and is still to be kept goes with the messages; the rest stays."""
    clocks = {name: getattr(promises, name) for name in ("first_reply", "next_reply", "resolution")}
    running = {name: c for name, c in clocks.items() if c and c.met_at is None}
    nothing = Promises().model_dump(include={*clocks, "replies_met", "replies_missed"})
    return promises.model_copy(update=nothing | running)


def shown(case: Case, timeline: Sequence[Message]) -> Case:
    """The case with what follows from its messages: count, last words, ids for References."""
    public = [m for m in timeline if _public(m)]
    ids: tuple[str, ...] = ()
    for message in public:
        ids = rules.with_id(ids, message.message_id)
    fields: dict[str, object] = {"message_count": len(public), "message_ids": ids}
    if public:
        last = public[-1]
        fields |= {
            "last_message": rules.preview(last.text),
            "last_direction": str(last.direction),
            "last_message_at": last.created_at,
        }
    return case.model_copy(update=fields)


# --- parts ---------------------------------------------------------------------------------------


def _joined(source: Case, target: Case) -> Case:
    """The target with the source's people in it. Its customer is answered where they wrote last."""
    later = source.last_message_at > target.last_message_at
    same_person = source.customer_id == target.customer_id
    guests = source.participants if same_person else tuple(map(_guest, source.participants))
    joined = rules.with_participants(target, guests)
    fields: dict[str, object] = {
        "merged_cases": (*target.merged_cases, source.id, *source.merged_cases),
        "message_count": target.message_count + source.message_count,
    }
    if later:
        fields |= {
            "last_message": source.last_message,
            "last_direction": source.last_direction,
            "last_message_at": source.last_message_at,
            "message_ids": (*target.message_ids, *source.message_ids)[-10:],
        }
    if later and same_person:
        fields |= {"reply_channel": source.reply_channel, "reply_to": source.reply_to}
    if target.status in (CaseStatus.RESOLVED, CaseStatus.CLOSED) and _waits(source):
        fields |= {"status": CaseStatus.OPEN, "resolved_at": None}
    if _waits(source) and not source.snoozed_until:
        fields |= {"snoozed_until": None}  # somebody waits there who waits here from now on
    return joined.model_copy(update=fields)


def _guest(person: Participant) -> Participant:
    return person.model_copy(update={"cc": True})


def _waits(case: Case) -> bool:
    return case.status in rules.UNSOLVED


def _parted(source: Case, target: Case, record: CaseMerge) -> Case:
    """The target without the source; what somebody said since the merge stays as it is."""
    before, after = record.other_before, record.other_after
    fields: dict[str, object] = {
        "message_count": target.message_count - source.message_count,
        "participants": _without(target.participants, before.participants, after.participants),
    }
    for name in TalkState.model_fields:
        if name not in fields and getattr(target, name) == getattr(after, name):
            fields[name] = getattr(before, name)
    return target.model_copy(update=fields)


def _without(
    now: tuple[Participant, ...], before: tuple[Participant, ...], after: tuple[Participant, ...]
) -> tuple[Participant, ...]:
    came = {(p.channel, p.address) for p in after} - {(p.channel, p.address) for p in before}
    return tuple(p for p in now if (p.channel, p.address) not in came)


def _talk(case: Case) -> TalkState:
    return TalkState(**{name: getattr(case, name) for name in TalkState.model_fields})


def _linked(case: Case, other: str, kind: LinkKind, remove: bool) -> Case:
    wanted = CaseLink(case_id=other, kind=kind)
    rest = tuple(known for known in case.links if known != wanted)
    links = rest if remove else (*rest, wanted)
    if len(links) > MOST_LINKS:
        raise Conflict(f"{case.reference} has {MOST_LINKS} links; that must do")
    about = {known.case_id for known in links}
    related = tuple(r for r in case.related if r != other or r in about)
    if other in about and other not in related:
        related = (*related, other)
    if links == case.links or (not remove and wanted in case.links):
        return case
    return case.model_copy(update={"links": links, "related": related})


def _public(message: Message) -> bool:
    """What counts as a message of the conversation."""
    return (
        message.kind == MessageKind.MESSAGE
        and message.direction != Direction.INTERNAL
        and not message.automatic
    )


def _subject(moved: Sequence[Message]) -> str:
    return next((m.subject for m in moved if m.subject), "")


def _answered_to(case: Case, moved: Sequence[Message]) -> Case:
    """Answers go to whoever wrote the newest of its messages."""
    for message in reversed(moved):
        if message.author.type == AuthorType.CUSTOMER and message.sender:
            mail = "@" in message.sender
            channel = Channel.EMAIL if mail else message.channel
            known = [p for p in case.participants if p.address == message.sender]
            if not known or not known[0].cc:
                return case.model_copy(
                    update={"reply_channel": channel, "reply_to": message.sender}
                )
    return case
