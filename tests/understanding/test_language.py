from __future__ import annotations

import pytest

from chalicelib.understanding.language import identify_language

SAID = {
    "ar": "أين طلبي؟ لم يصل بعد",
    "bg": "Къде е моята поръчка? Още не е пристигнала",
    "cs": "Kde je můj balík? Ještě nedorazil",
    "da": "Hvornår kommer min pakke? Jeg har ventet i to uger",
    "de": "Mein Paket ist immer noch nicht angekommen",
    "el": "Πού είναι η παραγγελία μου;",
    "en": "My parcel still has not arrived",
    "es": "Mi paquete todavía no ha llegado",
    "fi": "Pakettini ei ole vieläkään saapunut",
    "fr": "Mon colis n'est toujours pas arrivé",
    "he": "איפה ההזמנה שלי?",
    "hi": "मेरा पार्सल अभी तक नहीं आया है",
    "hu": "Még mindig nem érkezett meg a csomagom",
    "it": "Il mio pacco non è ancora arrivato",
    "ja": "荷物がまだ届いていません",
    "ko": "택배가 아직 도착하지 않았어요",
    "nl": "Mijn pakketje is nog steeds niet aangekomen",
    "no": "Pakken min har fortsatt ikke kommet frem",
    "pl": "Moja paczka jeszcze nie dotarła",
    "pt": "A minha encomenda ainda não chegou",
    "ro": "Coletul meu încă nu a ajuns",
    "ru": "Моя посылка до сих пор не пришла",
    "sv": "Mitt paket har fortfarande inte kommit fram",
    "th": "พัสดุของฉันยังไม่มาถึง",
    "tr": "Paketim hâlâ gelmedi, nerede kaldı",
    "uk": "Моя посилка досі не прийшла",
    "vi": "Gói hàng của tôi vẫn chưa đến",
    "zh": "我的包裹还没有到",
}


@pytest.mark.parametrize("code", SAID)
def test_a_sentence_is_recognised(code: str) -> None:
    found = identify_language(SAID[code])
    assert found.code == code
    assert found.confidence > 0.6
    assert found.reason


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Danke!", "de"),
        ("merci", "fr"),
        ("refund please", "en"),
        ("kein Internet", "de"),
        ("¿Dónde está?", "es"),
        ("nie działa", "pl"),
        ("CANNOT PAY", "en"),
    ],
)
def test_a_few_words_are_enough_where_they_tell(text: str, code: str) -> None:
    assert identify_language(text).code == code


@pytest.mark.parametrize(
    "text", ["", "   ", "123 456", "https://example.com/hallo", "a@b.example", "😀", "ok"]
)
def test_where_nothing_tells_the_language_is_undetermined(text: str) -> None:
    assert identify_language(text).code == "und"


def test_links_and_order_numbers_do_not_speak_for_english() -> None:
    text = "Wo ist das? https://www.example.com/orders/the-status-of-your-order?with=this A-123"
    assert identify_language(text).code == "de"


def test_a_brand_name_does_not_hide_another_script() -> None:
    assert identify_language("iPhone 15 Pro が壊れました").code == "ja"
