"""The words by which mail clients and people mark quotes, forwards, signatures and disclaimers.

Languages: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Danish, Swedish,
Norwegian, Finnish, Czech, Slovak, Hungarian, Romanian, Turkish, Greek, Russian, Ukrainian, Chinese,
Japanese, Korean. All are compared in lower case.
"""

from __future__ import annotations

# Labels of the header block that Outlook and others put above the message answered to.
FROM = (
    "from|von|absender|de|expéditeur|da|mittente|remitente|van|afzender|od|nadawca|fra|från|"
    "avsändare|lähettäjä|от|от кого|від|发件人|寄件者|寄件人|差出人|送信元|送信者|보낸 사람|"
    "보낸사람|odesílatel|odosielateľ|feladó|de la|kimden|gönderen|από|desde|frá"
)
DATE = (
    "sent|date|gesendet|datum|gesendet am|envoyé|envoyé le|date d'envoi|enviado|enviado el|"
    "fecha|enviada em|enviado em|data|data:|inviato|data invio|verzonden|verzonden op|"
    "wysłano|data wysłania|sendt|dato|skickat|skickad|lähetetty|päiväys|pvm|отправлено|дата|"
    "дата отправки|надіслано|发送时间|发送日期|日期|寄件日期|送信日時|日時|日付|보낸 날짜|"
    "날짜|odesláno|datum odeslání|odoslané|dátum|elküldve|trimis|data trimiterii|gönderildi|"
    "gönderme tarihi|tarih|ημερομηνία|sent at|sent on"
)
TO = (
    "to|an|empfänger|à|pour|destinataire|para|destinatario|destinatário|a|aan|do|adresat|til|"
    "till|mottagare|vastaanottaja|кому|收件人|宛先|받는 사람|받는사람|komu|címzett|către|kime|προς"
)
SUBJECT = (
    "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|emne|ämne|aihe|тема|主题|主旨|"
    "件名|제목|předmět|predmet|tárgy|subiect|konu|θέμα|re|sujet"
)
CC = "cc|kopie|copie|kopia|kopi|kopio|копия|копія|抄送|副本|참조|másolat|bilgi|копию|bcc|ccn|cco"
OTHER = (
    "reply-to|reply to|antwort an|importance|wichtigkeit|priority|priorität|attachments|"
    "anlagen|pièces jointes|attachment|organization|message-id|répondre à|adjuntos|allegati|"
    "anexos|bijlagen|załączniki|vedhæftede filer|bifogade filer|vedlegg|liitteet|вложения|"
    "附件|添付ファイル"
)

# "… wrote:" in the sentence above a quote.
WROTE = (
    r"\bwrote\b|\bwrites\b|\bhas written\b|\bsaid\b|\bschrieb(?:en)?\b|geschrieben\b|"
    r"\ba (?:é|e)crit\b|écrivait|\bescribi(?:ó|o)\b|ha escrito|ha scritto|\bscrisse|\bscriveva|"
    r"\bescreveu\b|\bschreef\b|\bnapisa(?:ł|l)|\bpisze\b|\bskrev\b|\bhar skrevet|\bhar skrivit|"
    r"\bkirjoitti\b|написал|написав|пишет|пише\b|писал|\bnapsal|\bnapísal|\byazdı|tarihinde|"
    r"\bírta\b|\ba scris\b|έγραψε|写道|寫道|書きました|のメッセージ|のメール|のメール|"
    r"님이 작성|님이 씀|작성:|写了|đã viết|כתב|كتب"
)
# How the sentence above a quote begins.
ATTRIBUTION_START = (
    r"on|at|in (?:message|a message|reply to)|quoting|am|vom|zitat von|"
    r"le|en date d[ue]|citation de|el|en|citando|il|in data|nel|em|no dia|op|dnia|w dniu|"
    r"den|på|dne|dňa|la|pe|ti|ma|ke|to|la|su|στις|в|"
    r"mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|lu|ma|me|"
    r"je|ve|mié|jue|vie|sáb|dom|gio|seg|ter|qua|qui|sex|man|tir|tirs|ons|tor|tors|fre|lør|søn|"
    r"mån|tis|lör|sön|wo|vr|za|zo|pon|wt|śr|czw|pt|sob|niedz|ndz|po|út|st|čt|pá|ne|"
    r"пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|"
    r"donnerstag|freitag|samstag|sonntag"
)

ORIGINAL = (
    "original message|original e-mail|original email|original mail|original msg|"
    "original appointment|original-nachricht|original nachricht|originalnachricht|"
    "ursprüngliche nachricht|ursprünglicher termin|message d'origine|message original|"
    "message d’origine|message initial|courriel original|mensaje original|"
    "messaggio originale|messaggio originario|mensagem original|oorspronkelijk bericht|"
    "origineel bericht|originele bericht|oryginalna wiadomość|wiadomość oryginalna|"
    "wiadomość pierwotna|oprindelig meddelelse|oprindelig besked|original meddelelse|"
    "ursprungligt meddelande|originalmeddelande|opprinnelig melding|original melding|"
    "alkuperäinen viesti|исходное сообщение|оригинальное сообщение|вихідне повідомлення|"
    "原始邮件|原始郵件|邮件原件|原邮件|原始訊息|元のメッセージ|元のメール|původní zpráva|"
    "pôvodná správa|eredeti üzenet|mesaj original|mesajul original|orijinal mesaj|"
    "özgün ileti|orijinal ileti|αρχικό μήνυμα|원본 메시지|원본 메일|reply message|"
    "antwort-nachricht|ursprüngliche mail|previous message|original message follows"
)
FORWARDED = (
    "forwarded message|forwarded mail|forwarded by|forwarded email|begin forwarded message|"
    "weitergeleitete nachricht|weitergeleitete mail|anfang der weitergeleiteten nachricht|"
    "anfang der weitergeleiteten e-mail|message transféré|message transmis|"
    "début du message transféré|début du message réexpédié|mensaje reenviado|"
    "inicio del mensaje reenviado|messaggio inoltrato|inizio messaggio inoltrato|"
    "mensagem encaminhada|mensagem reencaminhada|início da mensagem encaminhada|"
    "início da mensagem reencaminhada|doorgestuurd bericht|begin doorgestuurd bericht|"
    "przekazana wiadomość|wiadomość przekazana|przesłana dalej wiadomość|"
    "początek przekazywanej wiadomości|treść przekazanej wiadomości|videresendt meddelelse|"
    "videresendt besked|start på videresendt besked|vidarebefordrat meddelande|"
    "vidarebefordrat mail|vidarebefordrat brev|börja på vidarebefordrat brev|"
    "videresendt melding|videresendt e-post|start på videresendt melding|välitetty viesti|"
    "edelleenlähetetty viesti|välitetty viesti alkaa|пересылаемое сообщение|"
    "пересланное сообщение|начало переадресованного сообщения|переслане повідомлення|"
    "转发的邮件|转发邮件|转发邮件信息|转发的消息|已转发邮件|开始转发的邮件|轉寄的郵件|"
    "轉寄郵件|轉寄訊息|已轉寄的郵件|転送されたメール|転送メッセージ|転送されたメッセージ|"
    "転送メール|přeposlaná zpráva|preposlaná správa|začátek přeposlané zprávy|"
    "továbbított üzenet|mesaj redirecționat|yönlendirilen ileti|iletilen mesaj|"
    "iletilmiş mesaj|iletinin başlangıcı|προωθημένο μήνυμα|전달된 메시지|전달된 메일"
)
FORWARD_SUBJECT = (
    r"fwd?|wg|tr|rv|i|enc|enc\.|vs|vb|vl|fs|doorst|pd|wtr|pdl|ilt|i̇lt|továbbítás|"
    r"redir|転送|转发|轉寄|전달|fw|пересл|пересылка|fwd\.|переслано"
)
REPLY_SUBJECT = (
    r"re|aw|antw|antwort|rép|rif|r|res|ref|sv|vs|odp|odpověď|ynt|vá|atb|回复|回覆|答复|返信|답장|"
    r"re\^\d|отв|ответ|bls|yan"
)

# The line under a message that tells which device or program sent it.
DEVICES = (
    r"i-?phone|i-?pad|i-?pod|android|blackberry|samsung|galaxy|huawei|xiaomi|redmi|oneplus|"
    r"nokia|windows ?phone|windows ?1[01]|smartphone|handy|mobiltelefon|mobile device|"
    r"mobile phone|mobile|telefonu|telefono|teléfono|téléphone|telefone|móvil|telemóvel|"
    r"celular|portable|gsm|outlook|yahoo|gmx|web\.de|proton ?mail|k-9 mail|fairemail|"
    r"aqua ?mail|mailbox|spark|thunderbird|tutanota|tuta|hey|superhuman|airmail|mail\.ru|"
    r"mail\.ua|myself|yandex|яндекс|mailspring|bluemail|blue mail|typeapp|nine|edison|"
    r"polymail|newton|mobil|puhelimesta|phone|tablet|ipad|watch|телефона|айфона|手机|手機|"
    r"携帯|휴대폰|huawei手机|小米手机|mail for windows|windows mail|mail voor windows|"
    r"mail pour windows|mail para windows|mail per windows"
)
SENT_FROM = (
    "sent (?:from|via|with|using|by)|get outlook|download outlook|envoy(?:é|e)e? (?:de|"
    "depuis|à partir|avec|par|via)|télécharge[rz] outlook|obtene[rz] outlook|obtenir outlook|"
    "téléchargez|provenance : |(?:diese (?:nachricht|e-?mail|mail) wurde )?(?:von|mit|vom|"
    "über|aus) .{2,60}? (?:gesendet|geschickt|verschickt|gesandt)|gesendet (?:von|mit|über|"
    "aus)|outlook (?:für|voor|til|för|for|pour|para|per|dla|pre|pro) |holen sie sich outlook|"
    "beziehen sie outlook|enviad[oa] (?:desde|con|do|da|de|a partir|pelo|pela|via|através|"
    "por)|obt[eé]n(?:er|ga|ha)? (?:o )?outlook|descargar? outlook|obter o outlook|"
    "baixe o outlook|inviat[oa] (?:da|dal|con|tramite)|ottieni outlook|scarica outlook|"
    "verzonden (?:vanaf|met|via|van)|verstuurd (?:vanaf|met|via|van)|download outlook|"
    "wysłan[eoay] (?:z|za pomocą|przez|ze|przy)|pobierz (?:program )?outlook|sendt (?:fra|"
    "med|via)|hent outlook|skickat (?:från|med|via)|skaffa outlook|hämta outlook|"
    "skaff outlook|last ned outlook|lähetetty |hanki outlook|отправлено (?:с|из|через)|"
    "отправлен[оа]? (?:с|из)|получить outlook|скачать outlook|надіслано (?:з|із)|发自|發自|"
    "我的.{1,20}发送|从我的|從我的|使用.{2,20}发送|获取 ?outlook|下载 ?outlook|取得 ?outlook|"
    ".{2,30}から送信|outlook for .{3,12} ?を(?:入手|取得)|.{2,40}(?:에서|로) 보냄|"
    "나의 .{2,20}에서|odesláno (?:z|ze|pomocí)|odeslané|získat aplikaci outlook|"
    ".{2,40}(?:gönderildi|gönderilmiştir)$|.{2,30}[-'’]?(?:umdan|den|dan) gönderildi|"
    "outlook'u edinin|elküldve|trimis de pe|στάλθηκε από|powered by"
)
EXCUSES = (
    "please excuse (?:my )?(?:brevity|typos|any typos|the brevity)|excuse (?:my )?(?:brevity|"
    "typos)|bitte entschuldigen sie (?:die|meine) (?:kürze|tippfehler)|kürze bitte|"
    "veuillez excuser (?:ma|la) (?:brièveté|concision)|disculpa la brevedad"
)

CLOSINGS = (
    r"(?:with |my |many |and )?(?:best|kind|kindest|warm|warmest|friendly|many)? ?(?:regards|"
    r"wishes|greetings)|best|cheers|sincerely(?: yours)?|yours (?:sincerely|faithfully|truly)|"
    r"thanks(?: (?:and|&) (?:best |kind )?regards)?|thank you|many thanks|thanks(?: a lot|"
    r" again| in advance| so much)?|thx|respectfully|cordially|(?:mit )?(?:freundliche[nm]?|"
    r"besten?|liebe[nm]?|herzliche[nm]?|viele[nm]?|schöne[nm]?|sonnige|vielen)? ?(?:grüße[n]?|"
    r"grüssen?|gruß|gruss)(?: aus .{2,30})?|mfg|lg|vg|bg|hochachtungsvoll|"
    r"vielen dank(?: (?:im voraus|und .{2,40}))?|danke|(?:bien )?cordialement|"
    r"(?:très )?cordialement|bien à (?:vous|toi)|salutations(?: distinguées)?|(?:meilleures|"
    r"sincères) salutations|cdt|merci(?: d'avance| beaucoup)?|"
    r"(?:un )?(?:cordial(?:es)? )?saludos?(?: cordiales?)?|atentamente|(?:muchas )?gracias|"
    r"(?:cordiali |distinti )?saluti|cordialmente|grazie(?: mille)?|"
    r"(?:com os melhores )?cumprimentos|atenciosamente|obrigad[oa]|abraços?|att|"
    r"(?:met )?(?:vriendelijke|hartelijke) (?:groet(?:en)?)|groet(?:en|jes)?|mvg|bedankt|"
    r"(?:met )?dank|(?:z )?(?:poważaniem|pozdrowieniami)|pozdrawiam(?: serdecznie)?|dziękuję|"
    r"(?:med )?(?:venlig(?:e)?|vänlig(?:a)?|vennlig(?:e)?) (?:hilsen|hilsner|hälsning(?:ar)?)|"
    r"mvh|hilsen|hälsningar|tack|tak|takk|(?:ystävällisin )?terveisin|t\.|kiitos|с уважением|"
    r"спасибо|s pozdravem|děkuji|saygılarımla|teşekkürler|此致|敬礼|谢谢|謝謝|"
    r"よろしくお願い(?:いた|致)?します.?|以上.{0,6}|敬具|감사합니다.?"
)

# Words that make a closing paragraph a disclaimer: at least one of each group.
DISCLAIMER_WHAT = (
    r"e-?mail|message|communication|transmission|nachricht|courriel|messag|mensaje|correo|"
    r"mensagem|bericht|wiadomość|meddelelse|meddelande|melding|viesti|сообщени|письмо|邮件|郵件|"
    r"メール|zpráv|ileti|mesaj|메일|attachment|notice|information contained|virus|printing"
)
DISCLAIMER_WHY = (
    "confidential|privileged|intended (?:recipient|solely|only|for)|unauthori[sz]ed|"
    "vertrauliche|rechtlich geschützt|irrtümlich|nicht der (?:richtige|"
    "vorgesehene) (?:adressat|empfänger)|confidentiel|destinataire|par erreur|usage exclusif|"
    "confidencial|destinatario|privilegiad|riservat|esclusivamente|destinatári|uso exclusivo|"
    "vertrouwelijk|uitsluitend bestemd|poufne|poufną|adresat|fortrolig|konfidentiel|"
    "sekretess|konfidensiel|avsedd|luottamuksel|конфиденциальн|предназначен|保密|机密|機密|"
    "專屬|第三者|důvěrn|gizli|기밀|consider the environment|virus-free|checked by avg|"
    "scanned by|denken sie an die umwelt|pensez à l'environnement|antes de imprimir|"
    "prima di stampare|avant d'imprimer|before printing|virenfrei|sans virus|libre de virus|"
    "vor dem ausdruck"
)
DISCLAIMER_START = (
    r"confidentiality|disclaimer|notice:|legal notice|important notice|caution:|warning:|"
    r"haftungsausschluss|vertraulichkeitshinweis|wichtiger hinweis|avis de confidentialité|"
    r"aviso legal|aviso de confidencialidad|avviso di riservatezza|klauzula|zastrzeżenie|"
    r"think before you print|please consider the environment|virus-free|virenfrei"
)
BANNER = (
    r"\[?extern(?:al|e)?(?: e-?mail| sender| message)?\]?:?$|"
    r"this (?:e-?mail|message) (?:originated|came|was sent) from outside|"
    r"you don['’]t (?:often )?get e?-?mail from|sie erhalten nicht (?:oft|häufig) e-?mails von|"
    r"some people who received this message don['’]t|"
    r"(?:caution|warning|achtung|attention|let op|attenzione|atención|advertencia|uwaga)\b"
    r"(?=.{0,200}\b(?:e-?mail|mail|message|sender|nachricht|absender|messaggio|mensaje|wiadomość))"
    r"(?=.{0,200}\b(?:extern|outside|originated|außerhalb|extérieur|esterno|zewn))"
)
INLINE_ANSWERS = (
    r"(?:answers?|comments?|replies|reply|responses?|see) (?:are )?(?:inline|in-line|below in|"
    r"in red|in blue|in green|in bold)|(?:antworten?|kommentare?|"
    r"anmerkungen?) (?:\w+ )?(?:in rot|in blau|unten im text|im text|inline)|(?:réponses?|"
    r"commentaires?) .{0,20}(?:en rouge|en bleu|dans le texte|ci-dessous)|"
    r"respuestas? .{0,20}(?:en rojo|en azul)|(?:risposte|commenti) .{0,20}(?:in rosso|in blu)|"
    r"(?:antwoorden|reacties) .{0,20}(?:in rood|in blauw)|svar .{0,20}(?:i rødt|i rött|"
    r"med rött)"
)
