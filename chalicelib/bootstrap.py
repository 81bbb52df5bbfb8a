"""Puts the system together: which store, gateway, flow each handler works with.

`get()` gives this process its one application, made from the environment when first asked for;
everything inside is made when first used, so that a function pays only for what it touches.
A new flow, store or service is one line (see wiring.py) and its import for the type checker.
Tests and the simulation put their own in place with `install`.
"""

from __future__ import annotations

import secrets as randomness
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.access.rules import Signer
from chalicelib.errors import SendRefused
from chalicelib.ports import Clock, Ids, Secrets
from chalicelib.settings import Settings, from_environment
from chalicelib.store.cases import CaseStore
from chalicelib.store.cursors import Cursors
from chalicelib.store.settings import SettingsStore
from chalicelib.store.table import Table
from chalicelib.wiring import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.access.service import Sights
    from chalicelib.cases.service import CaseService
    from chalicelib.channels.settings import ChannelSettings
    from chalicelib.customers.service import CustomerService
    from chalicelib.flows.acknowledging import Acknowledging
    from chalicelib.flows.agreeing import Agreeing
    from chalicelib.flows.alerting import Alerting
    from chalicelib.flows.answering import Answering
    from chalicelib.flows.assigning import Assigning
    from chalicelib.flows.attaining import Attaining
    from chalicelib.flows.attending import Attending
    from chalicelib.flows.audience import Audiences
    from chalicelib.flows.auditing import Auditing
    from chalicelib.flows.authoring import Authoring
    from chalicelib.flows.availability import Availability
    from chalicelib.flows.batches import Batches
    from chalicelib.flows.botting import Botting
    from chalicelib.flows.braking import Braking
    from chalicelib.flows.bulk import Bulk
    from chalicelib.flows.bundling import Bundling
    from chalicelib.flows.calls import Calls
    from chalicelib.flows.casework import Casework
    from chalicelib.flows.chatting import Chatting
    from chalicelib.flows.classifying import Classifying
    from chalicelib.flows.contacts import Contacts
    from chalicelib.flows.counting import Counting
    from chalicelib.flows.crediting import Crediting
    from chalicelib.flows.deciding import Deciding
    from chalicelib.flows.delivery import Settling
    from chalicelib.flows.departments import Departments
    from chalicelib.flows.detecting import Detecting
    from chalicelib.flows.dispatching import Dispatching
    from chalicelib.flows.effecting import Effecting
    from chalicelib.flows.enclosing import Enclosing
    from chalicelib.flows.engines import EngineReports
    from chalicelib.flows.erasing import Erasing
    from chalicelib.flows.evidence import EvidencePackage
    from chalicelib.flows.examples import Examples
    from chalicelib.flows.exporting import Exporting
    from chalicelib.flows.figuring import Figuring
    from chalicelib.flows.finding import Finding
    from chalicelib.flows.following import Following
    from chalicelib.flows.followups import Followups
    from chalicelib.flows.handing_over import HandingOver
    from chalicelib.flows.helpdesk import Helpdesk
    from chalicelib.flows.holding import Holding
    from chalicelib.flows.hours import Hours
    from chalicelib.flows.importing import Importing
    from chalicelib.flows.in_case import InCase
    from chalicelib.flows.inbox import Inboxes
    from chalicelib.flows.indexing import Indexing
    from chalicelib.flows.informing import Informing
    from chalicelib.flows.intake import Intake
    from chalicelib.flows.issues import Issues
    from chalicelib.flows.joining import Joining
    from chalicelib.flows.labelling import Relabelling
    from chalicelib.flows.lacking import Lacking
    from chalicelib.flows.learning import Learning
    from chalicelib.flows.library import Library
    from chalicelib.flows.links import Links
    from chalicelib.flows.macros import MacroWork
    from chalicelib.flows.mail import MailIn
    from chalicelib.flows.meanings import Meanings
    from chalicelib.flows.missed import Missed
    from chalicelib.flows.modelling import Modelling
    from chalicelib.flows.noticed import NoticeAnswers
    from chalicelib.flows.noticing import Noticing
    from chalicelib.flows.notifying import Notifying
    from chalicelib.flows.offering import Offering
    from chalicelib.flows.opening import Opening
    from chalicelib.flows.outcomes import Outcomes
    from chalicelib.flows.outlets import Outlets
    from chalicelib.flows.outreach import Outreach
    from chalicelib.flows.own_fields import OwnFields
    from chalicelib.flows.owning import Owning
    from chalicelib.flows.passing_on import PassingOn
    from chalicelib.flows.people import People
    from chalicelib.flows.placing import Placing
    from chalicelib.flows.planning import Planning
    from chalicelib.flows.posting import Posting
    from chalicelib.flows.preferences import Preferences
    from chalicelib.flows.promising import Promising
    from chalicelib.flows.proving import Proving
    from chalicelib.flows.recipients import Recipients
    from chalicelib.flows.relating import Relating
    from chalicelib.flows.reminding import Reminding
    from chalicelib.flows.replay import Replaying
    from chalicelib.flows.replying import Replying
    from chalicelib.flows.rerouting import Rerouting
    from chalicelib.flows.searching import Searching
    from chalicelib.flows.sending import Sending
    from chalicelib.flows.signing_in import SigningIn
    from chalicelib.flows.snippets import SnippetWork
    from chalicelib.flows.snoozing import Snoozing
    from chalicelib.flows.staff import StaffMail
    from chalicelib.flows.staffing import Staffing
    from chalicelib.flows.starting import Starting
    from chalicelib.flows.suggesting import Suggesting
    from chalicelib.flows.sweeping import Sweeping
    from chalicelib.flows.team_learning import TeamLearning
    from chalicelib.flows.testing import Testing
    from chalicelib.flows.texting import Texting
    from chalicelib.flows.told import ToldSettling
    from chalicelib.flows.touching import Touching
    from chalicelib.flows.triage import Triage
    from chalicelib.flows.trying_out import TryingOut
    from chalicelib.flows.understanding import Understanding
    from chalicelib.flows.uploads import Uploads
    from chalicelib.flows.verifying import Verifying
    from chalicelib.flows.viewing import Viewing
    from chalicelib.flows.watching import Watching
    from chalicelib.flows.weighing import Weighing
    from chalicelib.flows.wording import Wording
    from chalicelib.gateways.mastodon import MastodonNetwork
    from chalicelib.knowledge.service import ArticleService
    from chalicelib.ports import (
        Classifiers,
        Comprehend,
        Directory,
        IdentityProvider,
        Mailer,
        Network,
        Objects,
        Queue,
        SingleSignOn,
        Sms,
        Webhooks,
        Worder,
    )
    from chalicelib.problems.service import Problems
    from chalicelib.store.agents import AgentStore
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.attainment import AttainmentStore
    from chalicelib.store.audit import AuditStore
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.case_lists import CaseLists
    from chalicelib.store.chats import ChatStore
    from chalicelib.store.codes import CodeStore
    from chalicelib.store.costs import CostStore
    from chalicelib.store.counts import CountStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.desk import DeskStore
    from chalicelib.store.effects import EffectStore
    from chalicelib.store.erasure import ErasureStore
    from chalicelib.store.labellings import LabellingStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.lessons import LessonStore
    from chalicelib.store.models import ModelStore
    from chalicelib.store.networks import NetworkStore
    from chalicelib.store.notifications import NotificationStore
    from chalicelib.store.opinions import OpinionStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.quarantine import QuarantineStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.rates import RateStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.snippets import SnippetStore
    from chalicelib.store.trends import TrendStore
    from chalicelib.store.uploads import UploadStore
    from chalicelib.store.views import ViewStore
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


def rehearsal_clock(file: str) -> Clock:
    """The clock of a rehearsal: so many seconds ahead as the file says, the real one without it."""

    def now() -> datetime:
        try:
            ahead = float(Path(file).read_text(encoding="ascii"))
        except FileNotFoundError:
            ahead = 0.0
        return utc_now() + timedelta(seconds=ahead)

    return now


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
    def documents(self) -> SettingsStore:
        return SettingsStore(self.table, self.clock)

    @cached_property
    def cursors(self) -> Cursors:
        return Cursors(lambda body: self.signer.sign("cursor", body.hex()))

    erasure: Part[ErasureStore] = Part("store.erasure.ErasureStore")
    audit: Part[AuditStore] = Part("store.audit.AuditStore")
    attainment: Part[AttainmentStore] = Part("store.attainment.AttainmentStore")
    customers: Part[CustomerStore] = Part("store.customers.CustomerStore")
    ledger: Part[Ledger] = Part("store.ledger.Ledger")
    reactions: Part[ReactionStore] = Part("store.reactions.ReactionStore")
    quarantine: Part[QuarantineStore] = Part("store.quarantine.QuarantineStore")
    counts: Part[CountStore] = Part("store.counts.CountStore")
    campaigns: Part[CampaignStore] = Part("store.campaigns.CampaignStore")
    effects: Part[EffectStore] = Part("store.effects.EffectStore")
    chats: Part[ChatStore] = Part("store.chats.ChatStore")
    articles: Part[ArticleStore] = Part("store.articles.ArticleStore")
    questions: Part[QuestionStore] = Part("store.questions.QuestionStore")
    trends: Part[TrendStore] = Part("store.trends.TrendStore")
    problems: Part[ProblemStore] = Part("store.problems.ProblemStore")
    agents: Part[AgentStore] = Part("store.agents.AgentStore")
    lessons: Part[LessonStore] = Part("store.lessons.LessonStore")
    models: Part[ModelStore] = Part("store.models.ModelStore")
    costs: Part[CostStore] = Part("store.costs.CostStore")
    opinions: Part[OpinionStore] = Part("store.opinions.OpinionStore")
    labellings: Part[LabellingStore] = Part("store.labellings.LabellingStore")
    desk: Part[DeskStore] = Part("store.desk.DeskStore")
    view_store: Part[ViewStore] = Part("store.views.ViewStore")
    notifications: Part[NotificationStore] = Part("store.notifications.NotificationStore")
    rates: Part[RateStore] = Part("store.rates.RateStore")
    codes: Part[CodeStore] = Part("store.codes.CodeStore")
    networks: Part[NetworkStore] = Part("store.networks.NetworkStore")
    snippets: Part[SnippetStore] = Part("store.snippets.SnippetStore")
    upload_store: Part[UploadStore] = Part("store.uploads.UploadStore")

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
    def webhooks(self) -> Webhooks:
        from chalicelib.gateways.signed_post import SignedEvents

        return SignedEvents(self.clock)

    @cached_property
    def sms(self) -> Sms:
        from chalicelib.gateways.sms import EndUserSms

        return EndUserSms(self._clients["pinpoint-sms-voice-v2"], self.settings.configuration_set)

    @cached_property
    def comprehend(self) -> Comprehend:
        from chalicelib.gateways.comprehend import AmazonComprehend

        return AmazonComprehend(self._clients["comprehend"])

    @cached_property
    def worder(self) -> Worder:
        from chalicelib.gateways.bedrock import BedrockWorder

        return BedrockWorder(self._clients["bedrock-runtime"])

    @cached_property
    def classifiers(self) -> Classifiers:
        from chalicelib.gateways.classifiers import ComprehendClassifiers

        return ComprehendClassifiers(
            self._clients["comprehend"],
            self.settings.bucket,
            self.settings.classifier_role,
            f"custops-{self.settings.stage}",
        )

    @cached_property
    def identity(self) -> IdentityProvider:
        from chalicelib.gateways.identity import CognitoIdentity

        client, settings = self._clients["cognito-idp"], self.settings
        return CognitoIdentity(client, settings.user_pool_client_id, settings.user_pool_id)

    @cached_property
    def sso(self) -> SingleSignOn | None:
        """None where the company's own identity provider is not set up."""
        if not self.settings.sso_domain:
            return None
        from chalicelib.gateways.sso import CognitoPages

        address = f"https://{self.settings.sso_domain}"
        return CognitoPages(address, self.settings.user_pool_client_id)

    @cached_property
    def directory(self) -> Directory:
        from chalicelib.gateways.directory import CognitoDirectory

        return CognitoDirectory(self._clients["cognito-idp"], self.settings.user_pool_id)

    @cached_property
    def secrets(self) -> Secrets:
        from chalicelib.gateways.secrets import SsmSecrets

        return SsmSecrets(self._clients["ssm"], self.settings.parameter_path)

    @cached_property
    def signer(self) -> Signer:
        return Signer(self.secrets.signing_key())

    @property
    def public_url(self) -> str:
        return self.secrets.public_url()

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

    intake: Part[Intake] = Part("flows.intake.Intake")
    promising: Part[Promising] = Part("flows.promising.Promising")
    reminding: Part[Reminding] = Part("flows.reminding.Reminding")
    attaining: Part[Attaining] = Part("flows.attaining.Attaining")
    agreeing: Part[Agreeing] = Part("flows.agreeing.Agreeing")
    mail_in: Part[MailIn] = Part("flows.mail.MailIn", staff="staff_mail")
    texting: Part[Texting] = Part("flows.texting.Texting")
    staff_mail: Part[StaffMail] = Part("flows.staff.StaffMail")
    triage: Part[Triage] = Part("flows.triage.Triage")
    placing: Part[Placing] = Part("flows.placing.Placing")
    hours: Part[Hours] = Part("flows.hours.Hours")
    rerouting: Part[Rerouting] = Part("flows.rerouting.Rerouting")
    team_learning: Part[TeamLearning] = Part("flows.team_learning.TeamLearning")
    trying_out: Part[TryingOut] = Part("flows.trying_out.TryingOut")
    availability: Part[Availability] = Part("flows.availability.Availability")
    assigning: Part[Assigning] = Part("flows.assigning.Assigning")
    understanding: Part[Understanding] = Part("flows.understanding.Understanding")
    deciding: Part[Deciding] = Part("flows.deciding.Deciding")
    learning: Part[Learning] = Part("flows.learning.Learning")
    examples: Part[Examples] = Part("flows.examples.Examples")
    modelling: Part[Modelling] = Part("flows.modelling.Modelling")
    classifying: Part[Classifying] = Part("flows.classifying.Classifying")
    relabelling: Part[Relabelling] = Part("flows.labelling.Relabelling")
    engine_reports: Part[EngineReports] = Part("flows.engines.EngineReports", cost_store="costs")
    replying: Part[Replying] = Part("flows.replying.Replying")
    acknowledging: Part[Acknowledging] = Part("flows.acknowledging.Acknowledging")
    outlets: Part[Outlets] = Part("flows.outlets.Outlets")
    posting: Part[Posting] = Part("flows.posting.Posting", networks="network")
    missed: Part[Missed] = Part("flows.missed.Missed")
    chatting: Part[Chatting] = Part("flows.chatting.Chatting")
    contacts: Part[Contacts] = Part("flows.contacts.Contacts")
    calls: Part[Calls] = Part("flows.calls.Calls")
    sending: Part[Sending] = Part("flows.sending.Sending")
    settling: Part[Settling] = Part("flows.delivery.Settling")
    batches: Part[Batches] = Part("flows.batches.Batches")
    told: Part[ToldSettling] = Part("flows.told.ToldSettling")
    audiences: Part[Audiences] = Part("flows.audience.Audiences")
    outreach: Part[Outreach] = Part("flows.outreach.Outreach")
    planning: Part[Planning] = Part("flows.planning.Planning")
    notifying: Part[Notifying] = Part("flows.notifying.Notifying")
    followups: Part[Followups] = Part("flows.followups.Followups")
    noticed: Part[NoticeAnswers] = Part("flows.noticed.NoticeAnswers")
    preferences: Part[Preferences] = Part("flows.preferences.Preferences")
    effecting: Part[Effecting] = Part("flows.effecting.Effecting")
    testing: Part[Testing] = Part("flows.testing.Testing")
    braking: Part[Braking] = Part("flows.braking.Braking")
    in_case: Part[InCase] = Part("flows.in_case.InCase")
    counting: Part[Counting] = Part("flows.counting.Counting")
    sweeping: Part[Sweeping] = Part("flows.sweeping.Sweeping")
    watching: Part[Watching] = Part("flows.watching.Watching")
    noticing: Part[Noticing] = Part("flows.noticing.Noticing")
    detecting: Part[Detecting] = Part("flows.detecting.Detecting")

    # --- what people ask for through the API -------------------------------------------------

    staffing: Part[Staffing] = Part("flows.staffing.Staffing")
    auditing: Part[Auditing] = Part("flows.auditing.Auditing")
    sights: Part[Sights] = Part("access.service.Sights")
    signing_in: Part[SigningIn] = Part("flows.signing_in.SigningIn")
    case_lists: Part[CaseLists] = Part("store.case_lists.CaseLists")
    case_service: Part[CaseService] = Part("cases.service.CaseService")
    customer_service: Part[CustomerService] = Part("customers.service.CustomerService")
    article_service: Part[ArticleService] = Part("knowledge.service.ArticleService")
    library: Part[Library] = Part("flows.library.Library")
    meanings: Part[Meanings] = Part("flows.meanings.Meanings")
    authoring: Part[Authoring] = Part("flows.authoring.Authoring", service="article_service")
    wording: Part[Wording] = Part("flows.wording.Wording")
    finding: Part[Finding] = Part("flows.finding.Finding")
    outcomes: Part[Outcomes] = Part("flows.outcomes.Outcomes")
    answering: Part[Answering] = Part("flows.answering.Answering")
    botting: Part[Botting] = Part("flows.botting.Botting")
    crediting: Part[Crediting] = Part("flows.crediting.Crediting")
    figuring: Part[Figuring] = Part("flows.figuring.Figuring")
    lacking: Part[Lacking] = Part("flows.lacking.Lacking")
    offering: Part[Offering] = Part("flows.offering.Offering")
    macro_work: Part[MacroWork] = Part("flows.macros.MacroWork")
    snippet_work: Part[SnippetWork] = Part("flows.snippets.SnippetWork")
    suggesting: Part[Suggesting] = Part("flows.suggesting.Suggesting")
    indexing: Part[Indexing] = Part("flows.indexing.Indexing")
    problem_service: Part[Problems] = Part("problems.service.Problems")
    informing: Part[Informing] = Part("flows.informing.Informing")
    relating: Part[Relating] = Part("flows.relating.Relating")
    evidence_package: Part[EvidencePackage] = Part("flows.evidence.EvidencePackage")
    handing_over: Part[HandingOver] = Part("flows.handing_over.HandingOver")
    dispatching: Part[Dispatching] = Part("flows.dispatching.Dispatching")
    departments: Part[Departments] = Part("flows.departments.Departments")
    issues: Part[Issues] = Part("flows.issues.Issues")
    verifying: Part[Verifying] = Part("flows.verifying.Verifying")
    owning: Part[Owning] = Part("flows.owning.Owning")
    weighing: Part[Weighing] = Part("flows.weighing.Weighing")
    trend_service: Part[TrendService] = Part("trends.service.TrendService")
    bulk: Part[Bulk] = Part("flows.bulk.Bulk")
    holding: Part[Holding] = Part("flows.holding.Holding")
    enclosing: Part[Enclosing] = Part("flows.enclosing.Enclosing")
    recipients: Part[Recipients] = Part("flows.recipients.Recipients")
    attending: Part[Attending] = Part("flows.attending.Attending")
    starting: Part[Starting] = Part("flows.starting.Starting")
    searching: Part[Searching] = Part("flows.searching.Searching")
    viewing: Part[Viewing] = Part("flows.viewing.Viewing")
    following: Part[Following] = Part("flows.following.Following")
    inboxes: Part[Inboxes] = Part("flows.inbox.Inboxes")
    alerting: Part[Alerting] = Part("flows.alerting.Alerting")
    bundling: Part[Bundling] = Part("flows.bundling.Bundling")
    casework: Part[Casework] = Part("flows.casework.Casework")
    passing_on: Part[PassingOn] = Part("flows.passing_on.PassingOn")
    snoozing: Part[Snoozing] = Part("flows.snoozing.Snoozing")
    own_fields: Part[OwnFields] = Part("flows.own_fields.OwnFields")
    touching: Part[Touching] = Part("flows.touching.Touching")
    joining: Part[Joining] = Part("flows.joining.Joining")
    people: Part[People] = Part("flows.people.People")
    erasing: Part[Erasing] = Part("flows.erasing.Erasing")
    exporting: Part[Exporting] = Part("flows.exporting.Exporting")
    proving: Part[Proving] = Part("flows.proving.Proving")
    opening: Part[Opening] = Part("flows.opening.Opening")
    importing: Part[Importing] = Part("flows.importing.Importing")
    replaying: Part[Replaying] = Part("flows.replay.Replaying")
    uploads: Part[Uploads] = Part("flows.uploads.Uploads", store="upload_store")
    links: Part[Links] = Part("flows.links.Links")
    helpdesk: Part[Helpdesk] = Part("flows.helpdesk.Helpdesk", service="case_service")


_installed: Application | None = None


def get() -> Application:
    """This process's application; made from the environment at the first call."""
    global _installed
    if _installed is None:
        settings = from_environment()
        clock = rehearsal_clock(settings.clock_file) if settings.clock_file else utc_now
        _installed = Application(settings, clock=clock)
    return _installed


def install(application: Application | None) -> None:
    """Put an application in place of the one from the environment; None forgets it."""
    global _installed
    _installed = application
