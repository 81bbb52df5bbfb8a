"""What the domains ask of the world outside, as protocols; gateways/ answers with AWS.

Tests hand in fakes written by hand; time and ids come in here too, so that every test is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from chalicelib.base import Model

if TYPE_CHECKING:
    from chalicelib.understanding.classifiers import ClassifierState, LabellingState
    from chalicelib.understanding.engines import Scored

Clock = Callable[[], datetime]
"""Returns the present moment in UTC."""


class Ids(Protocol):
    """Source of identifiers."""

    def new(self) -> str:
        """26 characters that sort by time (a ULID)."""

    def reference(self) -> str:
        """A short, sayable case reference such as C-7K2M9Q; may repeat, the store checks."""


class UploadForm(Model):
    """Where a file is posted to, and the fields that go before it (multipart/form-data)."""

    url: str
    fields: dict[str, str]


class Objects(Protocol):
    """Files in the bucket."""

    def put(
        self, key: str, content: bytes, content_type: str = "application/octet-stream"
    ) -> None: ...

    def get(self, key: str) -> bytes:
        """Raises NotFound."""

    def page(self, prefix: str, after: str) -> tuple[list[tuple[str, datetime]], str]:
        """Up to 1,000 objects under the prefix as (key, last modified), behind the key `after`.

        With them comes the key to go on after, "" where the end was reached.
        """

    def delete(self, key: str) -> None:
        """Also where there is no such object."""

    def signed_url(
        self, key: str, name: str, seconds: int, kind: str = "application/octet-stream"
    ) -> str:
        """A link that downloads the object as `name`, as that media type, for so long."""

    def upload_form(self, key: str, most: int, seconds: int) -> UploadForm:
        """A form that stores one file of up to `most` bytes under the key, for so long."""


class Queue(Protocol):
    def send(self, queue: str, bodies: Sequence[str], delay: int = 0) -> None:
        """Put the bodies on the queue of that name, which hands them out after `delay` seconds
        (at most 900); raises when any was not taken."""


class BulkEntry(Model):
    """One recipient of a bulk call, with what the template's fields become for them."""

    to: str
    fields: dict[str, str] = {}
    headers: dict[str, str] = {}
    tags: dict[str, str] = {}


class BulkResult(Model):
    """What became of one entry: a provider's id, or an error (throttled: try it again)."""

    provider_id: str = ""
    error: str = ""
    throttled: bool = False


class MailDomain(Model):
    """What the provider knows of a domain: whether it may send, whether its signatures (DKIM) were
    found, and the names of those in the domain's name service."""

    sends: bool
    signs: bool
    tokens: tuple[str, ...] = ()
    signing_zone: str


class Mailer(Protocol):
    """E-mail going out. None of these calls is repeated by the SDK."""

    def send(self, raw: bytes, *, sender: str, to: Sequence[str], tags: Mapping[str, str]) -> str:
        """The provider's message id; raises SendRefused, SendThrottled or SendUnknown."""

    def domain(self, name: str) -> MailDomain | None:
        """None where the provider does not know it."""

    def put_template(self, name: str, subject: str, text: str) -> None: ...

    def delete_template(self, name: str) -> None: ...

    def send_bulk(
        self,
        *,
        sender: str,
        template: str,
        entries: Sequence[BulkEntry],
        tags: Mapping[str, str],
        reply_to: str = "",
    ) -> list[BulkResult]:
        """One result an entry, in order; raises as `send` where the whole call failed.

        SES takes one Reply-To for the whole call and refuses it among an entry's headers.
        """


class Sms(Protocol):
    def send(self, *, sender: str, to: str, text: str, tags: Mapping[str, str]) -> str:
        """The provider's message id; raises as Mailer.send."""


class Post(Model):
    """One post of an answer. `visibility` is the network's own word for whom the customer's post
    was for, `key` the same for every try: a network that is sent it twice makes one post of it."""

    to: str
    account_id: str = ""
    text: str
    in_reply_to: str = ""
    visibility: str = ""
    public: bool = True
    key: str


class Network(Protocol):
    """A social network, or any other source of posts that can be answered."""

    def publish(self, post: Post) -> str:
        """The network's id of the post; raises as Mailer.send."""


class Webhooks(Protocol):
    """Facts that go to other systems, signed (Standard Webhooks)."""

    def deliver(self, url: str, secret: str, identifier: str, body: bytes) -> bytes:
        """What it answered; raises as Mailer.send. The same identifier is the same fact."""


class Mentions(Protocol):
    def mentions(self, after: str) -> list[dict[str, Any]]:
        """What was said to us behind that id, oldest first, as the network words it."""


class Span(Model):
    """A place in a text, in characters, with what lies there: NAME, ADDRESS, …"""

    kind: str
    begin: int
    end: int
    score: float


class Comprehend(Protocol):
    """Each call is paid for; a language is one of Comprehend's codes."""

    def sentiment(self, text: str, language: str) -> tuple[str, float]:
        """("positive" | "negative" | "neutral" | "mixed", score 0..1)."""

    def sentiments(self, texts: Sequence[str], language: str) -> list[tuple[str, float] | None]:
        """The same for each of the texts, in order; None where one could not be read."""

    def key_phrases(self, text: str, language: str) -> list[tuple[str, float]]:
        """(phrase, score 0..1), in the order of the text."""

    def personal_data(self, text: str, language: str) -> list[Span]:
        """Where personal data lie in an English or Spanish text."""

    def classify(self, text: str, endpoint: str) -> list[Scored]:
        """The classes of a custom classifier behind an endpoint with their scores."""

    def endpoint_model(self, endpoint: str) -> str:
        """Name and version of the classifier behind it, asked once a process."""


class Spoken(Model):
    """What a model wrote, whether it came to its end, and what it read and wrote in tokens."""

    text: str
    complete: bool
    tokens_in: int = 0
    tokens_out: int = 0


class Worder(Protocol):
    """A language model that words a text."""

    def converse(self, *, model: str, system: str, text: str, most_tokens: int) -> Spoken:
        """Raises WordingFailed."""


class Classifiers(Protocol):
    """Custom classification; files are given by their keys in the bucket. All of them raise
    ClassifierRefused for what no repetition will mend."""

    def create(self, version: str, examples: str, tests: str, output: str, language: str) -> str:
        """Have a version trained; its ARN. The same version again is the same classifier."""

    def state(self, arn: str) -> ClassifierState: ...

    def label(self, job: str, arn: str, documents: str, output: str) -> str:
        """Have a file of documents labelled, one a line; Comprehend's id of the job. The same
        `job` again is the same job."""

    def labelled(self, job_id: str) -> LabellingState: ...


class Tokens(Model):
    """What a sign-in gives. `access` holds for so many `seconds`; `refresh`, where it is not "",
    gives further ones until it ends or is revoked."""

    access: str
    refresh: str = ""
    seconds: int = 3600


class Step(Model):
    """What a sign-in still waits for: a password of one's own, the code of one's second factor, or
    the first code of a second factor that is to be set up with `secret` (base32).

    `session` is the provider's handle of the sign-in, `username` its own name of who signs in.
    """

    asks: Literal["new_password", "code", "setup"]
    session: str
    username: str
    secret: str = ""


class SecondFactor(Model):
    """Whether somebody has one, and whether they could: the second factor of those who come from
    another identity provider is that provider's business."""

    on: bool
    offered: bool


class IdentityProvider(Protocol):
    """All of these raise Unauthenticated where password, session or token is wrong or too old,
    Invalid naming `code` or `new_password` where that is, and TooMany."""

    def login(self, email: str, password: str) -> Tokens | Step:
        """Raises Forbidden where the password has to be set anew first."""

    def answer(self, step: Step, given: str) -> Tokens | Step:
        """Go on with what the step asks for; a wrong code may be tried again with the same step."""

    def refresh(self, token: str) -> Tokens:
        """A new access token; `refresh` is "" unless there is a new one of that as well."""

    def revoke(self, token: str) -> None:
        """End a refresh token, and the access tokens that came from it."""

    def sign_out_everywhere(self, token: str) -> None:
        """End all tokens of whom the access token belongs to."""

    def forgot(self, email: str) -> None:
        """Have a code mailed. Tells nobody whether there is such a person."""

    def reset(self, email: str, code: str, new_password: str) -> None:
        """Set a password with that code, and end all tokens of the person."""

    def change_password(self, token: str, password: str, new_password: str) -> None:
        """Raises Invalid naming `password` where the present one is wrong."""

    def second_factor(self, token: str) -> SecondFactor: ...

    def begin_second_factor(self, token: str) -> str:
        """The secret (base32) of an authenticator that is to be set up."""

    def confirm_second_factor(self, token: str, code: str) -> None:
        """From now on a sign-in asks for a code of that authenticator."""

    def end_second_factor(self, token: str) -> None: ...

    def whoami(self, token: str) -> tuple[str, frozenset[str]]:
        """(e-mail address, groups) of a valid token."""


class SingleSignOn(Protocol):
    """Signing in at the company's own identity provider, by way of the user pool."""

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """The tokens for an authorization code (RFC 6749, 7636).

        Raises Unauthenticated where it is not accepted, Unavailable where nobody answers.
        """


class Person(Model):
    """Somebody who may sign in. `second_factor` is None where nobody asked."""

    email: str
    name: str = ""
    roles: frozenset[str] = frozenset()
    enabled: bool = True
    state: str = "active"  # invited: has not chosen a password yet; or the provider's own word
    second_factor: bool | None = None
    created_at: datetime | None = None


class Directory(Protocol):
    """Who may sign in. A person is named by the e-mail address; all but `invite` raise NotFound."""

    def people(self, limit: int, after: str) -> tuple[list[Person], str]:
        """Up to `limit` (60) people, without roles, and where to go on; "" at the end."""

    def members(self, role: str) -> frozenset[str]:
        """Addresses of all who have that role and may sign in."""

    def person(self, email: str) -> Person: ...

    def invite(self, email: str, name: str, again: bool = False) -> None:
        """Make an account and mail its temporary password; `again` mails another one. Raises
        Conflict where there is such an account."""

    def give(self, email: str, role: str) -> None: ...

    def take(self, email: str, role: str) -> None: ...

    def rename(self, email: str, name: str) -> None: ...

    def enable(self, email: str, on: bool) -> None:
        """Whether they may sign in."""

    def sign_out(self, email: str) -> None:
        """Every token of theirs ends."""

    def set_temporary(self, email: str, password: str) -> None:
        """A password that they have to replace at their next sign-in."""


class Secrets(Protocol):
    def signing_key(self) -> bytes: ...

    def public_url(self) -> str:
        """The address at which customers reach us, without a slash at the end."""

    def mastodon_token(self) -> str:
        """The access token of our account there, "" where none was set."""
