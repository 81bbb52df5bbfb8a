"""Puts the system together: which store, gateway, flow each handler works with.

`get()` gives this process its one application, made from the environment when first asked for;
everything inside is made when first used, so that a function pays only for what it touches.
Tests and the simulation put their own in place with `install`.
"""

from __future__ import annotations

import secrets as randomness
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.access.rules import Signer
from chalicelib.errors import SendRefused
from chalicelib.ports import Clock, Ids, Secrets
from chalicelib.settings import Settings, from_environment
from chalicelib.store.cases import CaseStore
from chalicelib.store.counts import CountStore
from chalicelib.store.cursors import Cursors
from chalicelib.store.customers import CustomerStore
from chalicelib.store.ledger import Ledger
from chalicelib.store.quarantine import QuarantineStore
from chalicelib.store.reactions import ReactionStore
from chalicelib.store.settings import SettingsStore
from chalicelib.store.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.cases.service import CaseService
    from chalicelib.channels.settings import ChannelSettings
    from chalicelib.customers.service import CustomerService
    from chalicelib.flows.acknowledging import Acknowledging
    from chalicelib.flows.answering import Answering
    from chalicelib.flows.audience import Audiences
    from chalicelib.flows.authoring import Authoring
    from chalicelib.flows.batches import Batches
    from chalicelib.flows.calls import Calls
    from chalicelib.flows.casework import Casework
    from chalicelib.flows.chatting import Chatting
    from chalicelib.flows.contacts import Contacts
    from chalicelib.flows.counting import Counting
    from chalicelib.flows.deciding import Deciding
    from chalicelib.flows.delivery import Settling
    from chalicelib.flows.detecting import Detecting
    from chalicelib.flows.helpdesk import Helpdesk
    from chalicelib.flows.importing import Importing
    from chalicelib.flows.indexing import Indexing
    from chalicelib.flows.intake import Intake
    from chalicelib.flows.joining import Joining
    from chalicelib.flows.learning import Learning
    from chalicelib.flows.library import Library
    from chalicelib.flows.links import Links
    from chalicelib.flows.mail import MailIn
    from chalicelib.flows.missed import Missed
    from chalicelib.flows.modelling import Modelling
    from chalicelib.flows.notifying import Notifying
    from chalicelib.flows.opening import Opening
    from chalicelib.flows.outlets import Outlets
    from chalicelib.flows.outreach import Outreach
    from chalicelib.flows.people import People
    from chalicelib.flows.planning import Planning
    from chalicelib.flows.posting import Posting
    from chalicelib.flows.proving import Proving
    from chalicelib.flows.replay import Replaying
    from chalicelib.flows.replying import Replying
    from chalicelib.flows.sending import Sending
    from chalicelib.flows.staff import StaffMail
    from chalicelib.flows.suggesting import Suggesting
    from chalicelib.flows.sweeping import Sweeping
    from chalicelib.flows.texting import Texting
    from chalicelib.flows.told import ToldSettling
    from chalicelib.flows.triage import Triage
    from chalicelib.flows.uploads import Uploads
    from chalicelib.gateways.mastodon import MastodonNetwork
    from chalicelib.knowledge.service import ArticleService
    from chalicelib.ports import Comprehend, IdentityProvider, Mailer, Network, Objects, Queue, Sms
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.case_lists import CaseLists
    from chalicelib.store.chats import ChatStore
    from chalicelib.store.lessons import LessonStore
    from chalicelib.store.models import ModelStore
    from chalicelib.store.trends import TrendStore
    from chalicelib.trends.service import TrendService

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class RandomIds:
    """ULIDs (48 bits of milliseconds, 80 random bits) and random references."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self) -> str:
        number = (int(self._clock().timestamp() * 1000) << 80) | randomness.randbits(80)
        return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))

    def reference(self) -> str:
        return "C-" + "".join(randomness.choice(CROCKFORD) for _ in range(6))


def utc_now() -> datetime:
    return datetime.now(UTC)


class Application:
    """One installation, as this process sees it. `clients` maps a service's name to its client."""

    def __init__(
        self,
        settings: Settings,
        clients: Mapping[str, Any] | None = None,
        clock: Clock = utc_now,
        ids: Ids | None = None,
    ) -> None:
        from chalicelib.gateways.clients import Clients

        self.settings = settings
        self.clock = clock
        self.ids: Ids = ids or RandomIds(clock)
        self._clients: Mapping[str, Any] | Clients = Clients() if clients is None else clients
        self._instances: dict[str, MastodonNetwork] = {}

    # --- store ---------------------------------------------------------------------------

    @cached_property
    def table(self) -> Table:
        return Table(self._clients["dynamodb"], self.settings.table)

    @cached_property
    def cases(self) -> CaseStore:
        return CaseStore(self.table, self.settings.cases_shards)

    @cached_property
    def customers(self) -> CustomerStore:
        return CustomerStore(self.table)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.table)

    @cached_property
    def reactions(self) -> ReactionStore:
        return ReactionStore(self.table)

    @cached_property
    def quarantine(self) -> QuarantineStore:
        return QuarantineStore(self.table)

    @cached_property
    def documents(self) -> SettingsStore:
        return SettingsStore(self.table, self.clock)

    @cached_property
    def counts(self) -> CountStore:
        return CountStore(self.table)

    @cached_property
    def campaigns(self) -> CampaignStore:
        from chalicelib.store.campaigns import CampaignStore

        return CampaignStore(self.table)

    @cached_property
    def chats(self) -> ChatStore:
        from chalicelib.store.chats import ChatStore

        return ChatStore(self.table)

    @cached_property
    def articles(self) -> ArticleStore:
        from chalicelib.store.articles import ArticleStore

        return ArticleStore(self.table)

    @cached_property
    def trends(self) -> TrendStore:
        from chalicelib.store.trends import TrendStore

        return TrendStore(self.table)

    @cached_property
    def lessons(self) -> LessonStore:
        from chalicelib.store.lessons import LessonStore

        return LessonStore(self.table)

    @cached_property
    def models(self) -> ModelStore:
        from chalicelib.store.models import ModelStore

        return ModelStore(self.table)

    @cached_property
    def cursors(self) -> Cursors:
        return Cursors(lambda body: self.signer().sign("cursor", body.hex()))

    # --- gateways ------------------------------------------------------------------------

    @cached_property
    def objects(self) -> Objects:
        from chalicelib.gateways.objects import S3Objects

        return S3Objects(self._clients["s3"], self.settings.bucket)

    @cached_property
    def queue(self) -> Queue:
        from chalicelib.gateways.queue import SqsQueue

        return SqsQueue(self._clients["sqs"], self.settings.queues)

    @cached_property
    def mailer(self) -> Mailer:
        from chalicelib.gateways.mailer import SesMailer

        return SesMailer(self._clients["sesv2"], self.settings.configuration_set)

    @cached_property
    def sms(self) -> Sms:
        from chalicelib.gateways.sms import EndUserSms

        return EndUserSms(self._clients["pinpoint-sms-voice-v2"], self.settings.configuration_set)

    @cached_property
    def comprehend(self) -> Comprehend:
        from chalicelib.gateways.comprehend import AmazonComprehend

        return AmazonComprehend(self._clients["comprehend"])

    @cached_property
    def identity(self) -> IdentityProvider:
        from chalicelib.gateways.identity import CognitoIdentity

        return CognitoIdentity(self._clients["cognito-idp"], self.settings.user_pool_client_id)

    @cached_property
    def secrets(self) -> Secrets:
        from chalicelib.gateways.secrets import SsmSecrets

        return SsmSecrets(self._clients["ssm"], self.settings.parameter_path)

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self.secrets.signing_key())

    def signer(self) -> Signer:
        return self._signer

    def mastodon(self, instance: str) -> MastodonNetwork | None:
        """Our account on that instance, None where its token was never set."""
        if instance not in self._instances:
            token = self.secrets.mastodon_token()
            if not token:
                return None
            from chalicelib.gateways.mastodon import MastodonNetwork

            self._instances[instance] = MastodonNetwork(instance, token)
        return self._instances[instance]

    def network(self, source: str, settings: ChannelSettings) -> Network:
        """The way to answer a source of posts; raises SendRefused where there is none."""
        if source == "mastodon" and settings.mastodon:
            account = self.mastodon(settings.mastodon.instance)
            if account:
                return account
        known = settings.inbound.get(source)
        if known and known.reply_url:
            from chalicelib.gateways.signed_post import SignedPosts

            return SignedPosts(known.reply_url, known.secrets[0], self.clock)
        raise SendRefused(f"{source} cannot be answered: it is not set up for that")

    # --- flows ---------------------------------------------------------------------------

    @cached_property
    def intake(self) -> Intake:
        from chalicelib.flows.intake import Intake

        return Intake(
            table=self.table,
            cases=self.cases,
            customers=self.customers,
            ledger=self.ledger,
            reactions=self.reactions,
            quarantine=self.quarantine,
            settings=self.documents,
            objects=lambda: self.objects,
            signer=self.signer,
            clock=self.clock,
            ids=self.ids,
            support_address=self.settings.support_address,
        )

    @cached_property
    def mail_in(self) -> MailIn:
        from chalicelib.flows.mail import MailIn

        return MailIn(
            staff=self.staff_mail,
            settling=self.settling,
            table=self.table,
            ledger=self.ledger,
            quarantine=self.quarantine,
            settings=self.documents,
            objects=self.objects,
            clock=self.clock,
            support_address=self.settings.support_address,
        )

    @cached_property
    def texting(self) -> Texting:
        from chalicelib.flows.texting import Texting

        return Texting(
            intake=self.intake,
            table=self.table,
            cases=self.cases,
            customers=self.customers,
            ledger=self.ledger,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def staff_mail(self) -> StaffMail:
        from chalicelib.flows.staff import StaffMail

        return StaffMail(
            intake=self.intake,
            replying=self.replying,
            cases=self.cases,
            ledger=self.ledger,
            settings=self.documents,
            objects=lambda: self.objects,
            clock=self.clock,
            support_address=self.settings.support_address,
        )

    @cached_property
    def triage(self) -> Triage:
        from chalicelib.flows.triage import Triage

        return Triage(
            table=self.table,
            cases=self.cases,
            customers=self.customers,
            reactions=self.reactions,
            settings=self.documents,
            deciding=self.deciding,
            comprehend=lambda: self.comprehend,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def deciding(self) -> Deciding:
        from chalicelib.flows.deciding import Deciding

        return Deciding(settings=self.documents, models=self.models, objects=lambda: self.objects)

    @cached_property
    def learning(self) -> Learning:
        from chalicelib.flows.learning import Learning

        return Learning(cases=self.cases, lessons=self.lessons)

    @cached_property
    def modelling(self) -> Modelling:
        from chalicelib.flows.examples import Examples
        from chalicelib.flows.modelling import Modelling

        return Modelling(
            table=self.table,
            models=self.models,
            reactions=self.reactions,
            examples=Examples(self.documents, self.lessons, self.cases, self.learning),
            deciding=self.deciding,
            objects=lambda: self.objects,
            cursors=self.cursors,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def replying(self) -> Replying:
        from chalicelib.flows.replying import Replying

        return Replying(
            table=self.table,
            cases=self.cases,
            customers=self.customers,
            ledger=self.ledger,
            reactions=self.reactions,
            outlets=self.outlets,
            objects=lambda: self.objects,
            clock=self.clock,
            ids=self.ids,
            support_address=self.settings.support_address,
            sms_number=self.settings.sms_number,
        )

    @cached_property
    def acknowledging(self) -> Acknowledging:
        from chalicelib.flows.acknowledging import Acknowledging

        return Acknowledging(
            table=self.table,
            cases=self.cases,
            ledger=self.ledger,
            reactions=self.reactions,
            settings=self.documents,
            replying=self.replying,
            signer=self.signer,
            public_url=lambda: self.secrets.public_url(),
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def outlets(self) -> Outlets:
        from chalicelib.flows.outlets import Outlets

        return Outlets(
            cases=self.cases,
            ledger=self.ledger,
            chats=self.chats,
            settings=self.documents,
            clock=self.clock,
        )

    @cached_property
    def posting(self) -> Posting:
        from chalicelib.flows.posting import Posting

        return Posting(
            cases=self.cases,
            ledger=self.ledger,
            settings=self.documents,
            outlets=self.outlets,
            networks=self.network,
        )

    @cached_property
    def missed(self) -> Missed:
        from chalicelib.flows.missed import Missed

        return Missed(
            table=self.table,
            cases=self.cases,
            customers=self.customers,
            chats=self.chats,
            reactions=self.reactions,
            outlets=self.outlets,
            replying=self.replying,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def chatting(self) -> Chatting:
        from chalicelib.flows.chatting import Chatting
        from chalicelib.store.rates import RateStore

        return Chatting(
            intake=self.intake,
            cases=self.cases,
            customers=self.customers,
            chats=self.chats,
            rates=RateStore(self.table),
            settings=self.documents,
            cursors=self.cursors,
            objects=lambda: self.objects,
            signer=self.signer,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def contacts(self) -> Contacts:
        from chalicelib.flows.contacts import Contacts
        from chalicelib.store.networks import NetworkStore

        return Contacts(
            intake=self.intake,
            table=self.table,
            cases=self.cases,
            customers=self.customers,
            ledger=self.ledger,
            quarantine=self.quarantine,
            networks=NetworkStore(self.table),
            settings=self.documents,
            mastodon=self.mastodon,
            clock=self.clock,
        )

    @cached_property
    def calls(self) -> Calls:
        from chalicelib.flows.calls import Calls

        return Calls(customers=self.customers)

    @cached_property
    def sending(self) -> Sending:
        from chalicelib.flows.sending import Sending

        return Sending(
            table=self.table,
            cases=self.cases,
            ledger=self.ledger,
            reactions=self.reactions,
            settings=self.documents,
            objects=lambda: self.objects,
            mailer=lambda: self.mailer,
            sms=lambda: self.sms,
            posting=lambda: self.posting,
            missed=lambda: self.missed,
            signer=self.signer,
            clock=self.clock,
            ids=self.ids,
            region=self.settings.region,
        )

    @cached_property
    def settling(self) -> Settling:
        from chalicelib.flows.delivery import Settling

        return Settling(
            table=self.table,
            cases=self.cases,
            customers=self.customers,
            ledger=self.ledger,
            reactions=self.reactions,
            sending=self.sending,
            told=self.told,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def batches(self) -> Batches:
        from chalicelib.flows.batches import Batches

        return Batches(
            table=self.table,
            cases=self.cases,
            campaigns=self.campaigns,
            ledger=self.ledger,
            reactions=self.reactions,
            sending=self.sending,
            clock=self.clock,
        )

    @cached_property
    def told(self) -> ToldSettling:
        from chalicelib.flows.told import ToldSettling

        return ToldSettling(
            table=self.table,
            campaigns=self.campaigns,
            customers=self.customers,
            clock=self.clock,
        )

    @cached_property
    def audiences(self) -> Audiences:
        from chalicelib.flows.audience import Audiences

        return Audiences(
            counts=self.counts,
            settings=self.documents,
            signer=self.signer,
            public_url=lambda: self.secrets.public_url(),
        )

    @cached_property
    def outreach(self) -> Outreach:
        from chalicelib.flows.outreach import Outreach

        return Outreach(
            table=self.table,
            campaigns=self.campaigns,
            trends=self.trends,
            reactions=self.reactions,
            clock=self.clock,
            ids=self.ids,
            customers=self.customers,
            audiences=self.audiences,
            signer=self.signer,
        )

    @cached_property
    def planning(self) -> Planning:
        from chalicelib.flows.planning import Planning

        return Planning(
            table=self.table,
            campaigns=self.campaigns,
            customers=self.customers,
            reactions=self.reactions,
            audiences=self.audiences,
            mailer=lambda: self.mailer,
            queue=self.queue,
            clock=self.clock,
            stage=self.settings.stage,
        )

    @cached_property
    def notifying(self) -> Notifying:
        from chalicelib.flows.notifying import Notifying

        return Notifying(
            table=self.table,
            campaigns=self.campaigns,
            audiences=self.audiences,
            mailer=lambda: self.mailer,
            sms=lambda: self.sms,
            signer=self.signer,
            clock=self.clock,
            stage=self.settings.stage,
            support_address=self.settings.support_address,
            sms_number=self.settings.sms_number,
        )

    @cached_property
    def counting(self) -> Counting:
        from chalicelib.flows.counting import Counting

        return Counting(
            table=self.table,
            cases=self.cases,
            counts=self.counts,
            reactions=self.reactions,
            clock=self.clock,
        )

    @cached_property
    def sweeping(self) -> Sweeping:
        from chalicelib.flows.sweeping import Sweeping

        return Sweeping(
            table=self.table,
            ledger=self.ledger,
            reactions=self.reactions,
            quarantine=self.quarantine,
            objects=self.objects,
            queue=self.queue,
            clock=self.clock,
        )

    @cached_property
    def detecting(self) -> Detecting:
        from chalicelib.flows.detecting import Detecting

        return Detecting(
            counts=self.counts,
            trends=self.trends,
            settings=self.documents,
            clock=self.clock,
            ids=self.ids,
        )

    # --- what people ask for through the API -------------------------------------------------

    @cached_property
    def case_lists(self) -> CaseLists:
        from chalicelib.store.case_lists import CaseLists

        return CaseLists(self.table, self.cases)

    @cached_property
    def case_service(self) -> CaseService:
        from chalicelib.cases.service import CaseService

        return CaseService(cases=self.cases, lists=self.case_lists, cursors=self.cursors)

    @cached_property
    def customer_service(self) -> CustomerService:
        from chalicelib.customers.service import CustomerService

        return CustomerService(
            table=self.table,
            customers=self.customers,
            lists=self.case_lists,
            cursors=self.cursors,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def article_service(self) -> ArticleService:
        from chalicelib.knowledge.service import ArticleService

        return ArticleService(
            articles=self.articles, cursors=self.cursors, clock=self.clock, ids=self.ids
        )

    @cached_property
    def library(self) -> Library:
        from chalicelib.flows.library import Library

        return Library(
            articles=self.articles,
            settings=self.documents,
            objects=lambda: self.objects,
            clock=self.clock,
        )

    @cached_property
    def authoring(self) -> Authoring:
        from chalicelib.flows.authoring import Authoring

        return Authoring(
            library=self.library,
            articles=self.articles,
            service=self.article_service,
            cases=self.cases,
        )

    @cached_property
    def answering(self) -> Answering:
        from chalicelib.flows.answering import Answering
        from chalicelib.store.rates import RateStore

        return Answering(
            library=self.library,
            articles=self.articles,
            helpdesk=lambda: self.helpdesk,
            rates=RateStore(self.table),
            settings=self.documents,
            signer=self.signer,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def suggesting(self) -> Suggesting:
        from chalicelib.flows.suggesting import Suggesting

        return Suggesting(
            library=self.library,
            articles=self.articles,
            cases=self.cases,
            lists=self.case_lists,
            settings=self.documents,
        )

    @cached_property
    def indexing(self) -> Indexing:
        from chalicelib.flows.indexing import Indexing

        return Indexing(
            table=self.table,
            articles=self.articles,
            cases=self.cases,
            objects=lambda: self.objects,
            clock=self.clock,
        )

    @cached_property
    def trend_service(self) -> TrendService:
        from chalicelib.trends.service import TrendService

        return TrendService(trends=self.trends, cursors=self.cursors, clock=self.clock)

    @cached_property
    def casework(self) -> Casework:
        from chalicelib.flows.casework import Casework

        return Casework(
            cases=self.cases,
            reactions=self.reactions,
            settings=self.documents,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def joining(self) -> Joining:
        from chalicelib.flows.joining import Joining

        return Joining(
            table=self.table,
            cases=self.cases,
            ledger=self.ledger,
            reactions=self.reactions,
            sending=lambda: self.sending,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def people(self) -> People:
        from chalicelib.flows.people import People

        return People(
            table=self.table,
            customers=self.customers,
            cases=self.cases,
            reactions=self.reactions,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def proving(self) -> Proving:
        from chalicelib.flows.proving import Proving
        from chalicelib.store.codes import CodeStore
        from chalicelib.store.rates import RateStore

        return Proving(
            table=self.table,
            customers=self.customers,
            cases=self.cases,
            codes=CodeStore(self.table),
            rates=RateStore(self.table),
            people=self.people,
            sms=lambda: self.sms,
            signer=self.signer,
            clock=self.clock,
            ids=self.ids,
            sms_number=self.settings.sms_number,
        )

    @cached_property
    def opening(self) -> Opening:
        from chalicelib.flows.opening import Opening

        return Opening(
            table=self.table,
            cases=self.cases,
            customers=self.customers,
            ledger=self.ledger,
            reactions=self.reactions,
            settings=self.documents,
            replying=self.replying,
            objects=lambda: self.objects,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def importing(self) -> Importing:
        from chalicelib.flows.importing import Importing

        return Importing(table=self.table, customers=self.customers, clock=self.clock, ids=self.ids)

    @cached_property
    def replaying(self) -> Replaying:
        from chalicelib.flows.replay import Replaying

        return Replaying(
            table=self.table,
            quarantine=self.quarantine,
            cursors=self.cursors,
            queue=self.queue,
            objects=lambda: self.objects,
            clock=self.clock,
        )

    @cached_property
    def uploads(self) -> Uploads:
        from chalicelib.flows.uploads import Uploads
        from chalicelib.store.uploads import UploadStore

        return Uploads(
            store=UploadStore(self.table),
            ledger=self.ledger,
            settings=self.documents,
            objects=lambda: self.objects,
            signer=self.signer,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def links(self) -> Links:
        from chalicelib.flows.links import Links

        return Links(
            cases=self.cases,
            replying=self.replying,
            signer=self.signer,
            public_url=lambda: self.secrets.public_url(),
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def helpdesk(self) -> Helpdesk:
        from chalicelib.flows.helpdesk import Helpdesk
        from chalicelib.store.rates import RateStore

        return Helpdesk(
            intake=self.intake,
            cases=self.cases,
            service=self.case_service,
            uploads=self.uploads,
            rates=RateStore(self.table),
            settings=self.documents,
            objects=lambda: self.objects,
            signer=self.signer,
            public_url=lambda: self.secrets.public_url(),
            clock=self.clock,
            ids=self.ids,
        )


_installed: Application | None = None


def get() -> Application:
    """This process's application; made from the environment at the first call."""
    global _installed
    if _installed is None:
        _installed = Application(from_environment())
    return _installed


def install(application: Application | None) -> None:
    """Put an application in place of the one from the environment; None forgets it."""
    global _installed
    _installed = application
