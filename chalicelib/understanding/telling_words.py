"""Words that give a language away, and that short messages to a helpdesk are made of.

Own lists. Words that several languages share in writing are listed under each of them, so that they
only narrow the choice. In lower case, with their accents.
"""

from __future__ import annotations

from chalicelib.text import words

_FUNCTION = {  # words that say little about the matter
    "en": "the and is are was were you your my me i it not have has had with this that what when"
    " where why how can cannot can't could would please thanks thank hello hi hey dear still"
    " won't doesn't don't didn't isn't been from since any there they will get got again no"
    " yes on of to for in a about after all also am an as at because before but by did do"
    " does doing down during each few further he her here hers him his if into its itself"
    " just let more most much need nor now off once only or other our ours out over own same"
    " she should so some such than that's their theirs them then these those through too"
    " under until up us very want which while who whom whose yet you'd you'll you're you've"
    " yours i'm i'd i'll i've he's she's it's we're they're there's what's who's let's"
    " aren't couldn't haven't hasn't hadn't shouldn't wasn't weren't wouldn't may might must"
    " shall being having many lot like know see tell say said getting go going went make"
    " made try tried trying one two day days today week weeks ago time sir madam regards"
    " best kind sincerely",
    "de": "der die das und ist nicht ich sie wir mein meine meinen meinem ihr ihre mit von für"
    " auf bitte danke hallo guten tag kein keine keinen wo wann warum wie was wurde habe hat"
    " haben noch immer aber eine einen kann sehr geehrte geht seit nach bei zum zur über in"
    " an als alle am aus bis da damit dann dass daß dem den des dich dir doch du durch er es"
    " etwas euch euer ihm ihn ihnen im ja jetzt können könnte konnte man mich mir nichts nun"
    " nur ob oder schon sein seine sind so soll sollte um uns unser unsere unter vom vor"
    " während weil welche wenn werden wird würde zu zwar wieder viel mehr heute gestern"
    " woche tage tagen freundliche freundlichen grüße grüßen mfg geehrter damen herren",
    "fr": "le la les et est pas je vous nous mon ma mes votre vos avec pour sur merci bonjour"
    " bonsoir salut où quand pourquoi comment n'est une des du au aux ce cette qui que mais"
    " encore toujours depuis ne en un de j'ai ai ait alors après as aucun aussi autre avant"
    " avez avoir avons c'est car ces chez d'un d'une dans dont elle elles es étais était"
    " être fait faire il ils j'avais l'ai leur leurs lui m'a me même moi notre nos ont ou"
    " par peu peut peux plus qu'il quel quelle s'il sa sans se ses si son sont suis ta te"
    " tes toi ton tous tout très trop tu y cordialement madame monsieur bien voulu veux"
    " voudrais jours semaine hier aujourd'hui",
    "es": "el la los las y es no yo usted mi mis su con para por gracias hola buenos buenas días"
    " dónde cuándo qué cómo una un del al pero todavía está están me ha desde favor puedo en"
    " de lo se a algo antes aquí así aunque cada como cual cuando da donde dos e él ella"
    " ellas ellos era eres esa ese eso esta estaba estar este esto estoy fue hace hacer"
    " hasta hay he le les más mí mismo mucho muy nada ni nos nosotros nuestra nuestro o os"
    " otra otro poco porque puede que quien quiero quisiera sea ser si sí sido sin sobre son"
    " soy también te tengo tiene todo tu tus unos va ya semana ayer hoy saludos estimados"
    " señor señora",
    "it": "il lo la gli le e è non io mi mio mia miei vostro con per grazie ciao buongiorno salve"
    " dove quando perché come una un della del che ma ancora sono ho ha funziona favore"
    " posso da di in a ad al alla alle allo anche avere aveva avete c'è ci cosa così cui dal"
    " dalla degli dei delle dello dopo ed era essere fa fare fra già hanno i lei li loro lui"
    " me molto ne nei nel nella noi nostra nostro o ogni ora però più poco poi può quale"
    " quanto quella quello questa questo qui se sei senza si sia siamo siete sta stato su"
    " sua sulla suo te tra tu tutti tutto un' va vi vostra vorrei giorni settimana ieri oggi"
    " cordiali saluti",
    "pt": "o os as e é não eu meu minha seu sua com para por obrigado obrigada olá bom dia onde"
    " quando porque como uma um da do dos das mas ainda está foi desde consigo em de no na"
    " você a ao aos após aquela aquele até cada dela dele depois ela elas ele eles entre era"
    " essa esse esta estava este estou fazer for há isso isto já lhe mais me mesmo minhas"
    " meus muito nas nem nos nós nossa nosso num numa ou outra outro pela pelo pode pra que"
    " quem quero se sem ser será só sobre também te tem tenho ter tudo vai vocês dias semana"
    " ontem hoje cumprimentos atenciosamente gostaria",
    "nl": "de het een en is niet ik mijn u uw jullie met voor van op bedankt dank hallo goedendag"
    " waar wanneer waarom hoe wat geen nog steeds maar heb heeft sinds naar aub alstublieft"
    " kan graag in aan al alles als andere ben bij daar dan dat deze die dit doen door dus"
    " er haar had hebben hem hier hij hun iemand iets ja je jij kon kunnen me meer men mij"
    " moet na niets nu of om omdat onder ons onze ook over reeds te toch toen tot uit veel"
    " want was we wel werd wie wij wil worden wordt zal ze zelf zich zij zijn zo zonder zou"
    " dagen week gisteren vandaag groet groeten",
    "pl": "i jest nie się w na do z mój moja moje mam proszę dziękuję dzień dobry cześć witam"
    " gdzie kiedy dlaczego jak co czy jeszcze ale od mogę a aby albo bardzo bez bo by był"
    " była było być ci dla go ich ja jako je jego jej jestem już każdy która które który lub"
    " ma mi mnie moich może można mu my nad nas nic o on ona oni po pod ponieważ poza przed"
    " przez przy są sobie ta tak tam te tego tej ten to tu ty tylko tym u was wam więc"
    " wszystko za ze że dni tydzień wczoraj dziś pozdrawiam",
    "da": "og er ikke jeg det den min mit mine jer med for på tak hej hvor hvornår hvorfor"
    " hvordan hvad kan har men stadig en et af til bestilling siden fra blev noget også"
    " efter ad alle at blive da de dem denne der deres dig din dog du eller end få hun han"
    " havde her hos hvem i ind jo kom kunne man mange mig nogle nu når om op os over selv"
    " sig skal skulle som sådan thi ud under var vi vil ville være dage uge går hilsen",
    "no": "og er ikke jeg det den min mitt mine dere med for på takk hei hvor når hvorfor hvordan"
    " hva kan har men fortsatt en et av til bestilling siden fra ble noe også etter alle at"
    " bare bli da de deg dem denne der din du enn få fordi før ha hadde han hun i inn ja kom"
    " kunne man mange meg nå om opp oss over seg selv skal skulle som så um under ut var vi"
    " vil ville være dager uke går hilsen",
    "sv": "och är inte jag det den min mitt mina ni er med för på tack hej var när varför hur vad"
    " kan har men fortfarande en ett av till sedan från blev något också efter alla att bli"
    " då de dig din dock du eller hade han hans henne hon i icke in ja kunde man mig mot"
    " mycket nu om så sig sin ska skulle som under upp ut vem vi vid vilken dagar vecka igår"
    " idag hälsningar",
    "fi": "ja on ei en olen minun minulla te teidän kanssa kiitos hei moi missä milloin miksi"
    " miten mitä mutta vielä alkaen ole tämä se että ovat he hän jo joka jos kaikki kuin kun"
    " kuka me mikä minä minut myös ne niin nyt oli olla olisi ollut sen sekä sinä siitä tai"
    " voi voin voisi vain päivää viikko eilen tänään",
    "cs": "a je není jsem se v na do s můj moje mám prosím děkuji díky dobrý den ahoj kde kdy"
    " proč jak co ještě ale od mohu že jste aby ani až bez bude by byl byla bylo být či ho i"
    " její jeho jen již k kdo ke který které když má mi mě mně nad nebo než nic o on ona oni"
    " po pod pro proto protože před při si své svůj ta tak také ten tento to tu tuto ty už"
    " vám vás všechno za ze dny týden včera dnes pozdravem",
    "sk": "a je nie som sa v na do s môj moja mám prosím ďakujem vďaka dobrý deň ahoj kde kedy"
    " prečo ako čo ešte ale od môžem že ste",
    "tr": "ve bir bu değil ben benim siz sizin ile için teşekkürler teşekkür ederim merhaba selam"
    " nerede ne zaman neden nasıl hala ama var yok lütfen da de mi bana beni biz bizim çok"
    " daha diye en gibi hem her hiç ki kim mı mu mü niye o olan olarak oldu olduğu ona onu"
    " sen sonra şey şu veya ya yani gün hafta dün bugün",
    "ro": "și este nu eu meu mea cu pentru pe mulțumesc bună ziua salut unde când cum ce încă dar"
    " din de la un o vă rog",
    "hu": "és a az nem én van volt egy köszönöm szia jó napot hol mikor miért hogyan mit még de"
    " óta kérem hogy",
    "hr": "i je nije sam se u na do s moj moja imam molim hvala dobar dan bok gdje kada zašto"
    " kako što još ali od mogu da",
    "sl": "in je ni sem se v na do z moj moja imam prosim hvala dober dan živjo kje kdaj zakaj"
    " kako kaj še ampak od lahko da",
    "ca": "el la els les i és no jo meu meva amb per gràcies hola bon dia on quan què com una un"
    " del però encara està paquet des en de",
    "id": "dan yang di ke dari ini itu tidak saya anda dengan untuk terima kasih halo selamat"
    " mana kapan kenapa mengapa bagaimana apa belum sudah bisa sejak ada",
    "vi": "và là không tôi của bạn với cho cảm ơn xin chào đâu khi nào tại sao thế gì chưa nhưng"
    " được từ có",
    "af": "die en is nie ek my u julle met vir van op dankie hallo waar wanneer hoekom hoe wat"
    " geen nog maar het sedert kan asseblief",
    "ru": "и в не на я что это мой моя мне вы с по где когда почему как спасибо здравствуйте"
    " привет ещё но пожалуйста могу до от был а бы была были было быть вам вас все всё всего"
    " да даже для его ее если есть же за здесь из или им их к какой кто ли меня много мы над"
    " надо нам нас наш него нет ни них о об он она они перед под при сам со так там то тоже"
    " только тот ты у уже хочу чего чем чтобы эта эти дня дней неделю вчера сегодня"
    " уважением добрый день",
    "uk": "і в не на я що це мій моя мені ви з по де коли чому як дякую вітаю привіт добрий день"
    " ще але будь ласка можу до від був та а б була були було бути вам вас все всього для"
    " його її якщо є ж за із або їм їх к хто мене багато ми над нам нас наш немає ні них о"
    " об він вона вони перед під при сам так там теж тільки той ти у вже хочу чого чим щоб"
    " ця ці дні днів тиждень вчора сьогодні",
    "bg": "и в не на аз че това моят моята ми вие с по къде кога защо как благодаря здравейте"
    " здравей още но моля мога до от е съм са се да",
    "mk": "и во не на јас дека ова мојот мојата ми вие со по каде кога зошто како благодарам"
    " здраво уште но молам можам до од е сум се да",
    "sr": "и у не на ја да ово мој моја ми ви са по где када зашто како хвала здраво још али"
    " картица ради молим могу до од је сам су се",
    "be": "і ў не на я што гэта мой мая мне вы з па дзе калі чаму як дзякуй прывітанне яшчэ але"
    " ласка магу да ад",
    "hi": "है हैं में का की के को से नहीं मैं मेरा मेरी मुझे आप और यह था थी कब कहाँ क्यों कैसे"
    " क्या धन्यवाद नमस्ते कृपया लिए पर ने",
    "mr": "आहे आहेत मध्ये चा ची चे ला नाही मी माझा माझी मला तुम्ही आणि हे होते कधी कुठे का कसे"
    " काय धन्यवाद नमस्कार कृपया साठी वर ने",
    "fa": "و در به از که این است را با برای من شما نیست سلام ممنون لطفا کجا چرا چگونه هنوز",
    "ur": "ہے ہیں میں کا کی کے کو سے نہیں میرا میری مجھے آپ اور یہ تھا کب کہاں کیوں کیسے کیا"
    " شکریہ سلام",
    "ar": "في من على إلى هذا هذه لا ما لم أنا لي هل مع عن التي الذي شكرا مرحبا السلام أين متى"
    " لماذا كيف",
}

_HELPDESK = {
    "en": "help broken working order account card refund cancel login crashes",
    "de": "kaputt geld konto rechnung bestellung paket funktioniert stürzt",
    "fr": "carte commande colis compte remboursement marche fonctionne",
    "es": "tarjeta pedido paquete cuenta reembolso funciona",
    "it": "carta ordine pacco conto rimborso",
    "pt": "cartão encomenda pedido pacote conta reembolso funciona",
    "nl": "werkt kapot bestelling pakket rekening geld",
    "pl": "karta zamówienie paczka konto zwrot działa",
    "da": "pakke ordre konto penge virker",
    "no": "pakke pakken ordre konto penger virker",
    "sv": "paket order beställning konto pengar fungerar",
    "fi": "tilaus paketti kortti tili rahat toimi",
    "cs": "karta objednávka balík účet vrácení nefunguje",
    "sk": "karta objednávka balík účet vrátenie nefunguje",
    "tr": "kart sipariş siparişim paket hesap iade çalışmıyor",
    "ro": "card comandă colet cont rambursare funcționează",
    "hu": "kártya rendelés csomag számla visszatérítés működik",
    "hr": "kartica narudžba paket račun povrat radi",
    "sl": "kartica naročilo paket račun vračilo deluje",
    "ca": "targeta comanda compte funciona",
    "id": "kartu pesanan paket akun",
    "vi": "thẻ đơn hàng tài khoản hoàn tiền",
    "af": "werk bestelling pakkie rekening geld",
    "ru": "карта заказ посылка счёт возврат работает",
    "uk": "картка замовлення посилка рахунок повернення працює",
    "bg": "карта поръчка пратка сметка работи",
    "mk": "картичка нарачка работи",
    "sr": "поруџбина",
    "be": "картка заказ працуе",
    "fa": "سفارش",
    "ar": "طلب حسابي بطاقة",
}

TELLING_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(f"{listed} {_HELPDESK.get(code, '')}".split())
    for code, listed in _FUNCTION.items()
}
"""By language: words by which it is recognised."""

_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag"
    " freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes"
    " miércoles jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì sabato"
    " domenica maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
)

FUNCTION_WORDS: frozenset[str] = frozenset(words(" ".join((*_FUNCTION.values(), _DAYS))))
"""Of all languages, folded as `words` does: words that say little about what a text is about."""
