"""Words that carry feeling, for languages that VADER does not read.

Valences are on VADER's scale, -4 to 4. A word is listed as the stem that its forms share (three
letters or more); the longest stem that a word begins with counts. They lean towards what people
write to customer service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lexicon:
    """One language: stems with valences, words that turn or strengthen what follows."""

    stems: Mapping[str, float]
    negations: frozenset[str]
    boosters: frozenset[str]
    contrasts: frozenset[str]


def _lexicon(listed: str, negations: str, boosters: str, contrasts: str) -> Lexicon:
    stems: dict[str, float] = {}
    for line in listed.strip().splitlines():
        valence, _, words = line.strip().partition(" ")
        stems.update(dict.fromkeys(words.split(), float(valence)))
    return Lexicon(stems, *(frozenset(words.split()) for words in (negations, boosters, contrasts)))


LEXICONS: Mapping[str, Lexicon] = {
    "de": _lexicon(
        """
        3.0 ausgezeichnet hervorragend fantastisch großartig grossartig begeister exzellent perfekt
        2.4 danke dank super toll klasse prima wunderbar freundlich zufrieden hilfreich empfehl lob
        1.8 gut gute gern freu schnell einfach funktioniert wieder gelöst geklappt nett angenehm
        -1.4 leider problem fehler falsch warte gewartet spät verspät verzöger fehlt kaputt defekt
        -1.4 beschädigt kündig storno storniert reklam beschwer mahn doppelt abgelehnt unklar
        -2.2 schlecht enttäusch ärger verärger sauer nervt genervt mangelhaft unfähig zumutung
        -2.2 unverschämt lächerlich inakzeptabel unmöglich frech unzufrieden peinlich ignorier
        -3.2 wütend katastroph furchtbar schrecklich schlimm miserabel unterirdisch betrug betrüg
        -3.2 abzocke skandal empör anwalt hasse unerträglich schlampe saftladen frechheit
        """,
        "nicht kein keine keinen keinem keiner nie niemals ohne kaum weder nichts",
        "sehr extrem absolut total wirklich so völlig äußerst besonders komplett überhaupt",
        "aber jedoch allerdings trotzdem",
    ),
    "es": _lexicon(
        """
        3.0 excelente fantástic fantastic maravillos perfect increíble encant estupend genial
        2.4 gracias agradec amable satisfech recomiend felicit contento contenta feliz mejor
        1.8 bien buen bueno rápid rapid fácil facil útil util funciona solucion resuelt resolv
        -1.4 problema error falla fallo mal equivocad espera retras demora tard falta roto rota
        -1.4 cancel devol reclam queja duplicad rechazad dañad perdid
        -2.2 malo mala pésimo decepcion molest enfad enoj injust inaceptable ridícul ridicul
        -2.2 incompetent vergonz vergüenza harto harta insatisfech ignora
        -3.2 furios indignad horrible terrible fatal peor estafa robo fraude desastre asco
        -3.2 odio intolerable denunci abogad pésim pesim lamentable
        """,
        "no nunca jamás jamas sin ni nada nadie tampoco ningún ninguna ninguno",
        "muy extremadamente totalmente realmente tan absolutamente demasiado súper",
        "pero sino aunque",
    ),
    "fr": _lexicon(
        """
        3.0 excellent fantastique merveilleu parfait formidable génial magnifique impeccable
        2.4 merci remerci aimable gentil satisfait ravi content recommand bravo félicit heureu
        1.8 bien bon bonne rapide facile utile fonctionne résolu réglé agréable efficace
        -1.4 problème erreur faux panne attend attente retard manque cassé défectueu abîmé
        -1.4 annul rembours réclam plainte refusé endommagé perdu malheureusement double
        -2.2 mauvais déçu décevant décept énerv agacé fâché inadmissible inacceptable ridicule
        -2.2 incompétent honteu honte mécontent marre scandaleu insupportable ignor
        -3.2 furieu furieuse horrible terrible catastroph arnaque escroc vol fraude désastre
        -3.2 déteste affreu épouvantable lamentable avocat révolt pire
        """,
        "ne n pas jamais sans aucun aucune rien ni personne",
        "très tellement extrêmement vraiment totalement complètement absolument trop si",
        "mais cependant pourtant",
    ),
    "it": _lexicon(
        """
        3.0 eccellent fantastic meraviglios perfett ottim straordinari splendid
        2.4 grazie ringrazi gentil soddisfatt consiglio felice content complimenti cordial
        1.8 bene buon veloc rapid facil util funziona risolt piacevol
        -1.4 problem errore errat sbagliat attes aspett ritard manca rotto rotta difett
        -1.4 annull rimbors reclam lament rifiutat danneggiat pers purtroppo
        -2.2 cattiv delus deludent arrabbiat fastidi inaccettabil ridicol incompetent
        -2.2 vergogn insoddisfatt stufo stufa scandal pessim ignora maleducat
        -3.2 furios furibond orribil terribil disastr truffa truff furto frode schifo odio
        -3.2 intollerabil avvocat peggior vergognos
        """,
        "non mai senza né nessun nessuno nessuna niente nulla neanche",
        "molto estremamente davvero totalmente assolutamente troppo così veramente tanto",
        "ma però tuttavia",
    ),
    "pt": _lexicon(
        """
        3.0 excelente fantástic fantastic maravilhos perfeit incrível ótim otimo adorei
        2.4 obrigad agradeç agradec gentil satisfeit recomendo parabéns parabens feliz contente
        1.8 bem bom boa rápid rapid fácil facil útil util funciona resolvid resolveu
        -1.4 problema erro falha errad espera atras demora falta quebrad defeit infelizmente
        -1.4 cancel reembols reclam queixa recusad danificad perdid duplicad
        -2.2 mau ruim má decepcion irritad chatead inaceitável inaceitavel ridícul ridicul
        -2.2 incompetent vergonh insatisfeit descaso farto farta ignora absurd
        -3.2 furios indignad horrível horrivel terrível terrivel péssim pessim pior golpe roubo
        -3.2 fraude desastre odeio nojo lixo advogad revoltad
        """,
        "não nao nunca jamais sem nem nada ninguém nenhum nenhuma",
        "muito extremamente totalmente realmente tão absolutamente demais super bastante",
        "mas porém contudo",
    ),
}
