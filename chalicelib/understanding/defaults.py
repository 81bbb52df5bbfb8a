"""The priority rules that a new installation starts with; an administrator may change them all."""

from __future__ import annotations

from pydantic import Field, field_validator

from chalicelib.base import Model
from chalicelib.understanding.models import Priority, PriorityRule, SentimentLabel


def _words(**lists: str) -> dict[str, tuple[str, ...]]:
    return {
        code: tuple(phrase.strip() for phrase in listed.split(",") if phrase.strip())
        for code, listed in lists.items()
    }


_DANGER = _words(
    en="injur*, caught fire, on fire, smoke coming, smoking, burnt my, burned my, electric shock,"
    " gas leak, exploded, explosion, allergic reaction, ambulance, hospital, choking, unsafe,"
    " dangerous, safety hazard, suicid*, kill myself",
    de="verletz*, brennt, brand, rauch, stromschlag, gasgeruch, explodiert, explosion,"
    " allergische reaktion, krankenwagen, krankenhaus, lebensgefahr, gefährlich, verbrannt",
    fr="bless*, en feu, incendie, fumée, choc électrique, fuite de gaz, explos*,"
    " réaction allergique, ambulance, hôpital, dangereux, dangereuse, brûlure",
    es="herid*, incendio, se quemó, humo, descarga eléctrica, fuga de gas, explot*,"
    " reacción alérgica, ambulancia, hospital, peligros*",
    it="ferit*, incendio, ha preso fuoco, fumo, scossa elettrica, fuga di gas, esplos*,"
    " reazione allergica, ambulanza, ospedale, pericolos*",
    pt="ferid*, incêndio, pegou fogo, fumaça, choque elétrico, vazamento de gás, explod*,"
    " reação alérgica, ambulância, hospital, perigos*",
    nl="gewond*, brand, rook, elektrische schok, gaslek, ontploft, ziekenhuis, gevaarlijk*",
    pl="ranny, ranna, pożar, dym, porażenie prądem, wyciek gazu, wybuch*, szpital*, niebezpieczn*",
)

_LEGAL = _words(
    en="lawyer*, attorney*, legal action, solicitor*, sue you, suing, take you to court, lawsuit,"
    " small claims, ombudsman, data protection authority, report you to, press charges",
    de="anwalt*, rechtsanw*, klage einreichen, verklagen, gericht, rechtliche schritte, anzeige"
    " erstatten, datenschutzbehörde, verbraucherzentrale",
    fr="avocat*, action en justice, porter plainte, tribunal, poursuites, cnil, mise en demeure",
    es="abogad*, acciones legales, demanda*, denuncia*, tribunal*, juzgado, consumo",
    it="avvocat*, azione legale, vie legali, denunci*, tribunale, querela",
    pt="advogad*, ação judicial, processar, procon, tribunal, queixa-crime",
    nl="advocaat*, rechtszaak, juridische stappen, aanklag*, rechtbank",
    pl="prawnik*, adwokat*, sąd, pozew, kroki prawne, rzecznik*",
)

_SECURITY = _words(
    en="hacked, data breach, data leak, stolen card, card was stolen, card stolen, identity theft,"
    " account taken over, unauthorised, unauthorized, fraud*, phishing, someone else logged in",
    de="gehackt, datenleck, datenpanne, gestohlen*, karte gestohlen, betrug, unbefugt*, phishing",
    fr="piraté*, fuite de données, volé*, fraude, frauduleu*, hameçonnage, non autorisé*",
    es="hacke*, filtración de datos, robad*, robaron, fraude, no autorizad*, phishing",
    it="hackerat*, violazione dei dati, rubat*, frode, truffa, non autorizzat*, phishing",
    pt="hackead*, vazamento de dados, roubad*, roubaram, fraude, não autorizad*, phishing",
    nl="gehackt, datalek, gestolen, fraude, phishing, onbevoegd*",
    pl="zhakowan*, wyciek danych, skradzion*, ukradzion*, oszustw*, phishing, nieautoryzowan*",
)

_OUTAGE = _words(
    en="cannot pay, can't pay, can not pay, unable to pay, outage, service is down, site is down,"
    " website is down, system is down, everything is down, production is down, completely down,"
    " down for everyone, nothing works, cannot work at all, lost all my data, data loss,"
    " all my data is gone, all our data, no power, no heating, no water, stranded, locked out",
    de="kann nicht bezahlen, kann nicht zahlen, ausfall, komplett ausgefallen, nichts geht mehr,"
    " geht gar nichts, datenverlust, alle daten weg, alle daten verloren, kein strom, keine"
    " heizung, kein wasser, ausgesperrt, gestrandet",
    fr="impossible de payer, ne peux pas payer, panne générale, panne totale, plus rien ne"
    " fonctionne, rien ne marche, perte de données, perdu toutes mes données, plus de courant,"
    " plus de chauffage, bloqué dehors",
    es="no puedo pagar, no podemos pagar, caída del servicio, nada funciona, no funciona nada,"
    " pérdida de datos, perdí todos mis datos, sin luz, sin agua, sin calefacción",
    it="non posso pagare, non riesco a pagare, niente funziona, non funziona niente, perdita di"
    " dati, perso tutti i dati, senza corrente, senza acqua, senza riscaldamento",
    pt="não consigo pagar, não posso pagar, nada funciona, perda de dados, perdi todos os dados,"
    " sem luz, sem água, sistema fora do ar, fora do ar",
    nl="kan niet betalen, storing, niets werkt, gegevensverlies, alle gegevens kwijt, geen stroom,"
    " geen verwarming, geen water",
    pl="nie mogę zapłacić, nie mogę zaplacic, awaria, nic nie działa, utrata danych, brak prądu,"
    " brak wody, brak ogrzewania",
)

_PRESSING = _words(
    en="urgent, urgently, emergency, asap, as soon as possible, immediately, right now, at once,"
    " deadline, before tonight, by tonight, leave tomorrow, by tomorrow",
    de="dringend, eilig, notfall, sofort, umgehend, so schnell wie möglich, bis morgen, frist",
    fr="urgent*, urgence, immédiatement, tout de suite, au plus vite, dès que possible,"
    " avant demain",
    es="urgente*, urgencia, emergencia, inmediatamente, cuanto antes, lo antes posible,"
    " ahora mismo",
    it="urgente*, urgenza, emergenza, immediatamente, subito, il prima possibile, quanto prima",
    pt="urgente*, urgência, emergência, imediatamente, o mais rápido possível, agora mesmo",
    nl="dringend, spoed*, noodgeval, onmiddellijk, zo snel mogelijk, meteen",
    pl="pilne, pilny, pilnie, natychmiast, jak najszybciej, nagły wypadek",
)

_MONEY = _words(
    en="charged twice, double charged, charged me twice, billed twice, overcharged, wrong amount,"
    " refund, money back, chargeback, wrongly charged, still no, third time, second time, again"
    " and again, cancel my, cancel the contract, never again, unacceptable, complaint, disgrace*",
    de="doppelt abgebucht, zweimal abgebucht, doppelt belastet, falsch* betrag, erstattung,"
    " geld zurück, immer noch nicht, zum dritten mal, zum zweiten mal, kündig*, nie wieder,"
    " inakzeptabel, beschwerde, unverschämt*",
    fr="débité deux fois, prélevé deux fois, facturé deux fois, double prélèvement, remboursement,"
    " remboursez, toujours pas, troisième fois, résilier, annuler mon, inacceptable, réclamation,"
    " plus jamais",
    es="cobrado dos veces, cobraron dos veces, doble cargo, cobro doble, reembolso, devolución,"
    " todavía no, tercera vez, cancelar mi, inaceptable, reclamación, queja, nunca más",
    it="addebitat* due volte, doppio addebito, rimborso, ancora nulla, terza volta, disdire,"
    " disdetta, inaccettabile, reclamo, mai più",
    pt="cobrado duas vezes, cobraram duas vezes, cobrança dupla, reembolso, estorno, ainda não,"
    " terceira vez, cancelar minha, inaceitável, reclamação, nunca mais",
    nl="dubbel afgeschreven, twee keer afgeschreven, terugbetaling, geld terug, nog steeds geen,"
    " derde keer, opzeggen, onacceptabel, klacht, nooit meer",
    pl="podwójnie, dwa razy, zwrot pieniędzy, nadal nie, trzeci raz, reklamacj*, niedopuszczalne,"
    " nigdy więcej",
)

_NEGATIVE = (SentimentLabel.NEGATIVE, SentimentLabel.MIXED)

DEFAULT_RULES = (
    PriorityRule(name="Danger to people", priority=Priority.URGENT, words=_DANGER),
    PriorityRule(name="Legal threat", priority=Priority.URGENT, words=_LEGAL),
    PriorityRule(name="Security", priority=Priority.URGENT, words=_SECURITY),
    PriorityRule(name="Outage or loss", priority=Priority.URGENT, words=_OUTAGE),
    PriorityRule(name="Pressing", priority=Priority.HIGH, words=_PRESSING),
    PriorityRule(
        name="Upset about money or repetition",
        priority=Priority.HIGH,
        words=_MONEY,
        sentiments=_NEGATIVE,
        min_score=0.5,
    ),
    PriorityRule(
        name="Very upset",
        priority=Priority.HIGH,
        sentiments=(SentimentLabel.NEGATIVE,),
        min_score=0.9,
    ),
    PriorityRule(
        name="Upset customer of a high tier",
        priority=Priority.HIGH,
        tiers=("vip", "premium", "platinum", "gold", "enterprise"),
        sentiments=_NEGATIVE,
        min_score=0.5,
    ),
    PriorityRule(name="Promise at stake", priority=Priority.HIGH, promise_at_stake=True),
    PriorityRule(
        name="Praise",
        priority=Priority.LOW,
        sentiments=(SentimentLabel.POSITIVE,),
        min_score=0.9,
    ),
)


class PrioritySettings(Model):
    """The settings document `priority`."""

    rules: tuple[PriorityRule, ...] = Field(default=DEFAULT_RULES, max_length=200)

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: tuple[PriorityRule, ...]) -> tuple[PriorityRule, ...]:
        seen: set[str] = set()
        for rule in rules:
            if rule.name.casefold() in seen:
                raise ValueError(f"two rules are called {rule.name!r}; names must differ")
            seen.add(rule.name.casefold())
        return rules
