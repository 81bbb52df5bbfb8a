"""Words that give a language away, and that short messages to a helpdesk are made of.

Own list. Words that several languages share in writing are listed under each of them,"
    " so that they
only narrow the choice. In lower case, with their accents.
"""

from __future__ import annotations

_LISTED = {
    "en": "the and is are was were you your my me i it not have has had with this that"
    " what when"
    " where why how can cannot can't could would please thanks thank hello hi hey dear"
    " help still"
    " won't doesn't don't didn't isn't broken working order account card refund cancel"
    " been from"
    " since any there they will get got login crashes again no yes on of to for in a",
    "de": "der die das und ist nicht ich sie wir mein meine meinen meinem ihr ihre mit"
    " von für auf"
    " bitte danke hallo guten tag kein keine keinen wo wann warum wie was wurde habe"
    " hat haben noch"
    " immer aber eine einen kann sehr geehrte kaputt geld konto rechnung bestellung paket geht"
    " funktioniert stürzt seit nach bei zum zur über in an",
    "fr": "le la les et est pas je vous nous mon ma mes votre vos avec pour sur merci bonjour"
    " bonsoir salut où quand pourquoi comment n'est une des du au aux ce cette qui que"
    " mais encore"
    " toujours carte commande colis compte remboursement marche fonctionne depuis ne en"
    " un de j'ai",
    "es": "el la los las y es no yo usted mi mis su con para por gracias hola buenos"
    " buenas días"
    " dónde cuándo qué cómo una un del al pero todavía está están tarjeta pedido paquete cuenta"
    " reembolso funciona me ha desde favor puedo en de lo se",
    "it": "il lo la gli le e è non io mi mio mia miei vostro con per grazie ciao"
    " buongiorno salve"
    " dove quando perché come una un della del che ma ancora sono ho ha carta ordine"
    " pacco conto"
    " rimborso funziona favore posso da di in",
    "pt": "o os as e é não eu meu minha seu sua com para por obrigado obrigada olá bom dia onde"
    " quando porque como uma um da do dos das mas ainda está foi cartão encomenda pedido pacote"
    " conta reembolso funciona desde consigo em de no na você",
    "nl": "de het een en is niet ik mijn u uw jullie met voor van op bedankt dank hallo"
    " goedendag"
    " waar wanneer waarom hoe wat geen nog steeds maar heb heeft werkt kapot bestelling pakket"
    " rekening geld sinds naar aub alstublieft kan graag in",
    "pl": "i jest nie się w na do z mój moja moje mam proszę dziękuję dzień dobry cześć"
    " witam gdzie"
    " kiedy dlaczego jak co czy jeszcze ale karta zamówienie paczka konto zwrot działa od mogę",
    "da": "og er ikke jeg det den min mit mine jer med for på tak hej hvor hvornår"
    " hvorfor hvordan"
    " hvad kan har men stadig en et af til pakke ordre bestilling konto penge virker"
    " siden fra blev"
    " noget også efter",
    "no": "og er ikke jeg det den min mitt mine dere med for på takk hei hvor når"
    " hvorfor hvordan"
    " hva kan har men fortsatt en et av til pakke pakken ordre bestilling konto penger"
    " virker siden"
    " fra ble noe også etter",
    "sv": "och är inte jag det den min mitt mina ni er med för på tack hej var när"
    " varför hur vad"
    " kan har men fortfarande en ett av till paket order beställning konto pengar"
    " fungerar sedan"
    " från blev något också efter",
    "fi": "ja on ei en olen minun minulla te teidän kanssa kiitos hei moi missä milloin"
    " miksi miten"
    " mitä mutta vielä tilaus paketti kortti tili rahat toimi alkaen ole tämä se että",
    "cs": "a je není jsem se v na do s můj moje mám prosím děkuji díky dobrý den ahoj"
    " kde kdy proč"
    " jak co ještě ale karta objednávka balík účet vrácení nefunguje od mohu že jste",
    "sk": "a je nie som sa v na do s môj moja mám prosím ďakujem vďaka dobrý deň ahoj kde kedy"
    " prečo ako čo ešte ale karta objednávka balík účet vrátenie nefunguje od môžem že ste",
    "tr": "ve bir bu değil ben benim siz sizin ile için teşekkürler teşekkür ederim"
    " merhaba selam"
    " nerede ne zaman neden nasıl hala ama var yok kart sipariş siparişim paket hesap iade"
    " çalışmıyor lütfen da de mi",
    "ro": "și este nu eu meu mea cu pentru pe mulțumesc bună ziua salut unde când cum"
    " ce încă dar"
    " card comandă colet cont rambursare funcționează din de la un o vă rog",
    "hu": "és a az nem én van volt egy köszönöm szia jó napot hol mikor miért hogyan mit még de"
    " kártya rendelés csomag számla visszatérítés működik óta kérem hogy",
    "hr": "i je nije sam se u na do s moj moja imam molim hvala dobar dan bok gdje kada"
    " zašto kako"
    " što još ali kartica narudžba paket račun povrat radi od mogu da",
    "sl": "in je ni sem se v na do z moj moja imam prosim hvala dober dan živjo kje"
    " kdaj zakaj kako"
    " kaj še ampak kartica naročilo paket račun vračilo deluje od lahko da",
    "ca": "el la els les i és no jo meu meva amb per gràcies hola bon dia on quan què"
    " com una un del"
    " però encara està targeta comanda paquet compte funciona des en de",
    "id": "dan yang di ke dari ini itu tidak saya anda dengan untuk terima kasih halo"
    " selamat mana"
    " kapan kenapa mengapa bagaimana apa belum sudah kartu pesanan paket akun bisa sejak ada",
    "vi": "và là không tôi của bạn với cho cảm ơn xin chào đâu khi nào tại sao thế gì"
    " chưa nhưng thẻ"
    " đơn hàng tài khoản hoàn tiền được từ có",
    "af": "die en is nie ek my u julle met vir van op dankie hallo waar wanneer hoekom"
    " hoe wat geen"
    " nog maar het werk bestelling pakkie rekening geld sedert kan asseblief",
    "ru": "и в не на я что это мой моя мне вы с по где когда почему как спасибо"
    " здравствуйте привет"
    " ещё но карта заказ посылка счёт возврат работает пожалуйста могу до от был",
    "uk": "і в не на я що це мій моя мені ви з по де коли чому як дякую вітаю привіт"
    " добрий день ще"
    " але картка замовлення посилка рахунок повернення працює будь ласка можу до від був та",
    "bg": "и в не на аз че това моят моята ми вие с по къде кога защо как благодаря здравейте"
    " здравей още но карта поръчка пратка сметка работи моля мога до от е съм са се да",
    "mk": "и во не на јас дека ова мојот мојата ми вие со по каде кога зошто како"
    " благодарам здраво"
    " уште но картичка нарачка работи молам можам до од е сум се да",
    "sr": "и у не на ја да ово мој моја ми ви са по где када зашто како хвала здраво"
    " још али картица"
    " поруџбина ради молим могу до од је сам су се",
    "be": "і ў не на я што гэта мой мая мне вы з па дзе калі чаму як дзякуй прывітанне яшчэ але"
    " картка заказ працуе калі ласка магу да ад",
    "hi": "है हैं में का की के को से नहीं मैं मेरा मेरी मुझे आप और यह था थी कब कहाँ"
    " क्यों कैसे क्या धन्यवाद नमस्ते कृपया"
    " लिए पर ने",
    "mr": "आहे आहेत मध्ये चा ची चे ला नाही मी माझा माझी मला तुम्ही आणि हे होते कधी कुठे"
    " का कसे काय धन्यवाद नमस्कार"
    " कृपया साठी वर ने",
    "fa": "و در به از که این است را با برای من شما نیست سلام ممنون لطفا کجا چرا چگونه هنوز سفارش",
    "ur": "ہے ہیں میں کا کی کے کو سے نہیں میرا میری مجھے آپ اور یہ تھا کب کہاں کیوں"
    " کیسے کیا شکریہ سلام",
    "ar": "في من على إلى هذا هذه لا ما لم أنا لي هل مع عن التي الذي شكرا مرحبا السلام"
    " أين متى لماذا"
    " كيف طلب حسابي بطاقة",
}

TELLING_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(listed.split()) for code, listed in _LISTED.items()
}
