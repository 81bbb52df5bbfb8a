"""What the machine says to customers by itself, by language; English where there is no other."""

from __future__ import annotations

from collections.abc import Mapping

Texts = Mapping[str, str]

CLARIFY: Texts = {
    "en": "Which of these do you mean? {titles}",
    "de": "Was davon meinen Sie? {titles}",
    "fr": "De quoi s'agit-il ? {titles}",
    "es": "¿A cuál de estos se refiere? {titles}",
    "it": "Quale di questi intende? {titles}",
    "pt": "A qual destes se refere? {titles}",
    "nl": "Welke hiervan bedoelt u? {titles}",
}
HANDOVER: Texts = {
    "en": "We have no answer to this yet. Tell us how to reach you, and a person will answer you.",
    "de": "Darauf haben wir noch keine Antwort. Sagen Sie uns, wie wir Sie erreichen; dann"
    " antwortet Ihnen ein Mensch.",
    "fr": "Nous n'avons pas encore de réponse. Dites-nous comment vous joindre, et une personne"
    " vous répondra.",
    "es": "Todavía no tenemos respuesta. Díganos cómo contactarle y le responderá una persona.",
    "it": "Non abbiamo ancora una risposta. Ci dica come contattarla: le risponderà una persona.",
    "pt": "Ainda não temos resposta. Diga-nos como o contactar e uma pessoa responderá.",
    "nl": "Hierop hebben we nog geen antwoord. Laat weten hoe we u bereiken; dan antwoordt iemand"
    " u.",
}
KNOWN: Texts = {
    "en": "This is a known issue: {title}. {workaround}",
    "de": "Das ist eine bekannte Störung: {title}. {workaround}",
    "fr": "C'est un problème connu : {title}. {workaround}",
    "es": "Es un problema conocido: {title}. {workaround}",
    "it": "È un problema noto: {title}. {workaround}",
    "pt": "É um problema conhecido: {title}. {workaround}",
    "nl": "Dit is een bekende storing: {title}. {workaround}",
}
HANDED: Texts = {
    "en": "Your question is with a person now; its reference is {reference}.",
    "de": "Ihre Frage liegt jetzt bei einem Menschen; ihr Zeichen ist {reference}.",
    "fr": "Votre question est maintenant chez une personne ; sa référence est {reference}.",
    "es": "Su pregunta ya está con una persona; su referencia es {reference}.",
    "it": "La sua domanda è ora da una persona; il riferimento è {reference}.",
    "pt": "A sua pergunta está agora com uma pessoa; a referência é {reference}.",
    "nl": "Uw vraag ligt nu bij een medewerker; het kenmerk is {reference}.",
}
SOLVED: Texts = {
    "en": "Did this solve it?",
    "de": "Hat das geholfen?",
    "fr": "Cela a-t-il résolu votre problème ?",
    "es": "¿Lo ha resuelto?",
    "it": "Questo ha risolto il problema?",
    "pt": "Isto resolveu o problema?",
    "nl": "Is het hiermee opgelost?",
}
YES: Texts = {
    "en": "Yes, thank you",
    "de": "Ja, danke",
    "fr": "Oui, merci",
    "es": "Sí, gracias",
    "it": "Sì, grazie",
    "pt": "Sim, obrigado",
    "nl": "Ja, bedankt",
}
NO: Texts = {
    "en": "No, I want a person",
    "de": "Nein, ich möchte einen Menschen",
    "fr": "Non, je veux une personne",
    "es": "No, quiero hablar con una persona",
    "it": "No, vorrei una persona",
    "pt": "Não, quero falar com uma pessoa",
    "nl": "Nee, ik wil een medewerker",
}
ELSEWHERE: Texts = {
    "en": "We have no article on this in English. This one, in {other}, fits your question:",
    "de": "Dazu haben wir keinen Artikel auf Deutsch. Dieser, auf {other}, passt zu Ihrer Frage:",
    "fr": "Nous n'avons pas d'article en français à ce sujet. Celui-ci ({other}) correspond :",
    "es": "No tenemos un artículo en español sobre esto. Este, en {other}, responde a su pregunta:",
    "it": "Non abbiamo un articolo in italiano su questo. Questo ({other}) risponde alla domanda:",
    "pt": "Não temos um artigo em português sobre isto. Este, em {other}, responde à pergunta:",
    "nl": "Hierover hebben we geen artikel in het Nederlands. Dit artikel ({other}) past erbij:",
}
PERSON_INSTEAD: Texts = {
    "en": "If you prefer, a person will answer you in your language.",
    "de": "Wenn Sie möchten, antwortet Ihnen ein Mensch in Ihrer Sprache.",
    "fr": "Si vous préférez, une personne vous répondra dans votre langue.",
    "es": "Si lo prefiere, una persona le responderá en su idioma.",
    "it": "Se preferisce, una persona le risponderà nella sua lingua.",
    "pt": "Se preferir, uma pessoa responderá no seu idioma.",
    "nl": "Als u wilt, antwoordt een medewerker u in uw taal.",
}
GREETING: Texts = {
    "en": "Hello! What can we help you with?",
    "de": "Guten Tag! Wobei können wir Ihnen helfen?",
    "fr": "Bonjour ! En quoi pouvons-nous vous aider ?",
    "es": "¡Hola! ¿En qué podemos ayudarle?",
    "it": "Buongiorno! Come possiamo aiutarla?",
    "pt": "Olá! Em que podemos ajudar?",
    "nl": "Hallo! Waarmee kunnen we u helpen?",
}
PERSON_COMES: Texts = {
    "en": "A person takes over from here and answers you in this chat. They see all that was said.",
    "de": "Ab hier übernimmt ein Mensch und antwortet Ihnen in diesem Chat. Er sieht alles, was"
    " gesagt wurde.",
    "fr": "Une personne prend le relais et vous répondra ici. Elle voit tout ce qui a été dit.",
    "es": "Una persona se encarga a partir de ahora y le responderá aquí. Ve todo lo que se dijo.",
    "it": "Da qui prosegue una persona, che le risponderà in questa chat. Vede tutto ciò che è"
    " stato detto.",
    "pt": "Uma pessoa assume a partir daqui e responderá neste chat. Vê tudo o que foi dito.",
    "nl": "Vanaf hier neemt een medewerker het over en antwoordt u in deze chat. Die ziet alles"
    " wat er gezegd is.",
}
LEAVE_ADDRESS: Texts = {
    "en": "If you leave an e-mail address, the answer reaches you there as well.",
    "de": "Wenn Sie eine E-Mail-Adresse angeben, erreicht Sie die Antwort auch dort.",
    "fr": "Si vous laissez une adresse e-mail, la réponse vous y parviendra aussi.",
    "es": "Si deja una dirección de correo, la respuesta también le llegará allí.",
    "it": "Se lascia un indirizzo e-mail, la risposta le arriverà anche lì.",
    "pt": "Se deixar um endereço de e-mail, a resposta também chegará lá.",
    "nl": "Als u een e-mailadres achterlaat, bereikt het antwoord u ook daar.",
}
GLAD: Texts = {
    "en": "Glad to hear it. Your case is closed; write here whenever you need us again.",
    "de": "Das freut uns. Ihre Anfrage ist erledigt; schreiben Sie hier, wenn Sie uns wieder"
    " brauchen.",
    "fr": "Nous en sommes ravis. Votre demande est close ; écrivez ici si besoin.",
    "es": "Nos alegra. Su caso está cerrado; escriba aquí cuando nos necesite.",
    "it": "Ci fa piacere. Il caso è chiuso; scriva qui quando ha bisogno di noi.",
    "pt": "Ficamos contentes. O seu caso está fechado; escreva aqui quando precisar.",
    "nl": "Fijn om te horen. Uw zaak is gesloten; schrijf hier als u ons weer nodig hebt.",
}
THANKS: Texts = {
    "en": "Thank you. Your case is closed; answer our mail whenever you need us again.",
    "de": "Danke. Ihre Anfrage ist erledigt; antworten Sie auf unsere Mail, wenn Sie uns wieder"
    " brauchen.",
    "fr": "Merci. Votre demande est close ; répondez à notre courriel si besoin.",
    "es": "Gracias. Su caso está cerrado; responda a nuestro correo cuando nos necesite.",
}
IN_MAIL: Texts = {
    "en": "Until a person answers you: a machine has found this article, which may already answer"
    " your question.\n\n{title}\n\n{passage}\n\nDid it? Then tell us here, and nobody has to look"
    " into it: {link}",
    "de": "Bis Ihnen ein Mensch antwortet: Eine Maschine hat diesen Artikel gefunden, der Ihre"
    " Frage vielleicht schon beantwortet.\n\n{title}\n\n{passage}\n\nHat er geholfen? Dann sagen"
    " Sie es uns hier, und niemand muss mehr danach sehen: {link}",
    "fr": "En attendant la réponse d'une personne : une machine a trouvé cet article, qui répond"
    " peut-être déjà à votre question.\n\n{title}\n\n{passage}\n\nEst-ce le cas ? Dites-le-nous"
    " ici : {link}",
    "es": "Hasta que le responda una persona: una máquina ha encontrado este artículo, que quizá"
    " ya responde a su pregunta.\n\n{title}\n\n{passage}\n\n¿Es así? Díganoslo aquí: {link}",
}
LANGUAGE_NAMES: Mapping[str, Texts] = {
    "en": {"en": "English", "de": "Englisch", "fr": "en anglais", "es": "inglés"}
    | {"it": "in inglese", "pt": "inglês", "nl": "in het Engels"},
    "de": {"en": "German", "de": "Deutsch", "fr": "en allemand", "es": "alemán"}
    | {"it": "in tedesco", "pt": "alemão", "nl": "in het Duits"},
    "fr": {"en": "French", "de": "Französisch", "fr": "en français", "es": "francés"}
    | {"it": "in francese", "pt": "francês", "nl": "in het Frans"},
    "es": {"en": "Spanish", "de": "Spanisch", "fr": "en espagnol", "es": "español"}
    | {"it": "in spagnolo", "pt": "espanhol", "nl": "in het Spaans"},
}


def phrase(texts: Texts, language: str, **fields: str) -> str:
    """The sentence in that language, else in English."""
    return texts.get(language, texts["en"]).format(**fields)


def elsewhere(language: str, other: str) -> str:
    """That the only article is in another language than the reader's. Where we have no words in
    the reader's language it is said in English, without naming theirs."""
    names = LANGUAGE_NAMES.get(other, {})
    if language not in ELSEWHERE or (language == "en" and other == "en"):
        named = names.get("en", other)
        return f"We have no article on this in your language. This one, in {named}, fits:"
    return phrase(ELSEWHERE, language, other=names.get(language, names.get("en", other)))
