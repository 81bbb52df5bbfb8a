"""Every key of the table, and nowhere else. The access patterns:

| who asks | pk | sk |
|---|---|---|
| a case | CASE#<id> | CASE |
| its timeline, oldest first | CASE#<id> | MSG#<time>#<id> |
| what is still to be done about an item | <its pk> | REACT#<kind>#<id> |
| a case by its reference | REF#<reference> | REF |
| seen this contact before? | CLAIM#<channel>#<digest> | CLAIM |
| what became of a received mail? | MAIL#<ses message id> | MAIL |
| which case does a Message-ID belong to? | MID#<digest> | MID |
| which outbound message has this send id? | SEND#<send id> | SEND |
| a customer | CUST#<id> | CUST |
| what is still known of a person who is being erased | CUST#<id> | ERASING |
| whose address is this? | IDENT#<channel>#<value> | IDENT |
| the audit list, by month | AUDIT#<month> | <time>#<id> |
| who is changing roles at this moment | PEOPLE | LOCK |
| settings | SETTINGS | <name> |
| a document as it was at a version | SETTINGS#<name> | VER#<number> |
| where the sweep goes on in the bucket | SWEEP | SWEEP |
| acknowledgements to an address | ACKS#<digest> | ACKS |
| a one-time code that a number was sent | CODE#<customer>#<digest> | CODE |
| what was done to a customer's record | CUST#<id> | HIST#<time>#<id> |
| counts of a day or an hour, all cells | COUNTS#<date>#<shard> | <hour>#<cell> |
| hours of the past whose counts changed on a day | LATE#<date> | <hour> or <hour>#<cell> |
| words of the contacts of an hour, for a while | NEWWORDS#<hour>#<shard> | <case id> |
| was this case counted, and as what? | CASE#<id> | COUNTED |
| was this customer counted in this hour? | SEEN#<cell>#<hour> | <customer id> |
| a trend | TREND#<id> | TREND |
| the trend of a cell that is active | CELL#<cell> | CELL |
| a campaign | CAMP#<id> | CAMP |
| who was told (the ledger) | CAMP#<id> | TOLD#<customer id> |
| a segment of its audience | CAMP#<id> | SEG#<number> |
| how far its audience is frozen, what its preview said | CAMP#<id> | PLAN, PREVIEW |
| its live counts, in shards | CAMP#<id> | PROGRESS#<shard> |
| what a customer was told | CUST#<id> | TOLD#<time>#<campaign> |
| which campaigns told a customer lately | CUST#<id> | NOTICED |
| who was held out of a campaign | CAMP#<id> | HELD#<customer id> |
| contacts about its matter, by either group | CAMP#<id> | CONTACT#<case id> |
| campaigns about a topic or a problem | MATTER#<digest> | MATTER |
| which campaigns a case is about | CASE#<id> | ABOUT |
| quarantine | QUAR#<id> | QUAR |
| answer to a request sent twice | IDEM#<digest> | IDEM |
| how often somebody did that in an hour | RATE#<digest> | <window> |
| which message an uploaded file went into | UPLOAD#<key> | UPLOAD |
| a chat session | CHAT#<id> | CHAT |
| how far a network's mentions were taken in | NETWORK#<name> | NETWORK |
| an article | ART#<slug> | ART |
| its versions | ART#<slug> | VER#<number> |
| its votes, counted, and one by one | ART#<slug> | VOTES, VOTE#<time>#<id> |
| a conversation with the help centre | QUESTION#<session> | QUESTION |
| what somebody asked within three days | ASKER#<digest> | <session> |
| what became of questions, by day and article | HELP#<month>#<shard> | <date>#<slug> |
| how customers asked for an article | ART#<slug> | LEARNT |
| was a case credited to an article? | ART#<slug> | CREDIT#<case id> |
| what solved a case, as it is suggested | CASE#<id> | SOLVED |
| what a case means, by the sentence model | CASE#<id> | MEANING |
| which file of an index is in use; what is newer | INDEX#<name> | INDEX, NEWER |
| what people taught the machine, by month | LEARN#<month>#<shard> | <time>#<id> |
| how an agent stands: open cases, away or not | AGENT#<e-mail> | AGENT |
| what an agent has begun to write | AGENT#<e-mail> | DRAFT#<case id>#<mode> |
| until when an agent saw the cases that they opened | AGENT#<e-mail> | SEEN |
| lists that somebody, or a team, saved | AGENT#<e-mail>, TEAM#<team> | VIEWS |
| how an agent wants the desk, and to be told | AGENT#<e-mail> | PREFERENCES |
| who has begun to write in a case | CASE#<id> | BEGUN#<mode>#<e-mail> |
| which cases an agent follows, newest first | AGENT#<e-mail> | FOLLOW#<case id> |
| what an agent has not seen of a case | AGENT#<e-mail> | NEWS#<case id> |
| how many cases have news for an agent | AGENT#<e-mail> | BELL |
| when an agent's desk asked last, within two minutes | AGENT#<e-mail> | AT_DESK |
| what is gathered for one mail or webhook to an agent | AGENT#<e-mail> | GATHERED#<way>#<group> |
| such a mail or webhook on its way | BUNDLE#<id> | BUNDLE |
| short texts that an agent keeps for themselves | AGENT#<e-mail> | SNIPPETS |
| who is in which case at present | PRESENT | <case id>#<e-mail> |
| what a change of several cases can be undone to | UNDO#<id> | UNDO |
| which teams people gave the cases of a topic to | CORRECTED#<topic> | CORRECTED |
| models that were trained, and which is in use | MODELS#<kind> | MODEL#<id>, IN_USE |
| what the paid service cost, by month | COSTS#<month> | <date>#<shard> |
| what both engines said of a case | CASE#<id> | OPINION |
| an hourly job of the classifier, and the one under way | LABELLING | JOB#<id>, CURRENT |
| a problem | PROB#<id> | PROB |
| a case and the problem: linked, proposed, rejected | PROB#<id> | LINK#<case id> |
| its cases, customers and messages by the hour | PROB#<id> | HOUR#<hour> |
| was this customer counted, and in which hour? | PROB#<id> | WHO#<customer id> |
| its history | PROB#<id> | HIST#<time>#<id> |
| its handovers, and the mails and webhooks about them | PROB#<id> | HAND#<id>, OUT#<id> |
| the newest problem of a cell | CELL#<cell> | PROB |
| as what a case stands among promises kept | CASE#<id> | ATTAINED |
| promises kept, by policy, team, topic | ATTAINMENT#<by>#<month> | <date>#<value>#<shard> |

Secondary indexes (all attributes projected):

| index | pk | sk | lists |
|---|---|---|---|
| gsi1 | CUST#<id> | <created>#<id> | a customer's cases |
|  | NEWS#<e-mail> | <time>#<case id> | an agent's notifications |
| gsi2 | STATUS#<status>#<shard> | <created>#<id> | cases in a state |
|  | DUE#<shard> | <due>#<id> | reactions that are outstanding |
|  | CUSTOMERS#<shard> | <id> | all customers |
|  | TRENDS, CAMPAIGNS, QUARANTINE#… | <created>#<id> | those |
|  | PROBLEMS#<state>, LINKS#<problem>#<state> | <created>#<id> | problems; their cases |
|  | OPINIONS#<shard> | <time>#<case id> | what both engines said |
|  | ARTICLES#<state>, UNANSWERED | <created>#<id> | articles; questions without an answer |
| gsi3 | CAMPAIGNS#<problem> | <created>#<id> | campaigns about a problem |
|  | CASES#<shard> | <created>#<id> | all cases but the next, which no list but gsi1 has |
|  | SPAM#<shard>, MERGED#<shard> | <created>#<id> | spam; cases that went into others |
| gsi4 | TEAM#<team>#<status> | <created>#<id> | a team's cases in a state |
|  | OPEN_PROBLEMS | <created>#<id> | problems that new cases may belong to |
| gsi5 | ASSIGNEE#<e-mail> | <created>#<id> | an agent's cases |
|  | WAITING#<team> | <urgency>#<created>#<id> | a team's cases that nobody has, most urgent first |
|  | ISSUES | <created>#<id> | problems that the help centre shows |
| gsi6 (keys) | NAMES#<letter> | <name>#<id> | customers by their name |
|  | ALARM#<shard> | <time>#<id> | cases with a promise at risk or broken by then |
| gsi7 | QUEUE#<shard> | <first deadline>#<id> | unsolved cases, those at risk first |
|  | SNOOZED#<shard> | <until>#<id> | snoozed cases, which are in no other queue |
| gsi8 | QUEUE-OF#<e-mail> | <first deadline>#<id> | an agent's unsolved cases |
|  | QUEUE-TEAM#<team> | <first deadline>#<id> | a team's unsolved cases that nobody has |
| gsi9 (version, reference) | CHANGED#<date>#<shard> | <updated>#<id> | cases changed that day |
|  | NAMES#<letter> | <last name first>#<id> | customers by their last name |

Lists of cases have `cases_shards` partitions each (settings): every page reads all of them and
merges. It starts at one and may be raised at any time, never lowered.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from chalicelib.base import iso

Key = tuple[str, str]

DUE_SHARDS = 4
CUSTOMER_SHARDS = 8
COUNT_SHARDS = 4
LESSON_SHARDS = 4
ALARM_SHARDS = 8
ATTAINMENT_SHARDS = 4
PROGRESS_SHARDS = 16
COST_SHARDS = 16
OPINION_SHARDS = 4
REACT = "REACT#"
MESSAGES = "MSG#"
MESSAGES_END = "MSG$"  # sorts behind all of them
TOLD = "TOLD#"
HISTORY = "HIST#"
SEGMENTS = "SEG#"
PROGRESS = "PROGRESS#"
CONTACTS = "CONTACT#"
SETTINGS = "SETTINGS"
PEOPLE_LOCK = ("PEOPLE", "LOCK")
SWEEP = ("SWEEP", "SWEEP")
MODEL = "MODEL#"
FOLLOW = "FOLLOW#"
NEWS = "NEWS#"
PRESENT = "PRESENT"
DRAFTS = "DRAFT#"
BEGUN = "BEGUN#"
CHANGED = "CHANGED#"
SNOOZED = "SNOOZED"
TRENDS = "TRENDS"
CAMPAIGNS = "CAMPAIGNS"
QUARANTINE = "QUARANTINE"
ARTICLES = "ARTICLES"
UNANSWERED = "UNANSWERED"
PROBLEMS = "PROBLEMS"
OPEN_PROBLEMS = "OPEN_PROBLEMS"
ISSUES = "ISSUES"
LINK = "LINK#"
HOUR = "HOUR#"
HANDOVER = "HAND#"
VERSIONS = "VER#"
VOTE = "VOTE#"
HELP_SHARDS = 2


def digest(text: str) -> str:
    """A short stable name for a text of any length or alphabet."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def shard(text: str, shards: int) -> int:
    """Which of so many partitions: the same for the same text for ever."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % shards


def case(case_id: str) -> Key:
    return f"CASE#{case_id}", "CASE"


def message(case_id: str, created_at: datetime, message_id: str) -> Key:
    return f"CASE#{case_id}", f"{MESSAGES}{iso(created_at)}#{message_id}"


def reaction(owner: str, kind: str, identifier: str) -> Key:
    return owner, f"{REACT}{kind}#{identifier}"


def counted(case_id: str) -> Key:
    return f"CASE#{case_id}", "COUNTED"


def reference(ref: str) -> Key:
    return f"REF#{ref}", "REF"


def claim(channel: str, external_id: str) -> Key:
    return f"CLAIM#{channel}#{digest(external_id)}", "CLAIM"


def mail(ses_message_id: str) -> Key:
    return f"MAIL#{ses_message_id}", "MAIL"


def message_id(rfc_id: str) -> Key:
    return f"MID#{digest(rfc_id)}", "MID"


def send(send_id: str) -> Key:
    return f"SEND#{send_id}", "SEND"


def customer(customer_id: str) -> Key:
    return f"CUST#{customer_id}", "CUST"


def erasing(customer_id: str) -> Key:
    return f"CUST#{customer_id}", "ERASING"


def identity(channel: str, value: str) -> Key:
    return f"IDENT#{channel}#{value}", "IDENT"


def audit(at: datetime, identifier: str) -> Key:
    return audit_of_month(iso(at)[:7]), f"{iso(at)}#{identifier}"


def audit_of_month(month: str) -> str:
    """Partition of what was done in a month such as 2026-11."""
    return f"AUDIT#{month}"


def settings(name: str) -> Key:
    return SETTINGS, name


def settings_version(name: str, number: int) -> Key:
    return f"{SETTINGS}#{name}", f"{VERSIONS}{number:08d}"


def acknowledgements(address: str) -> Key:
    return f"ACKS#{digest(address)}", "ACKS"


def code(customer_id: str, value: str) -> Key:
    return f"CODE#{customer_id}#{digest(value)}", "CODE"


def history(customer_id: str, at: datetime, identifier: str) -> Key:
    return f"CUST#{customer_id}", f"{HISTORY}{iso(at)}#{identifier}"


def counts(hour: str, cell: str) -> Key:
    """Where a cell is counted in an hour such as 2026-11-23T14."""
    return f"COUNTS#{hour[:10]}#{shard(cell, COUNT_SHARDS)}", f"{hour[11:]}#{cell}"


def counts_of_day(date: str) -> list[str]:
    return [f"COUNTS#{date}#{number}" for number in range(COUNT_SHARDS)]


def late(date: str, hour: str = "") -> Key:
    """That on this day an earlier hour was counted once more."""
    return f"LATE#{date}", hour


def new_words(hour: str, case_id: str) -> Key:
    """What a case that came in this hour was about, in words."""
    return f"NEWWORDS#{hour}#{shard(case_id, COUNT_SHARDS)}", case_id


def new_words_of_hour(hour: str) -> list[str]:
    return [f"NEWWORDS#{hour}#{number}" for number in range(COUNT_SHARDS)]


def seen(cell: str, hour: str, customer_id: str) -> Key:
    return f"SEEN#{digest(cell)}#{hour}", customer_id


def trend(trend_id: str) -> Key:
    return f"TREND#{trend_id}", "TREND"


def cell(name: str) -> Key:
    return f"CELL#{digest(name)}", "CELL"


def campaign(campaign_id: str) -> Key:
    return f"CAMP#{campaign_id}", "CAMP"


def told(campaign_id: str, customer_id: str) -> Key:
    return f"CAMP#{campaign_id}", f"{TOLD}{customer_id}"


def segment(campaign_id: str, number: int) -> Key:
    return f"CAMP#{campaign_id}", f"{SEGMENTS}{number:08d}"


def plan(campaign_id: str) -> Key:
    return f"CAMP#{campaign_id}", "PLAN"


def preview(campaign_id: str) -> Key:
    return f"CAMP#{campaign_id}", "PREVIEW"


def progress(campaign_id: str, text: str) -> Key:
    """The shard of a campaign's counts that changes caused by `text` go to."""
    return f"CAMP#{campaign_id}", f"{PROGRESS}{shard(text, PROGRESS_SHARDS):02d}"


def notice(customer_id: str, at: datetime, campaign_id: str) -> Key:
    return f"CUST#{customer_id}", f"{TOLD}{iso(at)}#{campaign_id}"


def noticed(customer_id: str) -> Key:
    return f"CUST#{customer_id}", "NOTICED"


def held_out(campaign_id: str, customer_id: str) -> Key:
    return f"CAMP#{campaign_id}", f"HELD#{customer_id}"


def contact(campaign_id: str, case_id: str) -> Key:
    return f"CAMP#{campaign_id}", f"{CONTACTS}{case_id}"


def matter(name: str) -> Key:
    """`name` is topic=<label> or problem=<id>."""
    return f"MATTER#{digest(name)}", "MATTER"


def about(case_id: str) -> Key:
    return f"CASE#{case_id}", "ABOUT"


def quarantine(identifier: str) -> Key:
    return f"QUAR#{identifier}", "QUAR"


def idempotency(scope: str, key: str) -> Key:
    return f"IDEM#{digest(scope + chr(10) + key)}", "IDEM"


def chat(session_id: str) -> Key:
    return f"CHAT#{session_id}", "CHAT"


def network(name: str) -> Key:
    return f"NETWORK#{name}", "NETWORK"


def lesson(at: datetime, identifier: str) -> Key:
    spread = shard(identifier, LESSON_SHARDS)
    return f"LEARN#{iso(at)[:7]}#{spread}", f"{iso(at)}#{identifier}"


def lessons_of_month(month: str) -> list[str]:
    """Partitions of what was taught in a month such as 2026-11."""
    return [f"LEARN#{month}#{number}" for number in range(LESSON_SHARDS)]


def model(kind: str, model_id: str) -> Key:
    return f"MODELS#{kind}", f"{MODEL}{model_id}"


def model_in_use(kind: str) -> Key:
    return f"MODELS#{kind}", "IN_USE"


def cost(at: datetime, spread: str) -> Key:
    """The shard of a day's costs that `spread` is added to."""
    return costs_of_month(iso(at)[:7]), f"{iso(at)[:10]}#{shard(spread, COST_SHARDS):02d}"


def costs_of_month(month: str) -> str:
    """Partition of what the paid service cost in a month such as 2026-11."""
    return f"COSTS#{month}"


def opinion(case_id: str) -> Key:
    return f"CASE#{case_id}", "OPINION"


def opinions(case_id: str) -> str:
    """Partition of the second index that lists what was said of this case."""
    return f"OPINIONS#{shard(case_id, OPINION_SHARDS)}"


def opinion_partitions() -> list[str]:
    return [f"OPINIONS#{number}" for number in range(OPINION_SHARDS)]


def labelling(job_id: str) -> Key:
    return "LABELLING", f"JOB#{job_id}"


def labelling_current() -> Key:
    return "LABELLING", "CURRENT"


def agent(email: str) -> Key:
    return f"AGENT#{email.lower()}", "AGENT"


def draft(email: str, case_id: str, mode: str) -> Key:
    return agent(email)[0], f"{DRAFTS}{case_id}#{mode}"


def begun(email: str, case_id: str, mode: str) -> Key:
    return case(case_id)[0], f"{BEGUN}{mode}#{email}"


def snippets(email: str) -> Key:
    return agent(email)[0], "SNIPPETS"


def seen_cases(email: str) -> Key:
    return agent(email)[0], "SEEN"


def agent_views(email: str) -> Key:
    return agent(email)[0], "VIEWS"


def team_views(team: str) -> Key:
    return f"TEAM#{team}", "VIEWS"


def preferences(email: str) -> Key:
    return agent(email)[0], "PREFERENCES"


def follow(email: str, case_id: str) -> Key:
    return agent(email)[0], f"{FOLLOW}{case_id}"


def notification(email: str, case_id: str) -> Key:
    return agent(email)[0], f"{NEWS}{case_id}"


def notifications(email: str) -> str:
    """The partition of gsi1 that lists them."""
    return f"{NEWS}{email.lower()}"


def bell(email: str) -> Key:
    return agent(email)[0], "BELL"


def at_desk(email: str) -> Key:
    return agent(email)[0], "AT_DESK"


def gathered(email: str, way: str, group: str) -> Key:
    return agent(email)[0], f"GATHERED#{way}#{group}"


def bundle(bundle_id: str) -> Key:
    return f"BUNDLE#{bundle_id}", "BUNDLE"


def undo(token: str) -> Key:
    return f"UNDO#{token}", "UNDO"


def present(case_id: str, email: str) -> Key:
    return PRESENT, f"{case_id}#{email.lower()}"


def corrected(topic: str) -> Key:
    return f"CORRECTED#{topic}", "CORRECTED"


def waiting(team: str, urgency: int, created: str) -> dict[str, str]:
    return index(5, f"WAITING#{team}", f"{urgency}#{created}")


def attained(case_id: str) -> Key:
    return f"CASE#{case_id}", "ATTAINED"


def attainment(by: str, day: str, value: str, case_id: str) -> Key:
    spread = shard(case_id, ATTAINMENT_SHARDS)
    return attainment_of(by, day[:7]), f"{day}#{value}#{spread}"


def attainment_of(by: str, month: str) -> str:
    """Partition of a month's counts (2026-11) by policy, team or topic."""
    return f"ATTAINMENT#{by}#{month}"


def alarm(case_id: str, at: datetime) -> dict[str, str]:
    return index(6, f"ALARM#{shard(case_id, ALARM_SHARDS)}", f"{iso(at)}#{case_id}")


def alarm_partitions() -> list[str]:
    return [f"ALARM#{number}" for number in range(ALARM_SHARDS)]


def rate(what: str, who: str, window: str) -> Key:
    return f"RATE#{digest(what + chr(10) + who)}", window


def upload(key: str) -> Key:
    return f"UPLOAD#{key}", "UPLOAD"


def article(slug: str) -> Key:
    return f"ART#{slug}", "ART"


def article_version(slug: str, number: int) -> Key:
    return f"ART#{slug}", f"{VERSIONS}{number:08d}"


def votes(slug: str) -> Key:
    return f"ART#{slug}", "VOTES"


def vote(slug: str, at: datetime, identifier: str) -> Key:
    return f"ART#{slug}", f"{VOTE}{iso(at)}#{identifier}"


def question(session: str) -> Key:
    return f"QUESTION#{session}", "QUESTION"


def asker(caller: str, session: str) -> Key:
    return f"ASKER#{caller}", session


def help_figures(at: datetime, slug: str, session: str) -> Key:
    """Where what became of a question is counted; `slug` "" is all articles."""
    day = iso(at)[:10]
    return f"HELP#{day[:7]}#{shard(session, HELP_SHARDS)}", f"{day}#{slug}"


def help_figures_of_month(month: str) -> list[str]:
    """Partitions of the figures of a month such as 2026-11."""
    return [f"HELP#{month}#{number}" for number in range(HELP_SHARDS)]


def learnt(slug: str) -> Key:
    return f"ART#{slug}", "LEARNT"


def credit(slug: str, case_id: str) -> Key:
    return f"ART#{slug}", f"CREDIT#{case_id}"


def solved(case_id: str) -> Key:
    return f"CASE#{case_id}", "SOLVED"


def meaning(case_id: str) -> Key:
    return f"CASE#{case_id}", "MEANING"


def index_pointer(name: str) -> Key:
    return f"INDEX#{name}", "INDEX"


def index_newer(name: str) -> Key:
    return f"INDEX#{name}", "NEWER"


def problem(problem_id: str) -> Key:
    return f"PROB#{problem_id}", "PROB"


def problem_link(problem_id: str, case_id: str) -> Key:
    return f"PROB#{problem_id}", f"{LINK}{case_id}"


def problem_links(problem_id: str, state: str) -> str:
    """The partition of gsi2 that lists them."""
    return f"LINKS#{problem_id}#{state}"


def problem_hour(problem_id: str, hour: str) -> Key:
    return f"PROB#{problem_id}", f"{HOUR}{hour}"


def problem_customer(problem_id: str, customer_id: str) -> Key:
    return f"PROB#{problem_id}", f"WHO#{customer_id}"


def problem_history(problem_id: str, at: datetime, identifier: str) -> Key:
    return f"PROB#{problem_id}", f"{HISTORY}{iso(at)}#{identifier}"


def handover(problem_id: str, handover_id: str) -> Key:
    return f"PROB#{problem_id}", f"{HANDOVER}{handover_id}"


def dispatch(problem_id: str, dispatch_id: str) -> Key:
    return f"PROB#{problem_id}", f"OUT#{dispatch_id}"


def problem_of_cell(name: str) -> Key:
    return f"CELL#{digest(name)}", "PROB"


def index(number: int, pk: str, sk: str) -> dict[str, str]:
    """The attributes that list an item in secondary index `number`."""
    return {f"gsi{number}pk": pk, f"gsi{number}sk": sk}


def due(identifier: str, at: datetime) -> dict[str, str]:
    return index(2, f"DUE#{shard(identifier, DUE_SHARDS)}", f"{iso(at)}#{identifier}")


def due_partitions() -> list[str]:
    return [f"DUE#{number}" for number in range(DUE_SHARDS)]


def customers(customer_id: str) -> dict[str, str]:
    return index(2, f"CUSTOMERS#{shard(customer_id, CUSTOMER_SHARDS)}", customer_id)


NAME_INDEXES = (6, 9)  # that have keys and little else: a name is all that is asked of them


def customer_names(name: str, customer_id: str) -> dict[str, str]:
    """What finds a customer by the beginning of their name, as it is written or last name first.

    `name` is folded (text.py) and not empty."""
    words = name.split()
    found = index(6, names_partition(name), f"{name}#{customer_id}")
    if len(words) > 1:
        turned = " ".join((words[-1], *words[:-1]))
        found |= index(9, names_partition(turned), f"{turned}#{customer_id}")
    return found


def names_partition(name: str) -> str:
    return f"NAMES#{name[:1]}"


def customer_partitions() -> list[str]:
    return [f"CUSTOMERS#{number}" for number in range(CUSTOMER_SHARDS)]
