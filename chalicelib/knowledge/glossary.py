"""Words of support in a few languages, with their English: so that a question finds an article that
exists in English only. Pure.

It translates no sentences. What comes out is a bag of English words for a search whose answer is
given as what it is: an article in another language. Compounds are taken apart at known words.
"""

from __future__ import annotations

from functools import cache

from chalicelib.knowledge.stemming import EMPTY_WORDS, stem
from chalicelib.text import words

_PAIRS = {
    "de": "abbuchung=charge abbuchen=charge abgebucht=charged abholen=collect abo=subscription"
    " abonnement=subscription adresse=address aktivieren=activate ändern=change änderung=change"
    " anmelden=login anmeldung=login einloggen=login angebot=offer ankommen=arrive"
    " angekommen=arrived anruf=call app=app auftrag=order ausgeben=issue ausland=abroad"
    " bank=bank bankkonto=bank_account beleg=receipt benachrichtigung=notification"
    " beschädigt=damaged beschwerde=complaint bestellen=order bestellung=order bestellt=ordered"
    " bestätigen=confirm bestätigung=confirmation betrag=amount betrug=fraud bezahlen=pay"
    " bezahlt=paid bild=picture bildschirm=screen brief=letter code=code daten=data datum=date"
    " defekt=broken doppelt=twice drucken=print einzahlung=deposit einstellung=setting"
    " einstellungen=settings e-mail=email mail=email empfangen=receive entsperren=unblock"
    " erhalten=received erstatten=refund erstattung=refund ersetzen=replace falsch=wrong"
    " fehler=error fehlt=missing fehlgeschlagen=failed foto=photo funktioniert=works"
    " garantie=warranty"
    " gebühr=fee gebühren=fees geld=money gelöscht=deleted gerät=device geschlossen=closed"
    " gesperrt=blocked gestohlen=stolen gutschein=voucher guthaben=balance handy=phone"
    " hochladen=upload installieren=install internet=internet kaputt=broken karte=card"
    " kreditkarte=credit_card kassenbon=receipt kaufen=buy konto=account kosten=cost"
    " kunde=customer kündigen=cancel kündigung=cancel kurs=rate lange=long laden=shop"
    " lastschrift=direct_debit lieferung=delivery liefern=deliver lieferzeit=delivery_time"
    " löschen=delete limit=limit mahnung=reminder mehrwertsteuer=vat monat=month name=name"
    " neu=new nummer=number öffnen=open öffnungszeiten=opening_hours paket=parcel passwort=password"
    " kennwort=password pin=pin preis=price problem=problem produkt=product rabatt=discount"
    " rechnung=invoice registrieren=register reparatur=repair retoure=return router=router"
    " rückerstattung=refund rücksendung=return zurücksenden=return zurückgeben=return"
    " zurückschicken=return rückgabe=return zurücksetzen=reset zurückgesetzt=reset schicken=send"
    " schloss=lock schnell=fast senden=send sicherheit=security sperren=block storno=cancel"
    " stornieren=cancel störung=outage strom=electricity tag=day tage=days telefon=phone"
    " telefonnummer=phone_number termin=appointment überweisen=transfer überweisung=transfer"
    " umtausch=exchange umtauschen=exchange umzug=move update=update vergessen=forgot"
    " verloren=lost verlängern=renew versand=shipping versandkosten=shipping_costs verspätet=late"
    " verspätung=delay vertrag=contract verbindung=connection virus=virus wartezeit=waiting_time"
    " wechseln=change wechselkurs=exchange_rate werbung=advertising wlan=wifi zahlen=pay"
    " zahlung=payment zugang=access zugestellt=delivered zustellung=delivery zurück=back",
    "fr": "abonnement=subscription achat=purchase acheter=buy adresse=address annuler=cancel"
    " annulation=cancel appareil=device appel=call argent=money arrivé=arrived assurance=insurance"
    " bloqué=blocked bloquer=block banque=bank bon=voucher carte=card cassé=broken changer=change"
    " changement=change code=code colis=parcel commande=order commander=order compte=account"
    " confirmer=confirm connecter=login connexion=login contrat=contract courriel=email mail=email"
    " coût=cost crédit=credit débité=charged débit=charge deux=twice délai=delay date=date"
    " défectueux=broken déménagement=move données=data double=twice échange=exchange"
    " échanger=exchange écran=screen effacer=delete supprimer=delete endommagé=damaged"
    " envoyer=send erreur=error expédition=shipping facture=invoice faux=wrong fermer=close"
    " fois=times frais=fees fraude=fraud garantie=warranty installer=install internet=internet"
    " jour=day limite=limit livraison=delivery livrer=deliver livré=delivered magasin=shop"
    " manque=missing mois=month mot=password passe=password modifier=change montant=amount"
    " numéro=number oublié=forgot ouvrir=open paiement=payment panne=outage payer=pay perdu=lost"
    " photo=photo prix=price problème=problem produit=product prolonger=renew promotion=discount"
    " rappel=reminder reçu=received recevoir=receive réception=receipt réduction=discount"
    " réinitialiser=reset remboursement=refund rembourser=refund remplacer=replace"
    " renvoyer=return réparation=repair réseau=network retard=late retour=return retourner=return"
    " routeur=router sécurité=security solde=balance téléphone=phone télécharger=download"
    " transfert=transfer virement=transfer volé=stolen wifi=wifi",
    "es": "abrir=open abonar=pay activar=activate actualizar=update banco=bank bloqueada=blocked"
    " bloqueado=blocked bloquear=block borrar=delete eliminar=delete caja=box cambiar=change"
    " cambio=exchange cancelar=cancel cargo=charge cobrado=charged cobrar=charge cobro=charge"
    " código=code comisión=fee compra=purchase comprar=buy confirmar=confirm contraseña=password"
    " contrato=contract correo=email costo=cost coste=cost cuenta=account cupón=voucher"
    " daño=damage dañado=damaged datos=data descuento=discount devolución=return devolver=return"
    " día=day dinero=money dirección=address doble=twice dos=twice enviar=send envío=shipping"
    " entrega=delivery entregar=deliver equivocado=wrong error=error factura=invoice falta=missing"
    " fecha=date firma=signature fraude=fraud funciona=works garantía=warranty instalar=install"
    " internet=internet límite=limit llamada=call llegado=arrived llegar=arrive mes=month"
    " móvil=phone nombre=name nuevo=new número=number olvidado=forgot olvidé=forgot pagar=pay"
    " pago=payment pantalla=screen paquete=parcel pedido=order perdido=lost perdí=lost"
    " precio=price problema=problem producto=product reclamación=complaint recibido=received"
    " recibir=receive recibo=receipt red=network reembolso=refund reemplazar=replace"
    " reparación=repair restablecer=reset resetear=reset retraso=delay robada=stolen robado=stolen"
    " rota=broken roto=broken router=router saldo=balance seguridad=security sesión=login"
    " iniciar=login suscripción=subscription tarde=late tarifa=fee tarjeta=card teléfono=phone"
    " tienda=shop transferencia=transfer transferir=transfer veces=twice wifi=wifi",
    "it": "abbonamento=subscription account=account acquisto=purchase addebitato=charged"
    " addebito=charge annullare=cancel arrivato=arrived banca=bank bloccata=blocked"
    " bloccato=blocked bonifico=transfer buono=voucher cambiare=change cancellare=cancel"
    " carta=card codice=code consegna=delivery consegnato=delivered conto=account"
    " contratto=contract"
    " costo=cost danneggiato=damaged dati=data denaro=money soldi=money dimenticato=forgot"
    " disdire=cancel doppio=twice due=twice errore=error fattura=invoice furto=stolen"
    " garanzia=warranty indirizzo=address internet=internet mese=month negozio=shop numero=number"
    " ordine=order ordinare=order pacco=parcel pagamento=payment pagare=pay parola=password"
    " password=password perso=lost prezzo=price problema=problem prodotto=product reso=return"
    " restituire=return reimpostare=reset ricevuto=received ricevuta=receipt rimborso=refund"
    " rimborsare=refund riparazione=repair ritardo=late rotto=broken rubata=stolen saldo=balance"
    " sconto=discount spedizione=shipping spedire=send telefono=phone volte=twice",
    "nl": "abonnement=subscription adres=address afgeschreven=charged afschrijving=charge"
    " annuleren=cancel bank=bank bestellen=order bestelling=order betaald=paid betalen=pay"
    " betaling=payment beschadigd=damaged bezorging=delivery bezorgd=delivered code=code"
    " contract=contract dubbel=twice factuur=invoice fout=error gegevens=data geld=money"
    " geblokkeerd=blocked gestolen=stolen garantie=warranty inloggen=login internet=internet"
    " kaart=card kapot=broken korting=discount kosten=cost kwijt=lost levering=delivery"
    " maand=month nummer=number omruilen=exchange ontvangen=received opzeggen=cancel"
    " overboeking=transfer pakket=parcel pakje=parcel prijs=price product=product"
    " rekening=account reparatie=repair retour=return retourneren=return saldo=balance"
    " storing=outage telefoon=phone teruggave=refund terugbetaling=refund terugsturen=return"
    " tweemaal=twice twee=twice vergeten=forgot veranderen=change verloren=lost verzenden=send"
    " verzending=shipping wachtwoord=password winkel=shop wijzigen=change",
    "pt": "assinatura=subscription banco=bank bloqueado=blocked cancelar=cancel cartão=card"
    " chegou=arrived cobrado=charged cobrança=charge código=code comprar=buy conta=account"
    " contrato=contract correio=email custo=cost dados=data danificado=damaged desconto=discount"
    " devolução=return devolver=return dinheiro=money duas=twice dobro=twice encomenda=parcel"
    " endereço=address entrega=delivery entregue=delivered envio=shipping erro=error"
    " esqueci=forgot fatura=invoice garantia=warranty internet=internet loja=shop mês=month"
    " número=number pagamento=payment pagar=pay pedido=order perdi=lost preço=price"
    " problema=problem produto=product reembolso=refund reparação=repair redefinir=reset"
    " roubado=stolen saldo=balance senha=password telefone=phone transferência=transfer"
    " vezes=twice atraso=late partido=broken quebrado=broken",
}
LANGUAGES = frozenset(_PAIRS)


@cache
def _known(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in _PAIRS.get(language, "").split():
        word, _, meaning = pair.partition("=")
        (folded, *_) = words(word) or [word]
        english = meaning.replace("_", " ")
        found.setdefault(folded, english)
        found.setdefault(stem(folded, language), english)
    return found


def gloss(text: str, language: str) -> tuple[str, float]:
    """English words for what is known of `text`, and the share of its telling words that is known.

    What is unknown is left out, but for numbers and words that may be names ("WLAN-Box 7590").
    """
    known, empty = _known(language), EMPTY_WORDS.get(language, frozenset())
    english: list[str] = []
    understood = asked = 0
    for word in words(text):
        if word in empty or len(word) < 2:
            continue
        asked += 1
        meaning = known.get(word) or known.get(stem(word, language)) or _parts(word, known)
        if meaning:
            understood += 1
            english.append(meaning)
        elif any(letter.isdigit() for letter in word):
            english.append(word)
    return " ".join(dict.fromkeys(english)), understood / asked if asked else 0.0


def _parts(word: str, known: dict[str, str]) -> str:
    """A compound's two known parts ("Bankkarte"), "" where there are none."""
    for cut in range(len(word) - 3, 3, -1):
        head, tail = word[:cut], word[cut:]
        first = known.get(head) or known.get(head.removesuffix("s"))
        if first and (second := known.get(tail)):
            return f"{first} {second}"
    return ""
